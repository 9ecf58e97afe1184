/*
 * icelake.cpp - x86-64 with AVX-512 VPOPCNTDQ: the processor counts, 64 bits a
 * lane, and nothing is left to save by adders.
 *
 * Where words end and registers begin is not measured: no such machine here.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include "../x86.h"

/* To the end of the unit; see dense/haswell.cpp. */
#ifndef RV_EMULATED
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi2,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c,bmi2,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq")
#endif
#endif

#include "avx512.h"

namespace
{

struct vpopcnt : avx512_bits
{
	typedef __m512i acc;		/* 64-bit sums already */
	static constexpr size_t pair_word_bytes = 32;
	static constexpr size_t seal_bytes = 0;

	static RV_INLINE acc acc_zero() { return _mm512_setzero_si512(); }
	static RV_INLINE acc count(acc s, reg x) { return _mm512_add_epi64(s, _mm512_popcnt_epi64(x)); }
	static RV_INLINE wide fold(acc s) { return s; }
};

}	/* namespace */

RV_DEFINE_BITS(vpopcnt, icelake);

#if defined(__clang__) && !defined(RV_EMULATED)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
