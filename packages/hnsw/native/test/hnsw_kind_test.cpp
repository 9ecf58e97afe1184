/*
 * hnsw_kind_test.cpp - the graph with layers: recall of every type and metric, the same graph from the same seed, rows that
 * come and go, links to all of them, searches that go on to the end, and all of that beside searches.
 */
#include "engine/index.h"
#include "hnsw/hnsw.h"
#include "support/files.h"
#include "support/kinds.h"

namespace
{

using namespace rv_test;

const hnsw_body &
graph_of(const subject &s)
{
	return static_cast<const hnsw_body &>(*s.own);
}

/* What a file would have of it. */
std::vector<uint8_t>
image(const subject &s)
{
	std::vector<section> sections;
	std::vector<uint8_t> bytes;

	s.own->list_sections(sections);
	for (const section &part : sections)
	{
		const uint8_t *from = part.own.empty() ? (const uint8_t *) part.data : part.own.data();

		bytes.insert(bytes.end(), from, from + part.bytes);
	}
	return bytes;
}

struct least
{
	uint32_t	effort;
	double		recall;
};

void
finds_every_kind()
{
	for (const kind_of_rows &kind : all_kinds)
	{
		const index_options options = options_of(index_kind::hnsw, kind);
		subject		one(options),
					same(options),
					four(options);
		const std::vector<uint8_t> rows = make_rows(one.own->metric, (size_t) scaled(3000), 1),
					queries = make_rows(one.own->metric, 100, 2);
		char		name[100];

		one.add(rows);
		same.add(rows);
		four.add(rows, 4);
		one.sound(kind.name);
		four.sound(kind.name);
		check(image(one) == image(same), "%s: two graphs of one seed differ", kind.name);

		for (const least &at : {least{10, 0.9}, least{20, 0.96}, least{64, 0.995}})
		{
			const double found = one.recall(queries, at.effort),
						by_four = four.recall(queries, at.effort);

			snprintf(name, sizeof(name), "%s: recall of %u", kind.name, at.effort);
			figure(name, found);
			check(found >= at.recall, "%s: recall of %u is %.4f", kind.name, at.effort, found);
			check(by_four >= at.recall - 0.01, "%s: recall of %u by four threads is %.4f", kind.name, at.effort, by_four);
		}
	}
}

void
draws_levels()
{
	index_options options = options_of(index_kind::hnsw);
	subject		s(options),
				threads(options);

	options.seed = 2;

	subject		other(options);
	const std::vector<uint8_t> rows = make_rows(s.own->metric, (size_t) scaled(4000), 1);
	const uint32_t n = (uint32_t) scaled(4000);
	uint32_t	above = 0,
				differ = 0;

	s.add(rows);
	threads.add(rows, 3);
	other.add(rows);
	for (uint32_t slot = 0; slot < n; slot++)
	{
		const uint8_t level = graph_of(s).graph.node(slot)->level;

		above += level > 0;
		differ += level != graph_of(other).graph.node(slot)->level;
		check(level == graph_of(threads).graph.node(slot)->level, "a level depends on the number of threads");
	}
	figure("share of nodes above layer 0, of 1/16", (double) above / n);
	check(fabs((double) above / n - 1.0 / 16) < 0.02, "%u of %u nodes are above layer 0", above, n);
	check(differ > n / 20, "levels do not depend on the seed");
}

/* Half of the rows are replaced, a tenth at a time, and then the other half.  By one thread, so that numbers stay. */
void
keeps_recall_through_churn()
{
	const index_options options = options_of(index_kind::hnsw);
	subject		s(options),
				fresh(options);
	const size_t n = (size_t) scaled(6000);
	const size_t step = n / 10;
	const std::vector<uint8_t> queries = make_rows(s.own->metric, 400, 2);
	int64_t		next = 0;
	uint32_t	upper = 0;

	s.add(make_rows(s.own->metric, n, 1));
	for (int round = 0; round < 10; round++)
	{
		for (size_t i = 0; i < step; i++)
			s.remove(next++);
		s.own->repair(1, progress());
		s.sound("after a repair");
		s.own->repair(1, progress());
		s.add(make_rows(s.own->metric, step, (uint64_t) round + 10));
		s.sound("with new rows");
		check(s.own->count == n, "slots were not used again: there are %u", s.own->count.load());
		if (round == 1)
			upper = graph_of(s).graph.upper_count;
		if (round != 4 && round != 9)
			continue;

		subject		anew(options);
		std::vector<uint8_t> rows;

		for (int64_t i = 0; i < (int64_t) s.size(); i++)
			if (s.has(i))
				rows.insert(rows.end(), s.row_of(i), s.row_of(i) + s.own->metric.vector_bytes);
		anew.add(rows);

		for (uint32_t effort : {10, 20, 64})
		{
			const double after = s.recall(queries, effort),
						want = anew.recall(queries, effort);

			figure(effort == 10 ? "recall of 10 after churn" : effort == 20 ? "of 20" : "of 64", after);
			figure("of a fresh graph", want);
			check(after >= want - 0.005, "recall of %u is %.4f, that of a fresh graph %.4f", effort, after, want);
		}
	}
	/* Blocks of levels that were not drawn again wait for their turn. */
	check(graph_of(s).graph.upper_count <= upper + upper / 4, "upper links grew from %u to %u blocks", upper,
		  graph_of(s).graph.upper_count.load());
}

/* Whole clusters go, the entry with them; then all. */
void
survives_large_removals()
{
	subject		s(options_of(index_kind::hnsw));
	const space &metric = s.own->metric;
	const size_t n = (size_t) scaled(4000);
	const std::vector<uint8_t> queries = make_rows(metric, 50, 2);
	int			level;

	s.add(make_rows(metric, n, 1), 2);

	/* The nearer half, as seen from one row. */
	std::vector<std::pair<double, int64_t>> order;

	for (int64_t i = 0; i < (int64_t) n; i++)
		order.push_back({true_distance(metric, s.row_of(0), s.row_of(i)), i});
	std::sort(order.begin(), order.end());
	for (size_t i = 0; i < n / 2; i++)
		s.remove(order[i].second);
	/* Before a repair all of these are walked through. */
	check(s.recall(queries, 64) >= 0.98, "recall among dead rows");
	s.own->repair(2, progress());
	s.sound("without the nearer half");
	check(s.recall(queries, 64) >= 0.98, "recall without the nearer half");

	for (int round = 0; round < 5; round++)
	{
		const uint32_t entry = graph_of(s).graph.entry(&level);

		s.remove(s.number_of(entry));
		s.own->repair(1, progress());
		s.sound("without the entry");
		check(graph_of(s).graph.entry(&level) != entry, "the entry is a dead row");
	}
	for (int64_t i = 0; i < (int64_t) n; i++)
		if (s.has(i))
			s.remove(i);
	check(s.recall(queries, 64) == 0, "dead rows were found");
	s.own->repair(2, progress());
	check(graph_of(s).graph.entry(&level) == no_slot, "an empty graph has an entry");
	check(s.recall(queries, 64) == 0, "rows were found that there are not");
	s.own->repair(1, progress());
	s.add(make_rows(metric, n, 3), 2);
	s.sound("with new rows");
	check(s.own->count == n, "slots were not used again");
	check(s.recall(queries, 64) >= 0.98, "recall with new rows");
	/* All go, others come before a repair. */
	for (int64_t i = 0; i < (int64_t) s.size(); i++)
		if (s.has(i))
			s.remove(i);
	s.add(make_rows(metric, 300, 4));
	check(s.recall(queries, 64) >= 0.9, "recall behind dead rows");
	s.own->repair(1, progress());
	s.sound("of new rows that came to a graph of dead ones");
	check(s.recall(queries, 64) >= 0.98, "recall of new rows");
}

/* Distances of rows, each by itself, in order. */
std::vector<float>
alone(const body &of, const uint8_t *query, const scored *rows, size_t n)
{
	std::vector<float> distances(n);

	for (size_t i = 0; i < n; i++)
		distances[i] = of.metric.distance(query, of.metric.scale_of(query), of.row(rows[i].slot));
	std::sort(distances.begin(), distances.end());
	return distances;
}

void
goes_on_to_the_end()
{
	for (const kind_of_rows &kind : {all_kinds[0], all_kinds[5], all_kinds[9]})
	{
		subject		s(options_of(index_kind::hnsw, kind));
		const size_t n = (size_t) scaled(3000);
		const std::vector<uint8_t> queries = make_rows(s.own->metric, 3, 2);
		const uint8_t *query = queries.data();
		slot_filter filter,
					none;

		s.add(make_rows(s.own->metric, n, 1));
		for (uint32_t slot = 0; slot < n; slot += 5)
			filter.add(slot);
		for (int64_t i = 0; i < (int64_t) n; i += 4)
			s.remove(i);
		for (uint32_t effort : {1, 30, 5000})
		{
			s.iterate(query, effort, nullptr);
			s.iterate(query, effort, &filter);
		}
		s.iterate(query, 40, &none);

		/* The first batch is what find() gives. */
		const std::unique_ptr<searcher> state = s.own->make_searcher(),
					again = s.own->make_searcher();
		std::vector<scored> batch;
		scored		found[50];

		state->begin(query, 50, nullptr);
		check(state->more(batch), "nothing came");
		check(batch.size() >= 50, "%zu rows came, not 50", batch.size());
		check(again->find(query, 50, 50, found) == 50, "50 rows were not found");
		/* To the bit, of distances that are computed alone: kernels round four rows together otherwise. */
		const std::vector<float> want = alone(*s.own, query, found, 50),
					got = alone(*s.own, query, batch.data(), 50);

		for (size_t i = 0; i < 50; i++)
			check(got[i] == want[i], "row %zu is another one", i);

		/* More than a beam holds at once. */
		std::vector<scored> all(n);

		check(again->find(query, n, 10, all.data()) == s.own->live, "not all rows were found");

		/* What is used again meanwhile has the distance of its new row, or does not come. */
		std::vector<scored> rest;

		for (int64_t i = 0; i < (int64_t) n; i++)
			if (s.has(i) && i % 3 == 0)
				s.remove(i);
		s.own->repair(1, progress());
		s.own->repair(1, progress());
		s.add(make_rows(s.own->metric, n / 4, 5));
		while (state->more(rest))
			;
		check(rest.size() > n / 4, "%zu rows came", rest.size());
		for (const scored &row : rest)
			check(s.is_right(query, row), "a row has gone, or its distance is wrong");
	}
}

/* Ten thousand rows of one value, half of them one by one, do not hide others, and all lead to all. */
void
many_of_one_value()
{
	subject		s(options_of(index_kind::hnsw));
	const space &metric = s.own->metric;
	const size_t many = (size_t) scaled(5000);
	const std::vector<uint8_t> others = make_rows(metric, (size_t) scaled(2000), 1),
				more = make_rows(metric, (size_t) scaled(2000), 4),
				queries = make_rows(metric, 50, 2),
				value = make_rows(metric, 1, 3);
	std::vector<uint8_t> equal;

	for (size_t i = 0; i < many; i++)
		equal.insert(equal.end(), value.begin(), value.end());
	s.add(equal, 2);
	s.sound("of one value");
	s.add(others);
	s.sound("with others");
	for (size_t i = 0; i < many; i++)
		s.add(value);
	s.add(more);

	const double found = s.recall(queries, 64);

	figure("recall of 64", found);
	check(found >= 0.95, "recall of the others is %.4f", found);
	check(s.recall(value, 64) == 1, "rows of the value are not found");
	s.sound("with more");
	s.iterate(queries.data(), 64, nullptr);
	for (int64_t i = 0; i < (int64_t) many; i++)
		s.remove(i);
	s.own->repair(2, progress());
	s.sound("without half of them");
	check(s.recall(queries, 64) >= 0.95, "recall without half of them");
}

/* A build that is stopped leaves nothing that can be found, and is mended. */
void
can_be_stopped()
{
	struct left
	{
		int			calls;
	};

	subject		s(options_of(index_kind::hnsw));
	const std::vector<uint8_t> queries = make_rows(s.own->metric, 20, 2);

	for (int calls : {0, 3, 40})
	{
		left		counter = {calls};
		const uint32_t before = s.own->live;
		bool		stopped = false;

		try
		{
			s.add(make_rows(s.own->metric, 1500, (uint64_t) calls + 5), 1, progress{[](void *data, const char *, uint64_t, uint64_t)
			{
				return ((left *) data)->calls-- > 0;
			}, &counter});
		}
		catch (const failure &error)
		{
			stopped = error.code == error_code::stopped;
		}
		check(stopped, "the build was not stopped");
		check(s.recall(queries, 64) >= 0.97 || s.own->live == 0, "recall after a stop");
		s.add(make_rows(s.own->metric, 500, (uint64_t) calls + 6));
		check(s.own->live >= before + 500, "rows were lost");
		check(s.recall(queries, 64) >= 0.97, "recall beside what was stopped");
		s.own->repair(1, progress());
		s.own->repair(1, progress());
		s.sound("after a stop");
		check(s.recall(queries, 64) >= 0.97, "recall after a repair");
	}
}

/* A file gives the same graph, in memory and viewed; what was loaded goes on as any other. */
void
comes_back_from_files()
{
	const folder own;
	const std::string path = own / "graph";
	const index_options options = options_of(index_kind::hnsw);
	std::shared_ptr<rv_index::index> of = std::make_shared<rv_index::index>(options);
	const std::vector<uint8_t> rows = make_rows(of->metric, 2000, 1),
				queries = make_rows(of->metric, 50, 2);
	const size_t bytes = of->metric.vector_bytes;
	const std::vector<key> keys = numbered(0, 2000);

	of->add(keys.data(), rows.data(), 1500, false, 1, true, progress());
	of->remove(keys.data(), 200, false, true, progress());
	of->repair(1, progress());
	of->remove(&keys[300], 50, false, true, progress());
	of->save(path, progress());

	std::shared_ptr<rv_index::index> loaded = rv_index::index::load(path, false, progress()),
				viewed = rv_index::index::load(path, true, progress());

	for (size_t q = 0; q < 50; q++)
	{
		hits		a,
					b,
					c;
		search_counts counts;

		of->search(&queries[q * bytes], 10, 40, nullptr, a, counts);
		loaded->search(&queries[q * bytes], 10, 40, nullptr, b, counts);
		viewed->search(&queries[q * bytes], 10, 40, nullptr, c, counts);
		check(a.numbers == b.numbers && a.distances == b.distances, "query %zu differs in what was loaded", q);
		check(a.numbers == c.numbers && a.distances == c.distances, "query %zu differs in a view", q);
	}
	check(viewed->check(progress()).empty(), "the view is not sound");
	for (int round = 0; round < 4; round++)
	{
		loaded->add(&keys[1500], &rows[1500 * bytes], 500, false, 1, true, progress());
		loaded->repair(1, progress());
		loaded->remove(&keys[1500], 500, false, true, progress());
		loaded->repair(1, progress());
	}

	const std::vector<std::string> problems = loaded->check(progress());
	body_stats	stats;
	uint32_t	dead;
	uint64_t	key_bytes,
				total;

	loaded->describe(stats, &dead, &key_bytes, &total);
	check(problems.empty(), "what was loaded is not sound: %s", problems.empty() ? "" : problems[0].c_str());
	check(stats.unreachable == 0, "%llu rows are not reached", (unsigned long long) stats.unreachable);
	check(loaded->size() == 1250, "there are %u rows", loaded->size());
}

/* Searches and walks from two threads while rows come and go: every distance is that of the key's row. */
void
beside_changes()
{
	const size_t n = (size_t) scaled(2000);
	std::shared_ptr<rv_index::index> of = std::make_shared<rv_index::index>(options_of(index_kind::hnsw));
	const std::vector<uint8_t> rows = make_rows(of->metric, 2 * n, 3);
	const size_t bytes = of->metric.vector_bytes;
	const std::vector<key> keys = numbered(0, 2 * n);
	std::atomic<bool> ended{false};
	std::atomic<uint64_t> searches{0},
				wrong{0};
	std::vector<std::thread> readers;

	auto		look_at = [&](const uint8_t *query, const hits &found, size_t from)
	{
		for (size_t i = from; i < found.size(); i++)
		{
			const double distance = true_distance(of->metric, query, &rows[(size_t) found.numbers[i] * bytes]);

			wrong += fabs(distance - found.distances[i]) > allowance(distance);
		}
	};

	of->add(keys.data(), rows.data(), n, false, 2, true, progress());
	for (unsigned t = 0; t < 2; t++)
		readers.emplace_back([&, t]
		{
			for (size_t q = t; !ended; q = (q + 7) % (2 * n))
			{
				hits		found,
							walked;
				search_counts counts;
				const uint8_t *query = &rows[q * bytes];

				of->search(query, 10, 40, nullptr, found, counts);
				wrong += found.size() != 10;
				look_at(query, found, 0);

				const std::unique_ptr<cursor> walk = of->open(query, 20, nullptr);

				for (int batch = 0; batch < 10; batch++)
				{
					const size_t before = walked.size();

					if (!walk->more(walked))
						break;
					look_at(query, walked, before);
				}
				searches++;
			}
		});
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < n; i += 50)
		{
			const size_t gone = i + (round == 0 ? 0 : n),
						come = i + (round == 0 ? n : 0);

			of->remove(&keys[gone], 50, false, true, progress());
			of->add(&keys[come], &rows[come * bytes], 50, false, 2, true, progress());
			if (i % 500 == 450)
				of->repair(2, progress());
		}
	/* At least one search that sees the end. */
	for (const uint64_t before = searches; searches < before + 4;)
		std::this_thread::yield();
	ended = true;
	for (std::thread &thread : readers)
		thread.join();
	check(wrong == 0, "%llu results were wrong", (unsigned long long) wrong.load());
	check(of->size() == n, "there are %u rows", of->size());
	check(of->check(progress()).empty(), "the graph is not sound afterwards");
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_quant_init(nullptr);
	rv_simd = rv_quant.simd;
	begin(argc, argv);
	run("finds_every_kind", finds_every_kind);
	run("draws_levels", draws_levels);
	run("keeps_recall_through_churn", keeps_recall_through_churn);
	run("survives_large_removals", survives_large_removals);
	run("goes_on_to_the_end", goes_on_to_the_end);
	run("many_of_one_value", many_of_one_value);
	run("can_be_stopped", can_be_stopped);
	run("comes_back_from_files", comes_back_from_files);
	run("beside_changes", beside_changes);
	return status();
}
