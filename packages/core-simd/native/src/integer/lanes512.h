/*
 * lanes512.h - what the units for AVX-512 share: sums of sixteen 32-bit lanes, loads under a mask, and L1.
 */
#ifndef RUVECTOR_INTEGER_LANES512_H
#define RUVECTOR_INTEGER_LANES512_H

#include "integer.h"

namespace
{

/* See haswell.cpp for the type of sums.  Unsigned: corrections may wrap around. */
struct registers
{
	typedef __m512i reg;
	typedef uint32_t acc __attribute__((vector_size(64)));
	typedef __m128i quad;
};

struct sixteen_lanes : registers
{
	/* Masked loads take any number of elements. */
	static constexpr size_t least = 0;

	static RV_INLINE acc zero() { return acc{}; }
	static RV_INLINE acc add(acc s, acc t) { return s + t; }

	static RV_INLINE __m256i
	fold(acc s)
	{
		return _mm256_add_epi32(_mm512_castsi512_si256((__m512i) s), _mm512_extracti64x4_epi64((__m512i) s, 1));
	}

	static RV_INLINE __m128i
	fold_half(__m256i s)
	{
		return _mm_add_epi32(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1));
	}

	static RV_INLINE int32_t
	sum(acc s)
	{
		__m128i		x = fold_half(fold(s));

		x = _mm_add_epi32(x, _mm_unpackhi_epi64(x, x));
		return _mm_cvtsi128_si32(_mm_add_epi32(x, _mm_shuffle_epi32(x, 1)));
	}

	static RV_INLINE quad
	sum4(acc a, acc b, acc c, acc d)
	{
		return fold_half(_mm256_hadd_epi32(_mm256_hadd_epi32(fold(a), fold(b)), _mm256_hadd_epi32(fold(c), fold(d))));
	}

	static RV_INLINE void store4(float *out, quad q) { _mm_storeu_ps(out, _mm_cvtepi32_ps(q)); }

	/* min and max return their second operand when either is NaN. */
	static RV_INLINE void
	cosine4(float *out, quad ab, double aa, quad bb)
	{
		const __m256d one = _mm256_set1_pd(1.0);
		__m256d		norms = _mm256_sqrt_pd(_mm256_mul_pd(_mm256_set1_pd(aa), _mm256_cvtepi32_pd(bb)));
		__m256d		cosine = _mm256_div_pd(_mm256_cvtepi32_pd(ab), norms);

		cosine = _mm256_max_pd(_mm256_set1_pd(-1.0), _mm256_min_pd(one, cosine));
		_mm_storeu_ps(out, _mm256_cvtpd_ps(_mm256_sub_pd(one, cosine)));
	}
};

/* 64 bytes as they are. */
struct whole_bytes : sixteen_lanes
{
	static constexpr size_t bytes = 64;

	static RV_INLINE reg load_plain(const uint8_t *p) { return _mm512_loadu_si512(p); }

	static RV_INLINE reg
	load_plain_rest(const uint8_t *p, size_t i, size_t n)
	{
		return _mm512_maskz_loadu_epi8((__mmask64) _bzhi_u64(0xffffffffffffffffu, (unsigned) (n - i)), p + i);
	}

	static RV_INLINE reg flip_signs(reg x) { return _mm512_xor_si512(x, _mm512_set1_epi8((char) 0x80)); }
};

/* VPSADBW leaves every other lane zero.  A flip of the sign bit changes no difference. */
template<bool S>
struct absolute_differences : uncorrected<whole_bytes>
{
	typedef whole_bytes::reg reg;

	static RV_INLINE reg unsign(reg x) { return S ? whole_bytes::flip_signs(x) : x; }
	static RV_INLINE reg load(const uint8_t *p) { return unsign(whole_bytes::load_plain(p)); }

	static RV_INLINE reg
	load_rest(const uint8_t *p, size_t i, size_t n)
	{
		return unsign(whole_bytes::load_plain_rest(p, i, n));
	}

	static RV_INLINE reg load_few(const uint8_t *p, size_t n) { return load_rest(p, 0, n); }
	static RV_INLINE void step(acc &s, reg a, reg b) { s += (acc) _mm512_sad_epu8(a, b); }
};

}	/* namespace */

#endif							/* RUVECTOR_INTEGER_LANES512_H */
