/*
 * rabitq.h - the intrinsics of rabitq/wide.h and its units that SIMDe 0.7.4 lacks.  Included by immintrin.h.
 */
#ifndef RUVECTOR_QUANT_TEST_EMULATED_RABITQ_H
#define RUVECTOR_QUANT_TEST_EMULATED_RABITQ_H

#include <stdint.h>
#include <string.h>

#ifndef _mm512_cvttpd_epi32
static inline __m256i
rv_rabitq_mm512_cvttpd_epi32(__m512d a)
{
	double		lanes[8];
	int32_t		result[8];
	__m256i		r;

	memcpy(lanes, &a, sizeof(lanes));
	for (int i = 0; i < 8; i++)
		result[i] = (int32_t) lanes[i];
	memcpy(&r, result, sizeof(r));
	return r;
}
#define _mm512_cvttpd_epi32(a) rv_rabitq_mm512_cvttpd_epi32(a)
#endif

#ifndef _mm512_reduce_add_epi32
static inline int
rv_rabitq_mm512_reduce_add_epi32(__m512i a)
{
	int32_t		lanes[16];
	int			sum = 0;

	memcpy(lanes, &a, sizeof(lanes));
	for (int i = 0; i < 16; i++)
		sum += lanes[i];
	return sum;
}
#define _mm512_reduce_add_epi32(a) rv_rabitq_mm512_reduce_add_epi32(a)
#endif

#endif							/* RUVECTOR_QUANT_TEST_EMULATED_RABITQ_H */
