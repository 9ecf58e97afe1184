/*
 * native.cpp - one measurement of bench/native.mjs: nanoseconds per row of
 * one query against many, without Node, or of a loop that only loads the rows.
 *
 *   native <variant> <operation | load> <dimensions> <bytes>
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ruvector/simd.h>

static double
now()
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* Reads every line once, as wide as the baseline allows, and keeps the compiler from dropping it. */
static void
load_only(const float *, const float *rows, size_t n, size_t count, size_t, float *out)
{
	typedef int32_t line __attribute__((vector_size(64)));
	const line *p = (const line *) rows;
	line		a = {},
				b = {},
				c = {},
				d = {};
	size_t		lines = n * count / 16;

	for (size_t i = 0; i + 4 <= lines; i += 4)
	{
		a |= p[i];
		b |= p[i + 1];
		c |= p[i + 2];
		d |= p[i + 3];
	}
	a |= b | c | d;
	memcpy(out, &a, sizeof(float));
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void
load_only_avx2(const float *, const float *rows, size_t n, size_t count, size_t, float *out)
{
	typedef int32_t half __attribute__((vector_size(32)));
	const half *p = (const half *) rows;
	half		a = {},
				b = {},
				c = {},
				d = {};
	size_t		halves = n * count / 8;

	for (size_t i = 0; i + 4 <= halves; i += 4)
	{
		a |= p[i];
		b |= p[i + 1];
		c |= p[i + 2];
		d |= p[i + 3];
	}
	a |= b | c | d;
	memcpy(out, &a, sizeof(float));
}
#endif

int
main(int argc, char **argv)
{
	const rv_kernels *k = argc == 5 ? rv_simd_init(argv[1]) : NULL;
	rv_many_f32 many = NULL;

	if (k == NULL)
	{
		fprintf(stderr, "usage: native <variant> <operation> <dimensions> <bytes>; the variant must run here\n");
		return 2;
	}
	if (strcmp(argv[2], "dot") == 0)
		many = k->dot_f32_many;
	else if (strcmp(argv[2], "l2sq") == 0)
		many = k->l2sq_f32_many;
	else if (strcmp(argv[2], "l1") == 0)
		many = k->l1_f32_many;
	else if (strcmp(argv[2], "cosine") == 0)
		many = k->cosine_f32_many;
	else if (strcmp(argv[2], "load") == 0)
	{
		many = load_only;
#if defined(__x86_64__)
		if (k->variant != RV_VARIANT_SERIAL)
			many = load_only_avx2;
#endif
	}
	if (many == NULL)
		return 2;

	size_t		n = strtoul(argv[3], NULL, 10);
	size_t		count = strtoul(argv[4], NULL, 10) / sizeof(float) / n;
	size_t		floats = (n * count + n + 15) / 16 * 16;
	float	   *rows = (float *) aligned_alloc(64, floats * sizeof(float));
	float	   *out = (float *) malloc((count + 16) * sizeof(float));

	if (count == 0 || rows == NULL || out == NULL)
		return 2;
	for (size_t i = 0; i < floats; i++)
		rows[i] = (float) (i % 1013) / 1013 - 0.5f;

	size_t		repeat = (size_t) 16e6 / (n * count * sizeof(float)) + 1;
	double		best = 1e300;

	for (int round = 0; round < 7; round++)
	{
		double		start = now();

		for (size_t i = 0; i < repeat; i++)
			many(rows + n * count, rows, n, count, n, out);
		double		t = (now() - start) / repeat / count;

		best = t < best ? t : best;
	}
	printf("%.3f\n", best);
	return 0;
}
