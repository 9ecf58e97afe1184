/*
 * parts.h - arithmetic that decides bytes, in the order that quant/scalar.h fixes: sums in eight parts, roundings up.
 */
#ifndef RUVECTOR_QUANT_PARTS_H
#define RUVECTOR_QUANT_PARTS_H

#include "kernels.h"

namespace
{

RV_INLINE double
add_parts(const double *p)
{
	return ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
}

/* The least float32 that is not below v >= 0. */
RV_INLINE float
float_above(double v)
{
	float		f = (float) v;
	uint32_t	bits;

	__builtin_memcpy(&bits, &f, sizeof(bits));
	bits += (double) f < v;
	__builtin_memcpy(&f, &bits, sizeof(f));
	return f;
}

RV_INLINE float
load_float(const uint8_t *p)
{
	float		f;

	__builtin_memcpy(&f, p, sizeof(f));
	return f;
}

RV_INLINE void
store_float(uint8_t *p, float f)
{
	__builtin_memcpy(p, &f, sizeof(f));
}

RV_INLINE double
absolute(double x)
{
	return x < 0 ? -x : x;
}

RV_INLINE double
at_least_zero(double x)
{
	return x > 0 ? x : 0;
}

RV_INLINE double
larger(double a, double b)
{
	return a > b ? a : b;
}

RV_INLINE double
root(double x)
{
	return __builtin_sqrt(x);
}

/* Whether the root of a sum of squares is a float32; not where the sum has NaN or infinity. */
RV_INLINE bool
is_norm(double squares)
{
	return squares <= 0x1.fffffep+127 * 0x1.fffffep+127;
}

/* >= the norms of what was lost, and of what decoding loses; `size` is that of the numbers that were subtracted. */
RV_INLINE double
residual_above(double lost, double off, double size)
{
	return root(lost > off ? lost : off) * (1 + 0x1p-38) + 0x1p-50 * size;
}

/*
 * An estimate of |query - x|^2 from raw, about |query - x'|^2: without what rounding adds on average, or as the middle of
 * what the triangle inequality leaves.
 */
RV_INLINE float
l2sq_estimate(double raw, double residual, int middle)
{
	double		square = residual * residual;

	return (float) at_least_zero(middle ? at_least_zero(raw) + square : raw - square);
}

/*
 * What is known of the distance to x from a squared distance to x' that is within `error` of `raw`, and from the residual:
 * the triangle inequality.  `estimate` is what was given for the square.
 */
RV_INLINE float
l2sq_bound(double raw, double error, double residual, float estimate)
{
	double		low = at_least_zero(root(at_least_zero(raw - error)) - residual),
				high = root(at_least_zero(raw + error)) + residual;
	double		below = (double) estimate - low * low,
				above = high * high - (double) estimate;

	return float_above(larger(below, above) * (1 + 0x1p-36) + high * high * 0x1p-36);
}

/* The bound of a cosine distance `rounded` = 1 - similarity from `error` >= |<query, x> - similarity * |query| |x||. */
RV_INLINE float
cosine_bound(double error, double similarity, double inside, double qnorm, double xnorm, float rounded)
{
	double		least = xnorm - (xnorm * 0x1p-23 + 0x1p-149);
	double		bound = error / (qnorm * least) + absolute(similarity) * ((xnorm * 0x1p-22 + 0x1p-148) / least) +
	absolute((double) rounded - (1 - inside)) + 0x1p-35 * (1 + absolute(similarity));

	/* Both values lie in [0, 2]. */
	bound = least > 0 && bound < 2 ? bound : 2;
	return qnorm * xnorm > 0 ? float_above(bound * (1 + 0x1p-36)) : __builtin_nanf("");
}

/* Limited to [-1, 1]. */
RV_INLINE double
limited(double similarity)
{
	return similarity > 1 ? 1 : similarity < -1 ? -1 : similarity;
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_PARTS_H */
