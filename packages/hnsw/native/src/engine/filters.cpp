/*
 * filters.cpp - which rows a search may give away.
 */
#include "index.h"

namespace rv_index
{

std::shared_ptr<const slot_filter>
index::slots_of(row_filter &filter, const body &in) const
{
	if (filter.numbering != in.numbering)
		throw failure(error_code::stale_filter, "the filter is of rows that were numbered anew since: prepare it again");

	std::lock_guard<std::mutex> guard(filter.lock);
	const uint64_t now = changes.load();

	if (filter.slots && filter.as_of == now && now % 2 == 0 && filter.generation == in.generation)
		return filter.slots;

	const uint32_t end = in.count.load(std::memory_order_acquire);
	std::shared_ptr<slot_filter> made = std::make_shared<slot_filter>();

	for (uint32_t slot = 0; slot < end; slot++)
		if (in.alive.has(slot) && filter.has_serial(in.serial(slot)))
			made->add(slot);
	filter.slots = made;
	filter.as_of = now;
	filter.generation = in.generation;
	return filter.slots;
}

namespace
{

void
add_serial(std::vector<uint64_t> &serials, uint64_t &count, uint32_t serial)
{
	if (serial / 64 >= serials.size())
		serials.resize(serial / 64 + 1);
	count += (serials[serial / 64] >> serial % 64 & 1) == 0;
	serials[serial / 64] |= UINT64_C(1) << serial % 64;
}

}	/* namespace */

std::shared_ptr<row_filter>
index::filter_of_keys(const key *wanted, size_t n)
{
	epochs::reader here(readers);
	const body &in = *rows.load();
	std::shared_ptr<row_filter> filter = std::make_shared<row_filter>();

	filter->numbering = in.numbering;
	for (size_t i = 0; i < n; i++)
	{
		const uint32_t slot = in.keys.find(wanted[i]);

		if (slot != no_slot && in.alive.has(slot))
			add_serial(filter->serials, filter->count, in.serial(slot));
	}
	return filter;
}

std::shared_ptr<row_filter>
index::filter_of_bitmap(const uint8_t *bitmap, size_t bytes)
{
	epochs::reader here(readers);
	const body &in = *rows.load();
	const uint32_t end = in.count.load(std::memory_order_acquire);
	std::shared_ptr<row_filter> filter = std::make_shared<row_filter>();

	filter->numbering = in.numbering;
	for (uint32_t slot = 0; slot < end; slot++)
	{
		if (!in.alive.has(slot))
			continue;

		const int64_t number = in.keys.at(slot).number;

		if (number >= 0 && (uint64_t) number / 8 < bytes && (bitmap[number / 8] >> number % 8 & 1) != 0)
			add_serial(filter->serials, filter->count, in.serial(slot));
	}
	return filter;
}

}	/* namespace rv_index */
