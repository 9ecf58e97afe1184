/*
 * arena.h - a graph of float32 vectors in one piece of memory, shared by threads
 * or processes.
 *
 * Layout.  The memory begins with an arena_header; the rest lies behind it by
 * offsets, so that processes may map it at different addresses:
 *
 *   header | vectors: capacity x stride floats | nodes: capacity x node_bytes |
 *   upper links, from the end downwards
 *
 * A node's number is its slot and its key.  Its links at layer 0 stand in the
 * node itself: 2m numbers (ended by no_slot when fewer), a record of 16 bytes
 * (arena_node), 2m distances.  The links of layer l > 0 are a block of the same
 * shape with m entries in the upper region.
 *
 * Concurrency.  Nodes are added first (append), links later (arena_insert.h).
 * Link numbers are read without a lock: each is one aligned word, and whatever
 * mix of old and new a reader finds are nodes of the graph.  Writers hold the
 * lock of the node whose list they change, one at a time.  A number is stored
 * with release order after everything that it leads to.  The entry point is one
 * word of 64 bits.
 *
 * The top bit of a link says "kept" (select_neighbors.h), valid while the
 * list's `marked` byte is 1; only writers look at it.
 */
#ifndef RUVECTOR_HNSW_ARENA_H
#define RUVECTOR_HNSW_ARENA_H

#include "graph.h"

namespace rv_hnsw
{

constexpr uint32_t link_kept = UINT32_C(1) << 31;
/* Room for the marks of links and beams. */
constexpr uint32_t arena_max_nodes = UINT32_C(1) << 30;

struct arena_header
{
	uint32_t	dimensions;
	uint32_t	stride;			/* floats from one vector to the next */
	uint32_t	m;
	uint32_t	node_bytes;
	uint32_t	upper_bytes;	/* of the links of one layer above 0 */
	uint32_t	capacity;
	uint64_t	vectors_offset;
	uint64_t	nodes_offset;
	uint64_t	upper_offset;	/* start of the upper region */
	uint64_t	total_bytes;

	/* Shared and changing. */
	uint64_t	upper_used;		/* bytes taken from the end */
	uint64_t	entry;			/* (level + 1) << 32 | slot; 0 while there is none */
	uint32_t	count;
};

/* What a node is beside its vector and links. */
struct arena_node
{
	uint32_t	upper;			/* of its upper links, in units of 8 bytes before the end; 0: none */
	uint32_t	duplicate;		/* the next node with this value, no_slot at the end */
	uint16_t	row[3];			/* the host's row number */
	uint8_t		level;
	uint8_t		flags;
};

/* The node's row hangs on another node of equal value; it has no place in the graph. */
constexpr uint8_t node_is_duplicate = 1;

/* Behind the numbers of a layer's list. */
struct arena_list
{
	uint8_t		count;
	uint8_t		marked;			/* are the "kept" bits right? */
	uint8_t		duplicates;		/* layer 0: rows hanging on this node */
	uint8_t		unused;
};

RV_HNSW_INLINE uint64_t
round_up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* A view of an arena in this process. */
struct arena
{
	arena_header *header;
	char	   *base;
	float	   *vectors;
	char	   *nodes;
	uint32_t	dimensions;
	uint32_t	stride;
	uint32_t	m;
	uint32_t	node_bytes;

	/* Bytes of a list: numbers, its record, distances. */
	static RV_HNSW_INLINE uint64_t
	list_bytes(uint32_t links)
	{
		return links * (sizeof(uint32_t) + sizeof(float)) + sizeof(arena_list);
	}

	/* Vectors of a cache line or more begin at one. */
	static RV_HNSW_INLINE uint32_t
	stride_for(uint32_t dimensions)
	{
		return (uint32_t) round_up(dimensions, dimensions >= 16 ? 16 : 1);
	}

	static RV_HNSW_INLINE uint32_t
	node_bytes_for(uint32_t m)
	{
		return (uint32_t) round_up(list_bytes(2 * m) + sizeof(arena_node), 64);
	}

	/*
	 * Bytes that `rows` rows take, upper links at their expected number and a
	 * reserve for chance included: sum of m^-l over l >= 1 is 1 / (m - 1).
	 */
	static uint64_t
	bytes_for(uint64_t rows, uint32_t dimensions, uint32_t m)
	{
		uint64_t	upper = round_up(list_bytes(m), 8);
		uint64_t	row = stride_for(dimensions) * sizeof(float) + node_bytes_for(m);

		return 4096 + rows * row + rows * upper / (m - 1) + rows * upper / (m - 1) / 8 + 64 * upper;
	}

	/* Lays an arena out in `bytes` of memory, of which nothing need be zero.  False when not even one row fits. */
	static bool
	create(void *memory, uint64_t bytes, uint32_t dimensions, uint32_t m)
	{
		arena_header *header = (arena_header *) memory;
		uint64_t	low = 0,
					high = arena_max_nodes;

		while (low < high)
		{
			uint64_t	middle = (low + high + 1) / 2;

			if (bytes_for(middle, dimensions, m) <= bytes)
				low = middle;
			else
				high = middle - 1;
		}
		if (low == 0)
			return false;
		memset(header, 0, sizeof(*header));
		header->dimensions = dimensions;
		header->stride = stride_for(dimensions);
		header->m = m;
		header->node_bytes = node_bytes_for(m);
		header->upper_bytes = (uint32_t) round_up(list_bytes(m), 8);
		header->capacity = (uint32_t) low;
		header->vectors_offset = round_up(sizeof(arena_header), 64);
		header->nodes_offset = header->vectors_offset + low * header->stride * sizeof(float);
		header->nodes_offset = round_up(header->nodes_offset, 64);
		header->upper_offset = header->nodes_offset + low * header->node_bytes;
		header->total_bytes = bytes / 8 * 8;
		return true;
	}

	void
	attach(void *memory)
	{
		header = (arena_header *) memory;
		base = (char *) memory;
		vectors = (float *) (base + header->vectors_offset);
		nodes = base + header->nodes_offset;
		dimensions = header->dimensions;
		stride = header->stride;
		m = header->m;
		node_bytes = header->node_bytes;
	}

	RV_HNSW_INLINE float *
	vector(uint32_t slot) const
	{
		return vectors + (size_t) slot * stride;
	}

	/* Numbers of a layer's links; layer <= level of the node. */
	RV_HNSW_INLINE uint32_t *
	numbers(uint32_t slot, int layer) const
	{
		if (layer == 0)
			return (uint32_t *) (nodes + (size_t) slot * node_bytes);
		return (uint32_t *) (base + header->total_bytes - (size_t) node(slot)->upper * 8 +
							 (size_t) (layer - 1) * header->upper_bytes);
	}

	RV_HNSW_INLINE arena_list *
	list(uint32_t slot, int layer) const
	{
		return (arena_list *) (numbers(slot, layer) + layer_links((int) m, layer));
	}

	RV_HNSW_INLINE float *
	link_distances(uint32_t slot, int layer) const
	{
		return (float *) (list(slot, layer) + 1);
	}

	RV_HNSW_INLINE arena_node *
	node(uint32_t slot) const
	{
		return (arena_node *) (nodes + (size_t) slot * node_bytes + list_bytes(2 * m));
	}

	/*
	 * Adds a node without links; any number of processes at once.  Returns its slot, or no_slot when the arena is
	 * full.  The caller fills in the vector.
	 */
	uint32_t
	append(int level, const uint16_t row[3])
	{
		uint64_t	upper_need = (uint64_t) level * header->upper_bytes;
		uint64_t	upper = 0;
		uint32_t	slot;

		if (level > 0)
		{
			uint64_t	room = header->total_bytes - header->upper_offset;

			upper = __atomic_add_fetch(&header->upper_used, upper_need, __ATOMIC_RELAXED);
			if (upper > room || upper / 8 > UINT32_MAX)
				return no_slot;
		}
		slot = __atomic_fetch_add(&header->count, 1, __ATOMIC_RELAXED);
		if (slot >= header->capacity)
		{
			__atomic_fetch_sub(&header->count, 1, __ATOMIC_RELAXED);
			return no_slot;
		}
		arena_node *n = node(slot);

		n->upper = (uint32_t) (upper / 8);
		n->duplicate = no_slot;
		memcpy(n->row, row, sizeof(n->row));
		n->level = (uint8_t) level;
		n->flags = 0;
		for (int layer = 0; layer <= level; layer++)
		{
			memset(list(slot, layer), 0, sizeof(arena_list));
			memset(numbers(slot, layer), 0xFF, (size_t) layer_links((int) m, layer) * sizeof(uint32_t));
		}
		return slot;
	}

	/* The entry point: its slot and level; no_slot while the graph is empty. */
	uint32_t
	entry(int *level) const
	{
		uint64_t	word = __atomic_load_n(&header->entry, __ATOMIC_ACQUIRE);

		*level = (int) (word >> 32) - 1;
		return word == 0 ? no_slot : (uint32_t) word;
	}

	void
	set_entry(uint32_t slot, int level)
	{
		__atomic_store_n(&header->entry, (uint64_t) (level + 1) << 32 | slot, __ATOMIC_RELEASE);
	}
};

}	/* namespace rv_hnsw */

#endif							/* RUVECTOR_HNSW_ARENA_H */
