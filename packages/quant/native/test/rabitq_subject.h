/*
 * rabitq_subject.h - codes and queries of RaBitQ for the native tests, and what values they should give.
 */
#ifndef RUVECTOR_QUANT_TEST_RABITQ_SUBJECT_H
#define RUVECTOR_QUANT_TEST_RABITQ_SUBJECT_H

#include "support.h"

#include <ruvector/quant/rabitq.h>

namespace
{

/* Everything for one kind of codes. */
struct subject
{
	size_t		dimensions,
				n;
	rv_rabitq_codec codec;
	uint8_t    *signs;
	float	   *centre,			/* as it was before the rotation; zero where there is none */
			   *rotated_centre;
	void	   *memory;

	subject(size_t d, int bits, bool centred, rv_rabitq_encoder encoder)
		: dimensions(d), n(d % 2 == 1 ? rv_rotation_padded(d) : (d + 7) / 8 * 8), codec(), signs((uint8_t *) malloc(n)),
		centre((float *) calloc(n, sizeof(float))), rotated_centre((float *) calloc(n, sizeof(float)))
	{
		for (size_t i = 0; i < n / 2; i++)
			signs[i] = (uint8_t) random_numbers.next();
		codec.layout.n = n;
		codec.layout.bits = bits;
		codec.layout.centred = centred;
		rv_rabitq_fill_layout(&codec.layout);
		codec.rotation = {n, signs};
		codec.dimensions = d;
		codec.encoder = encoder;
		if (centred)
		{
			for (size_t i = 0; i < d; i++)
				centre[i] = (float) (0.3 * random_normal());
			turn_centre();
		}
		memory = aligned_alloc(16, (rv_rabitq_encode_bytes(&codec) + 15) / 16 * 16);
	}

	subject(const subject &) = delete;
	subject &operator=(const subject &) = delete;

	/* After the centre was changed. */
	void
	turn_centre()
	{
		double		square = 0;

		for (size_t i = 0; i < dimensions; i++)
			square += (double) centre[i] * centre[i];
		memcpy(rotated_centre, centre, n * sizeof(float));
		rv_rotation_variant(RV_VARIANT_SERIAL)->rotate(&codec.rotation, rotated_centre);
		codec.centre = rotated_centre;
		codec.centre_norm = sqrt(square);
	}

	~subject()
	{
		free(signs);
		free(centre);
		free(rotated_centre);
		free(memory);
	}

	size_t
	encode(const rv_quant_kernels *k, const float *vectors, size_t count, uint8_t *codes) const
	{
		return rv_rabitq_encode(k->rabitq, k->rotation, &codec, vectors, count, codes, memory);
	}
};

/* A query and what it needs. */
struct query
{
	rv_rabitq_query prepared;
	rv_rabitq_aim aim;
	float	   *z;
	int8_t	   *planes;
	uint8_t    *tables;
	double		offset2 = 0,
				inner = 0,
				norm2 = 0;

	query(const subject &s, const float *q)
		: prepared(), aim(), z((float *) calloc(s.n, sizeof(float))),
		planes((int8_t *) malloc(2 * rv_rabitq_plane_bytes(s.n))), tables((uint8_t *) malloc(2 * rv_rabitq_table_bytes(s.n)))
	{
		memcpy(z, q, s.dimensions * sizeof(float));
		rv_rotation_variant(RV_VARIANT_SERIAL)->rotate(&s.codec.rotation, z);
		rv_rabitq_prepare(&s.codec.layout, z, planes, tables, &prepared);
		for (size_t i = 0; i < s.dimensions; i++)
		{
			double		d = (double) q[i] - s.centre[i];

			offset2 += d * d;
			inner += (double) q[i] * s.centre[i];
			norm2 += (double) q[i] * q[i];
		}
	}

	query(const query &) = delete;
	query &operator=(const query &) = delete;

	~query()
	{
		free(z);
		free(planes);
		free(tables);
	}

	rv_rabitq_scoring
	at(const subject &s, rv_metric metric, double epsilon)
	{
		rv_rabitq_make_aim(&s.codec.layout, &prepared, metric, offset2, inner, sqrt(norm2), s.codec.centre_norm, epsilon, &aim);
		return {&s.codec.layout, planes, tables, &prepared, &aim};
	}
};

/* With more than float64 where the machine has it. */
inline double
truth(rv_metric metric, const float *x, const float *q, size_t n)
{
	long double l2sq = 0,
				dot = 0,
				xx = 0,
				qq = 0;

	for (size_t i = 0; i < n; i++)
	{
		long double d = (long double) x[i] - q[i];

		l2sq += d * d;
		dot += (long double) x[i] * q[i];
		xx += (long double) x[i] * x[i];
		qq += (long double) q[i] * q[i];
	}
	if (metric == RV_METRIC_L2SQ)
		return (double) l2sq;
	return (double) (metric == RV_METRIC_DOT ? dot : 1 - dot / (sqrtl(xx) * sqrtl(qq)));
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_TEST_RABITQ_SUBJECT_H */
