/*
 * flat_kind_test.cpp - exact search: all of it is right, whatever comes and goes.
 */
#include "engine/index.h"
#include "support/kinds.h"

namespace
{

using namespace rv_test;

void
is_exact()
{
	for (const kind_of_rows &kind : all_kinds)
	{
		subject		s(options_of(index_kind::flat, kind));
		const std::vector<uint8_t> queries = make_rows(s.own->metric, 20, 2);

		s.add(make_rows(s.own->metric, 1500, 1));
		check(s.recall(queries, 1) == 1, "%s: not exact", kind.name);
		for (int64_t i = 0; i < 1500; i += 2)
			s.remove(i);
		check(s.recall(queries, 1) == 1, "%s: not exact without half of the rows", kind.name);
		s.own->repair(1, progress());
		s.own->repair(1, progress());
		s.add(make_rows(s.own->metric, 750, 3));
		check(s.own->count == 1500, "%s: slots were not used again", kind.name);
		check(s.recall(queries, 1) == 1, "%s: not exact with new rows", kind.name);
		s.sound(kind.name);
	}
}

void
goes_on_in_order()
{
	for (const kind_of_rows &kind : all_kinds)
	{
		subject		s(options_of(index_kind::flat, kind));
		const std::vector<uint8_t> query = make_rows(s.own->metric, 1, 2);
		slot_filter filter;

		s.add(make_rows(s.own->metric, 1000, 1));
		for (uint32_t slot = 0; slot < 1000; slot += 3)
			filter.add(slot);
		s.remove(6);
		s.remove(7);
		s.iterate(query.data(), 64, nullptr);
		s.iterate(query.data(), 7, &filter);

		/* Of batches each is in order, and behind the one before it. */
		const std::unique_ptr<searcher> state = s.own->make_searcher();
		std::vector<scored> found;

		state->begin(query.data(), 300, nullptr);
		check(state->more(found), "nothing came");
		check(found.size() == 300, "%zu rows came, not 300", found.size());
		check(state->counts.distances == 998 + 300, "%llu distances", (unsigned long long) state->counts.distances);
		check(state->more(found), "nothing more came");
		check(found.size() == 600, "%zu rows came, not 600", found.size());
		for (size_t i = 1; i < found.size(); i++)
			check(found[i - 1].distance <= found[i].distance, "%s: rows are not in order", kind.name);
		/* What goes meanwhile does not come. */
		for (int64_t i = 0; i < 1000; i++)
			if (s.has(i) && i % 2 == 0)
				s.remove(i);

		const size_t before = found.size();

		while (state->more(found))
			;
		for (size_t i = before; i < found.size(); i++)
			check(s.is_right(query.data(), found[i]), "a row has gone, or its distance is wrong");
	}
}

void
beside_changes()
{
	const index_options options = options_of(index_kind::flat);
	std::shared_ptr<rv_index::index> of = std::make_shared<rv_index::index>(options);
	const std::vector<uint8_t> rows = make_rows(of->metric, 1000, 1);
	const size_t bytes = of->metric.vector_bytes;
	const std::vector<key> keys = numbered(0, 1000);
	std::atomic<bool> ended{false};
	std::atomic<uint64_t> searches{0},
				wrong{0};

	of->add(keys.data(), rows.data(), 500, false, 1, true, progress());

	std::thread reader([&]
	{
		for (size_t q = 0; !ended; q = (q + 7) % 1000)
		{
			const uint8_t *query = &rows[q * bytes];
			hits		found;
			search_counts counts;

			of->search(query, 10, 10, nullptr, found, counts);
			wrong += found.size() != 10;
			for (size_t i = 0; i < found.size(); i++)
			{
				const double distance = true_distance(of->metric, query, &rows[(size_t) found.numbers[i] * bytes]);

				wrong += fabs(distance - found.distances[i]) > allowance(distance);
			}
			searches++;
		}
	});

	for (int round = 0; round < 10; round++)
	{
		for (size_t i = 0; i < 500; i += 20)
		{
			const size_t gone = i + (round % 2 == 0 ? 0 : 500),
						come = i + (round % 2 == 0 ? 500 : 0);

			of->add(&keys[come], &rows[come * bytes], 20, false, 1, true, progress());
			of->remove(&keys[gone], 20, false, true, progress());
		}
		of->repair(1, progress());
	}
	/* At least one search that sees the end. */
	for (const uint64_t before = searches; searches < before + 2;)
		std::this_thread::yield();
	ended = true;
	reader.join();
	check(wrong == 0, "%llu results were wrong", (unsigned long long) wrong.load());
	check(of->check(progress()).empty(), "the index is not sound");
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_quant_init(nullptr);
	rv_simd = rv_quant.simd;
	begin(argc, argv);
	run("is_exact", is_exact);
	run("goes_on_in_order", goes_on_in_order);
	run("beside_changes", beside_changes);
	return status();
}
