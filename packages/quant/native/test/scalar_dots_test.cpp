/*
 * scalar_dots_test.cpp - the exact sums of weights times codes, of every variant that runs here, against 64-bit integers.
 *
 * Codes end exactly at a page that cannot be read, or start exactly after one, as rows and as packed blocks.  Codes and
 * weights take their largest values everywhere, too: sums must not overflow in narrow lanes, up to 65,535 dimensions.
 * Prints one line a variant, `<name> <checks> checks, <failures> failed`, and returns 1 when anything failed.
 */
#include "scalar_subject.h"

namespace
{

const size_t most_codes = 70;

guarded		codes_memory(most_codes * 2600),
			long_memory(34 * (2 * max_n + 64)),
			results_memory(4096);

int32_t		words[max_n];
float		query[max_n];
rv_scalar_query *prepared;

enum filling
{
	random_codes,
	all_most,
	fillings
};

enum weights
{
	random_weights,
	all_equal,					/* every weight is the largest */
	all_negative,
	alternating,
	ascending,					/* every byte of a weight occurs */
	weightings
};

void
fill_query(weights w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		query[i] = w == random_weights ? (float) random_unit() : w == all_equal ? 0.5f : w == all_negative ? -0.5f
			: w == alternating ? (i % 2 == 0 ? 1.0f : -1.0f) : (float) i - (float) (n / 2);
}

void
fill_codes(const subject &s, filling f, uint8_t *codes, size_t count, size_t stride)
{
	for (size_t r = 0; r < count; r++)
		for (size_t i = 0; i < rv_scalar_code_bytes(&s.codec); i++)
			codes[r * stride + i] = f == all_most ? 0xff : (uint8_t) random_numbers.next();
	/* What fills levels up is zero. */
	for (size_t r = 0; r < count; r++)
		for (int level = 1; level <= 2; level++)
		{
			size_t		used = (level == 1 ? s.codec.bits : s.codec.more) == 8 ? s.codec.n : (s.codec.n + 1) / 2;
			uint8_t    *p = codes + r * stride + (level == 1 ? 0 : s.level_bytes(1));

			for (size_t i = used; i < s.level_bytes(level); i++)
				p[i] = 0;
		}
}

double
exact(const subject &s, const uint8_t *code, int level)
{
	int64_t		sum = 0;

	for (size_t i = 0; i < s.codec.n; i++)
		sum += (int64_t) words[i] * s.code(code, level, i);
	return (double) sum;
}

double *
results(size_t count)
{
	double	   *out = results_memory.at_end<double>(count);

	for (size_t i = 0; i <= count; i++)
		out[(ptrdiff_t) i - 1] = -12345;
	return out;
}

void
check_rows(const rv_scalar_kernels *k, counts &c, const subject &s, const uint8_t *codes, size_t count, size_t stride)
{
	for (int level = 1; level <= prepared->levels; level++)
	{
		double	   *out = results(count);

		k->dots(&s.codec, prepared, level, codes, stride, count, out);
		for (size_t r = 0; r < count; r++)
			c.check_equal("dots", s.codec.n, r, out[r], exact(s, codes + r * stride, level));
		c.check_equal("dots wrote before out", s.codec.n, count, out[-1], -12345);
	}
}

/* `codes` are rows side by side. */
void
check_packed(const rv_scalar_kernels *k, counts &c, const subject &s, const uint8_t *codes, size_t count, uint8_t *blocks)
{
	pack(codes, count, rv_scalar_code_bytes(&s.codec), blocks);
	for (int level = 1; level <= prepared->levels; level++)
	{
		double	   *out = results(count);

		k->dots_packed(&s.codec, prepared, level, blocks, count, out);
		for (size_t r = 0; r < count; r++)
			c.check_equal("packed dots", s.codec.n, r, out[r],
						  exact(s, codes + r * rv_scalar_code_bytes(&s.codec), level));
		c.check_equal("packed dots wrote before out", s.codec.n, count, out[-1], -12345);
	}
}

/* The second level is read where there is one, and the first alone as well. */
template<typename Check>
void
each_query(const rv_scalar_kernels *k, subject &s, rv_metric metric, Check check)
{
	for (int levels = 1; levels <= (s.codec.more == 0 ? 1 : 2); levels++)
	{
		s.words(query, metric, levels, words);
		k->prepare(&s.codec, query, metric, levels, prepared);
		check();
	}
}

void
test_short(const rv_scalar_kernels *k, counts &c, subject &s, const kind &each, size_t n)
{
	static uint8_t rows[64 * 2600];

	s.be(each, n);
	for (size_t i = 0; i < n; i++)
		s.set_step(i, 1);

	size_t		bytes = rv_scalar_code_bytes(&s.codec);

	for (int f = 0; f < fillings; f++)
	{
		size_t		count = (n + (size_t) f) % 9 + 1,
					stride = bytes + 3 * (n % 3);
		uint8_t    *last = codes_memory.last - ((count - 1) * stride + bytes);

		fill_query((weights) ((n + (size_t) f) % weightings), n);
		each_query(k, s, RV_METRIC_DOT, [&] {
			fill_codes(s, (filling) f, last, count, stride);
			check_rows(k, c, s, last, count, stride);
			fill_codes(s, (filling) f, codes_memory.first, count, stride);
			check_rows(k, c, s, codes_memory.first, count, stride);
			count = n % 7 == 0 ? 33 + n % 30 : n % 32 + 1;
			fill_codes(s, (filling) f, rows, count, bytes);
			check_packed(k, c, s, rows, count, codes_memory.last - (count + 31) / 32 * 32 * bytes);
			count = (n + (size_t) f) % 9 + 1;
		});
	}
}

void
test_long(const rv_scalar_kernels *k, counts &c, subject &s, const kind &each, size_t n)
{
	static uint8_t rows[33 * (2 * max_n + 64)];

	s.be(each, n);
	for (size_t i = 0; i < n; i++)
		s.set_step(i, 1);

	size_t		bytes = rv_scalar_code_bytes(&s.codec);

	for (int w = 0; w < weightings; w++)
	{
		fill_query((weights) w, n);
		each_query(k, s, RV_METRIC_DOT, [&] {
			fill_codes(s, w == ascending ? random_codes : all_most, rows, 5, bytes);
			memcpy(long_memory.last - 5 * bytes, rows, 5 * bytes);
			check_rows(k, c, s, long_memory.last - 5 * bytes, 5, bytes);
			check_packed(k, c, s, rows, 5, long_memory.last - 32 * bytes);
		});
	}
}

}	/* namespace */

int
main()
{
	subject		s;

	prepared = (rv_scalar_query *) aligned_alloc(64, 10 * (max_n + 1));
	return run_scalar_variants([&](const rv_scalar_kernels *k, counts &c) {
		for (const kind &each : kinds)
		{
			for (size_t n = 1; n <= 300; n += n < 140 ? 1 : 13)
				test_short(k, c, s, each, n);
			for (size_t n : {257, 1000, 1024, 2047, 2049, 4097, 65535})
				test_long(k, c, s, each, n);
		}
	});
}
