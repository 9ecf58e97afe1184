/*
 * cursor.cpp - a search that goes on, beside whatever changes.
 */
#include "index.h"

#include <algorithm>


namespace rv_index
{

cursor::cursor(std::shared_ptr<index> of, const void *query, uint32_t effort, std::shared_ptr<row_filter> filter)
	: of(std::move(of)), filter(std::move(filter)),
	query((const uint8_t *) query, (const uint8_t *) query + this->of->metric.vector_bytes)
{
	{
		std::lock_guard<std::mutex> guard(this->of->owning);

		in = this->of->owner;
	}
	epochs::reader here(this->of->readers);

	if (this->filter)
		slots = this->of->slots_of(*this->filter, *in);
	state = in->make_searcher();
	state->begin(this->query.data(), effort, slots.get());
}

bool
cursor::was_given(uint32_t slot) const
{
	const uint32_t serial = in->serial(slot);

	return serial / 64 < given.size() && (given[serial / 64] >> serial % 64 & 1) != 0;
}

void
cursor::give(uint32_t slot)
{
	const uint32_t serial = in->serial(slot);

	if (serial / 64 >= given.size())
		given.resize(serial / 64 + 1);
	given[serial / 64] |= UINT64_C(1) << serial % 64;
}

bool
cursor::more(hits &found)
{
	of->check_view();

	epochs::reader here(of->readers);
	std::vector<scored> next;

	if (ended)
		return false;
	/* A batch may have no row that is alive, or passes. */
	while (next.empty() && !ended)
		ended = !state->more(next);
	if (ended)
	{
		/* What no link leads to, and what came meanwhile. */
		const uint32_t end = in->count.load(std::memory_order_acquire);
		slot_filter left;

		for (const scored &s : next)
			give(s.slot);
		for (uint32_t slot = 0; slot < end; slot++)
			if (in->alive.has(slot) && !was_given(slot) && (!filter || filter->has_serial(in->serial(slot))))
				left.add(slot);
		if (left.count > 0)
			in->scan(query.data(), (size_t) left.count, &left, nullptr, next, state->counts);
	}
	/* A slot may have another row than when the filter was turned into slots. */
	if (filter)
		next.erase(std::remove_if(next.begin(), next.end(), [&](const scored &s)
		{
			return !filter->has_serial(in->serial(s.slot));
		}), next.end());
	for (const scored &s : next)
		give(s.slot);
	of->resolve(*in, next, next.size(), of->changes.load(), found);
	return true;
}

}	/* namespace rv_index */
