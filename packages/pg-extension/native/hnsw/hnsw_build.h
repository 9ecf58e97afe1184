/*
 * hnsw_build.h - what the serial and the parallel part of a build share.
 *
 * A build has five phases, the same for one process and for several:
 *
 *   load    the table is scanned, its values are appended to the graph's memory
 *   high    one process links the highest nodes
 *   link    all processes link the others, some at a time
 *   refine  all processes link the early ones once more
 *   write   one process writes the pages
 *
 * Where memory ends before the table does, the later phases come at that point, and the
 * remaining rows are inserted into the pages one by one.
 */
#ifndef RUVECTOR_PG_HNSW_BUILD_H
#define RUVECTOR_PG_HNSW_BUILD_H

#include "hnsw.h"

#include "port/atomics.h"
#include "storage/barrier.h"
#include "storage/condition_variable.h"
#include "storage/spin.h"

/* Phases of the barrier. */
#define HNSW_BUILD_LOAD 0
#define HNSW_BUILD_HIGH 1
#define HNSW_BUILD_LINK 2
#define HNSW_BUILD_REFINE 3
#define HNSW_BUILD_WRITE 4
#define HNSW_BUILD_DONE 5

/* Slots that a process takes at a time. */
#define HNSW_BUILD_CHUNK 64
#define HNSW_BUILD_LOCKS 1024

/* What several processes share, beside the graph. */
typedef struct HnswShared
{
	Oid			heap;
	Oid			index;
	bool		concurrent;
	int			tranche;

	Barrier		barrier;
	pg_atomic_uint32 full;		/* memory has ended: no more appending */
	pg_atomic_uint32 nextSlot;	/* the first that nobody has taken to link */
	pg_atomic_uint32 nextRefined;	/* the same, to refine */
	pg_atomic_uint64 done;		/* rows in the index */

	slock_t		mutex;
	ConditionVariable finished;
	int			participantsDone;
	double		tableRows;

	LWLock		locks[HNSW_BUILD_LOCKS];
	/* behind it, at BUFFERALIGN: ParallelTableScanDescData */
} HnswShared;

typedef struct HnswBuild
{
	Relation	heap;			/* NULL: an empty index */
	Relation	index;
	IndexInfo  *indexInfo;
	ForkNumber	fork;

	HnswSupport support;
	int			dimensions;
	int			m;
	int			efConstruction;

	HnswGraph  *graph;
	HnswShared *shared;			/* NULL: one process */
	bool		full;			/* memory ended before the table did */
	bool		written;		/* the graph is in pages; rows are inserted there */
	bool		reports;		/* this process reports progress */
	uint64		done;			/* as shared->done, for one process */
	double		tableRows;
	MemoryContext context;
	MemoryContext rowContext;
} HnswBuild;

extern void rv_hnsw_build_init(HnswBuild *build, Relation heap, Relation index, IndexInfo *indexInfo,
							   ForkNumber fork);
extern void rv_hnsw_build_row(Relation index, ItemPointer row, Datum *values, bool *isnull, bool alive,
							  void *state);
extern void rv_hnsw_build_finish_graph(HnswBuild *build);
extern void rv_hnsw_build_report(HnswBuild *build);

/* hnsw_build_parallel.c */
extern bool rv_hnsw_build_parallel(HnswBuild *build, int workers);
extern void rv_hnsw_build_together(HnswBuild *build);

#endif							/* RUVECTOR_PG_HNSW_BUILD_H */
