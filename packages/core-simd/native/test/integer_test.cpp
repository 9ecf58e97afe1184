/*
 * integer_test.cpp - the kernels for int8 and uint8 of every variant that runs here, against sums in 64 bits.
 *
 * All sums are exact, so results must be equal: a pair to the sum as float64, the other shapes to the same rounded
 * once to float32.  Inputs end exactly at a page that cannot be read, or start exactly after one, so one byte too many
 * in either direction is a signal, not luck.  Prints one line a variant, `<name> <checks> checks, <failures> failed`,
 * and returns 1 when anything failed.  Runs as it is, under ASan and UBSan, for armv8-a under user-mode emulation, and
 * for AVX-512 with emulated intrinsics (src/x86.h).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <initializer_list>

#include <ruvector/simd.h>

namespace
{

const size_t all_dims = 301;
const size_t max_dims = ((size_t) 1 << 20) + 1;
const size_t max_queries = 70;
const size_t max_rows = 9;
const size_t max_stride = 310;

/* More than the 256 KiB from which kernels may ask for rows ahead. */
const size_t ahead_bytes = 300 * 1024;

const float untouched = -54321.0f;

const rv_metric metrics[] = {RV_METRIC_DOT, RV_METRIC_L2SQ, RV_METRIC_L1, RV_METRIC_COSINE};
const char *const metric_names[] = {"dot", "l2sq", "l1", "cosine"};

long		checks,
			failures;

/* Readable memory between two pages that are not. */
struct guarded
{
	uint8_t    *first;
	uint8_t    *last;			/* one past the end */

	explicit guarded(size_t size)
	{
		size_t		page = (size_t) sysconf(_SC_PAGESIZE);
		size_t		bytes = (size + page - 1) / page * page;
		uint8_t    *base = (uint8_t *) mmap(NULL, bytes + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (base == MAP_FAILED || mprotect(base + page, bytes, PROT_READ | PROT_WRITE) != 0)
		{
			perror("mmap");
			exit(2);
		}
		first = base + page;
		last = first + bytes;
	}
};

/* One type under test: its kernels and its vectors. */
struct subject
{
	const char *variant;
	const char *name;
	const rv_shapes *shapes;
	rv_norm		norm;
	bool		is_signed;
	const guarded &a,
			   &b,
			   &results;

	int64_t		value(uint8_t byte) const { return is_signed ? (int64_t) (int8_t) byte : (int64_t) byte; }
	uint8_t		least() const { return is_signed ? 0x80 : 0; }
	uint8_t		most() const { return is_signed ? 0x7f : 0xff; }
};

/* The sums of the definitions. */
struct exact
{
	size_t		n;
	int64_t		dot = 0,
				l2sq = 0,
				l1 = 0,
				aa = 0,
				bb = 0;

	exact(const subject &s, const uint8_t *a, const uint8_t *b, size_t n_) : n(n_)
	{
		for (size_t i = 0; i < n; i++)
		{
			int64_t		x = s.value(a[i]),
						y = s.value(b[i]);

			dot += x * y;
			l2sq += (x - y) * (x - y);
			l1 += x < y ? y - x : x - y;
			aa += x * x;
			bb += y * y;
		}
	}

	double
	cosine() const
	{
		double		similarity = (double) dot / sqrt((double) aa * (double) bb);

		return 1.0 - (similarity > 1.0 ? 1.0 : similarity < -1.0 ? -1.0 : similarity);
	}

	double
	of(int metric) const
	{
		const int64_t sums[] = {dot, l2sq, l1};

		return metric < 3 ? (double) sums[metric] : cosine();
	}
};

void
check(const subject &s, const char *metric, const char *shape, size_t n, size_t row, double got, double want)
{
	checks++;
	if (isnan(want) ? isnan(got) : got == want)
		return;
	if (failures++ < 20)
		printf("%s %s %s %s n=%zu row=%zu: got %.17g, want %.17g\n", s.variant, s.name, metric, shape, n, row, got, want);
}

uint64_t	random_state = 0x9e3779b97f4a7c15u;

/* xorshift64* */
uint8_t
random_byte()
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint8_t) (random_state * 0x2545f4914f6cdd1du >> 56);
}

/* What two vectors are made of; the extreme sums of every sign are among them. */
enum filling
{
	random_both,
	least_both,
	most_both,
	least_and_most,
	alternating,				/* least, most, least ... in both */
	opposite,					/* least, most ... against most, least ... */
	zero_and_random,
	fillings
};

void
fill(const subject &s, filling f, uint8_t *a, uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		uint8_t		even = i % 2 == 0 ? s.least() : s.most(),
					odd = i % 2 == 0 ? s.most() : s.least();

		a[i] = f == least_both || f == least_and_most ? s.least() : f == most_both ? s.most()
			: f == alternating || f == opposite ? even : f == zero_and_random ? 0 : random_byte();
		b[i] = f == least_both ? s.least() : f == most_both || f == least_and_most ? s.most()
			: f == alternating ? even : f == opposite ? odd : random_byte();
	}
}

void
fill_random(const guarded &g)
{
	for (uint8_t *p = g.first; p < g.last; p++)
		*p = random_byte();
}

void
check_pair(const subject &s, const uint8_t *a, const uint8_t *b, size_t n)
{
	exact		e(s, a, b, n);

	for (int m = 0; m < 4; m++)
		check(s, metric_names[m], "pair", n, 0, s.shapes[metrics[m]].pair(a, b, n), e.of(m));
	check(s, "norm", "a", n, 0, s.norm(a, n), sqrt((double) e.aa));
	check(s, "norm", "b", n, 0, s.norm(b, n), sqrt((double) e.bb));
}

void
check_pairs(const subject &s)
{
	for (size_t n = 0; n < all_dims; n++)
		for (int f = 0; f < fillings; f++)
		{
			fill(s, (filling) f, s.a.last - n, s.b.last - n, n);
			check_pair(s, s.a.last - n, s.b.last - n, n);
			fill(s, (filling) f, s.a.first, s.b.first, n);
			check_pair(s, s.a.first, s.b.first, n);
			fill(s, (filling) f, s.a.first + 1 + n % 63, s.b.last - n, n);
			check_pair(s, s.a.first + 1 + n % 63, s.b.last - n, n);
		}
	/* The same vector everywhere in a cache line. */
	for (size_t n : {1, 7, 15, 16, 17, 33, 63, 64, 65, 100, 129})
		for (size_t at = 0; at < 64; at++)
		{
			fill(s, random_both, s.a.first + at, s.b.first + (at * 7) % 64, n);
			check_pair(s, s.a.first + at, s.b.first + (at * 7) % 64, n);
		}
}

/* Long enough that 32 bits would not hold a sum, and of lengths around every power of two that a block may have. */
void
check_long(const subject &s)
{
	for (int f = 0; f < fillings; f++)
	{
		fill(s, (filling) f, s.a.last - max_dims, s.b.last - max_dims, max_dims);
		for (size_t n : {1000, 1536, 4096, 33023, 33024, 33025, 33026, 33027, 70000})
			check_pair(s, s.a.last - n, s.b.last - n, n);
		if (f >= alternating)
			continue;
		for (size_t power = 14; power <= 20; power++)
			for (size_t n = ((size_t) 1 << power) - 1; n <= ((size_t) 1 << power) + 1; n++)
				check_pair(s, s.a.last - n, s.b.last - n, n);
		check_pair(s, s.a.last - 999983, s.b.first, 999983);
	}
}

/* A vector is at distance 0 from itself, and at 2 from its opposite, whatever the roundings. */
void
check_angles(const subject &s)
{
	for (size_t n = 1; n < all_dims; n++)
	{
		uint8_t    *a = s.a.last - n,
				   *b = s.b.last - n;
		float		out[5];

		for (size_t i = 0; i < n; i++)
		{
			a[i] = (uint8_t) (random_byte() & 0x7f) | 1;
			b[i] = (uint8_t) -a[i];
		}
		check(s, "cosine", "with itself", n, 0, s.shapes[RV_METRIC_COSINE].pair(a, a, n), 0);
		s.shapes[RV_METRIC_COSINE].many(a, a, n, 5, 0, out);
		for (size_t r = 0; r < 5; r++)
			check(s, "cosine", "many with itself", n, r, out[r], 0);
		if (!s.is_signed)
			continue;
		check(s, "cosine", "with its opposite", n, 0, s.shapes[RV_METRIC_COSINE].pair(a, b, n), 2);
		s.shapes[RV_METRIC_COSINE].many(a, b, n, 5, 0, out);
		for (size_t r = 0; r < 5; r++)
			check(s, "cosine", "many with its opposite", n, r, out[r], 2);
	}
}

/* Results end at a guard page; what lies before them must stay. */
float *
results(const subject &s, size_t size)
{
	float	   *out = (float *) s.results.last - size;

	for (size_t i = 0; i <= size; i++)
		out[(ptrdiff_t) i - 1] = untouched;
	return out;
}

/* many and gather; the rows are asked for in the opposite order by gather. */
void
check_rows(const subject &s, const uint8_t *query, const uint8_t *rows, size_t n, size_t count, size_t stride)
{
	const void *backwards[max_rows];
	double		want[max_rows][4];

	for (size_t r = 0; r < count; r++)
	{
		exact		e(s, query, rows + r * stride, n);

		for (int m = 0; m < 4; m++)
			want[r][m] = (float) e.of(m);
		backwards[count - 1 - r] = rows + r * stride;
	}
	for (int m = 0; m < 4; m++)
	{
		float	   *out = results(s, count);

		s.shapes[metrics[m]].many(query, rows, n, count, stride, out);
		for (size_t r = 0; r < count; r++)
			check(s, metric_names[m], "many", n, r, out[r], want[r][m]);
		check(s, metric_names[m], "many wrote before out", n, 0, out[-1], untouched);
		out = results(s, count);
		s.shapes[metrics[m]].gather(query, backwards, n, count, out);
		for (size_t r = 0; r < count; r++)
			check(s, metric_names[m], "gather", n, r, out[count - 1 - r], want[r][m]);
		check(s, metric_names[m], "gather wrote before out", n, 0, out[-1], untouched);
	}
}

/* Every row of a against every row of b; `gap` floats after each row of results must stay. */
void
check_tile(const subject &s, const uint8_t *a, size_t a_count, size_t a_stride, const uint8_t *b, size_t b_count,
		   size_t b_stride, size_t n, size_t gap)
{
	size_t		out_stride = b_count + gap;
	size_t		size = a_count == 0 ? 0 : (a_count - 1) * out_stride + b_count;
	float	   *out[4];
	static float copies[4][max_queries * (max_rows + 3)];

	for (int m = 0; m < 4; m++)
	{
		out[m] = results(s, size);
		s.shapes[metrics[m]].tile(a, a_count, a_stride, b, b_count, b_stride, n, out[m], out_stride);
		check(s, metric_names[m], "tile wrote before out", n, 0, out[m][-1], untouched);
		memcpy(copies[m], out[m], size * sizeof(float));
	}
	for (size_t q = 0; q < a_count; q++)
	{
		for (size_t r = 0; r < b_count; r++)
		{
			exact		e(s, a + q * a_stride, b + r * b_stride, n);

			for (int m = 0; m < 4; m++)
				check(s, metric_names[m], "tile", n, r, copies[m][q * out_stride + r], (float) e.of(m));
		}
		for (size_t r = b_count; r < out_stride && q + 1 < a_count; r++)
			for (int m = 0; m < 4; m++)
				check(s, metric_names[m], "tile wrote between", n, r, copies[m][q * out_stride + r], untouched);
	}
}

void
check_all_rows(const subject &s)
{
	fill_random(s.a);
	fill_random(s.b);
	for (size_t n = 0; n < all_dims; n++)
		for (size_t count = 0; count <= max_rows; count++)
			for (size_t stride : {n, n + 1 + n % 9})
			{
				size_t		size = count == 0 ? 0 : (count - 1) * stride + n;

				check_rows(s, s.a.last - n, s.b.last - size, n, count, stride);
				if (count == 7)
					check_rows(s, s.a.first, s.b.first, n, count, stride);
				if (count != 5 && count != 8 && n % 50 != 1)
					continue;
				for (size_t queries = 0; queries <= 5; queries++)
				{
					size_t		a_size = queries == 0 ? 0 : (queries - 1) * (n + 2) + n;

					check_tile(s, s.a.last - a_size, queries, n + 2, s.b.last - size, count, stride, n, count % 3);
				}
			}
	/* More queries than a tile may keep the norms of. */
	check_tile(s, s.a.last - max_queries * 67, max_queries, 67, s.b.last - 9 * 67, 9, 67, 67, 1);
}

/* The largest sums in the shapes that may keep them in 32 bits, and beyond. */
void
check_extreme_rows(const subject &s)
{
	const uint8_t extremes[] = {s.least(), s.most()};

	for (uint8_t x : extremes)
		for (uint8_t y : extremes)
		{
			memset(s.a.first, x, s.a.last - s.a.first);
			memset(s.b.first, y, s.b.last - s.b.first);
			for (size_t n : {255, 4096, 32767, 32768, 32769, 33024, 33025, 33026, 66050, 70000})
			{
				check_rows(s, s.a.last - n, s.b.last - 5 * n, n, 5, n);
				check_tile(s, s.a.last - 3 * n, 3, n, s.b.last - 5 * n, 5, n, n, 0);
			}
		}
}

/* So many rows that a kernel may ask for them ahead. */
void
check_ahead(const subject &s)
{
	fill_random(s.a);
	fill_random(s.b);
	for (size_t n : {1, 3, 16, 31, 64, 96, 100, 257, 768, 1000, 1536, 4096})
		for (size_t stride : {n, n + n / 8})
		{
			size_t		count = ahead_bytes / n + 3;
			const uint8_t *query = s.a.last - n,
					   *rows = s.b.last - ((count - 1) * stride + n);

			for (int m = 0; m < 4; m++)
			{
				float	   *out = results(s, count);

				s.shapes[metrics[m]].many(query, rows, n, count, stride, out);
				for (size_t r = 0; r < count; r++)
					check(s, metric_names[m], "many ahead", n, r, out[r],
						  (float) exact(s, query, rows + r * stride, n).of(m));
				check(s, metric_names[m], "many wrote before out", n, 0, out[-1], untouched);
			}
		}
}

}	/* namespace */

int
main()
{
	guarded		a(max_dims + max_queries * max_stride),
				b(max_dims + max_rows * max_stride),
				out((ahead_bytes + 16) * sizeof(float));
	long		all_failures = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int v = 0; v < RV_VARIANT_COUNT; v++)
	{
		const rv_kernels *k = rv_simd_variant((rv_variant) v);

		if (k == NULL)
			continue;
		checks = failures = 0;
		for (rv_type type : {RV_TYPE_I8, RV_TYPE_U8})
		{
			const subject s = {k->name, type == RV_TYPE_I8 ? "i8" : "u8", k->shapes[type], k->norm[type],
				type == RV_TYPE_I8, a, b, out};

			check_pairs(s);
			check_long(s);
			check_angles(s);
			check_all_rows(s);
			check_extreme_rows(s);
			check_ahead(s);
		}
		printf("%s %ld checks, %ld failed\n", k->name, checks, failures);
		all_failures += failures;
	}
	return all_failures == 0 ? 0 : 1;
}
