/* scan_sse2: the scanner that looks at 16 bytes at once. */
#include "json/scan_private.h"

#ifdef SCAN_X86
#include <emmintrin.h>

static inline uint64_t special(__m128i v)
{
	const __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
	const __m128i slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
	const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);

	return (uint64_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), control));
}

static inline uint64_t look(const char *p, uint64_t *high)
{
	uint64_t mask = 0;
	__m128i v;
	int i;

	*high = 0;
	for (i = 0; i < 64; i += 16) {
		v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		*high |= (uint64_t)_mm_movemask_epi8(v) << i;
		mask |= special(v) << i;
	}
	return mask;
}

#define SCAN_NAME scan_sse2
#define SCAN_TARGET
#define SCAN_LOOK look
#include "json/scan_core.inc"
#else
typedef int scan_sse2_is_for_x86;
#endif
