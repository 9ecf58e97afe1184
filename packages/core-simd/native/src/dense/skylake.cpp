/*
 * skylake.cpp - x86-64 with AVX-512 F, BW, DQ and VL (Skylake-X, Zen 4 and
 * later): sixteen floats a register, one cache line.
 *
 * Tails are loads under a mask, which do not fault on lanes that the mask
 * leaves out (Intel SDM vol. 1, 15.6.4).
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include "../x86.h"

/* To the end of the unit; see haswell.cpp. */
#if defined(RV_EMULATED)
/* Portable C needs no target. */
#elif defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi2,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c,bmi2,avx512f,avx512bw,avx512dq,avx512vl")
#endif

#include "dense.h"

namespace
{

struct avx512
{
	typedef __m512 reg;
	typedef __m128 quad;
	typedef __m512d wide;
	static constexpr size_t lanes = 16;
	static constexpr size_t registers = 32;
	static constexpr size_t dot_temporaries = 0;

	/* Has a register stay one: GCC would load again for each use. */
	static RV_INLINE void
	keep(reg &x)
	{
#ifndef RV_EMULATED
		__asm__("" : "+v"(x));
#else
		(void) x;
#endif
	}

	static RV_INLINE reg zero() { return _mm512_setzero_ps(); }
	static RV_INLINE reg load(const float *p) { return _mm512_loadu_ps(p); }
	static RV_INLINE reg add(reg a, reg b) { return _mm512_add_ps(a, b); }
	static RV_INLINE reg dot(reg s, reg a, reg b) { return _mm512_fmadd_ps(a, b, s); }

	static RV_INLINE reg
	load_first(const float *p, size_t k)
	{
		return _mm512_maskz_loadu_ps((__mmask16) _bzhi_u32(0xffff, (unsigned) k), p);
	}

	static RV_INLINE reg
	load_f16(const uint16_t *p)
	{
		return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) p));
	}

	static RV_INLINE reg
	load_bf16(const uint16_t *p)
	{
		return widen_bf16(_mm256_loadu_si256((const __m256i *) p));
	}

	static RV_INLINE reg load_f16_first(const uint16_t *p, size_t k) { return _mm512_cvtph_ps(first_halves(p, k)); }
	static RV_INLINE reg load_bf16_first(const uint16_t *p, size_t k) { return widen_bf16(first_halves(p, k)); }

	static RV_INLINE reg
	widen_bf16(__m256i halves)
	{
		return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
	}

	/* As in haswell.cpp. */
	static RV_INLINE void
	load_bf16_two(const uint16_t *p, reg &x, reg &y)
	{
		__m512i		halves = _mm512_loadu_si512(p);

		x = _mm512_castsi512_ps(_mm512_slli_epi32(halves, 16));
		y = _mm512_castsi512_ps(_mm512_and_si512(halves, _mm512_set1_epi32((int) 0xffff0000)));
	}

	static RV_INLINE __m256i
	first_halves(const uint16_t *p, size_t k)
	{
		return _mm256_maskz_loadu_epi16((__mmask16) _bzhi_u32(0xffff, (unsigned) k), p);
	}

	static RV_INLINE reg
	l2sq(reg s, reg a, reg b)
	{
		reg			d = _mm512_sub_ps(a, b);

		return _mm512_fmadd_ps(d, d, s);
	}

	static RV_INLINE reg
	l1(reg s, reg a, reg b)
	{
		return _mm512_add_ps(s, _mm512_andnot_ps(_mm512_set1_ps(-0.0f), _mm512_sub_ps(a, b)));
	}

	static RV_INLINE __m256
	fold(reg s)
	{
		return _mm256_add_ps(_mm512_castps512_ps256(s), _mm512_extractf32x8_ps(s, 1));
	}

	static RV_INLINE float
	sum(reg s)
	{
		__m256		h = fold(s);
		__m128		x = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));

		x = _mm_add_ps(x, _mm_movehl_ps(x, x));
		return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
	}

	static RV_INLINE quad
	sum4(reg a, reg b, reg c, reg d)
	{
		/* In each quarter: a0+a2, b0+b2, a1+a3, b1+b3; the same for c and d. */
		reg			ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
		reg			cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
		__m256		h = fold(_mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee)));

		return _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
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

	static RV_INLINE wide wide_zero() { return _mm512_setzero_pd(); }
	static RV_INLINE wide wide_load(const float *p) { return _mm512_cvtps_pd(_mm256_loadu_ps(p)); }
	static RV_INLINE wide wide_low(reg s) { return _mm512_cvtps_pd(_mm512_castps512_ps256(s)); }
	static RV_INLINE wide wide_high(reg s) { return _mm512_cvtps_pd(_mm512_extractf32x8_ps(s, 1)); }
	static RV_INLINE wide wide_add(wide a, wide b) { return _mm512_add_pd(a, b); }
	static RV_INLINE wide wide_square(wide s, wide a) { return _mm512_fmadd_pd(a, a, s); }

	static RV_INLINE double
	wide_sum(wide s)
	{
		__m256d		h = _mm256_add_pd(_mm512_castpd512_pd256(s), _mm512_extractf64x4_pd(s, 1));
		__m128d		x = _mm_add_pd(_mm256_castpd256_pd128(h), _mm256_extractf128_pd(h, 1));

		return _mm_cvtsd_f64(_mm_add_sd(x, _mm_unpackhi_pd(x, x)));
	}
};

}	/* namespace */

RV_DEFINE_DENSE(avx512, skylake);

#if defined(__clang__) && !defined(RV_EMULATED)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
