/*
 * narrow.h - RaBitQ with Advanced SIMD, for the units that differ in how they multiply bytes.
 *
 * `Dot` has sums<ExBits>.  Codes have seven bits at most, so they are signed bytes as well.
 */
#ifndef RUVECTOR_QUANT_SRC_RABITQ_NARROW_H
#define RUVECTOR_QUANT_SRC_RABITQ_NARROW_H

#include <arm_neon.h>

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

	/* s[h] has sums 2h and 2h + 1; the order of add_eight(). */
	static RV_INLINE double
	add_lanes(const float64x2_t *s)
	{
		float64x2_t two = vaddq_f64(vaddq_f64(s[0], s[2]), vaddq_f64(s[1], s[3]));

		return vgetq_lane_f64(two, 0) + vgetq_lane_f64(two, 1);
	}

	static RV_INLINE void
	measure(const float *y, size_t n, uint8_t *signs, double *out)
	{
		float64x2_t squares[4],
					absolutes[4];

		for (int h = 0; h < 4; h++)
			squares[h] = absolutes[h] = vdupq_n_f64(0);
		for (size_t i = 0; i < n; i += 8)
		{
			int			negative = 0;

			for (int h = 0; h < 4; h++)
			{
				float64x2_t x = vcvt_f64_f32(vld1_f32(y + i + 2 * h));

				squares[h] = vaddq_f64(squares[h], vmulq_f64(x, x));
				absolutes[h] = vaddq_f64(absolutes[h], vabsq_f64(x));
			}
			for (int j = 0; j < 8; j++)
				negative |= (__builtin_signbit(y[i + (size_t) j]) != 0) << j;
			signs[i / 8] = (uint8_t) ~negative;
		}
		out[0] = add_lanes(squares);
		out[1] = add_lanes(absolutes);
	}

	static RV_INLINE double
	quantise(const float *y, size_t n, double scale, int most, uint8_t *codes, uint64_t *squares)
	{
		float64x2_t sums[4];
		uint64_t	square = 0;

		for (int h = 0; h < 4; h++)
			sums[h] = vdupq_n_f64(0);
		for (size_t i = 0; i < n; i += 8)
			for (int h = 0; h < 4; h++)
			{
				float64x2_t absolute = vabsq_f64(vcvt_f64_f32(vld1_f32(y + i + 2 * h)));
				float64x2_t capped = vminq_f64(vmulq_n_f64(absolute, scale), vdupq_n_f64(most));
				int64x2_t	m = vcvtq_s64_f64(capped);
				uint64_t	m0 = (uint64_t) vgetq_lane_s64(m, 0),
							m1 = (uint64_t) vgetq_lane_s64(m, 1);

				sums[h] = vaddq_f64(sums[h], vmulq_f64(absolute, vaddq_f64(vcvtq_f64_s64(m), vdupq_n_f64(0.5))));
				square += (2 * m0 + 1) * (2 * m0 + 1) + (2 * m1 + 1) * (2 * m1 + 1);
				codes[i + 2 * (size_t) h] = (uint8_t) m0;
				codes[i + 2 * (size_t) h + 1] = (uint8_t) m1;
			}
		*squares = square;
		return add_lanes(sums);
	}
};

}	/* namespace */

#endif							/* RUVECTOR_QUANT_SRC_RABITQ_NARROW_H */
