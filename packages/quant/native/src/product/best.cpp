/*
 * best.cpp - the k best of codes, without room for the estimates of all.
 */
#include "../best.h"
#include "layout.h"

namespace
{

/* Codes whose estimates are made at a time: whole blocks, of which everything stays in the first-level cache. */
constexpr size_t group_codes = 8 * RV_PRODUCT_BLOCK;

best_scores
none_yet(const rv_product_query *query, size_t k, uint32_t *indices, float *scores)
{
	return {{query->metric == RV_METRIC_DOT ? -1.0f : 1.0f}, indices, scores, k, 0};
}

template<typename Estimate>
void
find_best(size_t count, best_scores &found, Estimate estimate)
{
	float		values[group_codes];

	for (size_t first = 0; first < count; first += group_codes)
	{
		const size_t here = count - first < group_codes ? count - first : group_codes;

		estimate(first, here, values);
		found.offer_rows(values, first, here);
	}
}

/*
 * Sums of bytes that stand for something better than `worst`: those from `first` to before `last`.  Found by bisection, since
 * estimates rise with sums, but several sums may stand for one estimate.
 */
struct better_sums
{
	uint32_t	first,
				last;

	better_sums(const rv_product_query *query, uint32_t most, float worst)
	{
		const bool	larger = query->metric == RV_METRIC_DOT;
		uint32_t	low = 0,
					high = most + 1;

		while (low < high)
		{
			const uint32_t middle = low + (high - low) / 2;
			const float value = sum_of_bytes(query, middle);

			if (larger ? value > worst : value >= worst)
				high = middle;
			else
				low = middle + 1;
		}
		first = larger ? low : 0;
		last = larger ? most + 1 : low;
	}

	bool has(uint32_t sum) const { return sum - first < last - first; }
};

/*
 * Of packed codes of 4 bits, l2sq or dot: sums are compared, and made estimates of only where these are among the best.
 * Which blocks have any is told by the bound as it is before a group: it only falls.
 */
struct best_sums
{
	const rv_product_query *query;
	uint32_t	most;
	best_scores &found;
	better_sums better;

	void
	offer(uint32_t sum, size_t index)
	{
		if (!better.has(sum))
			return;
		found.offer(sum_of_bytes(query, sum), (uint32_t) index);
		if (found.size == found.k)
			better = better_sums(query, most, found.scores[0]);
	}

	void
	group(const rv_product_kernels *kernels, const rv_product_codec *codec, const uint8_t *blocks, size_t first, size_t here)
	{
		const size_t stride = rv_product_block_bytes(codec);

		if (query->largest_sum > 0xffff)
		{
			uint32_t	sums[group_codes];

			kernels->blocks4(bytes_of(codec, query), codec->m, blocks, stride, here, sums);
			for (size_t i = 0; i < here; i++)
				offer(sums[i], first + i);
			return;
		}

		uint16_t	sums[group_codes];
		uint32_t	among[group_codes / RV_PRODUCT_BLOCK];

		if (better.first == better.last)
			return;
		kernels->among4(bytes_of(codec, query), codec->m, blocks, stride, here, better.first,
						better.last - better.first - 1, sums, among);
		for (size_t b = 0; b * RV_PRODUCT_BLOCK < here; b++)
			for (uint32_t left = among[b]; left != 0; left &= left - 1)
			{
				const size_t i = b * RV_PRODUCT_BLOCK + (size_t) __builtin_ctz(left);

				/* The last block may be filled up. */
				if (i < here)
					offer(sums[i], first + i);
			}
	}
};

void
find_best_sums(const rv_product_kernels *kernels, const rv_product_codec *codec, const rv_product_query *query,
			   const uint8_t *blocks, size_t count, best_scores &found)
{
	const size_t stride = rv_product_block_bytes(codec);
	const uint32_t most = query->largest_sum;
	best_sums	best = {query, most, found,
		better_sums(query, most, query->metric == RV_METRIC_DOT ? -__builtin_inff() : __builtin_inff())};

	for (size_t first = 0; first < count; first += group_codes)
		best.group(kernels, codec, blocks + first / RV_PRODUCT_BLOCK * stride, first,
				   count - first < group_codes ? count - first : group_codes);
}

}	/* namespace */

extern "C" void
rv_product_best(const rv_product_kernels *kernels, const rv_product_codec *codec, const rv_product_query *query,
				const uint8_t *codes, size_t stride, size_t count, size_t k, uint32_t *indices, float *scores)
{
	best_scores found = none_yet(query, k, indices, scores);

	if (k == 0)
		return;
	find_best(count, found, [&](size_t first, size_t here, float *values)
	{
		rv_product_estimate(kernels, codec, query, RV_PRODUCT_PLAIN, codes + first * stride, stride, here, values, NULL);
	});
	found.sort();
}

extern "C" void
rv_product_best_packed(const rv_product_kernels *kernels, const rv_product_codec *codec, const rv_product_query *query,
					   const uint8_t *blocks, size_t count, size_t k, uint32_t *indices, float *scores)
{
	const size_t block_bytes = rv_product_block_bytes(codec);
	best_scores found = none_yet(query, k, indices, scores);

	if (k == 0)
		return;
	if (codec->bits == 4 && query->metric != RV_METRIC_COSINE)
		find_best_sums(kernels, codec, query, blocks, count, found);
	else
		find_best(count, found, [&](size_t first, size_t here, float *values)
		{
			rv_product_estimate_packed(kernels, codec, query, RV_PRODUCT_PLAIN,
									   blocks + first / RV_PRODUCT_BLOCK * block_bytes, here, values, NULL);
		});
	found.sort();
}
