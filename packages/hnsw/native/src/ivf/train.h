/*
 * train.h - centroids of rows, and which of them is nearest.
 */
#ifndef RUVECTOR_INDEX_IVF_TRAIN_H
#define RUVECTOR_INDEX_IVF_TRAIN_H

#include "coder.h"
#include "engine/parallel.h"
#include "lists.h"

namespace rv_index
{

/* An index that was trained on so many rows is not trained anew by itself: this would stop its writer for long. */
constexpr uint64_t settled_rows = 65536;

/*
 * How many lists so many rows are to have: `wanted`, or by their number where that is 0.
 *
 * A search of p lists costs C centroids and p N / C rows, so the best C grows with the root of N for whatever p and
 * prices there are; that is faiss's and pgvector's rule, too.  Where rows are compared exactly a row costs more than
 * a centroid, since it lies anywhere; where there are codes it costs a small part of one: so 4 sqrt(N) without a
 * prefilter, and 2 sqrt(N) with one.  With half or twice as many GloVe's searches of one recall changed by a tenth at
 * most; those of Fashion-MNIST were a tenth faster and a quarter slower.  A list is to have 64 rows at least, two
 * blocks: with fewer the blocks are not full.
 */
size_t		lists_of(uint64_t rows, uint32_t wanted, bool has_codes);

/*
 * A list of more rows is split: four times what it would have of an even share.  So there may be more lists than were
 * asked for; with one asked for there is one.
 */
uint32_t	list_limit(uint64_t rows, uint32_t wanted, bool has_codes);

/* Where rows come from: float32 elements of row i (coder.h), into `out`. */
struct row_source
{
	const ivf_coder &coder;
	const uint8_t *rows;
	size_t		stride;
	const uint32_t *slots;

	const void *row(size_t i) const { return rows + (size_t) slots[i] * stride; }
	void to_floats(size_t i, float *out) const { coder.row_to_floats(row(i), out); }
};

/*
 * Centroids of `n` rows, at most k of them: by k-means on a sample, hierarchical for many.  The same for any number
 * of threads. Throws what `told` does.
 */
std::vector<float> train_centroids(const row_source &from, size_t n, size_t k, uint64_t seed, unsigned threads,
								   const progress &told, const char *phase);

/* The nearest centroid of each of `n` rows. */
void		find_nearest(const row_source &from, size_t n, const float *centroids, const float *panels, size_t count,
						 unsigned threads, const progress &told, const char *phase, uint32_t *nearest);

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_IVF_TRAIN_H */
