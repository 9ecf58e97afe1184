/*
 * file_touch.cpp - views: threads that touch the same blocks for the first time, and files that others change
 * meanwhile. Run as it is and under TSan.
 */
#include <atomic>
#include <thread>

#include "support/files.h"

namespace
{

using namespace rv_test;
using rv_index::block_bytes;

constexpr int threads = 4;

template<typename Work>
void
in_threads(const Work &work)
{
	std::vector<std::thread> started;

	for (int thread = 0; thread < threads; thread++)
		started.emplace_back(work, thread);
	for (std::thread &thread : started)
		thread.join();
}

/*
 * Ranges of all sections, touched by all threads at once, in turns that meet; bytes are compared.  Section 1 of the
 * damaged file has an altered block, which nobody ever gets.  Returns what was wrong.
 */
long
touch_at_once(const std::string &path, uint64_t altered, uint64_t seed, bool in_order)
{
	const auto	reader = file_reader::open(path, file_mode::view);
	std::atomic<long> wrong{0},
				refused{0};
	std::atomic<int> ready{0};

	in_threads([&] (int thread)
	{
		random_numbers random(seed + (uint64_t) (in_order ? 0 : thread));

		/* All of them begin at the same time. */
		ready++;
		while (ready < threads)
			std::this_thread::yield();
		for (int n = 0; n < 400; n++)
		{
			const size_t which = random.below((uint32_t) reader->sections().size());
			const file_section &section = reader->sections()[which];
			const uint64_t from = random.below((uint32_t) section.bytes),
						bytes = rv_index::smaller(random.below(random.one_in(4) ? 50000 : 100), section.bytes - from);
			const bool	hit = which == 1 && bytes > 0 && from / block_bytes <= altered / block_bytes &&
				altered / block_bytes <= (from + bytes - 1) / block_bytes,
						touched = reader->touch(section, from, bytes);

			wrong += touched == hit;
			refused += !touched;
			for (uint64_t i = 0; touched && i < bytes; i += 37)
				wrong += section.data[from + i] != pattern(which, from + i);
			if (!touched && n % 16 == 0)
				wrong += !outcome_of([&] { reader->require(section, from, bytes); }).is(error_code::corrupt);
		}
	});
	check((refused > 0) == (altered != UINT64_MAX), "%ld were refused", refused.load());
	return wrong;
}

void
at_once()
{
	folder		temporary;
	const std::string path = temporary / "index";
	const std::vector<uint64_t> some = {100, 400000, 5000, 300000};

	write_patterned(path, some);
	for (int n = 0; n < scaled(50); n++)
	{
		const long	wrong = touch_at_once(path, UINT64_MAX, (uint64_t) n, n % 2 == 0);

		check(wrong == 0, "%ld wrong", wrong);
	}

	const uint64_t at = file_reader::open(path, file_mode::load)->sections()[1].offset + 200000;

	put_byte(path, at, (uint8_t) ~pattern(1, 200000));
	for (int n = 0; n < scaled(50); n++)
	{
		const long	wrong = touch_at_once(path, 200000, (uint64_t) n, n % 2 == 0);

		check(wrong == 0, "%ld wrong beside an altered block", wrong);
	}
}

/* Reading, verifying and touching by one reader at once, more blocks than one block of sums has. */
void
all_calls_at_once()
{
	folder		temporary;
	const std::string path = temporary / "index";
	const std::vector<uint64_t> some = {1000, 4097 * block_bytes, 200000};
	std::atomic<long> wrong{0};

	write_patterned(path, some);

	const auto	reader = file_reader::open(path, file_mode::view);

	in_threads([&] (int thread)
	{
		if (thread == 0)
			reader->verify();
		if (thread == 1)
			wrong += loaded(*reader, reader->sections()[2]) != patterned(2, some[2]);
		for (const file_section &section : reader->sections())
			for (uint64_t at = 0; at < section.bytes; at += 5 * block_bytes)
				wrong += !reader->touch(section, at, 1);
		wrong += !reader->still_whole();
	});
	check(wrong == 0, "%ld wrong", wrong.load());
}

/* A time of change that is long past, so that the next one is another. */
void
make_old(const std::string &path)
{
	const timespec times[2] = {{1000000000, 5}, {1000000000, 5}};

	must(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0, "utimensat");
}

/* What others do to a file that is viewed, and whether that is seen. */
void
changed_meanwhile()
{
	folder		temporary;
	const std::string path = temporary / "index";
	const std::vector<uint64_t> some = {100, 50000};
	const auto	opened = [&] (file_mode mode)
	{
		write_patterned(path, some);
		make_old(path);

		auto		reader = file_reader::open(path, mode);

		check(reader->still_whole() && reader->still_whole(), "nobody changed it");
		return reader;
	};
	const auto	check_read = [&] (const file_reader &reader, bool fine, const char *what)
	{
		const outcome read = outcome_of([&] { loaded(reader, reader.sections()[1]); }),
					verified = outcome_of([&] { reader.verify(); });

		check(fine ? read.fine() : read.is(error_code::corrupt), "%s: reading has code %d", what, read.code);
		check(verified.is(error_code::corrupt), "%s: verify() has code %d", what, verified.code);
	};

	for (file_mode mode : {file_mode::load, file_mode::view})
	{
		{
			const auto	reader = opened(mode);

			must(truncate(path.c_str(), 9000) == 0, "truncate");
			check(!reader->still_whole(), "it was cut off");
			check_read(*reader, false, "cut off");
		}
		{
			const auto	reader = opened(mode);

			must(truncate(path.c_str(), 0) == 0, "truncate");
			check(!reader->still_whole(), "it was emptied");
			check_read(*reader, false, "emptied");
		}
		{
			const auto	reader = opened(mode);

			must(truncate(path.c_str(), (off_t) reader->file_bytes() + 1) == 0, "truncate");
			check(!reader->still_whole(), "it was lengthened");
			check_read(*reader, true, "lengthened");
		}
		{
			const auto	reader = opened(mode);

			put_byte(path, reader->sections()[1].offset, (uint8_t) ~pattern(1, 0));
			check(!reader->still_whole(), "a byte was altered");
			check_read(*reader, false, "altered");
		}
		{
			/* Another index over it, just as long. */
			const auto	reader = opened(mode);

			write_patterned(temporary / "other", some, 1);
			put_bytes(path, bytes_of(temporary / "other"));
			check(!reader->still_whole(), "another file over it");
			check_read(*reader, false, "another");
			unlink((temporary / "other").c_str());
		}
		{
			/* As this container writes: the old file stays for whoever has it. */
			const auto	reader = opened(mode);

			write_patterned(path, {9}, 4);
			check(reader->still_whole(), "another file in its place");
			check(loaded(*reader, reader->sections()[1]) == patterned(1, some[1]), "the old one is read");
			if (mode == file_mode::view)
				check(reader->touch(reader->sections()[1], 0, some[1]) &&
					  reader->sections()[1].data[some[1] - 1] == pattern(1, some[1] - 1), "the old one is viewed");
			reader->verify();
			unlink(path.c_str());
			check(reader->still_whole(), "removed");
			reader->verify();
		}
	}
}

/* Hints change nothing. */
void
hints()
{
	folder		temporary;
	const std::string path = temporary / "index";

	write_patterned(path, {100, 0, 50000});
	for (rv_index::access_pattern pattern_of_access : {rv_index::access_pattern::random,
													   rv_index::access_pattern::sequential,
													   rv_index::access_pattern::normal})
		for (file_mode mode : {file_mode::load, file_mode::view})
		{
			const auto	reader = file_reader::open(path, mode);

			for (const file_section &section : reader->sections())
			{
				reader->expect(section, pattern_of_access);
				check(reader->touch(section, 0, section.bytes) == (mode == file_mode::view || section.bytes == 0), "touch");
			}
			if (mode == file_mode::load)
				check(outcome_of([&] { reader->require(reader->sections()[0], 0, 1); }).is(error_code::argument), "no view");
		}
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("at_once", at_once);
	rv_test::run("all_calls_at_once", all_calls_at_once);
	rv_test::run("changed_meanwhile", changed_meanwhile);
	rv_test::run("hints", hints);
	return rv_test::status();
}
