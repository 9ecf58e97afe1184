/*
 * body.cpp - rows come and go, whatever the kind of index.
 */
#include "body.h"

#include <algorithm>
#include <string.h>

#include "nearest.h"

namespace rv_index
{

namespace
{

/* Rows of one batch in an index that has some already: few enough that they need not link to each other to be found. */
constexpr size_t batch_share = 8;
constexpr size_t max_batch = 16384;

uint64_t
next_generation()
{
	static std::atomic<uint64_t> last{0};

	return ++last;
}

uint64_t
string_bytes(const key *keys, size_t n)
{
	uint64_t	bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += keys[i].string.size();
	return bytes;
}

bool
equal(key_type type, const key &a, const key &b)
{
	return type == key_type::string ? a.string == b.string : a.number == b.number;
}

bool
before(key_type type, const key &a, const key &b)
{
	return type == key_type::string ? a.string < b.string : a.number < b.number;
}

/* Progress of one batch, as part of that of all rows. */
struct batch_progress
{
	const progress &told;
	size_t		before,
				total;

	static bool
	tell(void *data, const char *phase, uint64_t done, uint64_t rows)
	{
		const batch_progress &own = *(const batch_progress *) data;

		if (strcmp(phase, "build") == 0)
			return own.told.tell(own.told.data, phase, own.before + done, own.total);
		return own.told.tell(own.told.data, phase, done, rows);
	}
};

/* Marks all but the last of equal keys as left out; returns the first row that has an earlier one's key, or n. */
size_t
leave_out_doubles(key_type type, const key *keys, size_t n, std::vector<bool> &left_out)
{
	std::vector<uint32_t> order(n);
	size_t		first = n;

	for (size_t i = 0; i < n; i++)
		order[i] = (uint32_t) i;
	std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b)
	{
		return equal(type, keys[a], keys[b]) ? a < b : before(type, keys[a], keys[b]);
	});
	left_out.assign(n, false);
	for (size_t i = 1; i < n; i++)
		if (equal(type, keys[order[i - 1]], keys[order[i]]))
		{
			left_out[order[i - 1]] = true;
			first = std::min<size_t>(first, order[i]);
		}
	return first;
}

}	/* namespace */

body::body(const index_options &options, epochs &readers)
	: options(options), metric(options.type, options.metric, options.dimensions), generation(next_generation()), readers(readers),
	keys(options.keys, readers, max_slots, UINT64_C(1) << 40)
{
	alive.init(max_slots);
	dying.init(max_slots);
	serials.reserve((uint64_t) max_slots * sizeof(uint32_t));
	numbering = generation;
}

void
body::reclaim()
{
	const uint64_t oldest = readers.oldest();
	size_t		kept = 0;

	for (const given_up &g : retired)
		if (g.epoch < oldest)
			free_slots.push_back(g.slot);
		else
			retired[kept++] = g;
	retired.resize(kept);
	keys.reclaim();
}

std::vector<uint32_t>
body::all_alive() const
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	std::vector<uint32_t> slots;

	slots.reserve(live.load(std::memory_order_relaxed));
	for (uint32_t slot = 0; slot < end; slot++)
		if (alive.has(slot))
			slots.push_back(slot);
	return slots;
}

void
body::kill(uint32_t slot)
{
	alive.clear(slot);
	dying.set(slot);
	live.fetch_sub(1, std::memory_order_relaxed);
	dead.push_back(slot);
	waiting_slots.store((uint32_t) dead.size(), std::memory_order_release);
}

void
body::add_batch(const key *new_keys, const uint8_t *vectors, const uint32_t *old, size_t n, unsigned threads,
				const progress &told, std::vector<uint32_t> &added)
{
	std::vector<uint32_t> slots(n);
	const uint32_t first = count.load(std::memory_order_relaxed);
	const size_t reused = std::min(n, free_slots.size());
	const uint64_t end = (uint64_t) first + (n - reused);

	if (end > max_slots)
		throw failure(error_code::too_large, "an index holds 2^30 rows");
	/* Everything that can fail for want of memory, before anything is changed. */
	reserve(end);
	alive.grow(end);
	dying.grow(end);
	serials.grow(end * sizeof(uint32_t));
	if (UINT32_MAX - next_serial < n)
		throw failure(error_code::too_large, "four billion rows have come and gone; compact() numbers them anew");
	keys.prepare(end, n, string_bytes(new_keys, n));
	dead.reserve(dead.size() + 2 * n);
	added.reserve(added.size() + n);
	for (size_t i = 0; i < n; i++)
		slots[i] = i < reused ? free_slots[free_slots.size() - 1 - i] : first + (uint32_t) (i - reused);

	for (size_t i = 0; i < n; i++)
	{
		const uint32_t own = old[i] == no_slot ? next_serial++ : serial(old[i]);

		memcpy(serials.data() + (size_t) slots[i] * sizeof(own), &own, sizeof(own));
		metric.store(vectors + i * metric.vector_bytes, new_row(slots[i]));
		keys.set(slots[i], new_keys[i]);
	}
	free_slots.resize(free_slots.size() - reused);
	count.store((uint32_t) end, std::memory_order_release);
	try
	{
		link(slots.data(), n, threads, told);
	}
	catch (...)
	{
		for (uint32_t slot : slots)
		{
			dying.set(slot);
			dead.push_back(slot);
		}
		waiting_slots.store((uint32_t) dead.size(), std::memory_order_release);
		throw;
	}
	for (size_t i = 0; i < n; i++)
	{
		/* In this order a search may find both rows of a key, and takes the new one (index.h), but never none. */
		alive.set(slots[i]);
		live.fetch_add(1, std::memory_order_relaxed);
		keys.point(slots[i]);
		if (old[i] != no_slot)
			kill(old[i]);
		added.push_back(slots[i]);
	}
}

void
body::add(const key *new_keys, const void *vectors, size_t n, bool replace, unsigned threads, const progress &told)
{
	std::vector<bool> left_out;
	std::vector<uint32_t> old(n);
	std::vector<key> batch_keys;
	std::vector<uint8_t> gathered;
	size_t		done = 0;

	reclaim();
	parallel_for(0, n, threads, 1024, progress(), "check", [&](uint64_t i, unsigned)
	{
		metric.check((const uint8_t *) vectors + i * metric.vector_bytes, (size_t) i);
	});

	const size_t twice = leave_out_doubles(options.keys, new_keys, n, left_out);
	const char *refused = nullptr;

	for (size_t i = 0; i < n && refused == nullptr; i++)
	{
		old[i] = keys.find(new_keys[i]);
		if (replace)
			continue;
		if (i == twice)
			refused = "twice in one call";
		else if (old[i] != no_slot)
			refused = "in the index already";
		/* Rows before it come in. */
		if (refused != nullptr)
			n = i;
	}
	if (replace && twice < n)
	{
		/* Rows that a later one replaces never come in. */
		size_t		kept = 0;

		batch_keys.reserve(n);
		gathered.reserve(n * metric.vector_bytes);
		for (size_t i = 0; i < n; i++)
			if (!left_out[i])
			{
				const uint8_t *from = (const uint8_t *) vectors + i * metric.vector_bytes;

				batch_keys.push_back(new_keys[i]);
				gathered.insert(gathered.end(), from, from + metric.vector_bytes);
				old[kept++] = old[i];
			}
		new_keys = batch_keys.data();
		vectors = gathered.data();
		n = kept;
	}

	const bool	had_rows = live.load(std::memory_order_relaxed) > 0;
	std::vector<uint32_t> added;

	try
	{
		while (done < n)
		{
			const size_t there = live.load(std::memory_order_relaxed);
			size_t		here = n - done;
			batch_progress of_batch = {told, done, n};

			if (there > 0)
				here = std::min(here, std::min(max_batch, std::max<size_t>(1, there / batch_share)));
			add_batch(new_keys + done, (const uint8_t *) vectors + done * metric.vector_bytes, old.data() + done, here,
					  threads, told.tell == nullptr || here == n ? told : progress{batch_progress::tell, &of_batch}, added);
			done += here;
			if (done < n)
				told.step("build", done, n);
		}
		if (had_rows && n > 1)
		{
			/* Beside so many, those that were there can do better, too: recall was .977 and not .987 without that. */
			if (added.size() * refine_share >= live.load(std::memory_order_relaxed))
				added = all_alive();
			refine(added.data(), added.size(), threads, told);
		}
	}
	catch (failure &error)
	{
		error.row = done;
		throw;
	}
	if (refused != nullptr)
		throw failure(error_code::duplicate_key, refused, n);
}

void
body::take_over()
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	uint32_t	rows = 0;

	keys.prepare(end, live.load(std::memory_order_relaxed), 0);
	for (uint32_t slot = 0; slot < end; slot++)
	{
		if (!alive.has(slot))
		{
			/* Links may lead to it; the next repair leads them around it. */
			dying.set(slot);
			dead.push_back(slot);
			continue;
		}
		rows++;
		if (rows > live.load(std::memory_order_relaxed) || keys.find(keys.at(slot)) != no_slot)
			throw failure(error_code::corrupt, "two rows have one key, or there are more of them than the file says");
		keys.point(slot);
	}
	for (uint64_t slot = end; slot < ((uint64_t) end + 63) / 64 * 64; slot++)
		if (alive.has((uint32_t) slot))
			throw failure(error_code::corrupt, "a row is marked that there is not");
	if (rows != live.load(std::memory_order_relaxed))
		throw failure(error_code::corrupt, "there are fewer rows than the file says");
	waiting_slots.store((uint32_t) dead.size(), std::memory_order_release);
}

void
body::remove(const key &gone)
{
	const uint32_t slot = keys.find(gone);

	if (slot == no_slot)
		throw failure(error_code::unknown_key, "no such key");
	dead.reserve(dead.size() + 1);
	keys.erase(slot);
	kill(slot);
}

void
body::repair(unsigned threads, const progress &told)
{
	if (!dead.empty())
	{
		retired.reserve(retired.size() + dead.size());
		unlink_dead(threads, told);

		const uint64_t epoch = readers.give_up();

		for (uint32_t slot : dead)
		{
			dying.clear(slot);
			retired.push_back({slot, epoch});
		}
		dead.clear();
		waiting_slots.store(0, std::memory_order_release);
	}
	free_slots.reserve(free_slots.size() + retired.size());
	reclaim();
}

void
body::scan(const void *query, size_t k, const slot_filter *filter, const std::vector<scored> *known,
		   std::vector<scored> &found, search_counts &counts) const
{
	const float scale = metric.scale_of(query);
	const uint32_t end = count.load(std::memory_order_acquire);
	std::vector<uint32_t> left_out;
	nearest		best(k);
	const void *rows[max_gather];
	uint32_t	slots[max_gather];
	float		distances[max_gather];
	size_t		n = 0;

	auto		flush = [&]
	{
		metric.gather(query, scale, rows, n, distances);
		for (size_t i = 0; i < n; i++)
			best.offer(distances[i], slots[i]);
		counts.distances += n;
		counts.bytes += n * metric.row_bytes;
		n = 0;
	};

	if (known != nullptr)
	{
		left_out.reserve(known->size());
		for (const scored &s : *known)
			left_out.push_back(s.slot);
		std::sort(left_out.begin(), left_out.end());
	}
	for (uint64_t w = 0; w * 64 < end; w++)
	{
		uint64_t	bits = alive.bits_at(w);

		if (filter != nullptr)
			bits &= w < filter->words.size() ? filter->words[w] : 0;
		for (; bits != 0; bits &= bits - 1)
		{
			const uint32_t slot = (uint32_t) (w * 64) + (uint32_t) __builtin_ctzll(bits);

			if (slot >= end)
				break;
			if (!left_out.empty() && std::binary_search(left_out.begin(), left_out.end(), slot))
				continue;
			slots[n] = slot;
			rows[n++] = row(slot);
			if (n == max_gather)
				flush();
		}
	}
	flush();
	best.append_to(found);
}

}	/* namespace rv_index */
