/*
 * vector_distance.c - distances and the norm.
 *
 * L2, inner product and L1 accumulate in float4 and may overflow to infinity,
 * as in pgvector; results are float8.
 */
#include "row_prefetch.h"

#include "ruvector/simd.h"

/* The two arguments, and the next rows on their way into the cache. */
#define GETARG_ROWS(a, b) \
	do { \
		RV_GETARG_VECTOR_PAIR(a, b); \
		rv_prefetch_rows(fcinfo, &(a), &(b)); \
	} while (0)

RV_SQL_FUNCTION(l2_distance);
Datum
l2_distance(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	VectorArg	b;

	GETARG_ROWS(a, b);
	PG_RETURN_FLOAT8(sqrt((double) rv_simd->l2sq_f32(a.x, b.x, (size_t) a.dim)));
}

RV_SQL_FUNCTION(vector_l2_squared_distance);
Datum
vector_l2_squared_distance(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	VectorArg	b;

	GETARG_ROWS(a, b);
	PG_RETURN_FLOAT8((double) rv_simd->l2sq_f32(a.x, b.x, (size_t) a.dim));
}

RV_SQL_FUNCTION(inner_product);
Datum
inner_product(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	VectorArg	b;

	GETARG_ROWS(a, b);
	PG_RETURN_FLOAT8((double) rv_simd->dot_f32(a.x, b.x, (size_t) a.dim));
}

RV_SQL_FUNCTION(vector_negative_inner_product);
Datum
vector_negative_inner_product(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	VectorArg	b;

	GETARG_ROWS(a, b);
	PG_RETURN_FLOAT8((double) -rv_simd->dot_f32(a.x, b.x, (size_t) a.dim));
}

/* NaN where one of the norms is zero. */
RV_SQL_FUNCTION(cosine_distance);
Datum
cosine_distance(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	VectorArg	b;

	GETARG_ROWS(a, b);
	PG_RETURN_FLOAT8(rv_simd->cosine_f32(a.x, b.x, (size_t) a.dim));
}

/*
 * The angle between unit vectors, as a share of pi: a metric, which spherical
 * k-means needs.  The arguments are not normalised here.
 */
RV_SQL_FUNCTION(vector_spherical_distance);
Datum
vector_spherical_distance(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	VectorArg	b;
	double		cosine;

	GETARG_ROWS(a, b);
	cosine = (double) rv_simd->dot_f32(a.x, b.x, (size_t) a.dim);
	/* Rounding may lead just past the domain of acos(). */
	if (cosine > 1)
		cosine = 1;
	else if (cosine < -1)
		cosine = -1;
	PG_RETURN_FLOAT8(acos(cosine) / M_PI);
}

RV_SQL_FUNCTION(l1_distance);
Datum
l1_distance(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	VectorArg	b;

	GETARG_ROWS(a, b);
	PG_RETURN_FLOAT8((double) rv_simd->l1_f32(a.x, b.x, (size_t) a.dim));
}

RV_SQL_FUNCTION(vector_norm);
Datum
vector_norm(PG_FUNCTION_ARGS)
{
	VectorArg	a;

	rv_vector_arg(PG_GETARG_DATUM(0), &a);
	PG_RETURN_FLOAT8(rv_simd->norm_f32(a.x, (size_t) a.dim));
}

RV_SQL_FUNCTION(vector_dims);
Datum
vector_dims(PG_FUNCTION_ARGS)
{
	VectorArg	a;

	rv_vector_arg(PG_GETARG_DATUM(0), &a);
	PG_RETURN_INT32(a.dim);
}
