/*
 * qg_test.cpp - the graph with codes: recall, the same graph from any number of threads, rows that come and go beside searches.
 */
#include "engine/index.h"
#include "qg/qg.h"
#include "support/check.h"

#include <algorithm>
#include <cmath>
#include <thread>

namespace
{

using namespace rv_index;
using namespace rv_test;

constexpr uint32_t dimensions = 48;

/* Rows around centres. */
std::vector<float>
make_rows(size_t n, uint64_t seed)
{
	std::vector<float> centres(40 * dimensions),
				rows(n * dimensions);
	uint64_t	state = 7;

	auto		uniform = [&]
	{
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		return (double) (state >> 11) * 0x1p-53;
	};
	auto		normal = [&]
	{
		return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(6.283185307179586 * uniform());
	};

	for (float &x : centres)
		x = (float) normal();
	state = seed;
	for (size_t i = 0; i < n; i++)
	{
		const size_t centre = (size_t) (uniform() * 40);

		for (uint32_t j = 0; j < dimensions; j++)
			rows[i * dimensions + j] = centres[centre * dimensions + j] + (float) (0.7 * normal());
	}
	return rows;
}

index_options
options_of(metric_kind metric)
{
	index_options options;

	options.kind = index_kind::qg;
	options.metric = metric;
	options.dimensions = dimensions;
	options.ef_construction = 128;
	return options;
}

std::vector<key>
make_keys(size_t n, int64_t first)
{
	std::vector<key> keys(n);

	for (size_t i = 0; i < n; i++)
		keys[i].number = first + (int64_t) i;
	return keys;
}

double
recall(rv_index::index &of, const std::vector<float> &queries, uint32_t effort)
{
	const size_t n = queries.size() / dimensions;
	size_t		hit = 0;

	for (size_t q = 0; q < n; q++)
	{
		hits		found,
					exact;
		search_counts counts;

		of.search(&queries[q * dimensions], 10, effort, nullptr, found, counts);
		of.search(&queries[q * dimensions], 10, 2000, nullptr, exact, counts);
		for (int64_t number : found.numbers)
			hit += (size_t) std::count(exact.numbers.begin(), exact.numbers.end(), number);
		for (size_t i = 1; i < found.size(); i++)
			check(found.distances[i - 1] <= found.distances[i], "results are not in order");
	}
	return (double) hit / (double) (10 * n);
}

void
builds()
{
	const std::vector<float> rows = make_rows(3000, 1),
				queries = make_rows(200, 2);
	const std::vector<key> keys = make_keys(3000, 0);

	for (metric_kind metric : {metric_kind::l2, metric_kind::ip, metric_kind::cosine})
	{
		std::shared_ptr<rv_index::index> one = std::make_shared<rv_index::index>(options_of(metric)),
					four = std::make_shared<rv_index::index>(options_of(metric));

		one->add(keys.data(), rows.data(), keys.size(), false, 1, true, progress());
		four->add(keys.data(), rows.data(), keys.size(), false, 4, true, progress());
		check(one->check(progress()).empty(), "the graph is not sound");
		for (size_t q = 0; q < 200; q++)
		{
			hits		a,
						b;
			search_counts a_counts,
						b_counts;

			one->search(&queries[q * dimensions], 10, 40, nullptr, a, a_counts);
			four->search(&queries[q * dimensions], 10, 40, nullptr, b, b_counts);
			check(a.numbers == b.numbers && a.distances == b.distances && a_counts.hops == b_counts.hops,
				  "query %zu differs between graphs of one thread and of four", q);
		}

		const double found = recall(*one, queries, 64);

		figure("recall of 64", found);
		check(found >= (metric == metric_kind::ip ? 0.93 : 0.97), "recall %.4f under metric %d", found, (int) metric);

		body_stats	stats;
		uint32_t	dead;
		uint64_t	key_bytes,
					total;

		one->describe(stats, &dead, &key_bytes, &total);
		check(stats.unreachable == 0, "%llu rows are not reached", (unsigned long long) stats.unreachable);
	}
}

/* Searches from two threads while rows come and go: every distance is that of the key's row. */
void
beside_changes()
{
	const size_t n = 2000;
	const std::vector<float> rows = make_rows(2 * n, 3);
	const std::vector<key> keys = make_keys(2 * n, 0);
	std::shared_ptr<rv_index::index> of = std::make_shared<rv_index::index>(options_of(metric_kind::l2));
	std::atomic<bool> ended{false};
	std::atomic<uint64_t> searches{0},
				wrong{0};
	std::vector<std::thread> readers;

	of->add(keys.data(), rows.data(), n, false, 2, true, progress());
	for (unsigned t = 0; t < 2; t++)
		readers.emplace_back([&, t]
		{
			for (size_t q = t; !ended; q = (q + 7) % (2 * n))
			{
				hits		found;
				search_counts counts;
				const float *query = &rows[q * dimensions];

				of->search(query, 10, 40, nullptr, found, counts);
				wrong += found.size() != 10;
				for (size_t i = 0; i < found.size(); i++)
				{
					const float *row = &rows[(size_t) found.numbers[i] * dimensions];
					double		sum = 0;

					for (uint32_t j = 0; j < dimensions; j++)
						sum += ((double) query[j] - row[j]) * ((double) query[j] - row[j]);
					wrong += std::fabs(std::sqrt(sum) - found.distances[i]) > 1e-3;
				}
				searches++;
			}
		});
	for (size_t i = 0; i < n; i += 50)
	{
		of->remove(&keys[i], 50, false, true, progress());
		of->add(&keys[n + i], &rows[(n + i) * dimensions], 50, false, 1, true, progress());
		if (i % 1000 == 950)
			of->repair(2, progress());
	}
	of->compact(2, progress());
	/* At least one search that sees the end. */
	for (const uint64_t before = searches; searches < before + 4;)
		std::this_thread::yield();
	ended = true;
	for (std::thread &thread : readers)
		thread.join();
	check(wrong == 0, "%llu results were wrong", (unsigned long long) wrong.load());
	check(of->size() == n, "there are %u rows", of->size());
	check(of->check(progress()).empty(), "the graph is not sound afterwards");
	figure("recall of 64 after all rows were replaced", recall(*of, make_rows(100, 4), 64));
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_quant_init(nullptr);
	rv_simd = rv_quant.simd;
	begin(argc, argv);
	run("builds", builds);
	run("beside_changes", beside_changes);
	return status();
}
