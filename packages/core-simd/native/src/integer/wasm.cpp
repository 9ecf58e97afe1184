/*
 * wasm.cpp - WebAssembly with 128-bit vectors: eight bytes widened to 16 bits a register.
 *
 * Sums of two differences stay below 2^15, so the pairwise sums of L1 may be taken for signed ones, which x86-64 does in one
 * instruction.
 */
#include "../kernels.h"

#ifdef RV_ARCH_WASM

#include <wasm_simd128.h>

#include "integer.h"
#include "partial.h"

namespace
{

struct registers
{
	typedef v128_t reg;
	typedef v128_t acc;
	typedef v128_t quad;
};

/* What sums in four lanes share. */
struct four_lanes : uncorrected<registers>
{
	static RV_INLINE acc zero() { return wasm_i32x4_const_splat(0); }
	static RV_INLINE acc add(acc s, acc t) { return wasm_i32x4_add(s, t); }

	static RV_INLINE int32_t
	sum(acc s)
	{
		return (wasm_i32x4_extract_lane(s, 0) + wasm_i32x4_extract_lane(s, 1)) +
			(wasm_i32x4_extract_lane(s, 2) + wasm_i32x4_extract_lane(s, 3));
	}

	static RV_INLINE quad
	sum4(acc a, acc b, acc c, acc d)
	{
		/* a0+a2, b0+b2, a1+a3, b1+b3; the same for c and d. */
		v128_t		ab = wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
		v128_t		cd = wasm_i32x4_add(wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), wasm_i32x4_shuffle(c, d, 2, 6, 3, 7));

		return wasm_i32x4_add(wasm_i32x4_shuffle(ab, cd, 0, 1, 4, 5), wasm_i32x4_shuffle(ab, cd, 2, 3, 6, 7));
	}

	static RV_INLINE void store4(float *out, quad q) { wasm_v128_store(out, wasm_f32x4_convert_i32x4(q)); }

	static RV_INLINE void
	cosine4(float *out, quad ab, double aa, quad bb)
	{
		out[0] = (float) cosine_distance(wasm_i32x4_extract_lane(ab, 0), aa, wasm_i32x4_extract_lane(bb, 0));
		out[1] = (float) cosine_distance(wasm_i32x4_extract_lane(ab, 1), aa, wasm_i32x4_extract_lane(bb, 1));
		out[2] = (float) cosine_distance(wasm_i32x4_extract_lane(ab, 2), aa, wasm_i32x4_extract_lane(bb, 2));
		out[3] = (float) cosine_distance(wasm_i32x4_extract_lane(ab, 3), aa, wasm_i32x4_extract_lane(bb, 3));
	}
};

template<bool S>
struct widened : four_lanes
{
	static constexpr size_t bytes = 8;
	static constexpr size_t least = 8;

	static RV_INLINE reg load(const uint8_t *p) { return S ? wasm_i16x8_load8x8(p) : wasm_u16x8_load8x8(p); }

	static RV_INLINE reg
	widen(uint64_t eight)
	{
		v128_t		x = wasm_i64x2_make((int64_t) eight, 0);

		return S ? wasm_i16x8_extend_low_i8x16(x) : wasm_u16x8_extend_low_u8x16(x);
	}

	static RV_INLINE reg load_rest(const uint8_t *p, size_t i, size_t n) { return widen(rest_of_eight(p, n - i, n)); }
	static RV_INLINE reg load_few(const uint8_t *p, size_t n) { return widen(fewer_than_eight(p, n)); }
};

template<bool S>
struct simd128
{
	typedef v128_t reg;
	typedef v128_t acc;

	struct dot : widened<S>
	{
		static RV_INLINE void step(acc &s, reg a, reg b) { s = wasm_i32x4_add(s, wasm_i32x4_dot_i16x8(a, b)); }
	};

	struct l2sq : widened<S>
	{
		static RV_INLINE void
		step(acc &s, reg a, reg b)
		{
			reg			d = wasm_i16x8_sub(a, b);

			s = wasm_i32x4_add(s, wasm_i32x4_dot_i16x8(d, d));
		}
	};

	/* Of sixteen bytes as they are. */
	struct l1 : four_lanes
	{
		static constexpr size_t bytes = 16;
		static constexpr size_t least = 16;

		static RV_INLINE reg load(const uint8_t *p) { return wasm_v128_load(p); }

		static RV_INLINE reg
		load_rest(const uint8_t *p, size_t i, size_t n)
		{
			return wasm_v128_and(wasm_v128_load(p + n - 16), wasm_v128_load(rest_mask(16, n - i)));
		}

		static RV_INLINE reg
		load_few(const uint8_t *p, size_t n)
		{
			uint64_t	low,
						high;

			fewer_than_sixteen(p, n, &low, &high);
			return wasm_i64x2_make((int64_t) low, (int64_t) high);
		}

		/* |a - b|, unsigned. */
		static RV_INLINE reg
		difference(reg a, reg b)
		{
			if (S)
				return wasm_i8x16_sub(wasm_i8x16_max(a, b), wasm_i8x16_min(a, b));
			return wasm_i8x16_sub(wasm_u8x16_max(a, b), wasm_u8x16_min(a, b));
		}

		static RV_INLINE void
		step(acc &s, reg a, reg b)
		{
			v128_t		pairs = wasm_u16x8_extadd_pairwise_u8x16(difference(a, b));

			s = wasm_i32x4_add(s, wasm_i32x4_extadd_pairwise_i16x8(pairs));
		}
	};
};

}	/* namespace */

RV_DEFINE_INTEGER(simd128, wasm);

#endif							/* RV_ARCH_WASM */
