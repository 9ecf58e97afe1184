/*
 * dotprod.cpp - RaBitQ with Advanced SIMD and its dot products of bytes.
 */
#include "../kernels.h"

#ifdef RV_ARCH_AARCH64

/* To the end of the unit. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
/* Before release 16 arm_neon.h goes by the command line alone, and its functions take the target from the line above. */
#if !defined(__ARM_FEATURE_DOTPROD)
#define __ARM_FEATURE_DOTPROD 1
#endif
#else
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif

#include "narrow.h"

RV_DECLARE_RABITQ(dotprod);

namespace
{

struct dot_products
{
	template<int ExBits>
	struct sums
	{
		int32x4_t	total32[4];

		RV_INLINE sums()
		{
			for (int i = 0; i < 4; i++)
				total32[i] = vdupq_n_s32(0);
		}

		RV_INLINE void
		add(const quarters &e, const int8_t *q)
		{
			for (int i = 0; i < 4; i++)
				total32[i] = vdotq_s32(total32[i], vreinterpretq_s8_u8(e.h[i]), vld1q_s8(q + 16 * i));
		}

		RV_INLINE void end_chunk() {}

		RV_INLINE int32_t
		total()
		{
			return vaddvq_s32(vaddq_s32(vaddq_s32(total32[0], total32[1]), vaddq_s32(total32[2], total32[3])));
		}
	};
};

}	/* namespace */

RV_DEFINE_RABITQ(dotprod, narrow_kernel<dot_products>)
RV_DEFINE_RABITQ_ENCODER(dotprod, eight)

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_AARCH64 */
