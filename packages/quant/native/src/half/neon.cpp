/*
 * neon.cpp - armv8-a: eight bfloat16 a register of words.
 */
#include "../kernels.h"

#ifdef RV_ARCH_AARCH64

#include <arm_neon.h>

#include "../lanes_neon.h"
#include "half.h"

namespace
{

struct four_floats
{
	typedef float32x4_t floats;
	static constexpr size_t count = 4;

	static RV_INLINE float32x4_t zero() { return vdupq_n_f32(0); }
	static RV_INLINE float32x4_t add(float32x4_t a, float32x4_t b) { return vaddq_f32(a, b); }
	static RV_INLINE float32x4_t subtract(float32x4_t a, float32x4_t b) { return vsubq_f32(a, b); }
	static RV_INLINE float32x4_t fused(float32x4_t a, float32x4_t b, float32x4_t c) { return vfmaq_f32(c, a, b); }
	static RV_INLINE float total(float32x4_t a) { return vaddvq_f32(a); }
	static RV_INLINE float32x4_t load(const float *p) { return vld1q_f32(p); }

	static RV_INLINE float32x4_t
	load(const float *p, size_t k)
	{
		float		few[4] = {};

		__builtin_memcpy(few, p, k * sizeof(float));
		return vld1q_f32(few);
	}

	static RV_INLINE uint32x4_t words(const uint8_t *p) { return vreinterpretq_u32_u8(vld1q_u8(p)); }

	static RV_INLINE uint32x4_t
	words(const uint8_t *p, size_t k)
	{
		uint8_t		few[16] = {};

		__builtin_memcpy(few, p, 4 * k);
		return words(few);
	}

	static RV_INLINE float32x4_t low(uint32x4_t w) { return vreinterpretq_f32_u32(vshlq_n_u32(w, 16)); }
	static RV_INLINE float32x4_t high(uint32x4_t w) { return vreinterpretq_f32_u32(vandq_u32(w, vdupq_n_u32(0xffff0000))); }
};

}	/* namespace */

RV_DEFINE_HALF(four_floats, neon);

#endif							/* RV_ARCH_AARCH64 */
