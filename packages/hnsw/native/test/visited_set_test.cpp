/*
 * visited_set_test.cpp - the table of seen nodes against a bitmap over the keys in use.
 */
#include <vector>

#include <ruvector/hnsw/visited_set.h>

#include "support/check.h"

namespace
{

using rv_test::check;
using rv_test::random_numbers;

typedef rv_hnsw::visited_set<rv_test::malloc_host> visited_set;

constexpr uint64_t last_key = visited_set::key_mask;

/* Different keys, each kind as some host has them. */
enum kind
{
	any_48_bits,
	slots_of_an_arena,			/* 0, 1, 2, ... */
	items_of_pages,				/* block << 16 | offset */
	near_the_last,
	one_place,					/* all begin to probe in the last 4096th of the table */
	one_place_and_any,			/* half of them; the others anywhere */
	kinds
};

std::vector<uint64_t>
keys_of(int kind, uint32_t count, random_numbers &random)
{
	std::vector<uint64_t> keys;
	uint64_t	at = 0;

	while (keys.size() < count)
		switch (kind)
		{
			case any_48_bits:
				/* Ascending by random steps: different without a look at the others. */
				keys.push_back(at);
				at = (at + 1 + random.below((uint32_t) (last_key / count / 2))) & last_key;
				break;
			case slots_of_an_arena:
				keys.push_back(at++);
				break;
			case items_of_pages:
				keys.push_back((at / 7) << 16 | (at % 7 + 1));
				at++;
				break;
			case near_the_last:
				keys.push_back(last_key - at++);
				break;
			default:
				if (at * UINT64_C(0x9E3779B97F4A7C15) >> 52 == 4095 || (kind == one_place_and_any && keys.size() % 2 == 0))
					keys.push_back(at);
				at++;
		}
	return keys;
}

/* Load at most one half: an unsuccessful probe must meet a free place. */
void
check_load(const visited_set &set)
{
	check((uint64_t) set.used * 2 <= (uint64_t) set.mask + 1, "%u keys in %u places", set.used, set.mask + 1);
}

void
check_searches(visited_set &set, const std::vector<uint64_t> &keys, random_numbers &random, uint32_t searches)
{
	for (uint32_t epoch = 0; epoch < searches; epoch++)
	{
		std::vector<bool> seen(keys.size());
		uint32_t	count = 0;

		/* Longer and longer on the whole, so that the table grows among what former searches left in it. */
		for (uint32_t i = random.below(epoch * epoch * 8 + 1); i > 0; i--)
		{
			uint32_t	at = random.below((uint32_t) keys.size());
			unsigned long long key = keys[at];

			if (random.one_in(2))
			{
				check(set.insert(key) == !seen[at], "epoch %u, insert(%llu): %d", epoch, key, (int) seen[at]);
				count += !seen[at];
				seen[at] = true;
			}
			else
				check(set.contains(key) == seen[at], "epoch %u, contains(%llu): not %d", epoch, key, (int) seen[at]);
		}
		check(set.used == count, "%u keys counted, %u in", set.used, count);
		check_load(set);
		for (uint32_t at = 0; at < keys.size(); at++)
			check(set.contains(keys[at]) == seen[at], "end of epoch %u: key %u", epoch, at);
		set.clear();
	}
}

void
random_keys()
{
	static const size_t expected[] = {0, 100, 5000};
	random_numbers random(1);

	for (int kind = 0; kind < kinds; kind++)
		for (size_t each : expected)
		{
			/* So many that one place takes thousands of probes, or as many as a search sees. */
			bool		few = kind >= one_place;
			std::vector<uint64_t> keys = keys_of(kind, few ? 300 : 3000, random);

			for (int again = few ? 20 : 2; again > 0; again--)
			{
				visited_set set;

				set.init(each);
				check_searches(set, keys, random, few ? 15 : 30);
				set.destroy();
			}
		}
}

/* From the smallest table, in one search. */
void
growth()
{
	random_numbers random(2);
	std::vector<uint64_t> keys = keys_of(any_48_bits, 200000, random);
	visited_set set;
	size_t		before;

	set.init(0);
	before = set.bytes();
	for (size_t i = 0; i < keys.size(); i++)
	{
		check(set.insert(keys[i]), "key %zu was not there", i);
		check_load(set);
		if ((i & (i + 1)) == 0)
			for (size_t j = 0; j < keys.size(); j += 7)
				check(set.contains(keys[j]) == (j <= i), "key %zu after %zu", j, i + 1);
	}
	for (size_t i = 0; i < keys.size(); i++)
		check(!set.insert(keys[i]), "key %zu is there", i);
	check(set.bytes() > before && set.bytes() <= 4 * sizeof(uint64_t) * keys.size(), "%zu bytes", set.bytes());
	before = set.bytes();
	set.clear();
	check(set.bytes() == before, "a new search keeps the table");
	for (size_t i = 0; i < keys.size(); i++)
		check(!set.contains(keys[i]), "key %zu after clear()", i);
	set.destroy();

	/* What was asked for fits without growing. */
	set.init(1000);
	before = set.bytes();
	for (size_t i = 0; i < 1000; i++)
		set.insert(keys[i]);
	check(set.bytes() == before, "%zu bytes for 1000 keys, then %zu", before, set.bytes());
	set.destroy();
}

/* The number of a search has 16 bits: after so many, an old entry would be taken for one of this search. */
void
epochs_wrap()
{
	random_numbers random(3);
	std::vector<uint64_t> keys = keys_of(any_48_bits, 100, random);
	visited_set set;

	set.init(0);
	for (uint32_t searches = 65530; searches < 65542; searches++)
	{
		for (uint64_t key : keys)
			check(set.insert(key), "before %u searches", searches);
		for (uint32_t i = 0; i < searches; i++)
			set.clear();
		for (uint64_t key : keys)
			check(!set.contains(key), "after %u searches", searches);
	}
	/* Each search has a key that the last one had not. */
	for (uint32_t i = 0; i < 140000; i++)
	{
		uint64_t	key = keys[i % 99],
					next = keys[i % 99 + 1];

		check(set.insert(key) && set.contains(key) && !set.contains(next) && !set.insert(key), "search %u", i);
		set.clear();
	}
	set.destroy();
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("random_keys", random_keys);
	rv_test::run("growth", growth);
	rv_test::run("epochs_wrap", epochs_wrap);
	return rv_test::status();
}
