/*
 * hnsw.h - index of kind `hnsw`: the graph with layers (ruvector/hnsw/graph.h), of every type and metric.
 *
 * graph.h has rows and links, store.h is how the templates see them, link.cpp brings rows, repair.cpp takes them away and sees to
 * it that links lead to all, search.cpp finds them.
 *
 * Levels depend on the seed, the slot and the row's number alone, so with one thread the graph does, too.  Threads link
 * rows at the same time (arena_insert.h): each holds one node's lock at a time, for one change of one list.  The row of the
 * highest level goes first, alone, where it becomes the entry.
 */
#ifndef RUVECTOR_INDEX_HNSW_H
#define RUVECTOR_INDEX_HNSW_H

#include "store.h"

namespace rv_index
{

/* What a thread of the writer needs. */
struct hnsw_worker
{
	hnsw_worker(hnsw_graph &graph, const body &of, node_locks *locks);
	hnsw_worker(const hnsw_worker &) = delete;
	hnsw_worker &operator=(const hnsw_worker &) = delete;
	~hnsw_worker() { inserter.destroy(); }

	hnsw_host	host;
	hnsw_inserter inserter;
	std::vector<scored> found;
	std::vector<uint32_t> around;
};

typedef std::vector<std::unique_ptr<hnsw_worker>> hnsw_workers;

class hnsw_body final : public body
{
public:
	hnsw_body(const index_options &options, epochs &readers);

	const void *
	row(uint32_t slot) const override
	{
		graph.look_at_row(slot);
		return graph.row(slot);
	}

	std::unique_ptr<searcher> make_searcher() const override;
	void		reserve(uint64_t slots) override { graph.reserve(slots); }
	void	   *new_row(uint32_t slot) override;
	void		link(const uint32_t *slots, size_t n, unsigned threads, const progress &told) override;
	void		refine(const uint32_t *slots, size_t n, unsigned threads, const progress &told) override;
	void		unlink_dead(unsigned threads, const progress &told) override;
	void		describe(body_stats &stats) const override;
	void		check(std::vector<std::string> &problems, const progress &told) const override;
	void		list_sections(std::vector<section> &sections) const override;
	void		read(section_source &file) override;

private:
	hnsw_graph	own_graph;
	node_locks	locks;
	size_t		unconnected = 0;	/* rows that came since connect_all() */

public:
	/* Searches hold it through a const body, and change nothing. */
	hnsw_graph &graph = own_graph;

private:
	hnsw_workers make_workers(unsigned threads);
	int			draw_level(uint32_t slot) const;

	/* repair.cpp */
	bool		lead_around(hnsw_worker &w, uint32_t slot, int layer, bool &weak);
	void		write_links(uint32_t slot, int layer, const scored *links, int n);
	void		choose_entry();
	void		connect_all(hnsw_worker &w);
	void		connect(uint32_t slot);
	bool		has_link(uint32_t from, uint32_t to) const;
	void		replace_link(uint32_t from, int spared, uint32_t to, float distance);
	void		reach(uint32_t from, std::vector<uint32_t> &parents) const;

	/* describe.cpp */
	void		check_node(uint32_t slot, std::vector<std::string> &problems) const;
	void		check_file();
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_HNSW_H */
