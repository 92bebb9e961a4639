/* scan_avx2: the scanner that looks at 32 bytes at once. */
#include "json/scan_private.h"

#ifdef SCAN_X86
#include <immintrin.h>

__attribute__((target("avx2"))) static inline uint32_t look(const char *p, uint32_t *high)
{
	const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	const __m256i quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
	const __m256i slash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
	const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);

	*high = (uint32_t)_mm256_movemask_epi8(v);
	return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(quote, slash), control));
}

#define SCAN_NAME scan_avx2
#define SCAN_TARGET __attribute__((target("avx2")))
#define SCAN_STEP 32
#define SCAN_LOOK look
#include "json/scan_core.h"
#else
typedef int scan_avx2_is_for_x86;
#endif
