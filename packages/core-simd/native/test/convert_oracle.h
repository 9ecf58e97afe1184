/*
 * convert_oracle.h - binary16 and bfloat16 by their definition: a table of all
 * values as float64, in which the nearest is looked for.  Nothing of the library
 * is used.
 */
#ifndef RUVECTOR_TEST_CONVERT_ORACLE_H
#define RUVECTOR_TEST_CONVERT_ORACLE_H

#include "support.h"

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace
{

inline uint32_t
pattern_of(float x)
{
	uint32_t	bits;

	__builtin_memcpy(&bits, &x, sizeof(bits));
	return bits;
}

inline float
float_from(uint32_t bits)
{
	float		x;

	__builtin_memcpy(&x, &bits, sizeof(x));
	return x;
}

inline bool is_nan_pattern(uint32_t bits) { return (bits & 0x7fffffff) > 0x7f800000; }

/* 2^k, by doubling and halving. */
inline double
power_of_two(int k)
{
	double		x = 1.0;

	for (; k > 0; k--)
		x *= 2.0;
	for (; k < 0; k++)
		x *= 0.5;
	return x;
}

struct half_format
{
	const char *name;
	int			fraction_bits,
				bias;
	uint32_t	infinity;
	double		values[0x7f81];	/* of all codes without a sign; infinity's is the power of two that follows */

	half_format(const char *format_name, int exponent_bits)
		: name(format_name), fraction_bits(15 - exponent_bits), bias((1 << (exponent_bits - 1)) - 1),
		infinity(((1u << exponent_bits) - 1) << (15 - exponent_bits))
	{
		for (uint32_t code = 0; code <= infinity; code++)
		{
			int			exponent = (int) (code >> fraction_bits);
			double		fraction = (double) (code & ((1u << fraction_bits) - 1));

			values[code] = exponent == 0 ? fraction * power_of_two(1 - bias - fraction_bits)
				: (power_of_two(fraction_bits) + fraction) * power_of_two(exponent - bias - fraction_bits);
		}
	}

	bool is_nan(uint32_t code) const { return (code & 0x7fff) > infinity; }
	bool is_positive(uint32_t code) const { return code > 0 && code <= infinity; }

	/* Infinity is the value beyond all; NaN has none. */
	double
	value(uint32_t code) const
	{
		uint32_t	size = code & 0x7fff;
		double		x = size > infinity ? __builtin_nan("") : size == infinity ? __builtin_inf() : values[size];

		return (code & 0x8000) != 0 ? -x : x;
	}

	/* The pattern of the same value as float32; NaN keeps sign and payload and becomes quiet. */
	uint32_t
	widened(uint32_t code) const
	{
		uint32_t	sign = (code & 0x8000) << 16;
		uint32_t	fraction = code & ((1u << fraction_bits) - 1);

		if (is_nan(code))
			return sign | 0x7fc00000 | fraction << (23 - fraction_bits);
		return pattern_of((float) value(code));
	}

	/* The nearest code to a number that is not NaN, ties to the even one. */
	uint32_t
	nearest(double x) const
	{
		uint32_t	sign = __builtin_signbit(x) ? 0x8000 : 0;
		double		size = __builtin_fabs(x);
		uint32_t	low = 0,
					high = infinity;

		if (size >= values[infinity])
			return sign | infinity;
		/* values[low] <= size < values[high] */
		while (high - low > 1)
		{
			uint32_t	middle = (low + high) / 2;

			if (values[middle] <= size)
				low = middle;
			else
				high = middle;
		}
		if (size - values[low] < values[high] - size)
			return sign | low;
		if (size - values[low] > values[high] - size)
			return sign | high;
		return sign | (low % 2 == 0 ? low : high);
	}

	uint32_t
	narrowed(uint32_t bits) const
	{
		if (is_nan_pattern(bits))
			return (bits >> 16 & 0x8000) | infinity | 1u << (fraction_bits - 1) |
				(bits & 0x7fffff) >> (23 - fraction_bits);
		return nearest((double) float_from(bits));
	}
};

const half_format binary16("f16", 5);
const half_format bfloat16("bf16", 8);

/* Makes the processor flush subnormal numbers to zero, in and out, as libraries with -ffast-math leave it. */
inline bool
set_flushing(bool on)
{
#if defined(__SSE__)
	_mm_setcsr(on ? _mm_getcsr() | 0x8040 : _mm_getcsr() & ~0x8040u);
	return true;
#elif defined(__aarch64__)
	uint64_t	fpcr;

	__asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
	fpcr = on ? fpcr | 1u << 24 : fpcr & ~(uint64_t) (1u << 24);
	__asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
	return true;
#else
	(void) on;
	return false;
#endif
}

}	/* namespace */

#endif							/* RUVECTOR_TEST_CONVERT_ORACLE_H */
