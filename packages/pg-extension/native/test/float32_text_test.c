/*
 * float32_text_test.c - rv_float32_print_list against PostgreSQL's own printer
 * and rv_float32_parse against strtof().
 *
 *     float32_text_test print FIRST STEP    every STEP-th float from bit pattern FIRST
 *     float32_text_test integers            every integer to 20,000, in lists of nothing else
 *     float32_text_test parse SEED COUNT    texts of many shapes
 *
 * Links libpgcommon for float_to_shortest_decimal_bufn().  Prints one line and
 * exits with 1 at the first difference.
 */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "float32_text.h"

extern int	float_to_shortest_decimal_bufn(float f, char *result);

/* A list of this length has whole blocks and a part of one. */
#define LIST 41

/* Prints a list of ours, and each of its floats with PostgreSQL's printer. */
static int
check_list(const uint32_t *patterns, size_t count)
{
	float		values[LIST];
	/* An allocation of the documented size lets a sanitizer see any write past it. */
	char	   *text = malloc(count * RV_FLOAT32_TEXT_MAX + RV_FLOAT32_TEXT_SLACK);
	char	   *end;
	const char *p = text;
	int			failed = 0;

	memcpy(values, patterns, count * sizeof(*patterns));
	end = rv_float32_print_list(values, count, text);
	for (size_t i = 0; i < count && !failed; i++)
	{
		char		theirs[32];
		int			expected = float_to_shortest_decimal_bufn(values[i], theirs);
		const char *comma = memchr(p, ',', (size_t) (end - p));
		int			length = comma == NULL ? (int) (end - p) : (int) (comma - p);

		if (comma == NULL || length != expected || memcmp(p, theirs, (size_t) length) != 0)
		{
			printf("0x%08" PRIX32 ": \"%.*s\" is not \"%.*s\"\n", patterns[i],
				   length, p, expected, theirs);
			failed = 1;
		}
		p += length + 1;
	}
	if (!failed && p != end)
	{
		printf("the list ends %td bytes off\n", end - p);
		failed = 1;
	}
	free(text);
	return failed;
}

static int
check_print(uint32_t first, uint32_t step)
{
	uint32_t	list[LIST];
	size_t		count = 0;
	uint64_t	checked = 0;

	for (uint64_t bits = first; bits <= UINT32_MAX; bits += step)
	{
		/* Infinities and NaNs are not printed. */
		if ((bits & 0x7F800000) == 0x7F800000)
			continue;
		list[count++] = (uint32_t) bits;
		if (count == LIST || bits + step > UINT32_MAX)
		{
			if (check_list(list, count) != 0)
				return 1;
			checked += count;
			count = 0;
		}
	}
	/* The last patterns are NaNs, so a list may be left. */
	if (count > 0 && check_list(list, count) != 0)
		return 1;
	printf("%" PRIu64 " floats printed alike\n", checked + count);
	return 0;
}

/* Lists of integers are printed another way, as long as all are small. */
static int
check_integers(void)
{
	uint32_t	list[LIST];
	size_t		count = 0;

	for (int integer = -20000; integer <= 20000; integer++)
	{
		/* Both zeros. */
		float		value = integer == 0 && count % 2 == 0 ? -0.0f : (float) integer;

		memcpy(&list[count++], &value, sizeof(value));
		if (count == LIST || integer == 20000)
		{
			if (check_list(list, count) != 0)
				return 1;
			count = 0;
		}
	}
	printf("integers printed alike\n");
	return 0;
}

static uint64_t state;

/* splitmix64 (Steele, Lea, Flood, OOPSLA 2014) */
static uint64_t
next(void)
{
	uint64_t	z = (state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

static float
random_float(void)
{
	uint32_t	bits = (uint32_t) next();
	float		value;

	memcpy(&value, &bits, sizeof(value));
	return isfinite(value) ? value : 1.0f;
}

/* A text of one of the shapes that clients send, or that attackers do. */
static void
make_text(char *out, size_t size)
{
	static const char alphabet[] = "0123456789.eE+-xXpinfa ,]";
	float		f = random_float();
	double		small = ldexp((double) next(), -64) * 2 - 1;
	size_t		length;

	switch (next() % 12)
	{
		case 0:
			snprintf(out, size, "%.9g", (double) f);
			return;
		case 1:
			snprintf(out, size, "%.17g", small);
			return;
		case 2:
			snprintf(out, size, "%.6f", small);
			return;
		case 3:					/* the middle between two floats, and beside it */
			{
				double		middle = ((double) f + (double) nextafterf(f, INFINITY)) / 2;

				snprintf(out, size, "%.*g", (int) (15 + next() % 30), middle);
				return;
			}
		case 4:
			snprintf(out, size, "%" PRIu64, next() >> (next() % 64));
			return;
		case 5:
			snprintf(out, size, "%" PRIu64 ".%" PRIu64 "e%d", next() >> (next() % 64),
					 next() >> (next() % 64), (int) (next() % 120) - 60);
			return;
		case 6:
			snprintf(out, size, "0.%0*d%" PRIu64, (int) (next() % 30), 0, next());
			return;
		case 7:
			snprintf(out, size, "%.*f", (int) (next() % 50), small * pow(10, (double) (next() % 40)));
			return;
		case 8:
			snprintf(out, size, "%a", (double) f);
			return;
		case 9:					/* subnormal */
			snprintf(out, size, "%.12g", ldexp(small, -126 - (int) (next() % 26)));
			return;
		case 10:
			snprintf(out, size, "%.25g", small * 16777217.0);
			return;
		default:
			length = next() % 24;
			for (size_t i = 0; i < length; i++)
				out[i] = alphabet[next() % (sizeof(alphabet) - 1)];
			out[length] = '\0';
			return;
	}
}

static int
check_parse(uint64_t seed, uint64_t count)
{
	uint64_t	fast = 0;

	state = seed;
	for (uint64_t i = 0; i < count; i++)
	{
		char		text[256];
		char	   *heap;
		size_t		length;
		const char *p;
		char	   *expected_end;
		float		value;
		float		expected;

		make_text(text, sizeof(text));
		/* An allocation of the exact size lets a sanitizer see any read past it. */
		length = strlen(text);
		heap = malloc(length + 1);
		memcpy(heap, text, length + 1);

		p = rv_float32_parse(heap, heap + length, &value);
		if (p != NULL)
		{
			fast++;
			expected = strtof(heap, &expected_end);
			if (p != expected_end || memcmp(&value, &expected, sizeof(value)) != 0)
			{
				printf("\"%s\": %.9g to %td is not %.9g to %td\n", heap, (double) value,
					   p - heap, (double) expected, expected_end - heap);
				free(heap);
				return 1;
			}
		}
		free(heap);
	}
	/* A parser that always declines would pass the comparison. */
	if (fast * 3 < count)
	{
		printf("only %" PRIu64 " of %" PRIu64 " texts took the fast path\n", fast, count);
		return 1;
	}
	printf("%" PRIu64 " texts parsed alike\n", fast);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "print") == 0)
		return check_print((uint32_t) strtoul(argv[2], NULL, 0), (uint32_t) strtoul(argv[3], NULL, 0));
	if (argc == 2 && strcmp(argv[1], "integers") == 0)
		return check_integers();
	if (argc == 4 && strcmp(argv[1], "parse") == 0)
		return check_parse(strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0));
	fprintf(stderr, "usage: %s print FIRST STEP | integers | parse SEED COUNT\n", argv[0]);
	return 2;
}
