/*
 * vector_arithmetic.c - vectors from vectors: + - * ||, normalisation, parts,
 * and the signs as bits.
 */
#include "vector.h"

#include "ruvector/simd.h"
#include "utils/float.h"
#include "utils/varbit.h"

RV_SQL_FUNCTION(vector_add);
Datum
vector_add(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	VectorArg	b;
	Vector	   *result;

	RV_GETARG_VECTOR_PAIR(a, b);
	result = rv_vector_new(a.dim);
	for (int i = 0; i < a.dim; i++)
		result->x[i] = a.x[i] + b.x[i];
	rv_check_overflow(result->x, a.dim);
	PG_RETURN_POINTER(result);
}

RV_SQL_FUNCTION(vector_sub);
Datum
vector_sub(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	VectorArg	b;
	Vector	   *result;

	RV_GETARG_VECTOR_PAIR(a, b);
	result = rv_vector_new(a.dim);
	for (int i = 0; i < a.dim; i++)
		result->x[i] = a.x[i] - b.x[i];
	rv_check_overflow(result->x, a.dim);
	PG_RETURN_POINTER(result);
}

/*
 * Element by element.  A product that vanishes though neither factor does is an
 * error, as overflow is; the first offending element decides which is reported.
 */
RV_SQL_FUNCTION(vector_mul);
Datum
vector_mul(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	VectorArg	b;
	Vector	   *result;
	uint32		vanished = 0;

	RV_GETARG_VECTOR_PAIR(a, b);
	result = rv_vector_new(a.dim);
	for (int i = 0; i < a.dim; i++)
	{
		float4		product = a.x[i] * b.x[i];

		vanished |= (product == 0) & (a.x[i] != 0) & (b.x[i] != 0);
		result->x[i] = product;
	}
	if (unlikely(vanished != 0 || !rv_all_finite(result->x, a.dim)))
	{
		for (int i = 0; i < a.dim; i++)
		{
			if (isinf(result->x[i]))
				float_overflow_error();
			if (result->x[i] == 0 && a.x[i] != 0 && b.x[i] != 0)
				float_underflow_error();
		}
	}
	PG_RETURN_POINTER(result);
}

RV_SQL_FUNCTION(vector_concat);
Datum
vector_concat(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	VectorArg	b;
	Vector	   *result;

	rv_vector_arg(PG_GETARG_DATUM(0), &a);
	rv_vector_arg(PG_GETARG_DATUM(1), &b);
	rv_check_dim((int64) a.dim + b.dim);
	result = rv_vector_new(a.dim + b.dim);
	memcpy(result->x, a.x, sizeof(float4) * (Size) a.dim);
	memcpy(result->x + a.dim, b.x, sizeof(float4) * (Size) b.dim);
	PG_RETURN_POINTER(result);
}

/* The zero vector stays zero. */
RV_SQL_FUNCTION(l2_normalize);
Datum
l2_normalize(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	Vector	   *result;
	double		norm;

	rv_vector_arg(PG_GETARG_DATUM(0), &a);
	result = rv_vector_new(a.dim);
	norm = rv_simd->norm_f32(a.x, (size_t) a.dim);
	if (norm > 0)
	{
		for (int i = 0; i < a.dim; i++)
			result->x[i] = (float4) (a.x[i] / norm);
		rv_check_overflow(result->x, a.dim);
	}
	else
		memset(result->x, 0, sizeof(float4) * (Size) a.dim);
	PG_RETURN_POINTER(result);
}

/* count elements from the 1-based start, clamped to the vector at both ends. */
RV_SQL_FUNCTION(subvector);
Datum
subvector(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	int64		start = PG_GETARG_INT32(1);
	int64		count = PG_GETARG_INT32(2);
	int64		end;
	Vector	   *result;

	rv_vector_arg(PG_GETARG_DATUM(0), &a);
	if (count < 1)
		rv_error_no_dimensions();
	end = Min(start + count, (int64) a.dim + 1);
	start = Max(start, 1);
	rv_check_dim(end - start);
	result = rv_vector_new((int) (end - start));
	memcpy(result->x, a.x + start - 1, sizeof(float4) * (Size) (end - start));
	PG_RETURN_POINTER(result);
}

/* One bit a dimension, the first in the highest bit: 1 where the element is > 0. */
RV_SQL_FUNCTION(binary_quantize);
Datum
binary_quantize(PG_FUNCTION_ARGS)
{
	VectorArg	a;
	VarBit	   *result;
	bits8	   *bytes;
	int			whole;

	rv_vector_arg(PG_GETARG_DATUM(0), &a);
	result = (VarBit *) palloc0(VARBITTOTALLEN(a.dim));
	SET_VARSIZE(result, VARBITTOTALLEN(a.dim));
	VARBITLEN(result) = a.dim;
	bytes = VARBITS(result);
	whole = a.dim / BITS_PER_BYTE;
	for (int i = 0; i < whole; i++)
	{
		unsigned int byte = 0;

		for (int j = 0; j < BITS_PER_BYTE; j++)
			byte |= (unsigned int) (a.x[i * BITS_PER_BYTE + j] > 0) << (BITS_PER_BYTE - 1 - j);
		bytes[i] = (bits8) byte;
	}
	for (int i = whole * BITS_PER_BYTE; i < a.dim; i++)
		bytes[i / BITS_PER_BYTE] |= (bits8) ((a.x[i] > 0) << (BITS_PER_BYTE - 1 - i % BITS_PER_BYTE));
	PG_RETURN_VARBIT_P(result);
}
