/*
 * product.c - product codes: src/product/kernels.ts.
 */
#include <stdlib.h>
#include <string.h>

#include "addon.h"
#include "pool.h"

#include <ruvector/quant/product.h>

/* Between two calls of `progress`. */
#define BLOCK_BYTES ((size_t) 1024 * 1024)

/* The arguments that say what the codec is. */
enum
{
	CODEC_N,
	CODEC_M,
	CODEC_BITS,
	CODEC_CENTROIDS,
	CODEC_PANELS,
	CODEC_ROTATION,
	CODEC_INVERSE,
	CODEC_DISTORTION,
	CODEC_ARGUMENTS
};

typedef struct product_job
{
	const rv_product_kernels *kernels;
	const rv_kmeans_kernels *nearest;
	rv_product_codec codec;
	const float *rows;
	float	   *out;
	float	   *bounds;
	float	   *panels;			/* to be filled in */
	uint8_t    *codes,
			   *blocks;
	rv_product_query *query;
	size_t		count,
				done,
				metric,
				kind,
				packed;
} product_job;

/* n, m, bits */
static int
read_shape(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, product_job *job)
{
	size_t		n,
				m,
				bits;

	job->kernels = kernels->product;
	job->nearest = kernels->kmeans;
	if (!rv_get_size(env, arguments[CODEC_N], RV_QUANT_MAX_DIMENSIONS, &n) || n == 0 ||
		!rv_get_size(env, arguments[CODEC_M], n, &m) || m == 0 ||
		!rv_get_size(env, arguments[CODEC_BITS], 8, &bits) || (bits != 4 && bits != 8))
		return rv_refuse(env, "expected dimensions, sub-spaces and bits");
	job->codec.n = (uint32_t) n;
	job->codec.m = (uint32_t) m;
	job->codec.bits = (uint32_t) bits;
	return 1;
}

static int
read_codec(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, product_job *job)
{
	rv_product_codec *codec = &job->codec;
	rv_view		centroids,
				panels,
				rotation,
				inverse;
	size_t		n;

	if (!read_shape(env, arguments, kernels, job))
		return 0;
	n = codec->n;
	if (!rv_get_view(env, arguments[CODEC_CENTROIDS], sizeof(float), &centroids) ||
		!rv_get_view(env, arguments[CODEC_PANELS], sizeof(float), &panels) ||
		centroids.length != n << codec->bits || panels.length != n << codec->bits)
		return rv_refuse(env, "expected centroids and their panels");
	if (!rv_get_optional_view(env, arguments[CODEC_ROTATION], sizeof(float), &rotation) ||
		!rv_get_optional_view(env, arguments[CODEC_INVERSE], sizeof(float), &inverse) ||
		(rotation.data == NULL) != (inverse.data == NULL) ||
		(rotation.data != NULL && (rotation.length != n * n || inverse.length != n * n)) ||
		!rv_get_double(env, arguments[CODEC_DISTORTION], &codec->distortion))
		return rv_refuse(env, "expected a rotation and its inverse, or neither, and a distortion");
	codec->centroids = centroids.data;
	codec->panels = panels.data;
	codec->rotation = rotation.data;
	codec->inverse = inverse.data;
	return 1;
}

/* (n, m, bits, centroids, panels): fills in the panels */
static int
read_panels(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	product_job *job = data;
	rv_view		centroids,
				panels;

	if (!read_shape(env, arguments, kernels, job))
		return 0;
	if (!rv_get_view(env, arguments[CODEC_CENTROIDS], sizeof(float), &centroids) ||
		!rv_get_view(env, arguments[CODEC_PANELS], sizeof(float), &panels) ||
		centroids.length != (size_t) job->codec.n << job->codec.bits || panels.length != centroids.length)
		return rv_refuse(env, "expected centroids and their panels");
	job->codec.centroids = centroids.data;
	job->panels = panels.data;
	return 1;
}

static rv_end
run_panels(void *data, rv_progress progress, void *progress_data)
{
	product_job *job = data;
	const rv_product_codec *codec = &job->codec;

	(void) progress;
	(void) progress_data;
	for (uint32_t s = 0; s < codec->m; s++)
	{
		size_t		begin = RV_PRODUCT_BEGIN(codec->n, codec->m, s),
					end = RV_PRODUCT_BEGIN(codec->n, codec->m, s + 1);

		rv_kmeans_pack(codec->centroids + (begin << codec->bits), end - begin, (size_t) 1 << codec->bits,
					   job->panels + (begin << codec->bits));
	}
	return RV_END_DONE;
}

/* (codec, rows, codes) -> how many rows were encoded */
static int
read_encode(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	product_job *job = data;
	rv_view		rows,
				codes;

	if (!read_codec(env, arguments, kernels, job))
		return 0;
	if (!rv_get_view(env, arguments[CODEC_ARGUMENTS], sizeof(float), &rows) || rows.length % job->codec.n != 0 ||
		!rv_get_view(env, arguments[CODEC_ARGUMENTS + 1], 1, &codes) ||
		codes.length / rv_product_code_bytes(&job->codec) < rows.length / job->codec.n)
		return rv_refuse(env, "expected whole rows, and a Uint8Array with room for their codes");
	job->rows = rows.data;
	job->codes = codes.data;
	job->count = rows.length / job->codec.n;
	return 1;
}

static rv_end
run_encode(void *data, rv_progress progress, void *progress_data)
{
	product_job *job = data;
	const size_t n = job->codec.n,
				bytes = rv_product_code_bytes(&job->codec);
	size_t		block = progress == NULL ? job->count : BLOCK_BYTES / (n * sizeof(float)) / 64 * 64 + 64;
	void	   *memory = malloc(rv_product_encode_bytes(&job->codec));
	rv_end		end = memory == NULL ? RV_END_NO_MEMORY : RV_END_DONE;

	while (end == RV_END_DONE && job->done < job->count)
	{
		size_t		some = job->count - job->done < block ? job->count - job->done : block,
					good = rv_product_encode(job->kernels, job->nearest, &job->codec, job->rows + job->done * n, some,
											 job->codes + job->done * bytes, memory);

		job->done += good;
		if (good < some)
			break;
		if (progress != NULL && job->done < job->count && !progress(progress_data, job->done, job->count))
			end = RV_END_STOPPED;
	}
	free(memory);
	return end;
}

static napi_value
result_done(napi_env env, const void *data)
{
	const product_job *job = data;
	napi_value	number;

	return napi_create_double(env, (double) job->done, &number) == napi_ok ? number : NULL;
}

/* (codec, codes, out) */
static int
read_decode(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	product_job *job = data;
	rv_view		codes,
				out;
	size_t		bytes;

	if (!read_codec(env, arguments, kernels, job))
		return 0;
	bytes = rv_product_code_bytes(&job->codec);
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
	product_job *job = data;
	float	   *turned = malloc(job->codec.n * sizeof(float));

	(void) progress;
	(void) progress_data;
	if (turned == NULL)
		return RV_END_NO_MEMORY;
	rv_product_decode(job->kernels, &job->codec, job->codes, job->count, job->out, turned);
	free(turned);
	return RV_END_DONE;
}

/* (n, m, bits, codes, blocks, count): from one to the other */
static int
read_blocks(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	product_job *job = data;
	rv_view		codes,
				blocks;

	if (!read_shape(env, arguments, kernels, job))
		return 0;
	if (!rv_get_view(env, arguments[3], 1, &codes) || !rv_get_view(env, arguments[4], 1, &blocks) ||
		!rv_get_size(env, arguments[5], UINT32_MAX, &job->count) ||
		codes.length / rv_product_code_bytes(&job->codec) < job->count ||
		blocks.length / rv_product_block_bytes(&job->codec) < (job->count + RV_QUANT_BLOCK - 1) / RV_QUANT_BLOCK)
		return rv_refuse(env, "expected so many codes, and their blocks");
	job->codes = codes.data;
	job->blocks = blocks.data;
	return 1;
}

static rv_end
run_pack(void *data, rv_progress progress, void *progress_data)
{
	product_job *job = data;

	(void) progress;
	(void) progress_data;
	rv_product_pack(&job->codec, job->codes, job->count, job->blocks);
	return RV_END_DONE;
}

static rv_end
run_unpack(void *data, rv_progress progress, void *progress_data)
{
	product_job *job = data;

	(void) progress;
	(void) progress_data;
	rv_product_unpack(&job->codec, job->blocks, job->count, job->codes);
	return RV_END_DONE;
}

/* A prepared query's memory, a Float64Array. */
static int
read_query(napi_env env, napi_value value, product_job *job)
{
	rv_view		query;

	if (!rv_get_view(env, value, sizeof(double), &query) ||
		query.length < (rv_product_query_bytes(&job->codec) + 7) / sizeof(double))
		return rv_refuse(env, "expected a Float64Array with room for a query");
	job->query = query.data;
	return 1;
}

/* (codec, vector, metric, query) -> whether it could be prepared */
static int
read_prepare(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	product_job *job = data;
	rv_view		vector;

	if (!read_codec(env, arguments, kernels, job))
		return 0;
	if (!rv_get_view(env, arguments[CODEC_ARGUMENTS], sizeof(float), &vector) || vector.length != job->codec.n ||
		!rv_get_metric(env, arguments[CODEC_ARGUMENTS + 1], &job->metric))
		return rv_refuse(env, "expected a vector and a metric");
	job->rows = vector.data;
	return read_query(env, arguments[CODEC_ARGUMENTS + 2], job);
}

static rv_end
run_prepare(void *data, rv_progress progress, void *progress_data)
{
	product_job *job = data;
	float	   *turned = malloc(job->codec.n * sizeof(float));

	(void) progress;
	(void) progress_data;
	if (turned == NULL)
		return RV_END_NO_MEMORY;
	job->done = (size_t) rv_product_prepare(job->kernels, &job->codec, job->rows, (rv_metric) job->metric, turned,
											job->query);
	free(turned);
	return RV_END_DONE;
}

static napi_value
result_prepare(napi_env env, const void *data)
{
	const product_job *job = data;
	napi_value	good;

	return napi_get_boolean(env, job->done != 0, &good) == napi_ok ? good : NULL;
}

/* (n, m, bits, query, kind, codes, packed, estimates, bounds or undefined): as many as there are estimates */
static int
read_estimate(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	product_job *job = data;
	rv_view		codes,
				estimates,
				bounds;
	size_t		bytes,
				whole;

	if (!read_shape(env, arguments, kernels, job) || !read_query(env, arguments[3], job))
		return 0;
	if (!rv_get_size(env, arguments[4], RV_PRODUCT_MIDDLE, &job->kind) ||
		!rv_get_view(env, arguments[5], 1, &codes) || !rv_get_size(env, arguments[6], 1, &job->packed) ||
		!rv_get_view(env, arguments[7], sizeof(float), &estimates) ||
		!rv_get_optional_view(env, arguments[8], sizeof(float), &bounds))
		return rv_refuse(env, "expected codes, whether they are packed, estimates and bounds");
	job->count = estimates.length;
	bytes = rv_product_code_bytes(&job->codec);
	whole = job->packed ? (job->count + RV_QUANT_BLOCK - 1) / RV_QUANT_BLOCK * RV_QUANT_BLOCK : job->count;
	if (codes.length / bytes < whole || (bounds.data != NULL && bounds.length < job->count))
		return rv_refuse(env, "expected a code and room for each estimate");
	job->codes = codes.data;
	job->out = estimates.data;
	job->bounds = bounds.data;
	return 1;
}

static rv_end
run_estimate(void *data, rv_progress progress, void *progress_data)
{
	product_job *job = data;
	rv_product_estimates kind = (rv_product_estimates) job->kind;

	(void) progress;
	(void) progress_data;
	if (job->packed)
		rv_product_estimate_packed(job->kernels, &job->codec, job->query, kind, job->codes, job->count, job->out,
								   job->bounds);
	else
		rv_product_estimate(job->kernels, &job->codec, job->query, kind, job->codes,
							rv_product_code_bytes(&job->codec), job->count, job->out, job->bounds);
	return RV_END_DONE;
}

typedef struct best_job
{
	product_job of;
	uint32_t   *indices;
} best_job;

/* (n, m, bits, query, codes, packed, count, indices, scores): as many as `indices` holds */
static int
read_best(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	best_job   *job = data;
	product_job *of = &job->of;
	rv_view		codes,
				indices,
				scores;
	size_t		whole;

	if (!read_shape(env, arguments, kernels, of) || !read_query(env, arguments[3], of))
		return 0;
	if (!rv_get_view(env, arguments[4], 1, &codes) || !rv_get_size(env, arguments[5], 1, &of->packed) ||
		!rv_get_size(env, arguments[6], UINT32_MAX, &of->count))
		return rv_refuse(env, "expected codes, whether they are packed, and how many they are");
	whole = of->packed ? (of->count + RV_QUANT_BLOCK - 1) / RV_QUANT_BLOCK * RV_QUANT_BLOCK : of->count;
	if (codes.length / rv_product_code_bytes(&of->codec) < whole)
		return rv_refuse(env, "expected so many codes");
	if (!rv_get_view(env, arguments[7], sizeof(uint32_t), &indices) || indices.length > of->count ||
		!rv_get_view(env, arguments[8], sizeof(float), &scores) || scores.length != indices.length)
		return rv_refuse(env, "expected room for as many indices as scores, and no more than codes");
	of->codes = codes.data;
	of->out = scores.data;
	of->done = indices.length;
	job->indices = indices.data;
	return 1;
}

static rv_end
run_best(void *data, rv_progress progress, void *progress_data)
{
	best_job   *job = data;
	const product_job *of = &job->of;

	(void) progress;
	(void) progress_data;
	if (of->packed)
		rv_product_best_packed(of->kernels, &of->codec, of->query, of->codes, of->count, of->done, job->indices, of->out);
	else
		rv_product_best(of->kernels, &of->codec, of->query, of->codes, rv_product_code_bytes(&of->codec), of->count,
						of->done, job->indices, of->out);
	return RV_END_DONE;
}

/* The options of `train`, by their places in a Float64Array. */
enum
{
	OPTION_N,
	OPTION_M,
	OPTION_BITS,
	OPTION_ITERATIONS,
	OPTION_TURNS,
	OPTION_START,
	OPTION_SEED,
	OPTION_THREADS,
	OPTION_COUNT
};

typedef struct train_job
{
	const rv_product_kernels *kernels;
	const rv_kmeans_kernels *nearest;
	rv_product_options options;
	size_t		threads,
				workspace;
	const float *rows;
	rv_product_result result;
} train_job;

static int
read_options(napi_env env, napi_value value, train_job *job)
{
	rv_product_options *o = &job->options;
	rv_view		view;
	double		numbers[OPTION_COUNT];

	if (!rv_get_view(env, value, sizeof(double), &view) || view.length != OPTION_COUNT)
		return 0;
	/* Once: another thread may write to shared memory. */
	memcpy(numbers, view.data, sizeof(numbers));
	for (int i = 0; i < OPTION_COUNT; i++)
		if (!(numbers[i] >= 0 && numbers[i] <= UINT32_MAX) || (double) (uint32_t) numbers[i] != numbers[i])
			return 0;
	o->n = (size_t) numbers[OPTION_N];
	o->m = (size_t) numbers[OPTION_M];
	o->bits = (size_t) numbers[OPTION_BITS];
	o->iterations = (size_t) numbers[OPTION_ITERATIONS];
	o->turns = (size_t) numbers[OPTION_TURNS];
	o->start = numbers[OPTION_START] == RV_KMEANS_RANDOM ? RV_KMEANS_RANDOM : RV_KMEANS_PLUS_PLUS;
	o->seed = (uint32_t) numbers[OPTION_SEED];
	job->threads = (size_t) numbers[OPTION_THREADS];
	return o->n >= 1 && o->n <= RV_QUANT_MAX_DIMENSIONS && (o->bits == 4 || o->bits == 8);
}

/* (options, rows, centroids, rotation or undefined, history) */
static int
read_train(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	train_job  *job = data;
	rv_product_options *o = &job->options;
	rv_view		rows,
				centroids,
				rotation,
				history;

	if (!read_options(env, arguments[0], job))
		return rv_refuse(env, "expected options of product codes");
	if (!rv_get_view(env, arguments[1], sizeof(float), &rows) || rows.length % o->n != 0)
		return rv_refuse(env, "expected whole rows");
	o->rows = rows.length / o->n;
	job->workspace = rv_product_workspace(o);
	if (job->workspace == SIZE_MAX)
		return rv_refuse(env, "expected options of product codes that fit the rows");
	if (!rv_get_view(env, arguments[2], sizeof(float), &centroids) || centroids.length < o->n << o->bits)
		return rv_refuse(env, "expected a Float32Array with room for the centroids");
	if (!rv_get_optional_view(env, arguments[3], sizeof(float), &rotation) ||
		(rotation.data == NULL) != (o->turns == 0) || (rotation.data != NULL && rotation.length < o->n * o->n))
		return rv_refuse(env, "expected a Float32Array with room for the rotation, if there is one");
	/* The objectives, then the distortion. */
	if (!rv_get_view(env, arguments[4], sizeof(double), &history) || history.length < o->turns + 2)
		return rv_refuse(env, "expected a Float64Array with room for the history");
	job->kernels = kernels->product;
	job->nearest = kernels->kmeans;
	job->rows = rows.data;
	job->result.centroids = centroids.data;
	job->result.rotation = rotation.data;
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

		end = rv_product_train(job->kernels, job->nearest, &job->options, job->rows, workspace, &hooks, &job->result)
			? RV_END_DONE : RV_END_STOPPED;
		job->result.history[job->options.turns + 1] = job->result.distortion;
		rv_pool_close(&host->pool);
	}
	rv_free(workspace);
	free(host);
	return end;
}

static const rv_operation operations[] = {
	{"train", 5, sizeof(train_job), read_train, run_train, NULL, NULL},
	{"panels", 5, sizeof(product_job), read_panels, run_panels, NULL, NULL},
	{"encode", CODEC_ARGUMENTS + 2, sizeof(product_job), read_encode, run_encode, result_done, NULL},
	{"decode", CODEC_ARGUMENTS + 2, sizeof(product_job), read_decode, run_decode, NULL, NULL},
	{"pack", 6, sizeof(product_job), read_blocks, run_pack, NULL, NULL},
	{"unpack", 6, sizeof(product_job), read_blocks, run_unpack, NULL, NULL},
	{"prepare", CODEC_ARGUMENTS + 3, sizeof(product_job), read_prepare, run_prepare, result_prepare, NULL},
	{"estimate", 9, sizeof(product_job), read_estimate, run_estimate, NULL, NULL},
	{"best", 9, sizeof(best_job), read_best, run_best, NULL, NULL},
};

int
rv_register_product(napi_env env, napi_value exports, rv_registry *registry)
{
	return rv_register(env, exports, registry, "product", operations, sizeof(operations) / sizeof(operations[0]));
}
