/*
 * region.h - memory that grows in place: addresses stay, so readers need no lock while a writer makes it larger.
 *
 * A region reserves addresses without memory behind them, and takes memory as it grows.  Where the system refuses so many
 * addresses (a limit on them, many indexes in one process) half as many are tried, and so on: then the region ends earlier.
 * New memory is zero.  A region may also look at memory that somebody else owns: a mapped file.
 */
#ifndef RUVECTOR_INDEX_REGION_H
#define RUVECTOR_INDEX_REGION_H

#include <atomic>

#include <stddef.h>
#include <stdint.h>

#include "error.h"

namespace rv_index
{

/* Looks after borrowed memory: checks bytes before they are first used. */
class watch
{
public:
	virtual ~watch() = default;

	/* Throws corrupt.  Any thread. */
	virtual void touch(uint64_t offset, uint64_t bytes) = 0;
};

class region
{
public:
	region() = default;
	region(const region &) = delete;
	region &operator=(const region &) = delete;
	~region() { release(); }

	/* Reserves addresses for up to `most` bytes, at least for `least`; a multiple of 2 MiB. */
	void		reserve(uint64_t most, uint64_t least = UINT64_C(1) << 30);

	/* Looks at `bytes` of memory that stays until the region goes; never written.  The watch may be NULL, and stays, too. */
	void
	borrow(const void *memory, uint64_t bytes, watch *over = nullptr)
	{
		release();
		base = (uint8_t *) memory;
		used = bytes;
		watched = over;
	}

	/* To be called before bytes are read that nobody has looked at: costs nothing where memory is the region's own. */
	void
	touch(uint64_t offset, uint64_t bytes) const
	{
		if (__builtin_expect(watched != nullptr, 0))
			watched->touch(offset, bytes);
	}

	bool is_borrowed() const { return reserved == 0 && base != nullptr; }

	/* Makes the first `bytes` usable; throws too_large or memory, and is as it was. */
	void		grow(uint64_t bytes);

	/* Gives memory behind the first `bytes` back. */
	void		shrink(uint64_t bytes);

	void		release();

	uint8_t    *data() const { return base; }

	/* As asked for: what is usable is a whole number of steps. */
	uint64_t	size() const { return used.load(std::memory_order_acquire); }

	/* Bytes that the system counts. */
	uint64_t	committed() const { return reserved == 0 ? 0 : usable; }

private:
	uint8_t    *base = nullptr;
	uint64_t	reserved = 0;	/* 0: borrowed, or nothing */
	uint64_t	usable = 0;
	std::atomic<uint64_t> used{0};	/* readers ask for it, too */
	watch	   *watched = nullptr;
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_REGION_H */
