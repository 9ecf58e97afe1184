/*
 * hnsw_search.cpp - the search of a scan: Algorithm 5 over pages, and its
 * continuation.
 *
 * A scan that may resume (iterative) keeps whatever its search saw: what the beam did
 * not admit, and what fell out of it, waits in a heap.  Resuming takes the ef_search
 * nearest of these as entry points of another search of layer 0 with the same visited
 * set.
 */
#include "page_store.h"

namespace
{

using namespace rv_pg;

typedef rv_hnsw::visited_set<page_host> visited_keys;

}	/* namespace */

struct HnswSearch
{
	MemoryContext context;
	page_store	store;
	page_store::Beam beam;
	visited_keys visited;
	rv_hnsw::search_counts counts;
	HnswEntry	entry;
	int			ef_search;
	bool		iterative;
	uint64		layer0_distances;	/* counts.distances before layer 0 */
	uint32		next;			/* of the beam's entries to return */
};

/* For a query of NULL every element is as good as another. */
HnswSearch *
rv_hnsw_search_begin(Relation index, const HnswSupport *support, const Vector *query, int efSearch,
					 bool iterative)
{
	HnswSearch *search = (HnswSearch *) palloc0(sizeof(HnswSearch));
	int			dimensions,
				m;

	rv_hnsw_read_meta(index, &dimensions, &m, &search->entry, NULL);
	if (query != NULL)
		rv_check_typmod(dimensions, query->dim);
	search->context = CurrentMemoryContext;
	search->ef_search = efSearch;
	search->iterative = iterative;
	search->store.init(index, support->metric, query == NULL ? NULL : query->x, query == NULL ? 0 : query->dim, m,
					   (uint32) efSearch + 2 * m + 1);
	search->store.recycles = !iterative;
	if (iterative)
	{
		search->store.keeps_all = true;
		search->store.discarded.init();
	}
	search->beam.init((uint32) efSearch);
	search->visited.init((size_t) efSearch * 2 * m);
	search->store.pins++;
	return search;
}

/* Runs the first search. */
void
rv_hnsw_search_run(HnswSearch *search)
{
	MemoryContext caller = MemoryContextSwitchTo(search->context);

	search->store.enter();
	search->next = 0;
	/* Upper layers find the way; what they meet is met again. */
	search->store.keeps_all = false;
	if (search->store.begin(&search->entry, search->beam, search->visited, search->counts))
	{
		for (int layer = search->entry.level; layer >= 1; layer--)
			search->store.descend(1, layer, search->beam, search->visited, search->counts);
		search->store.keeps_all = search->iterative;
		search->layer0_distances = search->counts.distances - 1;
		search->store.descend((uint32) search->ef_search, 0, search->beam, search->visited, search->counts);
	}
	search->store.keeps_all = search->iterative;
	MemoryContextSwitchTo(caller);
}

/* Searches on from the nearest elements that have not been returned; false when there are none. */
bool
rv_hnsw_search_resume(HnswSearch *search)
{
	MemoryContext caller;

	if (search->store.discarded.size == 0)
		return false;
	caller = MemoryContextSwitchTo(search->context);
	search->store.enter();
	search->next = 0;
	search->beam.reset((uint32) search->ef_search);
	while (search->store.discarded.size > 0 && search->beam.size < (uint32) search->ef_search)
	{
		scored		nearest = search->store.discarded.pop();

		search->beam.push(nearest.distance, nearest.slot);
	}
	rv_hnsw::search_layer(search->store, search->beam, search->visited, 0, search->counts);
	MemoryContextSwitchTo(caller);
	return true;
}

/* Past a limit: returns what was seen already, one at a time; false when there is nothing left. */
bool
rv_hnsw_search_drain(HnswSearch *search)
{
	scored		nearest;

	if (search->store.discarded.size == 0)
		return false;
	nearest = search->store.discarded.pop();
	search->next = 0;
	search->beam.reset((uint32) search->ef_search);
	search->beam.push(nearest.distance, nearest.slot);
	return true;
}

/* The next element of the last search, nearest first.  The rows stay valid until the next call. */
bool
rv_hnsw_search_next(HnswSearch *search, HnswFound *found)
{
	while (search->next < search->beam.size)
	{
		const scored *entry = &search->beam.entries[search->next];
		record	   *r = &search->store.records.items[search->beam.slot(search->next++)];

		if (r->row_count == 0)
			continue;
		found->distance = entry->distance;
		found->rowCount = r->row_count;
		found->rows = r->row_count == 1 ? &r->row : search->store.row_pool.items + r->rows_at;
		return true;
	}
	return false;
}

/* Elements of layer 0 seen. */
uint64
rv_hnsw_search_visited(const HnswSearch *search)
{
	return search->counts.distances - search->layer0_distances;
}

Size
rv_hnsw_search_bytes(const HnswSearch *search)
{
	return search->store.bytes() + search->visited.used * 2 * sizeof(uint64);
}

void
rv_hnsw_search_stats(const HnswSearch *search, HnswSearchStats *stats)
{
	stats->distances = search->counts.distances;
	stats->hops = search->counts.hops;
	stats->pages = search->store.pins;
}
