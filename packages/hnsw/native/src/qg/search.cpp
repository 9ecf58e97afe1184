/*
 * search.cpp - searches of a qg graph.
 */
#include "qg.h"

#include <algorithm>
#include <string.h>

#include "engine/nearest.h"

namespace rv_index
{

namespace
{

/*
 * Of a record that is likely to be expanded next, the bytes that are asked for ahead; the hardware follows the rest of a
 * record once it is read.
 */
constexpr size_t ahead_bytes = 1344;

/* No search that finds too few rows becomes wider than this. */
constexpr uint32_t widest_beam = 1 << 16;

typedef rv_hnsw::beam<heap_host> beam;
typedef rv_hnsw::visited_set<heap_host> visited_set;

class qg_searcher final : public searcher
{
public:
	explicit qg_searcher(const qg_body &graph)
		: graph(graph), query(graph.turn), store{&graph, &query, &counts}, best(0)
	{
		candidates.init(64);
		visited.init(256);
	}

	~qg_searcher() override
	{
		candidates.destroy();
		visited.destroy();
	}

	size_t
	find(const void *vector, size_t k, uint32_t effort, scored *found) override
	{
		/* Rows whose links are being made can be met already. */
		const bool	all_alive = graph.live.load(std::memory_order_acquire) == graph.count.load(std::memory_order_acquire);

		/*
		 * A beam with the same few nodes many times over can end before k are found.  A wider one finds what the index would
		 * have to compare all rows for; a beam that has not been filled has had all that there is.
		 */
		for (uint32_t wide = (uint32_t) std::max<size_t>(effort, k);; wide *= 2)
		{
			if (!start(vector, wide))
				break;
			best.reset(k);
			rv_hnsw::search_codes(store, candidates, visited, [&](float distance, uint32_t slot)
			{
				if (distance <= best.worst() && (all_alive || graph.alive.has(slot)))
					best.offer(distance, slot);
			}, rv_hnsw::no_spill());
			if (best.is_full() || candidates.size < wide || wide >= widest_beam)
				break;
		}
		results.clear();
		best.append_to(results);
		std::copy(results.begin(), results.end(), found);
		return results.size();
	}

	void
	begin(const void *vector, uint32_t effort, const slot_filter *passing) override
	{
		const uint8_t *bytes = (const uint8_t *) vector;

		own.assign(bytes, bytes + graph.metric.vector_bytes);
		filter = passing;
		width = effort;
		spilled.clear();
		start(own.data(), effort);
	}

	bool
	more(std::vector<scored> &found) override
	{
		const size_t before = found.size();
		spill_to	keep{spilled};

		if (candidates.size == 0 && spilled.empty())
			return false;
		rv_hnsw::search_codes(store, candidates, visited, [&](float distance, uint32_t slot)
		{
			if (graph.alive.has(slot) && (filter == nullptr || filter->has(slot)))
				found.push_back({distance, slot});
		}, keep);
		std::sort(found.begin() + (ptrdiff_t) before, found.end(), is_nearer);
		reopen();
		return true;
	}

private:
	struct spill_to
	{
		std::vector<scored> &entries;
		static constexpr bool keeps = true;

		void operator() (float estimate, uint32_t slot) const { entries.push_back({estimate, slot}); }
	};

	const qg_body &graph;
	qg_query	query;
	qg_store	store;
	nearest		best;
	beam		candidates;
	visited_set visited;
	std::vector<scored> results,
				spilled;
	std::vector<uint8_t> own;
	const slot_filter *filter = nullptr;
	uint32_t	width = 0;

	/* False where there is nothing to be found. */
	bool
	start(const void *vector, uint32_t ef)
	{
		const uint32_t entry = graph.entry.load(std::memory_order_acquire);

		visited.clear();
		candidates.reset(ef);
		if (entry == no_slot)
			return false;
		query.prepare(graph.turn, graph.metric, vector, graph.metric.scale_of(vector));
		candidates.push(0, entry);
		return true;
	}

	/* The nearest of what had no place go on. */
	void
	reopen()
	{
		candidates.reset(width);

		const size_t n = std::min<size_t>(width, spilled.size());

		std::nth_element(spilled.begin(), spilled.begin() + (ptrdiff_t) n, spilled.end(), is_nearer);
		for (size_t i = 0; i < n; i++)
			if (!visited.contains(spilled[i].slot))
				candidates.push(spilled[i].distance, spilled[i].slot);
		spilled.erase(spilled.begin(), spilled.begin() + (ptrdiff_t) n);
		/* All of these may have been expanded meanwhile. */
		if (candidates.size == 0 && !spilled.empty())
			reopen();
	}
};

}	/* namespace */

qg_query::qg_query(const qg_turn &turn)
	: turned(turn.n), planes(rv_rabitq_plane_bytes(turn.n)), table_memory(rv_rabitq_table_bytes(turn.n) + 64)
{
	table = (uint8_t *) (((uintptr_t) table_memory.data() + 63) / 64 * 64);
}

void
qg_query::prepare(const qg_turn &turn, const space &, const void *of, float of_scale)
{
	vector = of;
	scale = of_scale;
	turn.turn_vector(of, of_scale, turned.data());
	rv_rabitq_prepare(&turn.code_layout, turned.data(), planes.data(), table, &rabitq);
	step = (float) (2 * rabitq.full.half_step);
	offset = (float) (rabitq.full.half_step * (2 * rabitq.minimum[0] - rabitq.full.sum));
}

float
qg_store::expand(uint32_t slot, float limit, rv_hnsw::near_nodes &near) const
{
	const qg_layout &layout = graph->layout;
	const uint8_t *record = graph->record(slot);

	graph->touch(slot);

	const float distance = graph->metric.distance(query->vector, query->scale, record);
	const uint32_t count = std::min(graph->link_count(slot)->load(std::memory_order_acquire), layout.degree);
	const uint32_t end = graph->count.load(std::memory_order_acquire);
	const std::atomic<uint32_t> *links = graph->links(slot);
	rv_rabitq_near block = {(const float *) (const void *) (record + layout.add_at),
		(const uint16_t *) (const void *) (record + layout.scale_at), distance, query->step, query->offset, limit};

	near.count = 0;
	for (uint32_t first = 0; first < count; first += 32)
	{
		alignas(64) float values[32];
		uint32_t	below = rv_quant.rabitq->near_block(record + layout.codes_at + first / 32 * layout.block_bytes(), layout.n,
														query->table, &block, values);

		if (count - first < 32)
			below &= (UINT32_C(1) << (count - first)) - 1;
		for (; below != 0; below &= below - 1)
		{
			const int	i = __builtin_ctz(below);

			const uint32_t neighbour = links[first + (uint32_t) i].load(std::memory_order_relaxed);

			/* Of a file it may be anything; of a record in change it is what it was, or nothing yet. */
			near.slots[near.count] = neighbour;
			near.estimates[near.count] = values[i];
			near.count += neighbour < end;
		}
		block.add += 32;
		block.scale += 32;
	}
	counts->hops++;
	counts->distances++;
	counts->estimates += count;
	counts->bytes += layout.bytes;
	return distance;
}

void
qg_store::ask_ahead(uint32_t slot) const
{
	if (slot == rv_hnsw::no_slot)
		return;

	const uint8_t *record = graph->record(slot);

	for (size_t byte = 0; byte < ahead_bytes; byte += 64)
		__builtin_prefetch(record + byte, 0, 3);
}

std::unique_ptr<searcher>
qg_body::make_searcher() const
{
	return std::unique_ptr<searcher>(new qg_searcher(*this));
}

}	/* namespace rv_index */
