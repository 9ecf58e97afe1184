/*
 * format.h - the container of an index: named sections of bytes, each block with a checksum (doc/format.md).
 *
 * A file is, without a gap and in this order
 *
 *   header        4,096 bytes: what the file is, the table of sections, and the checksum of both
 *   sections      each from a multiple of 4,096 on, zeros behind it up to the next one
 *   sums          the CRC-32C of each block of 16,384 bytes of each section, in order; zeros up to a multiple of 4,096
 *   roots         the CRC-32C of each block of 16,384 bytes of the sums
 *
 * and the header has the checksum of the roots.  Blocks are counted from the beginning of their section; the last one
 * of a section ends where the section's zeros end, so every byte of the file is below some checksum.  The roots are a
 * sixteen-millionth of the file, 64 KiB for a terabyte: whoever has verified header and roots can verify any block by
 * itself, from two checksums.
 *
 * Everything follows from the lengths of the sections.  The offsets in the header say it once more; a reader computes
 * them and refuses others, so nothing can overlap, lie outside of the file, or be unaligned.
 */
#ifndef RUVECTOR_INDEX_FILE_FORMAT_H
#define RUVECTOR_INDEX_FILE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include <string>
#include <vector>

#include "file.h"

namespace rv_index
{

constexpr uint64_t header_bytes = 4096;
constexpr uint64_t sum_bytes = 4;
constexpr uint64_t sums_per_block = block_bytes / sum_bytes;
constexpr uint64_t container_version = 1;
constexpr size_t magic_bytes = 16;

/* As PNG's: no text, ends in what a transfer as text would change. */
constexpr uint8_t file_magic[magic_bytes] =
{0x89, 'R', 'V', 'I', 'N', 'D', 'E', 'X', '\r', '\n', 0x1A, '\n', 0, 0, 0, 0};

/* Up to a multiple of `unit`, a power of two; `bytes` are at most 2^63. */
constexpr uint64_t
round_up(uint64_t bytes, uint64_t unit)
{
	return (bytes + unit - 1) & ~(unit - 1);
}

constexpr uint64_t
blocks_in(uint64_t bytes)
{
	return (bytes + block_bytes - 1) / block_bytes;
}

inline uint64_t
smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

inline uint32_t
get32(const uint8_t *p)
{
	return (uint32_t) p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16 | (uint32_t) p[3] << 24;
}

inline void
put32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t) (value >> 8 * i);
}

inline uint64_t
get64(const uint8_t *p)
{
	return (uint64_t) get32(p) | (uint64_t) get32(p + 4) << 32;
}

inline void
put64(uint8_t *p, uint64_t value)
{
	put32(p, (uint32_t) value);
	put32(p + 4, (uint32_t) (value >> 32));
}

/* Whether a section may have this name: 1 to 16 characters of ASCII, from '!' to '~'. */
bool		is_section_name(const std::string &name);

/* What a header says, and what follows from it. */
struct file_layout
{
	uint64_t	kind = 0,
				kind_version = 0;
	std::vector<file_section> sections;

	/* By place(). */
	uint64_t	blocks = 0,			/* of all sections */
				sums_offset = 0,
				sums_padded = 0,	/* bytes, with their zeros */
				sum_blocks = 0,
				roots_offset = 0,
				file_bytes = 0;
	uint32_t	roots_sum = 0;

	uint64_t roots_bytes() const { return sum_blocks * sum_bytes; }

	/* Bytes of a section's block, its zeros included; `block` is counted within the section. */
	static uint64_t
	bytes_of_block(const file_section &section, uint64_t block)
	{
		return smaller(block_bytes, round_up(section.bytes, section_alignment) - block * block_bytes);
	}

	uint64_t bytes_of_sums(uint64_t sum_block) const
	{
		return smaller(block_bytes, sums_padded - sum_block * block_bytes);
	}

	/* Computes where everything lies from the names and lengths of `sections`; false where the file would be too large. */
	bool		place();

	void		encode(uint8_t header[header_bytes]) const;

	/*
	 * The layout of a header of a file of so many bytes.  Throws what file_reader::open() throws; `path` is for its
	 * words. A file that is shorter than a header has `available` bytes of it.
	 */
	static file_layout decode(const uint8_t header[header_bytes], size_t available, uint64_t file_bytes,
							  const std::string &path);
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_FILE_FORMAT_H */
