/*
 * lloyd.cpp - Lloyd's algorithm (IEEE Transactions on Information Theory 28(2), 1982), mini-batches before it, and what
 * becomes of centroids without rows.
 *
 * The objective, the sum of squared distances, never rises.  Assigning rows to nearest centroids cannot raise it, since
 * distances are compared in float64.  Nor can moving a centroid to the mean of its rows, rounded to float32: the sum is
 * that of the mean plus size * |centroid - mean|^2, and no float32 is nearer to a coordinate of the mean than the rounded
 * one, the centroid's own before included.  A spherical centroid is kept where the new one is no better.
 */
#include "train.h"

namespace rv_kmeans
{

namespace
{

/* Dimensions whose sums are made at a time; a multiple of 8. */
constexpr size_t span = 256;

/* Sums of rows `members` of dimensions first ... first + size - 1, over `sums`. */
void
add_rows(const float *rows, size_t n, const uint32_t *members, size_t count, size_t first, size_t size, double *sums)
{
	for (size_t m = 0; m < count; m++)
	{
		const float *row = rows + (size_t) members[m] * n + first;

		for (size_t i = 0; i < size; i++)
			sums[i] += (double) row[i];
	}
}

/* The mean of a centroid's rows. */
void
move_to_mean(run &r, size_t c)
{
	const double size = (double) r.size[c];

	for (size_t first = 0; first < r.n; first += span)
	{
		const size_t here = least(span, r.n - first);
		double		sums[span] = {};

		add_rows(r.rows, r.n, r.order + r.begin[c], r.size[c], first, here, sums);
		for (size_t i = 0; i < here; i++)
			r.centroid(c)[first + i] = (float) (sums[i] / size);
	}
}

/* Parts of a sum over dimensions, as in kmeans.h. */
struct parts
{
	double		p[8] = {};

	void add(size_t i, double term) { p[i % 8] += term; }
	double total() const { return ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7])); }
};

/* The direction of the sum of a centroid's rows, where that is better than what it is. */
void
move_to_direction(run &r, size_t c)
{
	const double size = (double) r.size[c];
	parts		squares,
				old_value,
				new_value;
	double		norm;

	for (size_t first = 0; first < r.n; first += span)
	{
		const size_t here = least(span, r.n - first);
		double		sums[span] = {};

		add_rows(r.rows, r.n, r.order + r.begin[c], r.size[c], first, here, sums);
		for (size_t i = 0; i < here; i++)
			squares.add(i, sums[i] * sums[i]);
	}
	norm = __builtin_sqrt(squares.total());
	if (!(norm > 0))
		return;
	/* Twice, since sums of all dimensions have no place: values first, then the new centroid. */
	for (int pass = 0; pass < 2; pass++)
	{
		if (pass == 1 && !(new_value.total() < old_value.total()))
			return;
		for (size_t first = 0; first < r.n; first += span)
		{
			const size_t here = least(span, r.n - first);
			float	   *centroid = r.centroid(c) + first;
			double		sums[span] = {};

			add_rows(r.rows, r.n, r.order + r.begin[c], r.size[c], first, here, sums);
			for (size_t i = 0; i < here; i++)
			{
				const float to = (float) (sums[i] / norm);
				const double x = (double) centroid[i],
							y = (double) to;

				if (pass == 1)
					centroid[i] = to;
				else
				{
					/* size |x|^2 - 2 <sum, x>, which is the objective but for a constant. */
					old_value.add(i, (size * x - 2 * sums[i]) * x);
					new_value.add(i, (size * y - 2 * sums[i]) * y);
				}
			}
		}
	}
}

}	/* namespace */

bool
assign(run &r, double *objective, size_t *changes)
{
	const rv_kmeans_centroids centroids = {r.centroids, r.panels, r.n, r.k};
	const size_t blocks = blocks_of(r.count);

	auto		task = [&](size_t b)
	{
		const size_t first = b * block_rows,
					size = least(r.count - first, block_rows);
		uint32_t	index[block_rows];
		double		sum = 0;
		uint32_t	changed = 0;

		r.kernels->nearest(&centroids, r.row(first), size, r.n, index, r.distance + first);
		for (size_t i = 0; i < size; i++)
		{
			changed += index[i] != r.index[first + i];
			r.index[first + i] = index[i];
			sum += r.distance[first + i];
		}
		r.block_sum[b] = sum;
		r.block_changes[b] = changed;
	};
	auto		told = [&](size_t first, size_t size)
	{
		return r.told->advance(least(size * block_rows, r.count - first * block_rows));
	};

	if (!for_groups(r.host, blocks, (double) (block_rows * r.n) * (double) r.k, task, told))
		return false;
	*objective = total_of(r.block_sum, blocks);
	*changes = 0;
	for (size_t b = 0; b < blocks; b++)
		*changes += r.block_changes[b];
	return true;
}

void
sort_rows(const uint32_t *index, size_t count, size_t k, uint32_t *order, uint32_t *begin, uint32_t *size)
{
	uint32_t	at = 0;

	for (size_t c = 0; c < k; c++)
		size[c] = 0;
	for (size_t i = 0; i < count; i++)
		size[index[i]]++;
	for (size_t c = 0; c < k; c++)
	{
		begin[c] = at;
		at += size[c];
		size[c] = 0;
	}
	for (size_t i = 0; i < count; i++)
		order[begin[index[i]] + size[index[i]]++] = (uint32_t) i;
}

/*
 * A centroid without rows goes to the row that is farthest from its own centroid, in the cluster with the largest error,
 * and takes along those rows of that cluster that are nearer to it.  This lowers the objective each time.
 */
bool
repair(run &r)
{
	bool		repaired = false;

	for (size_t c = 0; c < r.k; c++)
	{
		r.error[c] = 0;
		/* One row alone becomes its own centroid. */
		for (uint32_t m = 0; r.size[c] > 1 && m < r.size[c]; m++)
			r.error[c] += r.distance[r.order[r.begin[c] + m]];
	}
	for (size_t empty = 0; empty < r.k; empty++)
	{
		size_t		donor = 0;
		uint32_t	far,
				   *members,
					kept = 0,
					moved = 0;

		if (r.size[empty] != 0)
			continue;
		for (size_t c = 1; c < r.k; c++)
			if (r.error[c] > r.error[donor])
				donor = c;
		/* All rows are where their centroids are: fewer than k are distinct. */
		if (!(r.error[donor] > 0))
			break;
		members = r.order + r.begin[donor];
		far = members[0];
		for (uint32_t m = 1; m < r.size[donor]; m++)
			if (r.distance[members[m]] > r.distance[far])
				far = members[m];
		__builtin_memcpy(r.centroid(empty), r.row(far), r.n * sizeof(float));
		r.error[donor] = 0;
		for (uint32_t m = 0; m < r.size[donor]; m++)
		{
			const uint32_t row = members[m];
			const double d = r.kernels->distance(r.row(row), r.centroid(empty), r.n);

			if (d < r.distance[row])
			{
				r.distance[row] = d;
				r.index[row] = (uint32_t) empty;
				r.error[empty] += d;
				r.spare[moved++] = row;
			}
			else
			{
				r.error[donor] += r.distance[row];
				members[kept++] = row;
			}
		}
		__builtin_memcpy(members + kept, r.spare, moved * sizeof(uint32_t));
		r.begin[empty] = r.begin[donor] + kept;
		r.size[empty] = moved;
		r.size[donor] = kept;
		if (moved < 2)
			r.error[empty] = 0;
		if (kept < 2)
			r.error[donor] = 0;
		repaired = true;
	}
	return repaired;
}

void
update(run &r)
{
	auto		task = [&](size_t c)
	{
		if (r.size[c] == 0)
			return;
		if (r.spherical)
			move_to_direction(r, c);
		else
			move_to_mean(r, c);
	};

	for_tasks(r.host, r.k, task);
}

bool
iterate(run &r, size_t iterations, double tolerance, double *history, outcome *out)
{
	double		before = 0;

	/* None's, so that all count as changed. */
	for (size_t i = 0; i < r.count; i++)
		r.index[i] = UINT32_MAX;
	for (size_t done = 0;; done++)
	{
		double		objective;
		size_t		changes;
		bool		repaired = false;

		rv_kmeans_pack(r.centroids, r.n, r.k, r.panels);
		if (!assign(r, &objective, &changes))
			return false;
		if (history != NULL)
			history[done] = objective;
		out->iterations = done;
		out->objective = objective;
		if (done == iterations)
			return true;
		sort_rows(r.index, r.count, r.k, r.order, r.begin, r.size);
		for (size_t c = 0; c < r.k && !repaired; c++)
			if (r.size[c] == 0)
				repaired = repair(r);
		/* Where no row has changed sides the means are what they were. */
		if (!repaired && (changes == 0 || (done > 0 && before - objective <= tolerance * before)))
			return true;
		before = objective;
		update(r);
	}
}

/*
 * Each batch of rows moves the centroids that are nearest to them to the mean of all rows that they were given so far
 * (Sculley, WWW 2010, whose rate 1 / count is this mean).
 */
bool
mini_batches(run &r, size_t batches, size_t batch_rows)
{
	batch_memory &m = r.batch;

	for (size_t i = 0; i < r.k * r.n; i++)
		m.sums[i] = 0;
	for (size_t c = 0; c < r.k; c++)
		m.counts[c] = 0;
	for (size_t b = 0; b < batches; b++)
	{
		run			sample = r;
		double		objective;
		size_t		changes;

		for (size_t i = 0; i < batch_rows; i++)
			__builtin_memcpy(m.rows + i * r.n, r.row(r.random->below((uint32_t) r.count)), r.n * sizeof(float));
		sample.rows = m.rows;
		sample.count = batch_rows;
		rv_kmeans_pack(r.centroids, r.n, r.k, r.panels);
		if (!assign(sample, &objective, &changes))
			return false;
		sort_rows(r.index, batch_rows, r.k, r.order, r.begin, r.size);

		auto		task = [&](size_t c)
		{
			double	   *sums = m.sums + c * r.n;
			double		divisor = m.counts[c] + (double) r.size[c];

			if (r.size[c] == 0)
				return;
			m.counts[c] = divisor;
			add_rows(m.rows, r.n, r.order + r.begin[c], r.size[c], 0, r.n, sums);
			if (r.spherical)
				divisor = norm_of(sums, r.n);
			for (size_t i = 0; divisor > 0 && i < r.n; i++)
				r.centroid(c)[i] = (float) (sums[i] / divisor);
		};

		for_tasks(r.host, r.k, task);
	}
	return true;
}

double
norm_of(const double *vector, size_t n)
{
	parts		squares;

	for (size_t i = 0; i < n; i++)
		squares.add(i, vector[i] * vector[i]);
	return __builtin_sqrt(squares.total());
}

}	/* namespace rv_kmeans */
