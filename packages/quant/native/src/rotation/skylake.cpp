/*
 * skylake.cpp - the rotation with AVX-512: sixteen coordinates a register.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include "../x86.h"

/* To the end of the unit: GCC instantiates templates with the options in force there. */
#ifndef RV_EMULATED
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl")
#endif
#endif

#include "rotation.h"

RV_DECLARE_ROTATION(skylake);

namespace
{

struct avx512
{
	typedef __m512 reg;
	static constexpr size_t lanes = 16;

	static RV_INLINE reg load(const float *p) { return _mm512_loadu_ps(p); }
	static RV_INLINE void store(float *p, reg x) { _mm512_storeu_ps(p, x); }
	static RV_INLINE reg add(reg a, reg b) { return _mm512_add_ps(a, b); }
	static RV_INLINE reg sub(reg a, reg b) { return _mm512_sub_ps(a, b); }
	static RV_INLINE reg mul(reg a, float by) { return _mm512_mul_ps(a, _mm512_set1_ps(by)); }

	static RV_INLINE __mmask16 first(size_t k) { return (__mmask16) ((1u << k) - 1); }
	static RV_INLINE reg load_first(const float *p, size_t k) { return _mm512_maskz_loadu_ps(first(k), p); }
	static RV_INLINE void store_first(float *p, reg x, size_t k) { _mm512_mask_storeu_ps(p, first(k), x); }

	/* Lanes of `minus` are those of the difference: b of a pair a, b. */
	static RV_INLINE reg
	butterfly(reg x, reg swapped, __mmask16 minus)
	{
		return _mm512_mask_sub_ps(_mm512_add_ps(x, swapped), minus, swapped, x);
	}

	static RV_INLINE reg
	within(reg x)
	{
		x = butterfly(x, _mm512_permute_ps(x, 0xb1), 0xaaaa);
		x = butterfly(x, _mm512_permute_ps(x, 0x4e), 0xcccc);
		x = butterfly(x, _mm512_shuffle_f32x4(x, x, 0xb1), 0xf0f0);
		return butterfly(x, _mm512_shuffle_f32x4(x, x, 0x4e), 0xff00);
	}

	/* Half a register: the levels that are left would add and subtract zeros. */
	static RV_INLINE void
	transform_eight(float *p, float factor)
	{
		reg			x = load_first(p, 8);

		x = butterfly(x, _mm512_permute_ps(x, 0xb1), 0xaaaa);
		x = butterfly(x, _mm512_permute_ps(x, 0x4e), 0xcccc);
		x = butterfly(x, _mm512_shuffle_f32x4(x, x, 0xb1), 0xf0f0);
		store_first(p, mul(x, factor), 8);
	}

	static RV_INLINE void
	flip(float *x, const uint8_t *signs, size_t n)
	{
		const __m512i sign = _mm512_set1_epi32((int) 0x80000000u);
		size_t		i = 0;

		for (; i + 16 <= n; i += 16)
		{
			__mmask16	mask = (__mmask16) (signs[i / 8] | signs[i / 8 + 1] << 8);
			__m512i		bits = _mm512_castps_si512(load(x + i));

			store(x + i, _mm512_castsi512_ps(_mm512_mask_xor_epi32(bits, mask, bits, sign)));
		}
		if (i < n)
		{
			__m512i		bits = _mm512_castps_si512(load_first(x + i, 8));

			bits = _mm512_mask_xor_epi32(bits, signs[i / 8], bits, sign);
			store_first(x + i, _mm512_castsi512_ps(bits), 8);
		}
	}
};

}	/* namespace */

RV_DEFINE_ROTATION(skylake, avx512)

#if defined(__clang__) && !defined(RV_EMULATED)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
