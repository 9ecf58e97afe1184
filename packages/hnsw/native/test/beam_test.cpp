/*
 * beam_test.cpp - the beam against a list that is searched from the front, and the heap
 * against a sort.
 */
#include <algorithm>
#include <vector>

#include <ruvector/hnsw/beam.h>

#include "support/check.h"

namespace
{

using rv_hnsw::no_slot;
using rv_hnsw::scored;
using rv_test::check;
using rv_test::random_numbers;

typedef rv_hnsw::beam<rv_test::malloc_host> beam;
typedef rv_hnsw::scored_heap<rv_test::malloc_host> scored_heap;

/* What a beam is said to do, entry by entry. */
struct list_of_results
{
	struct entry
	{
		float		distance;
		uint32_t	slot;
		bool		counted;
		bool		expanded;
	};

	std::vector<entry> entries;
	uint32_t	ef;

	uint32_t
	limit() const
	{
		uint32_t	n = ef;

		for (const entry &each : entries)
			n += !each.counted;
		return n;
	}

	bool
	admits(float distance) const
	{
		return entries.size() < limit() || distance < entries.back().distance;
	}

	/* Behind its equals; when that is one too many, the last one goes, whatever it is. */
	uint32_t
	push(float distance, uint32_t slot, bool counted)
	{
		size_t		at = 0;
		uint32_t	last;

		while (at < entries.size() && entries[at].distance <= distance)
			at++;
		entries.insert(entries.begin() + (long) at, entry{distance, slot, counted, false});
		if (entries.size() <= limit())
			return no_slot;
		last = entries.back().slot;
		entries.pop_back();
		return last;
	}

	entry *
	waiting()
	{
		for (entry &each : entries)
			if (!each.expanded)
				return &each;
		return NULL;
	}
};

void
check_same(const beam &b, list_of_results &list)
{
	list_of_results::entry *waiting = list.waiting();

	if (!check(b.size == list.entries.size(), "%u entries, %zu expected", b.size, list.entries.size()))
		return;
	check(b.limit == list.limit(), "limit %u, %u expected", b.limit, list.limit());
	check(b.size <= b.capacity, "%u entries in %u places", b.size, b.capacity);
	check(b.peek() == (waiting == NULL ? no_slot : waiting->slot), "peek()");
	for (uint32_t i = 0; i < b.size; i++)
	{
		const list_of_results::entry &wanted = list.entries[i];
		bool		marks = ((b.entries[i].slot & beam::expanded_mark) != 0) == wanted.expanded &&
			((b.entries[i].slot & beam::uncounted_mark) != 0) == !wanted.counted;

		check(b.slot(i) == wanted.slot && b.entries[i].distance == wanted.distance && marks,
			  "entry %u: slot %u at %g, %u at %g expected; marks %s", i, b.slot(i), b.entries[i].distance,
			  wanted.slot, wanted.distance, marks ? "right" : "wrong");
	}
}

/* Few different distances, so that ties are the rule; negative and infinite ones too. */
float
tied_distance(random_numbers &random)
{
	uint32_t	n = random.below(20);

	return n == 0 ? INFINITY : n == 1 ? -INFINITY : (float) n / 4 - 2;
}

/* uncounted: one of so many entries does not count; 0: all do. */
void
check_operations(uint32_t ef, uint32_t uncounted, random_numbers &random)
{
	beam		b;
	list_of_results list = {{}, ef};
	uint32_t	slots = 0;

	b.init(ef);
	for (int i = 0; i < 1200; i++)
	{
		uint32_t	what = random.below(100);

		if (what < 70)
		{
			float		distance = random.one_in(2) ? tied_distance(random) : (float) random.normal();
			bool		counted = uncounted == 0 || !random.one_in(uncounted);
			bool		admitted = list.admits(distance);

			if (!check(b.admits(distance) == admitted, "admits(%g): not %d", distance, (int) admitted) || !admitted)
				continue;
			uint32_t	slot = random.one_in(1000) ? beam::slot_mask : slots++;
			uint32_t	wanted = list.push(distance, slot, counted);
			uint32_t	evicted = b.push(distance, slot, counted);

			check(evicted == wanted, "push(%g): %u fell out, %u expected", distance, evicted, wanted);
		}
		else if (what < 97)
		{
			list_of_results::entry *waiting = list.waiting();
			uint32_t	wanted = waiting == NULL ? no_slot : waiting->slot;
			uint32_t	slot = b.next();

			if (waiting != NULL)
				waiting->expanded = true;
			check(slot == wanted, "next(): %u, %u expected", slot, wanted);
		}
		else if (what < 99)
		{
			/* As the next layer does it, and to less than there is. */
			list.ef = random.one_in(2) ? ef : 1 + random.below(2 * ef);
			for (list_of_results::entry &each : list.entries)
				each.expanded = false;
			b.reopen(list.ef);
		}
		else
		{
			list.ef = 1 + random.below(2 * ef);
			list.entries.clear();
			b.reset(list.ef);
		}
		check_same(b, list);
	}
	b.destroy();
}

void
counted_entries()
{
	static const uint32_t efs[] = {1, 2, 3, 10, 40, 100};
	random_numbers random(1);

	for (uint32_t ef : efs)
		for (int i = 0; i < 5; i++)
			check_operations(ef, 0, random);
}

void
uncounted_entries()
{
	static const uint32_t efs[] = {1, 2, 10, 40};
	static const uint32_t shares[] = {1, 2, 5, 20};
	random_numbers random(2);

	for (uint32_t ef : efs)
		for (uint32_t share : shares)
			for (int i = 0; i < 2; i++)
				check_operations(ef, share, random);
}

/* Uncounted entries cost no counted one its place: the ef nearest of these are always there. */
void
nearest_counted()
{
	random_numbers random(3);

	for (uint32_t trial = 0; trial < 60; trial++)
	{
		uint32_t	ef = 1 + random.below(30);
		std::vector<float> offered;
		beam		b;

		b.init(ef);
		for (uint32_t slot = 0; slot < 300; slot++)
		{
			float		distance = random.one_in(2) ? tied_distance(random) : (float) random.normal();
			bool		counted = random.one_in(2);
			size_t		found = 0;

			if (counted)
				offered.insert(std::upper_bound(offered.begin(), offered.end(), distance), distance);
			if (b.admits(distance))
				b.push(distance, slot, counted);
			for (uint32_t i = 0; i < b.size && found < ef; i++)
				if ((b.entries[i].slot & beam::uncounted_mark) == 0)
				{
					check(b.entries[i].distance == offered[found], "counted entry %zu of ef %u: %g, %g offered",
						  found, ef, b.entries[i].distance, offered[found]);
					found++;
				}
			check(found == (offered.size() < ef ? offered.size() : ef), "%zu counted of %zu at ef %u", found,
				  offered.size(), ef);
		}
		b.destroy();
	}
}

void
array_growth()
{
	beam		b;

	b.init(1);
	b.push(0, 0);
	for (uint32_t i = 1; i <= 5000; i++)
	{
		check(b.push(-(float) i, i, false) == no_slot && b.size == i + 1 && b.limit == i + 1, "uncounted entry %u", i);
		check(b.capacity >= b.size, "%u places", b.capacity);
	}
	for (uint32_t i = 0; i < b.size; i++)
		check(b.slot(i) == 5000 - i, "entry %u: %u", i, b.slot(i));
	/* They stay when the list is opened for another layer. */
	b.reopen(10);
	check(b.size == 5001 && b.limit == 5010, "size %u, limit %u after reopen()", b.size, b.limit);
	for (uint32_t i = 0; i < 9; i++)
		check(b.push(1, 6000 + i) == no_slot, "counted entry %u", i);
	check(!b.admits(1) && b.admits(0.5f), "ef counted entries are in");
	check(b.push(0.5f, 6009) == 6008, "the last one falls out");
	b.reset(20000);
	check(b.size == 0 && b.limit == 20000 && b.capacity > 20000 && b.next() == no_slot, "after reset()");
	for (uint32_t i = 0; i < 20000; i++)
		b.push((float) (i % 100), i);
	check(b.push(-1, 20000) == 19999, "the last of the farthest falls out");
	b.destroy();
}

void
heap()
{
	random_numbers random(4);
	scored_heap heap;

	for (int trial = 0; trial < 40; trial++)
	{
		std::vector<float> waiting;	/* descending */
		std::vector<bool> inside;
		std::vector<float> distances;

		heap.init();
		for (int i = 0; i < 3000; i++)
			/* More in than out at first, then out until nothing is left. */
			if (i < 2000 && !random.one_in(4))
			{
				float		distance = trial % 2 == 0 ? tied_distance(random) : (float) random.normal();

				waiting.insert(std::upper_bound(waiting.begin(), waiting.end(), distance,
												[] (float a, float b) { return a > b; }), distance);
				heap.push(distance, (uint32_t) distances.size());
				distances.push_back(distance);
				inside.push_back(true);
			}
			else if (!waiting.empty())
			{
				scored		top = heap.pop();

				check(top.distance == waiting.back(), "pop(): %g, %g expected", top.distance, waiting.back());
				check(top.slot < inside.size() && inside[top.slot] && distances[top.slot] == top.distance,
					  "pop(): slot %u", top.slot);
				inside[top.slot] = false;
				waiting.pop_back();
			}
		check(heap.size == waiting.size(), "%u left, %zu expected", heap.size, waiting.size());
		while (heap.size > 0)
		{
			check(heap.pop().distance == waiting.back(), "the rest");
			waiting.pop_back();
		}
		heap.destroy();
	}
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("counted_entries", counted_entries);
	rv_test::run("uncounted_entries", uncounted_entries);
	rv_test::run("nearest_counted", nearest_counted);
	rv_test::run("array_growth", array_growth);
	rv_test::run("heap", heap);
	return rv_test::status();
}
