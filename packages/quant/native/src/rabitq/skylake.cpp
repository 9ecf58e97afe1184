/*
 * skylake.cpp - RaBitQ with AVX-512 F, BW, DQ and VL.
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

#include "wide.h"

RV_DECLARE_RABITQ(skylake);

namespace
{

struct words
{
	/* Sixteen-bit words, emptied before they can overflow: as in haswell.cpp. */
	template<int ExBits>
	struct sums
	{
		static constexpr int most = (1 << ExBits) - 1;
		static constexpr int free_additions = 32767 / (2 * 127 * most);
		static constexpr int free_chunks = free_additions / 4;

		__m512i		words,
					total32;
		int			added = 0,
					chunks = 0;

		RV_INLINE sums() { words = total32 = _mm512_setzero_si512(); }

		RV_INLINE void
		flush()
		{
			total32 = _mm512_add_epi32(total32, _mm512_madd_epi16(words, _mm512_set1_epi16(1)));
			words = _mm512_setzero_si512();
		}

		RV_INLINE void
		add(__m512i e, const int8_t *q)
		{
			words = _mm512_add_epi16(words, _mm512_maddubs_epi16(e, _mm512_loadu_si512(q)));
			if (free_additions < 4 && ++added == free_additions)
			{
				flush();
				added = 0;
			}
		}

		RV_INLINE void
		end_chunk()
		{
			if (free_additions < 4)
			{
				if (added != 0)
					flush();
				added = 0;
			}
			else if (++chunks == free_chunks)
			{
				flush();
				chunks = 0;
			}
		}

		RV_INLINE int32_t
		total()
		{
			flush();
			return _mm512_reduce_add_epi32(total32);
		}
	};
};

}	/* namespace */

RV_DEFINE_RABITQ(skylake, wide_kernel<words>)
RV_DEFINE_RABITQ_ENCODER(skylake, eight)

#if defined(__clang__) && !defined(RV_EMULATED)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
