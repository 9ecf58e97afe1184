/*
 * best.h - the k best of many scores, in the caller's arrays: a heap, the worst on top.
 */
#ifndef RUVECTOR_QUANT_BEST_H
#define RUVECTOR_QUANT_BEST_H

#include <stddef.h>
#include <stdint.h>

#include "kernels.h"

namespace
{

/* The order of results: better before worse, NaN last, of equals the earlier row.  As isBefore() of src/topk.ts. */
struct score_order
{
	float		sign;			/* -1 where larger scores are better, else 1 */

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

struct best_scores
{
	score_order by;
	uint32_t   *indices;		/* k */
	float	   *scores;			/* k */
	size_t		k;
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
	offer(float score, uint32_t index)
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

	/* Rows from `first` on, in ascending order.  k > 0. */
	void
	offer_rows(const float *values, size_t first, size_t count)
	{
		/* Few are any better, so most groups are passed by without a branch for each. */
		constexpr size_t group = 16;

		for (size_t i = 0; i < count; i += group)
		{
			const size_t end = count - i < group ? count : i + group;

			if (size == k)
			{
				const float worst = by.sign * scores[0];
				int			some = 0;

				/* NaN passes: where the worst is none, too, the earlier one stays. */
				for (size_t j = i; j < end; j++)
					some |= !(by.sign * values[j] >= worst);
				if (!some)
					continue;
			}
			for (size_t j = i; j < end; j++)
				offer(values[j], (uint32_t) (first + j));
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

#endif							/* RUVECTOR_QUANT_BEST_H */
