/*
 * page_order.h - in which order nodes go to pages, so that neighbours share pages.
 *
 * Every page is filled greedily: it begins with a node next to what was placed
 * before, and takes, again and again, the unplaced node with the most links to
 * and from the page's nodes.  A hop of a search then finds several of its
 * neighbours behind one pin, and the next hop finds pages that are still warm.
 * (M. Wang et al., "Starling", SIGMOD 2024, section 4.1, calls the share of
 * neighbours on a node's own page the overlap ratio and maximises it.)
 *
 * O(n * links) for a page's few nodes; memory 7 bytes a node.
 */
#ifndef RUVECTOR_HNSW_PAGE_ORDER_H
#define RUVECTOR_HNSW_PAGE_ORDER_H

#include "arena.h"

namespace rv_hnsw
{

/*
 * Host, beside memory: check_interrupts(), called now and then.
 * Sizes: uint32_t bytes(slot) of a node in a page, and page_bytes of room.
 */
template<typename Host, typename Sizes>
struct page_order
{
	/* Candidates for the page at hand; more than any page's nodes have links. */
	static constexpr uint32_t table_size = 1 << 12;

	arena		graph;
	uint32_t   *order;			/* the result: slots in page order */
	uint32_t	placed;

	/* Fills order with all nodes of the graph; returns how many. */
	uint32_t
	run(void *memory, Host *host, const Sizes &sizes)
	{
		uint32_t	count,
					seed = 0,
					next_link = 0;

		graph.attach(memory);
		count = graph.header->count < graph.header->capacity ? graph.header->count : graph.header->capacity;
		order = (uint32_t *) Host::alloc((size_t) (count + 1) * sizeof(uint32_t));
		done = (uint8_t *) Host::alloc((size_t) count + 1);
		scores = (uint16_t *) Host::alloc((size_t) (count + 1) * sizeof(uint16_t));
		memset(done, 0, count);
		memset(scores, 0, (size_t) count * sizeof(uint16_t));
		placed = 0;
		for (uint32_t slot = 0; slot < count; slot++)
			if (graph.node(slot)->flags & node_is_duplicate)
				done[slot] = 1;
		for (;;)
		{
			uint32_t	first = no_slot;

			/* Next to what was placed, in the order of placing; else the first node left. */
			while (first == no_slot && next_link < placed)
			{
				const uint32_t *numbers = graph.numbers(order[next_link], 0);

				for (uint32_t i = 0; i < 2 * graph.m && numbers[i] != no_slot && first == no_slot; i++)
					if (!done[numbers[i] & ~link_kept])
						first = numbers[i] & ~link_kept;
				if (first == no_slot)
					next_link++;
			}
			while (first == no_slot && seed < count)
			{
				if (!done[seed])
					first = seed;
				else
					seed++;
			}
			if (first == no_slot)
				break;
			fill_page(first, sizes);
			host->check_interrupts();
		}
		Host::free(done);
		Host::free(scores);
		return placed;
	}

private:
	uint8_t    *done;
	uint16_t   *scores;			/* links between a node and the page at hand */
	uint32_t	candidates[table_size];
	uint32_t	candidate_count;

	void
	fill_page(uint32_t first, const Sizes &sizes)
	{
		uint32_t	room = sizes.page_bytes;
		uint32_t	slot = first;

		candidate_count = 0;
		while (slot != no_slot)
		{
			uint32_t	best_score = 0;

			order[placed++] = slot;
			done[slot] = 1;
			room -= sizes.bytes(slot) < room ? sizes.bytes(slot) : room;
			add_candidates(slot);
			slot = no_slot;
			for (uint32_t i = 0; i < candidate_count; i++)
			{
				uint32_t	candidate = candidates[i];

				if (!done[candidate] && scores[candidate] > best_score && sizes.bytes(candidate) <= room)
				{
					best_score = scores[candidate];
					slot = candidate;
				}
			}
		}
		for (uint32_t i = 0; i < candidate_count; i++)
			scores[candidates[i]] = 0;
	}

	/* Links from the node count once, links that are mutual twice. */
	void
	add_candidates(uint32_t slot)
	{
		const uint32_t *numbers = graph.numbers(slot, 0);

		for (uint32_t i = 0; i < 2 * graph.m && numbers[i] != no_slot; i++)
		{
			uint32_t	other = numbers[i] & ~link_kept;
			const uint32_t *back = graph.numbers(other, 0);

			if (done[other])
				continue;
			if (scores[other] == 0)
			{
				if (candidate_count == table_size)
					continue;
				candidates[candidate_count++] = other;
			}
			scores[other]++;
			for (uint32_t j = 0; j < 2 * graph.m && back[j] != no_slot; j++)
				if ((back[j] & ~link_kept) == slot)
				{
					scores[other]++;
					break;
				}
		}
	}
};

}	/* namespace rv_hnsw */

#endif							/* RUVECTOR_HNSW_PAGE_ORDER_H */
