/*
 * describe.cpp - what a qg graph is like, whether it is sound, and what of it goes into a file.
 */
#include "qg.h"

#include <string.h>

namespace rv_index
{

namespace
{

/* The section `qg`: everything but the records. */
struct file_head
{
	uint64_t	seed;
	uint32_t	entry,
				degree,
				padded,
				record_bytes;
};

}	/* namespace */

std::vector<uint64_t>
qg_body::reachable() const
{
	const uint32_t end = count.load(std::memory_order_acquire);
	const uint32_t from = entry.load(std::memory_order_acquire);
	std::vector<uint64_t> seen(end / 64 + 1);
	std::vector<uint32_t> waiting;
	uint32_t	next[rv_hnsw::max_links];

	if (from >= end)
		return seen;
	seen[from / 64] |= UINT64_C(1) << from % 64;
	waiting.push_back(from);
	while (!waiting.empty())
	{
		const uint32_t slot = waiting.back();

		waiting.pop_back();
		touch(slot);

		const uint32_t n = copy_links(slot, next);

		for (uint32_t i = 0; i < n; i++)
			if (next[i] < end && (seen[next[i] / 64] >> next[i] % 64 & 1) == 0)
			{
				seen[next[i] / 64] |= UINT64_C(1) << next[i] % 64;
				waiting.push_back(next[i]);
			}
	}
	return seen;
}

void
qg_body::describe(body_stats &stats) const
{
	const uint32_t end = count.load(std::memory_order_acquire);
	const std::vector<uint64_t> seen = reachable();

	stats.degrees.assign(layout.degree + 1, 0);
	for (uint32_t slot = 0; slot < end; slot++)
	{
		if (!alive.has(slot))
			continue;
		touch(slot);
		stats.degrees[std::min(link_count(slot)->load(std::memory_order_acquire), layout.degree)]++;
		stats.unreachable += (seen[slot / 64] >> slot % 64 & 1) == 0;
	}
	stats.vector_bytes = (uint64_t) end * metric.row_bytes;
	stats.link_bytes = (uint64_t) end * layout.degree * sizeof(uint32_t);
	stats.code_bytes = (uint64_t) end * layout.bytes - stats.vector_bytes - stats.link_bytes;
}

void
qg_body::check(std::vector<std::string> &problems, const progress &told) const
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	const uint32_t from = entry.load(std::memory_order_relaxed);
	uint32_t	links_of[rv_hnsw::max_links];

	if (live.load(std::memory_order_relaxed) > 0 && from >= end)
		complain(problems, "there are rows, but no entry to begin a search at");
	for (uint32_t slot = 0; slot < end; slot++)
	{
		if (slot % 4096 == 0)
			told.step("check", slot, end);
		if (!alive.has(slot))
			continue;
		touch(slot);

		const uint32_t n = link_count(slot)->load(std::memory_order_relaxed);
		const std::string name = "node " + std::to_string(slot);

		if (n > layout.degree)
		{
			complain(problems, name + " has " + std::to_string(n) + " links, more than the degree");
			continue;
		}
		copy_links(slot, links_of);
		std::sort(links_of, links_of + n);
		for (uint32_t i = 0; i < n; i++)
		{
			const float *add = (const float *) (const void *) (record(slot) + layout.add_at);

			if (links_of[i] >= end)
				complain(problems, name + " has a link to slot " + std::to_string(links_of[i]) + ", which there is not");
			else if (links_of[i] == slot)
				complain(problems, name + " has a link to itself");
			/* A file does not say which slots are dying. */
			else if (!records.is_borrowed() && !alive.has(links_of[i]) && !dying.has(links_of[i]))
				complain(problems, name + " has a link to slot " + std::to_string(links_of[i]) + ", which is free");
			if (i > 0 && links_of[i] == links_of[i - 1])
				complain(problems, name + " has two links to slot " + std::to_string(links_of[i]));
			if (!(add[i] - add[i] == 0))
				complain(problems, name + " has a factor that is no number");
		}
	}
	told.step("check", end, end);
}

void
qg_body::list_sections(std::vector<section> &sections) const
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	const file_head head = {options.seed, entry.load(std::memory_order_relaxed), layout.degree, (uint32_t) layout.n,
		(uint32_t) layout.bytes};
	section		first = {"qg", nullptr, 0, {}};

	first.own.resize(sizeof(head) + turn.mean.size() * sizeof(float));
	memcpy(first.own.data(), &head, sizeof(head));
	memcpy(first.own.data() + sizeof(head), turn.mean.data(), turn.mean.size() * sizeof(float));
	first.bytes = first.own.size();
	sections.push_back(std::move(first));
	sections.push_back({"qg.records", records.data(), (uint64_t) end * layout.bytes, {}});
}

/* What the writer relies on, of all records: links lead to slots, and there are no more than the degree. */
void
qg_body::check_file() const
{
	const uint32_t end = count.load(std::memory_order_relaxed);

	for (uint32_t slot = 0; slot < end; slot++)
	{
		const uint32_t *links = (const uint32_t *) (const void *) (record(slot) + layout.links_at);
		const uint32_t n = link_count(slot)->load(std::memory_order_relaxed);

		if (n > layout.degree)
			throw failure(error_code::corrupt, "a node has more links than the degree");
		for (uint32_t i = 0; i < n; i++)
			if (links[i] >= end || links[i] == slot)
				throw failure(error_code::corrupt, "a node has a link to what there is not");
	}
}

void
qg_body::read(section_source &file)
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	const uint64_t head_bytes = sizeof(file_head) + turn.mean.size() * sizeof(float);
	const std::vector<uint8_t> bytes = file.copy("qg", head_bytes, head_bytes);
	file_head	head;

	memcpy(&head, bytes.data(), sizeof(head));
	if (head.seed != options.seed || head.degree != layout.degree || head.padded != layout.n ||
		head.record_bytes != layout.bytes)
		throw failure(error_code::corrupt, "the graph's records are not those of its options");
	if (head.entry != no_slot && head.entry >= end)
		throw failure(error_code::corrupt, "the entry is no row");
	memcpy(turn.mean.data(), bytes.data() + sizeof(head), turn.mean.size() * sizeof(float));
	file.into("qg.records", records, (uint64_t) end * layout.bytes, (uint64_t) end * layout.bytes);
	if (!records.is_borrowed())
		check_file();
	entry.store(head.entry, std::memory_order_release);
}

}	/* namespace rv_index */
