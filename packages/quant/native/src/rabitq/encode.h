/*
 * encode.h - the encoder's kernels over a register type of eight float64.
 *
 * A unit's policy has `reg`, eight float64, `floats`, eight float32, and `total`, for sums that are exact in any order.
 * Lane j of a reg sums coordinates j, j + 8, j + 16 ..; `add_eight` adds the lanes in the order of layout.h.  Products of a
 * float32 and another, or a code, are exact in float64, so that a fused multiplication and addition is what two are.
 */
#ifndef RUVECTOR_QUANT_SRC_RABITQ_ENCODE_H
#define RUVECTOR_QUANT_SRC_RABITQ_ENCODE_H

#include "layout.h"

namespace
{

template<typename E>
struct encoder
{
	typedef typename E::reg reg;
	typedef typename E::floats floats;
	typedef typename E::total total;

	static RV_INLINE void
	measure(float *y, const float *centre, size_t n, uint8_t *signs, double *sums)
	{
		reg			squares = E::zero(),
					absolutes = E::zero(),
					largest = E::zero();

		for (size_t i = 0; i < n; i += 8)
		{
			floats		x = E::load(y + i);

			if (centre != NULL)
			{
				x = E::sub(x, E::load(centre + i));
				E::store(y + i, x);
			}
			signs[i / 8] = (uint8_t) ~E::negative(x);

			const reg	wide = E::widen(x),
						absolute = E::abs(wide);

			squares = E::fma(wide, wide, squares);
			absolutes = E::add(absolutes, absolute);
			largest = E::max(largest, absolute);
		}
		sums[0] = E::add_eight(squares);
		sums[1] = E::add_eight(absolutes);
		sums[2] = E::largest(largest);
	}

	static RV_INLINE double
	square(const float *x, size_t n)
	{
		reg			squares = E::zero();
		size_t		i = 0;

		for (; i + 8 <= n; i += 8)
		{
			const reg	wide = E::widen(E::load(x + i));

			squares = E::fma(wide, wide, squares);
		}
		if (i < n)
		{
			float		last[8] = {};

			__builtin_memcpy(last, x + i, (n - i) * sizeof(float));

			const reg	wide = E::widen(E::load(last));

			squares = E::fma(wide, wide, squares);
		}
		return E::add_eight(squares);
	}

	static RV_INLINE double
	quantise(const float *y, size_t n, double scale, int most, uint8_t *codes, uint64_t *squares)
	{
		const reg	by = E::all(scale),
					limit = E::all(most),
					half = E::all(0.5);
		reg			sums = E::zero();
		total		square = E::nothing();

		for (size_t i = 0; i < n; i += 8)
		{
			const reg	absolute = E::abs(E::widen(E::load(y + i)));
			const reg	m = E::floor(E::min(E::mul(absolute, by), limit));
			const reg	middle = E::add(m, half);

			sums = E::fma(absolute, middle, sums);
			square = E::add_square(square, middle);
			E::store_bytes(codes + i, m);
		}
		*squares = (uint64_t) (4 * E::sum(square));
		return E::add_eight(sums);
	}

	/* As many scales at once as there are registers for. */
	static RV_INLINE void
	compare(const float *y, size_t n, const double *scales, int most, double *inner, double *squares)
	{
		constexpr int count = E::scales;
		const reg	limit = E::all(most),
					half = E::all(0.5);

		static_assert(RV_RABITQ_SCALES % count == 0, "no scale may be left over");
		for (int first = 0; first < RV_RABITQ_SCALES; first += count)
		{
			reg			by[count],
						sums[count];
			total		square[count];

			for (int j = 0; j < count; j++)
			{
				by[j] = E::all(scales[first + j]);
				sums[j] = E::zero();
				square[j] = E::nothing();
			}
			for (size_t i = 0; i < n; i += 8)
			{
				const reg	absolute = E::abs(E::widen(E::load(y + i)));

				for (int j = 0; j < count; j++)
				{
					const reg	m = E::floor(E::min(E::mul(absolute, by[j]), limit));
					const reg	middle = E::add(m, half);

					sums[j] = E::fma(absolute, middle, sums[j]);
					square[j] = E::add_square(square[j], middle);
				}
			}
			for (int j = 0; j < count; j++)
			{
				inner[first + j] = E::add_eight(sums[j]);
				squares[first + j] = E::sum(square[j]);
			}
		}
	}

	static RV_INLINE void
	project(const float *y, const uint8_t *codes, const float *w, size_t n, double *sums)
	{
		const reg	one = E::all(1.0);
		reg			signs = E::zero(),
					whole = E::zero();

		for (size_t i = 0; i < n; i += 8)
		{
			/* w where y is positive, else -w */
			const reg	turned = E::widen(E::turn(E::load(w + i), E::load(y + i)));

			signs = E::add(signs, turned);
			if (codes != NULL)
			{
				const reg	m = E::load_bytes(codes + i);

				whole = E::fma(E::add(E::add(m, m), one), turned, whole);
			}
		}
		sums[0] = E::add_eight(signs);
		sums[1] = E::add_eight(whole);
	}
};

}	/* namespace */

/* The encoder's kernels of a unit whose policy for them is `eight`. */
#define RV_DEFINE_RABITQ_ENCODER(isa, eight) \
	void \
	rv_rabitq_measure_##isa(float *y, const float *centre, size_t n, uint8_t *signs, double *sums) \
	{ \
		encoder<eight>::measure(y, centre, n, signs, sums); \
	} \
	double rv_rabitq_square_##isa(const float *x, size_t n) { return encoder<eight>::square(x, n); } \
	double \
	rv_rabitq_quantise_##isa(const float *y, size_t n, double scale, int most, uint8_t *codes, uint64_t *squares) \
	{ \
		return encoder<eight>::quantise(y, n, scale, most, codes, squares); \
	} \
	void \
	rv_rabitq_compare_##isa(const float *y, size_t n, const double *scales, int most, double *inner, double *squares) \
	{ \
		encoder<eight>::compare(y, n, scales, most, inner, squares); \
	} \
	void \
	rv_rabitq_project_##isa(const float *y, const uint8_t *codes, const float *w, size_t n, double *sums) \
	{ \
		encoder<eight>::project(y, codes, w, n, sums); \
	}

#endif							/* RUVECTOR_QUANT_SRC_RABITQ_ENCODE_H */
