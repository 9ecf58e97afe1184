/*
 * words512.h - what the units for AVX-512 share: 64 bytes of codes a register, sums of sixteen lanes of 32 bits.
 */
#ifndef RUVECTOR_QUANT_SCALAR_WORDS512_H
#define RUVECTOR_QUANT_SCALAR_WORDS512_H

#include "estimate.h"

namespace
{

/*
 * Sums are vectors of the compiler's own: GCC keeps one of type __m512i twice, under its own type and under that of the
 * addition, and copies it with every step.
 */
typedef int32_t lanes32 __attribute__((vector_size(64)));

struct words_of_512
{
	typedef __m512i reg;
	static constexpr size_t bytes = 64,
				rows_beside = 4,
				registers_beside = 2;

	static RV_INLINE reg
	load(const uint8_t *p)
	{
		reg			x = _mm512_loadu_si512(p);

#if !defined(RV_EMULATED)
		/* See haswell.cpp. */
		__asm__("" : "+v"(x));
#endif
		return x;
	}

	static RV_INLINE reg
	load_words(const uint8_t *p, size_t n)
	{
		return _mm512_maskz_loadu_epi32((__mmask16) ((1u << n) - 1u), p);
	}

	static RV_INLINE reg
	four_bytes(const void *p)
	{
		int32_t		word;

		__builtin_memcpy(&word, p, sizeof(word));
		return _mm512_set1_epi32(word);
	}

	static RV_INLINE reg low(reg x) { return _mm512_and_si512(x, _mm512_set1_epi8(15)); }
	static RV_INLINE reg high(reg x) { return _mm512_and_si512(_mm512_srli_epi16(x, 4), _mm512_set1_epi8(15)); }

	/* out[0 .. 15] += lanes * factor */
	static RV_INLINE void
	add_lanes(lanes32 sums_of, double factor, double *out)
	{
		const __m512i s = (__m512i) sums_of;
		const __m512d f = _mm512_set1_pd(factor);
		__m512d		low = _mm512_mul_pd(_mm512_cvtepi32_pd(_mm512_castsi512_si256(s)), f),
					high = _mm512_mul_pd(_mm512_cvtepi32_pd(_mm512_extracti64x4_epi64(s, 1)), f);

		_mm512_storeu_pd(out, _mm512_add_pd(_mm512_loadu_pd(out), low));
		_mm512_storeu_pd(out + 8, _mm512_add_pd(_mm512_loadu_pd(out + 8), high));
	}

	static RV_INLINE __m256i
	fold(lanes32 s)
	{
		return _mm256_add_epi32(_mm512_castsi512_si256((__m512i) s), _mm512_extracti64x4_epi64((__m512i) s, 1));
	}

	/* The sums of four registers' lanes, of which any fits into 32 bits. */
	static RV_INLINE __m128i
	sums(lanes32 a, lanes32 b, lanes32 c, lanes32 d)
	{
		__m256i		x = _mm256_hadd_epi32(_mm256_hadd_epi32(fold(a), fold(b)), _mm256_hadd_epi32(fold(c), fold(d)));

		return _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
	}

	/* out[0 .. 3] += the numbers of x * factor */
	static RV_INLINE void
	add_four(__m128i x, double factor, double *out)
	{
		__m256d		y = _mm256_mul_pd(_mm256_cvtepi32_pd(x), _mm256_set1_pd(factor));

		_mm256_storeu_pd(out, _mm256_add_pd(_mm256_loadu_pd(out), y));
	}
};

/* Of weights: of even and of odd dimensions, or upper and lower bytes. */
struct two_registers
{
	__m512i		first,
				second;

	RV_INLINE two_registers(__m512i first_, __m512i second_) : first(first_), second(second_) {}
};

/* The weights of codes of 4 bits, one byte each. */
struct plane_of_512
{
	static RV_INLINE two_registers
	beside(const int8_t *const *w, size_t at)
	{
		return two_registers(_mm512_loadu_si512(w[0] + at), _mm512_loadu_si512(w[1] + at));
	}

	static RV_INLINE two_registers
	of_word(const int8_t *const *w, size_t at)
	{
		return two_registers(words_of_512::four_bytes(w[0] + at), words_of_512::four_bytes(w[1] + at));
	}
};

}	/* namespace */

#endif							/* RUVECTOR_QUANT_SCALAR_WORDS512_H */
