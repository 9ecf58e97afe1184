/*
 * scalar.c - scalar codes: src/scalar/kernels.ts.
 */
#include "addon.h"

#include <ruvector/quant/scalar.h>

/* Between two calls of `progress`. */
#define BLOCK_BYTES ((size_t) 1024 * 1024)

/* The arguments that say what the codec is: n, bits, more, centre, step, inverse. */
enum
{
	CODEC_N,
	CODEC_BITS,
	CODEC_MORE,
	CODEC_CENTRE,
	CODEC_STEP,
	CODEC_INVERSE,
	CODEC_ARGUMENTS
};

typedef struct scalar_job
{
	const rv_scalar_kernels *kernels;
	rv_scalar_codec codec;
	const float *rows;			/* of encode and prepare */
	float	   *out;			/* of decode and estimate */
	float	   *bounds;
	uint8_t    *codes;
	rv_scalar_query *query;
	size_t		count,
				done;
	size_t		metric,
				levels,
				packed;
} scalar_job;

static int
read_codec(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, scalar_job *job)
{
	rv_view		centre,
				step,
				inverse;
	size_t		n,
				bits,
				more;

	job->kernels = kernels->scalar;
	if (!rv_get_size(env, arguments[CODEC_N], RV_QUANT_MAX_DIMENSIONS, &n) || n == 0 ||
		!rv_get_size(env, arguments[CODEC_BITS], 8, &bits) || (bits != 4 && bits != 8) ||
		!rv_get_size(env, arguments[CODEC_MORE], 8, &more) || (more != 0 && more != 4 && more != 8))
		return rv_refuse(env, "expected dimensions and bits");
	if (!rv_get_view(env, arguments[CODEC_CENTRE], sizeof(float), &centre) || centre.length != n ||
		!rv_get_optional_view(env, arguments[CODEC_STEP], sizeof(float), &step) ||
		!rv_get_optional_view(env, arguments[CODEC_INVERSE], sizeof(double), &inverse) ||
		(step.data == NULL) != (inverse.data == NULL) ||
		(step.data != NULL && (step.length != n || inverse.length != n || more != 0)))
		return rv_refuse(env, "expected a centre, and steps and their inverses or neither");
	job->codec.n = (uint32_t) n;
	job->codec.bits = (uint8_t) bits;
	job->codec.more = (uint8_t) more;
	job->codec.by_dimension = step.data != NULL;
	job->codec.centre = centre.data;
	job->codec.step = step.data;
	job->codec.inverse = inverse.data;
	return 1;
}

/* (codec, rows, codes) -> how many rows were encoded */
static int
read_encode(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	scalar_job *job = data;
	rv_view		rows,
				codes;

	if (!read_codec(env, arguments, kernels, job))
		return 0;
	if (!rv_get_view(env, arguments[CODEC_ARGUMENTS], sizeof(float), &rows) || rows.length % job->codec.n != 0 ||
		!rv_get_view(env, arguments[CODEC_ARGUMENTS + 1], 1, &codes) ||
		codes.length / rv_scalar_code_bytes(&job->codec) < rows.length / job->codec.n)
		return rv_refuse(env, "expected whole rows, and a Uint8Array with room for their codes");
	job->rows = rows.data;
	job->codes = codes.data;
	job->count = rows.length / job->codec.n;
	return 1;
}

static rv_end
run_encode(void *data, rv_progress progress, void *progress_data)
{
	scalar_job *job = data;
	size_t		n = job->codec.n,
				bytes = rv_scalar_code_bytes(&job->codec),
				block = progress == NULL ? job->count : BLOCK_BYTES / (n * sizeof(float)) + 1;

	while (job->done < job->count)
	{
		size_t		some = job->count - job->done < block ? job->count - job->done : block,
					good = job->kernels->encode(&job->codec, job->rows + job->done * n, some, job->codes + job->done * bytes);

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
	const scalar_job *job = data;
	napi_value	number;

	return napi_create_double(env, (double) job->done, &number) == napi_ok ? number : NULL;
}

/* (codec, codes, out) */
static int
read_decode(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	scalar_job *job = data;
	rv_view		codes,
				out;
	size_t		bytes;

	if (!read_codec(env, arguments, kernels, job))
		return 0;
	bytes = rv_scalar_code_bytes(&job->codec);
	if (!rv_get_view(env, arguments[CODEC_ARGUMENTS], 1, &codes) || codes.length % bytes != 0 ||
		!rv_get_view(env, arguments[CODEC_ARGUMENTS + 1], sizeof(float), &out) ||
		out.length / job->codec.n < codes.length / bytes)
		return rv_refuse(env, "expected whole codes, and a Float32Array with room for their rows");
	job->codes = codes.data;
	job->out = out.data;
	job->count = codes.length / bytes;
	return 1;
}

static rv_end
run_decode(void *data, rv_progress progress, void *progress_data)
{
	scalar_job *job = data;

	(void) progress;
	(void) progress_data;
	job->kernels->decode(&job->codec, job->codes, job->count, job->out);
	return RV_END_DONE;
}

/* A prepared query's memory, a Float64Array. */
static int
read_query(napi_env env, napi_value value, scalar_job *job)
{
	rv_view		query;

	if (!rv_get_view(env, value, sizeof(double), &query) || query.length < rv_scalar_query_bytes(&job->codec) / sizeof(double))
		return rv_refuse(env, "expected a Float64Array with room for a query");
	job->query = query.data;
	return 1;
}

/* (codec, vector, metric, levels, query) -> whether it could be prepared */
static int
read_prepare(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	scalar_job *job = data;
	rv_view		vector;

	if (!read_codec(env, arguments, kernels, job))
		return 0;
	if (!rv_get_view(env, arguments[CODEC_ARGUMENTS], sizeof(float), &vector) || vector.length != job->codec.n ||
		!rv_get_metric(env, arguments[CODEC_ARGUMENTS + 1], &job->metric) ||
		!rv_get_size(env, arguments[CODEC_ARGUMENTS + 2], job->codec.more != 0 ? 2 : 1, &job->levels) || job->levels == 0)
		return rv_refuse(env, "expected a vector, a metric and a number of levels");
	job->rows = vector.data;
	return read_query(env, arguments[CODEC_ARGUMENTS + 3], job);
}

static rv_end
run_prepare(void *data, rv_progress progress, void *progress_data)
{
	scalar_job *job = data;

	(void) progress;
	(void) progress_data;
	job->done = (size_t) job->kernels->prepare(&job->codec, job->rows, (rv_metric) job->metric, (int) job->levels, job->query);
	return RV_END_DONE;
}

static napi_value
result_prepare(napi_env env, const void *data)
{
	const scalar_job *job = data;
	napi_value	good;

	return napi_get_boolean(env, job->done != 0, &good) == napi_ok ? good : NULL;
}

/* (codec, query, codes, packed, estimates, bounds or undefined): as many as there are estimates */
static int
read_estimate(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	scalar_job *job = data;
	rv_view		codes,
				estimates,
				bounds;
	size_t		whole;

	if (!read_codec(env, arguments, kernels, job) || !read_query(env, arguments[CODEC_ARGUMENTS], job))
		return 0;
	/* The head is what was prepared for a codec of this shape, or nothing is read by it. */
	if (job->query->n != (int32_t) job->codec.n || job->query->levels < 1 ||
		job->query->levels > (job->codec.more != 0 ? 2 : 1))
		return rv_refuse(env, "expected a query that was prepared for this codec");
	if (!rv_get_view(env, arguments[CODEC_ARGUMENTS + 1], 1, &codes) ||
		!rv_get_size(env, arguments[CODEC_ARGUMENTS + 2], 1, &job->packed) ||
		!rv_get_view(env, arguments[CODEC_ARGUMENTS + 3], sizeof(float), &estimates) ||
		!rv_get_optional_view(env, arguments[CODEC_ARGUMENTS + 4], sizeof(float), &bounds))
		return rv_refuse(env, "expected codes, whether they are packed, estimates and bounds");
	job->count = estimates.length;
	whole = job->packed ? (job->count + RV_QUANT_BLOCK - 1) / RV_QUANT_BLOCK * RV_QUANT_BLOCK : job->count;
	if (codes.length / rv_scalar_code_bytes(&job->codec) < whole || (bounds.data != NULL && bounds.length < job->count))
		return rv_refuse(env, "expected a code and room for each estimate");
	job->codes = codes.data;
	job->out = estimates.data;
	job->bounds = bounds.data;
	return 1;
}

static rv_end
run_estimate(void *data, rv_progress progress, void *progress_data)
{
	scalar_job *job = data;

	(void) progress;
	(void) progress_data;
	if (job->packed)
		job->kernels->estimate_packed(&job->codec, job->query, job->codes, job->count, job->out, job->bounds);
	else
		job->kernels->estimate(&job->codec, job->query, job->codes, rv_scalar_code_bytes(&job->codec), job->count,
							   job->out, job->bounds);
	return RV_END_DONE;
}

static const rv_operation operations[] = {
	{"encode", CODEC_ARGUMENTS + 2, sizeof(scalar_job), read_encode, run_encode, result_encode, NULL},
	{"decode", CODEC_ARGUMENTS + 2, sizeof(scalar_job), read_decode, run_decode, NULL, NULL},
	{"prepare", CODEC_ARGUMENTS + 4, sizeof(scalar_job), read_prepare, run_prepare, result_prepare, NULL},
	{"estimate", CODEC_ARGUMENTS + 5, sizeof(scalar_job), read_estimate, run_estimate, NULL, NULL},
};

int
rv_register_scalar(napi_env env, napi_value exports, rv_registry *registry)
{
	return rv_register(env, exports, registry, "scalar", operations, sizeof(operations) / sizeof(operations[0]));
}
