/*
 * page_order_test.cpp - the order of nodes in pages: all of them, pages that are full, and neighbours together.
 */
#include <algorithm>
#include <vector>

#include <ruvector/hnsw/page_order.h>

#include "support/graphs.h"

namespace
{

using namespace rv_test;

struct ordering_host : malloc_host
{
	long		interrupts = 0;

	void check_interrupts() { interrupts++; }
};

/* Of nodes in pages as PostgreSQL has them: value, links of all layers, what tuples cost. */
struct node_sizes
{
	const arena *graph;
	uint32_t	page_bytes;

	uint32_t
	bytes(uint32_t slot) const
	{
		return 120 + graph->dimensions * 4 + (uint32_t) (graph->node(slot)->level + 2) * graph->m * 6;
	}
};

typedef rv_hnsw::page_order<ordering_host, node_sizes> page_order;

struct pages
{
	std::vector<uint32_t> order;
	std::vector<uint32_t> page_of;	/* by slot */
	uint32_t	count = 0;
};

/* Fills page after page: what does not fit begins the next. */
void
fill(pages &filled, const node_sizes &sizes)
{
	uint32_t	room = 0;

	filled.page_of.assign(sizes.graph->header->count, no_slot);
	filled.count = 0;
	for (uint32_t slot : filled.order)
	{
		uint32_t	bytes = sizes.bytes(slot);

		if (filled.count == 0 || bytes > room)
		{
			room = sizes.page_bytes;
			filled.count++;
		}
		room -= bytes < room ? bytes : room;
		filled.page_of[slot] = filled.count - 1;
	}
}

/* Every node once, rows that hang on nodes not at all. */
pages
order_of(const filled_arena &filled, const node_sizes &sizes)
{
	ordering_host host;
	page_order *ordering = new page_order;
	uint32_t	placed = ordering->run(filled.memory, &host, sizes);
	std::vector<int> times(filled.graph.header->count);
	pages		made;

	for (uint32_t i = 0; i < placed; i++)
		if (check(ordering->order[i] < times.size(), "slot %u", ordering->order[i]))
		{
			times[ordering->order[i]]++;
			made.order.push_back(ordering->order[i]);
		}
	for (uint32_t slot = 0; slot < times.size(); slot++)
	{
		int			wanted = filled.graph.node(slot)->flags & rv_hnsw::node_is_duplicate ? 0 : 1;

		check(times[slot] == wanted, "slot %u is placed %d times, %d expected", slot, times[slot], wanted);
	}
	check(placed == 0 || host.interrupts > 0, "the host hears of %u nodes", placed);
	ordering_host::free(ordering->order);
	delete ordering;
	fill(made, sizes);
	return made;
}

/* The share of links at layer 0 that stay on their page. */
double
links_at_home(const arena &graph, const pages &filled)
{
	long		links = 0,
				home = 0;

	for (uint32_t slot : filled.order)
		for (int i = 0; i < graph.list(slot, 0)->count; i++)
		{
			links++;
			home += filled.page_of[graph.numbers(slot, 0)[i] & ~link_kept] == filled.page_of[slot];
		}
	return (double) home / (double) links;
}

/* How full pages are; the last one need not be. */
double
fullness(const pages &filled, const node_sizes &sizes)
{
	double		bytes = 0;

	for (uint32_t slot : filled.order)
		bytes += sizes.bytes(slot);
	return bytes / ((double) filled.count * sizes.page_bytes);
}

void
neighbours_together()
{
	random_numbers random(1);

	for (uint32_t m : {8u, 16u})
	{
		rows		all = clustered_rows((uint32_t) scaled(4000), 16, (uint32_t) scaled(100), random);
		filled_arena filled(all.count(), 16, m);

		filled.append(all, random);
		link_all(filled, 64);

		node_sizes	sizes = {&filled.graph, 8000};
		pages		ours = order_of(filled, sizes),
					shuffled = ours,
					appended = ours;

		for (size_t i = 1; i < shuffled.order.size(); i++)
			std::swap(shuffled.order[i], shuffled.order[random.below((uint32_t) i + 1)]);
		fill(shuffled, sizes);
		std::sort(appended.order.begin(), appended.order.end());
		fill(appended, sizes);

		double		at_home = links_at_home(filled.graph, ours),
					by_chance = links_at_home(filled.graph, shuffled);

		figure("links on the same page", at_home);
		figure("links on the same page, random order", by_chance);
		figure("links on the same page, order of arrival", links_at_home(filled.graph, appended));
		check(at_home >= (m == 8 ? 0.44 : 0.32) && at_home >= 5 * by_chance, "%.4f of the links at home, %.4f by chance", at_home, by_chance);
		figure("bytes of pages that are used", fullness(ours, sizes));
		check(fullness(ours, sizes) >= 0.95, "%.4f of the bytes are used", fullness(ours, sizes));
		check(ours.count <= shuffled.count * 1.01 + 1, "%u pages, %u at random", ours.count, shuffled.count);
	}
}

/* A page holds what fits, from less than one node to all of them; candidates are more than the table has room for. */
void
sizes_of_pages()
{
	constexpr uint32_t count = 5000;
	random_numbers random(2);
	filled_arena filled(count, 1, 16);
	const float zero = 0;

	for (uint32_t slot = 0; slot < count; slot++)
	{
		filled.append(&zero, random.one_in(16) ? 1 : 0);
		filled.graph.list(slot, 0)->count = (uint8_t) random.below(33);
		for (int i = 0; i < filled.graph.list(slot, 0)->count; i++)
			filled.graph.numbers(slot, 0)[i] = random.below(count) | (random.one_in(2) ? link_kept : 0);
	}
	for (uint32_t page_bytes : {1u, 400u, 1000u, 8000u, 100000u, 2000000000u})
	{
		node_sizes	sizes = {&filled.graph, page_bytes};
		pages		made = order_of(filled, sizes);

		/* Two of the smallest nodes take 632. */
		if (page_bytes <= 400)
			check(made.count == made.order.size(), "%u pages for %zu nodes", made.count, made.order.size());
		if (page_bytes > 100000)
			check(made.count == 1, "%u pages", made.count);
	}
}

/* Nothing, one node, nodes without links, rows that hang on others. */
void
odd_graphs()
{
	random_numbers random(3);

	for (uint32_t count : {0u, 1u, 2u, 100u})
		for (bool linked : {false, true})
			for (bool equal : {false, true})
			{
				rows		all = random_rows(count, 2, random);
				filled_arena filled(count + 3, 2, 4);

				for (uint32_t n = 0; equal && n < count; n++)
					memset(all.row(n), n % 3, 2 * sizeof(float));
				filled.append(all, random);
				if (linked)
					link_all(filled, 40);

				node_sizes	sizes = {&filled.graph, 1000};

				order_of(filled, sizes);
			}
}

/* A graph by hand: links at layer 0 of nodes without distances. */
struct drawn_graph
{
	filled_arena filled;

	explicit drawn_graph(std::vector<int> levels)
		: filled((uint32_t) levels.size(), 1, 4)
	{
		const float zero = 0;

		for (int level : levels)
			filled.append(&zero, level);
	}

	void
	links(uint32_t slot, std::vector<uint32_t> others)
	{
		for (size_t i = 0; i < others.size(); i++)
			filled.graph.numbers(slot, 0)[i] = others[i];
		filled.graph.list(slot, 0)->count = (uint8_t) others.size();
	}

	/* Pages with room for so many nodes of level 0. */
	void
	check_order(uint32_t nodes, std::vector<uint32_t> wanted)
	{
		node_sizes	sizes = {&filled.graph, 0};

		sizes.page_bytes = nodes * 172 + 10;
		check(sizes.bytes(0) == 172, "%u bytes", sizes.bytes(0));

		pages		made = order_of(filled, sizes);

		for (size_t i = 0; i < wanted.size() && i < made.order.size(); i++)
			check(made.order[i] == wanted[i], "node %u at place %zu, %u expected", made.order[i], i, wanted[i]);
	}
};

void
by_hand()
{
	{
		/* Both lead to 1 and 2; 2 leads back, by a link with a mark. */
		drawn_graph drawn({0, 0, 0});

		drawn.links(0, {1, 2 | link_kept});
		drawn.links(2, {0 | link_kept});
		drawn.check_order(2, {0, 2, 1});
	}
	{
		/* More links of the page's nodes lead to 3 than to 2. */
		drawn_graph drawn({0, 0, 0, 0});

		drawn.links(0, {1, 2, 3});
		drawn.links(1, {0, 3});
		drawn.check_order(4, {0, 1, 3, 2});
	}
	{
		/* A page that is full is no reason for what comes to the next: that begins with the first link of 0. */
		drawn_graph drawn({0, 0, 0, 0, 0});

		drawn.links(0, {1, 4, 2});
		drawn.links(1, {0, 2});
		drawn.links(4, {3});
		drawn.links(3, {4});
		drawn.check_order(2, {0, 1, 4, 3, 2});
	}
	{
		/* 3 and 4 are candidates of the first page and of the second, too. */
		drawn_graph drawn({0, 0, 0, 0, 0});

		drawn.links(0, {1, 2, 4, 3});
		drawn.links(1, {0});
		drawn.links(2, {3});
		drawn.check_order(2, {0, 1, 2, 3, 4});
	}
	{
		/* 1 is the best and too large. */
		drawn_graph drawn({0, 1, 0});

		drawn.links(0, {1, 2});
		drawn.links(1, {0});
		drawn.check_order(2, {0, 2, 1});
	}
	{
		/* What nothing leads to comes last, in the order of arrival. */
		drawn_graph drawn({0, 0, 0, 0});

		drawn.links(0, {3});
		drawn.check_order(2, {0, 3, 1, 2});
	}
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("neighbours_together", neighbours_together);
	rv_test::run("sizes_of_pages", sizes_of_pages);
	rv_test::run("odd_graphs", odd_graphs);
	rv_test::run("by_hand", by_hand);
	return rv_test::status();
}
