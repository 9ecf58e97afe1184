/*
 * store.h - a thread's view of the graph: the store of beam_search.h, select_neighbors.h and arena_insert.h.
 *
 * Rows that are not to be found (to searches: that are not alive; to the writer: that are dying) are walked through, but take no
 * place among the ef of a beam.  No more than `most_uncounted` of them, though: where everything near has gone a search would
 * look at all of it.  Beyond that they count, and a search may find fewer rows; the engine then looks at each (index.cpp).
 */
#ifndef RUVECTOR_INDEX_HNSW_STORE_H
#define RUVECTOR_INDEX_HNSW_STORE_H

#include "engine/body.h"
#include "engine/host.h"
#include "graph.h"

namespace rv_index
{

/* Of each row, the bytes that are asked for ahead (arena_store.h). */
constexpr size_t row_ahead_bytes = rv_hnsw::arena_ahead_bytes;

constexpr uint32_t most_uncounted = 8192;

typedef rv_hnsw::beam<heap_host> hnsw_beam;
typedef rv_hnsw::visited_set<heap_host> hnsw_visited;
typedef rv_hnsw::scored_heap<heap_host> hnsw_heap;

/* Locks of nodes, for the threads of the writer; of two nodes they may be the same. */
class node_locks
{
public:
	node_locks() : words(new std::atomic<uint8_t>[count]())
	{
	}

	void
	lock(uint32_t slot)
	{
		std::atomic<uint8_t> &word = words[slot % count];

		for (int tries = 0; word.exchange(1, std::memory_order_acquire) != 0; tries++)
			if (tries > 100)
				std::this_thread::yield();
	}

	void unlock(uint32_t slot) { words[slot % count].store(0, std::memory_order_release); }

private:
	static constexpr uint32_t count = 1 << 16;

	std::unique_ptr<std::atomic<uint8_t>[]> words;
};

/* The host of arena_insert.h. */
struct hnsw_host : heap_host
{
	node_locks *locks = nullptr;	/* NULL: one thread */

	void
	lock_node(uint32_t slot)
	{
		if (locks != nullptr)
			locks->lock(slot);
	}

	void
	unlock_node(uint32_t slot)
	{
		if (locks != nullptr)
			locks->unlock(slot);
	}
};

struct hnsw_store
{
	typedef hnsw_host Host;

	static constexpr bool shares_nodes = false;

	hnsw_graph &graph;
	const body &of;
	/* Rows whose bit says otherwise are walked through: `alive` and true, or `dying` and false. */
	const slot_bits &bits;
	const bool	counted;
	hnsw_query	query = {nullptr, 1};
	uint32_t	end = 0;		/* of slots */
	uint64_t	bytes = 0;

	/* What fell out of the beam or had no place in it, of searches that go on. */
	hnsw_heap  *spilled = nullptr;
	uint32_t	uncounted = 0;	/* in the beam, so far */

	hnsw_store(hnsw_graph &graph, const body &of, const slot_bits &bits, bool counted)
		: graph(graph), of(of), bits(bits), counted(counted)
	{
	}

	bool stays(uint32_t slot) const { return bits.has(slot) == counted; }

	/* To be called before a search. */
	void
	begin()
	{
		end = of.count.load(std::memory_order_acquire);
	}

	RV_HNSW_INLINE int
	links(uint32_t slot, int layer, uint64_t *keys)
	{
		bytes += (uint64_t) layer_links((int) graph.m, layer) * sizeof(uint32_t);
		return graph.copy_numbers(slot, layer, end, keys);
	}

	template<typename Beam>
	RV_HNSW_INLINE void
	score(const uint64_t *keys, int n, int layer, Beam &beam)
	{
		const size_t ahead = std::min(graph.stride, row_ahead_bytes);
		const void *rows[rv_hnsw::max_links];
		float		out[rv_hnsw::max_links];

		for (int i = 0; i < n; i++)
		{
			const uint8_t *row = graph.row((uint32_t) keys[i]);

			for (size_t byte = 0; byte < ahead; byte += 64)
				__builtin_prefetch(row + byte, 0, 3);
			graph.look_at_row((uint32_t) keys[i]);
			rows[i] = row;
		}
		graph.metric.gather(query.vector, query.scale, rows, (size_t) n, out);
		bytes += (uint64_t) n * graph.metric.row_bytes;
		for (int i = 0; i < n; i++)
			offer(beam, out[i], (uint32_t) keys[i], layer);
	}

	template<typename Beam>
	RV_HNSW_INLINE void
	offer(Beam &beam, float distance, uint32_t slot, int layer)
	{
		if (!beam.admits(distance))
		{
			if (spilled != nullptr)
				spilled->push(distance, slot);
			return;
		}

		/* A descent goes through whatever it meets. */
		const bool	counts = layer > 0 || uncounted == most_uncounted || stays(slot);

		uncounted += !counts;
		if (spilled != nullptr && beam.size > 0 && beam.size >= beam.limit + !counts)
			spilled->push(beam.entries[beam.size - 1].distance, beam.slot(beam.size - 1));
		beam.push(distance, slot, counts);
	}

	RV_HNSW_INLINE void
	ask_ahead(uint32_t slot, int layer) const
	{
		if (layer > 0)
			return;

		const uint8_t *numbers = graph.links.data() + (size_t) slot * graph.link_bytes;

		__builtin_prefetch(numbers, 0, 3);
		__builtin_prefetch(numbers + 64, 0, 3);
	}

	void
	distances(uint32_t slot, const uint32_t *slots, int n, float *out) const
	{
		const hnsw_query from = graph.vector(slot);
		const void *rows[rv_hnsw::max_links + 1];

		for (int i = 0; i < n; i++)
			rows[i] = graph.row(slots[i]);
		graph.metric.gather(from.vector, from.scale, rows, (size_t) n, out);
	}

	float
	distance(uint32_t slot)
	{
		graph.look_at_row(slot);
		/* A search begins. */
		uncounted = 0;
		bytes += graph.metric.row_bytes;
		return graph.metric.distance(query.vector, query.scale, graph.row(slot));
	}
};

/* How rows get links: no metric of its own, the store has one. */
typedef rv_hnsw::arena_inserter<void, hnsw_host, hnsw_store> hnsw_inserter;

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_HNSW_STORE_H */
