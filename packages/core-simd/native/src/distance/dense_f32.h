/*
 * dense_f32.h - the loops over float32 vectors, written once for every
 * instruction set.
 *
 * A unit defines a policy `V` (its registers and the few operations on them),
 * then includes this file and expands RV_DEFINE_F32.  The policy provides:
 *
 *   reg, lanes              a register of `lanes` floats
 *   zero, load, add         as named; load needs no alignment
 *   load_first(p, k)        the first k floats (0 < k < lanes), the rest zero;
 *                           never touches memory at or past p + k
 *   dot/l2sq/l1(s, a, b)    s + a*b, s + (a-b)^2, s + |a-b|, lane by lane
 *   sum(s)                  all lanes added
 *   quad, sum4(s0..s3)      four floats: the sums of four registers
 *   store4, cosine4         write a quad; finish four cosine distances
 *   wide, wide_lanes, ...   the same for float64, for the norm
 *
 * Zero lanes are neutral for all three steps, so a tail is one partial load.
 *
 * Shape.  A pair keeps four accumulators, which hides the latency of the fused
 * multiply-add (4 cycles at up to 2 a cycle).  One query against many rows
 * takes four rows at a time: the query is loaded once for the four, and one
 * shuffle tree (sum4) replaces four horizontal sums.  At two accumulators a row
 * eight chains are in flight.  Each loop reads each row once, so beyond the
 * first-level cache the memory decides.  Reading four rows side by side is not
 * the order that memory likes best, and the hardware's prefetchers stop at the
 * end of a page; so while four rows are scored, the rows some pages further on
 * are asked for in address order (RV_AHEAD_*).
 *
 * Everything is in an unnamed namespace: two units compile these templates for
 * different instruction sets, and the linker must never merge them.
 */
#ifndef RUVECTOR_DISTANCE_DENSE_F32_H
#define RUVECTOR_DISTANCE_DENSE_F32_H

#include "kernels.h"

namespace
{

/* The three additive families; each names one step of the policy. */
template<typename V>
struct dot_step
{
	static RV_INLINE typename V::reg
	step(typename V::reg s, typename V::reg a, typename V::reg b)
	{
		return V::dot(s, a, b);
	}
};

template<typename V>
struct l2sq_step
{
	static RV_INLINE typename V::reg
	step(typename V::reg s, typename V::reg a, typename V::reg b)
	{
		return V::l2sq(s, a, b);
	}
};

template<typename V>
struct l1_step
{
	static RV_INLINE typename V::reg
	step(typename V::reg s, typename V::reg a, typename V::reg b)
	{
		return V::l1(s, a, b);
	}
};

template<typename V, typename Op>
RV_INLINE float
pair_sum(const float *a, const float *b, size_t n)
{
	constexpr size_t L = V::lanes;
	typename V::reg s0 = V::zero(), s1 = V::zero(), s2 = V::zero(), s3 = V::zero();
	size_t		i = 0;

	for (; n - i >= 4 * L; i += 4 * L)
	{
		s0 = Op::step(s0, V::load(a + i), V::load(b + i));
		s1 = Op::step(s1, V::load(a + i + L), V::load(b + i + L));
		s2 = Op::step(s2, V::load(a + i + 2 * L), V::load(b + i + 2 * L));
		s3 = Op::step(s3, V::load(a + i + 3 * L), V::load(b + i + 3 * L));
	}
	if (n - i >= 2 * L)
	{
		s0 = Op::step(s0, V::load(a + i), V::load(b + i));
		s1 = Op::step(s1, V::load(a + i + L), V::load(b + i + L));
		i += 2 * L;
	}
	if (n - i >= L)
	{
		s2 = Op::step(s2, V::load(a + i), V::load(b + i));
		i += L;
	}
	if (i < n)
		s3 = Op::step(s3, V::load_first(a + i, n - i), V::load_first(b + i, n - i));
	return V::sum(V::add(V::add(s0, s1), V::add(s2, s3)));
}

/* The three sums of a cosine in one pass. */
template<typename V>
struct cosine_sums
{
	typename V::reg ab, aa, bb;

	/* Written out: GCC gives an implicit constructor the target of the command line. */
	RV_INLINE cosine_sums() : ab(V::zero()), aa(V::zero()), bb(V::zero())
	{
	}

	RV_INLINE void
	step(typename V::reg a, typename V::reg b)
	{
		ab = V::dot(ab, a, b);
		aa = V::dot(aa, a, a);
		bb = V::dot(bb, b, b);
	}

	RV_INLINE void
	merge(const cosine_sums &o)
	{
		ab = V::add(ab, o.ab);
		aa = V::add(aa, o.aa);
		bb = V::add(bb, o.bb);
	}
};

template<typename V>
RV_INLINE double
pair_cosine(const float *a, const float *b, size_t n)
{
	constexpr size_t L = V::lanes;
	cosine_sums<V> s0, s1, s2, s3;
	float		sums[4];
	size_t		i = 0;

	for (; n - i >= 4 * L; i += 4 * L)
	{
		s0.step(V::load(a + i), V::load(b + i));
		s1.step(V::load(a + i + L), V::load(b + i + L));
		s2.step(V::load(a + i + 2 * L), V::load(b + i + 2 * L));
		s3.step(V::load(a + i + 3 * L), V::load(b + i + 3 * L));
	}
	if (n - i >= 2 * L)
	{
		s0.step(V::load(a + i), V::load(b + i));
		s1.step(V::load(a + i + L), V::load(b + i + L));
		i += 2 * L;
	}
	if (n - i >= L)
	{
		s2.step(V::load(a + i), V::load(b + i));
		i += L;
	}
	if (i < n)
		s3.step(V::load_first(a + i, n - i), V::load_first(b + i, n - i));
	s0.merge(s1);
	s2.merge(s3);
	s0.merge(s2);
	V::store4(sums, V::sum4(s0.ab, s0.aa, s0.bb, s0.bb));
	return cosine_distance(sums[0], sums[1], sums[2]);
}

/* The product of two float32 values is exact in float64; only the sum rounds. */
template<typename V>
RV_INLINE double
norm(const float *a, size_t n)
{
	constexpr size_t W = V::wide_lanes;
	typename V::wide s0 = V::wide_zero(), s1 = V::wide_zero();
	typename V::wide s2 = V::wide_zero(), s3 = V::wide_zero();
	size_t		i = 0;

	for (; n - i >= 4 * W; i += 4 * W)
	{
		s0 = V::wide_square(s0, V::wide_load(a + i));
		s1 = V::wide_square(s1, V::wide_load(a + i + W));
		s2 = V::wide_square(s2, V::wide_load(a + i + 2 * W));
		s3 = V::wide_square(s3, V::wide_load(a + i + 3 * W));
	}
	for (; n - i >= W; i += W)
		s0 = V::wide_square(s0, V::wide_load(a + i));
	if (i < n)
		s1 = V::wide_square(s1, V::wide_load_first(a + i, n - i));
	return __builtin_sqrt(V::wide_sum(V::wide_add(V::wide_add(s0, s1), V::wide_add(s2, s3))));
}

/*
 * Asks for the lines of `Floats` floats that lie RV_AHEAD_DISTANCE past p, in
 * address order.  Near the end of the rows that is no address of ours, hence
 * the integer: a prefetch cannot fault, but a pointer may not point there.
 */
template<bool Ahead, size_t Floats>
RV_INLINE void
fetch_ahead(const float *p)
{
	if (Ahead)
		for (size_t byte = 0; byte < Floats * sizeof(float); byte += RV_CACHE_LINE)
			__builtin_prefetch((const void *) ((uintptr_t) p + RV_AHEAD_DISTANCE + byte), 0, 3);
}

/* Whether asking ahead pays; the evidence is in docs/design/0002-distance-kernels.md. */
RV_INLINE bool
ahead_pays(size_t n, size_t count, size_t stride)
{
	return n <= RV_AHEAD_MAX_ROW / sizeof(float) &&
		count > RV_AHEAD_MIN_BYTES / sizeof(float) / (n + 1) &&
		stride - n <= n / 8;
}

/*
 * Four rows against the query.  While i dimensions of four rows are read, the
 * 4 * i floats from p0 + RV_AHEAD_DISTANCE on are asked for: every line once
 * where rows are dense.
 */
template<typename V, typename Op, bool Ahead>
RV_INLINE typename V::quad
four_sums(const float *q, const float *p0, const float *p1, const float *p2,
		  const float *p3, size_t n)
{
	constexpr size_t L = V::lanes;
	typename V::reg s0 = V::zero(), s1 = V::zero(), s2 = V::zero(), s3 = V::zero();
	typename V::reg t0 = V::zero(), t1 = V::zero(), t2 = V::zero(), t3 = V::zero();
	size_t		i = 0;

	for (; n - i >= 2 * L; i += 2 * L)
	{
		typename V::reg q0 = V::load(q + i), q1 = V::load(q + i + L);

		fetch_ahead<Ahead, 8 * L>(p0 + 4 * i);
		s0 = Op::step(s0, q0, V::load(p0 + i));
		s1 = Op::step(s1, q0, V::load(p1 + i));
		s2 = Op::step(s2, q0, V::load(p2 + i));
		s3 = Op::step(s3, q0, V::load(p3 + i));
		t0 = Op::step(t0, q1, V::load(p0 + i + L));
		t1 = Op::step(t1, q1, V::load(p1 + i + L));
		t2 = Op::step(t2, q1, V::load(p2 + i + L));
		t3 = Op::step(t3, q1, V::load(p3 + i + L));
	}
	if (n - i >= L)
	{
		typename V::reg q0 = V::load(q + i);

		fetch_ahead<Ahead, 4 * L>(p0 + 4 * i);
		s0 = Op::step(s0, q0, V::load(p0 + i));
		s1 = Op::step(s1, q0, V::load(p1 + i));
		s2 = Op::step(s2, q0, V::load(p2 + i));
		s3 = Op::step(s3, q0, V::load(p3 + i));
		i += L;
	}
	if (i < n)
	{
		size_t		k = n - i;
		typename V::reg q1 = V::load_first(q + i, k);

		fetch_ahead<Ahead, 4 * L>(p0 + 4 * i);
		t0 = Op::step(t0, q1, V::load_first(p0 + i, k));
		t1 = Op::step(t1, q1, V::load_first(p1 + i, k));
		t2 = Op::step(t2, q1, V::load_first(p2 + i, k));
		t3 = Op::step(t3, q1, V::load_first(p3 + i, k));
	}
	return V::sum4(V::add(s0, t0), V::add(s1, t1), V::add(s2, t2), V::add(s3, t3));
}

template<typename V, typename Op, bool Ahead>
RV_INLINE void
many_sums_rows(const float *query, const float *rows, size_t n, size_t count,
			   size_t stride, float *out)
{
	size_t		r = 0;

	for (; count - r >= 4; r += 4)
	{
		const float *p = rows + r * stride;

		V::store4(out + r, four_sums<V, Op, Ahead>(query, p, p + stride, p + 2 * stride,
												   p + 3 * stride, n));
	}
	for (; r < count; r++)
		out[r] = pair_sum<V, Op>(query, rows + r * stride, n);
}

template<typename V, typename Op>
RV_INLINE void
many_sums(const float *query, const float *rows, size_t n, size_t count,
		  size_t stride, float *out)
{
	if (ahead_pays(n, count, stride))
		many_sums_rows<V, Op, true>(query, rows, n, count, stride, out);
	else
		many_sums_rows<V, Op, false>(query, rows, n, count, stride, out);
}

/* Rows anywhere; who gathers them asks for their lines beforehand. */
template<typename V, typename Op>
RV_INLINE void
gather_sums(const float *query, const float *const *rows, size_t n, size_t count, float *out)
{
	size_t		r = 0;

	for (; count - r >= 4; r += 4)
		V::store4(out + r, four_sums<V, Op, false>(query, rows[r], rows[r + 1], rows[r + 2],
												   rows[r + 3], n));
	for (; r < count; r++)
		out[r] = pair_sum<V, Op>(query, rows[r], n);
}

/* As four_sums, with the squared norm of each row beside the dot product. */
template<typename V, bool Ahead>
RV_INLINE void
four_cosines(const float *q, float qq, const float *p0, const float *p1,
			 const float *p2, const float *p3, size_t n, float *out)
{
	constexpr size_t L = V::lanes;
	typename V::reg s0 = V::zero(), s1 = V::zero(), s2 = V::zero(), s3 = V::zero();
	typename V::reg t0 = V::zero(), t1 = V::zero(), t2 = V::zero(), t3 = V::zero();
	size_t		i = 0;

	for (; n - i >= L; i += L)
	{
		typename V::reg q0 = V::load(q + i);
		typename V::reg r0 = V::load(p0 + i), r1 = V::load(p1 + i);
		typename V::reg r2 = V::load(p2 + i), r3 = V::load(p3 + i);

		fetch_ahead<Ahead, 4 * L>(p0 + 4 * i);
		s0 = V::dot(s0, q0, r0);
		t0 = V::dot(t0, r0, r0);
		s1 = V::dot(s1, q0, r1);
		t1 = V::dot(t1, r1, r1);
		s2 = V::dot(s2, q0, r2);
		t2 = V::dot(t2, r2, r2);
		s3 = V::dot(s3, q0, r3);
		t3 = V::dot(t3, r3, r3);
	}
	if (i < n)
	{
		size_t		k = n - i;
		typename V::reg q0 = V::load_first(q + i, k);
		typename V::reg r0 = V::load_first(p0 + i, k), r1 = V::load_first(p1 + i, k);
		typename V::reg r2 = V::load_first(p2 + i, k), r3 = V::load_first(p3 + i, k);

		s0 = V::dot(s0, q0, r0);
		t0 = V::dot(t0, r0, r0);
		s1 = V::dot(s1, q0, r1);
		t1 = V::dot(t1, r1, r1);
		s2 = V::dot(s2, q0, r2);
		t2 = V::dot(t2, r2, r2);
		s3 = V::dot(s3, q0, r3);
		t3 = V::dot(t3, r3, r3);
	}
	V::store4(out, V::cosine4(V::sum4(s0, s1, s2, s3), qq, V::sum4(t0, t1, t2, t3)));
}

template<typename V, bool Ahead>
RV_INLINE void
many_cosines_rows(const float *query, const float *rows, size_t n, size_t count,
				  size_t stride, float *out)
{
	float		qq = count < 4 ? 0.0f : pair_sum<V, dot_step<V>>(query, query, n);
	size_t		r = 0;

	for (; count - r >= 4; r += 4)
	{
		const float *p = rows + r * stride;

		four_cosines<V, Ahead>(query, qq, p, p + stride, p + 2 * stride, p + 3 * stride,
							   n, out + r);
	}
	for (; r < count; r++)
		out[r] = (float) pair_cosine<V>(query, rows + r * stride, n);
}

template<typename V>
RV_INLINE void
many_cosines(const float *query, const float *rows, size_t n, size_t count,
			 size_t stride, float *out)
{
	if (ahead_pays(n, count, stride))
		many_cosines_rows<V, true>(query, rows, n, count, stride, out);
	else
		many_cosines_rows<V, false>(query, rows, n, count, stride, out);
}

}	/* namespace */

#define RV_DEFINE_F32(V, isa) \
	RV_DECLARE_F32(isa); \
	float \
	rv_dot_f32_##isa(const float *a, const float *b, size_t n) \
	{ \
		return pair_sum<V, dot_step<V>>(a, b, n); \
	} \
	float \
	rv_l2sq_f32_##isa(const float *a, const float *b, size_t n) \
	{ \
		return pair_sum<V, l2sq_step<V>>(a, b, n); \
	} \
	float \
	rv_l1_f32_##isa(const float *a, const float *b, size_t n) \
	{ \
		return pair_sum<V, l1_step<V>>(a, b, n); \
	} \
	double \
	rv_cosine_f32_##isa(const float *a, const float *b, size_t n) \
	{ \
		return pair_cosine<V>(a, b, n); \
	} \
	double \
	rv_norm_f32_##isa(const float *a, size_t n) \
	{ \
		return norm<V>(a, n); \
	} \
	void \
	rv_dot_f32_many_##isa(const float *query, const float *rows, size_t n, size_t count, \
						  size_t stride, float *out) \
	{ \
		many_sums<V, dot_step<V>>(query, rows, n, count, stride, out); \
	} \
	void \
	rv_l2sq_f32_many_##isa(const float *query, const float *rows, size_t n, size_t count, \
						   size_t stride, float *out) \
	{ \
		many_sums<V, l2sq_step<V>>(query, rows, n, count, stride, out); \
	} \
	void \
	rv_l1_f32_many_##isa(const float *query, const float *rows, size_t n, size_t count, \
						 size_t stride, float *out) \
	{ \
		many_sums<V, l1_step<V>>(query, rows, n, count, stride, out); \
	} \
	void \
	rv_cosine_f32_many_##isa(const float *query, const float *rows, size_t n, size_t count, \
							 size_t stride, float *out) \
	{ \
		many_cosines<V>(query, rows, n, count, stride, out); \
	} \
	void \
	rv_dot_f32_gather_##isa(const float *query, const float *const *rows, size_t n, size_t count, \
							float *out) \
	{ \
		gather_sums<V, dot_step<V>>(query, rows, n, count, out); \
	} \
	void \
	rv_l2sq_f32_gather_##isa(const float *query, const float *const *rows, size_t n, size_t count, \
							float *out) \
	{ \
		gather_sums<V, l2sq_step<V>>(query, rows, n, count, out); \
	} \
	void \
	rv_l1_f32_gather_##isa(const float *query, const float *const *rows, size_t n, size_t count, \
							float *out) \
	{ \
		gather_sums<V, l1_step<V>>(query, rows, n, count, out); \
	} \
	static_assert(true, "")

#endif							/* RUVECTOR_DISTANCE_DENSE_F32_H */
