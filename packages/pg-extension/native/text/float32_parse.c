/*
 * float32_parse.c - decimal text to float32 without a big-number library.
 *
 * The digits are gathered into a 64-bit integer w and a decimal exponent e, so
 * that the value is w * 10^e (digits beyond the 19th or so are dropped, once w has
 * reached 10^18).
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

/*
 * The bytes of eight that are no decimal digits, as bits somewhere in their upper
 * halves: a digit has high nibble 3, also after adding 6.  Carries only reach
 * bytes behind the first non-digit.
 */
static inline uint64_t
other_bytes(uint64_t bytes)
{
	return ((bytes ^ UINT64_C(0x3030303030303030)) |
			((bytes + UINT64_C(0x0606060606060606)) ^ UINT64_C(0x3030303030303030))) &
		UINT64_C(0xF0F0F0F0F0F0F0F0);
}

/*
 * The value of eight digits, the first in the lowest byte and each less '0':
 * pairs, then quadruples and all eight by one multiplication each.
 */
static inline uint32_t
digits_value(uint64_t digits)
{
	digits = (digits * 10) + (digits >> 8);
	digits = ((digits & UINT64_C(0x000000FF000000FF)) * (100 + (UINT64_C(1000000) << 32)) +
			  ((digits >> 16) & UINT64_C(0x000000FF000000FF)) * (1 + (UINT64_C(10000) << 32))) >> 32;
	return (uint32_t) digits;
}

typedef struct Digits
{
	uint64_t	value;
	long		dropped;		/* digits that found no room in value */
	bool		any;
} Digits;

/* Below these another eight digits, or one, fit into 64 bits. */
#define ROOM_FOR_EIGHT UINT64_C(100000000000)
#define ROOM_FOR_ONE UINT64_C(1000000000000000000)

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define RV_WORDS 1

static inline uint64_t
load_word(const char *p)
{
	uint64_t	word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* Takes the digits that a word of text begins with; returns how many, 0 to 8. */
static inline int
take_word(uint64_t word, Digits *digits)
{
	static const uint32_t power[] = {
		1, 10, 100, 1000, 10000, 100000, 1000000, 10000000
	};
	uint64_t	other = other_bytes(word);
	int			count;

	word -= UINT64_C(0x3030303030303030);
	if (other == 0)
	{
		digits->value = digits->value * 100000000 + digits_value(word);
		return 8;
	}
	count = __builtin_ctzll(other) / 8;
	/* The digits go to the end of the word, with zeros before them. */
	if (count > 0)
		digits->value = digits->value * power[count] + digits_value(word << (64 - 8 * count));
	return count;
}
#endif

static inline const char *
read_digits(const char *p, const char *end, Digits *digits)
{
	const char *start = p;

#ifdef RV_WORDS
	while (end - p >= 8 && digits->value < ROOM_FOR_EIGHT)
	{
		int			count = take_word(load_word(p), digits);

		if (count < 8)
		{
			p += count;
			break;
		}
		p += 8;
	}
#endif
	for (; p < end && is_digit(*p); p++)
	{
		if (digits->value < ROOM_FOR_ONE)
			digits->value = digits->value * 10 + (uint64_t) (*p - '0');
		else
			digits->dropped++;
	}
	digits->any |= p > start;
	return p;
}

static inline float
with_sign(float magnitude, uint32_t negative)
{
	uint32_t	bits;

	memcpy(&bits, &magnitude, sizeof(bits));
	bits |= negative << 31;
	memcpy(&magnitude, &bits, sizeof(bits));
	return magnitude;
}

const char *
rv_float32_parse(const char *text, const char *end, float *value)
{
	const char *p = text;
	Digits		digits = {0, 0, false};
	uint32_t	negative;
	long		exponent;
	double		d;
	uint64_t	bits;
	uint64_t	low;

	if (p == end)
		return NULL;
	/* Half of all numbers are negative: no branch on that. */
	negative = *p == '-';
#ifdef RV_WORDS
	if (end - p >= 9 && *p != '+')
	{
		/* Both words are loaded before the sign is known, so that nothing waits for it. */
		uint64_t	word = load_word(p);
		uint64_t	signed_word = load_word(p + 1);

		word ^= (word ^ signed_word) & -(uint64_t) negative;
		p += negative;
		if (is_digit((char) word) && !is_digit((char) (word >> 8)))
		{
			/* Most numbers are below ten. */
			digits.value = (word & 0xFF) - '0';
			digits.any = true;
			p++;
		}
		else
		{
			int			count = take_word(word, &digits);

			digits.any = count > 0;
			p += count;
			if (count == 8)
				p = read_digits(p, end, &digits);
		}
	}
	else
#endif
	{
		p += negative | (*p == '+');
		p = read_digits(p, end, &digits);
	}
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

	/* Integers of a float's precision, and zero, need no scaling. */
	if (digits.value < (UINT64_C(1) << 24) && (exponent == 0 || digits.value == 0))
	{
		*value = with_sign((float) (int32_t) digits.value, negative);
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

	*value = with_sign((float) d, negative);
	return p;
}
