/*
 * skylake.cpp - x86-64 with AVX-512 but no VNNI: as haswell.cpp, 64 bytes of codes a register.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include "../x86.h"

/* To the end of the unit; see core-simd's dense/haswell.cpp. */
#if defined(RV_EMULATED)
/* Portable C needs no target. */
#elif defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl")
#endif

#include "words512.h"

namespace
{

/* Codes of 8 bits, weights of 16. */
struct eight : words_of_512
{
	typedef lanes32 acc;
	typedef two_registers weight;
	static constexpr size_t unroll = 1,
				settled = 0;

	/*
	 * A step adds four products of at most 255 * 32,512 to a lane: 64 steps stay below 2^31, and 15 and one below 2^29, so
	 * that the two halves of a register and two lanes may be added in 32 bits.
	 */
	static constexpr size_t row_span = 15,
				word_span = 64;

	static RV_INLINE weight
	beside(const weights &w, size_t at)
	{
		return weight(_mm512_loadu_si512(w.even16 + at / 2), _mm512_loadu_si512(w.odd16 + at / 2));
	}

	static RV_INLINE weight
	of_word(const weights &w, size_t at)
	{
		return weight(four_bytes(w.even16 + at / 2), four_bytes(w.odd16 + at / 2));
	}

	static RV_INLINE acc zero() { return lanes32{}; }
	static RV_INLINE void settle(acc &) {}

	static RV_INLINE void
	step(acc &s, reg x, const weight &w)
	{
		__m512i		even = _mm512_madd_epi16(_mm512_and_si512(x, _mm512_set1_epi16(0xff)), w.first);
		__m512i		odd = _mm512_madd_epi16(_mm512_srli_epi16(x, 8), w.second);

		s += (lanes32) even + (lanes32) odd;
	}

	static RV_INLINE __m256d
	four_numbers(__m256i x)
	{
		return _mm256_add_pd(_mm256_cvtepi32_pd(_mm256_castsi256_si128(x)),
							 _mm256_cvtepi32_pd(_mm256_extracti128_si256(x, 1)));
	}

	static RV_INLINE void
	rows(const acc *s, double *out)
	{
		/* a a b b and c c d d, then a c b d. */
		__m256d		x = four_numbers(_mm256_hadd_epi32(fold(s[0]), fold(s[1]))),
					y = four_numbers(_mm256_hadd_epi32(fold(s[2]), fold(s[3])));
		__m256d		four = _mm256_permute4x64_pd(_mm256_hadd_pd(x, y), 0xd8);

		_mm256_storeu_pd(out, _mm256_add_pd(_mm256_loadu_pd(out), four));
	}

	static RV_INLINE void lanes(const acc &s, double *out) { add_lanes(s, 1, out); }
};

typedef int16_t lanes16 __attribute__((vector_size(64)));

/* Narrow lanes of 16 bits, which four steps cannot fill, and wide ones. */
struct two_widths
{
	lanes16		narrow;
	lanes32		wide;

	RV_INLINE two_widths() {}
	RV_INLINE two_widths(lanes16 narrow_, lanes32 wide_) : narrow(narrow_), wide(wide_) {}
};

struct four_one : words_of_512
{
	typedef two_widths acc;
	typedef two_registers weight;
	static constexpr size_t unroll = 1,
				settled = 4,
				row_span = 0,
				word_span = 0;

	static RV_INLINE weight beside(const weights &w, size_t at) { return plane_of_512::beside(w.high4, at); }
	static RV_INLINE weight of_word(const weights &w, size_t at) { return plane_of_512::of_word(w.high4, at); }
	static RV_INLINE acc zero() { return acc(lanes16{}, lanes32{}); }

	/* Four products of at most 15 * 128: a lane holds 4 * 7,680. */
	static RV_INLINE void
	step(acc &s, reg x, const weight &w)
	{
		s.narrow += (lanes16) _mm512_maddubs_epi16(low(x), w.first) + (lanes16) _mm512_maddubs_epi16(high(x), w.second);
	}

	static RV_INLINE void
	settle(acc &s)
	{
		s.wide += (lanes32) _mm512_madd_epi16((__m512i) s.narrow, _mm512_set1_epi16(1));
		s.narrow = lanes16{};
	}

	static RV_INLINE void
	rows(const acc *s, double *out)
	{
		add_four(sums(s[0].wide, s[1].wide, s[2].wide, s[3].wide), 1, out);
	}

	static RV_INLINE void lanes(const acc &s, double *out) { add_lanes(s.wide, 1, out); }
};

struct four_two : words_of_512
{
	static constexpr size_t unroll = 1,
				settled = 4,
				row_span = 0,
				word_span = 0;

	struct weight
	{
		two_registers high,
					low;

		RV_INLINE weight(two_registers high_, two_registers low_) : high(high_), low(low_) {}
	};

	struct acc
	{
		two_widths	high,
					low;

		RV_INLINE acc() {}
		RV_INLINE acc(two_widths high_, two_widths low_) : high(high_), low(low_) {}
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

	static RV_INLINE acc zero() { return acc(four_one::zero(), four_one::zero()); }

	static RV_INLINE void
	step(acc &s, reg x, const weight &w)
	{
		four_one::step(s.high, x, w.high);
		four_one::step(s.low, x, w.low);
	}

	static RV_INLINE void
	settle(acc &s)
	{
		four_one::settle(s.high);
		four_one::settle(s.low);
	}

	static RV_INLINE void
	rows(const acc *s, double *out)
	{
		add_four(sums(s[0].high.wide, s[1].high.wide, s[2].high.wide, s[3].high.wide), 256, out);
		add_four(sums(s[0].low.wide, s[1].low.wide, s[2].low.wide, s[3].low.wide), 1, out);
	}

	static RV_INLINE void
	lanes(const acc &s, double *out)
	{
		add_lanes(s.high.wide, 256, out);
		add_lanes(s.low.wide, 1, out);
	}
};

}	/* namespace */

RV_DEFINE_SCALAR_ESTIMATES(eight, four_one, four_two, skylake);

#if defined(__clang__) && !defined(RV_EMULATED)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
