/*
 * neon.cpp - RaBitQ with Advanced SIMD.
 */
#include "../kernels.h"

#ifdef RV_ARCH_AARCH64

#include "narrow.h"

RV_DECLARE_RABITQ(neon);

namespace
{

struct products
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

		/* Two products of seven-bit numbers fit into sixteen bits. */
		RV_INLINE void
		add(const quarters &e, const int8_t *q)
		{
			for (int i = 0; i < 4; i++)
			{
				int8x16_t	a = vreinterpretq_s8_u8(e.h[i]),
							b = vld1q_s8(q + 16 * i);
				int16x8_t	low = vmull_s8(vget_low_s8(a), vget_low_s8(b));

				total32[i] = vpadalq_s16(total32[i], vmlal_high_s8(low, a, b));
			}
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

RV_DEFINE_RABITQ(neon, narrow_kernel<products>)
RV_DEFINE_RABITQ_ENCODER(neon, eight)

#endif							/* RV_ARCH_AARCH64 */
