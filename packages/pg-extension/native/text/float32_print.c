/*
 * float32_print.c - the shortest decimal text of a float32.
 *
 * R. Giulietti, "The Schubfach way to render doubles" (2021), for 32-bit floats:
 * the float is c * 2^q; every real in its rounding interval reads back as it.
 * With k = floor(log10 2^q) the interval is longer than 10^k and shorter than
 * 2 * 10^(k+1), so that at most one multiple of 10^(k+1) and at least one of 10^k
 * lie inside: the shorter is taken if there is one, else the closest.
 * Interval ends and centre are scaled by 10^-k with a 64-bit table entry and
 * "rounded to odd" (two extra bits, the last sticky), which keeps every
 * comparison exact (section 9.9 there).
 *
 * PostgreSQL's own printer (Ryu, built without STRICTLY_SHORTEST) never takes an
 * end of the interval itself, even where round-half-even would allow it; here the
 * bounds are likewise open.  It prints as %g does: fixed notation for decimal
 * exponents -4 to 5, else scientific with at least two exponent digits.
 */
#include "float32_text.h"

#include <stdint.h>
#include <string.h>

#include "float32_powers.h"

#define MANTISSA_BITS 23
#define EXPONENT_BIAS 127

/* floor(log10(2^q)) and floor(log10(3/4 * 2^q)) for the q of a float. */
static inline int
floor_log10_pow2(int q)
{
	return (q * 1262611) >> 22;
}

static inline int
floor_log10_three_quarters_pow2(int q)
{
	return (q * 1262611 - 524031) >> 22;
}

/* floor(log2(10^e)) */
static inline int
floor_log2_pow10(int e)
{
	return (e * 1741647) >> 19;
}

/* cp * g / 2^64, its lowest bit set where anything was cut off. */
static inline uint32_t
multiply_round_to_odd(uint64_t g, uint32_t cp)
{
	uint64_t	low = (uint64_t) (uint32_t) g * cp;
	uint64_t	high = (g >> 32) * cp + (low >> 32);

	return (uint32_t) (high >> 32) | ((uint32_t) high > 1);
}

typedef struct Decimal32
{
	uint32_t	digits;			/* may end in zeros */
	int			exponent;
} Decimal32;

static inline Decimal32
shortest(uint32_t mantissa, uint32_t biased_exponent)
{
	uint32_t	c;
	int			q;
	int			k;
	int			h;
	uint64_t	g;
	uint32_t	lower;
	uint32_t	centre;
	uint32_t	upper;
	uint32_t	s;
	/* Below a power of two the floats lie twice as dense. */
	int			lower_is_closer = mantissa == 0 && biased_exponent > 1;

	if (biased_exponent != 0)
	{
		c = mantissa | (UINT32_C(1) << MANTISSA_BITS);
		q = (int) biased_exponent - EXPONENT_BIAS - MANTISSA_BITS;

		/* Integers below 2^24 are their own shortest digits. */
		if (q <= 0 && q >= -MANTISSA_BITS && (c & ((UINT32_C(1) << -q) - 1)) == 0)
			return (Decimal32) {c >> -q, 0};
	}
	else
	{
		c = mantissa;
		q = 1 - EXPONENT_BIAS - MANTISSA_BITS;
	}

	k = lower_is_closer ? floor_log10_three_quarters_pow2(q) : floor_log10_pow2(q);
	h = q + floor_log2_pow10(-k) + 1;
	g = rv_float32_powers[-k - RV_FLOAT32_POWERS_MIN];

	lower = multiply_round_to_odd(g, (4 * c - 2 + (uint32_t) lower_is_closer) << h) + 1;
	centre = multiply_round_to_odd(g, (4 * c) << h);
	upper = multiply_round_to_odd(g, (4 * c + 2) << h) - 1;

	s = centre / 4;
	if (s >= 10)
	{
		uint32_t	shorter = s / 10;
		int			down_fits = lower <= 40 * shorter;
		int			up_fits = 40 * shorter + 40 <= upper;

		if (down_fits != up_fits)
			return (Decimal32) {shorter + (uint32_t) up_fits, k + 1};
	}
	{
		int			down_fits = lower <= 4 * s;
		int			up_fits = 4 * s + 4 <= upper;
		uint32_t	middle = 4 * s + 2;
		int			round_up;

		if (down_fits != up_fits)
			return (Decimal32) {s + (uint32_t) up_fits, k};

		/* Both or neither: the closer one, the even one when equally close. */
		round_up = centre > middle || (centre == middle && (s & 1) != 0);
		return (Decimal32) {s + (uint32_t) round_up, k};
	}
}

static const char digit_pairs[200] =
"00010203040506070809" "10111213141516171819"
"20212223242526272829" "30313233343536373839"
"40414243444546474849" "50515253545556575859"
"60616263646566676869" "70717273747576777879"
"80818283848586878889" "90919293949596979899";

static inline void
put_pair(char *out, uint32_t pair)
{
	memcpy(out, digit_pairs + 2 * pair, 2);
}

/* Exactly eight digits, leading zeros included. */
static inline void
put_eight(char *out, uint32_t value)
{
	uint32_t	high = value / 10000;
	uint32_t	low = value % 10000;

	put_pair(out, high / 100);
	put_pair(out + 2, high % 100);
	put_pair(out + 4, low / 100);
	put_pair(out + 6, low % 100);
}

/* Number of decimal digits of a value from 1 to 10^9 - 1. */
static inline int
decimal_length(uint32_t value)
{
	static const uint32_t powers[] = {
		0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000
	};
	int			bits = 32 - __builtin_clz(value);
	int			guess = (bits * 1233) >> 12;	/* floor(bits * log10(2)) */

	return guess + (value >= powers[guess]);
}

int
rv_float32_print(float value, char *out)
{
	uint32_t	bits;
	uint32_t	mantissa;
	uint32_t	biased_exponent;
	Decimal32	decimal;
	char		digits[16];
	int			length;
	int			point;			/* digits before the decimal point */
	char	   *p = out;

	memcpy(&bits, &value, sizeof(bits));
	mantissa = bits & ((UINT32_C(1) << MANTISSA_BITS) - 1);
	biased_exponent = (bits >> MANTISSA_BITS) & 0xFF;

	*p = '-';
	p += bits >> 31;
	if ((bits << 1) == 0)
	{
		*p++ = '0';
		return (int) (p - out);
	}

	decimal = shortest(mantissa, biased_exponent);
	length = decimal_length(decimal.digits);
	point = length + decimal.exponent;

	/* Nine digits at most: left-align them, zeros behind. */
	{
		static const uint32_t scale[] = {
			0, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1
		};
		uint32_t	nine = decimal.digits * scale[length];

		digits[0] = (char) ('0' + nine / 100000000);
		put_eight(digits + 1, nine % 100000000);
	}
	while (digits[length - 1] == '0')
		length--;

	if (point > -4 && point <= 6)
	{
		if (point <= 0)
		{
			memcpy(p, "0.000", 5);
			p += 2 - point;
			memcpy(p, digits, 9);
			p += length;
		}
		else if (length <= point)
		{
			/* The zeros behind the last digit are in place. */
			memcpy(p, digits, 6);
			p += point;
		}
		else
		{
			memcpy(p, digits, 6);
			p[point] = '.';
			memcpy(p + point + 1, digits + point, (size_t) (9 - point));
			p += length + 1;
		}
		return (int) (p - out);
	}

	{
		int			exponent = point - 1;

		*p++ = digits[0];
		if (length > 1)
		{
			*p++ = '.';
			memcpy(p, digits + 1, 8);
			p += length - 1;
		}
		*p++ = 'e';
		*p++ = exponent < 0 ? '-' : '+';
		put_pair(p, (uint32_t) (exponent < 0 ? -exponent : exponent));
		p += 2;
	}
	return (int) (p - out);
}
