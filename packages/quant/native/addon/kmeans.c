/*
 * kmeans.c - k-means: src/kmeans/kernels.ts.
 */
#include <stdlib.h>
#include <string.h>

#include "addon.h"
#include "pool.h"

#include <ruvector/quant/kmeans.h>

/* The options of `train`, by their places in a Float64Array. */
enum
{
	OPTION_N,
	OPTION_K,
	OPTION_COARSE,
	OPTION_ITERATIONS,
	OPTION_TOLERANCE,
	OPTION_BATCHES,
	OPTION_BATCH_ROWS,
	OPTION_START,
	OPTION_SPHERICAL,
	OPTION_SEED,
	OPTION_THREADS,
	OPTION_COUNT
};

/* Of `history`, behind iterations + 1 objectives. */
enum
{
	END_ITERATIONS,
	END_OBJECTIVE,
	END_COUNT
};

typedef struct train_job
{
	const rv_kmeans_kernels *kernels;
	rv_kmeans_options options;
	size_t		threads,
				workspace;
	const float *rows;
	rv_kmeans_result result;
} train_job;

/* A whole number from 0 on, as it stands in an array; SIZE_MAX where it is none. */
static size_t
whole(double number)
{
	if (!(number >= 0 && number <= 9007199254740992.0) || (double) (size_t) number != number)
		return SIZE_MAX;
	return (size_t) number;
}

static int
read_options(const double *from, train_job *job)
{
	rv_kmeans_options *o = &job->options;
	size_t		start = whole(from[OPTION_START]),
				seed = whole(from[OPTION_SEED]);

	o->n = whole(from[OPTION_N]);
	o->k = whole(from[OPTION_K]);
	o->coarse = whole(from[OPTION_COARSE]);
	o->iterations = whole(from[OPTION_ITERATIONS]);
	o->tolerance = from[OPTION_TOLERANCE];
	o->batches = whole(from[OPTION_BATCHES]);
	o->batch_rows = whole(from[OPTION_BATCH_ROWS]);
	o->spherical = from[OPTION_SPHERICAL] != 0;
	job->threads = whole(from[OPTION_THREADS]);
	if (start > RV_KMEANS_PARALLEL || seed > UINT32_MAX || o->batches > UINT32_MAX || o->iterations > UINT32_MAX ||
		o->n < 1 || o->n > RV_QUANT_MAX_DIMENSIONS)
		return 0;
	o->start = (rv_kmeans_start) start;
	o->seed = (uint32_t) seed;
	return 1;
}

/* (options, rows, centroids, indices or undefined, history) */
static int
read_train(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	train_job  *job = data;
	rv_kmeans_options *o = &job->options;
	rv_view		options,
				rows,
				centroids,
				indices,
				history;
	double		copy[OPTION_COUNT];

	if (!rv_get_view(env, arguments[0], sizeof(double), &options) || options.length != OPTION_COUNT)
		return rv_refuse(env, "expected a Float64Array of options");
	/* Once: another thread may write to shared memory. */
	memcpy(copy, options.data, sizeof(copy));
	if (!read_options(copy, job))
		return rv_refuse(env, "expected options of k-means");
	if (!rv_get_view(env, arguments[1], sizeof(float), &rows) || rows.length % o->n != 0)
		return rv_refuse(env, "expected whole rows");
	o->rows = rows.length / o->n;
	if (!rv_get_optional_view(env, arguments[3], sizeof(uint32_t), &indices) ||
		(indices.data != NULL && indices.length < o->rows))
		return rv_refuse(env, "expected a Uint32Array with room for each row");
	o->assign = indices.data != NULL;
	job->workspace = rv_kmeans_workspace(o);
	if (job->workspace == SIZE_MAX)
		return rv_refuse(env, "expected options of k-means that fit the rows");
	if (!rv_get_view(env, arguments[2], sizeof(float), &centroids) || centroids.length / o->n < o->k)
		return rv_refuse(env, "expected a Float32Array with room for the centroids");
	if (!rv_get_view(env, arguments[4], sizeof(double), &history) ||
		history.length < o->iterations + 1 + END_COUNT)
		return rv_refuse(env, "expected a Float64Array with room for the history");
	job->kernels = kernels->kmeans;
	job->rows = rows.data;
	job->result.centroids = centroids.data;
	job->result.indices = indices.data;
	job->result.history = history.data;
	return 1;
}

static rv_end
run_train(void *data, rv_progress progress, void *progress_data)
{
	train_job  *job = data;
	/* A multiple of 64 bytes. */
	void	   *workspace = rv_allocate(job->workspace);
	rv_pool_host *host = malloc(sizeof(rv_pool_host));
	rv_end		end = RV_END_NO_MEMORY;

	if (host != NULL && workspace != NULL && rv_pool_open(&host->pool, job->threads))
	{
		rv_kmeans_host hooks = rv_pool_hooks(host, progress, progress_data);
		double	   *ends = job->result.history + job->options.iterations + 1;

		end = rv_kmeans_train(job->kernels, &job->options, job->rows, workspace, &hooks, &job->result)
			? RV_END_DONE : RV_END_STOPPED;
		ends[END_ITERATIONS] = (double) job->result.iterations;
		ends[END_OBJECTIVE] = job->result.objective;
		rv_pool_close(&host->pool);
	}
	rv_free(workspace);
	free(host);
	return end;
}

typedef struct nearest_job
{
	const rv_kmeans_kernels *kernels;
	rv_kmeans_centroids centroids;
	const float *rows;
	size_t		count,
				threads;
	uint32_t   *indices;
	double	   *distances;
} nearest_job;

#define TASK_ROWS ((size_t) 256)

/* (n, centroids, rows, indices, distances or undefined, threads) */
static int
read_nearest(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	nearest_job *job = data;
	rv_view		centroids,
				rows,
				indices,
				distances;
	size_t		n;

	if (!rv_get_size(env, arguments[0], RV_QUANT_MAX_DIMENSIONS, &n) || n == 0)
		return rv_refuse(env, "expected a number of dimensions");
	if (!rv_get_view(env, arguments[1], sizeof(float), &centroids) || centroids.length == 0 ||
		centroids.length % n != 0 || centroids.length / n > UINT32_MAX)
		return rv_refuse(env, "expected whole centroids");
	if (!rv_get_view(env, arguments[2], sizeof(float), &rows) || rows.length % n != 0)
		return rv_refuse(env, "expected whole rows");
	job->count = rows.length / n;
	if (!rv_get_view(env, arguments[3], sizeof(uint32_t), &indices) || indices.length < job->count)
		return rv_refuse(env, "expected a Uint32Array with room for each row");
	if (!rv_get_optional_view(env, arguments[4], sizeof(double), &distances) ||
		(distances.data != NULL && distances.length < job->count))
		return rv_refuse(env, "expected a Float64Array with room for each row");
	if (!rv_get_size(env, arguments[5], RV_MAX_THREADS, &job->threads))
		return rv_refuse(env, "expected a number of threads");
	job->kernels = kernels->kmeans;
	job->centroids.rows = centroids.data;
	job->centroids.n = n;
	job->centroids.count = centroids.length / n;
	job->rows = rows.data;
	job->indices = indices.data;
	job->distances = distances.data;
	return 1;
}

typedef struct nearest_tasks
{
	const nearest_job *job;
	size_t		first;			/* row of the first task */
} nearest_tasks;

static void
find_nearest(void *data, size_t task)
{
	const nearest_tasks *tasks = data;
	const nearest_job *job = tasks->job;
	size_t		first = tasks->first + task * TASK_ROWS,
				count = job->count - first < TASK_ROWS ? job->count - first : TASK_ROWS,
				n = job->centroids.n;

	job->kernels->nearest(&job->centroids, job->rows + first * n, count, n, job->indices + first,
						  job->distances == NULL ? NULL : job->distances + first);
}

static rv_end
run_nearest(void *data, rv_progress progress, void *progress_data)
{
	nearest_job *job = data;
	float	   *panels = malloc(rv_kmeans_panel_floats(job->centroids.n, job->centroids.count) * sizeof(float));
	rv_pool    *pool = malloc(sizeof(rv_pool));
	rv_end		end = RV_END_NO_MEMORY;

	/* Tasks between two questions: some ten milliseconds. */
	const double work = (double) (TASK_ROWS * job->centroids.n) * (double) job->centroids.count;
	size_t		group = (size_t) (1e9 / work) / 16 * 16 + 16;

	if (panels != NULL && pool != NULL && rv_pool_open(pool, job->threads))
	{
		nearest_tasks tasks = {job, 0};

		rv_kmeans_pack(job->centroids.rows, job->centroids.n, job->centroids.count, panels);
		job->centroids.panels = panels;
		end = RV_END_DONE;
		while (tasks.first < job->count && end == RV_END_DONE)
		{
			size_t		left = (job->count - tasks.first + TASK_ROWS - 1) / TASK_ROWS;

			rv_pool_run(pool, left < group ? left : group, find_nearest, &tasks);
			tasks.first += group * TASK_ROWS;
			if (tasks.first < job->count && progress != NULL && !progress(progress_data, tasks.first, job->count))
				end = RV_END_STOPPED;
		}
		rv_pool_close(pool);
	}
	free(panels);
	free(pool);
	return end;
}

static const rv_operation operations[] = {
	{"train", 5, sizeof(train_job), read_train, run_train, NULL, NULL},
	{"nearest", 6, sizeof(nearest_job), read_nearest, run_nearest, NULL, NULL},
};

int
rv_register_kmeans(napi_env env, napi_value exports, rv_registry *registry)
{
	return rv_register(env, exports, registry, "kmeans", operations, sizeof(operations) / sizeof(operations[0]));
}
