/*
 * exact.cpp - the scale of the largest cosine, by going through all scales where a code changes (arXiv 2409.09913, 3.2.2).
 *
 * As the scale grows from 0, coordinate i's code m becomes k at scale k / |y_i|, for k = 1 .. most.  A heap has each
 * coordinate's next change; of equal scales the earlier coordinate's comes first, so that the order, and with it every
 * sum, is the same on every machine and in src/rabitq/exact.ts.
 */
#include "layout.h"

namespace
{

struct change
{
	double		scale;
	uint32_t	coordinate;
	uint32_t	code;			/* after it */
};

RV_INLINE bool
before(const change &a, const change &b)
{
	return a.scale < b.scale || (a.scale == b.scale && a.coordinate < b.coordinate);
}

void
sink(change *heap, size_t size, size_t at)
{
	const change moved = heap[at];

	for (;;)
	{
		size_t		child = 2 * at + 1;

		if (child >= size)
			break;
		if (child + 1 < size && before(heap[child + 1], heap[child]))
			child++;
		if (!before(heap[child], moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

}	/* namespace */

extern "C" double
rv_rabitq_best_codes(const float *y, size_t n, int most, uint8_t *codes, uint64_t *squares, void *memory)
{
	change	   *heap = (change *) memory;
	size_t		size = 0;
	double		inner = 0;		/* <|y|, m + 1/2> */
	uint64_t	odd_squares = n;	/* sum (2m + 1)^2 */
	double		best_inner,
				best_squares = (double) n;
	change		best = {0, 0, 0};

	for (size_t i = 0; i < n; i++)
	{
		double		absolute = __builtin_fabs((double) y[i]);

		inner += absolute / 2;
		if (absolute > 0)
			heap[size++] = {1.0 / absolute, (uint32_t) i, 1};
	}
	best_inner = inner;
	for (size_t i = size / 2; i-- > 0;)
		sink(heap, size, i);
	while (size > 0)
	{
		change	   &next = heap[0];
		const double absolute = __builtin_fabs((double) y[next.coordinate]);

		inner += absolute;
		odd_squares += 8 * next.code;	/* (2k + 1)^2 - (2k - 1)^2 */
		if (inner * inner * best_squares > best_inner * best_inner * (double) odd_squares)
		{
			best_inner = inner;
			best_squares = (double) odd_squares;
			best = next;
		}
		if ((int) next.code < most)
		{
			next.code++;
			next.scale = (double) next.code / absolute;
		}
		else
			heap[0] = heap[--size];
		if (size > 0)
			sink(heap, size, 0);
	}

	/* The changes up to the best one: the quotient says how many, but for those that it rounds across. */
	double		sums[8] = {};

	*squares = 0;
	for (size_t i = 0; i < n; i++)
	{
		const double absolute = __builtin_fabs((double) y[i]);
		const double scaled = absolute * best.scale;
		int			m = scaled < most ? (int) scaled : most;

		while (m > 0 && before(best, {(double) m / absolute, (uint32_t) i, 0}))
			m--;
		while (absolute > 0 && m < most && !before(best, {(double) (m + 1) / absolute, (uint32_t) i, 0}))
			m++;
		codes[i] = (uint8_t) m;
		*squares += (uint64_t) ((2 * m + 1) * (2 * m + 1));
		sums[i % 8] += absolute * ((double) m + 0.5);
	}
	return add_eight(sums);
}
