/*
 * rotation.h - a random rotation in O(n log n), from 4n random bits.
 *
 * Four rounds of: signs by random bits; Walsh-Hadamard transforms of windows, side by side, whose sizes are the powers of
 * two that n is the sum of, the largest first (in odd rounds last); and, where there is more than one window, rotations by
 * 45 degrees of coordinate i against coordinate i + n/2, for all of the first half.  Each is orthogonal, so the whole is.
 * Ailon and Chazelle, "The fast Johnson-Lindenstrauss transform", SIAM J. Comput. 39(1), 2009, for one round.
 *
 * The RaBitQ library ("FhtKac rotator") transforms the largest window alone.  Then what lies outside of both, the first
 * and the last, is mixed by the 45 degrees alone: of n = 768, an input that is one coordinate may keep a sixteenth of its
 * square in a coordinate of the output, 49 times what it would have of an even spread.  With all windows it is 1.002 times.
 *
 * Results are the same to the bit for every variant and in src/rotation: the butterflies are additions of float32 in an
 * order that this file fixes, strides ascending from 1, and factors are applied at these places only:
 *  - one window: by 1/n after the transforms of rounds 1 and 3, which is exact;
 *  - more: by the float32 nearest to 1/sqrt(h) after each transform of h coordinates, and by 1/2, exact, after the pairs
 *    of rounds 1 and 3.
 * The inverse does the same backwards: the factors 1/n after rounds 2 and 0, and so those of 1/2.
 *
 * |rotate(x) - P x| <= rv_rotation_error(n) * |x| for the orthogonal matrix P that it stands for, as long as nothing
 * overflows (|x| < 2^100) or underflows.
 */
#ifndef RUVECTOR_QUANT_ROTATION_H
#define RUVECTOR_QUANT_ROTATION_H

#include <ruvector/quant.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RV_ROTATION_ROUNDS 4

typedef struct rv_rotation
{
	size_t		n;				/* a multiple of 8, at least 8 */

	/* RV_ROTATION_ROUNDS times n / 8 bytes; bit i % 8 (the lowest first) of byte i / 8 set: coordinate i changes sign. */
	const uint8_t *signs;
} rv_rotation;

/* In place; `x` has n elements. */
typedef void (*rv_rotate) (const rv_rotation *rotation, float *x);

typedef struct rv_rotation_kernels
{
	rv_rotate	rotate;
	rv_rotate	unrotate;		/* the inverse: the transpose */
} rv_rotation_kernels;

/* The kernels of a variant; NULL where this build does not contain it.  Whether it runs here rv_quant_variant() says. */
const rv_rotation_kernels *rv_rotation_variant(rv_variant variant);

/*
 * n for vectors of so many dimensions: the next multiple of 64, as the RaBitQ library has it; any multiple of 8 that is not
 * smaller than the dimensions will do.  The coordinates that are added are zero before the rotation.
 */
size_t		rv_rotation_padded(size_t dimensions);

/* The relative error of rotate and of unrotate in float32, for the Euclidean norm. */
double		rv_rotation_error(size_t n);

#ifdef __cplusplus
}
#endif

#endif							/* RUVECTOR_QUANT_ROTATION_H */
