/*
 * haswell.cpp - RaBitQ with AVX2.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include <immintrin.h>

/* To the end of the unit: GCC instantiates templates with the options in force there. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#include "encode.h"
#include "rabitq.h"

RV_DECLARE_RABITQ(haswell);

namespace
{

/* Sixteen-bit words, signed, that products of `most` codes and a query's bytes may be added to before they overflow. */
constexpr int
additions(int most_code)
{
	return 32767 / (2 * 127 * most_code);
}

struct avx2
{
	struct reg
	{
		__m256i		h[2];
	};

	static RV_INLINE reg zero() { return {{_mm256_setzero_si256(), _mm256_setzero_si256()}}; }

	/*
	 * `lanes` bytes, then zeros.  Of pieces that overlap, since a load of 32 bytes could leave the row, and in registers: what
	 * is stored in two pieces cannot be loaded as one at once.
	 */
	static RV_INLINE __m256i
	load_lanes(const uint8_t *p, size_t lanes)
	{
		/* From byte 32 - lanes on: moves the last bytes of 16 to the front. */
		alignas(32) static const uint8_t places[32] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 128, 128, 128, 128,
			128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128};

		if (lanes == 32)
			return _mm256_loadu_si256((const __m256i *) p);
		if (lanes >= 16)
		{
			__m128i		first = _mm_loadu_si128((const __m128i *) p),
						last = _mm_loadu_si128((const __m128i *) (p + lanes - 16)),
						moved = _mm_loadu_si128((const __m128i *) (places + 32 - lanes));

			return _mm256_inserti128_si256(_mm256_castsi128_si256(first), _mm_shuffle_epi8(last, moved), 1);
		}

		uint64_t	first = 0,
					last = 0;

		if (lanes >= 8)
		{
			__builtin_memcpy(&first, p, 8);
			__builtin_memcpy(&last, p + lanes - 8, 8);
			last = lanes == 8 ? 0 : last >> 8 * (16 - lanes);
		}
		else
			for (size_t i = lanes; i-- > 0;)
				first = first << 8 | p[i];
		return _mm256_inserti128_si256(_mm256_setzero_si256(), _mm_set_epi64x((long long) last, (long long) first), 0);
	}

	static RV_INLINE reg
	load_two(const uint8_t *p, size_t lanes)
	{
		return {{load_lanes(p, lanes), load_lanes(p + lanes, lanes)}};
	}

	static RV_INLINE reg
	load_spread(const uint8_t *p, size_t lanes)
	{
		__m256i		x = load_lanes(p, lanes);

		return {{x, _mm256_srli_epi16(x, 4)}};
	}

	static RV_INLINE reg
	either(const reg &a, const reg &b)
	{
		return {{_mm256_or_si256(a.h[0], b.h[0]), _mm256_or_si256(a.h[1], b.h[1])}};
	}

	/* Left by Shift, or right where it is negative; what comes from the neighbour's byte is masked off. */
	template<int Shift>
	static RV_INLINE reg
	shift_and(const reg &x, int mask)
	{
		const __m256i m = _mm256_set1_epi8((char) mask);
		reg			r;

		for (int i = 0; i < 2; i++)
		{
			__m256i		shifted = Shift > 0 ? _mm256_slli_epi16(x.h[i], Shift > 0 ? Shift : 0)
				: Shift < 0 ? _mm256_srli_epi16(x.h[i], Shift < 0 ? -Shift : 0) : x.h[i];

			r.h[i] = _mm256_and_si256(shifted, m);
		}
		return r;
	}

	template<int ExBits>
	struct sums
	{
		static constexpr int most = (1 << ExBits) - 1;
		static constexpr int free_additions = additions(most);
		static constexpr int free_chunks = free_additions / 4;

		__m256i		words[2],
					total32[2];
		int			added = 0,
					chunks = 0;

		/* Written out: GCC gives the one that it makes itself no target. */
		RV_INLINE sums()
		{
			for (int i = 0; i < 2; i++)
				words[i] = total32[i] = _mm256_setzero_si256();
		}

		RV_INLINE void
		flush()
		{
			const __m256i ones = _mm256_set1_epi16(1);

			for (int i = 0; i < 2; i++)
			{
				total32[i] = _mm256_add_epi32(total32[i], _mm256_madd_epi16(words[i], ones));
				words[i] = _mm256_setzero_si256();
			}
		}

		RV_INLINE void
		add(const reg &e, const int8_t *q)
		{
			for (int i = 0; i < 2; i++)
			{
				__m256i		products = _mm256_maddubs_epi16(e.h[i], _mm256_loadu_si256((const __m256i *) q + i));

				words[i] = _mm256_add_epi16(words[i], products);
			}
			/* Within a chunk the compiler knows the count. */
			if (free_additions < 4 && ++added == free_additions)
			{
				flush();
				added = 0;
			}
		}

		RV_INLINE void
		end_chunk()
		{
			if (free_additions < 4)
			{
				if (added != 0)
					flush();
				added = 0;
			}
			else if (++chunks == free_chunks)
			{
				flush();
				chunks = 0;
			}
		}

		RV_INLINE int32_t
		total()
		{
			flush();

			__m256i		all = _mm256_add_epi32(total32[0], total32[1]);
			__m128i		x = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));

			x = _mm_add_epi32(x, _mm_shuffle_epi32(x, 0x4e));
			x = _mm_add_epi32(x, _mm_shuffle_epi32(x, 0xb1));
			return _mm_cvtsi128_si32(x);
		}
	};
};

/*
 * Low and high halves of bytes look their sums up; even and odd bytes are added apart, as words.  The words of all bytes are
 * added whole, and what the odd ones add to them is taken off at the end: one operation less a step.
 */
struct block_sums
{
	__m256i		whole[2],
				odd[2];

	RV_INLINE block_sums()
	{
		for (int half = 0; half < 2; half++)
			whole[half] = odd[half] = _mm256_setzero_si256();
	}

	RV_INLINE void
	add(const uint8_t *codes, const uint8_t *table)
	{
		const __m256i low = _mm256_set1_epi8(15);
		__m256i		c = _mm256_loadu_si256((const __m256i *) codes),
					t = _mm256_loadu_si256((const __m256i *) table);
		__m256i		found[2] = {
			_mm256_shuffle_epi8(t, _mm256_and_si256(c, low)),
			_mm256_shuffle_epi8(t, _mm256_and_si256(_mm256_srli_epi16(c, 4), low)),
		};

		for (int half = 0; half < 2; half++)
		{
			whole[half] = _mm256_add_epi16(whole[half], found[half]);
			odd[half] = _mm256_add_epi16(odd[half], _mm256_srli_epi16(found[half], 8));
		}
	}

	/* Both lanes together: codes 0 .. 7, 8 .. 15, 16 .. 23, 24 .. 31. */
	RV_INLINE void
	flush(__m256i (&out)[4])
	{
		for (int half = 0; half < 2; half++)
		{
			__m256i		even = _mm256_sub_epi16(whole[half], _mm256_slli_epi16(odd[half], 8));
			const __m256i parts[2] = {even, odd[half]};

			for (int part = 0; part < 2; part++)
			{
				__m256i		lanes0 = _mm256_cvtepu16_epi32(_mm256_castsi256_si128(parts[part])),
							lanes1 = _mm256_cvtepu16_epi32(_mm256_extracti128_si256(parts[part], 1));

				out[2 * half + part] = _mm256_add_epi32(out[2 * half + part], _mm256_add_epi32(lanes0, lanes1));
			}
			whole[half] = odd[half] = _mm256_setzero_si256();
		}
	}
};

/* A word takes 257 bytes. */
constexpr size_t steps_to_flush = 256;

struct kernel
{
	static RV_INLINE void
	sign_rows(const uint8_t *signs, size_t stride, size_t count, size_t n, const int8_t *plane, int32_t *out)
	{
		rows_sums<avx2, 1, 1>(signs, stride, count, n, plane, out);
	}

	static RV_INLINE void
	ex_rows(const uint8_t *ex, size_t stride, size_t count, size_t n, int ex_bits, const int8_t *planes, int levels,
			int32_t *out)
	{
		::ex_rows<avx2>(ex, stride, count, n, ex_bits, planes, levels, out);
	}

	static RV_INLINE void
	sign_block(const uint8_t *signs, size_t n, const uint8_t *table, int32_t *out)
	{
		__m256i		total[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
			_mm256_setzero_si256()};
		const size_t steps = n / 8;

		for (size_t first = 0; first < steps; first += steps_to_flush)
		{
			const size_t end = steps - first < steps_to_flush ? steps : first + steps_to_flush;
			block_sums	sums;

			for (size_t k = first; k < end; k++)
				sums.add(signs + 32 * k, table + 32 * k);
			sums.flush(total);
		}
		for (int i = 0; i < 4; i++)
			_mm256_storeu_si256((__m256i *) (out + 8 * i), total[i]);
	}

	/* Of 32 values. */
	static RV_INLINE uint32_t
	below(const float *values, float limit)
	{
		const __m256 limits = _mm256_set1_ps(limit);
		uint32_t	bits = 0;

		for (size_t i = 0; i < RV_QUANT_BLOCK; i += 8)
			bits |= (uint32_t) _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(values + i), limits, _CMP_LT_OQ)) << i;
		return bits;
	}
};

/* For encode.h. */
struct eight
{
	struct reg
	{
		__m256d		h[2];
	};

	typedef __m256 floats;
	typedef __m256d total;

	static constexpr int scales = 3;

	static RV_INLINE reg zero() { return {{_mm256_setzero_pd(), _mm256_setzero_pd()}}; }
	static RV_INLINE reg all(double x) { return {{_mm256_set1_pd(x), _mm256_set1_pd(x)}}; }
	static RV_INLINE total nothing() { return _mm256_setzero_pd(); }
	static RV_INLINE floats load(const float *p) { return _mm256_loadu_ps(p); }
	static RV_INLINE void store(float *p, floats x) { _mm256_storeu_ps(p, x); }
	static RV_INLINE floats sub(floats a, floats b) { return _mm256_sub_ps(a, b); }
	static RV_INLINE int negative(floats x) { return _mm256_movemask_ps(x); }

	static RV_INLINE floats
	turn(floats x, floats sign)
	{
		return _mm256_xor_ps(x, _mm256_and_ps(sign, _mm256_set1_ps(-0.0f)));
	}

	static RV_INLINE reg
	widen(floats x)
	{
		return {{_mm256_cvtps_pd(_mm256_castps256_ps128(x)), _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1))}};
	}

#define RV_BOTH(name, one) \
	static RV_INLINE reg name(const reg &a, const reg &b) { return {{one(a.h[0], b.h[0]), one(a.h[1], b.h[1])}}; }

	RV_BOTH(add, _mm256_add_pd)
	RV_BOTH(mul, _mm256_mul_pd)
	RV_BOTH(min, _mm256_min_pd)
	RV_BOTH(max, _mm256_max_pd)
#undef RV_BOTH

	static RV_INLINE reg floor(const reg &a) { return {{_mm256_floor_pd(a.h[0]), _mm256_floor_pd(a.h[1])}}; }

	static RV_INLINE reg
	abs(const reg &a)
	{
		const __m256d sign = _mm256_set1_pd(-0.0);

		return {{_mm256_andnot_pd(sign, a.h[0]), _mm256_andnot_pd(sign, a.h[1])}};
	}

	static RV_INLINE reg
	fma(const reg &a, const reg &b, const reg &c)
	{
		return {{_mm256_fmadd_pd(a.h[0], b.h[0], c.h[0]), _mm256_fmadd_pd(a.h[1], b.h[1], c.h[1])}};
	}

	static RV_INLINE total
	add_square(total sum, const reg &a)
	{
		return _mm256_fmadd_pd(a.h[0], a.h[0], _mm256_fmadd_pd(a.h[1], a.h[1], sum));
	}

	static RV_INLINE double
	sum(total x)
	{
		__m128d		two = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));

		return _mm_cvtsd_f64(two) + _mm_cvtsd_f64(_mm_unpackhi_pd(two, two));
	}

	static RV_INLINE double add_eight(const reg &x) { return sum(_mm256_add_pd(x.h[0], x.h[1])); }

	static RV_INLINE double
	largest(const reg &x)
	{
		__m256d		four = _mm256_max_pd(x.h[0], x.h[1]);
		__m128d		two = _mm_max_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));

		return _mm_cvtsd_f64(_mm_max_pd(two, _mm_unpackhi_pd(two, two)));
	}

	static RV_INLINE void
	store_bytes(uint8_t *p, const reg &x)
	{
		__m128i		words = _mm_packus_epi32(_mm256_cvttpd_epi32(x.h[0]), _mm256_cvttpd_epi32(x.h[1]));

		_mm_storel_epi64((__m128i *) p, _mm_packus_epi16(words, words));
	}

	static RV_INLINE reg
	load_bytes(const uint8_t *p)
	{
		__m256i		x = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *) p));

		return {{_mm256_cvtepi32_pd(_mm256_castsi256_si128(x)), _mm256_cvtepi32_pd(_mm256_extracti128_si256(x, 1))}};
	}
};

}	/* namespace */

RV_DEFINE_RABITQ(haswell, kernel)
RV_DEFINE_RABITQ_ENCODER(haswell, eight)

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
