/*
 * neon.cpp - armv8-a: a panel is four registers.
 */
#include "kernels.h"

#ifdef RV_ARCH_AARCH64

#include <arm_neon.h>

#include "nearest.h"

namespace
{

struct neon
{
	typedef float32x4_t reg;
	typedef float64x2_t wide;
	static constexpr size_t lanes = 4,
				rows = 5,
				wide_registers = 4;

	static RV_INLINE reg load(const float *p) { return vld1q_f32(p); }
	static RV_INLINE void store(float *p, reg a) { vst1q_f32(p, a); }
	static RV_INLINE reg all(float x) { return vdupq_n_f32(x); }
	static RV_INLINE reg zero() { return vdupq_n_f32(0); }
	static RV_INLINE reg least(reg a, reg b) { return vminq_f32(a, b); }
	static RV_INLINE float lowest(reg a) { return vminvq_f32(a); }

	static RV_INLINE reg
	square(reg s, reg a, reg b)
	{
		reg			d = vsubq_f32(a, b);

		return vfmaq_f32(s, d, d);
	}

	static RV_INLINE uint32_t
	four(const float *p, reg limit)
	{
		static const uint32_t bits[4] = {1, 2, 4, 8};

		return vaddvq_u32(vandq_u32(vcleq_f32(load(p), limit), vld1q_u32(bits)));
	}

	static RV_INLINE uint32_t
	not_above(const float *p, float x)
	{
		reg			limit = all(x);

		return four(p, limit) | four(p + 4, limit) << 4 | four(p + 8, limit) << 8 | four(p + 12, limit) << 12;
	}

	static RV_INLINE wide wide_zero() { return vdupq_n_f64(0); }
	static RV_INLINE void wide_store(double *p, wide a) { vst1q_f64(p, a); }

	static RV_INLINE wide
	wide_square(wide s, const float *a, const float *b, size_t i)
	{
		wide		d = vsubq_f64(vcvt_f64_f32(vld1_f32(a + i)), vcvt_f64_f32(vld1_f32(b + i)));

		return vaddq_f64(s, vmulq_f64(d, d));
	}
};

}	/* namespace */

RV_DEFINE_KMEANS(neon, neon);

#endif							/* RV_ARCH_AARCH64 */
