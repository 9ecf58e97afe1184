/*
 * neon.cpp - armv8-a, whose baseline converts to and from binary16: eight
 * elements at a time.
 *
 * FCVTL and FCVTN read and write subnormal halves as they are; FPCR.FZ is for
 * float32 and float64 (Arm ARM, "Flushing denormalized numbers to zero").
 */
#include "../kernels.h"

#ifdef RV_ARCH_AARCH64

#include <arm_neon.h>

#include "convert.h"

namespace
{

alignas(8) const uint8_t weights[8] = {128, 64, 32, 16, 8, 4, 2, 1};

struct asimd
{
	struct wide
	{
		float64x2_t at[4];
	};

	static constexpr size_t lanes = 8;
	static constexpr size_t f32_bits = 8;
	static constexpr size_t f16_bits = 8;
	static constexpr size_t i8_bits = 16;

	static RV_INLINE float32x4_t widen_low(uint16x8_t x) { return vcvt_f32_f16(vreinterpret_f16_u16(vget_low_u16(x))); }
	static RV_INLINE float32x4_t widen_high(uint16x8_t x) { return vcvt_high_f32_f16(vreinterpretq_f16_u16(x)); }

	static RV_INLINE void
	f16_to_f32(const uint16_t *from, float *to)
	{
		uint16x8_t	x = vld1q_u16(from);

		vst1q_f32(to, widen_low(x));
		vst1q_f32(to + 4, widen_high(x));
	}

	static RV_INLINE uint16x8_t
	narrow_f16_bits(float32x4_t low, float32x4_t high)
	{
		return vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(low), high));
	}

	static RV_INLINE void
	f32_to_f16(const float *from, uint16_t *to)
	{
		vst1q_u16(to, narrow_f16_bits(vld1q_f32(from), vld1q_f32(from + 4)));
	}

	static RV_INLINE uint32x4_t bf16_low(uint16x8_t x) { return vshll_n_u16(vget_low_u16(x), 16); }
	static RV_INLINE uint32x4_t bf16_high(uint16x8_t x) { return vshll_high_n_u16(x, 16); }

	/* All set where the pattern of a float32 is NaN. */
	static RV_INLINE uint32x4_t
	nan_mask(uint32x4_t bits)
	{
		return vcgtq_u32(vandq_u32(bits, vdupq_n_u32(0x7fffffff)), vdupq_n_u32(0x7f800000));
	}

	static RV_INLINE uint32x4_t
	quiet(uint32x4_t bits)
	{
		return vorrq_u32(bits, vandq_u32(nan_mask(bits), vdupq_n_u32(0x400000)));
	}

	static RV_INLINE void
	bf16_to_f32(const uint16_t *from, float *to)
	{
		uint16x8_t	x = vld1q_u16(from);

		vst1q_f32(to, vreinterpretq_f32_u32(quiet(bf16_low(x))));
		vst1q_f32(to + 4, vreinterpretq_f32_u32(quiet(bf16_high(x))));
	}

	/* The lower half of each word is the result's. */
	static RV_INLINE uint32x4_t
	narrow_bf16_words(uint32x4_t bits)
	{
		uint32x4_t	upper = vshrq_n_u32(bits, 16);
		uint32x4_t	even = vandq_u32(upper, vdupq_n_u32(1));
		uint32x4_t	sum = vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7fff)), even);

		return vbslq_u32(nan_mask(bits), vorrq_u32(upper, vdupq_n_u32(0x40)), vshrq_n_u32(sum, 16));
	}

	static RV_INLINE uint16x8_t
	narrow_bf16_bits(float32x4_t low, float32x4_t high)
	{
		return vmovn_high_u32(vmovn_u32(narrow_bf16_words(vreinterpretq_u32_f32(low))),
							  narrow_bf16_words(vreinterpretq_u32_f32(high)));
	}

	static RV_INLINE void
	f32_to_bf16(const float *from, uint16_t *to)
	{
		vst1q_u16(to, narrow_bf16_bits(vld1q_f32(from), vld1q_f32(from + 4)));
	}

	static RV_INLINE wide
	wide_zero()
	{
		const float64x2_t zero = vdupq_n_f64(0.0);

		return wide{{zero, zero, zero, zero}};
	}

	static RV_INLINE wide
	widen(float32x4_t low, float32x4_t high)
	{
		return wide{{vcvt_f64_f32(vget_low_f32(low)), vcvt_high_f64_f32(low),
		vcvt_f64_f32(vget_low_f32(high)), vcvt_high_f64_f32(high)}};
	}

	static RV_INLINE wide load_f32(const float *p) { return widen(vld1q_f32(p), vld1q_f32(p + 4)); }

	static RV_INLINE wide
	load_f16(const uint16_t *p)
	{
		uint16x8_t	x = vld1q_u16(p);

		return widen(widen_low(x), widen_high(x));
	}

	/* The fractions of subnormal numbers, and zero for others. */
	static RV_INLINE uint32x4_t
	subnormal(uint32x4_t bits)
	{
		uint32x4_t	magnitude = vandq_u32(bits, vdupq_n_u32(0x7fffffff));

		return vandq_u32(magnitude, vcltq_u32(magnitude, vdupq_n_u32(0x800000)));
	}

	/* What FPCR.FZ may have made a zero of that sign is put in again, as a multiple of 2^-149. */
	static RV_INLINE float64x2_t
	with_subnormal(float64x2_t x, uint32x2_t fractions)
	{
		float64x2_t multiple = vmulq_n_f64(vcvtq_f64_u64(vmovl_u32(fractions)), (double) f32_least);

		return vreinterpretq_f64_u64(vorrq_u64(vreinterpretq_u64_f64(x), vreinterpretq_u64_f64(multiple)));
	}

	static RV_INLINE wide
	load_bf16(const uint16_t *p)
	{
		uint16x8_t	halves = vld1q_u16(p);
		uint32x4_t	low = bf16_low(halves), high = bf16_high(halves);
		wide		x = widen(vreinterpretq_f32_u32(low), vreinterpretq_f32_u32(high));

		low = subnormal(low);
		high = subnormal(high);
		x.at[0] = with_subnormal(x.at[0], vget_low_u32(low));
		x.at[1] = with_subnormal(x.at[1], vget_high_u32(low));
		x.at[2] = with_subnormal(x.at[2], vget_low_u32(high));
		x.at[3] = with_subnormal(x.at[3], vget_high_u32(high));
		return x;
	}

	static RV_INLINE void
	add_squares(wide &s, wide x)
	{
		for (int i = 0; i < 4; i++)
			s.at[i] = vfmaq_f64(s.at[i], x.at[i], x.at[i]);
	}

	static RV_INLINE double
	wide_sum(wide s)
	{
		return vaddvq_f64(vaddq_f64(vaddq_f64(s.at[0], s.at[1]), vaddq_f64(s.at[2], s.at[3])));
	}

	static RV_INLINE wide
	divide(wide x, double norm)
	{
		for (int i = 0; i < 4; i++)
			x.at[i] = vdivq_f64(x.at[i], vdupq_n_f64(norm));
		return x;
	}

	/* FCVTXN rounds to odd whatever the size, and store_bf16 needs no help. */
	static RV_INLINE bool has_tiny(wide) { return false; }

	static RV_INLINE float32x4_t to_odd(float64x2_t x, float64x2_t y) { return vcvtx_high_f32_f64(vcvtx_f32_f64(x), y); }

	static RV_INLINE void
	store_f32(float *p, wide x)
	{
		vst1q_f32(p, vcvt_high_f32_f64(vcvt_f32_f64(x.at[0]), x.at[1]));
		vst1q_f32(p + 4, vcvt_high_f32_f64(vcvt_f32_f64(x.at[2]), x.at[3]));
	}

	static RV_INLINE void
	store_f16(uint16_t *p, wide x)
	{
		vst1q_u16(p, narrow_f16_bits(to_odd(x.at[0], x.at[1]), to_odd(x.at[2], x.at[3])));
	}

	static RV_INLINE void
	store_bf16(uint16_t *p, wide x)
	{
		vst1q_u16(p, narrow_bf16_bits(to_odd(x.at[0], x.at[1]), to_odd(x.at[2], x.at[3])));
	}

	/* Each element's own bit where its byte is set, added up. */
	static RV_INLINE uint8_t weigh(uint8x8_t mask) { return vaddv_u8(vand_u8(mask, vld1_u8(weights))); }

	static RV_INLINE uint16x4_t
	f32_mask(const float *p)
	{
		int32x4_t	x = vreinterpretq_s32_f32(vld1q_f32(p));

		return vmovn_u32(vandq_u32(vcgtzq_s32(x), vcleq_s32(x, vdupq_n_s32(0x7f800000))));
	}

	static RV_INLINE void
	f32_to_bits(const float *from, uint8_t *to)
	{
		*to = weigh(vmovn_u16(vcombine_u16(f32_mask(from), f32_mask(from + 4))));
	}

	static RV_INLINE void
	f16_to_bits(const uint16_t *from, uint8_t *to)
	{
		int16x8_t	x = vreinterpretq_s16_u16(vld1q_u16(from));

		*to = weigh(vmovn_u16(vandq_u16(vcgtzq_s16(x), vcleq_s16(x, vdupq_n_s16(0x7c00)))));
	}

	static RV_INLINE void
	i8_to_bits(const int8_t *from, uint8_t *to)
	{
		uint8x16_t	positive = vcgtzq_s8(vld1q_s8(from));

		to[0] = weigh(vget_low_u8(positive));
		to[1] = weigh(vget_high_u8(positive));
	}
};

}	/* namespace */

RV_DEFINE_CONVERT(asimd, neon);

#endif							/* RV_ARCH_AARCH64 */
