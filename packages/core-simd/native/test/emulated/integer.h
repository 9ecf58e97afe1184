/*
 * integer.h - the intrinsics of integer/skylake.cpp and icelake.cpp that SIMDe 0.7.4 lacks.  Included by immintrin.h.
 *
 * Macros, so that two families can bring the same name.  Lanes are read and written through arrays; a masked load
 * reads the bytes of the mask and nothing else, as the instruction does.
 */
#ifndef RUVECTOR_TEST_EMULATED_INTEGER_H
#define RUVECTOR_TEST_EMULATED_INTEGER_H

#include <stdint.h>
#include <string.h>

#ifndef _mm256_maskz_loadu_epi8
static inline __m256i
rv_integer_mm256_maskz_loadu_epi8(__mmask32 mask, const void *p)
{
	uint8_t		lanes[32] = {0};
	__m256i		result;

	for (int i = 0; i < 32; i++)
		if (mask >> i & 1)
			lanes[i] = ((const uint8_t *) p)[i];
	memcpy(&result, lanes, sizeof(result));
	return result;
}
#define _mm256_maskz_loadu_epi8(mask, p) rv_integer_mm256_maskz_loadu_epi8(mask, p)
#endif

#ifndef _mm512_maskz_loadu_epi8
static inline __m512i
rv_integer_mm512_maskz_loadu_epi8(__mmask64 mask, const void *p)
{
	uint8_t		lanes[64] = {0};
	__m512i		result;

	for (int i = 0; i < 64; i++)
		if (mask >> i & 1)
			lanes[i] = ((const uint8_t *) p)[i];
	memcpy(&result, lanes, sizeof(result));
	return result;
}
#define _mm512_maskz_loadu_epi8(mask, p) rv_integer_mm512_maskz_loadu_epi8(mask, p)
#endif

#ifndef _mm512_cvtepu8_epi16
static inline __m512i
rv_integer_mm512_cvtepu8_epi16(__m256i a)
{
	uint8_t		from[32];
	uint16_t	to[32];
	__m512i		result;

	memcpy(from, &a, sizeof(from));
	for (int i = 0; i < 32; i++)
		to[i] = from[i];
	memcpy(&result, to, sizeof(result));
	return result;
}
#define _mm512_cvtepu8_epi16(a) rv_integer_mm512_cvtepu8_epi16(a)
#endif

/* SIMDe 0.7.4 has the function, but its alias takes the four arguments of another. */
#ifdef _mm512_madd_epi16
#undef _mm512_madd_epi16
#endif
#define _mm512_madd_epi16(a, b) simde_mm512_madd_epi16(a, b)

#endif							/* RUVECTOR_TEST_EMULATED_INTEGER_H */
