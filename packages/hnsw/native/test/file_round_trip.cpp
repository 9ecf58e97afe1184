/*
 * file_round_trip.cpp - what is written is read; names, permissions, progress, and what stays when writing fails.
 */
#include <signal.h>
#include <sys/resource.h>

#include <stdexcept>

#include "file/os.h"
#include "support/files.h"

namespace
{

using namespace rv_test;
using rv_index::block_bytes;

/* Opens both ways, and compares every section with its pattern. */
void
check_patterned(const std::string &path, const std::vector<uint64_t> &lengths, uint64_t seed = 0)
{
	for (file_mode mode : {file_mode::load, file_mode::view})
	{
		const auto	reader = file_reader::open(path, mode);

		check(reader->kind() == 7 && reader->kind_version() == 3 && reader->mode() == mode, "the kind");
		check(reader->file_bytes() == bytes_of(path).size(), "%s: the length", path.c_str());
		check(reader->sections().size() == lengths.size(), "%zu sections", reader->sections().size());
		for (size_t i = 0; i < lengths.size() && i < reader->sections().size(); i++)
		{
			const file_section &section = reader->sections()[i];
			const byte_vector right = patterned(seed + i, lengths[i]);

			check(section.name == "s" + std::to_string(i) && section.bytes == lengths[i] && section.offset % 4096 == 0,
				  "section %zu: %s, %llu bytes", i, section.name.c_str(), (unsigned long long) section.bytes);
			check(reader->find(section.name) == &section, "section %zu is found", i);
			check(loaded(*reader, section) == right, "section %zu of %llu bytes", i, (unsigned long long) lengths[i]);
			check(reader->touch(section, 0, section.bytes) == (mode == file_mode::view || section.bytes == 0),
				  "touching section %zu", i);
			if (mode == file_mode::view)
				check((uintptr_t) section.data % 4096 == 0 &&
					  (section.bytes == 0 || memcmp(section.data, right.data(), right.size()) == 0), "viewing section %zu", i);
			else
				check(section.data == NULL, "section %zu is not viewed", i);
		}
		check(reader->still_whole(), "nobody changed it");
		reader->verify();
	}
}

void
lengths()
{
	folder		temporary;
	const std::string path = temporary / "index";
	random_numbers random(1);

	for (uint64_t bytes : {0, 1, 4095, 4096, 4097, 16383, 16384, 16385, 20480, 20481, 1048575, 1048576, 1048577, 3000000})
	{
		write_patterned(path, {bytes}, bytes);
		check_patterned(path, {bytes}, bytes);
	}
	write_patterned(path, {});
	check_patterned(path, {});
	check(bytes_of(path).size() == 4096, "no section, and %zu bytes", bytes_of(path).size());
	write_patterned(path, std::vector<uint64_t>(rv_index::max_sections, 0));
	check_patterned(path, std::vector<uint64_t>(rv_index::max_sections, 0));
	for (int n = 0; n < 30; n++)
	{
		std::vector<uint64_t> some(random.below(12));

		for (uint64_t &bytes : some)
			bytes = random.one_in(4) ? 0 : random.below(random.one_in(3) ? 200000 : 9000);
		write_patterned(path, some, (uint64_t) n);
		check_patterned(path, some, (uint64_t) n);
	}
	check(temporary.names().size() == 1, "%zu files", temporary.names().size());
}

/* More blocks than one block of sums has. */
void
many_blocks()
{
	folder		temporary;
	const std::string path = temporary / "index";
	const std::vector<uint64_t> some = {5000, 4096 * block_bytes + 100, 70000};

	write_patterned(path, some);
	check_patterned(path, some);
}

/* Pieces, memory and producers give the same file, bit for bit. */
void
sources()
{
	folder		temporary;
	const byte_vector all = patterned(0, 2500000);
	random_numbers random(2);

	write_patterned(temporary / "produced", {all.size()});
	for (int n = 0; n < 10; n++)
	{
		std::vector<rv_index::file_piece> pieces;

		for (size_t at = 0; at < all.size();)
		{
			size_t		bytes = random.below(random.one_in(2) ? 100 : 900000);

			bytes = bytes > all.size() - at || n == 0 ? all.size() - at : bytes;
			pieces.push_back({bytes == 0 ? NULL : all.data() + at, bytes});
			at += bytes;
		}
		pieces.push_back({NULL, 0});

		file_writer writer(temporary / "pieces", 7, 3);

		writer.add("s0", pieces);
		writer.commit();
		check(bytes_of(temporary / "pieces") == bytes_of(temporary / "produced"), "%zu pieces", pieces.size());
	}

	file_writer writer(temporary / "memory", 7, 3);

	writer.add("s0", all.data(), all.size());
	writer.commit();
	check(bytes_of(temporary / "memory") == bytes_of(temporary / "produced"), "one piece");
	check(outcome_of([&] { writer.commit(); }).is(error_code::argument), "committed twice");
}

void
names()
{
	folder		temporary;
	file_writer writer(temporary / "index", 1, 1);
	const std::string longest = "sixteen.letters!";

	for (const char *wrong : {"", "seventeen.letters", "a b", "\xC3\xA4", "tab\t", "\x7F"})
		check(outcome_of([&] { writer.add(wrong, NULL, 0); }).is(error_code::argument), "the name \"%s\"", wrong);
	check(outcome_of([&] { writer.add(std::string("a\0b", 3), NULL, 0); }).is(error_code::argument), "a name with a zero");
	writer.add(longest, "abc", 3);
	check(outcome_of([&] { writer.add(longest, NULL, 0); }).is(error_code::argument), "a name twice");
	check(outcome_of([&] { writer.add("big", NULL, rv_index::max_file_bytes + 1); }).is(error_code::argument), "too large");
	check(outcome_of([&] { writer.add("big", {{NULL, UINT64_MAX}, {NULL, 5}}); }).is(error_code::argument), "overflow");
	for (size_t i = 1; i < rv_index::max_sections; i++)
		writer.add(std::to_string(i), NULL, 0);
	check(outcome_of([&] { writer.add("more", NULL, 0); }).is(error_code::argument), "one section too many");
	writer.commit();

	const auto	reader = file_reader::open(temporary / "index", file_mode::load);

	check(reader->find(longest) != NULL && reader->find(longest)->bytes == 3, "the longest name");
	check(reader->find("more") == NULL && reader->find("") == NULL, "a section that is not there");
	check(&reader->find(longest, 3, 3) == reader->find(longest), "of the right length");
	check(outcome_of([&] { reader->find(longest, 4, 9); }).is(error_code::corrupt), "too short");
	check(outcome_of([&] { reader->find(longest, 0, 2); }).is(error_code::corrupt), "too long");
	check(outcome_of([&] { reader->find("more", 0, 9); }).section == "more", "which section is missing");

	file_writer huge(temporary / "huge", 1, 1);

	huge.add("a", NULL, rv_index::max_file_bytes);
	check(outcome_of([&] { huge.commit(); }).is(error_code::argument), "a file that is too large");
	check(temporary.names().size() == 1, "%zu files", temporary.names().size());
}

/* So many steps until it says stop. */
struct steps
{
	int			left;
	uint64_t	last = 0,
				total = 0;
	int			count = 0;
	bool		rising = true;

	static bool
	tell(void *data, uint64_t done, uint64_t total)
	{
		steps	   &own = *(steps *) data;

		own.rising = own.rising && done >= own.last && done <= total;
		own.last = done;
		own.total = total;
		own.count++;
		return own.left-- > 0;
	}
};

void
progress()
{
	folder		temporary;
	const std::string path = temporary / "index";
	const std::vector<uint64_t> old = {10},
				some = {3000000, 0, 1500000};
	steps		whole = {1000};

	write_patterned(path, some, 0, {steps::tell, &whole});
	check(whole.rising && whole.last == whole.total && whole.total == bytes_of(path).size() && whole.count >= 5,
		  "%d steps to %llu of %llu", whole.count, (unsigned long long) whole.last, (unsigned long long) whole.total);
	{
		const auto	reader = file_reader::open(path, file_mode::load);
		steps		verified = {1000},
					read = {1000};

		reader->verify({steps::tell, &verified});
		check(verified.rising && verified.last == verified.total && verified.total == reader->file_bytes() &&
			  verified.count >= 5, "%d steps of verify()", verified.count);
		for (int left = 0; left < verified.count; left++)
		{
			steps		stopping = {left};

			check(outcome_of([&] { reader->verify({steps::tell, &stopping}); }).is(error_code::stopped), "stop %d", left);
		}

		byte_vector to(some[0]);

		reader->read(reader->sections()[0], to.data(), {steps::tell, &read});
		check(read.rising && read.last == some[0] && read.total == some[0], "%d steps of read()", read.count);
		check(outcome_of([&] { reader->load(reader->sections()[0], [] (uint64_t) { return (void *) NULL; }); })
			  .is(error_code::memory), "no memory");
	}
	write_patterned(path, old);
	for (int left = 0; left < whole.count; left++)
	{
		steps		stopping = {left};

		check(outcome_of([&] { write_patterned(path, some, 0, {steps::tell, &stopping}); }).is(error_code::stopped),
			  "stop %d", left);
		check(temporary.names().size() == 1, "%zu files", temporary.names().size());
		check_patterned(path, old);
	}
}

mode_t
permissions(const std::string &path)
{
	struct stat there;

	must(stat(path.c_str(), &there) == 0, "stat");
	return there.st_mode & 07777;
}

void
permissions_and_links()
{
	folder		temporary;
	const std::string path = temporary / "index",
				link = temporary / "link";
	const mode_t before = umask(027);

	write_patterned(path, {100});
	check(permissions(path) == 0640, "a new file has %o", permissions(path));
	umask(0);
	for (mode_t mode : {0600, 0644, 0666, 0400, 0444})
	{
		must(chmod(path.c_str(), mode) == 0, "chmod");
		write_patterned(path, {200});
		check(permissions(path) == mode, "%o became %o", mode, permissions(path));
	}
	umask(before);
	must(chmod(path.c_str(), 0644) == 0 && symlink("index", link.c_str()) == 0, "symlink");
	write_patterned(link, {300}, 5);

	struct stat there;

	check(lstat(link.c_str(), &there) == 0 && S_ISLNK(there.st_mode), "the link stays");
	check_patterned(path, {300}, 5);
	check_patterned(link, {300}, 5);
	unlink(path.c_str());
	check(outcome_of([&] { write_patterned(link, {1}); }).is(error_code::io), "a link to nothing");
	unlink(link.c_str());

	/* As long as a name may be. */
	const std::string longest = temporary / std::string(255, 'x'),
				umlauts = temporary / (std::string(199, 'x') + "\xC3\xA4" + std::string(20, 'y'));

	write_patterned(longest, {400});
	check_patterned(longest, {400});
	write_patterned(umlauts, {400});
	check_patterned(umlauts, {400});
	check(temporary.names().size() == 2, "%zu files", temporary.names().size());
}

void
temporary_names()
{
	for (const char *name : {"index.0123456789abcdef.tmp", "a.0000000000000000.tmp", "a.tmp.ffffffffffffffff.tmp"})
		check(file_writer::is_temporary(name), "%s", name);
	for (const char *name : {"", "index", "index.tmp", ".tmp", "index.0123456789abcde.tmp", "index.0123456789abcdeF.tmp",
							 "index0123456789abcdef.tmp", "index.0123456789abcdef.tmp2", "0123456789abcdef.tmp",
							 ".0123456789abcdef.tmp"})
		check(!file_writer::is_temporary(name), "%s", name);
}

/* The error, and that the old file and nothing else is there. */
void
check_refused(const folder &in, const byte_vector &old, const outcome &result, int system, const char *what)
{
	check(result.is(error_code::io) && (system == 0 || result.system == system), "%s: code %d, system %d: %s", what,
		  result.code, result.system, result.message.c_str());
	check(in.names().size() == 1 && bytes_of(in / "index") == old, "%s: the old file is as it was", what);
}

/* The system refuses to make a file longer than so many bytes, wherever that is. */
void
full_disk()
{
	folder		temporary;
	const std::string path = temporary / "index";
	const std::vector<uint64_t> some = {3000, 40000, 1200000};
	rlimit		before,
				now;
	byte_vector old;
	uint64_t	whole;

	signal(SIGXFSZ, SIG_IGN);
	write_patterned(temporary / "whole", some);
	whole = bytes_of(temporary / "whole").size();
	unlink((temporary / "whole").c_str());
	write_patterned(path, {5000});
	old = bytes_of(path);
	must(getrlimit(RLIMIT_FSIZE, &before) == 0, "getrlimit");
	for (uint64_t limit = 0; limit < whole; limit += limit < 70000 || limit > whole - 10000 ? 1021 : 65536)
	{
		now = before;
		now.rlim_cur = limit;
		must(setrlimit(RLIMIT_FSIZE, &now) == 0, "setrlimit");

		const outcome result = outcome_of([&] { write_patterned(path, some); });

		must(setrlimit(RLIMIT_FSIZE, &before) == 0, "setrlimit");
		check_refused(temporary, old, result, EFBIG, "a limit of the length");
	}
	now = before;
	now.rlim_cur = whole;
	must(setrlimit(RLIMIT_FSIZE, &now) == 0, "setrlimit");
	check(outcome_of([&] { write_patterned(path, some); }).fine(), "just enough");
	must(setrlimit(RLIMIT_FSIZE, &before) == 0, "setrlimit");
	check_patterned(path, some);
}

/* What is no regular file is not replaced, and folders that are not there are not made. */
void
wrong_targets()
{
	folder		temporary;
	const std::string path = temporary / "index",
				inner = temporary / "folder";
	byte_vector old;
	char		room[4096] = {};

	check(outcome_of([&] { write_patterned("/dev/full", {100}); }).is(error_code::io), "/dev/full");

	/* A disk that is always full, through the same calls. */
	rv_index::os::file full;
	const std::string link = temporary / "full";

	must(symlink("/dev/full", link.c_str()) == 0, "symlink");
	check(outcome_of([&] { write_patterned(link, {100}); }).system == EINVAL, "a link to /dev/full");
	unlink(link.c_str());
	check(full.create(path, "/nowhere") == 0 && full.write_at(0, room, sizeof(room)) == 0 && full.close() == 0, "a file");
	unlink(path.c_str());
	{
		/* Its number is taken over by the device. */
		const int	device = open("/dev/full", O_WRONLY);
		const int	lowest = dup(0);

		close(lowest);
		check(full.create(path, "/nowhere") == 0, "another file");
		must(dup2(device, lowest) == lowest, "dup2");
		check(full.write_at(0, room, sizeof(room)) == ENOSPC, "no space");
		check(!rv_index::os::message(ENOSPC).empty(), "its message");
		full.close();
		close(device);
		unlink(path.c_str());
	}
	write_patterned(path, {5000});
	old = bytes_of(path);
	must(mkdir(inner.c_str(), 0755) == 0, "mkdir");
	check(outcome_of([&] { write_patterned(inner, {1}); }).system == EISDIR, "a folder");
	rmdir(inner.c_str());
	must(mkfifo(inner.c_str(), 0644) == 0, "mkfifo");
	check(outcome_of([&] { write_patterned(inner, {1}); }).system == EINVAL, "a pipe");
	unlink(inner.c_str());
	check_refused(temporary, old, outcome_of([&] { write_patterned(inner + "/none", {1}); }), ENOENT, "no folder");
	check_refused(temporary, old, outcome_of([&] { write_patterned(path + "/none", {1}); }), ENOTDIR, "a file as a folder");
	check_refused(temporary, old, outcome_of([&] { write_patterned("", {1}); }), 0, "no path");

	/* What a producer throws comes through. */
	bool		came = false;

	try
	{
		file_writer writer(path, 1, 1);

		writer.add("a", 3000000, [] (uint8_t *, size_t) { throw std::runtime_error("no more"); });
		writer.commit();
	}
	catch (const std::runtime_error &error)
	{
		came = strcmp(error.what(), "no more") == 0;
	}
	check(came && temporary.names().size() == 1 && bytes_of(path) == old, "what a producer throws");
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("lengths", lengths);
	rv_test::run("many_blocks", many_blocks);
	rv_test::run("sources", sources);
	rv_test::run("names", names);
	rv_test::run("progress", progress);
	rv_test::run("permissions_and_links", permissions_and_links);
	rv_test::run("temporary_names", temporary_names);
	rv_test::run("full_disk", full_disk);
	rv_test::run("wrong_targets", wrong_targets);
	return rv_test::status();
}
