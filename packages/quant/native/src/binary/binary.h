/*
 * binary.h - binary codes, one text for all units, on lanes (lanes.h).  Bits that differ are counted by core-simd's kernels.
 */
#ifndef RUVECTOR_QUANT_BINARY_BINARY_H
#define RUVECTOR_QUANT_BINARY_BINARY_H

#include "../lanes.h"
#include "finish.h"
#include "units.h"

namespace
{

RV_INLINE bool
bit_of(const uint8_t *code, size_t i)
{
	return code[i / 8] >> (7 - i % 8) & 1;
}

/* The bit of dimension i, whose byte is clear before its first one. */
RV_INLINE void
put_bit(uint8_t *bits, size_t i, double y)
{
	bits[i / 8] |= (uint8_t) ((y > 0) << (7 - i % 8));
}

/* scale where the bit is set, else -scale. */
RV_INLINE void
get_sign(const uint8_t *bits, size_t i, double scale, double *z)
{
	*z = bit_of(bits, i) ? scale : -scale;
}

#ifdef RV_VECTOR_LANES
/* i is a multiple of 4. */
RV_INLINE void
put_bit(uint8_t *bits, size_t i, double4 y)
{
	/* The lowest of four bits is that of dimension i, which goes highest. */
	static const uint8_t backwards[16] = {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15};
	uint32_t	four = backwards[conversions::signs(y > double4{})];

	bits[i / 8] |= (uint8_t) (i % 8 == 0 ? four << 4 : four);
}

RV_INLINE void
get_sign(const uint8_t *bits, size_t i, double scale, double4 *z)
{
	int			four = bits[i / 8] >> (i % 8 == 0 ? 4 : 0);

	*z = double4{four & 8 ? scale : -scale, four & 4 ? scale : -scale, four & 2 ? scale : -scale, four & 1 ? scale : -scale};
}
#endif

/* Sets the bits of a row; sums of |y|, of squares of y and x, and of products of the centre with y. */
template<bool Centred>
struct put_signs
{
	static constexpr int terms = Centred ? 4 : 2;
	const float *x,
			   *centre;
	uint8_t    *bits;

	template<typename V>
	RV_INLINE void
	at(size_t i, V *sums)
	{
		typedef lanes_of<V> L;
		V			v = L::load(x + i),
					zero = {},
					c = Centred ? L::load(centre + (Centred ? i : 0)) : zero,
					y = v - c;

		put_bit(bits, i, y);
		sums[0] = magnitude_of(y);
		sums[1] = y * y;
		if (Centred)
		{
			sums[terms - 2] = v * v;
			sums[terms - 1] = c * y;
		}
	}
};

/* Squares of what the signs leave of a row, and of what decoding does. */
template<bool Centred>
struct lose
{
	const float *x,
			   *centre;
	double		scale;

	template<typename V>
	RV_INLINE void
	at(size_t i, V *sums)
	{
		typedef lanes_of<V> L;
		V			v = L::load(x + i),
					zero = {},
					c = Centred ? L::load(centre + (Centred ? i : 0)) : zero,
					y = v - c,
					plus = zero + scale,
					z = y > zero ? plus : -plus,
					lost = y - z,
					off = v - L::rounded(c + z);

		sums[0] = lost * lost;
		sums[1] = off * off;
	}
};

template<bool Centred>
RV_INLINE bool
encode_row(size_t n, const float *centre, const float *x, uint8_t *code)
{
	uint8_t    *factors = code + binary_payload(n);
	put_signs<Centred> signs = {x, centre, code};
	double		sums[4] = {},
				left[2],
				residual;

	__builtin_memset(code, 0, binary_payload(n));
	add_up<put_signs<Centred>::terms>(n, signs, sums);

	double		squares = sums[Centred ? 2 : 1],
				cross = Centred ? sums[3] : 0,
				scale = (float) (sums[0] / (double) n);
	lose<Centred> loss = {x, centre, scale};

	if (!is_norm(squares) || !is_norm(sums[1]))
		return false;
	add_up<2>(n, loss, left);
	residual = residual_above(left[0], left[1], root(sums[1]));
	store_float(factors + 4 * factor_scale, (float) scale);
	store_float(factors + 4 * factor_norm, (float) root(sums[1]));
	if (Centred)
	{
		store_float(factors + 4 * factor_cross, (float) cross);
		store_float(factors + 4 * factor_xnorm, (float) root(squares));
	}
	store_float(factors + 4 * (binary_factors(Centred) - 1), float_above(residual));
	/* The cross term is a product of norms, and may be too large where they are not. */
	return is_norm(residual * residual) && is_norm(cross * cross);
}

template<bool Centred>
struct decode_signs
{
	const float *centre;
	const uint8_t *bits;
	double		scale;
	float	   *out;

	template<typename V>
	RV_INLINE void
	at(size_t i)
	{
		typedef lanes_of<V> L;
		V			zero = {},
					c = Centred ? L::load(centre + (Centred ? i : 0)) : zero,
					z;

		get_sign(bits, i, scale, &z);
		L::store(out + i, c + z);
	}
};

template<bool Centred>
RV_INLINE void
decode_row(size_t n, const float *centre, const uint8_t *code, float *out)
{
	decode_signs<Centred> signs = {centre, code, load_float(code + binary_payload(n) + 4 * factor_scale), out};

	for_all(n, signs);
}

/* What a query needs beside what a row needs. */
template<bool Centred>
struct measure
{
	const float *x,
			   *centre;

	template<typename V>
	RV_INLINE void
	at(size_t i, V *sums)
	{
		V			zero = {},
					c = Centred ? lanes_of<V>::load(centre + (Centred ? i : 0)) : zero;

		sums[0] = c * c;
		sums[1] = c * lanes_of<V>::load(x + i);
	}
};

/* The factors of some codes by column; without a centre, <centre, y> is 0 and x is y. */
RV_INLINE void
columns_of(const uint8_t *first, size_t row_stride, size_t factor_stride, bool centred, size_t count,
		   float (*columns)[rows_at_once])
{
	size_t		factors = centred ? (size_t) most_factors : 2;

	for (size_t r = 0; r < count; r++)
	{
		for (size_t k = 0; k < factors; k++)
			columns[k][r] = load_float(first + r * row_stride + k * factor_stride);
		if (!centred)
		{
			columns[factor_cross][r] = 0;
			columns[factor_xnorm][r] = columns[factor_norm][r];
		}
	}
}

template<bool Centred>
RV_INLINE int
prepare(size_t n, const float *centre, const float *query, rv_metric metric, rv_binary_query *out, uint8_t *bits)
{
	put_signs<Centred> signs = {query, centre, bits};
	measure<Centred> measured = {query, centre};
	double		sums[4] = {},
				more[2];

	__builtin_memset(bits, 0, binary_payload(n));
	add_up<put_signs<Centred>::terms>(n, signs, sums);

	double		squares = sums[Centred ? 2 : 1];

	/* Squares of float32 do not overflow in float64: only what is no number makes these no numbers. */
	if (sums[1] - sums[1] != 0 || squares - squares != 0)
		return 0;
	add_up<2>(n, measured, more);
	out->norm = root(sums[1]);
	out->full_norm = root(squares);
	out->centre_norm = root(more[0]);
	out->base = more[1];
	out->slack = 0x1p-39 * out->full_norm * out->centre_norm;
	out->cosine = sign_cosine(sums[0], out->norm, (double) n);
	out->metric = metric;
	out->n = (int32_t) n;
	return 1;
}

RV_INLINE void
estimate(const rv_kernels *kernels, const rv_binary_query *query, const uint8_t *bits, bool centred, const uint8_t *codes,
		 size_t count, bool packed, float *estimates, float *bounds)
{
	size_t		payload = binary_payload((size_t) query->n),
				bytes = payload + 4 * binary_factors(centred),
				row_stride = packed ? 4 : bytes,
				factor_stride = packed ? 4 * rows_at_once : 4;
	float		differ[rows_at_once],
				columns[most_factors][rows_at_once],
				none;

	for (size_t r = 0; r < count; r += rows_at_once)
	{
		size_t		some = count - r < rows_at_once ? count - r : rows_at_once;
		const uint8_t *rows = codes + r * bytes;

		kernels->shapes[RV_TYPE_BITS][RV_METRIC_HAMMING].many(bits, rows, payload, some, packed ? payload : bytes, differ);
		columns_of(rows + (packed ? rows_at_once * payload : payload), row_stride, factor_stride, centred, some, columns);
		if (bounds != NULL)
			finish_metric<true>(query, columns, differ, some, estimates + r, bounds + r);
		else
			finish_metric<false>(query, columns, differ, some, estimates + r, &none);
	}
}

}	/* namespace */

#define RV_DEFINE_BINARY(isa) \
	RV_DECLARE_BINARY(isa); \
	size_t \
	rv_binary_encode_##isa(size_t n, const float *centre, const float *rows, size_t count, uint8_t *codes) \
	{ \
		size_t		bytes = rv_binary_code_bytes(n, centre), \
					r = 0; \
\
		while (r < count && (centre != NULL ? encode_row<true>(n, centre, rows + r * n, codes + r * bytes) \
							 : encode_row<false>(n, centre, rows + r * n, codes + r * bytes))) \
			r++; \
		return r; \
	} \
	void \
	rv_binary_decode_##isa(size_t n, const float *centre, const uint8_t *codes, size_t count, float *rows) \
	{ \
		size_t		bytes = rv_binary_code_bytes(n, centre); \
\
		for (size_t r = 0; r < count; r++) \
			if (centre != NULL) \
				decode_row<true>(n, centre, codes + r * bytes, rows + r * n); \
			else \
				decode_row<false>(n, centre, codes + r * bytes, rows + r * n); \
	} \
	int \
	rv_binary_prepare_##isa(size_t n, const float *centre, const float *query, rv_metric metric, rv_binary_query *out, \
							uint8_t *bits) \
	{ \
		return centre != NULL ? prepare<true>(n, centre, query, metric, out, bits) \
			: prepare<false>(n, centre, query, metric, out, bits); \
	} \
	void \
	rv_binary_estimate_##isa(const rv_kernels *kernels, const rv_binary_query *query, const uint8_t *bits, int centred, \
							 const uint8_t *codes, size_t count, int packed, float *estimates, float *bounds) \
	{ \
		estimate(kernels, query, bits, centred != 0, codes, count, packed != 0, estimates, bounds); \
	} \
	static_assert(true, "")

#endif							/* RUVECTOR_QUANT_BINARY_BINARY_H */
