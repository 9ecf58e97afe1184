/*
 * rows.h - one query against many rows, side by side or anywhere.
 */
#ifndef RUVECTOR_DENSE_ROWS_H
#define RUVECTOR_DENSE_ROWS_H

#include "sums.h"

/* A function of its own in the unit: inlining it everywhere would double the size of the library. */
#define RV_SHARED __attribute__((noinline))

namespace
{

/*
 * Asks for the lines of `Bytes` bytes that lie RV_AHEAD_DISTANCE past p, in
 * address order.  Near the end of the rows that is no address of ours, hence
 * the integer: a prefetch cannot fault, but a pointer may not point there.
 */
template<bool Ahead, size_t Bytes>
RV_INLINE void
fetch_ahead(const void *p)
{
	if (Ahead)
		for (size_t byte = 0; byte < Bytes; byte += RV_CACHE_LINE)
			__builtin_prefetch((const void *) ((uintptr_t) p + RV_AHEAD_DISTANCE + byte), 0, 3);
}

/*
 * Whether asking ahead pays; the evidence is in docs/design/0002-distance-kernels.md.  WebAssembly has no instruction
 * for it.
 */
template<typename T>
RV_INLINE bool
ahead_pays(size_t n, size_t count, size_t stride)
{
#ifdef RV_ARCH_WASM
	return false;
#endif
	return n <= RV_AHEAD_MAX_ROW / sizeof(T) &&
		count > RV_AHEAD_MIN_BYTES / sizeof(T) / (n + 1) &&
		stride - n <= n / 8;
}

/*
 * Four rows against the query.  While i dimensions of four rows are read, the
 * 4 * i floats from p0 + RV_AHEAD_DISTANCE on are asked for: every line once
 * where rows are dense.
 */
template<typename V, typename A, typename B, typename Op, bool Ahead>
RV_INLINE typename V::quad
four_sums(const typename A::element *q, const typename B::element *p0, const typename B::element *p1,
		  const typename B::element *p2, const typename B::element *p3, size_t n)
{
	constexpr size_t L = V::lanes;
	typename V::reg s0 = V::zero(), s1 = V::zero(), s2 = V::zero(), s3 = V::zero();
	typename V::reg t0 = V::zero(), t1 = V::zero(), t2 = V::zero(), t3 = V::zero();
	size_t		i = 0;

	for (; n - i >= 2 * L; i += 2 * L)
	{
		typename V::reg q0, q1, x, y;

		A::template load_two<V>(q, i, q0, q1);
		fetch_ahead<Ahead, 8 * L * sizeof(typename B::element)>(p0 + 4 * i);
		B::template load_two<V>(p0, i, x, y);
		s0 = Op::step(s0, q0, x);
		t0 = Op::step(t0, q1, y);
		B::template load_two<V>(p1, i, x, y);
		s1 = Op::step(s1, q0, x);
		t1 = Op::step(t1, q1, y);
		B::template load_two<V>(p2, i, x, y);
		s2 = Op::step(s2, q0, x);
		t2 = Op::step(t2, q1, y);
		B::template load_two<V>(p3, i, x, y);
		s3 = Op::step(s3, q0, x);
		t3 = Op::step(t3, q1, y);
	}
	if (n - i >= L)
	{
		typename V::reg q0 = A::template load<V>(q + i);

		fetch_ahead<Ahead, 4 * L * sizeof(typename B::element)>(p0 + 4 * i);
		s0 = Op::step(s0, q0, B::template load<V>(p0 + i));
		s1 = Op::step(s1, q0, B::template load<V>(p1 + i));
		s2 = Op::step(s2, q0, B::template load<V>(p2 + i));
		s3 = Op::step(s3, q0, B::template load<V>(p3 + i));
		i += L;
	}
	if (i < n)
	{
		size_t		k = n - i;
		typename V::reg q1 = A::template load_first<V>(q + i, k);

		fetch_ahead<Ahead, 4 * L * sizeof(typename B::element)>(p0 + 4 * i);
		t0 = Op::step(t0, q1, B::template load_first<V>(p0 + i, k));
		t1 = Op::step(t1, q1, B::template load_first<V>(p1 + i, k));
		t2 = Op::step(t2, q1, B::template load_first<V>(p2 + i, k));
		t3 = Op::step(t3, q1, B::template load_first<V>(p3 + i, k));
	}
	return V::sum4(V::add(s0, t0), V::add(s1, t1), V::add(s2, t2), V::add(s3, t3));
}

/* What is left when four have been taken as often as possible; once for all shapes of a type and a metric. */
template<typename V, typename A, typename B, typename Op>
RV_SHARED float
one_sum(const typename A::element *a, const typename B::element *b, size_t n)
{
	return pair_sum<V, A, B, Op>(a, b, n);
}

template<typename V, typename A, typename B, typename Op, bool Ahead>
RV_SHARED void
many_sums_rows(const typename A::element *query, const typename B::element *rows, size_t n, size_t count,
			   size_t stride, float *out)
{
	size_t		r = 0;

	for (; count - r >= 4; r += 4)
	{
		const typename B::element *p = rows + r * stride;

		V::store4(out + r, four_sums<V, A, B, Op, Ahead>(query, p, p + stride, p + 2 * stride, p + 3 * stride, n));
	}
	for (; r < count; r++)
		out[r] = one_sum<V, A, B, Op>(query, rows + r * stride, n);
}

template<typename V, typename A, typename B, typename Op>
RV_INLINE void
many_sums(const typename A::element *query, const typename B::element *rows, size_t n, size_t count,
		  size_t stride, float *out)
{
	if (ahead_pays<typename B::element>(n, count, stride))
		many_sums_rows<V, A, B, Op, true>(query, rows, n, count, stride, out);
	else
		many_sums_rows<V, A, B, Op, false>(query, rows, n, count, stride, out);
}

template<typename B>
RV_INLINE const typename B::element *
row(const void *p)
{
	return (const typename B::element *) p;
}

/* Rows anywhere; who gathers them asks for their lines beforehand. */
template<typename V, typename A, typename B, typename Op>
RV_INLINE void
gather_sums(const typename A::element *query, const void *const *rows, size_t n, size_t count, float *out)
{
	size_t		r = 0;

	for (; count - r >= 4; r += 4)
		V::store4(out + r, four_sums<V, A, B, Op, false>(query, row<B>(rows[r]), row<B>(rows[r + 1]),
														 row<B>(rows[r + 2]), row<B>(rows[r + 3]), n));
	for (; r < count; r++)
		out[r] = one_sum<V, A, B, Op>(query, row<B>(rows[r]), n);
}

/* A dot product and the squared norm of its row. */
template<typename V>
RV_INLINE void
cosine_step(typename V::reg &dot, typename V::reg &square, typename V::reg q, typename V::reg row)
{
	dot = V::dot(dot, q, row);
	square = V::dot(square, row, row);
}

/* As four_sums, with the squared norm of each row beside the dot product. */
template<typename V, typename A, typename B, bool Ahead>
RV_INLINE void
four_cosines(const typename A::element *q, float qq, const typename B::element *p0, const typename B::element *p1,
			 const typename B::element *p2, const typename B::element *p3, size_t n, float *out)
{
	constexpr size_t L = V::lanes;
	typename V::reg s0 = V::zero(), s1 = V::zero(), s2 = V::zero(), s3 = V::zero();
	typename V::reg t0 = V::zero(), t1 = V::zero(), t2 = V::zero(), t3 = V::zero();
	size_t		i = 0;

	for (; n - i >= 2 * L; i += 2 * L)
	{
		typename V::reg q0, q1, x, y;

		A::template load_two<V>(q, i, q0, q1);
		fetch_ahead<Ahead, 8 * L * sizeof(typename B::element)>(p0 + 4 * i);
		B::template load_two<V>(p0, i, x, y);
		cosine_step<V>(s0, t0, q0, x);
		cosine_step<V>(s0, t0, q1, y);
		B::template load_two<V>(p1, i, x, y);
		cosine_step<V>(s1, t1, q0, x);
		cosine_step<V>(s1, t1, q1, y);
		B::template load_two<V>(p2, i, x, y);
		cosine_step<V>(s2, t2, q0, x);
		cosine_step<V>(s2, t2, q1, y);
		B::template load_two<V>(p3, i, x, y);
		cosine_step<V>(s3, t3, q0, x);
		cosine_step<V>(s3, t3, q1, y);
	}
	if (n - i >= L)
	{
		typename V::reg q0 = A::template load<V>(q + i);

		fetch_ahead<Ahead, 4 * L * sizeof(typename B::element)>(p0 + 4 * i);
		cosine_step<V>(s0, t0, q0, B::template load<V>(p0 + i));
		cosine_step<V>(s1, t1, q0, B::template load<V>(p1 + i));
		cosine_step<V>(s2, t2, q0, B::template load<V>(p2 + i));
		cosine_step<V>(s3, t3, q0, B::template load<V>(p3 + i));
		i += L;
	}
	if (i < n)
	{
		size_t		k = n - i;
		typename V::reg q0 = A::template load_first<V>(q + i, k);

		fetch_ahead<Ahead, 4 * L * sizeof(typename B::element)>(p0 + 4 * i);
		cosine_step<V>(s0, t0, q0, B::template load_first<V>(p0 + i, k));
		cosine_step<V>(s1, t1, q0, B::template load_first<V>(p1 + i, k));
		cosine_step<V>(s2, t2, q0, B::template load_first<V>(p2 + i, k));
		cosine_step<V>(s3, t3, q0, B::template load_first<V>(p3 + i, k));
	}
	V::store4(out, V::cosine4(V::sum4(s0, s1, s2, s3), qq, V::sum4(t0, t1, t2, t3)));
}

template<typename V, typename A, typename B>
RV_SHARED float
one_cosine(const typename A::element *a, const typename B::element *b, size_t n)
{
	return (float) pair_cosine<V, A, B>(a, b, n);
}

template<typename V, typename A, typename B, bool Ahead>
RV_SHARED void
many_cosines_rows(const typename A::element *query, const typename B::element *rows, size_t n, size_t count,
				  size_t stride, float *out)
{
	float		qq = count < 4 ? 0.0f : pair_sum<V, A, A, dot_step<V>>(query, query, n);
	size_t		r = 0;

	for (; count - r >= 4; r += 4)
	{
		const typename B::element *p = rows + r * stride;

		four_cosines<V, A, B, Ahead>(query, qq, p, p + stride, p + 2 * stride, p + 3 * stride, n, out + r);
	}
	for (; r < count; r++)
		out[r] = one_cosine<V, A, B>(query, rows + r * stride, n);
}

template<typename V, typename A, typename B>
RV_INLINE void
many_cosines(const typename A::element *query, const typename B::element *rows, size_t n, size_t count,
			 size_t stride, float *out)
{
	if (ahead_pays<typename B::element>(n, count, stride))
		many_cosines_rows<V, A, B, true>(query, rows, n, count, stride, out);
	else
		many_cosines_rows<V, A, B, false>(query, rows, n, count, stride, out);
}

template<typename V, typename A, typename B>
RV_INLINE void
gather_cosines(const typename A::element *query, const void *const *rows, size_t n, size_t count, float *out)
{
	float		qq = count < 4 ? 0.0f : pair_sum<V, A, A, dot_step<V>>(query, query, n);
	size_t		r = 0;

	for (; count - r >= 4; r += 4)
		four_cosines<V, A, B, false>(query, qq, row<B>(rows[r]), row<B>(rows[r + 1]), row<B>(rows[r + 2]),
									 row<B>(rows[r + 3]), n, out + r);
	for (; r < count; r++)
		out[r] = one_cosine<V, A, B>(query, row<B>(rows[r]), n);
}

}	/* namespace */

#endif							/* RUVECTOR_DENSE_ROWS_H */
