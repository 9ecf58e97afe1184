/*
 * hnsw_index.c - what every operation asks of an index: operator class, values,
 * metapage.
 */
#include "hnsw.h"

#include "ruvector/simd.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

/* The layout on disk is a contract. */
StaticAssertDecl(sizeof(HnswMeta) == 28, "metapage");
StaticAssertDecl(offsetof(HnswMeta, entryBlkno) == 16 && offsetof(HnswMeta, insertPage) == 24, "metapage");
StaticAssertDecl(sizeof(HnswOpaque) == 8, "special space");
StaticAssertDecl(offsetof(HnswElement, rows) == 4 && offsetof(HnswElement, neighbors) == 64 &&
				 offsetof(HnswElement, value) == 72, "element tuple");
StaticAssertDecl(offsetof(HnswNeighbors, links) == 4, "neighbour tuple");

extern PGDLLEXPORT Datum l2_distance(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum vector_l2_squared_distance(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum vector_negative_inner_product(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum l1_distance(PG_FUNCTION_ARGS);

/* Which metric a distance function orders by; the functions are this library's own. */
static bool
metric_of(PGFunction function, HnswMetric *metric)
{
	if (function == vector_l2_squared_distance || function == l2_distance)
		*metric = HNSW_METRIC_L2;
	else if (function == vector_negative_inner_product)
		*metric = HNSW_METRIC_INNER_PRODUCT;
	else if (function == l1_distance)
		*metric = HNSW_METRIC_L1;
	else
		return false;
	return true;
}

/*
 * Reads the operator class.  Its functions are recognised by address, so that
 * distances are kernels and never calls of SQL functions.
 */
void
rv_hnsw_support(Relation index, HnswSupport *support)
{
	FmgrInfo   *distance = index_getprocinfo(index, 1, HNSW_DISTANCE_PROC);
	RegProcedure norm = index_getprocid(index, 1, HNSW_NORM_PROC);
	RegProcedure info = index_getprocid(index, 1, HNSW_TYPE_INFO_PROC);
	Oid		   *argumentTypes;
	int			argumentCount;

	/* A class of one's own could say anything of its type. */
	(void) get_func_signature(distance->fn_oid, &argumentTypes, &argumentCount);
	if (OidIsValid(info) || !metric_of(distance->fn_addr, &support->metric) ||
		argumentCount != 2 || argumentTypes[0] != index->rd_opcintype[0])
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("operator class of index \"%s\" is not supported", RelationGetRelationName(index)),
				 errdetail("Its distance function is %s.",
						   format_procedure(index_getprocid(index, 1, HNSW_DISTANCE_PROC))),
				 errhint("Use vector_l2_ops, vector_ip_ops, vector_cosine_ops or vector_l1_ops.")));
	support->normalize = OidIsValid(norm);
}

/* A vector divided by its norm, or NULL when that is zero.  Palloc'd. */
static Vector *
normalized(const Vector *value, bool zero_allowed)
{
	double		norm = rv_simd->norm_f32(value->x, (size_t) value->dim);
	Vector	   *result;

	if (!(norm > 0) && !zero_allowed)
		return NULL;
	result = rv_vector_new(value->dim);
	if (norm > 0)
	{
		for (int i = 0; i < value->dim; i++)
			result->x[i] = (float4) (value->x[i] / norm);
		rv_check_overflow(result->x, value->dim);
	}
	else
		memset(result->x, 0, sizeof(float4) * (Size) value->dim);
	return result;
}

static const Vector *
detoasted(Datum datum)
{
	const Vector *value = (const Vector *) PG_DETOAST_DATUM(datum);

	if (unlikely(VARSIZE(value) < VECTOR_SIZE(0) || value->dim < 1 || value->dim > VECTOR_MAX_DIM ||
				 VARSIZE(value) != VECTOR_SIZE(value->dim)))
		rv_vector_corrupted();
	return value;
}

/* The value to index, in the current memory context; NULL for one that is not indexed (zero under cosine). */
const Vector *
rv_hnsw_form_value(Datum datum, const HnswSupport *support)
{
	const Vector *value = detoasted(datum);

	return support->normalize ? normalized(value, false) : value;
}

/* The value to search for. */
const Vector *
rv_hnsw_form_query(Datum datum, const HnswSupport *support)
{
	const Vector *value = detoasted(datum);

	return support->normalize ? normalized(value, true) : value;
}

void
rv_hnsw_corrupted(Relation index, BlockNumber blkno, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("index \"%s\" is corrupted: %s in block %u", RelationGetRelationName(index), what, blkno),
			 errhint("Rebuild it with REINDEX.")));
}

/* A page that a chain or a link leads to holds tuples of an index, and is no other's. */
void
rv_hnsw_check_page(Relation index, BlockNumber blkno, Page page)
{
	if (unlikely(blkno == HNSW_METAPAGE || PageIsNew(page) ||
				 PageGetSpecialSize(page) != MAXALIGN(sizeof(HnswOpaque)) ||
				 HnswPageOpaque(page)->pageId != HNSW_PAGE_ID))
		rv_hnsw_corrupted(index, blkno, "no page of elements where one should be");
}

/* The next page of the chain, which ascends; the chain ends with InvalidBlockNumber. */
BlockNumber
rv_hnsw_next_page(Relation index, BlockNumber blkno, Page page)
{
	BlockNumber next = HnswPageOpaque(page)->nextblkno;

	if (unlikely(next <= blkno))
		rv_hnsw_corrupted(index, blkno, "a chain of pages that does not ascend");
	return next;
}

/* Where an element's links are: on its page or on a later one, which is the order of locks. */
BlockNumber
rv_hnsw_links_block(Relation index, BlockNumber blkno, const HnswElement *element)
{
	BlockNumber links = ItemPointerGetBlockNumberNoCheck(&element->neighbors);

	if (unlikely(links < blkno || !BlockNumberIsValid(links)))
		rv_hnsw_corrupted(index, blkno, "an element whose links are nowhere");
	return links;
}

/* Reads the metapage; results that are not wanted are NULL. */
void
rv_hnsw_read_meta(Relation index, int *dimensions, int *m, HnswEntry *entry, BlockNumber *insertPage)
{
	Buffer		buffer = ReadBuffer(index, HNSW_METAPAGE);
	Page		page;
	HnswMeta   *meta;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	page = BufferGetPage(buffer);
	meta = HnswPageMeta(page);
	if (unlikely(PageIsNew(page) || meta->magic != HNSW_MAGIC_NUMBER))
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("hnsw index is not valid"),
				 errhint("Rebuild index \"%s\" with REINDEX.", RelationGetRelationName(index))));
	if (unlikely(meta->version != HNSW_VERSION))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("index \"%s\" has page format %u, and only %d is known",
						RelationGetRelationName(index), meta->version, HNSW_VERSION),
				 errhint("Rebuild it with REINDEX.")));
	if (unlikely(meta->m < HNSW_MIN_M || meta->m > HNSW_MAX_M))
		rv_hnsw_corrupted(index, HNSW_METAPAGE, "m out of range");
	if (dimensions != NULL)
		*dimensions = (int) meta->dimensions;
	if (m != NULL)
		*m = meta->m;
	if (entry != NULL)
	{
		bool		present = BlockNumberIsValid(meta->entryBlkno);

		entry->key = present ? HNSW_KEY(meta->entryBlkno, meta->entryOffno) : HNSW_NO_KEY;
		entry->level = present ? meta->entryLevel : -1;
		if (unlikely(present && (entry->level < 0 || entry->level > HNSW_MAX_LEVEL(meta->m))))
			rv_hnsw_corrupted(index, HNSW_METAPAGE, "level of the entry point out of range");
	}
	if (insertPage != NULL)
		*insertPage = meta->insertPage;
	UnlockReleaseBuffer(buffer);
}

/*
 * Moves the entry point and, where insertPage is valid, the insert page.  A build's
 * pages are logged at its end.
 */
void
rv_hnsw_update_meta(Relation index, HnswEntryUpdate how, const HnswEntry *entry, BlockNumber insertPage,
					bool building)
{
	Buffer		buffer = ReadBuffer(index, HNSW_METAPAGE);
	GenericXLogState *state = NULL;
	Page		page;
	HnswMeta   *meta;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	if (building)
		page = BufferGetPage(buffer);
	else
	{
		state = GenericXLogStart(index);
		page = GenericXLogRegisterBuffer(state, buffer, 0);
	}
	meta = HnswPageMeta(page);
	if (how == HNSW_ENTRY_ALWAYS || (how == HNSW_ENTRY_IF_HIGHER && entry->level > meta->entryLevel))
	{
		bool		present = entry->key != HNSW_NO_KEY;

		meta->entryBlkno = present ? HNSW_KEY_BLOCK(entry->key) : InvalidBlockNumber;
		meta->entryOffno = present ? HNSW_KEY_OFFSET(entry->key) : InvalidOffsetNumber;
		meta->entryLevel = present ? (int16) entry->level : -1;
	}
	if (BlockNumberIsValid(insertPage))
		meta->insertPage = insertPage;
	if (building)
		MarkBufferDirty(buffer);
	else
		GenericXLogFinish(state);
	UnlockReleaseBuffer(buffer);
}

void
rv_hnsw_init_page(Page page, Size size)
{
	PageInit(page, size, sizeof(HnswOpaque));
	HnswPageOpaque(page)->nextblkno = InvalidBlockNumber;
	HnswPageOpaque(page)->pageId = HNSW_PAGE_ID;
}

/* An initialised page becomes the metapage of an empty index. */
void
rv_hnsw_init_meta(Page page, int dimensions, int m, int efConstruction)
{
	HnswMeta   *meta = HnswPageMeta(page);

	meta->magic = HNSW_MAGIC_NUMBER;
	meta->version = HNSW_VERSION;
	meta->dimensions = (uint32) dimensions;
	meta->m = (uint16) m;
	meta->efConstruction = (uint16) efConstruction;
	meta->entryBlkno = InvalidBlockNumber;
	meta->entryOffno = InvalidOffsetNumber;
	meta->entryLevel = -1;
	meta->insertPage = InvalidBlockNumber;
	/* What lies past pd_lower is not logged. */
	((PageHeader) page)->pd_lower = (LocationIndex) ((char *) (meta + 1) - (char *) page);
}

/* A new block at the end of a relation that nobody else extends, locked exclusively. */
Buffer
rv_hnsw_new_buffer(Relation index, ForkNumber fork)
{
	Buffer		buffer = ReadBufferExtended(index, fork, P_NEW, RBM_NORMAL, NULL);

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	return buffer;
}
