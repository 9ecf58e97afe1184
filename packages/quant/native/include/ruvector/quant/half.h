/*
 * half.h - the C ABI of half floats as codes: float16 or bfloat16, each with what rounding lost.
 *
 * A code is n words of 16 bits, filled up with a zero word to a multiple of 4 bytes, then two float32: |x| and the residual,
 * >= |x - x'|.  A packed block holds the words of 32 codes, one code after the other, then the norms of all, then the
 * residuals.
 *
 * Conversions and sums are core-simd's, so codes are the same for every variant, factors too, since they are computed
 * here in the order of scalar.h; estimates are sums in float32 and differ within core-simd's error bounds
 * (core-simd/doc/floats.md), which are part of ours.
 */
#ifndef RUVECTOR_QUANT_HALF_H
#define RUVECTOR_QUANT_HALF_H

#include <ruvector/quant.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of a code of RV_TYPE_F16 or RV_TYPE_BF16. */
size_t		rv_half_code_bytes(size_t n);

typedef struct rv_half_kernels
{
	rv_variant	variant;
	const char *name;

	/*
	 * Encodes `count` rows.  `codes` begins at a multiple of 2 bytes; `kernels` are core-simd's of the same variant.
	 * Returns how many: fewer than count where the next row has NaN, infinity or what the type has no number for (65,520
	 * and more in float16), or a norm that is no float32.
	 */
	size_t		(*encode) (const rv_kernels *kernels, rv_type type, size_t n, const float *rows, size_t count,
						   uint8_t *codes);
	void		(*decode) (const rv_kernels *kernels, rv_type type, size_t n, const uint8_t *codes, size_t count,
						   float *rows);

	/*
	 * Estimates and bounds as rv_scalar_kernels.estimate has them; `bounds` may be NULL.  `packed` is 0 or 1; either way
	 * codes begin at a multiple of 2 bytes.  `scratch` has room for n + 1 float32; of RV_TYPE_F16 it may be NULL.
	 */
	void		(*estimate) (const rv_kernels *kernels, rv_type type, rv_metric metric, size_t n, const float *query,
							 const uint8_t *codes, size_t count, int packed, float *scratch, float *estimates,
							 float *bounds);
} rv_half_kernels;

/* The kernels of a variant, or NULL where rv_simd_variant() gives none. */
const rv_half_kernels *rv_half_variant(rv_variant variant);

#ifdef __cplusplus
}
#endif

#endif							/* RUVECTOR_QUANT_HALF_H */
