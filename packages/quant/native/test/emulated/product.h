/*
 * product.h - the intrinsics of product/skylake.cpp that SIMDe 0.7.4 lacks.  Included by immintrin.h.
 */
#ifndef RUVECTOR_QUANT_TEST_EMULATED_PRODUCT_H
#define RUVECTOR_QUANT_TEST_EMULATED_PRODUCT_H

#include <string.h>

#ifndef _mm512_cvtpd_ps
static inline __m256
rv_product_mm512_cvtpd_ps(__m512d a)
{
	double		lanes[8];
	float		narrow[8];
	__m256		result;

	memcpy(lanes, &a, sizeof(lanes));
	for (int i = 0; i < 8; i++)
		narrow[i] = (float) lanes[i];
	memcpy(&result, narrow, sizeof(result));
	return result;
}
#define _mm512_cvtpd_ps(a) rv_product_mm512_cvtpd_ps(a)
#endif

#endif							/* RUVECTOR_QUANT_TEST_EMULATED_PRODUCT_H */
