/*
 * halves.h - binary16 and bfloat16 by integer arithmetic: exact for every value, whatever the processor's control
 * word says of subnormal numbers.
 */
#ifndef RUVECTOR_HALVES_H
#define RUVECTOR_HALVES_H

#include <stddef.h>
#include <stdint.h>

#define RV_HALVES_INLINE inline __attribute__((always_inline))

namespace
{

RV_HALVES_INLINE uint32_t
bits_of(float x)
{
	uint32_t	bits;

	__builtin_memcpy(&bits, &x, sizeof(bits));
	return bits;
}

RV_HALVES_INLINE float
float_of(uint32_t bits)
{
	float		x;

	__builtin_memcpy(&x, &bits, sizeof(x));
	return x;
}

/* IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
RV_HALVES_INLINE float
widen_f16(uint16_t half)
{
	uint32_t	sign = (uint32_t) (half & 0x8000) << 16;
	uint32_t	exponent = (half >> 10) & 0x1f;
	uint32_t	fraction = half & 0x3ff;

	if (exponent == 0x1f)
		/* Infinity, and NaN made quiet as the processor's own instruction does. */
		return float_of(sign | 0x7f800000 | fraction << 13 | (fraction != 0 ? 0x400000 : 0));
	if (exponent == 0)
		/* A multiple of 2^-24, which a normal float32 holds. */
		return float_of(sign | bits_of((float) (int32_t) fraction * 0x1p-24f));
	return float_of(sign | (exponent + 112) << 23 | fraction << 13);
}

RV_HALVES_INLINE float
widen_bf16(uint16_t half)
{
	return float_of((uint32_t) half << 16);
}

/* To nearest, ties to even. */
RV_HALVES_INLINE uint16_t
narrow_f16(float x)
{
	uint32_t	bits = bits_of(x);
	uint32_t	sign = (bits >> 16) & 0x8000;
	uint32_t	magnitude = bits & 0x7fffffff;
	uint32_t	kept,
				rest,
				half;

	if (magnitude > 0x7f800000)
		return (uint16_t) (sign | 0x7e00 | ((magnitude >> 13) & 0x3ff));
	if (magnitude >= 0x477ff000)	/* 65,520 and above round to infinity */
		return (uint16_t) (sign | 0x7c00);
	if (magnitude < 0x33000000)		/* below 2^-25, half of the least: zero */
		return (uint16_t) sign;
	if (magnitude < 0x38800000)		/* below 2^-14: subnormal, a multiple of 2^-24 */
	{
		uint32_t	shift = 126 - (magnitude >> 23);
		uint32_t	fraction = (magnitude & 0x7fffff) | 0x800000;

		kept = fraction >> shift;
		rest = fraction & ((1u << shift) - 1);
		half = 1u << (shift - 1);
	}
	else
	{
		kept = (magnitude - 0x38000000) >> 13;
		rest = magnitude & 0x1fff;
		half = 0x1000;
	}
	/* A carry out of the fraction raises the exponent, as it should. */
	if (rest > half || (rest == half && (kept & 1)))
		kept++;
	return (uint16_t) (sign | kept);
}

RV_HALVES_INLINE uint16_t
narrow_bf16(float x)
{
	uint32_t	bits = bits_of(x);

	if ((bits & 0x7fffffff) > 0x7f800000)
		return (uint16_t) (bits >> 16 | 0x40);
	return (uint16_t) ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}	/* namespace */

#endif							/* RUVECTOR_HALVES_H */
