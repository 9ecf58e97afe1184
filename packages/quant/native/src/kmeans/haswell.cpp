/*
 * haswell.cpp - x86-64 with AVX2 and FMA.
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

#include "nearest.h"

namespace
{

struct avx2
{
	typedef __m256 reg;
	typedef __m256d wide;
	static constexpr size_t lanes = 8,
				rows = 6,
				wide_registers = 2;

	static RV_INLINE reg load(const float *p) { return _mm256_loadu_ps(p); }
	static RV_INLINE void store(float *p, reg a) { _mm256_storeu_ps(p, a); }
	static RV_INLINE reg all(float x) { return _mm256_set1_ps(x); }
	static RV_INLINE reg zero() { return _mm256_setzero_ps(); }
	static RV_INLINE reg least(reg a, reg b) { return _mm256_min_ps(a, b); }

	static RV_INLINE reg
	square(reg s, reg a, reg b)
	{
		reg			d = _mm256_sub_ps(a, b);

		return _mm256_fmadd_ps(d, d, s);
	}

	static RV_INLINE float
	lowest(reg a)
	{
		__m128		x = _mm_min_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));

		x = _mm_min_ps(x, _mm_movehl_ps(x, x));
		return _mm_cvtss_f32(_mm_min_ss(x, _mm_movehdup_ps(x)));
	}

	static RV_INLINE uint32_t
	not_above(const float *p, float x)
	{
		reg			limit = all(x);

		return (uint32_t) _mm256_movemask_ps(_mm256_cmp_ps(load(p), limit, _CMP_LE_OQ)) |
			(uint32_t) _mm256_movemask_ps(_mm256_cmp_ps(load(p + 8), limit, _CMP_LE_OQ)) << 8;
	}

	static RV_INLINE wide wide_zero() { return _mm256_setzero_pd(); }
	static RV_INLINE void wide_store(double *p, wide a) { _mm256_storeu_pd(p, a); }

	static RV_INLINE wide
	wide_square(wide s, const float *a, const float *b, size_t i)
	{
		wide		d = _mm256_sub_pd(_mm256_cvtps_pd(_mm_loadu_ps(a + i)), _mm256_cvtps_pd(_mm_loadu_ps(b + i)));

		return _mm256_add_pd(s, _mm256_mul_pd(d, d));
	}
};

}	/* namespace */

RV_DEFINE_KMEANS(avx2, haswell);

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
