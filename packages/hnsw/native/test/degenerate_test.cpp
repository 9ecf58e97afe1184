/*
 * degenerate_test.cpp - rows that are equal, few, full of ties, or not finite.
 */
#include <algorithm>
#include <vector>

#include "support/graphs.h"

namespace
{

using namespace rv_test;

bool
same_value(const arena &graph, uint32_t slot, const float *value)
{
	return memcmp(graph.vector(slot), value, graph.dimensions * sizeof(float)) == 0;
}

/* Rows of the nodes that have a value, most first. */
std::vector<int>
rows_of_nodes(const arena &graph, const float *value)
{
	std::vector<int> sizes;

	for (uint32_t slot = 0; slot < graph.header->count; slot++)
		if (same_value(graph, slot, value) && !(graph.node(slot)->flags & rv_hnsw::node_is_duplicate))
			sizes.push_back(1 + graph.list(slot, 0)->duplicates);
	std::sort(sizes.begin(), sizes.end());
	std::reverse(sizes.begin(), sizes.end());
	return sizes;
}

rows
copies_of(const rows &value, uint32_t copies)
{
	rows		all = {value.dimensions, {}};

	while (copies-- > 0)
		all.add(value.row(0));
	return all;
}

/* Both, in random order. */
rows
shuffled(const rows &a, const rows &b, random_numbers &random)
{
	rows		all = {a.dimensions, {}};

	for (uint32_t i = 0, j = 0; i < a.count() || j < b.count();)
		if (random.below(a.count() - i + b.count() - j) < a.count() - i)
			all.add(a.row(i++));
		else
			all.add(b.row(j++));
	return all;
}

/* Equal rows among others: as few nodes as have room for them, and a search finds all. */
void
check_copies(uint32_t copies, uint32_t m, random_numbers &random)
{
	rows		value = random_rows(1, 8, random),
				all = shuffled(random_rows((uint32_t) scaled(400), 8, random), copies_of(value, copies), random);
	filled_arena filled(all.count(), 8, m);
	std::vector<int> sizes;

	filled.append(all, random);
	link_all(filled, 200);
	check_graph(filled.graph);
	sizes = rows_of_nodes(filled.graph, value.row(0));
	check(sizes.size() == (copies + 9) / 10, "%u equal rows in %zu nodes", copies, sizes.size());
	for (size_t i = 0; i < sizes.size(); i++)
		check(sizes[i] == (i + 1 < sizes.size() ? 10 : (int) (copies - 10 * i)), "%u equal rows: %d in node %zu", copies,
			  sizes[i], i);

	searcher	search(filled.memory);
	std::vector<uint32_t> found = search.rows_near(value.row(0), 40);

	check(found.size() >= copies, "%zu rows found", found.size());
	for (uint32_t i = 0; i < copies && i < found.size(); i++)
		check(same_value(filled.graph, found[i], value.row(0)), "row %u found is not one of the %u equal ones", i, copies);
}

void
equal_rows()
{
	static const uint32_t copies[] = {2, 9, 10, 11, 20, 25, 60};
	random_numbers random(1);

	for (uint32_t m : {16u, 100u})
		for (uint32_t each : copies)
			check_copies(each, m, random);
}

/* Negative zero is equal to zero and has other bytes: it may not share a node, which has one value. */
void
zeros()
{
	random_numbers random(2);
	rows		all = {2, {}};

	for (uint32_t n = 0; n < 60; n++)
	{
		const float row[] = {random.one_in(2) ? 0.0f : -0.0f, random.one_in(2) ? 0.0f : -0.0f};

		all.add(row);
	}

	filled_arena filled(all.count(), 2, 4);

	filled.append(all, random);
	link_all(filled, 40);
	check_graph(filled.graph);
}

/*
 * Nothing but equal rows: 2m + 1 nodes that know each other fill their lists, and all
 * others are as far as these, so no list takes them.  The rows of the first are found.
 */
void
all_rows_equal()
{
	random_numbers random(3);

	for (uint32_t m : {2u, 16u, 100u})
		for (uint32_t count : {2u, 10u, 11u, 40u, 300u, (uint32_t) scaled(2000)})
		{
			rows		all = copies_of(random_rows(1, 4, random), count);
			filled_arena filled(count, 4, m);
			searcher	search(filled.memory);
			uint32_t	full = 10 * 2 * m + 1;
			size_t		found;

			filled.append(all, random);
			link_all(filled, m == 100 ? 200 : 64);
			check_graph(filled.graph);
			found = search.rows_near(all.row(0), 400).size();
			check(found >= (count < full ? count : full), "m %u: %zu of %u equal rows found", m, found, count);
		}
}

/* A lattice: every row has many others at the same distance, and some are equal. */
void
ties()
{
	random_numbers random(4);

	for (uint32_t dimensions : {1u, 2u, 3u})
	{
		uint32_t	sides[] = {1500, 40, 12};
		rows		all = {dimensions, {}},
					queries = {dimensions, {}};

		for (uint32_t i = 0; i < (uint32_t) scaled(1600) * dimensions; i++)
			all.values.push_back((float) random.below(sides[dimensions - 1]));
		for (uint32_t i = 0; i < 100 * dimensions; i++)
			queries.values.push_back((float) random.below(sides[dimensions - 1]));

		filled_arena filled(all.count(), dimensions, 16);

		filled.append(all, random);
		link_all(filled, 64);
		check_graph(filled.graph);

		double		found = recall(filled.memory, all, queries, 100, 10);

		check(found >= 0.99, "%u dimensions: recall %.4f", dimensions, found);
	}
}

void
few_rows()
{
	random_numbers random(5);

	for (uint32_t count = 0; count <= 6; count++)
		for (uint32_t m : {2u, 100u})
		{
			rows		all = random_rows(count, 3, random);
			filled_arena filled(10, 3, m);
			searcher	search(filled.memory);
			const float query[] = {0, 0, 0};
			std::vector<uint32_t> found;

			filled.append(all, random);
			link_all(filled, 64);
			check(check_graph(filled.graph).ground == 1, "all of %u rows are reached", count);
			found = search.rows_near(query, 10);
			check(found.size() == count, "%zu of %u rows found", found.size(), count);
			for (size_t i = 1; i < found.size(); i++)
				check(distance_of(query, all.row(found[i - 1]), 3) <= distance_of(query, all.row(found[i]), 3),
					  "order of %u rows", count);
			check(search.rows_near(query, 1).size() == (count > 0), "the nearest of %u rows", count);
		}
}

/* Rows that no sum survives: NaN, infinity, and finite numbers whose squares or products are none. */
void
spoil(float *row, uint32_t dimensions, random_numbers &random)
{
	static const float values[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f};

	row[random.below(dimensions)] = values[random.below(5)];
	if (random.one_in(3))
		row[random.below(dimensions)] = values[random.below(5)];
}

void
check_spoilt(metric_function function, uint32_t one_in, uint32_t m, random_numbers &random)
{
	rows		all = random_rows((uint32_t) scaled(500), 6, random),
				sound = {6, {}},
				queries = random_rows(40, 6, random);
	filled_arena filled(all.count(), 6, m);

	for (uint32_t n = 0; n < all.count(); n++)
		if (random.one_in(one_in))
			spoil(all.row(n), 6, random);
		else
			sound.add(all.row(n));
	for (uint32_t q = 0; q < 10; q++)
		spoil(queries.row(q), 6, random);
	metric::in_use = function;
	filled.append(all, random);
	link_all(filled, 64);
	check_graph(filled.graph);

	searcher	search(filled.memory);

	for (uint32_t q = 0; q < queries.count(); q++)
	{
		search.rows_near(queries.row(q), 60);
		for (uint32_t i = 1; i < search.results.size; i++)
			check(search.results.entries[i - 1].distance <= search.results.entries[i].distance, "entry %u of query %u", i, q);
	}
	metric::in_use = l2;
}

void
not_finite()
{
	random_numbers random(6);

	for (uint32_t m : {2u, 16u, 100u})
		for (uint32_t one_in : {10u, 2u, 1u})
		{
			check_spoilt(l2, one_in, m, random);
			check_spoilt(l1, one_in, m, random);
			check_spoilt(negative_inner_product, one_in, m, random);
		}
}

/* Few rows at no finite distance do not hide the others. */
void
sound_among_spoilt()
{
	random_numbers random(7);
	rows		all = random_rows((uint32_t) scaled(1000), 8, random),
				queries = random_rows(100, 8, random);
	filled_arena filled(all.count(), 8, 16);

	for (uint32_t n = 0; n < all.count(); n++)
		if (random.one_in(10))
			all.row(n)[random.below(8)] = INFINITY;
	filled.append(all, random);
	link_all(filled, 64);
	check_graph(filled.graph);

	double		found = recall(filled.memory, all, queries, 100, 10);

	check(found >= 0.99, "recall %.4f", found);
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("equal_rows", equal_rows);
	rv_test::run("zeros", zeros);
	rv_test::run("all_rows_equal", all_rows_equal);
	rv_test::run("ties", ties);
	rv_test::run("few_rows", few_rows);
	rv_test::run("not_finite", not_finite);
	rv_test::run("sound_among_spoilt", sound_among_spoilt);
	return rv_test::status();
}
