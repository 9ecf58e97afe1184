/*
 * float32_parse.c - decimal text to float32 without a big-number library.
 *
 * The digits are gathered into a 64-bit integer w and a decimal exponent e, so
 * that the value is w * 10^e (digits beyond the 19th are dropped and remembered).
 * For |e| <= 22 the power is an exact double, so
 *
 *     d = (double) w  op  10^|e|
 *
 * carries at most three half-ulp errors: converting w, the operation, and less
 * than one unit in the 19th digit where digits were dropped, 2^-59 relative.
 * The true value therefore lies within 2 ulp of d.  Rounding is monotone and the
 * boundaries between floats are doubles whose low 29 bits read 1 and 28 zeros.
 * If no boundary lies within 2 ulp of d, then d and the true value lie on the
 * same side of every boundary and (float) d is the correctly rounded result
 * (W. Clinger, "How to read floating point numbers accurately", PLDI 1990, is
 * the exact-power fast path that this extends by the distance test).
 *
 * What remains, about 4 in 2^29 of random inputs, and subnormal, huge and odd
 * forms, goes to strtof().
 */
#include "float32_text.h"

#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const double powers_of_ten[] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};

#define MAX_EXACT_POWER 22
#define MAX_DIGITS 19			/* 10^19 - 1 < 2^64 */
#define MAX_EXPONENT_TEXT 100000	/* no value of interest is beyond it */

/* Bits of a double below those of a float. */
#define EXTRA_BITS 29
#define EXTRA_MASK ((UINT64_C(1) << EXTRA_BITS) - 1)
#define HALF_WAY (UINT64_C(1) << (EXTRA_BITS - 1))
#define MARGIN 2

static inline bool
is_digit(char c)
{
	return (unsigned char) (c - '0') < 10;
}

/* Eight bytes that are all decimal digits? */
static inline bool
are_eight_digits(uint64_t bytes)
{
	/* High nibble 3 in each byte, and adding 6 must not carry out of it. */
	return ((bytes & UINT64_C(0xF0F0F0F0F0F0F0F0)) |
			(((bytes + UINT64_C(0x0606060606060606)) & UINT64_C(0xF0F0F0F0F0F0F0F0)) >> 4)) ==
		UINT64_C(0x3333333333333333);
}

/* Their value, the first byte being the most significant digit. */
static inline uint32_t
eight_digits(uint64_t bytes)
{
	/* Pairs, then quadruples, then all eight: one multiplication each. */
	bytes -= UINT64_C(0x3030303030303030);
	bytes = (bytes * 10) + (bytes >> 8);
	bytes = ((bytes & UINT64_C(0x000000FF000000FF)) * (100 + (UINT64_C(1000000) << 32)) +
			 ((bytes >> 16) & UINT64_C(0x000000FF000000FF)) * (1 + (UINT64_C(10000) << 32))) >> 32;
	return (uint32_t) bytes;
}

typedef struct Digits
{
	uint64_t	value;
	int			kept;			/* significant digits in value */
	int			dropped;		/* digits that found no room */
	bool		any;
} Digits;

static inline void
add_digit(Digits *digits, char c)
{
	digits->any = true;
	if (digits->kept < MAX_DIGITS)
	{
		digits->value = digits->value * 10 + (uint64_t) (c - '0');
		/* Leading zeros take no room. */
		digits->kept += digits->value != 0;
	}
	else
		digits->dropped++;
}

static inline const char *
read_digits(const char *p, const char *end, Digits *digits)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	while (end - p >= 8 && digits->kept <= MAX_DIGITS - 8)
	{
		uint64_t	bytes;

		memcpy(&bytes, p, sizeof(bytes));
		if (!are_eight_digits(bytes))
			break;
		/*
		 * Counting all eight, leading zeros among them, may only make a later
		 * digit be dropped early, which the error bound allows as long as no
		 * fewer than MAX_DIGITS - 8 significant ones are kept: so count them
		 * only once a significant digit has come.
		 */
		digits->value = digits->value * 100000000 + eight_digits(bytes);
		if (digits->kept > 0)
			digits->kept += 8;
		else
			for (uint64_t rest = digits->value; rest != 0; rest /= 10)
				digits->kept++;
		digits->any = true;
		p += 8;
	}
#endif
	while (p < end && is_digit(*p))
		add_digit(digits, *p++);
	return p;
}

const char *
rv_float32_parse(const char *text, const char *end, float *value)
{
	const char *p = text;
	Digits		digits = {0, 0, 0, false};
	bool		negative = false;
	long		exponent = 0;
	double		d;
	uint64_t	bits;
	uint64_t	low;

	if (p < end && (*p == '-' || *p == '+'))
		negative = *p++ == '-';

	p = read_digits(p, end, &digits);
	/* Dropped digits before the point are powers of ten, behind it nothing. */
	exponent = digits.dropped;
	if (p < end && *p == '.')
	{
		const char *fraction = ++p;

		digits.dropped = 0;
		p = read_digits(p, end, &digits);
		exponent -= (p - fraction) - digits.dropped;
	}
	if (!digits.any)
		return NULL;

	if (p < end && (*p == 'e' || *p == 'E'))
	{
		const char *q = p + 1;
		bool		negative_exponent = false;
		long		written = 0;

		if (q < end && (*q == '-' || *q == '+'))
			negative_exponent = *q++ == '-';
		/* "1e" is the number 1 and junk: strtof() knows. */
		if (q == end || !is_digit(*q))
			return NULL;
		while (q < end && is_digit(*q))
		{
			if (written < MAX_EXPONENT_TEXT)
				written = written * 10 + (*q - '0');
			q++;
		}
		exponent += negative_exponent ? -written : written;
		p = q;
	}
	else if (p < end && (*p == 'x' || *p == 'X'))
		return NULL;			/* hexadecimal */

	if (digits.value == 0)
	{
		*value = negative ? -0.0f : 0.0f;
		return p;
	}

	if (exponent < -MAX_EXACT_POWER || exponent > MAX_EXACT_POWER)
		return NULL;

	d = (double) digits.value;
	if (exponent < 0)
		d /= powers_of_ten[-exponent];
	else
		d *= powers_of_ten[exponent];

	/* Subnormal floats have fewer bits, so their boundaries lie elsewhere. */
	if (d < (double) FLT_MIN || d > (double) FLT_MAX)
		return NULL;

	memcpy(&bits, &d, sizeof(bits));
	low = bits & EXTRA_MASK;
	if (low - (HALF_WAY - MARGIN) <= 2 * MARGIN)
	{
		/*
		 * Integers such as 16777217 land on a boundary exactly; then d is the true
		 * value and the conversion's ties-to-even is right.
		 */
		bool		exact = digits.value < (UINT64_C(1) << 53) &&
			exponent >= 0 && d < 9007199254740992.0;

		if (!exact)
			return NULL;
	}

	*value = negative ? -(float) d : (float) d;
	return p;
}
