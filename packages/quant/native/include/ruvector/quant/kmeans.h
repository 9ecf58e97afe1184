/*
 * kmeans.h - the C ABI of k-means: kernels for the nearest of many centroids, and training.
 *
 * Which centroid is nearest decides codes and lists, so it must not depend on the processor.  It is decided by squared
 * distances in float64, in one order that this header fixes and without fused operations: terms (a[i] - b[i])^2 are added
 * in eight parts, of the dimensions i with i mod 8 = 0 ... 7, each in ascending order, and the parts as
 * ((p0 + p4) + (p2 + p6)) + ((p1 + p5) + (p3 + p7)).  Of equal distances the first centroid is taken.  The TypeScript of
 * the package computes the same.
 *
 * Kernels look in float32 first, in any order and with fused operations.  A sum of n squares in float32 is within
 * gamma(n + 2) = (n + 2) u / (1 - (n + 2) u) of the exact one, u = 2^-24, relatively, and n 2^-126 where it is tiny
 * (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 3.1).  Only centroids within twice that of the
 * least are compared in float64, so the answer is the same as if all were.
 *
 * Training takes its memory from the caller, and threads and interrupts from the host's functions: frames hold plain data,
 * so a host may leave `step` by longjmp.
 */
#ifndef RUVECTOR_QUANT_KMEANS_H
#define RUVECTOR_QUANT_KMEANS_H

#include <ruvector/quant.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Centroids of a panel: element j of 16 centroids stands side by side. */
#define RV_KMEANS_PANEL 16

/* Centroids, prepared to be searched. */
typedef struct rv_kmeans_centroids
{
	const float *rows;			/* count rows of n floats, one after the other */
	const float *panels;		/* rv_kmeans_panel_floats(); made by rv_kmeans_pack() */
	size_t		n;				/* dimensions, 1 to 65,535 */
	size_t		count;			/* at least 1 */
} rv_kmeans_centroids;

/* Floats of the panels of `count` centroids. */
size_t		rv_kmeans_panel_floats(size_t n, size_t count);

/* Lays centroids out in panels; places without a centroid are infinitely far. */
void		rv_kmeans_pack(const float *rows, size_t n, size_t count, float *panels);

typedef struct rv_kmeans_kernels
{
	rv_variant	variant;
	const char *name;

	/*
	 * The nearest centroid of each of `count` rows, finite, row i at rows + i * stride.  `distances` may be NULL, else takes
	 * the squared distances that decided.
	 */
	void		(*nearest) (const rv_kmeans_centroids *centroids, const float *rows, size_t count, size_t stride,
							uint32_t *indices, double *distances);

	/* The squared distance of two vectors, as above. */
	double		(*distance) (const float *a, const float *b, size_t n);

	/*
	 * Squared distances of `count` rows from one vector, where they are less than least[i]; sets index[i] to `number` there
	 * (`index` may be NULL).
	 */
	void		(*closer) (const float *vector, const float *rows, size_t n, size_t count, size_t stride, uint32_t number,
						   double *least, uint32_t *index);
} rv_kmeans_kernels;

/* The kernels of a variant, or NULL where rv_simd_variant() gives none. */
const rv_kmeans_kernels *rv_kmeans_variant(rv_variant variant);

/* How the first centroids are found. */
typedef enum rv_kmeans_start
{
	RV_KMEANS_GIVEN = 0,		/* they are in `centroids` already */
	RV_KMEANS_RANDOM = 1,		/* distinct rows, by chance */
	RV_KMEANS_PLUS_PLUS = 2,	/* k-means++: each by its squared distance from those before */
	RV_KMEANS_PARALLEL = 3		/* k-means||: some thousands by distance in five rounds, then k-means++ among them */
} rv_kmeans_start;

typedef struct rv_kmeans_options
{
	size_t		n;				/* dimensions, 1 to 65,535 */
	size_t		rows;			/* at least k, below 2^32 */
	size_t		k;				/* at least 1 */
	size_t		coarse;			/* cells of hierarchical k-means, 2 to k; 0 or 1: plain */
	size_t		iterations;		/* of Lloyd's algorithm, at most */
	double		tolerance;		/* ends once an iteration lowers the objective by no more than this part of it */
	size_t		batches;		/* mini-batches before the first iteration; 0: none */
	size_t		batch_rows;		/* of one mini-batch, at most `rows` */
	rv_kmeans_start start;		/* of a hierarchy, in its cells: RV_KMEANS_RANDOM or RV_KMEANS_PLUS_PLUS */
	int			spherical;		/* rows are of norm 1 or 0, and centroids are given norm 1 */
	int			assign;			/* whether indices and distances are asked for */
	uint32_t	seed;
} rv_kmeans_options;

typedef struct rv_kmeans_result
{
	float	   *centroids;		/* k * n */
	uint32_t   *indices;		/* rows: of the nearest centroid; NULL unless options.assign */
	double	   *history;		/* iterations + 1: the objective, before each iteration and at the end */
	size_t		iterations;		/* that were done; of a hierarchy the sum over its cells, and history[0] alone is set */
	double		objective;		/* sum of squared distances of rows from their centroids */
} rv_kmeans_result;

/* Does tasks 0 ... count - 1, in any order and by any threads, and returns when all are done. */
typedef void (*rv_task) (void *data, size_t task);
typedef void (*rv_run_tasks) (void *host, size_t count, rv_task task, void *data);

/* Called by the thread that called, now and then; `done` of `total` steps.  Returning 0 ends the work. */
typedef int (*rv_step) (void *host, size_t done, size_t total);

typedef struct rv_kmeans_host
{
	void	   *host;
	rv_run_tasks run;			/* NULL: one after the other */
	rv_step		step;			/* NULL: never ends early */
} rv_kmeans_host;

/* Bytes of memory that training needs beside rows and result; SIZE_MAX where the options allow none. */
size_t		rv_kmeans_workspace(const rv_kmeans_options *options);

/* The steps that `step` is told of. */
size_t		rv_kmeans_steps(const rv_kmeans_options *options);

/*
 * Trains centroids.  Rows lie one after the other, all finite; `workspace` begins at a multiple of 64 bytes.  The result
 * does not depend on the kernels, nor on the host's threads.  Returns 0 where `step` ended it.
 */
int			rv_kmeans_train(const rv_kmeans_kernels *kernels, const rv_kmeans_options *options, const float *rows,
							void *workspace, const rv_kmeans_host *host, rv_kmeans_result *result);

#ifdef __cplusplus
}
#endif

#endif							/* RUVECTOR_QUANT_KMEANS_H */
