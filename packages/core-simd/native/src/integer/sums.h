/*
 * sums.h - exact sums over vectors of bytes: two vectors, a query and four rows, three sums for a cosine.
 */
#ifndef RUVECTOR_INTEGER_SUMS_H
#define RUVECTOR_INTEGER_SUMS_H

#include "../kernels.h"

namespace
{

/*
 * So many terms make a block.  A term is at most 255^2, so a sum over a block, and with it each lane that a block has been
 * added to, is at most 32,768 x 65,025 = 2,130,739,200 < 2^31.  Blocks are added up in 64 bits, where 2^32 terms stay below
 * 2^48: a float64 holds every sum as it is.
 */
constexpr size_t block = 32768;

/* For operations whose steps need no correction (see integer.h); `Types` has their reg and acc. */
template<typename Types>
struct uncorrected : Types
{
	typedef typename Types::acc lanes;

	struct correction
	{
	};

	static RV_INLINE correction no_correction() { return correction(); }
	static RV_INLINE void correct(correction &, typename Types::reg) {}
	static RV_INLINE lanes corrected(lanes s, correction) { return s; }
};

/* n is at most a block. */
template<typename O>
RV_INLINE int32_t
block_sum(const uint8_t *a, const uint8_t *b, size_t n)
{
	constexpr size_t L = O::bytes;
	typename O::acc s0 = O::zero(), s1 = O::zero(), s2 = O::zero(), s3 = O::zero();
	typename O::correction c = O::no_correction();
	size_t		whole = n - n % L,
				i = 0;

	/* What is over comes first: exact sums may be added in any order. */
	if (whole < n)
	{
		typename O::reg x = O::load_rest(a, whole, n);

		O::step(s3, x, O::load_rest(b, whole, n));
		O::correct(c, x);
	}
	if (n & L)
	{
		typename O::reg x = O::load(a);

		O::step(s2, x, O::load(b));
		O::correct(c, x);
		i = L;
	}
	if (n & (2 * L))
	{
		typename O::reg x0 = O::load(a + i), x1 = O::load(a + i + L);

		O::step(s0, x0, O::load(b + i));
		O::step(s1, x1, O::load(b + i + L));
		O::correct(c, x0);
		O::correct(c, x1);
		i += 2 * L;
	}
	for (; i < whole; i += 4 * L)
	{
		typename O::reg x0 = O::load(a + i), x1 = O::load(a + i + L);
		typename O::reg x2 = O::load(a + i + 2 * L), x3 = O::load(a + i + 3 * L);

		O::step(s0, x0, O::load(b + i));
		O::step(s1, x1, O::load(b + i + L));
		O::step(s2, x2, O::load(b + i + 2 * L));
		O::step(s3, x3, O::load(b + i + 3 * L));
		O::correct(c, x0);
		O::correct(c, x1);
		O::correct(c, x2);
		O::correct(c, x3);
	}
	return O::sum(O::corrected(O::add(O::add(s0, s1), O::add(s2, s3)), c));
}

/* Fewer elements than load_rest can take, and more than a block: not inlined, so that others pay nothing for it. */
template<typename O>
__attribute__((noinline)) double
few_sum(const uint8_t *a, const uint8_t *b, size_t n)
{
	typename O::acc s = O::zero();
	typename O::correction c = O::no_correction();

	if (n > 0)
	{
		typename O::reg x = O::load_few(a, n);

		O::step(s, x, O::load_few(b, n));
		O::correct(c, x);
	}
	return O::sum(O::corrected(s, c));
}

template<typename O>
__attribute__((noinline)) double
long_sum(const uint8_t *a, const uint8_t *b, size_t n)
{
	int64_t		total = 0;

	for (size_t i = 0; i < n; i += block)
		total += block_sum<O>(a + i, b + i, n - i < block ? n - i : block);
	return (double) total;
}

template<typename O>
RV_INLINE double
pair_sum(const uint8_t *a, const uint8_t *b, size_t n)
{
	if (n < O::least)
		return few_sum<O>(a, b, n);
	if (n > block)
		return long_sum<O>(a, b, n);
	return block_sum<O>(a, b, n);
}

/* The cosine distance of at most a block; O is a dot product. */
template<typename O>
RV_INLINE double
block_cosine(const uint8_t *a, const uint8_t *b, size_t n)
{
	constexpr size_t L = O::bytes;
	typename O::acc s0 = O::zero(), s1 = O::zero(), t0 = O::zero(), t1 = O::zero(), u0 = O::zero(), u1 = O::zero();
	typename O::correction c = O::no_correction(), d = O::no_correction();
	size_t		whole = n - n % L,
				i = 0;

	if (whole < n)
	{
		typename O::reg x = O::load_rest(a, whole, n), y = O::load_rest(b, whole, n);

		O::step(s1, x, y);
		O::step(t1, x, x);
		O::step(u1, y, y);
		O::correct(c, x);
		O::correct(d, y);
	}
	if (n & L)
	{
		typename O::reg x = O::load(a), y = O::load(b);

		O::step(s0, x, y);
		O::step(t0, x, x);
		O::step(u0, y, y);
		O::correct(c, x);
		O::correct(d, y);
		i = L;
	}
	for (; i < whole; i += 2 * L)
	{
		typename O::reg x0 = O::load(a + i), x1 = O::load(a + i + L), y0 = O::load(b + i), y1 = O::load(b + i + L);

		O::step(s0, x0, y0);
		O::step(t0, x0, x0);
		O::step(u0, y0, y0);
		O::step(s1, x1, y1);
		O::step(t1, x1, x1);
		O::step(u1, y1, y1);
		O::correct(c, x0);
		O::correct(d, y0);
		O::correct(c, x1);
		O::correct(d, y1);
	}
	return cosine_distance(O::sum(O::corrected(O::add(s0, s1), c)), O::sum(O::corrected(O::add(t0, t1), c)),
						   O::sum(O::corrected(O::add(u0, u1), d)));
}

template<typename O>
__attribute__((noinline)) double
other_cosine(const uint8_t *a, const uint8_t *b, size_t n)
{
	return cosine_distance(pair_sum<O>(a, b, n), pair_sum<O>(a, a, n), pair_sum<O>(b, b, n));
}

template<typename O>
RV_INLINE double
pair_cosine(const uint8_t *a, const uint8_t *b, size_t n)
{
	if (n < O::least || n > block)
		return other_cosine<O>(a, b, n);
	return block_cosine<O>(a, b, n);
}

/*
 * Asks for the lines of `Bytes` bytes that lie RV_AHEAD_DISTANCE past p, in address order.  Near the end of the rows that is
 * no address of ours, hence the integer: a prefetch cannot fault, but a pointer may not point there.
 */
template<bool Ahead, size_t Bytes>
RV_INLINE void
fetch_ahead(const uint8_t *p, size_t i)
{
	if (Ahead)
		for (size_t byte = 0; byte < Bytes; byte += RV_CACHE_LINE)
			__builtin_prefetch((const void *) ((uintptr_t) p + RV_AHEAD_DISTANCE + i + byte), 0, 3);
}

/* One register of the query and of four rows. */
template<typename O>
RV_INLINE void
four_steps(typename O::acc *s, typename O::correction &c, typename O::reg x, typename O::reg y0, typename O::reg y1,
		   typename O::reg y2, typename O::reg y3)
{
	O::step(s[0], x, y0);
	O::step(s[1], x, y1);
	O::step(s[2], x, y2);
	O::step(s[3], x, y3);
	O::correct(c, x);
}

template<typename O>
RV_INLINE typename O::quad
four_totals(const typename O::acc *s, typename O::correction c)
{
	return O::sum4(O::corrected(s[0], c), O::corrected(s[1], c), O::corrected(s[2], c), O::corrected(s[3], c));
}

/*
 * Four rows against the query; n is at most a block.  While i elements of four rows are read, the 4 * i bytes from
 * p[0] + RV_AHEAD_DISTANCE on are asked for: every line once where rows are dense.
 */
template<typename O, bool Ahead>
RV_INLINE typename O::quad
four_sums(const uint8_t *q, const uint8_t *const *p, size_t n)
{
	constexpr size_t L = O::bytes;
	typename O::acc s[4] = {O::zero(), O::zero(), O::zero(), O::zero()};
	typename O::correction c = O::no_correction();
	size_t		i = 0;

	for (; n - i >= L; i += L)
	{
		fetch_ahead<Ahead, 4 * L>(p[0], 4 * i);
		four_steps<O>(s, c, O::load(q + i), O::load(p[0] + i), O::load(p[1] + i), O::load(p[2] + i),
					  O::load(p[3] + i));
	}
	if (i < n)
	{
		fetch_ahead<Ahead, 4 * L>(p[0], 4 * i);
		four_steps<O>(s, c, O::load_rest(q, i, n), O::load_rest(p[0], i, n), O::load_rest(p[1], i, n),
					  O::load_rest(p[2], i, n), O::load_rest(p[3], i, n));
	}
	return four_totals<O>(s, c);
}

template<typename O>
RV_INLINE void
square_step(typename O::acc &s, typename O::correction &c, typename O::reg x)
{
	O::step(s, x, x);
	O::correct(c, x);
}

/* The squared norms of four rows; O is a dot product and n at most a block. */
template<typename O>
RV_INLINE typename O::quad
four_squares(const uint8_t *const *p, size_t n)
{
	constexpr size_t L = O::bytes;
	typename O::acc s[4] = {O::zero(), O::zero(), O::zero(), O::zero()};
	typename O::correction c[4] = {O::no_correction(), O::no_correction(), O::no_correction(), O::no_correction()};
	size_t		i = 0;

	for (; n - i >= L; i += L)
		for (size_t r = 0; r < 4; r++)
			square_step<O>(s[r], c[r], O::load(p[r] + i));
	if (i < n)
		for (size_t r = 0; r < 4; r++)
			square_step<O>(s[r], c[r], O::load_rest(p[r], i, n));
	return O::sum4(O::corrected(s[0], c[0]), O::corrected(s[1], c[1]), O::corrected(s[2], c[2]),
				   O::corrected(s[3], c[3]));
}

/* Both: one query's products with four rows, and the rows' squared norms. */
template<typename O, bool Ahead>
RV_INLINE void
four_cosine_sums(const uint8_t *q, const uint8_t *const *p, size_t n, typename O::quad *ab, typename O::quad *bb)
{
	constexpr size_t L = O::bytes;
	typename O::acc s[4] = {O::zero(), O::zero(), O::zero(), O::zero()};
	typename O::acc t[4] = {O::zero(), O::zero(), O::zero(), O::zero()};
	typename O::correction c = O::no_correction();
	typename O::correction d[4] = {O::no_correction(), O::no_correction(), O::no_correction(), O::no_correction()};
	size_t		i = 0;

	for (; n - i >= L; i += L)
	{
		typename O::reg x = O::load(q + i);

		fetch_ahead<Ahead, 4 * L>(p[0], 4 * i);
		for (size_t r = 0; r < 4; r++)
		{
			typename O::reg y = O::load(p[r] + i);

			O::step(s[r], x, y);
			square_step<O>(t[r], d[r], y);
		}
		O::correct(c, x);
	}
	if (i < n)
	{
		typename O::reg x = O::load_rest(q, i, n);

		fetch_ahead<Ahead, 4 * L>(p[0], 4 * i);
		for (size_t r = 0; r < 4; r++)
		{
			typename O::reg y = O::load_rest(p[r], i, n);

			O::step(s[r], x, y);
			square_step<O>(t[r], d[r], y);
		}
		O::correct(c, x);
	}
	*ab = four_totals<O>(s, c);
	*bb = O::sum4(O::corrected(t[0], d[0]), O::corrected(t[1], d[1]), O::corrected(t[2], d[2]),
				  O::corrected(t[3], d[3]));
}

}	/* namespace */

#endif							/* RUVECTOR_INTEGER_SUMS_H */
