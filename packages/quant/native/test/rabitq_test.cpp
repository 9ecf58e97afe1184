/*
 * rabitq_test.cpp - RaBitQ in every variant that runs here: sums, codes, values and bounds equal to the serial ones to the
 * bit, and against an oracle in float64: values are near the truth, bounds that claim to be proofs hold for whatever
 * vectors, residuals are not too small, and the exact encoder finds no worse a scale than any other.
 *
 * Codes end at a page that cannot be read.
 */
#include "support.h"

#include <initializer_list>

#include <ruvector/quant/rabitq.h>

namespace
{

const size_t most_rows = 45;

/* Everything for one kind of codes. */
struct subject
{
	size_t		dimensions,
				n;
	rv_rabitq_codec codec;
	uint8_t    *signs;
	float	   *centre,			/* as it was before the rotation; zero where there is none */
			   *rotated_centre;
	void	   *memory;

	subject(size_t d, int bits, bool centred, rv_rabitq_encoder encoder)
		: dimensions(d), n(d % 2 == 1 ? rv_rotation_padded(d) : (d + 7) / 8 * 8), codec(), signs((uint8_t *) malloc(n)),
		centre((float *) calloc(n, sizeof(float))), rotated_centre((float *) calloc(n, sizeof(float)))
	{
		double		square = 0;

		for (size_t i = 0; i < n / 2; i++)
			signs[i] = (uint8_t) random_numbers.next();
		codec.layout.n = n;
		codec.layout.bits = bits;
		codec.layout.centred = centred;
		rv_rabitq_fill_layout(&codec.layout);
		codec.rotation = {n, signs};
		codec.dimensions = d;
		codec.encoder = encoder;
		if (centred)
		{
			for (size_t i = 0; i < d; i++)
			{
				centre[i] = (float) (0.3 * random_normal());
				square += (double) centre[i] * centre[i];
			}
			memcpy(rotated_centre, centre, n * sizeof(float));
			rv_rotation_variant(RV_VARIANT_SERIAL)->rotate(&codec.rotation, rotated_centre);
			codec.centre = rotated_centre;
			codec.centre_norm = sqrt(square);
		}
		memory = aligned_alloc(16, (rv_rabitq_encode_bytes(&codec) + 15) / 16 * 16);
	}

	subject(const subject &) = delete;
	subject &operator=(const subject &) = delete;

	~subject()
	{
		free(signs);
		free(centre);
		free(rotated_centre);
		free(memory);
	}

	size_t
	encode(const rv_quant_kernels *k, const float *vectors, size_t count, uint8_t *codes) const
	{
		return rv_rabitq_encode(k->rabitq, k->rotation, &codec, vectors, count, codes, memory);
	}
};

/* A query and what it needs. */
struct query
{
	rv_rabitq_query prepared;
	rv_rabitq_aim aim;
	float	   *z;
	int8_t	   *planes;
	uint8_t    *tables;
	double		offset2 = 0,
				inner = 0,
				norm2 = 0;

	query(const subject &s, const float *q)
		: prepared(), aim(), z((float *) calloc(s.n, sizeof(float))),
		planes((int8_t *) malloc(2 * rv_rabitq_plane_bytes(s.n))), tables((uint8_t *) malloc(2 * rv_rabitq_table_bytes(s.n)))
	{
		memcpy(z, q, s.dimensions * sizeof(float));
		rv_rotation_variant(RV_VARIANT_SERIAL)->rotate(&s.codec.rotation, z);
		rv_rabitq_prepare(&s.codec.layout, z, planes, tables, &prepared);
		for (size_t i = 0; i < s.dimensions; i++)
		{
			double		d = (double) q[i] - s.centre[i];

			offset2 += d * d;
			inner += (double) q[i] * s.centre[i];
			norm2 += (double) q[i] * q[i];
		}
	}

	query(const query &) = delete;
	query &operator=(const query &) = delete;

	~query()
	{
		free(z);
		free(planes);
		free(tables);
	}

	rv_rabitq_scoring
	at(const subject &s, rv_metric metric, double epsilon)
	{
		rv_rabitq_make_aim(&s.codec.layout, &prepared, metric, offset2, inner, sqrt(norm2), s.codec.centre_norm, epsilon, &aim);
		return {&s.codec.layout, planes, tables, &prepared, &aim};
	}
};

double
truth(rv_metric metric, const float *x, const float *q, size_t n)
{
	double		l2sq = 0,
				dot = 0,
				xx = 0,
				qq = 0;

	for (size_t i = 0; i < n; i++)
	{
		double		d = (double) x[i] - q[i];

		l2sq += d * d;
		dot += (double) x[i] * q[i];
		xx += (double) x[i] * x[i];
		qq += (double) q[i] * q[i];
	}
	if (metric == RV_METRIC_L2SQ)
		return l2sq;
	return metric == RV_METRIC_DOT ? dot : 1 - dot / sqrt(xx * qq);
}

/* Sums of bytes that are random, so of every code that there can be. */
void
check_sums(const rv_quant_kernels *k, counts &c, size_t n, int bits)
{
	subject		s(n, bits, true, RV_RABITQ_FAST);
	const rv_rabitq_layout &layout = s.codec.layout;
	const rv_rabitq_kernels *serial = rv_rabitq_variant(RV_VARIANT_SERIAL);
	const size_t count = 5,
				plane = rv_rabitq_plane_bytes(s.n),
				table = rv_rabitq_table_bytes(s.n);
	guarded		ex(count * layout.ex_bytes + 1),
				signs(count * layout.sign_bytes),
				block(32 * layout.sign_bytes);
	float	   *q = (float *) malloc(s.n * sizeof(float));
	int32_t		got[32],
				want[32];

	for (size_t i = 0; i < s.n; i++)
		q[i] = (float) (i % 50 == 7 ? 8 * random_normal() : random_normal());
	query		asked(s, q);
	uint8_t    *e = ex.at_end<uint8_t>(count * layout.ex_bytes),
			   *g = signs.at_end<uint8_t>(count * layout.sign_bytes),
			   *b = block.at_end<uint8_t>(32 * layout.sign_bytes);

	for (uint8_t *p = ex.first; p < ex.last; p++)
		*p = (uint8_t) random_numbers.next();
	for (uint8_t *p = signs.first; p < signs.last; p++)
		*p = (uint8_t) random_numbers.next();
	for (uint8_t *p = block.first; p < block.last; p++)
		*p = (uint8_t) random_numbers.next();
	for (int level = 0; level < rv_rabitq_levels(bits); level++)
	{
		k->rabitq->sign_rows(g, layout.sign_bytes, count, s.n, asked.planes + level * plane, got);
		serial->sign_rows(g, layout.sign_bytes, count, s.n, asked.planes + level * plane, want);
		c.check_bytes("signs of rows", n, got, want, count * sizeof(int32_t));
		k->rabitq->sign_block(b, s.n, asked.tables + level * table, got);
		serial->sign_block(b, s.n, asked.tables + level * table, want);
		c.check_bytes("signs of a block", n, got, want, sizeof(got));
	}
	if (bits > 1)
		for (int levels = 1; levels <= rv_rabitq_levels(bits); levels++)
		{
			k->rabitq->ex_rows(e, layout.ex_bytes, count, s.n, bits - 1, asked.planes, levels, got);
			serial->ex_rows(e, layout.ex_bytes, count, s.n, bits - 1, asked.planes, levels, want);
			c.check_bytes("ex-bits of rows", n, got, want, count * sizeof(int32_t) * (size_t) levels);
		}
	free(q);
}

/* The largest sums that there can be: all codes and all of the query as large as they get. */
void
check_extremes(const rv_quant_kernels *k, counts &c, size_t n, int bits)
{
	const rv_rabitq_kernels *serial = rv_rabitq_variant(RV_VARIANT_SERIAL);
	const size_t plane = rv_rabitq_plane_bytes(n);
	uint8_t    *ones = (uint8_t *) malloc(n / 8 * 32),
			   *table = (uint8_t *) malloc(rv_rabitq_table_bytes(n));
	int8_t	   *planes = (int8_t *) malloc(2 * plane);
	int32_t		got[32],
				want[32];

	memset(ones, 255, n / 8 * 32);
	memset(table, 255, rv_rabitq_table_bytes(n));
	for (int value : {127, -127})
	{
		memset(planes, value, 2 * plane);
		k->rabitq->sign_rows(ones, n / 8, 2, n, planes, got);
		serial->sign_rows(ones, n / 8, 2, n, planes, want);
		c.check_bytes("most signs", n, got, want, 2 * sizeof(int32_t));
		if (bits > 1)
		{
			k->rabitq->ex_rows(ones, 0, 2, n, bits - 1, planes, 2, got);
			serial->ex_rows(ones, 0, 2, n, bits - 1, planes, 2, want);
			c.check_bytes("most ex-bits", n, got, want, 4 * sizeof(int32_t));
		}
	}
	k->rabitq->sign_block(ones, n, table, got);
	serial->sign_block(ones, n, table, want);
	c.check_bytes("fullest tables", n, got, want, sizeof(got));
	free(ones);
	free(table);
	free(planes);
}

/* Vectors of all sorts. */
void
fill(const subject &s, float *vectors, size_t count)
{
	for (size_t r = 0; r < count; r++)
	{
		float	   *x = vectors + r * s.dimensions;

		for (size_t i = 0; i < s.dimensions; i++)
			switch (r % 12)
			{
				case 1:			/* all the same */
					x[i] = 0.75f;
					break;
				case 2:			/* one large coordinate */
					x[i] = i == r % s.dimensions ? 1e6f : (float) random_normal();
					break;
				case 3:			/* one alone */
					x[i] = i == 0 ? -3 : 0;
					break;
				case 4:
					x[i] = 0;
					break;
				case 5:			/* the centre, nearly */
					x[i] = s.centre[i] * 1.000001f;
					break;
				case 6:			/* a duplicate */
					x[i] = vectors[i];
					break;
				case 7:			/* denormal numbers */
					x[i] = (float) (random_normal() * 1e-42);
					break;
				case 8:			/* very small ones, and very large ones */
					x[i] = (float) (random_normal() * 1e-25);
					break;
				case 9:
					x[i] = (float) (random_normal() * 1e15);
					break;
				default:
					x[i] = (float) random_normal();
			}
	}
}

void
check_codes(const rv_quant_kernels *k, counts &c, const subject &s, size_t count)
{
	const rv_rabitq_layout &layout = s.codec.layout;
	const size_t bytes = layout.code_bytes * count,
				block_count = (count + 31) / 32;
	rv_quant_kernels serial;
	guarded		codes(bytes),
				blocks(block_count * layout.block_bytes);
	uint8_t    *got = codes.at_end<uint8_t>(bytes),
			   *packed = blocks.at_end<uint8_t>(block_count * layout.block_bytes),
			   *want = (uint8_t *) malloc(bytes),
			   *back = (uint8_t *) malloc(bytes);
	float	   *vectors = (float *) malloc(count * s.dimensions * sizeof(float)),
			   *decoded = (float *) malloc(count * s.dimensions * sizeof(float)),
			   *row = (float *) malloc(s.n * sizeof(float));
	float		values[most_rows],
				bounds[most_rows],
				wanted[most_rows],
				wanted_bounds[most_rows];

	rv_quant_variant(RV_VARIANT_SERIAL, &serial);
	fill(s, vectors, count);
	c.check_equal("encoded", s.dimensions, 0, (double) s.encode(k, vectors, count, got), (double) count);
	s.encode(&serial, vectors, count, want);
	c.check_bytes("codes", s.dimensions, got, want, bytes);

	rv_rabitq_pack(&layout, got, count, packed);
	rv_rabitq_unpack(&layout, packed, count, back);
	c.check_bytes("pack, unpack", s.dimensions, back, got, bytes);

	rv_rabitq_decode(k->rotation, &s.codec, got, count, decoded, row);
	for (size_t r = 0; r < count; r++)
	{
		float		stored;
		double		error = sqrt(truth(RV_METRIC_L2SQ, vectors + r * s.dimensions, decoded + r * s.dimensions, s.dimensions));

		memcpy(&stored, got + r * layout.code_bytes + layout.sign_bytes + layout.ex_bytes + 4 * RV_RABITQ_RESIDUAL, 4);
		c.check(error <= stored, "residual", s.dimensions, r, error, stored);
	}

	for (size_t asked = 0; asked < 12; asked++)
	{
		const float *q = vectors + asked * s.dimensions;
		query		prepared(s, q);

		for (rv_metric metric : {RV_METRIC_L2SQ, RV_METRIC_DOT, RV_METRIC_COSINE})
		{
			rv_rabitq_scoring scoring = prepared.at(s, metric, 0);

			serial.rabitq->score_rows(&scoring, got, count, wanted, wanted_bounds);
			k->rabitq->score_rows(&scoring, got, count, values, bounds);
			c.check_bytes("values of rows", s.dimensions, values, wanted, count * sizeof(float));
			c.check_bytes("bounds of rows", s.dimensions, bounds, wanted_bounds, count * sizeof(float));
			k->rabitq->score_blocks(&scoring, packed, count, values, bounds);
			c.check_bytes("values of blocks", s.dimensions, values, wanted, count * sizeof(float));
			c.check_bytes("bounds of blocks", s.dimensions, bounds, wanted_bounds, count * sizeof(float));
			for (int by_signs = 0; by_signs < 2; by_signs++)
			{
				if (by_signs == 1)
				{
					k->rabitq->score_signs(&scoring, packed, count, values, bounds);
					serial.rabitq->score_signs(&scoring, packed, count, wanted, wanted_bounds);
					c.check_bytes("values of signs", s.dimensions, values, wanted, count * sizeof(float));
					c.check_bytes("bounds of signs", s.dimensions, bounds, wanted_bounds, count * sizeof(float));
				}
				for (size_t r = 0; r < count; r++)
				{
					double		exact = truth(metric, vectors + r * s.dimensions, q, s.dimensions);
					double		missed = fabs(exact - (double) values[r]);

					/* Denormal vectors have a cosine in float64. */
					c.check(exact != exact ? values[r] != values[r] : missed <= (double) bounds[r], "a bound that is a proof",
							s.dimensions, r * 100 + asked * 10 + metric, missed, bounds[r]);
				}
			}
		}
	}
	free(want);
	free(back);
	free(vectors);
	free(decoded);
	free(row);
}

/* No scale gives a larger cosine than the one that is found. */
void
check_best(counts &c, size_t n, int bits)
{
	const int	most = (1 << (bits - 1)) - 1;
	float	   *y = (float *) malloc(n * sizeof(float));
	uint8_t    *m = (uint8_t *) malloc(n),
			   *other = (uint8_t *) malloc(n);
	void	   *memory = malloc(16 * n);

	for (int round = 0; round < 4; round++)
	{
		double		largest = 0;
		uint64_t	squares;

		for (size_t i = 0; i < n; i++)
			y[i] = (float) (round == 3 ? (double) (i % 3) : random_normal());

		double		inner = rv_rabitq_best_codes(y, n, most, m, &squares, memory);
		double		found = inner / sqrt((double) squares);

		for (size_t i = 0; i < n; i++)
			for (int code = 1; code <= most; code++)
				if (y[i] != 0)
				{
					/* Just after the change, so that it is in. */
					double		scale = (double) code / fabs((double) y[i]) * (1 + 1e-12);
					double		sum = rv_rabitq_variant(RV_VARIANT_SERIAL)->quantise(y, n, scale, most, other, &squares);

					largest = fmax(largest, sum / sqrt((double) squares));
				}
		c.check(found >= largest * (1 - 1e-13), "the best scale", n, (size_t) bits, found, largest);
	}
	free(y);
	free(m);
	free(other);
	free(memory);
}

void
check_refusals(const rv_quant_kernels *k, counts &c)
{
	for (bool centred : {false, true})
	{
		subject		s(20, 3, centred, RV_RABITQ_REFINED);
		float		x[60];
		uint8_t		codes[3 * 200];

		for (float bad : {NAN, INFINITY, -INFINITY, 2e18f, 3e38f})
		{
			for (float &each : x)
				each = 1;
			x[47] = bad;
			c.check_equal("refused", 20, 2, (double) s.encode(k, x, 3, codes), 2);
		}
	}
}

void
all_checks(const rv_quant_kernels *k, counts &c)
{
	static const size_t sizes[] = {1, 2, 3, 5, 8, 9, 16, 17, 33, 64, 100, 200, 256, 257, 264, 384, 400, 511, 520, 768, 784};

	random_numbers = rv::random(7);
	for (int bits = 1; bits <= 8; bits++)
	{
		/* All that a last chunk can be, alone and after another. */
		for (size_t n = 8; n <= 272; n += 8)
			check_sums(k, c, n, bits);
		for (size_t n = 264 + 8 * (size_t) bits; n <= 600; n += 40)
			check_sums(k, c, n, bits);
		check_sums(k, c, 4104, bits);
		/* Where sums of bytes and words are full. */
		for (size_t n : {8, 104, 256, 2048, 2056, 4104, 8200, 65536})
			check_extremes(k, c, n, bits);
		/* Long ones in some of the numbers of bits: what differs with these does not differ with their length. */
		for (size_t d : sizes)
			if (d < 257 || (d + (size_t) bits) % 3 == 0)
				check_codes(k, c, subject(d, bits, d % 3 == 1, (rv_rabitq_encoder) ((d + (size_t) bits / 3) % 3)), d < 100 ? most_rows : 33);
	}
	check_codes(k, c, subject(65535, 1, true, RV_RABITQ_FAST), 12);
	check_codes(k, c, subject(5000, 8, false, RV_RABITQ_REFINED), 12);
	for (int bits = 2; bits <= 8; bits++)
		for (size_t n : {8, 40})
			check_best(c, n, bits);
	check_refusals(k, c);
}

}	/* namespace */

int
main()
{
	return run_variants(all_checks);
}
