/*
 * rabitq.c - RaBitQ codes of rows: src/rabitq/kernels.ts.
 */
#include <stdlib.h>

#include "addon.h"

#include <ruvector/quant/rabitq.h>

/* Between two calls of `progress`: about a millisecond of encoding. */
#define ROWS_AT_ONCE 1024

#define QUERY_NUMBERS (sizeof(rv_rabitq_query) / sizeof(double))
#define AIM_NUMBERS (sizeof(rv_rabitq_aim) / sizeof(double))

/* n, bits and whether it is centred are the first arguments of most functions. */
static int
read_layout(napi_env env, const napi_value *arguments, rv_rabitq_layout *layout)
{
	size_t		bits,
				centred;

	if (!rv_get_size(env, arguments[0], RV_QUANT_MAX_DIMENSIONS + 1, &layout->n) || layout->n == 0 ||
		layout->n % 8 != 0 ||
		!rv_get_size(env, arguments[1], 8, &bits) || bits == 0 ||
		!rv_get_size(env, arguments[2], 1, &centred))
		return rv_refuse(env, "expected a multiple of 8, 1 to 8 bits, and 0 or 1");
	layout->bits = (int) bits;
	layout->centred = (int) centred;
	rv_rabitq_fill_layout(layout);
	return 1;
}

/* How many codes of `bytes` a view has at least; `count` says how many are wanted. */
static int
has_codes(const rv_view *view, size_t bytes, size_t count)
{
	return view->length / bytes >= count;
}

typedef struct code_job
{
	const rv_quant_kernels *kernels;
	rv_rabitq_codec codec;
	const float *vectors;
	float	   *decoded;
	const uint8_t *from;
	uint8_t    *codes;
	size_t		count,
				done;
	void	   *memory;
} code_job;

/* (dimensions, bits, encoder, signs, centre, centreNorm, ...) */
static int
read_codec(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, code_job *job)
{
	rv_rabitq_codec *codec = &job->codec;
	rv_view		signs,
				centre;
	size_t		bits,
				encoder;

	if (!rv_get_size(env, arguments[0], RV_QUANT_MAX_DIMENSIONS, &codec->dimensions) || codec->dimensions == 0 ||
		!rv_get_size(env, arguments[1], 8, &bits) || bits == 0 || !rv_get_size(env, arguments[2], RV_RABITQ_EXACT, &encoder))
		return rv_refuse(env, "expected dimensions, 1 to 8 bits, and an encoder");
	codec->layout.bits = (int) bits;
	codec->encoder = (rv_rabitq_encoder) encoder;
	if (!rv_get_view(env, arguments[3], 1, &signs) || signs.length > (RV_QUANT_MAX_DIMENSIONS + 1) / 2 ||
		signs.length % 4 != 0 || 2 * signs.length < codec->dimensions)
		return rv_refuse(env, "expected four bits for each coordinate");
	codec->layout.n = 2 * signs.length;
	if (!rv_get_optional_view(env, arguments[4], sizeof(float), &centre) ||
		(centre.data != NULL && centre.length != codec->layout.n) ||
		!rv_get_double(env, arguments[5], &codec->centre_norm))
		return rv_refuse(env, "expected a centre of n elements, or none, and its norm");
	codec->rotation = (rv_rotation) {codec->layout.n, signs.data};
	codec->centre = centre.data;
	codec->layout.centred = centre.data != NULL;
	rv_rabitq_fill_layout(&codec->layout);
	job->kernels = kernels;
	return 1;
}

static int
take_memory(napi_env env, code_job *job, size_t bytes)
{
	job->memory = malloc(bytes);
	if (job->memory == NULL)
		rv_throw_end(env, RV_END_NO_MEMORY);
	return job->memory != NULL;
}

/* (..., vectors, codes) -> how many rows are encoded */
static int
read_encode(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	code_job   *job = data;
	rv_view		vectors,
				codes;

	if (!read_codec(env, arguments, kernels, job))
		return 0;
	if (!rv_get_view(env, arguments[6], sizeof(float), &vectors) ||
		vectors.length % job->codec.dimensions != 0)
		return rv_refuse(env, "expected whole rows");
	job->count = vectors.length / job->codec.dimensions;
	if (!rv_get_view(env, arguments[7], 1, &codes) ||
		!has_codes(&codes, job->codec.layout.code_bytes, job->count))
		return rv_refuse(env, "expected room for each code");
	job->vectors = vectors.data;
	job->codes = codes.data;
	return take_memory(env, job, rv_rabitq_encode_bytes(&job->codec));
}

static rv_end
run_encode(void *data, rv_progress progress, void *progress_data)
{
	code_job   *job = data;

	while (job->done < job->count)
	{
		size_t		size = job->count - job->done;
		size_t		encoded;

		if (progress != NULL && size > ROWS_AT_ONCE)
			size = ROWS_AT_ONCE;
		encoded = rv_rabitq_encode(job->kernels->rabitq, job->kernels->rotation, &job->codec,
								   job->vectors + job->done * job->codec.dimensions, size,
								   job->codes + job->done * job->codec.layout.code_bytes, job->memory);
		job->done += encoded;
		if (encoded < size)
			break;
		if (progress != NULL && job->done < job->count && !progress(progress_data, job->done, job->count))
			return RV_END_STOPPED;
	}
	return RV_END_DONE;
}

static napi_value
encode_result(napi_env env, const void *data)
{
	const code_job *job = data;
	napi_value	result;

	return napi_create_double(env, (double) job->done, &result) == napi_ok ? result : NULL;
}

static void
release_memory(void *data)
{
	code_job   *job = data;

	free(job->memory);
}

/* (..., codes, vectors) */
static int
read_decode(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	code_job   *job = data;
	rv_view		codes,
				vectors;

	if (!read_codec(env, arguments, kernels, job))
		return 0;
	if (!rv_get_view(env, arguments[6], 1, &codes) || codes.length % job->codec.layout.code_bytes != 0)
		return rv_refuse(env, "expected whole codes");
	job->count = codes.length / job->codec.layout.code_bytes;
	if (!rv_get_view(env, arguments[7], sizeof(float), &vectors) ||
		vectors.length / job->codec.dimensions < job->count)
		return rv_refuse(env, "expected room for each vector");
	job->from = codes.data;
	job->decoded = vectors.data;
	return take_memory(env, job, job->codec.layout.n * sizeof(float));
}

static rv_end
run_decode(void *data, rv_progress progress, void *progress_data)
{
	code_job   *job = data;

	(void) progress;
	(void) progress_data;
	rv_rabitq_decode(job->kernels->rotation, &job->codec, job->from, job->count, job->decoded, job->memory);
	return RV_END_DONE;
}

typedef struct pack_job
{
	rv_rabitq_layout layout;
	const uint8_t *from;
	uint8_t    *to;
	size_t		count;
	int			unpack;
} pack_job;

/* (n, bits, centred, count, from, to) */
static int
read_pack(napi_env env, const napi_value *arguments, pack_job *job)
{
	rv_view		codes,
				blocks;
	size_t		block_count;

	if (!read_layout(env, arguments, &job->layout))
		return 0;
	if (!rv_get_size(env, arguments[3], UINT32_MAX, &job->count) ||
		!rv_get_view(env, arguments[job->unpack ? 5 : 4], 1, &codes) ||
		!has_codes(&codes, job->layout.code_bytes, job->count))
		return rv_refuse(env, "expected so many codes");
	block_count = (job->count + RV_QUANT_BLOCK - 1) / RV_QUANT_BLOCK;
	if (!rv_get_view(env, arguments[job->unpack ? 4 : 5], 1, &blocks) ||
		!has_codes(&blocks, job->layout.block_bytes, block_count))
		return rv_refuse(env, "expected so many blocks");
	job->from = job->unpack ? blocks.data : codes.data;
	job->to = job->unpack ? codes.data : blocks.data;
	return 1;
}

static int
read_pack_only(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	(void) kernels;
	return read_pack(env, arguments, data);
}

static int
read_unpack(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	pack_job   *job = data;

	(void) kernels;
	job->unpack = 1;
	return read_pack(env, arguments, job);
}

static rv_end
run_pack(void *data, rv_progress progress, void *progress_data)
{
	pack_job   *job = data;

	(void) progress;
	(void) progress_data;
	if (job->unpack)
		rv_rabitq_unpack(&job->layout, job->from, job->count, job->to);
	else
		rv_rabitq_pack(&job->layout, job->from, job->count, job->to);
	return RV_END_DONE;
}

typedef struct query_job
{
	rv_rabitq_layout layout;
	const float *z;
	int8_t	   *planes;
	uint8_t    *tables;
	rv_rabitq_query *query;
	rv_rabitq_aim *aim;
	size_t		metric;
	double		offset2,
				inner,
				query_norm,
				centre_norm,
				epsilon;
} query_job;

/* Planes and tables of a query, as many as its layout has. */
static int
read_planes(napi_env env, napi_value planes, napi_value tables, const rv_rabitq_layout *layout, rv_view *p, rv_view *t)
{
	const size_t levels = (size_t) rv_rabitq_levels(layout->bits);

	if (!rv_get_view(env, planes, 1, p) || p->length < levels * rv_rabitq_plane_bytes(layout->n) ||
		!rv_get_view(env, tables, 1, t) || t->length < levels * rv_rabitq_table_bytes(layout->n))
		return rv_refuse(env, "expected a query's planes and tables");
	return 1;
}

/* `count` float64, as a struct of them; NULL after throwing. */
static void *
get_numbers(napi_env env, napi_value value, size_t count)
{
	rv_view		view;

	if (rv_get_view(env, value, sizeof(double), &view) && view.length >= count)
		return view.data;
	rv_refuse(env, "expected a Float64Array of a query");
	return NULL;
}

/* (n, bits, centred, z, planes, tables, query) */
static int
read_prepare(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	query_job  *job = data;
	rv_view		z,
				planes,
				tables;

	(void) kernels;
	if (!read_layout(env, arguments, &job->layout))
		return 0;
	if (!rv_get_view(env, arguments[3], sizeof(float), &z) || z.length != job->layout.n)
		return rv_refuse(env, "expected a rotated query");
	job->query = get_numbers(env, arguments[6], QUERY_NUMBERS);
	if (job->query == NULL || !read_planes(env, arguments[4], arguments[5], &job->layout, &planes, &tables))
		return 0;
	job->z = z.data;
	job->planes = planes.data;
	job->tables = tables.data;
	return 1;
}

static rv_end
run_prepare(void *data, rv_progress progress, void *progress_data)
{
	query_job  *job = data;

	(void) progress;
	(void) progress_data;
	rv_rabitq_prepare(&job->layout, job->z, job->planes, job->tables, job->query);
	return RV_END_DONE;
}

/* (n, bits, centred, query, metric, offset2, inner, queryNorm, centreNorm, epsilon, aim) */
static int
read_aim(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	query_job  *job = data;
	double	   *const numbers[] = {&job->offset2, &job->inner, &job->query_norm, &job->centre_norm, &job->epsilon};

	(void) kernels;
	if (!read_layout(env, arguments, &job->layout))
		return 0;
	job->query = get_numbers(env, arguments[3], QUERY_NUMBERS);
	job->aim = job->query == NULL ? NULL : get_numbers(env, arguments[10], AIM_NUMBERS);
	if (job->aim == NULL)
		return 0;
	if (!rv_get_metric(env, arguments[4], &job->metric))
		return rv_refuse(env, "expected a metric");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!rv_get_double(env, arguments[5 + i], numbers[i]))
			return rv_refuse(env, "expected numbers");
	return 1;
}

static rv_end
run_aim(void *data, rv_progress progress, void *progress_data)
{
	query_job  *job = data;

	(void) progress;
	(void) progress_data;
	rv_rabitq_make_aim(&job->layout, job->query, (rv_metric) job->metric, job->offset2, job->inner, job->query_norm,
					   job->centre_norm, job->epsilon, job->aim);
	return RV_END_DONE;
}

typedef struct score_job
{
	rv_rabitq_layout layout;
	rv_rabitq_scoring scoring;
	void		(*score) (const rv_rabitq_scoring *scoring, const uint8_t *codes, size_t count, float *values,
						  float *bounds);
	const uint8_t *codes;
	size_t		count;
	float	   *values,
			   *bounds;
} score_job;

/* (n, bits, centred, planes, tables, query, aim, shape, codes, count, values, bounds): shape 0 rows, 1 blocks, 2 signs */
static int
read_score(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	score_job  *job = data;
	rv_view		planes,
				tables,
				codes,
				values,
				bounds;
	const rv_rabitq_query *query;
	const rv_rabitq_aim *aim;
	size_t		shape;

	if (!read_layout(env, arguments, &job->layout) ||
		!read_planes(env, arguments[3], arguments[4], &job->layout, &planes, &tables))
		return 0;
	query = get_numbers(env, arguments[5], QUERY_NUMBERS);
	aim = query == NULL ? NULL : get_numbers(env, arguments[6], AIM_NUMBERS);
	if (aim == NULL)
		return 0;
	if (!rv_get_size(env, arguments[7], 2, &shape) || !rv_get_size(env, arguments[9], UINT32_MAX, &job->count) ||
		!rv_get_view(env, arguments[8], 1, &codes) ||
		!(shape == 0 ? has_codes(&codes, job->layout.code_bytes, job->count)
		  : has_codes(&codes, job->layout.block_bytes, (job->count + RV_QUANT_BLOCK - 1) / RV_QUANT_BLOCK)))
		return rv_refuse(env, "expected so many codes");
	if (!rv_get_view(env, arguments[10], sizeof(float), &values) || values.length < job->count ||
		!rv_get_optional_view(env, arguments[11], sizeof(float), &bounds) ||
		(bounds.data != NULL && bounds.length < job->count))
		return rv_refuse(env, "expected room for each value");
	job->scoring = (rv_rabitq_scoring) {NULL, planes.data, tables.data, query, aim};
	job->score = shape == 0 ? kernels->rabitq->score_rows
		: shape == 1 ? kernels->rabitq->score_blocks : kernels->rabitq->score_signs;
	job->codes = codes.data;
	job->values = values.data;
	job->bounds = bounds.data;
	return 1;
}

static rv_end
run_score(void *data, rv_progress progress, void *progress_data)
{
	score_job  *job = data;

	(void) progress;
	(void) progress_data;
	/* Here, since a job may be moved between reading and running. */
	job->scoring.layout = &job->layout;
	job->score(&job->scoring, job->codes, job->count, job->values, job->bounds);
	return RV_END_DONE;
}

typedef struct best_job
{
	const rv_quant_kernels *kernels;
	rv_rabitq_layout layout;
	rv_rabitq_scoring scoring;
	const rv_rabitq_aim *signs;
	size_t		metric;
	const uint8_t *blocks;
	size_t		count,
				k;
	uint32_t   *indices;
	float	   *scores;
} best_job;

/* (n, bits, centred, planes, tables, query, aim, signs, metric, blocks, count, indices, scores): as many as `indices` holds */
static int
read_best(napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *data)
{
	best_job   *job = data;
	rv_view		planes,
				tables,
				blocks,
				indices,
				scores;
	const rv_rabitq_query *query;
	const rv_rabitq_aim *aim;

	if (!read_layout(env, arguments, &job->layout) ||
		!read_planes(env, arguments[3], arguments[4], &job->layout, &planes, &tables))
		return 0;
	if (job->layout.bits == 1)
		return rv_refuse(env, "expected codes of more than one bit");
	query = get_numbers(env, arguments[5], QUERY_NUMBERS);
	aim = query == NULL ? NULL : get_numbers(env, arguments[6], AIM_NUMBERS);
	job->signs = aim == NULL ? NULL : get_numbers(env, arguments[7], AIM_NUMBERS);
	if (job->signs == NULL)
		return 0;
	if (!rv_get_metric(env, arguments[8], &job->metric))
		return rv_refuse(env, "expected a metric");
	if (!rv_get_view(env, arguments[9], 1, &blocks) || !rv_get_size(env, arguments[10], UINT32_MAX, &job->count) ||
		!has_codes(&blocks, job->layout.block_bytes, (job->count + RV_QUANT_BLOCK - 1) / RV_QUANT_BLOCK))
		return rv_refuse(env, "expected so many codes");
	if (!rv_get_view(env, arguments[11], sizeof(uint32_t), &indices) || indices.length > job->count ||
		!rv_get_view(env, arguments[12], sizeof(float), &scores) || scores.length != indices.length)
		return rv_refuse(env, "expected room for as many indices as scores, and no more than codes");
	job->kernels = kernels;
	job->scoring = (rv_rabitq_scoring) {NULL, planes.data, tables.data, query, aim};
	job->blocks = blocks.data;
	job->k = indices.length;
	job->indices = indices.data;
	job->scores = scores.data;
	return 1;
}

static rv_end
run_best(void *data, rv_progress progress, void *progress_data)
{
	best_job   *job = data;

	(void) progress;
	(void) progress_data;
	job->scoring.layout = &job->layout;
	rv_rabitq_best(job->kernels->rabitq, &job->scoring, job->signs, (rv_metric) job->metric, job->blocks, job->count,
				   job->k, job->indices, job->scores);
	return RV_END_DONE;
}

static const rv_operation operations[] = {
	{"encode", 8, sizeof(code_job), read_encode, run_encode, encode_result, release_memory},
	{"decode", 8, sizeof(code_job), read_decode, run_decode, NULL, release_memory},
	{"pack", 6, sizeof(pack_job), read_pack_only, run_pack, NULL, NULL},
	{"unpack", 6, sizeof(pack_job), read_unpack, run_pack, NULL, NULL},
	{"prepare", 7, sizeof(query_job), read_prepare, run_prepare, NULL, NULL},
	{"aim", 11, sizeof(query_job), read_aim, run_aim, NULL, NULL},
	{"score", 12, sizeof(score_job), read_score, run_score, NULL, NULL},
	{"best", 13, sizeof(best_job), read_best, run_best, NULL, NULL},
};

int
rv_register_rabitq(napi_env env, napi_value exports, rv_registry *registry)
{
	return rv_register(env, exports, registry, "rabitq", operations, sizeof(operations) / sizeof(operations[0]));
}
