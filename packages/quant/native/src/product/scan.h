/*
 * scan.h - tables, sums over packed blocks, and rotations, for every instruction set with vectors.
 *
 * A unit defines a policy V, then includes this file and expands RV_DEFINE_PRODUCT:
 *
 *   reg, lanes          a register of float32; 16 is a multiple of lanes
 *   load, store, all, zero, add, subtract, multiply; none of them fused
 *   pick(p, c)          p[c[0]], p[c[1]], ... for bytes c
 *   wide, wide_lanes    a register of float64
 *   wide_zero, wide_all, wide_load (of float32), wide_store (to float32)
 *   wide_fused(s, a, b) s + a * b; a and b are float32, so that their product is exact, fused or not
 *   wide_same (of float64), wide_add, wide_subtract, wide_multiply, wide_min, wide_max, wide_absolute, wide_truncate
 *   wide_least(x), wide_most(x)  the least and the largest of its lanes
 *   wide_bytes(p, x)    stores whole numbers below 256 as bytes
 *   bytes               a register of lanes of 16 bytes, `spaces` of them: one sub-space in each
 *   byte_load, byte_and(x, b), byte_high(x) the high halves of bytes, byte_pick(table, x) lane by lane
 *   words               the same as 16-bit words; word_zero, word_add (modulo 2^16), word_high(x) the high bytes of words
 *   word_sums(even, odd, more, out) sets out[0 .. 15] to the sums of lanes, or adds these if there are more: see below
 *   word_among(even_low, odd_low, even_high, odd_high, first, more, out) sets out[0 .. 31] to the sums of lanes, and
 *                       returns which of them are `first` to `first + more`, bit by bit
 *
 * A byte x[i] of a sub-space becomes part of word i / 2.  `even` holds sums of whole words, low bytes and 256 times high
 * ones modulo 2^16; `odd` those of the high bytes alone; so what is left of `even` without 256 times `odd` are the sums
 * of low bytes.  The order of product.h is such that these are the codes 0 to 7, and those of high bytes 8 to 15.
 */
#ifndef RUVECTOR_QUANT_PRODUCT_SCAN_H
#define RUVECTOR_QUANT_PRODUCT_SCAN_H

#include "kernels.h"

namespace
{

template<typename V, bool Squares>
RV_INLINE void
tables_of(const rv_product_codec *codec, const float *y, float *tables)
{
	const size_t k = (size_t) 1 << codec->bits;

	for (uint32_t s = 0; s < codec->m; s++)
	{
		const size_t begin = RV_PRODUCT_BEGIN(codec->n, codec->m, s),
					width = RV_PRODUCT_BEGIN(codec->n, codec->m, s + 1) - begin;

		for (size_t c = 0; c < k; c += RV_KMEANS_PANEL)
		{
			const float *panel = codec->panels + k * begin + c * width;

			for (size_t l = 0; l < RV_KMEANS_PANEL; l += V::lanes)
			{
				typename V::reg sum = V::zero();

				for (size_t i = 0; i < width; i++)
				{
					typename V::reg a = V::all(y[begin + i]),
								b = V::load(panel + i * RV_KMEANS_PANEL + l);

					a = Squares ? V::subtract(a, b) : V::multiply(a, b);
					sum = V::add(sum, Squares ? V::multiply(a, a) : a);
				}
				V::store(tables + s * k + c + l, sum);
			}
		}
	}
}

template<typename V>
RV_INLINE void
sums_of_blocks8(const float *tables, uint32_t m, const uint8_t *blocks, size_t stride, size_t count, float *sums)
{
	constexpr size_t R = RV_PRODUCT_BLOCK / V::lanes;

	for (size_t b = 0; b * RV_PRODUCT_BLOCK < count; b++)
	{
		const uint8_t *block = blocks + b * stride;
		typename V::reg sum[R];

		for (size_t r = 0; r < R; r++)
			sum[r] = V::zero();
		for (uint32_t s = 0; s < m; s++)
			for (size_t r = 0; r < R; r++)
				sum[r] = V::add(sum[r], V::pick(tables + (size_t) s * 256,
												block + (size_t) s * RV_PRODUCT_BLOCK + r * V::lanes));
		for (size_t r = 0; r < R; r++)
			V::store(sums + b * RV_PRODUCT_BLOCK + r * V::lanes, sum[r]);
	}
}

/* Of 16 entries, which float64 holds. */
template<typename V>
RV_INLINE void
range_of_entries(const float *t, double *low, double *high)
{
	typename V::wide least = V::wide_load(t),
				most = least;

	for (size_t c = V::wide_lanes; c < 16; c += V::wide_lanes)
	{
		const typename V::wide entries = V::wide_load(t + c);

		least = V::wide_min(least, entries);
		most = V::wide_max(most, entries);
	}
	*low = V::wide_least(least);
	*high = V::wide_most(most);
}

/* In float64 and without a fused operation: the same bytes and sums as the serial kernel's. */
template<typename V>
RV_INLINE void
narrow_tables(const float *tables, uint32_t m, uint8_t *bytes, rv_product_bytes *out)
{
	float		widest = 0;
	double		total = 0,
				low,
				high,
				inverse;

	*out = {0, 0, 0};
	for (uint32_t s = 0; s < m; s++)
	{
		range_of_entries<V>(tables + (size_t) s * 16, &low, &high);

		const float range = (float) high - (float) low;

		widest = range > widest ? range : widest;
		total += (double) range;
		out->base += low;
	}
	out->scale = step_of_tables(widest, total, m);
	inverse = out->scale > 0 ? 1.0 / (double) out->scale : 0;

	const typename V::wide inverses = V::wide_same(inverse),
				scales = V::wide_all(out->scale);

	for (uint32_t s = 0; s < m; s++)
	{
		const float *t = tables + (size_t) s * 16;
		typename V::wide worst = V::wide_zero();

		range_of_entries<V>(t, &low, &high);
		for (size_t c = 0; c < 16; c += V::wide_lanes)
		{
			const typename V::wide above = V::wide_subtract(V::wide_load(t + c), V::wide_all((float) low)),
						steps = V::wide_add(V::wide_multiply(above, inverses), V::wide_all(0.5f)),
						whole = V::wide_truncate(V::wide_min(steps, V::wide_all(255.0f))),
						loss = V::wide_subtract(above, V::wide_multiply(scales, whole));

			worst = V::wide_max(worst, V::wide_absolute(loss));
			V::wide_bytes(bytes + (size_t) s * 16 + c, whole);
		}
		out->lost += V::wide_most(worst);
	}
	for (uint32_t c = m * 16; c < even_spaces(m) * 16; c++)
		bytes[c] = 0;
}

/* Sums of up to 256 sub-spaces, in halves of a block and bytes of a word. */
template<typename V>
struct parts_of_sums
{
	typename V::words even_low,
				odd_low,
				even_high,
				odd_high;

	RV_INLINE void
	add(typename V::bytes table, typename V::bytes codes)
	{
		const typename V::bytes low = V::byte_pick(table, V::byte_and(codes, 15)),
					high = V::byte_pick(table, V::byte_high(codes));

		even_low = V::word_add(even_low, V::as_words(low));
		odd_low = V::word_add(odd_low, V::word_high(low));
		even_high = V::word_add(even_high, V::as_words(high));
		odd_high = V::word_add(odd_high, V::word_high(high));
	}

	/* No constructor: compilers make these without the unit's instructions. */
	RV_INLINE void
	set(const uint8_t *bytes, const uint8_t *block, uint32_t spaces)
	{
		uint32_t	s = 0;

		even_low = odd_low = even_high = odd_high = V::word_zero();
		for (; spaces - s >= V::spaces; s += V::spaces)
			add(V::byte_load(bytes + (size_t) s * 16), V::byte_load(block + (size_t) s * 16));
		/* Two of four sub-spaces; the others' bytes of the table are 0. */
		if (s < spaces)
			add(V::byte_load_half(bytes + (size_t) s * 16), V::byte_load_half(block + (size_t) s * 16));
	}
};

template<typename V>
RV_INLINE void
sums_of_blocks4(const uint8_t *bytes, uint32_t m, const uint8_t *blocks, size_t stride, size_t count, uint32_t *sums)
{
	const uint32_t spaces = even_spaces(m);

	for (size_t b = 0; b * RV_PRODUCT_BLOCK < count; b++)
	{
		const uint8_t *block = blocks + b * stride;
		uint32_t   *out = sums + b * RV_PRODUCT_BLOCK;

		for (uint32_t first = 0; first < spaces; first += flush_spaces)
		{
			const uint32_t here = spaces - first < flush_spaces ? spaces - first : flush_spaces;
			parts_of_sums<V> parts;

			parts.set(bytes + (size_t) first * 16, block + (size_t) first * 16, here);
			V::word_sums(parts.even_low, parts.odd_low, first > 0, out);
			V::word_sums(parts.even_high, parts.odd_high, first > 0, out + 16);
		}
	}
}

template<typename V>
RV_INLINE void
sums_among4(const uint8_t *bytes, uint32_t m, const uint8_t *blocks, size_t stride, size_t count, uint32_t first,
			uint32_t more, uint16_t *sums, uint32_t *among)
{
	const uint32_t spaces = even_spaces(m);

	for (size_t b = 0; b * RV_PRODUCT_BLOCK < count; b++)
	{
		parts_of_sums<V> parts;

		parts.set(bytes, blocks + b * stride, spaces);
		among[b] = V::word_among(parts.even_low, parts.odd_low, parts.even_high, parts.odd_high, (uint16_t) first,
								 (uint16_t) more, sums + b * RV_PRODUCT_BLOCK);
	}
}

/* R rows and W registers of results. */
template<typename V, size_t R, size_t W>
RV_INLINE void
turn_some(const float *matrix, size_t n, const float *from, float *to)
{
	typename V::wide sum[R][W];

	for (size_t r = 0; r < R; r++)
		for (size_t w = 0; w < W; w++)
			sum[r][w] = V::wide_zero();
	for (size_t i = 0; i < n; i++)
	{
		typename V::wide column[W];

		for (size_t w = 0; w < W; w++)
			column[w] = V::wide_load(matrix + i * n + w * V::wide_lanes);
		for (size_t r = 0; r < R; r++)
		{
			typename V::wide x = V::wide_all(from[r * n + i]);

			for (size_t w = 0; w < W; w++)
				sum[r][w] = V::wide_fused(sum[r][w], column[w], x);
		}
	}
	for (size_t r = 0; r < R; r++)
		for (size_t w = 0; w < W; w++)
			V::wide_store(to + r * n + w * V::wide_lanes, sum[r][w]);
}

template<typename V, size_t R>
RV_INLINE void
turn_rows(const float *matrix, size_t n, const float *from, float *to)
{
	/* Enough sums to hide the latency of adding. */
	constexpr size_t W = R == 1 ? 8 : 2;
	size_t		j = 0;

	for (; n - j >= W * V::wide_lanes; j += W * V::wide_lanes)
		turn_some<V, R, W>(matrix + j, n, from, to + j);
	for (; n - j >= V::wide_lanes; j += V::wide_lanes)
		turn_some<V, R, 1>(matrix + j, n, from, to + j);
	for (; j < n; j++)
		for (size_t r = 0; r < R; r++)
		{
			double		sum = 0;

			for (size_t i = 0; i < n; i++)
				sum += (double) matrix[i * n + j] * (double) from[r * n + i];
			to[r * n + j] = (float) sum;
		}
}

template<typename V>
RV_INLINE void
turn(const float *matrix, size_t n, const float *from, size_t count, float *to)
{
	size_t		r = 0;

	for (; count - r >= V::turn_rows; r += V::turn_rows)
		turn_rows<V, V::turn_rows>(matrix, n, from + r * n, to + r * n);
	for (; r < count; r++)
		turn_rows<V, 1>(matrix, n, from + r * n, to + r * n);
}

}	/* namespace */

#define RV_DEFINE_PRODUCT(V, isa) \
	RV_DECLARE_PRODUCT(isa); \
	void \
	rv_product_tables_##isa(const rv_product_codec *codec, const float *y, rv_metric metric, float *tables) \
	{ \
		if (metric == RV_METRIC_L2SQ) \
			tables_of<V, true>(codec, y, tables); \
		else \
			tables_of<V, false>(codec, y, tables); \
	} \
	void \
	rv_product_rows_##isa(const float *tables, uint32_t m, uint32_t bits, const uint8_t *codes, size_t stride, \
						  size_t count, float *sums) \
	{ \
		if (bits == 8) \
			sums_of_rows<8>(tables, m, codes, stride, count, sums); \
		else \
			sums_of_rows<4>(tables, m, codes, stride, count, sums); \
	} \
	void \
	rv_product_blocks8_##isa(const float *tables, uint32_t m, const uint8_t *blocks, size_t stride, size_t count, \
							 float *sums) \
	{ \
		sums_of_blocks8<V>(tables, m, blocks, stride, count, sums); \
	} \
	void \
	rv_product_blocks4_##isa(const uint8_t *bytes, uint32_t m, const uint8_t *blocks, size_t stride, size_t count, \
							 uint32_t *sums) \
	{ \
		sums_of_blocks4<V>(bytes, m, blocks, stride, count, sums); \
	} \
	void \
	rv_product_among4_##isa(const uint8_t *bytes, uint32_t m, const uint8_t *blocks, size_t stride, size_t count, \
							uint32_t first, uint32_t more, uint16_t *sums, uint32_t *among) \
	{ \
		sums_among4<V>(bytes, m, blocks, stride, count, first, more, sums, among); \
	} \
	void \
	rv_product_narrow_##isa(const float *tables, uint32_t m, uint8_t *bytes, rv_product_bytes *out) \
	{ \
		narrow_tables<V>(tables, m, bytes, out); \
	} \
	void \
	rv_product_turn_##isa(const float *matrix, size_t n, const float *from, size_t count, float *to) \
	{ \
		turn<V>(matrix, n, from, count, to); \
	} \
	static_assert(true, "")

#endif							/* RUVECTOR_QUANT_PRODUCT_SCAN_H */
