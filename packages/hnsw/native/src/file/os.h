/*
 * os.h - what the container asks of the system: files by offsets, mappings, renaming.  One source for each family of
 * systems.
 *
 * Calls give 0, or the system's number of an error: errno, or GetLastError() of Windows.  Nothing here throws but for
 * memory. Paths are UTF-8.
 */
#ifndef RUVECTOR_INDEX_FILE_OS_H
#define RUVECTOR_INDEX_FILE_OS_H

#include <stddef.h>
#include <stdint.h>

#include <string>

#include "file.h"

namespace rv_index
{

namespace os
{

#if defined(_WIN32)
typedef void *native_file;
#else
typedef int native_file;
#endif

enum class file_type
{
	regular,
	directory,
	other
};

/* A file that is open; closed at the end. */
class file
{
public:
	file() = default;
	file(const file &) = delete;
	file &operator=(const file &) = delete;
	~file() { close(); }

	/* Does not wait, whatever the path leads to. */
	int			open(const std::string &path);

	/*
	 * Creates a file that must not be there, for writing.  Where `like` leads to a file, the new one gets its
	 * permissions, and its owner where that may be; else what is usual for new files of the process.
	 */
	int			create(const std::string &path, const std::string &like);

	int			status(file_type *type, file_identity *identity) const;

	/* Reads so many bytes, fewer only at the end of the file; `*got` says how many. */
	int			read_at(uint64_t offset, void *to, size_t bytes, size_t *got) const;
	int			write_at(uint64_t offset, const void *from, size_t bytes);

	/* What was written is on the disk. */
	int			sync();
	int			close();

	/* Maps the first `bytes` bytes for reading; `*memory` stays until unmap(), longer than the file is open. */
	int			map(uint64_t bytes, const uint8_t **memory) const;

private:
#if defined(_WIN32)
	native_file handle = (native_file) (intptr_t) -1;
#else
	native_file handle = -1;
#endif
};

void		unmap(const uint8_t *memory, uint64_t bytes);

/* Hints; `memory` need not be aligned. */
void		expect_access(const uint8_t *memory, uint64_t bytes, access_pattern pattern);
void		will_need(const uint8_t *memory, uint64_t bytes);

/* Where a file of this path would really be written: follows a symbolic link that is there, refuses what is no regular file. */
int			resolve_target(const std::string &path, std::string *target);

/* Puts `from` in the place of `to`, at once. */
int			rename(const std::string &from, const std::string &to);

/* The name of a file that was renamed is on the disk.  0 where the system cannot do that. */
int			sync_directory_of(const std::string &path);

int			remove(const std::string &path);

/* Where the last part of a path begins. */
size_t		name_at(const std::string &path);

std::string message(int error);

}	/* namespace os */

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_FILE_OS_H */
