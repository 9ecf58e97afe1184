/*
 * narrow.h - RaBitQ with Advanced SIMD, for the units that differ in how they multiply bytes.
 *
 * `Dot` has sums<ExBits>.  Codes have seven bits at most, so they are signed bytes as well.
 */
#ifndef RUVECTOR_QUANT_SRC_RABITQ_NARROW_H
#define RUVECTOR_QUANT_SRC_RABITQ_NARROW_H

#include <arm_neon.h>

#include "encode.h"
#include "rabitq.h"

namespace
{

/* Lanes 0 .. 31 of groups t, then of groups t + 4. */
struct quarters
{
	uint8x16_t	h[4];
};

template<typename Dot>
struct advanced
{
	typedef quarters reg;

	static RV_INLINE reg zero() { return {{vdupq_n_u8(0), vdupq_n_u8(0), vdupq_n_u8(0), vdupq_n_u8(0)}}; }

	/* `lanes` bytes to two registers.  Lanes without a coordinate are zero. */
	static RV_INLINE void
	load_lanes(const uint8_t *p, size_t lanes, uint8x16_t *to)
	{
		uint8_t		bytes[32];

		if (lanes == 32)
		{
			to[0] = vld1q_u8(p);
			to[1] = vld1q_u8(p + 16);
			return;
		}
		__builtin_memset(bytes, 0, sizeof(bytes));
		for (size_t i = 0; i < lanes; i++)
			bytes[i] = p[i];
		to[0] = vld1q_u8(bytes);
		to[1] = vld1q_u8(bytes + 16);
	}

	static RV_INLINE reg
	load_two(const uint8_t *p, size_t lanes)
	{
		reg			r;

		load_lanes(p, lanes, r.h);
		load_lanes(p + lanes, lanes, r.h + 2);
		return r;
	}

	static RV_INLINE reg
	load_spread(const uint8_t *p, size_t lanes)
	{
		reg			r;

		load_lanes(p, lanes, r.h);
		r.h[2] = vshrq_n_u8(r.h[0], 4);
		r.h[3] = vshrq_n_u8(r.h[1], 4);
		return r;
	}

	static RV_INLINE reg
	either(const reg &a, const reg &b)
	{
		reg			r;

		for (int i = 0; i < 4; i++)
			r.h[i] = vorrq_u8(a.h[i], b.h[i]);
		return r;
	}

	/* Left by Shift, or right where it is negative. */
	template<int Shift>
	static RV_INLINE reg
	shift_and(const reg &x, int mask)
	{
		reg			r;

		for (int i = 0; i < 4; i++)
			r.h[i] = vandq_u8(vshlq_u8(x.h[i], vdupq_n_s8(Shift)), vdupq_n_u8((uint8_t) mask));
		return r;
	}

	template<int ExBits>
	using sums = typename Dot::template sums<ExBits>;
};

/* A word takes 257 bytes. */
constexpr size_t steps_to_flush = 256;

template<typename Dot>
struct narrow_kernel
{
	static RV_INLINE void
	sign_rows(const uint8_t *signs, size_t stride, size_t count, size_t n, const int8_t *plane, int32_t *out)
	{
		rows_sums<advanced<Dot>, 1, 1>(signs, stride, count, n, plane, out);
	}

	static RV_INLINE void
	ex_rows(const uint8_t *ex, size_t stride, size_t count, size_t n, int ex_bits, const int8_t *planes, int levels,
			int32_t *out)
	{
		::ex_rows<advanced<Dot>>(ex, stride, count, n, ex_bits, planes, levels, out);
	}

	/* Even and odd bytes are added apart, as words: codes 0 .. 7, 8 .. 15, 16 .. 23, 24 .. 31. */
	static RV_INLINE void
	sign_block(const uint8_t *signs, size_t n, const uint8_t *table, int32_t *out)
	{
		const size_t steps = n / 4;
		uint32x4_t	total[8];

		for (int i = 0; i < 8; i++)
			total[i] = vdupq_n_u32(0);
		for (size_t first = 0; first < steps; first += steps_to_flush)
		{
			const size_t end = steps - first < steps_to_flush ? steps : first + steps_to_flush;
			uint16x8_t	words[4];

			for (int i = 0; i < 4; i++)
				words[i] = vdupq_n_u16(0);
			for (size_t k = first; k < end; k++)
			{
				uint8x16_t	c = vld1q_u8(signs + 16 * k),
							t = vld1q_u8(table + 16 * k);
				uint8x16_t	found[2] = {vqtbl1q_u8(t, vandq_u8(c, vdupq_n_u8(15))), vqtbl1q_u8(t, vshrq_n_u8(c, 4))};

				for (int half = 0; half < 2; half++)
				{
					uint16x8_t	pairs = vreinterpretq_u16_u8(found[half]);

					words[2 * half] = vaddq_u16(words[2 * half], vandq_u16(pairs, vdupq_n_u16(255)));
					words[2 * half + 1] = vsraq_n_u16(words[2 * half + 1], pairs, 8);
				}
			}
			for (int i = 0; i < 4; i++)
			{
				total[2 * i] = vaddw_u16(total[2 * i], vget_low_u16(words[i]));
				total[2 * i + 1] = vaddw_high_u16(total[2 * i + 1], words[i]);
			}
		}
		for (int i = 0; i < 8; i++)
			vst1q_s32(out + 4 * i, vreinterpretq_s32_u32(total[i]));
	}

	/* Of 32 values. */
	static RV_INLINE uint32_t
	below(const float *values, float limit)
	{
		const uint32_t bits[4] = {1, 2, 4, 8};
		const float32x4_t limits = vdupq_n_f32(limit);
		uint32_t	all = 0;

		for (size_t i = 0; i < RV_QUANT_BLOCK; i += 4)
			all |= vaddvq_u32(vandq_u32(vcltq_f32(vld1q_f32(values + i), limits), vld1q_u32(bits))) << i;
		return all;
	}
};

/* For encode.h. */
struct eight
{
	struct reg
	{
		float64x2_t h[4];
	};

	struct floats
	{
		float32x4_t h[2];
	};

	typedef float64x2_t total;

	static constexpr int scales = 3;

	template<typename One>
	static RV_INLINE reg
	each(One one)
	{
		return {{one(0), one(1), one(2), one(3)}};
	}

	static RV_INLINE reg zero() { return all(0); }
	static RV_INLINE total nothing() { return vdupq_n_f64(0); }

	static RV_INLINE reg
	all(double x)
	{
		return each([&](int) { return vdupq_n_f64(x); });
	}

	static RV_INLINE floats load(const float *p) { return {{vld1q_f32(p), vld1q_f32(p + 4)}}; }

	static RV_INLINE void
	store(float *p, const floats &x)
	{
		vst1q_f32(p, x.h[0]);
		vst1q_f32(p + 4, x.h[1]);
	}

	static RV_INLINE floats
	sub(const floats &a, const floats &b)
	{
		return {{vsubq_f32(a.h[0], b.h[0]), vsubq_f32(a.h[1], b.h[1])}};
	}

	/* Bit j: the sign of coordinate j. */
	static RV_INLINE int
	negative(const floats &x)
	{
		const int32_t places[4] = {0, 1, 2, 3};
		const int32x4_t first = vld1q_s32(places);
		uint32x4_t	low = vshlq_u32(vshrq_n_u32(vreinterpretq_u32_f32(x.h[0]), 31), first),
					high = vshlq_u32(vshrq_n_u32(vreinterpretq_u32_f32(x.h[1]), 31), first);

		return (int) (vaddvq_u32(low) | vaddvq_u32(high) << 4);
	}

	static RV_INLINE floats
	turn(const floats &x, const floats &sign)
	{
		const uint32x4_t bit = vdupq_n_u32(0x80000000u);
		floats		r;

		for (int i = 0; i < 2; i++)
			r.h[i] = vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(x.h[i]),
													 vandq_u32(vreinterpretq_u32_f32(sign.h[i]), bit)));
		return r;
	}

	static RV_INLINE reg
	widen(const floats &x)
	{
		return {{vcvt_f64_f32(vget_low_f32(x.h[0])), vcvt_high_f64_f32(x.h[0]), vcvt_f64_f32(vget_low_f32(x.h[1])),
			vcvt_high_f64_f32(x.h[1])}};
	}

#define RV_EACH(name, one) \
	static RV_INLINE reg name(const reg &a, const reg &b) { return each([&](int i) { return one(a.h[i], b.h[i]); }); }

	RV_EACH(add, vaddq_f64)
	RV_EACH(mul, vmulq_f64)
	RV_EACH(min, vminq_f64)
	RV_EACH(max, vmaxq_f64)
#undef RV_EACH

	static RV_INLINE reg
	abs(const reg &a)
	{
		return each([&](int i) { return vabsq_f64(a.h[i]); });
	}

	static RV_INLINE reg
	floor(const reg &a)
	{
		return each([&](int i) { return vrndmq_f64(a.h[i]); });
	}

	static RV_INLINE reg
	fma(const reg &a, const reg &b, const reg &c)
	{
		return each([&](int i) { return vfmaq_f64(c.h[i], a.h[i], b.h[i]); });
	}

	static RV_INLINE total
	add_square(total sum, const reg &a)
	{
		for (int i = 0; i < 4; i++)
			sum = vfmaq_f64(sum, a.h[i], a.h[i]);
		return sum;
	}

	static RV_INLINE double sum(total x) { return vgetq_lane_f64(x, 0) + vgetq_lane_f64(x, 1); }

	/* h[i] has sums 2i and 2i + 1; the order of add_eight(). */
	static RV_INLINE double
	add_eight(const reg &x)
	{
		return sum(vaddq_f64(vaddq_f64(x.h[0], x.h[2]), vaddq_f64(x.h[1], x.h[3])));
	}

	static RV_INLINE double
	largest(const reg &x)
	{
		return vmaxvq_f64(vmaxq_f64(vmaxq_f64(x.h[0], x.h[1]), vmaxq_f64(x.h[2], x.h[3])));
	}

	static RV_INLINE void
	store_bytes(uint8_t *p, const reg &x)
	{
		uint32x4_t	low = vcombine_u32(vmovn_u64(vcvtq_u64_f64(x.h[0])), vmovn_u64(vcvtq_u64_f64(x.h[1]))),
					high = vcombine_u32(vmovn_u64(vcvtq_u64_f64(x.h[2])), vmovn_u64(vcvtq_u64_f64(x.h[3])));

		vst1_u8(p, vmovn_u16(vcombine_u16(vmovn_u32(low), vmovn_u32(high))));
	}

	static RV_INLINE reg
	load_bytes(const uint8_t *p)
	{
		uint16x8_t	words = vmovl_u8(vld1_u8(p));
		uint32x4_t	low = vmovl_u16(vget_low_u16(words)),
					high = vmovl_u16(vget_high_u16(words));

		return {{vcvtq_f64_u64(vmovl_u32(vget_low_u32(low))), vcvtq_f64_u64(vmovl_u32(vget_high_u32(low))),
			vcvtq_f64_u64(vmovl_u32(vget_low_u32(high))), vcvtq_f64_u64(vmovl_u32(vget_high_u32(high)))}};
	}
};

}	/* namespace */

#endif							/* RUVECTOR_QUANT_SRC_RABITQ_NARROW_H */
