/*
 * best.cpp - the k best of packed codes, by their signs first.
 */
#include "../best.h"
#include "layout.h"

extern "C" void
rv_rabitq_best(const rv_rabitq_kernels *kernels, const rv_rabitq_scoring *scoring, const rv_rabitq_aim *signs,
			   rv_metric metric, const uint8_t *blocks, size_t count, size_t k, uint32_t *indices, float *scores)
{
	const float sign = metric == RV_METRIC_DOT ? -1.0f : 1.0f;
	best_scores found = {{sign}, indices, scores, k, 0};

	if (k == 0)
		return;
	for (size_t first = 0; first < count; first += RV_QUANT_BLOCK)
	{
		const size_t m = count - first < RV_QUANT_BLOCK ? count - first : RV_QUANT_BLOCK;
		/* Until there are k, and where one of them is no number, any may be among the best. */
		const double worst = found.size < k ? __builtin_nan("") : (double) (sign * scores[0]);
		float		values[RV_QUANT_BLOCK];
		uint32_t	likely = kernels->score_likely(scoring, signs,
												   blocks + first / RV_QUANT_BLOCK * scoring->layout->block_bytes, m, sign,
												   worst, values);

		for (; likely != 0; likely &= likely - 1)
		{
			const uint32_t i = (uint32_t) __builtin_ctz(likely);

			found.offer(values[i], (uint32_t) first + i);
		}
	}
	found.sort();
}
