/*
 * hnsw.h - the access method `hnsw`: pages, locks, and what its files share.
 *
 * The page format is pgvector's, version 1, with its magic number: an index that
 * either library built is served and changed by the other.
 *
 * Pages.  Block 0 is the metapage (HnswMeta).  From block 1 on, pages are chained
 * by nextblkno and hold two kinds of tuples: an *element* is a value with the rows
 * that have it (up to ten) and its level; a *neighbour tuple* has its links, those
 * of the highest layer first: m for each layer, 2m for layer 0, ended by an invalid
 * TID where there are fewer.  Both stand on one page when they fit there; else the
 * neighbours are on another.  An element that vacuum removed is marked `deleted`,
 * its value zeroed and its `version` raised (1 to 15, in both tuples); its two
 * places are used again for a new element.
 *
 * Invariants, at every prefix of the WAL:
 *  - links lead to places that hold an element; it may have been deleted or
 *    replaced since the link was read, never before vacuum has looked at all
 *    links, so readers look at what they find and never trust what they expect;
 *  - an element's row TIDs, value and version change together, under one lock;
 *  - an element without rows is being deleted: searches walk through it, nobody
 *    links to it any more;
 *  - an insertion writes the element first, links to it after, the entry point last.
 *
 * Locks, in this order:
 *  1. heavyweight page lock HNSW_UPDATE_LOCK: insertions share it; vacuum takes it
 *     exclusively for a moment to wait for those that run, and whoever moves the
 *     entry point holds it exclusively.  (Processes of one parallel build do not
 *     exclude each other by it from PostgreSQL 16 on.  Once their memory has ended they
 *     may move the entry point at the same time; the higher one wins under the lock of
 *     the metapage, and the other one's upper layers serve nobody.)
 *  2. content locks of buffers, one at a time; two only for an element and its
 *     neighbour tuple, or a page and its successor, in ascending order of blocks.
 * Scans take content locks only.  They are right beside vacuum, and on a standby,
 * which replays no heavyweight lock: arrival at an element reads its value, rows
 * and links anew under one content lock, and where the links stand on another page,
 * the two versions are compared.  A place that was used again is another valid
 * element.  Rows that vacuum removed are dead to the snapshot of every scan that
 * may still have read them, hence MVCC snapshots only.
 *
 * The algorithms are templates in packages/hnsw/native; hnsw_search.cpp and hnsw_link.cpp give them a store of
 * pages, hnsw_graph.cpp an arena for the build.
 */
#ifndef RUVECTOR_PG_HNSW_H
#define RUVECTOR_PG_HNSW_H

#ifdef __cplusplus
extern "C"
{
#endif

#include "vector.h"

#include "access/genam.h"
#include "nodes/execnodes.h"
#include "storage/itemptr.h"
#include "storage/lwlock.h"

#define HNSW_MAX_DIM 2000

/* Support functions of an operator class. */
#define HNSW_DISTANCE_PROC 1
#define HNSW_NORM_PROC 2
#define HNSW_TYPE_INFO_PROC 3

#define HNSW_MAGIC_NUMBER 0xA953A953
#define HNSW_VERSION 1
#define HNSW_PAGE_ID 0xFF90

#define HNSW_METAPAGE 0
#define HNSW_FIRST_PAGE 1

/* A heavyweight lock on a "page" of the index; no content lock has to do with it. */
#define HNSW_UPDATE_LOCK 0

#define HNSW_DEFAULT_M 16
#define HNSW_MIN_M 2
#define HNSW_MAX_M 100
#define HNSW_DEFAULT_EF_CONSTRUCTION 64
#define HNSW_MIN_EF_CONSTRUCTION 4
#define HNSW_MAX_EF_CONSTRUCTION 1000
#define HNSW_DEFAULT_EF_SEARCH 40
#define HNSW_MAX_EF_SEARCH 1000

#define HNSW_ELEMENT 1
#define HNSW_NEIGHBORS 2
#define HNSW_ROWS 10
#define HNSW_MAX_VERSION 15

typedef struct HnswMeta
{
	uint32		magic;
	uint32		version;
	uint32		dimensions;
	uint16		m;
	uint16		efConstruction;
	BlockNumber entryBlkno;		/* InvalidBlockNumber while there is no entry point */
	OffsetNumber entryOffno;
	int16		entryLevel;		/* -1 while there is none */
	BlockNumber insertPage;		/* where insertions look for room first */
} HnswMeta;

typedef struct HnswOpaque
{
	BlockNumber nextblkno;
	uint16		unused;
	uint16		pageId;
} HnswOpaque;

typedef struct HnswElement
{
	uint8		type;
	uint8		level;
	uint8		deleted;
	uint8		version;
	ItemPointerData rows[HNSW_ROWS];	/* valid ones first */
	ItemPointerData neighbors;
	uint16		unused;
	Vector		value;
} HnswElement;

typedef struct HnswNeighbors
{
	uint8		type;
	uint8		version;
	uint16		count;			/* (level + 2) * m */
	ItemPointerData links[FLEXIBLE_ARRAY_MEMBER];
} HnswNeighbors;

#define HNSW_ELEMENT_SIZE(dim) MAXALIGN(offsetof(HnswElement, value) + VECTOR_SIZE(dim))
#define HNSW_NEIGHBORS_SIZE(level, m) \
	MAXALIGN(offsetof(HnswNeighbors, links) + ((Size) (level) + 2) * (Size) (m) * sizeof(ItemPointerData))

/* What a new page has for tuples and their line pointers, less one line pointer. */
#define HNSW_PAGE_ROOM \
	(BLCKSZ - MAXALIGN(SizeOfPageHeaderData) - MAXALIGN(sizeof(HnswOpaque)) - sizeof(ItemIdData))

/* The neighbour tuple has to fit a page, the level a byte with bits to spare. */
#define HNSW_MAX_LEVEL(m) \
	Min((int) ((HNSW_PAGE_ROOM - offsetof(HnswNeighbors, links)) / sizeof(ItemPointerData) / (Size) (m)) - 2, 63)

#define HNSW_LAYER_LINKS(m, layer) ((layer) == 0 ? 2 * (m) : (m))
/* Of the first link of a layer. */
#define HNSW_LAYER_START(m, level, layer) (((level) - (layer)) * (m))

#define HnswPageOpaque(page) ((HnswOpaque *) PageGetSpecialPointer(page))
#define HnswPageMeta(page) ((HnswMeta *) PageGetContents(page))

/* A place of an element: its block and line pointer in 48 bits, ascending with the block. */
typedef uint64 HnswKey;

#define HNSW_NO_KEY PG_UINT64_MAX
#define HNSW_KEY(blkno, offno) ((HnswKey) (blkno) << 16 | (offno))
#define HNSW_KEY_OF(tid) \
	HNSW_KEY(ItemPointerGetBlockNumberNoCheck(tid), ItemPointerGetOffsetNumberNoCheck(tid))
#define HNSW_KEY_BLOCK(key) ((BlockNumber) ((key) >> 16))
#define HNSW_KEY_OFFSET(key) ((OffsetNumber) ((key) & 0xFFFF))

/* Reloptions. */
typedef struct HnswOptions
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int			m;
	int			efConstruction;
} HnswOptions;

typedef enum HnswIterativeScan
{
	HNSW_ITERATIVE_SCAN_OFF,
	HNSW_ITERATIVE_SCAN_RELAXED,
	HNSW_ITERATIVE_SCAN_STRICT
} HnswIterativeScan;

/* Settings (hnsw_settings.c). */
extern int	hnsw_ef_search;
extern int	hnsw_iterative_scan;
extern int	hnsw_max_scan_tuples;
extern double hnsw_scan_mem_multiplier;

/*
 * How values are compared: which kernel, and its sign.  L2 orders by the squared
 * distance; cosine is the inner product of normalized values.
 */
typedef enum HnswMetric
{
	HNSW_METRIC_L2,
	HNSW_METRIC_INNER_PRODUCT,
	HNSW_METRIC_L1
} HnswMetric;

/* What the operator class of an index says. */
typedef struct HnswSupport
{
	HnswMetric	metric;
	bool		normalize;		/* values and queries; zero vectors are not indexed */
} HnswSupport;

/* The part of the metapage that changes. */
typedef struct HnswEntry
{
	HnswKey		key;			/* HNSW_NO_KEY while there is none */
	int			level;
} HnswEntry;

/* hnsw_index.c */
extern void rv_hnsw_support(Relation index, HnswSupport *support);
extern int	rv_hnsw_m(Relation index);
extern int	rv_hnsw_ef_construction(Relation index);
extern const Vector *rv_hnsw_form_value(Datum value, const HnswSupport *support);
extern const Vector *rv_hnsw_form_query(Datum value, const HnswSupport *support);
extern void rv_hnsw_read_meta(Relation index, int *dimensions, int *m, HnswEntry *entry, BlockNumber *insertPage);
extern void rv_hnsw_init_page(Page page, Size size);
extern void rv_hnsw_init_meta(Page page, int dimensions, int m, int efConstruction);
extern Buffer rv_hnsw_new_buffer(Relation index, ForkNumber fork);
extern void rv_hnsw_check_page(Relation index, BlockNumber blkno, Page page);
extern BlockNumber rv_hnsw_next_page(Relation index, BlockNumber blkno, Page page);
extern BlockNumber rv_hnsw_links_block(Relation index, BlockNumber blkno, const HnswElement *element);
extern void rv_hnsw_corrupted(Relation index, BlockNumber blkno, const char *what) pg_attribute_noreturn();

/*
 * Where in shared buffers a block was when it was read last (hnsw_hints.c); direct-
 * mapped by block.
 */
typedef struct HnswHints
{
	Buffer	   *buffers;		/* by block & mask; InvalidBuffer where nothing is known */
	uint32		mask;
	bool		pins;			/* may pin by hint: the index fits shared buffers */
} HnswHints;

extern HnswHints rv_hnsw_hints(Relation index);

/* When to move the entry point. */
typedef enum HnswEntryUpdate
{
	HNSW_ENTRY_KEEP,
	HNSW_ENTRY_IF_HIGHER,
	HNSW_ENTRY_ALWAYS
} HnswEntryUpdate;

extern void rv_hnsw_update_meta(Relation index, HnswEntryUpdate how, const HnswEntry *entry,
								BlockNumber insertPage, bool building);

/*
 * hnsw_search.cpp: a scan's search.  Its memory is that of the context which was
 * current when it began, also later.
 */
typedef struct HnswSearch HnswSearch;

/* A found element, nearest first. */
typedef struct HnswFound
{
	float		distance;
	int			rowCount;
	const ItemPointerData *rows;
} HnswFound;

typedef struct HnswSearchStats
{
	uint64		distances;
	uint64		hops;
	uint64		pages;			/* pins */
} HnswSearchStats;

extern HnswSearch *rv_hnsw_search_begin(Relation index, const HnswSupport *support, const Vector *query,
										int efSearch, bool iterative);
extern void rv_hnsw_search_run(HnswSearch *search);
extern bool rv_hnsw_search_resume(HnswSearch *search);
extern bool rv_hnsw_search_drain(HnswSearch *search);
extern bool rv_hnsw_search_next(HnswSearch *search, HnswFound *found);
extern uint64 rv_hnsw_search_visited(const HnswSearch *search);
extern Size rv_hnsw_search_bytes(const HnswSearch *search);
extern void rv_hnsw_search_stats(const HnswSearch *search, HnswSearchStats *stats);

/*
 * hnsw_link.cpp: neighbours of one element, for insertions and repairs.  Memory as
 * above.
 */
typedef struct HnswLinker HnswLinker;

/* A chosen neighbour, and where its links are. */
typedef struct HnswNeighbor
{
	HnswKey		key;
	float		distance;
	uint32		slot;			/* the linker's own number */
	BlockNumber linksBlkno;
	OffsetNumber linksOffno;
	uint8		level;
	uint8		version;
} HnswNeighbor;

extern HnswLinker *rv_hnsw_linker_create(Relation index, const HnswSupport *support, int m, int efConstruction);
extern void rv_hnsw_linker_find(HnswLinker *linker, const Vector *value, int level,
								const HnswEntry *entry, HnswKey self, bool countRowless);
extern int	rv_hnsw_linker_count(const HnswLinker *linker, int layer);
extern const HnswNeighbor *rv_hnsw_linker_neighbors(const HnswLinker *linker, int layer);
extern HnswKey rv_hnsw_linker_equal(HnswLinker *linker, const Vector *value, uint32 *position);

extern bool rv_hnsw_linker_met_rowless(const HnswLinker *linker);

/* Which of a neighbour's links the new element takes. */
#define HNSW_LINK_NONE (-1)
#define HNSW_LINK_FREE (-2)
extern int	rv_hnsw_linker_replaces(HnswLinker *linker, const HnswNeighbor *neighbor, int layer,
									const Vector *value);

/* hnsw_insert.c */
extern void rv_hnsw_insert_value(Relation index, const HnswSupport *support, const Vector *value,
								 ItemPointer row, bool building);
extern void rv_hnsw_set_neighbors(HnswNeighbors *tuple, const HnswLinker *linker, int level, int m, uint8 version);
extern void rv_hnsw_link_back(Relation index, HnswLinker *linker, HnswKey key, const Vector *value, int level,
							  int m, bool building);

/*
 * hnsw_graph.cpp: the graph of a build, in memory that processes may share.
 */
typedef struct HnswGraph HnswGraph;

typedef struct HnswGraphLocks
{
	LWLock	   *locks;			/* NULL: one process */
	int			count;			/* a power of two */
} HnswGraphLocks;

extern int	rv_hnsw_draw_level(int m);
extern Size rv_hnsw_graph_bytes(uint64 rows, int dimensions, int m);
extern Size rv_hnsw_graph_share(Size bytes, int dimensions, int m);
extern bool rv_hnsw_graph_create(void *memory, Size bytes, int dimensions, int m);
extern HnswGraph *rv_hnsw_graph_attach(void *memory, const HnswSupport *support, int efConstruction,
									   HnswGraphLocks locks);
extern bool rv_hnsw_graph_append(HnswGraph *graph, const Vector *value, ItemPointer row);
extern uint32 rv_hnsw_graph_count(const HnswGraph *graph);
extern void rv_hnsw_graph_link_highest(HnswGraph *graph);
extern uint32 rv_hnsw_graph_link(HnswGraph *graph, uint32 from, uint32 to);
extern uint32 rv_hnsw_graph_refine(HnswGraph *graph, uint32 from, uint32 to);
extern void rv_hnsw_graph_write(HnswGraph *graph, Relation index, ForkNumber fork, int efConstruction);

/* A set of places (hnsw_link.cpp), for vacuum; 8 to 16 bytes an element. */
typedef struct HnswKeySet HnswKeySet;

extern HnswKeySet *rv_hnsw_keys_create(void);
extern void rv_hnsw_keys_add(HnswKeySet *set, HnswKey key);
extern bool rv_hnsw_keys_has(const HnswKeySet *set, HnswKey key);
extern uint64 rv_hnsw_keys_count(const HnswKeySet *set);

/* Access method (hnsw_handler.c refers to these). */
extern IndexBuildResult *rv_hnsw_build(Relation heap, Relation index, IndexInfo *indexInfo);
extern void rv_hnsw_build_empty(Relation index);
extern bool rv_hnsw_insert(Relation index, Datum *values, bool *isnull, ItemPointer row, Relation heap,
						   IndexUniqueCheck checkUnique, bool indexUnchanged, IndexInfo *indexInfo);
extern IndexBulkDeleteResult *rv_hnsw_bulk_delete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
												  IndexBulkDeleteCallback callback, void *callbackState);
extern IndexBulkDeleteResult *rv_hnsw_vacuum_cleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats);
extern IndexScanDesc rv_hnsw_begin_scan(Relation index, int keyCount, int orderByCount);
extern void rv_hnsw_rescan(IndexScanDesc scan, ScanKey keys, int keyCount, ScanKey orderBys, int orderByCount);
extern bool rv_hnsw_get_tuple(IndexScanDesc scan, ScanDirection direction);
extern void rv_hnsw_end_scan(IndexScanDesc scan);

/* hnsw_settings.c */
extern void rv_hnsw_define_settings(void);
extern bytea *rv_hnsw_options(Datum reloptions, bool validate);

/* Phases of a build in pg_stat_progress_create_index; 1 is PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE. */
#define HNSW_PHASE_LOAD 2

/* The element at a line pointer, or NULL when there is none that a search could use. */
static inline HnswElement *
rv_hnsw_element(Page page, OffsetNumber offno, Size *length)
{
	ItemId		item;
	HnswElement *element;

	if (unlikely(offno < FirstOffsetNumber || offno > PageGetMaxOffsetNumber(page)))
		return NULL;
	item = PageGetItemId(page, offno);
	*length = ItemIdGetLength(item);
	if (unlikely(!ItemIdIsNormal(item) || *length < offsetof(HnswElement, value) + VECTOR_SIZE(0) ||
				 ItemIdGetOffset(item) + *length > BLCKSZ))
		return NULL;
	element = (HnswElement *) PageGetItem(page, item);
	return element->type == HNSW_ELEMENT ? element : NULL;
}

/* The neighbour tuple at a line pointer, or NULL; its count has been checked against its length. */
static inline HnswNeighbors *
rv_hnsw_neighbors(Page page, OffsetNumber offno)
{
	ItemId		item;
	HnswNeighbors *neighbors;

	if (unlikely(offno < FirstOffsetNumber || offno > PageGetMaxOffsetNumber(page)))
		return NULL;
	item = PageGetItemId(page, offno);
	if (unlikely(!ItemIdIsNormal(item) || ItemIdGetLength(item) < offsetof(HnswNeighbors, links) ||
				 ItemIdGetOffset(item) + ItemIdGetLength(item) > BLCKSZ))
		return NULL;
	neighbors = (HnswNeighbors *) PageGetItem(page, item);
	if (unlikely(neighbors->type != HNSW_NEIGHBORS ||
				 ItemIdGetLength(item) < offsetof(HnswNeighbors, links) +
				 (Size) neighbors->count * sizeof(ItemPointerData)))
		return NULL;
	return neighbors;
}

#ifdef __cplusplus
}
#endif

#endif							/* RUVECTOR_PG_HNSW_H */
