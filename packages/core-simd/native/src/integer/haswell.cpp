/*
 * haswell.cpp - x86-64 with AVX2: sixteen bytes widened to 16 bits a register.
 *
 * VPMADDUBSW would take 32 bytes at once and saturates; VPMADDWD on widened elements is exact.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include <immintrin.h>

/* To the end of the unit; see dense/haswell.cpp. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif

#include "integer.h"
#include "partial.h"

namespace
{
/*
 * Sums are vectors of the compiler's own with lanes of 32 bits.  GCC keeps a sum of type __m256i twice, under its own and under
 * that of the addition, and copies it with every step.
 */
struct registers
{
	typedef __m256i reg;
	typedef int32_t acc __attribute__((vector_size(32)));
	typedef __m128i quad;
};

/* What sums in eight lanes share. */
struct eight_lanes : uncorrected<registers>
{
	static RV_INLINE acc zero() { return acc{}; }
	static RV_INLINE acc add(acc s, acc t) { return s + t; }

	static RV_INLINE __m128i
	fold(__m256i s)
	{
		return _mm_add_epi32(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1));
	}

	static RV_INLINE int32_t
	sum(acc s)
	{
		__m128i		x = fold((__m256i) s);

		x = _mm_add_epi32(x, _mm_unpackhi_epi64(x, x));
		return _mm_cvtsi128_si32(_mm_add_epi32(x, _mm_shuffle_epi32(x, 1)));
	}

	static RV_INLINE quad
	sum4(acc a, acc b, acc c, acc d)
	{
		__m256i		ab = _mm256_hadd_epi32((__m256i) a, (__m256i) b), cd = _mm256_hadd_epi32((__m256i) c, (__m256i) d);

		return fold(_mm256_hadd_epi32(ab, cd));
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

RV_INLINE __m128i
sixteen(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *) p);
}

RV_INLINE __m128i
below_sixteen(const uint8_t *p, size_t n)
{
	uint64_t	low,
				high;

	fewer_than_sixteen(p, n, &low, &high);
	return _mm_set_epi64x((long long) high, (long long) low);
}

template<bool S>
struct widened : eight_lanes
{
	static constexpr size_t bytes = 16;
	static constexpr size_t least = 16;

	static RV_INLINE reg widen(__m128i x) { return S ? _mm256_cvtepi8_epi16(x) : _mm256_cvtepu8_epi16(x); }
	static RV_INLINE reg load(const uint8_t *p) { return widen(sixteen(p)); }
	static RV_INLINE reg load_few(const uint8_t *p, size_t n) { return widen(below_sixteen(p, n)); }

	static RV_INLINE reg
	load_rest(const uint8_t *p, size_t i, size_t n)
	{
		return widen(_mm_and_si128(sixteen(p + n - 16), sixteen(rest_mask(16, n - i))));
	}
};

template<bool S>
struct avx2
{
	typedef registers::acc acc;

	struct dot : widened<S>
	{
		static RV_INLINE void step(acc &s, __m256i a, __m256i b) { s += (acc) _mm256_madd_epi16(a, b); }
	};

	struct l2sq : widened<S>
	{
		static RV_INLINE void
		step(acc &s, __m256i a, __m256i b)
		{
			__m256i		d = _mm256_sub_epi16(a, b);

			s += (acc) _mm256_madd_epi16(d, d);
		}
	};

	/* Of 32 bytes as they are: VPSADBW leaves every other lane zero.  A flip of the sign bit changes no difference. */
	struct l1 : eight_lanes
	{
		static constexpr size_t bytes = 32;
		static constexpr size_t least = 32;

		static RV_INLINE __m256i
		unsign(__m256i x)
		{
			return S ? _mm256_xor_si256(x, _mm256_set1_epi8((char) 0x80)) : x;
		}

		static RV_INLINE __m256i plain(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *) p); }
		static RV_INLINE __m256i load(const uint8_t *p) { return unsign(plain(p)); }

		static RV_INLINE __m256i
		load_few(const uint8_t *p, size_t n)
		{
			if (n < 16)
				return unsign(_mm256_zextsi128_si256(below_sixteen(p, n)));
			return unsign(_mm256_set_m128i(_mm_and_si128(sixteen(p + n - 16), sixteen(rest_mask(16, n - 16))),
										   sixteen(p)));
		}

		static RV_INLINE __m256i
		load_rest(const uint8_t *p, size_t i, size_t n)
		{
			return unsign(_mm256_and_si256(plain(p + n - 32), plain(rest_mask(32, n - i))));
		}

		static RV_INLINE void step(acc &s, __m256i a, __m256i b) { s += (acc) _mm256_sad_epu8(a, b); }
	};
};

}	/* namespace */

RV_DEFINE_INTEGER(avx2, haswell);

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
