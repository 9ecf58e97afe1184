/*
 * qg.h - index of kind `qg`: a flat graph, codes of a node's neighbours beside the node.
 *
 * Records (record.h) lie in one region by slot.  A search begins at the entry, the row nearest to the mean of all, and goes as
 * ruvector/hnsw/code_search.h says.  Links are made in rounds (link.cpp).
 */
#ifndef RUVECTOR_INDEX_QG_H
#define RUVECTOR_INDEX_QG_H

#include <ruvector/hnsw/code_search.h>

#include "engine/body.h"
#include "engine/host.h"
#include "record.h"

namespace rv_index
{

class qg_body;

/* A query, ready for the records of a graph. */
struct qg_query
{
	explicit qg_query(const qg_turn &turn);

	const void *vector = nullptr;
	float		scale = 1;
	std::vector<float> turned;
	std::vector<int8_t> planes;
	uint8_t    *table;			/* aligned to 64 bytes */
	std::vector<uint8_t> table_memory;
	rv_rabitq_query rabitq;
	float		step,
				offset;

	/* The vector stays where it is as long as the query is used. */
	void		prepare(const qg_turn &turn, const space &metric, const void *vector, float scale);
};

/* The store of code_search.h. */
struct qg_store
{
	typedef heap_host Host;

	const qg_body *graph;
	const qg_query *query;
	search_counts *counts;

	float		expand(uint32_t slot, float limit, rv_hnsw::near_nodes &near) const;
	void		ask_ahead(uint32_t slot) const;
};

class qg_body final : public body
{
public:
	qg_body(const index_options &options, epochs &readers);

	const void *
	row(uint32_t slot) const override
	{
		touch(slot);
		return record(slot);
	}

	std::unique_ptr<searcher> make_searcher() const override;
	void		reserve(uint64_t slots) override { records.grow(slots * layout.bytes); }
	void	   *new_row(uint32_t slot) override;
	void		link(const uint32_t *slots, size_t n, unsigned threads, const progress &told) override;
	void		refine(const uint32_t *slots, size_t n, unsigned threads, const progress &told) override;
	void		unlink_dead(unsigned threads, const progress &told) override;
	void		describe(body_stats &stats) const override;
	void		check(std::vector<std::string> &problems, const progress &told) const override;
	void		list_sections(std::vector<section> &sections) const override;
	void		read(section_source &file) override;

	const qg_layout layout;
	qg_turn		turn;
	std::atomic<uint32_t> entry{no_slot};

	uint8_t    *record(uint32_t slot) const { return records.data() + (size_t) slot * layout.bytes; }

	std::atomic<uint32_t> *
	links(uint32_t slot) const
	{
		return (std::atomic<uint32_t> *) (void *) (record(slot) + layout.links_at);
	}

	std::atomic<uint32_t> *
	link_count(uint32_t slot) const
	{
		return (std::atomic<uint32_t> *) (void *) (record(slot) + layout.count_at);
	}

	/* Copies a node's links, those that can be read; `to` has room for the degree. */
	uint32_t
	copy_links(uint32_t slot, uint32_t *to) const
	{
		const uint32_t n = std::min(link_count(slot)->load(std::memory_order_acquire), layout.degree);

		for (uint32_t i = 0; i < n; i++)
			to[i] = links(slot)[i].load(std::memory_order_relaxed);
		return n;
	}

	/* Slots that links lead to from the entry, a bit each. */
	std::vector<uint64_t> reachable() const;

	/* To be called before a record is read: of a file it may not have been looked at. */
	void touch(uint32_t slot) const { records.touch((uint64_t) slot * layout.bytes, layout.bytes); }

private:
	region		records;

	void		check_file() const;
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_QG_H */
