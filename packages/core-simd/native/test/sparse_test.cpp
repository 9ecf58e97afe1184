/*
 * sparse_test.cpp - distances between sparse vectors, of every variant that runs
 * here, against dense vectors of all indices that either has.
 *
 * Where values are small integers all sums are exact, and so must the results
 * be: a product too many or too few cannot hide in a tolerance.  All four arrays
 * end at a page that cannot be read, or begin after one.
 */
#include "support.h"

namespace
{

const size_t max_elements = 2000;

const char *const names[] = {"dot", "l2sq", "l1", "cosine"};

enum metric
{
	dot,
	l2sq,
	l1,
	cosine
};

rv_pair_sparse
kernel(const rv_kernels *k, int m)
{
	const rv_pair_sparse kernels[] = {k->dot_sparse, k->l2sq_sparse, k->l1_sparse, k->cosine_sparse};

	return kernels[m];
}

/* The memory of one vector. */
struct storage
{
	guarded		indices,
				values;
	uint32_t   *i;
	float	   *v;
	size_t		count;

	storage() : indices(max_elements * sizeof(uint32_t)), values(max_elements * sizeof(float)), i(NULL), v(NULL), count(0)
	{
	}

	void
	place(size_t n, bool at_end)
	{
		i = at_end ? indices.at_end<uint32_t>(n) : indices.at_start<uint32_t>(0);
		v = at_end ? values.at_end<float>(n) : values.at_start<float>(0);
		count = n;
	}

	rv_sparse	sparse() const { return rv_sparse{i, v, count}; }
};

double dense_a[2 * max_elements];
double dense_b[2 * max_elements];

/* Both vectors in full, over the indices that either has; how many these are. */
size_t
make_dense(const storage &a, const storage &b)
{
	size_t		n = 0;

	for (size_t i = 0; i < a.count; i++)
	{
		dense_a[n] = (double) a.v[i];
		dense_b[n] = 0.0;
		for (size_t j = 0; j < b.count; j++)
			if (b.i[j] == a.i[i])
				dense_b[n] = (double) b.v[j];
		n++;
	}
	for (size_t j = 0; j < b.count; j++)
	{
		bool		known = false;

		for (size_t i = 0; i < a.count; i++)
			known |= a.i[i] == b.i[j];
		if (known)
			continue;
		dense_a[n] = 0.0;
		dense_b[n] = (double) b.v[j];
		n++;
	}
	return n;
}

struct exact
{
	double		value[4],
				size[4];		/* of the terms, all added */
	size_t		n;

	exact(const storage &a, const storage &b)
	{
		double		aa = 0.0,
					bb = 0.0,
					similarity;

		n = make_dense(a, b);
		for (int m = 0; m < 4; m++)
			value[m] = size[m] = 0.0;
		for (size_t i = 0; i < n; i++)
		{
			double		x = dense_a[i],
						y = dense_b[i];

			value[dot] += x * y;
			size[dot] += __builtin_fabs(x * y);
			value[l2sq] += (x - y) * (x - y);
			value[l1] += __builtin_fabs(x - y);
			aa += x * x;
			bb += y * y;
		}
		similarity = value[dot] / __builtin_sqrt(aa * bb);
		similarity = similarity > 1.0 ? 1.0 : similarity < -1.0 ? -1.0 : similarity;
		value[cosine] = 1.0 - similarity;
		size[l2sq] = value[l2sq];
		size[l1] = value[l1];
		size[cosine] = 1.0;
	}

	/* n additions and two more roundings a term, of ours and of the kernel's. */
	double tolerance(int m) const { return 2.0 * (double) (2 * n + 8) * 0x1p-53 * size[m]; }
};

void
check_pair(const rv_kernels *k, counts &c, const storage &a, const storage &b, bool sums_exact)
{
	exact		want(a, b);
	rv_sparse	x = a.sparse(),
				y = b.sparse();

	for (int m = 0; m < 4; m++)
	{
		double		tolerance = sums_exact && m != cosine ? 0.0 : want.tolerance(m);

		c.check_near(names[m], a.count, b.count, kernel(k, m) (&x, &y), want.value[m], tolerance);
		c.check_near(names[m], b.count, a.count, kernel(k, m) (&y, &x), want.value[m], tolerance);
	}
}

/* Ascending indices, a step of up to `step` between them. */
void
fill(storage &s, size_t n, uint32_t step, bool integers, bool at_end)
{
	uint32_t	index = random_below(step + 1);

	s.place(n, at_end);
	for (size_t i = 0; i < n; i++)
	{
		s.i[i] = index;
		index += 1 + random_below(step);
		s.v[i] = integers ? (float) ((int) random_below(255) - 127) : (float) random_unit();
	}
}

void
check_counts(const rv_kernels *k, counts &c, storage &a, storage &b)
{
	static const uint32_t steps[] = {1, 2, 5, 1000};

	for (size_t n = 0; n <= 40; n++)
		for (size_t m = 0; m <= 40; m++)
			for (size_t s = 0; s < 4; s++)
			{
				fill(a, n, steps[s], true, true);
				fill(b, m, steps[s], true, true);
				check_pair(k, c, a, b, true);
			}
	for (size_t round = 0; round < 300; round++)
	{
		uint32_t	step_a = 1 + random_below(20),
					step_b = 1 + random_below(20);

		fill(a, random_below(300), step_a, false, round % 2 == 0);
		fill(b, random_below(300), step_b, false, round % 4 < 2);
		check_pair(k, c, a, b, false);
	}
}

/* One vector much longer, with matches at its ends and in between, and without any. */
void
check_ratios(const rv_kernels *k, counts &c, storage &a, storage &b)
{
	for (size_t n = 0; n <= 20; n++)
		for (size_t ratio = 10; ratio <= 100; ratio += 15)
		{
			fill(b, n * ratio + random_below(20), 3, true, true);
			a.place(n, true);
			for (size_t i = 0; i < n; i++)
			{
				size_t		at = n < 2 ? 0 : i * (b.count - 1) / (n - 1);

				a.i[i] = b.i[at];
				a.v[i] = (float) (1 + random_below(9));
			}
			check_pair(k, c, a, b, true);
			fill(a, n, (uint32_t) (3 * ratio), true, true);
			check_pair(k, c, a, b, true);
			fill(a, n, 1, true, true);
			for (size_t i = 0; i < n; i++)
				a.i[i] += 0x40000000;
			check_pair(k, c, a, b, true);
		}
}

/* Indices at the ends of their range; vectors one after the other, interleaved, the same, empty. */
void
check_places(const rv_kernels *k, counts &c, storage &a, storage &b)
{
	for (size_t n = 0; n <= 20; n++)
	{
		a.place(n, true);
		b.place(n, true);
		for (size_t i = 0; i < n; i++)
		{
			a.i[i] = i < n / 2 ? (uint32_t) i : 0xffffffff - (uint32_t) (n - 1 - i);
			b.i[i] = a.i[i];
			a.v[i] = (float) (i + 1);
			b.v[i] = -(float) (2 * i + 1);
		}
		check_pair(k, c, a, b, true);
		check_pair(k, c, a, a, true);
		for (size_t i = 0; i < n; i++)
		{
			a.i[i] = (uint32_t) (2 * i);
			b.i[i] = (uint32_t) (2 * i + 1);
		}
		check_pair(k, c, a, b, true);
		for (size_t i = 0; i < n; i++)
			b.i[i] += 1000;
		check_pair(k, c, a, b, true);
	}
	for (size_t n = 0; n <= 50; n++)
	{
		fill(a, n, 4, true, true);
		b.count = 0;
		b.i = NULL;
		b.v = NULL;
		check_pair(k, c, a, b, true);
	}
}

/* Infinity, NaN and a zero norm, at each place, whether the other vector has the index or not. */
void
check_special(const rv_kernels *k, counts &c, storage &a, storage &b)
{
	static const float values[] = {__builtin_inff(), -__builtin_inff(), __builtin_nanf(""), 0.0f, -0.0f, 1e-45f, 3.4e38f};
	static const size_t sizes[][2] = {{1, 1}, {2, 5}, {7, 7}, {12, 9}, {3, 60}, {60, 3}, {1, 40}, {4, 130}};

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (size_t w = 0; w < sizeof(values) / sizeof(values[0]); w++)
			for (size_t at = 0; at < sizes[s][0]; at++)
			{
				fill(a, sizes[s][0], 3, false, true);
				fill(b, sizes[s][1], 3, false, true);
				a.v[at] = values[w];
				check_pair(k, c, a, b, false);
				/* And on both sides: the same indices as far as both go. */
				for (size_t j = 0; j < b.count; j++)
					b.i[j] = j < a.count ? a.i[j] : a.i[a.count - 1] + (uint32_t) (j - a.count + 1);
				check_pair(k, c, a, b, false);
				if (at < b.count)
					b.v[at] = values[w];
				check_pair(k, c, a, b, false);
			}
	for (size_t n = 0; n <= 30; n++)
	{
		rv_sparse	x,
					y;

		fill(a, n, 2, false, true);
		fill(b, n, 2, false, true);
		for (size_t i = 0; i < n; i++)
			a.v[i] = i % 2 == 0 ? 0.0f : -0.0f;
		x = a.sparse();
		y = b.sparse();
		c.check_equal("cosine of a zero vector", n, 0, kernel(k, cosine) (&x, &y), __builtin_nan(""));
		c.check_equal("cosine of a zero vector", n, 1, kernel(k, cosine) (&y, &x), __builtin_nan(""));
		c.check_equal("dot of a zero vector", n, 0, kernel(k, dot) (&x, &y), 0.0);
		c.check_equal("l2sq of one vector", n, 0, kernel(k, l2sq) (&y, &y), 0.0);
		c.check_equal("l1 of one vector", n, 0, kernel(k, l1) (&y, &y), 0.0);
		if (n > 0)
			c.check(kernel(k, cosine) (&y, &y) >= 0.0, "cosine of one vector", n, 0, kernel(k, cosine) (&y, &y), 0.0);
	}
}

/* Any order, and the same index twice: the result means nothing, but a guard page would have spoken. */
void
check_disorder(const rv_kernels *k, counts &c, storage &a, storage &b)
{
	for (size_t round = 0; round < 2000; round++)
	{
		size_t		n = random_below(60),
					m = random_below(round % 2 == 0 ? 60 : 1500);
		rv_sparse	x,
					y;
		double		sum = 0.0;

		fill(a, n, 1, true, round % 4 < 2);
		fill(b, m, 1, true, round % 8 < 4);
		for (size_t i = 0; i < n; i++)
			a.i[i] = round % 3 == 0 ? (uint32_t) random_bits() : random_below(50);
		for (size_t j = 0; j < m; j++)
			b.i[j] = round % 3 == 0 ? (uint32_t) random_bits() : random_below(50);
		x = a.sparse();
		y = b.sparse();
		for (int f = 0; f < 4; f++)
			sum += kernel(k, f) (&x, &y) + kernel(k, f) (&y, &x);
		c.check(sum == sum || n == 0 || m == 0, "any order", n, m, sum, 0.0);
	}
}

void
all_checks(const rv_kernels *k, counts &c)
{
	storage		a,
				b;

	check_counts(k, c, a, b);
	check_ratios(k, c, a, b);
	check_places(k, c, a, b);
	check_special(k, c, a, b);
	check_disorder(k, c, a, b);
}

}	/* namespace */

int
main()
{
	return run_variants(all_checks);
}
