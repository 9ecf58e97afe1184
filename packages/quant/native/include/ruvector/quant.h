/*
 * quant.h - the C ABI of quantised vectors: what its families share.
 *
 * A family (rotation, rabitq, scalar, binary, kmeans, product) has a header of its own in quant/, with a table of
 * kernels and a function that gives that table for an instruction set: rv_rabitq_variant(RV_VARIANT_HASWELL).
 * Two hosts link them, as they do core-simd's: the Node addon of @ruvector/quant and the PostgreSQL libraries.  So the
 * ABI is plain C: no allocation, no exceptions, no callbacks but rv_progress, no global state but the one table that
 * rv_quant_init() chooses.  Whatever needs memory takes it from the caller.
 *
 * Conventions, for every kernel:
 *  - pointers need the alignment of their element, no more; factors inside of codes are read and written by bytes;
 *  - codes, and all sums of integers, are the same to the bit for every variant, and in TypeScript (src/): what decides
 *    a code is a value that every machine computes alike.  Those are additions and multiplications in float32 or float64
 *    in an order that is fixed, since all units are compiled without contraction to fused multiply-add
 *    (sources.json); a product of two float32 is exact in float64, so there a fused operation gives the same;
 *  - estimates in float32 agree within the tolerance that the family's header states.
 */
#ifndef RUVECTOR_QUANT_H
#define RUVECTOR_QUANT_H

#include <ruvector/simd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The most dimensions of a vector: sums of codes are exact up to there. */
#define RV_QUANT_MAX_DIMENSIONS 65535

/* Codes of one packed block. */
#define RV_QUANT_BLOCK 32

struct rv_kmeans_kernels;
struct rv_product_kernels;
struct rv_rotation_kernels;
struct rv_rabitq_kernels;
struct rv_scalar_kernels;
struct rv_binary_kernels;
struct rv_half_kernels;

/* The kernels of one variant. */
typedef struct rv_quant_kernels
{
	const rv_kernels *simd;		/* distances; its variant and name are this table's */
	const struct rv_rotation_kernels *rotation;
	const struct rv_rabitq_kernels *rabitq;
	const struct rv_kmeans_kernels *kmeans;
	const struct rv_product_kernels *product;
	const struct rv_scalar_kernels *scalar;
	const struct rv_binary_kernels *binary;
	const struct rv_half_kernels *half;
} rv_quant_kernels;

/*
 * Fills in the kernels of a variant.  Returns 0, and leaves them alone, where this processor or operating system cannot
 * run it or this build does not contain it.
 */
int			rv_quant_variant(rv_variant variant, rv_quant_kernels *kernels);

/*
 * Chooses the table of rv_quant, and rv_simd with it: see rv_simd_init().  Returns NULL, and leaves the choice as it was,
 * when `forced` names no variant that runs here.  Not while another thread uses rv_quant.
 */
const rv_quant_kernels *rv_quant_init(const char *forced);

/* The table chosen; serial before rv_quant_init(). */
extern rv_quant_kernels rv_quant;

#ifdef __cplusplus
}
#endif

#endif							/* RUVECTOR_QUANT_H */
