/*
 * flat.cpp - exact search, and what little there is to keep.
 *
 * A search that goes on computes all distances once, and takes rows from a heap of them: O(n) at first, and O(log n) for each row.
 * Between two batches a slot may be used again, so a distance that is given away is computed anew; only rows that came or
 * changed meanwhile can have another one.
 */
#include "flat.h"

#include "engine/nearest.h"

namespace rv_index
{

namespace
{

/* What makes std heaps have the nearest on top. */
bool
is_farther(const scored &a, const scored &b)
{
	return is_nearer(b, a);
}

class flat_searcher final : public searcher
{
public:
	explicit flat_searcher(const flat_body &of) : of(of) { }

	size_t
	find(const void *query, size_t k, uint32_t, scored *found) override
	{
		rows.clear();
		of.scan(query, k, nullptr, nullptr, rows, counts);
		std::copy(rows.begin(), rows.end(), found);
		return rows.size();
	}

	void
	begin(const void *query, uint32_t effort, const slot_filter *passing) override
	{
		const uint8_t *bytes = (const uint8_t *) query;

		own.assign(bytes, bytes + of.metric.vector_bytes);
		scale = of.metric.scale_of(query);
		filter = passing;
		width = std::max(effort, UINT32_C(1));
		has_distances = false;
		rows.clear();
	}

	bool
	more(std::vector<scored> &found) override
	{
		const size_t before = found.size();
		uint32_t	slots[max_gather];
		size_t		n = 0;

		if (!has_distances)
			measure_all();
		if (rows.empty())
			return false;
		for (uint32_t taken = 0; taken < width && !rows.empty(); rows.pop_back())
		{
			std::pop_heap(rows.begin(), rows.end(), is_farther);
			/* What is alive now stays as it is as long as the caller is a reader. */
			if (!of.alive.has(rows.back().slot))
				continue;
			slots[n++] = rows.back().slot;
			taken++;
			if (n == max_gather)
				give(slots, n, found);
		}
		give(slots, n, found);
		std::sort(found.begin() + (ptrdiff_t) before, found.end(), is_nearer);
		return true;
	}

private:
	const flat_body &of;
	std::vector<scored> rows;	/* a heap, in searches that go on */
	std::vector<uint8_t> own;
	float		scale = 1;
	const slot_filter *filter = nullptr;
	uint32_t	width = 1;
	bool		has_distances = false;

	void
	measure(const uint32_t *slots, size_t n, std::vector<scored> &to)
	{
		const void *at[max_gather];
		float		distances[max_gather];

		for (size_t i = 0; i < n; i++)
			at[i] = of.row(slots[i]);
		of.metric.gather(own.data(), scale, at, n, distances);
		for (size_t i = 0; i < n; i++)
			to.push_back({distances[i], slots[i]});
		counts.distances += n;
		counts.bytes += n * of.metric.row_bytes;
	}

	void
	give(const uint32_t *slots, size_t &n, std::vector<scored> &found)
	{
		measure(slots, n, found);
		n = 0;
	}

	void
	measure_all()
	{
		const uint32_t end = of.count.load(std::memory_order_acquire);
		uint32_t	slots[max_gather];
		size_t		n = 0;

		for (uint32_t slot = 0; slot < end; slot++)
		{
			if (!of.alive.has(slot) || (filter != nullptr && !filter->has(slot)))
				continue;
			slots[n++] = slot;
			if (n == max_gather)
				give(slots, n, rows);
		}
		give(slots, n, rows);
		std::make_heap(rows.begin(), rows.end(), is_farther);
		has_distances = true;
	}
};

}	/* namespace */

flat_body::flat_body(const index_options &options, epochs &readers)
	: body(options, readers), stride(metric.stride())
{
	rows.reserve((uint64_t) max_slots * stride);
}

void
flat_body::link(const uint32_t *, size_t n, unsigned, const progress &told)
{
	told.step("build", n, n);
}

void
flat_body::unlink_dead(unsigned, const progress &told)
{
	told.step("repair", dead.size(), dead.size());
}

void
flat_body::describe(body_stats &stats) const
{
	stats.vector_bytes = (uint64_t) count.load(std::memory_order_acquire) * stride;
}

void
flat_body::check(std::vector<std::string> &problems, const progress &told) const
{
	const uint32_t end = count.load(std::memory_order_relaxed);

	for (uint32_t slot = 0; slot < end; slot++)
	{
		if (slot % 4096 == 0)
			told.step("check", slot, end);
		if (!alive.has(slot) || problems.size() >= max_problems)
			continue;
		try
		{
			metric.check(row(slot), slot);
		}
		catch (const failure &error)
		{
			if (error.code != error_code::value)
				throw;
			complain(problems, "row " + std::to_string(slot) + " " + error.what());
		}
	}
	told.step("check", end, end);
}

void
flat_body::list_sections(std::vector<section> &sections) const
{
	sections.push_back({"flat.rows", rows.data(), (uint64_t) count.load(std::memory_order_relaxed) * stride, {}});
}

void
flat_body::read(section_source &file)
{
	const uint64_t bytes = (uint64_t) count.load(std::memory_order_relaxed) * stride;

	file.into("flat.rows", rows, bytes, bytes);
}

std::unique_ptr<searcher>
flat_body::make_searcher() const
{
	return std::unique_ptr<searcher>(new flat_searcher(*this));
}

}	/* namespace rv_index */
