/*
 * tile.h - blocks of queries against blocks of rows, for matrices.
 *
 * A few queries meet four rows at a time: each load of a row serves all of the queries, so the multiplications bound
 * the loop and not the loads.  Rows that are left over at the edges go the way of rows.h.
 */
#ifndef RUVECTOR_DENSE_TILE_H
#define RUVECTOR_DENSE_TILE_H

#include "rows.h"

namespace
{

/* Norms of the queries of a cosine are kept for so many at a time: 1 KiB of stack. */
constexpr size_t tile_norms = 256;

/*
 * How many queries a tile takes: their sums with four rows, what is loaded of them and of one row, and the temporaries
 * of a step must all stay in registers.  clang widens the next row before it is done with this one.
 */
template<typename V, typename B, typename Op>
constexpr size_t
tile_queries()
{
#ifdef __clang__
	constexpr size_t next = B::widened ? B::together : 0;
#else
	constexpr size_t next = 0;
#endif

	for (size_t q = 4; q > 2; q--)
		if (4 * q + B::together * (q + 1) + next + Op::temporaries <= V::registers)
			return q;
	return 2;
}

template<typename V, typename T>
RV_INLINE void
load_together(const typename T::element *p, size_t i, typename V::reg *x)
{
	if constexpr (T::together == 2)
		T::template load_two<V>(p, i, x[0], x[1]);
	else
		x[0] = T::template load<V>(p + i);
	for (size_t t = 0; t < T::together; t++)
		V::keep(x[t]);
}

/* A register of elements, or the first k of them. */
template<typename V, typename T>
RV_INLINE typename V::reg
load_up_to(const typename T::element *p, size_t k)
{
	return k >= V::lanes ? T::template load<V>(p) : T::template load_first<V>(p, k);
}

/*
 * Q queries against four rows, over as many whole registers as go together; quads[q] takes the four sums of query q.
 * Returns how many dimensions that were.  A function of its own, so that nothing else asks for its registers.
 */
template<typename V, typename A, typename B, typename Op, size_t Q>
RV_SHARED size_t
tile_sums(const typename A::element *a, size_t a_stride, const typename B::element *b, size_t b_stride, size_t n,
		  typename V::quad *quads)
{
	constexpr size_t T = B::together;
	constexpr size_t step = T * V::lanes;
	typename V::reg s[Q][4];
	size_t		i = 0;

	static_assert(A::together == T, "operands of one order");
#pragma GCC unroll 4
	for (size_t q = 0; q < Q; q++)
		s[q][0] = s[q][1] = s[q][2] = s[q][3] = V::zero();
	for (; n - i >= step; i += step)
	{
		typename V::reg x[Q][T], row[T];

#pragma GCC unroll 4
		for (size_t q = 0; q < Q; q++)
			load_together<V, A>(a + q * a_stride, i, x[q]);
#pragma GCC unroll 4
		for (size_t r = 0; r < 4; r++)
		{
			load_together<V, B>(b + r * b_stride, i, row);
#pragma GCC unroll 2
			for (size_t t = 0; t < T; t++)
#pragma GCC unroll 4
				for (size_t q = 0; q < Q; q++)
					s[q][r] = Op::step(s[q][r], x[q][t], row[t]);
		}
	}
#pragma GCC unroll 4
	for (size_t q = 0; q < Q; q++)
		quads[q] = V::sum4(s[q][0], s[q][1], s[q][2], s[q][3]);
	return i;
}

/* Adds the dimensions that tile_sums has left. */
template<typename V, typename A, typename B, typename Op, size_t Q>
RV_SHARED void
tile_tail(const typename A::element *a, size_t a_stride, const typename B::element *b, size_t b_stride, size_t n,
		  typename V::quad *quads)
{
	for (size_t i = 0; i < n; i += V::lanes)
	{
		typename V::reg r0 = load_up_to<V, B>(b + i, n - i);
		typename V::reg r1 = load_up_to<V, B>(b + b_stride + i, n - i);
		typename V::reg r2 = load_up_to<V, B>(b + 2 * b_stride + i, n - i);
		typename V::reg r3 = load_up_to<V, B>(b + 3 * b_stride + i, n - i);

		for (size_t q = 0; q < Q; q++)
		{
			typename V::reg x = load_up_to<V, A>(a + q * a_stride + i, n - i);

			quads[q] = V::add4(quads[q], V::sum4(Op::step(V::zero(), x, r0), Op::step(V::zero(), x, r1),
												 Op::step(V::zero(), x, r2), Op::step(V::zero(), x, r3)));
		}
	}
}

template<typename V, typename A, typename B, typename Op, size_t Q>
RV_INLINE void
tile_quads(const typename A::element *a, size_t a_stride, const typename B::element *b, size_t b_stride, size_t n,
		   typename V::quad *quads)
{
	size_t		done = tile_sums<V, A, B, Op, Q>(a, a_stride, b, b_stride, n, quads);

	if (done < n)
		tile_tail<V, A, B, Op, Q>(a + done, a_stride, b + done, b_stride, n - done, quads);
}

/* The squared norms of four rows. */
template<typename V, typename B>
RV_SHARED typename V::quad
four_norms(const typename B::element *p, size_t stride, size_t n)
{
	constexpr size_t L = V::lanes;
	const typename B::element *p1 = p + stride, *p2 = p1 + stride, *p3 = p2 + stride;
	typename V::reg s0 = V::zero(), s1 = V::zero(), s2 = V::zero(), s3 = V::zero();
	typename V::reg t0 = V::zero(), t1 = V::zero(), t2 = V::zero(), t3 = V::zero();
	typename V::reg x, y;
	size_t		i = 0;

	for (; n - i >= 2 * L; i += 2 * L)
	{
		B::template load_two<V>(p, i, x, y);
		s0 = V::dot(s0, x, x);
		t0 = V::dot(t0, y, y);
		B::template load_two<V>(p1, i, x, y);
		s1 = V::dot(s1, x, x);
		t1 = V::dot(t1, y, y);
		B::template load_two<V>(p2, i, x, y);
		s2 = V::dot(s2, x, x);
		t2 = V::dot(t2, y, y);
		B::template load_two<V>(p3, i, x, y);
		s3 = V::dot(s3, x, x);
		t3 = V::dot(t3, y, y);
	}
	s0 = V::add(s0, t0);
	s1 = V::add(s1, t1);
	s2 = V::add(s2, t2);
	s3 = V::add(s3, t3);
	for (; i < n; i += L)
	{
		x = load_up_to<V, B>(p + i, n - i);
		s0 = V::dot(s0, x, x);
		x = load_up_to<V, B>(p1 + i, n - i);
		s1 = V::dot(s1, x, x);
		x = load_up_to<V, B>(p2 + i, n - i);
		s2 = V::dot(s2, x, x);
		x = load_up_to<V, B>(p3 + i, n - i);
		s3 = V::dot(s3, x, x);
	}
	return V::sum4(s0, s1, s2, s3);
}

template<typename V, typename A, typename B, typename Op>
RV_INLINE void
tile(const typename A::element *a, size_t a_count, size_t a_stride, const typename B::element *b,
	 size_t b_count, size_t b_stride, size_t n, float *out, size_t out_stride)
{
	constexpr size_t Q = tile_queries<V, B, Op>();
	size_t		whole_a = a_count - a_count % Q,
				whole_b = b_count - b_count % 4;

	for (size_t r = 0; r < whole_b; r += 4)
	{
		for (size_t q = 0; q < whole_a; q += Q)
		{
			typename V::quad quads[Q];

			tile_quads<V, A, B, Op, Q>(a + q * a_stride, a_stride, b + r * b_stride, b_stride, n, quads);
			for (size_t i = 0; i < Q; i++)
				V::store4(out + (q + i) * out_stride + r, quads[i]);
		}
	}
	for (size_t q = 0; q < a_count; q++)
	{
		size_t		from = q < whole_a ? whole_b : 0;

		if (from < b_count)
			many_sums_rows<V, A, B, Op, false>(a + q * a_stride, b + from * b_stride, n, b_count - from,
											   b_stride, out + q * out_stride + from);
	}
}

template<typename V, typename A, typename B>
RV_INLINE void
tile_cosines(const typename A::element *a, size_t a_count, size_t a_stride, const typename B::element *b,
			 size_t b_count, size_t b_stride, size_t n, float *out, size_t out_stride)
{
	constexpr size_t Q = tile_queries<V, B, dot_step<V>>();
	size_t		whole_b = b_count - b_count % 4;

	for (size_t begin = 0; begin < a_count; begin += tile_norms)
	{
		size_t		count = a_count - begin < tile_norms ? a_count - begin : tile_norms;
		size_t		whole_a = count - count % Q;
		const typename A::element *queries = a + begin * a_stride;
		float	   *results = out + begin * out_stride;
		float		aa[tile_norms];
		size_t		q = 0;

		for (; whole_a - q >= 4; q += 4)
			V::store4(aa + q, four_norms<V, A>(queries + q * a_stride, a_stride, n));
		for (; q < whole_a; q++)
			aa[q] = one_sum<V, A, A, dot_step<V>>(queries + q * a_stride, queries + q * a_stride, n);
		for (size_t r = 0; r < whole_b; r += 4)
		{
			const typename B::element *rows = b + r * b_stride;
			typename V::quad bb = four_norms<V, B>(rows, b_stride, n);

			for (q = 0; q < whole_a; q += Q)
			{
				typename V::quad quads[Q];

				tile_quads<V, A, B, dot_step<V>, Q>(queries + q * a_stride, a_stride, rows, b_stride, n, quads);
				for (size_t i = 0; i < Q; i++)
					V::store4(results + (q + i) * out_stride + r, V::cosine4(quads[i], aa[q + i], bb));
			}
		}
		for (q = 0; q < count; q++)
		{
			size_t		from = q < whole_a ? whole_b : 0;

			if (from < b_count)
				many_cosines_rows<V, A, B, false>(queries + q * a_stride, b + from * b_stride, n, b_count - from,
												  b_stride, results + q * out_stride + from);
		}
	}
}

}	/* namespace */

#endif							/* RUVECTOR_DENSE_TILE_H */
