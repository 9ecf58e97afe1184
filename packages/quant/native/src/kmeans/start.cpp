/*
 * start.cpp - the first centroids.
 *
 * k-means++ takes each by its squared distance from the nearest one before, which keeps the expected objective within
 * 8 (ln k + 2) of the best (Arthur and Vassilvitskii, SODA 2007, theorem 1.1), and needs a pass over the rows for each.
 * k-means|| takes about 2 k in each of five passes, and k-means++ of these, weighted by the rows that are nearest to them
 * (Bahmani et al., PVLDB 5(7), 2012, algorithm 2).
 */
#include "train.h"

namespace rv_kmeans
{

double
total_of(const double *sums, size_t blocks)
{
	double		total = 0;

	for (size_t b = 0; b < blocks; b++)
		total += sums[b];
	return total;
}

size_t
draw(rv::random &random, const double *v, size_t count, const double *sums)
{
	const size_t blocks = blocks_of(count);
	const double total = total_of(sums, blocks);
	double		left = random.unit() * total;
	size_t		block = 0,
				last = count;

	if (!(total > 0))
		return count;
	/* Rounding may carry `left` past the last one. */
	for (size_t b = 0; b < blocks; b++)
		if (sums[b] > 0)
		{
			block = b;
			if (left < sums[b])
				break;
			left -= sums[b];
		}
	for (size_t i = block * block_rows; i < least(count, (block + 1) * block_rows); i++)
		if (v[i] > 0)
		{
			last = i;
			if (left < v[i])
				break;
			left -= v[i];
		}
	return last;
}

namespace
{

/* v[i] * weight[i], summed by blocks; no weights are ones. */
void
sum_block(const double *v, const double *weight, size_t count, size_t block, double *sums)
{
	double		sum = 0;

	for (size_t i = block * block_rows; i < least(count, (block + 1) * block_rows); i++)
		sum += weight == NULL ? v[i] : v[i] * weight[i];
	sums[block] = sum;
}

void
copy_row(float *to, const float *from, size_t n)
{
	__builtin_memcpy(to, from, n * sizeof(float));
}

bool
random_rows(run &r)
{
	selection	chosen = {r.random, r.count, r.k};
	size_t		c = 0;

	for (size_t i = 0; c < r.k; i++)
		if (chosen.next())
			copy_row(r.centroid(c++), r.row(i), r.n);
	return true;
}

/*
 * k-means++ of `count` rows, weighted (NULL: alike).  `distance` takes squared distances, `weighted` (where there are
 * weights, else `distance` itself) those times weights, by which rows are drawn.
 */
bool
plus_plus(run &r, const float *rows, size_t count, const double *weight, double *distance, double *weighted,
		  size_t steps)
{
	const size_t blocks = blocks_of(count);
	size_t		told = 0,
				pick;

	for (size_t i = 0; i < count; i++)
		distance[i] = __builtin_inf();
	if (weight == NULL)
		pick = r.random->below((uint32_t) count);
	else
	{
		for (size_t b = 0; b < blocks; b++)
			sum_block(weight, NULL, count, b, r.block_sum);
		pick = draw(*r.random, weight, count, r.block_sum);
	}
	for (size_t c = 0;; c++)
	{
		const float *chosen = r.centroid(c);

		copy_row(r.centroid(c), rows + pick * r.n, r.n);
		if (c + 1 == r.k)
			return true;

		auto		task = [&](size_t b)
		{
			const size_t first = b * block_rows,
						size = least(count - first, block_rows);

			r.kernels->closer(chosen, rows + first * r.n, r.n, size, r.n, 0, distance + first, NULL);
			for (size_t i = first; weight != NULL && i < first + size; i++)
				weighted[i] = distance[i] * weight[i];
			sum_block(weighted, NULL, count, b, r.block_sum);
		};

		for_tasks(r.host, blocks, task);
		pick = draw(*r.random, weighted, count, r.block_sum);
		/* All rows are where a centroid is: any will do, and repair() finds nothing better. */
		if (pick == count)
			pick = r.random->below((uint32_t) count);

		const size_t due = (size_t) ((double) steps * (double) (c + 1) / (double) r.k);

		if (!r.told->advance(due - told))
			return false;
		told = due;
	}
}

/* Rows' distances from the nearest of the candidates from `first` on, where that is less; their sums.  False where ended. */
bool
meet_candidates(run &r, size_t first, size_t count)
{
	candidate_memory &c = r.candidates;
	const rv_kmeans_centroids fresh = {c.rows + first * r.n, c.panels, r.n, count};

	rv_kmeans_pack(fresh.rows, r.n, count, c.panels);

	auto		task = [&](size_t b)
	{
		const size_t begin = b * block_rows,
					size = least(r.count - begin, block_rows);
		uint32_t	index[block_rows];
		double		distance[block_rows];

		r.kernels->nearest(&fresh, r.row(begin), size, r.n, index, distance);
		for (size_t i = 0; i < size; i++)
			if (distance[i] < r.distance[begin + i])
			{
				r.distance[begin + i] = distance[i];
				r.index[begin + i] = (uint32_t) first + index[i];
			}
		sum_block(r.distance, NULL, r.count, b, r.block_sum);
	};

	return for_groups(r.host, blocks_of(r.count), (double) (block_rows * r.n) * (double) count, task,
					  [&](size_t, size_t) { return r.told->advance(0); });
}

bool
parallel(run &r)
{
	candidate_memory &c = r.candidates;
	const double expected = (double) (oversampling * r.k);
	size_t		count = 1,
				first = 0;

	c.row[0] = r.random->below((uint32_t) r.count);
	copy_row(c.rows, r.row(c.row[0]), r.n);
	for (size_t i = 0; i < r.count; i++)
		r.distance[i] = __builtin_inf();
	for (size_t round = 0;; round++)
	{
		if (count > first && !meet_candidates(r, first, count - first))
			return false;
		first = count;
		if (!r.told->advance(r.count / (parallel_rounds + 1)))
			return false;
		if (round == parallel_rounds)
			break;

		const double total = total_of(r.block_sum, blocks_of(r.count));

		if (!(total > 0))
			break;
		for (size_t i = 0; i < r.count && count < c.most && count - first < round_most(c.most); i++)
			if (r.random->unit() * total < expected * r.distance[i])
			{
				c.row[count] = (uint32_t) i;
				copy_row(c.rows + count * r.n, r.row(i), r.n);
				count++;
			}
	}
	if (count < r.k)
		return plus_plus(r, r.rows, r.count, NULL, r.distance, r.distance, 0);
	for (size_t i = 0; i < count; i++)
		c.weight[i] = 0;
	for (size_t i = 0; i < r.count; i++)
		c.weight[r.index[i]] += 1;
	return plus_plus(r, c.rows, count, c.weight, c.distance, c.distance + c.most, 0);
}

}	/* namespace */

bool
find_start(run &r, rv_kmeans_start start)
{
	switch (start)
	{
		case RV_KMEANS_RANDOM:
			return random_rows(r);
		case RV_KMEANS_PLUS_PLUS:
			return plus_plus(r, r.rows, r.count, NULL, r.distance, r.distance, r.count);
		case RV_KMEANS_PARALLEL:
			return parallel(r);
		default:
			return true;
	}
}

}	/* namespace rv_kmeans */
