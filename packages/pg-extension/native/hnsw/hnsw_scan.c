/*
 * hnsw_scan.c - ordered scans.
 *
 * The order is by distance.  Without iterative scans a scan returns at most ef_search
 * elements.  With them it searches on when they are used up: in relaxed order each
 * batch is ordered in itself; in strict order what is nearer than something returned
 * already is left out.  Past max_scan_tuples, or past the memory of a scan, what was
 * seen is returned and nothing new is searched for.
 */
#include "hnsw.h"

#include "access/relscan.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

typedef struct HnswScan
{
	HnswSupport support;
	HnswSearch *search;			/* NULL until the first tuple is wanted */
	MemoryContext context;		/* of the search; reset by a rescan */
	HnswFound	found;			/* the element whose rows are being returned */
	int			rowsLeft;
	double		lastDistance;
	uint64		returned;
} HnswScan;

IndexScanDesc
rv_hnsw_begin_scan(Relation index, int keyCount, int orderByCount)
{
	IndexScanDesc scan = RelationGetIndexScan(index, keyCount, orderByCount);
	HnswScan   *state = (HnswScan *) palloc0(sizeof(HnswScan));

	rv_hnsw_support(index, &state->support);
	state->context = AllocSetContextCreate(CurrentMemoryContext, "hnsw scan", ALLOCSET_DEFAULT_SIZES);
	scan->opaque = state;
	return scan;
}

/* Numbers that depend on no machine, for whoever asks for them (SET client_min_messages = debug2). */
static void
report_search(IndexScanDesc scan)
{
	HnswScan   *state = (HnswScan *) scan->opaque;
	HnswSearchStats stats;

	if (state->search == NULL || !message_level_is_interesting(DEBUG2))
		return;
	rv_hnsw_search_stats(state->search, &stats);
	ereport(DEBUG2,
			(errmsg_internal("hnsw scan of \"%s\": " UINT64_FORMAT " distances, " UINT64_FORMAT " hops, "
							 UINT64_FORMAT " pages, " UINT64_FORMAT " tuples",
							 RelationGetRelationName(scan->indexRelation),
							 stats.distances, stats.hops, stats.pages, state->returned)));
}

void
rv_hnsw_rescan(IndexScanDesc scan, ScanKey keys, int keyCount, ScanKey orderBys, int orderByCount)
{
	HnswScan   *state = (HnswScan *) scan->opaque;

	(void) keyCount;
	(void) orderByCount;
	report_search(scan);
	state->search = NULL;
	state->rowsLeft = 0;
	state->lastDistance = -get_float8_infinity();
	state->returned = 0;
	MemoryContextReset(state->context);
	if (keys != NULL && scan->numberOfKeys > 0)
		memmove(scan->keyData, keys, (Size) scan->numberOfKeys * sizeof(ScanKeyData));
	if (orderBys != NULL && scan->numberOfOrderBys > 0)
		memmove(scan->orderByData, orderBys, (Size) scan->numberOfOrderBys * sizeof(ScanKeyData));
}

static void
start_search(IndexScanDesc scan)
{
	HnswScan   *state = (HnswScan *) scan->opaque;
	MemoryContext caller;
	const Vector *query = NULL;

	pgstat_count_index_scan(scan->indexRelation);
	rv_count_search(scan);
	if (scan->orderByData == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot scan hnsw index without order")));
	/* Others could follow the TID of a row that vacuum has removed; see hnsw.h. */
	if (!IsMVCCSnapshot(scan->xs_snapshot))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("non-MVCC snapshots are not supported with hnsw")));

	caller = MemoryContextSwitchTo(state->context);
	if (!(scan->orderByData->sk_flags & SK_ISNULL))
		query = rv_hnsw_form_query(scan->orderByData->sk_argument, &state->support);
	state->search = rv_hnsw_search_begin(scan->indexRelation, &state->support, query, hnsw_ef_search,
										 hnsw_iterative_scan != HNSW_ITERATIVE_SCAN_OFF);
	rv_hnsw_search_run(state->search);
	MemoryContextSwitchTo(caller);
}

/* The next batch of an iterative scan; false at its end. */
static bool
search_on(HnswScan *state)
{
	double		room = (double) work_mem * 1024.0 * hnsw_scan_mem_multiplier;

	if (hnsw_iterative_scan == HNSW_ITERATIVE_SCAN_OFF)
		return false;
	if (rv_hnsw_search_visited(state->search) >= (uint64) hnsw_max_scan_tuples ||
		(double) rv_hnsw_search_bytes(state->search) > room)
		return rv_hnsw_search_drain(state->search);
	return rv_hnsw_search_resume(state->search);
}

bool
rv_hnsw_get_tuple(IndexScanDesc scan, ScanDirection direction pg_attribute_unused())
{
	HnswScan   *state = (HnswScan *) scan->opaque;

	Assert(ScanDirectionIsForward(direction));
	if (state->search == NULL)
		start_search(scan);
	for (;;)
	{
		while (state->rowsLeft == 0)
		{
			if (rv_hnsw_search_next(state->search, &state->found))
				state->rowsLeft = state->found.rowCount;
			else if (!search_on(state))
				return false;
		}
		state->rowsLeft--;
		if (hnsw_iterative_scan == HNSW_ITERATIVE_SCAN_STRICT)
		{
			if (state->found.distance < state->lastDistance)
				continue;
			state->lastDistance = state->found.distance;
		}
		scan->xs_heaptid = state->found.rows[state->rowsLeft];
		scan->xs_recheck = false;
		scan->xs_recheckorderby = false;
		state->returned++;
		return true;
	}
}

void
rv_hnsw_end_scan(IndexScanDesc scan)
{
	HnswScan   *state = (HnswScan *) scan->opaque;

	report_search(scan);
	MemoryContextDelete(state->context);
	pfree(state);
	scan->opaque = NULL;
}
