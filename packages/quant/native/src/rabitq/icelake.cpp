/*
 * icelake.cpp - RaBitQ with AVX-512 VNNI: bytes are multiplied and added to 32 bits in one instruction.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include "../x86.h"

/* To the end of the unit: GCC instantiates templates with the options in force there. */
#ifndef RV_EMULATED
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni")
#endif
#endif

#include "wide.h"

RV_DECLARE_RABITQ(icelake);

namespace
{

struct vnni
{
	template<int ExBits>
	struct sums
	{
		/* Two chains: each addition waits for the one before it. */
		__m512i		even,
					odd;

		RV_INLINE sums() { even = odd = _mm512_setzero_si512(); }

		RV_INLINE void
		add(__m512i e, const int8_t *q)
		{
			__m512i		sum = _mm512_dpbusd_epi32(even, e, _mm512_loadu_si512(q));

			even = odd;
			odd = sum;
		}

		RV_INLINE void end_chunk() {}
		RV_INLINE int32_t total() { return _mm512_reduce_add_epi32(_mm512_add_epi32(even, odd)); }
	};
};

}	/* namespace */

RV_DEFINE_RABITQ(icelake, wide_kernel<vnni>)
RV_DEFINE_RABITQ_ENCODER(icelake, eight)

#if defined(__clang__) && !defined(RV_EMULATED)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
