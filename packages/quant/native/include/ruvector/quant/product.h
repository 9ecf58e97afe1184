/*
 * product.h - the C ABI of product codes (Jegou, Douze, Schmid, "Product quantization for nearest neighbor search", IEEE
 * TPAMI 33(1), 2011), with 8 or 4 bits a sub-space, and after an optional rotation (OPQ: Ge, He, Ke, Sun, IEEE TPAMI 36(4),
 * 2014).
 *
 * Of n dimensions sub-space s has those from floor(s n / m) to before floor((s + 1) n / m), so widths differ by one at most
 * and none needs padding.  It has 2^bits centroids; a code holds the numbers of those that are nearest to the parts of
 * y = R x, or of y = x without a rotation.  Nearest is decided as in kmeans.h, and y is a sum in float64 of products that
 * float64 holds exactly, in ascending order, rounded once: codes are the same for every variant and in TypeScript.
 *
 * A code is its payload, then two float32: the norm |x|, and the residual, not less than |x - decode(code)|.  Payload:
 * one byte a sub-space, or of 4 bits sub-space 2 j in the low half of byte j.
 *
 * A packed block is 32 codes: of 8 bits the bytes of sub-space 0, of sub-space 1, ...; of 4 bits 16 bytes a sub-space, byte
 * i with code rv_product_order[i] in its low half and that + 16 in its high half, filled up with zeros to an even number
 * of sub-spaces (Andre, Kermarrec, Le Scouarnec, PVLDB 9(4), 2015).  Then 32 norms and 32 residuals.  A block of fewer
 * codes is filled up with zeros.
 *
 * Sums over sub-spaces are float32, in an order that this header fixes: of a row-major code in eight parts, of the sub-spaces
 * s with s mod 8 = 0 ... 7, added as ((p0 + p4) + (p2 + p6)) + ((p1 + p5) + (p3 + p7)); of packed codes of 8 bits in
 * ascending order; of packed codes of 4 bits they are sums of bytes, which are exact.
 */
#ifndef RUVECTOR_QUANT_PRODUCT_H
#define RUVECTOR_QUANT_PRODUCT_H

#include <ruvector/quant/kmeans.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RV_PRODUCT_BLOCK 32

/*
 * Vectors have no larger norm, nor have parts of them and centroids.  So what a code stands for has at most 2^8 times that,
 * and squared distances stay in float32.
 */
#define RV_PRODUCT_MAX_NORM 36028797018963968.0	/* 2^55 */

/* Which code stands in the low half of byte i of a sub-space of a block. */
extern const uint8_t rv_product_order[16];

typedef struct rv_product_codec
{
	uint32_t	n;				/* dimensions, 1 to 65,535 */
	uint32_t	m;				/* sub-spaces, 1 to n */
	uint32_t	bits;			/* 4 or 8 */
	const float *centroids;		/* 2^bits * n: those of sub-space 0, one after the other, then of sub-space 1, ... */
	const float *panels;		/* the same in panels (kmeans.h), sub-space by sub-space */
	const float *rotation;		/* n * n: row i of the transposed R, so y[j] = sum rotation[i * n + j] x[i]; NULL: none */
	const float *inverse;		/* n * n: R itself; NULL: none */
	double		distortion;		/* of R: not less than the norm of R R^T - 1 */
} rv_product_codec;

/* Where sub-space s begins. */
#define RV_PRODUCT_BEGIN(n, m, s) ((size_t) ((uint64_t) (s) * (n) / (m)))

size_t		rv_product_code_bytes(const rv_product_codec *codec);
size_t		rv_product_block_bytes(const rv_product_codec *codec);

/*
 * A prepared query: this head, then 2^bits * m float32, the tables of squared distances or inner products, and of 4 bits
 * 16 bytes for each of an even number of sub-spaces.  No pointers: it may be copied.  It begins at a multiple of 8 bytes.
 */
typedef struct rv_product_query
{
	int32_t		metric;			/* RV_METRIC_L2SQ, _DOT or _COSINE */
	float		base,			/* of packed codes of 4 bits: a sum of bytes b stands for base + scale * b */
				scale;
	uint32_t	largest_sum;	/* of bytes, one of each sub-space */
	double		norm;			/* |query| */
	double		table_error;	/* relative, of a sum of table entries */
	double		byte_error;		/* absolute, of what bytes stand for */
	double		turn_error;		/* relative, of distances after the rotation */
	double		tiny;			/* absolute */
	double		reserved;		/* fills a line up */
} rv_product_query;

/* Bytes of a prepared query. */
size_t		rv_product_query_bytes(const rv_product_codec *codec);

/* Sub-spaces of 4 bits whose sums of bytes fit into 16 bits, whatever the bytes. */
#define RV_PRODUCT_SHORT_SPACES 256

/*
 * What bytes of table entries stand for: byte b of a sub-space for the least entry there + scale * b, a sum of them for
 * base + scale * sum.  `scale` is the widest range of a sub-space / 255,
 * or up to twice that where sums fit into 16 bits so; bytes are rounded.
 */
typedef struct rv_product_bytes
{
	float		scale;
	double		base,			/* the sum of the least entries, in the order of sub-spaces */
				lost;			/* the sum of the largest errors of sub-spaces, in this order */
} rv_product_bytes;

typedef struct rv_product_kernels
{
	rv_variant	variant;
	const char *name;

	/* Tables of squared distances (RV_METRIC_L2SQ) or inner products (else) of y and every centroid. */
	void		(*tables) (const rv_product_codec *codec, const float *y, rv_metric metric, float *tables);

	/* Sums of table entries of row-major codes, code i at codes + i * stride. */
	void		(*rows) (const float *tables, uint32_t m, uint32_t bits, const uint8_t *codes, size_t stride,
						 size_t count, float *sums);

	/* Of `count` codes in packed blocks of 8 bits, blocks `stride` bytes apart; `sums` has room for whole blocks. */
	void		(*blocks8) (const float *tables, uint32_t m, const uint8_t *blocks, size_t stride, size_t count,
							float *sums);

	/* Sums of bytes, of packed blocks of 4 bits. */
	void		(*blocks4) (const uint8_t *bytes, uint32_t m, const uint8_t *blocks, size_t stride, size_t count,
							uint32_t *sums);

	/*
	 * The same of whole blocks, where no sum is above 65,535 (rv_product_query's largest_sum).  Bit i of among[b] tells
	 * whether the sum of code i of block b is one of `first` to `first + more`, which is below 2^16.
	 */
	void		(*among4) (const uint8_t *bytes, uint32_t m, const uint8_t *blocks, size_t stride, size_t count,
						   uint32_t first, uint32_t more, uint16_t *sums, uint32_t *among);

	/* Tables of 4 bits as bytes, as rv_product_bytes says; those of an odd number of sub-spaces are followed by 16 zeros. */
	void		(*narrow) (const float *tables, uint32_t m, uint8_t *bytes, rv_product_bytes *out);

	/* to[j] of each row = the sum over i of matrix[i * n + j] from[i]. */
	void		(*turn) (const float *matrix, size_t n, const float *from, size_t count, float *to);
} rv_product_kernels;

/* The kernels of a variant, or NULL where rv_simd_variant() gives none. */
const rv_product_kernels *rv_product_variant(rv_variant variant);

/* Bytes of memory that rv_product_encode() needs. */
size_t		rv_product_encode_bytes(const rv_product_codec *codec);

/*
 * Encodes `count` rows of n float32, finite.  Returns how many: fewer than `count` where the next one has a larger norm than
 * RV_PRODUCT_MAX_NORM, or such a residual.  `memory` begins at a multiple of 4 bytes.
 */
size_t		rv_product_encode(const rv_product_kernels *kernels, const rv_kmeans_kernels *nearest,
							  const rv_product_codec *codec, const float *rows, size_t count, uint8_t *codes,
							  void *memory);

/* `turned` has room for n float32, and may be NULL where there is no rotation. */
void		rv_product_decode(const rv_product_kernels *kernels, const rv_product_codec *codec, const uint8_t *codes,
							  size_t count, float *rows, float *turned);

void		rv_product_pack(const rv_product_codec *codec, const uint8_t *codes, size_t count, uint8_t *blocks);
void		rv_product_unpack(const rv_product_codec *codec, const uint8_t *blocks, size_t count, uint8_t *codes);

/* Prepares a query, finite, of a norm up to RV_PRODUCT_MAX_NORM (else returns 0).  `turned` has room for n float32. */
int			rv_product_prepare(const rv_product_kernels *kernels, const rv_product_codec *codec, const float *query,
							   rv_metric metric, float *turned, rv_product_query *out);

/* What an estimate of a squared distance is. */
typedef enum rv_product_estimates
{
	RV_PRODUCT_PLAIN = 0,		/* |query - x'|^2, which ranks best */
	RV_PRODUCT_MIDDLE = 1		/* |query - x'|^2 + residual^2: the middle of where it can be, so that bounds are narrowest */
} rv_product_estimates;

/*
 * One estimate a code: l2sq as `kind` says, dot <query, x'>, cosine 1 - <query, x'> / (|query| |x|), NaN where a norm is
 * 0.  `bounds` may be NULL: else the true value, as float64 computes it from float32, is within bounds[i] of estimates[i],
 * always (doc/product.md).
 */
void		rv_product_estimate(const rv_product_kernels *kernels, const rv_product_codec *codec,
								const rv_product_query *query, rv_product_estimates kind, const uint8_t *codes,
								size_t stride, size_t count, float *estimates, float *bounds);

/* The same for packed blocks one after the other. */
void		rv_product_estimate_packed(const rv_product_kernels *kernels, const rv_product_codec *codec,
									   const rv_product_query *query, rv_product_estimates kind, const uint8_t *blocks,
									   size_t count, float *estimates, float *bounds);

/*
 * The k best estimates (RV_PRODUCT_PLAIN), best first, of equals the earlier code, NaN last.  `indices` and `scores` have room
 * for k <= count.
 */
void		rv_product_best(const rv_product_kernels *kernels, const rv_product_codec *codec,
							const rv_product_query *query, const uint8_t *codes, size_t stride, size_t count, size_t k,
							uint32_t *indices, float *scores);

/* The same of packed blocks one after the other. */
void		rv_product_best_packed(const rv_product_kernels *kernels, const rv_product_codec *codec,
								   const rv_product_query *query, const uint8_t *blocks, size_t count, size_t k,
								   uint32_t *indices, float *scores);

typedef struct rv_product_options
{
	size_t		n,
				m,
				bits,
				rows;			/* at least 2^bits */
	size_t		iterations;		/* of k-means in each sub-space */
	size_t		turns;			/* iterations of OPQ; 0: no rotation */
	rv_kmeans_start start;		/* RV_KMEANS_PLUS_PLUS or RV_KMEANS_RANDOM */
	uint32_t	seed;
} rv_product_options;

typedef struct rv_product_result
{
	float	   *centroids;		/* 2^bits * n */
	float	   *rotation;		/* n * n, as in the codec; NULL where turns is 0 */
	double	   *history;		/* turns + 1: sums of squared residuals, of no rotation first; they never rise */
	double		distortion;		/* of the rotation */
} rv_product_result;

/* Bytes of memory that training needs beside rows and result; SIZE_MAX where the options allow none. */
size_t		rv_product_workspace(const rv_product_options *options);

/* The steps that `step` is told of. */
size_t		rv_product_steps(const rv_product_options *options);

/* Trains a codec, as rv_kmeans_train() does centroids.  Returns 0 where `step` ended it. */
int			rv_product_train(const rv_product_kernels *kernels, const rv_kmeans_kernels *nearest,
							 const rv_product_options *options, const float *rows, void *workspace,
							 const rv_kmeans_host *host, rv_product_result *result);

#ifdef __cplusplus
}
#endif

#endif							/* RUVECTOR_QUANT_PRODUCT_H */
