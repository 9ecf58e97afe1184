/*
 * merge.h - the two walks over a pair of sparse vectors.
 *
 * `merge` goes through both from both ends at once: two independent chains of
 * loads and comparisons hide each other's latency, and what is taken depends on
 * masks, not on jumps that no processor can predict.  The ends do not meet
 * early: all indices that the front has passed are below those that remain, all
 * that the back has passed are above, so no pair is missed and what remains is
 * again a pair of sparse vectors.
 *
 * `gallop` looks each element of a short vector up in a long one, by doubling
 * steps from where the last one was found (Bentley and Yao, An Almost Optimal
 * Algorithm for Unbounded Searching, Information Processing Letters 5(3), 1976).
 *
 * Both bound every access by the counts, whatever the indices are.  An operation
 * `Op` provides:
 *
 *   step(x, y)              an index of either; x or y is zero where it is missing
 *   first(p, n), second(p, n)   n elements of one vector that the other has not
 *   add(op)                 the sums of another
 */
#ifndef RUVECTOR_SPARSE_MERGE_H
#define RUVECTOR_SPARSE_MERGE_H

#include "../halves.h"
#include "../kernels.h"

namespace
{

/* From so many times as long on, a vector is galloped through: where the two walks took equal time at 1,000 elements. */
constexpr size_t gallop_ratio = 12;

/* x or zero.  The empty statement hides what the mask is made of, else clang makes a jump of it again. */
RV_INLINE double
taken(float x, bool take)
{
	uint32_t	mask = 0u - (uint32_t) take;

	__asm__("" : "+r"(mask));
	return (double) float_of(bits_of(x) & mask);
}

template<typename Op>
RV_INLINE void
step_front(Op &op, const rv_sparse &a, const rv_sparse &b, size_t &i, size_t &j)
{
	uint32_t	x = a.indices[i],
				y = b.indices[j];
	bool		take_a = x <= y,
				take_b = y <= x;

	op.step(taken(a.values[i], take_a), taken(b.values[j], take_b));
	i += take_a;
	j += take_b;
}

/* Where i and j are one past the elements in question. */
template<typename Op>
RV_INLINE void
step_back(Op &op, const rv_sparse &a, const rv_sparse &b, size_t &i, size_t &j)
{
	uint32_t	x = a.indices[i - 1],
				y = b.indices[j - 1];
	bool		take_a = x >= y,
				take_b = y >= x;

	op.step(taken(a.values[i - 1], take_a), taken(b.values[j - 1], take_b));
	i -= take_a;
	j -= take_b;
}

template<typename Op>
RV_INLINE void
merge(Op &op, const rv_sparse &a, const rv_sparse &b)
{
	size_t		i = 0,
				j = 0,
				i_end = a.count,
				j_end = b.count;
	Op			back;

	/* Two elements of each: one for either end. */
	while (i_end - i >= 2 && j_end - j >= 2)
	{
		step_front(op, a, b, i, j);
		step_back(back, a, b, i_end, j_end);
	}
	while (i < i_end && j < j_end)
		step_front(op, a, b, i, j);
	op.first(a.values + i, i_end - i);
	op.second(b.values + j, j_end - j);
	op.add(back);
}

/* The first position from `from` on whose index is not below `index`; `count` where there is none. */
RV_INLINE size_t
lower_bound(const uint32_t *indices, size_t from, size_t count, uint32_t index)
{
	size_t		low = from,
				high = from,
				reach = 1;

	while (high < count && indices[high] < index)
	{
		low = high + 1;
		high += reach;
		reach *= 2;
	}
	if (high > count)
		high = count;
	while (low < high)
	{
		size_t		middle = low + (high - low) / 2;

		if (indices[middle] < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* `a` is the short one. */
template<typename Op>
RV_INLINE void
gallop(Op &op, const rv_sparse &a, const rv_sparse &b)
{
	size_t		j = 0;

	for (size_t i = 0; i < a.count; i++)
	{
		size_t		found = lower_bound(b.indices, j, b.count, a.indices[i]);
		bool		both = found < b.count && b.indices[found] == a.indices[i];

		op.second(b.values + j, found - j);
		op.step((double) a.values[i], both ? (double) b.values[found] : 0.0);
		j = found + both;
	}
	op.second(b.values + j, b.count - j);
}

RV_INLINE bool
is_far_longer(const rv_sparse &a, const rv_sparse &b)
{
	return a.count / gallop_ratio > b.count;
}

}	/* namespace */

#endif							/* RUVECTOR_SPARSE_MERGE_H */
