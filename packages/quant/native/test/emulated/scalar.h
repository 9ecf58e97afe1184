/*
 * scalar.h - the intrinsics of scalar/skylake.cpp and icelake.cpp that SIMDe 0.7.4 lacks.  Included by immintrin.h.
 *
 * Macros, so that two families can bring the same name.  Lanes are read and written through arrays; a masked load reads
 * the words of the mask and nothing else, as the instruction does.
 */
#ifndef RUVECTOR_QUANT_TEST_EMULATED_SCALAR_H
#define RUVECTOR_QUANT_TEST_EMULATED_SCALAR_H

#include <stdint.h>
#include <string.h>

#ifndef _mm512_maskz_loadu_epi32
static inline __m512i
rv_scalar_mm512_maskz_loadu_epi32(__mmask16 mask, const void *p)
{
	int32_t		lanes[16] = {0};
	__m512i		result;

	for (int i = 0; i < 16; i++)
		if (mask >> i & 1)
			memcpy(&lanes[i], (const char *) p + 4 * i, 4);
	memcpy(&result, lanes, sizeof(result));
	return result;
}
#define _mm512_maskz_loadu_epi32(mask, p) rv_scalar_mm512_maskz_loadu_epi32(mask, p)
#endif

#ifndef _mm512_cvtepi32_pd
static inline __m512d
rv_scalar_mm512_cvtepi32_pd(__m256i a)
{
	int32_t		from[8];
	double		to[8];
	__m512d		result;

	memcpy(from, &a, sizeof(from));
	for (int i = 0; i < 8; i++)
		to[i] = from[i];
	memcpy(&result, to, sizeof(result));
	return result;
}
#define _mm512_cvtepi32_pd(a) rv_scalar_mm512_cvtepi32_pd(a)
#endif

/* SIMDe 0.7.4 has the function, but its alias takes the four arguments of another. */
#ifdef _mm512_madd_epi16
#undef _mm512_madd_epi16
#endif
#define _mm512_madd_epi16(a, b) simde_mm512_madd_epi16(a, b)

#endif							/* RUVECTOR_QUANT_TEST_EMULATED_SCALAR_H */
