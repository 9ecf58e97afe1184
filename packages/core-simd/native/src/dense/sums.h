/*
 * sums.h - sums over one or two vectors.
 */
#ifndef RUVECTOR_DENSE_SUMS_H
#define RUVECTOR_DENSE_SUMS_H

#include "elements.h"

namespace
{

/* The three additive families; each names one step of the policy, and how many registers it takes on the way. */
template<typename V>
struct dot_step
{
	static constexpr size_t temporaries = V::dot_temporaries;

	static RV_INLINE typename V::reg
	step(typename V::reg s, typename V::reg a, typename V::reg b)
	{
		return V::dot(s, a, b);
	}
};

template<typename V>
struct l2sq_step
{
	static constexpr size_t temporaries = 1;

	static RV_INLINE typename V::reg
	step(typename V::reg s, typename V::reg a, typename V::reg b)
	{
		return V::l2sq(s, a, b);
	}
};

template<typename V>
struct l1_step
{
	static constexpr size_t temporaries = 2;

	static RV_INLINE typename V::reg
	step(typename V::reg s, typename V::reg a, typename V::reg b)
	{
		return V::l1(s, a, b);
	}
};

template<typename V, typename A, typename B, typename Op>
RV_INLINE float
pair_sum(const typename A::element *a, const typename B::element *b, size_t n)
{
	constexpr size_t L = V::lanes;
	typename V::reg s0 = V::zero(), s1 = V::zero(), s2 = V::zero(), s3 = V::zero();
	typename V::reg a0, a1, b0, b1;
	size_t		i = 0;

	for (; n - i >= 4 * L; i += 4 * L)
	{
		A::template load_two<V>(a, i, a0, a1);
		B::template load_two<V>(b, i, b0, b1);
		s0 = Op::step(s0, a0, b0);
		s1 = Op::step(s1, a1, b1);
		A::template load_two<V>(a, i + 2 * L, a0, a1);
		B::template load_two<V>(b, i + 2 * L, b0, b1);
		s2 = Op::step(s2, a0, b0);
		s3 = Op::step(s3, a1, b1);
	}
	if (n - i >= 2 * L)
	{
		A::template load_two<V>(a, i, a0, a1);
		B::template load_two<V>(b, i, b0, b1);
		s0 = Op::step(s0, a0, b0);
		s1 = Op::step(s1, a1, b1);
		i += 2 * L;
	}
	if (n - i >= L)
	{
		s2 = Op::step(s2, A::template load<V>(a + i), B::template load<V>(b + i));
		i += L;
	}
	if (i < n)
		s3 = Op::step(s3, A::template load_first<V>(a + i, n - i), B::template load_first<V>(b + i, n - i));
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

/* Three times three sums: as many chains as the latency asks for, and registers are left for what is loaded. */
template<typename V, typename A, typename B>
RV_INLINE double
pair_cosine(const typename A::element *a, const typename B::element *b, size_t n)
{
	constexpr size_t L = V::lanes;
	cosine_sums<V> s0, s1, s2;
	typename V::reg a0, a1, b0, b1;
	float		sums[4];
	size_t		i = 0;

	for (; n - i >= 6 * L; i += 6 * L)
	{
		A::template load_two<V>(a, i, a0, a1);
		B::template load_two<V>(b, i, b0, b1);
		s0.step(a0, b0);
		s1.step(a1, b1);
		A::template load_two<V>(a, i + 2 * L, a0, a1);
		B::template load_two<V>(b, i + 2 * L, b0, b1);
		s2.step(a0, b0);
		s0.step(a1, b1);
		A::template load_two<V>(a, i + 4 * L, a0, a1);
		B::template load_two<V>(b, i + 4 * L, b0, b1);
		s1.step(a0, b0);
		s2.step(a1, b1);
	}
	for (; n - i >= 2 * L; i += 2 * L)
	{
		A::template load_two<V>(a, i, a0, a1);
		B::template load_two<V>(b, i, b0, b1);
		s0.step(a0, b0);
		s1.step(a1, b1);
	}
	if (n - i >= L)
	{
		s2.step(A::template load<V>(a + i), B::template load<V>(b + i));
		i += L;
	}
	if (i < n)
		s0.step(A::template load_first<V>(a + i, n - i), B::template load_first<V>(b + i, n - i));
	s0.merge(s1);
	s0.merge(s2);
	V::store4(sums, V::sum4(s0.ab, s0.aa, s0.bb, s0.bb));
	return cosine_distance(sums[0], sums[1], sums[2]);
}

/* The product of two float32 values is exact in float64; only the sum rounds. */
template<typename V, typename A>
RV_INLINE double
norm(const typename A::element *a, size_t n)
{
	constexpr size_t L = V::lanes;
	typename V::wide s0 = V::wide_zero(), s1 = V::wide_zero();
	typename V::wide s2 = V::wide_zero(), s3 = V::wide_zero();
	typename V::wide w0, w1, w2, w3;
	size_t		i = 0;

	for (; n - i >= 2 * L; i += 2 * L)
	{
		A::template load_wide<V>(a + i, w0, w1);
		A::template load_wide<V>(a + i + L, w2, w3);
		s0 = V::wide_square(s0, w0);
		s1 = V::wide_square(s1, w1);
		s2 = V::wide_square(s2, w2);
		s3 = V::wide_square(s3, w3);
	}
	if (n - i >= L)
	{
		A::template load_wide<V>(a + i, w0, w1);
		s0 = V::wide_square(s0, w0);
		s1 = V::wide_square(s1, w1);
		i += L;
	}
	if (i < n)
	{
		typename V::reg x = A::template load_first<V>(a + i, n - i);

		s2 = V::wide_square(s2, V::wide_low(x));
		s3 = V::wide_square(s3, V::wide_high(x));
	}
	return __builtin_sqrt(V::wide_sum(V::wide_add(V::wide_add(s0, s1), V::wide_add(s2, s3))));
}

}	/* namespace */

#endif							/* RUVECTOR_DENSE_SUMS_H */
