/*
 * polar.h - the orthogonal factor of a matrix.
 */
#ifndef RUVECTOR_QUANT_PRODUCT_POLAR_H
#define RUVECTOR_QUANT_PRODUCT_POLAR_H

#include <ruvector/quant/kmeans.h>

namespace rv_product
{

/* Called between parts of the work; returning false ends it. */
struct watcher
{
	bool		(*go_on) (void *data);
	void	   *data;
};

/*
 * x, n * n in rows, becomes the orthogonal matrix u of x = u h, h symmetric and positive: U V' of the singular value
 * decomposition x = U S V', which is the nearest orthogonal matrix, and the one with the largest trace of u' x.  `inverse`
 * takes n * n as well, `pivots` n.  False where x is singular, or the watcher ended it; then x is rubbish.
 */
bool		polar_factor(const rv_kmeans_host *host, const watcher &watch, size_t n, double *x, double *inverse,
						 uint32_t *pivots);

/* The square root of the sum of squares, in a fixed order. */
double		frobenius_norm(const double *x, size_t count);

}	/* namespace rv_product */

#endif							/* RUVECTOR_QUANT_PRODUCT_POLAR_H */
