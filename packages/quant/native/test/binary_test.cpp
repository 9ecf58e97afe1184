/*
 * binary_test.cpp - binary codes over the kernels of every variant that runs here: bits, factors, estimates and bounds, rows
 * and blocks, with a centre and without.
 *
 * Estimates must be the same for every variant, near what the angle's formula gives, and within bounds of the true values.
 * Codes end at pages that cannot be read.
 */
#include <initializer_list>

#include <ruvector/quant/binary.h>

#include "support.h"

namespace
{

const size_t most_n = 600,
			most_rows = 70;

guarded		codes_memory(96 * 128);
float		rows[most_rows * most_n],
			query[most_n],
			centre[most_n],
			back[most_n];
const rv_kernels *simd;
uint8_t		codes[96 * 128],
			want[96 * 128],
			blocks[96 * 128],
			bits[128];

enum data
{
	around_zero,
	around_ten,
	signs,						/* all |y| equal: the code is exact */
	one_huge,
	zeros,
	subnormal,
	ascending,
	all_data
};

float
element(data d, size_t r, size_t i, size_t n)
{
	switch (d)
	{
		case around_ten:
			return (float) (10 + random_unit());
		case signs:
			return random_below(2) == 0 ? 0.25f : -0.25f;
		case one_huge:
			return i == r % n ? 1e15f : (float) random_unit();
		case zeros:
			return r % 5 == 0 ? (float) random_unit() : 0.0f;
		case subnormal:
			return (float) (random_unit() * 1e-43);
		case ascending:
			return (float) i - (float) (r * n) / most_rows;
		default:
			return (float) (random_unit() + random_unit() + random_unit());
	}
}

struct subject
{
	size_t		n;
	const float *centre;

	size_t bytes() const { return rv_binary_code_bytes(n, centre); }
	size_t payload() const { return (n + 31) / 32 * 4; }
	size_t factors() const { return centre != NULL ? 5 : 3; }
	long double mean(size_t i) const { return centre != NULL ? (long double) centre[i] : 0; }

	float
	factor(const uint8_t *code, size_t k) const
	{
		float		f;

		memcpy(&f, code + payload() + 4 * k, sizeof(f));
		return f;
	}
};

void
pack(const subject &s, const uint8_t *from, size_t count, uint8_t *to)
{
	memset(to, 0, (count + 31) / 32 * 32 * s.bytes());
	for (size_t r = 0; r < count; r++)
	{
		uint8_t    *block = to + r / 32 * 32 * s.bytes();

		memcpy(block + r % 32 * s.payload(), from + r * s.bytes(), s.payload());
		for (size_t k = 0; k < s.factors(); k++)
			memcpy(block + 32 * s.payload() + (32 * k + r % 32) * 4, from + r * s.bytes() + s.payload() + 4 * k, 4);
	}
}

void
check_codes(const rv_binary_kernels *k, counts &c, const subject &s)
{
	size_t		n = s.n;

	c.check_equal("encoded", n, 0, (double) k->encode(n, s.centre, rows, most_rows, codes), (double) most_rows);
	rv_binary_variant(RV_VARIANT_SERIAL)->encode(n, s.centre, rows, most_rows, want);
	c.check_bytes("codes of the serial variant", n, codes, want, most_rows * s.bytes());
	for (size_t r = 0; r < most_rows; r++)
	{
		const uint8_t *code = codes + r * s.bytes();
		long double size = 0,
					yy = 0,
					xx = 0,
					cross = 0,
					sizes = 0,
					lost = 0,
					off = 0;
		double		scale = s.factor(code, 0),
					residual = s.factor(code, s.factors() - 1);

		k->decode(n, s.centre, code, 1, back);
		for (size_t i = 0; i < n; i++)
		{
			long double x = rows[r * n + i],
						y = x - s.mean(i);
			bool		set = code[i / 8] >> (7 - i % 8) & 1;

			c.check(set == (y > 0), "bit", n, i, set, (double) y);
			size += fabsl(y);
			yy += y * y;
			xx += x * x;
			cross += s.mean(i) * y;
			sizes += fabsl(s.mean(i) * y);
			lost += (y - (set ? scale : -scale)) * (y - (set ? scale : -scale));
			off += (x - back[i]) * (x - back[i]);
			c.check_near("decoded", n, i, back[i], (double) (s.mean(i) + (set ? scale : -scale)),
						 fabs((double) back[i]) * 0x1.01p-24 + 0x1p-150);
		}
		for (size_t i = n; i < 8 * s.payload(); i++)
			c.check((code[i / 8] >> (7 - i % 8) & 1) == 0, "padding", n, i, 1, 0);
		c.check_near("scale", n, r, scale, (double) (size / n), (double) (size / n) * 0x1.01p-24 + 0x1p-150);
		c.check_near("|y|", n, r, s.factor(code, 1), (double) sqrtl(yy), (double) sqrtl(yy) * 0x1.01p-24 + 0x1p-150);
		c.check(residual >= sqrtl(lost) && residual >= sqrtl(off), "residual reaches", n, r, residual, (double) sqrtl(lost));
		if (s.centre == NULL)
			continue;
		c.check_near("<centre, y>", n, r, s.factor(code, 2), (double) cross,
					 fabs((double) cross) * 0x1.01p-24 + (double) sizes * 0x1p-39 + 0x1p-150);
		c.check_near("|x|", n, r, s.factor(code, 3), (double) sqrtl(xx), (double) sqrtl(xx) * 0x1.01p-24 + 0x1p-150);
	}
}

long double
true_value(rv_metric metric, const float *x, size_t n)
{
	long double sum = 0,
				qq = 0,
				xx = 0;

	for (size_t i = 0; i < n; i++)
	{
		long double a = query[i],
					b = x[i];

		sum += metric == RV_METRIC_L2SQ ? (a - b) * (a - b) : a * b;
		qq += a * a;
		xx += b * b;
	}
	if (metric != RV_METRIC_COSINE)
		return sum;
	sum /= sqrtl(qq) * sqrtl(xx);
	return 1 - (sum > 1 ? 1 : sum < -1 ? -1 : sum);
}

/* The estimate by its formula. */
long double
wanted(const subject &s, rv_metric metric, const uint8_t *code)
{
	long double pp = 0,
				qq = 0,
				base = 0,
				norm = s.factor(code, 1),
				differ = 0;

	for (size_t i = 0; i < s.n; i++)
	{
		long double p = (long double) query[i] - s.mean(i);

		pp += p * p;
		qq += (long double) query[i] * query[i];
		base += s.mean(i) * query[i];
		differ += (p > 0) != (code[i / 8] >> (7 - i % 8) & 1);
	}
	long double product = sqrtl(pp) * norm * cosl(3.14159265358979323846264338327950288L * differ / s.n);

	if (metric == RV_METRIC_L2SQ)
		return fmaxl(0, pp + norm * norm - 2 * product);
	if (s.centre != NULL)
		product += base + s.factor(code, 2);
	if (metric == RV_METRIC_DOT)
		return product;
	product /= sqrtl(qq) * (s.centre != NULL ? (long double) s.factor(code, 3) : norm);
	return 1 - (product > 1 ? 1 : product < -1 ? -1 : product);
}

void
check_estimates(const rv_binary_kernels *k, counts &c, const subject &s, rv_metric metric, int packed)
{
	static float estimates[most_rows],
				bounds[most_rows],
				serial[most_rows],
				serial_bounds[most_rows];
	rv_binary_query q;
	size_t		n = s.n,
				count = most_rows - n % 40,
				room = (packed ? (count + 31) / 32 * 32 : count) * s.bytes();
	uint8_t    *at = codes_memory.last - room;

	c.check_equal("prepare", n, 0, k->prepare(n, s.centre, query, metric, &q, bits), 1);
	if (packed)
	{
		pack(s, codes, count, blocks);
		memcpy(at, blocks, room);
	}
	else
		memcpy(at, codes, room);
	rv_binary_variant(RV_VARIANT_SERIAL)->estimate(rv_simd_variant(RV_VARIANT_SERIAL), &q, bits, s.centre != NULL, at, count,
												   packed, serial, serial_bounds);
	k->estimate(simd, &q, bits, s.centre != NULL, at, count, packed, estimates, NULL);
	for (size_t r = 0; r < count; r++)
		c.check_equal("estimate of the serial variant", n, r, estimates[r], serial[r]);
	k->estimate(simd, &q, bits, s.centre != NULL, at, count, packed, estimates, bounds);
	for (size_t r = 0; r < count; r++)
	{
		long double value = true_value(metric, rows + r * n, n),
					formula = wanted(s, metric, codes + r * s.bytes());
		/* Of the numbers that are added up. */
		long double norms = q.norm + s.factor(codes + r * s.bytes(), 1),
					scale = metric == RV_METRIC_COSINE ? 2 : norms * norms + q.full_norm * q.centre_norm;

		c.check_equal("estimate with bounds", n, r, estimates[r], serial[r]);
		c.check_equal("bound of the serial variant", n, r, bounds[r], serial_bounds[r]);
		if (isnan((double) value))
		{
			c.check(isnan(estimates[r]) && isnan(bounds[r]), "zero", n, r, estimates[r], NAN);
			continue;
		}
		c.check_near("formula", n, r, estimates[r], (double) formula, (double) (scale * 0x1p-22L + 0x1p-148L));
		c.check(bounds[r] >= 0 && (isinf(bounds[r]) || fabsl(value - estimates[r]) <= bounds[r]), "bound", n, r, estimates[r],
				(double) value);
	}
}

void
check_refusals(const rv_binary_kernels *k, counts &c)
{
	const size_t n = 21;
	const float bad[] = {NAN, INFINITY, -INFINITY};
	rv_binary_query q;

	for (float value : bad)
		for (size_t at = 0; at < n; at++)
		{
			for (size_t i = 0; i < 4 * n; i++)
				rows[i] = (float) random_unit();
			rows[2 * n + at] = value;
			c.check_equal("rows before a bad one", n, at, (double) k->encode(n, NULL, rows, 4, codes), 2);
			c.check_equal("rows before a bad one", n, at, (double) k->encode(n, centre, rows, 4, codes), 2);
			c.check_equal("a bad query", n, at, k->prepare(n, centre, rows + 2 * n, RV_METRIC_DOT, &q, bits), 0);
		}
	rows[2 * n] = rows[2 * n + 1] = 3e38f;
	c.check_equal("no norm", n, 0, (double) k->encode(n, NULL, rows, 4, codes), 2);
}

}	/* namespace */

int
main()
{
	return run_variants([&](const rv_quant_kernels *kernels, counts &c) {
		const rv_binary_kernels *k = kernels->binary;

		simd = kernels->simd;


		for (size_t n : {1, 2, 3, 7, 8, 9, 31, 32, 33, 64, 100, 255, 256, 257, 600})
			for (int d = 0; d < all_data; d++)
				for (int centred = 0; centred < 2; centred++)
				{
					subject		s = {n, centred ? centre : NULL};

					for (size_t i = 0; i < n; i++)
						centre[i] = element((data) d, 7, i, n) / 2 + element((data) d, 8, i, n) / 2;
					for (size_t r = 0; r < most_rows; r++)
						for (size_t i = 0; i < n; i++)
							rows[r * n + i] = element((data) d, r, i, n);
					check_codes(k, c, s);
					for (size_t i = 0; i < n; i++)
						query[i] = n % 2 == 0 ? element((data) d, 99, i, n) : rows[5 * n + i];
					for (rv_metric metric : {RV_METRIC_L2SQ, RV_METRIC_DOT, RV_METRIC_COSINE})
						for (int packed = 0; packed < 2; packed++)
							check_estimates(k, c, s, metric, packed);
				}
		check_refusals(k, c);
	});
}
