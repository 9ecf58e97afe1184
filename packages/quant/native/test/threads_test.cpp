/*
 * threads_test.cpp - training by the threads of the addon's pool gives what one thread gives; native.slow.test.ts runs it
 * under the thread sanitizer.
 */
#include <vector>

#include <ruvector/quant/product.h>

#define RV_NEWEST_GLIBC
extern "C"
{
#include "../addon/pool.c"
}

#include "support.h"

namespace
{

constexpr size_t n = 11,
			row_count = 2600;

/* A multiple of 64 bytes. */
struct workspace
{
	void	   *memory;

	explicit workspace(size_t bytes) : memory(aligned_alloc(64, (bytes + 63) / 64 * 64))
	{
		if (memory == NULL)
			exit(2);
		memset(memory, 0xA5, bytes);
	}

	workspace(const workspace &) = delete;
	workspace &operator=(const workspace &) = delete;
	~workspace() { free(memory); }
};

struct centroids
{
	std::vector<float> rows;
	std::vector<uint32_t> indices;
	std::vector<double> history;

	centroids(const rv_kmeans_kernels *k, const rv_kmeans_options &o, const std::vector<float> &from,
			  const rv_kmeans_host *host)
		: rows(o.k * o.n), indices(o.rows), history(o.iterations + 1)
	{
		workspace	w(rv_kmeans_workspace(&o));
		rv_kmeans_result result = {rows.data(), indices.data(), history.data(), 0, 0};

		rv_kmeans_train(k, &o, from.data(), w.memory, host, &result);
	}

	bool
	operator==(const centroids &other) const
	{
		return rows == other.rows && indices == other.indices && history == other.history;
	}
};

struct codec
{
	std::vector<float> centroids,
				rotation;
	std::vector<double> history;

	codec(const rv_quant_kernels *k, const rv_product_options &o, const std::vector<float> &from,
		  const rv_kmeans_host *host)
		: centroids(o.n << o.bits), rotation(o.turns > 0 ? o.n * o.n : 0), history(o.turns + 1)
	{
		workspace	w(rv_product_workspace(&o));
		rv_product_result result = {centroids.data(), o.turns > 0 ? rotation.data() : NULL, history.data(), 0};

		rv_product_train(k->product, k->kmeans, &o, from.data(), w.memory, host, &result);
		history.push_back(result.distortion);
	}

	bool
	operator==(const codec &other) const
	{
		return centroids == other.centroids && rotation == other.rotation && history == other.history;
	}
};

void
check_kmeans(const rv_kmeans_kernels *k, counts &c, const std::vector<float> &rows, const rv_kmeans_host *host)
{
	rv_kmeans_options plain = {};

	plain.n = n;
	plain.rows = row_count;
	plain.k = 40;
	plain.iterations = 4;
	plain.start = RV_KMEANS_PLUS_PLUS;
	plain.assign = 1;
	plain.seed = 3;

	rv_kmeans_options parallel = plain,
				spherical = plain,
				cells = plain;

	parallel.start = RV_KMEANS_PARALLEL;
	spherical.spherical = 1;
	spherical.batches = 3;
	spherical.batch_rows = 700;
	cells.coarse = 6;
	for (const rv_kmeans_options &o : {plain, parallel, spherical, cells})
		c.check(centroids(k, o, rows, host) == centroids(k, o, rows, NULL), "k-means", n, o.batches + o.coarse, 0, 0);
}

void
check_product(const rv_quant_kernels *k, counts &c, const std::vector<float> &rows, const rv_kmeans_host *host)
{
	for (size_t turns : {(size_t) 0, (size_t) 2})
	{
		const rv_product_options o = {n, 3, 4, row_count, 4, turns, RV_KMEANS_PLUS_PLUS, 1};

		c.check(codec(k, o, rows, host) == codec(k, o, rows, NULL), "product", n, turns, 0, 0);
	}
}

/* Sets of tasks of every size, one at once after the other: each task is done once, and all before the set ends. */
void
check_sets(rv_pool *pool, counts &c)
{
	for (size_t count = 0; count < 200; count++)
	{
		std::vector<size_t> done(count);

		rv_pool_run(pool, count, [](void *data, size_t t) { (*(std::vector<size_t> *) data)[t] += t + 1; }, &done);
		for (size_t t = 0; t < count; t++)
			c.check_equal("task", count, t, (double) done[t], (double) (t + 1));
	}
}

}	/* namespace */

int
main()
{
	static rv_pool_host host;

	return run_variants([](const rv_quant_kernels *k, counts &c)
	{
		std::vector<float> rows(row_count * n);

		random_numbers = rv::random(9);
		for (float &x : rows)
			x = (float) random_unit();
		for (size_t threads : {(size_t) 1, (size_t) 4})
		{
			c.check(rv_pool_open(&host.pool, threads) != 0, "opens", n, threads, 0, 1);

			const rv_kmeans_host hooks = rv_pool_hooks(&host, NULL, NULL);

			check_sets(&host.pool, c);
			check_kmeans(k->kmeans, c, rows, &hooks);
			check_product(k, c, rows, &hooks);
			rv_pool_close(&host.pool);
		}
	});
}
