/*
 * visited_set.h - the nodes that a search has seen: a flat table, open addressing,
 * linear probing.
 *
 * A slot holds a key in its low 48 bits and the number of the search (the epoch)
 * above, so that a new search begins without clearing: slots of other epochs are
 * free.  Load is at most one half.  A few thousand entries stay in the first two
 * caches, where one entry per node of the graph would not.
 *
 * Host: static void *Host::alloc(size_t bytes) and static void Host::free(void *);
 * alloc never returns NULL.
 */
#ifndef RUVECTOR_HNSW_VISITED_SET_H
#define RUVECTOR_HNSW_VISITED_SET_H

#include "graph.h"

namespace rv_hnsw
{

template<typename Host>
struct visited_set
{
	static constexpr int key_bits = 48;
	static constexpr uint64_t key_mask = (UINT64_C(1) << key_bits) - 1;

	uint64_t   *slots;
	uint32_t	mask;
	int			shift;
	uint32_t	used;
	uint64_t	epoch;			/* shifted into place */

	/* Room for about `expected` keys before the table grows. */
	void
	init(size_t expected)
	{
		int			bits = 8;

		while ((size_t) 1 << bits < 2 * expected && bits < 30)
			bits++;
		allocate(bits);
		used = 0;
		epoch = UINT64_C(1) << key_bits;
	}

	void
	destroy()
	{
		Host::free(slots);
	}

	size_t
	bytes() const
	{
		return ((size_t) mask + 1) * sizeof(uint64_t);
	}

	void
	clear()
	{
		used = 0;
		epoch += UINT64_C(1) << key_bits;
		if (epoch == 0)
		{
			memset(slots, 0, bytes());
			epoch = UINT64_C(1) << key_bits;
		}
	}

	/* Adds a key; false when it was there. */
	RV_HNSW_INLINE bool
	insert(uint64_t key)
	{
		uint64_t	entry = epoch | key;
		uint32_t	at = position(key);

		for (;;)
		{
			uint64_t	found = slots[at];

			if (found == entry)
				return false;
			if ((found & ~key_mask) != epoch)
				break;
			at = (at + 1) & mask;
		}
		slots[at] = entry;
		if (__builtin_expect(++used > mask / 2, 0))
			grow();
		return true;
	}

	bool
	contains(uint64_t key) const
	{
		uint64_t	entry = epoch | key;

		for (uint32_t at = position(key); (slots[at] & ~key_mask) == epoch; at = (at + 1) & mask)
			if (slots[at] == entry)
				return true;
		return false;
	}

private:
	/* Fibonacci hashing: the high bits of the product. */
	RV_HNSW_INLINE uint32_t
	position(uint64_t key) const
	{
		return (uint32_t) ((key * UINT64_C(0x9E3779B97F4A7C15)) >> shift);
	}

	void
	allocate(int bits)
	{
		mask = (uint32_t) (((size_t) 1 << bits) - 1);
		shift = 64 - bits;
		slots = (uint64_t *) Host::alloc(bytes());
		memset(slots, 0, bytes());
	}

	__attribute__((noinline)) void
	grow()
	{
		uint64_t   *old = slots;
		uint32_t	old_size = mask + 1;

		allocate(64 - shift + 1);
		for (uint32_t i = 0; i < old_size; i++)
		{
			if ((old[i] & ~key_mask) != epoch)
				continue;
			uint32_t	at = position(old[i] & key_mask);

			while (slots[at] != 0)
				at = (at + 1) & mask;
			slots[at] = old[i];
		}
		Host::free(old);
	}
};

}	/* namespace rv_hnsw */

#endif							/* RUVECTOR_HNSW_VISITED_SET_H */
