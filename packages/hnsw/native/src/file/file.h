/*
 * file.h - one file holds one index as named sections of bytes: writing it so that it is there whole or not at all, and
 * reading it whole or mapped.  format.h says how the bytes lie, doc/format.md says it for other readers.
 *
 *     file_writer writer(path, kind, kind_version);
 *     writer.add("vectors", vectors, bytes);
 *     writer.commit();
 *
 *     const auto reader = file_reader::open(path, file_mode::view);
 *     const file_section &vectors = reader->find("vectors", least, most);
 *     reader->require(vectors, row * row_bytes, row_bytes);
 *     use(vectors.data + row * row_bytes);
 *
 * Damage.  open() verifies the header, the table of sections, the length of the file and the roots of the checksums:
 * milliseconds for any size.  Everything else is verified block by block: all of a section when it is loaded, all of a
 * file by verify(), and of a mapped file each block when it is first touched.  Whatever was flipped, cut off or
 * appended is an error with a code, a section and an offset.  Checksums tell of accidents, not of forgers: whoever
 * repairs them makes a file that is valid here, and whose sections lie within it, but whose bytes say what they like.
 * So users of sections check what these say all the same.
 *
 * Files that change under a view.  save() never changes a file: it puts another one in its place, and a view keeps the
 * old one. Others may write to a file, or cut it off, while it is mapped.  still_whole() sees that; a view's user calls
 * it once a search, and does not go on when it is false.  What is left: a file that is cut off between that call and
 * the last access of the search ends the process (SIGBUS; an in-page error on Windows, which does not let mapped files
 * be cut off), and bytes that are changed in place after their block was verified and within that time, or without a
 * trace in the time of the last change, are used as they are.
 */
#ifndef RUVECTOR_INDEX_FILE_FILE_H
#define RUVECTOR_INDEX_FILE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/error.h"

namespace rv_index
{

/* Sections begin at multiples of it, in the file and so in memory that is mapped. */
constexpr uint64_t section_alignment = 4096;

/* What has a checksum of its own, counted from the beginning of a section. */
constexpr uint64_t block_bytes = 16384;

constexpr size_t max_sections = 123;

/* 256 TiB. */
constexpr uint64_t max_file_bytes = UINT64_C(1) << 48;

/*
 * What goes wrong here, by its code:
 *
 * - io: the system refused something; `system` has its number.
 * - format: a file that is no index, or no file at all.
 * - version: an index of another version, or with features that are not known here.
 * - corrupt: an index that was cut off, lengthened or altered.
 * - stopped: by the caller's progress.
 * - memory: the system, or the caller's allocation, gives no more.
 * - argument: the caller broke the contract.
 */
struct file_error : failure
{
	file_error(error_code code, const std::string &message, int system = 0, const std::string &section = "",
			   uint64_t offset = 0)
		: failure(code, message, 0, system), section(section), offset(offset)
	{
	}

	std::string section;		/* empty where it is none's */
	uint64_t	offset;			/* in the file; of damage */
};

/* Is told how many bytes are done, about each MiB, and at the end; false stops the work. */
struct file_progress
{
	bool		(*tell) (void *data, uint64_t done, uint64_t total) = nullptr;
	void	   *data = nullptr;
};

struct file_piece
{
	const void *data;
	uint64_t	bytes;
};

/*
 * Writes a file.  Its bytes go to a temporary one beside it, `<name>.<16 hexadecimal digits>.tmp`, which gets the
 * permissions of a file that is there, is brought to the disk and then renamed.  Where anything goes wrong before that,
 * what was at the path is as it was, and the temporary file is removed; only a process that is killed leaves it behind.
 */
class file_writer
{
public:
	file_writer(const std::string &path, uint64_t kind, uint64_t kind_version);

	/*
	 * Adds a section: 1 to 16 characters from '!' to '~', no name twice, 123 sections at most; else throws argument.
	 * Memory is read by commit(), and is copied before its checksum is taken: bytes that change meanwhile have some
	 * value, but no damage.
	 */
	void		add(const std::string &name, const void *data, uint64_t bytes);
	void		add(const std::string &name, std::vector<file_piece> pieces);

	/* The same of bytes that are made as they are written: `produce` is asked for the next ones, at most a MiB at once. */
	void		add(const std::string &name, uint64_t bytes, std::function<void (uint8_t *to, size_t bytes)> produce);

	/*
	 * Writes the file; once.  O(bytes) time, some MiB of memory.  Throws io, stopped, memory, argument, and what a
	 * producer throws.  Where the last step alone fails, which brings the new name to the disk, the new file is there
	 * and the error says so.
	 */
	void		commit(const file_progress &progress = file_progress());

	/* Whether a file of this name (without its folder) is a temporary one of any file's writer: one that is old was killed. */
	static bool	is_temporary(const std::string &name);

private:
	struct content
	{
		std::string name;
		uint64_t	bytes;
		std::vector<file_piece> pieces;
		std::function<void (uint8_t *to, size_t bytes)> produce;
	};

	const std::string path;
	const uint64_t kind,
				kind_version;
	std::vector<content> contents;
	bool		committed = false;

	void		add_content(content what);
};

enum class file_mode
{
	load,						/* sections are read into memory */
	view						/* the file is mapped */
};

struct file_section
{
	std::string name;
	uint64_t	offset = 0,		/* in the file */
				bytes = 0,
				first_block = 0;	/* of all sections' blocks */
	const uint8_t *data = nullptr;	/* of a view: mapped, to be touched before it is read */
};

enum class access_pattern
{
	normal,
	random,						/* reads no further than what is touched */
	sequential
};

/* What tells whether a file is still the one that was opened. */
struct file_identity
{
	uint64_t	device,
				number,
				bytes;
	int64_t		changed;		/* its contents, in units of the system's */

	bool
	operator==(const file_identity &other) const
	{
		return device == other.device && number == other.number && bytes == other.bytes && changed == other.changed;
	}
};

/* An open file.  Every function may be called by any number of threads. */
class file_reader
{
public:
	/* O(bytes / 2^24).  Throws io, format, version, corrupt, memory. */
	static std::unique_ptr<file_reader> open(const std::string &path, file_mode mode);

	~file_reader();
	file_reader(const file_reader &) = delete;
	file_reader &operator=(const file_reader &) = delete;

	const std::string &path() const;
	file_mode	mode() const;
	uint64_t	kind() const;
	uint64_t	kind_version() const;
	uint64_t	file_bytes() const;

	/* In the order of the file; they stay where they are. */
	const std::vector<file_section> &sections() const;

	/* NULL where there is none. */
	const file_section *find(const std::string &name) const;

	/* Throws corrupt where there is none, or its bytes are fewer than `least` or more than `most`. */
	const file_section &find(const std::string &name, uint64_t least, uint64_t most) const;

	/*
	 * Whether these bytes lie in the section and are as they were written: to be asked before they are read.  Of a
	 * view; of others false.  One load where their block was verified before, else O(16 KiB) for each block.  Takes no
	 * lock and no memory.
	 */
	bool
	touch(const file_section &section, uint64_t offset, uint64_t length) const noexcept
	{
		if (offset > section.bytes || length > section.bytes - offset)
			return false;
		if (length == 0)
			return true;

		const uint64_t first = section.first_block + offset / block_bytes,
					last = section.first_block + (offset + length - 1) / block_bytes;

		for (uint64_t block = first; block <= last; block++)
			if (verified == nullptr || !has_bit(verified, block))
				return verify_blocks(section, block - section.first_block, last - section.first_block);
		return true;
	}

	/* The same; throws corrupt, with the place. */
	void
	require(const file_section &section, uint64_t offset, uint64_t length) const
	{
		if (!touch(section, offset, length))
			refuse(section, offset, length);
	}

	/* Reads a section into `to`, which has room for its bytes, and verifies it.  Throws io, corrupt, stopped, memory. */
	void		read(const file_section &section, void *to, const file_progress &progress = file_progress()) const;

	/* The same into memory that the caller gives for so many bytes, not for 0; NULL is an error (memory). */
	void		load(const file_section &section, const std::function<void *(uint64_t bytes)> &allocate,
					 const file_progress &progress = file_progress()) const;

	/* Reads all bytes of the file and verifies them.  Throws io, corrupt, stopped, memory. */
	void		verify(const file_progress &progress = file_progress()) const;

	/* Whether the file has the length and the time of its last change that it was opened with.  One call of the system. */
	bool		still_whole() const noexcept;

	/* Of a view: how a section is going to be read.  A hint. */
	void		expect(const file_section &section, access_pattern pattern) const noexcept;

private:
	struct state;

	explicit file_reader(std::unique_ptr<state> own);

	const std::unique_ptr<state> own;
	uint64_t   *const verified;	/* of a view: a bit for each block */

	/* Acquire, though the bytes never change: what a thread learnt by verifying comes before what others read. */
	static bool
	has_bit(const uint64_t *bits, uint64_t number) noexcept
	{
		return (__atomic_load_n(bits + number / 64, __ATOMIC_ACQUIRE) >> number % 64 & 1) != 0;
	}

	static void
	set_bit(uint64_t *bits, uint64_t number) noexcept
	{
		__atomic_fetch_or(bits + number / 64, UINT64_C(1) << number % 64, __ATOMIC_RELEASE);
	}

	bool		verify_blocks(const file_section &section, uint64_t first, uint64_t last) const noexcept;
	bool		verify_sums(uint64_t sum_block) const noexcept;
	[[noreturn]] void refuse(const file_section &section, uint64_t offset, uint64_t length) const;
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_FILE_FILE_H */
