/*
 * kernels_test.cpp - what a host relies on before it computes anything: which variant rv_simd_init() chooses, and
 * that the table of every variant that runs here has all its kernels in their places.
 *
 * Prints `dispatch <checks> checks, <failures> failed`, then one such line a variant, and returns 1 when anything
 * failed.  What the kernels compute is tested family by family (dense_test.cpp and its like).
 */
#include <stdio.h>
#include <string.h>

#include <ruvector/simd.h>

namespace
{

long		checks,
			failures;

void
check(const char *variant, const char *what, int type, int metric, bool fine)
{
	checks++;
	if (fine)
		return;
	if (failures++ < 20)
		printf("%s: %s (type %d, metric %d)\n", variant, what, type, metric);
}

/* What rv_simd_init() does with a wish, whatever runs here. */
void
check_dispatch()
{
	const char *const name = "dispatch";
	const rv_kernels *before;

	check(name, "serial at first", 0, 0, rv_simd == rv_simd_variant(RV_VARIANT_SERIAL));
	before = rv_simd_init(NULL);
	check(name, "best", 0, 0, before != NULL && rv_simd == before);
	check(name, "empty wish", 0, 0, rv_simd_init("") == before);
	check(name, "unknown name", 0, 0, rv_simd_init("skylak") == NULL && rv_simd == before);
	check(name, "longer name", 0, 0, rv_simd_init("serial ") == NULL && rv_simd == before);
	check(name, "out of range", 0, 0, rv_simd_variant(RV_VARIANT_COUNT) == NULL);
	for (int v = 0; v < RV_VARIANT_COUNT; v++)
	{
		const rv_kernels *k = rv_simd_variant((rv_variant) v);

		if (k == NULL)
			continue;
		check(name, k->name, 0, 0, rv_simd_init(k->name) == k && rv_simd == k);
		check(name, k->name, 0, 1, k->variant == (rv_variant) v);
		check(name, k->name, 0, 2, v <= (int) before->variant);
	}
}

bool
has_metric(int type, int metric)
{
	bool		of_bits = metric == RV_METRIC_HAMMING || metric == RV_METRIC_JACCARD;

	return of_bits == (type == RV_TYPE_BITS);
}

void
check_table(const rv_kernels *k)
{
	static const rv_shapes none = {};

	for (int t = 0; t < RV_TYPE_COUNT; t++)
	{
		for (int m = 0; m < RV_METRIC_COUNT; m++)
		{
			const rv_shapes *s = &k->shapes[t][m];

			if (has_metric(t, m))
				check(k->name, "a shape is missing", t, m, s->pair != NULL && s->many != NULL && s->gather != NULL);
			else
				check(k->name, "a metric too many", t, m, memcmp(s, &none, sizeof(none)) == 0);
		}
		check(k->name, "norm", t, 0, (k->norm[t] == NULL) == (t == RV_TYPE_BITS || t == RV_TYPE_F32_F16));
	}
	check(k->name, "float32 pairs", 0, 0, k->dot_f32 != NULL && k->l2sq_f32 != NULL && k->l1_f32 != NULL &&
		  k->cosine_f32 != NULL && k->norm_f32 != NULL);
	check(k->name, "float32 rows", 0, 0, k->dot_f32_many != NULL && k->l2sq_f32_many != NULL &&
		  k->l1_f32_many != NULL && k->cosine_f32_many != NULL);
	check(k->name, "float32 gather", 0, 0, k->dot_f32_gather != NULL && k->l2sq_f32_gather != NULL &&
		  k->l1_f32_gather != NULL);
	check(k->name, "conversions", 0, 0, k->f16_to_f32 != NULL && k->f32_to_f16 != NULL && k->bf16_to_f32 != NULL &&
		  k->f32_to_bf16 != NULL);
	check(k->name, "bits", 0, 0, k->f32_to_bits != NULL && k->f16_to_bits != NULL && k->i8_to_bits != NULL);
	check(k->name, "normalise", 0, 0, k->normalise_f32 != NULL && k->normalise_f16 != NULL &&
		  k->normalise_bf16 != NULL);
	check(k->name, "sparse", 0, 0, k->dot_sparse != NULL && k->l2sq_sparse != NULL && k->l1_sparse != NULL &&
		  k->cosine_sparse != NULL);
}

}	/* namespace */

int
main()
{
	long		all_failures;

	setvbuf(stdout, NULL, _IOLBF, 0);
	check_dispatch();
	printf("dispatch %ld checks, %ld failed\n", checks, failures);
	all_failures = failures;
	for (int v = 0; v < RV_VARIANT_COUNT; v++)
	{
		const rv_kernels *k = rv_simd_variant((rv_variant) v);

		if (k == NULL)
			continue;
		checks = failures = 0;
		check_table(k);
		printf("%s %ld checks, %ld failed\n", k->name, checks, failures);
		all_failures += failures;
	}
	return all_failures == 0 ? 0 : 1;
}
