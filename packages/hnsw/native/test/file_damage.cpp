/*
 * file_damage.cpp - files that were altered, cut off, lengthened or made up: an error with its code and place, and
 * never a byte outside of the file.  Run as it is and under ASan.
 */
#include <algorithm>

#include "file/crc32c.h"
#include "support/files.h"

namespace
{

using namespace rv_test;
using rv_index::block_bytes;
using rv_index::crc32c;
using rv_index::file_layout;
using rv_index::get32;
using rv_index::get64;
using rv_index::header_bytes;
using rv_index::put32;
using rv_index::put64;

/* Where the header has its checksum. */
constexpr size_t at_sum = 4092;

void
repair_header(byte_vector &file)
{
	put32(file.data() + at_sum, crc32c(0, file.data(), at_sum));
}

/* Everything but the header is some section's, or its sums. */
void
load_all(const file_reader &reader)
{
	for (const file_section &section : reader.sections())
		loaded(reader, section);
}

void
load_all(const std::string &path)
{
	load_all(*file_reader::open(path, file_mode::load));
}

/* One bit, and what it does. */
void
check_flip(const std::string &path, const file_layout &layout, uint64_t at)
{
	std::unique_ptr<file_reader> reader;
	const outcome opened = outcome_of([&] { reader = file_reader::open(path, file_mode::view); });

	if (at < header_bytes || at >= layout.roots_offset)
	{
		check(at < 16 ? opened.is(error_code::format) : opened.is(error_code::corrupt), "byte %llu: code %d",
			  (unsigned long long) at, opened.code);
		check(outcome_of([&] { file_reader::open(path, file_mode::load); }).code == opened.code, "the same of loading");
		return;
	}
	if (!check(opened.fine(), "byte %llu: code %d when it is opened", (unsigned long long) at, opened.code))
		return;

	const outcome loaded = outcome_of([&] { load_all(*reader); });

	check(loaded.is(error_code::corrupt), "byte %llu: code %d when it is loaded", (unsigned long long) at, loaded.code);
	const outcome verified = outcome_of([&] { reader->verify(); });

	check(verified.is(error_code::corrupt) && verified.message == loaded.message && verified.offset == loaded.offset,
		  "byte %llu: verify() has code %d", (unsigned long long) at, verified.code);
	for (const file_section &section : reader->sections())
	{
		const uint64_t end = section.offset + rv_index::round_up(section.bytes, 4096);
		const bool	is_here = at >= section.offset && at < end;

		if (is_here)
			check(verified.section == section.name && at >= verified.offset && at < verified.offset + block_bytes &&
				  (verified.offset - section.offset) % block_bytes == 0, "byte %llu is said to be in %s at %llu",
				  (unsigned long long) at, verified.section.c_str(), (unsigned long long) verified.offset);
		for (uint64_t from = 0; from < section.bytes; from += block_bytes)
		{
			const uint64_t bytes = std::min(block_bytes, section.bytes - from);
			const bool	hit = at >= layout.sums_offset ||
				(is_here && at >= section.offset + from && at < section.offset + from + block_bytes);

			check(reader->touch(section, from, bytes) != hit && reader->touch(section, from, 1) != hit,
				  "byte %llu: touching %s at %llu", (unsigned long long) at, section.name.c_str(), (unsigned long long) from);
			if (hit)
			{
				const outcome said = outcome_of([&] { reader->require(section, from, bytes); });

				check(said.is(error_code::corrupt) && said.message == verified.message, "byte %llu: %s",
					  (unsigned long long) at, said.message.c_str());
			}
		}
	}
}

/* Every bit of a small file; fewer of them where it takes long. */
void
flips()
{
	folder		temporary;
	const std::string path = temporary / "index";
	byte_vector file;
	file_layout layout;
	const uint64_t step = scale >= 1 ? 1 : (uint64_t) (1 / scale) | 1;

	write_patterned(path, {100, 0});
	file = bytes_of(path);
	layout = file_layout::decode(file.data(), header_bytes, file.size(), path);
	for (uint64_t bit = 0; bit < file.size() * 8; bit += step)
	{
		const uint64_t at = bit / 8;

		put_byte(path, at, (uint8_t) (file[at] ^ 1u << bit % 8));
		check_flip(path, layout, at);
		put_byte(path, at, file[at]);
	}
	check(bytes_of(path) == file && outcome_of([&] { load_all(path); }).fine(), "the file itself is fine");

	/* Bits here and there of a larger one, whose sections have more blocks. */
	random_numbers random(1);

	write_patterned(path, {100, 50000, 4096, 16384, 100000});
	file = bytes_of(path);
	layout = file_layout::decode(file.data(), header_bytes, file.size(), path);
	for (int n = 0; n < scaled(3000); n++)
	{
		const uint64_t at = random.below((uint32_t) file.size());

		put_byte(path, at, (uint8_t) (file[at] ^ 1u << random.below(8)));
		check_flip(path, layout, at);
		put_byte(path, at, file[at]);
	}
}

/* Every length that is too short; and what is appended. */
void
other_lengths()
{
	folder		temporary;
	const std::string path = temporary / "index";
	const uint64_t step = scale >= 1 ? 1 : (uint64_t) (1 / scale) | 1;
	byte_vector file;
	random_numbers random(2);

	write_patterned(path, {100, 0, 5000});
	file = bytes_of(path);
	for (uint64_t length = file.size(); length-- > 0;)
	{
		if (length % step != 0 && length > 20)
			continue;
		must(truncate(path.c_str(), (off_t) length) == 0, "truncate");
		for (file_mode mode : {file_mode::load, file_mode::view})
		{
			const outcome opened = outcome_of([&] { file_reader::open(path, mode); });

			check(opened.is(length == 0 ? error_code::format : error_code::corrupt) && opened.offset == length,
				  "%llu bytes: code %d, at %llu", (unsigned long long) length, opened.code, (unsigned long long) opened.offset);
		}
	}
	for (uint64_t more : {1, 3, 4, 4096, 16384, 100000})
		for (bool zeros : {true, false})
		{
			byte_vector longer = file;

			for (uint64_t i = 0; i < more; i++)
				longer.push_back(zeros ? 0 : (uint8_t) random.next());
			put_bytes(path, longer);

			const outcome opened = outcome_of([&] { file_reader::open(path, file_mode::view); });

			check(opened.is(error_code::corrupt) && opened.offset == file.size(), "%llu bytes more: code %d",
				  (unsigned long long) more, opened.code);
		}
	/* Two of them, one behind the other. */
	byte_vector twice = file;

	twice.insert(twice.end(), file.begin(), file.end());
	put_bytes(path, twice);
	check(outcome_of([&] { load_all(path); }).is(error_code::corrupt), "a file twice");
}

void
foreign()
{
	folder		temporary;
	const std::string path = temporary / "index";
	const auto	opened = [] (const std::string &which, file_mode mode = file_mode::view)
	{
		return outcome_of([&] { file_reader::open(which, mode); });
	};
	byte_vector file;
	random_numbers random(3);

	check(opened(path).is(error_code::io) && opened(path).system == ENOENT, "no file");
	check(opened(temporary.path).is(error_code::format), "a folder");
	check(opened(temporary.path + "/").is(error_code::format), "a folder, said so");
	check(opened("/dev/zero").is(error_code::format) && opened("/dev/null").is(error_code::format), "devices");
	check(opened("").is(error_code::io), "no path");
	must(mkfifo(path.c_str(), 0644) == 0, "mkfifo");
	check(opened(path).is(error_code::format), "a pipe");
	unlink(path.c_str());
	for (size_t bytes : {0, 1, 15, 16, 17, 4095, 4096, 4097, 100000})
		for (int n = 0; n < 3; n++)
		{
			byte_vector other(bytes, (uint8_t) (n == 0 ? 0 : 0xFF));

			for (uint8_t &byte : other)
				if (n == 2)
					byte = (uint8_t) random.next();
			put_bytes(path, other);
			check(opened(path, file_mode::load).is(error_code::format), "%zu foreign bytes", bytes);
			check(opened(path, file_mode::view).is(error_code::format), "%zu foreign bytes", bytes);
		}
	put_bytes(path, byte_vector{'{', '"', 'a', '"', '}'});
	check(opened(path).is(error_code::format), "text");
	write_patterned(path, {100, 5000});
	file = bytes_of(path);
	for (uint64_t version : {(uint64_t) 0, (uint64_t) 2, UINT64_C(1) << 32 | 1, UINT64_MAX})
	{
		put64(file.data() + 16, version);
		repair_header(file);
		put_bytes(path, file);
		check(opened(path).is(error_code::version) && opened(path).offset == 16, "version %llu", (unsigned long long) version);
	}
	put64(file.data() + 16, 1);
	for (int bit = 0; bit < 64; bit++)
	{
		put64(file.data() + 24, UINT64_C(1) << bit);
		repair_header(file);
		put_bytes(path, file);
		check(opened(path).is(error_code::version) && opened(path).offset == 24, "flag %d", bit);
	}
	put64(file.data() + 24, 0);
	/* The kinds are the index's to refuse. */
	put64(file.data() + 32, UINT64_MAX);
	put64(file.data() + 40, UINT64_MAX - 1);
	repair_header(file);
	put_bytes(path, file);
	check(file_reader::open(path, file_mode::view)->kind() == UINT64_MAX, "the kind");
	check(file_reader::open(path, file_mode::view)->kind_version() == UINT64_MAX - 1, "its version");
}

/* Each field by itself, with the checksum repaired: no header is believed for its checksum. */
void
fields()
{
	folder		temporary;
	const std::string path = temporary / "index";
	byte_vector file;
	const auto	check_refused = [&] (size_t at, uint64_t value, const char *what)
	{
		byte_vector altered = file;

		put64(altered.data() + at, value);
		repair_header(altered);
		put_bytes(path, altered);
		for (file_mode mode : {file_mode::load, file_mode::view})
			check(outcome_of([&] { file_reader::open(path, mode); }).is(error_code::corrupt), "%s is %llu", what,
				  (unsigned long long) value);
	};
	const auto	check_others = [&] (size_t at, const char *what)
	{
		const uint64_t right = get64(file.data() + at);

		for (uint64_t value : {(uint64_t) 0, (uint64_t) 1, right - 1, right + 1, right + 4096, right - 4096, right * 2,
							   (uint64_t) file.size(), UINT64_MAX, UINT64_MAX - 4095, UINT64_C(1) << 63, UINT64_C(1) << 48,
							   (UINT64_C(1) << 48) + 1})
			if (value != right)
				check_refused(at, value, what);
	};

	write_patterned(path, {100, 0, 20000, 4096});
	file = bytes_of(path);
	check_others(48, "the file's length");
	check_others(56, "the number of sections");
	check_others(64, "the offset of the sums");
	check_others(72, "the length of the sums");
	check_others(80, "the offset of the roots");
	check_others(88, "the length of the roots");
	check_others(96, "the checksum of the roots");
	for (size_t i = 0; i < 4; i++)
	{
		const size_t at = 128 + 32 * i;

		check_others(at + 16, "the offset of a section");
		check_refused(at, 0, "an empty name");
		check_refused(at, UINT64_C(0x6100), "a name that begins with zero");
		check_refused(at, UINT64_C(0x61006261), "a name with a zero");
		check_refused(at, UINT64_C(0x206261), "a name with a space");
		check_refused(at, UINT64_C(0x806261), "a name that is not ASCII");
		check_refused(at, get64(file.data() + 128 + 32 * ((i + 1) % 4)), "a name twice");
		/* Of another number of blocks. */
		for (uint64_t value : {(uint64_t) 30000, (uint64_t) 1 << 40, UINT64_MAX, UINT64_MAX - 4095, UINT64_C(1) << 63})
			check_refused(at + 24, value, "the length of a section");
	}
	for (size_t at = 104; at < 128; at += 8)
		check_refused(at, 1, "what is kept for later");
	for (size_t at = 128 + 4 * 32; at + 8 < at_sum; at += 8)
		check_refused(at, UINT64_C(1) << 56, "the table's rest");
}

volatile uint8_t read_byte;

/* Looks at everything that a reader gives: nothing may lie outside of the file, and nothing else than the file may be wrong. */
bool
explore(const std::string &path, uint64_t file_bytes, random_numbers &random, long *damaged)
{
	for (file_mode mode : {file_mode::load, file_mode::view})
	{
		std::unique_ptr<file_reader> reader;
		const outcome opened = outcome_of([&] { reader = file_reader::open(path, mode); });
		uint64_t	end = header_bytes;

		if (!opened.fine())
		{
			check(opened.is(error_code::corrupt) || opened.is(error_code::format) || opened.is(error_code::version), "%s",
				  opened.message.c_str());
			return false;
		}
		check(reader->file_bytes() == file_bytes, "the length");
		for (const file_section &section : reader->sections())
		{
			check(section.offset == end && section.offset % 4096 == 0 && section.bytes <= file_bytes - section.offset,
				  "%s: %llu bytes at %llu of %llu", section.name.c_str(), (unsigned long long) section.bytes,
				  (unsigned long long) section.offset, (unsigned long long) file_bytes);
			end = rv_index::round_up(section.offset + section.bytes, 4096);
			check(rv_index::is_section_name(section.name), "a name");

			const outcome read = outcome_of([&] { loaded(*reader, section); });

			check(read.fine() || read.is(error_code::corrupt), "%s", read.message.c_str());
			*damaged += !read.fine();
			if (mode == file_mode::load)
				continue;
			check(reader->touch(section, 0, section.bytes) == read.fine(), "touching %s", section.name.c_str());
			for (int n = 0; n < 8; n++)
			{
				const uint64_t from = n < 4 ? random.below((uint32_t) section.bytes + 2) : random.next(),
							bytes = n % 2 == 0 ? random.below(40000) : random.next();
				const bool	inside = from <= section.bytes && bytes <= section.bytes - from,
							touched = reader->touch(section, from, bytes);

				check(inside || !touched, "%llu bytes from %llu on, outside of the section", (unsigned long long) bytes,
					  (unsigned long long) from);
				check(!inside || !read.fine() || touched, "fine bytes are not");
				/* They can be read. */
				for (uint64_t i = 0; touched && i < bytes; i += 512)
					read_byte = section.data[from + i];
				if (!touched)
					check(outcome_of([&] { reader->require(section, from, bytes); }).is(error_code::corrupt), "require");
			}
		}
		check(end <= file_bytes, "sections end before the file");
	}
	return true;
}

/* Numbers of the header by chance, its checksum repaired, often that of the roots, and the file as long as the header says. */
void
made_up_headers()
{
	folder		temporary;
	const std::string path = temporary / "index";
	random_numbers random(4);
	byte_vector file;
	int			accepted = 0,
				tries = scaled(20000);
	long		damaged = 0;

	write_patterned(path, {100, 0, 20000, 4096, 50000});
	file = bytes_of(path);
	for (int n = 0; n < tries; n++)
	{
		byte_vector altered = file;

		for (uint32_t changes = 1 + random.below(4); changes > 0; changes--)
		{
			/* Numbers have eight bytes, and names have room for two of them. */
			const size_t at = random.one_in(2) ? 16 + 8 * random.below(12) : 128 + 8 * random.below(4 * 8);
			const uint64_t now = get64(altered.data() + at);

			switch (random.below(8))
			{
				case 0:
					altered[random.below(4096)] = (uint8_t) random.next();
					break;
				case 1:
					put64(altered.data() + at, now ^ UINT64_C(1) << random.below(64));
					break;
				case 2:
					put64(altered.data() + at, now + 4096 * random.below(8) - 4 * 4096);
					break;
				case 3:
					put64(altered.data() + at, now + random.below(9) - 4);
					break;
				case 4:
					put64(altered.data() + at, random.next() >> random.below(64));
					break;
				case 5:
					put64(altered.data() + at, UINT64_MAX - random.below(20000));
					break;
				case 6:
					put64(altered.data() + at, get64(file.data() + 16 + 8 * random.below(40)));
					break;
				default:
					put64(altered.data() + 24 + 128 + 32 * random.below(5), random.below(60000));
					break;
			}
		}

		const uint64_t length = get64(altered.data() + 48),
					roots = get64(altered.data() + 80),
					roots_bytes = get64(altered.data() + 88);

		if (random.one_in(2) && length >= header_bytes && length < 4 * file.size())
			altered.resize(length);
		if (random.one_in(2) && roots <= altered.size() && roots_bytes <= altered.size() - roots)
			put64(altered.data() + 96, crc32c(0, altered.data() + roots, roots_bytes));
		repair_header(altered);
		put_bytes(path, altered);
		accepted += explore(path, altered.size(), random, &damaged);
	}
	figure("share of headers that are accepted", (double) accepted / tries);
	check(accepted > tries / 1000 && accepted < tries, "%d of %d are accepted", accepted, tries);
}

/* Headers without a contradiction, of sections by chance, around bytes that are not theirs; some of the sums are right. */
void
made_up_files()
{
	folder		temporary;
	const std::string path = temporary / "index";
	random_numbers random(5);
	long		damaged = 0;
	int			tries = scaled(1000);

	for (int n = 0; n < tries; n++)
	{
		file_layout layout;
		byte_vector file;

		for (uint32_t i = random.below(6); i > 0; i--)
		{
			file_section section;

			section.name = "s" + std::to_string(i);
			section.bytes = random.one_in(4) ? 0 : random.below(70000);
			layout.sections.push_back(section);
		}
		check(layout.place(), "it has a place");
		file.resize((size_t) layout.file_bytes);
		for (uint64_t at = header_bytes; at < file.size(); at += random.below(300))
			file[at] = (uint8_t) random.next();
		for (const file_section &section : layout.sections)
			for (uint64_t block = 0; block * block_bytes < rv_index::round_up(section.bytes, 4096); block++)
				if (!random.one_in(10))
					put32(file.data() + layout.sums_offset + 4 * (section.first_block + block),
						  crc32c(0, file.data() + section.offset + block * block_bytes,
								 (size_t) file_layout::bytes_of_block(section, block)));
		for (uint64_t i = 0; i < layout.sum_blocks; i++)
			put32(file.data() + layout.roots_offset + 4 * i,
				  crc32c(0, file.data() + layout.sums_offset + i * block_bytes, (size_t) layout.bytes_of_sums(i)));
		layout.roots_sum = crc32c(0, file.data() + layout.roots_offset, (size_t) layout.roots_bytes());
		layout.encode(file.data());
		put_bytes(path, file);
		check(explore(path, file.size(), random, &damaged), "its header is accepted");
	}
	check(damaged > 0, "none was damaged");
}

/* A terabyte and more, of which next to nothing is there: what is not read is not needed. */
void
terabyte()
{
	folder		temporary;
	const std::string path = temporary / "index";
	const byte_vector zeros(block_bytes, 0);
	file_layout layout;
	file_section section;

	for (uint64_t bytes : {(UINT64_C(1) << 40) + 12345, UINT64_C(100000), UINT64_C(6) << 32})
	{
		section.name = "s" + std::to_string(layout.sections.size());
		section.bytes = bytes;
		layout.sections.push_back(section);
	}
	check(layout.place(), "it has a place");

	byte_vector header(header_bytes),
				roots((size_t) layout.roots_bytes()),
				sums((size_t) layout.bytes_of_sums(layout.sum_blocks - 1));
	const file_section &last = layout.sections.back();
	const uint64_t sums_at = (layout.sum_blocks - 1) * block_bytes;

	/* Only the sums of the last blocks are right. */
	for (uint64_t i = 0; 4 * i < sums.size() && sums_at / 4 + i < layout.blocks; i++)
		put32(sums.data() + 4 * i, crc32c(0, zeros.data(), zeros.size()));
	put32(roots.data() + roots.size() - 4, crc32c(0, sums.data(), sums.size()));
	layout.roots_sum = crc32c(0, roots.data(), roots.size());
	layout.encode(header.data());

	const int	file = open(path.c_str(), O_WRONLY | O_CREAT, 0644);

	must(file >= 0 && ftruncate(file, (off_t) layout.file_bytes) == 0, "a sparse file of 1 TiB");
	must(pwrite(file, header.data(), header.size(), 0) == (ssize_t) header.size() &&
		 pwrite(file, sums.data(), sums.size(), (off_t) (layout.sums_offset + sums_at)) == (ssize_t) sums.size() &&
		 pwrite(file, roots.data(), roots.size(), (off_t) layout.roots_offset) == (ssize_t) roots.size(), "pwrite");
	close(file);

	const auto	reader = file_reader::open(path, file_mode::view);
	const std::vector<file_section> &sections = reader->sections();

	check(sections.size() == 3 && sections[2].bytes == last.bytes && sections[0].bytes == (UINT64_C(1) << 40) + 12345,
		  "its sections");
	check(!reader->touch(sections[0], 0, 1) && !reader->touch(sections[0], UINT64_C(1) << 40, 1), "blocks without sums");
	check(reader->touch(sections[2], last.bytes - 1, 1) && reader->touch(sections[2], last.bytes - 100000, 100000),
		  "the last blocks");
	check(!reader->touch(sections[2], last.bytes - 1, 2) && !reader->touch(sections[2], UINT64_MAX, 2), "beyond the end");
	check(sections[2].data[last.bytes - 1] == 0, "the last byte");
	check(outcome_of([&] { reader->require(sections[0], UINT64_C(1) << 40, 1); }).is(error_code::corrupt), "require");
	check(outcome_of([&] { reader->verify(); }).is(error_code::corrupt), "verify()");
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("flips", flips);
	rv_test::run("other_lengths", other_lengths);
	rv_test::run("foreign", foreign);
	rv_test::run("fields", fields);
	rv_test::run("made_up_headers", made_up_headers);
	rv_test::run("made_up_files", made_up_files);
	rv_test::run("terabyte", terabyte);
	return rv_test::status();
}
