/*
 * vector.h - the `vector` type: layout, limits and argument access.
 *
 * A vector is a varlena: length word, int16 dim, int16 unused (0), float4[dim];
 * 4-byte aligned, stored EXTERNAL.  The layout on disk and on the wire is
 * pgvector's, so that one library can take over the other's tables.
 */
#ifndef RUVECTOR_VECTOR_H
#define RUVECTOR_VECTOR_H

#include "pg_compat.h"

#include <math.h>

#define VECTOR_MAX_DIM 16000

typedef struct Vector
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int16		dim;			/* 1 to VECTOR_MAX_DIM */
	int16		unused;			/* always zero */
	float4		x[FLEXIBLE_ARRAY_MEMBER];
} Vector;

/* dim is at most VECTOR_MAX_DIM, so this cannot overflow. */
#define VECTOR_SIZE(dim) (offsetof(Vector, x) + sizeof(float4) * (Size) (dim))

/* Bytes of a vector behind its length word. */
#define VECTOR_HEADER (offsetof(Vector, x) - VARHDRSZ)

/*
 * Values of up to 126 bytes carry a one-byte length in tables and are not
 * aligned there; they fit this many floats.
 */
#define VECTOR_SHORT_DIM ((VARATT_SHORT_MAX - VARHDRSZ_SHORT - VECTOR_HEADER) / sizeof(float4))

/*
 * A read-only vector argument, without an allocation where the value lies in the
 * tuple.  `detoasted` is the copy that had to be made of a compressed or
 * out-of-line value, else NULL; it belongs to the current memory context, and
 * functions that index support code calls must free it.
 */
typedef struct VectorArg
{
	const float4 *x;
	int			dim;
	struct varlena *detoasted;
	float4		aligned[VECTOR_SHORT_DIM];
} VectorArg;

extern void rv_vector_arg_slow(Datum datum, VectorArg *arg);
extern void rv_vector_corrupted(void) pg_attribute_noreturn();

static inline void
rv_vector_arg(Datum datum, VectorArg *arg)
{
	Vector	   *vector = (Vector *) DatumGetPointer(datum);

	if (unlikely(VARATT_IS_EXTENDED(vector)))
	{
		rv_vector_arg_slow(datum, arg);
		return;
	}
	if (unlikely(VARSIZE(vector) < VECTOR_SIZE(0) || vector->dim < 0 ||
				 VARSIZE(vector) < VECTOR_SIZE(vector->dim)))
		rv_vector_corrupted();
	arg->x = vector->x;
	arg->dim = vector->dim;
	arg->detoasted = NULL;
}

static inline void
rv_vector_arg_free(VectorArg *arg)
{
	if (arg->detoasted != NULL)
		pfree(arg->detoasted);
}

/* Two arguments of a distance or an arithmetic operator. */
#define RV_GETARG_VECTOR_PAIR(a, b) \
	do { \
		rv_vector_arg(PG_GETARG_DATUM(0), &(a)); \
		rv_vector_arg(PG_GETARG_DATUM(1), &(b)); \
		rv_check_same_dim((a).dim, (b).dim); \
	} while (0)

/* A new vector whose elements the caller fills in. */
extern Vector *rv_vector_new(int dim);

/* Errors, to pgvector's text and SQLSTATE. */
extern void rv_error_different_dims(int a, int b) pg_attribute_noreturn();
extern void rv_error_unexpected_dim(int expected, int dim) pg_attribute_noreturn();
extern void rv_error_no_dimensions(void) pg_attribute_noreturn();
extern void rv_error_too_many_dimensions(void) pg_attribute_noreturn();
extern void rv_error_not_finite(float4 value) pg_attribute_noreturn();

static inline void
rv_check_same_dim(int a, int b)
{
	if (unlikely(a != b))
		rv_error_different_dims(a, b);
}

/* A typmod of -1 allows any number of dimensions. */
static inline void
rv_check_typmod(int32 typmod, int dim)
{
	if (unlikely(typmod != -1 && typmod != dim))
		rv_error_unexpected_dim(typmod, dim);
}

static inline void
rv_check_dim(int64 dim)
{
	if (unlikely(dim < 1))
		rv_error_no_dimensions();
	if (unlikely(dim > VECTOR_MAX_DIM))
		rv_error_too_many_dimensions();
}

/* Are all elements finite?  An exponent of all ones is infinity or NaN. */
static inline bool
rv_all_finite(const float4 *x, int dim)
{
	uint32		bad = 0;

	for (int i = 0; i < dim; i++)
	{
		uint32		bits;

		memcpy(&bits, &x[i], sizeof(bits));
		bad |= (bits & 0x7F800000) == 0x7F800000;
	}
	return bad == 0;
}

/* Reports the first element that is NaN or infinite, if there is one. */
static inline void
rv_check_finite(const float4 *x, int dim)
{
	if (likely(rv_all_finite(x, dim)))
		return;
	for (int i = 0; i < dim; i++)
		if (!isfinite(x[i]))
			rv_error_not_finite(x[i]);
}

/* Reports an overflow where a result is infinite; the arguments were finite. */
extern void rv_check_overflow(const float4 *x, int dim);

#endif							/* RUVECTOR_VECTOR_H */
