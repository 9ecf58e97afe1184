/*
 * rotation.c - the rotation of rows: src/rotation/kernels.ts.
 */
#include <string.h>

#include "addon.h"

#include <ruvector/quant/rotation.h>

/* Between two calls of `progress`. */
#define BLOCK_BYTES ((size_t) 1024 * 1024)

typedef struct rotation_job
{
	rv_rotate	rotate;
	rv_rotation rotation;
	const float *from;
	float	   *to;
	size_t		from_width,		/* elements of a row; the rest of n is zero */
				count;
} rotation_job;

/* (n, signs, rows, width, out): rows of `width` <= n elements become rows of n */
static int
read(napi_env env, const napi_value *arguments, rotation_job *job)
{
	rv_view		signs,
				rows,
				out;

	if (!rv_get_size(env, arguments[0], RV_QUANT_MAX_DIMENSIONS + 1, &job->rotation.n) ||
		job->rotation.n < 8 || job->rotation.n % 8 != 0)
		return rv_refuse(env, "expected a multiple of 8");
	if (!rv_get_view(env, arguments[1], 1, &signs) || signs.length != RV_ROTATION_ROUNDS * (job->rotation.n / 8))
		return rv_refuse(env, "expected four bits for each coordinate");
	if (!rv_get_view(env, arguments[2], sizeof(float), &rows) ||
		!rv_get_size(env, arguments[3], job->rotation.n, &job->from_width) || job->from_width == 0 ||
		rows.length % job->from_width != 0)
		return rv_refuse(env, "expected whole rows of no more than n elements");
	job->count = rows.length / job->from_width;
	if (!rv_get_view(env, arguments[4], sizeof(float), &out) || out.length / job->rotation.n < job->count)
		return rv_refuse(env, "expected a Float32Array with room for each row");
	job->rotation.signs = signs.data;
	job->from = rows.data;
	job->to = out.data;
	return 1;
}

static int
read_rotate(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	rotation_job *job = data;

	job->rotate = kernels->rotation->rotate;
	return read(env, arguments, job);
}

static int
read_unrotate(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	rotation_job *job = data;

	job->rotate = kernels->rotation->unrotate;
	return read(env, arguments, job);
}

static rv_end
run(void *data, rv_progress progress, void *progress_data)
{
	rotation_job *job = data;
	const size_t n = job->rotation.n,
				block = BLOCK_BYTES / (n * sizeof(float)) + 1;

	for (size_t i = 0; i < job->count; i++)
	{
		float	   *to = job->to + i * n;

		memcpy(to, job->from + i * job->from_width, job->from_width * sizeof(float));
		memset(to + job->from_width, 0, (n - job->from_width) * sizeof(float));
		job->rotate(&job->rotation, to);
		if (progress != NULL && (i + 1) % block == 0 && !progress(progress_data, i + 1, job->count))
			return RV_END_STOPPED;
	}
	return RV_END_DONE;
}

static const rv_operation operations[] = {
	{"rotate", 5, sizeof(rotation_job), read_rotate, run, NULL, NULL},
	{"unrotate", 5, sizeof(rotation_job), read_unrotate, run, NULL, NULL},
};

int
rv_register_rotation(napi_env env, napi_value exports, rv_registry *registry)
{
	return rv_register(env, exports, registry, "rotation", operations, sizeof(operations) / sizeof(operations[0]));
}
