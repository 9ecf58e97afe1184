/*
 * wide.h - RaBitQ with AVX-512, for the units that differ in how they multiply bytes.
 *
 * Included after the target is set and the intrinsics are there.  `Dot` has sums<ExBits>.
 */
#ifndef RUVECTOR_QUANT_SRC_RABITQ_WIDE_H
#define RUVECTOR_QUANT_SRC_RABITQ_WIDE_H

#include "encode.h"
#include "rabitq.h"

namespace
{

template<typename Dot>
struct avx512
{
	typedef __m512i reg;

	static RV_INLINE reg zero() { return _mm512_setzero_si512(); }

	static RV_INLINE __mmask32
	first(size_t lanes)
	{
		return lanes == 32 ? 0xffffffffu : (__mmask32) ((1u << lanes) - 1);
	}

	/* A masked load does not touch what the mask leaves out. */
	static RV_INLINE reg
	load_two(const uint8_t *p, size_t lanes)
	{
		if (lanes == 32)
			return _mm512_loadu_si512(p);
		return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_maskz_loadu_epi8(first(lanes), p)),
								  _mm256_maskz_loadu_epi8(first(lanes), p + lanes), 1);
	}

	static RV_INLINE reg
	load_spread(const uint8_t *p, size_t lanes)
	{
		__m256i		x = lanes == 32 ? _mm256_loadu_si256((const __m256i *) p)
			: _mm256_maskz_loadu_epi8(first(lanes), p);

		return _mm512_inserti64x4(_mm512_castsi256_si512(x), _mm256_srli_epi16(x, 4), 1);
	}

	static RV_INLINE reg either(reg a, reg b) { return _mm512_or_si512(a, b); }

	/* Left by Shift, or right where it is negative; what comes from the neighbour's byte is masked off. */
	template<int Shift>
	static RV_INLINE reg
	shift_and(reg x, int mask)
	{
		if (Shift > 0)
			x = _mm512_slli_epi16(x, Shift > 0 ? Shift : 0);
		else if (Shift < 0)
			x = _mm512_srli_epi16(x, Shift < 0 ? -Shift : 0);
		return _mm512_and_si512(x, _mm512_set1_epi8((char) mask));
	}

	template<int ExBits>
	using sums = typename Dot::template sums<ExBits>;
};

/* As in haswell.cpp, two bytes of each code a step. */
struct block_sums
{
	__m512i		whole[2],
				odd[2];

	/* Written out: GCC gives the one that it makes itself no target. */
	RV_INLINE block_sums()
	{
		for (int half = 0; half < 2; half++)
			whole[half] = odd[half] = _mm512_setzero_si512();
	}

	RV_INLINE void
	add(__m512i c, __m512i t)
	{
		const __m512i low = _mm512_set1_epi8(15);
		__m512i		found[2] = {
			_mm512_shuffle_epi8(t, _mm512_and_si512(c, low)),
			_mm512_shuffle_epi8(t, _mm512_and_si512(_mm512_srli_epi16(c, 4), low)),
		};

		for (int half = 0; half < 2; half++)
		{
			whole[half] = _mm512_add_epi16(whole[half], found[half]);
			odd[half] = _mm512_add_epi16(odd[half], _mm512_srli_epi16(found[half], 8));
		}
	}

	/* All lanes together: codes 0 .. 7, 8 .. 15, 16 .. 23, 24 .. 31. */
	RV_INLINE void
	flush(__m256i (&out)[4])
	{
		for (int half = 0; half < 2; half++)
		{
			__m512i		even = _mm512_sub_epi16(whole[half], _mm512_slli_epi16(odd[half], 8));
			const __m512i parts[2] = {even, odd[half]};

			for (int part = 0; part < 2; part++)
			{
				__m512i		a = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(parts[part])),
							b = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(parts[part], 1));
				__m512i		sum = _mm512_add_epi32(a, b);
				__m256i		lanes = _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));

				out[2 * half + part] = _mm256_add_epi32(out[2 * half + part], lanes);
			}
			whole[half] = odd[half] = _mm512_setzero_si512();
		}
	}
};

/* A word takes 257 bytes. */
constexpr size_t steps_to_flush = 256;

template<typename Dot>
struct wide_kernel
{
	static RV_INLINE void
	sign_rows(const uint8_t *signs, size_t stride, size_t count, size_t n, const int8_t *plane, int32_t *out)
	{
		rows_sums<avx512<Dot>, 1, 1>(signs, stride, count, n, plane, out);
	}

	static RV_INLINE void
	ex_rows(const uint8_t *ex, size_t stride, size_t count, size_t n, int ex_bits, const int8_t *planes, int levels,
			int32_t *out)
	{
		::ex_rows<avx512<Dot>>(ex, stride, count, n, ex_bits, planes, levels, out);
	}

	static RV_INLINE void
	sign_block(const uint8_t *signs, size_t n, const uint8_t *table, int32_t *out)
	{
		__m256i		total[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
			_mm256_setzero_si256()};
		const size_t steps = n / 16;
		size_t		k = 0;

		do
		{
			const size_t end = steps - k < steps_to_flush - 1 ? steps : k + steps_to_flush - 1;
			block_sums	sums;

			for (; k < end; k++)
				sums.add(_mm512_loadu_si512(signs + 64 * k), _mm512_loadu_si512(table + 64 * k));
			/* The byte that is left, as half a step. */
			if (k == steps && n % 16 != 0)
				sums.add(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *) (signs + 64 * k))),
						 _mm512_inserti64x4(_mm512_setzero_si512(),
											_mm256_loadu_si256((const __m256i *) (table + 64 * k)), 0));
			sums.flush(total);
		} while (k < steps);
		for (int i = 0; i < 4; i++)
			_mm256_storeu_si256((__m256i *) (out + 8 * i), total[i]);
	}

	/* Of 32 values. */
	static RV_INLINE uint32_t
	below(const float *values, float limit)
	{
		const __m512 limits = _mm512_set1_ps(limit);

		return (uint32_t) _mm512_cmp_ps_mask(_mm512_loadu_ps(values), limits, _CMP_LT_OQ) |
			(uint32_t) _mm512_cmp_ps_mask(_mm512_loadu_ps(values + 16), limits, _CMP_LT_OQ) << 16;
	}
};

/* For encode.h. */
struct eight
{
	typedef __m512d reg;
	typedef __m256 floats;
	typedef __m512d total;

	static constexpr int scales = 6;

	static RV_INLINE reg zero() { return _mm512_setzero_pd(); }
	static RV_INLINE reg all(double x) { return _mm512_set1_pd(x); }
	static RV_INLINE total nothing() { return _mm512_setzero_pd(); }
	static RV_INLINE floats load(const float *p) { return _mm256_loadu_ps(p); }
	static RV_INLINE void store(float *p, floats x) { _mm256_storeu_ps(p, x); }
	static RV_INLINE floats sub(floats a, floats b) { return _mm256_sub_ps(a, b); }
	static RV_INLINE int negative(floats x) { return _mm256_movemask_ps(x); }
	static RV_INLINE reg widen(floats x) { return _mm512_cvtps_pd(x); }
	static RV_INLINE reg add(reg a, reg b) { return _mm512_add_pd(a, b); }
	static RV_INLINE reg mul(reg a, reg b) { return _mm512_mul_pd(a, b); }
	static RV_INLINE reg min(reg a, reg b) { return _mm512_min_pd(a, b); }
	static RV_INLINE reg max(reg a, reg b) { return _mm512_max_pd(a, b); }
	static RV_INLINE reg abs(reg a) { return _mm512_abs_pd(a); }
	static RV_INLINE reg floor(reg a) { return _mm512_floor_pd(a); }
	static RV_INLINE reg fma(reg a, reg b, reg c) { return _mm512_fmadd_pd(a, b, c); }
	static RV_INLINE total add_square(total sum, reg a) { return _mm512_fmadd_pd(a, a, sum); }

	static RV_INLINE floats
	turn(floats x, floats sign)
	{
		return _mm256_xor_ps(x, _mm256_and_ps(sign, _mm256_set1_ps(-0.0f)));
	}

	/* Lanes 0 .. 7 in the order of add_eight(). */
	static RV_INLINE double
	add_eight(reg x)
	{
		__m256d		four = _mm256_add_pd(_mm512_castpd512_pd256(x), _mm512_extractf64x4_pd(x, 1));
		__m128d		two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));

		return _mm_cvtsd_f64(two) + _mm_cvtsd_f64(_mm_unpackhi_pd(two, two));
	}

	static RV_INLINE double sum(total x) { return add_eight(x); }

	static RV_INLINE double
	largest(reg x)
	{
		__m256d		four = _mm256_max_pd(_mm512_castpd512_pd256(x), _mm512_extractf64x4_pd(x, 1));
		__m128d		two = _mm_max_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));

		return _mm_cvtsd_f64(_mm_max_pd(two, _mm_unpackhi_pd(two, two)));
	}

	static RV_INLINE void
	store_bytes(uint8_t *p, reg x)
	{
		__m256i		m = _mm512_cvttpd_epi32(x);
		__m128i		words = _mm_packus_epi32(_mm256_castsi256_si128(m), _mm256_extracti128_si256(m, 1));

		_mm_storel_epi64((__m128i *) p, _mm_packus_epi16(words, words));
	}

	static RV_INLINE reg
	load_bytes(const uint8_t *p)
	{
		return _mm512_cvtepi32_pd(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *) p)));
	}
};

}	/* namespace */

#endif							/* RUVECTOR_QUANT_SRC_RABITQ_WIDE_H */
