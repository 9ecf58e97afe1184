/*
 * code_search.h - search of a flat graph whose nodes hold codes of their neighbours.
 *
 * Y. Gou et al., "SymphonyQG: Towards Symphonious Integration of Quantization and Graph for Approximate Nearest Neighbor
 * Search", arXiv 2411.12229, algorithm 1.  The beam holds estimates; a node's exact distance is computed when it is expanded,
 * where it is the term that the estimates of its neighbours need.  So one sweep over one record does a hop, results are in
 * exact order, and nothing is left to be reranked.
 *
 * A node may be in the beam more than once, by estimates from several neighbours: it is expanded at the nearest of them.
 * Marking nodes when they enter instead took 15 to 40 % more hops at equal recall: a poor estimate then decided.
 *
 * A store provides
 *
 *   typedef Host                        memory, see visited_set.h
 *   float expand(slot, limit, near &)   the node's distance; fills `near` with neighbours whose estimates are below the limit
 *   void ask_ahead(slot)                the node is likely to be expanded next; no_slot: none is
 */
#ifndef RUVECTOR_HNSW_CODE_SEARCH_H
#define RUVECTOR_HNSW_CODE_SEARCH_H

#include "beam.h"
#include "visited_set.h"

namespace rv_hnsw
{

/* Neighbours of a node that may enter the beam. */
struct near_nodes
{
	uint32_t	slots[max_links];
	float		estimates[max_links];
	int			count;
};

/* Everything that enters the beam does. */
struct no_spill
{
	RV_HNSW_INLINE void operator() (float, uint32_t) const { }
	static constexpr bool keeps = false;
};

/*
 * Expands the beam's entries, nearest first, until every one has been.  found(distance, slot) is told of each node that is
 * expanded, once; spill(estimate, slot) of what has no place in the beam, or loses it, if it `keeps` these at all: such a
 * search can go on from them.  Nodes in `visited` are passed by.
 */
template<typename Store, typename Beam, typename Visited, typename Found, typename Spill>
RV_HNSW_INLINE void
search_codes(Store &store, Beam &beam, Visited &visited, Found found, Spill spill)
{
	near_nodes	near;

	for (;;)
	{
		const uint32_t slot = beam.next();

		if (slot == no_slot)
			return;
		if (!visited.insert(slot))
			continue;

		const float limit = Spill::keeps || beam.size < beam.limit ? __builtin_inff() : beam.entries[beam.size - 1].distance;

		store.ask_ahead(beam.peek());
		found(store.expand(slot, limit, near), slot);
		for (int i = 0; i < near.count; i++)
		{
			const uint32_t neighbour = near.slots[i];
			const float estimate = near.estimates[i];

			if (visited.contains(neighbour))
				continue;
			if (!beam.admits(estimate))
			{
				spill(estimate, neighbour);
				continue;
			}
			if (Spill::keeps && beam.size == beam.limit && beam.size > 0)
			{
				/* What is expanded has been found already. */
				const scored last = beam.entries[beam.size - 1];

				if ((last.slot & Beam::expanded_mark) == 0)
					spill(last.distance, last.slot & Beam::slot_mask);
			}
			beam.push(estimate, neighbour);
		}
		beam.for_next(2, [&](uint32_t next) { store.ask_ahead(next); });
	}
}

}	/* namespace rv_hnsw */

#endif							/* RUVECTOR_HNSW_CODE_SEARCH_H */
