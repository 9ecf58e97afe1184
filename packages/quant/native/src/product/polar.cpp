/*
 * polar.cpp - the orthogonal factor of a matrix, by Newton's iteration with scaling:
 *
 *   x <- (g x + x^-T / g) / 2,   g = sqrt(|x^-1| / |x|) in the Frobenius norm
 *
 * It drives every singular value to 1 and leaves the singular vectors alone, and converges quadratically (Higham, "Computing
 * the polar decomposition - with applications", SIAM J. Sci. Stat. Comput. 7(4), 1986).  The inverse is Gauss-Jordan's with
 * pivoting by rows.  Every element is computed by the same operations in the same order for any number of threads, and in
 * TypeScript (src/product/polar.ts).
 */
#include "polar.h"

#include "../kmeans/train.h"

namespace rv_product
{

namespace
{

/* Rows of a task: some thousand elements. */
constexpr size_t task_elements = 16384;
constexpr int most_iterations = 40;

/* Where x no longer moves by more than this part of its norm it is orthogonal to rounding. */
constexpr double settled = 1e-14;

size_t
rows_of_task(size_t n)
{
	return task_elements / n + 1;
}

void
swap_rows(double *x, size_t n, size_t a, size_t b)
{
	for (size_t j = 0; j < n; j++)
	{
		const double t = x[a * n + j];

		x[a * n + j] = x[b * n + j];
		x[b * n + j] = t;
	}
}

/* x becomes its inverse; false where it has none. */
bool
invert(const rv_kmeans_host *host, const watcher &watch, size_t n, double *x, uint32_t *pivots)
{
	const size_t task_rows = rows_of_task(n);

	for (size_t k = 0; k < n; k++)
	{
		double	   *pivot_row = x + k * n;
		size_t		p = k;
		double		factor;

		if (k % 64 == 0 && !watch.go_on(watch.data))
			return false;
		for (size_t i = k + 1; i < n; i++)
			if (__builtin_fabs(x[i * n + k]) > __builtin_fabs(x[p * n + k]))
				p = i;
		pivots[k] = (uint32_t) p;
		if (p != k)
			swap_rows(x, n, p, k);
		factor = 1.0 / pivot_row[k];
		if (!(pivot_row[k] != 0) || !(__builtin_fabs(factor) < __builtin_inf()))
			return false;
		pivot_row[k] = 1.0;
		for (size_t j = 0; j < n; j++)
			pivot_row[j] *= factor;

		auto		task = [&](size_t t)
		{
			for (size_t i = t * task_rows; i < rv_kmeans::least(n, (t + 1) * task_rows); i++)
			{
				double	   *row = x + i * n;
				const double f = row[k];

				if (i == k)
					continue;
				row[k] = 0.0;
				for (size_t j = 0; j < n; j++)
					row[j] -= f * pivot_row[j];
			}
		};

		rv_kmeans::for_tasks(host, (n + task_rows - 1) / task_rows, task);
	}
	/* Rows that changed places are columns of the inverse that do. */
	for (size_t k = n; k-- > 0;)
		for (size_t i = 0; pivots[k] != k && i < n; i++)
		{
			const double t = x[i * n + k];

			x[i * n + k] = x[i * n + pivots[k]];
			x[i * n + pivots[k]] = t;
		}
	return true;
}

}	/* namespace */

double
frobenius_norm(const double *x, size_t count)
{
	double		p[8] = {0, 0, 0, 0, 0, 0, 0, 0};

	for (size_t i = 0; i < count; i++)
		p[i % 8] += x[i] * x[i];
	return __builtin_sqrt(((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7])));
}

bool
polar_factor(const rv_kmeans_host *host, const watcher &watch, size_t n, double *x, double *inverse, uint32_t *pivots)
{
	for (int iteration = 0; iteration < most_iterations; iteration++)
	{
		double		norm = frobenius_norm(x, n * n),
					inverse_norm,
					g,
					h,
					moved;

		__builtin_memcpy(inverse, x, n * n * sizeof(double));
		if (!invert(host, watch, n, inverse, pivots))
			return false;
		inverse_norm = frobenius_norm(inverse, n * n);
		g = __builtin_sqrt(inverse_norm / norm) * 0.5;
		h = 0.25 / g;
		/* What x moves by takes the inverse's place, transposed. */
		for (size_t i = 0; i < n; i++)
			for (size_t j = i; j < n; j++)
			{
				const double a = g * x[i * n + j] + h * inverse[j * n + i],
							b = g * x[j * n + i] + h * inverse[i * n + j];

				inverse[i * n + j] = a - x[i * n + j];
				inverse[j * n + i] = b - x[j * n + i];
				x[i * n + j] = a;
				x[j * n + i] = b;
			}
		moved = frobenius_norm(inverse, n * n);
		if (!(moved < __builtin_inf()))
			return false;
		if (moved <= settled * (double) n || moved <= settled * norm)
			return true;
	}
	return true;
}

}	/* namespace rv_product */
