/*
 * train.cpp - quant's k-means on the engine's rows and threads.
 */
#include "train.h"

#include <algorithm>
#include <math.h>
#include <string.h>

#include <ruvector/quant/kmeans.h>

namespace rv_index
{

namespace
{

constexpr uint64_t rows_a_list = 2 * block_rows;

/* Of a first training by few rows: so that a centroid is a mean of some. */
constexpr uint64_t least_rows_a_centroid = 8;

/*
 * Rows of a sample: faiss wants 39 a centroid at least, and VectorChord takes 256 of the coarse level.  Small indexes
 * are trained on all that they have.
 */
constexpr size_t sample_rows = 65536;
constexpr size_t sample_rows_a_centroid = 40;

/* k-means of this many centroids and more is hierarchical: N 2 sqrt(k) d for an iteration in place of N k d. */
constexpr size_t hierarchical_from = 256;
constexpr size_t iterations = 10;

/* Rows of a tile: their elements and the panels that they are compared with stay in the second-level cache. */
constexpr size_t tile_rows = 64;

uint64_t
next_random(uint64_t &state)
{
	uint64_t	z = state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

/* What k-means calls, which is C: nothing is thrown through it. */
struct train_host
{
	unsigned	threads;
	const progress &told;
	const char *phase;
	std::exception_ptr error;

	static void
	run(void *own, size_t count, rv_task task, void *data)
	{
		train_host &host = *(train_host *) own;

		try
		{
			parallel_for(0, count, host.threads, 1, progress(), host.phase, [&](uint64_t i, unsigned)
			{
				task(data, (size_t) i);
			});
		}
		catch (...)
		{
			/* What was to be done is not; the next step ends it. */
			host.error = std::current_exception();
		}
	}

	static int
	step(void *own, size_t done, size_t total)
	{
		train_host &host = *(train_host *) own;

		if (host.error)
			return 0;
		try
		{
			host.told.step(host.phase, done, total);
		}
		catch (...)
		{
			host.error = std::current_exception();
			return 0;
		}
		return 1;
	}
};

/* `count` of n numbers, ascending, each choice as likely (Knuth, TAOCP 2, 3.4.2, algorithm S). */
std::vector<size_t>
choose(size_t n, size_t count, uint64_t seed)
{
	std::vector<size_t> chosen;
	uint64_t	state = seed;

	chosen.reserve(count);
	for (size_t i = 0; i < n && chosen.size() < count; i++)
		if ((double) (next_random(state) >> 11) * 0x1p-53 * (double) (n - i) < (double) (count - chosen.size()))
			chosen.push_back(i);
	return chosen;
}

}	/* namespace */

size_t
lists_of(uint64_t rows, uint32_t wanted, bool has_codes)
{
	if (wanted != 0)
		return (size_t) std::min<uint64_t>(wanted, std::max<uint64_t>(1, rows / least_rows_a_centroid));

	const double root = (has_codes ? 2 : 4) * sqrt((double) rows);

	return (size_t) std::max<uint64_t>(1, std::min((uint64_t) root, rows / rows_a_list));
}

uint32_t
list_limit(uint64_t rows, uint32_t wanted, bool has_codes)
{
	const uint64_t limit = 4 * (rows / lists_of(rows, wanted, has_codes) + 1);

	if (wanted == 1)
		return UINT32_MAX;
	return (uint32_t) std::max<uint64_t>(4 * block_rows, std::min<uint64_t>(limit, UINT32_MAX));
}

std::vector<float>
train_centroids(const row_source &from, size_t n, size_t k, uint64_t seed, unsigned threads, const progress &told,
				const char *phase)
{
	const ivf_coder &coder = from.coder;
	const size_t dimensions = coder.metric.dimensions;
	const std::vector<size_t> chosen = choose(n, std::min(n, std::max(sample_rows, k * sample_rows_a_centroid)), seed);
	std::vector<float> sample(chosen.size() * dimensions);
	std::vector<uint8_t> tame(chosen.size());
	size_t		kept = 0;

	parallel_for(0, chosen.size(), threads, 256, progress(), phase, [&](uint64_t i, unsigned)
	{
		from.to_floats(chosen[i], &sample[i * dimensions]);
		tame[i] = coder.is_tame(&sample[i * dimensions]);
	});
	for (size_t i = 0; i < chosen.size(); i++)
	{
		if (!tame[i])
			continue;
		if (kept < i)
			memcpy(&sample[kept * dimensions], &sample[i * dimensions], dimensions * sizeof(float));
		kept++;
	}
	k = std::min(k, kept);
	/* Where all rows are too long one list has them. */
	if (k == 0)
		return std::vector<float>(dimensions);

	rv_kmeans_options options = {};
	rv_kmeans_result result = {};
	train_host	own = {threads, told, phase, nullptr};
	const rv_kmeans_host host = {&own, train_host::run, train_host::step};

	options.n = dimensions;
	options.rows = kept;
	options.k = k;
	options.coarse = k >= hierarchical_from ? (size_t) sqrt((double) k) : 0;
	options.iterations = iterations;
	options.tolerance = 1e-3;
	options.start = RV_KMEANS_PLUS_PLUS;
	options.spherical = coder.metric.metric == metric_kind::cosine;
	options.seed = (uint32_t) next_random(seed);

	const size_t bytes = rv_kmeans_workspace(&options);

	if (bytes == SIZE_MAX)
		throw failure(error_code::too_large, "so many rows and lists are too large for k-means");

	line_memory workspace = take_lines(bytes);
	std::vector<float> centroids(k * dimensions);
	std::vector<double> history(iterations + 1);

	result.centroids = centroids.data();
	result.history = history.data();
	if (!rv_kmeans_train(rv_quant.kmeans, &options, sample.data(), workspace.get(), &host, &result) || own.error)
		std::rethrow_exception(own.error);
	return centroids;
}

void
find_nearest(const row_source &from, size_t n, const float *centroids, const float *panels, size_t count,
			 unsigned threads, const progress &told, const char *phase, uint32_t *nearest)
{
	const size_t dimensions = from.coder.metric.dimensions;
	const rv_kmeans_centroids all = {centroids, panels, dimensions, count};
	std::vector<std::vector<float>> tiles(threads);

	parallel_for(0, (n + tile_rows - 1) / tile_rows, threads, 4, told, phase, [&](uint64_t t, unsigned thread)
	{
		const size_t first = (size_t) t * tile_rows;
		const size_t here = std::min(tile_rows, n - first);
		std::vector<float> &tile = tiles[thread];

		tile.resize(tile_rows * dimensions);
		for (size_t i = 0; i < here; i++)
		{
			float	   *elements = &tile[i * dimensions];

			from.to_floats(first + i, elements);
			/* Which list has a row that leaves float32 is no matter. */
			if (!from.coder.is_tame(elements))
				memset(elements, 0, dimensions * sizeof(float));
		}
		rv_quant.kmeans->nearest(&all, tile.data(), here, dimensions, nearest + first, nullptr);
	});
}

}	/* namespace rv_index */
