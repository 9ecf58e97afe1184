/*
 * serial.cpp - sparse vectors as the textbook merges them: the lower index
 * first, and a missing element is zero.  So what is said of dense vectors of all
 * indices of both holds here too: infinity against a missing element makes a dot
 * product NaN.
 *
 * Indices in another order, or twice, give a meaningless result, but no access
 * outside of the arrays.
 */
#include "../kernels.h"

RV_DECLARE_SPARSE(serial);

namespace
{

/* Calls op(x, y) for each index of either. */
template<typename Op>
void
each_index(const rv_sparse *a, const rv_sparse *b, Op &op)
{
	size_t		i = 0,
				j = 0;

	while (i < a->count || j < b->count)
		if (j == b->count || (i < a->count && a->indices[i] < b->indices[j]))
			op((double) a->values[i++], 0.0);
		else if (i == a->count || b->indices[j] < a->indices[i])
			op(0.0, (double) b->values[j++]);
		else
			op((double) a->values[i++], (double) b->values[j++]);
}

struct dot_sum
{
	double		sum = 0.0;

	void		operator()(double x, double y) { sum += x * y; }
};

struct l2sq_sum
{
	double		sum = 0.0;

	void		operator()(double x, double y) { sum += (x - y) * (x - y); }
};

struct l1_sum
{
	double		sum = 0.0;

	void		operator()(double x, double y) { sum += __builtin_fabs(x - y); }
};

struct cosine_sum
{
	double		ab = 0.0,
				aa = 0.0,
				bb = 0.0;

	void
	operator()(double x, double y)
	{
		ab += x * y;
		aa += x * x;
		bb += y * y;
	}
};

}	/* namespace */

double
rv_dot_sparse_serial(const rv_sparse *a, const rv_sparse *b)
{
	dot_sum		op;

	each_index(a, b, op);
	return op.sum;
}

double
rv_l2sq_sparse_serial(const rv_sparse *a, const rv_sparse *b)
{
	l2sq_sum	op;

	each_index(a, b, op);
	return op.sum;
}

double
rv_l1_sparse_serial(const rv_sparse *a, const rv_sparse *b)
{
	l1_sum		op;

	each_index(a, b, op);
	return op.sum;
}

double
rv_cosine_sparse_serial(const rv_sparse *a, const rv_sparse *b)
{
	cosine_sum	op;

	each_index(a, b, op);
	return cosine_distance(op.ab, op.aa, op.bb);
}
