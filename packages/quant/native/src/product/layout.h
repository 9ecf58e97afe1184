/*
 * layout.h - where the parts of a product code and of a packed block lie; norms.
 */
#ifndef RUVECTOR_QUANT_PRODUCT_LAYOUT_H
#define RUVECTOR_QUANT_PRODUCT_LAYOUT_H

#include <ruvector/quant/product.h>

#include "../parts.h"

namespace
{

/* Norm and residual. */
constexpr size_t factor_bytes = 2 * sizeof(float);

RV_INLINE size_t
payload_bytes(const rv_product_codec *codec)
{
	return codec->bits == 8 ? codec->m : (codec->m + 1) / 2;
}

/* Of a block, without factors. */
RV_INLINE size_t
block_payload_bytes(const rv_product_codec *codec)
{
	return RV_PRODUCT_BLOCK * payload_bytes(codec);
}

RV_INLINE size_t
centroids_of(const rv_product_codec *codec)
{
	return (size_t) 1 << codec->bits;
}

RV_INLINE size_t
begin_of(const rv_product_codec *codec, uint32_t s)
{
	return RV_PRODUCT_BEGIN(codec->n, codec->m, s);
}

RV_INLINE size_t
width_of(const rv_product_codec *codec, uint32_t s)
{
	return begin_of(codec, s + 1) - begin_of(codec, s);
}

RV_INLINE uint32_t
number_of(const rv_product_codec *codec, const uint8_t *code, uint32_t s)
{
	return codec->bits == 8 ? code[s] : code[s / 2] >> s % 2 * 4 & 15;
}

RV_INLINE size_t
table_floats(const rv_product_codec *codec)
{
	return centroids_of(codec) * codec->m;
}

RV_INLINE size_t
even_spaces(const rv_product_codec *codec)
{
	return codec->m + codec->m % 2;
}

RV_INLINE float *
tables_of(rv_product_query *query)
{
	return (float *) (void *) (query + 1);
}

RV_INLINE const float *
tables_of(const rv_product_query *query)
{
	return (const float *) (const void *) (query + 1);
}

RV_INLINE const uint8_t *
bytes_of(const rv_product_codec *codec, const rv_product_query *query)
{
	return (const uint8_t *) (tables_of(query) + table_floats(codec));
}

/* What a sum of bytes stands for.  It is below 2^24, so exact in float32; a larger one stands for no less. */
RV_INLINE float
sum_of_bytes(const rv_product_query *query, uint32_t bytes)
{
	return query->base + query->scale * (float) (int32_t) bytes;
}

/* The norm, summed in the order of kmeans.h. */
inline double
norm_of(const float *vector, size_t n)
{
	double		p[8] = {0, 0, 0, 0, 0, 0, 0, 0};
	size_t		i = 0;

	for (; n - i >= 8; i += 8)
		for (size_t j = 0; j < 8; j++)
			p[j] += (double) vector[i + j] * (double) vector[i + j];
	for (size_t j = 0; i < n; i++, j++)
		p[j] += (double) vector[i] * (double) vector[i];
	return __builtin_sqrt(add_parts(p));
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_PRODUCT_LAYOUT_H */
