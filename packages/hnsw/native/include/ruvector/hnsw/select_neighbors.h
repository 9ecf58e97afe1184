/*
 * select_neighbors.h - Algorithm 4: which candidates become neighbours.
 *
 * A candidate is *kept* when it lies nearer to the node than to any candidate
 * kept before it; the others fill what is left, nearest first (keepPruned).
 *
 * A store provides
 *
 *   void distances(slot, slots, n, out)    from one node to n others
 */
#ifndef RUVECTOR_HNSW_SELECT_NEIGHBORS_H
#define RUVECTOR_HNSW_SELECT_NEIGHBORS_H

#include "graph.h"

namespace rv_hnsw
{

/*
 * Is a candidate nearer to the node (at `distance`) than to each of n others?
 * Four at a time: the test often ends early, and the kernels take four rows.
 */
template<typename Store>
RV_HNSW_INLINE bool
is_closer(Store &store, uint32_t slot, float distance, const uint32_t *others, int n)
{
	float		between[4];

	for (int i = 0; i < n; i += 4)
	{
		int			batch = n - i < 4 ? n - i : 4;

		store.distances(slot, others + i, batch, between);
		for (int j = 0; j < batch; j++)
			if (between[j] <= distance)
				return false;
	}
	return true;
}

/*
 * Chooses at most `links` of n candidates, which are in ascending order of
 * distance; out has room for `links`.  Returns how many.  The kept ones come
 * first, then the fillers, each in ascending order.  links <= max_links.
 */
template<typename Store>
int
select_neighbors(Store &store, const scored *candidates, int n, int links, scored *out)
{
	uint32_t	kept[max_links];
	scored		fillers[max_links];
	int			kept_count = 0,
				filler_count = 0;

	if (n <= links)
	{
		memcpy(out, candidates, (size_t) n * sizeof(scored));
		return n;
	}
	for (int i = 0; i < n && kept_count < links; i++)
	{
		if (is_closer(store, candidates[i].slot, candidates[i].distance, kept, kept_count))
		{
			out[kept_count] = candidates[i];
			kept[kept_count++] = candidates[i].slot;
		}
		else if (filler_count < links)
			fillers[filler_count++] = candidates[i];
	}
	for (int i = 0; i < filler_count && kept_count < links; i++)
		out[kept_count++] = fillers[i];
	return kept_count;
}

/* The state of a full neighbour list under change: entries in ascending order, and which are kept. */
struct neighbor_list
{
	scored		entries[max_links + 1];
	bool		kept[max_links + 1];
	int			count;
};

/* Marks the kept entries of a list whose marks are not known. */
template<typename Store>
void
mark_kept(Store &store, neighbor_list &list)
{
	uint32_t	kept[max_links + 1];
	int			kept_count = 0;

	for (int i = 0; i < list.count; i++)
	{
		list.kept[i] = is_closer(store, list.entries[i].slot, list.entries[i].distance, kept, kept_count);
		if (list.kept[i])
			kept[kept_count++] = list.entries[i].slot;
	}
}

/*
 * Marks a list whose entry `added` is new and whose other marks are right
 * without it.  Before the new entry nothing changes.  Behind it, a kept entry is
 * compared with what was added only; a filler that is nearer to something now
 * lost may become kept.
 */
template<typename Store>
void
remark_kept(Store &store, neighbor_list &list, int added)
{
	uint32_t	kept[max_links + 1],
				new_ones[max_links + 1];
	int			kept_count = 0,
				new_count = 0;
	bool		lost = false;

	for (int i = 0; i < added; i++)
		if (list.kept[i])
			kept[kept_count++] = list.entries[i].slot;
	list.kept[added] = is_closer(store, list.entries[added].slot, list.entries[added].distance, kept, kept_count);
	if (!list.kept[added])
		return;
	kept[kept_count++] = new_ones[new_count++] = list.entries[added].slot;
	for (int i = added + 1; i < list.count; i++)
	{
		uint32_t	slot = list.entries[i].slot;
		float		distance = list.entries[i].distance;

		if (list.kept[i])
		{
			list.kept[i] = is_closer(store, slot, distance, new_ones, new_count);
			lost |= !list.kept[i];
		}
		else if (lost && is_closer(store, slot, distance, kept, kept_count))
		{
			list.kept[i] = true;
			new_ones[new_count++] = slot;
		}
		if (list.kept[i])
			kept[kept_count++] = slot;
	}
}

/*
 * Which entry of an overfull list has to go: the farthest filler, else the farthest.
 *
 * Of fillers at one distance the salt chooses.  Many nodes of one value would otherwise
 * all link to those that came first, and later ones could not be reached.  Salt 0 is the
 * last of them.
 */
RV_HNSW_INLINE int
pruned_entry(const neighbor_list &list, uint32_t salt = 0)
{
	int			equal[max_links + 1];
	int			count = 0;

	for (int i = list.count - 1; i >= 0; i--)
	{
		if (list.kept[i])
			continue;
		if (count > 0 && list.entries[i].distance < list.entries[equal[0]].distance)
			break;
		equal[count++] = i;
	}
	return count > 0 ? equal[salt % (uint32_t) count] : list.count - 1;
}

/* A number that differs with the list and with what comes to it. */
RV_HNSW_INLINE uint32_t
salt_of(uint64_t node, uint64_t added)
{
	uint64_t	mixed = (node * UINT64_C(0x9E3779B97F4A7C15)) ^ (added * UINT64_C(0xC2B2AE3D27D4EB4F));

	return (uint32_t) (mixed >> 32) ^ (uint32_t) mixed;
}

}	/* namespace rv_hnsw */

#endif							/* RUVECTOR_HNSW_SELECT_NEIGHBORS_H */
