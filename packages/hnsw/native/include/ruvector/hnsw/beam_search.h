/*
 * beam_search.h - Algorithm 2: the search of one layer, over any store.
 *
 * A store provides
 *
 *   typedef Host                    memory, see visited_set.h
 *   int links(slot, layer, keys)    the keys of the node's neighbours, at most
 *                                   layer_links() of them; 0 when it has gone
 *   void score(keys, n, layer, beam)
 *                                   the distances of n unvisited nodes, in one
 *                                   batch; offers those that may enter to the beam
 *   void ask_ahead(slot, layer)     the node is likely to be expanded next
 *
 * A hop's unvisited neighbours are gathered first and scored together: the store
 * can then ask memory for all of them at once, and use a kernel that takes
 * several rows.
 */
#ifndef RUVECTOR_HNSW_BEAM_SEARCH_H
#define RUVECTOR_HNSW_BEAM_SEARCH_H

#include "beam.h"
#include "visited_set.h"

namespace rv_hnsw
{

/* What a search did; these numbers do not depend on the machine. */
struct search_counts
{
	uint64_t	distances;
	uint64_t	hops;
};

/*
 * Expands the beam's entries, nearest first, until every one has been.  The
 * entry points are in the beam and in the visited set already.
 */
template<typename Store, typename Beam, typename Visited>
RV_HNSW_INLINE void
search_layer(Store &store, Beam &beam, Visited &visited, int layer, search_counts &counts)
{
	uint64_t	keys[max_links];

	for (;;)
	{
		uint32_t	slot = beam.next();
		int			count,
					fresh = 0;

		if (slot == no_slot)
			break;
		count = store.links(slot, layer, keys);
		for (int i = 0; i < count; i++)
			if (visited.insert(keys[i]))
				keys[fresh++] = keys[i];
		counts.hops++;
		counts.distances += (uint64_t) fresh;
		if (fresh > 0)
			store.score(keys, fresh, layer, beam);
		slot = beam.peek();
		if (slot != no_slot)
			store.ask_ahead(slot, layer);
	}
}

}	/* namespace rv_hnsw */

#endif							/* RUVECTOR_HNSW_BEAM_SEARCH_H */
