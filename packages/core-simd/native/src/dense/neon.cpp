/*
 * neon.cpp - armv8-a, whose baseline has Advanced SIMD: four floats a
 * register, no target attribute needed.
 */
#include "../kernels.h"

#ifdef RV_ARCH_AARCH64

#include <arm_neon.h>

#include "dense.h"

namespace
{

struct asimd
{
	typedef float32x4_t reg;
	typedef float32x4_t quad;
	typedef float64x2_t wide;
	static constexpr size_t lanes = 4;
	static constexpr size_t registers = 26;	/* of 32: GCC interleaves steps, and spills where all are taken */
	static constexpr size_t dot_temporaries = 0;

	/* Has a register stay one: GCC would load again for each use. */
	static RV_INLINE void keep(reg &x) { __asm__("" : "+w"(x)); }

	static RV_INLINE reg zero() { return vdupq_n_f32(0.0f); }
	static RV_INLINE reg load(const float *p) { return vld1q_f32(p); }
	static RV_INLINE reg add(reg a, reg b) { return vaddq_f32(a, b); }
	static RV_INLINE reg dot(reg s, reg a, reg b) { return vfmaq_f32(s, a, b); }

	static RV_INLINE reg
	load_first(const float *p, size_t k)
	{
		reg			x = vld1q_lane_f32(p, zero(), 0);

		if (k > 1)
			x = vld1q_lane_f32(p + 1, x, 1);
		if (k > 2)
			x = vld1q_lane_f32(p + 2, x, 2);
		return x;
	}

	static RV_INLINE reg load_f16(const uint16_t *p) { return widen_f16(vld1_u16(p)); }
	static RV_INLINE reg load_bf16(const uint16_t *p) { return widen_bf16(vld1_u16(p)); }

	static RV_INLINE reg
	load_f16_first(const uint16_t *p, size_t k)
	{
		return widen_f16(vcreate_u16(first_of_four(p, k)));
	}

	static RV_INLINE reg
	load_bf16_first(const uint16_t *p, size_t k)
	{
		return widen_bf16(vcreate_u16(first_of_four(p, k)));
	}

	static RV_INLINE void
	load_bf16_two(const uint16_t *p, reg &x, reg &y)
	{
		uint16x8_t	halves = vld1q_u16(p);

		x = widen_bf16(vget_low_u16(halves));
		y = vreinterpretq_f32_u32(vshll_high_n_u16(halves, 16));
	}

	/* FCVTL widens subnormal numbers whatever FPCR.FZ and FZ16 say (FPUnpackCV in the Arm ARM). */
	static RV_INLINE reg widen_f16(uint16x4_t halves) { return vcvt_f32_f16(vreinterpret_f16_u16(halves)); }
	static RV_INLINE reg widen_bf16(uint16x4_t halves) { return vreinterpretq_f32_u32(vshll_n_u16(halves, 16)); }

	static RV_INLINE reg
	l2sq(reg s, reg a, reg b)
	{
		reg			d = vsubq_f32(a, b);

		return vfmaq_f32(s, d, d);
	}

	static RV_INLINE reg l1(reg s, reg a, reg b) { return vaddq_f32(s, vabdq_f32(a, b)); }
	static RV_INLINE float sum(reg s) { return vaddvq_f32(s); }

	static RV_INLINE quad
	sum4(reg a, reg b, reg c, reg d)
	{
		return vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d));
	}

	static RV_INLINE quad add4(quad a, quad b) { return vaddq_f32(a, b); }
	static RV_INLINE void store4(float *out, quad q) { vst1q_f32(out, q); }

	static RV_INLINE float64x2_t
	cosine2(float64x2_t ab, double aa, float64x2_t bb)
	{
		const float64x2_t one = vdupq_n_f64(1.0);
		float64x2_t cosine = vdivq_f64(ab, vsqrtq_f64(vmulq_n_f64(bb, aa)));

		/* FMIN and FMAX return NaN when either operand is NaN. */
		return vsubq_f64(one, vmaxq_f64(vdupq_n_f64(-1.0), vminq_f64(one, cosine)));
	}

	static RV_INLINE quad
	cosine4(quad ab, float aa, quad bb)
	{
		float64x2_t low = cosine2(vcvt_f64_f32(vget_low_f32(ab)), aa, vcvt_f64_f32(vget_low_f32(bb)));
		float64x2_t high = cosine2(vcvt_high_f64_f32(ab), aa, vcvt_high_f64_f32(bb));

		return vcvt_high_f32_f64(vcvt_f32_f64(low), high);
	}

	static RV_INLINE wide wide_zero() { return vdupq_n_f64(0.0); }
	static RV_INLINE wide wide_load(const float *p) { return vcvt_f64_f32(vld1_f32(p)); }
	static RV_INLINE wide wide_low(reg s) { return vcvt_f64_f32(vget_low_f32(s)); }
	static RV_INLINE wide wide_high(reg s) { return vcvt_high_f64_f32(s); }
	static RV_INLINE wide wide_add(wide a, wide b) { return vaddq_f64(a, b); }
	static RV_INLINE wide wide_square(wide s, wide a) { return vfmaq_f64(s, a, a); }

	static RV_INLINE double wide_sum(wide s) { return vaddvq_f64(s); }
};

}	/* namespace */

RV_DEFINE_DENSE(asimd, neon);

#endif							/* RV_ARCH_AARCH64 */
