/*
 * row-codecs.cpp - the measurements of bench/row-codecs.mjs: nanoseconds a code, without Node.
 *
 *   row-codecs <variant> <kind> <dimensions> <codes> l2sq|dot|cosine
 *
 * Kinds are int8, int4, 4x4, 4x8, 8x8, float16, bfloat16 and binary.  Prints one line of numbers: estimates of rows, of
 * packed blocks, of packed blocks with bounds, of the first level alone (packed; 0 where there is one), preparation of a
 * query, encoding of a row, decoding of a row, a loop that only loads the codes' bytes, four rows side by side, with the
 * widest loads of the variant, a plain copy of a row's float32, and the bytes of a code.  All times are the best of rounds
 * that alternate.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <functional>

#include <ruvector/quant/binary.h>
#include <ruvector/quant/half.h>
#include <ruvector/quant/scalar.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace
{

double
now()
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}

#if defined(__x86_64__)
/* OR costs one cycle of latency and any of several ports, so the loads decide. */
#define LOAD_LOOP(width, isa) \
	__attribute__((target(isa))) uint64_t \
	load_##width(const uint8_t *rows, size_t bytes, size_t count) \
	{ \
		typedef int64_t v __attribute__((vector_size(width), aligned(1), may_alias)); \
		v			s0 = {}, s1 = {}, s2 = {}, s3 = {}; \
\
		for (size_t r = 0; r + 4 <= count; r += 4) \
		{ \
			const uint8_t *p = rows + r * bytes; \
\
			for (size_t i = 0; i + width <= bytes; i += width) \
			{ \
				s0 |= *(const v *) (p + i); \
				s1 |= *(const v *) (p + bytes + i); \
				s2 |= *(const v *) (p + 2 * bytes + i); \
				s3 |= *(const v *) (p + 3 * bytes + i); \
			} \
		} \
		s0 |= s1 | s2 | s3; \
		return (uint64_t) s0[0]; \
	}

LOAD_LOOP(16, "sse2")
LOAD_LOOP(32, "avx2")
LOAD_LOOP(64, "avx512f")
#endif

volatile uint64_t sink;

void
load(rv_variant variant, const uint8_t *rows, size_t bytes, size_t count)
{
#if defined(__x86_64__)
	sink = variant == RV_VARIANT_SERIAL ? load_16(rows, bytes, count)
		: variant == RV_VARIANT_HASWELL ? load_32(rows, bytes, count) : load_64(rows, bytes, count);
#else
	uint64_t	s = 0,
				x;

	(void) variant;
	for (size_t i = 0; i + 8 <= bytes * count; i += 8)
	{
		memcpy(&x, rows + i, 8);
		s |= x;
	}
	sink = s;
#endif
}

/* The orders of doc/format.md: words of 32 codes side by side, or rows and then columns of factors. */
void
pack_words(const uint8_t *codes, size_t count, size_t bytes, uint8_t *blocks)
{
	size_t		words = bytes / 4;

	for (size_t r = 0; r < count; r++)
		for (size_t w = 0; w < words; w++)
			memcpy(blocks + (r / 32 * 32 * words + w * 32 + r % 32) * 4, codes + (r * words + w) * 4, 4);
}

void
pack_rows(const uint8_t *codes, size_t count, size_t bytes, size_t payload, uint8_t *blocks)
{
	for (size_t r = 0; r < count; r++)
	{
		uint8_t    *block = blocks + r / 32 * 32 * bytes;

		memcpy(block + r % 32 * payload, codes + r * bytes, payload);
		for (size_t k = 0; k < (bytes - payload) / 4; k++)
			memcpy(block + 32 * payload + (32 * k + r % 32) * 4, codes + r * bytes + payload + 4 * k, 4);
	}
}

/* What is measured of a kind. */
struct subject
{
	size_t		bytes;
	std::function<void()> prepare;
	std::function<void(const float *, size_t, uint8_t *)> encode;
	std::function<void(const uint8_t *, size_t, float *)> decode;
	std::function<void(const uint8_t *, size_t, uint8_t *)> pack;
	/* (codes, count, packed, levels, estimates, bounds) */
	std::function<void(const uint8_t *, size_t, int, int, float *, float *)> estimate;
};

subject
scalar_subject(const rv_quant_kernels &k, int bits, int more, size_t n, const float *query, rv_metric metric)
{
	rv_scalar_codec *codec = (rv_scalar_codec *) calloc(1, sizeof(rv_scalar_codec));

	codec->n = (uint32_t) n;
	codec->bits = (uint8_t) bits;
	codec->more = (uint8_t) more;
	codec->centre = (float *) calloc(n, sizeof(float));

	const rv_scalar_kernels *s = k.scalar;
	size_t		bytes = rv_scalar_code_bytes(codec);
	rv_scalar_query *all = (rv_scalar_query *) malloc(rv_scalar_query_bytes(codec)),
			   *first = (rv_scalar_query *) malloc(rv_scalar_query_bytes(codec));

	s->prepare(codec, query, metric, 1, first);
	return {bytes,
		[=] { s->prepare(codec, query, metric, more ? 2 : 1, all); },
		[=](const float *rows, size_t count, uint8_t *codes) { s->encode(codec, rows, count, codes); },
		[=](const uint8_t *codes, size_t count, float *rows) { s->decode(codec, codes, count, rows); },
		[=](const uint8_t *codes, size_t count, uint8_t *blocks) { pack_words(codes, count, bytes, blocks); },
		[=](const uint8_t *codes, size_t count, int packed, int levels, float *estimates, float *bounds) {
			const rv_scalar_query *q = levels == 1 ? first : all;

			if (packed)
				s->estimate_packed(codec, q, codes, count, estimates, bounds);
			else
				s->estimate(codec, q, codes, bytes, count, estimates, bounds);
		}};
}

subject
half_subject(const rv_quant_kernels &k, rv_type type, size_t n, const float *query, rv_metric metric)
{
	const rv_kernels *simd = k.simd;
	const rv_half_kernels *h = k.half;
	size_t		bytes = rv_half_code_bytes(n);
	float	   *scratch = (float *) malloc((n + 1) * sizeof(float));

	return {bytes,
		[] {},
		[=](const float *rows, size_t count, uint8_t *codes) { h->encode(simd, type, n, rows, count, codes); },
		[=](const uint8_t *codes, size_t count, float *rows) { h->decode(simd, type, n, codes, count, rows); },
		[=](const uint8_t *codes, size_t count, uint8_t *blocks) { pack_rows(codes, count, bytes, bytes - 8, blocks); },
		[=](const uint8_t *codes, size_t count, int packed, int, float *estimates, float *bounds) {
			h->estimate(simd, type, metric, n, query, codes, count, packed, scratch, estimates, bounds);
		}};
}

subject
binary_subject(const rv_quant_kernels &k, size_t n, const float *query, rv_metric metric)
{
	const rv_kernels *simd = k.simd;
	const rv_binary_kernels *b = k.binary;
	size_t		bytes = rv_binary_code_bytes(n, NULL);
	rv_binary_query *head = (rv_binary_query *) malloc(sizeof(rv_binary_query));
	uint8_t    *bits = (uint8_t *) malloc(bytes);

	return {bytes,
		[=] { b->prepare(n, NULL, query, metric, head, bits); },
		[=](const float *rows, size_t count, uint8_t *codes) { b->encode(n, NULL, rows, count, codes); },
		[=](const uint8_t *codes, size_t count, float *rows) { b->decode(n, NULL, codes, count, rows); },
		[=](const uint8_t *codes, size_t count, uint8_t *blocks) { pack_rows(codes, count, bytes, bytes - 12, blocks); },
		[=](const uint8_t *codes, size_t count, int packed, int, float *estimates, float *bounds) {
			b->estimate(simd, head, bits, 0, codes, count, packed, estimates, bounds);
		}};
}

template<typename Work>
void
time_it(double *best, size_t repeat, size_t count, Work work)
{
	/* As often before, so that what was measured last has left the caches. */
	for (size_t i = 0; i < repeat; i++)
		work();

	double		start = now();

	for (size_t i = 0; i < repeat; i++)
		work();

	double		each = (now() - start) / (double) (repeat * count);

	if (*best == 0 || each < *best)
		*best = each;
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_quant_kernels k = {};
	const rv_quant_kernels *chosen = argc == 6 ? rv_quant_init(argv[1]) : NULL;

	if (chosen == NULL)
	{
		fprintf(stderr, "usage: row-codecs <variant> <kind> <dimensions> <codes> l2sq|dot|cosine; the variant must run here\n");
		return 2;
	}
	k = *chosen;

	const char *kind = argv[2];
	size_t		n = strtoul(argv[3], NULL, 10),
				count = (strtoul(argv[4], NULL, 10) + 31) / 32 * 32;
	rv_metric	metric = strcmp(argv[5], "l2sq") == 0 ? RV_METRIC_L2SQ : strcmp(argv[5], "dot") == 0 ? RV_METRIC_DOT : RV_METRIC_COSINE;
	float	   *rows = (float *) malloc(count * n * sizeof(float)),
			   *query = (float *) malloc(n * sizeof(float)),
			   *copied = (float *) malloc(count * n * sizeof(float)),
			   *estimates = (float *) malloc(count * sizeof(float)),
			   *bounds = (float *) malloc(count * sizeof(float));
	uint64_t	state = 1;

	for (size_t i = 0; i < count * n; i++)
	{
		state = state * 6364136223846793005u + 1442695040888963407u;
		rows[i] = (float) (int32_t) (state >> 32) * 0x1p-31f;
	}
	memcpy(query, rows, n * sizeof(float));

	bool		two = kind[0] >= '0' && kind[0] <= '9';
	subject		s = strncmp(kind, "int", 3) == 0 ? scalar_subject(k, atoi(kind + 3), 0, n, query, metric)
		: two ? scalar_subject(k, kind[0] - '0', kind[2] - '0', n, query, metric)
		: strcmp(kind, "binary") == 0 ? binary_subject(k, n, query, metric)
		: half_subject(k, strcmp(kind, "float16") == 0 ? RV_TYPE_F16 : RV_TYPE_BF16, n, query, metric);
	size_t		room = (s.bytes * count + 63) / 64 * 64;
	uint8_t    *codes = (uint8_t *) aligned_alloc(64, room),
			   *blocks = (uint8_t *) aligned_alloc(64, room);
	double		best[9] = {};

	s.prepare();
	s.encode(rows, count, codes);
	s.pack(codes, count, blocks);

	size_t		repeat = (size_t) 2e6 / (s.bytes * count) + 1;

	for (int round = 0; round < 15; round++)
	{
		time_it(&best[0], repeat, count, [&] { s.estimate(codes, count, 0, 2, estimates, NULL); });
		time_it(&best[1], repeat, count, [&] { s.estimate(blocks, count, 1, 2, estimates, NULL); });
		time_it(&best[2], repeat, count, [&] { s.estimate(blocks, count, 1, 2, estimates, bounds); });
		if (two)
			time_it(&best[3], repeat, count, [&] { s.estimate(blocks, count, 1, 1, estimates, NULL); });
		time_it(&best[4], 10, 1, [&] { s.prepare(); });
		time_it(&best[5], 1, count, [&] { s.encode(rows, count, codes); });
		time_it(&best[6], 1, count, [&] { s.decode(codes, count, rows); });
		time_it(&best[7], repeat, count, [&] { load(k.simd->variant, codes, s.bytes, count); });
		time_it(&best[8], 1, count, [&] { memcpy(copied, rows, count * n * sizeof(float)); });
	}
	for (double each : best)
		printf("%.2f ", each);
	printf("%zu\n", s.bytes);
	return 0;
}
