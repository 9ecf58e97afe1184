/*
 * kinds.h - what the programs on kinds of index share: rows of every type, a body and its keys, and an oracle that
 * computes distances in double from the elements.
 */
#ifndef RUVECTOR_HNSW_TEST_KINDS_H
#define RUVECTOR_HNSW_TEST_KINDS_H

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <ruvector/quant/rabitq.h>

#include "check.h"
#include "engine/index.h"

namespace rv_test
{

using namespace rv_index;

constexpr uint32_t width = 32;

struct kind_of_rows
{
	const char *name;
	vector_type type;
	metric_kind metric;
	uint32_t	dimensions;
};

/* Binary vectors have some bits that fill no byte. */
inline const kind_of_rows all_kinds[] = {
	{"float32 l2", vector_type::float32, metric_kind::l2, width},
	{"float32 ip", vector_type::float32, metric_kind::ip, width},
	{"float32 cosine", vector_type::float32, metric_kind::cosine, width},
	{"float16 l2", vector_type::float16, metric_kind::l2, width},
	{"float16 ip", vector_type::float16, metric_kind::ip, width},
	{"float16 cosine", vector_type::float16, metric_kind::cosine, width},
	{"int8 l2", vector_type::int8, metric_kind::l2, width},
	{"int8 ip", vector_type::int8, metric_kind::ip, width},
	{"int8 cosine", vector_type::int8, metric_kind::cosine, width},
	{"binary hamming", vector_type::binary, metric_kind::hamming, 250},
	{"binary jaccard", vector_type::binary, metric_kind::jaccard, 250}
};

inline index_options
options_of(index_kind kind, const kind_of_rows &of = all_kinds[0])
{
	index_options options;

	options.kind = kind;
	options.type = of.type;
	options.metric = of.metric;
	options.dimensions = of.dimensions;
	options.ef_construction = 100;
	return options;
}

inline std::vector<key>
numbered(size_t first, size_t n)
{
	std::vector<key> keys(n);

	for (size_t i = 0; i < n; i++)
		keys[i].number = (int64_t) (first + i);
	return keys;
}

/* Rows around centres, which are the same for every seed. */
inline std::vector<uint8_t>
make_rows(const space &metric, size_t n, uint64_t seed)
{
	constexpr uint32_t centre_count = 20;
	random_numbers fixed(99),
				random(seed);
	const bool	of_bits = metric.type == vector_type::binary;
	std::vector<double> centres(centre_count * metric.dimensions);
	std::vector<float> elements(metric.dimensions);
	std::vector<uint8_t> rows(n * metric.vector_bytes);

	for (double &x : centres)
		x = of_bits ? fixed.below(2) : fixed.normal();
	for (size_t i = 0; i < n; i++)
	{
		const double *centre = &centres[random.below(centre_count) * metric.dimensions];
		uint8_t    *row = &rows[i * metric.vector_bytes];

		for (uint32_t j = 0; j < metric.dimensions; j++)
			if (of_bits)
				row[j / 8] = (uint8_t) (row[j / 8] | ((centre[j] != 0) != random.one_in(6)) << j % 8);
			else
				elements[j] = (float) ((centre[j] + 0.8 * random.normal()) * (metric.type == vector_type::int8 ? 25 : 1));
		if (!of_bits)
			metric.from_floats(elements.data(), row);
	}
	return rows;
}

/* A distance as users see it. */
inline double
true_distance(const space &metric, const uint8_t *a, const uint8_t *b)
{
	double		dot = 0,
				squares = 0,
				a_squares = 0,
				b_squares = 0;

	if (metric.type == vector_type::binary)
	{
		int			differ = 0,
					both = 0,
					either = 0;

		for (size_t i = 0; i < metric.vector_bytes; i++)
		{
			differ += __builtin_popcount(a[i] ^ b[i]);
			both += __builtin_popcount(a[i] & b[i]);
			either += __builtin_popcount(a[i] | b[i]);
		}
		return metric.metric == metric_kind::hamming ? differ : either == 0 ? 0 : 1 - (double) both / either;
	}

	std::vector<float> x(metric.dimensions),
				y(metric.dimensions);

	metric.to_floats(a, x.data());
	metric.to_floats(b, y.data());
	for (uint32_t i = 0; i < metric.dimensions; i++)
	{
		dot += (double) x[i] * y[i];
		squares += ((double) x[i] - y[i]) * ((double) x[i] - y[i]);
		a_squares += (double) x[i] * x[i];
		b_squares += (double) y[i] * y[i];
	}
	if (metric.metric == metric_kind::l2)
		return sqrt(squares);
	return metric.metric == metric_kind::ip ? -dot : 1 - dot / sqrt(a_squares * b_squares);
}

/* What float32 may make of it. */
inline double
allowance(double distance)
{
	return 1e-5 * (1 + fabs(distance));
}

/* A body, and what was put into it. */
struct subject
{
	epochs		readers;
	std::shared_ptr<body> own;
	std::vector<uint8_t> rows;	/* of all keys so far */

	explicit subject(const index_options &options) : own(make_body(options, readers)) { }

	size_t size() const { return rows.size() / own->metric.vector_bytes; }
	const uint8_t *row_of(int64_t number) const { return &rows[(size_t) number * own->metric.vector_bytes]; }

	/* Adds rows with the next numbers. */
	void
	add(const std::vector<uint8_t> &more, unsigned threads = 1, const progress &told = progress())
	{
		const size_t n = more.size() / own->metric.vector_bytes;
		const std::vector<key> keys = numbered(size(), n);

		rows.insert(rows.end(), more.begin(), more.end());
		own->add(keys.data(), more.data(), n, true, threads, told);
	}

	void
	remove(int64_t number)
	{
		key			old;

		old.number = number;
		own->remove(old);
	}

	bool
	has(int64_t number) const
	{
		key			wanted;

		wanted.number = number;
		return own->keys.find(wanted) != key_table::none;
	}

	int64_t number_of(uint32_t slot) const { return own->keys.at(slot).number; }

	/* Distances of all rows that are there, nearest first. */
	std::vector<double>
	truth(const uint8_t *query) const
	{
		std::vector<double> distances;

		for (int64_t i = 0; i < (int64_t) size(); i++)
			if (has(i))
				distances.push_back(true_distance(own->metric, query, row_of(i)));
		std::sort(distances.begin(), distances.end());
		return distances;
	}

	/* Whether a result is a row that is there, at its distance. */
	bool
	is_right(const uint8_t *query, const scored &found) const
	{
		const int64_t number = number_of(found.slot);
		const double distance = true_distance(own->metric, query, row_of(number));

		return own->alive.has(found.slot) && has(number) &&
			fabs(own->metric.result(found.distance) - distance) <= allowance(distance);
	}

	/* Of ten; a row as near as the tenth counts. */
	double
	recall(const std::vector<uint8_t> &queries, uint32_t effort) const
	{
		constexpr size_t k = 10;
		const size_t n = queries.size() / own->metric.vector_bytes;
		const std::unique_ptr<searcher> state = own->make_searcher();
		size_t		hit = 0;

		for (size_t q = 0; q < n; q++)
		{
			const uint8_t *query = &queries[q * own->metric.vector_bytes];
			const std::vector<double> all = truth(query);
			scored		found[k];
			const size_t got = state->find(query, k, effort, found);
			std::set<uint32_t> once;

			check(got == std::min(k, all.size()), "%zu rows were found, not %zu", got, std::min(k, all.size()));
			for (size_t i = 0; i < got; i++)
			{
				check(is_right(query, found[i]), "a distance, or a row, is wrong");
				check(once.insert(found[i].slot).second, "a row was found twice");
				check(i == 0 || found[i - 1].distance <= found[i].distance, "rows are not in order");
				hit += own->metric.result(found[i].distance) <= all[got - 1] + allowance(all[got - 1]);
			}
		}
		return (double) hit / (double) (k * n);
	}

	/* No invariant is broken, and links lead to all rows. */
	void
	sound(const char *when) const
	{
		std::vector<std::string> problems;
		body_stats	stats;

		own->check(problems, progress());
		own->describe(stats);
		check(problems.empty(), "%s: %s", when, problems.empty() ? "" : problems[0].c_str());
		check(stats.unreachable == 0, "%s: %llu rows are not reached", when, (unsigned long long) stats.unreachable);
	}

	/* All that a search gives that goes on to its end: each row that is there and passes once, at its distance. */
	void
	iterate(const uint8_t *query, uint32_t effort, const slot_filter *filter) const
	{
		const std::unique_ptr<searcher> state = own->make_searcher();
		std::vector<scored> found;
		std::set<uint32_t> once;
		size_t		wanted = 0;

		for (uint32_t slot = 0; slot < own->count; slot++)
			wanted += own->alive.has(slot) && (filter == nullptr || filter->has(slot));
		state->begin(query, effort, filter);
		while (state->more(found))
			;
		for (const scored &s : found)
		{
			check(is_right(query, s), "a distance, or a row, is wrong");
			check(once.insert(s.slot).second, "a row was given twice");
			check(filter == nullptr || filter->has(s.slot), "a row does not pass");
		}
		check(found.size() == wanted, "%zu rows came, not %zu", found.size(), wanted);
	}
};

}	/* namespace rv_test */

#endif							/* RUVECTOR_HNSW_TEST_KINDS_H */
