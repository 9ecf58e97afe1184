/*
 * refine_test.cpp - nodes that get their links anew when all others are there.
 */
#include <vector>

#include "support/graphs.h"

namespace
{

using namespace rv_test;

/* Those that a build refines: a third of all rows, the first ones, and the highest. */
bool
is_early(const arena &graph, uint32_t slot)
{
	return slot < graph.header->count / 3 || graph.node(slot)->level >= high_level;
}

template<typename Metric>
void
refine(const filled_arena &filled, int ef_construction, bool all)
{
	lone_host	host;
	rv_hnsw::arena_inserter<Metric, lone_host> inserter;

	inserter.init(filled.memory, &host, ef_construction);
	for (uint32_t slot = 0; slot < filled.graph.header->count; slot++)
		if (all || is_early(filled.graph, slot))
			inserter.refine(slot);
	inserter.destroy();
}

/* Nothing is lost by it, and some searches find more. */
void
early_nodes()
{
	random_numbers random(1);

	for (bool clustered : {false, true})
		for (metric_function function : {l2, l1})
		{
			uint32_t	count = (uint32_t) scaled(3000);
			rows		all = clustered ? clustered_rows(count, 16, 40, random) : random_rows(count, 16, random);
			rows		queries = clustered ? clustered_rows(100, 16, 40, random) : random_rows(100, 16, random);
			filled_arena filled(count, 16, 8);

			metric::in_use = function;
			filled.append(all, random);
			link_all(filled, 40);

			reached		before = check_graph(filled.graph);
			double		found_before = recall(filled.memory, all, queries, 40, 10);

			refine<metric>(filled, 40, false);

			reached		after = check_graph(filled.graph);
			double		found_after = recall(filled.memory, all, queries, 40, 10);

			figure("recall@10 at ef 40 before", found_before);
			figure("recall@10 at ef 40 after", found_after);
			figure("nodes reached before", before.ground);
			figure("nodes reached after", after.ground);
			check(found_after >= found_before - 0.01, "recall %.4f after %.4f", found_after, found_before);
			check(after.ground >= before.ground - 0.005, "%.4f of the nodes reached after %.4f", after.ground, before.ground);
			check(after.above == before.above, "layers above 0 have changed");
		}
	metric::in_use = l2;
}

/* The same rules hold as after insertion, whatever the rows and the links. */
void
every_node()
{
	random_numbers random(2);

	for (uint32_t m : {2u, 16u, 100u})
		for (uint32_t count : {1u, 2u, 30u, (uint32_t) scaled(500)})
			for (int kind = 0; kind < 4; kind++)
			{
				rows		all = random_rows(count, 3, random);
				filled_arena filled(count, 3, m);

				for (uint32_t n = 0; n < count; n++)
					if (kind == 1)
						for (int i = 0; i < 3; i++)
							all.row(n)[i] = (float) random.below(4);
					else if (kind == 2)
						memcpy(all.row(n), all.row(0), 3 * sizeof(float));
					else if (kind == 3 && random.one_in(3))
						all.row(n)[random.below(3)] = random.one_in(2) ? NAN : 3e38f;
				filled.append(all, random);
				link_all(filled, 60);
				for (int again = 0; again < 2; again++)
				{
					refine<metric>(filled, 60, true);
					check_graph(filled.graph);
				}
			}
}

/*
 * Kernels take four rows at a time and add in another order than for one row alone, so
 * that the distance of two nodes has several values, in the last bits.
 */
struct uneven_metric
{
	static void
	gather(const float *query, const float *const *rows, size_t dimensions, size_t n, float *out)
	{
		for (size_t r = 0; r < n; r++)
		{
			float		sum = 0;

			for (size_t i = 0; i < dimensions; i++)
			{
				size_t		at = r < n / 4 * 4 ? i : dimensions - 1 - i;

				sum += (query[at] - rows[r][at]) * (query[at] - rows[r][at]);
			}
			out[r] = sum;
		}
	}
};

void
uneven_distances()
{
	random_numbers random(3);

	for (uint32_t m : {2u, 6u, 16u})
	{
		rows		all = random_rows(600, 20, random);
		filled_arena filled(600, 20, m);
		lone_host	host;
		rv_hnsw::arena_inserter<uneven_metric, lone_host> inserter;
		auto		insert = [&] (uint32_t slot) { inserter.insert(slot); };

		filled.append(all, random);
		inserter.init(filled.memory, &host, 60);
		link_highest(filled.graph, insert);
		link_others(filled.graph, 0, 600, insert);
		inserter.destroy();
		check_graph(filled.graph, 1e-5);
		for (int again = 0; again < 3; again++)
		{
			refine<uneven_metric>(filled, 60, true);
			check_graph(filled.graph, 1e-5);
		}
	}
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("early_nodes", early_nodes);
	rv_test::run("every_node", every_node);
	rv_test::run("uneven_distances", uneven_distances);
	return rv_test::status();
}
