/*
 * page_host.h - PostgreSQL for the templates of packages/hnsw: headers, memory.
 *
 * C++ that runs in a backend: an ERROR leaves these frames by longjmp, so they hold
 * plain data only, and nothing in them has a destructor.
 */
#ifndef RUVECTOR_PG_HNSW_PAGE_HOST_H
#define RUVECTOR_PG_HNSW_PAGE_HOST_H

extern "C"
{
#include "hnsw.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/buf_internals.h"
#include "utils/memutils.h"
}

#include <ruvector/simd.h>

namespace rv_pg
{

/* Memory of the current context; no limit but the machine's, and an ERROR instead of NULL. */
struct page_host
{
	static void *
	alloc(size_t bytes)
	{
		return MemoryContextAllocHuge(CurrentMemoryContext, bytes);
	}

	static void
	free(void *memory)
	{
		pfree(memory);
	}
};

/* The kernel of a metric; inner products are negated. */
struct scorer
{
	rv_gather_f32 kernel;
	float		sign;

	void
	init(HnswMetric metric)
	{
		sign = 1.0f;
		switch (metric)
		{
			case HNSW_METRIC_L2:
				kernel = rv_simd->l2sq_f32_gather;
				break;
			case HNSW_METRIC_INNER_PRODUCT:
				kernel = rv_simd->dot_f32_gather;
				sign = -1.0f;
				break;
			case HNSW_METRIC_L1:
				kernel = rv_simd->l1_f32_gather;
				break;
		}
	}

	/* Distances of n rows, NaN as infinity. */
	inline __attribute__((always_inline)) void
	gather(const float *query, const float *const *rows, int dimensions, int n, float *out) const
	{
		kernel(query, rows, (size_t) dimensions, (size_t) n, out);
		for (int i = 0; i < n; i++)
		{
			float		distance = out[i] * sign;

			out[i] = distance == distance ? distance : __builtin_inff();
		}
	}
};

}	/* namespace rv_pg */

#endif							/* RUVECTOR_PG_HNSW_PAGE_HOST_H */
