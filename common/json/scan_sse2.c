/* scan_sse2: the scanner that looks at 16 bytes at once. */
#include "json/scan_private.h"

#ifdef SCAN_X86
#include <emmintrin.h>

static inline uint32_t stops(__m128i v)
{
	const __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
	const __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
	const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);

	return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), control));
}

static inline uint32_t look(const char *p, uint32_t *high)
{
	const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)p);
	const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(p + 16));

	*high = (uint32_t)_mm_movemask_epi8(a) | (uint32_t)_mm_movemask_epi8(b) << 16;
	return stops(a) | stops(b) << 16;
}

static inline uint64_t special(__m128i v)
{
	const __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
	const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);

	return (uint64_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(control, slash), v));
}

static inline uint64_t quotes(const char *p, uint64_t *out)
{
	uint64_t found = 0, other = 0;
	__m128i v;
	int i;

	for (i = 0; i < 64; i += 16) {
		v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		found |= (uint64_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('"'))) << i;
		other |= special(v) << i;
	}
	*out = other;
	return found;
}

static inline uint32_t same(const char *a, const char *b)
{
	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)a),
							  _mm_loadu_si128((const __m128i *)(const void *)b)));
}

static inline bool differs(const char *a, const char *b, uint32_t mask)
{
	return mask & ~(same(a, b) | same(a + 16, b + 16) << 16);
}

static inline void emit(struct token *to, const struct token *from, uint32_t by)
{
	const __m128i t = _mm_loadu_si128((const __m128i *)(const void *)from);

	_mm_storeu_si128((__m128i *)(void *)to, _mm_add_epi32(t, _mm_cvtsi32_si128((int)by)));
}

static inline unsigned digits(const char *p)
{
	const __m128i v = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), _mm_set1_epi8('0'));
	const __m128i no = _mm_cmpeq_epi8(_mm_max_epu8(v, _mm_set1_epi8(10)), v);

	return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(no) | 0x10000);
}

#define SCAN_NAME scan_sse2
#define SCAN_TARGET
#define SCAN_STEP 32
#define SCAN_MASK uint32_t
#define SCAN_LOOK look
#define SCAN_FIRST(mask) (unsigned)__builtin_ctz(mask)
#define SCAN_QUOTES quotes
#define SCAN_DIFFERS differs
#define SCAN_DIGITS digits
#define SCAN_EMIT emit
#include "json/scan_core.inc"
#else
typedef int scan_sse2_is_for_x86;
#endif
