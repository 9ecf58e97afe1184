/*
 * arena_test.cpp - the layout of an arena, its capacity, and its entry point.
 */
#include <vector>

#include <ruvector/hnsw/arena.h>

#include "support/check.h"

namespace
{

using rv_hnsw::arena;
using rv_hnsw::arena_list;
using rv_hnsw::arena_node;
using rv_hnsw::no_slot;
using rv_test::check;
using rv_test::random_numbers;

const uint32_t dimensions_of_tests[] = {1, 2, 3, 15, 16, 17, 100, 2000};
const uint32_t ms_of_tests[] = {2, 5, 16, 100};

/* Exactly so many bytes: ASan sees whoever leaves them. */
struct memory_of
{
	void	   *place;

	explicit memory_of(uint64_t bytes)
	{
		if (posix_memalign(&place, 64, bytes) != 0)
			exit(2);
		memset(place, 0, bytes);
	}

	memory_of(const memory_of &) = delete;
	~memory_of() { free(place); }
};

uint32_t
append(arena &graph, int level, uint32_t number)
{
	uint16_t	row[3] = {(uint16_t) number, (uint16_t) (number >> 16), 9};

	return graph.append(level, row);
}

/* What bytes_for() promises is there, and not much more. */
void
capacity()
{
	static const uint32_t counts[] = {1, 2, 7, 100, 3000};

	for (uint32_t dimensions : dimensions_of_tests)
		for (uint32_t m : ms_of_tests)
			for (uint32_t count : counts)
			{
				uint64_t	bytes = arena::bytes_for(count, dimensions, m);

				if (bytes > 4000000)
					continue;
				memory_of	memory(bytes);
				arena		graph;

				check(arena::create(memory.place, bytes, dimensions, m), "%u rows in %llu bytes", count,
					  (unsigned long long) bytes);
				graph.attach(memory.place);
				check(graph.header->capacity == count, "room for %u rows, %u asked for", graph.header->capacity, count);
				for (uint32_t n = 0; n < count; n++)
				{
					check(append(graph, 0, n) == n, "row %u of %u", n, count);
					memset(graph.vector(n), 1, dimensions * sizeof(float));
				}
				for (int i = 0; i < 3; i++)
					check(append(graph, 0, 0) == no_slot && graph.header->count == count, "a row more than %u", count);
			}

	memory_of	memory(arena::bytes_for(1, 2000, 100));

	check(!arena::create(memory.place, arena::bytes_for(1, 2000, 100) - 1, 2000, 100), "not one row fits");
	check(!arena::create(memory.place, 0, 1, 2), "nothing fits in nothing");
	check(arena::create(memory.place, arena::bytes_for(1, 2000, 100), 2000, 100), "one row fits");
}

/* Upper links take what chance gives them: the reserve is large enough for the levels of a build. */
void
drawn_levels()
{
	static const uint32_t counts[] = {1, 10, 100, 1000, 20000};
	random_numbers random(1);

	for (uint32_t m : ms_of_tests)
		for (uint32_t count : counts)
			for (int build = 0; build < (count < 1000 ? 30 : 3); build++)
			{
				uint64_t	bytes = arena::bytes_for(count, 1, m);
				memory_of	memory(bytes);
				arena		graph;

				arena::create(memory.place, bytes, 1, m);
				graph.attach(memory.place);
				for (uint32_t n = 0; n < count; n++)
					check(append(graph, rv_hnsw::draw_level(1 - random.uniform(), (int) m, 30), n) == n,
						  "m %u: row %u of %u", m, n, count);
			}
}

/* So many upper links that there is no room for more: the last ones that fit lie in nobody's place. */
void
check_full_of_links(int level, uint64_t more_bytes)
{
	uint64_t	bytes = arena::bytes_for(100, 4, 16) + more_bytes;
	memory_of	memory(bytes);
	arena		graph;
	uint32_t	high = 0;

	arena::create(memory.place, bytes, 4, 16);
	graph.attach(memory.place);
	while (high < 100 && append(graph, level, high) != no_slot)
		high++;
	check(high > 0 && high < 100, "%u of 100 rows at level %d", high, level);
	check(graph.header->count == high, "%u rows counted, %u in", graph.header->count, high);
	/* The nodes take their whole room, too. */
	while (append(graph, 0, graph.header->count) != no_slot)
		;
	check(graph.header->count == 100, "%u rows in", graph.header->count);
	for (uint32_t slot = 0; slot < 100; slot++)
		for (int layer = 0; layer <= graph.node(slot)->level; layer++)
			for (int i = 0; i < rv_hnsw::layer_links(16, layer); i++)
			{
				check(graph.numbers(slot, layer)[i] == no_slot, "node %u, layer %d: a link at first", slot, layer);
				graph.numbers(slot, layer)[i] = slot;
			}
	for (uint32_t slot = 0; slot < 100; slot++)
	{
		check(graph.node(slot)->row[0] == slot && graph.node(slot)->row[2] == 9, "node %u: written over", slot);
		for (int layer = 0; layer <= graph.node(slot)->level; layer++)
			for (int i = 0; i < rv_hnsw::layer_links(16, layer); i++)
				check(graph.numbers(slot, layer)[i] == slot, "node %u, layer %d: written over", slot, layer);
	}
}

void
full_of_links()
{
	for (int level : {2, 3, 10})
		for (uint64_t more_bytes = 0; more_bytes < 320; more_bytes += 4)
			check_full_of_links(level, more_bytes);
}

/* A pattern of its own for each piece of a node. */
uint8_t
pattern(uint32_t slot, int layer, int piece)
{
	return (uint8_t) (slot * 31 + (uint32_t) layer * 7 + (uint32_t) piece * 3 + 1);
}

bool
filled_with(const void *memory, uint8_t byte, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (((const uint8_t *) memory)[i] != byte)
			return false;
	return true;
}

/* The pieces lie where they may be read as words, and none in another. */
void
check_layout(uint32_t dimensions, uint32_t m, random_numbers &random)
{
	constexpr uint32_t count = 60;
	uint64_t	bytes = arena::bytes_for(count, dimensions, m);
	memory_of	memory(bytes);
	arena		graph;
	std::vector<int> levels;

	arena::create(memory.place, bytes, dimensions, m);
	graph.attach(memory.place);
	check(graph.dimensions == dimensions && graph.m == m && graph.stride >= dimensions, "header of an arena");
	for (uint32_t n = 0; n < count; n++)
	{
		levels.push_back(n == 0 ? 3 : rv_hnsw::draw_level(1 - random.uniform(), (int) m, 10));
		check(append(graph, levels[n], 70000 + n) == n, "row %u", n);
	}
	for (uint32_t slot = 0; slot < count; slot++)
	{
		const arena_node *node = graph.node(slot);
		char	   *vector = (char *) graph.vector(slot);

		check((uintptr_t) vector % (dimensions >= 16 ? 64 : sizeof(float)) == 0, "vector %u", slot);
		check((uintptr_t) graph.numbers(slot, 0) % 64 == 0, "node %u", slot);
		check((uintptr_t) node % alignof(arena_node) == 0, "record of node %u", slot);
		check(vector >= (char *) (graph.header + 1) && vector + dimensions * sizeof(float) <= graph.nodes, "vector %u", slot);
		check(node->level == levels[slot] && node->flags == 0 && node->duplicate == no_slot &&
			  node->row[0] == (uint16_t) (70000 + slot) && node->row[1] == 1 && node->row[2] == 9, "node %u", slot);
		memset(vector, pattern(slot, 0, 3), dimensions * sizeof(float));
		for (int layer = 0; layer <= levels[slot]; layer++)
		{
			size_t		words = (size_t) rv_hnsw::layer_links((int) m, layer);
			char	   *numbers = (char *) graph.numbers(slot, layer);
			arena_list *list = graph.list(slot, layer);
			float	   *distances = graph.link_distances(slot, layer);

			check((uintptr_t) numbers % sizeof(uint32_t) == 0 && (uintptr_t) distances % sizeof(float) == 0,
				  "node %u, layer %d", slot, layer);
			check(numbers >= graph.nodes && (char *) (distances + words) <= (char *) memory.place + bytes,
				  "node %u, layer %d", slot, layer);
			check(filled_with(numbers, 0xFF, words * sizeof(uint32_t)), "node %u, layer %d: links", slot, layer);
			check(list->count == 0 && list->marked == 0 && list->duplicates == 0, "node %u, layer %d", slot, layer);
			memset(numbers, pattern(slot, layer, 0), words * sizeof(uint32_t));
			memset(list, pattern(slot, layer, 1), sizeof(arena_list));
			memset(distances, pattern(slot, layer, 2), words * sizeof(float));
		}
	}

	/* All of it is found again, by another process that has the memory elsewhere. */
	memory_of	elsewhere(bytes);
	arena		other;

	memcpy(elsewhere.place, memory.place, bytes);
	memset(memory.place, 0, bytes);
	other.attach(elsewhere.place);
	check(other.header->count == count, "%u rows", other.header->count);
	for (uint32_t slot = 0; slot < count; slot++)
	{
		check(other.node(slot)->level == levels[slot] && other.node(slot)->row[0] == (uint16_t) (70000 + slot) &&
			  other.node(slot)->duplicate == no_slot, "node %u was written over", slot);
		check(filled_with(other.vector(slot), pattern(slot, 0, 3), dimensions * sizeof(float)), "vector %u", slot);
		for (int layer = 0; layer <= levels[slot]; layer++)
		{
			size_t		words = (size_t) rv_hnsw::layer_links((int) m, layer);

			check(filled_with(other.numbers(slot, layer), pattern(slot, layer, 0), words * sizeof(uint32_t)) &&
				  filled_with(other.list(slot, layer), pattern(slot, layer, 1), sizeof(arena_list)) &&
				  filled_with(other.link_distances(slot, layer), pattern(slot, layer, 2), words * sizeof(float)),
				  "node %u, layer %d: written over", slot, layer);
		}
	}
}

void
layout()
{
	random_numbers random(2);

	for (uint32_t dimensions : dimensions_of_tests)
		for (uint32_t m : ms_of_tests)
			check_layout(dimensions, m, random);
}

void
entry_word()
{
	static const uint32_t slots[] = {0, 1, 77, rv_hnsw::arena_max_nodes - 1};
	uint64_t	bytes = arena::bytes_for(1, 1, 2);
	memory_of	memory(bytes);
	arena		graph;
	int			level;

	arena::create(memory.place, bytes, 1, 2);
	graph.attach(memory.place);
	check(graph.entry(&level) == no_slot && level == -1, "an empty graph has an entry point");
	for (uint32_t slot : slots)
		for (int wanted = 0; wanted < 256; wanted++)
		{
			graph.set_entry(slot, wanted);
			check(graph.entry(&level) == slot && level == wanted, "slot %u, level %d", slot, wanted);
		}
	check((uintptr_t) &graph.header->entry % sizeof(uint64_t) == 0, "one aligned word");
}

/* Level l has the share m^-l of what is at level l - 1, and no level is above the highest. */
void
level_shares()
{
	random_numbers random(3);

	for (uint32_t m : ms_of_tests)
	{
		uint32_t	at_least[40] = {};
		double		expected = 400000;

		for (uint32_t i = 0; i < 400000; i++)
		{
			int			level = rv_hnsw::draw_level(1 - random.uniform(), (int) m, 5);

			if (check(level >= 0 && level <= 5, "level %d", level))
				for (int l = 0; l <= level; l++)
					at_least[l]++;
		}
		/* Six standard deviations. */
		for (int l = 0; l <= 5; l++, expected /= m)
			check(fabs(at_least[l] - expected) <= 6 * sqrt(expected), "m %u: %u nodes at level %d, %g expected", m,
				  at_least[l], l, expected);
		check(rv_hnsw::draw_level(1, (int) m, 5) == 0, "the lowest level");
		check(rv_hnsw::draw_level(1e-300, (int) m, 5) == 5 && rv_hnsw::draw_level(0, (int) m, 5) == 5, "the highest level");
	}
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("capacity", capacity);
	rv_test::run("drawn_levels", drawn_levels);
	rv_test::run("full_of_links", full_of_links);
	rv_test::run("layout", layout);
	rv_test::run("entry_word", entry_word);
	rv_test::run("level_shares", level_shares);
	return rv_test::status();
}
