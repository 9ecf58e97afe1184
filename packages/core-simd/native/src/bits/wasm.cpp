/*
 * wasm.cpp - WebAssembly SIMD: 16 bytes a register, counted by i8x16.popcnt.
 * Loads know no mask; tails are as in haswell.cpp.
 */
#include "../kernels.h"

#ifdef RV_ARCH_WASM

#include <wasm_simd128.h>

#include "bits.h"

namespace
{

/* 16 clear bytes, then 16 set ones: a mask of the last k bytes starts at k. */
alignas(32) const uint64_t tail_mask[4] = {0, 0, ~0ull, ~0ull};

struct simd128
{
	typedef v128_t reg;
	typedef v128_t acc;			/* bytes */
	typedef v128_t wide;
	static constexpr size_t bytes = 16;
	static constexpr size_t word_bytes = 15;
	static constexpr size_t pair_word_bytes = 15;
	static constexpr size_t seal_bytes = 0;

	static RV_INLINE acc acc_zero() { return wasm_i64x2_const(0, 0); }
	static RV_INLINE wide wide_zero() { return wasm_i64x2_const(0, 0); }
	static RV_INLINE reg load(const uint8_t *p) { return wasm_v128_load(p); }
	static RV_INLINE acc count(acc s, reg x) { return wasm_i8x16_add(s, wasm_i8x16_popcnt(x)); }
	static RV_INLINE wide wide_add(wide a, wide b) { return wasm_i64x2_add(a, b); }

	static RV_INLINE reg
	load_tail(const uint8_t *p, size_t k)
	{
		return wasm_v128_and(load((const uint8_t *) tail_mask + k), load(p + k - bytes));
	}

	static RV_INLINE wide
	fold(acc s)
	{
		v128_t		x = wasm_u32x4_extadd_pairwise_u16x8(wasm_u16x8_extadd_pairwise_u8x16(s));

		return wasm_i64x2_add(wasm_u64x2_extend_low_u32x4(x), wasm_u64x2_extend_high_u32x4(x));
	}

	static RV_INLINE uint64_t
	total(wide w)
	{
		return (uint64_t) wasm_i64x2_extract_lane(w, 0) + (uint64_t) wasm_i64x2_extract_lane(w, 1);
	}

	template<bool Two>
	static RV_INLINE void
	totals2(wide v, wide w, uint64_t &x, uint64_t &y)
	{
		x += total(v);
		if (Two)
			y += total(w);
	}

	static RV_INLINE quad_i32
	totals4(wide a, wide b, wide c, wide d)
	{
		/* As words of 32 bits: a0 b0 a1 b1; the same for c and d. */
		v128_t		ab = wasm_v128_or(a, wasm_i64x2_shl(b, 32));
		v128_t		cd = wasm_v128_or(c, wasm_i64x2_shl(d, 32));

		return (quad_i32) wasm_i32x4_add(wasm_i64x2_shuffle(ab, cd, 0, 2), wasm_i64x2_shuffle(ab, cd, 1, 3));
	}
};

}	/* namespace */

RV_DEFINE_BITS(simd128, wasm);

#endif							/* RV_ARCH_WASM */
