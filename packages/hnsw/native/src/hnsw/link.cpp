/*
 * link.cpp - rows come to the graph.
 */
#include "hnsw.h"

namespace rv_index
{

namespace
{

/*
 * All rows are looked at for whether links lead to them once one in so many has come: the walk takes about a thousandth of the
 * time of as many insertions.
 */
constexpr size_t connect_share = 64;

/* Rows that a thread takes at a time. */
constexpr uint64_t block = 16;

/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014. */
uint64_t
mixed(uint64_t z)
{
	z += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

}	/* namespace */

hnsw_worker::hnsw_worker(hnsw_graph &graph, const body &of, node_locks *locks)
	: inserter{hnsw_store(graph, of, of.dying, false), nullptr, {}, {}, {}, 0, nullptr}
{
	host.locks = locks;
	inserter.init_search(&host, (int) of.options.ef_construction);
	inserter.store.begin();
}

hnsw_body::hnsw_body(const index_options &options, epochs &readers)
	: body(options, readers), own_graph(metric, options.m, max_slots)
{
}

hnsw_workers
hnsw_body::make_workers(unsigned threads)
{
	hnsw_workers workers;

	for (unsigned i = 0; i < threads; i++)
		workers.emplace_back(new hnsw_worker(graph, *this, threads > 1 ? &locks : nullptr));
	return workers;
}

/* A slot that is used again has another row, and so another level. */
int
hnsw_body::draw_level(uint32_t slot) const
{
	const uint64_t random = mixed(mixed(options.seed) ^ ((uint64_t) serial(slot) << 32 | slot));

	return rv_hnsw::draw_level((double) ((random >> 11) + 1) * 0x1p-53, (int) graph.m, max_level);
}

void *
hnsw_body::new_row(uint32_t slot)
{
	/* Of a slot that is used again links and level must go before anyone can meet it. */
	graph.clear(slot);
	return graph.row(slot);
}

void
hnsw_body::link(const uint32_t *slots, size_t n, unsigned threads, const progress &told)
{
	hnsw_workers workers = make_workers(threads);
	size_t		highest = 0;
	int			entry_level;

	if (n == 0)
		return;
	/* Upper links take memory: nothing is linked yet. */
	for (size_t i = 0; i < n; i++)
	{
		graph.set_level(slots[i], draw_level(slots[i]));
		if (graph.node(slots[i])->level > graph.node(slots[highest])->level)
			highest = i;
	}
	graph.entry(&entry_level);

	const bool	rises = graph.node(slots[highest])->level > entry_level;

	if (rises)
		workers[0]->inserter.insert(slots[highest]);
	parallel_for(0, n, threads, block, told, "build", [&](uint64_t i, unsigned t)
	{
		if (!rises || i != highest)
			workers[t]->inserter.insert(slots[i]);
	});
	unconnected += n;
	if (unconnected >= (live.load(std::memory_order_relaxed) + n) / connect_share)
	{
		connect_all(*workers[0]);
		return;
	}
	for (size_t i = 0; i < n; i++)
		connect(slots[i]);
}

/* Links need no refinement: each row was linked to all that came before it.  But they are to lead to all. */
void
hnsw_body::refine(const uint32_t *, size_t n, unsigned, const progress &)
{
	if (unconnected > 0 && n >= live.load(std::memory_order_relaxed) / connect_share)
		connect_all(*make_workers(1)[0]);
}

}	/* namespace rv_index */
