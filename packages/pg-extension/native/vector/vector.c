/*
 * vector.c - what the files of the `vector` type share: argument access,
 * allocation and the errors of pgvector's contract.
 */
#include "row_prefetch.h"

#include "access/detoast.h"
#include "access/table.h"
#include "storage/lmgr.h"
#include "utils/float.h"
#include "utils/rel.h"
#include "utils/relcache.h"

void
rv_vector_corrupted(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("vector value is shorter than its dimensions require"),
			 errhint("The table's page is damaged; restore it from a backup.")));
}

/* Short, compressed and out-of-line values. */
void
rv_vector_arg_slow(Datum datum, VectorArg *arg)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);
	Vector	   *vector;

	/* A pointer to an out-of-line value has a one-byte header too. */
	if (VARATT_IS_SHORT(value) && !VARATT_IS_EXTERNAL(value))
	{
		/* A copy on the stack gives the kernels their alignment. */
		const char *data = VARDATA_SHORT(value);
		Size		bytes = VARSIZE_SHORT(value) - VARHDRSZ_SHORT;
		int16		dim;

		if (bytes < VECTOR_HEADER)
			rv_vector_corrupted();
		memcpy(&dim, data, sizeof(dim));
		if (dim < 0 || bytes < VECTOR_HEADER + sizeof(float4) * (Size) dim)
			rv_vector_corrupted();
		memcpy(arg->aligned, data + VECTOR_HEADER, sizeof(float4) * (Size) dim);
		arg->x = arg->aligned;
		arg->dim = dim;
		arg->detoasted = NULL;
		return;
	}

	vector = (Vector *) pg_detoast_datum(value);
	if (VARSIZE(vector) < VECTOR_SIZE(0) || vector->dim < 0 ||
		VARSIZE(vector) < VECTOR_SIZE(vector->dim))
		rv_vector_corrupted();
	arg->x = vector->x;
	arg->dim = vector->dim;
	arg->detoasted = (struct varlena *) vector;
}

Vector *
rv_vector_new(int dim)
{
	Size		size = VECTOR_SIZE(dim);
	Vector	   *result = (Vector *) palloc(size);

	Assert(dim >= 0 && dim <= VECTOR_MAX_DIM);
	SET_VARSIZE(result, size);
	result->dim = (int16) dim;
	result->unused = 0;
	return result;
}

void
rv_error_different_dims(int a, int b)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("different vector dimensions %d and %d", a, b)));
}

void
rv_error_unexpected_dim(int expected, int dim)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("expected %d dimensions, not %d", expected, dim)));
}

void
rv_error_no_dimensions(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("vector must have at least 1 dimension")));
}

void
rv_error_too_many_dimensions(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("vector cannot have more than %d dimensions", VECTOR_MAX_DIM)));
}

void
rv_error_not_finite(float4 value)
{
	if (isnan(value))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("NaN not allowed in vector")));
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("infinite value not allowed in vector")));
}

void
rv_check_overflow(const float4 *x, int dim)
{
	if (unlikely(!rv_all_finite(x, dim)))
		float_overflow_error();
}

/*
 * Keeps the locks that reading an out-of-line value takes, on the TOAST table and
 * its index, until the transaction ends, as those on the table itself are kept.
 * Otherwise each value acquires and releases both, a tenth of its cost.  Who could
 * wait for them waits for the table's lock first.
 */
void
rv_hold_toast(Datum value, Oid *held)
{
	struct varlena *attr = (struct varlena *) DatumGetPointer(value);
	struct varatt_external pointer;
	Relation	toast;
	ListCell   *cell;

	if (!VARATT_IS_EXTERNAL_ONDISK(attr))
		return;
	VARATT_EXTERNAL_GET_POINTER(pointer, attr);
	if (pointer.va_toastrelid == *held)
		return;
	toast = table_open(pointer.va_toastrelid, AccessShareLock);
	foreach(cell, RelationGetIndexList(toast))
		LockRelationOid(lfirst_oid(cell), AccessShareLock);
	table_close(toast, NoLock);
	*held = pointer.va_toastrelid;
}
