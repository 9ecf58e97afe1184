/*
 * best.cpp - the k best of packed codes, by their signs first.
 */
#include "layout.h"

namespace
{

/* What results are ordered by: better before worse, NaN last, of equals the earlier row.  As isBefore() of src/topk.ts. */
struct order
{
	float		sign;			/* -1 where larger scores are better */

	RV_INLINE bool
	before(float x, uint32_t i, float y, uint32_t j) const
	{
		const float a = sign * x,
					b = sign * y;

		if (a < b)
			return true;
		if (a > b)
			return false;

		const bool	no_x = x != x,
					no_y = y != y;

		return no_x == no_y ? i < j : no_y;
	}
};

/* The best seen, in the caller's arrays: a heap, the worst on top. */
struct best
{
	order		by;
	uint32_t   *indices;
	float	   *scores;
	size_t		size;

	bool
	worse(size_t a, size_t b) const
	{
		return by.before(scores[b], indices[b], scores[a], indices[a]);
	}

	void
	swap(size_t a, size_t b)
	{
		const uint32_t index = indices[a];
		const float score = scores[a];

		indices[a] = indices[b];
		scores[a] = scores[b];
		indices[b] = index;
		scores[b] = score;
	}

	/* From the top, in the first `count`. */
	void
	sink(size_t count)
	{
		for (size_t at = 0;;)
		{
			size_t		child = 2 * at + 1;

			if (child >= count)
				return;
			if (child + 1 < count && worse(child + 1, child))
				child++;
			if (!worse(child, at))
				return;
			swap(child, at);
			at = child;
		}
	}

	void
	offer(float score, uint32_t index, size_t k)
	{
		size_t		at = size;

		if (size == k)
		{
			if (!by.before(score, index, scores[0], indices[0]))
				return;
			scores[0] = score;
			indices[0] = index;
			sink(k);
			return;
		}
		scores[at] = score;
		indices[at] = index;
		size++;
		while (at > 0 && worse(at, (at - 1) / 2))
		{
			swap(at, (at - 1) / 2);
			at = (at - 1) / 2;
		}
	}

	/* Best first. */
	void
	sort()
	{
		for (size_t last = size; last-- > 1;)
		{
			swap(0, last);
			sink(last);
		}
	}
};

}	/* namespace */

extern "C" void
rv_rabitq_best(const rv_rabitq_kernels *kernels, const rv_rabitq_scoring *scoring, const rv_rabitq_aim *signs,
			   rv_metric metric, const uint8_t *blocks, size_t count, size_t k, uint32_t *indices, float *scores)
{
	const float sign = metric == RV_METRIC_DOT ? -1.0f : 1.0f;
	best		found = {{sign}, indices, scores, 0};

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

			found.offer(values[i], (uint32_t) first + i, k);
		}
	}
	found.sort();
}
