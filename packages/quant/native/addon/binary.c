/*
 * binary.c - binary codes: src/binary/kernels.ts.
 */
#include "addon.h"

#include <ruvector/quant/binary.h>

/* Between two calls of `progress`. */
#define BLOCK_BYTES ((size_t) 1024 * 1024)

typedef struct binary_job
{
	const rv_kernels *simd;
	const rv_binary_kernels *kernels;
	size_t		n,
				metric,
				packed,
				count,
				done;
	const float *centre;
	const float *rows;			/* of encode and prepare */
	float	   *out;
	float	   *bounds;
	uint8_t    *codes;			/* the query's bits, of prepare and estimate */
	const uint8_t *scored;		/* of estimate */
	rv_binary_query *query;
} binary_job;

/* Bytes of a code without factors. */
static size_t
bits_bytes(size_t n)
{
	return (n + 31) / 32 * 4;
}

/* Every operation begins with n and the centre, which may be undefined. */
static int
read_centre(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, binary_job *job)
{
	rv_view		centre;

	if (!rv_get_size(env, arguments[0], RV_QUANT_MAX_DIMENSIONS, &job->n) || job->n == 0 ||
		!rv_get_optional_view(env, arguments[1], sizeof(float), &centre) ||
		(centre.data != NULL && centre.length != job->n))
		return rv_refuse(env, "expected dimensions, and a centre or none");
	job->simd = kernels->simd;
	job->kernels = kernels->binary;
	job->centre = centre.data;
	return 1;
}

/* (n, centre, rows, codes) -> how many rows were encoded */
static int
read_encode(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	binary_job *job = data;
	rv_view		rows,
				codes;

	if (!read_centre(env, arguments, kernels, job))
		return 0;
	if (!rv_get_view(env, arguments[2], sizeof(float), &rows) || rows.length % job->n != 0 ||
		!rv_get_view(env, arguments[3], 1, &codes) ||
		codes.length / rv_binary_code_bytes(job->n, job->centre) < rows.length / job->n)
		return rv_refuse(env, "expected whole rows, and a Uint8Array with room for their codes");
	job->rows = rows.data;
	job->codes = codes.data;
	job->count = rows.length / job->n;
	return 1;
}

static rv_end
run_encode(void *data, rv_progress progress, void *progress_data)
{
	binary_job *job = data;
	size_t		bytes = rv_binary_code_bytes(job->n, job->centre),
				block = progress == NULL ? job->count : BLOCK_BYTES / (job->n * sizeof(float)) + 1;

	while (job->done < job->count)
	{
		size_t		some = job->count - job->done < block ? job->count - job->done : block,
					good = job->kernels->encode(job->n, job->centre, job->rows + job->done * job->n, some,
											job->codes + job->done * bytes);

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
	const binary_job *job = data;
	napi_value	number;

	return napi_create_double(env, (double) job->done, &number) == napi_ok ? number : NULL;
}

/* (n, centre, codes, out) */
static int
read_decode(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	binary_job *job = data;
	rv_view		codes,
				out;
	size_t		bytes;

	if (!read_centre(env, arguments, kernels, job))
		return 0;
	bytes = rv_binary_code_bytes(job->n, job->centre);
	if (!rv_get_view(env, arguments[2], 1, &codes) || codes.length % bytes != 0 ||
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
	binary_job *job = data;

	(void) progress;
	(void) progress_data;
	job->kernels->decode(job->n, job->centre, job->codes, job->count, job->out);
	return RV_END_DONE;
}

/* A prepared query: its head, a Float64Array, and its bits. */
static int
read_query(napi_env env, const napi_value *arguments, binary_job *job)
{
	rv_view		head,
				bits;

	if (!rv_get_view(env, arguments[0], sizeof(double), &head) || head.length < sizeof(rv_binary_query) / sizeof(double) ||
		!rv_get_view(env, arguments[1], 1, &bits) || bits.length < bits_bytes(job->n))
		return rv_refuse(env, "expected a Float64Array and a Uint8Array with room for a query");
	job->query = head.data;
	job->codes = bits.data;
	return 1;
}

/* (n, centre, vector, metric, head, bits) -> whether it could be prepared */
static int
read_prepare(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	binary_job *job = data;
	rv_view		vector;

	if (!read_centre(env, arguments, kernels, job))
		return 0;
	if (!rv_get_view(env, arguments[2], sizeof(float), &vector) || vector.length != job->n ||
		!rv_get_metric(env, arguments[3], &job->metric))
		return rv_refuse(env, "expected a vector and a metric");
	job->rows = vector.data;
	return read_query(env, arguments + 4, job);
}

static rv_end
run_prepare(void *data, rv_progress progress, void *progress_data)
{
	binary_job *job = data;

	(void) progress;
	(void) progress_data;
	job->done = (size_t) job->kernels->prepare(job->n, job->centre, job->rows, (rv_metric) job->metric, job->query, job->codes);
	return RV_END_DONE;
}

static napi_value
result_prepare(napi_env env, const void *data)
{
	const binary_job *job = data;
	napi_value	good;

	return napi_get_boolean(env, job->done != 0, &good) == napi_ok ? good : NULL;
}

/* (n, centre, head, bits, codes, packed, estimates, bounds or undefined): as many as there are estimates */
static int
read_estimate(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	binary_job *job = data;
	rv_view		codes,
				estimates,
				bounds;
	size_t		whole;

	if (!read_centre(env, arguments, kernels, job) || !read_query(env, arguments + 2, job))
		return 0;
	if (job->query->n != (int32_t) job->n)
		return rv_refuse(env, "expected a query that was prepared for this codec");
	if (!rv_get_view(env, arguments[4], 1, &codes) || !rv_get_size(env, arguments[5], 1, &job->packed) ||
		!rv_get_view(env, arguments[6], sizeof(float), &estimates) ||
		!rv_get_optional_view(env, arguments[7], sizeof(float), &bounds))
		return rv_refuse(env, "expected codes, whether they are packed, estimates and bounds");
	job->count = estimates.length;
	whole = job->packed ? (job->count + RV_QUANT_BLOCK - 1) / RV_QUANT_BLOCK * RV_QUANT_BLOCK : job->count;
	if (codes.length / rv_binary_code_bytes(job->n, job->centre) < whole || (bounds.data != NULL && bounds.length < job->count))
		return rv_refuse(env, "expected a code and room for each estimate");
	job->scored = codes.data;
	job->out = estimates.data;
	job->bounds = bounds.data;
	return 1;
}

static rv_end
run_estimate(void *data, rv_progress progress, void *progress_data)
{
	binary_job *job = data;

	(void) progress;
	(void) progress_data;
	job->kernels->estimate(job->simd, job->query, job->codes, job->centre != NULL, job->scored, job->count,
						   (int) job->packed, job->out, job->bounds);
	return RV_END_DONE;
}

static const rv_operation operations[] = {
	{"encode", 4, sizeof(binary_job), read_encode, run_encode, result_encode, NULL},
	{"decode", 4, sizeof(binary_job), read_decode, run_decode, NULL, NULL},
	{"prepare", 6, sizeof(binary_job), read_prepare, run_prepare, result_prepare, NULL},
	{"estimate", 8, sizeof(binary_job), read_estimate, run_estimate, NULL, NULL},
};

int
rv_register_binary(napi_env env, napi_value exports, rv_registry *registry)
{
	return rv_register(env, exports, registry, "binary", operations, sizeof(operations) / sizeof(operations[0]));
}
