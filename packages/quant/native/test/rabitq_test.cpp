/*
 * rabitq_test.cpp - RaBitQ in every variant that runs here: sums, codes, values and bounds equal to the serial ones to the
 * bit, and against an oracle in float64: values are near the truth, bounds that claim to be proofs hold for whatever
 * vectors, residuals are not too small, and the exact encoder finds no worse a scale than any other.
 *
 * Codes end at a page that cannot be read.
 */
#include "rabitq_subject.h"

#include <initializer_list>

namespace
{

const size_t most_rows = 45;

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

	float		add[32],
				values[32],
				want_values[32];
	uint16_t	scale[32];

	for (int i = 0; i < 32; i++)
	{
		add[i] = (float) random_normal() * 1e3f;
		scale[i] = (uint16_t) (0x3c00 + random_below(0x600) + (i % 2 << 15));
	}
	for (int round = 0; round < 4; round++)
	{
		rv_rabitq_near near = {add, scale, 17.5f, 0.03f, -1.5f, 0};

		serial->near_block(b, s.n, asked.tables, &near, want_values);
		/* One of the values: what is at the limit is not below it. */
		near.limit = want_values[random_below(32)];

		const uint32_t likely = serial->near_block(b, s.n, asked.tables, &near, want_values);

		serial->sign_block(b, s.n, asked.tables, want);
		for (int i = 0; i < 32; i++)
		{
			const uint32_t bits_of = (uint32_t) scale[i] << 16;
			float		by;

			memcpy(&by, &bits_of, sizeof(by));
			c.check(want_values[i] == (17.5f + add[i]) + by * (0.03f * (float) want[i] - 1.5f), "near values", n, (size_t) i,
					want_values[i], add[i]);
			c.check((likely >> i & 1) == (want_values[i] < near.limit), "near bits", n, (size_t) i, want_values[i], near.limit);
		}
		c.check(k->rabitq->near_block(b, s.n, asked.tables, &near, values) == likely, "which are near", n, 0, 0, likely);
		c.check_bytes("near", n, values, want_values, sizeof(values));
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

/* The best of codes, by signs that are bounded by proofs: those of all values. */
void
check_best_of(const rv_quant_kernels *k, counts &c, const subject &s, query &asked, rv_metric metric,
			  const uint8_t *packed, size_t count)
{
	const rv_rabitq_kernels *serial = rv_rabitq_variant(RV_VARIANT_SERIAL);
	const rv_rabitq_aim proof = *asked.at(s, metric, 0).aim,
				likely = *asked.at(s, metric, 2).aim;
	const rv_rabitq_scoring scoring = asked.at(s, metric, 1.9);
	const float sign = metric == RV_METRIC_DOT ? -1.0f : 1.0f;
	float		values[most_rows],
				scores[most_rows],
				other_scores[most_rows];
	uint32_t	indices[most_rows],
				other_indices[most_rows];

	serial->score_blocks(&scoring, packed, count, values, NULL);
	for (size_t size : {(size_t) 0, (size_t) 1, (size_t) 4, count})
	{
		bool		taken[most_rows] = {};

		rv_rabitq_best(k->rabitq, &scoring, &proof, metric, packed, count, size, indices, scores);
		for (size_t place = 0; place < size; place++)
		{
			size_t		first = count;

			for (size_t i = 0; i < count; i++)
				if (!taken[i] && (first == count || sign * values[i] < sign * values[first] ||
								  (values[first] != values[first] && values[i] == values[i])))
					first = i;
			taken[first] = true;
			c.check_equal("the best of codes", s.dimensions, place, indices[place], (double) first);
			c.check_equal("the value of the best", s.dimensions, place, scores[place], values[first]);
		}
		/* Bounds that fail now and then: every variant misses the same. */
		rv_rabitq_best(k->rabitq, &scoring, &likely, metric, packed, count, size, indices, scores);
		rv_rabitq_best(serial, &scoring, &likely, metric, packed, count, size, other_indices, other_scores);
		c.check_bytes("likely the best", s.dimensions, indices, other_indices, size * sizeof(uint32_t));
		c.check_bytes("their values", s.dimensions, scores, other_scores, size * sizeof(float));
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
			if (layout.bits > 1 && asked < 4)
			{
				check_best_of(k, c, s, prepared, metric, packed, count);
				scoring = prepared.at(s, metric, 0);
			}
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

/* What the encoder is made of, each alone: of numbers that lie on the borders of cells too, and at the end of a page. */
void
check_encoder(const rv_quant_kernels *k, counts &c, size_t n, int most)
{
	const rv_rabitq_kernels *serial = rv_rabitq_variant(RV_VARIANT_SERIAL);
	guarded		memory(n * sizeof(float)),
				centre_memory(n * sizeof(float)),
				byte_memory(n);
	float	   *y = memory.at_end<float>(n),
			   *centre = centre_memory.at_end<float>(n),
			   *want_y = (float *) malloc(n * sizeof(float));
	uint8_t    *m = byte_memory.at_end<uint8_t>(n),
			   *want_m = (uint8_t *) malloc(n),
			   *signs = (uint8_t *) malloc(n / 8),
			   *want_signs = (uint8_t *) malloc(n / 8);
	double		scales[RV_RABITQ_SCALES],
				sums[3],
				want_sums[3],
				inner[2][RV_RABITQ_SCALES],
				square[2][RV_RABITQ_SCALES];
	uint64_t	squares,
				want_squares;

	for (int sort = 0; sort < 5; sort++)
	{
		for (size_t i = 0; i < n; i++)
		{
			y[i] = (float) (sort == 0 ? random_normal() : sort == 1 ? (double) (i % 17) - 8 : sort == 2 ? 1e-42 * random_normal()
							: sort == 3 ? 1e17 * random_normal() : i % 3 == 0 ? -0.0 : 0.0);
			centre[i] = (float) (sort == 3 ? random_normal() * 1e10 : sort == 4 ? 0 : random_normal());
		}
		for (int j = 0; j < RV_RABITQ_SCALES; j++)
			scales[j] = sort == 1 ? 0.25 * (j + 1) : (double) (most + 1) / (sort == 3 ? 3e17 : 3) * (0.5 + 0.2 * j);
		for (const float *each : {(const float *) NULL, (const float *) centre})
		{
			memcpy(want_y, y, n * sizeof(float));
			serial->measure(want_y, each, n, want_signs, want_sums);
			k->rabitq->measure(y, each, n, signs, sums);
			c.check_bytes("y less its centre", n, y, want_y, n * sizeof(float));
			for (size_t i = 0; i < 3; i++)
				c.check_equal("sums of y", n, i, sums[i], want_sums[i]);
			c.check_bytes("signs of y", n, signs, want_signs, n / 8);
		}
		for (size_t left = 1; left <= 9 && left <= n; left++)
		{
			const size_t size = left == 9 ? n : n - left;
			double		got = k->rabitq->square(y + n - size, size),
						want = serial->square(y + n - size, size);

			c.check_bytes("sum of squares", size, &got, &want, sizeof(got));
		}
		serial->compare(y, n, scales, most, inner[1], square[1]);
		k->rabitq->compare(y, n, scales, most, inner[0], square[0]);
		c.check_bytes("inner products of scales", n, inner[0], inner[1], sizeof(inner[0]));
		c.check_bytes("squares of scales", n, square[0], square[1], sizeof(square[0]));
		for (int j = 0; j < RV_RABITQ_SCALES; j++)
		{
			double		want = serial->quantise(y, n, scales[j], most, want_m, &want_squares),
						got = k->rabitq->quantise(y, n, scales[j], most, m, &squares);

			c.check_bytes("ex-codes", n, m, want_m, n);
			c.check_equal("squares of ex-codes", n, (size_t) j, (double) squares, (double) want_squares);
			c.check_bytes("inner product of ex-codes", n, &got, &want, sizeof(got));
			c.check_equal("compared as quantised", n, (size_t) j, got, inner[0][j]);
			c.check_equal("compared as quantised", n, (size_t) j, (double) squares, 4 * square[0][j]);
		}
		for (const uint8_t *each : {(const uint8_t *) NULL, (const uint8_t *) m})
		{
			serial->project(y, each, centre, n, want_sums);
			k->rabitq->project(y, each, centre, n, sums);
			c.check_bytes("products with a centre", n, sums, want_sums, 2 * sizeof(double));
		}
	}
	free(want_y);
	free(want_m);
	free(signs);
	free(want_signs);
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
	for (int most : {1, 7, 127})
		for (size_t n : {8, 16, 24, 64, 776, 65536})
			check_encoder(k, c, n, most);
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
