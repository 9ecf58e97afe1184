/*
 * nearest.h - the nearest centroid, for every instruction set with vectors.
 *
 * A unit defines a policy V, then includes this file and expands RV_DEFINE_KMEANS:
 *
 *   reg, lanes          a register of `lanes` float32; 16 is a multiple of lanes
 *   rows                rows that are scored at a time: rows * 16 / lanes sums fit into registers
 *   load, all(x), zero  a register from memory of any alignment, of one number, of zeros
 *   square(s, a, b)     s + (a - b)^2, fused
 *   least(a, b)         lane by lane
 *   lowest(a)           the least lane
 *   not_above(p, x)     bit i: p[i] <= x, for 16 scores
 *   wide                a register of float64, 8 / wide_registers lanes; wide_zero, wide_square(s, a, b, i) adds
 *                       (a[i + l] - b[i + l])^2 to lane l without fusing; wide_store
 *
 * Lanes are centroids, so a step takes one element of a row and of sixteen centroids, and no sum has to be made across
 * lanes; sub-spaces of product codes have few dimensions.  Panels of a chunk stay in a near cache while a block of rows
 * passes by, and a group of rows shares what is loaded of a panel.
 */
#ifndef RUVECTOR_QUANT_KMEANS_NEAREST_H
#define RUVECTOR_QUANT_KMEANS_NEAREST_H

#include "kernels.h"

namespace
{

/* Bytes of panels that are searched by a block of rows before the next ones. */
constexpr size_t chunk_bytes = (size_t) 256 * 1024;
constexpr size_t block_rows = 48;

template<typename V>
RV_INLINE double
exact_distance(const float *a, const float *b, size_t n)
{
	typename V::wide sums[V::wide_registers];
	double		parts[8];
	size_t		i = 0;

	for (size_t w = 0; w < V::wide_registers; w++)
		sums[w] = V::wide_zero();
	for (; n - i >= 8; i += 8)
		for (size_t w = 0; w < V::wide_registers; w++)
			sums[w] = V::wide_square(sums[w], a, b, i + w * (8 / V::wide_registers));
	for (size_t w = 0; w < V::wide_registers; w++)
		V::wide_store(parts + w * (8 / V::wide_registers), sums[w]);
	for (size_t p = 0; i + p < n; p++)
	{
		double		difference = (double) a[i + p] - (double) b[i + p];

		parts[p] += difference * difference;
	}
	return add_parts(parts);
}

/* Scores of R rows with `panels` panels; scores[r] begins at r * chunk_scores.  Returns the least of each row. */
template<typename V, size_t R>
RV_INLINE void
score_chunk(const float *rows, size_t stride, const float *panels, size_t panel_count, size_t n, float *scores,
			float *least)
{
	constexpr size_t P = RV_KMEANS_PANEL / V::lanes;
	typename V::reg lowest[R];

	for (size_t r = 0; r < R; r++)
		lowest[r] = V::all(__builtin_inff());
	for (size_t p = 0; p < panel_count; p++)
	{
		const float *panel = panels + p * n * RV_KMEANS_PANEL;
		typename V::reg sums[R][P];

		for (size_t r = 0; r < R; r++)
			for (size_t q = 0; q < P; q++)
				sums[r][q] = V::zero();
		for (size_t i = 0; i < n; i++)
		{
			typename V::reg c[P];

			for (size_t q = 0; q < P; q++)
				c[q] = V::load(panel + i * RV_KMEANS_PANEL + q * V::lanes);
			for (size_t r = 0; r < R; r++)
			{
				typename V::reg x = V::all(rows[r * stride + i]);

				for (size_t q = 0; q < P; q++)
					sums[r][q] = V::square(sums[r][q], x, c[q]);
			}
		}
		for (size_t r = 0; r < R; r++)
			for (size_t q = 0; q < P; q++)
			{
				V::store(scores + r * chunk_scores + p * RV_KMEANS_PANEL + q * V::lanes, sums[r][q]);
				lowest[r] = V::least(lowest[r], sums[r][q]);
			}
	}
	for (size_t r = 0; r < R; r++)
		least[r] = V::lowest(lowest[r]);
}

/* What is known of a row. */
struct best_score
{
	float		least;
	uint32_t	index;
	bool		doubtful;		/* whether another centroid is as near, as far as float32 can tell */
};

/* Takes a chunk's scores, of which `least` is the least, into account. */
template<typename V>
RV_INLINE void
take_scores(best_score &best, const float *scores, size_t panel_count, uint32_t first, float least, const margin &m)
{
	float		limit;
	uint32_t	found = 0;
	int			count = 0;

	if (least > m.limit(best.least))
		return;
	limit = m.limit(least);
	for (size_t p = 0; p < panel_count; p++)
	{
		uint32_t	mask = V::not_above(scores + p * RV_KMEANS_PANEL, limit);

		if (mask != 0)
		{
			found = (uint32_t) (p * RV_KMEANS_PANEL) + (uint32_t) __builtin_ctz(mask);
			count += __builtin_popcount(mask);
		}
	}
	if (best.least <= limit)
		best.doubtful = true;
	else
	{
		best.doubtful = count != 1;
		best.index = first + found;
	}
	if (least < best.least)
		best.least = least;
}

/* The nearest of those that float32 cannot tell apart. */
template<typename V>
__attribute__((noinline)) void
settle(const rv_kmeans_centroids *centroids, const float *row, float least, const margin &m, uint32_t *index,
	   double *distance)
{
	const size_t n = centroids->n,
				panel_count = (centroids->count + RV_KMEANS_PANEL - 1) / RV_KMEANS_PANEL;
	const float limit = m.limit(least);
	double		nearest = __builtin_inf();
	float		scores[chunk_scores];

	*index = 0;
	for (size_t p = 0; p < panel_count; p++)
	{
		float		lowest;

		score_chunk<V, 1>(row, 0, centroids->panels + p * n * RV_KMEANS_PANEL, 1, n, scores, &lowest);
		for (uint32_t mask = V::not_above(scores, limit); mask != 0; mask &= mask - 1)
		{
			size_t		c = p * RV_KMEANS_PANEL + (size_t) __builtin_ctz(mask);

			/* All are candidates, missing ones too, where scores leave float32. */
			if (c >= centroids->count)
				break;

			double		d = exact_distance<V>(row, centroids->rows + c * n, n);

			if (d < nearest)
			{
				nearest = d;
				*index = (uint32_t) c;
			}
		}
	}
	*distance = nearest;
}

/* A group of R rows and a chunk of panels. */
template<typename V, size_t R>
RV_INLINE void
search_group(const float *rows, size_t stride, const float *panels, size_t panel_count, uint32_t first, size_t n,
			 const margin &m, best_score *best)
{
	float		scores[R * chunk_scores],
				least[R];

	score_chunk<V, R>(rows, stride, panels, panel_count, n, scores, least);
	for (size_t r = 0; r < R; r++)
		take_scores<V>(best[r], scores + r * chunk_scores, panel_count, first, least[r], m);
}

template<typename V>
RV_INLINE void
nearest_block(const rv_kmeans_centroids *centroids, const float *rows, size_t count, size_t stride, const margin &m,
			  uint32_t *indices, double *distances)
{
	const size_t n = centroids->n,
				panel_bytes = n * RV_KMEANS_PANEL * sizeof(float),
				panel_count = (centroids->count + RV_KMEANS_PANEL - 1) / RV_KMEANS_PANEL;
	size_t		step = chunk_bytes / panel_bytes;
	best_score	best[block_rows];

	step = step < 1 ? 1 : step > chunk_panels ? chunk_panels : step;
	for (size_t r = 0; r < count; r++)
		best[r] = {__builtin_inff(), 0, true};
	for (size_t p = 0; p < panel_count; p += step)
	{
		const float *panels = centroids->panels + p * n * RV_KMEANS_PANEL;
		const size_t panels_here = panel_count - p < step ? panel_count - p : step;
		const uint32_t first = (uint32_t) (p * RV_KMEANS_PANEL);
		size_t		r = 0;

		for (; count - r >= V::rows; r += V::rows)
			search_group<V, V::rows>(rows + r * stride, stride, panels, panels_here, first, n, m, best + r);
		for (; r < count; r++)
			search_group<V, 1>(rows + r * stride, stride, panels, panels_here, first, n, m, best + r);
	}
	for (size_t r = 0; r < count; r++)
	{
		const float *row = rows + r * stride;
		double		distance;

		/* Without a centroid where NaN is, which nobody should have let in. */
		if (best[r].doubtful || best[r].index >= centroids->count)
			settle<V>(centroids, row, best[r].least, m, indices + r, &distance);
		else
		{
			indices[r] = best[r].index;
			if (distances != NULL)
				distance = exact_distance<V>(row, centroids->rows + best[r].index * n, n);
			else
				continue;
		}
		if (distances != NULL)
			distances[r] = distance;
	}
}

template<typename V>
RV_INLINE void
nearest(const rv_kmeans_centroids *centroids, const float *rows, size_t count, size_t stride, uint32_t *indices,
		double *distances)
{
	const margin m(centroids->n);

	for (size_t r = 0; r < count; r += block_rows)
		nearest_block<V>(centroids, rows + r * stride, count - r < block_rows ? count - r : block_rows, stride, m,
						 indices + r, distances == NULL ? NULL : distances + r);
}

template<typename V>
RV_INLINE void
closer(const float *vector, const float *rows, size_t n, size_t count, size_t stride, uint32_t number, double *least,
	   uint32_t *index)
{
	for (size_t r = 0; r < count; r++)
	{
		double		d = exact_distance<V>(vector, rows + r * stride, n);

		if (d < least[r])
		{
			least[r] = d;
			if (index != NULL)
				index[r] = number;
		}
	}
}

}	/* namespace */

#define RV_DEFINE_KMEANS(V, isa) \
	RV_DECLARE_KMEANS(isa); \
	void \
	rv_kmeans_nearest_##isa(const rv_kmeans_centroids *centroids, const float *rows, size_t count, size_t stride, \
							uint32_t *indices, double *distances) \
	{ \
		nearest<V>(centroids, rows, count, stride, indices, distances); \
	} \
	double \
	rv_kmeans_distance_##isa(const float *a, const float *b, size_t n) \
	{ \
		return exact_distance<V>(a, b, n); \
	} \
	void \
	rv_kmeans_closer_##isa(const float *vector, const float *rows, size_t n, size_t count, size_t stride, \
						   uint32_t number, double *least, uint32_t *index) \
	{ \
		closer<V>(vector, rows, n, count, stride, number, least, index); \
	} \
	static_assert(true, "")

#endif							/* RUVECTOR_QUANT_KMEANS_NEAREST_H */
