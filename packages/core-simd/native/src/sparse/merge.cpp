/*
 * merge.cpp - sparse vectors in portable C++, for every variant but serial: all
 * depends on where the next index lies, which wider registers do not tell.
 *
 * The results are those of serial.cpp up to the order of the sums.
 */
#include "merge.h"

RV_DECLARE_SPARSE(merge);

namespace
{

constexpr double not_a_number = __builtin_nan("");

/* Whether infinity or NaN is among them; by integers, which the compiler can take several at a time. */
bool
any_special(const float *values, size_t n)
{
	uint32_t	any = 0;

	for (size_t i = 0; i < n; i++)
		any |= (bits_of(values[i]) & 0x7f800000) == 0x7f800000;
	return any != 0;
}

/* Four sums, since one would wait for itself. */
RV_INLINE double
sum_squares(const float *p, size_t n)
{
	double		s[4] = {0.0, 0.0, 0.0, 0.0};
	size_t		i = 0;

	for (; n - i >= 4; i += 4)
		for (int k = 0; k < 4; k++)
			s[k] += (double) p[i + k] * (double) p[i + k];
	for (; i < n; i++)
		s[0] += (double) p[i] * (double) p[i];
	return (s[0] + s[1]) + (s[2] + s[3]);
}

RV_INLINE double
sum_sizes(const float *p, size_t n)
{
	double		s[4] = {0.0, 0.0, 0.0, 0.0};
	size_t		i = 0;

	for (; n - i >= 4; i += 4)
		for (int k = 0; k < 4; k++)
			s[k] += (double) __builtin_fabsf(p[i + k]);
	for (; i < n; i++)
		s[0] += (double) __builtin_fabsf(p[i]);
	return (s[0] + s[1]) + (s[2] + s[3]);
}

/* Zero times infinity or NaN is NaN; zero times all else adds nothing. */
struct dot_sum
{
	double		sum = 0.0;

	RV_INLINE void step(double x, double y) { sum += x * y; }
	RV_INLINE void first(const float *p, size_t n) { sum = any_special(p, n) ? not_a_number : sum; }
	RV_INLINE void second(const float *p, size_t n) { first(p, n); }
	RV_INLINE void add(const dot_sum &o) { sum += o.sum; }
};

/* The same where it is known that the second vector has no infinity and no NaN. */
struct finite_dot_sum
{
	double		sum = 0.0;

	RV_INLINE void step(double x, double y) { sum += x * y; }
	RV_INLINE void second(const float *, size_t) {}
};

struct l2sq_sum
{
	double		sum = 0.0;

	RV_INLINE void step(double x, double y) { sum += (x - y) * (x - y); }
	RV_INLINE void first(const float *p, size_t n) { sum += sum_squares(p, n); }
	RV_INLINE void second(const float *p, size_t n) { first(p, n); }
	RV_INLINE void add(const l2sq_sum &o) { sum += o.sum; }
};

struct l1_sum
{
	double		sum = 0.0;

	RV_INLINE void step(double x, double y) { sum += __builtin_fabs(x - y); }
	RV_INLINE void first(const float *p, size_t n) { sum += sum_sizes(p, n); }
	RV_INLINE void second(const float *p, size_t n) { first(p, n); }
	RV_INLINE void add(const l1_sum &o) { sum += o.sum; }
};

struct cosine_sum
{
	double		ab = 0.0,
				aa = 0.0,
				bb = 0.0;

	RV_INLINE void
	step(double x, double y)
	{
		ab += x * y;
		aa += x * x;
		bb += y * y;
	}

	RV_INLINE void first(const float *p, size_t n) { aa += sum_squares(p, n); }
	RV_INLINE void second(const float *p, size_t n) { bb += sum_squares(p, n); }

	RV_INLINE void
	add(const cosine_sum &o)
	{
		ab += o.ab;
		aa += o.aa;
		bb += o.bb;
	}

	/*
	 * The squares of float32 values cannot overflow float64.  So where a sum of
	 * them is not finite, an infinity or a NaN is there, and the distance is NaN
	 * even if the other vector has no such index.
	 */
	RV_INLINE double
	distance() const
	{
		return aa + bb < __builtin_inf() ? cosine_distance(ab, aa, bb) : not_a_number;
	}
};

/* Distances that are the same for (b, a). */
template<typename Op>
RV_INLINE void
walk(Op &op, const rv_sparse &a, const rv_sparse &b)
{
	if (is_far_longer(a, b))
		gallop(op, b, a);
	else if (is_far_longer(b, a))
		gallop(op, a, b);
	else
		merge(op, a, b);
}

}	/* namespace */

double
rv_dot_sparse_merge(const rv_sparse *a, const rv_sparse *b)
{
	const rv_sparse *few = a->count < b->count ? a : b;
	const rv_sparse *many = few == a ? b : a;

	/* Galloping passes by what in the long vector would make the product NaN; the short one it sees in full. */
	if (is_far_longer(*many, *few) && !any_special(many->values, many->count))
	{
		finite_dot_sum op;

		gallop(op, *few, *many);
		return op.sum;
	}
	dot_sum		op;

	merge(op, *a, *b);
	return op.sum;
}

double
rv_l2sq_sparse_merge(const rv_sparse *a, const rv_sparse *b)
{
	l2sq_sum	op;

	walk(op, *a, *b);
	return op.sum;
}

double
rv_l1_sparse_merge(const rv_sparse *a, const rv_sparse *b)
{
	l1_sum		op;

	walk(op, *a, *b);
	return op.sum;
}

double
rv_cosine_sparse_merge(const rv_sparse *a, const rv_sparse *b)
{
	cosine_sum op;

	walk(op, *a, *b);
	return op.distance();
}
