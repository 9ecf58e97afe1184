/*
 * encode.h - encoding and decoding: one text for all units, on lanes (lanes.h).
 */
#ifndef RUVECTOR_QUANT_SCALAR_ENCODE_H
#define RUVECTOR_QUANT_SCALAR_ENCODE_H

#include "../lanes.h"
#include "encoded.h"
#include "prepare.h"

namespace
{

/* The code of dimension i. */
template<int Bits>
RV_INLINE void
put(uint8_t *codes, size_t i, int32_t c)
{
	if (Bits == 8)
		codes[i] = (uint8_t) c;
	else
		codes[i / 2] = (uint8_t) (i % 2 == 0 ? c : codes[i / 2] | c << 4);
}

template<int Bits>
RV_INLINE void
get(const uint8_t *codes, size_t i, double *number)
{
	*number = Bits == 8 ? codes[i] : i % 2 == 0 ? codes[i / 2] & 15 : codes[i / 2] >> 4;
}

#ifdef RV_VECTOR_LANES
/* Four codes from dimension i on, a multiple of 4. */
template<int Bits>
RV_INLINE void
put(uint8_t *codes, size_t i, int4 c)
{
	uint32_t	word = conversions::bytes(c);

	if (Bits == 8)
		__builtin_memcpy(codes + i, &word, sizeof(word));
	else
	{
		/* Of bytes 0a 0b 0c 0d, from the lowest on, ba and dc. */
		word = word | word >> 4;
		codes[i / 2] = (uint8_t) word;
		codes[i / 2 + 1] = (uint8_t) (word >> 16);
	}
}

template<int Bits>
RV_INLINE void
get(const uint8_t *codes, size_t i, double4 *number)
{
	uint32_t	word;

	if (Bits == 8)
		__builtin_memcpy(&word, codes + i, sizeof(word));
	else
	{
		/* Bytes ba and dc become 0a 0b 0c 0d, from the lowest on. */
		word = codes[i / 2] | (uint32_t) codes[i / 2 + 1] << 16;
		word = (word | word << 4) & 0x0f0f0f0f;
	}
	*number = conversions::number(conversions::from_bytes(word));
}
#endif

/* The range of a row around the centre, and its norm. */
struct find_range
{
	const float *x,
			   *centre;
	extremes	range;

	template<typename V>
	RV_INLINE void
	at(size_t i, V *terms)
	{
		V			v = lanes_of<V>::load(x + i);

		range.widen(v - lanes_of<V>::load(centre + i));
		terms[0] = v * v;
	}
};

template<typename V>
RV_INLINE typename lanes_of<V>::whole
code_of(V position, double most)
{
	V			zero = {},
				top = zero + most;

	/* NaN becomes 0: a row that has it is refused by its norm. */
	position = position > zero ? position : zero;
	return lanes_of<V>::truncated(position < top ? position : top);
}

/* Codes of a row under its own range: |y'|^2, |y - y'|^2, |x - decoded|^2. */
template<int Bits>
struct put_vector
{
	const float *x,
			   *centre;
	uint8_t    *codes;
	double		lower,
				step,
				inverse;

	template<typename V>
	RV_INLINE void
	at(size_t i, V *terms)
	{
		typedef lanes_of<V> L;
		V			v = L::load(x + i),
					c = L::load(centre + i),
					y = v - c;
		typename L::whole code = code_of((y - lower) * inverse + 0.5, (1 << Bits) - 1);
		V			z = lower + step * L::number(code),
					lost = y - z,
					off = v - L::rounded(c + z);

		put<Bits>(codes, i, code);
		terms[0] = z * z;
		terms[1] = lost * lost;
		terms[2] = off * off;
	}
};

/* The same in two levels: those of the first, then |y'|^2, |y - y'|^2 and |x - decoded|^2 of both. */
template<int Bits, int More>
struct put_two
{
	const float *x,
			   *centre;
	uint8_t    *codes,
			   *more;
	double		lower,
				step,
				inverse;
	two_levels	two;

	template<typename V>
	RV_INLINE void
	at(size_t i, V *terms)
	{
		typedef lanes_of<V> L;
		V			v = L::load(x + i),
					c = L::load(centre + i),
					y = v - c;
		typename L::whole code = code_of((y - lower) * inverse + 0.5, (1 << Bits) - 1);
		V			number = L::number(code),
					z = lower + step * number,
					lost = y - z;
		typename L::whole second = code_of((lost + two.half) * two.inverse + 0.5, (1 << More) - 1);
		V			both = two.lower + step * number + two.step * L::number(second),
					left = y - both,
					off = v - L::rounded(c + both);

		put<Bits>(codes, i, code);
		put<More>(more, i, second);
		terms[0] = z * z;
		terms[1] = lost * lost;
		terms[2] = both * both;
		terms[3] = left * left;
		terms[4] = off * off;
	}
};

/* Codes under the ranges of dimensions: squares of c - middle, of x, y', y - y' and x - decoded. */
template<int Bits>
struct put_dimension
{
	const float *x,
			   *centre,
			   *steps;
	const double *inverses;
	uint8_t    *codes;

	template<typename V>
	RV_INLINE void
	at(size_t i, V *terms)
	{
		typedef lanes_of<V> L;
		constexpr double middle = 1 << (Bits - 1);
		V			v = L::load(x + i),
					c = L::load(centre + i),
					y = v - c;
		typename L::whole code = code_of(y * L::load(inverses + i) + (middle + 0.5), (1 << Bits) - 1);
		V			number = L::number(code) - middle,
					z = L::load(steps + i) * number,
					lost = y - z,
					off = v - L::rounded(c + z);

		put<Bits>(codes, i, code);
		terms[0] = number * number;
		terms[1] = v * v;
		terms[2] = z * z;
		terms[3] = lost * lost;
		terms[4] = off * off;
	}
};

template<int Bits, int More>
RV_INLINE bool
encode_vector(const rv_scalar_codec *codec, const float *x, uint8_t *code)
{
	find_range	found = {x, codec->centre, extremes()};
	double		squares,
				sums[5] = {};

	add_up<1>(codec->n, found, &squares);
	if (!is_norm(squares))
		return false;

	vector_range r(found.range.least(), found.range.most(), Bits);

	if (More == 0)
	{
		put_vector<Bits> body = {x, codec->centre, code, r.lower, r.step, r.inverse};

		add_up<3>(codec->n, body, sums);
	}
	else
	{
		put_two<Bits, More == 0 ? 4 : More> body = {x, codec->centre, code, code + level_bytes(codec->n, Bits), r.lower,
		r.step, r.inverse, two_levels(r, More)};

		add_up<5>(codec->n, body, sums);
	}
	return put_vector_factors(codec, r, squares, sums, code);
}

template<int Bits>
RV_INLINE bool
encode_dimension(const rv_scalar_codec *codec, const float *x, uint8_t *code)
{
	put_dimension<Bits> body = {x, codec->centre, codec->step, codec->inverse, code};
	double		sums[5];

	add_up<5>(codec->n, body, sums);
	return put_dimension_factors(codec, sums, code);
}

/* Writes y' around the centre. */
template<int Bits, int More>
struct decode_vector
{
	const float *centre;
	const uint8_t *codes,
			   *more;
	double		lower,
				step,
				more_step;
	float	   *out;

	template<typename V>
	RV_INLINE void
	at(size_t i)
	{
		typedef lanes_of<V> L;
		V			number,
					z;

		get<Bits>(codes, i, &number);
		z = lower + step * number;
		if (More != 0)
		{
			get<More == 0 ? 4 : More>(more, i, &number);
			z = z + more_step * number;
		}
		L::store(out + i, L::load(centre + i) + z);
	}
};

template<int Bits>
struct decode_dimension
{
	const float *centre,
			   *steps;
	const uint8_t *codes;
	float	   *out;

	template<typename V>
	RV_INLINE void
	at(size_t i)
	{
		typedef lanes_of<V> L;
		constexpr double middle = 1 << (Bits - 1);
		V			number;

		get<Bits>(codes, i, &number);
		L::store(out + i, L::load(centre + i) + L::load(steps + i) * (number - middle));
	}
};

template<int Bits, int More>
RV_INLINE void
decode_vector_row(const rv_scalar_codec *codec, const uint8_t *code, float *out)
{
	const uint8_t *factors = code + payload_bytes(codec);
	vector_range r(load_float(factors + 4 * vector_lower), load_float(factors + 4 * vector_step));
	two_levels	two(r, More);
	decode_vector<Bits, More> body = {codec->centre, code, code + level_bytes(codec->n, Bits),
	More == 0 ? r.lower : two.lower, r.step, two.step, out};

	for_all(codec->n, body);
}

template<int Bits>
RV_INLINE void
decode_dimension_row(const rv_scalar_codec *codec, const uint8_t *code, float *out)
{
	decode_dimension<Bits> body = {codec->centre, codec->step, code, out};

	for_all(codec->n, body);
}

}	/* namespace */

#define RV_DEFINE_SCALAR_ENCODE(isa) \
	RV_DECLARE_SCALAR_ENCODE(isa); \
	RV_DEFINE_SCALAR_ROWS(encode_vector, encode_dimension, decode_vector_row, decode_dimension_row, isa); \
	RV_DEFINE_SCALAR_PREPARE(isa)

#endif							/* RUVECTOR_QUANT_SCALAR_ENCODE_H */
