/*
 * pg_compat.h - every PG_VERSION_NUM branch of the native code.
 *
 * Supported: PostgreSQL 14 to 18.  Other files include this one first and know
 * nothing of versions.
 */
#ifndef RUVECTOR_PG_COMPAT_H
#define RUVECTOR_PG_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 140000 || PG_VERSION_NUM >= 190000
#error "RuVector supports PostgreSQL 14 to 18"
#endif

#include "fmgr.h"

/* 16: varlena macros moved out of postgres.h */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/*
 * 16: PG_FUNCTION_INFO_V1 declares the function PGDLLEXPORT itself; before, our
 * own prototype has to.
 */
#if PG_VERSION_NUM >= 160000
#define RV_SQL_FUNCTION(name) PG_FUNCTION_INFO_V1(name)
#else
#define RV_SQL_FUNCTION(name) \
	extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)
#endif

/* 18: a library can carry its name and version */
#if PG_VERSION_NUM >= 180000
#define RV_MODULE_MAGIC(name_, version_) PG_MODULE_MAGIC_EXT(.name = name_, .version = version_)
#else
#define RV_MODULE_MAGIC(name_, version_) PG_MODULE_MAGIC
#endif

/*
 * 16: the soft-error interface of input functions (pg_input_is_valid, COPY ...
 * ON_ERROR ignore).  Before it, an input error is always thrown.
 */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#define rv_input_error(fcinfo, ...) ereturn((fcinfo)->context, (Datum) 0, __VA_ARGS__)
#else
#define rv_input_error(fcinfo, ...) ereport(ERROR, __VA_ARGS__)
#endif

#include "utils/array.h"

/*
 * ARR_DATA_PTR() without the comparison of signed and unsigned that -Wextra
 * objects to in every supported version.
 */
static inline void *
rv_array_data(ArrayType *array)
{
	Size		offset = ARR_HASNULL(array) ? (Size) array->dataoffset : ARR_OVERHEAD_NONULLS(ARR_NDIM(array));

	return (char *) array + offset;
}

#endif							/* RUVECTOR_PG_COMPAT_H */
