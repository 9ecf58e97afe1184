/*
 * kernels.h - the kernels of k-means, unit by unit; variants.cpp makes tables of them.
 */
#ifndef RUVECTOR_QUANT_KMEANS_KERNELS_H
#define RUVECTOR_QUANT_KMEANS_KERNELS_H

#include <ruvector/quant/kmeans.h>

#include "../parts.h"

#define RV_DECLARE_KMEANS(isa) \
	extern "C" \
	{ \
	void rv_kmeans_nearest_##isa(const rv_kmeans_centroids *centroids, const float *rows, size_t count, size_t stride, \
								 uint32_t *indices, double *distances); \
	double rv_kmeans_distance_##isa(const float *a, const float *b, size_t n); \
	void rv_kmeans_closer_##isa(const float *vector, const float *rows, size_t n, size_t count, size_t stride, \
								uint32_t number, double *least, uint32_t *index); \
	} \
	static_assert(true, "")

namespace
{

/* Panels that are searched at a time: their scores are kept until the least is known. */
constexpr size_t chunk_panels = 16;
constexpr size_t chunk_scores = chunk_panels * RV_KMEANS_PANEL;

/*
 * A score that is not above `limit` may belong to the nearest centroid, when `least` is the least score.  With g =
 * gamma(n + 2) and a = n 2^-126, a score s of distance d has (1 - g) d - a <= s <= (1 + g) d + a.  So the nearest
 * centroid's score is at most (1 + g) / (1 - g) (least + a) + a; the last factor is for gamma of float64, and for the
 * rounding here.
 */
struct margin
{
	double		factor,
				tiny;

	explicit margin(size_t n)
	{
		double		g = (double) (n + 2) * 0x1p-24;

		g = g / (1.0 - g);
		factor = (1.0 + g) / (1.0 - g) * (1.0 + 0x1p-20);
		tiny = (double) n * 0x1p-126;
	}

	RV_INLINE float
	limit(float least) const
	{
		double		value = ((double) least + tiny) * factor + tiny;
		float		limit = (float) value;

		/* Up, and infinity stays. */
		return limit * (1.0f + 0x1p-22f);
	}
};

}	/* namespace */

#endif							/* RUVECTOR_QUANT_KMEANS_KERNELS_H */
