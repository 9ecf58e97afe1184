/*
 * hnsw_build_parallel.c - a build by several processes.
 *
 * The leader takes part.  Everybody scans a share of the table, then all meet at a
 * barrier, link, refine, meet again, and one writes.  A worker that starts late joins the phase
 * that it finds; one that cannot start is not waited for.  The graph lies in a dynamic
 * shared memory segment of maintenance_work_mem.
 */
#include "hnsw_build.h"

#include "access/parallel.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/shmem.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#define KEY_SHARED UINT64CONST(0xB000000000000001)
#define KEY_GRAPH UINT64CONST(0xB000000000000002)
#define KEY_QUERY_TEXT UINT64CONST(0xB000000000000003)

/* Left of maintenance_work_mem for the segment's other parts: containers often limit shared memory to its default. */
#define OTHER_SHARED_MEMORY ((Size) 3 * 1024 * 1024)

PGDLLEXPORT void HnswParallelBuildMain(dsm_segment *segment, shm_toc *toc);

static ParallelTableScanDesc
table_scan_of(HnswShared *shared)
{
	return (ParallelTableScanDesc) ((char *) shared + BUFFERALIGN(sizeof(HnswShared)));
}

/*
 * The tranche of our locks, one for the server: its number is remembered in the room
 * that shared memory keeps for small things.
 */
static int
lock_tranche(void)
{
	int		   *tranche;
	bool		found;

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	tranche = (int *) ShmemInitStruct("ruvector hnsw build locks", sizeof(int), &found);
	if (!found)
		*tranche = LWLockNewTrancheId();
	LWLockRelease(AddinShmemInitLock);
	return *tranche;
}

/* A participant's part, from its scan to the end. */
void
rv_hnsw_build_together(HnswBuild *build)
{
	HnswShared *shared = build->shared;
	double		rows;

	/* Phases after loading begin where a participant's scan ends, or its memory. */
	if (BarrierAttach(&shared->barrier) != HNSW_BUILD_LOAD)
		rv_hnsw_build_finish_graph(build);
	rows = table_index_build_scan(build->heap, build->index, build->indexInfo, true, build->reports,
								  rv_hnsw_build_row, build,
								  table_beginscan_parallel(build->heap, table_scan_of(shared)));
	if (!build->written)
		rv_hnsw_build_finish_graph(build);
	BarrierDetach(&shared->barrier);

	SpinLockAcquire(&shared->mutex);
	shared->participantsDone++;
	shared->tableRows += rows;
	SpinLockRelease(&shared->mutex);
	ereport(DEBUG1, (errmsg_internal("%s processed %.0f tuples", build->reports ? "leader" : "worker", rows)));
	ConditionVariableSignal(&shared->finished);
}

/* The entry of a worker; PostgreSQL finds it by this name. */
void
HnswParallelBuildMain(dsm_segment *segment, shm_toc *toc)
{
	HnswShared *shared = (HnswShared *) shm_toc_lookup(toc, KEY_SHARED, false);
	void	   *memory = shm_toc_lookup(toc, KEY_GRAPH, false);
	HnswGraphLocks locks = {shared->locks, HNSW_BUILD_LOCKS};
	LOCKMODE	heapLock = shared->concurrent ? ShareUpdateExclusiveLock : ShareLock;
	LOCKMODE	indexLock = shared->concurrent ? RowExclusiveLock : AccessExclusiveLock;
	HnswBuild	build;
	Relation	heap,
				index;
	IndexInfo  *indexInfo;

	(void) segment;
	debug_query_string = (const char *) shm_toc_lookup(toc, KEY_QUERY_TEXT, true);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	LWLockRegisterTranche(shared->tranche, "HnswBuild");

	heap = table_open(shared->heap, heapLock);
	index = index_open(shared->index, indexLock);
	indexInfo = BuildIndexInfo(index);
	indexInfo->ii_Concurrent = shared->concurrent;
	rv_hnsw_build_init(&build, heap, index, indexInfo, MAIN_FORKNUM);
	build.shared = shared;
	build.graph = rv_hnsw_graph_attach(memory, &build.support, build.efConstruction, locks);
	rv_hnsw_build_together(&build);
	MemoryContextDelete(build.context);
	index_close(index, indexLock);
	table_close(heap, heapLock);
}

/* Waits until every participant has done its part, and takes over what they counted. */
static void
wait_for_participants(HnswBuild *build, int participants)
{
	HnswShared *shared = build->shared;

	for (;;)
	{
		bool		all;

		SpinLockAcquire(&shared->mutex);
		all = shared->participantsDone == participants;
		build->tableRows = shared->tableRows;
		SpinLockRelease(&shared->mutex);
		if (all)
			break;
		ConditionVariableSleep(&shared->finished, WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN);
		rv_hnsw_build_report(build);
	}
	ConditionVariableCancelSleep();
	build->done = pg_atomic_read_u64(&shared->done);
	rv_hnsw_build_report(build);
}

static void
end_parallel(ParallelContext *context, Snapshot snapshot)
{
	WaitForParallelWorkersToFinish(context);
	if (IsMVCCSnapshot(snapshot))
		UnregisterSnapshot(snapshot);
	DestroyParallelContext(context);
	ExitParallelMode();
}

static void
init_shared(HnswShared *shared, HnswBuild *build, Snapshot snapshot)
{
	shared->heap = RelationGetRelid(build->heap);
	shared->index = RelationGetRelid(build->index);
	shared->concurrent = build->indexInfo->ii_Concurrent;
	shared->tranche = lock_tranche();
	LWLockRegisterTranche(shared->tranche, "HnswBuild");
	BarrierInit(&shared->barrier, 0);
	pg_atomic_init_u32(&shared->full, 0);
	pg_atomic_init_u32(&shared->nextSlot, 0);
	pg_atomic_init_u32(&shared->nextRefined, 0);
	pg_atomic_init_u64(&shared->done, 0);
	SpinLockInit(&shared->mutex);
	ConditionVariableInit(&shared->finished);
	shared->participantsDone = 0;
	shared->tableRows = 0;
	for (int i = 0; i < HNSW_BUILD_LOCKS; i++)
		LWLockInitialize(&shared->locks[i], shared->tranche);
	table_parallelscan_initialize(build->heap, table_scan_of(shared), snapshot);
}

/* Builds with workers; false, with nothing done, when none can be had. */
bool
rv_hnsw_build_parallel(HnswBuild *build, int workers)
{
	ParallelContext *context;
	Snapshot	snapshot;
	Size		sharedBytes,
				graphBytes;
	uint64		mostRows = (uint64) RelationGetNumberOfBlocks(build->heap) * MaxHeapTuplesPerPage;
	HnswGraphLocks locks;
	HnswShared *shared;
	void	   *memory;

	graphBytes = (Size) maintenance_work_mem * 1024;
	if (graphBytes > 2 * OTHER_SHARED_MEMORY)
		graphBytes -= OTHER_SHARED_MEMORY;
	graphBytes = rv_hnsw_graph_share(graphBytes, build->dimensions, build->m);
	graphBytes = Min(graphBytes, rv_hnsw_graph_bytes(mostRows + 1, build->dimensions, build->m));
	graphBytes = Max(graphBytes, rv_hnsw_graph_bytes(1, build->dimensions, build->m));

	EnterParallelMode();
	context = CreateParallelContext("vector", "HnswParallelBuildMain", workers);
	snapshot = build->indexInfo->ii_Concurrent ? RegisterSnapshot(GetTransactionSnapshot()) : SnapshotAny;
	sharedBytes = add_size(BUFFERALIGN(sizeof(HnswShared)), table_parallelscan_estimate(build->heap, snapshot));
	shm_toc_estimate_chunk(&context->estimator, sharedBytes);
	shm_toc_estimate_chunk(&context->estimator, graphBytes);
	shm_toc_estimate_keys(&context->estimator, 2);
	if (debug_query_string != NULL)
	{
		shm_toc_estimate_chunk(&context->estimator, strlen(debug_query_string) + 1);
		shm_toc_estimate_keys(&context->estimator, 1);
	}
	InitializeParallelDSM(context);
	/* No shared memory to be had. */
	if (context->seg == NULL)
	{
		end_parallel(context, snapshot);
		return false;
	}

	shared = (HnswShared *) shm_toc_allocate(context->toc, sharedBytes);
	init_shared(shared, build, snapshot);
	shm_toc_insert(context->toc, KEY_SHARED, shared);
	memory = shm_toc_allocate(context->toc, graphBytes);
	if (!rv_hnsw_graph_create(memory, graphBytes, build->dimensions, build->m))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("hnsw graph has no room for a row")));
	shm_toc_insert(context->toc, KEY_GRAPH, memory);
	if (debug_query_string != NULL)
	{
		Size		bytes = strlen(debug_query_string) + 1;
		char	   *text = (char *) shm_toc_allocate(context->toc, bytes);

		memcpy(text, debug_query_string, bytes);
		shm_toc_insert(context->toc, KEY_QUERY_TEXT, text);
	}

	LaunchParallelWorkers(context);
	if (context->nworkers_launched == 0)
	{
		end_parallel(context, snapshot);
		return false;
	}
	ereport(DEBUG1, (errmsg("using %d parallel workers", context->nworkers_launched)));

	locks.locks = shared->locks;
	locks.count = HNSW_BUILD_LOCKS;
	build->shared = shared;
	build->graph = rv_hnsw_graph_attach(memory, &build->support, build->efConstruction, locks);
	rv_hnsw_build_together(build);
	/* A worker that died before it began would be waited for without end. */
	WaitForParallelWorkersToAttach(context);
	wait_for_participants(build, context->nworkers_launched + 1);
	build->shared = NULL;
	end_parallel(context, snapshot);
	return true;
}
