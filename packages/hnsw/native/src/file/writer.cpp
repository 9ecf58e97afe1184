/*
 * writer.cpp - writing a file under a temporary name, and putting it in its place.
 *
 * All lengths are known beforehand, so the place of everything is: sections, their checksums and the roots are written
 * as they come, and only the roots are kept.  The header comes last: what a killed process leaves behind is no index,
 * unless it is whole.
 */
#include <string.h>

#include <memory>
#include <new>
#include <random>

#include "crc32c.h"
#include "file.h"
#include "format.h"
#include "os.h"

namespace rv_index
{

namespace
{

/* What is written at once: whole blocks. */
constexpr size_t buffer_bytes = 64 * block_bytes;

constexpr char temporary_ending[] = ".tmp";
constexpr size_t random_digits = 16;

[[noreturn]] void
fail(const std::string &what, const std::string &path, int error)
{
	throw file_error(error_code::io, "cannot " + what + " " + path + ": " + os::message(error), error);
}

bool
is_hexadecimal(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Beside the target; its name is cut where the system would find it too long, at the beginning of a character of UTF-8. */
std::string
temporary_path(const std::string &target)
{
	constexpr size_t most_of_name = 200;
	const size_t at = os::name_at(target);
	size_t		end = target.size() - at < most_of_name ? target.size() : at + most_of_name;
	std::string path;

	while (end < target.size() && ((unsigned char) target[end] & 0xC0) == 0x80)
		end--;
	path = target.substr(0, end) + ".";
	try
	{
		std::random_device random;
		uint64_t	number = (uint64_t) random() << 32 ^ random();

		for (size_t i = 0; i < random_digits; i++, number >>= 4)
			path += "0123456789abcdef"[number & 15];
	}
	catch (const std::exception &error)
	{
		throw file_error(error_code::io, "cannot name a temporary file: the system gives no random numbers: " +
						 std::string(error.what()));
	}
	return path + temporary_ending;
}

/* A file under its temporary name; removed unless it gets its own. */
class temporary
{
public:
	explicit temporary(const std::string &wanted)
	{
		int			error = os::resolve_target(wanted, &target);

		if (error != 0)
			fail("write", wanted, error);
		path = temporary_path(target);
		/* With 64 random bits a name that is taken is no chance: the caller hears of it. */
		error = file.create(path, target);
		if (error != 0)
			fail("create", path, error);
	}

	temporary(const temporary &) = delete;
	temporary &operator=(const temporary &) = delete;

	~temporary()
	{
		if (placed)
			return;
		/* Windows removes no file that is open. */
		file.close();
		os::remove(path);
	}

	void
	write_at(uint64_t offset, const void *data, uint64_t bytes)
	{
		const int	error = file.write_at(offset, data, (size_t) bytes);

		if (error != 0)
			fail("write", path, error);
	}

	void
	put_in_place()
	{
		int			error = file.sync();

		if (error == 0)
			error = file.close();
		if (error != 0)
			fail("write", path, error);
		error = os::rename(path, target);
		if (error != 0)
			fail("rename " + path + " to", target, error);
		placed = true;
		error = os::sync_directory_of(target);
		if (error != 0)
			throw file_error(error_code::io, target + " was written, but the system did not bring its name to the disk: " +
							 os::message(error), error);
	}

private:
	std::string target,
				path;
	os::file	file;
	bool		placed = false;
};

/* As much as any part of a file needs at once. */
uint64_t
largest_buffer(const file_layout &layout)
{
	uint64_t	largest = header_bytes;

	for (const file_section &section : layout.sections)
		if (section.bytes > largest)
			largest = round_up(section.bytes, section_alignment);
	return smaller(largest, buffer_bytes);
}

/* The parts of a file, in the order in which they come to be. */
class output
{
public:
	output(const std::string &path, const file_layout &layout, const file_progress &progress)
		: layout(layout), progress(progress), file(path), buffer(new uint8_t[(size_t) largest_buffer(layout)]),
		  sums(new uint8_t[block_bytes])
	{
	}

	template<typename Produce>
	void
	write_section(const file_section &section, const Produce &produce)
	{
		const uint64_t padded = round_up(section.bytes, section_alignment);

		for (uint64_t at = 0; at < padded; at += buffer_bytes)
		{
			const uint64_t here = smaller(buffer_bytes, padded - at),
						given = smaller(here, section.bytes - at);

			produce(buffer.get(), (size_t) given);
			memset(buffer.get() + given, 0, (size_t) (here - given));
			for (uint64_t block = 0; block < here; block += block_bytes)
				add_sum(crc32c(0, buffer.get() + block, (size_t) smaller(block_bytes, here - block)));
			file.write_at(section.offset + at, buffer.get(), here);
			tell(here);
		}
	}

	void
	finish()
	{
		if (sums_used > 0)
		{
			const uint64_t bytes = layout.bytes_of_sums(roots.size() / sum_bytes);

			memset(sums.get() + sums_used, 0, (size_t) (bytes - sums_used));
			write_sums(bytes);
		}
		file.write_at(layout.roots_offset, roots.data(), roots.size());
		layout.roots_sum = crc32c(0, roots.data(), roots.size());
		layout.encode(buffer.get());
		file.write_at(0, buffer.get(), header_bytes);
		tell(layout.file_bytes - done);
		file.put_in_place();
	}

private:
	file_layout layout;
	const file_progress progress;
	temporary	file;
	const std::unique_ptr<uint8_t[]> buffer,
				sums;			/* a block of them */
	size_t		sums_used = 0;	/* bytes */
	std::vector<uint8_t> roots;
	uint64_t	done = 0;

	void
	add_sum(uint32_t sum)
	{
		put32(sums.get() + sums_used, sum);
		sums_used += sum_bytes;
		if (sums_used == block_bytes)
			write_sums(block_bytes);
	}

	void
	write_sums(uint64_t bytes)
	{
		uint8_t		root[sum_bytes];

		put32(root, crc32c(0, sums.get(), (size_t) bytes));
		file.write_at(layout.sums_offset + roots.size() / sum_bytes * block_bytes, sums.get(), bytes);
		roots.insert(roots.end(), root, root + sum_bytes);
		sums_used = 0;
	}

	void
	tell(uint64_t bytes)
	{
		done += bytes;
		if (progress.tell != nullptr && !progress.tell(progress.data, done, layout.file_bytes))
			throw file_error(error_code::stopped, "writing was stopped");
	}
};

/* Gives the bytes of pieces one behind the other. */
class piece_source
{
public:
	explicit piece_source(const std::vector<file_piece> &pieces) : pieces(pieces) { }

	void
	give(uint8_t *to, size_t bytes)
	{
		while (bytes > 0)
		{
			const file_piece &piece = pieces[current];
			const size_t here = (size_t) smaller(bytes, piece.bytes - given);

			if (here > 0)
				memcpy(to, (const uint8_t *) piece.data + given, here);
			to += here;
			bytes -= here;
			given += here;
			if (given == piece.bytes)
			{
				current++;
				given = 0;
			}
		}
	}

private:
	const std::vector<file_piece> &pieces;
	size_t		current = 0;
	uint64_t	given = 0;
};

}	/* namespace */

file_writer::file_writer(const std::string &path, uint64_t kind, uint64_t kind_version)
	: path(path), kind(kind), kind_version(kind_version)
{
}

void
file_writer::add_content(content what)
{
	if (!is_section_name(what.name))
		throw file_error(error_code::argument, "a section cannot have the name \"" + what.name + "\"");
	for (const content &other : contents)
		if (other.name == what.name)
			throw file_error(error_code::argument, "there are two sections " + what.name);
	if (contents.size() == max_sections)
		throw file_error(error_code::argument, "there are more than " + std::to_string(max_sections) + " sections");
	if (what.bytes > max_file_bytes)
		throw file_error(error_code::argument, "the section " + what.name + " is larger than a file can be");
	contents.push_back(std::move(what));
}

void
file_writer::add(const std::string &name, const void *data, uint64_t bytes)
{
	add_content({name, bytes, {{data, bytes}}, nullptr});
}

void
file_writer::add(const std::string &name, std::vector<file_piece> pieces)
{
	uint64_t	bytes = 0;

	for (const file_piece &piece : pieces)
		/* One more than any section may have stays too many, and does not overflow. */
		bytes = piece.bytes > max_file_bytes - smaller(bytes, max_file_bytes) ? max_file_bytes + 1 : bytes + piece.bytes;
	add_content({name, bytes, std::move(pieces), nullptr});
}

void
file_writer::add(const std::string &name, uint64_t bytes, std::function<void (uint8_t *to, size_t bytes)> produce)
{
	add_content({name, bytes, {}, std::move(produce)});
}

void
file_writer::commit(const file_progress &progress)
{
	if (committed)
		throw file_error(error_code::argument, "a file is written once");
	committed = true;
	try
	{
		file_layout layout;

		layout.kind = kind;
		layout.kind_version = kind_version;
		for (const content &what : contents)
		{
			file_section section;

			section.name = what.name;
			section.bytes = what.bytes;
			layout.sections.push_back(section);
		}
		if (!layout.place())
			throw file_error(error_code::argument, "the sections are larger than a file can be");

		output		out(path, layout, progress);

		for (size_t i = 0; i < contents.size(); i++)
		{
			piece_source pieces(contents[i].pieces);

			out.write_section(layout.sections[i], [&] (uint8_t *to, size_t bytes)
			{
				if (contents[i].produce)
					contents[i].produce(to, bytes);
				else
					pieces.give(to, bytes);
			});
		}
		out.finish();
	}
	catch (const std::bad_alloc &)
	{
		throw file_error(error_code::memory, "the system gives no memory for writing " + path);
	}
}

bool
file_writer::is_temporary(const std::string &name)
{
	constexpr size_t ending = sizeof(temporary_ending) - 1;

	if (name.size() < 1 + 1 + random_digits + ending || name.compare(name.size() - ending, ending, temporary_ending) != 0)
		return false;

	const size_t digits = name.size() - ending - random_digits;

	for (size_t i = 0; i < random_digits; i++)
		if (!is_hexadecimal(name[digits + i]))
			return false;
	return name[digits - 1] == '.';
}

}	/* namespace rv_index */
