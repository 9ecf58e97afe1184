/*
 * neon.cpp - armv8-a: one sub-space of 4 bits a register.
 */
#include "kernels.h"

#ifdef RV_ARCH_AARCH64

#include <arm_neon.h>

#include "scan.h"

namespace
{

struct neon
{
	typedef float32x4_t reg;
	typedef float64x2_t wide;
	typedef uint8x16_t bytes;
	typedef uint16x8_t words;
	static constexpr size_t lanes = 4,
				wide_lanes = 2,
				turn_rows = 6;
	static constexpr uint32_t spaces = 1;

	static RV_INLINE reg load(const float *p) { return vld1q_f32(p); }
	static RV_INLINE void store(float *p, reg a) { vst1q_f32(p, a); }
	static RV_INLINE reg all(float x) { return vdupq_n_f32(x); }
	static RV_INLINE reg zero() { return vdupq_n_f32(0); }
	static RV_INLINE reg add(reg a, reg b) { return vaddq_f32(a, b); }
	static RV_INLINE reg subtract(reg a, reg b) { return vsubq_f32(a, b); }
	static RV_INLINE reg multiply(reg a, reg b) { return vmulq_f32(a, b); }

	static RV_INLINE reg
	pick(const float *p, const uint8_t *c)
	{
		const float x[4] = {p[c[0]], p[c[1]], p[c[2]], p[c[3]]};

		return vld1q_f32(x);
	}

	static RV_INLINE wide wide_zero() { return vdupq_n_f64(0); }
	static RV_INLINE wide wide_all(float x) { return vdupq_n_f64((double) x); }
	static RV_INLINE wide wide_load(const float *p) { return vcvt_f64_f32(vld1_f32(p)); }
	static RV_INLINE void wide_store(float *p, wide a) { vst1_f32(p, vcvt_f32_f64(a)); }
	static RV_INLINE wide wide_fused(wide s, wide a, wide b) { return vfmaq_f64(s, a, b); }
	static RV_INLINE wide wide_same(double x) { return vdupq_n_f64(x); }
	static RV_INLINE wide wide_add(wide a, wide b) { return vaddq_f64(a, b); }
	static RV_INLINE wide wide_subtract(wide a, wide b) { return vsubq_f64(a, b); }
	static RV_INLINE wide wide_multiply(wide a, wide b) { return vmulq_f64(a, b); }
	static RV_INLINE wide wide_min(wide a, wide b) { return vminq_f64(a, b); }
	static RV_INLINE wide wide_max(wide a, wide b) { return vmaxq_f64(a, b); }
	static RV_INLINE wide wide_absolute(wide a) { return vabsq_f64(a); }
	static RV_INLINE wide wide_truncate(wide a) { return vrndq_f64(a); }
	static RV_INLINE double wide_least(wide a) { return vminvq_f64(a); }
	static RV_INLINE double wide_most(wide a) { return vmaxvq_f64(a); }

	static RV_INLINE void
	wide_bytes(uint8_t *p, wide a)
	{
		p[0] = (uint8_t) vgetq_lane_f64(a, 0);
		p[1] = (uint8_t) vgetq_lane_f64(a, 1);
	}


	static RV_INLINE bytes byte_load(const uint8_t *p) { return vld1q_u8(p); }
	static RV_INLINE bytes byte_load_half(const uint8_t *p) { return byte_load(p); }	/* never: one at a time */
	static RV_INLINE bytes byte_and(bytes x, uint8_t b) { return vandq_u8(x, vdupq_n_u8(b)); }
	static RV_INLINE bytes byte_high(bytes x) { return vshrq_n_u8(x, 4); }
	static RV_INLINE bytes byte_pick(bytes table, bytes x) { return vqtbl1q_u8(table, x); }
	static RV_INLINE words as_words(bytes x) { return vreinterpretq_u16_u8(x); }
	static RV_INLINE words word_zero() { return vdupq_n_u16(0); }
	static RV_INLINE words word_add(words a, words b) { return vaddq_u16(a, b); }
	static RV_INLINE words word_high(bytes x) { return vshrq_n_u16(vreinterpretq_u16_u8(x), 8); }

	static RV_INLINE void
	add_eight(words sums, bool more, uint32_t *out)
	{
		const uint32x4_t none = vdupq_n_u32(0);

		vst1q_u32(out, vaddw_u16(more ? vld1q_u32(out) : none, vget_low_u16(sums)));
		vst1q_u32(out + 4, vaddw_high_u16(more ? vld1q_u32(out + 4) : none, sums));
	}

	static RV_INLINE void
	word_sums(words even, words odd, bool more, uint32_t *out)
	{
		add_eight(vsubq_u16(even, vshlq_n_u16(odd, 8)), more, out);
		add_eight(odd, more, out + 8);
	}

	static RV_INLINE uint32_t
	eight_among(words sums, uint16_t first, uint16_t more, uint16_t *out)
	{
		const uint16_t bit[8] = {1, 2, 4, 8, 16, 32, 64, 128};

		vst1q_u16(out, sums);
		return vaddvq_u16(vandq_u16(vcleq_u16(vsubq_u16(sums, vdupq_n_u16(first)), vdupq_n_u16(more)), vld1q_u16(bit)));
	}

	static RV_INLINE uint32_t
	word_among(words even_low, words odd_low, words even_high, words odd_high, uint16_t first, uint16_t more,
			   uint16_t *out)
	{
		return eight_among(vsubq_u16(even_low, vshlq_n_u16(odd_low, 8)), first, more, out) |
			eight_among(odd_low, first, more, out + 8) << 8 |
			eight_among(vsubq_u16(even_high, vshlq_n_u16(odd_high, 8)), first, more, out + 16) << 16 |
			eight_among(odd_high, first, more, out + 24) << 24;
	}
};

}	/* namespace */

RV_DEFINE_PRODUCT(neon, neon);

#endif							/* RV_ARCH_AARCH64 */
