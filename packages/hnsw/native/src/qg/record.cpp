/*
 * record.cpp - codes and factors of links.
 */
#include "record.h"

#include <string.h>

namespace rv_index
{

namespace
{

size_t
round_up(size_t bytes, size_t to)
{
	return (bytes + to - 1) / to * to;
}

/* xoshiro would do as well: bits of a rotation need no more than to be many and fixed by the seed (splitmix64, Vigna). */
uint64_t
next_random(uint64_t &state)
{
	uint64_t	z = state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

/* The upper half of a float32, rounded to nearest, ties to even. */
uint16_t
upper_half(float x)
{
	uint32_t	bits;

	memcpy(&bits, &x, sizeof(bits));
	bits += 0x7FFF + (bits >> 16 & 1);
	return (uint16_t) (bits >> 16);
}

float
from_upper_half(uint16_t half)
{
	const uint32_t bits = (uint32_t) half << 16;
	float		x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* Where code i of a block lies in each 16 bytes, and in which half of these bytes: FastScan's order (quant/rabitq.h). */
struct place_of_code
{
	uint32_t	byte,
				shift;

	explicit place_of_code(uint32_t i) : byte(2 * (i % 8) + i % 16 / 8), shift(i < 16 ? 0 : 4) { }
};

void
put_code(const uint8_t *code, size_t n, uint32_t i, uint8_t *block)
{
	const place_of_code place(i);
	const uint8_t keep = (uint8_t) (0xF0 >> place.shift);

	for (size_t k = 0; k < n / 8; k++)
	{
		uint8_t    *to = block + 32 * k + place.byte;

		to[0] = (uint8_t) ((to[0] & keep) | (code[k] & 15) << place.shift);
		to[16] = (uint8_t) ((to[16] & keep) | code[k] >> 4 << place.shift);
	}
}

}	/* namespace */

qg_layout::qg_layout(const space &metric, uint32_t degree)
	: dimensions(metric.dimensions), degree(degree), n(rv_rotation_padded(metric.dimensions)),
	add_at(metric.row_bytes), links_at(add_at + degree * sizeof(float)), scale_at(links_at + degree * sizeof(uint32_t)),
	count_at(scale_at + degree * sizeof(uint16_t)), codes_at(round_up(count_at + sizeof(uint32_t), 64)),
	bytes(codes_at + degree / 32 * (4 * n))
{
}

qg_turn::qg_turn(const space &metric, uint64_t seed)
	: metric(metric), n(rv_rotation_padded(metric.dimensions)), mean(metric.dimensions),
	signs(RV_ROTATION_ROUNDS * n / 8)
{
	uint64_t	state = seed;

	for (uint8_t &byte : signs)
		byte = (uint8_t) (next_random(state) >> 56);
	rotation = {n, signs.data()};
	code_layout = {};
	code_layout.n = n;
	code_layout.bits = 1;
	rv_rabitq_fill_layout(&code_layout);
}

void
qg_turn::centre_on(const void *const *rows, size_t n)
{
	std::vector<double> sum(metric.dimensions);
	std::vector<float> elements(metric.dimensions);

	/* An inner product has no centre: it changes with the origin. */
	if (metric.metric == metric_kind::ip || n == 0)
		return;
	for (size_t r = 0; r < n; r++)
	{
		const double scale = metric.row_scale(rows[r]);

		metric.to_floats(rows[r], elements.data());
		for (uint32_t i = 0; i < metric.dimensions; i++)
			sum[i] += scale * elements[i];
	}
	for (uint32_t i = 0; i < metric.dimensions; i++)
		mean[i] = (float) (sum[i] / (double) n);
}

void
qg_turn::turn_vector(const void *vector, float scale, float *out) const
{
	metric.to_floats(vector, out);
	if (metric.metric == metric_kind::cosine)
		for (uint32_t i = 0; i < metric.dimensions; i++)
			out[i] *= scale;
	for (uint32_t i = 0; i < metric.dimensions; i++)
		out[i] -= mean[i];
	memset(out + metric.dimensions, 0, (n - metric.dimensions) * sizeof(float));
	rv_quant.rotation->rotate(&rotation, out);
}

void
qg_turn::turn_row(const void *row, float *out) const
{
	turn_vector(row, metric.row_scale(row), out);
}

qg_encoder::qg_encoder(const qg_turn &turn)
	: difference(turn.n), own(turn.n), codes(32 * (turn.n / 8)), block(32 * (turn.n / 8))
{
}

void
qg_encoder::encode(const qg_turn &turn, const qg_layout &layout, const float *centre, const float *const *turned,
				   uint32_t first, uint32_t count, uint8_t *record)
{
	const size_t n = layout.n;
	const bool	inner = turn.metric.metric == metric_kind::ip;
	const double twice = turn.metric.metric == metric_kind::l2 ? 2 : 1;
	float	   *add = (float *) (void *) (record + layout.add_at);
	uint16_t   *scale = (uint16_t *) (void *) (record + layout.scale_at);

	for (uint32_t i = 0; i < count; i++)
	{
		double		sums[3],
					along[2];

		for (size_t j = 0; j < n; j++)
			difference[j] = turned[i][j] - centre[j];
		/* sum y^2, sum |y|: twice <y, xbar> */
		rv_quant.rabitq->measure(difference.data(), nullptr, n, codes.data() + i * (n / 8), sums);

		const double g = sums[1] > 0 ? 2 * sums[0] / sums[1] : 0;
		const uint16_t half = upper_half((float) (-twice * g));
		const double stored = -(double) from_upper_half(half);

		/* Twice <xbar, P c>. */
		rv_quant.rabitq->project(difference.data(), nullptr, centre, n, along);
		scale[first + i] = half;
		add[first + i] = inner ? 0 : (float) (twice / 2 * sums[0] + stored * along[0] / 2);
	}
	for (uint32_t i = first; i < first + count; i++)
		put_code(codes.data() + (i - first) * (n / 8), n, i % 32, record + layout.codes_at + i / 32 * layout.block_bytes());
}

void
move_code(uint8_t *codes, size_t block_bytes, uint32_t from, uint32_t to)
{
	const place_of_code source(from % 32),
				target(to % 32);
	const uint8_t *in = codes + from / 32 * block_bytes + source.byte;
	uint8_t    *out = codes + to / 32 * block_bytes + target.byte;
	const uint8_t keep = (uint8_t) (0xF0 >> target.shift);

	for (size_t i = 0; i < block_bytes; i += 16)
		out[i] = (uint8_t) ((out[i] & keep) | (in[i] >> source.shift & 15) << target.shift);
}

}	/* namespace rv_index */
