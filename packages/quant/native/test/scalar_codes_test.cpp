/*
 * scalar_codes_test.cpp - scalar codes of every variant that runs here: their bytes, what they decode to, estimates and
 * bounds.
 *
 * Bytes, estimates and bounds must be those of the serial variant, to the bit.  Codes must be the nearest that their range
 * has; residuals must reach the true ones, and bounds the true values, computed in float64 as well as in more digits.
 * Vectors end at pages that cannot be read.
 */
#include "scalar_subject.h"

namespace
{

const size_t most_rows = 40;
const size_t most_n = 260;

guarded		rows_memory(most_rows * most_n * sizeof(float)),
			codes_memory(64 * (2 * most_n + 64)),
			results_memory(4096);

float		rows[most_rows * most_n];
uint8_t		want[64 * (2 * most_n + 64)],
			blocks[64 * (2 * most_n + 64)];
rv_scalar_query *prepared;

enum data
{
	around_zero,
	around_hundred,
	whole_numbers,
	constant,
	zeros,
	one_huge,
	subnormal,
	mixed_sizes,
	duplicates,
	all_data
};

float
element(data d, size_t r, size_t i, size_t n)
{
	switch (d)
	{
		case around_hundred:
			return (float) (100 + random_unit());
		case whole_numbers:
			return (float) random_below(256);
		case constant:
			return (float) (r % 3 == 0 ? 0.1 : r % 3 == 1 ? -7.0 : 1e-30);
		case zeros:
			return r % 2 == 0 ? 0.0f : -0.0f;
		case one_huge:
			return i == r % n ? 1e18f : (float) random_unit();
		case subnormal:
			return (float) (random_unit() * 1e-43);
		case mixed_sizes:
			return (float) (random_unit() * pow(10, (double) random_below(30) - 15));
		case duplicates:
			return (float) (((i * 7919 + r / 4) % 101) * 0.01 - 0.5);
		default:
			return (float) (random_unit() + random_unit() + random_unit());
	}
}

/* Rows, and a codec with a centre and steps that suit some of them; some dimensions have no step. */
void
set_up(subject &s, data d, const kind &k, size_t n)
{
	s.be(k, n);
	for (size_t r = 0; r < most_rows; r++)
		for (size_t i = 0; i < n; i++)
			rows[r * n + i] = element(d, r, i, n);
	for (size_t i = 0; i < n; i++)
	{
		float		least = rows[i],
					most = rows[i];

		for (size_t r = 0; r < most_rows; r += 3)
		{
			least = fminf(least, rows[r * n + i]);
			most = fmaxf(most, rows[r * n + i]);
		}
		s.set_step(i, i % 11 == 5 ? 0 : (most - least) / (float) ((1 << k.bits) - 1));
		s.centre[i] = k.by_dimension || n % 2 == 0 ? least / 2 + most / 2 : 0;
	}
}

long double
squared(long double x)
{
	return x * x;
}

/* What the header says of the bytes of a code. */
void
check_code(counts &c, const subject &s, const float *x, const uint8_t *code)
{
	size_t		n = s.codec.n;
	long double xx = 0;

	for (size_t i = 0; i < n; i++)
		xx += squared(x[i]);
	c.check_near("norm", n, 0, s.factor(code, s.codec.by_dimension ? 1 : 2), (double) sqrtl(xx),
				 (double) sqrtl(xx) * 0x1.01p-24 + 0x1p-150);
	for (int levels = 1; levels <= (s.codec.more != 0 ? 2 : 1); levels++)
	{
		size_t		k = s.codec.by_dimension ? 2 : levels == 2 ? 5 : 3;
		long double yy = 0,
					ee = 0,
					cc = 0;

		for (size_t i = 0; i < n; i++)
		{
			long double z = s.element(code, levels, i) - s.centre[i],
						lost = (long double) x[i] - s.centre[i] - z;

			yy += squared(z);
			ee += squared(lost);
			cc += squared(s.code(code, 1, i) - (1 << (s.codec.bits - 1)));
			if (s.codec.by_dimension)
				continue;
			/* Half a step of the last level, and what float32 takes from the range. */
			long double step = s.factor(code, 1);
			long double half = (levels == 2 ? step / ((1 << s.codec.more) - 1) : step) / 2;

			c.check(fabsl(lost) <= half * 1.001L + fabsl(s.factor(code, 0)) * 0x1p-24L + step * 0x1p-15L + 0x1p-140L,
					"nearest code", n, i, (double) lost, (double) half);
		}
		c.check_near("|y'|", n, 0, s.factor(code, k), (double) sqrtl(yy), (double) sqrtl(yy) * 0x1.01p-24 + 0x1p-150);
		c.check(s.factor(code, k + 1) >= sqrtl(ee), "residual reaches", n, 0, s.factor(code, k + 1), (double) sqrtl(ee));
		c.check(s.codec.by_dimension == 0 || s.factor(code, 0) >= sqrtl(cc), "|c - middle| reaches", n, 0,
				s.factor(code, 0), (double) sqrtl(cc));
	}
}

void
check_codes(const rv_scalar_kernels *k, const rv_scalar_kernels *serial, counts &c, const subject &s)
{
	size_t		n = s.codec.n,
				bytes = rv_scalar_code_bytes(&s.codec),
				count = most_rows;
	float	   *x = rows_memory.at_end<float>(count * n);
	uint8_t    *codes = codes_memory.last - count * bytes;
	float	   *back = results_memory.at_end<float>(n);

	memcpy(x, rows, count * n * sizeof(float));
	memset(want, 0xa5, count * bytes);
	memset(codes_memory.first, 0xa5, codes_memory.size());
	c.check_equal("encoded", n, 0, (double) serial->encode(&s.codec, rows, count, want), (double) count);
	c.check_equal("encoded", n, 0, (double) k->encode(&s.codec, x, count, codes), (double) count);
	c.check(memcmp(codes, want, count * bytes) == 0, "codes of the serial variant", n, 0, 0, 0);
	c.check_equal("wrote before codes", n, 0, codes[-1], 0xa5);
	for (size_t r = 0; r < count; r++)
	{
		const uint8_t *code = codes + r * bytes;
		long double off = 0;

		check_code(c, s, x + r * n, code);
		k->decode(&s.codec, code, 1, back);
		for (size_t i = 0; i < n; i++)
		{
			long double exact = s.element(code, s.codec.more != 0 ? 2 : 1, i);
			long double terms = fabsl(s.centre[i]) + (s.codec.by_dimension ? 0 : fabsl(s.factor(code, 0)) + s.factor(code, 1) * 256);

			c.check(fabsl(back[i] - exact) <= fabsl(exact) * 0x1.01p-24L + terms * 0x1p-50L + 0x1p-149L, "decoded", n, i,
					back[i], (double) exact);
			off += squared((long double) x[r * n + i] - back[i]);
		}
		c.check(s.factor(code, s.codec.by_dimension ? 3 : s.codec.more != 0 ? 6 : 4) >= sqrtl(off), "residual of decoding",
				n, r, 0, (double) sqrtl(off));
	}
}

template<typename T>
T
true_value(rv_metric metric, const float *q, const float *x, size_t n)
{
	T			sum = 0,
				qq = 0,
				xx = 0;

	for (size_t i = 0; i < n; i++)
	{
		T			a = q[i],
					b = x[i];

		sum += metric == RV_METRIC_L2SQ ? (a - b) * (a - b) : a * b;
		qq += a * a;
		xx += b * b;
	}
	if (metric != RV_METRIC_COSINE)
		return sum;
	sum /= (T) sqrtl(qq) * (T) sqrtl(xx);
	return 1 - (sum > 1 ? 1 : sum < -1 ? -1 : sum);
}

/* |value - estimate| <= bound; a bound says nothing of a value that is no number. */
void
check_bound(counts &c, const char *what, size_t n, size_t r, long double value, float estimate, float bound)
{
	if (isnan((double) value))
		c.check(isnan(estimate) && isnan(bound), what, n, r, estimate, (double) value);
	else
		c.check(bound >= 0 && (isinf(bound) || fabsl(value - estimate) <= bound), what, n, r, estimate, (double) value);
}

void
check_estimates(const rv_scalar_kernels *k, const rv_scalar_kernels *serial, counts &c, const subject &s,
				const float *query, rv_metric metric, int levels, int middle)
{
	static float wanted[most_rows],
				wanted_bounds[most_rows];
	const uint8_t *backwards[most_rows];
	size_t		n = s.codec.n,
				bytes = rv_scalar_code_bytes(&s.codec),
				count = most_rows - n % 9;
	float	   *estimates = results_memory.at_end<float>(count),
			   *bounds = results_memory.at_start<float>(0);

	c.check(k->prepare(&s.codec, query, metric, levels, prepared) == 1, "prepare", n, 0, 0, 1);
	prepared->middle = middle;
	serial->estimate(&s.codec, prepared, want, bytes, count, wanted, wanted_bounds);
	for (size_t r = 0; r < count; r++)
	{
		check_bound(c, "bound", n, r, true_value<long double>(metric, query, rows + r * n, n), wanted[r], wanted_bounds[r]);
		check_bound(c, "bound, in float64", n, r, true_value<double>(metric, query, rows + r * n, n), wanted[r], wanted_bounds[r]);
		backwards[count - 1 - r] = want + r * bytes;
	}
	pack(want, count, bytes, blocks);
	for (int shape = 0; shape < 3; shape++)
		for (int with = 0; with < 2; with++)
		{
			static const char *const names[] = {"estimates of rows", "estimates of rows anywhere", "estimates of blocks"};

			memset(estimates, 0xff, count * sizeof(float));
			memset(bounds, 0xff, count * sizeof(float));
			if (shape == 0)
				k->estimate(&s.codec, prepared, want, bytes, count, estimates, with ? bounds : NULL);
			else if (shape == 1)
				k->gather(&s.codec, prepared, backwards, count, estimates, with ? bounds : NULL);
			else
				k->estimate_packed(&s.codec, prepared, blocks, count, estimates, with ? bounds : NULL);
			for (size_t r = 0; r < count; r++)
			{
				size_t		at = shape == 1 ? count - 1 - r : r;

				c.check_equal(names[shape], n, r, estimates[at], wanted[r]);
				c.check_equal(names[shape], n, r, with ? bounds[at] : 0, with ? wanted_bounds[r] : 0);
			}
		}
}

void
check_all(const rv_scalar_kernels *k, const rv_scalar_kernels *serial, counts &c, subject &s, const kind &each, size_t n)
{
	static float query[most_n];

	for (int d = 0; d < all_data; d++)
	{
		set_up(s, (data) d, each, n);
		check_codes(k, serial, c, s);
		/* Its own kind of data; a row itself; and zero. */
		for (int q = 0; q < 3; q++)
		{
			for (size_t i = 0; i < n; i++)
				query[i] = q == 0 ? element((data) d, most_rows, i, n) : q == 1 ? rows[3 * n + i] : 0;
			for (int levels = 1; levels <= (each.more != 0 ? 2 : 1); levels++)
				for (rv_metric metric : {RV_METRIC_L2SQ, RV_METRIC_DOT, RV_METRIC_COSINE})
					for (int middle = 0; middle < (metric == RV_METRIC_L2SQ ? 2 : 1); middle++)
						check_estimates(k, serial, c, s, query, metric, levels, middle);
		}
	}
}

/* Encoding stops before a row that no code stands for. */
void
check_refusals(const rv_scalar_kernels *k, counts &c, subject &s, const kind &each)
{
	const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f};
	const size_t n = 37;
	float	   *x = rows_memory.at_end<float>(5 * n);

	set_up(s, around_zero, each, n);
	for (float value : bad)
		for (size_t at = 0; at < n; at++)
		{
			memcpy(x, rows, 5 * n * sizeof(float));
			x[3 * n + at] = value;
			if (value == 3e38f)		/* two of them: no element is infinite, but their norm is */
				x[3 * n + (at + 1) % n] = value;
			c.check_equal("rows before a bad one", n, at, (double) k->encode(&s.codec, x, 5, want), 3);
			if (value != 3e38f)
				c.check_equal("a bad query", n, at, k->prepare(&s.codec, x + 3 * n, RV_METRIC_DOT, 1, prepared), 0);
		}
	c.check_equal("no rows", n, 0, (double) k->encode(&s.codec, x, 0, want), 0);
}

}	/* namespace */

int
main()
{
	const rv_scalar_kernels *serial = rv_scalar_variant(RV_VARIANT_SERIAL);
	subject		s;

	prepared = (rv_scalar_query *) aligned_alloc(64, 64 * 1024);
	return run_scalar_variants([&](const rv_scalar_kernels *k, counts &c) {
		for (const kind &each : kinds)
		{
			for (size_t n : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100, 131, 257})
				check_all(k, serial, c, s, each, n);
			check_refusals(k, c, s, each);
		}
	});
}
