/*
 * layout.h - where the parts of a scalar code and of a prepared query lie, and the arithmetic that decides bytes.
 */
#ifndef RUVECTOR_QUANT_SCALAR_LAYOUT_H
#define RUVECTOR_QUANT_SCALAR_LAYOUT_H

#include "../parts.h"

#include <ruvector/quant/scalar.h>

namespace
{

/* Factors of a code, by their places. */
enum vector_factor
{
	vector_lower,
	vector_step,
	vector_xnorm,
	vector_norm,
	vector_residual,
	vector_norm_both,
	vector_residual_both,
	vector_factors
};

enum dimension_factor
{
	dimension_codes,			/* |c - 2^(bits - 1)| */
	dimension_xnorm,
	dimension_norm,
	dimension_residual,
	dimension_factors
};

constexpr size_t most_factors = vector_factors;

/* The largest whole number of a weight: of one byte, and of two, the upper of which must fit as well. */
constexpr int plane_limit = 127;
constexpr int word_limit = 127 * 256;

/* Bytes of the weights are padded for loads of whole registers; the weights there are 0. */
constexpr size_t weight_padding = 64;

RV_INLINE size_t
round_up(size_t value, size_t to)
{
	return (value + to - 1) / to * to;
}

/* Bytes of a level of n codes. */
RV_INLINE size_t
level_bytes(size_t n, unsigned bits)
{
	return bits == 0 ? 0 : round_up(bits == 8 ? n : (n + 1) / 2, 4);
}

RV_INLINE size_t
payload_bytes(const rv_scalar_codec *codec)
{
	return level_bytes(codec->n, codec->bits) + level_bytes(codec->n, codec->more);
}

RV_INLINE size_t
factor_count(const rv_scalar_codec *codec)
{
	return codec->by_dimension ? (size_t) dimension_factors
		: codec->more != 0 ? (size_t) vector_factors : (size_t) vector_norm_both;
}

/* Bytes of a whole number of a query that reads so many levels. */
RV_INLINE int
planes_of(const rv_scalar_codec *codec, int levels)
{
	return codec->bits == 4 && levels == 1 ? 1 : 2;
}

RV_INLINE size_t
code_bytes(const rv_scalar_codec *codec)
{
	return payload_bytes(codec) + 4 * factor_count(codec);
}

/*
 * The weights of a query behind its head.  For levels of 8 bits four parts of `eight` bytes: the upper and the lower bytes
 * of the whole numbers, dimension by dimension, then these numbers in 16 bits, those of even dimensions and those of odd.
 * For levels of 4 bits four parts of `four` bytes: the upper bytes of even and of odd dimensions, then the lower ones.
 */
struct weights
{
	int8_t	   *high8,
			   *low8;
	int16_t    *even16,
			   *odd16;
	int8_t	   *high4[2],
			   *low4[2];

	RV_INLINE weights(const rv_scalar_codec *codec, const rv_scalar_query *query)
	{
		size_t		eight = eight_bytes(codec),
					four = four_bytes(codec);
		int8_t	   *p = (int8_t *) (uintptr_t) (query + 1);

		high8 = p;
		low8 = p + eight;
		even16 = (int16_t *) (void *) (p + 2 * eight);
		odd16 = (int16_t *) (void *) (p + 3 * eight);
		p += 4 * eight;
		high4[0] = p;
		high4[1] = p + four;
		low4[0] = p + 2 * four;
		low4[1] = p + 3 * four;
	}

	static RV_INLINE size_t
	eight_bytes(const rv_scalar_codec *codec)
	{
		return codec->bits == 8 || codec->more == 8 ? round_up(codec->n, weight_padding) : 0;
	}

	static RV_INLINE size_t
	four_bytes(const rv_scalar_codec *codec)
	{
		return codec->bits == 4 || codec->more == 4 ? round_up((codec->n + 1) / 2, weight_padding) : 0;
	}
};

RV_INLINE size_t
query_bytes(const rv_scalar_codec *codec)
{
	return sizeof(rv_scalar_query) + 4 * (weights::eight_bytes(codec) + weights::four_bytes(codec));
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_SCALAR_LAYOUT_H */
