/*
 * neon.cpp - armv8-a: 16 bytes of codes a register.
 *
 * Products go to two registers a sum, since a multiplication that widens takes half a register; lanes of the two that
 * belong together are neighbours, so a pairwise addition leaves one lane of 32 bits for each word of codes.
 */
#include "../kernels.h"

#ifdef RV_ARCH_AARCH64

#include <arm_neon.h>

#include "../lanes_neon.h"
#include "encode.h"

namespace
{

struct words_of_128
{
	typedef uint8x16_t reg;
	static constexpr size_t bytes = 16,
				unroll = 1,
				rows_beside = 4,
				registers_beside = 8;

	static RV_INLINE reg load(const uint8_t *p) { return vld1q_u8(p); }

	static RV_INLINE reg
	load_words(const uint8_t *p, size_t n)
	{
		uint8_t		bytes_of[16] = {};

		for (size_t i = 0; i < n; i++)
			__builtin_memcpy(bytes_of + 4 * i, p + 4 * i, 4);
		return vld1q_u8(bytes_of);
	}

	/* out[0 .. 3] += lanes * factor */
	static RV_INLINE void
	add_lanes(int32x4_t s, double factor, double *out)
	{
		float64x2_t low = vcvtq_f64_s64(vmovl_s32(vget_low_s32(s))),
					high = vcvtq_f64_s64(vmovl_high_s32(s));

		vst1q_f64(out, vaddq_f64(vld1q_f64(out), vmulq_n_f64(low, factor)));
		vst1q_f64(out + 2, vaddq_f64(vld1q_f64(out + 2), vmulq_n_f64(high, factor)));
	}
};

/* Codes of 8 bits, weights of 16. */
struct eight : words_of_128
{
	static constexpr size_t settled = 0;

	/* A step adds at most 4 * 255 * 32,512 to two neighbours together: 64 steps stay below 2^31. */
	static constexpr size_t row_span = 63,
				word_span = 64;

	struct weight
	{
		int16x8_t	even,
					odd;
	};

	struct acc
	{
		int32x4_t	low,
					high;
	};

	static RV_INLINE int16x8_t
	four_bytes(const int16_t *p)
	{
		int32_t		word;

		__builtin_memcpy(&word, p, sizeof(word));
		return vreinterpretq_s16_s32(vdupq_n_s32(word));
	}

	static RV_INLINE weight
	beside(const weights &w, size_t at)
	{
		return weight{vld1q_s16(w.even16 + at / 2), vld1q_s16(w.odd16 + at / 2)};
	}

	static RV_INLINE weight
	of_word(const weights &w, size_t at)
	{
		return weight{four_bytes(w.even16 + at / 2), four_bytes(w.odd16 + at / 2)};
	}

	static RV_INLINE acc zero() { return acc{vdupq_n_s32(0), vdupq_n_s32(0)}; }
	static RV_INLINE void settle(acc &) {}

	static RV_INLINE void
	step(acc &s, reg x, const weight &w)
	{
		uint16x8_t	words = vreinterpretq_u16_u8(x);
		int16x8_t	even = vreinterpretq_s16_u16(vandq_u16(words, vdupq_n_u16(0xff))),
					odd = vreinterpretq_s16_u16(vshrq_n_u16(words, 8));

		s.low = vmlal_s16(s.low, vget_low_s16(even), vget_low_s16(w.even));
		s.high = vmlal_high_s16(s.high, even, w.even);
		s.low = vmlal_s16(s.low, vget_low_s16(odd), vget_low_s16(w.odd));
		s.high = vmlal_high_s16(s.high, odd, w.odd);
	}

	static RV_INLINE void
	rows(const acc *s, double *out)
	{
		for (int r = 0; r < 4; r++)
			out[r] += (double) (vaddlvq_s32(s[r].low) + vaddlvq_s32(s[r].high));
	}

	static RV_INLINE void lanes(const acc &s, double *out) { add_lanes(vpaddq_s32(s.low, s.high), 1, out); }
};

struct four_one : words_of_128
{
	/* A step adds two products of at most 15 * 128 to a narrow lane: eight steps stay below 2^15. */
	static constexpr size_t settled = 8,
				row_span = 0,
				word_span = 0;

	struct weight
	{
		int8x16_t	even,
					odd;
	};

	struct acc
	{
		int16x8_t	low,
					high;
		int32x4_t	wide_low,
					wide_high;
	};

	static RV_INLINE int8x16_t
	four_bytes(const int8_t *p)
	{
		int32_t		word;

		__builtin_memcpy(&word, p, sizeof(word));
		return vreinterpretq_s8_s32(vdupq_n_s32(word));
	}

	static RV_INLINE weight
	plane(const int8_t *const *w, size_t at)
	{
		return weight{vld1q_s8(w[0] + at), vld1q_s8(w[1] + at)};
	}

	static RV_INLINE weight
	word(const int8_t *const *w, size_t at)
	{
		return weight{four_bytes(w[0] + at), four_bytes(w[1] + at)};
	}

	static RV_INLINE weight beside(const weights &w, size_t at) { return plane(w.high4, at); }
	static RV_INLINE weight of_word(const weights &w, size_t at) { return word(w.high4, at); }
	static RV_INLINE acc zero() { return acc{vdupq_n_s16(0), vdupq_n_s16(0), vdupq_n_s32(0), vdupq_n_s32(0)}; }

	static RV_INLINE void
	step(acc &s, reg x, const weight &w)
	{
		int8x16_t	even = vreinterpretq_s8_u8(vandq_u8(x, vdupq_n_u8(15))),
					odd = vreinterpretq_s8_u8(vshrq_n_u8(x, 4));

		s.low = vmlal_s8(s.low, vget_low_s8(even), vget_low_s8(w.even));
		s.high = vmlal_high_s8(s.high, even, w.even);
		s.low = vmlal_s8(s.low, vget_low_s8(odd), vget_low_s8(w.odd));
		s.high = vmlal_high_s8(s.high, odd, w.odd);
	}

	static RV_INLINE void
	settle(acc &s)
	{
		s.wide_low = vpadalq_s16(s.wide_low, s.low);
		s.wide_high = vpadalq_s16(s.wide_high, s.high);
		s.low = vdupq_n_s16(0);
		s.high = vdupq_n_s16(0);
	}

	static RV_INLINE int64_t total(const acc &s) { return vaddlvq_s32(s.wide_low) + vaddlvq_s32(s.wide_high); }

	static RV_INLINE void
	rows(const acc *s, double *out)
	{
		for (int r = 0; r < 4; r++)
			out[r] += (double) total(s[r]);
	}

	static RV_INLINE int32x4_t words(const acc &s) { return vpaddq_s32(s.wide_low, s.wide_high); }
	static RV_INLINE void lanes(const acc &s, double *out) { add_lanes(words(s), 1, out); }
};

struct four_two : words_of_128
{
	static constexpr size_t settled = 8,
				row_span = 0,
				word_span = 0;

	struct weight
	{
		four_one::weight high,
					low;
	};

	struct acc
	{
		four_one::acc high,
					low;
	};

	static RV_INLINE weight
	beside(const weights &w, size_t at)
	{
		return weight{four_one::plane(w.high4, at), four_one::plane(w.low4, at)};
	}

	static RV_INLINE weight
	of_word(const weights &w, size_t at)
	{
		return weight{four_one::word(w.high4, at), four_one::word(w.low4, at)};
	}

	static RV_INLINE acc zero() { return acc{four_one::zero(), four_one::zero()}; }

	static RV_INLINE void
	step(acc &s, reg x, const weight &w)
	{
		four_one::step(s.high, x, w.high);
		four_one::step(s.low, x, w.low);
	}

	static RV_INLINE void
	settle(acc &s)
	{
		four_one::settle(s.high);
		four_one::settle(s.low);
	}

	static RV_INLINE void
	rows(const acc *s, double *out)
	{
		for (int r = 0; r < 4; r++)
			out[r] += (double) (256 * four_one::total(s[r].high) + four_one::total(s[r].low));
	}

	static RV_INLINE void
	lanes(const acc &s, double *out)
	{
		add_lanes(four_one::words(s.high), 256, out);
		add_lanes(four_one::words(s.low), 1, out);
	}
};

}	/* namespace */

RV_DEFINE_SCALAR_ESTIMATES(eight, four_one, four_two, neon);
RV_DEFINE_SCALAR_ENCODE(neon);

#endif							/* RV_ARCH_AARCH64 */
