/*
 * interleaved_test.cpp - insertions in the middle of insertions.
 *
 * What processes do to each other at random is done here on purpose: wherever an
 * insertion or a refinement holds no lock, others may run from beginning to end.
 */
#include <vector>

#include "support/graphs.h"

namespace
{

using namespace rv_test;

/* Insertions and refinements that stand still at once, and one that runs. */
constexpr int most_at_once = 4;

struct scheduler;

/* One lock at a time, and it is given back. */
struct interleaving_host : malloc_host
{
	scheduler  *turns;

	void lock_node(uint32_t slot);
	void unlock_node(uint32_t slot);
};

struct interleaved_metric
{
	static inline scheduler *turns;

	static void gather(const float *query, const float *const *rows, size_t dimensions, size_t n, float *out);
};

typedef rv_hnsw::arena_inserter<interleaved_metric, interleaving_host> inserter;

struct scheduler
{
	random_numbers random;
	interleaving_host host;
	inserter	inserters[most_at_once];
	uint32_t	locked = no_slot;
	uint32_t	next = 0;		/* row to insert; behind the last one, to refine */
	uint32_t	end = 0;
	std::vector<bool> linked;
	int			running = 0;
	uint32_t	one_in;			/* of the times that a lock is taken or given back */
	uint32_t	in_between = 0;
	const arena *graph;

	scheduler(const filled_arena &filled, int ef_construction, uint32_t one_in_, uint64_t seed)
		: random(seed), one_in(one_in_), graph(&filled.graph)
	{
		host.turns = this;
		for (inserter &each : inserters)
			each.init(filled.memory, &host, ef_construction);
		interleaved_metric::turns = this;
	}

	~scheduler()
	{
		for (inserter &each : inserters)
			each.destroy();
		interleaved_metric::turns = NULL;
	}

	void
	step()
	{
		uint32_t	count = graph->header->count,
					slot = next % count;
		bool		insertion = next++ < count;

		running++;
		in_between += running > 1;
		if (insertion)
			inserters[running - 1].insert(slot);
		else if (linked[slot])
			inserters[running - 1].refine(slot);
		linked[slot] = linked[slot] || insertion;
		check(locked == no_slot, "an insertion ends with a lock on %u", locked);
		running--;
	}

	/* The first row is the highest, and the entry point from the beginning. */
	void
	run(bool refined)
	{
		uint32_t	count = graph->header->count;

		linked.assign(count, false);
		step();
		end = refined ? 2 * count : count;
		while (next < end)
			step();
	}

	void
	let_others_run(uint32_t chance)
	{
		while (locked == no_slot && running > 0 && running < most_at_once && next < end && random.one_in(chance))
			step();
	}
};

void
interleaving_host::lock_node(uint32_t slot)
{
	turns->let_others_run(turns->one_in);
	check(turns->locked == no_slot, "a lock on %u besides that on %u", slot, turns->locked);
	turns->locked = slot;
}

void
interleaving_host::unlock_node(uint32_t slot)
{
	check(turns->locked == slot, "%u is unlocked, %u is locked", slot, turns->locked);
	turns->locked = no_slot;
	turns->let_others_run(turns->one_in);
}

void
interleaved_metric::gather(const float *query, const float *const *rows, size_t dimensions, size_t n, float *out)
{
	/* Much more often than locks. */
	if (turns != NULL)
		turns->let_others_run(turns->one_in * 20);
	metric::gather(query, rows, dimensions, n, out);
}

reached
build(filled_arena &filled, const rows &all, int highest, int ef_construction, uint32_t one_in, uint64_t seed,
	  bool refined)
{
	random_numbers random(seed);
	uint32_t	in_between;

	filled.append(all.row(0), highest);
	for (uint32_t n = 1; n < all.count(); n++)
		filled.append(all.row(n), rv_hnsw::draw_level(1 - random.uniform(), (int) filled.graph.m, highest));
	{
		scheduler	turns(filled, ef_construction, one_in, seed);

		turns.run(refined);
		in_between = turns.in_between;
	}
	check(in_between > all.count() / 8, "%u insertions in the middle of others", in_between);
	return check_graph(filled.graph);
}

void
different_rows()
{
	static const uint32_t ms[] = {2, 4, 16, 100};
	random_numbers random(1);

	for (uint64_t seed = 0; seed < 12; seed++)
	{
		rows		all = random_rows(400, 6, random);
		filled_arena filled(600, 6, ms[seed % 4]);

		build(filled, all, 4, 40, seed % 3 == 0 ? 2 : 20, seed, seed % 2 == 0);
	}
}

/* Rows that hang on nodes while others choose these as neighbours. */
void
rows_that_are_equal()
{
	static const uint32_t ms[] = {2, 4, 16};
	random_numbers random(2);

	for (uint64_t seed = 0; seed < 12; seed++)
	{
		rows		all = {1, {}};
		filled_arena filled(600, 1, ms[seed % 3]);

		for (int n = 0; n < 400; n++)
			all.values.push_back((float) random.below(40));
		build(filled, all, 4, 40, seed % 2 == 0 ? 2 : 20, seed, seed % 4 < 2);
	}
}

void
what_is_found()
{
	random_numbers random(3);
	rows		all = random_rows((uint32_t) scaled(2000), 16, random),
				queries = random_rows(100, 16, random);
	filled_arena filled(all.count() * 2, 16, 16);
	reached		connected = build(filled, all, 3, 64, 30, 1, false);
	double		found = recall(filled.memory, all, queries, 100, 10);

	figure("recall@10 at ef 100", found);
	check(found >= 0.98, "recall %.4f", found);
	check(connected.ground >= 0.999 && connected.above >= 0.95, "%.5f of the nodes are reached, %.5f above layer 0",
		  connected.ground, connected.above);
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("different_rows", different_rows);
	rv_test::run("rows_that_are_equal", rows_that_are_equal);
	rv_test::run("what_is_found", what_is_found);
	return rv_test::status();
}
