/*
 * neon.cpp - the rotation with Advanced SIMD: four coordinates a register.
 */
#include "../kernels.h"

#ifdef RV_ARCH_AARCH64

#include <arm_neon.h>

#include "rotation.h"

RV_DECLARE_ROTATION(neon);

namespace
{

struct neon
{
	typedef float32x4_t reg;
	static constexpr size_t lanes = 4;

	static RV_INLINE reg load(const float *p) { return vld1q_f32(p); }
	static RV_INLINE void store(float *p, reg x) { vst1q_f32(p, x); }
	static RV_INLINE reg add(reg a, reg b) { return vaddq_f32(a, b); }
	static RV_INLINE reg sub(reg a, reg b) { return vsubq_f32(a, b); }
	static RV_INLINE reg mul(reg a, float by) { return vmulq_n_f32(a, by); }

	/* Half of a multiple of 8 leaves nothing. */
	static RV_INLINE reg load_first(const float *, size_t) { return vdupq_n_f32(0); }
	static RV_INLINE void store_first(float *, reg, size_t) {}

	static RV_INLINE reg negate(reg x, uint32x4_t sign)
	{
		return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(x), sign));
	}

	static RV_INLINE reg
	within(reg x)
	{
		const uint32x4_t odd = vreinterpretq_u32_u64(vdupq_n_u64((uint64_t) 0x80000000u << 32));
		const uint32x4_t upper = vcombine_u32(vdup_n_u32(0), vdup_n_u32(0x80000000u));

		x = vaddq_f32(vrev64q_f32(x), negate(x, odd));
		return vaddq_f32(vextq_f32(x, x, 2), negate(x, upper));
	}

	/* Eight are two registers. */
	static RV_INLINE void transform_eight(float *, float) {}

	static RV_INLINE void
	flip(float *x, const uint8_t *signs, size_t n)
	{
		static const int32_t places[8] = {31, 30, 29, 28, 27, 26, 25, 24};
		const int32x4_t low = vld1q_s32(places),
					high = vld1q_s32(places + 4);
		const uint32x4_t sign = vdupq_n_u32(0x80000000u);

		for (size_t i = 0; i < n; i += 8)
		{
			uint32x4_t	bits = vdupq_n_u32(signs[i / 8]);

			store(x + i, negate(load(x + i), vandq_u32(vshlq_u32(bits, low), sign)));
			store(x + i + 4, negate(load(x + i + 4), vandq_u32(vshlq_u32(bits, high), sign)));
		}
	}
};

}	/* namespace */

RV_DEFINE_ROTATION(neon, neon)

#endif							/* RV_ARCH_AARCH64 */
