/*
 * haswell.cpp - x86-64 with AVX2 and FMA: two sub-spaces of 4 bits a register.
 */
#include "kernels.h"

#ifdef RV_ARCH_X86_64

#include <immintrin.h>

/* To the end of the unit; see core-simd's dense/haswell.cpp. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#include "scan.h"

namespace
{

struct avx2
{
	typedef __m256 reg;
	typedef __m256d wide;
	typedef __m256i bytes;
	typedef __m256i words;
	static constexpr size_t lanes = 8,
				wide_lanes = 4,
				turn_rows = 6;
	static constexpr uint32_t spaces = 2;

	static RV_INLINE reg load(const float *p) { return _mm256_loadu_ps(p); }
	static RV_INLINE void store(float *p, reg a) { _mm256_storeu_ps(p, a); }
	static RV_INLINE reg all(float x) { return _mm256_set1_ps(x); }
	static RV_INLINE reg zero() { return _mm256_setzero_ps(); }
	static RV_INLINE reg add(reg a, reg b) { return _mm256_add_ps(a, b); }
	static RV_INLINE reg subtract(reg a, reg b) { return _mm256_sub_ps(a, b); }
	static RV_INLINE reg multiply(reg a, reg b) { return _mm256_mul_ps(a, b); }

	/* Loads, one by one: VGATHERDPS is slower on AMD's and no faster on Intel's processors. */
	static RV_INLINE reg
	pick(const float *p, const uint8_t *c)
	{
		return _mm256_setr_ps(p[c[0]], p[c[1]], p[c[2]], p[c[3]], p[c[4]], p[c[5]], p[c[6]], p[c[7]]);
	}

	static RV_INLINE wide wide_zero() { return _mm256_setzero_pd(); }
	static RV_INLINE wide wide_all(float x) { return _mm256_set1_pd((double) x); }
	static RV_INLINE wide wide_load(const float *p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
	static RV_INLINE void wide_store(float *p, wide a) { _mm_storeu_ps(p, _mm256_cvtpd_ps(a)); }
	static RV_INLINE wide wide_fused(wide s, wide a, wide b) { return _mm256_fmadd_pd(a, b, s); }
	static RV_INLINE wide wide_same(double x) { return _mm256_set1_pd(x); }
	static RV_INLINE wide wide_add(wide a, wide b) { return _mm256_add_pd(a, b); }
	static RV_INLINE wide wide_subtract(wide a, wide b) { return _mm256_sub_pd(a, b); }
	static RV_INLINE wide wide_multiply(wide a, wide b) { return _mm256_mul_pd(a, b); }
	static RV_INLINE wide wide_min(wide a, wide b) { return _mm256_min_pd(a, b); }
	static RV_INLINE wide wide_max(wide a, wide b) { return _mm256_max_pd(a, b); }
	static RV_INLINE wide wide_absolute(wide a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }
	static RV_INLINE wide wide_truncate(wide a) { return _mm256_round_pd(a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC); }

	static RV_INLINE double
	wide_least(wide a)
	{
		const __m128d two = _mm_min_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));

		return _mm_cvtsd_f64(_mm_min_sd(two, _mm_unpackhi_pd(two, two)));
	}

	static RV_INLINE double
	wide_most(wide a)
	{
		const __m128d two = _mm_max_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));

		return _mm_cvtsd_f64(_mm_max_sd(two, _mm_unpackhi_pd(two, two)));
	}

	static RV_INLINE void
	wide_bytes(uint8_t *p, wide a)
	{
		const __m128i words = _mm256_cvttpd_epi32(a),
					shorts = _mm_packus_epi32(words, words);
		const int	four = _mm_cvtsi128_si32(_mm_packus_epi16(shorts, shorts));

		__builtin_memcpy(p, &four, sizeof(four));
	}


	static RV_INLINE bytes byte_load(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *) p); }
	static RV_INLINE bytes byte_load_half(const uint8_t *p) { return byte_load(p); }	/* never: spaces are even */
	static RV_INLINE bytes byte_and(bytes x, char b) { return _mm256_and_si256(x, _mm256_set1_epi8(b)); }
	static RV_INLINE bytes byte_high(bytes x) { return byte_and(_mm256_srli_epi16(x, 4), 15); }
	static RV_INLINE bytes byte_pick(bytes table, bytes x) { return _mm256_shuffle_epi8(table, x); }
	static RV_INLINE words as_words(bytes x) { return x; }
	static RV_INLINE words word_zero() { return _mm256_setzero_si256(); }
	static RV_INLINE words word_add(words a, words b) { return _mm256_add_epi16(a, b); }
	static RV_INLINE words word_high(bytes x) { return _mm256_srli_epi16(x, 8); }

	static RV_INLINE void
	add_eight(__m128i sums, bool more, uint32_t *out)
	{
		__m256i		before = more ? _mm256_loadu_si256((const __m256i *) out) : _mm256_setzero_si256();

		_mm256_storeu_si256((__m256i *) out, _mm256_add_epi32(before, _mm256_cvtepu16_epi32(sums)));
	}

	static RV_INLINE void
	word_sums(words even, words odd, bool more, uint32_t *out)
	{
		even = _mm256_sub_epi16(even, _mm256_slli_epi16(odd, 8));
		add_eight(_mm_add_epi16(_mm256_castsi256_si128(even), _mm256_extracti128_si256(even, 1)), more, out);
		add_eight(_mm_add_epi16(_mm256_castsi256_si128(odd), _mm256_extracti128_si256(odd, 1)), more, out + 8);
	}

	/* Whole words: those that are among are 0xFFFF. */
	static RV_INLINE __m256i
	sixteen_among(words even, words odd, uint16_t first, uint16_t more, uint16_t *out)
	{
		even = _mm256_sub_epi16(even, _mm256_slli_epi16(odd, 8));

		const __m256i sums = _mm256_add_epi16(_mm256_permute2x128_si256(even, odd, 0x20),
											  _mm256_permute2x128_si256(even, odd, 0x31)),
					above = _mm256_sub_epi16(sums, _mm256_set1_epi16((short) first));

		_mm256_storeu_si256((__m256i *) out, sums);
		return _mm256_cmpeq_epi16(_mm256_min_epu16(above, _mm256_set1_epi16((short) more)), above);
	}

	static RV_INLINE uint32_t
	word_among(words even_low, words odd_low, words even_high, words odd_high, uint16_t first, uint16_t more,
			   uint16_t *out)
	{
		const __m256i low = sixteen_among(even_low, odd_low, first, more, out),
					high = sixteen_among(even_high, odd_high, first, more, out + 16);

		/* Packing goes by lanes of 16 bytes: low's first eight, high's first eight, and so on. */
		return (uint32_t) _mm256_movemask_epi8(_mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xD8));
	}
};

}	/* namespace */

RV_DEFINE_PRODUCT(avx2, haswell);

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
