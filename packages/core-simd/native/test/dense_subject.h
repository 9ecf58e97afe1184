/*
 * dense_subject.h - one type of dense_test.cpp under test: its kernels, its vectors, and how results are judged.
 */
#ifndef RUVECTOR_TEST_DENSE_SUBJECT_H
#define RUVECTOR_TEST_DENSE_SUBJECT_H

#include "dense_oracle.h"

namespace
{

const size_t max_dims = 4096;
const size_t max_count = 9;
const size_t max_stride = max_dims + 3;

/* Past the size from which the kernels ask for rows ahead (256 KiB). */
const size_t ahead_bytes = 264 * 1024;

const float untouched = -54321.0f;

const rv_metric metrics[] = {RV_METRIC_DOT, RV_METRIC_L2SQ, RV_METRIC_L1, RV_METRIC_COSINE};
const char *const metric_names[] = {"dot", "l2sq", "l1", "cosine"};

long		checks,
			failures;

/* One type under test: its kernels and its vectors. */
struct subject
{
	const char *variant;
	const char *name;
	const rv_shapes *shapes;
	rv_norm		norm;			/* of the format of `a`; NULL for RV_TYPE_F32_F16 */
	vectors		a,
				b,
				scratch;
	guarded		results;

	subject(const rv_kernels *k, rv_type type, const char *type_name, const format &fa, const format &fb)
		: variant(k->name), name(type_name), shapes(k->shapes[type]), norm(k->norm[type]),
		a(fa, max_count * max_stride + 1), b(fb, max_count * max_stride + ahead_bytes / fb.bytes),
		scratch(fb, max_dims + 16), results(ahead_bytes * sizeof(float))
	{
	}

	/* Results end at a guard page; what lies before them must stay. */
	float	   *
	out(size_t size)
	{
		float	   *p = (float *) results.last - size;

		for (size_t i = 0; i < size + 1; i++)
			p[(ptrdiff_t) i - 1] = untouched;
		return p;
	}
};

void
check(const subject &s, const char *metric, const char *shape, size_t n, size_t row, double got, double want,
	  double tolerance)
{
	checks++;
	if (isnan(want) ? isnan(got) : got == want || fabs(got - want) <= tolerance)
		return;
	if (failures++ < 20)
		printf("%s %s %s %s n=%zu row=%zu: got %.9g, want %.9g +- %.3g\n", s.variant, s.name, metric, shape, n, row,
			   got, want, tolerance);
}

void
check_exact(const subject &s, const char *metric, size_t row, double got, const exact &e, rv_metric m, bool pair)
{
	check(s, metric, pair ? "pair" : "rows", e.dimensions, row, got, e.value(m), e.tolerance(m, pair));
}

}	/* namespace */

#endif							/* RUVECTOR_TEST_DENSE_SUBJECT_H */
