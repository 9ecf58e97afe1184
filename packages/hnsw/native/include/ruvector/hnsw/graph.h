/*
 * graph.h - the words of an HNSW graph, shared by every store.
 *
 * Y. Malkov, D. Yashunin: "Efficient and robust approximate nearest neighbor
 * search using Hierarchical Navigable Small World graphs", arXiv 1603.09320;
 * numbers of algorithms in this folder are those of the paper.
 *
 * A *store* keeps nodes and their links: an arena in memory (arena_store.h), or
 * pages of a database.  A *slot* is a store's small number for a node that a
 * search holds on to; a *key* names a node for ever, in at most 48 bits.  The
 * algorithms see slots and keys only.  Their frames hold plain data, they never
 * throw, and they take memory from the store's host before a search or in
 * doubling steps, never for a candidate: a host may leave them by longjmp.
 *
 * Distances are float32, smaller is nearer, negative ones included (inner
 * product).  NaN counts as infinitely far.
 */
#ifndef RUVECTOR_HNSW_GRAPH_H
#define RUVECTOR_HNSW_GRAPH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RV_HNSW_INLINE inline __attribute__((always_inline))

namespace rv_hnsw
{

constexpr uint32_t no_slot = UINT32_MAX;

constexpr int min_m = 2;
constexpr int max_m = 100;
/* Most links of one node at one layer. */
constexpr int max_links = 2 * max_m;

/* A node and its distance from whatever is being searched. */
struct scored
{
	float		distance;
	uint32_t	slot;
};

/* m links at upper layers, twice as many at layer 0 (section 4.1 of the paper). */
RV_HNSW_INLINE int
layer_links(int m, int layer)
{
	return layer == 0 ? 2 * m : m;
}

/*
 * The level of a new node: floor(-ln(u) / ln(m)), at most max_level; u is uniform
 * in (0, 1].
 */
RV_HNSW_INLINE int
draw_level(double u, int m, int max_level)
{
	double		level = -__builtin_log(u) / __builtin_log((double) m);

	return level < (double) max_level ? (int) level : max_level;
}

/* NaN would break every order. */
RV_HNSW_INLINE float
ordered(float distance)
{
	return distance == distance ? distance : __builtin_inff();
}

}	/* namespace rv_hnsw */

#endif							/* RUVECTOR_HNSW_GRAPH_H */
