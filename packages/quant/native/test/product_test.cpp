/*
 * product_test.cpp - product codes of every variant that runs here: kernels and codes equal the serial ones to the bit,
 * residuals and bounds hold against sums in long double, whatever the data.
 */
#include "product_subject.h"

namespace
{

/* Sums at either end of the range, ranges of one and of all. */
void
check_among(const rv_quant_kernels *k, counts &c, uint8_t *bytes, size_t m, const uint8_t *packed, size_t stride,
			size_t blocks)
{
	std::vector<uint32_t> whole(blocks * 32);

	/* As large as sums may be. */
	for (size_t i = 0; m > RV_PRODUCT_SHORT_SPACES && i < m * 16; i++)
		bytes[i] = (uint8_t) (bytes[i] * RV_PRODUCT_SHORT_SPACES / m);
	serial->product->blocks4(bytes, (uint32_t) m, packed, stride, whole.size(), whole.data());
	for (int round = 0; round < 4; round++)
	{
		const uint32_t there = whole[random_below((uint32_t) whole.size())],
					first = round == 0 ? 0 : there,
					more = round == 0 ? there : round == 1 ? 0 : round == 2 ? 65535 - there : random_below(65536 - there);
		std::vector<uint16_t> sums(whole.size()),
					want_sums(whole.begin(), whole.end());
		std::vector<uint32_t> among(blocks),
					want(blocks, 0);

		for (size_t i = 0; i < whole.size(); i++)
			if (whole[i] >= first && whole[i] <= first + more)
				want[i / 32] |= (uint32_t) 1 << i % 32;
		k->product->among4(bytes, (uint32_t) m, packed, stride, whole.size(), first, more, sums.data(), among.data());
		c.check_bytes("sums of 16 bits", m, sums.data(), want_sums.data(), sums.size() * 2);
		c.check_bytes("sums among", m, among.data(), want.data(), blocks * 4);
	}
}

/* Bytes of tables, from memory that ends where they do; the errors that they are said to have are the largest. */
void
check_narrow(const rv_quant_kernels *k, counts &c, size_t m)
{
	const size_t size = (m + m % 2) * 16;
	guarded		table_memory(m * 64), byte_memory(size);
	float	   *tables = table_memory.at_end<float>(m * 16);
	uint8_t    *bytes = byte_memory.at_end<uint8_t>(size);

	for (int round = 0; round < 3; round++)
	{
		std::vector<uint8_t> want(size);
		rv_product_bytes out,
					want_out;
		double		lost = 0;

		/* Negative ones, too; equal ones at last. */
		for (size_t i = 0; i < m * 16; i++)
			tables[i] = round == 2 ? 3.5f : ((float) random_below(1u << 20) - 3e5f) * (round == 1 ? 1e-30f : 1);
		k->product->narrow(tables, (uint32_t) m, bytes, &out);
		serial->product->narrow(tables, (uint32_t) m, want.data(), &want_out);
		c.check_bytes("narrow tables", m, bytes, want.data(), size);
		c.check_bytes("what they stand for", m, &out.base, &want_out.base, sizeof(double));
		c.check_bytes("what they lose", m, &out.lost, &want_out.lost, sizeof(double));
		c.check_bytes("their scale", m, &out.scale, &want_out.scale, sizeof(float));
		for (size_t s = 0; s < m; s++)
		{
			const float *t = tables + s * 16,
						low = *std::min_element(t, t + 16);
			double		worst = 0;

			for (int i = 0; i < 16; i++)
				worst = std::max(worst, std::fabs((double) t[i] - low - (double) out.scale * bytes[s * 16 + i]));
			lost += worst;
		}
		c.check(std::fabs(lost - out.lost) <= 1e-12 * lost, "losses", m, 0, out.lost, lost);
	}
}

/* Tables, sums and rotations, from memory that ends where their elements do. */
void
check_kernels(const rv_quant_kernels *k, counts &c, size_t n, size_t m, size_t bits)
{
	const subject s(n, m, bits, SMOOTH, false);
	const size_t tables_size = m << bits,
				payload = bits == 8 ? m : (m + 1) / 2,
				count = 70,
				blocks = (count + 31) / 32,
				stride = payload + n % 5;
	guarded		panels(s.panels.size() * 4), y_memory(n * 4), table_memory(tables_size * 4), code_memory(count * stride),
				block_memory(blocks * payload * 32), byte_memory((m + m % 2) * 16);
	float	   *y = y_memory.at_end<float>(n),
			   *tables = table_memory.at_end<float>(tables_size);
	uint8_t    *codes = code_memory.at_end<uint8_t>((count - 1) * stride + payload),
			   *packed = block_memory.at_end<uint8_t>(blocks * payload * 32),
			   *bytes = byte_memory.at_end<uint8_t>((m + m % 2) * 16);
	std::vector<float> want(tables_size),
				sums(blocks * 32),
				want_sums(blocks * 32);
	rv_product_codec codec = s.codec;

	codec.panels = panels.at_end<float>(s.panels.size());
	memcpy(panels.at_end<float>(s.panels.size()), s.panels.data(), s.panels.size() * 4);
	fill(y, 1, n, SMOOTH);
	for (rv_metric metric : {RV_METRIC_DOT, RV_METRIC_L2SQ})
	{
		k->product->tables(&codec, y, metric, tables);
		serial->product->tables(&codec, y, metric, want.data());
		c.check_bytes("tables", n, tables, want.data(), tables_size * 4);
	}
	for (size_t i = 0; i < (count - 1) * stride + payload; i++)
		codes[i] = (uint8_t) random_below(256);
	for (size_t i = 0; i < blocks * payload * 32; i++)
		packed[i] = (uint8_t) random_below(256);
	for (size_t i = 0; i < (m + m % 2) * 16; i++)
		bytes[i] = i < m * 16 ? (uint8_t) (255 - random_below(3)) : 0;
	k->product->rows(tables, (uint32_t) m, (uint32_t) bits, codes, stride, count, sums.data());
	serial->product->rows(tables, (uint32_t) m, (uint32_t) bits, codes, stride, count, want_sums.data());
	c.check_bytes("sums of rows", m, sums.data(), want_sums.data(), count * 4);
	if (bits == 8)
	{
		k->product->blocks8(tables, (uint32_t) m, packed, payload * 32, count, sums.data());
		serial->product->blocks8(tables, (uint32_t) m, packed, payload * 32, count, want_sums.data());
		c.check_bytes("sums of blocks", m, sums.data(), want_sums.data(), count * 4);
	}
	else
	{
		std::vector<uint32_t> whole(blocks * 32),
					want_whole(blocks * 32);

		k->product->blocks4(bytes, (uint32_t) m, packed, payload * 32, count, whole.data());
		serial->product->blocks4(bytes, (uint32_t) m, packed, payload * 32, count, want_whole.data());
		c.check_bytes("sums of bytes", m, whole.data(), want_whole.data(), count * 4);

		check_among(k, c, bytes, m, packed, payload * 32, blocks);
		check_narrow(k, c, m);
	}
}

void
check_turn(const rv_quant_kernels *k, counts &c, size_t n)
{
	const size_t rows = 1 + random_below(20);
	guarded		matrix_memory(n * n * 4), from_memory(rows * n * 4), to_memory(rows * n * 4);
	float	   *matrix = matrix_memory.at_end<float>(n * n),
			   *from = from_memory.at_end<float>(rows * n),
			   *to = to_memory.at_end<float>(rows * n);
	std::vector<float> want(rows * n);

	fill(matrix, n, n, SMOOTH);
	fill(from, rows, n, SMOOTH);
	k->product->turn(matrix, n, from, rows, to);
	serial->product->turn(matrix, n, from, rows, want.data());
	c.check_bytes("turn", n, to, want.data(), rows * n * 4);
}

typedef long double exact;

exact
exact_dot(const float *a, const float *b, size_t n)
{
	exact		sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (exact) a[i] * b[i];
	return sum;
}

exact
exact_squares(const float *a, const float *b, size_t n)
{
	exact		sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += ((exact) a[i] - b[i]) * ((exact) a[i] - b[i]);
	return sum;
}

/* The true value, and what a perfect estimate from x' would be. */
void
true_values(rv_metric metric, const float *q, const float *x, const float *decoded, size_t n, exact *value,
			exact *ideal)
{
	if (metric == RV_METRIC_L2SQ)
	{
		*value = exact_squares(q, x, n);
		*ideal = exact_squares(q, decoded, n);
		return;
	}
	*value = exact_dot(q, x, n);
	*ideal = exact_dot(q, decoded, n);
	if (metric == RV_METRIC_COSINE)
	{
		exact		norms = sqrtl(exact_dot(q, q, n)) * sqrtl(exact_dot(x, x, n));

		*value = 1 - *value / norms;
		*ideal = 1 - *ideal / norms;
	}
}

void
check_values(counts &c, const subject &s, rv_metric metric, const float *q, const std::vector<float> &rows,
			 const std::vector<float> &decoded, const float *estimates, const float *bounds, const char *what)
{
	const size_t n = s.codec.n;

	for (size_t r = 0; r < rows.size() / n; r++)
	{
		exact		value,
					ideal;

		true_values(metric, q, rows.data() + r * n, decoded.data() + r * n, n, &value, &ideal);
		if (isnan(value))
		{
			c.check(isnan(estimates[r]) && isnan(bounds[r]), what, n, r, estimates[r], NAN);
			continue;
		}
		c.check(fabsl((exact) estimates[r] - value) <= (exact) bounds[r], what, n, r, (double) fabsl(estimates[r] - value),
				bounds[r]);
	}
}

/* Residuals, estimates and bounds of codes, row-major and packed. */
/* The best of estimates, of equals the earlier, NaN last. */
template<typename Best>
void
check_best(counts &c, rv_metric metric, const std::vector<float> &estimates, Best best)
{
	const double sign = metric == RV_METRIC_DOT ? -1 : 1;
	std::vector<uint32_t> order(estimates.size());

	for (size_t i = 0; i < order.size(); i++)
		order[i] = (uint32_t) i;
	std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b)
	{
		const double x = sign * estimates[a],
					y = sign * estimates[b];

		return x < y || (y != y && x == x);
	});
	for (size_t k : {(size_t) 0, (size_t) 1, (size_t) 10, order.size()})
	{
		std::vector<uint32_t> indices(k);
		std::vector<float> scores(k);

		best(k, indices.data(), scores.data());
		for (size_t i = 0; i < k; i++)
		{
			c.check_equal("best", k, i, indices[i], order[i]);
			c.check_equal("best score", k, i, scores[i], estimates[order[i]]);
		}
	}
}

void
check_codes(const rv_quant_kernels *k, counts &c, size_t n, size_t m, size_t bits, data kind, bool turned)
{
	const size_t count = 40;
	const subject s(n, m, bits, kind, turned);
	const rv_product_codec *codec = &s.codec;
	const size_t bytes = rv_product_code_bytes(codec),
				payload = bytes - 8,
				block_bytes = rv_product_block_bytes(codec),
				block_count = (count + 31) / 32;
	std::vector<float> rows(count * n),
				decoded(count * n),
				want_decoded(count * n),
				turned_row(n),
				q(n);
	guarded		blocks(block_count * block_bytes);
	uint8_t    *packed = blocks.at_end<uint8_t>(block_count * block_bytes);
	lines		query(rv_product_query_bytes(codec)), want_query(rv_product_query_bytes(codec));
	rv_product_query *prepared = (rv_product_query *) query.memory();

	fill(rows.data(), count, n, kind);
	/* A zero row, one twice, one of other data, and one that is its own code. */
	std::fill_n(rows.begin(), n, 0.0f);
	std::copy_n(rows.begin() + (ptrdiff_t) n, n, rows.begin() + (ptrdiff_t) (2 * n));
	fill(rows.data() + 3 * n, 1, n, SMOOTH);
	for (size_t i = 0, space = 0; i < n; i++)
	{
		space += i == RV_PRODUCT_BEGIN(n, m, space + 1);
		rows[4 * n + i] = s.centroids[(i - RV_PRODUCT_BEGIN(n, m, space)) + (RV_PRODUCT_BEGIN(n, m, space) << bits)];
	}

	const std::vector<uint8_t> codes = encode(k, s, rows),
				want = encode(serial, s, rows);

	c.check(codes.size() == count * bytes && codes == want, "codes", n, m, (double) codes.size(), (double) want.size());
	if (codes.size() != count * bytes)
		return;
	rv_product_decode(k->product, codec, codes.data(), count, decoded.data(), turned_row.data());
	rv_product_decode(serial->product, codec, codes.data(), count, want_decoded.data(), turned_row.data());
	c.check(decoded == want_decoded, "decoded", n, m, 0, 0);
	for (size_t r = 0; r < count; r++)
	{
		const exact residual = sqrtl(exact_squares(rows.data() + r * n, decoded.data() + r * n, n)),
					norm = sqrtl(exact_dot(rows.data() + r * n, rows.data() + r * n, n));
		const float stored = float_at(codes.data() + r * bytes + payload + 4);

		c.check(stored >= residual && stored <= residual * (1 + 0x1p-22L) + FLT_TRUE_MIN, "residual", n, r, stored,
				(double) residual);
		c.check_near("norm", n, r, float_at(codes.data() + r * bytes + payload), (double) norm,
					 (double) norm * 0x1p-23 + FLT_TRUE_MIN);
	}
	rv_product_pack(codec, codes.data(), count, packed);
	std::vector<uint8_t> unpacked(count * bytes);

	rv_product_unpack(codec, packed, count, unpacked.data());
	c.check(unpacked == codes, "unpack", n, m, 0, 0);

	for (int which = 0; which < 6; which++)
	{
		/* Of the same data, a row itself, other data, zero, large. */
		fill(q.data(), 1, n, which == 3 ? SMOOTH : which == 5 ? LARGE : kind);
		if (which == 1)
			std::copy_n(rows.begin() + 5 * (ptrdiff_t) n, n, q.begin());
		if (which == 4)
			std::fill(q.begin(), q.end(), 0.0f);
		for (rv_metric metric : {RV_METRIC_L2SQ, RV_METRIC_DOT, RV_METRIC_COSINE})
			for (rv_product_estimates estimate : {RV_PRODUCT_PLAIN, RV_PRODUCT_MIDDLE})
			{
				std::vector<float> estimates(count),
							bounds(count),
							alone(count);

				c.check(rv_product_prepare(k->product, codec, q.data(), metric, turned_row.data(), prepared) == 1, "prepare", n,
						m, 0, 1);
				rv_product_prepare(serial->product, codec, q.data(), metric, turned_row.data(),
								   (rv_product_query *) want_query.memory());
				c.check_bytes("query", n, prepared, want_query.memory(), rv_product_query_bytes(codec));
				rv_product_estimate(k->product, codec, prepared, estimate, codes.data(), bytes, count, estimates.data(),
									bounds.data());
				check_values(c, s, metric, q.data(), rows, decoded, estimates.data(), bounds.data(), "bound");
				rv_product_estimate(k->product, codec, prepared, estimate, codes.data(), bytes, count, alone.data(), NULL);
				c.check_bytes("estimates alone", n, alone.data(), estimates.data(), count * 4);
				if (estimate == RV_PRODUCT_PLAIN)
					check_best(c, metric, estimates, [&](size_t most, uint32_t *indices, float *scores)
					{
						rv_product_best(k->product, codec, prepared, codes.data(), bytes, count, most, indices, scores);
					});
				rv_product_estimate_packed(k->product, codec, prepared, estimate, packed, count, estimates.data(),
										   bounds.data());
				check_values(c, s, metric, q.data(), rows, decoded, estimates.data(), bounds.data(), "packed bound");
				rv_product_estimate_packed(k->product, codec, prepared, estimate, packed, count, alone.data(), NULL);
				c.check_bytes("packed estimates alone", n, alone.data(), estimates.data(), count * 4);
				if (estimate == RV_PRODUCT_PLAIN)
					check_best(c, metric, estimates, [&](size_t most, uint32_t *indices, float *scores)
					{
						rv_product_best_packed(k->product, codec, prepared, packed, count, most, indices, scores);
					});
			}
	}
}

/* Many codes, of which many are alike, in every number of groups; some without a norm. */
void
check_best_of_many(const rv_quant_kernels *k, counts &c, size_t m, size_t bits, data kind, size_t count,
				   size_t *long_sums = nullptr)
{
	const size_t n = m < 20 ? 20 : m;
	const subject s(n, m, bits, kind, false);
	const rv_product_codec *codec = &s.codec;
	const size_t bytes = rv_product_code_bytes(codec);
	std::vector<uint8_t> codes(count * bytes),
				blocks((count + 31) / 32 * rv_product_block_bytes(codec));
	std::vector<float> q(n),
				estimates(count);
	lines		memory(rv_product_query_bytes(codec));
	rv_product_query *prepared = (rv_product_query *) memory.memory();

	fill(q.data(), 1, n, kind);
	for (size_t i = 0; i < count; i++)
	{
		const float factors[2] = {random_below(9) == 0 ? 0.0f : 1.0f + (float) random_below(3), 0.5f};

		for (size_t j = 0; j < bytes; j++)
			codes[i * bytes + j] = (uint8_t) (random_below(3) * 17);
		if (bits == 4 && m % 2 == 1)
			codes[i * bytes + m / 2] &= 15;
		memcpy(codes.data() + (i + 1) * bytes - sizeof(factors), factors, sizeof(factors));
	}
	rv_product_pack(codec, codes.data(), count, blocks.data());
	for (rv_metric metric : {RV_METRIC_L2SQ, RV_METRIC_DOT, RV_METRIC_COSINE})
	{
		rv_product_prepare(k->product, codec, q.data(), metric, NULL, prepared);
		if (long_sums != nullptr)
			*long_sums += prepared->largest_sum > 0xffff;
		rv_product_estimate(k->product, codec, prepared, RV_PRODUCT_PLAIN, codes.data(), bytes, count, estimates.data(),
							NULL);
		check_best(c, metric, estimates, [&](size_t most, uint32_t *indices, float *scores)
		{
			rv_product_best(k->product, codec, prepared, codes.data(), bytes, count, most, indices, scores);
		});
		rv_product_estimate_packed(k->product, codec, prepared, RV_PRODUCT_PLAIN, blocks.data(), count, estimates.data(),
								   NULL);
		check_best(c, metric, estimates, [&](size_t most, uint32_t *indices, float *scores)
		{
			rv_product_best_packed(k->product, codec, prepared, blocks.data(), count, most, indices, scores);
		});
	}
}

/* Estimates are close to what x' gives, and bounds are not much larger than they must be. */
void
check_sharpness(const rv_quant_kernels *k, counts &c, size_t bits, bool turned)
{
	const size_t n = 64,
				m = bits == 8 ? 8 : 16,
				count = 300;
	const subject s(n, m, bits, SMOOTH, turned);
	const rv_product_codec *codec = &s.codec;
	const size_t bytes = rv_product_code_bytes(codec);
	std::vector<float> rows(count * n),
				decoded(count * n),
				q(n),
				turned_row(n),
				estimates(count),
				bounds(count),
				packed_estimates(count),
				packed_bounds(count);
	std::vector<uint8_t> blocks((count + 31) / 32 * rv_product_block_bytes(codec));
	lines		query(rv_product_query_bytes(codec));
	rv_product_query *prepared = (rv_product_query *) query.memory();

	fill(rows.data(), count, n, SMOOTH);
	fill(q.data(), 1, n, SMOOTH);

	const std::vector<uint8_t> codes = encode(k, s, rows);

	rv_product_decode(k->product, codec, codes.data(), count, decoded.data(), turned_row.data());
	rv_product_pack(codec, codes.data(), count, blocks.data());
	for (rv_metric metric : {RV_METRIC_L2SQ, RV_METRIC_DOT, RV_METRIC_COSINE})
	{
		rv_product_prepare(k->product, codec, q.data(), metric, turned_row.data(), prepared);
		rv_product_estimate(k->product, codec, prepared, RV_PRODUCT_PLAIN, codes.data(), bytes, count, estimates.data(),
							bounds.data());
		rv_product_estimate_packed(k->product, codec, prepared, RV_PRODUCT_PLAIN, blocks.data(), count,
								   packed_estimates.data(), packed_bounds.data());
		for (size_t r = 0; r < count; r++)
		{
			const float residual = float_at(codes.data() + r * bytes + bytes - 4);
			exact		value,
						ideal;
			double		size,
						least;

			true_values(metric, q.data(), rows.data() + r * n, decoded.data() + r * n, n, &value, &ideal);
			size = metric == RV_METRIC_COSINE ? 1 : (double) exact_dot(q.data(), q.data(), n);
			c.check_near("estimate of x'", n, r, estimates[r], (double) ideal, 1e-5 * size);
			c.check_near("packed estimate of x'", n, r, packed_estimates[r], (double) ideal, bits == 8 ? 1e-5 * size : 0.1 * size);
			least = metric == RV_METRIC_L2SQ ? 2 * sqrt((double) ideal) * residual + residual * residual
				: metric == RV_METRIC_DOT ? sqrt(size) * residual
				: residual / sqrt((double) exact_dot(rows.data() + r * n, rows.data() + r * n, n));
			c.check(bounds[r] <= least * 1.001 + 1e-4 * size, "bound is sharp", n, r, bounds[r], least);
			c.check(packed_bounds[r] <= least * 1.001 + (bits == 8 ? 1e-4 : 0.15) * size, "packed bound is sharp", n, r,
					packed_bounds[r], least);
		}
	}
}

/* Norms beyond the limit are refused, by row and by query. */
void
check_limits(const rv_quant_kernels *k, counts &c)
{
	const subject s(8, 2, 8, SMOOTH, false);
	std::vector<float> rows(5 * 8, 1.0f);
	std::vector<uint8_t> codes(5 * rv_product_code_bytes(&s.codec));
	lines		memory(rv_product_encode_bytes(&s.codec)), query(rv_product_query_bytes(&s.codec));
	float		turned[8];

	for (float large : {0x1.000002p55f, FLT_MAX})
	{
		rows[3 * 8 + 2] = large;
		c.check_equal("rows before one that is too large", 8, 3,
					  (double) rv_product_encode(k->product, k->kmeans, &s.codec, rows.data(), 5, codes.data(), memory.memory()),
					  3);
		c.check_equal("query too large", 8, 0,
					  rv_product_prepare(k->product, &s.codec, rows.data() + 3 * 8, RV_METRIC_DOT, turned,
										 (rv_product_query *) query.memory()), 0);
	}
	rows[3 * 8 + 2] = 0x1p54f;
	c.check_equal("large rows", 8, 3,
				  (double) rv_product_encode(k->product, k->kmeans, &s.codec, rows.data(), 5, codes.data(), memory.memory()), 5);
}

}	/* namespace */

int
main()
{
	rv_quant_kernels oracle;

	rv_quant_variant(RV_VARIANT_SERIAL, &oracle);
	serial = &oracle;
	return run_variants([](const rv_quant_kernels *k, counts &c)
	{
		size_t		long_sums = 0;

		c.check(k->product->variant == k->simd->variant && strcmp(k->product->name, k->simd->name) == 0, "name", 0, 0, 0, 0);
		for (size_t bits : {(size_t) 4, (size_t) 8})
		{
			for (int kind = 0; kind < DATA_COUNT; kind++)
				for (size_t count : {(size_t) 11, (size_t) 256, (size_t) 1000})
					check_best_of_many(k, c, 1 + random_below(20), bits, (data) kind, count);
			for (int kind = 0; bits == 4 && kind < DATA_COUNT; kind++)
				for (size_t m : {(size_t) 300, (size_t) 600})
					check_best_of_many(k, c, m, bits, (data) kind, 300, &long_sums);
			for (size_t n = 1; n <= 40; n++)
				check_kernels(k, c, n, 1 + random_below((uint32_t) n), bits);
			check_kernels(k, c, 257, 257, bits);
			check_kernels(k, c, 600, 599, bits);
			check_kernels(k, c, 1100, 514, bits);
			for (bool turned : {false, true})
			{
				for (int kind = 0; kind < DATA_COUNT; kind++)
				{
					for (size_t n = 1; n <= 33; n += 1 + n / 8)
						check_codes(k, c, n, 1 + random_below((uint32_t) n), bits, (data) kind, turned);
					check_codes(k, c, 100, 25, bits, (data) kind, turned);
				}
				check_sharpness(k, c, bits, turned);
			}
			check_codes(k, c, 700, 600, bits, SMOOTH, false);
		}
		for (size_t n = 1; n <= 70; n++)
			check_turn(k, c, n);
		check_limits(k, c);
		/* Of 2 numbers of sub-spaces, and 3 metrics: some have sums above 16 bits, and some have not. */
		c.check(long_sums > 0 && long_sums < 6 * DATA_COUNT, "sums of more than 16 bits", 0, 0, (double) long_sums, 0);
	});
}
