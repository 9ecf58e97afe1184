/*
 * haswell.cpp - x86-64 with AVX2 and FMA: sixteen bfloat16 a register of words.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

/* To the end of the unit; see core-simd's dense/haswell.cpp. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#include "../lanes_avx2.h"
#include "half.h"

namespace
{

/* Masks for the first words of a register. */
alignas(32) const int32_t word_masks[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

struct eight_floats
{
	typedef __m256 floats;
	static constexpr size_t count = 8;

	static RV_INLINE __m256 zero() { return _mm256_setzero_ps(); }
	static RV_INLINE __m256 add(__m256 a, __m256 b) { return _mm256_add_ps(a, b); }
	static RV_INLINE __m256 subtract(__m256 a, __m256 b) { return _mm256_sub_ps(a, b); }
	static RV_INLINE __m256 fused(__m256 a, __m256 b, __m256 c) { return _mm256_fmadd_ps(a, b, c); }
	static RV_INLINE __m256i first(size_t k) { return _mm256_loadu_si256((const __m256i *) (word_masks + 8 - k)); }
	static RV_INLINE __m256 load(const float *p) { return _mm256_loadu_ps(p); }
	static RV_INLINE __m256 load(const float *p, size_t k) { return _mm256_maskload_ps(p, first(k)); }
	static RV_INLINE __m256i words(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *) p); }

	static RV_INLINE __m256i
	words(const uint8_t *p, size_t k)
	{
		return _mm256_maskload_epi32((const int *) (const void *) p, first(k));
	}

	static RV_INLINE __m256 low(__m256i w) { return _mm256_castsi256_ps(_mm256_slli_epi32(w, 16)); }

	static RV_INLINE __m256
	high(__m256i w)
	{
		return _mm256_castsi256_ps(_mm256_and_si256(w, _mm256_set1_epi32((int) 0xffff0000)));
	}

	static RV_INLINE float
	total(__m256 a)
	{
		__m128		x = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));

		x = _mm_add_ps(x, _mm_movehl_ps(x, x));
		return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
	}
};

}	/* namespace */

RV_DEFINE_HALF(eight_floats, haswell);

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
