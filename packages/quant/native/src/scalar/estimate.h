/*
 * estimate.h - estimates of rows, of rows anywhere and of packed blocks: 32 codes at a time, sums first, then finish.h.
 *
 * RV_DEFINE_SCALAR_ESTIMATES(Eight, One, Two, isa) defines the kernels of a unit from its operations (dots.h).
 */
#ifndef RUVECTOR_QUANT_SCALAR_ESTIMATE_H
#define RUVECTOR_QUANT_SCALAR_ESTIMATE_H

#include "../columns.h"
#include "dots.h"
#include "finish.h"
#include "units.h"

namespace
{

constexpr size_t block_codes = RV_QUANT_BLOCK;

/* The factors of rows, by column. */
template<typename Rows>
RV_INLINE void
columns_of(const rv_scalar_codec *codec, Rows rows, size_t count, float (*columns)[block_codes])
{
	size_t		payload = payload_bytes(codec);

	if (codec->by_dimension)
		columns_of_rows<dimension_factors>(rows, payload, count, columns);
	else if (codec->more == 0)
		columns_of_rows<vector_norm_both>(rows, payload, count, columns);
	else
		columns_of_rows<vector_factors>(rows, payload, count, columns);
}

struct dense_from
{
	dense_codes rows;

	RV_INLINE dense_codes from(size_t r) const { return dense_codes{rows.at(r), rows.stride}; }
};

struct gathered_from
{
	gathered_codes rows;

	RV_INLINE gathered_codes from(size_t r) const { return gathered_codes{rows.pointers + r}; }
};

/* Of the two levels: bits, where it begins in a code, and its bytes. */
struct level_place
{
	unsigned	bits;
	size_t		offset,
				bytes;

	RV_INLINE level_place(const rv_scalar_codec *codec, int level)
		: bits(level == 1 ? codec->bits : codec->more),
		  offset(level == 1 ? 0 : level_bytes(codec->n, codec->bits)),
		  bytes(level_bytes(codec->n, bits))
	{
	}
};

template<typename Eight, typename One, typename Two, typename From>
RV_INLINE void
estimate_rows(const rv_scalar_codec *codec, const rv_scalar_query *query, From codes, size_t count, float *estimates,
			  float *bounds)
{
	const weights w(codec, query);
	const level_place one(codec, 1),
				two(codec, 2);
	float		storage[most_factors][block_codes];
	const float *columns[most_factors];
	double		first[block_codes],
				second[block_codes];

	for (size_t k = 0; k < most_factors; k++)
		columns[k] = storage[k];
	for (size_t r = 0; r < count; r += block_codes)
	{
		size_t		some = count - r < block_codes ? count - r : block_codes;

		level_rows<Eight, One, Two>(one.bits, planes_of(codec, query->levels), w, codes.from(r), one.offset, one.bytes, some, first);
		if (query->levels == 2)
			level_rows<Eight, One, Two>(two.bits, planes_of(codec, query->levels), w, codes.from(r), two.offset, two.bytes, some, second);
		columns_of(codec, codes.from(r), some, storage);
		finish(codec, query, columns, first, second, some, estimates + r, bounds == NULL ? NULL : bounds + r);
	}
}

template<typename Eight, typename One, typename Two>
RV_INLINE void
estimate_blocks(const rv_scalar_codec *codec, const rv_scalar_query *query, const uint8_t *blocks, size_t count,
				float *estimates, float *bounds)
{
	const weights w(codec, query);
	const level_place one(codec, 1),
				two(codec, 2);
	size_t		block_bytes = block_codes * code_bytes(codec),
				factors = factor_count(codec);
	const float *columns[most_factors];
	float		storage[most_factors][block_codes];
	double		first[block_codes],
				second[block_codes];

	for (size_t k = 0; k < most_factors; k++)
		columns[k] = storage[k];
	for (size_t r = 0; r < count; r += block_codes, blocks += block_bytes)
	{
		size_t		some = count - r < block_codes ? count - r : block_codes;

		level_block<Eight, One, Two>(one.bits, planes_of(codec, query->levels), w, blocks, one.bytes / 4, first);
		if (query->levels == 2)
			level_block<Eight, One, Two>(two.bits, planes_of(codec, query->levels), w, blocks + block_codes * two.offset, two.bytes / 4,
										 second);
		/* A copy, since blocks need not be aligned. */
		__builtin_memcpy(storage, blocks + block_codes * payload_bytes(codec), factors * sizeof(storage[0]));
		finish(codec, query, columns, first, second, some, estimates + r, bounds == NULL ? NULL : bounds + r);
	}
}

template<typename Eight, typename One, typename Two>
RV_INLINE void
dots_of_blocks(const rv_scalar_codec *codec, const rv_scalar_query *query, int level, const uint8_t *blocks, size_t count,
			   double *out)
{
	const weights w(codec, query);
	const level_place place(codec, level);
	double		sums[block_codes];

	for (size_t r = 0; r < count; r += block_codes, blocks += block_codes * code_bytes(codec))
	{
		level_block<Eight, One, Two>(place.bits, planes_of(codec, query->levels), w, blocks + block_codes * place.offset, place.bytes / 4,
									 sums);
		for (size_t i = 0; i < block_codes && r + i < count; i++)
			out[r + i] = sums[i];
	}
}

}	/* namespace */

#define RV_DEFINE_SCALAR_ESTIMATES(Eight, One, Two, isa) \
	RV_DECLARE_SCALAR_ESTIMATES(isa); \
	void \
	rv_scalar_estimate_##isa(const rv_scalar_codec *codec, const rv_scalar_query *query, const uint8_t *codes, \
							 size_t stride, size_t count, float *estimates, float *bounds) \
	{ \
		estimate_rows<Eight, One, Two>(codec, query, dense_from{{codes, stride}}, count, estimates, bounds); \
	} \
	void \
	rv_scalar_gather_##isa(const rv_scalar_codec *codec, const rv_scalar_query *query, const uint8_t *const *codes, \
						   size_t count, float *estimates, float *bounds) \
	{ \
		estimate_rows<Eight, One, Two>(codec, query, gathered_from{{codes}}, count, estimates, bounds); \
	} \
	void \
	rv_scalar_estimate_packed_##isa(const rv_scalar_codec *codec, const rv_scalar_query *query, const uint8_t *blocks, \
									size_t count, float *estimates, float *bounds) \
	{ \
		estimate_blocks<Eight, One, Two>(codec, query, blocks, count, estimates, bounds); \
	} \
	void \
	rv_scalar_dots_##isa(const rv_scalar_codec *codec, const rv_scalar_query *query, int level, const uint8_t *codes, \
						 size_t stride, size_t count, double *out) \
	{ \
		const level_place place(codec, level); \
\
		level_rows<Eight, One, Two>(place.bits, planes_of(codec, query->levels), weights(codec, query), dense_codes{codes, stride}, \
									place.offset, place.bytes, count, out); \
	} \
	void \
	rv_scalar_dots_packed_##isa(const rv_scalar_codec *codec, const rv_scalar_query *query, int level, \
								const uint8_t *blocks, size_t count, double *out) \
	{ \
		dots_of_blocks<Eight, One, Two>(codec, query, level, blocks, count, out); \
	} \
	static_assert(true, "")

#endif							/* RUVECTOR_QUANT_SCALAR_ESTIMATE_H */
