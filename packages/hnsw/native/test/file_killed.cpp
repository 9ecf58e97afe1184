/*
 * file_killed.cpp - writers that are killed at any moment, and a disk that is full: the old file or the new one, whole.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "support/files.h"

namespace
{

using namespace rv_test;

/* Lengths of the sections of a version: files of versions differ in length, too. */
std::vector<uint64_t>
lengths_of(uint64_t version)
{
	return {8, 100000 + version % 7 * 30000, 0, 1500000 - version % 5 * 100000};
}

/* Writes version after version, until it is killed; of the number, and of bytes by the number. */
[[noreturn]] void
write_on(const std::string &path, uint64_t version)
{
	for (;; version++)
	{
		const outcome result = outcome_of([&] { write_patterned(path, lengths_of(version), version); });

		if (!result.fine())
			_exit(3);
	}
}

/* The version of a file that is whole; a file that is of no version, or of two, fails. */
uint64_t
version_of(const std::string &path, uint64_t least, uint64_t most)
{
	const auto	reader = file_reader::open(path, file_mode::view);

	reader->verify();
	check(reader->sections().size() == 4, "%zu sections", reader->sections().size());
	for (uint64_t version = least; version <= most; version++)
	{
		bool		fits = reader->sections().size() == 4;

		for (size_t i = 0; fits && i < 4; i++)
			fits = reader->sections()[i].bytes == lengths_of(version)[i];
		if (fits && loaded(*reader, reader->sections()[0]) == patterned(version, 8))
		{
			for (size_t i = 0; i < 4; i++)
				check(loaded(*reader, reader->sections()[i]) == patterned(version + i, lengths_of(version)[i]),
					  "section %zu of version %llu", i, (unsigned long long) version);
			return version;
		}
	}
	check(false, "a file of no version from %llu to %llu", (unsigned long long) least, (unsigned long long) most);
	return least;
}

void
killed()
{
	folder		temporary;
	const std::string path = temporary / "index";
	random_numbers random(1);
	uint64_t	version = 0;
	int			left_behind = 0,
				writers = 0;

	write_patterned(path, lengths_of(0), 0);
	/* More of them, and for longer, on a machine on which they are slow. */
	for (; writers < scaled(100) || ((version == 0 || left_behind == 0) && writers < 1000); writers++)
	{
		const uint64_t next = version + 1;
		const pid_t child = fork();
		int			status = 0;

		must(child >= 0, "fork");
		if (child == 0)
			write_on(path, next);
		usleep(random.below(random.one_in(3) ? 60000 + 1000 * (uint32_t) writers : 8000));
		must(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child, "kill");
		check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the writer ended by itself: %d", status);
		version = version_of(path, version, version + 1000);
		for (const std::string &name : temporary.names())
		{
			if (name == "index")
				continue;
			check(file_writer::is_temporary(name) && name.compare(0, 6, "index.") == 0, "%s was left behind", name.c_str());
			unlink((temporary / name).c_str());
			left_behind++;
		}
	}
	figure("versions that were written by a writer", (double) version / writers);
	figure("temporary files that were left behind by a writer", (double) left_behind / writers);
	check(version > 0 && left_behind > 0, "writers were killed while they wrote");
}

/* Where there was no file, there is none, or a whole one. */
void
first_file_killed()
{
	folder		temporary;
	const std::string path = temporary / "index";
	random_numbers random(2);

	for (int n = 0; n < scaled(50); n++)
	{
		const pid_t child = fork();
		int			status = 0;

		must(child >= 0, "fork");
		if (child == 0)
			write_on(path, 5);
		usleep(random.below(5000));
		must(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child, "kill");

		const outcome opened = outcome_of([&] { file_reader::open(path, file_mode::load); });

		check(opened.fine() || (opened.is(error_code::io) && opened.system == ENOENT), "code %d", opened.code);
		if (opened.fine())
			version_of(path, 5, 1000);
		for (const std::string &name : temporary.names())
		{
			check(name == "index" || file_writer::is_temporary(name), "%s was left behind", name.c_str());
			unlink((temporary / name).c_str());
		}
	}
}

#if defined(__linux__)
bool
put_text(const char *path, const std::string &text)
{
	const int	file = open(path, O_WRONLY);
	const bool	put = file >= 0 && write(file, text.data(), text.size()) == (ssize_t) text.size();

	close(file);
	return put;
}
#endif

/* In a process of its own: 1 to 4 where the disk cannot be had, 0 where all is as it should be. */
int
write_to_small_disk(const std::string &at)
{
#if defined(__linux__)
	const std::string path = at + "/index";

	/* Disks of a process have files of users that it knows: who is root there is who it was before. */
	const std::string user = "0 " + std::to_string(getuid()) + " 1",
				group = "0 " + std::to_string(getgid()) + " 1";

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return 1;
	if (!put_text("/proc/self/setgroups", "deny") || !put_text("/proc/self/uid_map", user) ||
		!put_text("/proc/self/gid_map", group))
		return 3;
	if (mount("none", at.c_str(), "tmpfs", 0, "size=1m,mode=755") != 0)
		return 2;
	write_patterned(path, {5000});

	const byte_vector old = bytes_of(path);

	for (uint64_t bytes : {1040000, 1100000, 5000000})
	{
		const outcome result = outcome_of([&] { write_patterned(path, {3000, bytes}); });

		if (!result.is(error_code::io) || result.system != ENOSPC)
			return 10;
		if (bytes_of(path) != old)
			return 11;

		DIR		   *open = opendir(at.c_str());
		int			names = 0;

		while (open != NULL && readdir(open) != NULL)
			names++;
		if (names != 3)
			return 12;
	}
	/* What was removed gives its room back. */
	return outcome_of([&] { write_patterned(path, {700000}); }).fine() ? 0 : 13;
#else
	(void) at;
	return 4;
#endif
}

/* Where the system lets a process have disks of its own. */
void
small_disk()
{
	folder		temporary;
	const pid_t child = fork();
	int			status = 0;

	must(child >= 0, "fork");
	if (child == 0)
		_exit(write_to_small_disk(temporary.path));
	must(waitpid(child, &status, 0) == child, "waitpid");

	const int	code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	figure("a disk of 1 MiB could be had", code == 0 || code > 4);
	check(code >= 0 && code <= 4, "what went wrong on it has the number %d", code);
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("killed", killed);
	rv_test::run("first_file_killed", first_file_killed);
	rv_test::run("small_disk", small_disk);
	return rv_test::status();
}
