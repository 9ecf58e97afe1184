/*
 * scalar.h - the C ABI of scalar codes: 8 or 4 bits a dimension, or two levels of them.
 *
 * A code stands for x' = centre + y', where y' is of whole numbers c[i] from 0 to 2^bits - 1:
 *
 *   a range a vector      y'[i] = lower + step * c[i]; lower and step are the code's own (LVQ, arXiv 2304.04759)
 *   a range a dimension   y'[i] = step[i] * (c[i] - 2^(bits - 1)); steps are the codec's
 *   two levels            y'[i] = (lower - step / 2) + step * c[i] + step / (2^more - 1) * d[i], d from 0 to 2^more - 1
 *
 * Everything that decides a byte of a code, and every estimate and bound, is computed in float64 in one order that this
 * header fixes, without fused operations.  So all variants, and the TypeScript of the package, give the same bytes:
 * sums over dimensions are kept in eight parts, of the dimensions i with i mod 8 = 0 ... 7, each in ascending order, and
 * added as ((p0 + p4) + (p2 + p6)) + ((p1 + p5) + (p3 + p7)).  Products of codes and weights are exact integers.
 *
 * Layout of a code (doc/format.md): the first level, the second one, factors.  A level takes n bytes, or (n + 1) / 2 with
 * dimension 2 j in the low half of byte j, either way filled up with zeros to a multiple of 4; factors are float32:
 *
 *   a range a vector      lower, step, |x|, |y'|, residual; two levels: ..., |y'| and residual of the first level, then
 *                         those of both
 *   a range a dimension   |c - 2^(bits - 1)|, |x|, |y'|, residual
 *
 * residual >= |x - x'|, and >= |x - decode(code)|, whose elements are float32.
 *
 * A packed block holds 32 codes with their 32-bit words transposed: word w of code r is word 32 * w + r of the block.
 */
#ifndef RUVECTOR_QUANT_SCALAR_H
#define RUVECTOR_QUANT_SCALAR_H

#include <ruvector/quant.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rv_scalar_codec
{
	uint32_t	n;				/* dimensions, 1 to RV_QUANT_MAX_DIMENSIONS */
	uint8_t		bits;			/* of the first level: 4 or 8 */
	uint8_t		more;			/* of the second level: 0 (none), 4 or 8 */
	uint8_t		by_dimension;	/* whether ranges are those of dimensions; then `more` is 0 */
	const float *centre;		/* n */
	const float *step;			/* n, each >= 0; NULL unless by_dimension */
	const double *inverse;		/* n, 1 / step or 0 where it is 0; NULL unless by_dimension */
} rv_scalar_codec;

/*
 * A prepared query: this head, and weights behind it.  It holds no pointers, so it may be copied, and it begins at a
 * multiple of 8 bytes.
 *
 * The weights are those of <v, y'>, v = query - centre for RV_METRIC_L2SQ, else v = query: w[i] = v[i] (times step[i] for
 * ranges of dimensions), rounded to `step` times whole numbers of at most 32,512, or of at most 127 where only a first
 * level of 4 bits is read.  What rounding loses is `error`, and is part of the bounds.
 */
typedef struct rv_scalar_query
{
	double		step;
	double		total;			/* of the whole numbers */
	double		error;			/* >= the norm of what rounding the weights lost */
	double		base;			/* |query - centre|^2, or <query, centre> */
	double		norm;			/* |query - centre|, or |query| */
	double		slack;			/* >= what rounding in float64 took from base */
	int32_t		metric;			/* RV_METRIC_L2SQ, RV_METRIC_DOT or RV_METRIC_COSINE */
	int32_t		levels;			/* how many are read: 1 or 2 */
	int32_t		middle;			/* 0, or set to 1: estimates of l2sq are the middle of an interval, see `estimate` */
	int32_t		n;
} rv_scalar_query;

/* Bytes of a code: a multiple of 4. */
size_t		rv_scalar_code_bytes(const rv_scalar_codec *codec);

/* Bytes of a prepared query, for either number of levels. */
size_t		rv_scalar_query_bytes(const rv_scalar_codec *codec);

typedef struct rv_scalar_kernels
{
	rv_variant	variant;
	const char *name;

	/*
	 * Encodes `count` rows of n float32.  Returns how many: fewer than count where the next row has NaN or infinity, or
	 * a norm, or one around the centre, that is no float32.
	 */
	size_t		(*encode) (const rv_scalar_codec *codec, const float *rows, size_t count, uint8_t *codes);
	void		(*decode) (const rv_scalar_codec *codec, const uint8_t *codes, size_t count, float *rows);

	/*
	 * Prepares a query in rv_scalar_query_bytes() of memory.  `levels` is 1 or 2, and 1 where the codec has one.  Returns 0,
	 * and leaves `out` unspecified, where the query has NaN or infinity.
	 */
	int			(*prepare) (const rv_scalar_codec *codec, const float *query, rv_metric metric, int levels,
							rv_scalar_query *out);

	/*
	 * One estimate a code: l2sq is |query - x'|^2 - residual^2, since what rounding adds to a distance is on average the
	 * square of what it takes from the vector; dot is <query, x'>; cosine is 1 - <query, x'> / (|query| |x|), NaN where a
	 * norm is 0.  `bounds` may be NULL: else the true value, as float64 computes it from float32, is within bounds[i] of
	 * estimates[i], always (doc/scalar.md).  With query->middle, l2sq is |query - x'|^2 + residual^2, the middle of what the
	 * triangle inequality leaves, which has the narrowest bounds.  Code i begins at codes + i * stride.
	 */
	void		(*estimate) (const rv_scalar_codec *codec, const rv_scalar_query *query, const uint8_t *codes,
							 size_t stride, size_t count, float *estimates, float *bounds);

	/* The same for codes anywhere. */
	void		(*gather) (const rv_scalar_codec *codec, const rv_scalar_query *query, const uint8_t *const *codes,
						   size_t count, float *estimates, float *bounds);

	/* The same for packed blocks one after the other; the last one may have fewer codes, and is whole in memory. */
	void		(*estimate_packed) (const rv_scalar_codec *codec, const rv_scalar_query *query, const uint8_t *blocks,
									size_t count, float *estimates, float *bounds);

	/* The exact sums of weights times a level's codes, level 1 or 2: for tests, and for a caller's own formula. */
	void		(*dots) (const rv_scalar_codec *codec, const rv_scalar_query *query, int level, const uint8_t *codes,
						 size_t stride, size_t count, double *out);
	void		(*dots_packed) (const rv_scalar_codec *codec, const rv_scalar_query *query, int level,
								const uint8_t *blocks, size_t count, double *out);
} rv_scalar_kernels;

/* The kernels of a variant, or NULL where rv_simd_variant() gives none. */
const rv_scalar_kernels *rv_scalar_variant(rv_variant variant);

#ifdef __cplusplus
}
#endif

#endif							/* RUVECTOR_QUANT_SCALAR_H */
