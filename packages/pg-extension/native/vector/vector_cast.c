/*
 * vector_cast.c - vector to vector (typmod), and arrays to and from vectors.
 */
#include "vector.h"

#include "catalog/pg_type.h"
#include "utils/fmgrprotos.h"

/* The implicit cast that enforces the column's dimensions. */
RV_SQL_FUNCTION(vector);
Datum
vector(PG_FUNCTION_ARGS)
{
	Vector	   *value = (Vector *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0));

	rv_check_typmod(PG_GETARG_INT32(1), value->dim);
	PG_RETURN_POINTER(value);
}

/* numeric is of variable length: walk the array as deconstruct_array() does. */
static void
numerics_to_floats(ArrayType *array, float4 *x, int count)
{
	Datum	   *elements;
	int			found;

	deconstruct_array(array, NUMERICOID, -1, false, TYPALIGN_INT, &elements, NULL, &found);
	for (int i = 0; i < count; i++)
		x[i] = DatumGetFloat4(DirectFunctionCall1(numeric_float4, elements[i]));
	pfree(elements);
}

RV_SQL_FUNCTION(array_to_vector);
Datum
array_to_vector(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	int32		typmod = PG_GETARG_INT32(1);
	Vector	   *result;
	int			count;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("array must be 1-D")));
	if (ARR_HASNULL(array) && array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("array must not contain nulls")));

	count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	rv_check_dim(count);
	rv_check_typmod(typmod, count);
	result = rv_vector_new(count);

	/* Without nulls, elements of fixed length lie side by side. */
	switch (ARR_ELEMTYPE(array))
	{
		case INT4OID:
			{
				const int32 *elements = rv_array_data(array);

				for (int i = 0; i < count; i++)
					result->x[i] = (float4) elements[i];
				break;
			}
		case FLOAT4OID:
			memcpy(result->x, rv_array_data(array), sizeof(float4) * (Size) count);
			break;
		case FLOAT8OID:
			{
				const float8 *elements = rv_array_data(array);

				for (int i = 0; i < count; i++)
					result->x[i] = (float4) elements[i];
				break;
			}
		case NUMERICOID:
			numerics_to_floats(array, result->x, count);
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("unsupported array type")));
	}

	rv_check_finite(result->x, count);
	PG_RETURN_POINTER(result);
}

RV_SQL_FUNCTION(vector_to_float4);
Datum
vector_to_float4(PG_FUNCTION_ARGS)
{
	VectorArg	vector;
	Size		bytes;
	ArrayType  *result;

	rv_vector_arg(PG_GETARG_DATUM(0), &vector);
	bytes = ARR_OVERHEAD_NONULLS(1) + sizeof(float4) * (Size) vector.dim;
	result = (ArrayType *) palloc0(bytes);
	SET_VARSIZE(result, bytes);
	result->ndim = 1;
	result->dataoffset = 0;
	result->elemtype = FLOAT4OID;
	ARR_DIMS(result)[0] = vector.dim;
	ARR_LBOUND(result)[0] = 1;
	memcpy(rv_array_data(result), vector.x, sizeof(float4) * (Size) vector.dim);
	rv_vector_arg_free(&vector);
	PG_RETURN_ARRAYTYPE_P(result);
}
