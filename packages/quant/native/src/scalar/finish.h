/*
 * finish.h - estimates and bounds of up to 32 codes, from the exact sums over their levels.  The proofs are in
 * doc/scalar.md; everything is float64, in the order written.
 *
 * Factors come by column: column k of code r is columns[k][r].
 */
#ifndef RUVECTOR_QUANT_SCALAR_FINISH_H
#define RUVECTOR_QUANT_SCALAR_FINISH_H

#include "layout.h"

namespace
{

/* What a code contributes, whatever the kind of range and the number of levels. */
struct part
{
	double		product,		/* <weights, y'> */
				magnitude,		/* of its terms */
				partner,		/* >= the norm that the error of the weights is multiplied by */
				xnorm,
				norm,
				residual;
};

/* Ranges: 0 of dimensions, 1 and 2 of vectors, so many levels being read. */
template<int Levels>
RV_INLINE part
part_of(const rv_scalar_query *q, double middle, double more_steps, const float *const *columns, const double *first,
		const double *second, size_t r)
{
	part		p;

	if (Levels == 0)
	{
		double		a = -middle * q->total;

		p.product = q->step * (a + first[r]);
		p.magnitude = q->step * (absolute(a) + absolute(first[r]));
		p.partner = columns[dimension_codes][r];
		p.xnorm = columns[dimension_xnorm][r];
		p.norm = columns[dimension_norm][r];
		p.residual = columns[dimension_residual][r];
		return p;
	}
	double		lower = columns[vector_lower][r],
				step = columns[vector_step][r];

	p.xnorm = columns[vector_xnorm][r];
	if (Levels == 1)
	{
		double		a = lower * q->total,
					b = step * first[r];

		p.product = q->step * (a + b);
		p.magnitude = q->step * (absolute(a) + absolute(b));
		p.norm = columns[vector_norm][r];
		p.residual = columns[vector_residual][r];
	}
	else
	{
		double		a = (lower - step * 0.5) * q->total,
					b = step * first[r],
					c = step / more_steps * second[r];

		p.product = q->step * (a + b + c);
		p.magnitude = q->step * (absolute(a) + absolute(b) + absolute(c));
		p.norm = columns[vector_norm_both][r];
		p.residual = columns[vector_residual_both][r];
	}
	p.partner = p.norm * (1 + 0x1p-22) + 0x1p-148;
	return p;
}

/* >= |<v, y'> - p.product|. */
RV_INLINE double
product_error(const rv_scalar_query *q, const part &p)
{
	return q->error * p.partner + 0x1p-49 * p.magnitude;
}

template<bool Bounds>
RV_INLINE void
finish_l2sq(const rv_scalar_query *q, const part &p, float *estimate, float *bound)
{
	double		square = p.norm * p.norm,
				raw = q->base - (p.product + p.product) + square;
	float		middle = l2sq_estimate(raw, p.residual, q->middle);

	*estimate = middle;
	if (Bounds)
	{
		double		error = 2 * product_error(q, p) + q->slack + p.norm * (p.norm * 0x1p-22 + 0x1p-148) +
		0x1p-50 * (2 * absolute(p.product) + square) + 0x1p-290;

		*bound = l2sq_bound(raw, error, p.residual, middle);
	}
}

/* >= |<query, x> - (base + p.product)|. */
RV_INLINE double
dot_error(const rv_scalar_query *q, const part &p)
{
	double		error = product_error(q, p) + q->slack + 0x1p-50 * (absolute(q->base) + absolute(p.product));

	return error + q->norm * (p.residual + 0x1p-36 * (p.residual + p.xnorm + 0x1p-148));
}

template<bool Bounds>
RV_INLINE void
finish_dot(const rv_scalar_query *q, const part &p, float *estimate, float *bound)
{
	double		value = q->base + p.product;
	float		rounded = (float) value;

	*estimate = rounded;
	if (Bounds)
		*bound = float_above((absolute((double) rounded - value) + dot_error(q, p)) * (1 + 0x1p-36));
}

template<bool Bounds>
RV_INLINE void
finish_cosine(const rv_scalar_query *q, const part &p, float *estimate, float *bound)
{
	double		norms = q->norm * p.xnorm,
				similarity = (q->base + p.product) / norms;
	double		inside = limited(similarity);
	float		rounded = norms > 0 ? (float) (1 - inside) : __builtin_nanf("");

	*estimate = rounded;
	if (Bounds)
		*bound = cosine_bound(dot_error(q, p), similarity, inside, q->norm, p.xnorm, rounded);
}

template<int Levels, bool Bounds>
RV_INLINE void
finish_metric(const rv_scalar_codec *codec, const rv_scalar_query *q, const float *const *columns, const double *first,
			  const double *second, size_t count, float *estimates, float *bounds)
{
	/* A copy whose address nobody has, so that loops may keep it in registers. */
	const rv_scalar_query head = *q;
	double		middle = codec->bits == 8 ? 128 : 8,
				more_steps = codec->more == 8 ? 255 : 15;

#define RV_EACH(finish) \
	for (size_t r = 0; r < count; r++) \
		finish<Bounds>(&head, part_of<Levels>(&head, middle, more_steps, columns, first, second, r), estimates + r, \
					   bounds + (Bounds ? r : 0))
	if (q->metric == RV_METRIC_L2SQ)
		RV_EACH(finish_l2sq);
	else if (q->metric == RV_METRIC_DOT)
		RV_EACH(finish_dot);
	else
		RV_EACH(finish_cosine);
#undef RV_EACH
}

template<int Levels>
RV_INLINE void
finish_levels(const rv_scalar_codec *codec, const rv_scalar_query *q, const float *const *columns, const double *first,
			  const double *second, size_t count, float *estimates, float *bounds)
{
	float		none;

	if (bounds != NULL)
		finish_metric<Levels, true>(codec, q, columns, first, second, count, estimates, bounds);
	else
		finish_metric<Levels, false>(codec, q, columns, first, second, count, estimates, &none);
}

/* Not inlined: rows, gathered rows and blocks share it. */
__attribute__((noinline)) void
finish(const rv_scalar_codec *codec, const rv_scalar_query *q, const float *const *columns, const double *first,
	   const double *second, size_t count, float *estimates, float *bounds)
{
	if (codec->by_dimension)
		finish_levels<0>(codec, q, columns, first, second, count, estimates, bounds);
	else if (q->levels == 1)
		finish_levels<1>(codec, q, columns, first, second, count, estimates, bounds);
	else
		finish_levels<2>(codec, q, columns, first, second, count, estimates, bounds);
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_SCALAR_FINISH_H */
