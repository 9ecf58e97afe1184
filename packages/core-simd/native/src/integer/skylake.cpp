/*
 * skylake.cpp - x86-64 with AVX-512: 32 bytes widened to 16 bits a register.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include "../x86.h"

/* To the end of the unit; see dense/haswell.cpp. */
#if defined(RV_EMULATED)
/* Portable C needs no target. */
#elif defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl")
#endif

#include "integer.h"
#include "lanes512.h"

namespace
{

template<bool S>
struct widened : uncorrected<sixteen_lanes>
{
	typedef sixteen_lanes::reg reg;
	static constexpr size_t bytes = 32;

	static RV_INLINE reg widen(__m256i x) { return S ? _mm512_cvtepi8_epi16(x) : _mm512_cvtepu8_epi16(x); }
	static RV_INLINE reg load(const uint8_t *p) { return widen(_mm256_loadu_si256((const __m256i *) p)); }

	static RV_INLINE reg
	load_rest(const uint8_t *p, size_t i, size_t n)
	{
		return widen(_mm256_maskz_loadu_epi8((__mmask32) _bzhi_u32(0xffffffff, (unsigned) (n - i)), p + i));
	}

	static RV_INLINE reg load_few(const uint8_t *p, size_t n) { return load_rest(p, 0, n); }
};

template<bool S>
struct avx512
{
	typedef sixteen_lanes::reg reg;
	typedef sixteen_lanes::acc acc;

	struct dot : widened<S>
	{
		static RV_INLINE void step(acc &s, reg a, reg b) { s += (acc) _mm512_madd_epi16(a, b); }
	};

	struct l2sq : widened<S>
	{
		static RV_INLINE void
		step(acc &s, reg a, reg b)
		{
			reg			d = _mm512_sub_epi16(a, b);

			s += (acc) _mm512_madd_epi16(d, d);
		}
	};

	typedef absolute_differences<S> l1;
};

}	/* namespace */

RV_DEFINE_INTEGER(avx512, skylake);

#if defined(__clang__) && !defined(RV_EMULATED)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
