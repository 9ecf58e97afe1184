/*
 * serial.cpp - the definition: every centroid in float64, in the order of kmeans.h.  The oracle for the other variants, and
 * what runs where none of them does.
 */
#include "kernels.h"

RV_DECLARE_KMEANS(serial);

double
rv_kmeans_distance_serial(const float *a, const float *b, size_t n)
{
	double		parts[8] = {0, 0, 0, 0, 0, 0, 0, 0};

	for (size_t i = 0; i < n; i++)
	{
		double		difference = (double) a[i] - (double) b[i];

		parts[i % 8] += difference * difference;
	}
	return add_parts(parts);
}

void
rv_kmeans_nearest_serial(const rv_kmeans_centroids *centroids, const float *rows, size_t count, size_t stride,
						 uint32_t *indices, double *distances)
{
	const size_t n = centroids->n;

	for (size_t r = 0; r < count; r++)
	{
		double		nearest = __builtin_inf();

		indices[r] = 0;
		for (size_t c = 0; c < centroids->count; c++)
		{
			double		d = rv_kmeans_distance_serial(rows + r * stride, centroids->rows + c * n, n);

			if (d < nearest)
			{
				nearest = d;
				indices[r] = (uint32_t) c;
			}
		}
		if (distances != NULL)
			distances[r] = nearest;
	}
}

void
rv_kmeans_closer_serial(const float *vector, const float *rows, size_t n, size_t count, size_t stride, uint32_t number,
						double *least, uint32_t *index)
{
	for (size_t r = 0; r < count; r++)
	{
		double		d = rv_kmeans_distance_serial(vector, rows + r * stride, n);

		if (d < least[r])
		{
			least[r] = d;
			if (index != NULL)
				index[r] = number;
		}
	}
}
