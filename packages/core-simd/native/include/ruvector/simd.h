/*
 * simd.h - the C ABI of the distance kernels.
 *
 * Two hosts link these kernels: the Node addon of @ruvector/core-simd and the
 * PostgreSQL libraries of @ruvector/pg-extension.  So the ABI is plain C: no
 * allocation, no exceptions, no callbacks, no global state but the one table
 * that rv_simd_init() chooses.
 *
 * Names say family, type and instruction set: rv_l2sq_f32_skylake.  The table
 * gives the kernels of one variant without the suffix.
 *
 * Conventions, for every kernel:
 *  - pointers need the alignment of their element (4 bytes for float), no more;
 *  - n is the number of dimensions (of bytes for RV_TYPE_BITS) and may be 0:
 *    sums and Hamming distances are then 0, cosine NaN, Jaccard 0;
 *  - of floats dot, l2sq and l1 accumulate in float32, as pgvector does, and may
 *    overflow to infinity; NaN and infinity in the input propagate;
 *  - of integers all sums are exact (int64); a pair gives them as they are, the
 *    other shapes rounded to float32 once;
 *  - norm accumulates in float64, of integers exactly;
 *  - half floats are read as they are, subnormal ones too, whatever the state of
 *    the processor's control word;
 *  - "many" kernels score one query against `count` rows; row i starts at
 *    rows + i * stride (stride in elements, >= n) and its result goes to out[i].
 *    Results equal those of the pair kernel of the same variant to within the
 *    error bound of doc/distances.md, not to the bit;
 *  - "gather" kernels do the same for rows that lie anywhere: rows[i] points at
 *    row i.  Their results equal those of "many" to the bit.
 */
#ifndef RUVECTOR_SIMD_H
#define RUVECTOR_SIMD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Instruction-set variants, in ascending order of preference per architecture. */
typedef enum rv_variant
{
	RV_VARIANT_SERIAL = 0,		/* plain loops, auto-vectoriser off: the oracle */
	RV_VARIANT_HASWELL = 1,		/* x86-64: AVX2, FMA, F16C */
	RV_VARIANT_SKYLAKE = 2,		/* x86-64: AVX-512 F, BW, DQ, VL */
	RV_VARIANT_ICELAKE = 3,		/* and VNNI, VPOPCNTDQ */
	RV_VARIANT_NEON = 4,		/* armv8-a */
	RV_VARIANT_DOTPROD = 5,		/* armv8.2-a: integer dot products */
	RV_VARIANT_WASM = 6,		/* WebAssembly SIMD, 128 bits */
	RV_VARIANT_COUNT = 7
} rv_variant;

/* What an element of a vector is. */
typedef enum rv_type
{
	RV_TYPE_F32 = 0,
	RV_TYPE_F16 = 1,			/* IEEE 754 binary16 */
	RV_TYPE_BF16 = 2,			/* the upper half of a binary32 */
	RV_TYPE_I8 = 3,
	RV_TYPE_U8 = 4,
	RV_TYPE_BITS = 5,			/* eight dimensions a byte; their order does not matter */
	RV_TYPE_F32_F16 = 6,		/* the first operand (a, query) float32, the second (b, rows) binary16 */
	RV_TYPE_COUNT = 7
} rv_type;

typedef enum rv_metric
{
	RV_METRIC_DOT = 0,			/* sum a[i] * b[i] */
	RV_METRIC_L2SQ = 1,			/* sum (a[i] - b[i])^2 */
	RV_METRIC_L1 = 2,			/* sum |a[i] - b[i]| */
	RV_METRIC_COSINE = 3,		/* 1 - dot / sqrt(|a|^2 |b|^2); NaN where a norm is zero */
	RV_METRIC_HAMMING = 4,		/* bits only: how many differ */
	RV_METRIC_JACCARD = 5,		/* bits only: 1 - |a and b| / |a or b|; 0 where neither has a bit */
	RV_METRIC_COUNT = 6
} rv_metric;

/* The four shapes of one type and one metric; all NULL where there is no such metric. */
typedef double (*rv_pair) (const void *a, const void *b, size_t n);
typedef void (*rv_many) (const void *query, const void *rows, size_t n, size_t count,
						 size_t stride, float *out);
typedef void (*rv_gather) (const void *query, const void *const *rows, size_t n, size_t count,
						   float *out);

/*
 * Scores each of a_count rows of `a` against each of b_count rows of `b`, strides in
 * elements; row i of `out` begins at out + i * out_stride.  Meant for blocks that fit into
 * the caches: rv_simd_matrix() cuts larger ones up.
 */
typedef void (*rv_tile) (const void *a, size_t a_count, size_t a_stride, const void *b,
						 size_t b_count, size_t b_stride, size_t n, float *out, size_t out_stride);

typedef struct rv_shapes
{
	rv_pair		pair;
	rv_many		many;
	rv_gather	gather;
	rv_tile		tile;			/* NULL: many, row by row of `a`, is as good */
} rv_shapes;

typedef double (*rv_norm) (const void *a, size_t n);

/* Element by element; from and to may be the same memory only if elements are of one size. */
typedef void (*rv_convert) (const void *from, void *to, size_t n);

/*
 * Sparse vectors: indices ascend strictly, values stand beside them.  A vector of count 0 is
 * valid, and its indices and values may be NULL.
 */
typedef struct rv_sparse
{
	const uint32_t *indices;
	const float *values;
	size_t		count;
} rv_sparse;

typedef double (*rv_pair_sparse) (const rv_sparse *a, const rv_sparse *b);

typedef float (*rv_pair_f32) (const float *a, const float *b, size_t n);
typedef double (*rv_pair_f32_f64) (const float *a, const float *b, size_t n);
typedef double (*rv_norm_f32_f64) (const float *a, size_t n);
typedef void (*rv_many_f32) (const float *query, const float *rows, size_t n,
							 size_t count, size_t stride, float *out);
typedef void (*rv_gather_f32) (const float *query, const float *const *rows, size_t n,
							   size_t count, float *out);

/* The kernels of one variant. */
typedef struct rv_kernels
{
	rv_variant	variant;
	const char *name;			/* "serial", "haswell", "skylake", "icelake" ... */

	rv_pair_f32 dot_f32;		/* sum a[i] * b[i] */
	rv_pair_f32 l2sq_f32;		/* sum (a[i] - b[i])^2 */
	rv_pair_f32 l1_f32;			/* sum |a[i] - b[i]| */

	/*
	 * Cosine distance 1 - dot / sqrt(|a|^2 |b|^2), the similarity clamped to
	 * [-1, 1]; NaN where a norm is zero.  Sums in float32, the rest in float64.
	 */
	rv_pair_f32_f64 cosine_f32;
	rv_norm_f32_f64 norm_f32;	/* Euclidean norm */

	rv_many_f32 dot_f32_many;
	rv_many_f32 l2sq_f32_many;
	rv_many_f32 l1_f32_many;
	rv_many_f32 cosine_f32_many;

	rv_gather_f32 dot_f32_gather;
	rv_gather_f32 l2sq_f32_gather;
	rv_gather_f32 l1_f32_gather;

	/* The same for every type; what stands above is in shapes[RV_TYPE_F32], too. */
	rv_shapes	shapes[RV_TYPE_COUNT][RV_METRIC_COUNT];
	rv_norm		norm[RV_TYPE_COUNT];	/* NULL for bits and RV_TYPE_F32_F16 */

	/* Round to nearest, ties to even; NaN stays NaN; too large is infinity. */
	rv_convert	f16_to_f32;
	rv_convert	f32_to_f16;
	rv_convert	bf16_to_f32;
	rv_convert	f32_to_bf16;

	/*
	 * Bit i % 8 of byte i / 8 of `to`, the highest first as in pgvector's bit strings, is set where
	 * element i is above 0 (so not for NaN); the rest of the last byte is clear.
	 */
	rv_convert	f32_to_bits;
	rv_convert	f16_to_bits;
	rv_convert	i8_to_bits;

	/* a[i] / norm(a), the quotient in float64, rounded once; zeros where the norm is zero. */
	rv_convert	normalise_f32;
	rv_convert	normalise_f16;
	rv_convert	normalise_bf16;

	rv_pair_sparse dot_sparse;
	rv_pair_sparse l2sq_sparse;
	rv_pair_sparse l1_sparse;
	rv_pair_sparse cosine_sparse;
} rv_kernels;

/* Bytes of an element of the first and of the second operand. */
size_t		rv_simd_query_bytes(rv_type type);
size_t		rv_simd_row_bytes(rv_type type);

/*
 * Called between blocks of long work, from the thread that works: `done` of `total` rows are scored.
 * Returning 0 ends it.
 */
typedef int (*rv_progress) (void *data, size_t done, size_t total);

/*
 * rows of `a` against rows of `b`, cut into blocks for the caches.  Results as of `tile`.  Returns 0
 * where `progress` (may be NULL) ended it.
 */
int			rv_simd_matrix(const rv_kernels *kernels, rv_type type, rv_metric metric,
						   const void *a, size_t a_count, size_t a_stride,
						   const void *b, size_t b_count, size_t b_stride, size_t n,
						   float *out, size_t out_stride, rv_progress progress, void *data);

/*
 * The k nearest of `count` rows, nearest first: for RV_METRIC_DOT the largest, else the least; of equals
 * the earlier row; NaN after all numbers.  Writes min(k, count) pairs and returns their number, or
 * (size_t) -1 where `progress` (may be NULL) ended it.
 */
size_t		rv_simd_topk(const rv_kernels *kernels, rv_type type, rv_metric metric,
						 const void *query, const void *rows, size_t n, size_t count, size_t stride,
						 size_t k, uint32_t *indices, float *scores, rv_progress progress, void *data);

/*
 * The kernels of a variant, or NULL where this processor or operating system
 * cannot run it or this build does not contain it.
 */
const rv_kernels *rv_simd_variant(rv_variant variant);

/*
 * Chooses the table once: the variant that `forced` names, else the best that
 * runs here.  `forced` is NULL or "" for no wish; hosts pass the value of the
 * environment variable RUVECTOR_SIMD.  Returns NULL, and leaves the choice as
 * it was, when `forced` names no variant that runs here.
 */
const rv_kernels *rv_simd_init(const char *forced);

/* The table chosen; serial before rv_simd_init(). */
extern const rv_kernels *rv_simd;

#ifdef __cplusplus
}
#endif

#endif							/* RUVECTOR_SIMD_H */
