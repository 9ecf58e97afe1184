/*
 * kernels_test.cpp - every variant that runs here, against float64.
 *
 * Inputs end exactly at a page that cannot be read, and start exactly after
 * one, so one byte too many in either direction is a signal, not luck.  Prints
 * one line per variant, `<name> <checks> checks, <failures> failed`, and
 * returns 1 when anything failed.  Run as it is, under ASan and UBSan, and for
 * armv8-a under user-mode emulation (see test/native.test.ts).
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ruvector/simd.h>

namespace
{

const size_t max_dims = 4096;
const size_t max_rows = 40;

/* Past the size from which the kernels ask for rows ahead (256 KiB). */
const size_t ahead_floats = 66 * 1024;

long		checks,
			failures;

/* Readable memory between two pages that are not. */
struct guarded
{
	float	   *first;
	float	   *last;			/* one past the end */

	explicit guarded(size_t floats)
	{
		size_t		page = (size_t) sysconf(_SC_PAGESIZE);
		size_t		bytes = (floats * sizeof(float) + page - 1) / page * page;
		char	   *base = (char *) mmap(NULL, bytes + 2 * page, PROT_NONE,
										 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (base == MAP_FAILED || mprotect(base + page, bytes, PROT_READ | PROT_WRITE) != 0)
		{
			perror("mmap");
			exit(2);
		}
		first = (float *) (base + page);
		last = (float *) (base + page + bytes);
	}
};

uint64_t	random_state = 0x9e3779b97f4a7c15u;

/* Uniform in [-1, 1), by xorshift64*. */
float
random_float()
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (float) ((double) (int64_t) (random_state * 0x2545f4914f6cdd1du) / 9223372036854775808.0);
}

void
fill(float *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = random_float();
}

struct exact
{
	double		dot = 0,
				l2sq = 0,
				l1 = 0,
				aa = 0,
				bb = 0,
				abs_dot = 0;

	exact(const float *a, const float *b, size_t n)
	{
		for (size_t i = 0; i < n; i++)
		{
			double		x = a[i],
						y = b[i];

			dot += x * y;
			abs_dot += fabs(x * y);
			l2sq += (x - y) * (x - y);
			l1 += fabs(x - y);
			aa += x * x;
			bb += y * y;
		}
	}

	double		cosine() const { return 1.0 - dot / sqrt(aa * bb); }
};

/* The bounds of doc/distances.md. */
double
bound(size_t roundings)
{
	double		mu = (double) roundings * FLT_EPSILON / 2;

	return mu / (1 - mu);
}

void
check(const char *variant, const char *op, size_t n, size_t row, double got, double want, double tolerance)
{
	checks++;
	if (isnan(want) ? isnan(got) : fabs(got - want) <= tolerance)
		return;
	if (failures++ < 20)
		printf("%s %s n=%zu row=%zu: got %.9g, want %.9g +- %.3g\n", variant, op, n, row, got, want, tolerance);
}

void
check_pair(const rv_kernels *k, const float *a, const float *b, size_t n)
{
	exact		e(a, b, n);

	check(k->name, "dot", n, 0, k->dot_f32(a, b, n), e.dot, bound(n) * e.abs_dot);
	check(k->name, "l2sq", n, 0, k->l2sq_f32(a, b, n), e.l2sq, bound(n + 2) * e.l2sq);
	check(k->name, "l1", n, 0, k->l1_f32(a, b, n), e.l1, bound(n) * e.l1);
	check(k->name, "cosine", n, 0, k->cosine_f32(a, b, n), n == 0 ? NAN : e.cosine(), bound(2 * n + 1));
	check(k->name, "norm", n, 0, k->norm_f32(a, n), sqrt(e.aa), ((double) n + 2) * DBL_EPSILON * sqrt(e.aa));
	check(k->name, "l2sq(a,a)", n, 0, k->l2sq_f32(a, a, n), 0, 0);
	check(k->name, "l1(a,a)", n, 0, k->l1_f32(a, a, n), 0, 0);
}

/* `out` ends at a guard page too; the float before it must not be touched. */
void
check_many(const rv_kernels *k, const float *query, const float *rows, size_t n,
		   size_t count, size_t stride, const guarded &results)
{
	float	   *out = results.last - count;

	for (int op = 0; op < 4; op++)
	{
		const rv_many_f32 kernels[] = {k->dot_f32_many, k->l2sq_f32_many, k->l1_f32_many, k->cosine_f32_many};
		const char *const names[] = {"dot many", "l2sq many", "l1 many", "cosine many"};

		out[-1] = 12345.0f;
		for (size_t r = 0; r < count; r++)
			out[r] = -54321.0f;
		kernels[op] (query, rows, n, count, stride, out);
		check(k->name, "write before out", n, count, out[-1], 12345.0, 0);
		for (size_t r = 0; r < count; r++)
		{
			exact		e(query, rows + r * stride, n);
			const double want[] = {e.dot, e.l2sq, e.l1, n == 0 ? NAN : e.cosine()};
			const double tolerance[] = {bound(n) * e.abs_dot, bound(n + 2) * e.l2sq, bound(n) * e.l1,
			bound(2 * n + 3)};

			check(k->name, names[op], n, r, out[r], want[op], tolerance[op]);
		}
	}
}

/* The same rows by pointer, in another order, give what "many" gives, to the bit. */
void
check_gather(const rv_kernels *k, const float *query, const float *rows, size_t n, size_t count,
			 const guarded &results)
{
	const rv_gather_f32 gathers[] = {k->dot_f32_gather, k->l2sq_f32_gather, k->l1_f32_gather};
	const rv_many_f32 manies[] = {k->dot_f32_many, k->l2sq_f32_many, k->l1_f32_many};
	const char *const names[] = {"dot gather", "l2sq gather", "l1 gather"};
	const float *pointers[max_rows];
	float		want[max_rows];
	float	   *out = results.last - count;

	for (size_t r = 0; r < count; r++)
		pointers[r] = rows + r * n;
	for (int op = 0; op < 3; op++)
	{
		out[-1] = 12345.0f;
		manies[op] (query, rows, n, count, n, want);
		gathers[op] (query, pointers, n, count, out);
		check(k->name, "write before out", n, count, out[-1], 12345.0, 0);
		for (size_t r = 0; r < count; r++)
			check(k->name, names[op], n, r, out[r], want[r], 0);
	}
	/* Any order of rows: the first and the last change places. */
	if (count > 1)
	{
		pointers[0] = rows + (count - 1) * n;
		pointers[count - 1] = rows;
		k->l2sq_f32_gather(query, pointers, n, count, out);
		exact		e(query, pointers[0], n);

		check(k->name, "l2sq gather", n, 0, out[0], e.l2sq, bound(n + 2) * e.l2sq);
	}
}

void
check_lengths(const rv_kernels *k, const guarded &a, const guarded &b, const guarded &rows, const guarded &out)
{
	static const size_t long_dims[] = {300, 384, 511, 512, 768, 1000, 1024, 1536, 2047, 4096};
	static const size_t counts[] = {0, 1, 2, 3, 4, 5, 7, 8, 9};

	for (size_t d = 0; d < 258 + sizeof(long_dims) / sizeof(long_dims[0]); d++)
	{
		size_t		n = d < 258 ? d : long_dims[d - 258];

		check_pair(k, a.last - n, b.last - n, n);
		check_pair(k, a.first, b.first, n);
		check_pair(k, a.first + 1 + n % 15, b.last - n, n);

		for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
		{
			size_t		count = counts[c];

			check_many(k, a.last - n, rows.last - count * n, n, count, n, out);
			check_gather(k, a.last - n, rows.last - count * n, n, count, out);
			/* A stride larger than a row: the last row still ends at the guard. */
			if (count > 0)
				check_many(k, a.first, rows.last - (count - 1) * (n + 3) - n, n, count, n + 3, out);
		}
		check_many(k, a.last - n, rows.last - max_rows * n, n, max_rows, n, out);
	}
}

/* So many rows that the kernels ask for them ahead: up to 4 KiB each, dense or nearly. */
void
check_ahead(const rv_kernels *k, const guarded &a, const guarded &rows, const guarded &out)
{
	static const size_t more[] = {96, 100, 128, 255, 257, 384, 768, 1000, 1024};

	for (size_t d = 1; d <= 40 + sizeof(more) / sizeof(more[0]); d++)
	{
		size_t		n = d <= 40 ? d : more[d - 41];
		size_t		stride = n + n / 8;
		size_t		count = ahead_floats / n + 3;

		check_many(k, a.last - n, rows.last - count * n, n, count, n, out);
		check_many(k, a.first, rows.last - (count - 1) * stride - n, n, count, stride, out);
	}
}

/* Infinity and NaN at each position reach the result; zero norms give NaN. */
void
check_special(const rv_kernels *k, const guarded &ga, const guarded &gb)
{
	for (size_t n = 1; n <= 80; n++)
		for (size_t at = 0; at < n; at++)
		{
			float	   *a = ga.last - n,
					   *b = gb.last - n,
						out[5];

			fill(a, n);
			fill(b, n);
			a[at] = NAN;
			check(k->name, "dot NaN", n, at, k->dot_f32(a, b, n), NAN, 0);
			check(k->name, "l2sq NaN", n, at, k->l2sq_f32(a, b, n), NAN, 0);
			check(k->name, "l1 NaN", n, at, k->l1_f32(a, b, n), NAN, 0);
			check(k->name, "cosine NaN", n, at, k->cosine_f32(a, b, n), NAN, 0);
			check(k->name, "norm NaN", n, at, k->norm_f32(a, n), NAN, 0);
			a[at] = INFINITY;
			check(k->name, "l2sq infinity", n, at, k->l2sq_f32(a, b, n) == INFINITY, 1, 0);
			check(k->name, "l1 infinity", n, at, k->l1_f32(a, b, n) == INFINITY, 1, 0);
			check(k->name, "cosine infinity", n, at, k->cosine_f32(a, b, n), NAN, 0);
			check(k->name, "norm infinity", n, at, k->norm_f32(a, n) == INFINITY, 1, 0);
			/* five times the same row: four together, one alone */
			k->cosine_f32_many(b, a, n, 5, 0, out);
			for (int r = 0; r < 5; r++)
				check(k->name, "cosine many NaN", n, at, out[r], NAN, 0);
			memset(a, 0, n * sizeof(float));
			check(k->name, "cosine zero", n, at, k->cosine_f32(a, b, n), NAN, 0);
			k->cosine_f32_many(b, a, n, 5, 0, out);
			for (int r = 0; r < 5; r++)
				check(k->name, "cosine many zero", n, at, out[r], NAN, 0);
			/* parallel and opposite vectors stay within [0, 2] */
			for (size_t i = 0; i < n; i++)
				a[i] = -b[i];
			check(k->name, "cosine same", n, at, k->cosine_f32(b, b, n) >= 0, 1, 0);
			check(k->name, "cosine opposite", n, at, k->cosine_f32(a, b, n) <= 2, 1, 0);
			k->cosine_f32_many(b, b, n, 5, 0, out);
			for (int r = 0; r < 5; r++)
				check(k->name, "cosine many same", n, at, out[r] >= 0, 1, 0);
			k->cosine_f32_many(b, a, n, 5, 0, out);
			for (int r = 0; r < 5; r++)
				check(k->name, "cosine many opposite", n, at, out[r] <= 2, 1, 0);
		}
}

/* What rv_simd_init() does with a wish, whatever runs here. */
void
check_dispatch()
{
	const rv_kernels *before;

	check("dispatch", "serial at first", 0, 0, rv_simd == rv_simd_variant(RV_VARIANT_SERIAL), 1, 0);
	before = rv_simd_init(NULL);
	check("dispatch", "best", 0, 0, before != NULL && rv_simd == before, 1, 0);
	check("dispatch", "empty wish", 0, 0, rv_simd_init("") == before, 1, 0);
	check("dispatch", "unknown name", 0, 0, rv_simd_init("skylak") == NULL && rv_simd == before, 1, 0);
	check("dispatch", "longer name", 0, 0, rv_simd_init("serial ") == NULL && rv_simd == before, 1, 0);
	check("dispatch", "out of range", 0, 0, rv_simd_variant(RV_VARIANT_COUNT) == NULL, 1, 0);
	for (int v = 0; v < RV_VARIANT_COUNT; v++)
	{
		const rv_kernels *k = rv_simd_variant((rv_variant) v);

		if (k == NULL)
			continue;
		check("dispatch", k->name, 0, 0, rv_simd_init(k->name) == k && rv_simd == k, 1, 0);
		check("dispatch", k->name, 0, 1, k->variant == (rv_variant) v, 1, 0);
		check("dispatch", k->name, 0, 2, v <= (int) before->variant, 1, 0);
	}
}

}	/* namespace */

int
main()
{
	guarded		a(max_dims + 32),
				b(max_dims + 32),
				rows(max_rows * max_dims),
				out(ahead_floats + 4);
	long		all_failures;

	setvbuf(stdout, NULL, _IOLBF, 0);
	check_dispatch();
	printf("dispatch %ld checks, %ld failed\n", checks, failures);
	all_failures = failures;
	for (int v = 0; v < RV_VARIANT_COUNT; v++)
	{
		const rv_kernels *k = rv_simd_variant((rv_variant) v);

		if (k == NULL)
			continue;
		checks = failures = 0;
		fill(a.first, a.last - a.first);
		fill(b.first, b.last - b.first);
		fill(rows.first, rows.last - rows.first);
		check_lengths(k, a, b, rows, out);
		check_ahead(k, a, rows, out);
		check_special(k, a, b);
		printf("%s %ld checks, %ld failed\n", k->name, checks, failures);
		all_failures += failures;
	}
	return all_failures == 0 ? 0 : 1;
}
