/*
 * search.cpp - searches of the graph.
 *
 * A search that goes on keeps what fell out of its beam, or had no place in it, in a heap; its next batch begins with the nearest
 * of these, as pgvector's iterative scans do.  The entry is put there, too: all that is reached from it at layer 0 comes in the
 * end.  Between two batches a slot may be used again, so distances of rows that are alive are computed anew when they leave
 * the heap, under the epoch that they are given away in; what is not alive is walked through, never read.
 */
#include "hnsw.h"

#include "engine/nearest.h"

namespace rv_index
{

namespace
{

/* A beam is one sorted array: longer ones are made of pieces that follow each other. */
constexpr uint32_t widest_beam = 2048;

class hnsw_searcher final : public searcher
{
public:
	explicit hnsw_searcher(const hnsw_body &of)
		: of(of), store(of.graph, of, of.alive, true)
	{
		beam.init(64);
		visited.init(1024);
		heap.init();
	}

	~hnsw_searcher() override
	{
		beam.destroy();
		visited.destroy();
		heap.destroy();
	}

	size_t
	find(const void *query, size_t k, uint32_t effort, scored *found) override
	{
		const size_t wanted = std::max<size_t>(effort, k);

		rows.clear();
		if (wanted > widest_beam)
		{
			begin(query, widest_beam, nullptr);
			while (rows.size() < wanted && more(rows))
				;
			std::sort(rows.begin(), rows.end(), is_nearer);
		}
		else if (start(query, (uint32_t) wanted))
		{
			store.offer(beam, first.distance, first.slot, 0);
			rv_hnsw::search_layer(store, beam, visited, 0, done);
			take_found(rows, nullptr);
			count();
		}

		const size_t n = std::min(k, rows.size());

		std::copy(rows.begin(), rows.begin() + (ptrdiff_t) n, found);
		return n;
	}

	void
	begin(const void *query, uint32_t effort, const slot_filter *passing) override
	{
		const uint8_t *bytes = (const uint8_t *) query;
		int			level;

		own.assign(bytes, bytes + of.metric.vector_bytes);
		filter = passing;
		width = std::min(std::max(effort, UINT32_C(1)), widest_beam);
		heap.size = 0;
		if (!start(own.data(), width))
			return;
		heap.push(first.distance, first.slot);

		const uint32_t entry = of.graph.entry(&level);

		if (entry != no_slot && visited.insert(entry))
			heap.push(store.distance(entry), entry);
		count();
	}

	bool
	more(std::vector<scored> &found) override
	{
		if (heap.size == 0)
			return false;
		store.begin();
		beam.reset(width);
		reopen();
		store.spilled = &heap;
		rv_hnsw::search_layer(store, beam, visited, 0, done);
		store.spilled = nullptr;
		take_found(found, filter);
		count();
		return true;
	}

private:
	const hnsw_body &of;
	hnsw_store	store;
	hnsw_beam	beam;
	hnsw_visited visited;
	hnsw_heap	heap;
	rv_hnsw::search_counts done = {0, 0};
	scored		first = {0, no_slot};	/* where layer 0 is entered */
	std::vector<scored> rows;
	std::vector<uint8_t> own;
	const slot_filter *filter = nullptr;
	uint32_t	width = 0;

	/* Goes down to layer 0, and makes ready for a search of it; false where there is nothing to be found. */
	bool
	start(const void *query, uint32_t ef)
	{
		store.begin();
		store.query = {query, of.metric.scale_of(query)};
		store.spilled = nullptr;
		/* Of rows that are being linked first of all none is alive: there is no end to walking through them. */
		if (of.live.load(std::memory_order_acquire) == 0 || !rv_hnsw::descend(store, beam, visited, done))
			return false;
		first = {beam.entries[0].distance, beam.slot(0)};
		visited.clear();
		visited.insert(first.slot);
		beam.reset(ef);
		return true;
	}

	/* What the beam has, nearest first, of rows that may be given away. */
	void
	take_found(std::vector<scored> &found, const slot_filter *passing)
	{
		for (uint32_t i = 0; i < beam.size; i++)
		{
			const uint32_t slot = beam.slot(i);

			if ((beam.entries[i].slot & hnsw_beam::uncounted_mark) == 0 && of.alive.has(slot) &&
				(passing == nullptr || passing->has(slot)))
				found.push_back({beam.entries[i].distance, slot});
		}
	}

	/* The nearest of what had no place go on. */
	void
	reopen()
	{
		const void *near_rows[max_gather];
		uint32_t	slots[max_gather];
		float		distances[max_gather];
		uint32_t	taken = 0;

		store.uncounted = 0;
		while (heap.size > 0 && taken < width && store.uncounted < most_uncounted)
		{
			size_t		n = 0;

			while (heap.size > 0 && n < max_gather && taken + n < width && store.uncounted < most_uncounted)
			{
				const scored next = heap.pop();

				if (of.alive.has(next.slot))
				{
					near_rows[n] = of.row(next.slot);
					slots[n++] = next.slot;
					continue;
				}
				beam.push(next.distance, next.slot, false);
				store.uncounted++;
			}
			of.metric.gather(store.query.vector, store.query.scale, near_rows, n, distances);
			for (size_t i = 0; i < n; i++)
				beam.push(distances[i], slots[i]);
			taken += (uint32_t) n;
			counts.distances += n;
			counts.bytes += n * of.metric.row_bytes;
		}
		store.uncounted = 0;
	}

	void
	count()
	{
		counts.hops += done.hops;
		counts.distances += done.distances;
		counts.bytes += store.bytes;
		done = {0, 0};
		store.bytes = 0;
	}
};

}	/* namespace */

std::unique_ptr<searcher>
hnsw_body::make_searcher() const
{
	return std::unique_ptr<searcher>(new hnsw_searcher(*this));
}

}	/* namespace rv_index */
