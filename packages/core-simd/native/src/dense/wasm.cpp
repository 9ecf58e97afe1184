/*
 * wasm.cpp - WebAssembly with 128-bit vectors: four floats a register, no fused multiply-add.
 *
 * A load outside of the memory traps, and inside it there is no page that must not be read; tails are partial all the
 * same, since what lies behind the vector may be NaN.
 */
#include "../kernels.h"

#ifdef RV_ARCH_WASM

#include <wasm_simd128.h>

#include "dense.h"

namespace
{

struct simd128
{
	typedef v128_t reg;
	typedef v128_t quad;
	typedef v128_t wide;
	static constexpr size_t lanes = 4;
	static constexpr size_t registers = 16;
	static constexpr size_t dot_temporaries = 1;

	static RV_INLINE void keep(reg &) {}
	static RV_INLINE reg zero() { return wasm_f32x4_const_splat(0.0f); }
	static RV_INLINE reg load(const float *p) { return wasm_v128_load(p); }
	static RV_INLINE reg add(reg a, reg b) { return wasm_f32x4_add(a, b); }
	static RV_INLINE reg dot(reg s, reg a, reg b) { return wasm_f32x4_add(s, wasm_f32x4_mul(a, b)); }

	static RV_INLINE reg
	load_first(const float *p, size_t k)
	{
		if (k == 1)
			return wasm_v128_load32_zero(p);
		if (k == 2)
			return wasm_v128_load64_zero(p);
		return wasm_v128_load32_lane(p + 2, wasm_v128_load64_zero(p), 2);
	}

	static RV_INLINE reg load_f16(const uint16_t *p) { return widen_f16(wasm_u32x4_load16x4(p)); }
	static RV_INLINE reg load_bf16(const uint16_t *p) { return wasm_i32x4_shl(wasm_u32x4_load16x4(p), 16); }

	/* The even words moved up, and the odd ones where they stand. */
	static RV_INLINE void
	load_bf16_two(const uint16_t *p, reg &x, reg &y)
	{
		v128_t		halves = wasm_v128_load(p);

		x = wasm_i32x4_shl(halves, 16);
		y = wasm_v128_and(halves, wasm_i32x4_const_splat((int) 0xffff0000));
	}

	static RV_INLINE reg
	load_f16_first(const uint16_t *p, size_t k)
	{
		uint64_t	words = first_of_four(p, k);

		return load_f16((const uint16_t *) &words);
	}

	static RV_INLINE reg
	load_bf16_first(const uint16_t *p, size_t k)
	{
		uint64_t	words = first_of_four(p, k);

		return load_bf16((const uint16_t *) &words);
	}

	/*
	 * Exponent and fraction, moved to their places, are 2^-112 of the value; the product is exact, since WebAssembly has
	 * subnormal numbers always.  Infinity and NaN get the exponent that the product has not.
	 */
	static RV_INLINE reg
	widen_f16(v128_t halves)
	{
		v128_t		magnitude = wasm_i32x4_shl(wasm_v128_and(halves, wasm_i32x4_const_splat(0x7fff)), 13);
		v128_t		sign = wasm_i32x4_shl(wasm_v128_and(halves, wasm_i32x4_const_splat(0x8000)), 16);
		v128_t		special = wasm_i32x4_ge(magnitude, wasm_i32x4_const_splat(0x0f800000));
		v128_t		value = wasm_f32x4_mul(magnitude, wasm_f32x4_const_splat(0x1p112f));

		value = wasm_v128_or(value, wasm_v128_and(special, wasm_i32x4_const_splat(0x7f800000)));
		return wasm_v128_or(value, sign);
	}

	static RV_INLINE reg
	l2sq(reg s, reg a, reg b)
	{
		reg			d = wasm_f32x4_sub(a, b);

		return wasm_f32x4_add(s, wasm_f32x4_mul(d, d));
	}

	static RV_INLINE reg l1(reg s, reg a, reg b) { return wasm_f32x4_add(s, wasm_f32x4_abs(wasm_f32x4_sub(a, b))); }

	static RV_INLINE float
	sum(reg s)
	{
		return (wasm_f32x4_extract_lane(s, 0) + wasm_f32x4_extract_lane(s, 2)) +
			(wasm_f32x4_extract_lane(s, 1) + wasm_f32x4_extract_lane(s, 3));
	}

	/* A transposition and three additions. */
	static RV_INLINE quad
	sum4(reg a, reg b, reg c, reg d)
	{
		v128_t		ab_low = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), ab_high = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
		v128_t		cd_low = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), cd_high = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
		v128_t		ab = wasm_f32x4_add(ab_low, ab_high), cd = wasm_f32x4_add(cd_low, cd_high);

		return wasm_f32x4_add(wasm_i64x2_shuffle(ab, cd, 0, 2), wasm_i64x2_shuffle(ab, cd, 1, 3));
	}

	static RV_INLINE quad add4(quad a, quad b) { return wasm_f32x4_add(a, b); }
	static RV_INLINE void store4(float *out, quad q) { wasm_v128_store(out, q); }

	static RV_INLINE v128_t
	cosine2(v128_t ab, double aa, v128_t bb)
	{
		const v128_t one = wasm_f64x2_const_splat(1.0);
		v128_t		cosine = wasm_f64x2_div(ab, wasm_f64x2_sqrt(wasm_f64x2_mul(wasm_f64x2_splat(aa), bb)));

		/* min and max give NaN where either operand is NaN. */
		return wasm_f64x2_sub(one, wasm_f64x2_max(wasm_f64x2_const_splat(-1.0), wasm_f64x2_min(one, cosine)));
	}

	static RV_INLINE quad
	cosine4(quad ab, float aa, quad bb)
	{
		v128_t		low = cosine2(wasm_f64x2_promote_low_f32x4(ab), aa, wasm_f64x2_promote_low_f32x4(bb));
		v128_t		high = cosine2(wide_high(ab), aa, wide_high(bb));

		return wasm_i64x2_shuffle(wasm_f32x4_demote_f64x2_zero(low), wasm_f32x4_demote_f64x2_zero(high), 0, 2);
	}

	static RV_INLINE wide wide_zero() { return wasm_f64x2_const_splat(0.0); }
	static RV_INLINE wide wide_load(const float *p) { return wasm_f64x2_promote_low_f32x4(wasm_v128_load64_zero(p)); }
	static RV_INLINE wide wide_low(reg s) { return wasm_f64x2_promote_low_f32x4(s); }
	static RV_INLINE wide wide_high(reg s) { return wasm_f64x2_promote_low_f32x4(wasm_i64x2_shuffle(s, s, 1, 1)); }
	static RV_INLINE wide wide_add(wide a, wide b) { return wasm_f64x2_add(a, b); }
	static RV_INLINE wide wide_square(wide s, wide a) { return wasm_f64x2_add(s, wasm_f64x2_mul(a, a)); }
	static RV_INLINE double wide_sum(wide s) { return wasm_f64x2_extract_lane(s, 0) + wasm_f64x2_extract_lane(s, 1); }
};

}	/* namespace */

RV_DEFINE_DENSE(simd128, wasm);

#endif							/* RV_ARCH_WASM */
