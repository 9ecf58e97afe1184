/*
 * float32_print.c - the shortest decimal text of a float32.
 *
 * R. Giulietti, "The Schubfach way to render doubles" (2021), for 32-bit floats:
 * the float is c * 2^q; every real in its rounding interval reads back as it.
 * With k = floor(log10 2^q) the interval is longer than 10^k and shorter than
 * 10^(k+1), so that at most one multiple of 10^(k+1) and at least one of 10^k lie
 * inside: the former is taken if there is one, else the closest of the latter.
 *
 * That is decided twice.  shortest_fast() scales the float and the half width of
 * its interval to units of 10^k in double arithmetic, where the float has 7 to 9
 * digits and an error below 4e-8 (two roundings of relative size 2^-53).  Unless a
 * comparison comes within MARGIN of equality its outcome is certain.  The rest,
 * one float in a million, goes to shortest_exact(): the interval's ends and centre
 * are scaled with a 64-bit table entry and "rounded to odd" (two extra bits, the
 * last sticky), which keeps every comparison exact (section 9.9 there).
 *
 * PostgreSQL's own printer (Ryu, built without STRICTLY_SHORTEST) never takes an
 * end of the interval itself, even where round-half-even would allow it; here the
 * bounds are likewise open.  It prints as %g does: fixed notation for decimal
 * exponents -4 to 5, else scientific with at least two exponent digits.
 */
#include "float32_text.h"

#include <math.h>
#include <stdbool.h>
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

__extension__ typedef unsigned __int128 uint128;

/* product / 2^64, its lowest bit set where anything was cut off. */
static inline uint32_t
round_to_odd(uint128 product)
{
	return (uint32_t) (product >> 64) | ((uint32_t) (product >> 32) > 1);
}

typedef struct Decimal32
{
	uint32_t	digits;			/* seven to nine digits, may end in zeros; or 0 */
	int			exponent;
} Decimal32;

/* Far above the error of the arithmetic, 4e-8, and far below 1. */
#define MARGIN 1e-6

/*
 * For a normal float that is no power of two (the interval of those is not
 * symmetric).  False where the arithmetic cannot decide.
 */
static inline bool
shortest_fast(double magnitude, uint32_t biased_exponent, Decimal32 *decimal)
{
	int			q = (int) biased_exponent - EXPONENT_BIAS - MANTISSA_BITS;
	int			k = floor_log10_pow2(q);
	double		scale = rv_float32_scales[-k - RV_FLOAT32_POWERS_MIN];
	uint64_t	half_ulp_bits = (uint64_t) (q - 1 + 1023) << 52;	/* 2^(q-1) */
	double		half_ulp;
	double		scaled = magnitude * scale;
	double		half_width;
	uint32_t	tens;
	uint32_t	units;
	double		distance;
	double		fraction;
	bool		tens_fit;

	memcpy(&half_ulp, &half_ulp_bits, sizeof(half_ulp));
	half_width = half_ulp * scale;

	/* The nearest multiple of ten, and the nearest integer. */
	tens = (uint32_t) (int32_t) (scaled * 0.1 + 0.5) * 10;
	distance = fabs(scaled - (double) (int32_t) tens);
	tens_fit = distance < half_width;
	units = (uint32_t) (int32_t) (scaled + 0.5);
	fraction = fabs(scaled - (double) (int32_t) units);

	decimal->digits = units ^ ((units ^ tens) & -(uint32_t) tens_fit);
	decimal->exponent = k;

	/* A half between two integers matters only when no multiple of ten fits. */
	return (fabs(distance - half_width) > MARGIN) & (tens_fit | (fraction < 0.5 - MARGIN));
}

static Decimal32
shortest_exact(uint32_t mantissa, uint32_t biased_exponent)
{
	uint32_t	c;
	int			q;
	int			k;
	int			h;
	uint64_t	g;
	uint128		product;
	uint32_t	lower;
	uint32_t	centre;
	uint32_t	upper;
	uint32_t	s;
	uint32_t	shorter;
	int			down_fits;
	int			up_fits;
	int			use_shorter;
	int			round_up;
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

	/* Centre 4c and the ends 4c - 2 (4c - 1 below a power of two) and 4c + 2, scaled. */
	product = (uint128) g * (uint64_t) ((4 * c) << h);
	centre = round_to_odd(product);
	lower = round_to_odd(product - ((uint128) g << (h + 1 - lower_is_closer))) + 1;
	upper = round_to_odd(product + ((uint128) g << (h + 1))) - 1;

	/*
	 * Which candidate wins is as good as random, so both are worked out and one
	 * is selected without a branch.
	 */
	s = centre / 4;
	shorter = s / 10;
	down_fits = lower <= 40 * shorter;
	up_fits = 40 * shorter + 40 <= upper;
	use_shorter = (down_fits != up_fits) & (s >= 10);
	shorter += (uint32_t) up_fits;

	down_fits = lower <= 4 * s;
	up_fits = 4 * s + 4 <= upper;
	/* Both or neither: the closer one, the even one when equally close. */
	round_up = (centre > 4 * s + 2) | ((centre == 4 * s + 2) & (s & 1));
	s += (uint32_t) (down_fits != up_fits ? up_fits : round_up);

	return (Decimal32) {s ^ ((s ^ shorter) & -(uint32_t) use_shorter), k + use_shorter};
}

/*
 * Eight decimal digits as eight bytes, the first digit in the lowest: halves,
 * then pairs, then digits, each split by one multiplication for all lanes.
 */
static inline uint64_t
eight_digits(uint32_t value)
{
	uint64_t	halves = (uint64_t) (value / 10000) | ((uint64_t) (value % 10000) << 32);
	/* floor(x / 100) for x < 10^4, floor(x / 10) for x < 100 */
	uint64_t	hundreds = ((halves * 10486) >> 20) & UINT64_C(0x0000007F0000007F);
	uint64_t	pairs = hundreds | ((halves - 100 * hundreds) << 16);
	uint64_t	tens = ((pairs * 103) >> 10) & UINT64_C(0x000F000F000F000F);

	return tens | ((pairs - 10 * tens) << 8);
}

static inline void
put_eight(char *out, uint64_t bytes)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bytes = __builtin_bswap64(bytes);
#endif
	memcpy(out, &bytes, sizeof(bytes));
}

#define ASCII_ZEROS UINT64_C(0x3030303030303030)

/* What is to be written of one float. */
typedef struct Piece
{
	uint64_t	rest;			/* the eight digits behind the first, as eight_digits() */
	int32_t		point;			/* digits before the decimal point */
	uint32_t	first;			/* the first digit; 0 for zero */
} Piece;

static inline Decimal32
shortest(float value)
{
	uint32_t	bits;
	uint32_t	mantissa;
	uint32_t	biased_exponent;
	Decimal32	decimal;

	memcpy(&bits, &value, sizeof(bits));
	mantissa = bits & ((UINT32_C(1) << MANTISSA_BITS) - 1);
	biased_exponent = (bits >> MANTISSA_BITS) & 0xFF;
	if ((bits << 1) == 0)
		return (Decimal32) {0, 0};
	if (mantissa == 0 || biased_exponent == 0 ||
		!shortest_fast(fabs((double) value), biased_exponent, &decimal))
	{
		decimal = shortest_exact(mantissa, biased_exponent);
		while (decimal.digits < 1000000)
		{
			decimal.digits *= 10;
			decimal.exponent--;
		}
	}
	return decimal;
}

static inline Piece
cut(Decimal32 decimal)
{
	int			eight = decimal.digits >= 10000000;
	int			nine = decimal.digits >= 100000000;
	uint32_t	digits = decimal.digits * (nine ? 1 : eight ? 10 : 100);

	return (Piece) {
		eight_digits(digits % 100000000),
		/* Zero is printed as an integer of one digit. */
		decimal.digits == 0 ? 1 : 7 + eight + nine + decimal.exponent,
		digits / 100000000
	};
}

/* Returns the position behind the text. */
static inline char *
write_piece(char *p, bool negative, const Piece *piece)
{
	uint64_t	rest = piece->rest | ASCII_ZEROS;
	int			point = piece->point;
	/* Without trailing zeros; the digits behind the first are the nonzero bytes. */
	int			length = piece->rest == 0 ? 1 : 9 - __builtin_clzll(piece->rest) / 8;
	char		first = (char) ('0' + piece->first);

	*p = '-';
	p += negative;
	if (point > -4 && point <= 0)
	{
		memcpy(p, "0.000000", 8);
		p += 2 - point;
		*p = first;
		put_eight(p + 1, rest);
		return p + length;
	}
	if (point > 0 && point <= 6)
	{
		uint64_t	fraction;

		*p = first;
		put_eight(p + 1, rest);
		if (length <= point)
			return p + point;	/* the zeros behind the last digit are in place */
		memcpy(&fraction, p + point, sizeof(fraction));
		p[point] = '.';
		memcpy(p + point + 1, &fraction, sizeof(fraction));
		return p + length + 1;
	}
	{
		int			exponent = point - 1;

		p[0] = first;
		p[1] = '.';
		put_eight(p + 2, rest);
		p += length == 1 ? 1 : length + 1;
		p[0] = 'e';
		p[1] = exponent < 0 ? '-' : '+';
		exponent = exponent < 0 ? -exponent : exponent;
		p[2] = (char) ('0' + exponent / 10);
		p[3] = (char) ('0' + exponent % 10);
		return p + 4;
	}
}

/* Integers below this, such as quantised values, need no search for digits. */
#define SMALL_INTEGER 10000

static inline bool
all_small_integers(const float *values, size_t count)
{
	unsigned int other = 0;

	for (size_t i = 0; i < count; i++)
	{
		/* What is out of range becomes something that is no integer. */
		float		value = fabsf(values[i]) < (float) SMALL_INTEGER ? values[i] : 0.5f;

		other |= (float) (int32_t) value != value;
	}
	return other == 0;
}

static inline char *
write_small_integer(char *p, float value)
{
	uint32_t	integer = (uint32_t) fabsf(value);
	uint32_t	hundreds = (integer * 10486) >> 20;
	uint32_t	pairs = hundreds | ((integer - 100 * hundreds) << 16);
	uint32_t	tens = ((pairs * 103) >> 10) & UINT32_C(0x000F000F);
	uint32_t	text = (tens | ((pairs - 10 * tens) << 8)) | UINT32_C(0x30303030);
	int			length = 1 + (integer >= 10) + (integer >= 100) + (integer >= 1000);

	/* The leading zeros are the lowest bytes. */
	text >>= 8 * (4 - length);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	text = __builtin_bswap32(text);
#endif
	*p = '-';
	p += signbit(value) != 0;
	memcpy(p, &text, sizeof(text));
	return p + length;
}

/*
 * A float's digits take some 130 cycles from first to last, more than one
 * processor's window of instructions covers for a second float.  So a block goes
 * through each phase together: within a phase the floats do not depend on each
 * other, and only the last, which is short, knows where the text ends.
 */
#define BLOCK 16

char *
rv_float32_print_list(const float *values, size_t count, char *out)
{
	Decimal32	decimals[BLOCK];
	Piece		pieces[BLOCK];

	for (size_t start = 0; start < count; start += BLOCK)
	{
		size_t		n = count - start < BLOCK ? count - start : BLOCK;
		const float *block = values + start;

		if (all_small_integers(block, n))
		{
			for (size_t i = 0; i < n; i++)
			{
				out = write_small_integer(out, block[i]);
				*out++ = ',';
			}
			continue;
		}
		for (size_t i = 0; i < n; i++)
			decimals[i] = shortest(block[i]);
		for (size_t i = 0; i < n; i++)
			pieces[i] = cut(decimals[i]);
		for (size_t i = 0; i < n; i++)
		{
			out = write_piece(out, signbit(block[i]) != 0, &pieces[i]);
			*out++ = ',';
		}
	}
	return out;
}
