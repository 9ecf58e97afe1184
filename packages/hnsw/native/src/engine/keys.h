/*
 * keys.h - which row has which key.
 *
 * A key is a number of 64 bits or a string of bytes.  Each slot (a row's place) has its key in a region: the number, or where
 * its string begins in another region, after a length of 4 bytes.  A hash table leads from keys to slots: open addressing,
 * linear probing, at most half full; an entry is a slot, or `none`, or `gone` where there was one.
 *
 * One writer; readers at the same time, without locks.  An entry appears after what it leads to.  A table that has become too
 * full is replaced by a new one; the old one lives until no reader can hold it (epochs.h).
 */
#ifndef RUVECTOR_INDEX_KEYS_H
#define RUVECTOR_INDEX_KEYS_H

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "epochs.h"
#include "sections.h"

namespace rv_index
{

enum class key_type : uint32_t
{
	number = 0,					/* of 64 bits; src/ makes them of numbers and bigints */
	string = 1,
	bigint = 2					/* as number */
};

/* A key that is being looked for. */
struct key
{
	int64_t		number = 0;
	std::string_view string;
};

class key_table
{
public:
	static constexpr uint32_t none = UINT32_MAX;

	/* `most_rows` and `most_bytes` (of strings) are what addresses are reserved for. */
	key_table(key_type type, epochs &readers, uint64_t most_rows, uint64_t most_bytes);

	/* Sections, with names that begin with `keys`.  The writer. */
	void		list_sections(uint64_t slots, std::vector<section> &sections) const;

	/* Of a file with so many slots: a view takes the table as it is; else prepare() and point() make one anew. */
	void		read(section_source &file, uint64_t slots, bool view);

	key_type	type;

	/* The slot of a key, or none. */
	uint32_t	find(const key &key) const;

	/* The key of a slot that is there. */
	key			at(uint32_t slot) const;

	/* The writer: room for slots and entries, so that set() and point() cannot fail for that many. */
	void		prepare(uint64_t slots, uint64_t more_keys, uint64_t more_bytes);

	/* The writer: writes a slot's key; nobody finds it yet. */
	void		set(uint32_t slot, const key &key);

	/* The writer: leads a slot's key to it, from now on. */
	void		point(uint32_t slot);

	/* The writer: the key of the slot leads nowhere any more. */
	void		erase(uint32_t slot);

	/* The writer: frees tables that nobody reads any more. */
	void		reclaim();

	uint64_t	bytes() const;


	/* Bytes of strings that no key has any more. */
	uint64_t	wasted_bytes() const { return wasted; }

private:
	struct table
	{
		std::atomic<uint32_t> *entries;
		std::unique_ptr<std::atomic<uint32_t>[]> own;
		uint64_t	mask;
		uint64_t	used;		/* entries that are not `none` */
		uint64_t	retired_at;
	};

	static constexpr uint32_t gone = UINT32_MAX - 1;

	epochs	   &readers;
	region		numbers,
				strings,
				file_entries;	/* of a view's table */
	uint64_t	string_end = 0,
				wasted = 0,
				live = 0;
	std::atomic<table *> current{nullptr};
	std::unique_ptr<table> owned;
	std::vector<std::unique_ptr<table>> retired;

	std::unique_ptr<table> make_table(uint64_t keys) const;
	uint64_t	hash_of(const key &key) const;
	bool		has(uint32_t slot, const key &key) const;
	void		replace(uint64_t keys);
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_KEYS_H */
