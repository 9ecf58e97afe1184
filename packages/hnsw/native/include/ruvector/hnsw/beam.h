/*
 * beam.h - the result list and the candidate queue of a search (W and C of
 * Algorithm 2), in one sorted array.
 *
 * C is the part of W that has not been expanded: whatever fell out of W lies
 * farther than everything in it, so the search would end before expanding it.
 * One array of `ef` entries, ordered by distance, with a mark on each expanded
 * one, therefore does the work of two heaps; an insertion moves some hundred
 * bytes and needs no allocation, and the results are in order at the end.
 *
 * Entries may be *uncounted*: a vacuum walks over nodes that are about to be
 * deleted but does not count them towards ef.  The array grows for these.
 */
#ifndef RUVECTOR_HNSW_BEAM_H
#define RUVECTOR_HNSW_BEAM_H

#include "graph.h"

namespace rv_hnsw
{

template<typename Host>
struct beam
{
	/* Marks in an entry's slot; slots themselves stay below. */
	static constexpr uint32_t expanded_mark = UINT32_C(1) << 31;
	static constexpr uint32_t uncounted_mark = UINT32_C(1) << 30;
	static constexpr uint32_t slot_mask = uncounted_mark - 1;

	scored	   *entries;		/* ascending by distance */
	uint32_t	size;
	uint32_t	limit;			/* ef, and one more for each uncounted entry */
	uint32_t	cursor;			/* nothing before it waits for expansion */
	uint32_t	capacity;

	void
	init(uint32_t ef)
	{
		capacity = ef + 16;
		entries = (scored *) Host::alloc(capacity * sizeof(scored));
		reset(ef);
	}

	void
	destroy()
	{
		Host::free(entries);
	}

	/* Empties the list for another search. */
	void
	reset(uint32_t ef)
	{
		size = 0;
		cursor = 0;
		limit = ef;
		if (ef + 1 > capacity)
		{
			Host::free(entries);
			capacity = ef + 16;
			entries = (scored *) Host::alloc(capacity * sizeof(scored));
		}
	}

	/* Keeps the list as the entry points of a search with another ef; all are expanded anew. */
	void
	reopen(uint32_t ef)
	{
		limit = ef;
		cursor = 0;
		for (uint32_t i = 0; i < size; i++)
		{
			entries[i].slot &= ~expanded_mark;
			if (entries[i].slot & uncounted_mark)
				limit++;
		}
		while (capacity < limit + 1 || capacity < size + 1)
			grow();
	}

	RV_HNSW_INLINE bool
	admits(float distance) const
	{
		return size < limit || distance < entries[size - 1].distance;
	}

	/*
	 * Inserts behind entries of the same distance.  Returns the slot that fell
	 * out, or no_slot.  Call it when admits() said so.
	 */
	RV_HNSW_INLINE uint32_t
	push(float distance, uint32_t slot, bool counted = true)
	{
		uint32_t	low = 0,
					high = size;

		if (__builtin_expect(!counted, 0))
		{
			slot |= uncounted_mark;
			limit++;
		}
		if (__builtin_expect(size + 1 > capacity, 0))
			grow();
		while (low < high)
		{
			uint32_t	middle = (low + high) / 2;

			if (entries[middle].distance <= distance)
				low = middle + 1;
			else
				high = middle;
		}
		memmove(entries + low + 1, entries + low, (size - low) * sizeof(scored));
		entries[low].distance = distance;
		entries[low].slot = slot;
		if (low < cursor)
			cursor = low;
		if (++size <= limit)
			return no_slot;
		uint32_t	evicted = entries[--size].slot;

		if (__builtin_expect(evicted & uncounted_mark, 0))
			limit--;
		if (cursor > size)
			cursor = size;
		return evicted & slot_mask;
	}

	/* The nearest entry that has not been expanded, which it now is; no_slot when there is none. */
	RV_HNSW_INLINE uint32_t
	next()
	{
		while (cursor < size && (entries[cursor].slot & expanded_mark) != 0)
			cursor++;
		if (cursor == size)
			return no_slot;
		uint32_t	slot = entries[cursor].slot;

		entries[cursor++].slot = slot | expanded_mark;
		return slot & slot_mask;
	}

	/* The entry that next() would return now, without taking it. */
	RV_HNSW_INLINE uint32_t
	peek() const
	{
		for (uint32_t i = cursor; i < size; i++)
			if ((entries[i].slot & expanded_mark) == 0)
				return entries[i].slot & slot_mask;
		return no_slot;
	}

	/* Calls ask(slot) for the first `n` entries that are not expanded. */
	template<typename Ask>
	RV_HNSW_INLINE void
	for_next(int n, Ask ask) const
	{
		for (uint32_t i = cursor; i < size && n > 0; i++)
			if ((entries[i].slot & expanded_mark) == 0)
			{
				ask(entries[i].slot & slot_mask);
				n--;
			}
	}

	RV_HNSW_INLINE uint32_t
	slot(uint32_t i) const
	{
		return entries[i].slot & slot_mask;
	}

private:
	__attribute__((noinline)) void
	grow()
	{
		uint32_t	larger = capacity * 2;
		scored	   *moved = (scored *) Host::alloc(larger * sizeof(scored));

		memcpy(moved, entries, size * sizeof(scored));
		Host::free(entries);
		entries = moved;
		capacity = larger;
	}
};

/* A binary min-heap of candidates by distance, for searches that resume (iterative scans). */
template<typename Host>
struct scored_heap
{
	scored	   *entries;
	uint32_t	size;
	uint32_t	capacity;

	void
	init()
	{
		size = 0;
		capacity = 256;
		entries = (scored *) Host::alloc(capacity * sizeof(scored));
	}

	void
	destroy()
	{
		Host::free(entries);
	}

	void
	push(float distance, uint32_t slot)
	{
		uint32_t	at = size++;

		if (__builtin_expect(size > capacity, 0))
		{
			scored	   *moved = (scored *) Host::alloc((size_t) capacity * 2 * sizeof(scored));

			memcpy(moved, entries, (size_t) capacity * sizeof(scored));
			Host::free(entries);
			entries = moved;
			capacity *= 2;
		}
		while (at > 0 && distance < entries[(at - 1) / 2].distance)
		{
			entries[at] = entries[(at - 1) / 2];
			at = (at - 1) / 2;
		}
		entries[at] = scored{distance, slot};
	}

	/* Removes the nearest; call it when size > 0. */
	scored
	pop()
	{
		scored		top = entries[0];
		scored		last = entries[--size];
		uint32_t	at = 0;

		for (;;)
		{
			uint32_t	child = 2 * at + 1;

			if (child >= size)
				break;
			if (child + 1 < size && entries[child + 1].distance < entries[child].distance)
				child++;
			if (last.distance <= entries[child].distance)
				break;
			entries[at] = entries[child];
			at = child;
		}
		entries[at] = last;
		return top;
	}
};

}	/* namespace rv_hnsw */

#endif							/* RUVECTOR_HNSW_BEAM_H */
