/*
 * link.cpp - rows come to a qg graph, and go.
 */
#include "linker.h"

namespace rv_index
{

using qg_link::growing_ef;
using qg_link::linker;

namespace
{

/* Rows that a first build begins with: they are compared with each other. */
constexpr size_t first_rows = 512;
constexpr size_t largest_round = 65536;

/* About how many rows the mean is taken of. */
constexpr size_t mean_rows = 8192;

}	/* namespace */

qg_body::qg_body(const index_options &options, epochs &readers)
	: body(options, readers), layout(metric, options.degree), turn(metric, options.seed)
{
	records.reserve((uint64_t) max_slots * layout.bytes);
}

void *
qg_body::new_row(uint32_t slot)
{
	/* Of a slot that is used again the links must go before anyone can meet it. */
	link_count(slot)->store(0, std::memory_order_relaxed);
	return record(slot);
}

void
qg_body::link(const uint32_t *slots, size_t n, unsigned threads, const progress &told)
{
	linker		links(*this, threads, told);
	const uint32_t end = count.load(std::memory_order_relaxed);
	size_t		done = 0;

	if (entry.load(std::memory_order_relaxed) == no_slot)
	{
		std::vector<const void *> sample;

		for (size_t i = 0; i < n; i += std::max<size_t>(1, n / mean_rows))
			sample.push_back(row(slots[i]));
		turn.centre_on(sample.data(), sample.size());
		done = std::min(n, first_rows);
		links.begin(slots, done);
		entry.store(slots[0], std::memory_order_release);
		links.choose_entry(end);
		for (size_t there = done; done < n; there = done)
		{
			const size_t here = std::min(n - done, std::min(there, largest_round));

			links.round(slots + done, here, growing_ef, told, "build");
			done += here;
			links.choose_entry(end);
		}
		for (size_t first = 0; n > first_rows && first < n; first += largest_round)
			links.round(slots + first, std::min(n - first, largest_round), options.ef_construction, told, "refine");
		links.connect_all(end);
		return;
	}
	links.round(slots, n, options.ef_construction, progress(), "build");
}

void
qg_body::refine(const uint32_t *slots, size_t n, unsigned threads, const progress &told)
{
	linker		links(*this, threads, told);

	for (size_t first = 0; first < n; first += largest_round)
		links.round(slots + first, std::min(n - first, largest_round), options.ef_construction, told, "refine");
}

void
qg_body::unlink_dead(unsigned threads, const progress &told)
{
	linker		links(*this, threads, told);
	const uint32_t end = count.load(std::memory_order_relaxed);

	/*
	 * What comes in a dead neighbour's place is among its neighbours; a search finds what is better.  Without it recall fell by
	 * 1.7 % when half of the rows had gone and come.
	 */
	std::vector<uint32_t> changed = links.lead_around(end);

	/* Where a whole part has gone, the others were built to lead through it. */
	if (dead.size() * refine_share >= live.load(std::memory_order_relaxed))
		changed = all_alive();

	links.choose_entry(end);
	for (size_t first = 0; first < changed.size(); first += largest_round)
		links.round(&changed[first], std::min(changed.size() - first, largest_round), options.ef_construction, told, "repair");
	links.connect_all(end);
	/* Out of the graph: nobody is to be led to them again. */
	for (uint32_t slot : dead)
		link_count(slot)->store(0, std::memory_order_release);
	/* Where all are dying there is no entry. */
	if (live.load(std::memory_order_relaxed) == 0)
		entry.store(no_slot, std::memory_order_release);
}

}	/* namespace rv_index */
