/*
 * haswell.cpp - x86-64 with AVX2: 32 bytes of codes a register.
 *
 * Codes of 8 bits are taken as 16 words of 16 bits: those of even dimensions under a mask, those of odd dimensions after a
 * shift, each multiplied with weights of 16 bits by VPMADDWD, so that a lane of 32 bits holds sums of its own four bytes.
 * VPMADDUBSW would take the bytes as they are, but saturates with codes of 8 bits; with codes of 4 bits it cannot.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

/* To the end of the unit; see core-simd's dense/haswell.cpp. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif

#include "../lanes_avx2.h"
#include "encode.h"

namespace
{

/* Masks for the first words of a register. */
alignas(32) const int32_t word_masks[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

/*
 * Sums are vectors of the compiler's own: GCC keeps one of type __m256i twice, under its own type and under that of the
 * addition, and copies it with every step.
 */
typedef int32_t lanes32 __attribute__((vector_size(32)));
typedef int16_t lanes16 __attribute__((vector_size(32)));

struct words_of_256
{
	typedef __m256i reg;
	static constexpr size_t bytes = 32,
				unroll = 1,
				rows_beside = 4,
				registers_beside = 4;

	static RV_INLINE reg
	load(const uint8_t *p)
	{
		reg			x = _mm256_loadu_si256((const __m256i *) p);

		/* GCC would load once for each use, and rows are not aligned: loads, not sums, would be the limit. */
		__asm__("" : "+x"(x));
		return x;
	}

	static RV_INLINE reg
	load_words(const uint8_t *p, size_t n)
	{
		return _mm256_maskload_epi32((const int *) (const void *) p,
									 _mm256_loadu_si256((const __m256i *) (word_masks + 8 - n)));
	}

	static RV_INLINE reg
	four_bytes(const void *p)
	{
		int32_t		word;

		__builtin_memcpy(&word, p, sizeof(word));
		return _mm256_set1_epi32(word);
	}

	/* a += the numbers of `lanes`, times `factor`. */
	static RV_INLINE __m256d
	add_to(__m256d a, __m128i lanes, __m256d factor)
	{
		return _mm256_add_pd(a, _mm256_mul_pd(_mm256_cvtepi32_pd(lanes), factor));
	}

	/* out[0 .. 7] += lanes * factor */
	static RV_INLINE void
	add_lanes(lanes32 sums, double factor, double *out)
	{
		const __m256i s = (__m256i) sums;
		const __m256d f = _mm256_set1_pd(factor);

		_mm256_storeu_pd(out, add_to(_mm256_loadu_pd(out), _mm256_castsi256_si128(s), f));
		_mm256_storeu_pd(out + 4, add_to(_mm256_loadu_pd(out + 4), _mm256_extracti128_si256(s, 1), f));
	}

	/* out[0 .. 3] += the sums of four registers' lanes * factor; a sum of two lanes fits into 32 bits. */
	static RV_INLINE void
	add_sums(lanes32 a, lanes32 b, lanes32 c, lanes32 d, double factor, double *out)
	{
		const __m256d f = _mm256_set1_pd(factor);
		/* a a b b | a a b b and c c d d | c c d d */
		__m256i		ab = _mm256_hadd_epi32((__m256i) a, (__m256i) b),
					cd = _mm256_hadd_epi32((__m256i) c, (__m256i) d);
		__m256d		x = _mm256_add_pd(_mm256_cvtepi32_pd(_mm256_castsi256_si128(ab)),
									  _mm256_cvtepi32_pd(_mm256_extracti128_si256(ab, 1)));
		__m256d		y = _mm256_add_pd(_mm256_cvtepi32_pd(_mm256_castsi256_si128(cd)),
									  _mm256_cvtepi32_pd(_mm256_extracti128_si256(cd, 1)));

		/* a c b d */
		x = _mm256_permute4x64_pd(_mm256_hadd_pd(x, y), 0xd8);
		_mm256_storeu_pd(out, _mm256_add_pd(_mm256_loadu_pd(out), _mm256_mul_pd(x, f)));
	}
};

/* Codes of 8 bits, weights of 16. */
struct eight : words_of_256
{
	typedef lanes32 acc;
	static constexpr size_t settled = 0;

	/*
	 * A step adds four products of at most 255 * 32,512 to a lane: 64 steps stay below 2^31, and 31 and one below 2^30, so
	 * that two lanes may be added in 32 bits.
	 */
	static constexpr size_t row_span = 31,
				word_span = 64;

	struct weight
	{
		__m256i		even,
					odd;

		RV_INLINE weight(__m256i even_, __m256i odd_) : even(even_), odd(odd_) {}
	};

	static RV_INLINE weight
	beside(const weights &w, size_t at)
	{
		return weight(_mm256_loadu_si256((const __m256i *) (w.even16 + at / 2)),
					  _mm256_loadu_si256((const __m256i *) (w.odd16 + at / 2)));
	}

	static RV_INLINE weight
	of_word(const weights &w, size_t at)
	{
		return weight(four_bytes(w.even16 + at / 2), four_bytes(w.odd16 + at / 2));
	}

	static RV_INLINE acc zero() { return lanes32{}; }

	static RV_INLINE void
	step(acc &s, reg x, const weight &w)
	{
		__m256i		even = _mm256_madd_epi16(_mm256_and_si256(x, _mm256_set1_epi16(0xff)), w.even);
		__m256i		odd = _mm256_madd_epi16(_mm256_srli_epi16(x, 8), w.odd);

		s += (lanes32) even + (lanes32) odd;
	}

	static RV_INLINE void settle(acc &) {}
	static RV_INLINE void rows(const acc *s, double *out) { add_sums(s[0], s[1], s[2], s[3], 1, out); }
	static RV_INLINE void lanes(const acc &s, double *out) { add_lanes(s, 1, out); }
};

/* What sums of codes of 4 bits share.  VPMADDUBSW cannot saturate, and two of its sums fit into 16 bits: 4 * 15 * 128. */
struct four_bits : words_of_256
{
	typedef lanes32 acc;
	static constexpr size_t settled = 0;

	static RV_INLINE reg low(reg x) { return _mm256_and_si256(x, _mm256_set1_epi8(15)); }
	static RV_INLINE reg high(reg x) { return _mm256_and_si256(_mm256_srli_epi16(x, 4), _mm256_set1_epi8(15)); }

	static RV_INLINE __m256i plane(const int8_t *p) { return _mm256_loadu_si256((const __m256i *) p); }

	/* Of one byte of the weights, times `factor`. */
	static RV_INLINE lanes32
	products(reg even, reg odd, __m256i w_even, __m256i w_odd, int16_t factor)
	{
		lanes16		narrow = (lanes16) _mm256_maddubs_epi16(even, w_even) + (lanes16) _mm256_maddubs_epi16(odd, w_odd);

		return (lanes32) _mm256_madd_epi16((__m256i) narrow, _mm256_set1_epi16(factor));
	}

	static RV_INLINE acc zero() { return lanes32{}; }
	static RV_INLINE void settle(acc &) {}
	static RV_INLINE void rows(const acc *s, double *out) { add_sums(s[0], s[1], s[2], s[3], 1, out); }
	static RV_INLINE void lanes(const acc &s, double *out) { add_lanes(s, 1, out); }
};

struct four_one : four_bits
{
	/* A lane of 32,768 bytes of codes holds at most 2 * 15 * 127 * 32,768, which is below 2^31. */
	static constexpr size_t row_span = 0,
				word_span = 0;

	struct weight
	{
		__m256i		even,
					odd;

		RV_INLINE weight(__m256i even_, __m256i odd_) : even(even_), odd(odd_) {}
	};

	static RV_INLINE weight
	beside(const weights &w, size_t at)
	{
		return weight(plane(w.high4[0] + at), plane(w.high4[1] + at));
	}

	static RV_INLINE weight
	of_word(const weights &w, size_t at)
	{
		return weight(four_bytes(w.high4[0] + at), four_bytes(w.high4[1] + at));
	}

	static RV_INLINE void
	step(acc &s, reg x, const weight &w)
	{
		s += products(low(x), high(x), w.even, w.odd, 1);
	}
};

struct four_two : four_bits
{
	/*
	 * A step adds eight products of at most 15 * 32,512 to a lane: 550 steps stay below 2^31, and 274 and one below 2^30, so
	 * that two lanes may be added in 32 bits.
	 */
	static constexpr size_t row_span = 274,
				word_span = 550;

	struct weight
	{
		four_one::weight high,
					low;

		RV_INLINE weight(four_one::weight high_, four_one::weight low_) : high(high_), low(low_) {}
	};

	static RV_INLINE weight
	beside(const weights &w, size_t at)
	{
		return weight(four_one::beside(w, at), four_one::weight(plane(w.low4[0] + at), plane(w.low4[1] + at)));
	}

	static RV_INLINE weight
	of_word(const weights &w, size_t at)
	{
		return weight(four_one::of_word(w, at),
					  four_one::weight(four_bytes(w.low4[0] + at), four_bytes(w.low4[1] + at)));
	}

	static RV_INLINE void
	step(acc &s, reg x, const weight &w)
	{
		reg			even = low(x),
					odd = high(x);

		s += products(even, odd, w.high.even, w.high.odd, 256) + products(even, odd, w.low.even, w.low.odd, 1);
	}
};

}	/* namespace */

RV_DEFINE_SCALAR_ESTIMATES(eight, four_one, four_two, haswell);
RV_DEFINE_SCALAR_ENCODE(haswell);

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
