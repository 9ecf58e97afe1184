/*
 * binary.h - the C ABI of binary codes: the sign of each dimension, around a centre or none.
 *
 * With y = x - centre, bit 7 - i mod 8 of byte i / 8 is set where y[i] > 0, as core-simd's conversion sets it; bytes are
 * filled up with zeros to a multiple of 4.  A code stands for x' = centre + scale * s, where s[i] is 1 where the bit is
 * set and else -1, and scale, the mean of |y[i]|, makes |y - scale * s| least.  Factors, float32: scale, |y|, residual
 * >= |x - x'|; with a centre also <centre, y> and |x|, before the residual.  Everything in the order of scalar.h, so bytes
 * and estimates are the same for every variant.
 *
 * A packed block holds the bits of 32 codes, one code after the other, then each factor of all codes.
 */
#ifndef RUVECTOR_QUANT_BINARY_H
#define RUVECTOR_QUANT_BINARY_H

#include <ruvector/quant.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `centre` has n float32, or is NULL for none. */
size_t		rv_binary_code_bytes(size_t n, const float *centre);

/* A query's code, and what its estimates need. */
typedef struct rv_binary_query
{
	double		norm;			/* |query - centre| */
	double		full_norm;		/* |query| */
	double		centre_norm;
	double		base;			/* <query, centre> */
	double		slack;			/* >= what rounding took from base */
	double		cosine;			/* <= that of the angle between query - centre and its signs */
	int32_t		metric;
	int32_t		n;
} rv_binary_query;

typedef struct rv_binary_kernels
{
	rv_variant	variant;
	const char *name;

	/*
	 * Encodes `count` rows.  Returns how many: fewer than count where the next row has NaN or infinity, or a norm, or one
	 * around the centre, or a product with it, that is no float32.
	 */
	size_t		(*encode) (size_t n, const float *centre, const float *rows, size_t count, uint8_t *codes);
	void		(*decode) (size_t n, const float *centre, const uint8_t *codes, size_t count, float *rows);

	/* `bits` has the bytes of a code without factors.  Returns 0 where the query has NaN or infinity. */
	int			(*prepare) (size_t n, const float *centre, const float *query, rv_metric metric, rv_binary_query *out,
							uint8_t *bits);

	/*
	 * Estimates from the angle: the share of bits that differ is the angle over pi, as it is on average for directions at
	 * random.  `bounds` (may be NULL) hold whatever the data: they come from the angles between vectors and their signs, on
	 * the sphere (doc/binary.md).  `kernels` are core-simd's of the same variant; `centred` and `packed` are 0 or 1.
	 */
	void		(*estimate) (const rv_kernels *kernels, const rv_binary_query *query, const uint8_t *bits, int centred,
							 const uint8_t *codes, size_t count, int packed, float *estimates, float *bounds);
} rv_binary_kernels;

/* The kernels of a variant, or NULL where rv_simd_variant() gives none. */
const rv_binary_kernels *rv_binary_variant(rv_variant variant);

#ifdef __cplusplus
}
#endif

#endif							/* RUVECTOR_QUANT_BINARY_H */
