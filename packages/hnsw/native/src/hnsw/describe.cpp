/*
 * describe.cpp - what the graph is like, whether it is sound, and what of it goes into a file.
 */
#include "hnsw.h"

#include <string.h>

namespace rv_index
{

namespace
{

/* The section `hnsw`. */
struct file_head
{
	uint64_t	seed,
				entry;			/* graph.h, entry_word */
	uint32_t	m,
				stride,
				node_bytes,
				upper_bytes,
				upper_count,
				unused;
};

}	/* namespace */

void
hnsw_body::describe(body_stats &stats) const
{
	const uint32_t end = count.load(std::memory_order_acquire);
	std::vector<uint32_t> parents(end, no_slot);
	uint32_t	numbers[rv_hnsw::max_links];
	int			level;
	const uint32_t entry = graph.entry(&level);

	if (entry < end)
	{
		parents[entry] = entry;
		reach(entry, parents);
	}
	stats.degrees.assign((size_t) layer_links((int) graph.m, 0) + 1, 0);
	for (uint32_t slot = 0; slot < end; slot++)
	{
		if (!alive.has(slot))
			continue;
		stats.degrees[(size_t) graph.copy_numbers(slot, 0, end, numbers)]++;
		stats.unreachable += parents[slot] == no_slot;
	}
	stats.vector_bytes = (uint64_t) end * graph.stride;
	stats.link_bytes = (uint64_t) end * (graph.link_bytes + graph.node_bytes) +
		(uint64_t) graph.upper_count.load(std::memory_order_acquire) * graph.upper_bytes;
}

void
hnsw_body::check_node(uint32_t slot, std::vector<std::string> &problems) const
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	const hnsw_node &own = *graph.node(slot);
	const std::string name = "node " + std::to_string(slot);
	uint32_t	links[rv_hnsw::max_links];

	graph.nodes.touch((uint64_t) slot * graph.node_bytes, graph.node_bytes);
	if (own.level > 0 && !graph.look_at(slot, own.level))
	{
		complain(problems, name + " is of level " + std::to_string(own.level) + ", and has no upper links");
		return;
	}
	for (int layer = 0; layer <= own.level; layer++)
	{
		const std::string where = name + " at layer " + std::to_string(layer);
		const int	most = layer_links((int) graph.m, layer);
		int			n = 0;

		graph.look_at(slot, layer);

		const uint32_t *numbers = graph.numbers(slot, layer);
		const float *distances = graph.link_distances(slot, layer);

		for (; n < most && numbers[n] != no_slot; n++)
			links[n] = numbers[n] & ~link_kept;
		if (n != graph.list(slot, layer)->count)
			complain(problems, where + " has " + std::to_string(n) + " links, not " +
					 std::to_string(graph.list(slot, layer)->count));
		for (int i = 0; i < n; i++)
			if (!(i == 0 ? distances[0] == distances[0] : distances[i - 1] <= distances[i]))
				complain(problems, where + " has links that are not in order");
		std::sort(links, links + n);
		for (int i = 0; i < n; i++)
		{
			const std::string link = where + " has a link to slot " + std::to_string(links[i]);

			if (links[i] >= end)
				complain(problems, link + ", which there is not");
			else if (links[i] == slot)
				complain(problems, link + ", itself");
			/* A file does not say which slots are dying. */
			else if (!graph.links.is_borrowed() && !alive.has(links[i]) && !dying.has(links[i]))
				complain(problems, link + ", which is free");
			else if (layer > 0 && !graph.look_at(links[i], layer))
				complain(problems, link + ", which is not so high");
			if (i > 0 && links[i] == links[i - 1])
				complain(problems, link + " twice");
		}
	}
}

void
hnsw_body::check(std::vector<std::string> &problems, const progress &told) const
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	int			level;
	const uint32_t entry = graph.entry(&level);

	if (live.load(std::memory_order_relaxed) > 0 && entry >= end)
		complain(problems, "there are rows, but no entry to begin a search at");
	if (entry < end && (level != graph.node(entry)->level || (level > 0 && !graph.look_at(entry, level))))
		complain(problems, "the entry is not of the level that it is entered at");
	for (uint32_t slot = 0; slot < end; slot++)
	{
		if (slot % 4096 == 0)
			told.step("check", slot, end);
		if (alive.has(slot))
			check_node(slot, problems);
	}
	told.step("check", end, end);
}

void
hnsw_body::list_sections(std::vector<section> &sections) const
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	const uint32_t upper_count = graph.upper_count.load(std::memory_order_relaxed);
	const file_head head = {options.seed, graph.entry_word.load(std::memory_order_relaxed), graph.m, (uint32_t) graph.stride,
		(uint32_t) graph.node_bytes, (uint32_t) graph.upper_bytes, upper_count, 0};
	section		first = {"hnsw", nullptr, 0, {}};

	first.own.resize(sizeof(head));
	memcpy(first.own.data(), &head, sizeof(head));
	first.bytes = first.own.size();
	sections.push_back(std::move(first));
	sections.push_back({"hnsw.rows", graph.rows.data(), (uint64_t) end * graph.stride, {}});
	sections.push_back({"hnsw.links", graph.links.data(), (uint64_t) end * graph.link_bytes, {}});
	sections.push_back({"hnsw.nodes", graph.nodes.data(), (uint64_t) end * graph.node_bytes, {}});
	sections.push_back({"hnsw.upper", graph.upper.data(), (uint64_t) upper_count * graph.upper_bytes, {}});
}

/* What the writer relies on, of all nodes; and blocks that no node has become free ones. */
void
hnsw_body::check_file()
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	const uint32_t upper_count = graph.upper_count.load(std::memory_order_relaxed);
	std::vector<bool> taken(upper_count);

	for (uint32_t slot = 0; slot < end; slot++)
	{
		hnsw_node  &own = *graph.node(slot);

		own.flags = 0;
		if (own.level > max_level || (own.level == 0) != (own.upper == 0) ||
			(own.upper != 0 && (uint64_t) own.upper - 1 + own.level > upper_count))
			throw failure(error_code::corrupt, "a node has upper links that there are not");
		for (uint32_t i = 0; i < own.level; i++)
		{
			if (taken[own.upper - 1 + i])
				throw failure(error_code::corrupt, "two nodes have the same upper links");
			taken[own.upper - 1 + i] = true;
		}
	}
	for (uint32_t slot = 0; slot < end; slot++)
		for (int layer = 0; layer <= graph.node(slot)->level; layer++)
		{
			const int	most = layer_links((int) graph.m, layer);
			uint32_t   *numbers = graph.numbers(slot, layer);
			const float *distances = graph.link_distances(slot, layer);
			int			n = 0;

			for (; n < most && numbers[n] != no_slot; n++)
			{
				const uint32_t number = numbers[n] & ~link_kept;

				if (number >= end || number == slot || layer > graph.node(number)->level || distances[n] != distances[n])
					throw failure(error_code::corrupt, "a node has a link to what there is not");
			}
			for (int i = n; i < most; i++)
				if (numbers[i] != no_slot)
					throw failure(error_code::corrupt, "a node has links behind its last one");
			if (graph.list(slot, layer)->count != n)
				throw failure(error_code::corrupt, "a node has not as many links as it says");
		}
	for (uint32_t i = 0; i < upper_count; i++)
		if (!taken[i])
			graph.give_up_upper(i + 1, 1);
}

void
hnsw_body::read(section_source &file)
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	const std::vector<uint8_t> bytes = file.copy("hnsw", sizeof(file_head), sizeof(file_head));
	file_head	head;

	memcpy(&head, bytes.data(), sizeof(head));
	if (head.seed != options.seed || head.m != graph.m || head.stride != graph.stride ||
		head.node_bytes != graph.node_bytes || head.upper_bytes != graph.upper_bytes)
		throw failure(error_code::corrupt, "the graph is not that of the index's options");
	if (head.entry != 0 && ((uint32_t) head.entry >= end || (head.entry >> 32) - 1 > (uint64_t) max_level))
		throw failure(error_code::corrupt, "the entry is no row");
	if (head.entry == 0 && live.load(std::memory_order_relaxed) > 0)
		throw failure(error_code::corrupt, "there are rows, but no entry");

	auto		into = [&](const char *name, region &to, uint64_t size) { file.into(name, to, size, size); };

	into("hnsw.rows", graph.rows, (uint64_t) end * graph.stride);
	into("hnsw.links", graph.links, (uint64_t) end * graph.link_bytes);
	into("hnsw.nodes", graph.nodes, (uint64_t) end * graph.node_bytes);
	into("hnsw.upper", graph.upper, (uint64_t) head.upper_count * graph.upper_bytes);
	graph.upper_count.store(head.upper_count, std::memory_order_release);
	if (!graph.links.is_borrowed())
	{
		check_file();
		if (head.entry != 0 && (head.entry >> 32) - 1 != graph.node((uint32_t) head.entry)->level)
			throw failure(error_code::corrupt, "the entry is not of the level that it is entered at");
	}
	graph.entry_word.store(head.entry, std::memory_order_release);
}

}	/* namespace rv_index */
