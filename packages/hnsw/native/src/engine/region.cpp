/*
 * region.cpp - reserving and taking memory, by the system's calls.
 */
#include "region.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <errno.h>
#include <sys/mman.h>
#endif

namespace rv_index
{

namespace
{

/* A huge page, so that the system can give whole ones. */
constexpr uint64_t unit = UINT64_C(1) << 21;

uint64_t
round_up(uint64_t bytes, uint64_t to)
{
	return (bytes + to - 1) / to * to;
}

#if defined(_WIN32)

void *
take_addresses(uint64_t bytes)
{
	return VirtualAlloc(nullptr, bytes, MEM_RESERVE, PAGE_NOACCESS);
}

bool
take_memory(uint8_t *at, uint64_t bytes)
{
	return VirtualAlloc(at, bytes, MEM_COMMIT, PAGE_READWRITE) != nullptr;
}

void
give_memory(uint8_t *at, uint64_t bytes)
{
	VirtualFree(at, bytes, MEM_DECOMMIT);
}

void
give_addresses(uint8_t *at, uint64_t)
{
	VirtualFree(at, 0, MEM_RELEASE);
}

#else

void *
take_addresses(uint64_t bytes)
{
	int			flags = MAP_PRIVATE | MAP_ANONYMOUS;

#ifdef MAP_NORESERVE
	flags |= MAP_NORESERVE;
#endif
	/* One unit more, to begin at a multiple of it. */
	void	   *memory = mmap(nullptr, bytes + unit, PROT_NONE, flags, -1, 0);

	if (memory == MAP_FAILED)
		return nullptr;

	uint8_t    *start = (uint8_t *) memory,
			   *aligned = (uint8_t *) round_up((uint64_t) (uintptr_t) start, unit);

	if (aligned > start)
		munmap(start, (size_t) (aligned - start));
	if (aligned + bytes < start + bytes + unit)
		munmap(aligned + bytes, (size_t) (start + unit - aligned));
	return aligned;
}

bool
take_memory(uint8_t *at, uint64_t bytes)
{
	if (mprotect(at, bytes, PROT_READ | PROT_WRITE) != 0)
		return false;
#ifdef MADV_HUGEPAGE
	/* A hint; systems without huge pages refuse it. */
	madvise(at, bytes, MADV_HUGEPAGE);
#endif
	return true;
}

void
give_memory(uint8_t *at, uint64_t bytes)
{
	/* Mapped anew: zero when it is taken again, on every system. */
	int			flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

#ifdef MAP_NORESERVE
	flags |= MAP_NORESERVE;
#endif
	mmap(at, bytes, PROT_NONE, flags, -1, 0);
}

void
give_addresses(uint8_t *at, uint64_t bytes)
{
	munmap(at, bytes);
}

#endif

}	/* namespace */

void
region::reserve(uint64_t most, uint64_t least)
{
	release();
	for (uint64_t bytes = round_up(most, unit);; bytes = round_up(bytes / 2, unit))
	{
		base = (uint8_t *) take_addresses(bytes);
		if (base != nullptr)
		{
			reserved = bytes;
			return;
		}
		if (bytes / 2 < least || bytes == unit)
			throw failure(error_code::memory, "the system gives no more addresses");
	}
}

void
region::grow(uint64_t bytes)
{
	if (bytes <= usable || (reserved == 0 && bytes <= used))
	{
		if (bytes > size())
			used = bytes;
		return;
	}
	if (bytes > reserved)
		throw failure(error_code::too_large, "the index has no addresses left to grow into");

	/* An eighth more, so that calls are few. */
	uint64_t	target = round_up(bytes + usable / 8, unit);

	if (target > reserved)
		target = reserved;
	if (!take_memory(base + usable, target - usable))
	{
		target = round_up(bytes, unit);
		if (target > reserved || !take_memory(base + usable, target - usable))
			throw failure(error_code::memory, "the system gives no more memory");
	}
	usable = target;
	used = bytes;
}

void
region::shrink(uint64_t bytes)
{
	const uint64_t keep = round_up(bytes, unit);

	if (reserved == 0 || bytes >= used)
		return;
	/* What is used again is to be zero. */
	if (keep < usable)
	{
		give_memory(base + keep, usable - keep);
		usable = keep;
	}
	__builtin_memset(base + bytes, 0, (size_t) ((size() < usable ? size() : usable) - bytes));
	used = bytes;
}

void
region::release()
{
	if (reserved > 0)
		give_addresses(base, reserved);
	base = nullptr;
	reserved = usable = 0;
	used = 0;
	watched = nullptr;
}

}	/* namespace rv_index */
