/*
 * native.cpp - one measurement of bench/native.mjs: nanoseconds per row of
 * one query against many, without Node, or of a loop that only loads the rows,
 * or of the dot product in two shapes that the kernels do not have: a row at a
 * time (`one`) and, with AVX-512, eight (`eight`).
 *
 *   native <variant> <operation | load | one | eight> <dimensions> <bytes> [offset]
 *
 * The rows begin `offset` bytes (a multiple of 4, 0 by default) past the start of a cache line.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ruvector/simd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

static rv_pair_f32 pair_dot;

static void
one_row(const float *query, const float *rows, size_t n, size_t count, size_t stride, float *out)
{
	for (size_t r = 0; r < count; r++)
		out[r] = pair_dot(query, rows + r * stride, n);
}

#if defined(__x86_64__)
/* Whole registers only: the bench's dimensions are multiples of 16. */
__attribute__((target("avx512f"))) static void
eight_rows(const float *query, const float *rows, size_t n, size_t count, size_t stride, float *out)
{
	size_t		r = 0;

	for (; r + 8 <= count; r += 8)
	{
		const float *p = rows + r * stride;
		__m512		s[8];

#pragma GCC unroll 8
		for (int k = 0; k < 8; k++)
			s[k] = _mm512_setzero_ps();
		for (size_t i = 0; i + 16 <= n; i += 16)
		{
			__m512		q = _mm512_loadu_ps(query + i);

#pragma GCC unroll 8
			for (int k = 0; k < 8; k++)
				s[k] = _mm512_fmadd_ps(q, _mm512_loadu_ps(p + k * stride + i), s[k]);
		}
#pragma GCC unroll 8
		for (int k = 0; k < 8; k++)
			out[r + k] = _mm512_reduce_add_ps(s[k]);
	}
	one_row(query, rows + r * stride, n, count - r, stride, out + r);
}
#endif

int
main(int argc, char **argv)
{
	const rv_kernels *k = argc >= 5 ? rv_simd_init(argv[1]) : NULL;
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
	else if (strcmp(argv[2], "one") == 0)
		many = one_row;
#if defined(__x86_64__)
	else if (strcmp(argv[2], "eight") == 0 && k->variant == RV_VARIANT_SKYLAKE)
		many = eight_rows;
#endif
	if (many == NULL)
		return 2;

	pair_dot = k->dot_f32;

	size_t		n = strtoul(argv[3], NULL, 10);
	size_t		count = strtoul(argv[4], NULL, 10) / sizeof(float) / n;
	size_t		offset = argc == 6 ? strtoul(argv[5], NULL, 10) / sizeof(float) % 16 : 0;
	size_t		floats = (offset + n * count + n + 15) / 16 * 16;
	float	   *rows = (float *) aligned_alloc(64, floats * sizeof(float));
	float	   *out = (float *) malloc((count + 16) * sizeof(float));

	if (count == 0 || rows == NULL || out == NULL)
		return 2;
	for (size_t i = 0; i < floats; i++)
		rows[i] = (float) (i % 1013) / 1013 - 0.5f;
	rows += offset;

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
