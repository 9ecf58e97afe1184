/*
 * row_prefetch.h - reads the next rows of a sequential scan into the cache.
 *
 * A scan of vectors waits for memory, not for arithmetic: at 128 dimensions more
 * than half of the time goes into the first touch of each row.  Tuples are laid
 * down from the end of a heap page towards its start, each row ascending, and a
 * processor's stream prefetchers do not follow that zigzag.
 *
 * So a distance function remembers where its arguments lay at earlier calls and
 * follows the moving one:
 *
 *  - a step down by less than a page leads to the next row of the page;
 *  - any other step leads to the first row of another page, and so does one to a
 *    whole number of pages from this page's first row (the page before may lie
 *    right behind the rows of this one).  Pages that were read
 *    one after the other lie side by side in shared buffers, so once two such
 *    steps were equal, the next one is taken to be so, too, and to come after as
 *    many rows as the last page had.
 *
 * From that the place of the row a few calls on is guessed and prefetched.  A wrong
 * guess costs a few cache lines and cannot fault.  Whatever is not a scan (one
 * call, constants, out-of-line values, random access) is left alone.
 *
 * The same state of a call remembers the TOAST table whose locks it keeps while
 * it reads out-of-line values (rv_hold_toast() in vector.c).
 */
#ifndef RUVECTOR_ROW_PREFETCH_H
#define RUVECTOR_ROW_PREFETCH_H

#include "vector.h"

/*
 * Rows to be ahead of the scan: two, and small rows a kilobyte more, which covers
 * the latency of memory (measured with the suite pg-type).
 */
#define RV_PREFETCH_ROWS(size) (2 + (int) (1024 / (size)))
#define RV_CACHE_LINE 64

/* Bytes of a row before the vector that are worth having: header, null bitmap, a key. */
#define RV_ROW_HEAD 48

/* What is known of one argument. */
typedef struct RowTrack
{
	uintptr_t	last;			/* its address at the last call, or 0 */
	uintptr_t	first;			/* that of the page's first row */
	intptr_t	row_step;		/* negative, or 0 while unknown */
	intptr_t	page_step;		/* from first row to first row, or 0 */
	bool		page_step_holds;	/* was seen twice in a row */
	int			row;			/* rows of this page so far */
	int			rows_per_page;	/* of the last page, or 0 */
} RowTrack;

typedef struct RowPrefetch
{
	RowTrack	track[2];
	Oid			held;			/* TOAST table whose locks are held, see rv_hold_toast() */
} RowPrefetch;

extern void rv_hold_toast(Datum value, Oid *held);

static inline void
rv_prefetch_row(uintptr_t value, Size size)
{
	for (uintptr_t line = value - RV_ROW_HEAD; line < value + size; line += RV_CACHE_LINE)
		__builtin_prefetch((const void *) line, 0, 3);
}

/* The row `ahead` rows after the current one, or 0. */
static inline uintptr_t
rv_guess_row(const RowTrack *track, uintptr_t value, int ahead)
{
	int			row = track->row + ahead;

	if (track->rows_per_page == 0 || row < track->rows_per_page)
		return value + (uintptr_t) (ahead * track->row_step);
	if (track->page_step_holds)
		return track->first + (uintptr_t) (track->page_step + (row - track->rows_per_page) * track->row_step);
	return 0;
}

/* `value`, of `size` bytes, is the argument at the current call. */
static inline void
rv_prefetch_argument(RowTrack *track, uintptr_t value, Size size)
{
	intptr_t	step = (intptr_t) (value - track->last);
	uintptr_t	guess;

	if (step == 0)
		return;
	track->last = value;
	if (step < 0 && step > -BLCKSZ && (value - track->first) % BLCKSZ != 0)
	{
		track->row_step = step;
		track->row++;
	}
	else
	{
		intptr_t	page_step = (intptr_t) (value - track->first);

		track->page_step_holds = page_step == track->page_step;
		track->page_step = page_step;
		track->rows_per_page = track->first == 0 ? 0 : track->row + 1;
		track->first = value;
		track->row = 0;
		if (track->row_step != 0 && !track->page_step_holds)
			rv_prefetch_row(value + (uintptr_t) track->row_step, size);
	}
	if (track->row_step == 0)
		return;
	guess = rv_guess_row(track, value, RV_PREFETCH_ROWS(size));
	if (guess != 0)
		rv_prefetch_row(guess, size);
}

/* Called with the two arguments of a distance function, as it was given them. */
static inline void
rv_prefetch_rows(FunctionCallInfo fcinfo, const VectorArg *a, const VectorArg *b)
{
	const VectorArg *arguments[2] = {a, b};
	FmgrInfo   *flinfo = fcinfo->flinfo;
	RowPrefetch *state;

	if (flinfo == NULL)
		return;
	state = (RowPrefetch *) flinfo->fn_extra;
	if (unlikely(state == NULL))
	{
		state = (RowPrefetch *) MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(RowPrefetch));
		flinfo->fn_extra = state;
	}
	for (int i = 0; i < 2; i++)
	{
		/* Of an out-of-line value the tuple holds a pointer only. */
		if (arguments[i]->detoasted != NULL)
			rv_hold_toast(fcinfo->args[i].value, &state->held);
		else
			rv_prefetch_argument(&state->track[i], (uintptr_t) fcinfo->args[i].value,
								 VECTOR_SIZE(arguments[i]->dim));
	}
}

#endif							/* RUVECTOR_ROW_PREFETCH_H */
