/*
 * half.c - half floats as codes: src/half/kernels.ts.
 */
#include <stdlib.h>

#include "addon.h"

#include <ruvector/quant/half.h>

/* Between two calls of `progress`. */
#define BLOCK_BYTES ((size_t) 1024 * 1024)

typedef struct half_job
{
	const rv_kernels *simd;
	const rv_half_kernels *kernels;
	rv_type		type;
	size_t		n,
				metric,
				packed,
				count,
				done;
	const float *rows;			/* of encode; the query of estimate */
	float	   *out;
	float	   *bounds;
	uint8_t    *codes;
} half_job;

/* Codes are read and written as words of 16 bits. */
static int
get_codes(napi_env env, napi_value value, rv_view *codes)
{
	return rv_get_view(env, value, 1, codes) && (uintptr_t) codes->data % 2 == 0;
}

/* Every operation begins with n and 0 for float16 or 1 for bfloat16. */
static int
read_type(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, half_job *job)
{
	size_t		is_bfloat;

	if (!rv_get_size(env, arguments[0], RV_QUANT_MAX_DIMENSIONS, &job->n) || job->n == 0 ||
		!rv_get_size(env, arguments[1], 1, &is_bfloat))
		return rv_refuse(env, "expected dimensions and a type");
	job->simd = kernels->simd;
	job->kernels = kernels->half;
	job->type = is_bfloat ? RV_TYPE_BF16 : RV_TYPE_F16;
	return 1;
}

/* (n, type, rows, codes) -> how many rows were encoded */
static int
read_encode(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	half_job   *job = data;
	rv_view		rows,
				codes;

	if (!read_type(env, arguments, kernels, job))
		return 0;
	if (!rv_get_view(env, arguments[2], sizeof(float), &rows) || rows.length % job->n != 0 ||
		!get_codes(env, arguments[3], &codes) ||
		codes.length / rv_half_code_bytes(job->n) < rows.length / job->n)
		return rv_refuse(env, "expected whole rows, and a Uint8Array with room for their codes");
	job->rows = rows.data;
	job->codes = codes.data;
	job->count = rows.length / job->n;
	return 1;
}

static rv_end
run_encode(void *data, rv_progress progress, void *progress_data)
{
	half_job   *job = data;
	size_t		block = progress == NULL ? job->count : BLOCK_BYTES / (job->n * sizeof(float)) + 1;

	while (job->done < job->count)
	{
		size_t		some = job->count - job->done < block ? job->count - job->done : block,
					good = job->kernels->encode(job->simd, job->type, job->n, job->rows + job->done * job->n, some,
										  job->codes + job->done * rv_half_code_bytes(job->n));

		job->done += good;
		if (good < some)
			return RV_END_DONE;
		if (progress != NULL && job->done < job->count && !progress(progress_data, job->done, job->count))
			return RV_END_STOPPED;
	}
	return RV_END_DONE;
}

static napi_value
result_encode(napi_env env, const void *data)
{
	const half_job *job = data;
	napi_value	number;

	return napi_create_double(env, (double) job->done, &number) == napi_ok ? number : NULL;
}

/* (n, type, codes, out) */
static int
read_decode(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	half_job   *job = data;
	rv_view		codes,
				out;
	size_t		bytes;

	if (!read_type(env, arguments, kernels, job))
		return 0;
	bytes = rv_half_code_bytes(job->n);
	if (!get_codes(env, arguments[2], &codes) || codes.length % bytes != 0 ||
		!rv_get_view(env, arguments[3], sizeof(float), &out) || out.length / job->n < codes.length / bytes)
		return rv_refuse(env, "expected whole codes, and a Float32Array with room for their rows");
	job->codes = codes.data;
	job->out = out.data;
	job->count = codes.length / bytes;
	return 1;
}

static rv_end
run_decode(void *data, rv_progress progress, void *progress_data)
{
	half_job   *job = data;

	(void) progress;
	(void) progress_data;
	job->kernels->decode(job->simd, job->type, job->n, job->codes, job->count, job->out);
	return RV_END_DONE;
}

/* (n, type, query, metric, codes, packed, estimates, bounds or undefined): as many as there are estimates */
static int
read_estimate(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	half_job   *job = data;
	rv_view		query,
				codes,
				estimates,
				bounds;
	size_t		whole;

	if (!read_type(env, arguments, kernels, job))
		return 0;
	if (!rv_get_view(env, arguments[2], sizeof(float), &query) || query.length != job->n ||
		!rv_get_metric(env, arguments[3], &job->metric) ||
		!get_codes(env, arguments[4], &codes) || !rv_get_size(env, arguments[5], 1, &job->packed) ||
		!rv_get_view(env, arguments[6], sizeof(float), &estimates) ||
		!rv_get_optional_view(env, arguments[7], sizeof(float), &bounds))
		return rv_refuse(env, "expected a query, its metric, codes, whether they are packed, estimates and bounds");
	job->count = estimates.length;
	whole = job->packed ? (job->count + RV_QUANT_BLOCK - 1) / RV_QUANT_BLOCK * RV_QUANT_BLOCK : job->count;
	if (codes.length / rv_half_code_bytes(job->n) < whole || (bounds.data != NULL && bounds.length < job->count))
		return rv_refuse(env, "expected a code and room for each estimate");
	job->rows = query.data;
	job->codes = codes.data;
	job->out = estimates.data;
	job->bounds = bounds.data;
	return 1;
}

static rv_end
run_estimate(void *data, rv_progress progress, void *progress_data)
{
	half_job   *job = data;
	float	   *scratch = NULL;

	(void) progress;
	(void) progress_data;
	if (job->type == RV_TYPE_BF16)
	{
		scratch = malloc((job->n + 1) * sizeof(float));
		if (scratch == NULL)
			return RV_END_NO_MEMORY;
	}
	job->kernels->estimate(job->simd, job->type, (rv_metric) job->metric, job->n, job->rows, job->codes, job->count,
					 (int) job->packed, scratch, job->out, job->bounds);
	free(scratch);
	return RV_END_DONE;
}

static const rv_operation operations[] = {
	{"encode", 4, sizeof(half_job), read_encode, run_encode, result_encode, NULL},
	{"decode", 4, sizeof(half_job), read_decode, run_decode, NULL, NULL},
	{"estimate", 8, sizeof(half_job), read_estimate, run_estimate, NULL, NULL},
};

int
rv_register_half(napi_env env, napi_value exports, rv_registry *registry)
{
	return rv_register(env, exports, registry, "half", operations, sizeof(operations) / sizeof(operations[0]));
}
