/*
 * worker.h - what one thread needs to search and to encode while links are made.
 */
#ifndef RUVECTOR_INDEX_QG_WORKER_H
#define RUVECTOR_INDEX_QG_WORKER_H

#include "qg.h"

namespace rv_index
{

namespace qg_link
{

typedef rv_hnsw::beam<heap_host> beam;
typedef rv_hnsw::visited_set<heap_host> visited_set;

/* The store of select_neighbors.h. */
struct row_store
{
	const qg_body &graph;

	void
	distances(uint32_t slot, const uint32_t *slots, int n, float *out) const
	{
		const void *rows[rv_hnsw::max_links];
		const void *own = graph.row(slot);

		for (int i = 0; i < n; i++)
			rows[i] = graph.row(slots[i]);
		graph.metric.gather(own, graph.metric.row_scale(own), rows, (size_t) n, out);
	}
};

/* What a thread needs. */
struct worker
{
	explicit worker(const qg_body &graph)
		: query(graph.turn), store{&graph, &query, &counts}, rows{graph}, encoder(graph.turn), centre(graph.turn.n),
		turned(graph.turn.n)
	{
		candidates.init(64);
		visited.init(256);
	}

	worker(const worker &) = delete;
	worker &operator=(const worker &) = delete;

	~worker()
	{
		candidates.destroy();
		visited.destroy();
	}

	qg_query	query;
	search_counts counts;
	qg_store	store;
	row_store	rows;
	qg_encoder	encoder;
	std::vector<float> centre,
				turned;
	beam		candidates;
	visited_set visited;
	std::vector<scored> found;
	std::vector<uint32_t> fresh;
};

}	/* namespace qg_link */

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_QG_WORKER_H */
