/*
 * arena_insert_test.cpp - graphs that one process builds: what they find, and what holds of their lists.
 */
#include <algorithm>
#include <vector>

#include "support/graphs.h"

namespace
{

using namespace rv_test;

/* The least that will do: recall@10 at ef 100 and at ef 20, and the shares of nodes that the entry point reaches. */
struct least
{
	double		wide;
	double		narrow;
	double		ground;
	double		above;
};

void
check_figure(const char *graph, uint32_t m, const char *what, double value, double at_least)
{
	char		name[120];

	snprintf(name, sizeof(name), "%s, m %u: %s", graph, m, what);
	figure(name, value);
	check(value >= at_least, "%s: %.5f, at least %.5f expected", name, value, at_least);
}

/* Builds as PostgreSQL's build does, checks, and says what a search finds. */
void
check_build(metric_function function, const char *name, const rows &all, const rows &queries, uint32_t m,
			int ef_construction, least expected)
{
	random_numbers random(all.count() + m);
	filled_arena filled(all.count(), all.dimensions, m);
	reached		found;

	metric::in_use = function;
	filled.append(all, random);
	link_all(filled, ef_construction);
	found = check_graph(filled.graph);
	check_figure(name, m, "recall@10 at ef 100", recall(filled.memory, all, queries, 100, 10), expected.wide);
	check_figure(name, m, "recall@10 at ef 20", recall(filled.memory, all, queries, 20, 10), expected.narrow);
	check_figure(name, m, "nodes that the entry point reaches", found.ground, expected.ground);
	check_figure(name, m, "the same above layer 0", found.above, expected.above);
}

/* Near the rows, as questions are. */
rows
queries_near(const rows &all, random_numbers &random)
{
	rows		queries = {all.dimensions, {}};

	for (uint32_t q = 0; q < 100; q++)
		for (uint32_t i = 0; i < all.dimensions; i++)
			queries.values.push_back(all.row(q * 7 % all.count())[i] + (float) random.normal() / 10);
	return queries;
}

/*
 * The algorithm promises no node a link to it; with these metrics and so many links
 * hardly one goes without.  By inner product short vectors are near to nobody: most
 * lists give up their links to them, and no search for the nearest misses them.
 */
constexpr least usual = {0.99, 0.9, 0.999, 0.95};
constexpr least inner_product = {0.99, 0.9, 0, 0};

void
normal_data()
{
	random_numbers random(1);
	rows		all = random_rows((uint32_t) scaled(3000), 16, random);
	rows		queries = random_rows(100, 16, random);

	check_build(l2, "L2", all, queries, 16, 64, usual);
	check_build(l1, "L1", all, queries, 16, 64, usual);
	check_build(negative_inner_product, "inner product", all, queries, 16, 64, inner_product);
}

void
clustered_data()
{
	random_numbers random(2);
	rows		all = clustered_rows((uint32_t) scaled(3000), 16, 40, random);
	rows		queries = queries_near(all, random);

	check_build(l2, "L2", all, queries, 16, 100, usual);
	check_build(l1, "L1", all, queries, 16, 100, usual);
	check_build(negative_inner_product, "inner product", all, queries, 16, 100, inner_product);
}

void
fewest_and_most_links()
{
	random_numbers random(3);
	rows		all = random_rows((uint32_t) scaled(1500), 8, random);
	rows		queries = random_rows(100, 8, random);
	rows		few = random_rows((uint32_t) scaled(600), 8, random);

	check_build(l2, "L2", all, queries, 2, 64, {0.75, 0.5, 0.8, 0});
	check_build(l2, "L2", all, queries, 5, 64, {0.98, 0.9, 0.99, 0.9});
	check_build(l2, "L2", few, queries, 100, 200, {0.999, 0.999, 1, 1});
}

/* Vectors of some other lengths, and fewer links. */
void
other_dimensions()
{
	random_numbers random(4);

	for (uint32_t dimensions : {1u, 2u, 3u, 33u})
	{
		rows		all = random_rows((uint32_t) scaled(800), dimensions, random);
		rows		queries = random_rows(50, dimensions, random);
		char		name[40];

		snprintf(name, sizeof(name), "L2, %u dimensions", dimensions);
		check_build(l2, name, all, queries, 8, 40, {0.98, 0.7, 0.99, 0.9});
	}
}

/* Whole clusters arrive when the lists of others are full: harder than rows in any order. */
void
sorted_rows()
{
	random_numbers random(5);
	rows		all = clustered_rows((uint32_t) scaled(1500), 16, 30, random),
				queries = queries_near(all, random);
	std::vector<std::vector<float>> sorted;

	for (uint32_t n = 0; n < all.count(); n++)
		sorted.emplace_back(all.row(n), all.row(n) + 16);
	std::sort(sorted.begin(), sorted.end());
	for (uint32_t n = 0; n < all.count(); n++)
		memcpy(all.row(n), sorted[n].data(), 16 * sizeof(float));
	check_build(l2, "L2, sorted rows", all, queries, 16, 64, usual);
}

/* By one, in the order of rows: the entry point rises whenever a higher node comes. */
void
any_order()
{
	random_numbers random(6);
	rows		all = random_rows((uint32_t) scaled(1500), 16, random);
	rows		queries = random_rows(100, 16, random);
	filled_arena filled(all.count(), 16, 8);
	reached		found;

	metric::in_use = l2;
	filled.append(all, random);
	link_in_order(filled, 64);
	found = check_graph(filled.graph);
	check_figure("L2", 8, "recall@10 at ef 100", recall(filled.memory, all, queries, 100, 10), usual.wide);
	check_figure("L2", 8, "nodes that the entry point reaches", found.ground, 0.99);
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("normal_data", normal_data);
	rv_test::run("clustered_data", clustered_data);
	rv_test::run("fewest_and_most_links", fewest_and_most_links);
	rv_test::run("other_dimensions", other_dimensions);
	rv_test::run("sorted_rows", sorted_rows);
	rv_test::run("any_order", any_order);
	return rv_test::status();
}
