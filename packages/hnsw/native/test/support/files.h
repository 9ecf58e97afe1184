/*
 * files.h - what the tests of the container share: a folder of their own, files as bytes, and errors as values.
 */
#ifndef RUVECTOR_HNSW_TEST_FILES_H
#define RUVECTOR_HNSW_TEST_FILES_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "check.h"
#include "file/file.h"
#include "file/format.h"

namespace rv_test
{

using rv_index::error_code;
using rv_index::file_error;
using rv_index::file_mode;
using rv_index::file_progress;
using rv_index::file_reader;
using rv_index::file_section;
using rv_index::file_writer;

typedef std::vector<uint8_t> byte_vector;

inline void
must(bool right, const char *what)
{
	if (right)
		return;
	perror(what);
	exit(2);
}

/* Removed at the end, with everything in it but folders. */
struct folder
{
	std::string path;

	folder()
	{
		const char *parent = getenv("TMPDIR");
		std::string name = std::string(parent != NULL ? parent : "/tmp") + "/ruvector-file-XXXXXX";

		must(mkdtemp(&name[0]) != NULL, "mkdtemp");
		path = name;
	}

	folder(const folder &) = delete;

	~folder()
	{
		for (const std::string &name : names())
			unlink((*this / name).c_str());
		rmdir(path.c_str());
	}

	std::string operator/(const std::string &name) const { return path + "/" + name; }

	std::vector<std::string>
	names() const
	{
		std::vector<std::string> found;
		DIR		   *open = opendir(path.c_str());

		must(open != NULL, "opendir");
		while (const dirent *entry = readdir(open))
			if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
				found.push_back(entry->d_name);
		closedir(open);
		return found;
	}
};

inline byte_vector
bytes_of(const std::string &path)
{
	byte_vector bytes;
	struct stat there;
	const int	file = open(path.c_str(), O_RDONLY);

	must(file >= 0 && fstat(file, &there) == 0, "open");
	bytes.resize((size_t) there.st_size);
	must(pread(file, bytes.data(), bytes.size(), 0) == (ssize_t) bytes.size(), "pread");
	close(file);
	return bytes;
}

/* Writes over a file where it is; not by emptying it first, which some systems take as a reason to go to the disk. */
inline void
put_bytes(const std::string &path, const byte_vector &bytes)
{
	const int	file = open(path.c_str(), O_WRONLY | O_CREAT, 0644);

	must(file >= 0 && pwrite(file, bytes.data(), bytes.size(), 0) == (ssize_t) bytes.size() &&
		 ftruncate(file, (off_t) bytes.size()) == 0, "pwrite");
	close(file);
}

inline void
put_byte(const std::string &path, uint64_t at, uint8_t byte)
{
	const int	file = open(path.c_str(), O_WRONLY);

	must(file >= 0 && pwrite(file, &byte, 1, (off_t) at) == 1, "pwrite");
	close(file);
}

/* A byte that depends on its place and on a seed. */
inline uint8_t
pattern(uint64_t seed, uint64_t at)
{
	return (uint8_t) ((at * UINT64_C(0x9E3779B97F4A7C15) + seed * UINT64_C(0xD1B54A32D192ED03)) >> 56);
}

inline byte_vector
patterned(uint64_t seed, uint64_t bytes)
{
	byte_vector made((size_t) bytes);

	for (uint64_t i = 0; i < bytes; i++)
		made[(size_t) i] = pattern(seed, i);
	return made;
}

/* What an action throws of the container's errors; nothing is code none. */
struct outcome
{
	static constexpr int none = -1;
	int			code = none,
				system = 0;
	std::string message,
				section;
	uint64_t	offset = 0;

	bool is(error_code wanted) const { return code == (int) wanted; }
	bool fine() const { return code == none; }
};

template<typename Action>
outcome
outcome_of(const Action &action)
{
	outcome		result;

	try
	{
		action();
	}
	catch (const file_error &error)
	{
		result.code = (int) error.code;
		result.system = error.system;
		result.message = error.what();
		result.section = error.section;
		result.offset = error.offset;
	}
	return result;
}

inline byte_vector
loaded(const file_reader &reader, const file_section &section)
{
	byte_vector to;

	reader.load(section, [&] (uint64_t bytes)
	{
		to.resize((size_t) bytes);
		return (void *) to.data();
	});
	return to;
}

/* Writes so many sections of patterned bytes, s0, s1 and so on; a section's seed is its number plus `seed`. */
inline void
write_patterned(const std::string &path, const std::vector<uint64_t> &lengths, uint64_t seed = 0,
				const file_progress &progress = file_progress())
{
	file_writer writer(path, 7, 3);

	for (size_t i = 0; i < lengths.size(); i++)
	{
		uint64_t	at = 0;

		writer.add("s" + std::to_string(i), lengths[i], [=] (uint8_t *to, size_t bytes) mutable
		{
			for (size_t n = 0; n < bytes; n++)
				to[n] = pattern(seed + i, at++);
		});
	}
	writer.commit(progress);
}

}	/* namespace rv_test */

#endif							/* RUVECTOR_HNSW_TEST_FILES_H */
