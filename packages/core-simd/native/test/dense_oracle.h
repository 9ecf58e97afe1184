/*
 * dense_oracle.h - vectors of floats for dense_test.cpp: memory between pages that cannot be read, and the same
 * values as float64, decoded by arithmetic that shares nothing with the kernels.
 */
#ifndef RUVECTOR_TEST_DENSE_ORACLE_H
#define RUVECTOR_TEST_DENSE_ORACLE_H

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ruvector/simd.h>

namespace
{

/* Readable memory between two pages that are not. */
struct guarded
{
	char	   *first;
	char	   *last;			/* one past the end */

	explicit guarded(size_t size)
	{
		size_t		page = (size_t) sysconf(_SC_PAGESIZE);
		size_t		bytes = (size + page - 1) / page * page;
		char	   *base = (char *) mmap(NULL, bytes + 2 * page, PROT_NONE,
										 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (base == MAP_FAILED || mprotect(base + page, bytes, PROT_READ | PROT_WRITE) != 0)
		{
			perror("mmap");
			exit(2);
		}
		first = base + page;
		last = base + page + bytes;
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
	return random_state * 0x2545f4914f6cdd1du;
}

/* A binary floating-point format of sign, exponent and fraction: IEEE 754-2019, 3.4. */
struct format
{
	const char *name;
	size_t		bytes;
	int			exponent_bits,
				fraction_bits;

	int			bias() const { return (1 << (exponent_bits - 1)) - 1; }
	uint32_t	sign() const { return 1u << (exponent_bits + fraction_bits); }
	uint32_t	infinity() const { return ((1u << exponent_bits) - 1) << fraction_bits; }
	uint32_t	one() const { return (uint32_t) bias() << fraction_bits; }
	uint32_t	nan() const { return infinity() | 1u << (fraction_bits - 1); }

	double
	value(uint32_t bits) const
	{
		uint32_t	fraction = bits & ((1u << fraction_bits) - 1);
		int			exponent = (int) ((bits & ~sign()) >> fraction_bits);
		double		magnitude;

		if (exponent == (1 << exponent_bits) - 1)
			magnitude = fraction == 0 ? INFINITY : NAN;
		else if (exponent == 0)
			magnitude = ldexp(fraction, 1 - bias() - fraction_bits);
		else
			magnitude = ldexp(fraction + (double) (1u << fraction_bits), exponent - bias() - fraction_bits);
		return bits & sign() ? -magnitude : magnitude;
	}

	uint32_t
	get(const char *p) const
	{
		uint32_t	word = 0;
		uint16_t	half;

		if (bytes == sizeof(word))
			memcpy(&word, p, sizeof(word));
		else
		{
			memcpy(&half, p, sizeof(half));
			word = half;
		}
		return word;
	}

	void
	set(char *p, uint32_t bits) const
	{
		uint16_t	half = (uint16_t) bits;

		if (bytes == sizeof(bits))
			memcpy(p, &bits, sizeof(bits));
		else
			memcpy(p, &half, sizeof(half));
	}

	/* The same number as `bits` of a format that this one contains. */
	uint32_t
	widened(const format &from, uint32_t bits) const
	{
		float		number = (float) from.value(bits);
		uint32_t	word;

		if (from.fraction_bits == fraction_bits)
			return bits;
		memcpy(&word, &number, sizeof(word));
		return word;
	}

	/* Of either sign, in [2^-8, 1): so no product leaves the normal numbers. */
	uint32_t
	random() const
	{
		uint64_t	r = random_bits();
		uint32_t	exponent = (uint32_t) (bias() - 1 - (int) (r % 8));

		return (r & 0x100 ? sign() : 0) | exponent << fraction_bits |
			((uint32_t) (r >> 32) & ((1u << fraction_bits) - 1));
	}
};

const format binary32 = {"f32", 4, 8, 23};
const format binary16 = {"f16", 2, 5, 10};
const format bfloat16 = {"bf16", 2, 8, 7};

/* Memory full of elements, and their values. */
struct vectors
{
	const format &type;
	guarded		memory;
	size_t		size;
	double	   *values;

	vectors(const format &f, size_t elements) : type(f), memory(elements * f.bytes)
	{
		size = (size_t) (memory.last - memory.first) / f.bytes;
		values = (double *) malloc(size * sizeof(double));
		for (size_t i = 0; i < size; i++)
			set(i, type.random());
	}
	vectors(const vectors &) = delete;
	~vectors() { free(values); }

	char	   *at(size_t i) const { return memory.first + i * type.bytes; }

	void
	set(size_t i, uint32_t bits)
	{
		type.set(at(i), bits);
		values[i] = type.value(bits);
	}

	void
	copy(size_t to, const vectors &from, size_t begin, size_t n)
	{
		for (size_t i = 0; i < n; i++)
			set(to + i, from.type.get(from.at(begin + i)));
	}
};

/* The exact results, as far as float64 goes, and the bounds of doc/distances.md. */
double
gamma_bound(size_t roundings)
{
	double		mu = (double) roundings * FLT_EPSILON / 2;

	return mu / (1 - mu);
}

struct exact
{
	double		dot = 0,
				l2sq = 0,
				l1 = 0,
				aa = 0,
				bb = 0,
				abs_dot = 0;
	size_t		dimensions;

	exact(const double *a, const double *b, size_t n) : dimensions(n)
	{
		for (size_t i = 0; i < n; i++)
		{
			double		x = a[i],
						y = b[i],
						d = x - y;

			dot += x * y;
			abs_dot += fabs(x * y);
			l2sq += d * d;
			l1 += fabs(d);
			aa += x * x;
			bb += y * y;
		}
	}

	double
	value(rv_metric metric) const
	{
		switch (metric)
		{
			case RV_METRIC_DOT:
				return dot;
			case RV_METRIC_L2SQ:
				return l2sq;
			case RV_METRIC_L1:
				return l1;
			default:
				return dimensions == 0 ? NAN : 1.0 - dot / sqrt(aa * bb);
		}
	}

	/* What a float32 result may be off: of a pair, and of the shapes that round a cosine once more. */
	double
	tolerance(rv_metric metric, bool pair) const
	{
		double		underflow = (double) dimensions * ldexp(1.0, -149);

		switch (metric)
		{
			case RV_METRIC_DOT:
				return gamma_bound(dimensions) * abs_dot + underflow;
			case RV_METRIC_L2SQ:
				return gamma_bound(dimensions + 2) * l2sq + underflow;
			case RV_METRIC_L1:
				return gamma_bound(dimensions) * l1 + underflow;
			default:
				return gamma_bound(2 * dimensions + (pair ? 1 : 3));
		}
	}
};

}	/* namespace */

#endif							/* RUVECTOR_TEST_DENSE_ORACLE_H */
