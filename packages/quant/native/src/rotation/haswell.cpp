/*
 * haswell.cpp - the rotation with AVX2: eight coordinates a register.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include <immintrin.h>

/* To the end of the unit: GCC instantiates templates with the options in force there. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif

#include "rotation.h"

RV_DECLARE_ROTATION(haswell);

namespace
{

struct avx2
{
	typedef __m256 reg;
	static constexpr size_t lanes = 8;

	static RV_INLINE reg load(const float *p) { return _mm256_loadu_ps(p); }
	static RV_INLINE void store(float *p, reg x) { _mm256_storeu_ps(p, x); }
	static RV_INLINE reg add(reg a, reg b) { return _mm256_add_ps(a, b); }
	static RV_INLINE reg sub(reg a, reg b) { return _mm256_sub_ps(a, b); }
	static RV_INLINE reg mul(reg a, float by) { return _mm256_mul_ps(a, _mm256_set1_ps(by)); }

	/* Half of a multiple of 8 leaves 4. */
	static RV_INLINE reg load_first(const float *p, size_t) { return _mm256_castps128_ps256(_mm_loadu_ps(p)); }
	static RV_INLINE void store_first(float *p, reg x, size_t) { _mm_storeu_ps(p, _mm256_castps256_ps128(x)); }

	/* The lanes of `minus` are those of the difference: b of a pair a, b. */
	static RV_INLINE reg
	butterfly(reg x, reg swapped, reg minus)
	{
		return _mm256_add_ps(swapped, _mm256_xor_ps(x, minus));
	}

	static RV_INLINE reg
	within(reg x)
	{
		const float m = -0.0f;

		x = butterfly(x, _mm256_permute_ps(x, 0xb1), _mm256_setr_ps(0, m, 0, m, 0, m, 0, m));
		x = butterfly(x, _mm256_permute_ps(x, 0x4e), _mm256_setr_ps(0, 0, m, m, 0, 0, m, m));
		return butterfly(x, _mm256_permute2f128_ps(x, x, 0x01), _mm256_setr_ps(0, 0, 0, 0, m, m, m, m));
	}

	/* Eight are a register. */
	static RV_INLINE void transform_eight(float *, float) {}

	static RV_INLINE void
	flip(float *x, const uint8_t *signs, size_t n)
	{
		const __m256i places = _mm256_setr_epi32(31, 30, 29, 28, 27, 26, 25, 24);

		for (size_t i = 0; i < n; i += 8)
		{
			__m256i		bits = _mm256_sllv_epi32(_mm256_set1_epi32(signs[i / 8]), places);
			__m256i		sign = _mm256_and_si256(bits, _mm256_set1_epi32((int) 0x80000000u));

			store(x + i, _mm256_xor_ps(load(x + i), _mm256_castsi256_ps(sign)));
		}
	}
};

}	/* namespace */

RV_DEFINE_ROTATION(haswell, avx2)

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
