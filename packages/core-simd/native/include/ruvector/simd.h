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
 *  - n is the number of dimensions and may be 0: sums are then 0, cosine NaN;
 *  - dot, l2sq and l1 accumulate in float32, as pgvector does, and may
 *    overflow to infinity; NaN and infinity in the input propagate;
 *  - norm accumulates in float64;
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
	RV_VARIANT_NEON = 3,		/* armv8-a */
	RV_VARIANT_COUNT = 4
} rv_variant;

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
	const char *name;			/* "serial", "haswell", "skylake", "neon" */

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
} rv_kernels;

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
