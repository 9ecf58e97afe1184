/*
 * arena_store.h - a search's view of an arena: the store that beam_search.h and
 * select_neighbors.h work on.
 *
 * Metric: struct with
 *   static void gather(query, rows, dimensions, n, out)    one against n rows
 */
#ifndef RUVECTOR_HNSW_ARENA_STORE_H
#define RUVECTOR_HNSW_ARENA_STORE_H

#include "arena.h"
#include "beam_search.h"

namespace rv_hnsw
{

/*
 * Of each vector, the bytes that are asked for ahead.  The hardware follows longer ones; asking for 1 KiB of each of a
 * hop's vectors made a build over 784 dimensions an eighth slower than 256 bytes did, and one over 100 no faster.
 */
constexpr size_t arena_ahead_bytes = 256;

template<typename Metric, typename HostType>
struct arena_store
{
	typedef HostType Host;

	static constexpr bool shares_nodes = true;

	arena		graph;
	const float *query;

	RV_HNSW_INLINE int
	links(uint32_t slot, int layer, uint64_t *keys)
	{
		const uint32_t *numbers = graph.numbers(slot, layer);
		int			most = layer_links((int) graph.m, layer);
		int			count = 0;

		for (; count < most; count++)
		{
			uint32_t	number = __atomic_load_n(numbers + count, __ATOMIC_ACQUIRE);

			if (number == no_slot)
				break;
			keys[count] = number & ~link_kept;
		}
		return count;
	}

	RV_HNSW_INLINE void
	ask_for(uint32_t slot) const
	{
		const char *line = (const char *) graph.vector(slot);
		size_t		bytes = graph.dimensions * sizeof(float);

		if (bytes > arena_ahead_bytes)
			bytes = arena_ahead_bytes;
		for (size_t byte = 0; byte < bytes; byte += 64)
			__builtin_prefetch(line + byte, 0, 3);
	}

	/* Nothing leaves an arena. */
	static constexpr bool
	stays(uint32_t)
	{
		return true;
	}

	template<typename Beam>
	RV_HNSW_INLINE void
	score(const uint64_t *keys, int n, int, Beam &beam)
	{
		const float *rows[max_links];
		float		out[max_links];

		for (int i = 0; i < n; i++)
		{
			ask_for((uint32_t) keys[i]);
			rows[i] = graph.vector((uint32_t) keys[i]);
		}
		Metric::gather(query, rows, graph.dimensions, (size_t) n, out);
		for (int i = 0; i < n; i++)
		{
			float		distance = ordered(out[i]);

			if (beam.admits(distance))
				beam.push(distance, (uint32_t) keys[i]);
		}
	}

	RV_HNSW_INLINE void
	ask_ahead(uint32_t slot, int layer) const
	{
		const char *numbers = (const char *) graph.numbers(slot, layer);

		__builtin_prefetch(numbers, 0, 3);
		__builtin_prefetch(numbers + 64, 0, 3);
	}

	RV_HNSW_INLINE void
	distances(uint32_t slot, const uint32_t *slots, int n, float *out)
	{
		const float *rows[max_links + 1];

		for (int i = 0; i < n; i++)
			rows[i] = graph.vector(slots[i]);
		Metric::gather(graph.vector(slot), rows, graph.dimensions, (size_t) n, out);
		for (int i = 0; i < n; i++)
			out[i] = ordered(out[i]);
	}

	RV_HNSW_INLINE float
	distance(uint32_t slot)
	{
		const float *row = graph.vector(slot);
		float		out;

		Metric::gather(query, &row, graph.dimensions, 1, &out);
		return ordered(out);
	}
};

}	/* namespace rv_hnsw */

#endif							/* RUVECTOR_HNSW_ARENA_STORE_H */
