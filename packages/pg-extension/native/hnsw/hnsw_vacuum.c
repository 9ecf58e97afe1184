/*
 * hnsw_vacuum.c - removal of dead rows.
 *
 *  1. Dead rows are taken out of the elements.  An element that has none left is being
 *     deleted: searches still walk through it, nobody links to it any more.
 *  2. After waiting for the insertions that may have chosen such an element before:
 *     every element that links to one gets new links.  The entry point comes first.
 *  3. All links are looked at once more; then the elements are marked deleted, their
 *     values and links wiped, their versions raised.  From here on their places can be
 *     used again.
 *
 * Scans are not waited for: whatever a link leads them to, they look at what they find
 * (hnsw.h).  For the same reason plain exclusive locks do, and a scan that holds a pin
 * does not stop vacuum.
 */
#include "hnsw.h"

#include "access/generic_xlog.h"
#include "storage/lmgr.h"
#include "utils/memutils.h"

typedef struct HnswVacuum
{
	Relation	index;
	IndexBulkDeleteResult *stats;
	IndexBulkDeleteCallback callback;
	void	   *callbackState;
	BufferAccessStrategy strategy;

	HnswSupport support;
	int			dimensions;
	int			m;
	int			efConstruction;

	HnswKeySet *deleting;
	HnswEntry	highest;		/* of the elements that stay: the highest, and another one */
	HnswEntry	second;
	MemoryContext context;		/* of one page or element */
	HnswLinker *linker;
} HnswVacuum;

/* An element that stays, as read from its page. */
typedef struct HnswSurvivor
{
	HnswKey		key;
	BlockNumber linksBlkno;
	OffsetNumber linksOffno;
	uint8		level;
	uint8		version;
	Vector	   *value;
} HnswSurvivor;

static Buffer
read_page(HnswVacuum *vacuum, BlockNumber blkno, int lockmode)
{
	Buffer		buffer = ReadBufferExtended(vacuum->index, MAIN_FORKNUM, blkno, RBM_NORMAL, vacuum->strategy);

	LockBuffer(buffer, lockmode);
	rv_hnsw_check_page(vacuum->index, blkno, BufferGetPage(buffer));
	return buffer;
}

static bool
is_dead(HnswVacuum *vacuum, ItemPointer row)
{
	return vacuum->callback(row, vacuum->callbackState);
}

static bool
has_dead_rows(HnswVacuum *vacuum, Page page)
{
	for (OffsetNumber offno = FirstOffsetNumber; offno <= PageGetMaxOffsetNumber(page); offno++)
	{
		Size		length;
		HnswElement *element = rv_hnsw_element(page, offno, &length);

		if (element == NULL || element->deleted)
			continue;
		for (int i = 0; i < HNSW_ROWS && ItemPointerIsValid(&element->rows[i]); i++)
			if (is_dead(vacuum, &element->rows[i]))
				return true;
	}
	return false;
}

static void
note_survivor(HnswVacuum *vacuum, HnswKey key, int level)
{
	HnswEntry	entry = {key, level};

	if (level > vacuum->highest.level)
	{
		vacuum->second = vacuum->highest;
		vacuum->highest = entry;
	}
	else if (level > vacuum->second.level)
		vacuum->second = entry;
}

/* Counts the rows of a page and notes its elements, after its dead rows are gone. */
static void
take_stock(HnswVacuum *vacuum, BlockNumber blkno, Page page)
{
	for (OffsetNumber offno = FirstOffsetNumber; offno <= PageGetMaxOffsetNumber(page); offno++)
	{
		Size		length;
		HnswElement *element = rv_hnsw_element(page, offno, &length);
		int			rows = 0;

		/* Elements deleted by an earlier vacuum must not be in the set: their places are in use again at any time. */
		if (element == NULL || element->deleted)
			continue;
		while (rows < HNSW_ROWS && ItemPointerIsValid(&element->rows[rows]))
			rows++;
		vacuum->stats->num_index_tuples += rows;
		if (rows == 0)
			rv_hnsw_keys_add(vacuum->deleting, HNSW_KEY(blkno, offno));
		else
			note_survivor(vacuum, HNSW_KEY(blkno, offno), element->level);
	}
}

static void
remove_rows(HnswVacuum *vacuum, Page page)
{
	for (OffsetNumber offno = FirstOffsetNumber; offno <= PageGetMaxOffsetNumber(page); offno++)
	{
		Size		length;
		HnswElement *element = rv_hnsw_element(page, offno, &length);
		int			kept = 0;

		if (element == NULL || element->deleted)
			continue;
		for (int i = 0; i < HNSW_ROWS && ItemPointerIsValid(&element->rows[i]); i++)
		{
			if (is_dead(vacuum, &element->rows[i]))
				vacuum->stats->tuples_removed++;
			else
				element->rows[kept++] = element->rows[i];
		}
		for (int i = kept; i < HNSW_ROWS; i++)
			ItemPointerSetInvalid(&element->rows[i]);
	}
}

/* Pass 1.  Most pages of a large table have no dead row and are not written to, nor locked against readers. */
static void
remove_dead_rows(HnswVacuum *vacuum)
{
	BlockNumber blkno = HNSW_FIRST_PAGE;

	while (BlockNumberIsValid(blkno))
	{
		Buffer		buffer;
		Page		page;

		rv_vacuum_delay_point();
		buffer = read_page(vacuum, blkno, BUFFER_LOCK_SHARE);
		page = BufferGetPage(buffer);
		if (has_dead_rows(vacuum, page))
		{
			GenericXLogState *state;
			Page		changed;

			/* What others add in between is not dead. */
			LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
			LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
			state = GenericXLogStart(vacuum->index);
			changed = GenericXLogRegisterBuffer(state, buffer, 0);
			remove_rows(vacuum, changed);
			GenericXLogFinish(state);
		}
		take_stock(vacuum, blkno, page);
		blkno = rv_hnsw_next_page(vacuum->index, blkno, page);
		UnlockReleaseBuffer(buffer);
	}
}

/*
 * Does an element link to one that is being deleted?  One whose layer 0 is not full
 * gets new links as well: it may have lost candidates to deletion when it came.
 */
static bool
needs_repair(HnswVacuum *vacuum, const HnswSurvivor *survivor)
{
	Buffer		buffer = read_page(vacuum, survivor->linksBlkno, BUFFER_LOCK_SHARE);
	HnswNeighbors *neighbors = rv_hnsw_neighbors(BufferGetPage(buffer), survivor->linksOffno);
	bool		needed = false;

	if (neighbors == NULL || neighbors->count != (survivor->level + 2) * vacuum->m)
		rv_hnsw_corrupted(vacuum->index, survivor->linksBlkno, "no neighbour tuple where an element has its own");
	for (int i = 0; i < neighbors->count && !needed; i++)
		needed = ItemPointerIsValid(&neighbors->links[i]) &&
			rv_hnsw_keys_has(vacuum->deleting, HNSW_KEY_OF(&neighbors->links[i]));
	if (!needed && neighbors->count > 0)
		needed = !ItemPointerIsValid(&neighbors->links[neighbors->count - 1]);
	UnlockReleaseBuffer(buffer);
	return needed;
}

/*
 * Gives an element new links, found from the entry point, and links back.  The entry
 * point itself may be the element: the search then begins with the links that it has.
 */
static void
repair(HnswVacuum *vacuum, const HnswSurvivor *survivor, const HnswEntry *entry)
{
	Relation	index = vacuum->index;
	Size		size = HNSW_NEIGHBORS_SIZE(survivor->level, vacuum->m);
	HnswNeighbors *tuple;
	Buffer		buffer;
	GenericXLogState *state;
	Page		page;

	rv_hnsw_linker_find(vacuum->linker, survivor->value, survivor->level, entry, survivor->key, false);
	tuple = (HnswNeighbors *) palloc0(size);
	rv_hnsw_set_neighbors(tuple, vacuum->linker, survivor->level, vacuum->m, survivor->version);

	buffer = read_page(vacuum, survivor->linksBlkno, BUFFER_LOCK_EXCLUSIVE);
	state = GenericXLogStart(index);
	page = GenericXLogRegisterBuffer(state, buffer, 0);
	if (!PageIndexTupleOverwrite(page, survivor->linksOffno, (Item) tuple, size))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("failed to add index item to \"%s\"", RelationGetRelationName(index))));
	GenericXLogFinish(state);
	UnlockReleaseBuffer(buffer);
	rv_hnsw_link_back(index, vacuum->linker, survivor->key, survivor->value, survivor->level, vacuum->m, false);
}

static void
copy_survivor(HnswVacuum *vacuum, HnswSurvivor *survivor, HnswKey key, const HnswElement *element, Size length)
{
	if (element->level > HNSW_MAX_LEVEL(vacuum->m) || element->value.dim != vacuum->dimensions ||
		VARSIZE(&element->value) != VECTOR_SIZE(vacuum->dimensions) ||
		length < offsetof(HnswElement, value) + VECTOR_SIZE(vacuum->dimensions))
		rv_hnsw_corrupted(vacuum->index, HNSW_KEY_BLOCK(key), "an element of another level or size than there can be");
	survivor->key = key;
	survivor->linksBlkno = rv_hnsw_links_block(vacuum->index, HNSW_KEY_BLOCK(key), element);
	survivor->linksOffno = ItemPointerGetOffsetNumber(&element->neighbors);
	survivor->level = element->level;
	survivor->version = element->version;
	survivor->value = (Vector *) palloc(VARSIZE(&element->value));
	memcpy(survivor->value, &element->value, VARSIZE(&element->value));
}

/* An element by its place, which nobody uses for another one while this vacuum runs. */
static void
read_survivor(HnswVacuum *vacuum, HnswKey key, HnswSurvivor *survivor)
{
	Buffer		buffer = read_page(vacuum, HNSW_KEY_BLOCK(key), BUFFER_LOCK_SHARE);
	Size		length;
	HnswElement *element = rv_hnsw_element(BufferGetPage(buffer), HNSW_KEY_OFFSET(key), &length);

	if (element == NULL || element->deleted)
		rv_hnsw_corrupted(vacuum->index, HNSW_KEY_BLOCK(key), "the entry point leads to no element");
	copy_survivor(vacuum, survivor, key, element, length);
	UnlockReleaseBuffer(buffer);
}

/*
 * Repairs the entry point, or moves it when it is being deleted.
 *
 * Its successor is the highest element that stays.  That one is repaired first, since
 * searches will begin there.  If no element stays that pass 1 knows of, the old entry
 * point does until an element is found that came later (finish_entry).
 */
static void
repair_entry(HnswVacuum *vacuum)
{
	Relation	index = vacuum->index;
	HnswEntry	entry,
				successor = vacuum->highest;
	HnswSurvivor survivor;

	if (successor.key != HNSW_NO_KEY)
	{
		LockPage(index, HNSW_UPDATE_LOCK, ShareLock);
		rv_hnsw_read_meta(index, NULL, NULL, &entry, NULL);
		if (successor.key == entry.key)
			successor = vacuum->second;
		if (successor.key != HNSW_NO_KEY)
		{
			read_survivor(vacuum, successor.key, &survivor);
			if (needs_repair(vacuum, &survivor))
				repair(vacuum, &survivor, &entry);
		}
		UnlockPage(index, HNSW_UPDATE_LOCK, ShareLock);
	}

	/* No insertion may run beside a move of the entry point. */
	LockPage(index, HNSW_UPDATE_LOCK, ExclusiveLock);
	rv_hnsw_read_meta(index, NULL, NULL, &entry, NULL);
	if (entry.key != HNSW_NO_KEY)
	{
		if (!rv_hnsw_keys_has(vacuum->deleting, entry.key))
		{
			read_survivor(vacuum, entry.key, &survivor);
			if (needs_repair(vacuum, &survivor))
				repair(vacuum, &survivor, successor.key != HNSW_NO_KEY ? &successor : &entry);
		}
		else if (successor.key != HNSW_NO_KEY)
			rv_hnsw_update_meta(index, HNSW_ENTRY_ALWAYS, &successor, InvalidBlockNumber, false);
	}
	UnlockPage(index, HNSW_UPDATE_LOCK, ExclusiveLock);
}

/* Repairs one element, with the lock that it takes. */
static void
repair_survivor(HnswVacuum *vacuum, const HnswSurvivor *survivor)
{
	Relation	index = vacuum->index;
	LOCKMODE	lockmode = ShareLock;
	HnswEntry	entry;
	HnswEntry	own = {survivor->key, survivor->level};

	LockPage(index, HNSW_UPDATE_LOCK, lockmode);
	rv_hnsw_read_meta(index, NULL, NULL, &entry, NULL);
	if (survivor->level > entry.level)
	{
		UnlockPage(index, HNSW_UPDATE_LOCK, lockmode);
		lockmode = ExclusiveLock;
		LockPage(index, HNSW_UPDATE_LOCK, lockmode);
		rv_hnsw_read_meta(index, NULL, NULL, &entry, NULL);
	}
	repair(vacuum, survivor, &entry);
	if (survivor->level > entry.level)
		rv_hnsw_update_meta(index, HNSW_ENTRY_IF_HIGHER, &own, InvalidBlockNumber, false);
	UnlockPage(index, HNSW_UPDATE_LOCK, lockmode);
}

/* Pass 2: every element that stays and needs it gets new links. */
static void
repair_links(HnswVacuum *vacuum)
{
	Relation	index = vacuum->index;
	BlockNumber blkno = HNSW_FIRST_PAGE;
	MemoryContext caller = MemoryContextSwitchTo(vacuum->context);

	/* Insertions that began before may have chosen an element that is being deleted; later ones do not. */
	LockPage(index, HNSW_UPDATE_LOCK, ExclusiveLock);
	UnlockPage(index, HNSW_UPDATE_LOCK, ExclusiveLock);

	repair_entry(vacuum);
	while (BlockNumberIsValid(blkno))
	{
		Buffer		buffer;
		Page		page;
		HnswSurvivor *survivors;
		int			count = 0;

		MemoryContextReset(vacuum->context);
		rv_vacuum_delay_point();
		buffer = read_page(vacuum, blkno, BUFFER_LOCK_SHARE);
		page = BufferGetPage(buffer);
		survivors = (HnswSurvivor *) palloc(sizeof(HnswSurvivor) * (PageGetMaxOffsetNumber(page) + 1));
		for (OffsetNumber offno = FirstOffsetNumber; offno <= PageGetMaxOffsetNumber(page); offno++)
		{
			Size		length;
			HnswElement *element = rv_hnsw_element(page, offno, &length);

			if (element == NULL || element->deleted || !ItemPointerIsValid(&element->rows[0]))
				continue;
			copy_survivor(vacuum, &survivors[count++], HNSW_KEY(blkno, offno), element, length);
		}
		blkno = rv_hnsw_next_page(vacuum->index, blkno, page);
		UnlockReleaseBuffer(buffer);

		for (int i = 0; i < count; i++)
		{
			note_survivor(vacuum, survivors[i].key, survivors[i].level);
			if (needs_repair(vacuum, &survivors[i]))
				repair_survivor(vacuum, &survivors[i]);
		}
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(vacuum->context);
}

/*
 * Before anything is marked: an entry point that is still being deleted gives way to
 * the highest element that was found since, or the index is empty.
 */
static void
finish_entry(HnswVacuum *vacuum)
{
	Relation	index = vacuum->index;
	HnswEntry	entry;

	LockPage(index, HNSW_UPDATE_LOCK, ExclusiveLock);
	rv_hnsw_read_meta(index, NULL, NULL, &entry, NULL);
	if (entry.key != HNSW_NO_KEY && rv_hnsw_keys_has(vacuum->deleting, entry.key))
		rv_hnsw_update_meta(index, HNSW_ENTRY_ALWAYS, &vacuum->highest, InvalidBlockNumber, false);
	UnlockPage(index, HNSW_UPDATE_LOCK, ExclusiveLock);
}

/* A place must not be used again while a link leads to it. */
static void
confirm_repaired(HnswVacuum *vacuum)
{
	BlockNumber blkno = HNSW_FIRST_PAGE;

	while (BlockNumberIsValid(blkno))
	{
		Buffer		buffer;
		Page		page;

		rv_vacuum_delay_point();
		buffer = read_page(vacuum, blkno, BUFFER_LOCK_SHARE);
		page = BufferGetPage(buffer);
		for (OffsetNumber offno = FirstOffsetNumber; offno <= PageGetMaxOffsetNumber(page); offno++)
		{
			Size		length;
			HnswElement *element = rv_hnsw_element(page, offno, &length);
			Buffer		linksBuffer = buffer;
			BlockNumber linksBlkno;
			HnswNeighbors *neighbors;

			if (element == NULL || element->deleted || !ItemPointerIsValid(&element->rows[0]))
				continue;
			linksBlkno = rv_hnsw_links_block(vacuum->index, blkno, element);
			if (linksBlkno != blkno)
				linksBuffer = read_page(vacuum, linksBlkno, BUFFER_LOCK_SHARE);
			neighbors = rv_hnsw_neighbors(BufferGetPage(linksBuffer),
										  ItemPointerGetOffsetNumber(&element->neighbors));
			if (neighbors == NULL)
				rv_hnsw_corrupted(vacuum->index, linksBlkno, "no neighbour tuple where an element has its own");
			for (int i = 0; i < neighbors->count; i++)
				if (ItemPointerIsValid(&neighbors->links[i]) &&
					rv_hnsw_keys_has(vacuum->deleting, HNSW_KEY_OF(&neighbors->links[i])))
					ereport(ERROR,
							(errcode(ERRCODE_INTERNAL_ERROR),
							 errmsg("hnsw graph not repaired"),
							 errdetail("In index \"%s\", the element at (%u,%u) still links to one that is being deleted.",
									   RelationGetRelationName(vacuum->index), blkno, offno),
							 errhint("Run VACUUM again; if it fails again, rebuild the index with REINDEX.")));
			if (linksBuffer != buffer)
				UnlockReleaseBuffer(linksBuffer);
		}
		blkno = rv_hnsw_next_page(vacuum->index, blkno, page);
		UnlockReleaseBuffer(buffer);
	}
}

/* Wipes one element and its links, in one WAL record. */
static void
mark_deleted(HnswVacuum *vacuum, Buffer buffer, OffsetNumber offno)
{
	BlockNumber blkno = BufferGetBlockNumber(buffer);
	GenericXLogState *state = GenericXLogStart(vacuum->index);
	Page		page = GenericXLogRegisterBuffer(state, buffer, 0);
	Size		length;
	HnswElement *element = rv_hnsw_element(page, offno, &length);
	BlockNumber linksBlkno = rv_hnsw_links_block(vacuum->index, blkno, element);
	Buffer		linksBuffer = buffer;
	Page		linksPage = page;
	HnswNeighbors *neighbors;

	if (linksBlkno != blkno)
	{
		linksBuffer = read_page(vacuum, linksBlkno, BUFFER_LOCK_EXCLUSIVE);
		linksPage = GenericXLogRegisterBuffer(state, linksBuffer, 0);
	}
	neighbors = rv_hnsw_neighbors(linksPage, ItemPointerGetOffsetNumber(&element->neighbors));
	if (neighbors == NULL)
		rv_hnsw_corrupted(vacuum->index, linksBlkno, "no neighbour tuple where an element has its own");

	element->deleted = 1;
	memset(&element->value, 0, length - offsetof(HnswElement, value));
	for (int i = 0; i < neighbors->count; i++)
		ItemPointerSetInvalid(&neighbors->links[i]);
	/* 0 and more than 15 are left for later uses, as in pgvector. */
	element->version = element->version >= HNSW_MAX_VERSION ? 1 : element->version + 1;
	neighbors->version = element->version;
	GenericXLogFinish(state);
	if (linksBuffer != buffer)
		UnlockReleaseBuffer(linksBuffer);
}

/* Pass 3: marks the elements deleted; then insertions look for room from the first one on. */
static void
mark_all_deleted(HnswVacuum *vacuum)
{
	BlockNumber blkno = HNSW_FIRST_PAGE,
				firstFree = InvalidBlockNumber;

	while (BlockNumberIsValid(blkno))
	{
		Buffer		buffer;
		Page		page;
		bool		wanted = false;

		rv_vacuum_delay_point();
		buffer = read_page(vacuum, blkno, BUFFER_LOCK_SHARE);
		page = BufferGetPage(buffer);
		for (OffsetNumber offno = FirstOffsetNumber; offno <= PageGetMaxOffsetNumber(page); offno++)
		{
			Size		length;
			HnswElement *element = rv_hnsw_element(page, offno, &length);

			if (element == NULL)
				continue;
			if (!BlockNumberIsValid(firstFree) && element->deleted)
				firstFree = blkno;
			wanted |= !element->deleted && rv_hnsw_keys_has(vacuum->deleting, HNSW_KEY(blkno, offno));
		}
		if (wanted)
		{
			LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
			LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
			for (OffsetNumber offno = FirstOffsetNumber; offno <= PageGetMaxOffsetNumber(page); offno++)
			{
				Size		length;
				HnswElement *element = rv_hnsw_element(page, offno, &length);

				if (element != NULL && !element->deleted && !ItemPointerIsValid(&element->rows[0]) &&
					rv_hnsw_keys_has(vacuum->deleting, HNSW_KEY(blkno, offno)))
					mark_deleted(vacuum, buffer, offno);
			}
			if (!BlockNumberIsValid(firstFree))
				firstFree = blkno;
		}
		blkno = rv_hnsw_next_page(vacuum->index, blkno, page);
		UnlockReleaseBuffer(buffer);
	}
	if (BlockNumberIsValid(firstFree))
		rv_hnsw_update_meta(vacuum->index, HNSW_ENTRY_KEEP, NULL, firstFree, false);
}

IndexBulkDeleteResult *
rv_hnsw_bulk_delete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats, IndexBulkDeleteCallback callback,
					void *callbackState)
{
	HnswVacuum	vacuum;
	MemoryContext caller,
				context;

	if (stats == NULL)
		stats = (IndexBulkDeleteResult *) palloc0(sizeof(IndexBulkDeleteResult));
	stats->num_index_tuples = 0;

	context = AllocSetContextCreate(CurrentMemoryContext, "hnsw vacuum", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	vacuum.index = info->index;
	vacuum.stats = stats;
	vacuum.callback = callback;
	vacuum.callbackState = callbackState;
	vacuum.strategy = GetAccessStrategy(BAS_BULKREAD);
	vacuum.efConstruction = rv_hnsw_ef_construction(info->index);
	vacuum.deleting = rv_hnsw_keys_create();
	vacuum.highest.key = vacuum.second.key = HNSW_NO_KEY;
	vacuum.highest.level = vacuum.second.level = -1;
	vacuum.context = AllocSetContextCreate(context, "hnsw vacuum page", ALLOCSET_DEFAULT_SIZES);
	rv_hnsw_support(info->index, &vacuum.support);
	rv_hnsw_read_meta(info->index, &vacuum.dimensions, &vacuum.m, NULL, NULL);
	vacuum.linker = rv_hnsw_linker_create(info->index, &vacuum.support, vacuum.m, vacuum.efConstruction);

	remove_dead_rows(&vacuum);
	repair_links(&vacuum);
	finish_entry(&vacuum);

	/* Insertions that began before the repair ended may have links to what is about to go. */
	LockPage(info->index, HNSW_UPDATE_LOCK, ExclusiveLock);
	UnlockPage(info->index, HNSW_UPDATE_LOCK, ExclusiveLock);
	confirm_repaired(&vacuum);
	mark_all_deleted(&vacuum);

	FreeAccessStrategy(vacuum.strategy);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return stats;
}

IndexBulkDeleteResult *
rv_hnsw_vacuum_cleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats)
{
	/* Without a bulk deletion nothing has changed. */
	if (info->analyze_only || stats == NULL)
		return stats;
	stats->num_pages = RelationGetNumberOfBlocks(info->index);
	return stats;
}
