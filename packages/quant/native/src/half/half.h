/*
 * half.h - half floats as codes, one text for all units, on lanes (lanes.h).  Conversions, and sums of float16, are
 * core-simd's; it has no sums of float32 against bfloat16, so these are here: a unit defines
 *
 *   floats, count             a register of float32
 *   zero(), add, subtract     fused(a, b, c) is a b + c, rounded once or twice; total(a) adds all lanes
 *   load(p), load(p, k)       a register, or the first k of it (0 < k < count) and zeros; touches nothing behind them
 *   words(p), words(p, k)     the same of words of 32 bits, in any place
 *   low(w), high(w)           the floats whose upper halves are the lower and the upper halves of words
 */
#ifndef RUVECTOR_QUANT_HALF_HALF_H
#define RUVECTOR_QUANT_HALF_HALF_H

#include "../lanes.h"
#include "units.h"

namespace
{

/* Rows are converted by so many dimensions at a time, and scored by so many rows. */
constexpr size_t piece = 256;
constexpr size_t rows_at_once = 32;

struct conversion
{
	rv_convert	narrow,
				widen;

	RV_INLINE conversion(const rv_kernels *k, rv_type type)
		: narrow(type == RV_TYPE_F16 ? k->f32_to_f16 : k->f32_to_bf16),
		  widen(type == RV_TYPE_F16 ? k->f16_to_f32 : k->bf16_to_f32)
	{
	}
};

/* Squares of a row and of what rounding takes from it, of some dimensions. */
struct lose
{
	const float *x,
			   *back;

	template<typename V>
	RV_INLINE void
	at(size_t i, V *terms)
	{
		V			v = lanes_of<V>::load(x + i),
					off = v - lanes_of<V>::load(back + i);

		terms[0] = v * v;
		terms[1] = off * off;
	}
};

RV_INLINE bool
encode_row(const conversion &c, size_t n, const float *x, uint8_t *code)
{
	double		parts[2][8] = {};
	uint8_t    *factors = code + half_payload(n);
	float		back[piece];

	__builtin_memset(factors - 4, 0, 4);
	c.narrow(x, code, n);
	for (size_t at = 0; at < n; at += piece)
	{
		size_t		some = n - at < piece ? n - at : piece;
		lose		loss = {x + at, back};

		c.widen(code + 2 * at, back, some);
		add_to_parts<2>(0, some, loss, parts);
	}

	double		sum = add_parts(parts[0]),
				off = add_parts(parts[1]),
				residual = residual_above(off, off, 0);

	store_float(factors, (float) root(sum));
	store_float(factors + 4, float_above(residual));
	/* A word that is infinite has lost infinity. */
	return is_norm(sum) && is_norm(residual * residual);
}

/* The query's even dimensions, then the odd ones, a zero filling up the last pair. */
RV_INLINE void
separate(const float *query, size_t n, float *scratch)
{
	size_t		pairs = (n + 1) / 2;

	for (size_t i = 0; i < pairs; i++)
	{
		scratch[i] = query[2 * i];
		scratch[pairs + i] = 2 * i + 1 < n ? query[2 * i + 1] : 0;
	}
}

/* Adds the terms of the two dimensions of each word. */
template<typename O, bool L2sq, typename Words>
RV_INLINE void
add_terms(typename O::floats *s, Words w, typename O::floats even, typename O::floats odd)
{
	typename O::floats low = O::low(w),
				high = O::high(w);

	if (L2sq)
	{
		low = even = O::subtract(even, low);
		high = odd = O::subtract(odd, high);
	}
	s[0] = O::fused(even, low, s[0]);
	s[1] = O::fused(odd, high, s[1]);
}

/* The sum over a row of bfloat16, of which each pair is a word of 32 bits; four sums, so that they do not wait. */
template<typename O, bool L2sq>
RV_INLINE float
row_sum(const float *even, size_t pairs, const uint8_t *row)
{
	const float *odd = even + pairs;
	constexpr size_t L = O::count;
	typename O::floats s[4] = {O::zero(), O::zero(), O::zero(), O::zero()};
	size_t		i = 0;

	for (; pairs - i >= 2 * L; i += 2 * L)
	{
		add_terms<O, L2sq>(s, O::words(row + 4 * i), O::load(even + i), O::load(odd + i));
		add_terms<O, L2sq>(s + 2, O::words(row + 4 * (i + L)), O::load(even + i + L), O::load(odd + i + L));
	}
	if (pairs - i >= L)
	{
		add_terms<O, L2sq>(s, O::words(row + 4 * i), O::load(even + i), O::load(odd + i));
		i += L;
	}
	if (i < pairs)
		add_terms<O, L2sq>(s + 2, O::words(row + 4 * i, pairs - i), O::load(even + i, pairs - i), O::load(odd + i, pairs - i));
	return O::total(O::add(O::add(s[0], s[1]), O::add(s[2], s[3])));
}

template<typename O, bool L2sq>
RV_INLINE void
row_sums(const float *scratch, size_t n, const uint8_t *rows, size_t stride, size_t count, float *out)
{
	for (size_t r = 0; r < count; r++)
		out[r] = row_sum<O, L2sq>(scratch, (n + 1) / 2, rows + r * stride);
}

/* What an estimate is made of: the query, and what its sums may be off by. */
struct scorer
{
	rv_metric	metric;
	size_t		n;
	const float *query;
	double		qnorm,
				relative,		/* of a sum's magnitude */
				absolute_part;	/* what products that underflow may lose */

	RV_INLINE scorer(rv_metric metric_, size_t n_, const float *query_) : metric(metric_), n(n_), query(query_)
	{
		double		parts[8] = {};

		for (size_t i = 0; i < n; i++)
			parts[i % 8] += (double) query[i] * (double) query[i];
		qnorm = root(add_parts(parts));
		relative = 1.01 * (double) (n + 3) * 0x1p-24;
		absolute_part = (double) n * 0x1p-148;
	}

	/* The sum in float64, which does not overflow where float32 does; in pieces, since there may be no room for a row. */
	double
	again(const conversion &c, const uint8_t *words) const
	{
		double		sum = 0;
		float		back[piece];

		for (size_t at = 0; at < n; at += piece)
		{
			size_t		some = n - at < piece ? n - at : piece;

			c.widen(words + 2 * at, back, some);
			for (size_t i = 0; i < some; i++)
			{
				double		q = query[at + i],
							d = q - (double) back[i];

				sum += metric == RV_METRIC_L2SQ ? d * d : q * (double) back[i];
			}
		}
		return sum;
	}

	void
	finish(double sum, double xnorm, double residual, float *estimate, float *bound) const
	{
		if (metric == RV_METRIC_L2SQ)
		{
			*estimate = l2sq_estimate(sum, residual, 0);
			if (bound != NULL)
				*bound = l2sq_bound(sum, sum * relative + absolute_part, residual, *estimate);
			return;
		}
		/* The sum of |q[i] x'[i]| is at most |q| |x'|. */
		double		error = relative * qnorm * (xnorm + residual + 0x1p-148) + absolute_part +
		qnorm * (residual + 0x1p-36 * (residual + xnorm));

		if (metric == RV_METRIC_DOT)
		{
			float		rounded = (float) sum;

			*estimate = rounded;
			if (bound != NULL)
				*bound = float_above((absolute((double) rounded - sum) + error) * (1 + 0x1p-36));
			return;
		}
		double		similarity = sum / (qnorm * xnorm),
					inside = limited(similarity);
		float		rounded = qnorm * xnorm > 0 ? (float) (1 - inside) : __builtin_nanf("");

		*estimate = rounded;
		if (bound != NULL)
			*bound = cosine_bound(error, similarity, inside, qnorm, xnorm, rounded);
	}
};

/* Where the parts of some codes lie. */
struct codes_at
{
	const uint8_t *words,
			   *norms,
			   *residuals;
	size_t		stride,			/* of words */
				factor_stride;
};

/* The codes from `r` on, and how many of them lie as the first one does, at most `left`. */
RV_INLINE codes_at
place(const uint8_t *codes, size_t n, size_t r, bool packed, size_t left, size_t *count)
{
	size_t		payload = half_payload(n);

	*count = left < rows_at_once ? left : rows_at_once;
	if (packed)
	{
		const uint8_t *block = codes + r * (payload + 8);
		const uint8_t *norms = block + RV_QUANT_BLOCK * payload;

		return codes_at{block, norms, norms + 4 * RV_QUANT_BLOCK, payload, 4};
	}
	const uint8_t *code = codes + r * (payload + 8);

	return codes_at{code, code + payload, code + payload + 4, payload + 8, payload + 8};
}

template<typename O>
RV_INLINE void
estimate(const rv_kernels *kernels, rv_type type, rv_metric metric, size_t n, const float *query, const uint8_t *codes,
		 size_t count, bool packed, float *scratch, float *estimates, float *bounds)
{
	const scorer s(metric, n, query);
	const rv_metric sum_of = metric == RV_METRIC_L2SQ ? RV_METRIC_L2SQ : RV_METRIC_DOT;
	const conversion c(kernels, type);
	float		sums[rows_at_once];

	if (type == RV_TYPE_BF16)
		separate(query, n, scratch);
	for (size_t r = 0; r < count;)
	{
		size_t		some;
		codes_at	at = place(codes, n, r, packed, count - r, &some);

		if (type == RV_TYPE_F16)
			kernels->shapes[RV_TYPE_F32_F16][sum_of].many(query, at.words, n, some, at.stride / 2, sums);
		else if (sum_of == RV_METRIC_L2SQ)
			row_sums<O, true>(scratch, n, at.words, at.stride, some, sums);
		else
			row_sums<O, false>(scratch, n, at.words, at.stride, some, sums);
		for (size_t i = 0; i < some; i++)
		{
			double		sum = sums[i];

			/* Neither NaN nor infinity. */
			if (sum - sum != 0)
				sum = s.again(c, at.words + i * at.stride);
			s.finish(sum, load_float(at.norms + i * at.factor_stride), load_float(at.residuals + i * at.factor_stride),
					 estimates + r + i, bounds == NULL ? NULL : bounds + r + i);
		}
		r += some;
	}
}

}	/* namespace */

#define RV_DEFINE_HALF(O, isa) \
	RV_DECLARE_HALF(isa); \
	size_t \
	rv_half_encode_##isa(const rv_kernels *kernels, rv_type type, size_t n, const float *rows, size_t count, uint8_t *codes) \
	{ \
		const conversion c(kernels, type); \
		size_t		r = 0; \
\
		while (r < count && encode_row(c, n, rows + r * n, codes + r * (half_payload(n) + 8))) \
			r++; \
		return r; \
	} \
	void \
	rv_half_decode_##isa(const rv_kernels *kernels, rv_type type, size_t n, const uint8_t *codes, size_t count, float *rows) \
	{ \
		const conversion c(kernels, type); \
\
		for (size_t r = 0; r < count; r++) \
			c.widen(codes + r * (half_payload(n) + 8), rows + r * n, n); \
	} \
	void \
	rv_half_estimate_##isa(const rv_kernels *kernels, rv_type type, rv_metric metric, size_t n, const float *query, \
						   const uint8_t *codes, size_t count, int packed, float *scratch, float *estimates, float *bounds) \
	{ \
		estimate<O>(kernels, type, metric, n, query, codes, count, packed != 0, scratch, estimates, bounds); \
	} \
	static_assert(true, "")

#endif							/* RUVECTOR_QUANT_HALF_HALF_H */
