/*
 * os_posix.cpp - files of Linux, macOS and other systems of their family.
 */
#if !defined(_WIN32)

/* Offsets of 64 bits also where long has 32. */
#define _FILE_OFFSET_BITS 64

#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rv_index
{

namespace os
{

namespace
{

static_assert(sizeof(off_t) == 8, "offsets in files");

int
stat_of(const std::string &path, struct stat *there)
{
	return ::stat(path.c_str(), there) == 0 ? 0 : errno;
}

/* Gives an open file the permissions of another one, and its owner and group where that may be. */
int
make_like(int file, const struct stat &like)
{
	mode_t		mode = like.st_mode & 0777;
	struct stat own;

	if (::fstat(file, &own) != 0)
		return errno;
	/* The owner first, since changing it may take permissions away.  What its group may do, another group may not. */
	if ((own.st_uid != like.st_uid || own.st_gid != like.st_gid) && ::fchown(file, like.st_uid, like.st_gid) != 0 &&
		own.st_gid != like.st_gid && ::fchown(file, (uid_t) -1, like.st_gid) != 0)
		mode &= ~(mode_t) 070;
	return ::fchmod(file, mode) == 0 ? 0 : errno;
}

}	/* namespace */

int
file::open(const std::string &path)
{
	close();
	/* A pipe would wait for its writer. */
	handle = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return handle >= 0 ? 0 : errno;
}

int
file::create(const std::string &path, const std::string &like)
{
	struct stat there;
	const bool	is_there = stat_of(like, &there) == 0;

	close();
	/* Nobody else may look into it before it has the permissions that it is going to have. */
	handle = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, is_there ? 0600 : 0666);
	if (handle < 0)
		return errno;

	const int	error = is_there ? make_like(handle, there) : 0;

	if (error != 0)
	{
		close();
		os::remove(path);
	}
	return error;
}

int
file::status(file_type *type, file_identity *identity) const
{
	struct stat there;

	if (::fstat(handle, &there) != 0)
		return errno;
	*type = S_ISREG(there.st_mode) ? file_type::regular : S_ISDIR(there.st_mode) ? file_type::directory : file_type::other;
	identity->device = (uint64_t) there.st_dev;
	identity->number = (uint64_t) there.st_ino;
	identity->bytes = (uint64_t) there.st_size;
#if defined(__APPLE__)
	identity->changed = (int64_t) there.st_mtimespec.tv_sec * 1000000000 + there.st_mtimespec.tv_nsec;
#else
	identity->changed = (int64_t) there.st_mtim.tv_sec * 1000000000 + there.st_mtim.tv_nsec;
#endif
	return 0;
}

int
file::read_at(uint64_t offset, void *to, size_t bytes, size_t *got) const
{
	*got = 0;
	while (*got < bytes)
	{
		/* Some systems refuse 2 GiB and more at once. */
		const size_t most = bytes - *got < ((size_t) 1 << 30) ? bytes - *got : (size_t) 1 << 30;
		const ssize_t n = ::pread(handle, (char *) to + *got, most, (off_t) (offset + *got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		*got += (size_t) n;
	}
	return 0;
}

int
file::write_at(uint64_t offset, const void *from, size_t bytes)
{
	const char *p = (const char *) from;

	while (bytes > 0)
	{
		const ssize_t n = ::pwrite(handle, p, bytes < ((size_t) 1 << 30) ? bytes : (size_t) 1 << 30, (off_t) offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : ENOSPC;
		p += n;
		offset += (uint64_t) n;
		bytes -= (size_t) n;
	}
	return 0;
}

int
file::sync()
{
#if defined(F_FULLFSYNC)
	/* macOS: fsync() leaves the bytes in the disk's own memory.  Not every file system has this. */
	if (::fcntl(handle, F_FULLFSYNC) == 0)
		return 0;
#endif
	while (::fsync(handle) != 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

int
file::close()
{
	const int	closing = handle;

	handle = -1;
	/* Closed also where it was interrupted, on Linux and macOS. */
	return closing < 0 || ::close(closing) == 0 || errno == EINTR ? 0 : errno;
}

int
file::map(uint64_t bytes, const uint8_t **memory) const
{
	if (bytes > SIZE_MAX)
		return ENOMEM;

	void	   *mapped = ::mmap(nullptr, (size_t) bytes, PROT_READ, MAP_SHARED, handle, 0);

	if (mapped == MAP_FAILED)
		return errno;
	*memory = (const uint8_t *) mapped;
	return 0;
}

void
unmap(const uint8_t *memory, uint64_t bytes)
{
	::munmap((void *) (uintptr_t) memory, (size_t) bytes);
}

namespace
{

void
advise(const uint8_t *memory, uint64_t bytes, int advice)
{
	static const uintptr_t page = (uintptr_t) ::sysconf(_SC_PAGESIZE);
	const uintptr_t begin = (uintptr_t) memory / page * page;

	if (bytes > 0)
		::madvise((void *) begin, (size_t) ((uintptr_t) memory + bytes - begin), advice);
}

}	/* namespace */

void
expect_access(const uint8_t *memory, uint64_t bytes, access_pattern pattern)
{
	advise(memory, bytes, pattern == access_pattern::random ? MADV_RANDOM :
		   pattern == access_pattern::sequential ? MADV_SEQUENTIAL : MADV_NORMAL);
}

void
will_need(const uint8_t *memory, uint64_t bytes)
{
	advise(memory, bytes, MADV_WILLNEED);
}

int
resolve_target(const std::string &path, std::string *target)
{
	struct stat there;

	*target = path;
	if (::lstat(path.c_str(), &there) != 0)
		return errno == ENOENT ? 0 : errno;
	if (S_ISLNK(there.st_mode))
	{
		char	   *real = ::realpath(path.c_str(), nullptr);

		if (real == nullptr)
			return errno;
		*target = real;
		::free(real);
		if (::stat(target->c_str(), &there) != 0)
			return errno;
	}
	return S_ISREG(there.st_mode) ? 0 : S_ISDIR(there.st_mode) ? EISDIR : EINVAL;
}

int
rename(const std::string &from, const std::string &to)
{
	return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

int
sync_directory_of(const std::string &path)
{
	const size_t name = name_at(path);
	const int	directory = ::open(name == 0 ? "." : path.substr(0, name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* A folder may be open for writing alone: then nobody can do this. */
	if (directory < 0)
		return errno == EACCES || errno == EPERM ? 0 : errno;

	const int	error = ::fsync(directory) == 0 ? 0 : errno;

	::close(directory);
	/* So say systems, and network disks, that have no such thing. */
	return error == EINVAL || error == ENOTSUP || error == ENOSYS || error == EBADF ? 0 : error;
}

int
remove(const std::string &path)
{
	return ::unlink(path.c_str()) == 0 ? 0 : errno;
}

size_t
name_at(const std::string &path)
{
	const size_t slash = path.rfind('/');

	return slash == std::string::npos ? 0 : slash + 1;
}

std::string
message(int error)
{
	/* strerror() is not for threads, and strerror_r() differs between systems; a local one is enough for both of its forms. */
	char		room[256] = "";

#if defined(__GLIBC__) && defined(_GNU_SOURCE)
	return ::strerror_r(error, room, sizeof(room));
#else
	if (::strerror_r(error, room, sizeof(room)) != 0)
		::snprintf(room, sizeof(room), "error %d", error);
	return room;
#endif
}

}	/* namespace os */

}	/* namespace rv_index */

#endif							/* not Windows */
