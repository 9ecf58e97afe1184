/*
 * icelake.cpp - x86-64 with AVX-512 VNNI: codes as they are, unsigned, times the signed bytes of the weights.
 *
 * VPDPBUSD adds four products to a lane.  A sum over the upper bytes of 65,535 weights is at most 255 * 127 * 65,535, one
 * over the lower bytes 255 * 128 * 65,535: both below 2^31, so no sum is ever given away before its end.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include "../x86.h"

/* To the end of the unit; see core-simd's dense/haswell.cpp. */
#if defined(RV_EMULATED)
/* Portable C needs no target. */
#elif defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
#endif

#include "words512.h"

namespace
{

struct never_settled : words_of_512
{
	static constexpr size_t settled = 0,
				row_span = 0,
				word_span = 0;
};

/* Sums over the upper and over the lower bytes of weights. */
struct two_sums
{
	lanes32		high,
				low;

	RV_INLINE two_sums() {}
	RV_INLINE two_sums(lanes32 high_, lanes32 low_) : high(high_), low(low_) {}
};

/* s and, in each lane, four products of codes and weights. */
RV_INLINE lanes32
products(lanes32 s, __m512i codes, __m512i weights_of)
{
	return (lanes32) _mm512_dpbusd_epi32((__m512i) s, codes, weights_of);
}

struct in_two_sums : never_settled
{
	typedef two_sums acc;

	static RV_INLINE acc zero() { return acc(lanes32{}, lanes32{}); }
	static RV_INLINE void settle(acc &) {}

	static RV_INLINE void
	rows(const acc *s, double *out)
	{
		add_four(sums(s[0].high, s[1].high, s[2].high, s[3].high), 256, out);
		add_four(sums(s[0].low, s[1].low, s[2].low, s[3].low), 1, out);
	}

	static RV_INLINE void
	lanes(const acc &s, double *out)
	{
		add_lanes(s.high, 256, out);
		add_lanes(s.low, 1, out);
	}
};

struct eight : in_two_sums
{
	typedef two_registers weight;
	static constexpr size_t unroll = 4;

	static RV_INLINE weight
	beside(const weights &w, size_t at)
	{
		return weight(_mm512_loadu_si512(w.high8 + at), _mm512_loadu_si512(w.low8 + at));
	}

	static RV_INLINE weight
	of_word(const weights &w, size_t at)
	{
		return weight(four_bytes(w.high8 + at), four_bytes(w.low8 + at));
	}

	static RV_INLINE void
	step(acc &s, reg x, const weight &w)
	{
		s.high = products(s.high, x, w.first);
		s.low = products(s.low, x, w.second);
	}
};

struct four_one : never_settled
{
	typedef lanes32 acc;
	typedef two_registers weight;
	static constexpr size_t unroll = 4;

	static RV_INLINE weight beside(const weights &w, size_t at) { return plane_of_512::beside(w.high4, at); }
	static RV_INLINE weight of_word(const weights &w, size_t at) { return plane_of_512::of_word(w.high4, at); }
	static RV_INLINE acc zero() { return lanes32{}; }
	static RV_INLINE void settle(acc &) {}

	static RV_INLINE void
	step(acc &s, reg x, const weight &w)
	{
		s = products(products(s, low(x), w.first), high(x), w.second);
	}

	static RV_INLINE void rows(const acc *s, double *out) { add_four(sums(s[0], s[1], s[2], s[3]), 1, out); }
	static RV_INLINE void lanes(const acc &s, double *out) { add_lanes(s, 1, out); }
};

struct four_two : in_two_sums
{
	static constexpr size_t unroll = 2;

	struct weight
	{
		two_registers high,
					low;

		RV_INLINE weight(two_registers high_, two_registers low_) : high(high_), low(low_) {}
	};

	static RV_INLINE weight
	beside(const weights &w, size_t at)
	{
		return weight(plane_of_512::beside(w.high4, at), plane_of_512::beside(w.low4, at));
	}

	static RV_INLINE weight
	of_word(const weights &w, size_t at)
	{
		return weight(plane_of_512::of_word(w.high4, at), plane_of_512::of_word(w.low4, at));
	}

	static RV_INLINE void
	step(acc &s, reg x, const weight &w)
	{
		four_one::step(s.high, x, w.high);
		four_one::step(s.low, x, w.low);
	}
};

}	/* namespace */

RV_DEFINE_SCALAR_ESTIMATES(eight, four_one, four_two, icelake);

#if defined(__clang__) && !defined(RV_EMULATED)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
