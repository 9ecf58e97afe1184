/*
 * vector_compare.c - the order of vectors: as PostgreSQL orders arrays, values
 * first, then the number of dimensions.
 *
 * btree calls these inside sorts and index scans, in memory contexts that live
 * long, so detoasted copies are freed.
 */
#include "vector.h"

static int
compare(FunctionCallInfo fcinfo)
{
	VectorArg	a;
	VectorArg	b;
	int			common;
	int			order = 0;

	rv_vector_arg(PG_GETARG_DATUM(0), &a);
	rv_vector_arg(PG_GETARG_DATUM(1), &b);
	common = Min(a.dim, b.dim);
	for (int i = 0; i < common && order == 0; i++)
		order = (a.x[i] > b.x[i]) - (a.x[i] < b.x[i]);
	if (order == 0)
		order = (a.dim > b.dim) - (a.dim < b.dim);
	rv_vector_arg_free(&a);
	rv_vector_arg_free(&b);
	return order;
}

RV_SQL_FUNCTION(vector_lt);
Datum
vector_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) < 0);
}

RV_SQL_FUNCTION(vector_le);
Datum
vector_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) <= 0);
}

RV_SQL_FUNCTION(vector_eq);
Datum
vector_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) == 0);
}

RV_SQL_FUNCTION(vector_ne);
Datum
vector_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) != 0);
}

RV_SQL_FUNCTION(vector_ge);
Datum
vector_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) >= 0);
}

RV_SQL_FUNCTION(vector_gt);
Datum
vector_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) > 0);
}

RV_SQL_FUNCTION(vector_cmp);
Datum
vector_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}
