/*
 * arena_insert.h - Algorithm 1 over an arena: links a node that append() made,
 * from any number of threads or processes.
 *
 * Host, beside memory (visited_set.h):
 *   void lock_node(slot), unlock_node(slot)   one at a time for each caller
 *
 * Another store than arena_store can take its place: one whose `graph` has what is
 * used here of an arena's, and with
 *   static constexpr bool shares_nodes        do rows of equal value hang on one node?
 *   bool stays(slot)                          may links to this node be made?
 *
 * A node that is higher than the entry point becomes the entry point; only one
 * such insertion may run, and no other beside it.  Who knows all nodes beforehand
 * inserts the highest first and is rid of the problem.
 */
#ifndef RUVECTOR_HNSW_ARENA_INSERT_H
#define RUVECTOR_HNSW_ARENA_INSERT_H

#include "arena_store.h"
#include "select_neighbors.h"

namespace rv_hnsw
{

/* What an element in pages has room for. */
constexpr int max_rows_of_node = 10;

template<typename Metric, typename Host, typename Store = arena_store<Metric, Host>>
struct arena_inserter
{
	typedef beam<Host> Beam;
	typedef visited_set<Host> Visited;

	Store		store;
	Host	   *host;
	Beam		results;
	Visited		visited;
	search_counts counts;
	int			ef_construction;
	scored	   *candidates;

	void
	init(void *memory, Host *host_, int ef_construction_)
	{
		store.graph.attach(memory);
		store.query = NULL;
		init_search(host_, ef_construction_);
	}

	/* The same for a store that is there already. */
	void
	init_search(Host *host_, int ef_construction_)
	{
		host = host_;
		ef_construction = ef_construction_;
		results.init((uint32_t) ef_construction);
		visited.init((size_t) ef_construction * 2 * store.graph.m);
		candidates = (scored *) Host::alloc(((size_t) ef_construction + max_links) * sizeof(scored));
		counts.distances = counts.hops = 0;
	}

	void
	destroy()
	{
		results.destroy();
		visited.destroy();
		Host::free(candidates);
	}

	/* Links a node; its vector and level are set.  Returns false when its row now hangs on a node of equal value. */
	bool
	insert(uint32_t slot)
	{
		auto	   &graph = store.graph;
		int			level = graph.node(slot)->level,
					entry_level,
					top;
		uint32_t	entry = graph.entry(&entry_level);

		store.query = graph.vector(slot);
		if (entry == no_slot)
		{
			graph.set_entry(slot, level);
			return true;
		}
		results.reset(1);
		results.push(store.distance(entry), entry);
		counts.distances++;
		for (int layer = entry_level; layer > level; layer--)
			search(layer, 1);
		top = level < entry_level ? level : entry_level;
		for (int layer = top; layer >= 0; layer--)
		{
			scored		chosen[max_links];
			int			n;

			search(layer, (uint32_t) ef_construction);
			if constexpr (Store::shares_nodes)
				if (layer == 0 && hang_on_duplicate(slot))
					return false;
			n = select_neighbors(store, candidates, take_candidates(slot),
								 layer_links((int) graph.m, layer), chosen);
			write_links(slot, layer, chosen, n);
		}
		for (int layer = top; layer >= 0; layer--)
			link_back(slot, layer);
		if (level > entry_level)
			graph.set_entry(slot, level);
		return true;
	}

	/*
	 * Searches again for a node that is linked, and gives it the best of what it finds and of the links that it has, at
	 * layer 0.  Nodes that came while the graph was small gain most: what is near to them came later, and their lists
	 * were made of what was there.  May run beside insertions and other refinements.
	 */
	void
	refine(uint32_t slot)
	{
		auto	   &graph = store.graph;
		uint32_t   *numbers = graph.numbers(slot, 0);
		float	   *distances = graph.link_distances(slot, 0);
		arena_list *record = graph.list(slot, 0);
		scored		chosen[max_links];
		int			entry_level,
					n,
					found;
		uint32_t	entry = graph.entry(&entry_level);

		if (graph.node(slot)->flags & node_is_duplicate)
			return;
		store.query = graph.vector(slot);
		results.reset(1);
		results.push(store.distance(entry), entry);
		counts.distances++;
		for (int layer = entry_level; layer > 0; layer--)
			search(layer, 1);
		search(0, (uint32_t) ef_construction);
		found = n = take_candidates(slot);

		host->lock_node(slot);
		for (int i = 0; i < record->count; i++)
		{
			uint32_t	number = numbers[i] & ~link_kept;
			int			at;

			for (at = 0; at < found && candidates[at].slot != number; at++)
				;
			if (at == found)
				candidates[n++] = scored{distances[i], number};
		}
		sort(candidates, n);
		n = select_neighbors(store, candidates, n, layer_links((int) graph.m, 0), chosen);
		sort(chosen, n);
		/* Never fewer than before, so no reader meets an end where none was. */
		for (int i = 0; i < n; i++)
			put(numbers, distances, i, chosen[i].slot, chosen[i].distance);
		record->count = (uint8_t) n;
		record->marked = 0;
		host->unlock_node(slot);
		link_back(slot, 0);
	}

	/* Offers the node to each of its neighbours at a layer. */
	void
	link_back(uint32_t slot, int layer)
	{
		auto	   &graph = store.graph;
		scored		neighbors[max_links];
		int			n;

		/* A copy: others may be changing the list already. */
		host->lock_node(slot);
		n = graph.list(slot, layer)->count;
		for (int i = 0; i < n; i++)
		{
			neighbors[i].slot = graph.numbers(slot, layer)[i] & ~link_kept;
			neighbors[i].distance = graph.link_distances(slot, layer)[i];
		}
		host->unlock_node(slot);
		for (int i = 0; i < n; i++)
		{
			host->lock_node(neighbors[i].slot);
			add_link(neighbors[i].slot, layer, slot, neighbors[i].distance);
			host->unlock_node(neighbors[i].slot);
		}
	}

private:
	/* By insertion: what comes is sorted but for a few. */
	static void
	sort(scored *entries, int n)
	{
		for (int i = 1; i < n; i++)
		{
			scored		moving = entries[i];
			int			at = i;

			for (; at > 0 && entries[at - 1].distance > moving.distance; at--)
				entries[at] = entries[at - 1];
			entries[at] = moving;
		}
	}

	/* What was found that neighbours of a node may be chosen from; where nothing of it stays, all: they lead on, at least. */
	int
	take_candidates(uint32_t slot)
	{
		int			n = 0;

		for (int pass = 0; pass < 2 && n == 0; pass++)
			for (uint32_t i = 0; i < results.size && n < ef_construction; i++)
				if (results.slot(i) != slot && (pass == 1 || store.stays(results.slot(i))))
					candidates[n++] = scored{results.entries[i].distance, results.slot(i)};
		return n;
	}

	/* One layer, from whatever the beam holds. */
	void
	search(int layer, uint32_t ef)
	{
		visited.clear();
		results.reopen(ef);
		for (uint32_t i = 0; i < results.size; i++)
			visited.insert(results.slot(i));
		search_layer(store, results, visited, layer, counts);
	}

	/* Equal values share a node, as far as it has room for rows. */
	bool
	hang_on_duplicate(uint32_t slot)
	{
		auto	   &graph = store.graph;
		size_t		bytes = graph.dimensions * sizeof(float);

		for (uint32_t i = 0; i < results.size; i++)
		{
			uint32_t	other = results.slot(i);
			arena_list *list = graph.list(other, 0);
			bool		hung = false;

			if (memcmp(graph.vector(slot), graph.vector(other), bytes) != 0)
				return false;
			host->lock_node(other);
			if (list->duplicates < max_rows_of_node - 1)
			{
				graph.node(slot)->duplicate = graph.node(other)->duplicate;
				graph.node(slot)->flags |= node_is_duplicate;
				graph.node(other)->duplicate = slot;
				list->duplicates++;
				hung = true;
			}
			host->unlock_node(other);
			if (hung)
				return true;
		}
		return false;
	}

	/*
	 * The node's own list.  Nobody can reach a new node yet, but in an insertion
	 * with upper layers others may once the first back link stands; the order of
	 * the lists does not matter to select_neighbors, so they are sorted here.
	 */
	void
	write_links(uint32_t slot, int layer, scored *chosen, int n)
	{
		auto	   &graph = store.graph;
		uint32_t   *numbers = graph.numbers(slot, layer);
		float	   *distances = graph.link_distances(slot, layer);

		sort(chosen, n);
		for (int i = 0; i < n; i++)
		{
			distances[i] = chosen[i].distance;
			__atomic_store_n(numbers + i, chosen[i].slot, __ATOMIC_RELAXED);
		}
		graph.list(slot, layer)->count = (uint8_t) n;
		graph.list(slot, layer)->marked = 0;
	}

	/* Adds a link to a list that this process has locked; a full list loses one (Algorithm 1, lines 14 to 16). */
	void
	add_link(uint32_t slot, int layer, uint32_t added, float distance)
	{
		auto	   &graph = store.graph;
		uint32_t   *numbers = graph.numbers(slot, layer);
		float	   *distances = graph.link_distances(slot, layer);
		arena_list *record = graph.list(slot, layer);
		int			most = layer_links((int) graph.m, layer);
		int			n = record->count;
		int			at = 0;

		/*
		 * The link may be there: who finds a node at an upper layer, before that one links
		 * back at this, has linked itself by then; and a refinement offers links that are
		 * old.  Not only among equal distances: kernels round differently in a batch.
		 */
		for (int i = 0; i < n; i++)
			if ((numbers[i] & ~link_kept) == added)
				return;
		while (at < n && distances[at] <= distance)
			at++;
		if (n < most)
		{
			for (int i = n; i > at; i--)
				put(numbers, distances, i, numbers[i - 1], distances[i - 1]);
			put(numbers, distances, at, added, distance);
			record->count++;
			record->marked = 0;
			return;
		}

		neighbor_list list;
		int			pruned;

		list.count = n + 1;
		for (int i = 0, to = 0; i <= n; i++)
		{
			if (i == at)
			{
				list.entries[to].slot = added;
				list.entries[to].distance = distance;
				list.kept[to++] = false;
			}
			if (i == n)
				break;
			list.entries[to].slot = numbers[i] & ~link_kept;
			list.entries[to].distance = distances[i];
			list.kept[to++] = (numbers[i] & link_kept) != 0;
		}
		if (record->marked)
			remark_kept(store, list, at);
		else
			mark_kept(store, list);
		pruned = pruned_entry(list, salt_of(slot, added));
		record->marked = 1;
		for (int i = 0, to = 0; i <= n; i++)
			if (i != pruned)
			{
				put(numbers, distances, to,
					list.entries[i].slot | (list.kept[i] ? link_kept : 0), list.entries[i].distance);
				to++;
			}
	}

	/* A reader finds the old number or the new one. */
	static RV_HNSW_INLINE void
	put(uint32_t *numbers, float *distances, int at, uint32_t number, float distance)
	{
		distances[at] = distance;
		__atomic_store_n(numbers + at, number, __ATOMIC_RELEASE);
	}
};

/* The upper layers of Algorithm 5: leaves the node that layer 0 is entered at in `results`.  False where there is none. */
template<typename Store, typename Beam, typename Visited>
bool
descend(Store &store, Beam &results, Visited &visited, search_counts &counts)
{
	int			level;
	uint32_t	entry = store.graph.entry(&level);

	results.reset(1);
	if (entry == no_slot)
		return false;
	results.push(store.distance(entry), entry);
	counts.distances++;
	for (int layer = level; layer > 0; layer--)
	{
		visited.clear();
		results.reopen(1);
		visited.insert(results.slot(0));
		search_layer(store, results, visited, layer, counts);
	}
	return true;
}

/* Finds the ef nearest nodes of an arena: Algorithm 5.  `results` has them in order afterwards. */
template<typename Store, typename Beam, typename Visited>
void
search_arena(Store &store, Beam &results, Visited &visited, uint32_t ef, search_counts &counts)
{
	if (!descend(store, results, visited, counts))
		return;
	visited.clear();
	results.reopen(ef);
	visited.insert(results.slot(0));
	search_layer(store, results, visited, 0, counts);
}

}	/* namespace rv_hnsw */

#endif							/* RUVECTOR_HNSW_ARENA_INSERT_H */
