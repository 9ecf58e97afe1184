/*
 * neon.h - what the two units for armv8 share: sixteen bytes a register, sums in four lanes.
 */
#ifndef RUVECTOR_INTEGER_NEON_H
#define RUVECTOR_INTEGER_NEON_H

#include <arm_neon.h>

#include "integer.h"
#include "partial.h"

namespace
{

struct registers
{
	typedef uint8x16_t reg;
	typedef int32x4_t acc;
	typedef int32x4_t quad;
};

template<bool S>
struct neon_bytes : uncorrected<registers>
{
	typedef registers::reg reg;
	typedef registers::acc acc;
	static constexpr size_t bytes = 16;
	static constexpr size_t least = 16;

	static RV_INLINE reg load(const uint8_t *p) { return vld1q_u8(p); }

	static RV_INLINE reg
	load_rest(const uint8_t *p, size_t i, size_t n)
	{
		return vandq_u8(vld1q_u8(p + n - 16), vld1q_u8(rest_mask(16, n - i)));
	}

	static RV_INLINE reg
	load_few(const uint8_t *p, size_t n)
	{
		uint64_t	low,
					high;

		fewer_than_sixteen(p, n, &low, &high);
		return vcombine_u8(vcreate_u8(low), vcreate_u8(high));
	}

	static RV_INLINE acc zero() { return vdupq_n_s32(0); }
	static RV_INLINE acc add(acc s, acc t) { return vaddq_s32(s, t); }
	static RV_INLINE int32_t sum(acc s) { return vaddvq_s32(s); }

	static RV_INLINE acc
	sum4(acc a, acc b, acc c, acc d)
	{
		return vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d));
	}

	static RV_INLINE void store4(float *out, acc q) { vst1q_f32(out, vcvtq_f32_s32(q)); }

	static RV_INLINE void
	cosine4(float *out, acc ab, double aa, acc bb)
	{
		int32_t		products[4],
					squares[4];

		vst1q_s32(products, ab);
		vst1q_s32(squares, bb);
		for (size_t r = 0; r < 4; r++)
			out[r] = (float) cosine_distance(products[r], aa, squares[r]);
	}

	/* |a - b|, unsigned. */
	static RV_INLINE reg
	difference(reg a, reg b)
	{
		return S ? vreinterpretq_u8_s8(vabdq_s8(vreinterpretq_s8_u8(a), vreinterpretq_s8_u8(b))) : vabdq_u8(a, b);
	}

	/* Sums stay below 2^31, so their lanes may be taken for unsigned ones. */
	static RV_INLINE uint32x4_t lanes_of(acc s) { return vreinterpretq_u32_s32(s); }
	static RV_INLINE acc sums_of(uint32x4_t s) { return vreinterpretq_s32_u32(s); }
};

}	/* namespace */

#endif							/* RUVECTOR_INTEGER_NEON_H */
