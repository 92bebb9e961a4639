/* scan_avx2: the scanner that looks at 32 bytes at once. */
#include "json/scan_private.h"

#ifdef SCAN_X86
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2"))) static inline

AVX2 uint32_t special(__m256i v)
{
	const __m256i quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
	const __m256i slash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
	const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);

	return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(quote, slash), control));
}

AVX2 uint64_t look(const char *p, uint64_t *high)
{
	const __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
	const __m256i top = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));

	*high = (uint64_t)(uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(top) << 32;
	return (uint64_t)special(low) | (uint64_t)special(top) << 32;
}

#define SCAN_NAME scan_avx2
#define SCAN_TARGET __attribute__((target("avx2,bmi,bmi2")))
#define SCAN_LOOK look
#include "json/scan_core.inc"
#else
typedef int scan_avx2_is_for_x86;
#endif
