/*
 * shapes_oracle.h - what shapes_test.cpp compares with: rows of small integers in every type, in memory that ends at a
 * page that cannot be read, their distances in float64, and the order of results.
 */
#ifndef RUVECTOR_TEST_SHAPES_ORACLE_H
#define RUVECTOR_TEST_SHAPES_ORACLE_H

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include <ruvector/simd.h>

namespace
{

/* Memory that ends at a page that cannot be read. */
struct guarded
{
	char	   *base,
			   *last;			/* one past the end */
	size_t		page,
				bytes;

	explicit guarded(size_t size) : page((size_t) sysconf(_SC_PAGESIZE)), bytes((size + page - 1) / page * page)
	{
		base = (char *) mmap(NULL, bytes + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (base == MAP_FAILED || mprotect(base, bytes, PROT_READ | PROT_WRITE) != 0)
		{
			perror("mmap");
			exit(2);
		}
		last = base + bytes;
	}

	~guarded() { munmap(base, bytes + page); }

	guarded(const guarded &) = delete;
	guarded    &operator=(const guarded &) = delete;

	template<typename T>
	T		   *end(size_t count) const
	{
		if (count * sizeof(T) > bytes)
		{
			fprintf(stderr, "a guarded block is too small\n");
			exit(2);
		}
		return (T *) (last - count * sizeof(T));
	}
};

uint64_t	random_state = 0x9e3779b97f4a7c15u;

/* By xorshift64*. */
uint64_t
random_bits()
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1du >> 16;
}

/* Writes a small integer as an element of `bytes` bytes; which type of them, `type` says. */
void
encode(void *to, size_t i, rv_type type, size_t bytes, int value)
{
	if (bytes == 4)
		((float *) to)[i] = (float) value;
	else if (bytes == 1)
		((uint8_t *) to)[i] = (uint8_t) value;
	else if (type == RV_TYPE_BF16)
	{
		float		wide = (float) value;
		uint32_t	bits;

		memcpy(&bits, &wide, sizeof(bits));
		((uint16_t *) to)[i] = (uint16_t) (bits >> 16);
	}
	else
	{
		int			magnitude = abs(value);
		int			exponent = magnitude >= 8 ? 3 : magnitude >= 4 ? 2 : magnitude >= 2 ? 1 : 0;
		int			half = magnitude == 0 ? 0 : (15 + exponent) << 10 | ((magnitude << (10 - exponent)) & 0x3ff);

		((uint16_t *) to)[i] = (uint16_t) (half | (value < 0 ? 0x8000 : 0));
	}
}

/* The same rows as elements and as integers. */
struct matrix
{
	guarded		memory;
	rv_type		type;
	size_t		bytes,
				n,
				stride,
				count;
	std::vector<int> values;

	matrix(rv_type type, size_t bytes, size_t n, size_t stride, size_t count)
		: memory(count * stride * bytes + 1), type(type), bytes(bytes), n(n), stride(stride), count(count),
		values(count * n)
	{
		for (size_t r = 0; r < count; r++)
			for (size_t i = 0; i < n; i++)
			{
				int			value = type == RV_TYPE_BITS ? (int) (random_bits() % 256)
					: type == RV_TYPE_U8 ? (int) (random_bits() % 9) : (int) (random_bits() % 9) - 4;

				values[r * n + i] = value;
				encode(row(r), i, type, bytes, value);
			}
	}

	/* The last row ends where the memory does. */
	char	   *
	row(size_t r) const
	{
		size_t		elements = count == 0 ? 0 : (count - 1) * stride + n;

		return memory.end<char>(elements * bytes) + r * stride * bytes;
	}

	/* Makes row r a copy of another one. */
	void
	copy_row(size_t r, size_t from)
	{
		std::copy_n(values.begin() + (ptrdiff_t) (from * n), n, values.begin() + (ptrdiff_t) (r * n));
		memmove(row(r), row(from), n * bytes);
	}
};

double
exact_of_bits(rv_metric metric, const int *a, const int *b, size_t n)
{
	double		differ = 0,
				both = 0,
				either = 0;

	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 8; bit++)
		{
			int			x = a[i] >> bit & 1,
						y = b[i] >> bit & 1;

			differ += x != y;
			both += x & y;
			either += x | y;
		}
	if (metric == RV_METRIC_HAMMING)
		return differ;
	return either == 0 ? 0 : 1 - both / either;
}

double
exact(rv_metric metric, const int *a, const int *b, size_t n)
{
	double		dot = 0,
				l2sq = 0,
				l1 = 0,
				aa = 0,
				bb = 0;

	if (metric == RV_METRIC_HAMMING || metric == RV_METRIC_JACCARD)
		return exact_of_bits(metric, a, b, n);
	for (size_t i = 0; i < n; i++)
	{
		dot += a[i] * b[i];
		l2sq += (a[i] - b[i]) * (a[i] - b[i]);
		l1 += abs(a[i] - b[i]);
		aa += a[i] * a[i];
		bb += b[i] * b[i];
	}
	switch (metric)
	{
		case RV_METRIC_DOT:
			return dot;
		case RV_METRIC_L2SQ:
			return l2sq;
		case RV_METRIC_L1:
			return l1;
		default:
			return 1 - dot / sqrt(aa * bb);
	}
}

/* The order of simd.h. */
struct nearer
{
	const float *scores;
	bool		largest;

	bool
	operator()(uint32_t i, uint32_t j) const
	{
		float		a = scores[i],
					b = scores[j];

		if (isnan(a) || isnan(b))
			return isnan(a) && isnan(b) ? i < j : isnan(b);
		if (a != b)
			return largest ? a > b : a < b;
		return i < j;
	}
};

/* All rows, nearest first. */
std::vector<uint32_t>
sorted(const std::vector<float> &scores, rv_metric metric)
{
	std::vector<uint32_t> order(scores.size());

	for (size_t i = 0; i < order.size(); i++)
		order[i] = (uint32_t) i;
	std::sort(order.begin(), order.end(), nearer{scores.data(), metric == RV_METRIC_DOT});
	return order;
}

}	/* namespace */

#endif							/* RUVECTOR_TEST_SHAPES_ORACLE_H */
