/*
 * haswell.cpp - x86-64 with AVX2 and F16C: eight elements at a time.
 *
 * VCVTPH2PS and VCVTPS2PH read and write subnormal halves as they are: MXCSR.DAZ
 * and MXCSR.FTZ do not touch them (Intel SDM vol. 1, 14.4.1); DAZ makes zero of a
 * subnormal float32, which is what rounding to binary16 makes of it.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include <immintrin.h>

/* To the end of the unit; see dense/haswell.cpp. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c")
#endif

#include "convert.h"

namespace
{

struct avx2
{
	struct wide
	{
		__m256d		low,
					high;
	};

	static constexpr size_t lanes = 8;
	static constexpr size_t f32_bits = 8;
	static constexpr size_t f16_bits = 8;
	static constexpr size_t i8_bits = 32;

	static RV_INLINE __m128i load_halves(const uint16_t *p) { return _mm_loadu_si128((const __m128i *) p); }
	static RV_INLINE void store_halves(uint16_t *p, __m128i x) { _mm_storeu_si128((__m128i *) p, x); }

	static RV_INLINE void
	f16_to_f32(const uint16_t *from, float *to)
	{
		_mm256_storeu_ps(to, _mm256_cvtph_ps(load_halves(from)));
	}

	static RV_INLINE void
	f32_to_f16(const float *from, uint16_t *to)
	{
		store_halves(to, _mm256_cvtps_ph(_mm256_loadu_ps(from), _MM_FROUND_TO_NEAREST_INT));
	}

	static RV_INLINE __m256i
	widen_bf16_bits(__m128i halves)
	{
		return _mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16);
	}

	/* All set where the pattern of a float32 is NaN. */
	static RV_INLINE __m256i
	nan_mask(__m256i bits)
	{
		return _mm256_cmpgt_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff)),
								  _mm256_set1_epi32(0x7f800000));
	}

	static RV_INLINE void
	bf16_to_f32(const uint16_t *from, float *to)
	{
		__m256i		bits = widen_bf16_bits(load_halves(from));
		__m256i		quiet = _mm256_and_si256(nan_mask(bits), _mm256_set1_epi32(0x400000));

		_mm256_storeu_si256((__m256i *) to, _mm256_or_si256(bits, quiet));
	}

	static RV_INLINE __m128i
	narrow_bf16_bits(__m256i bits)
	{
		__m256i		upper = _mm256_srli_epi32(bits, 16);
		__m256i		even = _mm256_and_si256(upper, _mm256_set1_epi32(1));
		__m256i		sum = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), even);
		__m256i		quiet = _mm256_or_si256(upper, _mm256_set1_epi32(0x40));
		__m256i		x = _mm256_blendv_epi8(_mm256_srli_epi32(sum, 16), quiet, nan_mask(bits));

		return _mm_packus_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
	}

	static RV_INLINE void
	f32_to_bf16(const float *from, uint16_t *to)
	{
		store_halves(to, narrow_bf16_bits(_mm256_loadu_si256((const __m256i *) from)));
	}

	static RV_INLINE wide wide_zero() { return wide{_mm256_setzero_pd(), _mm256_setzero_pd()}; }

	static RV_INLINE wide
	widen(__m256 x)
	{
		return wide{_mm256_cvtps_pd(_mm256_castps256_ps128(x)), _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1))};
	}

	static RV_INLINE wide load_f32(const float *p) { return widen(_mm256_loadu_ps(p)); }
	static RV_INLINE wide load_f16(const uint16_t *p) { return widen(_mm256_cvtph_ps(load_halves(p))); }

	/* What MXCSR.DAZ may have made a zero of that sign is put in again, as a multiple of 2^-149. */
	static RV_INLINE __m256d
	with_subnormal(__m256d x, __m128i fractions)
	{
		return _mm256_or_pd(x, _mm256_mul_pd(_mm256_cvtepi32_pd(fractions), _mm256_set1_pd((double) f32_least)));
	}

	static RV_INLINE wide
	load_bf16(const uint16_t *p)
	{
		__m256i		bits = widen_bf16_bits(load_halves(p));
		__m256i		magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff));
		__m256i		subnormal = _mm256_cmpgt_epi32(_mm256_set1_epi32(0x800000), magnitude);
		__m256i		fractions = _mm256_and_si256(magnitude, subnormal);
		wide		x = widen(_mm256_castsi256_ps(bits));

		x.low = with_subnormal(x.low, _mm256_castsi256_si128(fractions));
		x.high = with_subnormal(x.high, _mm256_extracti128_si256(fractions, 1));
		return x;
	}

	static RV_INLINE void
	add_squares(wide &s, wide x)
	{
		s.low = _mm256_fmadd_pd(x.low, x.low, s.low);
		s.high = _mm256_fmadd_pd(x.high, x.high, s.high);
	}

	static RV_INLINE double
	wide_sum(wide s)
	{
		__m256d		h = _mm256_add_pd(s.low, s.high);
		__m128d		x = _mm_add_pd(_mm256_castpd256_pd128(h), _mm256_extractf128_pd(h, 1));

		return _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x)));
	}

	static RV_INLINE wide
	divide(wide x, double norm)
	{
		return wide{_mm256_div_pd(x.low, _mm256_set1_pd(norm)), _mm256_div_pd(x.high, _mm256_set1_pd(norm))};
	}

	static RV_INLINE __m256d
	tiny_mask(__m256d x)
	{
		__m256d		magnitude = _mm256_andnot_pd(_mm256_set1_pd(-0.0), x);

		return _mm256_and_pd(_mm256_cmp_pd(magnitude, _mm256_set1_pd((double) f32_least_normal), _CMP_LT_OQ),
							 _mm256_cmp_pd(magnitude, _mm256_setzero_pd(), _CMP_GT_OQ));
	}

	static RV_INLINE bool
	has_tiny(wide x)
	{
		return _mm256_movemask_pd(_mm256_or_pd(tiny_mask(x.low), tiny_mask(x.high))) != 0;
	}

	/* Exact, since the bits that float32 has not are gone; the last one kept says so. */
	static RV_INLINE __m128
	to_odd(__m256d x)
	{
		const __m256i dropped = _mm256_set1_epi64x((long long) dropped_bits);
		const __m256i last = _mm256_set1_epi64x((long long) dropped_bits + 1);
		__m256i		bits = _mm256_castpd_si256(x);
		__m256i		odd = _mm256_and_si256(_mm256_add_epi64(_mm256_and_si256(bits, dropped), dropped), last);

		return _mm256_cvtpd_ps(_mm256_castsi256_pd(_mm256_or_si256(_mm256_andnot_si256(dropped, bits), odd)));
	}

	static RV_INLINE __m256 to_odd(wide x) { return _mm256_set_m128(to_odd(x.high), to_odd(x.low)); }

	static RV_INLINE void
	store_f32(float *p, wide x)
	{
		_mm256_storeu_ps(p, _mm256_set_m128(_mm256_cvtpd_ps(x.high), _mm256_cvtpd_ps(x.low)));
	}

	static RV_INLINE void
	store_f16(uint16_t *p, wide x)
	{
		store_halves(p, _mm256_cvtps_ph(to_odd(x), _MM_FROUND_TO_NEAREST_INT));
	}

	static RV_INLINE void
	store_bf16(uint16_t *p, wide x)
	{
		store_halves(p, narrow_bf16_bits(_mm256_castps_si256(to_odd(x))));
	}

	/* movmskps puts the first lane into the lowest bit, hence the reversal. */
	static RV_INLINE void
	f32_to_bits(const float *from, uint8_t *to)
	{
		__m256i		x = _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const __m256i *) from),
													_mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0));
		__m256i		positive = _mm256_and_si256(_mm256_cmpgt_epi32(x, _mm256_setzero_si256()),
												_mm256_cmpgt_epi32(_mm256_set1_epi32(0x7f800001), x));

		*to = (uint8_t) _mm256_movemask_ps(_mm256_castsi256_ps(positive));
	}

	static RV_INLINE void
	f16_to_bits(const uint16_t *from, uint8_t *to)
	{
		const __m128i reversed = _mm_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, -1, -1, -1, -1, -1, -1, -1, -1);
		__m128i		x = load_halves(from);
		__m128i		positive = _mm_and_si128(_mm_cmpgt_epi16(x, _mm_setzero_si128()),
											 _mm_cmpgt_epi16(_mm_set1_epi16(0x7c01), x));

		*to = (uint8_t) _mm_movemask_epi8(_mm_shuffle_epi8(_mm_packs_epi16(positive, positive), reversed));
	}

	static RV_INLINE void
	i8_to_bits(const int8_t *from, uint8_t *to)
	{
		const __m256i reversed = _mm256_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8,
												  7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
		__m256i		x = _mm256_loadu_si256((const __m256i *) from);
		__m256i		positive = _mm256_cmpgt_epi8(x, _mm256_setzero_si256());
		int			bits = _mm256_movemask_epi8(_mm256_shuffle_epi8(positive, reversed));

		__builtin_memcpy(to, &bits, sizeof(bits));
	}
};

}	/* namespace */

RV_DEFINE_CONVERT(avx2, haswell);

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
