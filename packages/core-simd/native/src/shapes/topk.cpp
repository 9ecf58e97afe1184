/*
 * topk.cpp - the nearest rows of one query, without keeping all scores.
 *
 * Rows are scored by the variant's `many` into a small buffer that stays in the first-level cache.  A score enters the
 * result only if it is nearer than the farthest one there, so beyond the first few blocks nearly all rows cost one
 * comparison, and the scan runs as fast as `many` does.  The result is a heap in the caller's arrays with the farthest on top
 * (J. W. J. Williams, "Algorithm 232: Heapsort", CACM 7(6), 1964), sorted in place at the end.
 */
#include "../kernels.h"

namespace
{

/* 4 KiB of scores. */
constexpr size_t buffer_rows = 1024;

/* Bytes of rows between two calls of `progress`, at most. */
constexpr size_t block_bytes = (size_t) 1024 * 1024;

/*
 * Kernels take rows in groups and what is left over one by one, where sums may be rounded otherwise.  Blocks of whole
 * groups give equal rows equal scores wherever they lie, but for the very last ones.
 */
constexpr size_t group_rows = 16;

/* Four scores, and four comparisons: 0 or -1. */
typedef float quad __attribute__((vector_size(16)));
typedef int32_t mask __attribute__((vector_size(16)));

constexpr uint32_t sign_bit = 0x80000000u;

/*
 * How far a score is, as a number that ascends with the distance: the bits of a float order like integers once the
 * negative ones are turned round.  Zeros of both signs are equal, and NaN is farther than any number.
 */
template<bool Largest>
RV_INLINE uint32_t
distance_of(float score)
{
	float		distance = (Largest ? -score : score) + 0.0f;
	uint32_t	bits;

	__builtin_memcpy(&bits, &distance, sizeof(bits));
	if (score != score)
		return UINT32_MAX;
	return (bits & sign_bit) != 0 ? ~bits : bits | sign_bit;
}

/* The result: places[0 .. size) is a heap, the farthest on top. */
template<bool Largest>
struct nearest
{
	uint32_t   *indices;
	float	   *scores;

	/* Of equally distant rows the later one is the farther. */
	static RV_INLINE uint64_t
	rank(float score, uint32_t index)
	{
		return (uint64_t) distance_of<Largest>(score) << 32 | index;
	}

	RV_INLINE uint64_t rank_at(size_t place) const { return rank(scores[place], indices[place]); }

	/* Puts a row where `hole` is, or below, so that what was a heap but for the hole is one. */
	RV_INLINE void
	sift(size_t hole, size_t size, float score, uint32_t index) const
	{
		const uint64_t own = rank(score, index);

		for (size_t child = 2 * hole + 1; child < size; child = 2 * hole + 1)
		{
			uint64_t	farther = rank_at(child);

			if (child + 1 < size)
			{
				uint64_t	other = rank_at(child + 1);

				/* Without a branch: which of the two it is cannot be foreseen. */
				child += other > farther;
				farther = other > farther ? other : farther;
			}
			if (farther <= own)
				break;
			scores[hole] = scores[child];
			indices[hole] = indices[child];
			hole = child;
		}
		scores[hole] = score;
		indices[hole] = index;
	}

	void
	make_heap(size_t size) const
	{
		for (size_t place = size / 2; place-- > 0;)
			sift(place, size, scores[place], indices[place]);
	}

	/* Nearest first. */
	void
	sort_heap(size_t size) const
	{
		while (size > 1)
		{
			float		score = scores[--size];
			uint32_t	index = indices[size];

			scores[size] = scores[0];
			indices[size] = indices[0];
			sift(0, size, score, index);
		}
	}

	/* Whether a row is nearer than the farthest, or one of the two is NaN. */
	static RV_INLINE bool
	may_enter(float score, float farthest)
	{
		return Largest ? !(score <= farthest) : !(score >= farthest);
	}

	/* Whether that is so for one row at least of a whole group. */
	static RV_INLINE bool
	any_may_enter(const float *group, float farthest)
	{
		const quad	limit = {farthest, farthest, farthest, farthest};
		mask		stay = {-1, -1, -1, -1};

		for (size_t i = 0; i < group_rows; i += 4)
		{
			quad		four;

			__builtin_memcpy(&four, group + i, sizeof(four));
			stay &= Largest ? four <= limit : four >= limit;
		}
		return (stay[0] & stay[1] & stay[2] & stay[3]) == 0;
	}

	/* Offers rows that are all later than those in the heap: of equals none enters. */
	void
	offer(const float *block, size_t count, size_t first, size_t size) const
	{
		for (size_t r = 0; r < count;)
		{
			const size_t end = count - r < group_rows ? count : r + group_rows;

			/* Almost always none of a group enters. */
			if (end - r == group_rows && !any_may_enter(block + r, scores[0]))
				r = end;
			for (; r < end; r++)
			{
				const float score = block[r];

				/* Any number is nearer than NaN. */
				if (may_enter(score, scores[0]) && score == score)
					sift(0, size, score, (uint32_t) (first + r));
			}
		}
	}
};

size_t
rows_of_block(size_t row_bytes)
{
	size_t		rows = row_bytes == 0 ? buffer_rows : block_bytes / row_bytes / group_rows * group_rows;

	return rows < group_rows ? group_rows : rows > buffer_rows ? buffer_rows : rows;
}

template<bool Largest>
size_t
topk(rv_many many, const void *query, const char *rows, size_t n, size_t row_bytes, size_t count, size_t stride,
	 size_t kept, uint32_t *indices, float *scores, rv_progress progress, void *data)
{
	const nearest<Largest> result = {indices, scores};
	const size_t block_rows = rows_of_block(n * row_bytes);
	float		block[buffer_rows];

	for (size_t done = 0; done < count;)
	{
		size_t		size = count - done < block_rows ? count - done : block_rows;
		size_t		r = 0;

		many(query, rows + done * stride * row_bytes, n, size, stride, block);
		if (done < kept)
		{
			for (; r < size && done + r < kept; r++)
			{
				scores[done + r] = block[r];
				indices[done + r] = (uint32_t) (done + r);
			}
			if (done + r == kept)
				result.make_heap(kept);
		}
		if (r < size)
			result.offer(block + r, size - r, done + r, kept);
		done += size;
		if (progress != NULL && done < count && !progress(data, done, count))
			return (size_t) -1;
	}
	result.sort_heap(kept);
	return kept;
}

}	/* namespace */

extern "C" size_t
rv_simd_topk(const rv_kernels *kernels, rv_type type, rv_metric metric, const void *query, const void *rows, size_t n,
			 size_t count, size_t stride, size_t k, uint32_t *indices, float *scores, rv_progress progress, void *data)
{
	const rv_many many = kernels->shapes[type][metric].many;
	const size_t row_bytes = rv_simd_row_bytes(type);
	const size_t kept = k < count ? k : count;

	if (kept == 0)
		return 0;
	return (metric == RV_METRIC_DOT ? topk<true> : topk<false>)(many, query, (const char *) rows, n, row_bytes, count,
																stride, kept, indices, scores, progress, data);
}
