/*
 * index.h - an index as its users have it: searches that any number of threads make at once, and changes, one at a time.
 *
 * The rows and their structure are a body (body.h).  Compaction makes another one and puts it in the first one's place.  A reader
 * may use the body that it met as long as it has its seat in `readers` (epochs.h); a cursor, which lives longer, owns a share.
 *
 * Locks.  `writing` is held through a change, by one thread; `owning`, for moments, where the shares of bodies change hands.
 * Searches take neither.  A search takes the state that it needs from a shelf of such states by one exchange, and makes one
 * where the shelf is empty.
 */
#ifndef RUVECTOR_INDEX_INDEX_H
#define RUVECTOR_INDEX_INDEX_H

#include <array>
#include <memory>
#include <mutex>

#include "body.h"

namespace rv_index
{

/* Rows that were found, nearest first, by their keys. */
struct hits
{
	std::vector<float> distances;	/* as users see them */
	std::vector<int64_t> numbers;
	std::string text;			/* string keys, one behind the other */
	std::vector<uint32_t> text_ends;

	size_t size() const { return distances.size(); }
};

/*
 * Rows that searches may give away: those that had their keys when it was made, and have them still.  A row that is updated
 * passes as it did.
 */
class row_filter
{
public:
	uint64_t	count = 0;		/* rows that passed when it was made */

private:
	friend class index;
	friend class cursor;

	uint64_t	numbering = 0;
	std::vector<uint64_t> serials;	/* a bit for each */

	/* The slots of these rows, as of a number of changes. */
	std::mutex	lock;
	std::shared_ptr<const slot_filter> slots;
	uint64_t	as_of = UINT64_MAX,
				generation = 0;

	bool
	has_serial(uint32_t serial) const
	{
		return serial / 64 < serials.size() && (serials[serial / 64] >> serial % 64 & 1) != 0;
	}
};

/* Measured by calibrate(): what effort led to what recall. */
struct effort_recall
{
	uint32_t	effort;
	float		recall;
};

class index;
class section_file;

/* A search that goes on: see index::open(). */
class cursor
{
public:
	/* Appends about `effort` further rows; false when there are no others. */
	bool		more(hits &found);

	search_counts counts() const { return state->counts; }

private:
	friend class index;
	cursor(std::shared_ptr<index> of, const void *query, uint32_t effort, std::shared_ptr<row_filter> filter);

	std::shared_ptr<index> of;
	std::shared_ptr<body> in;
	std::unique_ptr<searcher> state;
	std::shared_ptr<row_filter> filter;
	std::shared_ptr<const slot_filter> slots;
	std::vector<uint8_t> query;
	std::vector<uint64_t> given;	/* a bit for each serial of a row that was given */
	bool		ended = false;

	bool		was_given(uint32_t slot) const;
	void		give(uint32_t slot);
};

class index : public std::enable_shared_from_this<index>
{
public:
	explicit index(const index_options &options);
	~index();

	const index_options options;	/* but for the kind, which may have changed */
	const space	metric;
	std::atomic<index_kind> kind;
	bool		read_only = false;

	uint32_t	size();

	/* Rows, and places of rows that are dead: that links still lead through, or that nothing has taken yet. */
	void		sizes(uint32_t *live, uint32_t *dead);

	/* The nearest k rows that pass; `filter` may be NULL. */
	void		search(const void *query, size_t k, uint32_t effort, row_filter *filter, hits &found,
					   search_counts &counts);

	/* Rows within a distance as users see it, nearest first, at most `limit`. */
	void		range(const void *query, float radius, size_t limit, uint32_t effort, row_filter *filter, hits &found,
					  search_counts &counts);

	std::unique_ptr<cursor> open(const void *query, uint32_t effort, std::shared_ptr<row_filter> filter);

	bool		has(const key &wanted);

	/* Copies a key's vector; false where there is none. */
	bool		get(const key &wanted, void *vector);

	/* The keys of the rows from a slot on, at most `most`; `next` is the slot to go on with, or no_slot. */
	void		list_keys(uint32_t from, size_t most, hits &found, uint32_t *next);

	/* The rows of these keys; keys that are not there are passed by. */
	std::shared_ptr<row_filter> filter_of_keys(const key *wanted, size_t n);

	/* The rows whose number keys have their bit set. */
	std::shared_ptr<row_filter> filter_of_bitmap(const uint8_t *bitmap, size_t bytes);

	/* Changes.  Each throws `busy` where another goes on, unless it may wait. */
	void		add(const key *keys, const void *vectors, size_t n, bool replace, unsigned threads, bool wait,
					const progress &told);
	void		remove(const key *keys, size_t n, bool ignore_missing, bool wait, const progress &told);
	void		update(const key &which, const void *vector);
	void		repair(unsigned threads, const progress &told);
	void		compact(unsigned threads, const progress &told);

	/* The same rows as an index of another kind. */
	void		become(index_kind other, bool wait, unsigned threads, const progress &told);

	void		calibrate(size_t samples, size_t k, unsigned threads, const progress &told);

	/* The effort that calibration found for a recall; throws uncalibrated. */
	uint32_t	effort_for(float recall) const;

	void		describe(body_stats &stats, uint32_t *dead, uint64_t *key_bytes, uint64_t *total_bytes);
	std::vector<std::string> check(const progress &told);

	void		save(const std::string &path, const progress &told);
	static std::shared_ptr<index> load(const std::string &path, bool view, const progress &told);

private:
	friend class cursor;

	epochs		readers;
	std::mutex	writing;
	/* Raised before and after a change of which row a key has: searches that met one look for keys that they found twice. */
	std::atomic<uint64_t> changes{0};
	std::atomic<body *> rows{nullptr};
	std::mutex	owning;
	std::shared_ptr<section_file> view_of;	/* what a view's memory belongs to; outlives the bodies */
	std::shared_ptr<body> owner;	/* of `rows` */
	std::vector<std::pair<std::shared_ptr<body>, uint64_t>> retired;

	struct shelf_state
	{
		uint64_t	generation;	/* of the body that it is for */
		std::unique_ptr<searcher> state;
		std::vector<scored> found;
	};

	std::array<std::atomic<shelf_state *>, 64> shelf{};
	std::vector<effort_recall> calibration;
	mutable std::mutex calibrating;

	/* Throws corrupt where a view's file is no longer what it was. */
	void		check_view() const;
	std::unique_ptr<shelf_state> take_state(const body &of);
	void		put_state(std::unique_ptr<shelf_state> state);
	void		replace_body(std::shared_ptr<body> with);

	/* A filter's slots in a body, as they are now. */
	std::shared_ptr<const slot_filter> slots_of(row_filter &filter, const body &in) const;
	void		mend(unsigned threads);
	void		repair_or_rebuild(unsigned threads, const progress &told);

	/* Another body of the rows that are alive, in this one's place. */
	void		rebuild(index_kind other, unsigned threads, const progress &told);
	std::unique_lock<std::mutex> begin_change(bool wait);
	void		resolve(const body &in, const std::vector<scored> &found, size_t k, uint64_t changes_before, hits &to) const;
	void		find_passing(const body &in, searcher &state, const void *query, size_t k, uint32_t effort,
							 const slot_filter &filter, std::vector<scored> &found, search_counts &counts) const;
};

/* A body of the kind that the options say. */
std::shared_ptr<body> make_body(const index_options &options, epochs &readers);

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_INDEX_H */
