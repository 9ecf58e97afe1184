/*
 * index.cpp - searches and changes of an index.
 */
#include "index.h"

#include <algorithm>
#include <string.h>

#include "file/section_file.h"
#include "nearest.h"

namespace rv_index
{

namespace
{

/*
 * Rows that pass a filter are compared one by one where a graph would have to look at more: a search that wants `effort` rows of
 * which one in n / passing passes expands about effort n / passing nodes, and a node costs as much as some eight rows in a row.
 */
constexpr uint64_t rows_of_a_hop = 8;

/* Rows that are dead begin a repair from this number on, where they are a fifth of all. */
constexpr size_t least_dead = 64;
constexpr size_t dead_share = 5;

/*
 * Where there is one for so many that are alive, the rest is built anew: repairs kept 96.4 % of the ten nearest, on average over
 * six seeds, of 750 rows whose 750 neighbours had gone, and a new graph has 98.0 %.
 */
constexpr size_t rebuild_share = 2;

bool
is_small(uint64_t passing, uint64_t rows, uint32_t effort, size_t k)
{
	return passing <= k || passing * passing <= rows_of_a_hop * effort * rows;
}

void
add_counts(search_counts &to, const search_counts &more)
{
	to.hops += more.hops;
	to.distances += more.distances;
	to.estimates += more.estimates;
	to.bytes += more.bytes;
}

bool
same_key(key_type type, const key &a, const key &b)
{
	return type == key_type::string ? a.string == b.string : a.number == b.number;
}

void
append_key(const body &in, const key &found, hits &to)
{
	if (in.options.keys == key_type::string)
	{
		to.text.append(found.string);
		to.text_ends.push_back((uint32_t) to.text.size());
	}
	else
		to.numbers.push_back(found.number);
}

}	/* namespace */

index::index(const index_options &options)
	: options(options), metric(options.type, options.metric, options.dimensions), kind(options.kind)
{
	owner = make_body(options, readers);
	rows.store(owner.get());
}

index::~index()
{
	for (std::atomic<shelf_state *> &place : shelf)
		delete place.load();
}

uint32_t
index::size()
{
	epochs::reader here(readers);

	return rows.load()->live.load(std::memory_order_acquire);
}

void
index::sizes(uint32_t *live, uint32_t *dead)
{
	epochs::reader here(readers);
	const body &in = *rows.load();
	const uint32_t waiting = in.waiting_slots.load(std::memory_order_acquire);

	*live = in.live.load(std::memory_order_acquire);
	*dead = waiting;
}

void
index::check_view() const
{
	if (view_of)
		view_of->still_whole();
}

std::unique_ptr<index::shelf_state>
index::take_state(const body &of)
{
	check_view();

	for (std::atomic<shelf_state *> &place : shelf)
	{
		std::unique_ptr<shelf_state> found(place.exchange(nullptr, std::memory_order_acquire));

		if (found && found->generation == of.generation)
		{
			found->found.clear();
			found->state->counts = search_counts();
			return found;
		}
	}
	return std::unique_ptr<shelf_state>(new shelf_state{of.generation, of.make_searcher(), {}});
}

void
index::put_state(std::unique_ptr<shelf_state> state)
{
	for (std::atomic<shelf_state *> &place : shelf)
	{
		shelf_state *empty = nullptr;

		if (place.compare_exchange_strong(empty, state.get(), std::memory_order_release, std::memory_order_relaxed))
		{
			state.release();
			return;
		}
	}
}

void
index::resolve(const body &in, const std::vector<scored> &found, size_t k, uint64_t changes_before, hits &to) const
{
	std::vector<key> taken;
	/* Only beside a change can a key have two rows. */
	const bool	calm = changes_before % 2 == 0 && changes.load() == changes_before;

	for (const scored &s : found)
	{
		if (to.size() == k)
			break;

		const key	own = in.keys.at(s.slot);

		if (!calm)
		{
			if (std::any_of(taken.begin(), taken.end(), [&](const key &t) { return same_key(options.keys, t, own); }))
				continue;
			taken.push_back(own);
		}
		append_key(in, own, to);
		to.distances.push_back(metric.result(s.distance));
	}
}

void
index::find_passing(const body &in, searcher &state, const void *query, size_t k, uint32_t effort, const slot_filter &filter,
					std::vector<scored> &found, search_counts &counts) const
{
	const size_t enough = std::max<size_t>(k, effort);
	bool		more = true;

	if (is_small(filter.count, in.live.load(std::memory_order_relaxed), effort, k))
	{
		in.scan(query, k, &filter, nullptr, found, counts);
		return;
	}
	state.begin(query, effort, &filter);
	while (more && found.size() < enough)
		more = state.more(found);
	if (found.size() < k && found.size() < filter.count)
	{
		const std::vector<scored> known = found;

		in.scan(query, k - found.size(), &filter, &known, found, counts);
	}
	std::sort(found.begin(), found.end(), is_nearer);
}

void
index::search(const void *query, size_t k, uint32_t effort, row_filter *filter, hits &found, search_counts &counts)
{
	epochs::reader here(readers);
	const body &in = *rows.load();
	const uint64_t before = changes.load();
	const std::shared_ptr<const slot_filter> passing = filter == nullptr ? nullptr : slots_of(*filter, in);
	std::unique_ptr<shelf_state> state = take_state(in);

	if (passing)
		find_passing(in, *state->state, query, k, effort, *passing, state->found, counts);
	else
	{
		const size_t most = std::min<size_t>(k, in.live.load(std::memory_order_acquire));

		state->found.resize(most);
		state->found.resize(state->state->find(query, most, effort, state->found.data()));
		/* What no link leads to. */
		if (state->found.size() < most)
		{
			const std::vector<scored> known = state->found;

			in.scan(query, most - known.size(), nullptr, &known, state->found, counts);
			std::sort(state->found.begin(), state->found.end(), is_nearer);
		}
	}
	resolve(in, state->found, k, before, found);
	add_counts(counts, state->state->counts);
	put_state(std::move(state));
}

void
index::range(const void *query, float radius, size_t limit, uint32_t effort, row_filter *filter, hits &found,
			 search_counts &counts)
{
	epochs::reader here(readers);
	const body &in = *rows.load();
	const uint64_t before = changes.load();
	const float within = metric.from_result(radius);

	const std::shared_ptr<const slot_filter> passing = filter == nullptr ? nullptr : slots_of(*filter, in);

	std::unique_ptr<shelf_state> state = take_state(in);
	std::vector<scored> &all = state->found;
	size_t		inside = 0;

	state->state->begin(query, effort, passing.get());
	for (bool more = true; more;)
	{
		const size_t batch = all.size();

		more = state->state->more(all);
		inside += (size_t) std::count_if(all.begin() + (ptrdiff_t) batch, all.end(), [&](const scored &s)
		{
			return s.distance <= within;
		});
		/* Batches go outwards; one that is outside altogether is the last, if any is. */
		if (all.size() > batch && all[batch].distance > within)
			break;
		/* Nothing is told of rows beyond the limit, so nearer ones of later batches are not missed where it is generous. */
		if (inside >= 2 * limit)
			break;
	}
	all.erase(std::remove_if(all.begin(), all.end(), [&](const scored &s) { return !(s.distance <= within); }), all.end());
	std::sort(all.begin(), all.end(), is_nearer);
	resolve(in, all, limit, before, found);
	add_counts(counts, state->state->counts);
	put_state(std::move(state));
}

std::unique_ptr<cursor>
index::open(const void *query, uint32_t effort, std::shared_ptr<row_filter> filter)
{
	return std::unique_ptr<cursor>(new cursor(shared_from_this(), query, effort, std::move(filter)));
}

bool
index::has(const key &wanted)
{
	epochs::reader here(readers);
	const body &in = *rows.load();
	const uint32_t slot = in.keys.find(wanted);

	return slot != no_slot && in.alive.has(slot);
}

bool
index::get(const key &wanted, void *vector)
{
	epochs::reader here(readers);
	const body &in = *rows.load();

	check_view();

	const uint32_t slot = in.keys.find(wanted);

	if (slot == no_slot || !in.alive.has(slot))
		return false;
	memcpy(vector, in.row(slot), metric.vector_bytes);
	return true;
}

void
index::list_keys(uint32_t from, size_t most, hits &found, uint32_t *next)
{
	epochs::reader here(readers);
	const body &in = *rows.load();
	const uint32_t end = in.count.load(std::memory_order_acquire);
	uint32_t	slot = from;

	for (size_t n = 0; slot < end && n < most; slot++)
		if (in.alive.has(slot))
		{
			append_key(in, in.keys.at(slot), found);
			n++;
		}
	*next = slot < end ? slot : no_slot;
}

std::unique_lock<std::mutex>
index::begin_change(bool wait)
{
	if (read_only)
		throw failure(error_code::read_only, "the index is a view of a file");

	std::unique_lock<std::mutex> lock(writing, std::defer_lock);

	if (wait)
		lock.lock();
	else if (!lock.try_lock())
		throw failure(error_code::busy, "another call is changing the index");

	const uint64_t oldest = readers.oldest();

	retired.erase(std::remove_if(retired.begin(), retired.end(), [&](const std::pair<std::shared_ptr<body>, uint64_t> &r)
	{
		return r.second < oldest;
	}), retired.end());
	return lock;
}

namespace
{

/* Odd while a change goes on. */
struct change_mark
{
	std::atomic<uint64_t> &changes;

	explicit change_mark(std::atomic<uint64_t> &changes) : changes(changes) { changes.fetch_add(1); }
	~change_mark() { changes.fetch_add(1); }
};

}	/* namespace */

void
index::add(const key *keys, const void *vectors, size_t n, bool replace, unsigned threads, bool wait, const progress &told)
{
	const std::unique_lock<std::mutex> lock = begin_change(wait);
	const change_mark mark(changes);

	rows.load()->add(keys, vectors, n, replace, threads, told);
	mend(threads);
}

void
index::update(const key &which, const void *vector)
{
	const std::unique_lock<std::mutex> lock = begin_change(false);
	const change_mark mark(changes);
	body	   &in = *rows.load();

	if (in.keys.find(which) == no_slot)
		throw failure(error_code::unknown_key, "no such key");
	in.add(&which, vector, 1, true, 1, progress());
	mend(1);
}

void
index::remove(const key *keys, size_t n, bool ignore_missing, bool wait, const progress &told)
{
	const std::unique_lock<std::mutex> lock = begin_change(wait);
	const change_mark mark(changes);
	body	   &in = *rows.load();

	for (size_t i = 0; i < n; i++)
	{
		/* Rows before it have gone. */
		if (in.keys.find(keys[i]) != no_slot)
			in.remove(keys[i]);
		else if (!ignore_missing)
			throw failure(error_code::unknown_key, "no such key", i);
		if (i % 1024 == 1023)
			told.step("remove", i + 1, n);
	}
	told.step("remove", n, n);
	mend(1);
}

/* Repairs by itself where much is dead, so that searches do not wade through it. */
void
index::mend(unsigned threads)
{
	body	   &in = *rows.load();
	const size_t dead = in.dead.size();

	if (dead >= least_dead && dead * dead_share >= dead + in.live.load(std::memory_order_relaxed))
		repair_or_rebuild(threads, progress());
}

void
index::repair_or_rebuild(unsigned threads, const progress &told)
{
	body	   &in = *rows.load();
	const size_t dead = in.dead.size(),
				live = in.live.load(std::memory_order_relaxed);

	if (dead >= least_dead && live > 0 && dead * rebuild_share >= live)
		rebuild(kind, threads, told);
	else
		in.repair(threads, told);
}

void
index::repair(unsigned threads, const progress &told)
{
	const std::unique_lock<std::mutex> lock = begin_change(true);
	const change_mark mark(changes);

	repair_or_rebuild(threads, told);
}

void
index::replace_body(std::shared_ptr<body> with)
{
	std::shared_ptr<body> old;

	{
		std::lock_guard<std::mutex> guard(owning);

		old = std::move(owner);
		owner = std::move(with);
		rows.store(owner.get());
	}
	retired.emplace_back(std::move(old), readers.give_up());
}

void
index::compact(unsigned threads, const progress &told)
{
	become(kind, true, threads, told);
}

void
index::become(index_kind other, bool wait, unsigned threads, const progress &told)
{
	const std::unique_lock<std::mutex> lock = begin_change(wait);
	const change_mark mark(changes);

	rebuild(other, threads, told);
}

void
index::rebuild(index_kind other, unsigned threads, const progress &told)
{
	index_options wanted = options;
	const body &from = *rows.load();
	const uint32_t end = from.count.load(std::memory_order_relaxed);
	const size_t n = from.live.load(std::memory_order_relaxed);
	wanted.kind = other;

	std::shared_ptr<body> to = make_body(wanted, readers);
	std::vector<key> keys;
	std::vector<uint8_t> vectors;

	keys.reserve(n);
	vectors.reserve(n * metric.vector_bytes);
	for (uint32_t slot = 0; slot < end; slot++)
	{
		if (!from.alive.has(slot))
			continue;

		const uint8_t *row = (const uint8_t *) from.row(slot);

		keys.push_back(from.keys.at(slot));
		vectors.insert(vectors.end(), row, row + metric.vector_bytes);
	}
	to->add(keys.data(), vectors.data(), keys.size(), false, threads, told);
	/* Rows keep their numbers, so filters stay; unless these are about to run out. */
	if (from.next_serial < UINT32_MAX / 2)
	{
		uint32_t	slot = 0;

		for (uint32_t old = 0; old < end; old++)
		{
			if (!from.alive.has(old))
				continue;

			const uint32_t own = from.serial(old);

			memcpy(to->serials.data() + (size_t) slot++ * sizeof(own), &own, sizeof(own));
		}
		to->next_serial = from.next_serial;
		to->numbering = from.numbering;
	}
	replace_body(std::move(to));
	kind = other;
}

}	/* namespace rv_index */
