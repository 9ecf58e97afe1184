/*
 * encoded.h - what encoders share: the range of a row, the factors of a code, and the loop over rows.
 */
#ifndef RUVECTOR_QUANT_SCALAR_ENCODED_H
#define RUVECTOR_QUANT_SCALAR_ENCODED_H

#include "estimate.h"

namespace
{

/* The range of a row around the centre, in whole steps. */
struct vector_range
{
	double		lower,
				step,
				inverse;

	RV_INLINE vector_range(double least, double most, int bits)
	{
		int			top = (1 << bits) - 1;

		/* + 0 turns -0 to 0, whichever of them was found. */
		lower = (float) least + 0.0f;
		step = (float) ((most - least) / top);
		inverse = step > 0 ? 1 / step : 0;
	}

	RV_INLINE vector_range(float lower_, float step_) : lower(lower_), step(step_), inverse(0) {}
};

/* The second level divides a step, from half of one below to half of one above. */
struct two_levels
{
	double		lower,
				half,
				step,
				inverse;

	RV_INLINE two_levels(const vector_range &r, int more)
	{
		double		top = more == 8 ? 255 : 15;

		half = r.step * 0.5;
		lower = r.lower - half;
		step = r.step / top;
		inverse = r.step > 0 ? top / r.step : 0;
	}
};

RV_INLINE bool
put_vector_factors(const rv_scalar_codec *codec, const vector_range &r, double squares, const double *sums, uint8_t *code)
{
	uint8_t    *factors = code + payload_bytes(codec);
	bool		both = codec->more != 0;
	double		size = root((double) codec->n) * ((r.lower < 0 ? -r.lower : r.lower) + r.step),
				norm = root(sums[0]),
				residual = residual_above(sums[1], both ? sums[1] : sums[2], size + norm);

	store_float(factors + 4 * vector_lower, (float) r.lower);
	store_float(factors + 4 * vector_step, (float) r.step);
	store_float(factors + 4 * vector_xnorm, (float) root(squares));
	store_float(factors + 4 * vector_norm, (float) norm);
	store_float(factors + 4 * vector_residual, float_above(residual));
	if (both)
	{
		double		norm_both = root(sums[2]),
					residual_both = residual_above(sums[3], sums[4], size + norm_both);

		store_float(factors + 4 * vector_norm_both, (float) norm_both);
		store_float(factors + 4 * vector_residual_both, float_above(residual_both));
		if (!is_norm(norm_both * norm_both) || !is_norm(residual_both * residual_both))
			return false;
	}
	return is_norm(norm * norm) && is_norm(residual * residual);
}

RV_INLINE bool
put_dimension_factors(const rv_scalar_codec *codec, const double *sums, uint8_t *code)
{
	uint8_t    *factors = code + payload_bytes(codec);
	double		norm = root(sums[2]),
				residual = residual_above(sums[3], sums[4], norm);

	store_float(factors + 4 * dimension_codes, float_above(root(sums[0]) * (1 + 0x1p-50)));
	store_float(factors + 4 * dimension_xnorm, (float) root(sums[1]));
	store_float(factors + 4 * dimension_norm, (float) norm);
	store_float(factors + 4 * dimension_residual, float_above(residual));
	return is_norm(sums[1]) && is_norm(norm * norm) && is_norm(residual * residual);
}

/* The bytes that fill up levels. */
RV_INLINE void
clear_padding(const rv_scalar_codec *codec, uint8_t *code)
{
	size_t		first = level_bytes(codec->n, codec->bits),
				both = payload_bytes(codec);

	__builtin_memset(code + first - 4, 0, 4);
	if (both > first)
		__builtin_memset(code + both - 4, 0, 4);
}

}	/* namespace */

/* The kernels of a unit from what encodes and decodes one row. */
#define RV_DEFINE_SCALAR_ROWS(vector_row, dimension_row, vector_back, dimension_back, isa) \
	size_t \
	rv_scalar_encode_##isa(const rv_scalar_codec *codec, const float *rows, size_t count, uint8_t *codes) \
	{ \
		size_t		bytes = code_bytes(codec), \
					r = 0; \
		bool		good = true; \
\
		for (; r < count; r++, rows += codec->n, codes += bytes) \
		{ \
			clear_padding(codec, codes); \
			if (codec->by_dimension) \
				good = codec->bits == 8 ? dimension_row<8>(codec, rows, codes) : dimension_row<4>(codec, rows, codes); \
			else if (codec->more == 0) \
				good = codec->bits == 8 ? vector_row<8, 0>(codec, rows, codes) : vector_row<4, 0>(codec, rows, codes); \
			else if (codec->more == 8) \
				good = codec->bits == 8 ? vector_row<8, 8>(codec, rows, codes) : vector_row<4, 8>(codec, rows, codes); \
			else \
				good = codec->bits == 8 ? vector_row<8, 4>(codec, rows, codes) : vector_row<4, 4>(codec, rows, codes); \
			if (!good) \
				break; \
		} \
		return r; \
	} \
	void \
	rv_scalar_decode_##isa(const rv_scalar_codec *codec, const uint8_t *codes, size_t count, float *rows) \
	{ \
		size_t		bytes = code_bytes(codec); \
\
		for (size_t r = 0; r < count; r++, rows += codec->n, codes += bytes) \
			if (codec->by_dimension && codec->bits == 8) \
				dimension_back<8>(codec, codes, rows); \
			else if (codec->by_dimension) \
				dimension_back<4>(codec, codes, rows); \
			else if (codec->more == 0 && codec->bits == 8) \
				vector_back<8, 0>(codec, codes, rows); \
			else if (codec->more == 0) \
				vector_back<4, 0>(codec, codes, rows); \
			else if (codec->more == 8 && codec->bits == 8) \
				vector_back<8, 8>(codec, codes, rows); \
			else if (codec->more == 8) \
				vector_back<4, 8>(codec, codes, rows); \
			else if (codec->bits == 8) \
				vector_back<8, 4>(codec, codes, rows); \
			else \
				vector_back<4, 4>(codec, codes, rows); \
	} \
	static_assert(true, "")

#endif							/* RUVECTOR_QUANT_SCALAR_ENCODED_H */
