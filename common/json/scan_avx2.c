/* scan_avx2: the scanner that looks at 32 bytes at once. */
#include "json/scan_private.h"

#ifdef SCAN_X86
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt"))) static inline

AVX2 uint32_t look(const char *p, uint32_t *high)
{
	const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	const __m256i quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
	const __m256i slash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
	const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);

	*high = (uint32_t)_mm256_movemask_epi8(v);
	return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(quote, slash), control));
}

AVX2 uint32_t special(__m256i v)
{
	const __m256i slash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
	const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);

	return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(control, slash), v));
}

AVX2 uint64_t quotes(const char *p, uint64_t *out)
{
	const __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p), quote = _mm256_set1_epi8('"');
	const __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));

	*out = special(a) | (uint64_t)special(b) << 32;
	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, quote)) |
		(uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, quote)) << 32;
}

AVX2 bool differs(const char *a, const char *b, uint32_t mask)
{
	const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)a), y = _mm256_loadu_si256((const __m256i *)(const void *)b);

	return mask & ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, y));
}

AVX2 void emit(struct token *to, const struct token *from, uint32_t by)
{
	const __m128i t = _mm_loadu_si128((const __m128i *)(const void *)from);

	_mm_storeu_si128((__m128i *)(void *)to, _mm_add_epi32(t, _mm_cvtsi32_si128((int)by)));
}

AVX2 unsigned digits(const char *p)
{
	const __m128i v = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), _mm_set1_epi8('0'));
	const __m128i no = _mm_cmpeq_epi8(_mm_max_epu8(v, _mm_set1_epi8(10)), v);

	return (unsigned)__builtin_ctz((unsigned)_mm_movemask_epi8(no) | 0x10000);
}

#define SCAN_NAME scan_avx2
#define SCAN_TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define SCAN_STEP 32
#define SCAN_MASK uint32_t
#define SCAN_LOOK look
#define SCAN_FIRST(mask) _tzcnt_u32(mask)
#define SCAN_QUOTES quotes
#define SCAN_DIFFERS differs
#define SCAN_DIGITS digits
#define SCAN_EMIT emit
#include "json/scan_core.inc"
#else
typedef int scan_avx2_is_for_x86;
#endif
