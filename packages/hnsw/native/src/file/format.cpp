/*
 * format.cpp - the header: from a layout, and back with every number compared.
 */
#include "format.h"

#include <string.h>

#include "crc32c.h"

namespace rv_index
{

namespace
{

/* Where the header has what. */
enum : size_t
{
	at_magic = 0,
	at_version = 16,
	at_flags = 24,
	at_kind = 32,
	at_kind_version = 40,
	at_file_bytes = 48,
	at_section_count = 56,
	at_sums_offset = 64,
	at_sums_bytes = 72,
	at_roots_offset = 80,
	at_roots_bytes = 88,
	at_roots_sum = 96,
	at_sections = 128,
	entry_bytes = 32,
	entry_offset = 16,
	entry_length = 24,
	name_bytes = 16,
	at_sum = 4092
};

static_assert(at_sections + max_sections * entry_bytes <= at_sum, "the table of sections fits");

bool
all_zero(const uint8_t *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (p[i] != 0)
			return false;
	return true;
}

[[noreturn]] void
damaged(const std::string &path, const std::string &what, uint64_t offset, const std::string &section = "")
{
	throw file_error(error_code::corrupt, path + ": " + what + ", at byte " + std::to_string(offset), 0, section, offset);
}

[[noreturn]] void
foreign(const std::string &path, const std::string &why)
{
	throw file_error(error_code::format, path + " is no file of an index: " + why);
}

/* The name in a table's entry; throws. */
std::string
decode_name(const uint8_t *entry, size_t at, const std::string &path)
{
	size_t		length = 0;

	while (length < name_bytes && entry[length] != 0)
		length++;

	const std::string name((const char *) entry, length);

	if (!is_section_name(name) || !all_zero(entry + length, name_bytes - length))
		damaged(path, "the table of sections has an entry without a name", at);
	return name;
}

}	/* namespace */

bool
is_section_name(const std::string &name)
{
	if (name.empty() || name.size() > name_bytes)
		return false;
	for (char c : name)
		if (c < '!' || c > '~')
			return false;
	return true;
}

bool
file_layout::place()
{
	uint64_t	offset = header_bytes;

	blocks = 0;
	for (file_section &section : sections)
	{
		if (section.bytes > max_file_bytes || offset > max_file_bytes)
			return false;
		section.offset = offset;
		section.first_block = blocks;
		blocks += blocks_in(round_up(section.bytes, section_alignment));
		offset += round_up(section.bytes, section_alignment);
	}
	sums_offset = offset;
	sums_padded = round_up(blocks * sum_bytes, section_alignment);
	sum_blocks = blocks_in(sums_padded);
	roots_offset = sums_offset + sums_padded;
	file_bytes = roots_offset + roots_bytes();
	return file_bytes <= max_file_bytes;
}

void
file_layout::encode(uint8_t header[header_bytes]) const
{
	memset(header, 0, header_bytes);
	memcpy(header + at_magic, file_magic, magic_bytes);
	put64(header + at_version, container_version);
	put64(header + at_kind, kind);
	put64(header + at_kind_version, kind_version);
	put64(header + at_file_bytes, file_bytes);
	put64(header + at_section_count, sections.size());
	put64(header + at_sums_offset, sums_offset);
	put64(header + at_sums_bytes, blocks * sum_bytes);
	put64(header + at_roots_offset, roots_offset);
	put64(header + at_roots_bytes, roots_bytes());
	put64(header + at_roots_sum, roots_sum);
	for (size_t i = 0; i < sections.size(); i++)
	{
		uint8_t    *entry = header + at_sections + i * entry_bytes;

		memcpy(entry, sections[i].name.data(), sections[i].name.size());
		put64(entry + entry_offset, sections[i].offset);
		put64(entry + entry_length, sections[i].bytes);
	}
	put32(header + at_sum, crc32c(0, header, at_sum));
}

file_layout
file_layout::decode(const uint8_t header[header_bytes], size_t available, uint64_t file_bytes, const std::string &path)
{
	if (file_bytes == 0)
		foreign(path, "it is empty");
	if (memcmp(header + at_magic, file_magic, available < magic_bytes ? available : magic_bytes) != 0)
		foreign(path, "it begins with other bytes");
	if (available < header_bytes)
		damaged(path, "was cut off within the header", file_bytes);
	/* Magic, version and this checksum have their place in every version. */
	if (get32(header + at_sum) != crc32c(0, header, at_sum))
		damaged(path, "the header was altered", 0);

	const uint64_t version = get64(header + at_version),
				flags = get64(header + at_flags),
				count = get64(header + at_section_count),
				roots_sum = get64(header + at_roots_sum);

	if (version != container_version)
		throw file_error(error_code::version, path + " has version " + std::to_string(version) + " of the container; version " +
						 std::to_string(container_version) + " is read here", 0, "", at_version);
	if (flags != 0)
		throw file_error(error_code::version, path + " has features that are not known here (flags " + std::to_string(flags) +
						 ")", 0, "", at_flags);
	if (get64(header + at_file_bytes) != file_bytes)
		damaged(path, "has " + std::to_string(file_bytes) + " bytes, and was written with " +
				std::to_string(get64(header + at_file_bytes)), smaller(file_bytes, get64(header + at_file_bytes)));
	if (count > max_sections)
		damaged(path, "has more sections than a file can have", at_section_count);

	file_layout layout;

	layout.kind = get64(header + at_kind);
	layout.kind_version = get64(header + at_kind_version);
	layout.roots_sum = (uint32_t) roots_sum;
	for (size_t i = 0; i < count; i++)
	{
		const size_t at = at_sections + i * entry_bytes;
		file_section section;

		section.name = decode_name(header + at, at, path);
		section.bytes = get64(header + at + entry_length);
		for (const file_section &other : layout.sections)
			if (other.name == section.name)
				damaged(path, "has two sections " + section.name, at, section.name);
		layout.sections.push_back(section);
	}
	if (!layout.place())
		damaged(path, "its sections are larger than a file can be", at_sections);
	for (size_t i = 0; i < count; i++)
	{
		const size_t at = at_sections + i * entry_bytes;

		if (get64(header + at + entry_offset) != layout.sections[i].offset)
			damaged(path, "the section " + layout.sections[i].name + " is not in its place", at, layout.sections[i].name);
	}
	if (get64(header + at_sums_offset) != layout.sums_offset ||
		get64(header + at_sums_bytes) != layout.blocks * sum_bytes ||
		get64(header + at_roots_offset) != layout.roots_offset ||
		get64(header + at_roots_bytes) != layout.roots_bytes() || layout.file_bytes != file_bytes)
		damaged(path, "sections and checksums do not fill the file", at_sums_offset);
	if (roots_sum > UINT32_MAX || !all_zero(header + at_roots_sum + 8, at_sections - at_roots_sum - 8) ||
		!all_zero(header + at_sections + count * entry_bytes, at_sum - at_sections - (size_t) count * entry_bytes))
		damaged(path, "the header has something where nothing should be", at_roots_sum);
	return layout;
}

}	/* namespace rv_index */
