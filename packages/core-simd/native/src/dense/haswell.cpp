/*
 * haswell.cpp - x86-64 with AVX2, FMA and F16C: eight floats a register.
 *
 * Tails use vmaskmovps, which does not fault on lanes that the mask leaves
 * out (Intel SDM vol. 2, VMASKMOV).  VCVTPH2PS ignores MXCSR.DAZ.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include <immintrin.h>

/*
 * From here to the end of the unit.  GCC instantiates templates with the
 * options in force at the end, so they are not popped there.
 */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c")
#endif

#include "dense.h"

namespace
{

/* Eight set words, then eight clear ones: a mask of k lanes starts at 8 - k. */
alignas(64) const int32_t tail_mask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

/* One set word: a mask of lane k - 1 starts at 8 - k. */
alignas(32) const uint16_t last_mask[16] = {0, 0, 0, 0, 0, 0, 0, 0xffff};

struct avx2
{
	typedef __m256 reg;
	typedef __m128 quad;
	typedef __m256d wide;
	static constexpr size_t lanes = 8;
	static constexpr size_t registers = 16;
	static constexpr size_t dot_temporaries = 0;

	/* Has a register stay one: GCC would load again for each use. */
	static RV_INLINE void keep(reg &x) { __asm__("" : "+x"(x)); }

	static RV_INLINE reg zero() { return _mm256_setzero_ps(); }
	static RV_INLINE reg load(const float *p) { return _mm256_loadu_ps(p); }
	static RV_INLINE reg add(reg a, reg b) { return _mm256_add_ps(a, b); }
	static RV_INLINE reg dot(reg s, reg a, reg b) { return _mm256_fmadd_ps(a, b, s); }

	static RV_INLINE reg
	load_first(const float *p, size_t k)
	{
		__m256i		mask = _mm256_loadu_si256((const __m256i *) (tail_mask + 8 - k));

		return _mm256_maskload_ps(p, mask);
	}

	static RV_INLINE reg
	load_f16(const uint16_t *p)
	{
		return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) p));
	}

	static RV_INLINE reg
	load_bf16(const uint16_t *p)
	{
		return widen_bf16(_mm_loadu_si128((const __m128i *) p));
	}

	static RV_INLINE reg load_f16_first(const uint16_t *p, size_t k) { return _mm256_cvtph_ps(first_halves(p, k)); }
	static RV_INLINE reg load_bf16_first(const uint16_t *p, size_t k) { return widen_bf16(first_halves(p, k)); }

	static RV_INLINE reg
	widen_bf16(__m128i halves)
	{
		return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
	}

	/* The even words moved up, and the odd ones where they stand: no shuffle, and half the loads. */
	static RV_INLINE void
	load_bf16_two(const uint16_t *p, reg &x, reg &y)
	{
		__m256i		halves = _mm256_loadu_si256((const __m256i *) p);

		x = _mm256_castsi256_ps(_mm256_slli_epi32(halves, 16));
		y = _mm256_castsi256_ps(_mm256_and_si256(halves, _mm256_set1_epi32((int) 0xffff0000)));
	}

	/* There is no masked load of words: pairs of them, and the last, which is there twice where k is even. */
	static RV_INLINE __m128i
	first_halves(const uint16_t *p, size_t k)
	{
		__m128i		pairs = _mm_maskload_epi32((const int *) p, _mm_loadu_si128((const __m128i *) (tail_mask + 8 - k / 2)));
		__m128i		place = _mm_loadu_si128((const __m128i *) (last_mask + 8 - k));

		return _mm_or_si128(pairs, _mm_and_si128(_mm_set1_epi16((short) p[k - 1]), place));
	}

	static RV_INLINE reg
	l2sq(reg s, reg a, reg b)
	{
		reg			d = _mm256_sub_ps(a, b);

		return _mm256_fmadd_ps(d, d, s);
	}

	static RV_INLINE reg
	l1(reg s, reg a, reg b)
	{
		return _mm256_add_ps(s, _mm256_andnot_ps(_mm256_set1_ps(-0.0f), _mm256_sub_ps(a, b)));
	}

	static RV_INLINE float
	sum(reg s)
	{
		__m128		x = _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));

		x = _mm_add_ps(x, _mm_movehl_ps(x, x));
		return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
	}

	static RV_INLINE quad
	sum4(reg a, reg b, reg c, reg d)
	{
		/* In each half: a0+a2, b0+b2, a1+a3, b1+b3; the same for c and d. */
		reg			ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
		reg			cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
		reg			s = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xee));

		return _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
	}

	static RV_INLINE quad add4(quad a, quad b) { return _mm_add_ps(a, b); }
	static RV_INLINE void store4(float *out, quad q) { _mm_storeu_ps(out, q); }

	/* min and max return their second operand when either is NaN. */
	static RV_INLINE quad
	cosine4(quad ab, float aa, quad bb)
	{
		const __m256d one = _mm256_set1_pd(1.0);
		__m256d		norms = _mm256_sqrt_pd(_mm256_mul_pd(_mm256_set1_pd(aa), _mm256_cvtps_pd(bb)));
		__m256d		cosine = _mm256_div_pd(_mm256_cvtps_pd(ab), norms);

		cosine = _mm256_max_pd(_mm256_set1_pd(-1.0), _mm256_min_pd(one, cosine));
		return _mm256_cvtpd_ps(_mm256_sub_pd(one, cosine));
	}

	static RV_INLINE wide wide_zero() { return _mm256_setzero_pd(); }
	static RV_INLINE wide wide_load(const float *p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
	static RV_INLINE wide wide_low(reg s) { return _mm256_cvtps_pd(_mm256_castps256_ps128(s)); }
	static RV_INLINE wide wide_high(reg s) { return _mm256_cvtps_pd(_mm256_extractf128_ps(s, 1)); }
	static RV_INLINE wide wide_add(wide a, wide b) { return _mm256_add_pd(a, b); }
	static RV_INLINE wide wide_square(wide s, wide a) { return _mm256_fmadd_pd(a, a, s); }

	static RV_INLINE double
	wide_sum(wide s)
	{
		__m128d		x = _mm_add_pd(_mm256_castpd256_pd128(s), _mm256_extractf128_pd(s, 1));

		return _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x)));
	}
};

}	/* namespace */

RV_DEFINE_DENSE(avx2, haswell);

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
