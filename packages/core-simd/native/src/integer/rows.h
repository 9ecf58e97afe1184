/*
 * rows.h - one query against many rows, side by side or anywhere, and blocks of queries against blocks of rows.
 */
#ifndef RUVECTOR_INTEGER_ROWS_H
#define RUVECTOR_INTEGER_ROWS_H

#include "sums.h"

namespace
{

/* Norms of the queries of a tile of cosines are kept for so many at a time. */
constexpr size_t tile_norms = 64;

/* Rows side by side. */
struct dense_rows
{
	const uint8_t *first;
	size_t		stride;

	RV_INLINE const uint8_t *at(size_t r) const { return first + r * stride; }
	RV_INLINE dense_rows from(size_t r) const { return dense_rows{first + r * stride, stride}; }

	/* Whether to ask for rows ahead (kernels.h). */
	RV_INLINE bool
	far(size_t n, size_t count) const
	{
		return n <= RV_AHEAD_MAX_ROW && count > RV_AHEAD_MIN_BYTES / (n + 1) && stride - n <= n / 8;
	}
};

/* Rows anywhere; who gathers them asks for their lines beforehand. */
struct gathered_rows
{
	const void *const *pointers;

	RV_INLINE const uint8_t *at(size_t r) const { return (const uint8_t *) pointers[r]; }
	RV_INLINE bool far(size_t, size_t) const { return false; }
};

/* What the loops over four rows take; the rest is left to pairs. */
template<typename O>
RV_INLINE bool
takes_four(size_t n)
{
	return n >= O::least && n <= block;
}

template<typename O, bool Ahead, typename Rows>
RV_INLINE void
row_sums_at(const uint8_t *query, Rows rows, size_t n, size_t count, float *out)
{
	size_t		r = 0;

	if (takes_four<O>(n))
		for (; count - r >= 4; r += 4)
		{
			const uint8_t *const p[4] = {rows.at(r), rows.at(r + 1), rows.at(r + 2), rows.at(r + 3)};

			O::store4(out + r, four_sums<O, Ahead>(query, p, n));
		}
	for (; r < count; r++)
		out[r] = (float) pair_sum<O>(query, rows.at(r), n);
}

template<typename O, typename Rows>
RV_INLINE void
row_sums(const uint8_t *query, Rows rows, size_t n, size_t count, float *out)
{
	if (rows.far(n, count))
		row_sums_at<O, true>(query, rows, n, count, out);
	else
		row_sums_at<O, false>(query, rows, n, count, out);
}

template<typename O, bool Ahead, typename Rows>
RV_INLINE void
row_cosines_at(const uint8_t *query, Rows rows, size_t n, size_t count, float *out)
{
	size_t		r = 0;

	if (takes_four<O>(n) && count >= 4)
	{
		double		aa = block_sum<O>(query, query, n);

		for (; count - r >= 4; r += 4)
		{
			const uint8_t *const p[4] = {rows.at(r), rows.at(r + 1), rows.at(r + 2), rows.at(r + 3)};
			typename O::quad ab,
						bb;

			four_cosine_sums<O, Ahead>(query, p, n, &ab, &bb);
			O::cosine4(out + r, ab, aa, bb);
		}
	}
	for (; r < count; r++)
		out[r] = (float) pair_cosine<O>(query, rows.at(r), n);
}

template<typename O, typename Rows>
RV_INLINE void
row_cosines(const uint8_t *query, Rows rows, size_t n, size_t count, float *out)
{
	if (rows.far(n, count))
		row_cosines_at<O, true>(query, rows, n, count, out);
	else
		row_cosines_at<O, false>(query, rows, n, count, out);
}

/* Two queries against four rows: each load of a row serves both. */
template<typename O>
RV_INLINE void
tile_sums(const uint8_t *q0, const uint8_t *q1, const uint8_t *const *p, size_t n, typename O::quad *first,
		  typename O::quad *second)
{
	constexpr size_t L = O::bytes;
	typename O::acc s[4] = {O::zero(), O::zero(), O::zero(), O::zero()};
	typename O::acc t[4] = {O::zero(), O::zero(), O::zero(), O::zero()};
	typename O::correction c = O::no_correction(), d = O::no_correction();
	size_t		i = 0;

	for (; n - i >= L; i += L)
	{
		typename O::reg x0 = O::load(q0 + i), x1 = O::load(q1 + i);

		O::correct(c, x0);
		O::correct(d, x1);
		for (size_t r = 0; r < 4; r++)
		{
			typename O::reg y = O::load(p[r] + i);

			O::step(s[r], x0, y);
			O::step(t[r], x1, y);
		}
	}
	if (i < n)
	{
		typename O::reg x0 = O::load_rest(q0, i, n), x1 = O::load_rest(q1, i, n);

		O::correct(c, x0);
		O::correct(d, x1);
		for (size_t r = 0; r < 4; r++)
		{
			typename O::reg y = O::load_rest(p[r], i, n);

			O::step(s[r], x0, y);
			O::step(t[r], x1, y);
		}
	}
	*first = four_totals<O>(s, c);
	*second = four_totals<O>(t, d);
}

template<typename O>
RV_INLINE void
tile(const uint8_t *a, size_t a_count, size_t a_stride, dense_rows b, size_t b_count, size_t n, float *out,
	 size_t out_stride)
{
	size_t		whole_a = takes_four<O>(n) ? a_count - a_count % 2 : 0,
				whole_b = b_count - b_count % 4;

	for (size_t r = 0; r < whole_b; r += 4)
	{
		const uint8_t *const p[4] = {b.at(r), b.at(r + 1), b.at(r + 2), b.at(r + 3)};

		for (size_t q = 0; q < whole_a; q += 2)
		{
			typename O::quad first,
						second;

			tile_sums<O>(a + q * a_stride, a + (q + 1) * a_stride, p, n, &first, &second);
			O::store4(out + q * out_stride + r, first);
			O::store4(out + (q + 1) * out_stride + r, second);
		}
	}
	for (size_t q = 0; q < a_count; q++)
	{
		size_t		from = q < whole_a ? whole_b : 0;

		if (from < b_count)
			row_sums_at<O, false>(a + q * a_stride, b.from(from), n, b_count - from, out + q * out_stride + from);
	}
}

/* At most tile_norms queries. */
template<typename O>
RV_INLINE void
tile_cosines_few(const uint8_t *a, size_t a_count, size_t a_stride, dense_rows b, size_t b_count, size_t n, float *out,
				 size_t out_stride)
{
	size_t		whole_a = takes_four<O>(n) ? a_count - a_count % 2 : 0,
				whole_b = b_count - b_count % 4;
	double		aa[tile_norms];

	for (size_t q = 0; q < whole_a; q++)
		aa[q] = block_sum<O>(a + q * a_stride, a + q * a_stride, n);
	for (size_t r = 0; whole_a > 0 && r < whole_b; r += 4)
	{
		const uint8_t *const p[4] = {b.at(r), b.at(r + 1), b.at(r + 2), b.at(r + 3)};
		typename O::quad bb = four_squares<O>(p, n);

		for (size_t q = 0; q < whole_a; q += 2)
		{
			typename O::quad first,
						second;

			tile_sums<O>(a + q * a_stride, a + (q + 1) * a_stride, p, n, &first, &second);
			O::cosine4(out + q * out_stride + r, first, aa[q], bb);
			O::cosine4(out + (q + 1) * out_stride + r, second, aa[q + 1], bb);
		}
	}
	for (size_t q = 0; q < a_count; q++)
	{
		size_t		from = q < whole_a ? whole_b : 0;

		if (from < b_count)
			row_cosines_at<O, false>(a + q * a_stride, b.from(from), n, b_count - from, out + q * out_stride + from);
	}
}

template<typename O>
RV_INLINE void
tile_cosines(const uint8_t *a, size_t a_count, size_t a_stride, dense_rows b, size_t b_count, size_t n, float *out,
			 size_t out_stride)
{
	for (size_t q = 0; q < a_count; q += tile_norms)
		tile_cosines_few<O>(a + q * a_stride, a_count - q < tile_norms ? a_count - q : tile_norms, a_stride, b,
							b_count, n, out + q * out_stride, out_stride);
}

}	/* namespace */

#endif							/* RUVECTOR_INTEGER_ROWS_H */
