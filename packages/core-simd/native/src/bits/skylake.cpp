/*
 * skylake.cpp - x86-64 with AVX-512 F, BW, DQ and VL: 64 bytes a register,
 * counted by nibbles as with AVX2.  A full adder is two instructions here, so
 * long vectors gain more by it.
 *
 * Where words end and registers begin is not measured: no such machine here.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include "../x86.h"

/* To the end of the unit; see dense/haswell.cpp. */
#ifndef RV_EMULATED
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi2,popcnt,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c,bmi2,popcnt,avx512f,avx512bw,avx512dq,avx512vl")
#endif
#endif

#include "avx512.h"

namespace
{

struct avx512 : avx512_bits
{
	typedef __m512i acc;		/* bytes */
	static constexpr size_t pair_word_bytes = 64;
	static constexpr size_t seal_bytes = 1024;

	static RV_INLINE acc acc_zero() { return _mm512_setzero_si512(); }

	static RV_INLINE acc
	count(acc s, reg x)
	{
		/* Sixteen counts, 0 1 1 2 first, in each quarter. */
		const reg	table = _mm512_set4_epi32(0x04030302, 0x03020201, 0x03020201, 0x02010100);
		const reg	low = _mm512_set1_epi8(0x0f);
		reg			lows = _mm512_shuffle_epi8(table, _mm512_and_si512(x, low));
		reg			highs = _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(x, 4), low));

		return _mm512_add_epi8(s, _mm512_add_epi8(lows, highs));
	}

	static RV_INLINE wide fold(acc s) { return _mm512_sad_epu8(s, _mm512_setzero_si512()); }

	/* The majority of three bits, and their parity. */
	static RV_INLINE void
	csa(reg &high, reg &low, reg a, reg b, reg c)
	{
		high = _mm512_ternarylogic_epi64(a, b, c, 0xe8);
		low = _mm512_ternarylogic_epi64(a, b, c, 0x96);
	}
};

}	/* namespace */

RV_DEFINE_BITS(avx512, skylake);

#if defined(__clang__) && !defined(RV_EMULATED)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
