/*
 * row_bounds_test.cpp - bounds of scalar codes, half floats and binary codes, of every variant that runs here, put to what
 * makes bounds fail.
 *
 * Vectors are constant, subnormal, near the largest float32, of sizes that differ by forty orders of magnitude, one element
 * huge, nearly equal to each other, or outside of the codec's ranges; dimensions are 1 to 33, 1,000 and 65,535; queries are of
 * the same kind, rows, their neighbours and opposites, what codes decode to, and zero.  The true value is that of long double,
 * and that of float64, forwards and backwards; it must be within the bound of the estimate.  Blocks must give what rows do.
 */
#include <float.h>

#include <initializer_list>

#include <ruvector/quant/binary.h>
#include <ruvector/quant/half.h>

#include "scalar_subject.h"

namespace
{

const size_t most_rows = 40;

/* Two of the longest rows, or more of shorter ones. */
float		rows[2 * max_n],
			query[max_n],
			scratch[max_n + 1],
			back[max_n];
uint8_t		codes[2 * (2 * max_n + 64)],
			blocks[32 * (2 * max_n + 64)];
alignas(8) uint8_t prepared[10 * (max_n + 100)];
uint8_t		bits[max_n / 8 + 8];

enum data
{
	around_zero,
	around_thousand,
	constant,
	one_huge,
	subnormal,
	all_sizes,
	signs,						/* of one size */
	sparse,
	neighbours,					/* of the row before, by one place of the last digit */
	opposites,					/* of the row before */
	heavy_tails,				/* beyond what ranges of dimensions are made for */
	largest,					/* norms of nearly half of what float32 has */
	all_data
};

const char *const data_names[] = {"around zero", "around a thousand", "constant", "one huge", "subnormal", "all sizes", "signs",
"sparse", "neighbours", "opposites", "heavy tails", "largest"};

float
element(data d, size_t i, size_t n, float before)
{
	switch (d)
	{
		case around_thousand:
			return (float) (1000 + random_unit());
		case constant:
			return 0.1f;
		case one_huge:
			return (float) (i == n / 2 ? 1e15 : random_unit());
		case subnormal:
			return (float) (random_unit() * 1e-43);
		case all_sizes:
			return (float) (random_unit() * pow(10, 20 * random_unit()));
		case signs:
			return random_below(2) == 0 ? 0.3f : -0.3f;
		case sparse:
			return random_below(5) == 0 ? (float) random_normal() : 0.0f;
		case neighbours:
			return before == 0 ? (float) random_normal() : nextafterf(before, random_below(2) == 0 ? 1e30f : -1e30f);
		case opposites:
			return before == 0 ? (float) random_normal() : -before;
		case heavy_tails:
			return (float) (exp(4 * random_normal()) * (random_below(2) == 0 ? 1 : -1));
		case largest:
			return (float) (random_unit() * 0.49 * 3.4028234e38 / sqrt((double) n));
		default:
			return (float) random_normal();
	}
}

/* Rows of a kind, none with an element above `limit`. */
void
fill_rows(data d, size_t count, size_t n, float limit)
{
	float		most = 0;

	for (size_t r = 0; r < count; r++)
		for (size_t i = 0; i < n; i++)
		{
			rows[r * n + i] = element(d, i, n, r == 0 ? 0 : rows[(r - 1) * n + i]);
			most = fmaxf(most, fabsf(rows[r * n + i]));
		}
	if (most > limit)
		for (size_t i = 0; i < count * n; i++)
			rows[i] = (float) ((double) rows[i] * (limit / (double) most));
}

template<typename T>
T
true_value(rv_metric metric, const float *x, size_t n, bool backwards)
{
	T			sum = 0,
				qq = 0,
				xx = 0;

	for (size_t k = 0; k < n; k++)
	{
		size_t		i = backwards ? n - 1 - k : k;
		T			a = query[i],
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

void
check_values(counts &c, const char *what, rv_metric metric, data d, size_t n, size_t count, const float *estimates,
			 const float *bounds)
{
	for (size_t r = 0; r < count; r++)
		for (int way = 0; way < 3; way++)
		{
			const float *x = rows + r * n;
			long double value = way == 0 ? true_value<long double>(metric, x, n, false) : true_value<double>(metric, x, n, way == 2);
			bool		none = isnan((double) value),
						holds = none ? isnan(estimates[r]) && isnan(bounds[r])
				: bounds[r] >= 0 && (isinf(bounds[r]) || fabsl(value - estimates[r]) <= bounds[r]);

			c.check(holds, what, n, r, estimates[r], (double) value);
			if (!holds && c.failures < 20)
				printf("  %s, metric %d, bound %.9g\n", data_names[d], (int) metric, bounds[r]);
			/* What is infinite says nothing: nothing may be where float32 has the numbers. */
			c.check(none || isfinite(bounds[r]) || fabsl(value) > 1e28L || d == all_sizes || d == largest || d == one_huge, what, n,
					r, bounds[r], (double) value);
		}
}

/* A codec of any family over one set of kernels. */
struct codec
{
	const char *name;
	const rv_quant_kernels *kernels;
	float		limit;			/* of elements */

	codec(const char *name_, const rv_quant_kernels *kernels_, float limit_) : name(name_), kernels(kernels_), limit(limit_) {}
	virtual ~codec() = default;
	/* Makes it one for the rows. */
	virtual void train(size_t n, size_t count, bool centred) = 0;
	virtual size_t bytes(size_t n) const = 0;
	virtual bool interleaves_words() const { return false; }
	virtual size_t factors() const { return 0; }
	virtual size_t encode(size_t n, size_t count) = 0;
	virtual void decode(size_t n, const uint8_t *code) = 0;
	/* The query's forms: levels, kinds of estimates. */
	virtual int forms(rv_metric) const { return 1; }
	virtual void estimate(size_t n, rv_metric metric, int form, const uint8_t *at, size_t count, bool packed, float *estimates,
						  float *bounds) = 0;
};

struct scalar : codec
{
	subject    &s;
	kind		k;

	scalar(const rv_quant_kernels *kernels_, subject &s_, const kind &k_) : codec(k_.name, kernels_, FLT_MAX), s(s_), k(k_) {}

	void
	train(size_t n, size_t count, bool centred) override
	{
		s.be(k, n);
		for (size_t i = 0; i < n; i++)
		{
			/* Of every other row, so that others lie outside; some dimensions have no range at all. */
			float		least = rows[i],
						most = rows[i];

			for (size_t r = 0; r < count; r += 2)
			{
				least = fminf(least, rows[r * n + i]);
				most = fmaxf(most, rows[r * n + i]);
			}
			s.set_step(i, i % 7 == 5 ? 0 : most / (float) ((1 << k.bits) - 1) - least / (float) ((1 << k.bits) - 1));
			s.centre[i] = k.by_dimension || centred ? least / 2 + most / 2 : 0;
		}
	}

	size_t bytes(size_t) const override { return rv_scalar_code_bytes(&s.codec); }
	bool interleaves_words() const override { return true; }
	size_t encode(size_t, size_t count) override { return kernels->scalar->encode(&s.codec, rows, count, codes); }
	void decode(size_t, const uint8_t *code) override { kernels->scalar->decode(&s.codec, code, 1, back); }
	int forms(rv_metric metric) const override { return (k.more != 0 ? 2 : 1) * (metric == RV_METRIC_L2SQ ? 2 : 1); }

	void
	estimate(size_t, rv_metric metric, int form, const uint8_t *at, size_t count, bool packed, float *estimates,
			 float *bounds) override
	{
		rv_scalar_query *q = (rv_scalar_query *) (void *) prepared;
		int			levels = k.more != 0 ? form % 2 + 1 : 1;

		kernels->scalar->prepare(&s.codec, query, metric, levels, q);
		q->middle = k.more != 0 ? form / 2 : form;
		if (packed)
			kernels->scalar->estimate_packed(&s.codec, q, at, count, estimates, bounds);
		else
			kernels->scalar->estimate(&s.codec, q, at, rv_scalar_code_bytes(&s.codec), count, estimates, bounds);
	}
};

struct half : codec
{
	rv_type		type;

	half(const rv_quant_kernels *kernels_, rv_type type_)
		: codec(type_ == RV_TYPE_F16 ? "float16" : "bfloat16", kernels_, type_ == RV_TYPE_F16 ? 65504 : FLT_MAX), type(type_)
	{
	}

	void train(size_t, size_t, bool) override {}
	size_t bytes(size_t n) const override { return rv_half_code_bytes(n); }
	size_t factors() const override { return 2; }
	size_t encode(size_t n, size_t count) override { return kernels->half->encode(kernels->simd, type, n, rows, count, codes); }
	void decode(size_t n, const uint8_t *code) override { kernels->half->decode(kernels->simd, type, n, code, 1, back); }

	void
	estimate(size_t n, rv_metric metric, int, const uint8_t *at, size_t count, bool packed, float *estimates,
			 float *bounds) override
	{
		kernels->half->estimate(kernels->simd, type, metric, n, query, at, count, packed, type == RV_TYPE_F16 ? NULL : scratch,
								estimates, bounds);
	}
};

struct binary : codec
{
	subject    &s;
	const float *centre;

	binary(const rv_quant_kernels *kernels_, subject &s_, bool centred)
		/* The centre's product with a vector must be a float32, too. */
		: codec(centred ? "binary around a centre" : "binary", kernels_, centred ? 1e16f : FLT_MAX), s(s_),
		  centre(centred ? s_.centre : NULL)
	{
	}

	void
	train(size_t n, size_t count, bool) override
	{
		for (size_t i = 0; i < n; i++)
			s.centre[i] = rows[i] / 2 + rows[(count - 1) * n + i] / 2;
	}

	size_t bytes(size_t n) const override { return rv_binary_code_bytes(n, centre); }
	size_t factors() const override { return centre != NULL ? 5 : 3; }
	size_t encode(size_t n, size_t count) override { return kernels->binary->encode(n, centre, rows, count, codes); }
	void decode(size_t n, const uint8_t *code) override { kernels->binary->decode(n, centre, code, 1, back); }

	void
	estimate(size_t n, rv_metric metric, int, const uint8_t *at, size_t count, bool packed, float *estimates,
			 float *bounds) override
	{
		rv_binary_query q;

		kernels->binary->prepare(n, centre, query, metric, &q, bits);
		kernels->binary->estimate(kernels->simd, &q, bits, centre != NULL, at, count, packed, estimates, bounds);
	}
};

/* The two orders of packed blocks; doc/format.md. */
void
pack_codes(const codec &each, size_t n, size_t count)
{
	size_t		bytes = each.bytes(n),
				payload = bytes - 4 * each.factors();

	if (each.interleaves_words())
		return pack(codes, count, bytes, blocks);
	memset(blocks, 0, (count + 31) / 32 * 32 * bytes);
	for (size_t r = 0; r < count; r++)
	{
		uint8_t    *block = blocks + r / 32 * 32 * bytes;

		memcpy(block + r % 32 * payload, codes + r * bytes, payload);
		for (size_t k = 0; k < each.factors(); k++)
			memcpy(block + 32 * payload + (32 * k + r % 32) * 4, codes + r * bytes + payload + 4 * k, 4);
	}
}

enum asking
{
	of_the_kind,
	a_row,
	beside_a_row,
	opposite_of_a_row,
	what_is_decoded,
	nothing,
	askings
};

void
make_query(codec &each, asking what, data d, size_t n, size_t row)
{
	if (what == what_is_decoded)
		each.decode(n, codes + row * each.bytes(n));
	for (size_t i = 0; i < n; i++)
	{
		float		x = rows[row * n + i];

		query[i] = what == of_the_kind ? element(d, i, n, x) : what == a_row ? x
			: what == beside_a_row ? nextafterf(x, 1) : what == opposite_of_a_row ? -x : what == nothing ? 0 : back[i];
		/* Decoding may round up to infinity. */
		if (!isfinite(query[i]))
			query[i] = 0;
	}
}

void
check_codec(counts &c, codec &each, data d, size_t n, size_t count, asking first, asking last)
{
	float		estimates[most_rows],
				bounds[most_rows],
				of_blocks[most_rows],
				bounds_of_blocks[most_rows];

	fill_rows(d, count, n, each.limit);
	each.train(n, count, (n + d) % 2 == 0);
	c.check_equal(each.name, n, 0, (double) each.encode(n, count), (double) count);
	pack_codes(each, n, count);
	for (int what = first; what <= last; what++)
	{
		make_query(each, (asking) what, d, n, (n + (size_t) what) % count);
		for (rv_metric metric : {RV_METRIC_L2SQ, RV_METRIC_DOT, RV_METRIC_COSINE})
			for (int form = 0; form < each.forms(metric); form++)
			{
				each.estimate(n, metric, form, codes, count, false, estimates, bounds);
				each.estimate(n, metric, form, blocks, count, true, of_blocks, bounds_of_blocks);
				for (size_t r = 0; r < count; r++)
				{
					c.check_equal(each.name, n, r, of_blocks[r], estimates[r]);
					c.check_equal(each.name, n, r, bounds_of_blocks[r], bounds[r]);
				}
				check_values(c, each.name, metric, d, n, count, estimates, bounds);
			}
	}
}

void
check_all(counts &c, codec &each)
{
	for (int d = 0; d < all_data; d++)
	{
		for (size_t n = 1; n <= 33; n++)
			check_codec(c, each, (data) d, n, n == 19 ? most_rows : 1 + (n + (size_t) d) % 6, (asking) 0, (asking) (askings - 1));
		check_codec(c, each, (data) d, 1000, 3, (asking) (d % 3), (asking) (d % 3));
		/* Every dimension adds its rounding. */
		if (d == around_thousand || d == one_huge || d == all_sizes || d == largest)
			check_codec(c, each, (data) d, max_n, 2, (asking) (d / 2 % 2), (asking) (d / 2 % 2));
	}
}

}	/* namespace */

int
main()
{
	subject		s;

	return run_variants([&](const rv_quant_kernels *kernels, counts &c) {
		for (const kind &each : kinds)
		{
			scalar		of(kernels, s, each);

			check_all(c, of);
		}
		for (rv_type type : {RV_TYPE_F16, RV_TYPE_BF16})
		{
			half		of(kernels, type);

			check_all(c, of);
		}
		for (bool centred : {false, true})
		{
			binary		of(kernels, s, centred);

			check_all(c, of);
		}
	});
}
