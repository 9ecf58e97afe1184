/*
 * hnsw_insert.c - insertion of one row.
 *
 * Order of the changes, each a WAL record of its own, each legal to stop at: the
 * element with its links, the insert page, a link back in each neighbour, the entry
 * point.  A row of a value that is there already is added to that element.
 *
 * A build that has outgrown its memory inserts the same way; its pages are logged at
 * the end.
 */
#include "hnsw.h"

#include "access/generic_xlog.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/memutils.h"

/* Begins a change of a locked buffer: its page, to be written to. */
static Page
begin_change(Relation index, Buffer buffer, bool building, GenericXLogState **state)
{
	if (building)
	{
		*state = NULL;
		return BufferGetPage(buffer);
	}
	*state = GenericXLogStart(index);
	return GenericXLogRegisterBuffer(*state, buffer, 0);
}

/* Takes another locked buffer into a change. */
static Page
join_change(Buffer buffer, GenericXLogState *state, int flags)
{
	return state == NULL ? BufferGetPage(buffer) : GenericXLogRegisterBuffer(state, buffer, flags);
}

/* Ends a change of one or two buffers and gives them up. */
static void
end_change(Buffer buffer, Buffer other, GenericXLogState *state)
{
	if (state == NULL)
	{
		MarkBufferDirty(buffer);
		if (BufferIsValid(other))
			MarkBufferDirty(other);
	}
	else
		GenericXLogFinish(state);
	UnlockReleaseBuffer(buffer);
	if (BufferIsValid(other))
		UnlockReleaseBuffer(other);
}

static void
abandon_change(Buffer buffer, GenericXLogState *state)
{
	if (state != NULL)
		GenericXLogAbort(state);
	UnlockReleaseBuffer(buffer);
}

/* A neighbour tuple from what the linker has chosen. */
void
rv_hnsw_set_neighbors(HnswNeighbors *tuple, const HnswLinker *linker, int level, int m, uint8 version)
{
	int			at = 0;

	tuple->type = HNSW_NEIGHBORS;
	tuple->version = version;
	for (int layer = level; layer >= 0; layer--)
	{
		const HnswNeighbor *neighbors = rv_hnsw_linker_neighbors(linker, layer);
		int			count = rv_hnsw_linker_count(linker, layer);

		for (int i = 0; i < HNSW_LAYER_LINKS(m, layer); i++, at++)
		{
			if (i < count)
				ItemPointerSet(&tuple->links[at], HNSW_KEY_BLOCK(neighbors[i].key),
							   HNSW_KEY_OFFSET(neighbors[i].key));
			else
				ItemPointerSetInvalid(&tuple->links[at]);
		}
	}
	tuple->count = (uint16) at;
}

/* Adds the row to an element of equal value; false when it has no room or is being deleted. */
static bool
add_row(Relation index, HnswKey key, ItemPointer row, bool building)
{
	Buffer		buffer = ReadBuffer(index, HNSW_KEY_BLOCK(key));
	GenericXLogState *state;
	HnswElement *element;
	Size		length;
	Page		page;
	int			count = 0;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	page = begin_change(index, buffer, building, &state);
	element = rv_hnsw_element(page, HNSW_KEY_OFFSET(key), &length);
	if (element != NULL && !element->deleted)
		while (count < HNSW_ROWS && ItemPointerIsValid(&element->rows[count]))
			count++;
	if (count == 0 || count == HNSW_ROWS)
	{
		abandon_change(buffer, state);
		return false;
	}
	element->rows[count] = *row;
	end_change(buffer, InvalidBuffer, state);
	return true;
}

static bool
add_row_to_equal(Relation index, HnswLinker *linker, const Vector *value, ItemPointer row, bool building)
{
	uint32		position = 0;

	for (;;)
	{
		HnswKey		key = rv_hnsw_linker_equal(linker, value, &position);

		if (key == HNSW_NO_KEY)
			return false;
		if (add_row(index, key, row, building))
			return true;
	}
}

/* The two places of a deleted element that are large enough. */
typedef struct HnswPlaces
{
	OffsetNumber element;		/* InvalidOffsetNumber: none found */
	OffsetNumber neighbors;
	Buffer		neighborsBuffer;
	uint8		version;
	bool		anyDeleted;
} HnswPlaces;

/*
 * Looks for a deleted element on a page whose places can be used again.  Its
 * neighbours' buffer, when it is another, comes locked.
 */
static void
find_deleted(Relation index, Buffer buffer, Page page, Size elementSize, Size neighborsSize, HnswPlaces *places)
{
	BlockNumber blkno = BufferGetBlockNumber(buffer);

	places->element = InvalidOffsetNumber;
	places->anyDeleted = false;
	for (OffsetNumber offno = FirstOffsetNumber; offno <= PageGetMaxOffsetNumber(page); offno++)
	{
		Size		length,
					room,
					neighborsRoom;
		HnswElement *element = rv_hnsw_element(page, offno, &length);
		BlockNumber neighborsBlkno;
		Page		neighborsPage;

		if (element == NULL || !element->deleted)
			continue;
		places->anyDeleted = true;
		neighborsBlkno = rv_hnsw_links_block(index, blkno, element);
		places->neighbors = ItemPointerGetOffsetNumber(&element->neighbors);
		places->neighborsBuffer = buffer;
		neighborsPage = page;
		if (neighborsBlkno != blkno)
		{
			places->neighborsBuffer = ReadBuffer(index, neighborsBlkno);
			LockBuffer(places->neighborsBuffer, BUFFER_LOCK_EXCLUSIVE);
			neighborsPage = BufferGetPage(places->neighborsBuffer);
		}
		if (rv_hnsw_neighbors(neighborsPage, places->neighbors) == NULL)
			rv_hnsw_corrupted(index, neighborsBlkno, "no neighbour tuple where an element has its own");

		/* The two tuples are overwritten one after the other. */
		room = length + PageGetExactFreeSpace(page);
		neighborsRoom = ItemIdGetLength(PageGetItemId(neighborsPage, places->neighbors));
		if (neighborsBlkno != blkno)
			neighborsRoom += PageGetExactFreeSpace(neighborsPage);
		else if (room >= elementSize)
			neighborsRoom += room - elementSize;
		if (room >= elementSize && neighborsRoom >= neighborsSize)
		{
			places->element = offno;
			places->version = element->version;
			return;
		}
		if (places->neighborsBuffer != buffer)
			UnlockReleaseBuffer(places->neighborsBuffer);
	}
}

/* Appends a page behind a locked one that is the last of its chain. */
static Buffer
append_page(Relation index, Page last, GenericXLogState *state, Page *page)
{
	Buffer		buffer;

	LockRelationForExtension(index, ExclusiveLock);
	buffer = rv_hnsw_new_buffer(index, MAIN_FORKNUM);
	UnlockRelationForExtension(index, ExclusiveLock);
	*page = join_change(buffer, state, GENERIC_XLOG_FULL_IMAGE);
	rv_hnsw_init_page(*page, BufferGetPageSize(buffer));
	HnswPageOpaque(last)->nextblkno = BufferGetBlockNumber(buffer);
	return buffer;
}

/* Writes a tuple to the place of a deleted one, or to the next free line pointer. */
static OffsetNumber
put_tuple(Relation index, Page page, OffsetNumber place, void *tuple, Size size)
{
	if (OffsetNumberIsValid(place))
	{
		if (!PageIndexTupleOverwrite(page, place, (Item) tuple, size))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("failed to add index item to \"%s\"", RelationGetRelationName(index))));
		return place;
	}
	place = PageAddItem(page, (Item) tuple, size, InvalidOffsetNumber, false, false);
	if (!OffsetNumberIsValid(place))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("failed to add index item to \"%s\"", RelationGetRelationName(index))));
	return place;
}

/*
 * Writes the element and its links.  Pages are tried along the chain from the insert
 * page on: for room behind the tuples there, then for the places of a deleted element;
 * at the end a page is appended.  Returns the place; *insertPage becomes the first page
 * that may have room for the next one.
 */
static HnswKey
add_element(Relation index, HnswElement *element, Size elementSize, HnswNeighbors *neighbors, Size neighborsSize,
			Size leastNeighborsSize, BlockNumber *insertPage, bool building)
{
	Size		bothSize = elementSize + neighborsSize + sizeof(ItemIdData);
	Size		leastSize = elementSize + leastNeighborsSize + sizeof(ItemIdData);
	BlockNumber blkno = *insertPage;
	BlockNumber nextInsert = InvalidBlockNumber;
	Buffer		buffer,
				other = InvalidBuffer;	/* of the links, where it is not `buffer` */
	Page		page,
				otherPage;
	GenericXLogState *state;
	HnswPlaces	places;
	HnswKey		key;

	memset(&places, 0, sizeof(places));
	for (;;)
	{
		BlockNumber next;

		CHECK_FOR_INTERRUPTS();
		buffer = ReadBuffer(index, blkno);
		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		rv_hnsw_check_page(index, blkno, BufferGetPage(buffer));
		page = otherPage = begin_change(index, buffer, building, &state);
		if (!BlockNumberIsValid(nextInsert) && PageGetFreeSpace(page) >= leastSize)
			nextInsert = blkno;
		if (PageGetFreeSpace(page) >= bothSize)
			break;

		find_deleted(index, buffer, page, elementSize, neighborsSize, &places);
		if (places.anyDeleted && !BlockNumberIsValid(nextInsert))
			nextInsert = blkno;
		if (OffsetNumberIsValid(places.element))
		{
			if (places.neighborsBuffer != buffer)
			{
				other = places.neighborsBuffer;
				otherPage = join_change(other, state, 0);
			}
			element->version = neighbors->version = places.version;
			break;
		}

		next = rv_hnsw_next_page(index, blkno, page);
		if (BlockNumberIsValid(next))
		{
			abandon_change(buffer, state);
			blkno = next;
			continue;
		}

		/* Values so large that their links need a page of their own anyway may take what is left here. */
		if (bothSize > HNSW_PAGE_ROOM && PageGetFreeSpace(page) >= elementSize)
		{
			other = append_page(index, page, state, &otherPage);
			break;
		}

		/* The new page is a change of its own, so that no change takes more than two. */
		{
			Page		newPage;
			Buffer		newBuffer = append_page(index, page, state, &newPage);

			if (state == NULL)
			{
				MarkBufferDirty(buffer);
				MarkBufferDirty(newBuffer);
			}
			else
				GenericXLogFinish(state);
			UnlockReleaseBuffer(buffer);
			buffer = newBuffer;
		}
		page = otherPage = begin_change(index, buffer, building, &state);
		if (PageGetFreeSpace(page) < bothSize)
			other = append_page(index, page, state, &otherPage);
		break;
	}

	/* Both places have to be known before either tuple is written. */
	{
		bool		again = OffsetNumberIsValid(places.element);
		OffsetNumber offno = again ? places.element : OffsetNumberNext(PageGetMaxOffsetNumber(page));
		BlockNumber otherBlkno = BufferGetBlockNumber(BufferIsValid(other) ? other : buffer);
		OffsetNumber otherOffno;

		if (again)
			otherOffno = places.neighbors;
		else if (BufferIsValid(other))
			otherOffno = OffsetNumberNext(PageGetMaxOffsetNumber(otherPage));
		else
			otherOffno = OffsetNumberNext(offno);
		ItemPointerSet(&element->neighbors, otherBlkno, otherOffno);
		if (put_tuple(index, page, again ? offno : InvalidOffsetNumber, element, elementSize) != offno ||
			put_tuple(index, otherPage, again ? otherOffno : InvalidOffsetNumber, neighbors, neighborsSize) != otherOffno)
			rv_hnsw_corrupted(index, otherBlkno, "an unexpected line pointer");
		key = HNSW_KEY(BufferGetBlockNumber(buffer), offno);
		/* Nothing before had room: go on where this ended. */
		if (!BlockNumberIsValid(nextInsert))
			nextInsert = otherBlkno;
	}
	end_change(buffer, other, state);
	*insertPage = nextInsert;
	return key;
}

/* Puts a link into a neighbour's list, unless it is there already or the list has changed so that there is no room. */
static void
put_link(Relation index, const HnswNeighbor *neighbor, int layer, int m, int at, HnswKey key, bool building)
{
	Buffer		buffer = ReadBuffer(index, neighbor->linksBlkno);
	GenericXLogState *state;
	HnswNeighbors *tuple;
	ItemPointer links;
	Page		page;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	page = begin_change(index, buffer, building, &state);
	tuple = rv_hnsw_neighbors(page, neighbor->linksOffno);
	if (tuple == NULL || tuple->version != neighbor->version || tuple->count != (neighbor->level + 2) * m)
		at = HNSW_LINK_NONE;
	else
	{
		links = tuple->links + HNSW_LAYER_START(m, neighbor->level, layer);
		for (int i = 0; i < HNSW_LAYER_LINKS(m, layer) && at != HNSW_LINK_NONE; i++)
		{
			if (!ItemPointerIsValid(&links[i]))
			{
				/* Also where the list has become shorter: behind its end nobody would see the link. */
				at = i;
				break;
			}
			if (HNSW_KEY_OF(&links[i]) == key)
				at = HNSW_LINK_NONE;
		}
	}
	if (at < 0)
	{
		abandon_change(buffer, state);
		return;
	}
	ItemPointerSet(&links[at], HNSW_KEY_BLOCK(key), HNSW_KEY_OFFSET(key));
	end_change(buffer, InvalidBuffer, state);
}

/* Links every neighbour that the linker has chosen back to the element. */
void
rv_hnsw_link_back(Relation index, HnswLinker *linker, HnswKey key, const Vector *value, int level, int m,
				  bool building)
{
	for (int layer = level; layer >= 0; layer--)
	{
		const HnswNeighbor *neighbors = rv_hnsw_linker_neighbors(linker, layer);
		int			count = rv_hnsw_linker_count(linker, layer);

		for (int i = 0; i < count; i++)
		{
			int			at = rv_hnsw_linker_replaces(linker, &neighbors[i], layer, value);

			if (at != HNSW_LINK_NONE)
				put_link(index, &neighbors[i], layer, m, at, key, building);
		}
	}
}

/*
 * Finds the neighbours of a new value.  While a vacuum runs, the surroundings of a value
 * may be full of elements that are being deleted; then the search goes on until it has
 * ef_construction others.
 */
static void
find_neighbors(HnswLinker *linker, const Vector *value, int level, int m, const HnswEntry *entry)
{
	rv_hnsw_linker_find(linker, value, level, entry, HNSW_NO_KEY, true);
	if (rv_hnsw_linker_met_rowless(linker) && rv_hnsw_linker_count(linker, 0) < HNSW_LAYER_LINKS(m, 0))
		rv_hnsw_linker_find(linker, value, level, entry, HNSW_NO_KEY, false);
}

/*
 * Inserts a value that rv_hnsw_form_value() gave.
 *
 * It becomes the entry point when it is higher, and when nothing that stays can be
 * reached from the old one: then only elements that are being deleted are left, and
 * nobody would link to the new one.  Either way no insertion may run beside it.
 */
void
rv_hnsw_insert_value(Relation index, const HnswSupport *support, const Vector *value, ItemPointer row, bool building)
{
	LOCKMODE	lockmode = ShareLock;
	HnswLinker *linker;
	HnswEntry	entry,
				self;
	BlockNumber insertPage,
				firstPage;
	int			dimensions,
				m;
	bool		alone;

	LockPage(index, HNSW_UPDATE_LOCK, lockmode);
	rv_hnsw_read_meta(index, &dimensions, &m, &entry, &insertPage);
	rv_check_typmod(dimensions, value->dim);
	self.level = rv_hnsw_draw_level(m);
	linker = rv_hnsw_linker_create(index, support, m, rv_hnsw_ef_construction(index));
	for (;;)
	{
		alone = false;
		if (lockmode == ExclusiveLock || self.level <= entry.level)
		{
			find_neighbors(linker, value, self.level, m, &entry);
			alone = rv_hnsw_linker_count(linker, 0) == 0;
			if (lockmode == ExclusiveLock || !alone)
				break;
		}
		UnlockPage(index, HNSW_UPDATE_LOCK, lockmode);
		lockmode = ExclusiveLock;
		LockPage(index, HNSW_UPDATE_LOCK, lockmode);
		rv_hnsw_read_meta(index, NULL, NULL, &entry, &insertPage);
	}

	if (!add_row_to_equal(index, linker, value, row, building))
	{
		Size		elementSize = HNSW_ELEMENT_SIZE(value->dim);
		Size		neighborsSize = HNSW_NEIGHBORS_SIZE(self.level, m);
		HnswElement *element = (HnswElement *) palloc0(elementSize);
		HnswNeighbors *neighbors = (HnswNeighbors *) palloc0(neighborsSize);

		element->type = HNSW_ELEMENT;
		element->level = (uint8) self.level;
		element->version = 1;
		element->rows[0] = *row;
		for (int i = 1; i < HNSW_ROWS; i++)
			ItemPointerSetInvalid(&element->rows[i]);
		memcpy(&element->value, value, VECTOR_SIZE(value->dim));
		rv_hnsw_set_neighbors(neighbors, linker, self.level, m, 1);

		firstPage = insertPage;
		self.key = add_element(index, element, elementSize, neighbors, neighborsSize, HNSW_NEIGHBORS_SIZE(0, m),
							   &insertPage, building);
		if (insertPage != firstPage)
			rv_hnsw_update_meta(index, HNSW_ENTRY_KEEP, NULL, insertPage, building);
		rv_hnsw_link_back(index, linker, self.key, value, self.level, m, building);
		if (alone || self.level > entry.level)
			rv_hnsw_update_meta(index, alone ? HNSW_ENTRY_ALWAYS : HNSW_ENTRY_IF_HIGHER, &self,
								InvalidBlockNumber, building);
	}
	UnlockPage(index, HNSW_UPDATE_LOCK, lockmode);
}

bool
rv_hnsw_insert(Relation index, Datum *values, bool *isnull, ItemPointer row, Relation heap,
			   IndexUniqueCheck checkUnique, bool indexUnchanged, IndexInfo *indexInfo)
{
	MemoryContext caller,
				context;
	HnswSupport support;
	const Vector *value;

	(void) heap;
	(void) checkUnique;
	(void) indexUnchanged;
	(void) indexInfo;
	if (isnull[0])
		return false;
	context = AllocSetContextCreate(CurrentMemoryContext, "hnsw insert", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	rv_hnsw_support(index, &support);
	value = rv_hnsw_form_value(values[0], &support);
	if (value != NULL)
		rv_hnsw_insert_value(index, &support, value, row, false);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return false;
}
