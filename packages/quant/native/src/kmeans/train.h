/*
 * train.h - what the parts of training share: the state of one plain k-means, tasks, sums in a fixed order, chance.
 *
 * Whatever decides is a sum in float64 in a fixed order: distances are those of kmeans.h, sums over rows run over blocks
 * of 256 rows and then over blocks, sums over a cluster over its rows in ascending order.  Tasks write to places of their
 * own.  So a result does not depend on threads, nor on the instruction set, and src/kmeans/ in TypeScript gives the same.
 */
#ifndef RUVECTOR_QUANT_KMEANS_TRAIN_H
#define RUVECTOR_QUANT_KMEANS_TRAIN_H

#include <ruvector/quant/kmeans.h>

#include "../random.h"

namespace rv_kmeans
{

/* Rows of a block: of a sum, and of a task. */
constexpr size_t block_rows = 256;

/* k-means||: rounds, and candidates of a round for each centroid (Bahmani et al., PVLDB 5(7), 2012, section 5). */
constexpr size_t parallel_rounds = 5;
constexpr size_t oversampling = 2;

/* Of the coarse level of a hierarchy: iterations, and rows for each of its cells, as VectorChord has them. */
constexpr size_t coarse_iterations = 10;
constexpr size_t coarse_rows = 256;

inline size_t
blocks_of(size_t rows)
{
	return (rows + block_rows - 1) / block_rows;
}

/* The most of `most` candidates that one round may take. */
inline size_t
round_most(size_t most)
{
	return most / parallel_rounds;
}

inline size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How far the work is; asks the host whether to go on. */
struct progress
{
	const rv_kmeans_host *host;
	size_t		done,
				total;
	bool		stopped;

	bool
	advance(size_t rows)
	{
		done += rows;
		if (!stopped && host->step != NULL && !host->step(host->host, least(done, total), total))
			stopped = true;
		return !stopped;
	}
};

/* Does tasks 0 ... count - 1. */
template<typename Task>
void
for_tasks(const rv_kmeans_host *host, size_t count, Task &task)
{
	if (host->run == NULL || count < 2)
	{
		for (size_t t = 0; t < count; t++)
			task(t);
		return;
	}
	host->run(host->host, count, [](void *data, size_t t) { (*(Task *) data)(t); }, &task);
}

/* Elements of distances between two questions to the host: some milliseconds of a core with AVX. */
constexpr double patience = 2e8;

/*
 * Does tasks 0 ... count - 1 in groups of some `patience`, where a task is `work`, and calls told(first, size) after each
 * group; false where that does.
 */
template<typename Task, typename Told>
bool
for_groups(const rv_kmeans_host *host, size_t count, double work, Task &task, Told told)
{
	/* Enough for some threads. */
	const size_t group = work * 16 < patience ? (size_t) (patience / work) : 16;

	for (size_t first = 0; first < count; first += group)
	{
		const size_t size = least(group, count - first);

		auto		own = [&](size_t t) { task(first + t); };

		for_tasks(host, size, own);
		if (!told(first, size))
			return false;
	}
	return true;
}

/* Memory in the order in which it is asked for; with a base of 0 it is only counted. */
struct arena
{
	char	   *base;
	size_t		used;

	template<typename T>
	T *
	take(size_t count)
	{
		size_t		at = used;

		used += (count * sizeof(T) + 63) / 64 * 64;
		return base == NULL ? NULL : (T *) (void *) (base + at);
	}
};

/* A sampled mini-batch, and the sums of all that came before. */
struct batch_memory
{
	float	   *rows;			/* of one batch */
	double	   *sums;			/* k * n */
	double	   *counts;			/* k */
};

/* Candidates of k-means||. */
struct candidate_memory
{
	size_t		most;
	uint32_t   *row;			/* which rows they are */
	float	   *rows;			/* and their copies */
	float	   *panels;
	double	   *weight;			/* rows nearest to each */
	double	   *distance;		/* from the centroids that were chosen */
};

/* One plain k-means. */
struct run
{
	const rv_kmeans_kernels *kernels;
	const rv_kmeans_host *host;
	progress   *told;
	rv::random *random;
	bool		spherical;

	const float *rows;
	size_t		n,
				count,			/* rows */
				k;

	float	   *centroids;		/* k * n */
	float	   *panels;			/* of k */
	uint32_t   *index;			/* of rows: their centroids */
	double	   *distance;		/* of rows, from their centroids; while these are looked for, from the nearest so far */
	double	   *block_sum;
	uint32_t   *block_changes;
	uint32_t   *order;			/* rows by their centroids */
	uint32_t   *spare;			/* of repair */
	uint32_t   *begin;			/* k: where a centroid's rows begin in `order` */
	uint32_t   *size;			/* k: how many there are */
	double	   *error;			/* k: sum of their distances */
	batch_memory batch;
	candidate_memory candidates;

	const float *row(size_t r) const { return rows + r * n; }
	float	   *centroid(size_t c) const { return centroids + c * n; }
};

/* Lays out the memory of a plain k-means of at most `rows` rows. */
void		lay_out(run &r, arena &memory, size_t n, size_t rows, size_t k, rv_kmeans_start start, size_t batch_rows);

/* The first centroids.  False where the host ended it. */
bool		find_start(run &r, rv_kmeans_start start);

/* Centroids moved by random batches. */
bool		mini_batches(run &r, size_t batches, size_t batch_rows);

/* What Lloyd's algorithm ends with. */
struct outcome
{
	size_t		iterations;
	double		objective;
};

/*
 * Lloyd's algorithm.  Afterwards index and distance are those of the centroids.  `history` may be NULL, else takes the
 * objectives.  False where the host ended it.
 */
bool		iterate(run &r, size_t iterations, double tolerance, double *history, outcome *out);

/* Rows' nearest centroids, after `panels` were packed; the sum of distances, and how many rows changed theirs. */
bool		assign(run &r, double *objective, size_t *changes);

/* Sorts rows by their centroids: order, begin, size. */
void		sort_rows(const uint32_t *index, size_t count, size_t k, uint32_t *order, uint32_t *begin, uint32_t *size);

/* Gives centroids without rows some; whether it did. */
bool		repair(run &r);

/* Moves centroids to the means of their rows. */
void		update(run &r);

/* In the order of kmeans.h. */
double		norm_of(const double *vector, size_t n);

/* A random place by weights v[i], whose sums over blocks are `sums`; `count` where all are 0. */
size_t		draw(rv::random &random, const double *v, size_t count, const double *sums);

/* The sum of blocks, in order. */
double		total_of(const double *sums, size_t blocks);

/* Chooses `need` of `count` in ascending order, all subsets alike (Knuth, TAOCP vol. 2, 3.4.2, algorithm S). */
struct selection
{
	rv::random *random;
	size_t		left,
				need;

	bool
	next()
	{
		bool		taken = need > 0 && random->below((uint32_t) left) < need;

		left--;
		need -= taken;
		return taken;
	}
};

}	/* namespace rv_kmeans */

#endif							/* RUVECTOR_QUANT_KMEANS_TRAIN_H */
