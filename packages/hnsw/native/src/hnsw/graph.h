/*
 * graph.h - rows and links of an index of kind `hnsw`, in regions: what arena.h is to PostgreSQL, but it grows and shrinks.
 *
 *   rows     by slot: the row (engine/space.h)
 *   links    by slot: 2m numbers, the links at layer 0; ended by no_slot when fewer
 *   nodes    by slot: the level, where upper links are, and what only writers look at: a record and 2m distances
 *   upper    blocks of m numbers, a record and m distances, one for each layer above 0; those of a node side by side
 *
 * So a hop at layer 0 reads the numbers and nothing else.  Numbers and the word of the entry are the only things that change
 * under a reader's eyes; the rules are those of arena.h.  All else of a node is written before a link leads to it, and stays
 * until no reader can hold its slot.
 *
 * The upper blocks of a slot are its own until the slot is used again: then nobody can read them (body.h).  They go to a list
 * of free ones of the same level, which is threaded through their first words.
 *
 * Of a file nothing is trusted: a number that is no slot is passed by, and so is a layer that a node has not.
 */
#ifndef RUVECTOR_INDEX_HNSW_GRAPH_H
#define RUVECTOR_INDEX_HNSW_GRAPH_H

#include <algorithm>
#include <atomic>

#include <ruvector/hnsw/arena_insert.h>

#include "engine/region.h"
#include "engine/space.h"

namespace rv_index
{

using rv_hnsw::arena_list;
using rv_hnsw::layer_links;
using rv_hnsw::link_kept;
using rv_hnsw::no_slot;
using rv_hnsw::scored;

/* With m = 2 one node in 2^30 is higher. */
constexpr int max_level = 30;

struct hnsw_node
{
	uint32_t	upper;			/* of its upper links: the first block's number + 1; 0: none */
	uint8_t		level;
	uint8_t		flags;			/* arena_insert.h; always 0 here */
	uint16_t	unused;
	arena_list	list;			/* of layer 0; its distances follow */
};

/* A vector and its scale: what distances are measured from. */
struct hnsw_query
{
	const void *vector;
	float		scale;
};

class hnsw_graph
{
public:
	hnsw_graph(const space &metric, uint32_t m, uint64_t most_slots)
		: metric(metric), m(m), stride(metric.stride()), link_bytes(2 * m * sizeof(uint32_t)),
		node_bytes(sizeof(hnsw_node) + 2 * m * sizeof(float)),
		upper_bytes((m * (sizeof(uint32_t) + sizeof(float)) + sizeof(arena_list) + 7) / 8 * 8)
	{
		rows.reserve(most_slots * stride);
		links.reserve(most_slots * link_bytes);
		nodes.reserve(most_slots * node_bytes);
		/* Expected: most_slots / (m - 1) of them. */
		upper.reserve(most_slots * upper_bytes / (m - 1) * 2);
		std::fill(free_upper, free_upper + max_level + 1, 0);
	}

	const space &metric;
	const uint32_t m;
	const size_t stride,
				link_bytes,
				node_bytes,
				upper_bytes;
	region		rows,
				links,
				nodes,
				upper;
	std::atomic<uint32_t> upper_count{0};	/* blocks that are in use or in a list of free ones */
	uint32_t	free_upper[max_level + 1];	/* by level: the first block's number + 1; 0: none */

	/* (level + 1) << 32 | slot; 0 while there is none. */
	std::atomic<uint64_t> entry_word{0};

	uint8_t    *row(uint32_t slot) const { return rows.data() + (size_t) slot * stride; }

	hnsw_query
	vector(uint32_t slot) const
	{
		const void *own = row(slot);

		return {own, metric.row_scale(own)};
	}

	hnsw_node *
	node(uint32_t slot) const
	{
		return (hnsw_node *) (void *) (nodes.data() + (size_t) slot * node_bytes);
	}

	/* A node's numbers at a layer up to its level. */
	uint32_t *
	numbers(uint32_t slot, int layer) const
	{
		if (layer == 0)
			return (uint32_t *) (void *) (links.data() + (size_t) slot * link_bytes);
		return (uint32_t *) (void *) upper_block(node(slot)->upper - 1 + (uint32_t) (layer - 1));
	}

	arena_list *
	list(uint32_t slot, int layer) const
	{
		return layer == 0 ? &node(slot)->list : (arena_list *) (void *) (numbers(slot, layer) + m);
	}

	float *
	link_distances(uint32_t slot, int layer) const
	{
		return (float *) (void *) (list(slot, layer) + 1);
	}

	uint32_t
	entry(int *level) const
	{
		const uint64_t word = entry_word.load(std::memory_order_acquire);

		*level = (int) (word >> 32) - 1;
		return word == 0 ? no_slot : (uint32_t) word;
	}

	void
	set_entry(uint32_t slot, int level)
	{
		entry_word.store((uint64_t) (level + 1) << 32 | slot, std::memory_order_release);
	}

	/* Copies numbers without marks, those below `end`; `to` has room for 2m.  Of a layer that the node has not, none. */
	template<typename Number>
	int
	copy_numbers(uint32_t slot, int layer, uint32_t end, Number *to) const
	{
		const int	most = layer_links((int) m, layer);
		int			count = 0;

		if (!look_at(slot, layer))
			return 0;

		const uint32_t *from = numbers(slot, layer);

		for (int i = 0; i < most; i++)
		{
			const uint32_t number = __atomic_load_n(from + i, __ATOMIC_ACQUIRE);

			if (number == no_slot)
				break;
			to[count] = number & ~link_kept;
			count += to[count] < end;
		}
		return count;
	}

	/* To be called before a row is read that nobody has looked at. */
	void look_at_row(uint32_t slot) const { rows.touch((uint64_t) slot * stride, stride); }

	/* The same for numbers; false where the node has not this layer. */
	bool
	look_at(uint32_t slot, int layer) const
	{
		if (layer == 0)
		{
			links.touch((uint64_t) slot * link_bytes, link_bytes);
			return true;
		}
		nodes.touch((uint64_t) slot * node_bytes, sizeof(hnsw_node));

		const hnsw_node &own = *node(slot);

		if (layer > own.level || own.upper == 0 || (uint64_t) own.upper - 1 + own.level > upper_count.load(std::memory_order_acquire))
			return false;
		upper.touch((uint64_t) (own.upper - 1 + (uint32_t) (layer - 1)) * upper_bytes, upper_bytes);
		return true;
	}

	/* The writer: memory for slots below `slots`; upper links are taken by set_level(). */
	void
	reserve(uint64_t slots)
	{
		rows.grow(slots * stride);
		links.grow(slots * link_bytes);
		nodes.grow(slots * node_bytes);
	}

	/* The writer: makes a slot a node of level 0 without links. */
	void
	clear(uint32_t slot)
	{
		hnsw_node  &own = *node(slot);

		give_up_upper(own.upper, own.level);
		own.upper = 0;
		own.level = 0;
		own.flags = 0;
		own.unused = 0;
		clear_links(slot, 0);
	}

	/* The writer: no links at a layer. */
	void
	clear_links(uint32_t slot, int layer)
	{
		cut_links(slot, layer, 0);
		memset(list(slot, layer), 0, sizeof(arena_list));
	}

	/* The writer: ends a list after `count` numbers. */
	void
	cut_links(uint32_t slot, int layer, int count)
	{
		uint32_t   *own = numbers(slot, layer);

		for (int i = count; i < layer_links((int) m, layer); i++)
			__atomic_store_n(own + i, no_slot, __ATOMIC_RELEASE);
	}

	/* The writer: gives a node that clear() made its level; throws where there is no memory, and the node stays as it was. */
	void
	set_level(uint32_t slot, int level)
	{
		hnsw_node  &own = *node(slot);

		if (level == 0)
			return;
		own.upper = take_upper(level);
		own.level = (uint8_t) level;
		for (int layer = 1; layer <= level; layer++)
			clear_links(slot, layer);
	}

	/* The writer: puts blocks that nobody uses into the lists of free ones. */
	void
	give_up_upper(uint32_t first, int level)
	{
		if (first == 0 || level == 0)
			return;
		*(uint32_t *) (void *) upper_block(first - 1) = free_upper[level];
		free_upper[level] = first;
	}

	uint8_t    *upper_block(uint32_t number) const { return upper.data() + (size_t) number * upper_bytes; }

private:
	uint32_t
	take_upper(int level)
	{
		const uint32_t free = free_upper[level];

		if (free != 0)
		{
			free_upper[level] = *(const uint32_t *) (const void *) upper_block(free - 1);
			return free;
		}

		const uint32_t first = upper_count.load(std::memory_order_relaxed);

		if (first > UINT32_MAX - 1 - (uint32_t) level)
			throw failure(error_code::too_large, "the index has no room for more upper links");
		upper.grow(((uint64_t) first + (uint32_t) level) * upper_bytes);
		upper_count.store(first + (uint32_t) level, std::memory_order_release);
		return first + 1;
	}
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_HNSW_GRAPH_H */
