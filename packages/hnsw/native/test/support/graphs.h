/*
 * graphs.h - arenas with rows, how they are linked, and what must hold of them then.
 */
#ifndef RUVECTOR_HNSW_TEST_GRAPHS_H
#define RUVECTOR_HNSW_TEST_GRAPHS_H

#include <vector>

#include <ruvector/hnsw/arena_insert.h>

#include "check.h"

namespace rv_test
{

using rv_hnsw::arena;
using rv_hnsw::arena_list;
using rv_hnsw::link_kept;
using rv_hnsw::no_slot;

/* Plain loops: what they give for (a, b) they give for (b, a), to the bit. */
float		l2(const float *a, const float *b, size_t dimensions);
float		l1(const float *a, const float *b, size_t dimensions);
float		negative_inner_product(const float *a, const float *b, size_t dimensions);

typedef float (*metric_function) (const float *, const float *, size_t);

/* Templates are compiled once for all metrics: the one in use is a variable. */
struct metric
{
	static inline metric_function in_use = l2;

	static void
	gather(const float *query, const float *const *rows, size_t dimensions, size_t n, float *out)
	{
		for (size_t r = 0; r < n; r++)
			out[r] = in_use(query, rows[r], dimensions);
	}
};

/* As the graph has it. */
float		distance_of(const float *a, const float *b, uint32_t dimensions);

/* One process alone. */
struct lone_host : malloc_host
{
	void lock_node(uint32_t) { }
	void unlock_node(uint32_t) { }
};

/* Vectors, one after the other. */
struct rows
{
	uint32_t	dimensions;
	std::vector<float> values;

	uint32_t count() const { return (uint32_t) (values.size() / dimensions); }
	float *row(uint32_t n) { return values.data() + (size_t) n * dimensions; }
	const float *row(uint32_t n) const { return values.data() + (size_t) n * dimensions; }
	void add(const float *row) { values.insert(values.end(), row, row + dimensions); }
};

rows		random_rows(uint32_t count, uint32_t dimensions, random_numbers &random);

/* Around `clusters` centres, at a tenth of their own distances. */
rows		clustered_rows(uint32_t count, uint32_t dimensions, uint32_t clusters, random_numbers &random);

constexpr int max_level = 20;

/* An arena in memory of exactly the size that its rows are said to take. */
struct filled_arena
{
	void	   *memory;
	uint64_t	bytes;
	arena		graph;

	filled_arena(uint32_t capacity, uint32_t dimensions, uint32_t m);
	filled_arena(const filled_arena &) = delete;
	~filled_arena() { free(memory); }

	uint32_t	append(const float *row, int level);

	/* All rows, at levels as a build draws them. */
	void		append(const rows &all, random_numbers &random);
};

/* Nodes of this level and above are linked before all others, by one: so does PostgreSQL's build. */
constexpr int high_level = 2;

template<typename Insert>
void
link_highest(const arena &graph, Insert insert)
{
	uint32_t	first = no_slot;
	int			highest = -1;

	for (uint32_t slot = 0; slot < graph.header->count; slot++)
		if (graph.node(slot)->level > highest)
		{
			highest = graph.node(slot)->level;
			first = slot;
		}
	if (first == no_slot)
		return;
	insert(first);
	for (int level = highest; level >= high_level; level--)
		for (uint32_t slot = 0; slot < graph.header->count; slot++)
			if (slot != first && graph.node(slot)->level == level)
				insert(slot);
}

/* Those that link_highest() has not. */
template<typename Insert>
void
link_others(const arena &graph, uint32_t from, uint32_t to, Insert insert)
{
	int			level;
	uint32_t	entry = graph.entry(&level);

	for (uint32_t slot = from; slot < to; slot++)
		if (slot != entry && graph.node(slot)->level < high_level)
			insert(slot);
}

/* The whole, by one; or from the first row to the last, whatever their levels. */
void		link_all(const filled_arena &filled, int ef_construction);
void		link_in_order(const filled_arena &filled, int ef_construction);

/* What a search finds: nodes in order, and their rows. */
struct searcher
{
	rv_hnsw::arena_store<metric, lone_host> store;
	rv_hnsw::beam<lone_host> results;
	rv_hnsw::visited_set<lone_host> visited;
	rv_hnsw::search_counts counts;

	explicit searcher(void *memory);
	searcher(const searcher &) = delete;
	~searcher();

	/* The ef nearest nodes go to `results`. */
	void		search(const float *query, uint32_t ef);

	/* The rows of the ef nearest nodes, nearest first. */
	std::vector<uint32_t> rows_near(const float *query, uint32_t ef);
};

/* The share of the k nearest rows that a search finds; another row at the distance of the last is as good. */
double		recall(void *memory, const rows &all, const rows &queries, uint32_t ef, uint32_t k);

/* Shares of nodes that a walk along the links of one layer reaches from the entry point. */
struct reached
{
	double		ground;			/* at layer 0 */
	double		above;			/* at the other layers, all together */
};

/*
 * All that must hold of a graph that nobody changes.  With a tolerance, distances need not
 * be right to the bit, nor marks, which depend on them.
 */
reached		check_graph(const arena &graph, double tolerance = 0);

}	/* namespace rv_test */

#endif							/* RUVECTOR_HNSW_TEST_GRAPHS_H */
