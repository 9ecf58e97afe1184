/*
 * kmeans.h - the intrinsics of kmeans/skylake.cpp that SIMDe 0.7.4 lacks.  Included by immintrin.h.
 */
#ifndef RUVECTOR_QUANT_TEST_EMULATED_KMEANS_H
#define RUVECTOR_QUANT_TEST_EMULATED_KMEANS_H

#include <string.h>

#ifndef _mm512_reduce_min_ps
static inline float
rv_kmeans_mm512_reduce_min_ps(__m512 a)
{
	float		lanes[16],
				least;

	memcpy(lanes, &a, sizeof(lanes));
	least = lanes[0];
	for (int i = 1; i < 16; i++)
		least = lanes[i] < least ? lanes[i] : least;
	return least;
}
#define _mm512_reduce_min_ps(a) rv_kmeans_mm512_reduce_min_ps(a)
#endif

#endif							/* RUVECTOR_QUANT_TEST_EMULATED_KMEANS_H */
