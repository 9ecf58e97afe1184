/*
 * skylake.cpp - x86-64 with AVX-512: a panel is one register.
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

#include "nearest.h"

namespace
{

struct avx512
{
	typedef __m512 reg;
	typedef __m512d wide;
	static constexpr size_t lanes = 16,
				rows = 12,
				wide_registers = 1;

	static RV_INLINE reg load(const float *p) { return _mm512_loadu_ps(p); }
	static RV_INLINE void store(float *p, reg a) { _mm512_storeu_ps(p, a); }
	static RV_INLINE reg all(float x) { return _mm512_set1_ps(x); }
	static RV_INLINE reg zero() { return _mm512_setzero_ps(); }
	static RV_INLINE reg least(reg a, reg b) { return _mm512_min_ps(a, b); }
	static RV_INLINE float lowest(reg a) { return _mm512_reduce_min_ps(a); }

	static RV_INLINE reg
	square(reg s, reg a, reg b)
	{
		reg			d = _mm512_sub_ps(a, b);

		return _mm512_fmadd_ps(d, d, s);
	}

	static RV_INLINE uint32_t
	not_above(const float *p, float x)
	{
		return (uint32_t) _mm512_cmp_ps_mask(load(p), all(x), _CMP_LE_OQ);
	}

	static RV_INLINE wide wide_zero() { return _mm512_setzero_pd(); }
	static RV_INLINE void wide_store(double *p, wide a) { _mm512_storeu_pd(p, a); }

	static RV_INLINE wide
	wide_square(wide s, const float *a, const float *b, size_t i)
	{
		wide		d = _mm512_sub_pd(_mm512_cvtps_pd(_mm256_loadu_ps(a + i)), _mm512_cvtps_pd(_mm256_loadu_ps(b + i)));

		return _mm512_add_pd(s, _mm512_mul_pd(d, d));
	}
};

}	/* namespace */

RV_DEFINE_KMEANS(avx512, skylake);

#if defined(__clang__) && !defined(RV_EMULATED)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
