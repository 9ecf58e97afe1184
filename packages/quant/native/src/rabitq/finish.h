/*
 * finish.h - sums to values and bounds, 32 codes at a time.
 *
 * Every unit compiles these loops for its registers.  All is float64, in the order that is written here, without fused
 * operations, and rounded to float32 once: so every variant, and src/rabitq/score.ts, give the same values.
 */
#ifndef RUVECTOR_QUANT_SRC_RABITQ_FINISH_H
#define RUVECTOR_QUANT_SRC_RABITQ_FINISH_H

#include "layout.h"

namespace
{

/* A factor where it lies in a block: at any address. */
typedef float __attribute__((aligned(1), may_alias)) loose_float;

/* Of 32 codes: the sum S = 2 <xbar, q>, and where the factors are. */
struct gathered
{
	alignas(64) double sums[RV_QUANT_BLOCK];
	const loose_float *norm,
			   *scale,
			   *residual,
			   *length,
			   *centre;
};

/*
 * The terms of the centre are left out where they are zero: adding them would change nothing.
 */
template<bool Centred, bool Cosine>
RV_INLINE void
finish_values(const gathered &g, const rv_rabitq_aim &aim, double half_step, float *values)
{
	const double add = aim.add,
				norm2 = aim.norm2,
				length2 = aim.length2,
				step = aim.sum * half_step,
				centre = aim.centre,
				cosine = aim.cosine;

	for (size_t i = 0; i < RV_QUANT_BLOCK; i++)
	{
		double		norm = g.norm[i],
					length = g.length[i];
		double		product = (double) g.scale[i] * (step * g.sums[i]);
		double		value = add + norm2 * (norm * norm);

		if (Centred)
			value = (value + length2 * (length * length)) + (product + centre * (double) g.centre[i]);
		else
			value = value + product;
		/* A zero vector has no cosine. */
		if (Cosine)
			value = length > 0 ? 1.0 + value * cosine / length : __builtin_nan("");
		values[i] = (float) value;
	}
}

RV_INLINE void
finish_values(const gathered &g, const rv_rabitq_aim &aim, double half_step, float *values)
{
	if (aim.centre == 0)
		aim.cosine == 0 ? finish_values<false, false>(g, aim, half_step, values)
			: finish_values<false, true>(g, aim, half_step, values);
	else
		aim.cosine == 0 ? finish_values<true, false>(g, aim, half_step, values)
			: finish_values<true, true>(g, aim, half_step, values);
}

/*
 * The bound of doc/rabitq.md, "Bounds".  `reach` and `miss` are those of the grid in use.  With `signs`, the residual of
 * the unbiased estimate is that of the signs alone, which their scale tells: xbar = +-1/2.
 */
template<bool Signs>
RV_INLINE void
finish_bounds(const gathered &g, const rv_rabitq_aim &aim, const rv_rabitq_grid &grid, double reach, size_t n,
			  const float *values, float *bounds)
{
	const double u = 0x1p-24;
	const double quarter = 0.25 * (double) n,
				both_centres = 2.0 * aim.centre_norm,
				sum = __builtin_fabs(aim.sum),
				norm2 = __builtin_fabs(aim.norm2),
				length2 = __builtin_fabs(aim.length2),
				centre = __builtin_fabs(aim.centre),
				cosine = __builtin_fabs(aim.cosine);

	for (size_t i = 0; i < RV_QUANT_BLOCK; i++)
	{
		double		norm = g.norm[i] * (1.0 + 4 * u),
					low = g.norm[i] * (1.0 - 4 * u),
					scale = g.scale[i],
					residual = g.residual[i],
					length = g.length[i],
					value = values[i];
		double		wide;		/* |y - g xbar| */

		if (Signs)
		{
			double		square = scale * scale * quarter * (1.0 + 8 * u) - low * low;

			wide = __builtin_sqrt(square > 0 ? square : 0.0);
		}
		else
		{
			double		square = low * low - residual * residual;

			/* Where the residual is as long as the vector, there is the triangle inequality alone. */
			wide = square > 0 ? norm * residual / __builtin_sqrt(square) : norm + scale * aim.longest;
		}
		/* A vector too short for its code's factors: then the code knows no direction, and nothing of the error is random. */
		const double factor = scale == 0 ? 1.0 : aim.factor;

		wide = scale == 0 ? norm : wide;

		double		rotated = aim.error * (norm + both_centres) + 4 * u * norm + aim.lost;	/* |y - P(x - c)| */
		double		product = __builtin_fabs(scale * (grid.half_step * g.sums[i]));
		double		stray = factor * (norm * grid.miss + wide * reach);
		double		slack = rotated * aim.span + (norm + rotated) * aim.span_error;
		double		squares = norm2 * (norm * norm) + length2 * (length * length);
		double		rounding = 8 * u * (sum * product + centre * __builtin_fabs((double) g.centre[i]) + squares) +
			2 * norm2 * (norm + rotated) * rotated + centre * 0x1p-149;
		double		bound = sum * (stray + slack) + rounding + aim.floor;
		double		size = __builtin_fabs(value);

		if (cosine != 0)
		{
			bound = (bound * cosine * (1.0 + 8 * u) + (size + 1.0) * 0x1p-148) / length;
			size = size + 1.0;
		}
		bound = (bound + 4 * u * size + 0x1p-147) * (1.0 + 4 * u);
		bounds[i] = (float) (value == value ? bound : value);
	}
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_SRC_RABITQ_FINISH_H */
