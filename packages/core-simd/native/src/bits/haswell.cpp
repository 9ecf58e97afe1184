/*
 * haswell.cpp - x86-64 with AVX2 and POPCNT: 32 bytes a register, a table of
 * sixteen counts looked up for each nibble (Mula, Kurz and Lemire 2018).
 *
 * AVX2 masks no bytes.  A tail is the last full register of the vector with the
 * bytes cleared that were counted before; what is shorter goes by words.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include <immintrin.h>

/* To the end of the unit; see dense/haswell.cpp. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c,popcnt")
#endif

#include "bits.h"

namespace
{

/* 32 clear bytes, then 32 set ones: a mask of the last k bytes starts at k. */
alignas(64) const uint64_t tail_mask[8] = {0, 0, 0, 0, ~0ull, ~0ull, ~0ull, ~0ull};

struct avx2
{
	typedef __m256i reg;
	typedef __m256i acc;		/* bytes */
	typedef __m256i wide;
	static constexpr size_t bytes = 32;
	static constexpr size_t word_bytes = 32;
	static constexpr size_t pair_word_bytes = 96;
	static constexpr size_t seal_bytes = 1024;

	static RV_INLINE reg zero() { return _mm256_setzero_si256(); }
	static RV_INLINE acc acc_zero() { return _mm256_setzero_si256(); }
	static RV_INLINE wide wide_zero() { return _mm256_setzero_si256(); }
	static RV_INLINE reg load(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *) p); }

	static RV_INLINE reg
	load_tail(const uint8_t *p, size_t k)
	{
		reg			mask = load((const uint8_t *) tail_mask + k);

		return _mm256_and_si256(mask, load(p + k - bytes));
	}

	static RV_INLINE acc
	count(acc s, reg x)
	{
		const reg	low = _mm256_set1_epi8(0x0f);
		const reg	table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
											 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
		reg			lows = _mm256_shuffle_epi8(table, _mm256_and_si256(x, low));
		reg			highs = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), low));

		return _mm256_add_epi8(s, _mm256_add_epi8(lows, highs));
	}

	static RV_INLINE wide fold(acc s) { return _mm256_sad_epu8(s, _mm256_setzero_si256()); }
	static RV_INLINE wide wide_add(wide a, wide b) { return _mm256_add_epi64(a, b); }

	static RV_INLINE uint64_t
	total(wide w)
	{
		__m128i		x = _mm_add_epi64(_mm256_castsi256_si128(w), _mm256_extracti128_si256(w, 1));

		return (uint64_t) _mm_cvtsi128_si64(_mm_add_epi64(x, _mm_unpackhi_epi64(x, x)));
	}

	template<bool Two>
	static RV_INLINE void
	totals2(wide v, wide w, uint64_t &x, uint64_t &y)
	{
		if (!Two)
		{
			x += total(v);
			return;
		}
		reg			s = _mm256_add_epi64(_mm256_unpacklo_epi64(v, w), _mm256_unpackhi_epi64(v, w));
		__m128i		t = _mm_add_epi64(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1));

		x += (uint64_t) _mm_cvtsi128_si64(t);
		y += (uint64_t) _mm_extract_epi64(t, 1);
	}

	static RV_INLINE quad_i32
	totals4(wide a, wide b, wide c, wide d)
	{
		/* In each half, as words of 32 bits: a0 b0 a1 b1; the same for c and d. */
		reg			ab = _mm256_or_si256(a, _mm256_slli_epi64(b, 32));
		reg			cd = _mm256_or_si256(c, _mm256_slli_epi64(d, 32));
		reg			s = _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));

		return (quad_i32) _mm_add_epi32(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1));
	}

	static RV_INLINE void
	csa(reg &high, reg &low, reg a, reg b, reg c)
	{
		reg			u = _mm256_xor_si256(a, b);

		high = _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(u, c));
		low = _mm256_xor_si256(u, c);
	}
};

}	/* namespace */

RV_DEFINE_BITS(avx2, haswell);

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
