/*
 * quant_probe.c - the quantisation of packages/quant inside of PostgreSQL, for conformance/test/quant-postgres.test.ts.
 *
 * Links the kernels that the Node addon links, by their C ABI alone.  Codecs come as `serialize` writes them
 * (packages/quant/doc/format.md), vectors as little-endian float32 in bytea.  All memory is palloc'd, and an error, or an
 * interrupt that k-means lets through, leaves every frame here by longjmp: they hold plain data only.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include <ruvector/quant.h>
#include <ruvector/quant/kmeans.h>
#include <ruvector/quant/rabitq.h>
#include <ruvector/quant/scalar.h>

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

PG_FUNCTION_INFO_V1(probe_variant);
PG_FUNCTION_INFO_V1(probe_encode);
PG_FUNCTION_INFO_V1(probe_pack);
PG_FUNCTION_INFO_V1(probe_score);
PG_FUNCTION_INFO_V1(probe_kmeans);

/* Numbers of kinds in serialized codecs. */
#define KIND_RABITQ 0
#define KIND_INT8 1

#define HEADER_BYTES 20

typedef struct Codec
{
	int			kind;
	size_t		dimensions;
	size_t		codeBytes;
	rv_rabitq_codec rabitq;
	const float *centre;		/* of RaBitQ, before the rotation; NULL for none */
	double		epsilon;
	rv_scalar_codec scalar;
} Codec;

/* Sums of a vector, in float64 and in the order that src/rabitq/query.ts has. */
typedef struct Measures
{
	double		norm,
				offset2,
				inner;
} Measures;

void
_PG_init(void)
{
	if (rv_quant_init(getenv("RUVECTOR_SIMD")) == NULL)
		ereport(ERROR, (errmsg("RUVECTOR_SIMD names a variant that cannot run here")));
}

/* Memory that begins at a multiple of `alignment`, a power of two. */
static void *
allocate(size_t size, size_t alignment)
{
	char	   *memory = palloc_extended(size + alignment, MCXT_ALLOC_HUGE);

	return (void *) TYPEALIGN(alignment, memory);
}

static bytea *
makeBytes(size_t size)
{
	bytea	   *bytes = palloc_extended(VARHDRSZ + size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	SET_VARSIZE(bytes, VARHDRSZ + size);
	return bytes;
}

static uint8_t *
dataOf(bytea *bytes)
{
	return (uint8_t *) VARDATA(bytes);
}

/* How many parts of `size` bytes there are. */
static size_t
countOf(bytea *bytes, size_t size, const char *what)
{
	size_t		length = VARSIZE(bytes) - VARHDRSZ;

	if (size == 0 || length % size != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%zu bytes are no whole number of %s of %zu bytes", length, what, size)));
	return length / size;
}

static float *
floatsOf(bytea *bytes)
{
	return (float *) VARDATA(bytes);
}

static void
corrupt(const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("the codec's %s is wrong", what)));
}

static uint32_t
readWord(const uint8_t *at)
{
	uint32_t	word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* A copy that floats and doubles may be read from. */
static void *
copyOf(const uint8_t *from, size_t size)
{
	return memcpy(allocate(size, 16), from, size);
}

static double
normOf(const float *x, size_t n)
{
	double		sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double) x[i] * x[i];
	return sqrt(sum);
}

/* `count` floats, filled up with zeros to n and rotated. */
static float *
rotated(const rv_rotation *rotation, const float *from, size_t count)
{
	float	   *x = allocate(rotation->n * sizeof(float), 16);

	memset(x, 0, rotation->n * sizeof(float));
	memcpy(x, from, count * sizeof(float));
	rv_quant.rotation->rotate(rotation, x);
	return x;
}

static void
readRabitq(Codec *codec, const uint8_t *parameters, size_t parameterBytes, const uint8_t *payload, size_t payloadBytes)
{
	rv_rabitq_codec *c = &codec->rabitq;
	size_t		n,
				centreBytes = 0;

	if (parameterBytes != 15)
		corrupt("length");
	n = readWord(parameters + 3);
	if (parameters[1] == 1)
		centreBytes = codec->dimensions * sizeof(float);
	if (parameters[0] < 1 || parameters[0] > 8 || parameters[1] > 1 || parameters[2] > RV_RABITQ_EXACT || n % 8 != 0 ||
		n < codec->dimensions || n > RV_QUANT_MAX_DIMENSIONS + 1 || payloadBytes != n / 2 + centreBytes)
		corrupt("parameters");
	c->layout.n = n;
	c->layout.bits = parameters[0];
	c->layout.centred = parameters[1];
	rv_rabitq_fill_layout(&c->layout);
	c->rotation = (rv_rotation) {n, copyOf(payload, n / 2)};
	c->dimensions = codec->dimensions;
	c->encoder = (rv_rabitq_encoder) parameters[2];
	memcpy(&codec->epsilon, parameters + 7, sizeof(double));
	if (centreBytes > 0)
	{
		codec->centre = copyOf(payload + n / 2, centreBytes);
		c->centre = rotated(&c->rotation, codec->centre, codec->dimensions);
		c->centre_norm = normOf(codec->centre, codec->dimensions);
	}
	codec->codeBytes = c->layout.code_bytes;
}

static void
readInt8(Codec *codec, const uint8_t *parameters, size_t parameterBytes, const uint8_t *payload, size_t payloadBytes)
{
	rv_scalar_codec *c = &codec->scalar;
	size_t		n = codec->dimensions;

	if (parameterBytes != 4)
		corrupt("length");
	if (parameters[0] != 8 || parameters[1] != 0 || parameters[2] > 1 ||
		payloadBytes != (1 + parameters[2]) * n * sizeof(float))
		corrupt("parameters");
	c->n = (uint32_t) n;
	c->bits = 8;
	c->more = 0;
	c->by_dimension = parameters[2];
	c->centre = copyOf(payload, n * sizeof(float));
	if (c->by_dimension)
	{
		double	   *inverse = allocate(n * sizeof(double), 16);

		c->step = copyOf(payload + n * sizeof(float), n * sizeof(float));
		for (size_t i = 0; i < n; i++)
			inverse[i] = c->step[i] > 0 ? 1 / (double) c->step[i] : 0;
		c->inverse = inverse;
	}
	codec->codeBytes = rv_scalar_code_bytes(c);
}

/* A codec from what `serialize` has written; its checksum is computed by PostgreSQL's own CRC-32C. */
static Codec *
readCodec(bytea *serialized)
{
	const uint8_t *bytes = dataOf(serialized);
	size_t		length = VARSIZE(serialized) - VARHDRSZ,
				parameters,
				payload;
	pg_crc32c	crc;
	Codec	   *codec = palloc0(sizeof(Codec));

	if (length < HEADER_BYTES + sizeof(uint32_t) || memcmp(bytes, "RVQC\1\0", 6) != 0)
		corrupt("format");
	parameters = readWord(bytes + 12);
	payload = readWord(bytes + 16);
	if (length != HEADER_BYTES + parameters + payload + sizeof(uint32_t))
		corrupt("length");
	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes, length - sizeof(uint32_t));
	FIN_CRC32C(crc);
	if (crc != readWord(bytes + length - sizeof(uint32_t)))
		corrupt("checksum");
	codec->kind = bytes[6] | bytes[7] << 8;
	codec->dimensions = readWord(bytes + 8);
	if (codec->dimensions < 1 || codec->dimensions > RV_QUANT_MAX_DIMENSIONS)
		corrupt("number of dimensions");
	bytes += HEADER_BYTES;
	if (codec->kind == KIND_RABITQ)
		readRabitq(codec, bytes, parameters, bytes + parameters, payload);
	else if (codec->kind == KIND_INT8)
		readInt8(codec, bytes, parameters, bytes + parameters, payload);
	else
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("only rabitq and int8 are probed")));
	return codec;
}

/* (forced text) -> the variant in use: NULL keeps it */
Datum
probe_variant(PG_FUNCTION_ARGS)
{
	if (!PG_ARGISNULL(0) && rv_quant_init(text_to_cstring(PG_GETARG_TEXT_PP(0))) == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("this variant does not run here")));
	PG_RETURN_TEXT_P(cstring_to_text(rv_quant.simd->name));
}

/* (codec, vectors) -> codes */
Datum
probe_encode(PG_FUNCTION_ARGS)
{
	Codec	   *codec = readCodec(PG_GETARG_BYTEA_P(0));
	bytea	   *vectors = PG_GETARG_BYTEA_P(1);
	size_t		count = countOf(vectors, codec->dimensions * sizeof(float), "vectors"),
				encoded;
	bytea	   *codes = makeBytes(count * codec->codeBytes);

	if (codec->kind == KIND_INT8)
		encoded = rv_quant.scalar->encode(&codec->scalar, floatsOf(vectors), count, dataOf(codes));
	else
		encoded = rv_rabitq_encode(rv_quant.rabitq, rv_quant.rotation, &codec->rabitq, floatsOf(vectors), count,
								   dataOf(codes), allocate(rv_rabitq_encode_bytes(&codec->rabitq), 16));
	if (encoded != count)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("vector %zu cannot be encoded", encoded)));
	PG_RETURN_BYTEA_P(codes);
}

/* (codec, codes) -> blocks, of RaBitQ */
Datum
probe_pack(PG_FUNCTION_ARGS)
{
	Codec	   *codec = readCodec(PG_GETARG_BYTEA_P(0));
	bytea	   *codes = PG_GETARG_BYTEA_P(1);
	const rv_rabitq_layout *layout = &codec->rabitq.layout;
	size_t		count = countOf(codes, codec->codeBytes, "codes");
	bytea	   *blocks;

	if (codec->kind != KIND_RABITQ)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("only codes of rabitq are packed here")));
	blocks = makeBytes((count + RV_QUANT_BLOCK - 1) / RV_QUANT_BLOCK * layout->block_bytes);
	rv_rabitq_pack(layout, dataOf(codes), count, dataOf(blocks));
	PG_RETURN_BYTEA_P(blocks);
}

static Measures
measure(const float *query, const float *centre, size_t n)
{
	Measures	m = {normOf(query, n), 0, 0};

	if (centre == NULL)
		m.offset2 = m.norm * m.norm;
	else
		for (size_t i = 0; i < n; i++)
		{
			double		difference = (double) query[i] - centre[i];

			m.offset2 += difference * difference;
			m.inner += (double) query[i] * centre[i];
		}
	return m;
}

static void
scoreRabitq(const Codec *codec, const float *query, rv_metric metric, const uint8_t *codes, size_t count, bool packed,
			float *values, float *bounds)
{
	const rv_rabitq_layout *layout = &codec->rabitq.layout;
	const size_t levels = (size_t) rv_rabitq_levels(layout->bits);
	int8_t	   *planes = allocate(levels * rv_rabitq_plane_bytes(layout->n), 16);
	uint8_t    *tables = allocate(levels * rv_rabitq_table_bytes(layout->n), 16);
	const float *z = rotated(&codec->rabitq.rotation, query, codec->dimensions);
	Measures	m = measure(query, codec->centre, codec->dimensions);
	rv_rabitq_query prepared;
	rv_rabitq_aim aim;
	rv_rabitq_scoring scoring = {layout, planes, tables, &prepared, &aim};

	rv_rabitq_prepare(layout, z, planes, tables, &prepared);
	rv_rabitq_make_aim(layout, &prepared, metric, m.offset2, m.inner, m.norm, codec->rabitq.centre_norm, codec->epsilon,
					   &aim);
	if (packed)
		rv_quant.rabitq->score_blocks(&scoring, codes, count, values, bounds);
	else
		rv_quant.rabitq->score_rows(&scoring, codes, count, values, bounds);
}

/* (codec, query, metric by its number in simd.h, codes or blocks, count, whether they are blocks) -> estimates, bounds */
Datum
probe_score(PG_FUNCTION_ARGS)
{
	Codec	   *codec = readCodec(PG_GETARG_BYTEA_P(0));
	bytea	   *query = PG_GETARG_BYTEA_P(1);
	rv_metric	metric = (rv_metric) PG_GETARG_INT32(2);
	bytea	   *codes = PG_GETARG_BYTEA_P(3);
	int32		count = PG_GETARG_INT32(4);
	bool		packed = PG_GETARG_BOOL(5);
	size_t		partBytes = packed ? codec->codeBytes * RV_QUANT_BLOCK : codec->codeBytes,
				parts = packed ? ((size_t) count + RV_QUANT_BLOCK - 1) / RV_QUANT_BLOCK : (size_t) count;
	bytea	   *result;
	float	   *values;

	if (countOf(query, codec->dimensions * sizeof(float), "vectors") != 1 || count < 0 ||
		countOf(codes, partBytes, "codes") != parts ||
		(metric != RV_METRIC_DOT && metric != RV_METRIC_L2SQ && metric != RV_METRIC_COSINE) ||
		(packed && codec->kind != KIND_RABITQ))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("these arguments do not fit")));
	result = makeBytes(2 * (size_t) count * sizeof(float));
	values = floatsOf(result);
	if (codec->kind == KIND_RABITQ)
		scoreRabitq(codec, floatsOf(query), metric, dataOf(codes), (size_t) count, packed, values, values + count);
	else
	{
		rv_scalar_query *prepared = allocate(rv_scalar_query_bytes(&codec->scalar), 16);

		if (!rv_quant.scalar->prepare(&codec->scalar, floatsOf(query), metric, 1, prepared))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the query is not finite")));
		rv_quant.scalar->estimate(&codec->scalar, prepared, dataOf(codes), codec->codeBytes, (size_t) count, values,
								  values + count);
	}
	PG_RETURN_BYTEA_P(result);
}

static int
step(void *host, size_t done, size_t total)
{
	(void) done;
	(void) total;
	++*(uint64 *) host;
	/* May leave rv_kmeans_train by longjmp. */
	CHECK_FOR_INTERRUPTS();
	return 1;
}

/* (vectors, dimensions, k, iterations at most, seed) -> centroids */
Datum
probe_kmeans(PG_FUNCTION_ARGS)
{
	bytea	   *vectors = PG_GETARG_BYTEA_P(0);
	int32		dimensions = PG_GETARG_INT32(1),
				k = PG_GETARG_INT32(2),
				iterations = PG_GETARG_INT32(3),
				seed = PG_GETARG_INT32(4);
	uint64		steps = 0;
	rv_kmeans_host host = {&steps, NULL, step};
	rv_kmeans_options options = {0};
	rv_kmeans_result result = {0};
	bytea	   *centroids;
	size_t		size;

	if (dimensions < 1 || dimensions > RV_QUANT_MAX_DIMENSIONS || k < 1 || iterations < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("these arguments do not fit")));
	options.n = (size_t) dimensions;
	options.rows = countOf(vectors, options.n * sizeof(float), "vectors");
	options.k = (size_t) k;
	options.iterations = (size_t) iterations;
	options.start = RV_KMEANS_PLUS_PLUS;
	options.seed = (uint32_t) seed;
	size = rv_kmeans_workspace(&options);
	if (size == SIZE_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there are fewer vectors than centroids")));
	centroids = makeBytes(options.k * options.n * sizeof(float));
	result.centroids = floatsOf(centroids);
	result.history = allocate((options.iterations + 1) * sizeof(double), 16);
	if (!rv_kmeans_train(rv_quant.kmeans, &options, floatsOf(vectors), allocate(size, 64), &host, &result))
		elog(ERROR, "k-means ended early");
	/* Or no interrupt could have got through. */
	if (options.iterations > 0 && steps == 0)
		elog(ERROR, "k-means never asked");
	PG_RETURN_BYTEA_P(centroids);
}
