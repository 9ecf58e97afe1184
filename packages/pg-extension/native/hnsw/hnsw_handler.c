/*
 * hnsw_handler.c - the access method: its capabilities, its cost, its routines.
 */
#include "hnsw.h"

#include <math.h>

#include "access/amapi.h"
#include "commands/progress.h"
#include "optimizer/cost.h"
#include "utils/float.h"
#include "utils/selfuncs.h"
#include "utils/spccache.h"

static char *
build_phase_name(int64 phase)
{
	switch (phase)
	{
		case PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE:
			return "initializing";
		case HNSW_PHASE_LOAD:
			return "loading tuples";
		default:
			return NULL;
	}
}

/* Operator classes are checked when an index uses them, as in pgvector. */
static bool
validate(Oid opclass pg_attribute_unused())
{
	return true;
}

/*
 * The share of the index's tuples that a scan looks at before it returns the first:
 * m for each upper layer, and at layer 0 the 2m links of ef_search hops, less those
 * seen before.  The form, and the 0.55, are pgvector's, so that plans stay what they
 * were when one library takes over from the other.
 */
static double
visited_share(double tuples, int m)
{
	double		upper,
				hops,
				fresh;

	if (tuples <= 0)
		return 1;
	upper = (int) (log(tuples) * (1 / log(m))) * m;
	hops = HNSW_LAYER_LINKS(m, 0) * (double) hnsw_ef_search;
	fresh = 0.55 * log(tuples) / (log(m) * (1 + log(hnsw_ef_search)));
	return Min((upper + hops * fresh) / tuples, 1);
}

static void
cost_estimate(PlannerInfo *root, IndexPath *path, double loopCount, Cost *startupCost, Cost *totalCost,
			  Selectivity *selectivity, double *correlation, double *pages)
{
	IndexOptInfo *info = path->indexinfo;
	GenericCosts costs;
	Relation	index;
	int			m;
	double		share,
				startupPages,
				seqPageCost;

	/* Without an order there is nothing that the index could find. */
	if (path->indexorderbys == NIL)
	{
		*startupCost = get_float8_infinity();
		*totalCost = get_float8_infinity();
		*selectivity = 0;
		*correlation = 0;
		*pages = 0;
		rv_disable_path(path);
		return;
	}

	MemSet(&costs, 0, sizeof(costs));
	genericcostestimate(root, path, loopCount, &costs);

	index = index_open(info->indexoid, NoLock);
	rv_hnsw_read_meta(index, NULL, &m, NULL, NULL);
	index_close(index, NoLock);
	share = visited_share(info->tuples, m);

	get_tablespace_page_costs(info->reltablespace, NULL, &seqPageCost);
	costs.indexStartupCost = costs.indexTotalCost * share;

	/*
	 * A sequential scan is not charged for out-of-line values, which may be most of
	 * the table.  An index that reads more pages than the table has is then charged
	 * for the table's only, and as sequential ones.
	 */
	startupPages = costs.numIndexPages * share;
	if (startupPages > info->rel->pages && share < 0.5)
	{
		costs.indexStartupCost -= startupPages * (costs.spc_random_page_cost - seqPageCost);
		costs.indexStartupCost -= (startupPages - info->rel->pages) * seqPageCost;
	}

	*startupCost = costs.indexStartupCost;
	*totalCost = costs.indexTotalCost;
	*selectivity = costs.indexSelectivity;
	*correlation = costs.indexCorrelation;
	*pages = costs.numIndexPages;
}

/* Members that are not set are false, zero or NULL: not possible here. */
RV_SQL_FUNCTION(hnswhandler);
Datum
hnswhandler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *routine = makeNode(IndexAmRoutine);

	(void) fcinfo;
	routine->amsupport = 3;
	routine->amcanorderbyop = true;
	routine->amoptionalkey = true;
	routine->amparallelvacuumoptions = VACUUM_OPTION_PARALLEL_BULKDEL;
	routine->amkeytype = InvalidOid;
	RV_AM_BUILDS_IN_PARALLEL(routine);

	routine->ambuild = rv_hnsw_build;
	routine->ambuildempty = rv_hnsw_build_empty;
	routine->aminsert = rv_hnsw_insert;
	routine->ambulkdelete = rv_hnsw_bulk_delete;
	routine->amvacuumcleanup = rv_hnsw_vacuum_cleanup;
	routine->amcostestimate = cost_estimate;
	routine->amoptions = rv_hnsw_options;
	routine->ambuildphasename = build_phase_name;
	routine->amvalidate = validate;
	routine->ambeginscan = rv_hnsw_begin_scan;
	routine->amrescan = rv_hnsw_rescan;
	routine->amgettuple = rv_hnsw_get_tuple;
	routine->amendscan = rv_hnsw_end_scan;
	PG_RETURN_POINTER(routine);
}
