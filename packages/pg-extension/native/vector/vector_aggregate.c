/*
 * vector_aggregate.c - avg(vector): its state is a float8 array, {count, sums...},
 * as pgvector's is, so that partial states of either library combine.
 *
 * Inside an aggregate the state belongs to us and is changed in place; a direct
 * SQL call gets a new array.
 */
#include "vector.h"

#include "catalog/pg_type.h"
#include "utils/float.h"

/* The state's {count, sums...}; *dim is the number of sums. */
static float8 *
state_values(ArrayType *state, int *dim, const char *caller)
{
	if (ARR_NDIM(state) != 1 || ARR_DIMS(state)[0] < 1 || ARR_HASNULL(state) ||
		ARR_ELEMTYPE(state) != FLOAT8OID)
		elog(ERROR, "%s: expected state array", caller);
	*dim = ARR_DIMS(state)[0] - 1;
	return rv_array_data(state);
}

static ArrayType *
new_state(int dim)
{
	Size		bytes = ARR_OVERHEAD_NONULLS(1) + sizeof(float8) * ((Size) dim + 1);
	ArrayType  *state = (ArrayType *) palloc0(bytes);

	SET_VARSIZE(state, bytes);
	state->ndim = 1;
	state->dataoffset = 0;
	state->elemtype = FLOAT8OID;
	ARR_DIMS(state)[0] = dim + 1;
	ARR_LBOUND(state)[0] = 1;
	return state;
}

static void
check_sums(const float8 *sums, int dim)
{
	for (int i = 0; i < dim; i++)
		if (unlikely(isinf(sums[i])))
			float_overflow_error();
}

RV_SQL_FUNCTION(vector_accum);
Datum
vector_accum(PG_FUNCTION_ARGS)
{
	ArrayType  *state = PG_GETARG_ARRAYTYPE_P(0);
	VectorArg	value;
	bool		in_place;
	int			dim;
	float8	   *values = state_values(state, &dim, "vector_accum");
	ArrayType  *result;
	float8	   *sums;

	rv_vector_arg(PG_GETARG_DATUM(1), &value);
	in_place = AggCheckCallContext(fcinfo, NULL) != 0;

	if (dim == 0)
	{
		result = new_state(value.dim);
		sums = rv_array_data(result);
		sums[0] = values[0] + 1.0;
		for (int i = 0; i < value.dim; i++)
			sums[i + 1] = (float8) value.x[i];
		rv_vector_arg_free(&value);
		PG_RETURN_ARRAYTYPE_P(result);
	}

	rv_check_typmod(dim, value.dim);
	result = in_place ? state : new_state(dim);
	sums = rv_array_data(result);
	sums[0] = values[0] + 1.0;
	for (int i = 0; i < dim; i++)
		sums[i + 1] = values[i + 1] + (float8) value.x[i];
	check_sums(sums + 1, dim);
	rv_vector_arg_free(&value);
	PG_RETURN_ARRAYTYPE_P(result);
}

RV_SQL_FUNCTION(vector_combine);
Datum
vector_combine(PG_FUNCTION_ARGS)
{
	int			dim1;
	int			dim2;
	float8	   *values1 = state_values(PG_GETARG_ARRAYTYPE_P(0), &dim1, "vector_combine");
	float8	   *values2 = state_values(PG_GETARG_ARRAYTYPE_P(1), &dim2, "vector_combine");
	int			dim = dim1 == 0 ? dim2 : dim1;
	ArrayType  *result;
	float8	   *sums;

	/* A direct call can pass states that no vector has. */
	if (dim != 0)
		rv_check_dim(dim);
	if (dim1 != 0 && dim2 != 0)
		rv_check_typmod(dim1, dim2);

	result = new_state(dim);
	sums = rv_array_data(result);
	sums[0] = values1[0] + values2[0];
	if (dim1 != 0 && dim2 != 0)
	{
		for (int i = 1; i <= dim; i++)
			sums[i] = values1[i] + values2[i];
		check_sums(sums + 1, dim);
	}
	else if (dim != 0)
		memcpy(sums + 1, (dim1 == 0 ? values2 : values1) + 1, sizeof(float8) * (Size) dim);
	PG_RETURN_ARRAYTYPE_P(result);
}

RV_SQL_FUNCTION(vector_avg);
Datum
vector_avg(PG_FUNCTION_ARGS)
{
	int			dim;
	float8	   *values = state_values(PG_GETARG_ARRAYTYPE_P(0), &dim, "vector_avg");
	Vector	   *result;

	/* The average of no values is NULL. */
	if (values[0] == 0.0)
		PG_RETURN_NULL();

	rv_check_dim(dim);
	result = rv_vector_new(dim);
	for (int i = 0; i < dim; i++)
		result->x[i] = (float4) (values[i + 1] / values[0]);
	rv_check_finite(result->x, dim);
	PG_RETURN_POINTER(result);
}
