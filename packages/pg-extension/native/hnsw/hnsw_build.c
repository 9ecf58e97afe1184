/*
 * hnsw_build.c - CREATE INDEX; its phases are in hnsw_build.h.
 */
#include "hnsw_build.h"

#include "access/parallel.h"
#include "access/tableam.h"
#include "access/xloginsert.h"
#include "catalog/index.h"
#include "catalog/pg_type_d.h"
#include "commands/progress.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "pgstat.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"

/* Checks what the index is to be, to pgvector's messages. */
void
rv_hnsw_build_init(HnswBuild *build, Relation heap, Relation index, IndexInfo *indexInfo, ForkNumber fork)
{
	Form_pg_attribute column = TupleDescAttr(RelationGetDescr(index), 0);

	memset(build, 0, sizeof(*build));
	build->heap = heap;
	build->index = index;
	build->indexInfo = indexInfo;
	build->fork = fork;
	build->m = rv_hnsw_m(index);
	build->efConstruction = rv_hnsw_ef_construction(index);
	build->dimensions = column->atttypmod;

	if (column->atttypid == VARBITOID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("type not supported for hnsw index")));
	if (build->dimensions < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column does not have dimensions")));
	if (build->dimensions > HNSW_MAX_DIM)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column cannot have more than %d dimensions for hnsw index", HNSW_MAX_DIM)));
	if (build->efConstruction < 2 * build->m)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ef_construction must be greater than or equal to 2 * m")));
	rv_hnsw_support(index, &build->support);

	build->context = AllocSetContextCreate(CurrentMemoryContext, "hnsw build", ALLOCSET_DEFAULT_SIZES);
	build->rowContext = AllocSetContextCreate(build->context, "hnsw build row", ALLOCSET_DEFAULT_SIZES);
}

void
rv_hnsw_build_report(HnswBuild *build)
{
	uint64		done = build->shared != NULL ? pg_atomic_read_u64(&build->shared->done) : build->done;

	if (build->reports)
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, (int64) done);
}

static void
count_rows(HnswBuild *build, uint64 rows)
{
	if (build->shared != NULL)
		pg_atomic_fetch_add_u64(&build->shared->done, (int64) rows);
	else
		build->done += rows;
	rv_hnsw_build_report(build);
}

/* Once all rows are loaded their number is known, unless some are still to come. */
static void
report_total(HnswBuild *build, bool full)
{
	if (build->reports && !full)
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_TOTAL, (int64) rv_hnsw_graph_count(build->graph));
}

/* Does a step for all slots, some at a time, as far as this process is concerned. */
static void
for_all_slots(HnswBuild *build, uint32 (*step) (HnswGraph *, uint32, uint32), pg_atomic_uint32 *sharedNext)
{
	uint32		count = rv_hnsw_graph_count(build->graph);
	uint32		next = 0;

	for (;;)
	{
		uint32		from;

		if (sharedNext != NULL)
			from = pg_atomic_fetch_add_u32(sharedNext, HNSW_BUILD_CHUNK);
		else
		{
			from = next;
			next += HNSW_BUILD_CHUNK;
		}
		if (from >= count)
			break;
		count_rows(build, step(build->graph, from, Min(from + HNSW_BUILD_CHUNK, count)));
	}
}

static void
write_graph(HnswBuild *build)
{
	rv_hnsw_graph_write(build->graph, build->index, build->fork, build->efConstruction);
}

/* The phases after loading. */
void
rv_hnsw_build_finish_graph(HnswBuild *build)
{
	MemoryContext caller = MemoryContextSwitchTo(build->context);

	if (build->shared == NULL)
	{
		report_total(build, build->full);
		rv_hnsw_graph_link_highest(build->graph);
		for_all_slots(build, rv_hnsw_graph_link, NULL);
		for_all_slots(build, rv_hnsw_graph_refine, NULL);
		write_graph(build);
	}
	else
	{
		Barrier    *barrier = &build->shared->barrier;

		/* Who comes late finds a later phase and joins it. */
		while (BarrierPhase(barrier) < HNSW_BUILD_DONE)
		{
			/* One of those that waited is told to do what is to be done once. */
			switch (BarrierPhase(barrier))
			{
				case HNSW_BUILD_LOAD:
					if (BarrierArriveAndWait(barrier, WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN))
						rv_hnsw_graph_link_highest(build->graph);
					break;
				case HNSW_BUILD_LINK:
					report_total(build, pg_atomic_read_u32(&build->shared->full) != 0);
					for_all_slots(build, rv_hnsw_graph_link, &build->shared->nextSlot);
					BarrierArriveAndWait(barrier, WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN);
					break;
				case HNSW_BUILD_REFINE:
					for_all_slots(build, rv_hnsw_graph_refine, &build->shared->nextRefined);
					if (BarrierArriveAndWait(barrier, WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN))
						write_graph(build);
					break;
				default:
					BarrierArriveAndWait(barrier, WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN);
			}
		}
		rv_hnsw_build_report(build);
	}
	build->written = true;
	MemoryContextSwitchTo(caller);
}

static void
notice_full(uint64 rows)
{
	ereport(NOTICE,
			(errmsg("hnsw graph no longer fits into maintenance_work_mem after " UINT64_FORMAT " tuples", rows),
			 errdetail("Building will take significantly more time."),
			 errhint("Increase maintenance_work_mem to speed up builds.")));
}

/* Appends a value to the graph; false when it has to go to pages. */
static bool
append(HnswBuild *build, const Vector *value, ItemPointer row)
{
	if (build->shared != NULL && pg_atomic_read_u32(&build->shared->full) != 0)
	{
		rv_hnsw_build_finish_graph(build);
		return false;
	}
	if (rv_hnsw_graph_append(build->graph, value, row))
		return true;
	build->full = true;
	if (build->shared == NULL || pg_atomic_exchange_u32(&build->shared->full, 1) == 0)
		notice_full(rv_hnsw_graph_count(build->graph));
	rv_hnsw_build_finish_graph(build);
	return false;
}

/* One row of the table. */
void
rv_hnsw_build_row(Relation index, ItemPointer row, Datum *values, bool *isnull, bool alive, void *state)
{
	HnswBuild  *build = (HnswBuild *) state;
	MemoryContext caller;
	const Vector *value;

	(void) alive;
	if (isnull[0])
		return;
	caller = MemoryContextSwitchTo(build->rowContext);
	value = rv_hnsw_form_value(values[0], &build->support);
	if (value != NULL)
	{
		rv_check_typmod(build->dimensions, value->dim);
		if (build->written || !append(build, value, row))
		{
			rv_hnsw_insert_value(index, &build->support, value, row, true);
			count_rows(build, 1);
		}
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(build->rowContext);
}

/* Memory for the graph of one process: what it may have, or what the table can need at most. */
static void
create_graph(HnswBuild *build)
{
	MemoryContext caller = MemoryContextSwitchTo(build->context);
	uint64		rows = build->heap == NULL ? 0 : (uint64) RelationGetNumberOfBlocks(build->heap) * MaxHeapTuplesPerPage;
	Size		bytes = Min(rv_hnsw_graph_share((Size) maintenance_work_mem * 1024, build->dimensions, build->m),
							rv_hnsw_graph_bytes(rows + 1, build->dimensions, build->m));
	HnswGraphLocks none = {NULL, 0};
	void	   *memory;

	bytes = Max(bytes, rv_hnsw_graph_bytes(1, build->dimensions, build->m));
	memory = MemoryContextAllocHuge(build->context, bytes);
	if (!rv_hnsw_graph_create(memory, bytes, build->dimensions, build->m))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("hnsw graph has no room for a row")));
	build->graph = rv_hnsw_graph_attach(memory, &build->support, build->efConstruction, none);
	MemoryContextSwitchTo(caller);
}

/* As many workers as the table and the settings allow. */
static int
worker_count(Relation heap, Relation index)
{
	int			workers = plan_create_index_workers(RelationGetRelid(heap), RelationGetRelid(index));

	if (workers == 0)
		return 0;
	/* The planner's number follows the size of the table; the work of a graph is far beyond it. */
	workers = RelationGetParallelWorkers(heap, -1);
	return workers == -1 ? max_parallel_maintenance_workers : Min(workers, max_parallel_maintenance_workers);
}

static void
build_index(HnswBuild *build)
{
	int			workers = build->heap == NULL ? 0 : worker_count(build->heap, build->index);

	build->reports = build->heap != NULL;
	if (build->reports)
		pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, HNSW_PHASE_LOAD);
	if (workers == 0 || !rv_hnsw_build_parallel(build, workers))
	{
		create_graph(build);
		if (build->heap != NULL)
			build->tableRows = table_index_build_scan(build->heap, build->index, build->indexInfo, true, true,
													  rv_hnsw_build_row, build, NULL);
		if (!build->written)
			rv_hnsw_build_finish_graph(build);
	}
	if (RelationNeedsWAL(build->index) || build->fork == INIT_FORKNUM)
		log_newpage_range(build->index, build->fork, 0, RelationGetNumberOfBlocksInFork(build->index, build->fork),
						  true);
	MemoryContextDelete(build->context);
}

IndexBuildResult *
rv_hnsw_build(Relation heap, Relation index, IndexInfo *indexInfo)
{
	IndexBuildResult *result = (IndexBuildResult *) palloc(sizeof(IndexBuildResult));
	HnswBuild	build;

	rv_hnsw_build_init(&build, heap, index, indexInfo, MAIN_FORKNUM);
	build_index(&build);
	result->heap_tuples = build.tableRows;
	result->index_tuples = (double) build.done;
	return result;
}

/* The init fork of an unlogged index. */
void
rv_hnsw_build_empty(Relation index)
{
	HnswBuild	build;

	rv_hnsw_build_init(&build, NULL, index, BuildIndexInfo(index), INIT_FORKNUM);
	build_index(&build);
}
