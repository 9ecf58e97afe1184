/*
 * wasm.cpp - WebAssembly SIMD, which knows no binary16: four elements at a time
 * by integers, and by float32 where an addition or a multiplication rounds as
 * needed.  Rounding is to nearest and subnormal numbers are kept, always.
 */
#include "../kernels.h"

#ifdef RV_ARCH_WASM

#include <wasm_simd128.h>

#include "convert.h"

namespace
{

struct simd128
{
	struct wide
	{
		v128_t		low,
					high;
	};

	static constexpr size_t lanes = 4;
	static constexpr size_t f32_bits = 8;
	static constexpr size_t f16_bits = 8;
	static constexpr size_t i8_bits = 16;

	static RV_INLINE v128_t magnitude(v128_t bits) { return wasm_v128_and(bits, wasm_i32x4_const_splat(0x7fffffff)); }

	/* All set where the pattern of a float32 is NaN. */
	static RV_INLINE v128_t
	nan_mask(v128_t bits)
	{
		return wasm_i32x4_gt(magnitude(bits), wasm_i32x4_const_splat(0x7f800000));
	}

	static RV_INLINE v128_t
	quiet(v128_t bits)
	{
		return wasm_v128_or(bits, wasm_v128_and(nan_mask(bits), wasm_i32x4_const_splat(0x400000)));
	}

	/* The lower halves of four words. */
	static RV_INLINE void
	store_halves(uint16_t *p, v128_t words)
	{
		wasm_v128_store64_lane(p, wasm_u16x8_narrow_i32x4(words, words), 0);
	}

	/*
	 * Exponent and fraction, moved to their places, are 2^-112 of the value; the product is exact.  Infinity and
	 * NaN get the exponent that the product has not.
	 */
	static RV_INLINE v128_t
	widen_f16_bits(v128_t halves)
	{
		v128_t		parts = wasm_i32x4_shl(wasm_v128_and(halves, wasm_i32x4_const_splat(0x7fff)), 13);
		v128_t		sign = wasm_i32x4_shl(wasm_v128_and(halves, wasm_i32x4_const_splat(0x8000)), 16);
		v128_t		special = wasm_i32x4_ge(parts, wasm_i32x4_const_splat(0x0f800000));
		v128_t		value = wasm_f32x4_mul(parts, wasm_f32x4_const_splat(0x1p112f));

		value = wasm_v128_or(value, wasm_v128_and(special, wasm_i32x4_const_splat(0x7f800000)));
		return quiet(wasm_v128_or(value, sign));
	}

	static RV_INLINE void
	f16_to_f32(const uint16_t *from, float *to)
	{
		wasm_v128_store(to, widen_f16_bits(wasm_u32x4_load16x4(from)));
	}

	static RV_INLINE v128_t
	narrow_f16_words(v128_t bits)
	{
		v128_t		size = magnitude(bits);
		v128_t		sign = wasm_v128_and(wasm_u32x4_shr(bits, 16), wasm_i32x4_const_splat(0x8000));

		/* The exponent rebiased, to nearest, ties to even; a carry raises the exponent, at most to infinity's. */
		v128_t		even = wasm_v128_and(wasm_u32x4_shr(size, 13), wasm_i32x4_const_splat(1));
		v128_t		sum = wasm_i32x4_add(wasm_i32x4_add(size, even), wasm_i32x4_const_splat(0xfff - (112 << 23)));
		v128_t		normal = wasm_i32x4_min(wasm_i32x4_shr(sum, 13), wasm_i32x4_const_splat(0x7c00));

		/* Subnormal are the multiples of 2^-24, to which a sum from 0.5 on is rounded. */
		v128_t		half = wasm_f32x4_const_splat(0.5f);
		v128_t		small = wasm_i32x4_sub(wasm_f32x4_add(size, half), half);
		v128_t		is_small = wasm_i32x4_lt(size, wasm_i32x4_const_splat(0x38800000));

		v128_t		kept = wasm_v128_and(wasm_u32x4_shr(size, 13), wasm_i32x4_const_splat(0x3ff));
		v128_t		nan = wasm_v128_or(kept, wasm_i32x4_const_splat(0x7e00));

		return wasm_v128_or(sign, wasm_v128_bitselect(nan, wasm_v128_bitselect(small, normal, is_small),
													  nan_mask(bits)));
	}

	static RV_INLINE void
	f32_to_f16(const float *from, uint16_t *to)
	{
		store_halves(to, narrow_f16_words(wasm_v128_load(from)));
	}

	static RV_INLINE v128_t bf16_bits(const uint16_t *p) { return wasm_i32x4_shl(wasm_u32x4_load16x4(p), 16); }

	static RV_INLINE void
	bf16_to_f32(const uint16_t *from, float *to)
	{
		wasm_v128_store(to, quiet(bf16_bits(from)));
	}

	static RV_INLINE v128_t
	narrow_bf16_words(v128_t bits)
	{
		v128_t		upper = wasm_u32x4_shr(bits, 16);
		v128_t		even = wasm_v128_and(upper, wasm_i32x4_const_splat(1));
		v128_t		sum = wasm_i32x4_add(wasm_i32x4_add(bits, wasm_i32x4_const_splat(0x7fff)), even);

		return wasm_v128_bitselect(wasm_v128_or(upper, wasm_i32x4_const_splat(0x40)), wasm_u32x4_shr(sum, 16),
								   nan_mask(bits));
	}

	static RV_INLINE void
	f32_to_bf16(const float *from, uint16_t *to)
	{
		store_halves(to, narrow_bf16_words(wasm_v128_load(from)));
	}

	static RV_INLINE wide wide_zero() { return wide{wasm_f64x2_const_splat(0.0), wasm_f64x2_const_splat(0.0)}; }

	static RV_INLINE wide
	widen(v128_t x)
	{
		return wide{wasm_f64x2_promote_low_f32x4(x), wasm_f64x2_promote_low_f32x4(wasm_i64x2_shuffle(x, x, 1, 1))};
	}

	static RV_INLINE wide load_f32(const float *p) { return widen(wasm_v128_load(p)); }
	static RV_INLINE wide load_f16(const uint16_t *p) { return widen(widen_f16_bits(wasm_u32x4_load16x4(p))); }
	static RV_INLINE wide load_bf16(const uint16_t *p) { return widen(bf16_bits(p)); }

	static RV_INLINE void
	add_squares(wide &s, wide x)
	{
		s.low = wasm_f64x2_add(s.low, wasm_f64x2_mul(x.low, x.low));
		s.high = wasm_f64x2_add(s.high, wasm_f64x2_mul(x.high, x.high));
	}

	static RV_INLINE double
	wide_sum(wide s)
	{
		v128_t		x = wasm_f64x2_add(s.low, s.high);

		return wasm_f64x2_extract_lane(x, 0) + wasm_f64x2_extract_lane(x, 1);
	}

	static RV_INLINE wide
	divide(wide x, double norm)
	{
		return wide{wasm_f64x2_div(x.low, wasm_f64x2_splat(norm)), wasm_f64x2_div(x.high, wasm_f64x2_splat(norm))};
	}

	static RV_INLINE v128_t
	tiny_mask(v128_t x)
	{
		v128_t		size = wasm_f64x2_abs(x);

		return wasm_v128_and(wasm_f64x2_lt(size, wasm_f64x2_const_splat((double) f32_least_normal)),
							 wasm_f64x2_gt(size, wasm_f64x2_const_splat(0.0)));
	}

	static RV_INLINE bool has_tiny(wide x) { return wasm_v128_any_true(wasm_v128_or(tiny_mask(x.low), tiny_mask(x.high))); }

	static RV_INLINE v128_t
	to_f32(v128_t low, v128_t high)
	{
		return wasm_i64x2_shuffle(wasm_f32x4_demote_f64x2_zero(low), wasm_f32x4_demote_f64x2_zero(high), 0, 2);
	}

	/* Without the bits that float32 has not; the last one kept says that there were any. */
	static RV_INLINE v128_t
	odd(v128_t x)
	{
		const v128_t dropped = wasm_i64x2_const_splat((int64_t) dropped_bits);
		v128_t		carry = wasm_i64x2_add(wasm_v128_and(x, dropped), dropped);

		return wasm_v128_or(wasm_v128_andnot(x, dropped),
							wasm_v128_and(carry, wasm_i64x2_const_splat((int64_t) dropped_bits + 1)));
	}

	static RV_INLINE v128_t to_odd(wide x) { return to_f32(odd(x.low), odd(x.high)); }
	static RV_INLINE void store_f32(float *p, wide x) { wasm_v128_store(p, to_f32(x.low, x.high)); }
	static RV_INLINE void store_f16(uint16_t *p, wide x) { store_halves(p, narrow_f16_words(to_odd(x))); }
	static RV_INLINE void store_bf16(uint16_t *p, wide x) { store_halves(p, narrow_bf16_words(to_odd(x))); }

	/* A mask has the first lane in the lowest bit, hence the reversals. */
	static RV_INLINE uint8_t
	reversed_mask(v128_t words)
	{
		return (uint8_t) wasm_i16x8_bitmask(wasm_i16x8_shuffle(words, words, 7, 6, 5, 4, 3, 2, 1, 0));
	}

	static RV_INLINE v128_t
	f32_mask(const float *p)
	{
		v128_t		x = wasm_v128_load(p);

		return wasm_v128_and(wasm_i32x4_gt(x, wasm_i32x4_const_splat(0)),
							 wasm_i32x4_le(x, wasm_i32x4_const_splat(0x7f800000)));
	}

	static RV_INLINE void
	f32_to_bits(const float *from, uint8_t *to)
	{
		*to = reversed_mask(wasm_i16x8_narrow_i32x4(f32_mask(from), f32_mask(from + 4)));
	}

	static RV_INLINE void
	f16_to_bits(const uint16_t *from, uint8_t *to)
	{
		v128_t		x = wasm_v128_load(from);

		*to = reversed_mask(wasm_v128_and(wasm_i16x8_gt(x, wasm_i16x8_const_splat(0)),
										  wasm_i16x8_le(x, wasm_i16x8_const_splat(0x7c00))));
	}

	static RV_INLINE void
	i8_to_bits(const int8_t *from, uint8_t *to)
	{
		v128_t		positive = wasm_i8x16_gt(wasm_v128_load(from), wasm_i8x16_const_splat(0));
		v128_t		reversed = wasm_i8x16_shuffle(positive, positive, 7, 6, 5, 4, 3, 2, 1, 0,
												  15, 14, 13, 12, 11, 10, 9, 8);
		uint16_t	bits = (uint16_t) wasm_i8x16_bitmask(reversed);

		__builtin_memcpy(to, &bits, sizeof(bits));
	}
};

}	/* namespace */

RV_DEFINE_CONVERT(simd128, wasm);

#endif							/* RV_ARCH_WASM */
