/*
 * half_test.cpp - half floats as codes, over the kernels of every variant that runs here: what codes hold, estimates and
 * bounds, rows and blocks.
 *
 * Codes must be the same for every variant, estimates within core-simd's error of the sums, and true values within bounds.
 * Codes end at pages that cannot be read.
 */
#include <initializer_list>

#include <ruvector/quant/half.h>

#include "support.h"

namespace
{

const size_t most_n = 600,
			most_rows = 70;

const rv_kernels *simd;
guarded		codes_memory(96 * (2 * most_n + 16));
float		rows[most_rows * most_n],
			query[most_n],
			back[most_n],
			scratch[most_n + 1],
			estimates[most_rows],
			bounds[most_rows];
uint8_t		codes[most_rows * (2 * most_n + 16)],
			want[most_rows * (2 * most_n + 16)];

enum data
{
	around_zero,
	small,						/* subnormal in float16 */
	whole_numbers,
	one_large,
	zeros,
	large,						/* sums overflow in float32 */
	all_data
};

float
element(data d, rv_type type, size_t r, size_t i, size_t n)
{
	double		most = type == RV_TYPE_F16 ? 65000 : 3e38;

	switch (d)
	{
		case small:
			return (float) (random_unit() * (type == RV_TYPE_F16 ? 1e-6 : 1e-41));
		case whole_numbers:
			return (float) random_below(256);
		case one_large:
			return (float) (i == r % n ? most : random_unit());
		case zeros:
			return 0;
		case large:
			return (float) (random_unit() * most / sqrt((double) n));
		default:
			return (float) (random_unit() + random_unit());
	}
}

/* The words of rows, then their factors by column. */
void
pack(const uint8_t *from, size_t n, size_t count, uint8_t *blocks)
{
	size_t		bytes = rv_half_code_bytes(n),
				payload = bytes - 8;

	for (size_t r = 0; r < count; r++)
	{
		uint8_t    *block = blocks + r / 32 * 32 * bytes;

		memcpy(block + r % 32 * payload, from + r * bytes, payload);
		for (size_t k = 0; k < 2; k++)
			memcpy(block + 32 * payload + (32 * k + r % 32) * 4, from + r * bytes + payload + 4 * k, 4);
	}
}

void
check_codes(const rv_half_kernels *k, counts &c, rv_type type, size_t n)
{
	size_t		bytes = rv_half_code_bytes(n);

	const rv_half_kernels *serial = rv_half_variant(RV_VARIANT_SERIAL);

	c.check_equal("encoded", n, 0, (double) serial->encode(rv_simd_variant(RV_VARIANT_SERIAL), type, n, rows, most_rows, want),
				  (double) most_rows);
	memset(codes, 0xa5, sizeof(codes));
	c.check_equal("encoded", n, 0, (double) k->encode(simd, type, n, rows, most_rows, codes), (double) most_rows);
	c.check(memcmp(codes, want, most_rows * bytes) == 0, "codes of the serial variant", n, 0, 0, 0);
	for (size_t r = 0; r < most_rows; r++)
	{
		float		factors[2];
		long double norm = 0,
					lost = 0;

		memcpy(factors, codes + (r + 1) * bytes - 8, 8);
		k->decode(simd, type, n, codes + r * bytes, 1, back);
		for (size_t i = 0; i < n; i++)
		{
			long double x = rows[r * n + i],
						half = type == RV_TYPE_F16 ? 0x1p-11L * fabsl(x) + 0x1p-25L : 0x1p-8L * fabsl(x) + 0x1p-134L;

			norm += x * x;
			lost += (x - back[i]) * (x - back[i]);
			c.check(fabsl(x - back[i]) <= half, "rounding", n, i, back[i], (double) x);
		}
		c.check_near("norm", n, r, factors[0], (double) sqrtl(norm), (double) sqrtl(norm) * 0x1.01p-24 + 0x1p-150);
		c.check(factors[1] >= sqrtl(lost), "residual reaches", n, r, factors[1], (double) sqrtl(lost));
		c.check(factors[1] <= sqrtl(lost) * (1 + 0x1p-22L) + 0x1p-148L, "residual is no larger", n, r, factors[1], (double) sqrtl(lost));
	}
}

long double
true_value(rv_metric metric, const float *x, size_t n, long double *magnitude)
{
	long double sum = 0,
				qq = 0,
				xx = 0;

	*magnitude = 0;
	for (size_t i = 0; i < n; i++)
	{
		long double a = query[i],
					b = x[i],
					term = metric == RV_METRIC_L2SQ ? (a - b) * (a - b) : a * b;

		sum += term;
		*magnitude += fabsl(term);
		qq += a * a;
		xx += b * b;
	}
	if (metric != RV_METRIC_COSINE)
		return sum;
	sum /= sqrtl(qq) * sqrtl(xx);
	*magnitude = 1;
	return 1 - (sum > 1 ? 1 : sum < -1 ? -1 : sum);
}

void
check_estimates(const rv_half_kernels *k, counts &c, rv_type type, rv_metric metric, size_t n, size_t count, int packed)
{
	size_t		bytes = rv_half_code_bytes(n),
				room = (packed ? (count + 31) / 32 * 32 : count) * bytes;
	uint8_t    *at = codes_memory.last - room;

	memset(at, 0, room);
	if (packed)
		pack(want, n, count, at);
	else
		memcpy(at, want, room);
	k->estimate(simd, type, metric, n, query, at, count, packed, type == RV_TYPE_F16 ? NULL : scratch, estimates, NULL);
	for (size_t r = 0; r < count; r++)
		back[r % most_n] = estimates[r];
	k->estimate(simd, type, metric, n, query, at, count, packed, type == RV_TYPE_F16 ? NULL : scratch, estimates, bounds);
	for (size_t r = 0; r < count; r++)
	{
		long double magnitude,
					value = true_value(metric, rows + r * n, n, &magnitude);
		float		factors[2];

		memcpy(factors, want + (r + 1) * bytes - 8, 8);
		if (isnan((double) value))
		{
			c.check(isnan(estimates[r]) && isnan(bounds[r]), "zero", n, r, estimates[r], NAN);
			continue;
		}
		c.check(bounds[r] >= 0 && (isinf(bounds[r]) || fabsl(value - estimates[r]) <= bounds[r]), "bound", n, r, estimates[r],
				(double) value);
		/* Sums that overflow in float32 are taken again. */
		if (fabsl(value) < 3.3e38L && (metric != RV_METRIC_L2SQ || factors[1] < 1e15f))
			c.check(!isinf(estimates[r]), "infinite", n, r, estimates[r], (double) value);
		c.check_equal("with and without bounds", n, r, estimates[r], back[r % most_n]);
		/* The distance to x' differs by as much as the residual lets it, so this is no check that any estimate passes. */
		if (metric == RV_METRIC_L2SQ && value < 1e37L && factors[1] < 1e15f)
		{
			long double reach = 2 * sqrtl(value) * factors[1] + 3 * factors[1] * (long double) factors[1];

			c.check(fabsl(value - estimates[r]) <= reach + value * (n + 8) * 0x1p-24L + n * 0x1p-148L, "estimate", n, r,
					estimates[r], (double) value);
		}
	}
}

void
check_refusals(const rv_half_kernels *k, counts &c, rv_type type)
{
	const size_t n = 21;
	const float bad[] = {NAN, INFINITY, -INFINITY, type == RV_TYPE_F16 ? 65520.0f : 3.4e38f};

	for (float value : bad)
		for (size_t at = 0; at < n; at++)
		{
			for (size_t i = 0; i < 4 * n; i++)
				rows[i] = (float) random_unit();
			rows[2 * n + at] = value;
			c.check_equal("rows before a bad one", n, at, (double) k->encode(simd, type, n, rows, 4, codes), 2);
		}
	rows[2 * n] = rows[2 * n + n - 1] = type == RV_TYPE_F16 ? 65519.0f : 1e38f;
	c.check_equal("the largest", n, 0, (double) k->encode(simd, type, n, rows, 2, codes), 2);
}

}	/* namespace */

int
main()
{
	return run_variants([&](const rv_quant_kernels *kernels, counts &c) {
		const rv_half_kernels *k = kernels->half;

		simd = kernels->simd;


		for (rv_type type : {RV_TYPE_F16, RV_TYPE_BF16})
		{
			for (size_t n : {1, 2, 3, 7, 8, 9, 31, 33, 100, 255, 256, 257, 600})
				for (int d = 0; d < all_data; d++)
				{
					for (size_t r = 0; r < most_rows; r++)
						for (size_t i = 0; i < n; i++)
							rows[r * n + i] = element((data) d, type, r, i, n);
					check_codes(k, c, type, n);
					for (size_t i = 0; i < n; i++)
						query[i] = n % 2 == 0 ? element((data) d, type, 99, i, n) : rows[5 * n + i];
					for (rv_metric metric : {RV_METRIC_L2SQ, RV_METRIC_DOT, RV_METRIC_COSINE})
						for (int packed = 0; packed < 2; packed++)
							check_estimates(k, c, type, metric, n, most_rows - n % 40, packed);
				}
			check_refusals(k, c, type);
		}
	});
}
