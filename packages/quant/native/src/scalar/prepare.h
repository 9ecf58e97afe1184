/*
 * prepare.h - the preparation of queries, on lanes (lanes.h).
 */
#ifndef RUVECTOR_QUANT_SCALAR_PREPARE_H
#define RUVECTOR_QUANT_SCALAR_PREPARE_H

#include "../lanes.h"
#include "layout.h"

namespace
{

struct weighed
{
	const rv_scalar_codec *codec;
	const float *query;
	bool		around_centre;

	/* The query, or what differs from the centre. */
	template<typename V>
	RV_INLINE V
	element(size_t i) const
	{
		V			q = lanes_of<V>::load(query + i);

		return around_centre ? q - lanes_of<V>::load(codec->centre + i) : q;
	}

	template<typename V>
	RV_INLINE V
	weight(size_t i) const
	{
		V			x = element<V>(i);

		return codec->by_dimension ? x * lanes_of<V>::load(codec->step + i) : x;
	}
};

/* Squares of the elements, products with the centre and its squares; and the largest weight. */
struct measure
{
	weighed		v;
	extremes	range;

	template<typename V>
	RV_INLINE void
	at(size_t i, V *terms)
	{
		V			x = v.element<V>(i),
					centre = lanes_of<V>::load(v.codec->centre + i);

		range.widen(magnitude_of(v.weight<V>(i)));
		terms[0] = x * x;
		terms[1] = lanes_of<V>::load(v.query + i) * centre;
		terms[2] = centre * centre;
	}
};

/* Writes whole numbers to where the levels look for them. */
struct writer
{
	weights		to;
	bool		eight,
				four;
	int			planes;

	/* word = 256 * high + low with low in a signed byte; of one plane, high alone. */
	RV_INLINE void
	put(size_t i, int32_t word) const
	{
		int32_t		high = planes == 1 ? word : (word + 128) >> 8,
					low = planes == 1 ? 0 : word - 256 * high;

		if (eight)
		{
			to.high8[i] = (int8_t) high;
			to.low8[i] = (int8_t) low;
			(i % 2 == 0 ? to.even16 : to.odd16)[i / 2] = (int16_t) word;
		}
		if (four)
		{
			to.high4[i % 2][i / 2] = (int8_t) high;
			to.low4[i % 2][i / 2] = (int8_t) low;
		}
	}

#ifdef RV_VECTOR_LANES
	/* The bytes of dimensions i to i + 3, those of even and those of odd ones. */
	static RV_INLINE void
	put_halves(int8_t *const *parts, size_t i, uint32_t bytes)
	{
		uint16_t	even = (uint16_t) ((bytes & 255) | (bytes >> 8 & 0xff00)),
					odd = (uint16_t) ((bytes >> 8 & 255) | (bytes >> 16 & 0xff00));

		__builtin_memcpy(parts[0] + i / 2, &even, sizeof(even));
		__builtin_memcpy(parts[1] + i / 2, &odd, sizeof(odd));
	}

	/* i is a multiple of 4. */
	RV_INLINE void
	put(size_t i, int4 word) const
	{
		int4		high = planes == 1 ? word : (word + 128) >> 8,
					low = planes == 1 ? int4{} : word - 256 * high;
		uint32_t	upper = conversions::bytes(high),
					lower = conversions::bytes(low);

		if (eight)
		{
			__builtin_memcpy(to.high8 + i, &upper, sizeof(upper));
			__builtin_memcpy(to.low8 + i, &lower, sizeof(lower));
			to.even16[i / 2] = (int16_t) word[0];
			to.even16[i / 2 + 1] = (int16_t) word[2];
			to.odd16[i / 2] = (int16_t) word[1];
			to.odd16[i / 2 + 1] = (int16_t) word[3];
		}
		if (four)
		{
			put_halves(to.high4, i, upper);
			put_halves(to.low4, i, lower);
		}
	}
#endif
};

/* Rounds the weights; squares of what that loses and of the weights, and the whole numbers, whose sum is exact. */
struct round_weights
{
	weighed		v;
	writer		w;
	double		step,
				inverse;

	template<typename V>
	RV_INLINE void
	at(size_t i, V *terms)
	{
		V			weight = v.weight<V>(i),
					word = floor_of(weight * inverse + 0.5),
					rest = weight - step * word;

		w.put(i, lanes_of<V>::truncated(word));
		terms[0] = rest * rest;
		terms[1] = weight * weight;
		terms[2] = word;
	}
};

RV_INLINE int
prepare(const rv_scalar_codec *codec, const float *query, rv_metric metric, int levels, rv_scalar_query *out)
{
	weighed		v = {codec, query, metric == RV_METRIC_L2SQ};
	int			planes = planes_of(codec, levels);
	double		limit = planes == 1 ? plane_limit : word_limit;
	measure		measured = {v, extremes()};
	double		totals[3],
				lost[3];

	add_up<3>(codec->n, measured, totals);
	/* Squares of float32 do not overflow in float64: only what is no number makes their sum none. */
	if (totals[0] - totals[0] != 0)
		return 0;
	__builtin_memset((void *) (out + 1), 0, query_bytes(codec) - sizeof(*out));

	double		most = measured.range.most(),
				step = most / limit;
	writer		w = {weights(codec, out), weights::eight_bytes(codec) > 0, weights::four_bytes(codec) > 0, planes};
	round_weights rounding = {v, w, step, most > 0 ? limit / most : 0};

	add_up<3>(codec->n, rounding, lost);
	out->step = step;
	/* + 0 turns -0 to 0. */
	out->total = lost[2] + 0.0;
	/* doc/scalar.md, "The query". */
	out->error = root(lost[0]) * (1 + 0x1p-40) + 0x1p-50 * root(lost[1]);
	out->norm = root(totals[0]);
	if (v.around_centre)
	{
		out->base = totals[0];
		out->slack = 0x1p-38 * out->base;
	}
	else
	{
		out->base = totals[1];
		out->slack = 0x1p-39 * out->norm * root(totals[2]);
	}
	out->metric = metric;
	out->levels = levels;
	out->middle = 0;
	out->n = (int32_t) codec->n;
	return 1;
}

}	/* namespace */

#define RV_DEFINE_SCALAR_PREPARE(isa) \
	int \
	rv_scalar_prepare_##isa(const rv_scalar_codec *codec, const float *query, rv_metric metric, int levels, \
							rv_scalar_query *out) \
	{ \
		return prepare(codec, query, metric, levels, out); \
	} \
	static_assert(true, "")

#endif							/* RUVECTOR_QUANT_SCALAR_PREPARE_H */
