/*
 * bits_test.cpp - Hamming and Jaccard distances of every variant that runs here,
 * against a count bit by bit.  All results are exact, those in float32 the exact
 * one rounded.
 *
 * Inputs end at a page that cannot be read, or begin after one.  RV_TEST_HUGE in
 * the environment adds vectors of 2^32 bits where they are left out.
 */
#include "support.h"

namespace
{

const size_t max_bytes = 20000;
const size_t max_count = 9;
const size_t gap = 3;

const size_t long_sizes[] = {384, 495, 496, 497, 511, 512, 513, 767, 768, 991, 992, 993, 1007, 1023, 1024, 1025, 1055, 1536,
	1983, 1984, 1985, 2047, 2048, 2049, 3000, 4095, 4096, 4097, 5119, 5120, 8191, 8192, 9000, max_bytes};
const size_t short_sizes = 301;
const size_t all_sizes = short_sizes + sizeof(long_sizes) / sizeof(long_sizes[0]);

const rv_metric metrics[] = {RV_METRIC_HAMMING, RV_METRIC_JACCARD};
const char *const pair_names[] = {"hamming pair", "jaccard pair"};
const char *const many_names[] = {"hamming many", "jaccard many"};
const char *const gather_names[] = {"hamming gather", "jaccard gather"};
const char *const tile_names[] = {"hamming tile", "jaccard tile"};

double
exact(rv_metric metric, const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t	differ = 0,
				both = 0,
				either = 0;

	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 8; bit++)
		{
			int			x = a[i] >> bit & 1,
						y = b[i] >> bit & 1;

			differ += x != y;
			both += x == 1 && y == 1;
			either += x == 1 || y == 1;
		}
	if (metric == RV_METRIC_HAMMING)
		return (double) differ;
	return either == 0 ? 0.0 : 1.0 - (double) both / (double) either;
}

void
fill_random(guarded &memory)
{
	for (uint8_t *p = memory.first; p < memory.last; p++)
		*p = (uint8_t) (random_bits() >> 40);
}

struct subject
{
	const rv_kernels *kernels;
	counts	   &c;
	guarded		a,
				b,
				out;

	subject(const rv_kernels *k, counts &counting)
		: kernels(k), c(counting), a(max_count * (max_bytes + gap)), b(max_count * (max_bytes + gap)),
		out(max_count * max_count * sizeof(float) * 2)
	{
		fill_random(a);
		fill_random(b);
	}

	const rv_shapes &shapes(int m) const { return kernels->shapes[RV_TYPE_BITS][metrics[m]]; }

	void
	pair(const uint8_t *x, const uint8_t *y, size_t n)
	{
		for (int m = 0; m < 2; m++)
			c.check_equal(pair_names[m], n, 0, shapes(m).pair(x, y, n), exact(metrics[m], x, y, n));
	}

	/* `size` results that end at a guard page, none of them written yet. */
	float	   *
	results(size_t size)
	{
		float	   *p = out.at_end<float>(size);

		for (size_t i = 0; i < size + 1; i++)
			p[(ptrdiff_t) i - 1] = -54321.0f;
		return p;
	}

	void
	check_rows(const char *name, int m, const float *got, const uint8_t *query, const uint8_t *const *rows, size_t n,
			   size_t count)
	{
		c.check_equal("before the results", n, count, got[-1], -54321.0);
		for (size_t r = 0; r < count; r++)
			c.check_equal(name, n, r, got[r], (float) exact(metrics[m], query, rows[r], n));
	}

	void
	many(const uint8_t *query, const uint8_t *rows, size_t n, size_t count, size_t stride)
	{
		const uint8_t *pointers[max_count];
		const void *reversed[max_count];
		const uint8_t *wanted[max_count];

		for (size_t r = 0; r < count; r++)
		{
			pointers[r] = rows + r * stride;
			wanted[r] = rows + (count - 1 - r) * stride;
			reversed[r] = wanted[r];
		}
		for (int m = 0; m < 2; m++)
		{
			float	   *got = results(count);

			shapes(m).many(query, rows, n, count, stride, got);
			check_rows(many_names[m], m, got, query, pointers, n, count);
			got = results(count);
			shapes(m).gather(query, reversed, n, count, got);
			check_rows(gather_names[m], m, got, query, wanted, n, count);
		}
	}

	/* Rows of results are one longer than they need be; what lies between is not touched. */
	void
	tile(size_t n, size_t a_count, size_t b_count)
	{
		const uint8_t *x = a.last - a_count * (n + 1);
		const uint8_t *y = b.last - b_count * (n + gap);
		size_t		out_stride = b_count + 1;

		for (int m = 0; m < 2; m++)
		{
			float	   *got = results(a_count * out_stride);

			shapes(m).tile(x, a_count, n + 1, y, b_count, n + gap, n, got, out_stride);
			for (size_t i = 0; i < a_count; i++)
			{
				for (size_t j = 0; j < b_count; j++)
					c.check_equal(tile_names[m], n, i * b_count + j, got[i * out_stride + j],
								  (float) exact(metrics[m], x + i * (n + 1), y + j * (n + gap), n));
				c.check_equal("between the results", n, i, got[i * out_stride + b_count], -54321.0);
			}
		}
	}
};

void
check_sizes(subject &s)
{
	for (size_t d = 0; d < all_sizes; d++)
	{
		size_t		n = d < short_sizes ? d : long_sizes[d - short_sizes];

		s.pair(s.a.last - n, s.b.last - n, n);
		s.pair(s.a.first, s.b.first, n);
		s.pair(s.a.first + 1 + n % 63, s.b.last - n, n);
		s.pair(s.a.last - n, s.b.first + 1 + n % 31, n);
		/* Every count for the lengths that differ in kind; the rest with one that leaves a remainder. */
		if (n % 8 == 0 || n % 8 == 7 || n < 70)
			for (size_t count = 0; count <= max_count; count++)
				s.many(s.a.last - n, s.b.last - count * n, n, count, n);
		s.many(s.a.first, s.b.first, n, 7, n);
		s.many(s.a.last - n, s.b.last - 6 * (n + gap) - n, n, 7, n + gap);
		if (n < 140 || n == 512)
			s.tile(n, 3, 5);
	}
}

/* Densities at which counters are empty or full, and the answers that need no oracle. */
void
check_extremes(subject &s)
{
	static const uint8_t patterns[][2] = {{0x00, 0x00}, {0x00, 0xff}, {0xff, 0xff}, {0x55, 0xaa}, {0x01, 0x80}, {0xff, 0x7f}};
	static const double hamming_bits[] = {0, 8, 0, 8, 2, 1};
	static const double jaccard[] = {0, 1, 0, 1, 1, 0.125};

	for (size_t p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++)
	{
		s.a.fill(patterns[p][0]);
		s.b.fill(patterns[p][1]);
		for (size_t d = 0; d < all_sizes; d++)
		{
			size_t		n = d < short_sizes ? d : long_sizes[d - short_sizes];
			const double want[] = {hamming_bits[p] * (double) n, n == 0 ? 0.0 : jaccard[p]};

			for (int m = 0; m < 2; m++)
			{
				float	   *got = s.results(5);

				s.c.check_equal(pair_names[m], n, p, s.shapes(m).pair(s.a.first, s.b.first, n), want[m]);
				s.c.check_equal(pair_names[m], n, p, s.shapes(m).pair(s.b.last - n, s.a.last - n, n), want[m]);
				s.shapes(m).many(s.a.first, s.b.last - 5 * n, n, 5, n, got);
				for (int r = 0; r < 5; r++)
					s.c.check_equal(many_names[m], n, p, got[r], want[m]);
			}
		}
	}
	fill_random(s.a);
	fill_random(s.b);
}

/* One bit that differs, at each place. */
void
check_places(subject &s)
{
	static const size_t sizes[] = {1, 7, 12, 33, 65, 97, 129, 1100, 2100};

	s.a.fill(0);
	for (size_t z = 0; z < sizeof(sizes) / sizeof(sizes[0]); z++)
	{
		size_t		n = sizes[z];

		s.b.fill(0);
		for (size_t i = 0; i < 8 * n; i++)
		{
			uint8_t    *y = s.b.last - n;

			y[i / 8] = (uint8_t) (1 << (i % 8));
			s.c.check_equal("hamming of one bit", n, i, s.shapes(0).pair(s.a.last - n, y, n), 1.0);
			s.c.check_equal("jaccard of one bit", n, i, s.shapes(1).pair(s.a.last - n, y, n), 1.0);
			s.c.check_equal("jaccard of the same bit", n, i, s.shapes(1).pair(y, y, n), 0.0);
			y[i / 8] = 0;
		}
	}
	fill_random(s.a);
	fill_random(s.b);
}

#ifndef __wasm__

/* 2^32 bits and some, all of which differ: counts leave 32 bits.  The same 2 MiB lie there again and again. */
void
check_huge(const rv_kernels *k, counts &c)
{
	const size_t piece = (size_t) 2 << 20;
	const size_t n = ((size_t) 1 << 29) + 77;
	const size_t bytes = (n + piece - 1) / piece * piece;
	FILE	   *file = tmpfile();
	uint8_t    *zeros = (uint8_t *) mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t    *ones = (uint8_t *) mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	const rv_shapes *shapes = k->shapes[RV_TYPE_BITS];
	float		out = 0;

	if (file == NULL || zeros == MAP_FAILED || ones == MAP_FAILED)
	{
		perror("2^32 bits");
		exit(2);
	}
	for (size_t i = 0; i < piece; i++)
		putc(0xff, file);
	fflush(file);
	for (size_t at = 0; at < bytes; at += piece)
		if (mmap(ones + at, piece, PROT_READ, MAP_SHARED | MAP_FIXED, fileno(file), 0) == MAP_FAILED)
		{
			perror("2^32 bits");
			exit(2);
		}
	c.check_equal("hamming pair", n, 0, shapes[RV_METRIC_HAMMING].pair(zeros, ones, n), 8.0 * (double) n);
	c.check_equal("jaccard pair", n, 0, shapes[RV_METRIC_JACCARD].pair(ones, ones, n), 0.0);
	shapes[RV_METRIC_HAMMING].many(ones, zeros, n, 1, 0, &out);
	c.check_equal("hamming many", n, 0, out, (float) (8.0 * (double) n));
	munmap(zeros, bytes);
	munmap(ones, bytes);
	fclose(file);
}

/* A second where the code runs as it is, minutes where it is emulated. */
bool
wants_huge()
{
#if defined(__x86_64__) && !defined(RV_EMULATED)
	return true;
#else
	return getenv("RV_TEST_HUGE") != NULL;
#endif
}

#endif

void
all_checks(const rv_kernels *k, counts &c)
{
	subject		s(k, c);

	check_sizes(s);
	check_extremes(s);
	check_places(s);
#ifndef __wasm__
	if (wants_huge())
		check_huge(k, c);
#endif
}

}	/* namespace */

int
main()
{
	return run_variants(all_checks);
}
