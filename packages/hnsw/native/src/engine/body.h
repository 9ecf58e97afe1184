/*
 * body.h - rows, their keys, and a structure that finds them: what every kind of index is made of.
 *
 * A row has a slot, a number below 2^30, as long as it lives.  A slot is
 *
 *   free -> linked (its row is stored, the kind's structure leads to it) -> alive (it can be found, and has a key)
 *        -> dead (no longer found; links still lead to it and through it) -> retired (no link leads to it) -> free
 *
 * Readers (search, get) run beside one writer, without locks: they are inside of an epoch (epochs.h), check the bit of a slot
 * before they give it away, and rely on a slot's row and key not to change before it is free again.  The writer replaces a
 * row by giving its key another slot.  Which calls are the writer's is said below; the caller holds index.h's lock for them.
 */
#ifndef RUVECTOR_INDEX_BODY_H
#define RUVECTOR_INDEX_BODY_H

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <ruvector/hnsw/graph.h>

#include "keys.h"
#include "parallel.h"
#include "sections.h"
#include "space.h"

namespace rv_index
{

using rv_hnsw::no_slot;
using rv_hnsw::scored;

constexpr uint32_t max_slots = UINT32_C(1) << 30;

/* In files, too: numbers stay. */
enum class index_kind : uint32_t
{
	flat = 0,
	hnsw = 1,
	qg = 2,
	ivf = 3
};

struct index_options
{
	index_kind	kind = index_kind::hnsw;
	vector_type type = vector_type::float32;
	metric_kind metric = metric_kind::l2;
	key_type	keys = key_type::number;
	uint32_t	dimensions = 0;
	uint32_t	m = 16;
	uint32_t	degree = 32;
	uint32_t	ef_construction = 200;
	uint32_t	lists = 0;
	uint32_t	mode = 0;
	uint32_t	prefilter = 0;
	uint64_t	seed = 1;
};

/* What a search did; the same on every machine. */
struct search_counts
{
	uint64_t	hops = 0,
				distances = 0,
				estimates = 0,
				bytes = 0;
};

/* A bit for each slot, read while a writer sets others. */
class slot_bits
{
public:
	void
	init(uint64_t most)
	{
		words.reserve(most / 8, UINT64_C(1) << 21);
	}

	void		grow(uint64_t slots) { words.grow((slots + 63) / 64 * 8); }

	bool
	has(uint32_t slot) const
	{
		return (bits_at(slot / 64) >> slot % 64 & 1) != 0;
	}

	void set(uint32_t slot) { word(slot / 64)->fetch_or(UINT64_C(1) << slot % 64, std::memory_order_release); }
	void clear(uint32_t slot) { word(slot / 64)->fetch_and(~(UINT64_C(1) << slot % 64), std::memory_order_release); }

	uint64_t
	bits_at(uint64_t word_index) const
	{
		words.touch(word_index * 8, 8);
		return word(word_index)->load(std::memory_order_acquire);
	}

	const region &memory() const { return words; }
	region	   &memory() { return words; }

private:
	region		words;

	std::atomic<uint64_t> *word(uint64_t i) const { return (std::atomic<uint64_t> *) (void *) (words.data() + i * 8); }
};

/* The slots that a search may give away. */
struct slot_filter
{
	std::vector<uint64_t> words;
	uint64_t	count = 0;		/* of bits that are set */

	bool
	has(uint32_t slot) const
	{
		return slot / 64 < words.size() && (words[slot / 64] >> slot % 64 & 1) != 0;
	}

	void
	add(uint32_t slot)
	{
		if (slot / 64 >= words.size())
			words.resize(slot / 64 + 1);
		count += (words[slot / 64] >> slot % 64 & 1) == 0;
		words[slot / 64] |= UINT64_C(1) << slot % 64;
	}
};

/* Broken invariants that a check tells of. */
constexpr size_t max_problems = 100;

inline void
complain(std::vector<std::string> &problems, const std::string &problem)
{
	if (problems.size() < max_problems)
		problems.push_back(problem);
}

/* What stats() tells. */
struct body_stats
{
	std::vector<uint32_t> degrees;	/* entry n: nodes with n links at layer 0; empty where there is no graph */
	uint64_t	unreachable = 0;	/* rows that are alive, and no path of links leads to */
	uint64_t	vector_bytes = 0,
				link_bytes = 0,
				code_bytes = 0;
};

class body;

/* The state of one search, reused by the next. */
class searcher
{
public:
	virtual ~searcher() = default;

	/* The k nearest of all rows that are alive, nearest first; `found` has room for k.  Returns how many. */
	virtual size_t find(const void *query, size_t k, uint32_t effort, scored *found) = 0;

	/* Begins a search that goes on as long as more() is called; `filter` may be NULL, and lives as long. */
	virtual void begin(const void *query, uint32_t effort, const slot_filter *filter) = 0;

	/*
	 * Appends rows that begin() and more() have not given before, nearest first, about `effort` of them; all of them alive and
	 * passing.  False when the structure leads to no others.
	 */
	virtual bool more(std::vector<scored> &found) = 0;

	search_counts counts;
};

class body
{
public:
	body(const index_options &options, epochs &readers);
	virtual ~body() = default;

	const index_options options;
	const space	metric;
	const uint64_t generation;	/* no other body of this process has it */
	epochs	   &readers;
	key_table	keys;
	slot_bits	alive,
				dying;			/* dead, and not retired yet: the writer's */

	/*
	 * Names a row for as long as its key stays in the index, whatever slots it has meanwhile.  No row gets the number of one
	 * that has gone, as long as `numbering` is the same.
	 */
	uint32_t
	serial(uint32_t slot) const
	{
		uint32_t	own;

		if (serials.is_borrowed())
			return slot;
		__builtin_memcpy(&own, serials.data() + (size_t) slot * sizeof(own), sizeof(own));
		return own;
	}

	region		serials;
	uint32_t	next_serial = 0;	/* the writer's */
	uint64_t	numbering;

	/* Slots below this have rows, or had. */
	std::atomic<uint32_t> count{0};
	std::atomic<uint32_t> live{0};

	/* How many are in `dead`, for readers. */
	std::atomic<uint32_t> waiting_slots{0};

	/* The row of a slot: a vector, and its scale (space.h). */
	virtual const void *row(uint32_t slot) const = 0;

	virtual std::unique_ptr<searcher> make_searcher() const = 0;

	/* The writer: memory for rows below `slots`. */
	virtual void reserve(uint64_t slots) = 0;

	/* The writer: where a new row is stored. */
	virtual void *new_row(uint32_t slot) = 0;

	/*
	 * The writer: makes rows part of the structure; nobody finds them yet.  On a failure or a stop none of them are, though
	 * links may lead to them: they are dead, then.
	 */
	virtual void link(const uint32_t *slots, size_t n, unsigned threads, const progress &told) = 0;

	/* The writer: rows that came in several batches, all alive now, may find better links among each other. */
	virtual void refine(const uint32_t *, size_t, unsigned, const progress &) { }

	/* The writer: leads all links around slots that are dead; afterwards no link leads to any. */
	virtual void unlink_dead(unsigned threads, const progress &told) = 0;

	/* Fills in everything; of a structure that changes meanwhile numbers may be off by what changes. */
	virtual void describe(body_stats &stats) const = 0;

	/* The writer: looks at every node, and appends each invariant that is broken, up to a hundred. */
	virtual void check(std::vector<std::string> &problems, const progress &told) const = 0;

	/* The writer: appends the sections that read() needs, beside those of rows and keys (index.h). */
	virtual void list_sections(std::vector<section> &sections) const = 0;

	/* Of a new body whose `count` and `alive` are set: takes its structure from a file.  Nothing in it is to be trusted. */
	virtual void read(section_source &file) = 0;

	/* The writer: rows that are dead; their slots are not used again before retire_dead(). */
	std::vector<uint32_t> dead;

	/* Of a file that was read, not viewed: keys and slots are checked, and the table of keys is made.  Throws corrupt. */
	void		take_over();

	/* The writer: adds rows, see index.h. */
	void		add(const key *new_keys, const void *vectors, size_t n, bool replace, unsigned threads,
					const progress &told);

	/* The writer: removes a key; throws unknown_key. */
	void		remove(const key &old);

	/* The writer: unlink_dead(), and gives their slots up. */
	void		repair(unsigned threads, const progress &told);

	/* Exact distances of all rows that are alive and pass but are not among `known`; the k nearest are appended. */
	void		scan(const void *query, size_t k, const slot_filter *filter, const std::vector<scored> *known,
					 std::vector<scored> &found, search_counts &counts) const;

	/* Slots that can be used again. */
	size_t		reusable() const { return free_slots.size(); }
	size_t		waiting() const { return retired.size(); }

protected:
	/* All rows are refined after a change of at least one in so many. */
	static constexpr size_t refine_share = 4;

	std::vector<uint32_t> all_alive() const;

private:
	struct given_up
	{
		uint32_t	slot;
		uint64_t	epoch;
	};

	std::vector<given_up> retired;
	std::vector<uint32_t> free_slots;

	void		reclaim();
	void		add_batch(const key *new_keys, const uint8_t *vectors, const uint32_t *old, size_t n, unsigned threads,
						  const progress &told, std::vector<uint32_t> &added);
	void		kill(uint32_t slot);
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_BODY_H */
