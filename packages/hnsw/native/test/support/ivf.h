/*
 * ivf.h - what the programs on lists share: data, an index, and recall against brute force.
 */
#ifndef RUVECTOR_HNSW_TEST_IVF_H
#define RUVECTOR_HNSW_TEST_IVF_H

#include <algorithm>
#include <string>
#include <vector>

#include "check.h"
#include "engine/index.h"
#include "ivf/ivf.h"

namespace rv_test
{

using namespace rv_index;

/* Vectors around centres, as those of real sets are: `spread` of the noise beside centres of length about 1. */
struct clusters
{
	uint32_t	dimensions;
	double		spread;
	random_numbers random;
	std::vector<double> centres;

	clusters(uint32_t dimensions, uint32_t count, double spread, uint64_t seed)
		: dimensions(dimensions), spread(spread), random(seed)
	{
		for (uint32_t i = 0; i < count * dimensions; i++)
			centres.push_back(random.normal());
	}

	std::vector<float>
	rows(size_t n)
	{
		const size_t count = centres.size() / dimensions;
		std::vector<float> all;

		for (size_t i = 0; i < n; i++)
		{
			const double *centre = &centres[random.below((uint32_t) count) * dimensions];

			for (uint32_t d = 0; d < dimensions; d++)
				all.push_back((float) (centre[d] + spread * random.normal()));
		}
		return all;
	}
};

/* Rows `first` to before `first + n` of some. */
inline std::vector<float>
part_of(const std::vector<float> &rows, uint32_t dimensions, size_t first, size_t n)
{
	const auto	begin = rows.begin() + (ptrdiff_t) (first * dimensions);

	return std::vector<float>(begin, begin + (ptrdiff_t) (n * dimensions));
}

inline std::vector<key>
numbered(size_t first, size_t n)
{
	std::vector<key> keys(n);

	for (size_t i = 0; i < n; i++)
		keys[i].number = (int64_t) (first + i);
	return keys;
}

/* A body and what it needs. */
struct subject
{
	epochs		readers;
	ivf_body	body;

	explicit subject(const index_options &options) : body(options, readers) { }

	/* Of float32, in whatever type the index has. */
	std::vector<uint8_t>
	convert(const std::vector<float> &rows) const
	{
		const size_t n = rows.size() / body.metric.dimensions;
		std::vector<uint8_t> all(n * body.metric.vector_bytes);
		std::vector<float> scaled_row(body.metric.dimensions);

		for (size_t i = 0; i < n; i++)
		{
			for (uint32_t d = 0; d < body.metric.dimensions; d++)
				scaled_row[d] = rows[i * body.metric.dimensions + d] * (body.metric.type == vector_type::int8 ? 25 : 1);
			body.metric.from_floats(scaled_row.data(), &all[i * body.metric.vector_bytes]);
		}
		return all;
	}

	void
	add(size_t first, const std::vector<float> &rows, unsigned threads = 1, const progress &told = progress())
	{
		const size_t n = rows.size() / body.metric.dimensions;

		body.add(numbered(first, n).data(), convert(rows).data(), n, true, threads, told);
	}

	void
	sound(const char *when)
	{
		std::vector<std::string> problems;

		body.check(problems, progress());
		check(problems.empty(), "%s: %s", when, problems.empty() ? "" : problems[0].c_str());
	}

	/* What the order of summing may change of a distance. */
	double
	rounding(const void *query, const scored &found) const
	{
		std::vector<float> a(body.metric.dimensions),
					b(body.metric.dimensions);
		double		size = fabs(found.distance);

		if (body.metric.metric == metric_kind::cosine)
			size += 1;
		if (body.metric.metric == metric_kind::ip)
		{
			body.metric.to_floats(query, a.data());
			body.metric.to_floats(body.row(found.slot), b.data());
			size = rv_quant.simd->norm_f32(a.data(), a.size()) * rv_quant.simd->norm_f32(b.data(), b.size());
		}
		return size * 1e-6;
	}

	size_t count() const { return body.lists.load() == nullptr ? 0 : body.lists.load()->count(); }
};

inline index_options
options_of(uint32_t dimensions, uint32_t prefilter = 1, metric_kind metric = metric_kind::l2,
		   vector_type type = vector_type::float32)
{
	index_options options;

	options.kind = index_kind::ivf;
	options.dimensions = dimensions;
	options.prefilter = prefilter;
	options.metric = metric;
	options.type = type;
	return options;
}

constexpr size_t k = 10;
constexpr uint32_t all_lists = UINT32_MAX;

struct measured
{
	double		recall = 0,
				distances = 0,	/* of rows, for each query */
				estimates = 0;
	size_t		wrong = 0;		/* results out of order, twice, dead, or with another distance than the row's */
};

/* Against brute force; a row as near as the k-th counts. */
inline measured
measure(const subject &s, const std::vector<float> &queries, uint32_t probes)
{
	const ivf_body &body = s.body;
	const std::vector<uint8_t> vectors = s.convert(queries);
	const size_t n = vectors.size() / body.metric.vector_bytes;
	const std::unique_ptr<searcher> state = body.make_searcher();
	measured	result;
	size_t		hit = 0,
				wanted = 0;

	for (size_t q = 0; q < n; q++)
	{
		const uint8_t *query = &vectors[q * body.metric.vector_bytes];
		std::vector<scored> truth;
		scored		found[k];
		search_counts counts;
		const size_t got = state->find(query, k, probes, found);

		body.scan(query, k, nullptr, nullptr, truth, counts);
		wanted += truth.size();
		result.wrong += got != truth.size();
		for (size_t i = 0; i < got; i++)
		{
			hit += !truth.empty() && found[i].distance <= truth.back().distance + s.rounding(query, truth.back());
			result.wrong += !body.alive.has(found[i].slot);
			result.wrong += i > 0 && found[i].distance < found[i - 1].distance;
			for (size_t j = 0; j < i; j++)
				result.wrong += found[j].slot == found[i].slot;
			result.wrong += fabs(found[i].distance -
				body.metric.distance(query, body.metric.scale_of(query), body.row(found[i].slot))) >
				s.rounding(query, found[i]);
		}
	}
	result.recall = wanted == 0 ? 1 : (double) hit / (double) wanted;
	result.distances = (double) state->counts.distances / (double) n - (double) s.count();
	result.estimates = (double) state->counts.estimates / (double) n;
	return result;
}

}	/* namespace rv_test */

#endif							/* RUVECTOR_HNSW_TEST_IVF_H */
