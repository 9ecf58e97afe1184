/*
 * bits.h - the loops over packed bits, written once for every instruction set.
 *
 * A unit defines a policy `V` (its registers and how it counts), then includes
 * this file and expands RV_DEFINE_BITS.  The policy provides:
 *
 *   reg, bytes              a register of `bytes` bytes; & | ^ are the compiler's
 *   zero, load              as named; load needs no alignment
 *   load_tail(p, k)         the k bytes at p (0 < k < bytes) and zeros, in any
 *                           order; may read the bytes before p that make k up to
 *                           `bytes`, never one at or past p + k
 *   count(s, x)             adds the set bits of x to the counters s; 31 times
 *                           at most before
 *   fold(s)                 makes 64-bit sums of them
 *   total(w)                all 64-bit lanes added
 *   totals2<two>(v, w, ..)  the totals of v, and of w where there are two, added
 *   totals4(w0..w3)         the totals of four, each below 2^31
 *   word_bytes              the longest row that is taken in words of 64 bits, at
 *                           most 32; not below bytes - 1 where load_tail reads
 *                           before p
 *   pair_word_bytes         the same for pairs, not below word_bytes
 *   seal_bytes              the shortest taken by `sealed` below, 0 for none;
 *                           with it csa(high, low, a, b, c), a full adder
 *
 * What is counted does not depend on the order of the bits, so neither does
 * load_tail.  Counters of eight bits hold 31 counts of at most 8, hence blocks
 * of 31 registers.
 *
 * Shape.  Counting is bound by arithmetic, not by loads, so a pair needs no
 * second row to share a load with.  What four rows at a time save is the end:
 * one shuffle tree for four sums.  It shows where rows are short, and up to a
 * block there is one end a row; longer rows are scored one by one.  Up to
 * word_bytes the query stays in general registers.
 *
 * Everything is in an unnamed namespace: two units compile these templates for
 * different instruction sets, and the linker must never merge them.
 */
#ifndef RUVECTOR_BITS_BITS_H
#define RUVECTOR_BITS_BITS_H

#include "../kernels.h"

namespace
{

/* Four rows' counts and results, in the compiler's own vectors. */
typedef int32_t quad_i32 __attribute__((vector_size(16)));
typedef float quad_f32 __attribute__((vector_size(16)));
typedef double quad_f64 __attribute__((vector_size(32)));

/* Which bits of two operands are counted; for words and for registers. */
struct differing
{
	template<typename R>
	static RV_INLINE R of(R a, R b) { return a ^ b; }
};

struct in_both
{
	template<typename R>
	static RV_INLINE R of(R a, R b) { return a & b; }
};

struct in_either
{
	template<typename R>
	static RV_INLINE R of(R a, R b) { return a | b; }
};

/* Metrics: one or two counts, and what is made of them. */
struct hamming
{
	static constexpr bool two = false;
	typedef differing first;
	typedef differing second;

	static RV_INLINE double distance(uint64_t x, uint64_t) { return (double) (int64_t) x; }
	static RV_INLINE float rounded(uint64_t x, uint64_t) { return (float) (int64_t) x; }
	static RV_INLINE quad_f32 rounded4(quad_i32 x, quad_i32) { return __builtin_convertvector(x, quad_f32); }
};

struct jaccard
{
	static constexpr bool two = true;
	typedef in_both first;
	typedef in_either second;

	/* No bit in either is the same vector twice. */
	static RV_INLINE double
	distance(uint64_t x, uint64_t y)
	{
		return y == 0 ? 0.0 : 1.0 - (double) (int64_t) x / (double) (int64_t) y;
	}

	static RV_INLINE float rounded(uint64_t x, uint64_t y) { return (float) distance(x, y); }

	/* The same without a branch: 1 - 1 / 1. */
	static RV_INLINE quad_f32
	rounded4(quad_i32 x, quad_i32 y)
	{
		quad_i32	neither = y == 0;	/* -1 where true */
		quad_f64	both = __builtin_convertvector(x - neither, quad_f64);
		quad_f64	either = __builtin_convertvector(y - neither, quad_f64);

		return __builtin_convertvector(1.0 - both / either, quad_f32);
	}
};

/* Rows side by side, and rows anywhere. */
struct strided_rows
{
	const uint8_t *first;
	size_t		stride;

	RV_INLINE const uint8_t *operator[](size_t r) const { return first + r * stride; }
};

struct gathered_rows
{
	const void *const *rows;

	RV_INLINE const uint8_t *operator[](size_t r) const { return (const uint8_t *) rows[r]; }
};

template<typename T>
RV_INLINE T
load_as(const uint8_t *p)
{
	T			x;

	__builtin_memcpy(&x, p, sizeof(x));
	return x;
}

/* The k bytes at p (0 < k <= 8) with zeros above. */
RV_INLINE uint64_t
load_few(const uint8_t *p, size_t k)
{
	uint64_t	x;

	if (k == 8)
		return load_as<uint64_t>(p);
	if (k >= 4)					/* the same bytes twice where they overlap */
		return load_as<uint32_t>(p) | (uint64_t) load_as<uint32_t>(p + k - 4) << (8 * (k - 4));
	x = p[0];
	if (k >= 2)
		x |= (uint64_t) p[1] << 8;
	if (k == 3)
		x |= (uint64_t) p[2] << 16;
	return x;
}

/* The last k bytes (0 < k <= 8) of a vector of n: shifted out of its last word where it has one. */
RV_INLINE uint64_t
load_last(const uint8_t *p, size_t n, size_t k)
{
	return n < 8 ? load_few(p, n) : load_as<uint64_t>(p + n - 8) >> (8 * (8 - k));
}

/* The two counts of one pair, 64 bits at a time. */
template<typename Op>
struct word_counts
{
	uint64_t	x,
				y;

	RV_INLINE word_counts() : x(0), y(0)
	{
	}

	RV_INLINE void
	step(uint64_t a, uint64_t b)
	{
		x += (uint64_t) __builtin_popcountll(Op::first::of(a, b));
		if (Op::two)
			y += (uint64_t) __builtin_popcountll(Op::second::of(a, b));
	}
};

template<typename Op>
RV_INLINE double
pair_words(const uint8_t *a, const uint8_t *b, size_t n)
{
	word_counts<Op> s;
	size_t		i = 0;

	for (; n - i > 8; i += 8)
		s.step(load_as<uint64_t>(a + i), load_as<uint64_t>(b + i));
	if (i < n)
		s.step(load_last(a, n, n - i), load_last(b, n, n - i));
	return Op::distance(s.x, s.y);
}

/* One query of W words, 8 * (W - 1) < n <= 8 * W, against all rows. */
template<typename Op, size_t W, typename Rows>
RV_INLINE void
rows_words(const uint8_t *query, const Rows &rows, size_t n, size_t count, float *out)
{
	const size_t last = n - 8 * (W - 1);
	uint64_t	q[W];

	for (size_t w = 0; w + 1 < W; w++)
		q[w] = load_as<uint64_t>(query + 8 * w);
	q[W - 1] = load_last(query, n, last);
	for (size_t r = 0; r < count; r++)
	{
		const uint8_t *row = rows[r];
		word_counts<Op> s;

		for (size_t w = 0; w + 1 < W; w++)
			s.step(q[w], load_as<uint64_t>(row + 8 * w));
		s.step(q[W - 1], load_last(row, n, last));
		out[r] = Op::rounded(s.x, s.y);
	}
}

/* The two counts of one pair, a register at a time, at most 31 of them. */
template<typename V, typename Op>
struct block_counts
{
	typename V::acc x, y;

	/* Written out: GCC gives an implicit constructor the target of the command line. */
	RV_INLINE block_counts() : x(V::acc_zero()), y(V::acc_zero())
	{
	}

	RV_INLINE void
	step(typename V::reg a, typename V::reg b)
	{
		x = V::count(x, Op::first::of(a, b));
		if (Op::two)
			y = V::count(y, Op::second::of(a, b));
	}
};

/*
 * Harley-Seal: a tree of full adders turns sixteen registers into one whose bits
 * count sixteen each, and only that is counted (Warren, Hacker's Delight, 2nd ed.,
 * 5-1; Mula, Kurz and Lemire, Faster Population Counts Using AVX2 Instructions,
 * The Computer Journal 61(1), 2018).  `registers` is a multiple of sixteen.
 */
template<typename V, typename Pick>
RV_INLINE uint64_t
sealed(const uint8_t *a, const uint8_t *b, size_t registers)
{
	typedef typename V::reg reg;
	constexpr size_t B = V::bytes;
	reg			ones = V::zero(), twos = V::zero(), fours = V::zero(), eights = V::zero();
	reg			sixteens, t[2], f[2], e[2];
	typename V::wide sum = V::wide_zero();

	for (size_t r = 0; r < registers; r += 16)
	{
		for (int i = 0; i < 2; i++)
		{
			for (int j = 0; j < 2; j++)
			{
				for (int k = 0; k < 2; k++)
				{
					reg			even = Pick::of(V::load(a), V::load(b));
					reg			odd = Pick::of(V::load(a + B), V::load(b + B));

					V::csa(t[k], ones, ones, even, odd);
					a += 2 * B;
					b += 2 * B;
				}
				V::csa(f[j], twos, twos, t[0], t[1]);
			}
			V::csa(e[i], fours, fours, f[0], f[1]);
		}
		V::csa(sixteens, eights, eights, e[0], e[1]);
		sum = V::wide_add(sum, V::fold(V::count(V::acc_zero(), sixteens)));
	}
	return 16 * V::total(sum) +
		8 * V::total(V::fold(V::count(V::acc_zero(), eights))) +
		4 * V::total(V::fold(V::count(V::acc_zero(), fours))) +
		2 * V::total(V::fold(V::count(V::acc_zero(), twos))) +
		V::total(V::fold(V::count(V::acc_zero(), ones)));
}

/* Two counts read the same bytes twice, the second time from the first-level cache. */
constexpr size_t seal_chunk = 4096;

template<typename V, typename Op>
RV_INLINE size_t
pair_sealed(const uint8_t *a, const uint8_t *b, size_t n, uint64_t &x, uint64_t &y)
{
	constexpr size_t step = 16 * V::bytes;
	constexpr size_t chunk = Op::two ? seal_chunk : (size_t) 0 - step;
	size_t		i = 0;

	static_assert(seal_chunk % step == 0, "a chunk is whole steps");
	while (n - i >= step)
	{
		size_t		m = n - i < chunk ? (n - i) / step * step : chunk;

		x += sealed<V, typename Op::first>(a + i, b + i, m / V::bytes);
		if (Op::two)
			y += sealed<V, typename Op::second>(a + i, b + i, m / V::bytes);
		i += m;
	}
	return i;
}

template<typename V, typename Op>
RV_INLINE double
pair(const uint8_t *a, const uint8_t *b, size_t n)
{
	constexpr size_t B = V::bytes;
	typename V::wide wx = V::wide_zero(), wy = V::wide_zero();
	uint64_t	x = 0,
				y = 0;
	size_t		i = 0;

	if (n <= V::pair_word_bytes)
		return pair_words<Op>(a, b, n);
	if constexpr (V::seal_bytes != 0)
		if (n >= V::seal_bytes)
			i = pair_sealed<V, Op>(a, b, n, x, y);
	while (i < n)
	{
		const size_t end = n - i > 31 * B ? i + 31 * B : n;
		block_counts<V, Op> s;

		for (; end - i >= 2 * B; i += 2 * B)
		{
			s.step(V::load(a + i), V::load(b + i));
			s.step(V::load(a + i + B), V::load(b + i + B));
		}
		if (end - i >= B)
		{
			s.step(V::load(a + i), V::load(b + i));
			i += B;
		}
		if (i < end)
		{
			s.step(V::load_tail(a + i, end - i), V::load_tail(b + i, end - i));
			i = end;
		}
		wx = V::wide_add(wx, V::fold(s.x));
		if (Op::two)
			wy = V::wide_add(wy, V::fold(s.y));
	}
	V::template totals2<Op::two>(wx, wy, x, y);
	return Op::distance(x, y);
}

/* Four rows against the query; n is a block at most. */
template<typename V, typename Op>
RV_INLINE void
four(const uint8_t *q, const uint8_t *p0, const uint8_t *p1, const uint8_t *p2,
	 const uint8_t *p3, size_t n, float *out)
{
	constexpr size_t B = V::bytes;
	block_counts<V, Op> s0, s1, s2, s3;
	quad_i32	x,
				y = {0, 0, 0, 0};
	quad_f32	results;
	size_t		i = 0;

	for (; n - i >= B; i += B)
	{
		typename V::reg q0 = V::load(q + i);

		s0.step(q0, V::load(p0 + i));
		s1.step(q0, V::load(p1 + i));
		s2.step(q0, V::load(p2 + i));
		s3.step(q0, V::load(p3 + i));
	}
	if (i < n)
	{
		size_t		k = n - i;
		typename V::reg q0 = V::load_tail(q + i, k);

		s0.step(q0, V::load_tail(p0 + i, k));
		s1.step(q0, V::load_tail(p1 + i, k));
		s2.step(q0, V::load_tail(p2 + i, k));
		s3.step(q0, V::load_tail(p3 + i, k));
	}
	x = V::totals4(V::fold(s0.x), V::fold(s1.x), V::fold(s2.x), V::fold(s3.x));
	if (Op::two)
		y = V::totals4(V::fold(s0.y), V::fold(s1.y), V::fold(s2.y), V::fold(s3.y));
	results = Op::rounded4(x, y);
	__builtin_memcpy(out, &results, sizeof(results));
}

template<typename V, typename Op, typename Rows>
RV_INLINE void
rows_any(const uint8_t *query, const Rows &rows, size_t n, size_t count, float *out)
{
	size_t		r = 0;

	static_assert(V::word_bytes <= 32, "the cases below");
	if (n <= V::word_bytes)
		switch ((n + 7) / 8)
		{
			case 1:
				return rows_words<Op, 1>(query, rows, n, count, out);
			case 2:
				return rows_words<Op, 2>(query, rows, n, count, out);
			case 3:
				return rows_words<Op, 3>(query, rows, n, count, out);
			case 4:
				return rows_words<Op, 4>(query, rows, n, count, out);
		}
	else if (n <= 31 * V::bytes)
		for (; count - r >= 4; r += 4)
			four<V, Op>(query, rows[r], rows[r + 1], rows[r + 2], rows[r + 3], n, out + r);
	for (; r < count; r++)
		out[r] = (float) pair<V, Op>(query, rows[r], n);
}

}	/* namespace */

#define RV_DEFINE_BITS_METRIC(V, metric, isa) \
	double \
	rv_##metric##_bits_pair_##isa(const void *a, const void *b, size_t n) \
	{ \
		return pair<V, metric>((const uint8_t *) a, (const uint8_t *) b, n); \
	} \
	void \
	rv_##metric##_bits_many_##isa(const void *query, const void *rows, size_t n, size_t count, \
								  size_t stride, float *out) \
	{ \
		rows_any<V, metric>((const uint8_t *) query, strided_rows{(const uint8_t *) rows, stride}, \
							n, count, out); \
	} \
	void \
	rv_##metric##_bits_gather_##isa(const void *query, const void *const *rows, size_t n, \
									size_t count, float *out) \
	{ \
		rows_any<V, metric>((const uint8_t *) query, gathered_rows{rows}, n, count, out); \
	} \
	RV_DEFINE_PLAIN_TILE(metric, bits, 1, isa)

#define RV_DEFINE_BITS(V, isa) \
	RV_DECLARE_BITS(isa); \
	RV_DEFINE_BITS_METRIC(V, hamming, isa) \
	RV_DEFINE_BITS_METRIC(V, jaccard, isa) \
	static_assert(true, "")

#endif							/* RUVECTOR_BITS_BITS_H */
