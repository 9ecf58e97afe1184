#include "graphs.h"

#include <algorithm>

namespace rv_test
{

float
l2(const float *a, const float *b, size_t dimensions)
{
	float		sum = 0;

	for (size_t i = 0; i < dimensions; i++)
		sum += (a[i] - b[i]) * (a[i] - b[i]);
	return sum;
}

float
l1(const float *a, const float *b, size_t dimensions)
{
	float		sum = 0;

	for (size_t i = 0; i < dimensions; i++)
		sum += fabsf(a[i] - b[i]);
	return sum;
}

float
negative_inner_product(const float *a, const float *b, size_t dimensions)
{
	float		sum = 0;

	for (size_t i = 0; i < dimensions; i++)
		sum -= a[i] * b[i];
	return sum;
}

float
distance_of(const float *a, const float *b, uint32_t dimensions)
{
	float		distance = metric::in_use(a, b, dimensions);

	return isnan(distance) ? INFINITY : distance;
}

rows
random_rows(uint32_t count, uint32_t dimensions, random_numbers &random)
{
	rows		made = {dimensions, {}};

	for (size_t i = 0; i < (size_t) count * dimensions; i++)
		made.values.push_back((float) random.normal());
	return made;
}

rows
clustered_rows(uint32_t count, uint32_t dimensions, uint32_t clusters, random_numbers &random)
{
	rows		centres = random_rows(clusters, dimensions, random);
	rows		made = {dimensions, {}};

	for (uint32_t n = 0; n < count; n++)
	{
		const float *centre = centres.row(random.below(clusters));

		for (uint32_t i = 0; i < dimensions; i++)
			made.values.push_back(centre[i] + (float) random.normal() / 10);
	}
	return made;
}

filled_arena::filled_arena(uint32_t capacity, uint32_t dimensions, uint32_t m)
{
	bytes = arena::bytes_for(capacity, dimensions, m);
	if (posix_memalign(&memory, 64, bytes) != 0)
		exit(2);
	memset(memory, 0, bytes);
	if (!arena::create(memory, bytes, dimensions, m))
		exit(2);
	graph.attach(memory);
}

uint32_t
filled_arena::append(const float *row, int level)
{
	uint32_t	next = graph.header->count;
	uint16_t	number[3] = {(uint16_t) next, (uint16_t) (next >> 16), 7};
	uint32_t	slot = graph.append(level, number);

	if (slot != no_slot)
		memcpy(graph.vector(slot), row, graph.dimensions * sizeof(float));
	return slot;
}

void
filled_arena::append(const rows &all, random_numbers &random)
{
	for (uint32_t n = 0; n < all.count(); n++)
		check(append(all.row(n), rv_hnsw::draw_level(1 - random.uniform(), (int) graph.m, max_level)) == n,
			  "row %u has no place", n);
}

void
link_all(const filled_arena &filled, int ef_construction)
{
	lone_host	host;
	rv_hnsw::arena_inserter<metric, lone_host> inserter;
	auto		insert = [&] (uint32_t slot) { inserter.insert(slot); };

	inserter.init(filled.memory, &host, ef_construction);
	link_highest(filled.graph, insert);
	link_others(filled.graph, 0, filled.graph.header->count, insert);
	inserter.destroy();
}

void
link_in_order(const filled_arena &filled, int ef_construction)
{
	lone_host	host;
	rv_hnsw::arena_inserter<metric, lone_host> inserter;

	inserter.init(filled.memory, &host, ef_construction);
	for (uint32_t slot = 0; slot < filled.graph.header->count; slot++)
		inserter.insert(slot);
	inserter.destroy();
}

searcher::searcher(void *memory)
{
	store.graph.attach(memory);
	results.init(16);
	visited.init(64);
	counts.distances = counts.hops = 0;
}

searcher::~searcher()
{
	results.destroy();
	visited.destroy();
}

void
searcher::search(const float *query, uint32_t ef)
{
	store.query = query;
	rv_hnsw::search_arena(store, results, visited, ef, counts);
}

std::vector<uint32_t>
searcher::rows_near(const float *query, uint32_t ef)
{
	std::vector<uint32_t> found;

	search(query, ef);
	for (uint32_t i = 0; i < results.size; i++)
		for (uint32_t row = results.slot(i); row != no_slot; row = store.graph.node(row)->duplicate)
			found.push_back(row);
	return found;
}

double
recall(void *memory, const rows &all, const rows &queries, uint32_t ef, uint32_t k)
{
	searcher	search(memory);
	uint32_t	found = 0;

	for (uint32_t q = 0; q < queries.count(); q++)
	{
		std::vector<float> distances;
		std::vector<uint32_t> near = search.rows_near(queries.row(q), ef);

		for (uint32_t n = 0; n < all.count(); n++)
			distances.push_back(distance_of(queries.row(q), all.row(n), all.dimensions));
		std::vector<float> nearest = distances;

		std::nth_element(nearest.begin(), nearest.begin() + k - 1, nearest.end());
		for (uint32_t i = 0; i < k && i < near.size(); i++)
			found += distances[near[i]] <= nearest[k - 1];
	}
	return (double) found / (double) (k * queries.count());
}

namespace
{

bool
is_node(const arena &graph, uint32_t slot)
{
	return !(graph.node(slot)->flags & rv_hnsw::node_is_duplicate);
}

/* Every row is in the chain of one node, of rows that are equal, and no node has more than its room. */
void
check_rows(const arena &graph)
{
	std::vector<int> chains(graph.header->count);

	for (uint32_t slot = 0; slot < graph.header->count; slot++)
	{
		int			length = 0;

		if (!is_node(graph, slot))
			continue;
		for (uint32_t row = slot; row != no_slot && length <= 1000; row = graph.node(row)->duplicate, length++)
		{
			chains[row]++;
			check(memcmp(graph.vector(row), graph.vector(slot), graph.dimensions * sizeof(float)) == 0,
				  "row %u hangs on node %u and is not equal", row, slot);
			check(is_node(graph, row) == (row == slot), "row %u in a chain", row);
		}
		check(length <= rv_hnsw::max_rows_of_node && length == 1 + graph.list(slot, 0)->duplicates,
			  "node %u: %d rows, %d counted", slot, length, 1 + graph.list(slot, 0)->duplicates);
	}
	for (uint32_t slot = 0; slot < graph.header->count; slot++)
	{
		const uint16_t *number = graph.node(slot)->row;

		check(chains[slot] == 1, "row %u is in %d chains", slot, chains[slot]);
		check(number[0] == (uint16_t) slot && number[1] == (uint16_t) (slot >> 16) && number[2] == 7,
			  "the host's number of row %u", slot);
	}
}

/* The marks of a list say which links Algorithm 4 keeps. */
void
check_marks(const arena &graph, uint32_t slot, int layer)
{
	const uint32_t *numbers = graph.numbers(slot, layer);
	const float *distances = graph.link_distances(slot, layer);
	std::vector<uint32_t> kept;

	for (int i = 0; i < graph.list(slot, layer)->count; i++)
	{
		uint32_t	other = numbers[i] & ~link_kept;
		bool		keep = true;

		for (uint32_t nearer : kept)
			keep = keep && distances[i] < distance_of(graph.vector(other), graph.vector(nearer), graph.dimensions);
		check(keep == ((numbers[i] & link_kept) != 0), "node %u, layer %d: link %d is %skept", slot, layer, i,
			  keep ? "not " : "");
		if (keep)
			kept.push_back(other);
	}
}

/* One layer's list of one node. */
void
check_list(const arena &graph, uint32_t slot, int layer, double tolerance)
{
	const uint32_t *numbers = graph.numbers(slot, layer);
	const float *distances = graph.link_distances(slot, layer);
	int			count = graph.list(slot, layer)->count;
	int			most = rv_hnsw::layer_links((int) graph.m, layer);
	std::vector<uint32_t> others;

	if (!check(count <= most, "node %u, layer %d: %d links", slot, layer, count))
		return;
	for (int i = count; i < most; i++)
		check(numbers[i] == no_slot, "node %u, layer %d: a link behind the last", slot, layer);
	for (int i = 0; i < count; i++)
	{
		uint32_t	other = numbers[i] & ~link_kept;

		if (!check(other < graph.header->count && other != slot, "node %u, layer %d: link to %u", slot, layer, other))
			return;
		check(graph.node(other)->level >= layer, "node %u, layer %d: link to %u of level %d", slot, layer, other,
			  graph.node(other)->level);
		check(is_node(graph, other), "node %u, layer %d: link to row %u, which is no node", slot, layer, other);
		float		distance = distance_of(graph.vector(slot), graph.vector(other), graph.dimensions);

		check(distances[i] == distance || fabsf(distances[i] - distance) <= tolerance * fabsf(distance),
			  "node %u, layer %d: %g is not the distance of %u, %g", slot, layer, distances[i], other, distance);
		check(i == 0 || distances[i - 1] <= distances[i], "node %u, layer %d: link %d out of order", slot, layer, i);
		others.push_back(other);
	}
	std::sort(others.begin(), others.end());
	check(std::adjacent_find(others.begin(), others.end()) == others.end(), "node %u, layer %d: two links to one node",
		  slot, layer);
	if (graph.list(slot, layer)->marked && tolerance == 0)
		check_marks(graph, slot, layer);
}

/* How many nodes a walk along the links of a layer reaches from the entry point. */
uint32_t
reachable(const arena &graph, int layer)
{
	std::vector<bool> seen(graph.header->count);
	std::vector<uint32_t> walk;
	int			level;
	uint32_t	entry = graph.entry(&level);

	if (entry == no_slot)
		return 0;
	walk.push_back(entry);
	seen[entry] = true;
	for (size_t i = 0; i < walk.size(); i++)
		for (int j = 0; j < graph.list(walk[i], layer)->count; j++)
		{
			uint32_t	other = graph.numbers(walk[i], layer)[j] & ~link_kept;

			if (seen[other])
				continue;
			seen[other] = true;
			walk.push_back(other);
		}
	return (uint32_t) walk.size();
}

}	/* namespace */

reached
check_graph(const arena &graph, double tolerance)
{
	int			level,
				highest = -1;
	uint32_t	entry = graph.entry(&level);
	uint32_t	nodes = 0,
				nodes_above = 0,
				found_above = 0;

	for (uint32_t slot = 0; slot < graph.header->count; slot++)
	{
		if (!is_node(graph, slot))
			continue;
		nodes++;
		nodes_above += graph.node(slot)->level;
		if (graph.node(slot)->level > highest)
			highest = graph.node(slot)->level;
		for (int layer = 0; layer <= graph.node(slot)->level; layer++)
			check_list(graph, slot, layer, tolerance);
	}
	check(level == highest && (entry == no_slot || graph.node(entry)->level == level),
		  "entry point of level %d, highest node of %d", level, highest);
	check_rows(graph);
	for (int layer = 1; layer <= highest; layer++)
		found_above += reachable(graph, layer);
	return reached{nodes == 0 ? 1 : (double) reachable(graph, 0) / nodes,
		nodes_above == 0 ? 1 : (double) found_above / nodes_above};
}

}	/* namespace rv_test */
