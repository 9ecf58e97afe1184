/*
 * link.cpp - how rows come into lists and leave them.
 *
 * A first batch trains centroids, and makes all lists.  A later one goes to the lists of its rows' nearest centroids;
 * then lists that have become too long are split.  Whatever goes on in threads is for each row or each list by itself,
 * so the result does not depend on their number.
 */
#include "ivf.h"

#include <algorithm>
#include <numeric>

#include "train.h"

namespace rv_index
{

namespace
{

/* A list that 2-means cannot part, since its rows are equal, is tried again when it has grown by as much. */
constexpr uint32_t try_again = 2;
constexpr int split_rounds = 16;

typedef std::vector<std::unique_ptr<block_writer>> writers;

writers
make_writers(const ivf_coder &coder, unsigned threads)
{
	writers		made;

	for (unsigned i = 0; i < std::max(1u, threads); i++)
		made.emplace_back(new block_writer(coder));
	return made;
}

/* Rows by their list: those of list i are order[first[i]] to before order[first[i + 1]], in the order that they had. */
struct grouped
{
	std::vector<size_t> first;
	std::vector<uint32_t> order;

	grouped(const std::vector<uint32_t> &nearest, size_t lists)
		: first(lists + 1), order(nearest.size())
	{
		for (uint32_t list : nearest)
			first[list + 1]++;
		std::partial_sum(first.begin(), first.end(), first.begin());

		std::vector<size_t> next(first.begin(), first.end() - 1);

		for (size_t i = 0; i < nearest.size(); i++)
			order[next[nearest[i]]++] = (uint32_t) i;
	}

	size_t size(size_t list) const { return first[list + 1] - first[list]; }
};

/* The slots of one list's rows, and where these rows lie. */
struct some_rows
{
	std::vector<uint32_t> slots;
	std::vector<const void *> rows;

	void
	take(const row_source &from, const grouped &by_list, size_t list)
	{
		slots.clear();
		rows.clear();
		for (size_t i = by_list.first[list]; i < by_list.first[list + 1]; i++)
		{
			slots.push_back(from.slots[by_list.order[i]]);
			rows.push_back(from.row(by_list.order[i]));
		}
	}
};

/* Lists of these rows; NULL for a list that has none. */
std::vector<std::shared_ptr<ivf_list>>
make_lists(const row_source &from, const grouped &by_list, const float *centroids, writers &with, const progress &told,
		   const char *phase)
{
	const ivf_coder &coder = from.coder;
	std::vector<std::shared_ptr<ivf_list>> made(by_list.first.size() - 1);

	parallel_for(0, made.size(), (unsigned) with.size(), 1, told, phase, [&](uint64_t i, unsigned thread)
	{
		some_rows	own;
		remains		none;

		if (by_list.size(i) == 0)
			return;
		own.take(from, by_list, i);
		made[i] = std::make_shared<ivf_list>(coder, (uint32_t) own.slots.size());
		with[thread]->set_centroid(centroids + i * coder.metric.dimensions);
		made[i]->append(*with[thread], own.slots.data(), own.rows.data(), own.slots.size(), none);
	});
	return made;
}

/* A list, and its centroid. */
struct piece
{
	std::shared_ptr<ivf_list> list;
	std::vector<float> centroid;
};

/* A set of these lists, but for those that have no rows; NULL where none has. */
std::unique_ptr<list_set>
make_set(const ivf_coder &coder, uint64_t version, const std::vector<piece> &pieces)
{
	std::unique_ptr<list_set> set(new list_set(coder, version));
	std::vector<float> centroids;

	for (const piece &p : pieces)
		if (p.list && p.list->rows > 0)
		{
			set->lists.push_back(p.list);
			centroids.insert(centroids.end(), p.centroid.begin(), p.centroid.end());
		}
	if (set->lists.empty())
		return nullptr;
	set->take_centroids(std::move(centroids));
	return set;
}

std::vector<piece>
pieces_of(const list_set &set)
{
	std::vector<piece> pieces(set.count());

	for (size_t i = 0; i < set.count(); i++)
	{
		pieces[i].list = set.lists[i];
		pieces[i].centroid.assign(set.centroid(i), set.centroid(i) + set.dimensions);
	}
	return pieces;
}

}	/* namespace */

ivf_body::ivf_body(const index_options &options, epochs &readers)
	: body(options, readers), stride(metric.stride()), coder(metric, options.seed, options.prefilter != 0)
{
	if (options.type == vector_type::binary)
		throw failure(error_code::unsupported, "lists are of vectors with elements, not of bits");
	rows.reserve((uint64_t) max_slots * stride);
}

void
ivf_body::publish(std::unique_ptr<list_set> next)
{
	remains		old;

	retired.reserve(retired.size() + 1);
	lists.store(next.get());
	old.set = std::move(newest);
	newest = std::move(next);
	retire(std::move(old));
}

void
ivf_body::retire(remains old)
{
	if (old.is_empty())
		return;
	old.epoch = readers.give_up();
	retired.push_back(std::move(old));
}

void
ivf_body::reclaim()
{
	const uint64_t oldest = readers.oldest();

	retired.erase(std::remove_if(retired.begin(), retired.end(), [&](const remains &r) { return r.epoch < oldest; }),
				  retired.end());
}

void
ivf_body::train_anew(const uint32_t *slots, size_t n, unsigned threads, const progress &told)
{
	std::vector<uint32_t> all(slots, slots + n);
	writers		with = make_writers(coder, threads);

	if (newest && live.load(std::memory_order_relaxed) > 0)
		for (const std::shared_ptr<ivf_list> &list : newest->lists)
			for_each_slot(*list, [&](uint32_t slot)
			{
				if (!dying.has(slot))
					all.push_back(slot);
			});
	std::sort(all.begin(), all.end());

	const row_source from = {coder, rows.data(), stride, all.data()};
	const size_t wanted = lists_of(all.size(), options.lists, coder.has_codes);
	const std::vector<float> centroids = train_centroids(from, all.size(), wanted, options.seed, threads, told,
														 "train");
	const size_t count = centroids.size() / metric.dimensions;
	std::vector<uint32_t> nearest(all.size());

	if (count > 1)
	{
		std::unique_ptr<list_set> set(new list_set(coder, 0));

		set->lists.resize(count);
		set->take_centroids(centroids);
		find_nearest(from, all.size(), set->centroids, set->panels(), count, threads, told, "assign", nearest.data());
	}

	const grouped by_list(nearest, count);
	std::vector<std::shared_ptr<ivf_list>> made = make_lists(from, by_list, centroids.data(), with, told, "encode");
	std::vector<piece> pieces(count);

	for (size_t i = 0; i < count; i++)
	{
		const float *centroid = &centroids[i * metric.dimensions];

		pieces[i].list = std::move(made[i]);
		pieces[i].centroid.assign(centroid, centroid + metric.dimensions);
	}
	publish(make_set(coder, ++versions, pieces));
	trained_rows = all.size();
	appended_rows = 0;
}

void
ivf_body::append(const uint32_t *slots, size_t n, unsigned threads, const progress &told)
{
	const row_source from = {coder, rows.data(), stride, slots};
	list_set   &set = *newest;
	writers		with = make_writers(coder, threads);
	std::vector<remains> old(with.size());
	std::vector<uint32_t> nearest(n);
	std::vector<uint32_t> touched;

	find_nearest(from, n, set.centroids, set.panels(), set.count(), threads, told, "assign", nearest.data());

	const grouped by_list(nearest, set.count());

	for (size_t i = 0; i < set.count(); i++)
		if (by_list.size(i) > 0)
			touched.push_back((uint32_t) i);
	retired.reserve(retired.size() + old.size());

	auto		retire_all = [&]
	{
		for (remains &r : old)
			retire(std::move(r));
	};

	try
	{
		parallel_for(0, touched.size(), threads, 1, progress(), "encode", [&](uint64_t t, unsigned thread)
		{
			const uint32_t i = touched[t];
			some_rows	own;

			own.take(from, by_list, i);
			with[thread]->set_centroid(set.centroid(i));
			set.lists[i]->append(*with[thread], own.slots.data(), own.rows.data(), own.slots.size(), old[thread]);
		});
	}
	catch (...)
	{
		retire_all();
		throw;
	}
	retire_all();
}

void
ivf_body::split_large(unsigned threads, const progress &told)
{
	std::vector<piece> pieces;
	uint64_t	all = 0;
	bool		changed = false;

	for (const std::shared_ptr<ivf_list> &list : newest->lists)
		all += list->rows;

	const uint32_t limit = list_limit(all, options.lists, coder.has_codes);

	auto		is_large = [&](const ivf_list &list) { return list.rows > limit && list.rows > list.split_from; };

	if (std::none_of(newest->lists.begin(), newest->lists.end(), [&](const auto &list) { return is_large(*list); }))
		return;
	pieces = pieces_of(*newest);
	for (int round = 0; round < split_rounds; round++)
	{
		std::vector<size_t> large;

		for (size_t i = 0; i < pieces.size(); i++)
			if (is_large(*pieces[i].list))
				large.push_back(i);
		if (large.empty())
			break;

		std::vector<piece> more(large.size());
		std::vector<uint8_t> is_split(large.size());

		parallel_for(0, large.size(), threads, 1, told, "split", [&](uint64_t l, unsigned)
		{
			piece	   &whole = pieces[large[l]];
			const uint32_t before = whole.list->rows;
			std::vector<uint32_t> slots;

			for_each_slot(*whole.list, [&](uint32_t slot)
			{
				if (!dying.has(slot))
					slots.push_back(slot);
			});

			const row_source from = {coder, rows.data(), stride, slots.data()};
			std::vector<uint32_t> nearest(slots.size());
			std::vector<float> centroids(metric.dimensions);

			/* Where dead rows made it large, unlink_dead() makes it smaller. */
			if (slots.size() > limit)
				centroids = train_centroids(from, slots.size(), 2, options.seed + before, 1, progress(), "split");
			if (centroids.size() == 2 * (size_t) metric.dimensions)
			{
				list_set	two(coder, 0);

				two.lists.resize(2);
				two.take_centroids(centroids);
				find_nearest(from, slots.size(), two.centroids, two.panels(), 2, 1, progress(), "split",
							 nearest.data());
			}

			const grouped halves(nearest, 2);

			if (halves.size(0) == 0 || halves.size(1) == 0)
			{
				whole.list->split_from = before <= UINT32_MAX / try_again ? try_again * before : UINT32_MAX;
				return;
			}

			writers		with = make_writers(coder, 1);
			std::vector<std::shared_ptr<ivf_list>> made = make_lists(from, halves, centroids.data(), with, progress(),
																	 "split");

			more[l].list = std::move(made[1]);
			more[l].centroid.assign(centroids.begin() + metric.dimensions, centroids.end());
			whole.list = std::move(made[0]);
			whole.centroid.assign(centroids.begin(), centroids.begin() + metric.dimensions);
			is_split[l] = 1;
		});
		for (size_t l = 0; l < large.size(); l++)
			if (is_split[l])
			{
				pieces.push_back(std::move(more[l]));
				changed = true;
			}
	}
	if (changed)
		publish(make_set(coder, ++versions, pieces));
}

void
ivf_body::link(const uint32_t *slots, size_t n, unsigned threads, const progress &told)
{
	const uint64_t before = live.load(std::memory_order_relaxed);

	threads = std::max(1u, threads);
	reclaim();
	if (!newest || before == 0 || (trained_rows < settled_rows && appended_rows + n >= trained_rows / 2))
		train_anew(slots, n, threads, told);
	else
	{
		append(slots, n, threads, told);
		appended_rows += n;
	}
	/* After training, too: where many rows lie in one place k-means has few centroids for them. */
	split_large(threads, told);
}

void
ivf_body::unlink_dead(unsigned threads, const progress &told)
{
	std::vector<piece> pieces;
	writers		with = make_writers(coder, threads);
	std::atomic<bool> changed{false};

	reclaim();
	if (!newest)
		return;
	pieces = pieces_of(*newest);
	parallel_for(0, pieces.size(), (unsigned) with.size(), 1, told, "repair", [&](uint64_t i, unsigned thread)
	{
		uint32_t	stay = 0;

		for_each_slot(*pieces[i].list, [&](uint32_t slot) { stay += !dying.has(slot); });
		if (stay == pieces[i].list->rows)
			return;

		const std::shared_ptr<ivf_list> made = std::make_shared<ivf_list>(coder, stay);
		const block_table &table = pieces[i].list->table();
		const uint32_t blocks = table.count.load(std::memory_order_relaxed);
		block_writer &writer = *with[thread];

		for (uint32_t b = 0; b < blocks; b++)
		{
			const uint8_t *block = table.blocks[b].load(std::memory_order_relaxed);
			const uint32_t n = ivf_coder::count(block);

			for (uint32_t r = 0; r < n; r++)
			{
				if (dying.has(ivf_coder::slots(block)[r]))
					continue;
				writer.take(block, r);
				if (writer.taken() == block_rows)
					made->append_taken(writer);
			}
		}
		if (writer.taken() > 0)
			made->append_taken(writer);
		pieces[i].list = made;
		changed = true;
	});
	if (changed)
		publish(make_set(coder, ++versions, pieces));
}

}	/* namespace rv_index */
