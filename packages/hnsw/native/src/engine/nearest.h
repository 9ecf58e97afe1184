/*
 * nearest.h - the k nearest of many, in a heap with the farthest on top; of equal distances the lower slot.
 */
#ifndef RUVECTOR_INDEX_NEAREST_H
#define RUVECTOR_INDEX_NEAREST_H

#include <algorithm>
#include <vector>

#include <ruvector/hnsw/graph.h>

namespace rv_index
{

using rv_hnsw::scored;

inline bool
is_nearer(const scored &a, const scored &b)
{
	return a.distance < b.distance || (a.distance == b.distance && a.slot < b.slot);
}

class nearest
{
public:
	explicit nearest(size_t k) : k(k) { }

	void
	reset(size_t new_k)
	{
		k = new_k;
		heap.clear();
	}

	bool is_full() const { return heap.size() == k; }

	/* What a distance has to be below, or at, to come in. */
	float worst() const { return heap.size() < k || k == 0 ? __builtin_inff() : heap[0].distance; }

	void
	offer(float distance, uint32_t slot)
	{
		const scored entry = {distance, slot};

		if (heap.size() < k)
		{
			heap.push_back(entry);
			std::push_heap(heap.begin(), heap.end(), is_nearer);
		}
		else if (k > 0 && is_nearer(entry, heap[0]))
		{
			std::pop_heap(heap.begin(), heap.end(), is_nearer);
			heap.back() = entry;
			std::push_heap(heap.begin(), heap.end(), is_nearer);
		}
	}

	/* Nearest first; empties it. */
	void
	append_to(std::vector<scored> &out)
	{
		std::sort_heap(heap.begin(), heap.end(), is_nearer);
		out.insert(out.end(), heap.begin(), heap.end());
		heap.clear();
	}

	const std::vector<scored> &entries() const { return heap; }

private:
	size_t		k;
	std::vector<scored> heap;
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_NEAREST_H */
