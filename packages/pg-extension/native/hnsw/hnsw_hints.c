/*
 * hnsw_hints.c - buffer hints: where a block was in shared buffers.
 *
 * A hint saves the look into the buffer mapping, with its lock, and, more than that,
 * says what address to ask memory for before the buffer is pinned.  It is only a
 * guess: ReadRecentBuffer() compares the buffer's tag when it pins it.  So hints need
 * no invalidation, survive every change of the index, and are kept for the backend's
 * life, for the indexes used last.
 *
 * A pin by hint does not count as a use of the buffer.  Blocks of indexes larger than
 * shared buffers are only asked for by hint and pinned the usual way, so that the clock
 * keeps what is used most; of others every eighth pin goes the usual way (page_store.h).
 */
#include "hnsw.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#define HINTED_INDEXES 8
/* 1 MB; a direct map also serves an index with more blocks. */
#define MAX_HINTS (1 << 18)
/* Searches between two looks at the size of the index. */
#define SIZE_CHECKS 1024

typedef struct HintedIndex
{
	Oid			tablespace;
	Oid			database;
	Oid			file;			/* 0: not in use */
	int			backend;		/* of a temporary index */
	uint32		searches;		/* since the last look at the size */
	uint64		used;			/* for the choice of which to give up */
	HnswHints	hints;
} HintedIndex;

static HintedIndex hinted[HINTED_INDEXES];
static uint64 clock_hand;

static HintedIndex *
find_hinted(Relation index)
{
	HintedIndex *oldest = &hinted[0];

	for (int i = 0; i < HINTED_INDEXES; i++)
	{
		HintedIndex *each = &hinted[i];

		if (each->file == RV_FILE_NUMBER(index) && each->database == RV_FILE_DATABASE(index) &&
			each->tablespace == RV_FILE_TABLESPACE(index) && each->backend == index->rd_backend)
			return each;
		if (each->used < oldest->used)
			oldest = each;
	}
	if (oldest->hints.buffers != NULL)
		pfree(oldest->hints.buffers);
	memset(oldest, 0, sizeof(*oldest));
	oldest->tablespace = RV_FILE_TABLESPACE(index);
	oldest->database = RV_FILE_DATABASE(index);
	oldest->backend = index->rd_backend;
	oldest->file = RV_FILE_NUMBER(index);
	oldest->searches = SIZE_CHECKS;
	return oldest;
}

/* The hints of an index.  They may move at the next call: fetch them for every search. */
HnswHints
rv_hnsw_hints(Relation index)
{
	HintedIndex *entry = find_hinted(index);

	entry->used = ++clock_hand;
	if (entry->searches++ >= SIZE_CHECKS)
	{
		BlockNumber blocks = RelationGetNumberOfBlocks(index);
		uint32		wanted = 64;

		entry->hints.pins = blocks <= (BlockNumber) (RelationUsesLocalBuffers(index) ? num_temp_buffers : NBuffers);
		while (wanted < blocks && wanted < MAX_HINTS)
			wanted *= 2;
		if (entry->hints.buffers == NULL || entry->hints.mask + 1 < wanted)
		{
			Buffer	   *larger = (Buffer *) MemoryContextAllocZero(TopMemoryContext, wanted * sizeof(Buffer));

			if (entry->hints.buffers != NULL)
				pfree(entry->hints.buffers);
			entry->hints.buffers = larger;
			entry->hints.mask = wanted - 1;
		}
		/* Last: without memory for the hints the next search tries again. */
		entry->searches = 0;
	}
	return entry->hints;
}
