/*
 * dense.h - the intrinsics of dense/skylake.cpp that SIMDe 0.7.4 lacks.  Included by immintrin.h.
 *
 * Macros, so that two families can bring the same name.  Lanes are read and written through arrays; a masked load
 * reads the lanes of the mask and nothing else, as the instruction does.
 */
#ifndef RUVECTOR_TEST_EMULATED_DENSE_H
#define RUVECTOR_TEST_EMULATED_DENSE_H

#include <stdint.h>
#include <string.h>

#ifndef _mm512_maskz_loadu_ps
static inline __m512
rv_dense_mm512_maskz_loadu_ps(__mmask16 mask, const void *p)
{
	float		lanes[16] = {0};
	__m512		result;

	for (int i = 0; i < 16; i++)
		if (mask >> i & 1)
			memcpy(lanes + i, (const char *) p + i * sizeof(float), sizeof(float));
	memcpy(&result, lanes, sizeof(result));
	return result;
}
#define _mm512_maskz_loadu_ps(mask, p) rv_dense_mm512_maskz_loadu_ps(mask, p)
#endif

#ifndef _mm256_maskz_loadu_epi16
static inline __m256i
rv_dense_mm256_maskz_loadu_epi16(__mmask16 mask, const void *p)
{
	uint16_t	lanes[16] = {0};
	__m256i		result;

	for (int i = 0; i < 16; i++)
		if (mask >> i & 1)
			memcpy(lanes + i, (const char *) p + i * sizeof(uint16_t), sizeof(uint16_t));
	memcpy(&result, lanes, sizeof(result));
	return result;
}
#define _mm256_maskz_loadu_epi16(mask, p) rv_dense_mm256_maskz_loadu_epi16(mask, p)
#endif

#ifndef _mm512_cvtepu16_epi32
static inline __m512i
rv_dense_mm512_cvtepu16_epi32(__m256i a)
{
	uint16_t	from[16];
	uint32_t	to[16];
	__m512i		result;

	memcpy(from, &a, sizeof(from));
	for (int i = 0; i < 16; i++)
		to[i] = from[i];
	memcpy(&result, to, sizeof(result));
	return result;
}
#define _mm512_cvtepu16_epi32(a) rv_dense_mm512_cvtepu16_epi32(a)
#endif

/* IEEE 754 binary16 to binary32: every number has its place, NaN becomes quiet; MXCSR.DAZ is ignored. */
#ifndef _mm512_cvtph_ps
static inline __m512
rv_dense_mm512_cvtph_ps(__m256i a)
{
	uint16_t	from[16];
	uint32_t	to[16];
	__m512		result;

	memcpy(from, &a, sizeof(from));
	for (int i = 0; i < 16; i++)
	{
		uint32_t	exponent = from[i] >> 10 & 0x1f;
		uint32_t	fraction = (uint32_t) (from[i] & 0x3ff) << 13;

		if (exponent == 0x1f)
		{
			exponent = 0xff;
			fraction |= fraction != 0 ? 0x400000 : 0;
		}
		else if (exponent != 0)
			exponent += 112;
		else if (fraction != 0)
		{
			/* Subnormal: shifted until the leading one is where a normal number leaves it out. */
			for (exponent = 113; (fraction & 0x800000) == 0; exponent--)
				fraction <<= 1;
			fraction &= 0x7fffff;
		}
		to[i] = (uint32_t) (from[i] & 0x8000) << 16 | exponent << 23 | fraction;
	}
	memcpy(&result, to, sizeof(result));
	return result;
}
#define _mm512_cvtph_ps(a) rv_dense_mm512_cvtph_ps(a)
#endif

#ifndef _mm512_cvtps_pd
static inline __m512d
rv_dense_mm512_cvtps_pd(__m256 a)
{
	float		from[8];
	double		to[8];
	__m512d		result;

	memcpy(from, &a, sizeof(from));
	for (int i = 0; i < 8; i++)
		to[i] = from[i];
	memcpy(&result, to, sizeof(result));
	return result;
}
#define _mm512_cvtps_pd(a) rv_dense_mm512_cvtps_pd(a)
#endif

#ifndef _mm512_extractf32x8_ps
static inline __m256
rv_dense_mm512_extractf32x8_ps(__m512 a, int half)
{
	__m256		result;

	memcpy(&result, (const char *) &a + half * sizeof(result), sizeof(result));
	return result;
}
#define _mm512_extractf32x8_ps(a, half) rv_dense_mm512_extractf32x8_ps(a, half)
#endif

#endif							/* RUVECTOR_TEST_EMULATED_DENSE_H */
