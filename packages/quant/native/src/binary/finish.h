/*
 * finish.h - estimates and bounds of up to 32 binary codes, from how many of their bits differ.  The proofs are in
 * doc/binary.md; everything is float64, in the order written.
 */
#ifndef RUVECTOR_QUANT_BINARY_FINISH_H
#define RUVECTOR_QUANT_BINARY_FINISH_H

#include "../parts.h"

#include <ruvector/quant/binary.h>

namespace
{

constexpr size_t rows_at_once = RV_QUANT_BLOCK;

enum factor
{
	factor_scale,
	factor_norm,
	factor_cross,				/* with a centre */
	factor_xnorm,
	most_factors
};

/*
 * cos(pi h / n), h from 0 to n, to 2^-51: Taylor's series of the cosine or, nearer to a right angle, of the sine, each of
 * an argument of at most pi / 4.  By hand, so that TypeScript gives the same; both, so that there is no branch.
 */
RV_INLINE double
cosine_of_share(double h, double n)
{
	const double pi = 3.141592653589793;
	double		near = h + h <= n ? h : n - h,
				x = pi * (near / n),
				t = x * x,
				y = pi * ((n - 2 * near) / (2 * n)),
				u = y * y;
	double		cosine = 1 + t * (-1.0 / 2 + t * (1.0 / 24 + t * (-1.0 / 720 + t * (1.0 / 40320 + t * (-1.0 / 3628800 +
		t * (1.0 / 479001600 + t * (-1.0 / 87178291200 + t * (1.0 / 20922789888000))))))));
	double		sine = y * (1 + u * (-1.0 / 6 + u * (1.0 / 120 + u * (-1.0 / 5040 + u * (1.0 / 362880 + u * (-1.0 / 39916800 +
		u * (1.0 / 6227020800 + u * (-1.0 / 1307674368000))))))));

	cosine = 4 * near <= n ? cosine : sine;
	return h + h <= n ? cosine : -cosine;
}

/*
 * <= the cosine of the angle between y and its signs, which is the sum of |y[i]| over sqrt(n) |y|; of y = 0 any angle will
 * do.  Both numbers may have been rounded to float32.
 */
RV_INLINE double
sign_cosine(double size, double norm, double n)
{
	double		cosine = norm > 0 ? at_least_zero(size - n * 0x1p-149) / (root(n) * (norm + 0x1p-149)) * (1 - 0x1p-21) : 1;

	return cosine < 0 ? 0 : cosine > 1 ? 1 : cosine;
}

/* The two numbers between which the cosine of the angle of two vectors lies. */
struct interval
{
	double		least,
				most;
};

/*
 * The angle between the signs is known; those between a vector and its signs have cosines of at least a and b.  Angles obey
 * the triangle inequality.
 */
RV_INLINE interval
between(double signs, double a, double b)
{
	double		sine_a = root(at_least_zero(1 - a * a)),
				sine_b = root(at_least_zero(1 - b * b)),
				cosine = a * b - sine_a * sine_b,
				sine = sine_a * b + a * sine_b,
				product = signs * cosine,
				other = root(at_least_zero(1 - signs * signs)) * sine;
	interval	i = {signs <= -cosine ? -1 : product - other - 0x1p-20, signs >= cosine ? 1 : product + other + 0x1p-20};

	i.least = i.least < -1 ? -1 : i.least;
	i.most = i.most > 1 ? 1 : i.most;
	return i;
}

struct code_factors
{
	double		scale,
				norm,
				cross,
				xnorm;
};

/* What an estimate of <query - centre, y> says of the metric, and its bound from the interval of that product. */
template<int Metric, bool Bounds>
RV_INLINE void
finish(const rv_binary_query *q, const code_factors &f, double share, float *estimate, float *bound)
{
	double		n = q->n,
				size = q->norm * f.norm,
				product = size * cosine_of_share(share, n);
	interval	angle = {0, 0};

	if (Bounds)
		angle = between((n - 2 * share) / n, q->cosine, sign_cosine(f.scale * n, f.norm, n));

	/* Of <query - centre, y>, with what float32 took from the norm. */
	double		taken = q->norm * (f.norm * 0x1p-22 + 0x1p-148),
				least = size * angle.least - taken,
				most = size * angle.most + taken;

	if (Metric == RV_METRIC_L2SQ)
	{
		double		squares = q->norm * q->norm + f.norm * f.norm;
		float		middle = (float) at_least_zero(squares - 2 * product);

		*estimate = middle;
		if (Bounds)
		{
			double		low = at_least_zero(squares - 2 * most),
						high = squares - 2 * least;

			*bound = float_above(larger((double) middle - low, high - (double) middle) + squares * 0x1p-21 + f.norm * 0x1p-147 + 0x1p-290);
		}
		return;
	}

	double		rest = q->base + f.cross,
				value = rest + product;
	double		slack = q->slack + absolute(f.cross) * 0x1p-23 + 0x1p-148 + 0x1p-38 * q->centre_norm * f.norm +
	0x1p-36 * (q->full_norm * (f.xnorm + 0x1p-148) + absolute(q->base) + absolute(value));

	if (Metric == RV_METRIC_DOT)
	{
		float		middle = (float) value;

		*estimate = middle;
		if (Bounds)
			*bound = float_above((larger((double) middle - (rest + least), rest + most - (double) middle) + slack) * (1 + 0x1p-36));
		return;
	}

	double		similarity = value / (q->full_norm * f.xnorm),
				inside = limited(similarity);
	float		middle = q->full_norm * f.xnorm > 0 ? (float) (1 - inside) : __builtin_nanf("");

	*estimate = middle;
	if (Bounds)
		*bound = cosine_bound(larger(value - (rest + least), rest + most - value) + slack, similarity, inside, q->full_norm,
							  f.xnorm, middle);
}

template<int Metric, bool Bounds>
RV_INLINE void
finish_all(const rv_binary_query *query, const float (*columns)[rows_at_once], const float *differ, size_t count,
		   float *estimates, float *bounds)
{
	/* A copy whose address nobody has, so that the loop may keep it in registers. */
	const rv_binary_query head = *query;

	for (size_t r = 0; r < count; r++)
	{
		code_factors f = {columns[factor_scale][r], columns[factor_norm][r], columns[factor_cross][r], columns[factor_xnorm][r]};

		finish<Metric, Bounds>(&head, f, differ[r], estimates + r, bounds + (Bounds ? r : 0));
	}
}

template<bool Bounds>
RV_INLINE void
finish_metric(const rv_binary_query *query, const float (*columns)[rows_at_once], const float *differ, size_t count,
			  float *estimates, float *bounds)
{
	if (query->metric == RV_METRIC_L2SQ)
		finish_all<RV_METRIC_L2SQ, Bounds>(query, columns, differ, count, estimates, bounds);
	else if (query->metric == RV_METRIC_DOT)
		finish_all<RV_METRIC_DOT, Bounds>(query, columns, differ, count, estimates, bounds);
	else
		finish_all<RV_METRIC_COSINE, Bounds>(query, columns, differ, count, estimates, bounds);
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_BINARY_FINISH_H */
