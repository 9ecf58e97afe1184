/*
 * rotation.h - what the units of the rotation share, and the rotation over a register type.
 *
 * A unit's policy says what a register is: `lanes` float32, loads and stores of all or of the first k, the butterflies
 * between lanes of one register, and the transform of eight where that is less than a register.
 */
#ifndef RUVECTOR_QUANT_SRC_ROTATION_H
#define RUVECTOR_QUANT_SRC_ROTATION_H

#include "../kernels.h"

#include <ruvector/quant/rotation.h>

#define RV_DECLARE_ROTATION(isa) \
	extern "C" \
	{ \
	void rv_rotate_##isa(const rv_rotation *rotation, float *x); \
	void rv_unrotate_##isa(const rv_rotation *rotation, float *x); \
	} \
	static_assert(true, "")

#define RV_DEFINE_ROTATION(isa, policy) \
	void rv_rotate_##isa(const rv_rotation *rotation, float *x) { rotate<policy>(*rotation, x); } \
	void rv_unrotate_##isa(const rv_rotation *rotation, float *x) { unrotate<policy>(*rotation, x); }

namespace
{

/* Calls `transform(offset, size)` for each window. */
template<typename Transform>
RV_INLINE void
each_window(size_t n, bool largest_last, Transform transform)
{
	size_t		at = 0;

	for (size_t rest = n; rest != 0;)
	{
		size_t		h = largest_last ? rest & (0 - rest)
			: (size_t) 1 << (63 - __builtin_clzll((unsigned long long) rest));

		transform(at, h);
		at += h;
		rest -= h;
	}
}

/*
 * What the results of a transform of h of n coordinates are multiplied by.  `scales` says whether the round is one of
 * those that have the exact factor.  The square root of an even power is exact; of an odd one the quotient is rounded to
 * float64 twice and to float32 once, alike everywhere.
 */
RV_INLINE float
transform_factor(size_t h, size_t n, bool scales)
{
	if (h == n)
		return scales ? 1.0f / (float) h : 1.0f;
	return (float) (1.0 / __builtin_sqrt((double) h));
}

/* Levels of a transform that are done on Count registers at once: a, b become a + b, a - b. */
template<typename Isa, size_t Count>
RV_INLINE void
between(typename Isa::reg (&r)[Count])
{
	for (size_t half = 1; half < Count; half *= 2)
		for (size_t i = 0; i < Count; i++)
			if ((i & half) == 0)
			{
				typename Isa::reg sum = Isa::add(r[i], r[i + half]);

				r[i + half] = Isa::sub(r[i], r[i + half]);
				r[i] = sum;
			}
}

/* The levels of strides below Count * lanes, of one run of so many coordinates. */
template<typename Isa, size_t Count>
RV_INLINE void
first_levels(float *x, float factor)
{
	typename Isa::reg r[Count];

	for (size_t i = 0; i < Count; i++)
		r[i] = Isa::within(Isa::load(x + i * Isa::lanes));
	between<Isa, Count>(r);
	for (size_t i = 0; i < Count; i++)
		Isa::store(x + i * Isa::lanes, Isa::mul(r[i], factor));
}

/* The levels of strides `stride`, 2 stride ... up to Count / 2 * stride, of h coordinates. */
template<typename Isa, size_t Count>
RV_INLINE void
next_levels(float *x, size_t h, size_t stride, float factor)
{
	for (size_t first = 0; first < h; first += Count * stride)
		for (size_t at = first; at < first + stride; at += Isa::lanes)
		{
			typename Isa::reg r[Count];

			for (size_t i = 0; i < Count; i++)
				r[i] = Isa::load(x + at + i * stride);
			between<Isa, Count>(r);
			for (size_t i = 0; i < Count; i++)
				Isa::store(x + at + i * stride, Isa::mul(r[i], factor));
		}
}

/*
 * The transform of h coordinates, and then the factor.  Multiplying by 1 in the passes before the last is
 * exact, so one loop serves all.
 */
template<typename Isa>
RV_INLINE void
transform(float *x, size_t h, float factor)
{
	size_t		stride = h < 8 * Isa::lanes ? h : 8 * Isa::lanes;
	float		now = stride == h ? factor : 1.0f;

	if (h < Isa::lanes)
	{
		Isa::transform_eight(x, factor);
		return;
	}

	for (size_t first = 0; first < h; first += stride)
		switch (stride / Isa::lanes)
		{
			case 1:
				first_levels<Isa, 1>(x + first, now);
				break;
			case 2:
				first_levels<Isa, 2>(x + first, now);
				break;
			case 4:
				first_levels<Isa, 4>(x + first, now);
				break;
			default:
				first_levels<Isa, 8>(x + first, now);
		}
	while (stride < h)
	{
		size_t		count = h / stride < 8 ? h / stride : 8;

		now = stride * count == h ? factor : 1.0f;
		if (count == 2)
			next_levels<Isa, 2>(x, h, stride, now);
		else if (count == 4)
			next_levels<Isa, 4>(x, h, stride, now);
		else
			next_levels<Isa, 8>(x, h, stride, now);
		stride *= count;
	}
}

/* Coordinate i against coordinate i + n/2: a, b become (a + b) factor, (a - b) factor. */
template<typename Isa>
RV_INLINE void
pairs(float *x, size_t n, float factor)
{
	const size_t half = n / 2;
	float	   *y = x + half;
	size_t		i = 0;

	for (; i + Isa::lanes <= half; i += Isa::lanes)
	{
		typename Isa::reg a = Isa::load(x + i),
					b = Isa::load(y + i);

		Isa::store(x + i, Isa::mul(Isa::add(a, b), factor));
		Isa::store(y + i, Isa::mul(Isa::sub(a, b), factor));
	}
	if (i < half)
	{
		typename Isa::reg a = Isa::load_first(x + i, half - i),
					b = Isa::load_first(y + i, half - i);

		Isa::store_first(x + i, Isa::mul(Isa::add(a, b), factor), half - i);
		Isa::store_first(y + i, Isa::mul(Isa::sub(a, b), factor), half - i);
	}
}

template<typename Isa>
RV_INLINE void
rotate(const rv_rotation &rotation, float *x)
{
	const size_t n = rotation.n;
	const bool	whole = (n & (n - 1)) == 0;

	for (int round = 0; round < RV_ROTATION_ROUNDS; round++)
	{
		bool		odd = round % 2 == 1;

		Isa::flip(x, rotation.signs + round * (n / 8), n);
		each_window(n, odd, [&](size_t at, size_t h) { transform<Isa>(x + at, h, transform_factor(h, n, odd)); });
		if (!whole)
			pairs<Isa>(x, n, odd ? 0.5f : 1.0f);
	}
}

template<typename Isa>
RV_INLINE void
unrotate(const rv_rotation &rotation, float *x)
{
	const size_t n = rotation.n;
	const bool	whole = (n & (n - 1)) == 0;

	for (int round = RV_ROTATION_ROUNDS - 1; round >= 0; round--)
	{
		bool		odd = round % 2 == 1;

		if (!whole)
			pairs<Isa>(x, n, odd ? 1.0f : 0.5f);
		each_window(n, odd, [&](size_t at, size_t h) { transform<Isa>(x + at, h, transform_factor(h, n, !odd)); });
		Isa::flip(x, rotation.signs + round * (n / 8), n);
	}
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_SRC_ROTATION_H */
