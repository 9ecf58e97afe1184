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
 * eight chains are in flight.  Each loop reads each input once, so beyond the
 * first-level cache the memory decides; rows that cannot be there are fetched
 * one block of four ahead, since the hardware's own prefetcher loses the
 * stream at the end of each row.
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
RV_INLINE double
pair_cosine(const float *a, const float *b, size_t n)
{
	constexpr size_t L = V::lanes;
	typename V::reg ab0 = V::zero(), aa0 = V::zero(), bb0 = V::zero();
	typename V::reg ab1 = V::zero(), aa1 = V::zero(), bb1 = V::zero();
	size_t		i = 0;

	for (; n - i >= 2 * L; i += 2 * L)
	{
		typename V::reg a0 = V::load(a + i), b0 = V::load(b + i);
		typename V::reg a1 = V::load(a + i + L), b1 = V::load(b + i + L);

		ab0 = V::dot(ab0, a0, b0);
		aa0 = V::dot(aa0, a0, a0);
		bb0 = V::dot(bb0, b0, b0);
		ab1 = V::dot(ab1, a1, b1);
		aa1 = V::dot(aa1, a1, a1);
		bb1 = V::dot(bb1, b1, b1);
	}
	if (n - i >= L)
	{
		typename V::reg a0 = V::load(a + i), b0 = V::load(b + i);

		ab0 = V::dot(ab0, a0, b0);
		aa0 = V::dot(aa0, a0, a0);
		bb0 = V::dot(bb0, b0, b0);
		i += L;
	}
	if (i < n)
	{
		typename V::reg a1 = V::load_first(a + i, n - i), b1 = V::load_first(b + i, n - i);

		ab1 = V::dot(ab1, a1, b1);
		aa1 = V::dot(aa1, a1, a1);
		bb1 = V::dot(bb1, b1, b1);
	}
	return cosine_distance(V::sum(V::add(ab0, ab1)), V::sum(V::add(aa0, aa1)),
						   V::sum(V::add(bb0, bb1)));
}

/* The product of two float32 values is exact in float64; only the sum rounds. */
template<typename V>
RV_INLINE double
norm(const float *a, size_t n)
{
	constexpr size_t W = V::wide_lanes;
	typename V::wide s0 = V::wide_zero(), s1 = V::wide_zero();
	size_t		i = 0;

	for (; n - i >= 2 * W; i += 2 * W)
	{
		s0 = V::wide_square(s0, V::wide_load(a + i));
		s1 = V::wide_square(s1, V::wide_load(a + i + W));
	}
	if (n - i >= W)
	{
		s0 = V::wide_square(s0, V::wide_load(a + i));
		i += W;
	}
	if (i < n)
		s1 = V::wide_square(s1, V::wide_load_first(a + i, n - i));
	return __builtin_sqrt(V::wide_sum(V::wide_add(s0, s1)));
}

/*
 * Asks for the line that holds p[skip], in the following block.  Past the last
 * block that is no address of ours, hence the integer: a prefetch cannot fault,
 * but a pointer may not point there.
 */
template<bool Ahead>
RV_INLINE void
fetch(const float *p, size_t skip)
{
	if (Ahead)
		__builtin_prefetch((const void *) ((uintptr_t) p + skip * sizeof(float)), 0, 3);
}

/* Four rows against the query; `skip` is the distance to the rows to fetch. */
template<typename V, typename Op, bool Ahead>
RV_INLINE typename V::quad
four_sums(const float *q, const float *p0, const float *p1, const float *p2,
		  const float *p3, size_t n, size_t skip)
{
	constexpr size_t L = V::lanes;
	typename V::reg s0 = V::zero(), s1 = V::zero(), s2 = V::zero(), s3 = V::zero();
	typename V::reg t0 = V::zero(), t1 = V::zero(), t2 = V::zero(), t3 = V::zero();
	size_t		i = 0;

	for (; n - i >= 2 * L; i += 2 * L)
	{
		typename V::reg q0 = V::load(q + i), q1 = V::load(q + i + L);

		fetch<Ahead>(p0 + i, skip);
		fetch<Ahead>(p1 + i, skip);
		fetch<Ahead>(p2 + i, skip);
		fetch<Ahead>(p3 + i, skip);
		s0 = Op::step(s0, q0, V::load(p0 + i));
		s1 = Op::step(s1, q0, V::load(p1 + i));
		s2 = Op::step(s2, q0, V::load(p2 + i));
		s3 = Op::step(s3, q0, V::load(p3 + i));
		if (2 * L > 16)
		{
			fetch<Ahead>(p0 + i + L, skip);
			fetch<Ahead>(p1 + i + L, skip);
			fetch<Ahead>(p2 + i + L, skip);
			fetch<Ahead>(p3 + i + L, skip);
		}
		t0 = Op::step(t0, q1, V::load(p0 + i + L));
		t1 = Op::step(t1, q1, V::load(p1 + i + L));
		t2 = Op::step(t2, q1, V::load(p2 + i + L));
		t3 = Op::step(t3, q1, V::load(p3 + i + L));
	}
	if (n - i >= L)
	{
		typename V::reg q0 = V::load(q + i);

		fetch<Ahead>(p0 + i, skip);
		fetch<Ahead>(p1 + i, skip);
		fetch<Ahead>(p2 + i, skip);
		fetch<Ahead>(p3 + i, skip);
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
												   p + 3 * stride, n, 4 * stride));
	}
	for (; r < count; r++)
		out[r] = pair_sum<V, Op>(query, rows + r * stride, n);
}

template<typename V, typename Op>
RV_INLINE void
many_sums(const float *query, const float *rows, size_t n, size_t count,
		  size_t stride, float *out)
{
	if (count * n > RV_PREFETCH_BYTES / sizeof(float))
		many_sums_rows<V, Op, true>(query, rows, n, count, stride, out);
	else
		many_sums_rows<V, Op, false>(query, rows, n, count, stride, out);
}

/* As four_sums, with the squared norm of each row beside the dot product. */
template<typename V, bool Ahead>
RV_INLINE void
four_cosines(const float *q, float qq, const float *p0, const float *p1,
			 const float *p2, const float *p3, size_t n, size_t skip, float *out)
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

		/* Twice or more a line where a register is shorter: the load port has room. */
		fetch<Ahead>(p0 + i, skip);
		fetch<Ahead>(p1 + i, skip);
		fetch<Ahead>(p2 + i, skip);
		fetch<Ahead>(p3 + i, skip);
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
	float		qq = pair_sum<V, dot_step<V>>(query, query, n);
	size_t		r = 0;

	for (; count - r >= 4; r += 4)
	{
		const float *p = rows + r * stride;

		four_cosines<V, Ahead>(query, qq, p, p + stride, p + 2 * stride, p + 3 * stride,
							   n, 4 * stride, out + r);
	}
	for (; r < count; r++)
	{
		const float *p = rows + r * stride;

		out[r] = (float) cosine_distance(pair_sum<V, dot_step<V>>(query, p, n), qq,
										 pair_sum<V, dot_step<V>>(p, p, n));
	}
}

template<typename V>
RV_INLINE void
many_cosines(const float *query, const float *rows, size_t n, size_t count,
			 size_t stride, float *out)
{
	if (count * n > RV_PREFETCH_BYTES / sizeof(float))
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
	static_assert(true, "")

#endif							/* RUVECTOR_DISTANCE_DENSE_F32_H */
