/*
 * repair.cpp - links are led around rows that are dying, and to rows that none leads to.
 *
 * A node is reached when a path of links at layer 0 leads to it from the entry.  A walk over all nodes gives each a parent, the
 * node that it was first reached from: these links are a tree.  A node that was not reached gets a link from a near one that
 * was, in the place of a link that is not of the tree; so whatever was reached stays reached, and one walk is enough.
 * There are fewer links in the tree than nodes, so some node always has a link to spare, or room.
 */
#include "hnsw.h"

#include "engine/nearest.h"

namespace rv_index
{

namespace
{

/* Candidates of a search for a node that can lead to one that is not reached. */
constexpr uint32_t connecting_ef = 64;

/* Nodes whose links are asked for ahead of a walk. */
constexpr size_t walk_ahead = 4;

}	/* namespace */

void
hnsw_body::write_links(uint32_t slot, int layer, const scored *links, int n)
{
	uint32_t   *numbers = graph.numbers(slot, layer);
	float	   *distances = graph.link_distances(slot, layer);
	arena_list *record = graph.list(slot, layer);

	for (int i = 0; i < n; i++)
	{
		distances[i] = links[i].distance;
		__atomic_store_n(numbers + i, links[i].slot, __ATOMIC_RELEASE);
	}
	graph.cut_links(slot, layer, n);
	record->count = (uint8_t) n;
	record->marked = 0;
}

/*
 * Chooses the links of a node with links to dying ones anew, among those that stay and those that the dying ones had; no list of
 * theirs changes meanwhile, so threads may read them.  `weak`: there were few to choose from.
 */
bool
hnsw_body::lead_around(hnsw_worker &w, uint32_t slot, int layer, bool &weak)
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	const uint32_t *numbers = graph.numbers(slot, layer);
	const float *own_distances = graph.link_distances(slot, layer);
	const int	own_count = graph.list(slot, layer)->count;
	uint32_t	theirs[rv_hnsw::max_links];
	float		distances[rv_hnsw::max_links];
	scored		chosen[rv_hnsw::max_links];

	w.found.clear();
	w.around.clear();
	for (int i = 0; i < own_count; i++)
	{
		const uint32_t other = numbers[i] & ~link_kept;

		if (!dying.has(other))
		{
			w.found.push_back({own_distances[i], other});
			continue;
		}

		const int	n = graph.copy_numbers(other, layer, end, theirs);

		for (int j = 0; j < n; j++)
			if (theirs[j] != slot && !dying.has(theirs[j]))
				w.around.push_back(theirs[j]);
	}
	if ((int) w.found.size() == own_count)
		return false;
	std::sort(w.around.begin(), w.around.end());
	w.around.erase(std::unique(w.around.begin(), w.around.end()), w.around.end());
	w.around.erase(std::remove_if(w.around.begin(), w.around.end(), [&](uint32_t other)
	{
		for (int i = 0; i < own_count; i++)
			if ((numbers[i] & ~link_kept) == other)
				return true;
		return false;
	}), w.around.end());
	for (size_t first = 0; first < w.around.size(); first += rv_hnsw::max_links)
	{
		const size_t here = std::min<size_t>(rv_hnsw::max_links, w.around.size() - first);

		w.inserter.store.distances(slot, &w.around[first], (int) here, distances);
		for (size_t i = 0; i < here; i++)
			w.found.push_back({distances[i], w.around[first + i]});
	}
	std::sort(w.found.begin(), w.found.end(), is_nearer);

	const int	n = rv_hnsw::select_neighbors(w.inserter.store, w.found.data(), (int) w.found.size(),
											  layer_links((int) graph.m, layer), chosen);

	std::sort(chosen, chosen + n, is_nearer);
	write_links(slot, layer, chosen, n);
	weak = layer == 0 && n < own_count && n < (int) graph.m;
	return true;
}

/* The entry is a row that stays, of the highest level. */
void
hnsw_body::choose_entry()
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	int			level;
	const uint32_t old = graph.entry(&level);
	uint32_t	best = no_slot;

	if (old == no_slot || !dying.has(old))
		return;
	for (uint32_t slot = 0; slot < end; slot++)
		if (alive.has(slot) && (best == no_slot || graph.node(slot)->level > graph.node(best)->level))
			best = slot;
	if (best != no_slot)
		graph.set_entry(best, graph.node(best)->level);
}

void
hnsw_body::reach(uint32_t from, std::vector<uint32_t> &parents) const
{
	const uint32_t end = (uint32_t) parents.size();
	uint32_t	next[rv_hnsw::max_links];
	std::vector<uint32_t> waiting(1, from);

	while (!waiting.empty())
	{
		const uint32_t slot = waiting.back();

		waiting.pop_back();
		if (waiting.size() >= walk_ahead)
			__builtin_prefetch(graph.links.data() + (size_t) waiting[waiting.size() - walk_ahead] * graph.link_bytes);

		const int	n = graph.copy_numbers(slot, 0, end, next);

		for (int i = 0; i < n; i++)
			if (parents[next[i]] == no_slot)
			{
				parents[next[i]] = slot;
				waiting.push_back(next[i]);
			}
	}
}

/* Gives a node another link, in the place of its link number `spared`; -1: it has room. */
void
hnsw_body::replace_link(uint32_t from, int spared, uint32_t to, float distance)
{
	const uint32_t *numbers = graph.numbers(from, 0);
	const float *distances = graph.link_distances(from, 0);
	const int	n = graph.list(from, 0)->count;
	scored		links[rv_hnsw::max_links + 1];
	int			size = 0;

	for (int i = 0; i < n; i++)
		if (i != spared)
			links[size++] = {distances[i], numbers[i] & ~link_kept};
	links[size++] = {distance, to};
	std::sort(links, links + size, is_nearer);
	write_links(from, 0, links, size);
}

void
hnsw_body::connect_all(hnsw_worker &w)
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	hnsw_store &store = w.inserter.store;
	hnsw_inserter::Beam &beam = w.inserter.results;
	const int	most = layer_links((int) graph.m, 0);
	std::vector<uint32_t> parents(end, no_slot);
	int			level;
	const uint32_t entry = graph.entry(&level);

	unconnected = 0;
	if (entry == no_slot)
		return;

	/* Tries a node that is reached: does it take a link to this one? */
	auto		lead = [&](uint32_t from, uint32_t to, float distance)
	{
		const uint32_t *numbers = graph.numbers(from, 0);
		const int	n = graph.list(from, 0)->count;
		int			spared = n < most ? -1 : n - 1;

		if (from == to || parents[from] == no_slot)
			return false;
		if (n == most)
			while (spared >= 0 && parents[numbers[spared] & ~link_kept] == from)
				spared--;
		if (n == most && spared < 0)
			return false;
		replace_link(from, spared, to, distance);
		parents[to] = from;
		reach(to, parents);
		return true;
	};

	parents[entry] = entry;
	reach(entry, parents);
	for (uint32_t slot = 0; slot < end; slot++)
	{
		bool		led = parents[slot] != no_slot;

		/* What is neither alive nor has links is a free slot. */
		if (led || dying.has(slot) || (!alive.has(slot) && graph.list(slot, 0)->count == 0))
			continue;
		store.query = graph.vector(slot);
		rv_hnsw::search_arena(store, beam, w.inserter.visited, connecting_ef, w.inserter.counts);
		for (uint32_t i = 0; i < beam.size && !led; i++)
			led = store.stays(beam.slot(i)) && lead(beam.slot(i), slot, beam.entries[i].distance);
		for (uint32_t from = 0; from < end && !led; from++)
		{
			float		distance;

			if (parents[from] == no_slot || dying.has(from))
				continue;
			store.distances(slot, &from, 1, &distance);
			led = lead(from, slot, distance);
		}
	}
}

bool
hnsw_body::has_link(uint32_t from, uint32_t to) const
{
	const uint32_t *numbers = graph.numbers(from, 0);
	const int	n = graph.list(from, 0)->count;

	for (int i = 0; i < n; i++)
		if ((numbers[i] & ~link_kept) == to)
			return true;
	return false;
}

/*
 * A new row whose neighbours have all found better ones would not be found until connect_all(): the nearest that can spare a link,
 * to a node that another of its neighbours has as well, takes it.
 */
void
hnsw_body::connect(uint32_t slot)
{
	const int	most = layer_links((int) graph.m, 0);
	const uint32_t *own = graph.numbers(slot, 0);
	const int	own_count = graph.list(slot, 0)->count;

	for (int i = 0; i < own_count; i++)
		if (has_link(own[i] & ~link_kept, slot))
			return;
	for (int i = 0; i < own_count; i++)
	{
		const uint32_t from = own[i] & ~link_kept;
		const uint32_t *numbers = graph.numbers(from, 0);
		const int	n = graph.list(from, 0)->count;
		int			spared = -1;

		if (dying.has(from))
			continue;
		for (int j = n - 1; j >= 0 && n == most && spared < 0; j--)
			for (int other = 0; other < n && spared < 0; other++)
				if (other != j && has_link(numbers[other] & ~link_kept, numbers[j] & ~link_kept))
					spared = j;
		if (n < most || spared >= 0)
		{
			replace_link(from, spared, slot, graph.link_distances(slot, 0)[i]);
			return;
		}
	}
}

void
hnsw_body::unlink_dead(unsigned threads, const progress &told)
{
	enum : uint8_t { as_it_was, changed, weak_now };

	hnsw_workers workers = make_workers(threads);
	const uint32_t end = count.load(std::memory_order_relaxed);
	std::vector<uint8_t> states(end, as_it_was);

	parallel_for(0, end, threads, 64, told, "repair", [&](uint64_t i, unsigned t)
	{
		const uint32_t slot = (uint32_t) i;
		const int	level = graph.node(slot)->level;

		if (!alive.has(slot))
			return;
		for (int layer = 0; layer <= level; layer++)
		{
			bool		weak = false;

			if (lead_around(*workers[t], slot, layer, weak))
				states[slot] = std::max<uint8_t>(states[slot], weak ? weak_now : changed);
		}
	});
	choose_entry();
	/* What was chosen anew makes itself known; who had few to choose from searches. */
	parallel_for(0, end, threads, 16, told, "repair", [&](uint64_t i, unsigned t)
	{
		const uint32_t slot = (uint32_t) i;
		const int	level = graph.node(slot)->level;

		if (states[slot] == as_it_was)
			return;
		for (int layer = states[slot] == weak_now ? 1 : 0; layer <= level; layer++)
			workers[t]->inserter.link_back(slot, layer);
		if (states[slot] == weak_now)
			workers[t]->inserter.refine(slot);
	});
	if (live.load(std::memory_order_relaxed) > 0)
		connect_all(*workers[0]);
	else
		/* Where all are dying there is no entry. */
		graph.entry_word.store(0, std::memory_order_release);
	/* Out of the graph: nobody is to be led to them again. */
	for (uint32_t slot : dead)
		for (int layer = graph.node(slot)->level; layer >= 0; layer--)
			graph.clear_links(slot, layer);
}

}	/* namespace rv_index */
