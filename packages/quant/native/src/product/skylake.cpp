/*
 * skylake.cpp - x86-64 with AVX-512: four sub-spaces of 4 bits a register.
 */
#include "kernels.h"

#ifdef RV_ARCH_X86_64

#include "../x86.h"

/* To the end of the unit; see core-simd's dense/haswell.cpp. */
#if defined(RV_EMULATED)
#elif defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#endif

#include "scan.h"

namespace
{

struct avx512
{
	typedef __m512 reg;
	typedef __m512d wide;
	typedef __m512i bytes;
	typedef __m512i words;
	static constexpr size_t lanes = 16,
				wide_lanes = 8,
				turn_rows = 8;
	static constexpr uint32_t spaces = 4;

	static RV_INLINE reg load(const float *p) { return _mm512_loadu_ps(p); }
	static RV_INLINE void store(float *p, reg a) { _mm512_storeu_ps(p, a); }
	static RV_INLINE reg all(float x) { return _mm512_set1_ps(x); }
	static RV_INLINE reg zero() { return _mm512_setzero_ps(); }
	static RV_INLINE reg add(reg a, reg b) { return _mm512_add_ps(a, b); }
	static RV_INLINE reg subtract(reg a, reg b) { return _mm512_sub_ps(a, b); }
	static RV_INLINE reg multiply(reg a, reg b) { return _mm512_mul_ps(a, b); }

	static RV_INLINE reg
	pick(const float *p, const uint8_t *c)
	{
		return _mm512_setr_ps(p[c[0]], p[c[1]], p[c[2]], p[c[3]], p[c[4]], p[c[5]], p[c[6]], p[c[7]], p[c[8]], p[c[9]],
							  p[c[10]], p[c[11]], p[c[12]], p[c[13]], p[c[14]], p[c[15]]);
	}

	static RV_INLINE wide wide_zero() { return _mm512_setzero_pd(); }
	static RV_INLINE wide wide_all(float x) { return _mm512_set1_pd((double) x); }
	static RV_INLINE wide wide_load(const float *p) { return _mm512_cvtps_pd(_mm256_loadu_ps(p)); }
	static RV_INLINE void wide_store(float *p, wide a) { _mm256_storeu_ps(p, _mm512_cvtpd_ps(a)); }
	static RV_INLINE wide wide_fused(wide s, wide a, wide b) { return _mm512_fmadd_pd(a, b, s); }
	static RV_INLINE wide wide_same(double x) { return _mm512_set1_pd(x); }
	static RV_INLINE wide wide_add(wide a, wide b) { return _mm512_add_pd(a, b); }
	static RV_INLINE wide wide_subtract(wide a, wide b) { return _mm512_sub_pd(a, b); }
	static RV_INLINE wide wide_multiply(wide a, wide b) { return _mm512_mul_pd(a, b); }
	static RV_INLINE wide wide_min(wide a, wide b) { return _mm512_min_pd(a, b); }
	static RV_INLINE wide wide_max(wide a, wide b) { return _mm512_max_pd(a, b); }
	static RV_INLINE wide wide_absolute(wide a) { return _mm512_abs_pd(a); }
	static RV_INLINE wide wide_truncate(wide a) { return _mm512_roundscale_pd(a, 11); }

	static RV_INLINE double
	wide_least(wide a)
	{
		const __m256d four = _mm256_min_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1));
		const __m128d two = _mm_min_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));

		return _mm_cvtsd_f64(_mm_min_sd(two, _mm_unpackhi_pd(two, two)));
	}

	static RV_INLINE double
	wide_most(wide a)
	{
		const __m256d four = _mm256_max_pd(_mm512_castpd512_pd256(a), _mm512_extractf64x4_pd(a, 1));
		const __m128d two = _mm_max_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));

		return _mm_cvtsd_f64(_mm_max_sd(two, _mm_unpackhi_pd(two, two)));
	}

	static RV_INLINE void
	wide_bytes(uint8_t *p, wide a)
	{
		const __m256i words = _mm512_cvttpd_epi32(a);
		const __m128i shorts = _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));

		_mm_storel_epi64((__m128i *) p, _mm_packus_epi16(shorts, shorts));
	}


	static RV_INLINE bytes byte_load(const uint8_t *p) { return _mm512_loadu_si512((const void *) p); }

	static RV_INLINE bytes
	byte_load_half(const uint8_t *p)
	{
		return _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_loadu_si256((const __m256i *) p), 0);
	}

	static RV_INLINE bytes byte_and(bytes x, char b) { return _mm512_and_si512(x, _mm512_set1_epi8(b)); }
	static RV_INLINE bytes byte_high(bytes x) { return byte_and(_mm512_srli_epi16(x, 4), 15); }
	static RV_INLINE bytes byte_pick(bytes table, bytes x) { return _mm512_shuffle_epi8(table, x); }
	static RV_INLINE words as_words(bytes x) { return x; }
	static RV_INLINE words word_zero() { return _mm512_setzero_si512(); }
	static RV_INLINE words word_add(words a, words b) { return _mm512_add_epi16(a, b); }
	static RV_INLINE words word_high(bytes x) { return _mm512_srli_epi16(x, 8); }

	static RV_INLINE void
	add_eight(__m512i sums, bool more, uint32_t *out)
	{
		__m256i		two = _mm256_add_epi16(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64(sums, 1)),
					before = more ? _mm256_loadu_si256((const __m256i *) out) : _mm256_setzero_si256();
		__m128i		one = _mm_add_epi16(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));

		_mm256_storeu_si256((__m256i *) out, _mm256_add_epi32(before, _mm256_cvtepu16_epi32(one)));
	}

	static RV_INLINE void
	word_sums(words even, words odd, bool more, uint32_t *out)
	{
		add_eight(_mm512_sub_epi16(even, _mm512_slli_epi16(odd, 8)), more, out);
		add_eight(odd, more, out + 8);
	}

	/* a0 + a2, a1 + a3, b0 + b2, b1 + b3 of lanes of 16 bytes. */
	static RV_INLINE __m512i
	add_halves(__m512i a, __m512i b)
	{
		return _mm512_add_epi16(_mm512_shuffle_i32x4(a, b, 0x44), _mm512_shuffle_i32x4(a, b, 0xEE));
	}

	static RV_INLINE uint32_t
	word_among(words even_low, words odd_low, words even_high, words odd_high, uint16_t first, uint16_t more,
			   uint16_t *out)
	{
		const __m512i low = add_halves(_mm512_sub_epi16(even_low, _mm512_slli_epi16(odd_low, 8)), odd_low),
					high = add_halves(_mm512_sub_epi16(even_high, _mm512_slli_epi16(odd_high, 8)), odd_high),
					sums = _mm512_add_epi16(_mm512_shuffle_i32x4(low, high, 0x88), _mm512_shuffle_i32x4(low, high, 0xDD));

		_mm512_storeu_si512(out, sums);
		return _mm512_cmple_epu16_mask(_mm512_sub_epi16(sums, _mm512_set1_epi16((short) first)),
									   _mm512_set1_epi16((short) more));
	}
};

}	/* namespace */

RV_DEFINE_PRODUCT(avx512, skylake);

#if defined(__clang__) && !defined(RV_EMULATED)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
