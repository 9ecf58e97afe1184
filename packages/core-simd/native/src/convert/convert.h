/*
 * convert.h - the loops of the conversions, written once for every instruction
 * set.
 *
 * A unit defines a policy `V`, then includes this file and expands
 * RV_DEFINE_CONVERT.  Each operation takes a fixed number of elements, of which
 * it reads and writes nothing else; what is left over goes one by one, through
 * halves.h and the functions below.  The policy provides:
 *
 *   lanes                   elements that these take:
 *   f16_to_f32(from, to), f32_to_f16, bf16_to_f32, f32_to_bf16
 *   wide                    `lanes` numbers as float64
 *   wide_zero, add_squares(s, x), wide_sum, divide(x, norm)
 *   load_f32, load_f16, load_bf16
 *   store_f32               rounds to nearest
 *   store_f16, store_bf16   round to nearest, once; store_bf16 may rely on has_tiny
 *   has_tiny(x)             whether a number but zero is below 2^-126: then
 *                           bfloat16 is stored one by one
 *
 *   f32_bits, f16_bits, i8_bits   how many elements, a multiple of eight, that
 *   f32_to_bits(from, to), f16_to_bits, i8_to_bits take
 *
 * Numbers above zero are found by integer comparison: they are the patterns from
 * 1 to infinity, and NaN, zero and all that has a sign are outside.  The control
 * word, which can make subnormal numbers equal zero, has no say in it.
 *
 * Two roundings to nearest, float64 to float32 to binary16, can give another
 * result than one.  Rounding to odd first cannot: float32 has more than two
 * fraction bits above binary16 and bfloat16 (Boldo and Melquiond, Emulation of
 * FMA and Correctly Rounded Sums: Proved Algorithms Using Rounding to Odd, IEEE
 * Transactions on Computers 57(4), 2008).
 */
#ifndef RUVECTOR_CONVERT_CONVERT_H
#define RUVECTOR_CONVERT_CONVERT_H

#include "../halves.h"
#include "../kernels.h"

namespace
{

/* The fraction bits of float64 that float32 has not. */
constexpr uint64_t dropped_bits = ((uint64_t) 1 << 29) - 1;

constexpr float f32_least_normal = 0x1p-126f;
constexpr float f32_least = 0x1p-149f;

/* The pattern of a float32: float64 rounded to odd, subnormal or not. */
RV_INLINE uint32_t
round_to_odd(double x)
{
	uint64_t	bits;
	uint32_t	sign;

	__builtin_memcpy(&bits, &x, sizeof(bits));
	sign = (uint32_t) (bits >> 32) & 0x80000000;
	if (__builtin_fabs(x) < (double) f32_least_normal)
	{
		/* A multiple of 2^-149, by integers: float32 might be flushed to zero. */
		double		multiple = __builtin_fabs(x) / (double) f32_least;
		uint32_t	whole = (uint32_t) multiple;

		return sign | whole | ((double) whole != multiple);
	}
	bits = (bits & ~dropped_bits) | (((bits & dropped_bits) + dropped_bits) & (dropped_bits + 1));
	__builtin_memcpy(&x, &bits, sizeof(x));
	return bits_of((float) x);
}

/* As halves.h has it, but NaN made quiet as by every other conversion. */
RV_INLINE float
widen_bf16_quiet(uint16_t half)
{
	uint32_t	bits = (uint32_t) half << 16;

	return float_of(bits | ((half & 0x7fff) > 0x7f80 ? 0x400000 : 0));
}

/* The formats that can be normalised, element by element and `lanes` at a time. */
struct f32_format
{
	typedef float element;

	static RV_INLINE double widen(float x) { return (double) x; }
	static RV_INLINE float narrow(double x) { return (float) x; }

	template<typename V>
	static RV_INLINE typename V::wide load(const float *p) { return V::load_f32(p); }

	template<typename V>
	static RV_INLINE bool store(float *p, typename V::wide x) { V::store_f32(p, x); return true; }
};

struct f16_format
{
	typedef uint16_t element;

	static RV_INLINE double widen(uint16_t x) { return (double) widen_f16(x); }
	static RV_INLINE uint16_t narrow(double x) { return narrow_f16(float_of(round_to_odd(x))); }

	template<typename V>
	static RV_INLINE typename V::wide load(const uint16_t *p) { return V::load_f16(p); }

	template<typename V>
	static RV_INLINE bool store(uint16_t *p, typename V::wide x) { V::store_f16(p, x); return true; }
};

struct bf16_format
{
	typedef uint16_t element;

	/* A subnormal number is a multiple of 2^-133, which float64 holds as a normal one. */
	static RV_INLINE double
	widen(uint16_t x)
	{
		double		tiny = (double) (x & 0x7f) * 0x1p-133;

		if ((x & 0x7f80) == 0)
			return (x & 0x8000) != 0 ? -tiny : tiny;
		return (double) widen_bf16(x);
	}

	static RV_INLINE uint16_t narrow(double x) { return narrow_bf16(float_of(round_to_odd(x))); }

	template<typename V>
	static RV_INLINE typename V::wide load(const uint16_t *p) { return V::load_bf16(p); }

	template<typename V>
	static RV_INLINE bool
	store(uint16_t *p, typename V::wide x)
	{
		if (V::has_tiny(x))
			return false;
		V::store_bf16(p, x);
		return true;
	}
};

/* Divided one by one. */
template<typename F>
RV_INLINE void
divide_each(const typename F::element *from, typename F::element *to, double norm, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = F::narrow(F::widen(from[i]) / norm);
}

/* `to` may be `from`: an element is read before it is written, and once. */
template<typename V, typename F>
RV_INLINE void
normalise(const typename F::element *from, typename F::element *to, size_t n)
{
	constexpr size_t L = V::lanes;
	typename V::wide s = V::wide_zero();
	double		sum,
				norm;
	size_t		i = 0;

	for (; n - i >= L; i += L)
		V::add_squares(s, F::template load<V>(from + i));
	sum = V::wide_sum(s);
	for (; i < n; i++)
		sum += F::widen(from[i]) * F::widen(from[i]);
	norm = __builtin_sqrt(sum);
	if (norm == 0.0)
	{
		for (i = 0; i < n; i++)
			to[i] = 0;
		return;
	}
	for (i = 0; n - i >= L; i += L)
		if (!F::template store<V>(to + i, V::divide(F::template load<V>(from + i), norm)))
			divide_each<F>(from + i, to + i, norm, L);
	divide_each<F>(from + i, to + i, norm, n - i);
}

/* Conversions of one element to one element; each names its two operations. */
template<typename V>
struct f16_to_f32_step
{
	typedef uint16_t from;
	typedef float to;

	static RV_INLINE void many(const from *p, to *q) { V::f16_to_f32(p, q); }
	static RV_INLINE to one(from x) { return widen_f16(x); }
};

template<typename V>
struct f32_to_f16_step
{
	typedef float from;
	typedef uint16_t to;

	static RV_INLINE void many(const from *p, to *q) { V::f32_to_f16(p, q); }
	static RV_INLINE to one(from x) { return narrow_f16(x); }
};

template<typename V>
struct bf16_to_f32_step
{
	typedef uint16_t from;
	typedef float to;

	static RV_INLINE void many(const from *p, to *q) { V::bf16_to_f32(p, q); }
	static RV_INLINE to one(from x) { return widen_bf16_quiet(x); }
};

template<typename V>
struct f32_to_bf16_step
{
	typedef float from;
	typedef uint16_t to;

	static RV_INLINE void many(const from *p, to *q) { V::f32_to_bf16(p, q); }
	static RV_INLINE to one(from x) { return narrow_bf16(x); }
};

template<typename V, typename Step>
RV_INLINE void
convert(const typename Step::from *from, typename Step::to *to, size_t n)
{
	size_t		i = 0;

	for (; n - i >= V::lanes; i += V::lanes)
		Step::many(from + i, to + i);
	for (; i < n; i++)
		to[i] = Step::one(from[i]);
}

RV_INLINE bool is_positive(float x) { return bits_of(x) - 1 < 0x7f800000; }
RV_INLINE bool is_positive(uint16_t half) { return (uint32_t) half - 1 < 0x7c00; }
RV_INLINE bool is_positive(int8_t x) { return x > 0; }

/* What remains below a policy's step, the last byte perhaps not full. */
template<typename From>
RV_INLINE void
bits_one_by_one(const From *from, uint8_t *to, size_t n)
{
	for (size_t i = 0; i < n; i += 8)
	{
		unsigned	byte = 0;

		for (size_t j = i; j < n && j < i + 8; j++)
			byte |= (unsigned) is_positive(from[j]) << (7 - (j - i));
		to[i / 8] = (uint8_t) byte;
	}
}

template<typename V>
struct f32_bits_step
{
	typedef float from;
	static constexpr size_t elements = V::f32_bits;

	static RV_INLINE void many(const from *p, uint8_t *q) { V::f32_to_bits(p, q); }
};

template<typename V>
struct f16_bits_step
{
	typedef uint16_t from;
	static constexpr size_t elements = V::f16_bits;

	static RV_INLINE void many(const from *p, uint8_t *q) { V::f16_to_bits(p, q); }
};

template<typename V>
struct i8_bits_step
{
	typedef int8_t from;
	static constexpr size_t elements = V::i8_bits;

	static RV_INLINE void many(const from *p, uint8_t *q) { V::i8_to_bits(p, q); }
};

template<typename Step>
RV_INLINE void
quantise(const typename Step::from *from, uint8_t *to, size_t n)
{
	size_t		i = 0;

	static_assert(Step::elements % 8 == 0, "whole bytes");
	for (; n - i >= Step::elements; i += Step::elements)
		Step::many(from + i, to + i / 8);
	bits_one_by_one(from + i, to + i / 8, n - i);
}

}	/* namespace */

#define RV_DEFINE_CONVERT_HALF(V, half, isa) \
	void \
	rv_##half##_to_f32_##isa(const void *from, void *to, size_t n) \
	{ \
		convert<V, half##_to_f32_step<V>>((const uint16_t *) from, (float *) to, n); \
	} \
	void \
	rv_f32_to_##half##_##isa(const void *from, void *to, size_t n) \
	{ \
		convert<V, f32_to_##half##_step<V>>((const float *) from, (uint16_t *) to, n); \
	}

#define RV_DEFINE_CONVERT_BITS(V, type, isa) \
	void \
	rv_##type##_to_bits_##isa(const void *from, void *to, size_t n) \
	{ \
		typedef type##_bits_step<V> step; \
		quantise<step>((const step::from *) from, (uint8_t *) to, n); \
	}

#define RV_DEFINE_NORMALISE(V, type, isa) \
	void \
	rv_normalise_##type##_##isa(const void *from, void *to, size_t n) \
	{ \
		typedef type##_format::element element; \
		normalise<V, type##_format>((const element *) from, (element *) to, n); \
	}

#define RV_DEFINE_CONVERT(V, isa) \
	RV_DECLARE_CONVERT(isa); \
	RV_DEFINE_CONVERT_HALF(V, f16, isa) \
	RV_DEFINE_CONVERT_HALF(V, bf16, isa) \
	RV_DEFINE_CONVERT_BITS(V, f32, isa) \
	RV_DEFINE_CONVERT_BITS(V, f16, isa) \
	RV_DEFINE_CONVERT_BITS(V, i8, isa) \
	RV_DEFINE_NORMALISE(V, f32, isa) \
	RV_DEFINE_NORMALISE(V, f16, isa) \
	RV_DEFINE_NORMALISE(V, bf16, isa) \
	static_assert(true, "")

#endif							/* RUVECTOR_CONVERT_CONVERT_H */
