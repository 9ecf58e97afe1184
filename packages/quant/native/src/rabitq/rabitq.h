/*
 * rabitq.h - sums and scores over a register type.
 *
 * A unit's policy has registers of 64 bytes, of whatever they are made: {h, h'} is 32 lanes of groups t and 32 of groups
 * t + 4 of a chunk (rabitq.h of the ABI), for t = 0 .. 3.
 */
#ifndef RUVECTOR_QUANT_SRC_RABITQ_H
#define RUVECTOR_QUANT_SRC_RABITQ_H

#include "finish.h"

#define RV_DECLARE_RABITQ(isa) \
	extern "C" \
	{ \
	void rv_rabitq_sign_rows_##isa(const uint8_t *signs, size_t stride, size_t count, size_t n, \
								   const int8_t *plane, int32_t *out); \
	void rv_rabitq_ex_rows_##isa(const uint8_t *ex, size_t stride, size_t count, size_t n, int ex_bits, \
								 const int8_t *planes, int levels, int32_t *out); \
	void rv_rabitq_sign_block_##isa(const uint8_t *signs, size_t n, const uint8_t *table, int32_t *out); \
	uint32_t rv_rabitq_near_block_##isa(const uint8_t *signs, size_t n, const uint8_t *table, \
										const rv_rabitq_near *near, float *values); \
	void rv_rabitq_score_rows_##isa(const rv_rabitq_scoring *scoring, const uint8_t *codes, size_t count, \
									float *values, float *bounds); \
	void rv_rabitq_score_blocks_##isa(const rv_rabitq_scoring *scoring, const uint8_t *blocks, size_t count, \
									  float *values, float *bounds); \
	void rv_rabitq_score_signs_##isa(const rv_rabitq_scoring *scoring, const uint8_t *blocks, size_t count, \
									 float *values, float *bounds); \
	uint32_t rv_rabitq_score_likely_##isa(const rv_rabitq_scoring *scoring, const rv_rabitq_aim *signs, \
										  const uint8_t *block, size_t count, double sign, double limit, \
										  float *values); \
	void rv_rabitq_measure_##isa(float *y, const float *centre, size_t n, uint8_t *signs, double *sums); \
	double rv_rabitq_square_##isa(const float *x, size_t n); \
	double rv_rabitq_quantise_##isa(const float *y, size_t n, double scale, int most, uint8_t *codes, \
									uint64_t *squares); \
	void rv_rabitq_compare_##isa(const float *y, size_t n, const double *scales, int most, double *inner, \
								 double *squares); \
	void rv_rabitq_project_##isa(const float *y, const uint8_t *codes, const float *w, size_t n, double *sums); \
	} \
	static_assert(true, "")

namespace
{

/* Groups t and t + 4 of the ex-codes of a chunk, from the registers of its planes. */
template<typename Isa, int ExBits, int T>
RV_INLINE typename Isa::reg
ex_codes(const typename Isa::reg (&four)[2], const typename Isa::reg &two, const typename Isa::reg &one)
{
	typedef parts<ExBits> p;
	typename Isa::reg e = Isa::zero();

	if (p::four)
		e = Isa::template shift_and<-4 * (T % 2)>(four[T / 2], 0x0f);
	if (p::two)
	{
		typename Isa::reg bits = Isa::template shift_and<p::two_shift - 2 * T>(two, 3 << p::two_shift);

		e = p::four ? Isa::either(e, bits) : bits;
	}
	if (p::one)
	{
		typename Isa::reg bits = Isa::template shift_and<p::one_shift - T>(one, 1 << p::one_shift);

		e = p::four || p::two ? Isa::either(e, bits) : bits;
	}
	return e;
}

/* Adds a chunk of `lanes` lanes of a row to the sums of each plane. */
template<typename Isa, int ExBits, int Levels>
RV_INLINE void
add_chunk(const uint8_t *ex, size_t lanes, const int8_t *plane, size_t plane_bytes,
		  typename Isa::template sums<ExBits> (&sums)[Levels])
{
	typedef parts<ExBits> p;
	typename Isa::reg four[2] = {Isa::zero(), Isa::zero()},
				two = Isa::zero(),
				one = Isa::zero();

	if (p::four)
	{
		four[0] = Isa::load_two(ex, lanes);
		four[1] = Isa::load_two(ex + 2 * lanes, lanes);
	}
	if (p::two)
		two = Isa::load_two(ex + p::two_offset * lanes, lanes);
	if (p::one)
		one = Isa::load_spread(ex + p::one_offset * lanes, lanes);

	const typename Isa::reg e0 = ex_codes<Isa, ExBits, 0>(four, two, one),
				e1 = ex_codes<Isa, ExBits, 1>(four, two, one),
				e2 = ex_codes<Isa, ExBits, 2>(four, two, one),
				e3 = ex_codes<Isa, ExBits, 3>(four, two, one);

	for (int level = 0; level < Levels; level++)
	{
		const int8_t *q = plane + (size_t) level * plane_bytes;

		sums[level].add(e0, q);
		sums[level].add(e1, q + 64);
		sums[level].add(e2, q + 128);
		sums[level].add(e3, q + 192);
		sums[level].end_chunk();
	}
}

/* <ex-codes, planes> of one row.  The signs are ex-codes of one bit: their bytes lie alike. */
template<typename Isa, int ExBits, int Levels>
RV_INLINE void
row_sums(const uint8_t *ex, size_t n, const int8_t *planes, size_t plane_bytes, int32_t *out, size_t out_stride)
{
	typename Isa::template sums<ExBits> sums[Levels];
	const int8_t *plane = planes,
			   *whole = planes + n / RV_RABITQ_CHUNK * RV_RABITQ_CHUNK;

	for (; plane != whole; plane += RV_RABITQ_CHUNK, ex += ExBits * plane_lanes)
		add_chunk<Isa, ExBits, Levels>(ex, plane_lanes, plane, plane_bytes, sums);
	if (n % RV_RABITQ_CHUNK != 0)
		add_chunk<Isa, ExBits, Levels>(ex, n % RV_RABITQ_CHUNK / groups, plane, plane_bytes, sums);
	for (int level = 0; level < Levels; level++)
		out[(size_t) level * out_stride] = sums[level].total();
}

template<typename Isa, int ExBits, int Levels>
RV_INLINE void
rows_sums(const uint8_t *ex, size_t stride, size_t count, size_t n, const int8_t *planes, int32_t *out)
{
	const size_t plane_bytes = rv_rabitq_plane_bytes(n);

	for (size_t r = 0; r < count; r++)
		row_sums<Isa, ExBits, Levels>(ex + r * stride, n, planes, plane_bytes, out + r, count);
}

template<typename Isa>
RV_INLINE void
ex_rows(const uint8_t *ex, size_t stride, size_t count, size_t n, int ex_bits, const int8_t *planes, int levels,
		int32_t *out)
{
#define RV_EX_CASE(bits) \
	case bits: \
		if (levels == 1) \
			rows_sums<Isa, bits, 1>(ex, stride, count, n, planes, out); \
		else \
			rows_sums<Isa, bits, 2>(ex, stride, count, n, planes, out); \
		break
	switch (ex_bits)
	{
		RV_EX_CASE(1);
		RV_EX_CASE(2);
		RV_EX_CASE(3);
		RV_EX_CASE(4);
		RV_EX_CASE(5);
		RV_EX_CASE(6);
		RV_EX_CASE(7);
	}
#undef RV_EX_CASE
}

/* Sums of up to 32 codes, by level; `levels` and `bits` say which are in use. */
struct code_sums
{
	int32_t		signs[2][RV_QUANT_BLOCK],
				ex[2][RV_QUANT_BLOCK];
};

/*
 * S = 2 <xbar, q>: exact, since it is a whole number below 2^53.  `sum` is of all q, `minimum` what the sums of the signs
 * lack of each plane.
 */
RV_INLINE void
combine(const code_sums &s, int levels, int bits, double sum, const double *minimum, size_t ex_stride, double *out)
{
	const double top = (double) (1 << (bits - 1)),
				lacking = levels == 1 ? minimum[0] : 127.0 * minimum[0] + minimum[1];
	const double all = (double) ((1 << bits) - 1) * sum - 2.0 * (top * lacking);
	const int32_t *high = s.ex[0],
			   *low = s.ex[0] + ex_stride;

	if (bits == 1)
		for (size_t i = 0; i < RV_QUANT_BLOCK; i++)
			out[i] = 2.0 * (double) s.signs[0][i] - all;
	else if (levels == 1)
		for (size_t i = 0; i < RV_QUANT_BLOCK; i++)
			out[i] = 2.0 * (top * (double) s.signs[0][i] + (double) high[i]) - all;
	else
		for (size_t i = 0; i < RV_QUANT_BLOCK; i++)
		{
			double		signs = 127.0 * (double) s.signs[0][i] + (double) s.signs[1][i];
			double		ex = 127.0 * (double) high[i] + (double) low[i];

			out[i] = 2.0 * (top * signs + ex) - all;
		}
}

/* The first `count` of 32. */
RV_INLINE void
put(const float *from, size_t count, float *to)
{
	__builtin_memcpy(to, from, count * sizeof(float));
}

RV_INLINE void
finish(const gathered &g, const rv_rabitq_scoring &scoring, size_t count, float *values, float *bounds)
{
	alignas(64) float v[RV_QUANT_BLOCK],
				b[RV_QUANT_BLOCK];
	const rv_rabitq_grid &grid = scoring.query->full;

	finish_values(g, *scoring.aim, grid.half_step, v);
	put(v, count, values);
	if (bounds != NULL)
	{
		finish_bounds<false>(g, *scoring.aim, grid, scoring.aim->reach, scoring.layout->n, v, b);
		put(b, count, bounds);
	}
}

/* Where row-major codes have the factors that a score needs. */
struct row_factors
{
	size_t		first;			/* byte of a code */
	int			length,
				centre;			/* places; -1 for none */
	bool		all;			/* bounds are asked for */
	loose_float values[5][RV_QUANT_BLOCK] = {};

	RV_INLINE
	row_factors(const rv_rabitq_layout &layout, bool bounds)
		: first(layout.sign_bytes + layout.ex_bytes), length(rv_rabitq_factor_place(&layout, RV_RABITQ_LENGTH)),
		centre(rv_rabitq_factor_place(&layout, RV_RABITQ_CENTRE)), all(bounds)
	{
	}

	RV_INLINE void
	take(const uint8_t *rows, size_t stride, size_t count, gathered &g)
	{
		for (size_t i = 0; i < count; i++)
		{
			const uint8_t *factors = rows + i * stride + first;

			values[0][i] = load_float(factors + 4 * RV_RABITQ_NORM);
			values[1][i] = load_float(factors + 4 * RV_RABITQ_SCALE);
		}
		if (all)
			for (size_t i = 0; i < count; i++)
				values[2][i] = load_float(rows + i * stride + first + 4 * RV_RABITQ_RESIDUAL);
		if (length >= 0)
			for (size_t i = 0; i < count; i++)
			{
				values[3][i] = load_float(rows + i * stride + first + 4 * (size_t) length);
				values[4][i] = load_float(rows + i * stride + first + 4 * (size_t) centre);
			}
		g.norm = values[0];
		g.scale = values[1];
		g.residual = values[2];
		g.length = length >= 0 ? values[3] : values[0];
		g.centre = values[4];
	}
};

/* Kernel: the functions of a unit that make sums. */
template<typename Kernel>
RV_INLINE void
score_rows(const rv_rabitq_scoring &scoring, const uint8_t *codes, size_t count, float *values, float *bounds)
{
	const rv_rabitq_layout &layout = *scoring.layout;
	const size_t n = layout.n,
				stride = layout.code_bytes,
				plane_bytes = rv_rabitq_plane_bytes(n);
	const int	levels = rv_rabitq_levels(layout.bits);
	const double nothing[2] = {0, 0};
	row_factors factors(layout, bounds != NULL);
	code_sums	sums = {};
	gathered	g;

	for (size_t first = 0; first < count; first += RV_QUANT_BLOCK)
	{
		const size_t m = count - first < RV_QUANT_BLOCK ? count - first : RV_QUANT_BLOCK;
		const uint8_t *rows = codes + first * stride;

		for (int level = 0; level < levels; level++)
			Kernel::sign_rows(rows, stride, m, n, scoring.planes + (size_t) level * plane_bytes, sums.signs[level]);
		if (layout.bits > 1)
			Kernel::ex_rows(rows + layout.sign_bytes, stride, m, n, layout.bits - 1, scoring.planes, levels,
							sums.ex[0]);
		combine(sums, levels, layout.bits, scoring.query->full.sum, nothing, m, g.sums);
		factors.take(rows, stride, m, g);
		finish(g, scoring, m, values + first, bounds == NULL ? NULL : bounds + first);
	}
}

alignas(64) const float no_factors[RV_QUANT_BLOCK] = {};

/* Where a block has a factor of all its codes; zeros where it has none. */
RV_INLINE const loose_float *
block_factor(const rv_rabitq_layout &layout, const uint8_t *block, rv_rabitq_factor factor)
{
	const int	place = rv_rabitq_factor_place(&layout, factor);
	const size_t first = (layout.sign_bytes + layout.ex_bytes) * RV_QUANT_BLOCK;

	return place < 0 ? (const loose_float *) no_factors
		: (const loose_float *) (block + first + (size_t) place * sizeof(float) * RV_QUANT_BLOCK);
}

template<typename Kernel>
RV_INLINE void
score_blocks(const rv_rabitq_scoring &scoring, const uint8_t *blocks, size_t count, float *values, float *bounds)
{
	const rv_rabitq_layout &layout = *scoring.layout;
	const size_t n = layout.n,
				table_bytes = rv_rabitq_table_bytes(n);
	const int	levels = rv_rabitq_levels(layout.bits);
	code_sums	sums = {};
	gathered	g;

	for (size_t first = 0; first < count; first += RV_QUANT_BLOCK)
	{
		const size_t m = count - first < RV_QUANT_BLOCK ? count - first : RV_QUANT_BLOCK;
		const uint8_t *block = blocks + first / RV_QUANT_BLOCK * layout.block_bytes;

		for (int level = 0; level < levels; level++)
			Kernel::sign_block(block, n, scoring.tables + (size_t) level * table_bytes, sums.signs[level]);
		if (layout.bits > 1)
			Kernel::ex_rows(block + layout.sign_bytes * RV_QUANT_BLOCK, layout.ex_bytes, m, n, layout.bits - 1,
							scoring.planes, levels, sums.ex[0]);
		combine(sums, levels, layout.bits, scoring.query->full.sum, scoring.query->minimum, m, g.sums);
		g.norm = block_factor(layout, block, RV_RABITQ_NORM);
		g.scale = block_factor(layout, block, RV_RABITQ_SCALE);
		g.residual = block_factor(layout, block, RV_RABITQ_RESIDUAL);
		g.length = block_factor(layout, block, layout.centred ? RV_RABITQ_LENGTH : RV_RABITQ_NORM);
		g.centre = block_factor(layout, block, RV_RABITQ_CENTRE);
		finish(g, scoring, m, values + first, bounds == NULL ? NULL : bounds + first);
	}
}

/* Where the factors of the signs are. */
RV_INLINE void
point_at_sign_factors(const rv_rabitq_layout &layout, const uint8_t *block, gathered &g)
{
	const bool	apart = layout.bits > 1;

	g.norm = block_factor(layout, block, RV_RABITQ_NORM);
	g.scale = block_factor(layout, block, apart ? RV_RABITQ_SIGN_SCALE : RV_RABITQ_SCALE);
	g.residual = g.norm;
	g.length = block_factor(layout, block, layout.centred ? RV_RABITQ_LENGTH : RV_RABITQ_NORM);
	g.centre = block_factor(layout, block, apart ? RV_RABITQ_SIGN_CENTRE : RV_RABITQ_CENTRE);
}

template<typename Kernel>
RV_INLINE void
score_signs(const rv_rabitq_scoring &scoring, const uint8_t *blocks, size_t count, float *values, float *bounds)
{
	const rv_rabitq_layout &layout = *scoring.layout;
	const rv_rabitq_grid &grid = scoring.query->high;
	code_sums	sums = {};
	gathered	g;

	for (size_t first = 0; first < count; first += RV_QUANT_BLOCK)
	{
		const size_t m = count - first < RV_QUANT_BLOCK ? count - first : RV_QUANT_BLOCK;
		const uint8_t *block = blocks + first / RV_QUANT_BLOCK * layout.block_bytes;
		alignas(64) float v[RV_QUANT_BLOCK],
					b[RV_QUANT_BLOCK];

		Kernel::sign_block(block, layout.n, scoring.tables, sums.signs[0]);
		combine(sums, 1, 1, grid.sum, scoring.query->minimum, 0, g.sums);
		point_at_sign_factors(layout, block, g);
		finish_values(g, *scoring.aim, grid.half_step, v);
		put(v, m, values + first);
		if (bounds != NULL)
		{
			finish_bounds<true>(g, *scoring.aim, grid, scoring.aim->high_reach, layout.n, v, b);
			put(b, m, bounds + first);
		}
	}
}

template<typename Kernel>
RV_INLINE uint32_t
score_likely(const rv_rabitq_scoring &scoring, const rv_rabitq_aim &signs, const uint8_t *block, size_t count,
			 double sign, double limit, float *values)
{
	const rv_rabitq_layout &layout = *scoring.layout;
	const rv_rabitq_query &query = *scoring.query;
	const size_t n = layout.n;
	const int	levels = rv_rabitq_levels(layout.bits);
	alignas(64) float v[RV_QUANT_BLOCK],
				b[RV_QUANT_BLOCK];
	code_sums	sums = {};
	gathered	g;
	uint32_t	likely = 0;

	Kernel::sign_block(block, n, scoring.tables, sums.signs[0]);
	combine(sums, 1, 1, query.high.sum, query.minimum, 0, g.sums);
	point_at_sign_factors(layout, block, g);
	finish_values(g, signs, query.high.half_step, v);
	finish_bounds<true>(g, signs, query.high, signs.high_reach, n, v, b);
	for (size_t i = 0; i < RV_QUANT_BLOCK; i++)
		likely |= (uint32_t) !(sign * (double) v[i] - (double) b[i] > limit) << i;
	likely &= count < RV_QUANT_BLOCK ? ((uint32_t) 1 << count) - 1 : 0xffffffffu;
	if (likely == 0)
		return 0;
	if (levels > 1)
		Kernel::sign_block(block, n, scoring.tables + rv_rabitq_table_bytes(n), sums.signs[1]);
	for (uint32_t rest = likely; rest != 0; rest &= rest - 1)
	{
		const size_t i = (size_t) __builtin_ctz(rest);
		int32_t		ex[2] = {0, 0};

		Kernel::ex_rows(block + layout.sign_bytes * RV_QUANT_BLOCK + i * layout.ex_bytes, layout.ex_bytes, 1, n,
						layout.bits - 1, scoring.planes, levels, ex);
		sums.ex[0][i] = ex[0];
		sums.ex[1][i] = ex[1];
	}
	combine(sums, levels, layout.bits, query.full.sum, query.minimum, RV_QUANT_BLOCK, g.sums);
	g.scale = block_factor(layout, block, RV_RABITQ_SCALE);
	g.centre = block_factor(layout, block, RV_RABITQ_CENTRE);
	finish_values(g, *scoring.aim, query.full.half_step, values);
	return likely;
}

template<typename Kernel>
RV_INLINE uint32_t
near_block(const uint8_t *signs, size_t n, const uint8_t *table, const rv_rabitq_near &near, float *values)
{
	alignas(64) int32_t sums[RV_QUANT_BLOCK];
	const float base = near.base,
				step = near.step,
				offset = near.offset;

	Kernel::sign_block(signs, n, table, sums);
	for (size_t i = 0; i < RV_QUANT_BLOCK; i++)
	{
		const uint32_t bits = (uint32_t) near.scale[i] << 16;
		float		scale;

		__builtin_memcpy(&scale, &bits, sizeof(scale));
		values[i] = (base + near.add[i]) + scale * (step * (float) sums[i] + offset);
	}
	return Kernel::below(values, near.limit);
}

}	/* namespace */

/* The kernels of a unit whose struct `kernel` has sign_rows, ex_rows, sign_block and below. */
#define RV_DEFINE_RABITQ(isa, kernel) \
	void \
	rv_rabitq_sign_rows_##isa(const uint8_t *signs, size_t stride, size_t count, size_t n, const int8_t *plane, \
							  int32_t *out) \
	{ \
		kernel::sign_rows(signs, stride, count, n, plane, out); \
	} \
	void \
	rv_rabitq_ex_rows_##isa(const uint8_t *ex, size_t stride, size_t count, size_t n, int ex_bits, \
							const int8_t *planes, int levels, int32_t *out) \
	{ \
		kernel::ex_rows(ex, stride, count, n, ex_bits, planes, levels, out); \
	} \
	void \
	rv_rabitq_sign_block_##isa(const uint8_t *signs, size_t n, const uint8_t *table, int32_t *out) \
	{ \
		kernel::sign_block(signs, n, table, out); \
	} \
	uint32_t \
	rv_rabitq_near_block_##isa(const uint8_t *signs, size_t n, const uint8_t *table, const rv_rabitq_near *near, \
							   float *values) \
	{ \
		return near_block<kernel>(signs, n, table, *near, values); \
	} \
	void \
	rv_rabitq_score_rows_##isa(const rv_rabitq_scoring *scoring, const uint8_t *codes, size_t count, float *values, \
							   float *bounds) \
	{ \
		score_rows<kernel>(*scoring, codes, count, values, bounds); \
	} \
	void \
	rv_rabitq_score_blocks_##isa(const rv_rabitq_scoring *scoring, const uint8_t *blocks, size_t count, \
								 float *values, float *bounds) \
	{ \
		score_blocks<kernel>(*scoring, blocks, count, values, bounds); \
	} \
	void \
	rv_rabitq_score_signs_##isa(const rv_rabitq_scoring *scoring, const uint8_t *blocks, size_t count, float *values, \
								float *bounds) \
	{ \
		score_signs<kernel>(*scoring, blocks, count, values, bounds); \
	} \
	uint32_t \
	rv_rabitq_score_likely_##isa(const rv_rabitq_scoring *scoring, const rv_rabitq_aim *signs, const uint8_t *block, \
								 size_t count, double sign, double limit, float *values) \
	{ \
		return score_likely<kernel>(*scoring, *signs, block, count, sign, limit, values); \
	}

#endif							/* RUVECTOR_QUANT_SRC_RABITQ_H */
