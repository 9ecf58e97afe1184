/*
 * rotation.h - the intrinsics of rotation/skylake.cpp that SIMDe 0.7.4 lacks.  Included by immintrin.h.
 */
#ifndef RUVECTOR_QUANT_TEST_EMULATED_ROTATION_H
#define RUVECTOR_QUANT_TEST_EMULATED_ROTATION_H

#include <string.h>

#ifndef _mm512_mask_storeu_ps
static inline void
rv_rotation_mm512_mask_storeu_ps(float *p, unsigned mask, __m512 a)
{
	float		lanes[16];

	memcpy(lanes, &a, sizeof(lanes));
	for (int i = 0; i < 16; i++)
		if ((mask >> i & 1) != 0)
			p[i] = lanes[i];
}
#define _mm512_mask_storeu_ps(p, mask, a) rv_rotation_mm512_mask_storeu_ps(p, mask, a)
#endif

/* Lane j of each four takes the lane of the same four that two bits of `places` name. */
#ifndef _mm512_permute_ps
static inline __m512
rv_rotation_mm512_permute_ps(__m512 a, int places)
{
	float		lanes[16],
				result[16];
	__m512		r;

	memcpy(lanes, &a, sizeof(lanes));
	for (int i = 0; i < 16; i++)
		result[i] = lanes[i / 4 * 4 + (places >> (2 * (i % 4)) & 3)];
	memcpy(&r, result, sizeof(r));
	return r;
}
#define _mm512_permute_ps(a, places) rv_rotation_mm512_permute_ps(a, places)
#endif

/* The first two fours are of a, the others of b. */
#ifndef _mm512_shuffle_f32x4
static inline __m512
rv_rotation_mm512_shuffle_f32x4(__m512 a, __m512 b, int places)
{
	float		lanes[2][16],
				result[16];
	__m512		r;

	memcpy(lanes[0], &a, sizeof(lanes[0]));
	memcpy(lanes[1], &b, sizeof(lanes[1]));
	for (int i = 0; i < 16; i++)
		result[i] = lanes[i / 8][(places >> (2 * (i / 4)) & 3) * 4 + i % 4];
	memcpy(&r, result, sizeof(r));
	return r;
}
#define _mm512_shuffle_f32x4(a, b, places) rv_rotation_mm512_shuffle_f32x4(a, b, places)
#endif

#endif							/* RUVECTOR_QUANT_TEST_EMULATED_ROTATION_H */
