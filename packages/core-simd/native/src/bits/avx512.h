/*
 * avx512.h - what the two policies for AVX-512 share: 64 bytes a register,
 * which only count differently.  To be included after bits.h.
 *
 * Tails are loads under a mask, which do not fault on bytes that the mask
 * leaves out (Intel SDM vol. 1, 15.6.4).
 */
#ifndef RUVECTOR_BITS_AVX512_H
#define RUVECTOR_BITS_AVX512_H

#include "bits.h"

namespace
{

struct avx512_bits
{
	typedef __m512i reg;
	typedef __m512i wide;
	static constexpr size_t bytes = 64;
	static constexpr size_t word_bytes = 32;

	static RV_INLINE reg zero() { return _mm512_setzero_si512(); }
	static RV_INLINE wide wide_zero() { return _mm512_setzero_si512(); }
	static RV_INLINE wide wide_add(wide a, wide b) { return _mm512_add_epi64(a, b); }
	static RV_INLINE reg load(const uint8_t *p) { return _mm512_loadu_si512(p); }

	static RV_INLINE reg
	load_tail(const uint8_t *p, size_t k)
	{
		return _mm512_maskz_loadu_epi8((__mmask64) _bzhi_u64(~0ull, (unsigned) k), p);
	}

	/* Two lanes of 64 bits from eight. */
	static RV_INLINE __m128i
	halves(wide w)
	{
		__m256i		h = _mm256_add_epi64(_mm512_castsi512_si256(w), _mm512_extracti64x4_epi64(w, 1));

		return _mm_add_epi64(_mm256_castsi256_si128(h), _mm256_extracti128_si256(h, 1));
	}

	static RV_INLINE uint64_t
	total(wide w)
	{
		__m128i		x = halves(w);

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
		__m128i		t = halves(_mm512_add_epi64(_mm512_unpacklo_epi64(v, w), _mm512_unpackhi_epi64(v, w)));

		x += (uint64_t) _mm_cvtsi128_si64(t);
		y += (uint64_t) _mm_cvtsi128_si64(_mm_unpackhi_epi64(t, t));
	}

	static RV_INLINE quad_i32
	totals4(wide a, wide b, wide c, wide d)
	{
		/* In each quarter, as words of 32 bits: a0 b0 a1 b1; the same for c and d. */
		reg			ab = _mm512_or_si512(a, _mm512_slli_epi64(b, 32));
		reg			cd = _mm512_or_si512(c, _mm512_slli_epi64(d, 32));

		/* No sum reaches its neighbour, so lanes of 64 bits add as those of 32. */
		return (quad_i32) halves(_mm512_add_epi64(_mm512_unpacklo_epi64(ab, cd),
												  _mm512_unpackhi_epi64(ab, cd)));
	}
};

}	/* namespace */

#endif							/* RUVECTOR_BITS_AVX512_H */
