/*
 * keys.cpp - the hash table of keys.
 */
#include "keys.h"

#include <string.h>

namespace rv_index
{

namespace
{

/* The finalizer of MurmurHash3 (Appleby, public domain), a permutation of 64 bits. */
uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 33) * UINT64_C(0xFF51AFD7ED558CCD);
	x = (x ^ x >> 33) * UINT64_C(0xC4CEB9FE1A85EC53);
	return x ^ x >> 33;
}

constexpr uint64_t least_entries = 64;

}	/* namespace */

key_table::key_table(key_type type, epochs &readers, uint64_t most_rows, uint64_t most_bytes)
	: type(type), readers(readers)
{
	numbers.reserve(most_rows * sizeof(uint64_t), UINT64_C(1) << 24);
	if (type == key_type::string)
		strings.reserve(most_bytes, UINT64_C(1) << 24);
	owned = make_table(0);
	current = owned.get();
}

std::unique_ptr<key_table::table>
key_table::make_table(uint64_t keys) const
{
	uint64_t	count = least_entries;

	/* A third full at first, a half at most. */
	while (count < 3 * keys)
		count *= 2;

	std::unique_ptr<table> made(new table{nullptr, std::unique_ptr<std::atomic<uint32_t>[]>(new std::atomic<uint32_t>[count]),
										  count - 1, 0, 0});

	made->entries = made->own.get();
	for (uint64_t i = 0; i < count; i++)
		made->entries[i].store(none, std::memory_order_relaxed);
	return made;
}

void
key_table::list_sections(uint64_t slots, std::vector<section> &sections) const
{
	sections.push_back({"keys", numbers.data(), slots * sizeof(uint64_t), {}});
	if (type == key_type::string)
		sections.push_back({"keys.text", strings.data(), string_end, {}});
	sections.push_back({"keys.table", (const void *) owned->entries, (owned->mask + 1) * sizeof(uint32_t), {}});
}

void
key_table::read(section_source &file, uint64_t slots, bool view)
{
	static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t), "entries of a file are used as they are");
	file.into("keys", numbers, slots * sizeof(uint64_t), slots * sizeof(uint64_t));
	if (type == key_type::string)
		file.into("keys.text", strings, 0, UINT64_C(1) << 40);
	string_end = strings.size();
	if (!view)
		return;
	file.into("keys.table", file_entries, sizeof(uint32_t), UINT64_C(1) << 40);

	const uint64_t count = file_entries.size() / sizeof(uint32_t);

	if (file_entries.size() % sizeof(uint32_t) != 0 || (count & (count - 1)) != 0)
		throw failure(error_code::corrupt, "the table of keys has no length that a table has");
	owned.reset(new table{(std::atomic<uint32_t> *) (void *) file_entries.data(), nullptr, count - 1, 0, 0});
	current = owned.get();
}

uint64_t
key_table::hash_of(const key &key) const
{
	if (type != key_type::string)
		return mix((uint64_t) key.number);

	uint64_t	hash = key.string.size();
	size_t		i = 0;

	for (; key.string.size() - i >= 8; i += 8)
	{
		uint64_t	word;

		memcpy(&word, key.string.data() + i, 8);
		hash = mix(hash ^ word);
	}
	uint64_t	rest = 0;

	memcpy(&rest, key.string.data() + i, key.string.size() - i);
	return mix(hash ^ rest);
}

key
key_table::at(uint32_t slot) const
{
	key			found;
	uint64_t	word;

	if (((uint64_t) slot + 1) * sizeof(word) > numbers.size())
		throw failure(error_code::corrupt, "a key lies outside of the keys");
	numbers.touch((uint64_t) slot * sizeof(word), sizeof(word));
	memcpy(&word, numbers.data() + (uint64_t) slot * sizeof(word), sizeof(word));
	if (type != key_type::string)
	{
		found.number = (int64_t) word;
		return found;
	}

	uint32_t	length;

	/* Of a file these may be anything. */
	if (word > strings.size() || strings.size() - word < sizeof(length))
		throw failure(error_code::corrupt, "a key lies outside of the strings");
	strings.touch(word, sizeof(length));
	memcpy(&length, strings.data() + word, sizeof(length));
	if (strings.size() - word - sizeof(length) < length)
		throw failure(error_code::corrupt, "a key lies outside of the strings");
	strings.touch(word, sizeof(length) + (uint64_t) length);
	found.string = std::string_view((const char *) strings.data() + word + sizeof(length), length);
	return found;
}

bool
key_table::has(uint32_t slot, const key &wanted) const
{
	const key	own = at(slot);

	return type == key_type::string ? own.string == wanted.string : own.number == wanted.number;
}

uint32_t
key_table::find(const key &wanted) const
{
	const table *t = current.load(std::memory_order_acquire);
	const uint64_t hash = hash_of(wanted);

	/* A file's table may be full of anything: no more steps than entries. */
	for (uint64_t i = 0; i <= t->mask; i++)
	{
		const uint64_t place = (hash + i) & t->mask;

		file_entries.touch(place * sizeof(uint32_t), sizeof(uint32_t));

		const uint32_t slot = t->entries[place].load(std::memory_order_acquire);

		if (slot == none)
			return none;
		if (slot != gone && has(slot, wanted))
			return slot;
	}
	return none;
}

void
key_table::replace(uint64_t keys)
{
	std::unique_ptr<table> larger = make_table(keys);
	const table *old = owned.get();

	for (uint64_t i = 0; i <= old->mask; i++)
	{
		const uint32_t slot = old->entries[i].load(std::memory_order_relaxed);

		if (slot == none || slot == gone)
			continue;

		uint64_t	place = hash_of(at(slot)) & larger->mask;

		while (larger->entries[place].load(std::memory_order_relaxed) != none)
			place = (place + 1) & larger->mask;
		larger->entries[place].store(slot, std::memory_order_relaxed);
		larger->used++;
	}
	retired.reserve(retired.size() + 1);
	current.store(larger.get());
	owned->retired_at = readers.give_up();
	retired.push_back(std::move(owned));
	owned = std::move(larger);
}

void
key_table::prepare(uint64_t slots, uint64_t more_keys, uint64_t more_bytes)
{
	numbers.grow(slots * sizeof(uint64_t));
	if (type == key_type::string)
		strings.grow(string_end + more_bytes + more_keys * sizeof(uint32_t));
	if (2 * (owned->used + more_keys) > owned->mask + 1)
		replace(live + more_keys);
}

void
key_table::set(uint32_t slot, const key &key)
{
	uint64_t	word = (uint64_t) key.number;

	if (type == key_type::string)
	{
		const uint32_t length = (uint32_t) key.string.size();

		word = string_end;
		memcpy(strings.data() + string_end, &length, sizeof(length));
		memcpy(strings.data() + string_end + sizeof(length), key.string.data(), length);
		string_end += sizeof(length) + length;
	}
	memcpy(numbers.data() + (uint64_t) slot * sizeof(word), &word, sizeof(word));
}

void
key_table::point(uint32_t slot)
{
	const key	own = at(slot);
	uint64_t	place = hash_of(own) & owned->mask;

	for (;; place = (place + 1) & owned->mask)
	{
		const uint32_t entry = owned->entries[place].load(std::memory_order_relaxed);

		if (entry == none)
		{
			owned->used++;
			live++;
			break;
		}
		if (entry != gone && has(entry, own))
		{
			if (type == key_type::string)
				wasted += sizeof(uint32_t) + own.string.size();
			break;
		}
	}
	owned->entries[place].store(slot, std::memory_order_release);
}

void
key_table::erase(uint32_t slot)
{
	const key	own = at(slot);
	uint64_t	place = hash_of(own) & owned->mask;

	for (;; place = (place + 1) & owned->mask)
	{
		const uint32_t entry = owned->entries[place].load(std::memory_order_relaxed);

		if (entry == none)
			return;
		/* The key may have another slot by now. */
		if (entry == slot)
			break;
	}
	owned->entries[place].store(gone, std::memory_order_release);
	live--;
	if (type == key_type::string)
		wasted += sizeof(uint32_t) + own.string.size();
}

void
key_table::reclaim()
{
	const uint64_t oldest = readers.oldest();

	for (size_t i = 0; i < retired.size();)
		if (retired[i]->retired_at < oldest)
			retired.erase(retired.begin() + (ptrdiff_t) i);
		else
			i++;
}

uint64_t
key_table::bytes() const
{
	return numbers.size() + strings.size() + (owned->mask + 1) * sizeof(uint32_t);
}

}	/* namespace rv_index */
