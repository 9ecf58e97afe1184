/*
 * shapes_test.cpp - matrices and top-k over the kernels of every variant that runs here, against naive ones.
 *
 * Elements are small integers, so that every sum is exact in every type: results are compared to the bit with sums in
 * float64, and equal rows have equal scores.  Cosines, which are rounded, are compared within a bound, and their order
 * with that of the variant's own scores.  Inputs and results end exactly at a page that cannot be read.  Prints one line a
 * variant, `<name> <checks> checks, <failures> failed`, and returns 1 when anything failed.
 */
#include "shapes_oracle.h"

namespace
{

const char *const type_names[] = {"f32", "f16", "bf16", "i8", "u8", "bits", "f32_f16"};
const char *const metric_names[] = {"dot", "l2sq", "l1", "cosine", "hamming", "jaccard"};

const float untouched = -54321.0f;
const uint32_t untouched_index = 0xdeadbeefu;

const char *variant;
long		checks,
			failures;

void
check(bool holds, rv_type type, rv_metric metric, const char *what, size_t n, size_t i, double got, double want)
{
	checks++;
	if (holds)
		return;
	if (failures++ < 20)
		printf("%s %s %s %s n=%zu [%zu]: got %.9g, want %.9g\n", variant, type_names[type], metric_names[metric],
			   what, n, i, got, want);
}

bool
agrees(rv_metric metric, float got, double want)
{
	if (isnan(want))
		return isnan(got);
	if (metric == RV_METRIC_COSINE)
		return fabs(got - want) <= 8 * FLT_EPSILON;
	return got == (float) want;
}

/* Counts calls, and asks to stop at one of them. */
struct watch
{
	size_t		calls = 0,
				stop_at = SIZE_MAX,
				done = 0,
				total = 0;
	bool		ascending = true;

	static int
	step(void *data, size_t done, size_t total)
	{
		watch	   *w = (watch *) data;

		w->ascending = w->ascending && done >= w->done && done < total && (w->calls == 0 || total == w->total);
		w->done = done;
		w->total = total;
		return w->calls++ != w->stop_at;
	}
};

void
check_matrix(const rv_kernels *k, rv_type type, rv_metric metric, size_t n, size_t a_count, size_t b_count,
			 size_t padding)
{
	const matrix a(type, rv_simd_query_bytes(type), n, n + padding, a_count),
				b(type, rv_simd_row_bytes(type), n, n + 2 * padding, b_count);
	const size_t out_stride = b_count + padding;
	const size_t out_size = a_count == 0 ? 0 : (a_count - 1) * out_stride + b_count;
	const guarded memory((out_size + 1) * sizeof(float));
	float	   *out = memory.end<float>(out_size);
	watch		w;
	int			finished;

	std::fill(out - 1, out + out_size, untouched);
	finished = rv_simd_matrix(k, type, metric, a.row(0), a_count, a.stride, b.row(0), b_count, b.stride, n, out,
							  out_stride, watch::step, &w);
	check(finished == 1, type, metric, "matrix ends", n, 0, finished, 1);
	check(w.ascending, type, metric, "matrix progress", n, w.calls, (double) w.done, (double) w.total);
	check(out[-1] == untouched, type, metric, "write before the matrix", n, 0, out[-1], untouched);
	for (size_t i = 0; i < out_size; i++)
	{
		size_t		q = i / out_stride,
					r = i % out_stride;

		if (r >= b_count)
			check(out[i] == untouched, type, metric, "write between rows", n, i, out[i], untouched);
		else
		{
			double		want = exact(metric, a.values.data() + q * n, b.values.data() + r * n, n);

			check(agrees(metric, out[i], want), type, metric, "matrix", n, i, out[i], want);
		}
	}
}

/* Ended at any call, it ends at once, and what was scored by then stays. */
void
check_matrix_stops(const rv_kernels *k, rv_type type, rv_metric metric)
{
	const size_t n = 5,
				a_count = 300,
				b_count = 500;
	const matrix a(type, rv_simd_query_bytes(type), n, n, a_count), b(type, rv_simd_row_bytes(type), n, n, b_count);
	std::vector<float> out(a_count * b_count);
	watch		whole;

	rv_simd_matrix(k, type, metric, a.row(0), a_count, n, b.row(0), b_count, n, n, out.data(), b_count, watch::step,
				   &whole);
	check(whole.calls >= 3 && whole.total == a_count, type, metric, "matrix calls", n, 0, (double) whole.calls, 3);
	for (size_t stop = 0; stop < whole.calls; stop++)
	{
		watch		w;
		int			finished;

		w.stop_at = stop;
		std::fill(out.begin(), out.end(), untouched);
		finished = rv_simd_matrix(k, type, metric, a.row(0), a_count, n, b.row(0), b_count, n, n, out.data(), b_count,
								  watch::step, &w);
		check(finished == 0 && w.calls == stop + 1, type, metric, "matrix stops", n, stop, finished, 0);
		check(out[0] != untouched && out.back() == untouched, type, metric, "matrix stops at once", n, stop, out.back(),
			  untouched);
		/* Rows that count as done are. */
		for (size_t q = 0; q < w.done; q++)
			check(out[q * b_count] != untouched, type, metric, "matrix rows done", n, q, out[q * b_count], 0);
	}
}

/* Where there is no tile, rows go one by one. */
void
check_matrix_without_tile(const rv_kernels *k, rv_type type, rv_metric metric)
{
	static rv_kernels plain;

	plain = *k;
	plain.shapes[type][metric].tile = NULL;
	check_matrix(&plain, type, metric, 7, 13, 130, 0);
	check_matrix(&plain, type, metric, 7, 130, 13, 2);
}

/* The result for k against the sorted scores of all rows. */
void
check_nearest(const rv_kernels *k, rv_type type, rv_metric metric, const void *query, const void *rows, size_t n,
			  size_t count, size_t stride, size_t wish, const std::vector<float> &scores,
			  const std::vector<uint32_t> &order, const guarded &indices_memory, const guarded &scores_memory)
{
	const size_t want = wish < count ? wish : count;
	uint32_t   *indices = indices_memory.end<uint32_t>(want);
	float	   *best = scores_memory.end<float>(want);
	watch		w;
	size_t		found;

	indices[-1] = untouched_index;
	best[-1] = untouched;
	found = rv_simd_topk(k, type, metric, query, rows, n, count, stride, wish, indices, best, watch::step, &w);
	check(found == want, type, metric, "topk count", n, wish, (double) found, (double) want);
	check(w.ascending, type, metric, "topk progress", n, wish, (double) w.done, (double) w.total);
	check(indices[-1] == untouched_index, type, metric, "write before indices", n, wish, indices[-1], 0);
	check(best[-1] == untouched, type, metric, "write before scores", n, wish, best[-1], untouched);
	for (size_t i = 0; i < want && i < found; i++)
	{
		float		score = scores[order[i]];

		check(indices[i] == order[i], type, metric, "topk index", n, i, indices[i], order[i]);
		check(best[i] == score || (isnan(best[i]) && isnan(score)), type, metric, "topk score", n, i, best[i], score);
	}
}

void
check_topk(const rv_kernels *k, rv_type type, rv_metric metric, size_t n, size_t count, size_t padding)
{
	const matrix query(type, rv_simd_query_bytes(type), n, n, 1);
	matrix		rows(type, rv_simd_row_bytes(type), n, n + padding, count);
	const guarded indices((count + 1) * sizeof(uint32_t)), best((count + 1) * sizeof(float));
	std::vector<float> scores(count);

	/* Ties in plenty, near and far. */
	for (size_t r = 7; r < count; r += 1 + r % 5)
		rows.copy_row(r, random_bits() % r);
	k->shapes[type][metric].many(query.row(0), rows.row(0), n, count, rows.stride, scores.data());
	for (size_t r = 0; r < count; r++)
	{
		double		want = exact(metric, query.values.data(), rows.values.data() + r * n, n);

		check(agrees(metric, scores[r], want), type, metric, "many", n, r, scores[r], want);
	}

	const std::vector<uint32_t> order = sorted(scores, metric);

	for (size_t wish : {(size_t) 0, (size_t) 1, (size_t) 2, (size_t) 10, count / 2, count - 1, count, count + 1, SIZE_MAX})
		check_nearest(k, type, metric, query.row(0), rows.row(0), n, count, rows.stride, wish, scores, order, indices,
					  best);
}

/* Scores of every kind of number: of one dimension, so that a row is its own score. */
void
check_special_scores(const rv_kernels *k)
{
	static const float specials[] = {NAN, -NAN, INFINITY, -INFINITY, 0.0f, -0.0f, FLT_MAX, -FLT_MAX, FLT_MIN, -FLT_MIN,
	FLT_TRUE_MIN, -FLT_TRUE_MIN, 1.0f, -1.0f};
	const size_t kinds = sizeof(specials) / sizeof(specials[0]);

	for (size_t count : {(size_t) 1, (size_t) 2, (size_t) 15, (size_t) 16, (size_t) 100, (size_t) 1023, (size_t) 1024,
						 (size_t) 1025, (size_t) 3001})
		/* How many of a hundred rows are special: none, some, and nearly all. */
		for (uint64_t share : {0, 3, 95})
			for (rv_metric metric : {RV_METRIC_DOT, RV_METRIC_L1})
			{
				const guarded memory(count * sizeof(float)), indices((count + 1) * sizeof(uint32_t)),
							best((count + 1) * sizeof(float));
				const float query = metric == RV_METRIC_DOT ? 1.0f : 0.0f;
				float	   *rows = memory.end<float>(count);
				std::vector<float> scores(count);

				for (size_t r = 0; r < count; r++)
					rows[r] = random_bits() % 100 < share ? specials[random_bits() % kinds]
						: (float) (int64_t) (random_bits() % 2001) - 1000.0f;
				for (size_t r = 0; r < count; r++)
					scores[r] = metric == RV_METRIC_DOT ? rows[r] : fabsf(rows[r]);

				std::vector<uint32_t> order = sorted(scores, metric);

				for (size_t wish : {(size_t) 1, (size_t) 5, count / 3, count - 1, count})
					check_nearest(k, RV_TYPE_F32, metric, &query, rows, 1, count, 1, wish, scores, order, indices, best);
				/* The worst orders: each row is nearer, or farther, than all before it. */
				for (int direction : {1, -1})
				{
					for (size_t r = 0; r < count; r++)
						scores[r] = rows[r] = (float) direction * (float) r;
					if (metric == RV_METRIC_L1)
						for (size_t r = 0; r < count; r++)
							scores[r] = fabsf(rows[r]);
					order = sorted(scores, metric);
					check_nearest(k, RV_TYPE_F32, metric, &query, rows, 1, count, 1, count / 2 + 1, scores, order, indices,
								  best);
				}
			}
}

void
check_topk_stops(const rv_kernels *k)
{
	const size_t n = 700,
				count = 3000,
				wish = 5;
	const matrix query(RV_TYPE_F32, 4, n, n, 1), rows(RV_TYPE_F32, 4, n, n, count);
	uint32_t	indices[wish];
	float		scores[wish];
	watch		whole;

	rv_simd_topk(k, RV_TYPE_F32, RV_METRIC_L2SQ, query.row(0), rows.row(0), n, count, n, wish, indices, scores,
				 watch::step, &whole);
	/* 8.4 MB of rows. */
	check(whole.calls >= 7 && whole.calls <= 20 && whole.total == count, RV_TYPE_F32, RV_METRIC_L2SQ, "topk calls", n, 0,
		  (double) whole.calls, 8);
	for (size_t stop = 0; stop < whole.calls; stop++)
	{
		watch		w;
		size_t		found;

		w.stop_at = stop;
		found = rv_simd_topk(k, RV_TYPE_F32, RV_METRIC_L2SQ, query.row(0), rows.row(0), n, count, n, wish, indices,
							 scores, watch::step, &w);
		check(found == (size_t) -1 && w.calls == stop + 1, RV_TYPE_F32, RV_METRIC_L2SQ, "topk stops", n, stop,
			  (double) found, -1);
	}
}

void
check_sizes()
{
	static const size_t query_bytes[] = {4, 2, 2, 1, 1, 1, 4};
	static const size_t row_bytes[] = {4, 2, 2, 1, 1, 1, 2};

	for (int t = 0; t < RV_TYPE_COUNT; t++)
	{
		rv_type		type = (rv_type) t;

		check(rv_simd_query_bytes(type) == query_bytes[t], type, RV_METRIC_DOT, "query bytes", 0, 0,
			  (double) rv_simd_query_bytes(type), (double) query_bytes[t]);
		check(rv_simd_row_bytes(type) == row_bytes[t], type, RV_METRIC_DOT, "row bytes", 0, 0,
			  (double) rv_simd_row_bytes(type), (double) row_bytes[t]);
	}
	check(rv_simd_query_bytes(RV_TYPE_COUNT) == 0 && rv_simd_row_bytes(RV_TYPE_COUNT) == 0, RV_TYPE_F32, RV_METRIC_DOT,
		  "bytes of no type", 0, 0, 0, 0);
}

void
check_shapes(const rv_kernels *k, rv_type type, rv_metric metric)
{
	static const size_t counts[] = {0, 1, 2, 5, 12, 13, 31};

	for (size_t a_count : counts)
		for (size_t b_count : counts)
			for (size_t n : {(size_t) 0, (size_t) 1, (size_t) 9, (size_t) 40})
				check_matrix(k, type, metric, n, a_count, b_count, n % 3);
	/* Over the edges of blocks, which rows make or bytes. */
	check_matrix(k, type, metric, 3, 121, 250, 0);
	check_matrix(k, type, metric, 1100, 50, 62, 1);
	check_matrix_stops(k, type, metric);
	check_matrix_without_tile(k, type, metric);

	for (size_t count : {(size_t) 1, (size_t) 2, (size_t) 5, (size_t) 16, (size_t) 17, (size_t) 100, (size_t) 1024,
						 (size_t) 1300})
		for (size_t n : {(size_t) 0, (size_t) 1, (size_t) 2, (size_t) 33})
			check_topk(k, type, metric, n, count, count % 3);
	check_topk(k, type, metric, 3000, 400, 2);
}

/* Rows so long that blocks have no more of them than kernels take at a time. */
void
check_long_rows(const rv_kernels *k)
{
	check_matrix(k, RV_TYPE_F32, RV_METRIC_L2SQ, 40001, 13, 14, 0);
	check_matrix(k, RV_TYPE_I8, RV_METRIC_DOT, 140001, 13, 14, 0);
	check_topk(k, RV_TYPE_F32_F16, RV_METRIC_L1, 40001, 40, 0);
	check_topk(k, RV_TYPE_BITS, RV_METRIC_HAMMING, 70001, 40, 1);
}

}	/* namespace */

int
main()
{
	long		all_failures = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int v = 0; v < RV_VARIANT_COUNT; v++)
	{
		const rv_kernels *k = rv_simd_variant((rv_variant) v);
		int			combinations = 0;

		if (k == NULL)
			continue;
		variant = k->name;
		checks = failures = 0;
		check_sizes();
		for (int t = 0; t < RV_TYPE_COUNT; t++)
			for (int m = 0; m < RV_METRIC_COUNT; m++)
				if (k->shapes[t][m].many != NULL)
				{
					check_shapes(k, (rv_type) t, (rv_metric) m);
					combinations++;
				}
		/* Four metrics of six types, and two of bits. */
		check(combinations == 26, RV_TYPE_F32, RV_METRIC_DOT, "combinations", 0, 0, combinations, 26);
		check_long_rows(k);
		check_special_scores(k);
		check_topk_stops(k);
		printf("%s %ld checks, %ld failed\n", k->name, checks, failures);
		all_failures += failures;
	}
	return all_failures == 0 ? 0 : 1;
}
