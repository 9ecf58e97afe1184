/*
 * neon.cpp - armv8-a, whose baseline has Advanced SIMD: 16 bytes a register,
 * counted by CNT.  Loads know no mask; tails are as in haswell.cpp.
 */
#include "../kernels.h"

#ifdef RV_ARCH_AARCH64

#include <arm_neon.h>

#include "bits.h"

namespace
{

/* 16 clear bytes, then 16 set ones: a mask of the last k bytes starts at k. */
alignas(32) const uint64_t tail_mask[4] = {0, 0, ~0ull, ~0ull};

struct asimd
{
	typedef uint8x16_t reg;
	typedef uint8x16_t acc;
	typedef uint64x2_t wide;
	static constexpr size_t bytes = 16;
	static constexpr size_t word_bytes = 15;	/* a word costs two moves between the files */
	static constexpr size_t pair_word_bytes = 15;
	static constexpr size_t seal_bytes = 0;

	static RV_INLINE acc acc_zero() { return vdupq_n_u8(0); }
	static RV_INLINE wide wide_zero() { return vdupq_n_u64(0); }
	static RV_INLINE reg load(const uint8_t *p) { return vld1q_u8(p); }
	static RV_INLINE acc count(acc s, reg x) { return vaddq_u8(s, vcntq_u8(x)); }
	static RV_INLINE wide fold(acc s) { return vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(s))); }
	static RV_INLINE wide wide_add(wide a, wide b) { return vaddq_u64(a, b); }

	static RV_INLINE reg
	load_tail(const uint8_t *p, size_t k)
	{
		return vandq_u8(load((const uint8_t *) tail_mask + k), load(p + k - bytes));
	}

	template<bool Two>
	static RV_INLINE void
	totals2(wide v, wide w, uint64_t &x, uint64_t &y)
	{
		x += vaddvq_u64(v);
		if (Two)
			y += vaddvq_u64(w);
	}

	static RV_INLINE quad_i32
	totals4(wide a, wide b, wide c, wide d)
	{
		return (quad_i32) vmovn_high_u64(vmovn_u64(vpaddq_u64(a, b)), vpaddq_u64(c, d));
	}
};

}	/* namespace */

RV_DEFINE_BITS(asimd, neon);

#endif							/* RV_ARCH_AARCH64 */
