/*
 * train.cpp - rv_kmeans_train(): memory, plain k-means, and the hierarchy.
 *
 * The hierarchy is VectorChord's: k' coarse centroids of a sample, seats for centroids shared out among their cells by the
 * number of rows, and a small k-means in each cell.  With k' about the root of k an iteration takes rows * 2 sqrt(k) * n
 * steps and not rows * k * n.
 */
#include "train.h"

namespace rv_kmeans
{

void
lay_out(run &r, arena &memory, size_t n, size_t rows, size_t k, rv_kmeans_start start, size_t batch_rows)
{
	r.n = n;
	r.panels = memory.take<float>(rv_kmeans_panel_floats(n, k));
	r.index = memory.take<uint32_t>(rows);
	r.distance = memory.take<double>(rows);
	/* Of candidates, too, which may be more than rows. */
	r.candidates.most = start == RV_KMEANS_PARALLEL ? parallel_rounds * (oversampling * k * 3 / 2 + 64) : 0;
	r.block_sum = memory.take<double>(blocks_of(rows < r.candidates.most ? r.candidates.most : rows));
	r.block_changes = memory.take<uint32_t>(blocks_of(rows));
	r.order = memory.take<uint32_t>(rows);
	r.spare = memory.take<uint32_t>(rows);
	r.begin = memory.take<uint32_t>(k);
	r.size = memory.take<uint32_t>(k);
	r.error = memory.take<double>(k);
	r.batch = {};
	if (batch_rows > 0)
	{
		r.batch.rows = memory.take<float>(batch_rows * n);
		r.batch.sums = memory.take<double>(k * n);
		r.batch.counts = memory.take<double>(k);
	}
	if (r.candidates.most > 0)
	{
		const size_t most = r.candidates.most;

		r.candidates.row = memory.take<uint32_t>(most);
		r.candidates.rows = memory.take<float>(most * n);
		r.candidates.panels = memory.take<float>(rv_kmeans_panel_floats(n, round_most(most)));
		r.candidates.weight = memory.take<double>(most);
		r.candidates.distance = memory.take<double>(2 * most);
	}
}

namespace
{

/* What a hierarchy needs beside the memory of its cells. */
struct hierarchy
{
	size_t		cells,
				sample_rows;
	run			coarse;
	float	   *coarse_centroids;
	float	   *sample;
	float	   *sorted;			/* all rows, cell by cell */
	uint32_t   *cell_of,
			   *order,
			   *begin,
			   *size,
			   *seats;
};

struct layout
{
	run			plain;
	hierarchy	cells;
	float	   *final_panels;
};

bool
is_hierarchy(const rv_kmeans_options *o)
{
	return o->coarse > 1;
}

size_t
batch_rows_of(const rv_kmeans_options *o)
{
	return o->batches == 0 ? 0 : o->batch_rows;
}

void
lay_out_all(layout &l, arena &memory, const rv_kmeans_options *o)
{
	/* A cell may have nearly all rows and seats. */
	lay_out(l.plain, memory, o->n, o->rows, o->k, o->start, batch_rows_of(o));
	if (!is_hierarchy(o))
		return;

	hierarchy  &h = l.cells;

	h.cells = o->coarse;
	h.sample_rows = least(o->rows, h.cells * coarse_rows);
	lay_out(h.coarse, memory, o->n, h.sample_rows, h.cells, RV_KMEANS_PLUS_PLUS, 0);
	h.coarse_centroids = memory.take<float>(h.cells * o->n);
	h.sample = memory.take<float>(h.sample_rows * o->n);
	h.sorted = memory.take<float>(o->rows * o->n);
	h.cell_of = memory.take<uint32_t>(o->rows);
	h.order = memory.take<uint32_t>(o->rows);
	h.begin = memory.take<uint32_t>(h.cells);
	h.size = memory.take<uint32_t>(h.cells);
	h.seats = memory.take<uint32_t>(h.cells);
}

/* k-means of a run whose memory, rows and centroids are there. */
bool
train_plain(run &r, const rv_kmeans_options *o, rv_kmeans_start start, size_t iterations, double *history, outcome *out)
{
	if (!find_start(r, start))
		return false;
	if (batch_rows_of(o) > 0 && r.batch.rows != NULL && !mini_batches(r, o->batches, least(o->batch_rows, r.count)))
		return false;
	return iterate(r, iterations, o->tolerance, history, out);
}

/*
 * Seats by Webster's method: each to the cell with the most rows a seat, counting a half more (Balinski and Young, Fair
 * Representation, 1982).  A cell that has rows has one, and none has more than rows.
 */
void
share_seats(const uint32_t *size, size_t cells, size_t k, uint32_t *seats)
{
	size_t		left = k;

	for (size_t c = 0; c < cells; c++)
	{
		seats[c] = size[c] > 0;
		left -= seats[c];
	}
	for (; left > 0; left--)
	{
		size_t		best = cells;
		double		most = 0;

		for (size_t c = 0; c < cells; c++)
			if (seats[c] < size[c])
			{
				double		quotient = (double) size[c] / ((double) seats[c] + 0.5);

				if (quotient > most)
				{
					most = quotient;
					best = c;
				}
			}
		seats[best]++;
	}
}

/* The coarse level: cell_of, order, begin, size. */
bool
divide(hierarchy &h, const rv_kmeans_options *o, const float *rows, const run &like)
{
	run		   &r = h.coarse;
	selection	chosen = {like.random, o->rows, h.sample_rows};
	outcome		end;
	size_t		taken = 0;

	for (size_t i = 0; taken < h.sample_rows; i++)
		if (chosen.next())
			__builtin_memcpy(h.sample + taken++ * o->n, rows + i * o->n, o->n * sizeof(float));
	r.kernels = like.kernels;
	r.host = like.host;
	r.told = like.told;
	r.random = like.random;
	r.spherical = like.spherical;
	r.rows = h.sample;
	r.count = h.sample_rows;
	r.k = h.cells;
	r.centroids = h.coarse_centroids;
	if (!find_start(r, RV_KMEANS_PLUS_PLUS) || !iterate(r, coarse_iterations, o->tolerance, NULL, &end))
		return false;

	/* All rows, in the memory of the cells' k-means. */
	run			all = like;
	double		objective;
	size_t		changes;

	all.rows = rows;
	all.count = o->rows;
	all.k = h.cells;
	all.centroids = h.coarse_centroids;
	all.panels = r.panels;
	if (!assign(all, &objective, &changes))
		return false;
	__builtin_memcpy(h.cell_of, all.index, o->rows * sizeof(uint32_t));
	sort_rows(h.cell_of, o->rows, h.cells, h.order, h.begin, h.size);
	for (size_t i = 0; i < o->rows; i++)
		__builtin_memcpy(h.sorted + i * o->n, rows + (size_t) h.order[i] * o->n, o->n * sizeof(float));
	return true;
}

bool
train_cells(run &r, hierarchy &h, const rv_kmeans_options *o, const float *rows, float *centroids,
			rv_kmeans_result *result)
{
	size_t		seat = 0;

	if (!divide(h, o, rows, r))
		return false;
	share_seats(h.size, h.cells, o->k, h.seats);
	for (size_t c = 0; c < h.cells; c++)
	{
		const size_t done = r.told->done;
		outcome		end;

		if (h.seats[c] == 0)
			continue;
		r.rows = h.sorted + (size_t) h.begin[c] * o->n;
		r.count = h.size[c];
		r.k = h.seats[c];
		r.centroids = centroids + seat * o->n;
		if (!train_plain(r, o, o->start, o->iterations, NULL, &end))
			return false;
		result->iterations += end.iterations;
		result->objective += end.objective;
		seat += h.seats[c];
		r.told->done = done + h.size[c] * (o->iterations + 2);
	}
	return true;
}

}	/* namespace */

}	/* namespace rv_kmeans */

using namespace rv_kmeans;

extern "C" size_t
rv_kmeans_workspace(const rv_kmeans_options *o)
{
	layout		l;
	arena		memory = {NULL, 0};
	const double most = (double) (SIZE_MAX / 64);

	if (o->n < 1 || o->n > RV_QUANT_MAX_DIMENSIONS || o->k < 1 || o->rows < o->k || o->rows > UINT32_MAX - 1 ||
		o->coarse > o->k || !(o->tolerance >= 0) || batch_rows_of(o) > o->rows ||
		(o->batches != 0 && o->batch_rows == 0) || (is_hierarchy(o) && o->start != RV_KMEANS_RANDOM && o->start != RV_KMEANS_PLUS_PLUS) ||
		(double) o->rows * (double) o->n > most || (double) o->k * (double) o->n > most / 64 ||
		(double) o->rows * (double) (o->iterations + 4) > most)
		return SIZE_MAX;
	lay_out_all(l, memory, o);
	return memory.used;
}

extern "C" size_t
rv_kmeans_steps(const rv_kmeans_options *o)
{
	/* A pass over the rows each for the start, every iteration, the last look, and the hierarchy's two. */
	return o->rows * (o->iterations + 2) + batch_rows_of(o) * o->batches +
		(is_hierarchy(o) ? 2 * o->rows + least(o->rows, o->coarse * coarse_rows) * (coarse_iterations + 2) : 0);
}

extern "C" int
rv_kmeans_train(const rv_kmeans_kernels *kernels, const rv_kmeans_options *o, const float *rows, void *workspace,
				const rv_kmeans_host *host, rv_kmeans_result *result)
{
	static const rv_kmeans_host alone = {NULL, NULL, NULL};
	rv::random	random(o->seed, 0x6b);
	progress	told = {host == NULL ? &alone : host, 0, rv_kmeans_steps(o), false};
	arena		memory = {(char *) workspace, 0};
	layout		l;
	run		   &r = l.plain;
	outcome		end;
	size_t		changes;

	lay_out_all(l, memory, o);
	r.kernels = kernels;
	r.host = told.host;
	r.told = &told;
	r.random = &random;
	r.spherical = o->spherical != 0;
	r.rows = rows;
	r.count = o->rows;
	r.k = o->k;
	r.centroids = result->centroids;
	/* assign() compares with what is there. */
	__builtin_memset(r.index, 0xff, o->rows * sizeof(uint32_t));
	result->iterations = 0;
	result->objective = 0;
	if (is_hierarchy(o))
	{
		if (!train_cells(r, l.cells, o, rows, result->centroids, result))
			return 0;
		r.rows = rows;
		r.count = o->rows;
		r.k = o->k;
		r.centroids = result->centroids;
		if (o->assign)
		{
			rv_kmeans_pack(r.centroids, r.n, r.k, r.panels);
			if (!assign(r, &result->objective, &changes))
				return 0;
		}
		result->history[0] = result->objective;
	}
	else
	{
		if (!train_plain(r, o, o->start, o->iterations, result->history, &end))
			return 0;
		result->iterations = end.iterations;
		result->objective = end.objective;
	}
	if (result->indices != NULL)
		__builtin_memcpy(result->indices, r.index, o->rows * sizeof(uint32_t));
	told.done = told.total;
	return told.advance(0);
}
