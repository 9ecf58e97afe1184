/*
 * scalar_subject.h - what the tests of scalar codes share: codecs of every kind, queries and their whole numbers as
 * scalar.h defines them, packing.
 */
#ifndef RUVECTOR_TEST_SCALAR_SUBJECT_H
#define RUVECTOR_TEST_SCALAR_SUBJECT_H

#include <initializer_list>

#include <ruvector/quant/scalar.h>

#include "support.h"

namespace
{

const size_t max_n = RV_QUANT_MAX_DIMENSIONS;

struct kind
{
	const char *name;
	uint8_t		bits,
				more,
				by_dimension;
};

const kind kinds[] = {{"int8", 8, 0, 0}, {"int4", 4, 0, 0}, {"4x4", 4, 4, 0}, {"4x8", 4, 8, 0}, {"8x8", 8, 8, 0},
{"8x4", 8, 4, 0}, {"int8 by dimension", 8, 0, 1}, {"int4 by dimension", 4, 0, 1}};

/* A codec with room for its parameters. */
struct subject
{
	rv_scalar_codec codec;
	float	   *centre,
			   *step;
	double	   *inverse;

	subject()
	{
		centre = (float *) calloc(max_n, sizeof(float));
		step = (float *) calloc(max_n, sizeof(float));
		inverse = (double *) calloc(max_n, sizeof(double));
	}
	subject(const subject &) = delete;
	~subject()
	{
		free(centre);
		free(step);
		free(inverse);
	}

	void
	be(const kind &k, size_t n)
	{
		codec = rv_scalar_codec{(uint32_t) n, k.bits, k.more, k.by_dimension, centre, k.by_dimension ? step : NULL,
		k.by_dimension ? inverse : NULL};
	}

	void
	set_step(size_t i, float s)
	{
		step[i] = s;
		inverse[i] = s > 0 ? 1.0 / s : 0;
	}

	double
	weight(const float *query, rv_metric metric, size_t i) const
	{
		double		v = metric == RV_METRIC_L2SQ ? (double) query[i] - (double) centre[i] : (double) query[i];

		return codec.by_dimension ? v * (double) step[i] : v;
	}

	/* The whole numbers that a query is rounded to. */
	void
	words(const float *query, rv_metric metric, int levels, int32_t *out) const
	{
		double		most = 0,
					limit = codec.bits == 4 && levels == 1 ? 127 : 32512;

		for (size_t i = 0; i < codec.n; i++)
			most = fmax(most, fabs(weight(query, metric, i)));
		for (size_t i = 0; i < codec.n; i++)
			out[i] = most > 0 ? (int32_t) floor(weight(query, metric, i) * (limit / most) + 0.5) : 0;
	}

	size_t
	level_bytes(int level) const
	{
		int			bits = level == 1 ? codec.bits : codec.more;

		return bits == 0 ? 0 : ((bits == 8 ? codec.n : (codec.n + 1) / 2) + 3) / 4 * 4;
	}

	size_t payload() const { return level_bytes(1) + level_bytes(2); }

	int
	code(const uint8_t *code, int level, size_t i) const
	{
		const uint8_t *p = code + (level == 1 ? 0 : level_bytes(1));
		int			bits = level == 1 ? codec.bits : codec.more;

		return bits == 8 ? p[i] : p[i / 2] >> (i % 2 * 4) & 15;
	}

	float
	factor(const uint8_t *code, size_t k) const
	{
		float		f;

		memcpy(&f, code + payload() + 4 * k, sizeof(f));
		return f;
	}

	/* Element i of x', exactly. */
	long double
	element(const uint8_t *c, int levels, size_t i) const
	{
		if (codec.by_dimension)
			return (long double) centre[i] + (long double) step[i] * (code(c, 1, i) - (1 << (codec.bits - 1)));

		long double lower = factor(c, 0),
					size = factor(c, 1),
					y = lower + size * code(c, 1, i);

		if (levels == 2)
			y += size / ((1 << codec.more) - 1) * code(c, 2, i) - size / 2;
		return (long double) centre[i] + y;
	}
};

void
pack(const uint8_t *codes, size_t count, size_t bytes, uint8_t *blocks)
{
	memset(blocks, 0, (count + 31) / 32 * 32 * bytes);
	for (size_t r = 0; r < count; r++)
		for (size_t w = 0; w < bytes / 4; w++)
			memcpy(blocks + r / 32 * 32 * bytes + (32 * w + r % 32) * 4, codes + r * bytes + 4 * w, 4);
}

/* Runs `test` for every variant of this machine; the exit status. */
template<typename Test>
int
run_scalar_variants(Test test)
{
	return run_variants([&](const rv_quant_kernels *kernels, counts &c) {
		c.check(kernels->scalar != NULL && strcmp(kernels->scalar->name, kernels->simd->name) == 0, "variant", 0, 0, 0, 0);
		test(kernels->scalar, c);
	});
}

}	/* namespace */

#endif							/* RUVECTOR_TEST_SCALAR_SUBJECT_H */
