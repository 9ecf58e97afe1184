/*
 * rabitq.cpp - the measurements of bench/rabitq.mjs: nanoseconds of RaBitQ's kernels, without Node.
 *
 *   rabitq <variant> <dimensions>
 *
 * Prints lines `<what> <bits> <nanoseconds> [<of a loop that only loads the same bytes>]`, each the best of some rounds: of an encoded row, a
 * prepared query, and a code that is scored among as many as the second-level cache holds.
 */
#include <initializer_list>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ruvector/quant.h>
#include <ruvector/quant/rabitq.h>

#include "../native/src/random.h"

namespace
{

double
now()
{
	timespec	t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}

/* The best time of `work`, which does `count` things, for one of them. */
template<typename Work>
double
measure(size_t count, Work work)
{
	double		best = 1e300;

	work();
	for (int round = 0; round < 15; round++)
	{
		double		start = now();
		int			times = 0;

		do
			work();
		while (++times < 1000 && now() - start < 4e6);

		double		each = (now() - start) / times / (double) count;

		best = each < best ? each : best;
	}
	return best;
}

typedef long long wide __attribute__((vector_size(64), aligned(1), may_alias));
volatile long long sink;

/* As wide loads as there are. */
#define LOAD(name, target_isa, type) \
	__attribute__((target(target_isa))) void \
	name(const uint8_t *p, size_t bytes) \
	{ \
		type		a = {}, b = {}, c = {}, d = {}; \
\
		for (size_t i = 0; i + 4 * sizeof(type) <= bytes; i += 4 * sizeof(type)) \
		{ \
			a |= *(const type *) (p + i); \
			b |= *(const type *) (p + i + sizeof(type)); \
			c |= *(const type *) (p + i + 2 * sizeof(type)); \
			d |= *(const type *) (p + i + 3 * sizeof(type)); \
		} \
		a |= b | c | d; \
		sink = a[0]; \
	}

#if defined(__x86_64__)
typedef long long half_wide __attribute__((vector_size(32), aligned(1), may_alias));
LOAD(load_512, "avx512f", wide)
LOAD(load_256, "avx2", half_wide)
#else
LOAD(load_512, "default", wide)
#define load_256 load_512
#endif

}	/* namespace */

int
main(int argc, char **argv)
{
	const rv_quant_kernels *k = argc == 3 ? rv_quant_init(argv[1]) : NULL;
	const size_t d = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	if (k == NULL || d == 0 || d > RV_QUANT_MAX_DIMENSIONS)
	{
		fprintf(stderr, "usage: rabitq <variant> <dimensions>; the variant must run here\n");
		return 2;
	}
	const size_t n = rv_rotation_padded(d),
				count = 2048;
	const bool	narrow = k->simd->variant <= RV_VARIANT_HASWELL;
	rv::random	random(3);
	uint8_t    *signs = (uint8_t *) malloc(n / 2);
	float	   *vectors = (float *) malloc(count * d * sizeof(float)),
			   *z = (float *) malloc(n * sizeof(float)),
			   *values = (float *) malloc(count * sizeof(float)),
			   *bounds = (float *) malloc(count * sizeof(float));
	int8_t	   *planes = (int8_t *) malloc(2 * rv_rabitq_plane_bytes(n));
	uint8_t    *tables = (uint8_t *) malloc(2 * rv_rabitq_table_bytes(n));

	for (size_t i = 0; i < n / 2; i++)
		signs[i] = (uint8_t) random.next();
	/* The sum of four uniform numbers is near enough to a normal one. */
	for (size_t i = 0; i < count * d; i++)
		vectors[i] = (float) (random.unit() + random.unit() + random.unit() + random.unit() - 2);

	for (int bits = 1; bits <= 8; bits++)
	{
		rv_rabitq_codec codec = {};
		rv_rabitq_query query;
		rv_rabitq_aim aim;

		codec.layout.n = n;
		codec.layout.bits = bits;
		rv_rabitq_fill_layout(&codec.layout);
		codec.rotation = {n, signs};
		codec.dimensions = d;
		codec.encoder = RV_RABITQ_EXACT;

		void	   *memory = aligned_alloc(16, (rv_rabitq_encode_bytes(&codec) + 15) / 16 * 16);
		const size_t bytes = codec.layout.code_bytes,
					blocks = count / RV_QUANT_BLOCK;
		uint8_t    *codes = (uint8_t *) malloc(count * bytes),
				   *packed = (uint8_t *) aligned_alloc(64, (blocks * codec.layout.block_bytes + 63) / 64 * 64);

		if (bits > 1)
			printf("encode-exact %d %.0f\n", bits,
				   measure(4, [&] { rv_rabitq_encode(k->rabitq, k->rotation, &codec, vectors, 4, codes, memory); }));
		codec.encoder = RV_RABITQ_REFINED;
		if (bits > 1)
			printf("encode-refined %d %.0f\n", bits,
				   measure(256, [&] { rv_rabitq_encode(k->rabitq, k->rotation, &codec, vectors, 256, codes, memory); }));
		codec.encoder = RV_RABITQ_FAST;
		printf("encode %d %.0f\n", bits,
			   measure(256, [&] { rv_rabitq_encode(k->rabitq, k->rotation, &codec, vectors, 256, codes, memory); }));
		rv_rabitq_encode(k->rabitq, k->rotation, &codec, vectors, count, codes, memory);
		rv_rabitq_pack(&codec.layout, codes, count, packed);
		printf("prepare %d %.0f\n", bits, measure(1, [&]
		{
			memcpy(z, vectors, d * sizeof(float));
			memset(z + d, 0, (n - d) * sizeof(float));
			k->rotation->rotate(&codec.rotation, z);
			rv_rabitq_prepare(&codec.layout, z, planes, tables, &query);
		}));
		rv_rabitq_make_aim(&codec.layout, &query, RV_METRIC_L2SQ, query.norm * query.norm, 0, query.norm, 0,
						   1.9, &aim);

		const rv_rabitq_scoring scoring = {&codec.layout, planes, tables, &query, &aim};
		/* So many that they stay in the second-level cache. */
		size_t		near = 256 * 1024 / bytes / 32 * 32;

		near = near > count ? count : near < 32 ? 32 : near;

		double		load = measure(near, [&] { narrow ? load_256(codes, near * bytes) : load_512(codes, near * bytes); });

		printf("rows %d %.2f %.2f\n", bits,
			   measure(near, [&] { k->rabitq->score_rows(&scoring, codes, near, values, NULL); }), load);
		printf("blocks %d %.2f %.2f\n", bits,
			   measure(near, [&] { k->rabitq->score_blocks(&scoring, packed, near, values, NULL); }), load);
		printf("blocks+bounds %d %.2f %.2f\n", bits,
			   measure(near, [&] { k->rabitq->score_blocks(&scoring, packed, near, values, bounds); }), load);
		if (bits > 1)
			printf("blocks-signs %d %.2f\n", bits,
				   measure(near, [&] { k->rabitq->score_signs(&scoring, packed, near, values, NULL); }));
		free(memory);
		free(codes);
		free(packed);
	}
	return 0;
}
