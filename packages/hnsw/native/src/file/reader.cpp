/*
 * reader.cpp - opening a file, and verifying it block by block.
 *
 * A view verifies from the mapping, without memory of its own and without a lock.  Two bitmaps say what was verified:
 * blocks of sections, and blocks of sums.  Bits are only ever set, and only after what they stand for was compared; so
 * two threads that meet at a block both verify it, and that is all.  They are set by release and read by acquire: who
 * sees the bit of a block of sums uses them without comparing their root again.
 *
 * Everything else reads through the file, not through the mapping: a file that was cut off is then an error, no signal.
 */
#include <stdlib.h>
#include <string.h>

#include <new>

#include "crc32c.h"
#include "file.h"
#include "format.h"
#include "os.h"

namespace rv_index
{

namespace
{

/* What is read at once: whole blocks. */
constexpr size_t buffer_bytes = 64 * block_bytes;

struct freed
{
	void operator()(void *memory) const { ::free(memory); }
};

typedef std::unique_ptr<uint64_t[], freed> bitmap;

/* Zero, and taken from the system only where bits are set: a terabyte has 8 MiB of them. */
bitmap
make_bitmap(uint64_t bits)
{
	bitmap		made((uint64_t *) ::calloc((size_t) (bits / 64 + 1), sizeof(uint64_t)));

	if (!made)
		throw std::bad_alloc();
	return made;
}

}	/* namespace */

struct file_reader::state
{
	std::string path;
	file_mode	mode = file_mode::load;
	os::file	file;
	file_identity identity = {};
	file_layout layout;
	std::vector<uint8_t> header,
				roots;
	const uint8_t *mapped = nullptr;
	bitmap		blocks,
				sum_blocks;

	~state()
	{
		if (mapped != nullptr)
			os::unmap(mapped, layout.file_bytes);
	}

	void		open(const std::string &path, file_mode mode);

	/* Throws corrupt where the file ends before. */
	void		read_at(uint64_t offset, void *to, uint64_t bytes) const;

	uint32_t root(uint64_t sum_block) const { return get32(roots.data() + sum_block * sum_bytes); }

	[[noreturn]] void
	damaged(const std::string &what, uint64_t offset, const std::string &section = "") const
	{
		throw file_error(error_code::corrupt, path + ": " + what, 0, section, offset);
	}

	[[noreturn]] void
	damaged_block(const file_section &section, uint64_t block) const
	{
		const uint64_t from = section.offset + block * block_bytes;

		damaged("the section " + section.name + " was altered between the bytes " + std::to_string(from) + " and " +
				std::to_string(from + file_layout::bytes_of_block(section, block)) + " of the file", from, section.name);
	}

	[[noreturn]] void
	damaged_sums(uint64_t sum_block) const
	{
		const uint64_t from = layout.sums_offset + sum_block * block_bytes;

		damaged("the checksums were altered between the bytes " + std::to_string(from) + " and " +
				std::to_string(from + layout.bytes_of_sums(sum_block)) + " of the file", from);
	}
};

void
file_reader::state::read_at(uint64_t offset, void *to, uint64_t bytes) const
{
	size_t		got = 0;
	const int	error = file.read_at(offset, to, (size_t) bytes, &got);

	if (error != 0)
		throw file_error(error_code::io, "cannot read " + path + ": " + os::message(error), error, "", offset + got);
	if (got < bytes)
		damaged("was cut off at byte " + std::to_string(offset + got), offset + got);
}

void
file_reader::state::open(const std::string &path_of_file, file_mode mode_of_file)
{
	os::file_type type;
	int			error;

	path = path_of_file;
	mode = mode_of_file;
	error = file.open(path);
	if (error == 0)
		error = file.status(&type, &identity);
	if (error != 0)
		throw file_error(error_code::io, "cannot open " + path + ": " + os::message(error), error);
	if (type != os::file_type::regular)
		throw file_error(error_code::format, path + " is no file of an index: it is " +
						 (type == os::file_type::directory ? "a folder" : "no regular file"));
	header.resize(header_bytes);
	read_at(0, header.data(), smaller(header_bytes, identity.bytes));
	layout = file_layout::decode(header.data(), (size_t) smaller(header_bytes, identity.bytes), identity.bytes, path);
	roots.resize((size_t) layout.roots_bytes());
	read_at(layout.roots_offset, roots.data(), roots.size());
	if (crc32c(0, roots.data(), roots.size()) != layout.roots_sum)
		damaged("the roots of the checksums were altered, at byte " + std::to_string(layout.roots_offset), layout.roots_offset);
	if (mode != file_mode::view)
		return;
	blocks = make_bitmap(layout.blocks);
	sum_blocks = make_bitmap(layout.sum_blocks);
	error = file.map(layout.file_bytes, &mapped);
	if (error != 0)
		throw file_error(error_code::io, "cannot map " + path + ": " + os::message(error), error);
	for (file_section &section : layout.sections)
		section.data = mapped + section.offset;
}

std::unique_ptr<file_reader>
file_reader::open(const std::string &path, file_mode mode)
{
	try
	{
		std::unique_ptr<state> own(new state);

		own->open(path, mode);
		return std::unique_ptr<file_reader>(new file_reader(std::move(own)));
	}
	catch (const std::bad_alloc &)
	{
		throw file_error(error_code::memory, "the system gives no memory for reading " + path);
	}
}

file_reader::file_reader(std::unique_ptr<state> opened) : own(std::move(opened)), verified(own->blocks.get())
{
}

file_reader::~file_reader() = default;

const std::string &
file_reader::path() const
{
	return own->path;
}

file_mode
file_reader::mode() const
{
	return own->mode;
}

uint64_t
file_reader::kind() const
{
	return own->layout.kind;
}

uint64_t
file_reader::kind_version() const
{
	return own->layout.kind_version;
}

uint64_t
file_reader::file_bytes() const
{
	return own->layout.file_bytes;
}

const std::vector<file_section> &
file_reader::sections() const
{
	return own->layout.sections;
}

const file_section *
file_reader::find(const std::string &name) const
{
	for (const file_section &section : own->layout.sections)
		if (section.name == name)
			return &section;
	return nullptr;
}

const file_section &
file_reader::find(const std::string &name, uint64_t least, uint64_t most) const
{
	const file_section *section = find(name);

	if (section == nullptr)
		own->damaged("has no section " + name, 0, name);
	if (section->bytes < least || section->bytes > most)
		own->damaged("the section " + name + " has " + std::to_string(section->bytes) + " bytes, not " +
					 std::to_string(least) + (least == most ? "" : " to " + std::to_string(most)), section->offset, name);
	return *section;
}

bool
file_reader::verify_sums(uint64_t sum_block) const noexcept
{
	const file_layout &layout = own->layout;

	if (has_bit(own->sum_blocks.get(), sum_block))
		return true;
	if (crc32c(0, own->mapped + layout.sums_offset + sum_block * block_bytes, (size_t) layout.bytes_of_sums(sum_block)) !=
		own->root(sum_block))
		return false;
	set_bit(own->sum_blocks.get(), sum_block);
	return true;
}

bool
file_reader::verify_blocks(const file_section &section, uint64_t first, uint64_t last) const noexcept
{
	if (verified == nullptr)
		return false;
	for (uint64_t block = first; block <= last; block++)
	{
		const uint64_t number = section.first_block + block,
					bytes = file_layout::bytes_of_block(section, block);
		const uint8_t *data = section.data + block * block_bytes;

		if (has_bit(verified, number))
			continue;
		/* The whole block at once from the disk, also where access is random. */
		os::will_need(data, bytes);
		if (!verify_sums(number / sums_per_block) ||
			crc32c(0, data, (size_t) bytes) != get32(own->mapped + own->layout.sums_offset + number * sum_bytes))
			return false;
		set_bit(verified, number);
	}
	return true;
}

/* Says why touch() was false. */
void
file_reader::refuse(const file_section &section, uint64_t offset, uint64_t length) const
{
	if (own->mode != file_mode::view)
		throw file_error(error_code::argument, own->path + " is not viewed");
	if (offset > section.bytes || length > section.bytes - offset)
		own->damaged("something leads to the bytes from " + std::to_string(offset) + " on of the section " + section.name +
					 ", which has " + std::to_string(section.bytes), section.offset, section.name);
	for (uint64_t block = offset / block_bytes; block <= (offset + length - 1) / block_bytes; block++)
		if (!verify_blocks(section, block, block))
		{
			const uint64_t sum_block = (section.first_block + block) / sums_per_block;

			if (!verify_sums(sum_block))
				own->damaged_sums(sum_block);
			own->damaged_block(section, block);
		}
	own->damaged("the section " + section.name + " changed while it was read", section.offset + offset, section.name);
}

void
file_reader::read(const file_section &section, void *to, const file_progress &progress) const
{
	const file_layout &layout = own->layout;
	const uint64_t padded = round_up(section.bytes, section_alignment);

	try
	{
		const std::unique_ptr<uint8_t[]> buffer(new uint8_t[(size_t) smaller(buffer_bytes, padded)]),
					sums(new uint8_t[block_bytes]);
		uint64_t	sum_block = UINT64_MAX;

		for (uint64_t at = 0; at < padded; at += buffer_bytes)
		{
			const uint64_t here = smaller(buffer_bytes, padded - at);

			own->read_at(section.offset + at, buffer.get(), here);
			for (uint64_t from = 0; from < here; from += block_bytes)
			{
				const uint64_t block = (at + from) / block_bytes,
							number = section.first_block + block;

				if (number / sums_per_block != sum_block)
				{
					sum_block = number / sums_per_block;
					own->read_at(layout.sums_offset + sum_block * block_bytes, sums.get(), layout.bytes_of_sums(sum_block));
					if (crc32c(0, sums.get(), (size_t) layout.bytes_of_sums(sum_block)) != own->root(sum_block))
						own->damaged_sums(sum_block);
				}
				if (crc32c(0, buffer.get() + from, (size_t) smaller(block_bytes, here - from)) !=
					get32(sums.get() + number % sums_per_block * sum_bytes))
					own->damaged_block(section, block);
			}
			/* What was compared is what is given: nobody can change it in between. */
			if (to != nullptr)
				memcpy((uint8_t *) to + at, buffer.get(), (size_t) smaller(here, section.bytes - at));
			if (progress.tell != nullptr && !progress.tell(progress.data, smaller(at + here, section.bytes), section.bytes))
				throw file_error(error_code::stopped, "reading was stopped");
		}
	}
	catch (const std::bad_alloc &)
	{
		throw file_error(error_code::memory, "the system gives no memory for reading " + own->path);
	}
}

void
file_reader::load(const file_section &section, const std::function<void *(uint64_t bytes)> &allocate,
				  const file_progress &progress) const
{
	void	   *to = section.bytes == 0 ? nullptr : allocate(section.bytes);

	if (to == nullptr && section.bytes > 0)
		throw file_error(error_code::memory, "there is no memory for the section " + section.name + " of " + own->path, 0,
						 section.name);
	read(section, to, progress);
}

namespace
{

/* Progress of one section as part of all of them. */
struct part
{
	file_progress whole;
	uint64_t	before,
				total;

	static bool
	tell(void *data, uint64_t done, uint64_t)
	{
		const part &own = *(const part *) data;

		return own.whole.tell(own.whole.data, own.before + done, own.total);
	}
};

}	/* namespace */

void
file_reader::verify(const file_progress &progress) const
{
	const file_layout &layout = own->layout;
	part		here = {progress, 0, layout.file_bytes};
	file_identity now;
	os::file_type type;

	try
	{
		std::vector<uint8_t> again(header_bytes);

		own->read_at(0, again.data(), again.size());
		if (again != own->header)
			own->damaged("the header was altered, at byte 0", 0);
		again.resize(own->roots.size());
		own->read_at(layout.roots_offset, again.data(), again.size());
		if (again != own->roots)
			own->damaged("the roots of the checksums were altered, at byte " + std::to_string(layout.roots_offset),
						 layout.roots_offset);
	}
	catch (const std::bad_alloc &)
	{
		throw file_error(error_code::memory, "the system gives no memory for reading " + own->path);
	}

	const int	error = own->file.status(&type, &now);

	if (error != 0)
		throw file_error(error_code::io, "cannot read " + own->path + ": " + os::message(error), error);
	if (now.bytes != layout.file_bytes)
		own->damaged("has " + std::to_string(now.bytes) + " bytes, and was written with " +
					 std::to_string(layout.file_bytes), smaller(now.bytes, layout.file_bytes));
	/* Every block of sums is some section's, so all of them are compared on the way. */
	for (const file_section &section : layout.sections)
	{
		here.before = section.offset;
		read(section, nullptr, progress.tell == nullptr ? file_progress() : file_progress{part::tell, &here});
	}
	if (progress.tell != nullptr && !progress.tell(progress.data, layout.file_bytes, layout.file_bytes))
		throw file_error(error_code::stopped, "reading was stopped");
}

bool
file_reader::still_whole() const noexcept
{
	os::file_type type;
	file_identity now;

	return own->file.status(&type, &now) == 0 && now == own->identity;
}

void
file_reader::expect(const file_section &section, access_pattern pattern) const noexcept
{
	if (section.data != nullptr)
		os::expect_access(section.data, section.bytes, pattern);
}

}	/* namespace rv_index */
