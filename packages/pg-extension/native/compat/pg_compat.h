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

/*
 * What index access methods need.
 */
#include "access/generic_xlog.h"
#include "commands/vacuum.h"
#include "storage/bufmgr.h"
#include "utils/guc.h"
#include "utils/rel.h"

/* 15: a random number generator of its own; random() before */
#if PG_VERSION_NUM >= 150000
#include "common/pg_prng.h"
static inline double
rv_random_double(void)
{
	return pg_prng_double(&pg_global_prng_state);
}
#else
static inline double
rv_random_double(void)
{
	return ((double) random()) / ((double) MAX_RANDOM_VALUE + 1.0);
}
#endif

/* 15: reserved prefixes of settings are enforced, not warned of */
#if PG_VERSION_NUM >= 150000
#define rv_reserve_settings(prefix) MarkGUCPrefixReserved(prefix)
#else
#define rv_reserve_settings(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

/* 16: RelFileNode became RelFileLocator, its relNode relNumber */
#if PG_VERSION_NUM >= 160000
#define RV_FILE_NUMBER(rel) ((rel)->rd_locator.relNumber)
#define RV_FILE_DATABASE(rel) ((rel)->rd_locator.dbOid)
#define RV_FILE_TABLESPACE(rel) ((rel)->rd_locator.spcOid)
#define rv_read_recent_buffer(rel, blkno, recent) \
	ReadRecentBuffer((rel)->rd_locator, MAIN_FORKNUM, blkno, recent)
#else
#define RV_FILE_NUMBER(rel) ((rel)->rd_node.relNode)
#define RV_FILE_DATABASE(rel) ((rel)->rd_node.dbNode)
#define RV_FILE_TABLESPACE(rel) ((rel)->rd_node.spcNode)
#define rv_read_recent_buffer(rel, blkno, recent) \
	ReadRecentBuffer((rel)->rd_node, MAIN_FORKNUM, blkno, recent)
#endif

/* 18: the delay knows of ANALYZE */
#if PG_VERSION_NUM >= 180000
#define rv_vacuum_delay_point() vacuum_delay_point(false)
#else
#define rv_vacuum_delay_point() vacuum_delay_point()
#endif

/* 18: a path is disabled by a count of its own, not by its cost alone */
#if PG_VERSION_NUM >= 180000
#define rv_disable_path(path_) ((path_)->path.disabled_nodes = 2)
#else
#define rv_disable_path(path_) ((void) 0)
#endif

/* 18: EXPLAIN ANALYZE counts searches */
#if PG_VERSION_NUM >= 180000
#define rv_count_search(scan) \
	do { if ((scan)->instrument) (scan)->instrument->nsearches++; } while (0)
#else
#define rv_count_search(scan) ((void) 0)
#endif

/* Capabilities of an access method that came after 14; all absent here but one. */
#if PG_VERSION_NUM >= 170000
#define RV_AM_BUILDS_IN_PARALLEL(routine) ((routine)->amcanbuildparallel = true)
#else
#define RV_AM_BUILDS_IN_PARALLEL(routine) ((void) 0)
#endif

#endif							/* RUVECTOR_PG_COMPAT_H */
