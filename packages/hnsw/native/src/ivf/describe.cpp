/*
 * describe.cpp - what lists are like, whether they are sound, and what of them goes into a file.
 */
#include "ivf.h"

#include <numeric>
#include <string.h>

namespace rv_index
{

namespace
{

/* The section `ivf`. */
struct file_head
{
	uint64_t	seed,
				trained_rows,
				appended_rows;
	uint32_t	lists,
				has_codes,
				stride,
				block_bytes;
};

}	/* namespace */

void
ivf_body::describe(body_stats &stats) const
{
	const uint32_t end = count.load(std::memory_order_acquire);
	const list_set *set = lists.load();
	std::vector<uint64_t> seen(end / 64 + 1);

	stats.vector_bytes = (uint64_t) end * stride;
	if (set != nullptr)
	{
		const uint64_t slot_bytes = block_rows * sizeof(uint32_t);
		uint64_t	blocks = 0;

		for (const std::shared_ptr<ivf_list> &list : set->lists)
		{
			for_each_slot(*list, [&](uint32_t slot)
			{
				if (slot < end)
					seen[slot / 64] |= UINT64_C(1) << slot % 64;
			});
			blocks += list->table().count.load(std::memory_order_acquire);
		}
		stats.link_bytes = blocks * slot_bytes;
		stats.code_bytes = blocks * (coder.block_bytes - slot_bytes) + set->count() * set->dimensions * sizeof(float);
	}
	for (uint32_t slot = 0; slot < end; slot++)
		stats.unreachable += alive.has(slot) && (seen[slot / 64] >> slot % 64 & 1) == 0;
}

void
ivf_body::check(std::vector<std::string> &problems, const progress &told) const
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	std::vector<uint32_t> list_of(end, no_slot);
	const size_t lists_there = newest ? newest->count() : 0;

	for (size_t i = 0; i < lists_there; i++)
	{
		const ivf_list &list = *newest->lists[i];
		const block_table &table = list.table();
		const uint32_t blocks = table.count.load(std::memory_order_relaxed);
		const std::string name = "list " + std::to_string(i);
		uint32_t	rows_there = 0;

		if (i % 64 == 0)
			told.step("check", i, lists_there);
		for (uint32_t b = 0; b < blocks; b++)
		{
			const uint8_t *block = table.blocks[b].load(std::memory_order_relaxed);

			touch(block);

			const uint32_t n = ivf_coder::count(block);

			rows_there += n;
			if (n == 0 || (n < block_rows && b + 1 < blocks))
				complain(problems, name + " has a block before its last one that is not full, or one that is empty");
		}
		if (rows_there == 0)
			complain(problems, name + " has no rows");
		/* The lists of a view do not grow, and are not counted. */
		if (rows_there != list.rows && !rows.is_borrowed())
			complain(problems, name + " has " + std::to_string(rows_there) + " rows, not " + std::to_string(list.rows));
		for_each_slot(list, [&](uint32_t slot)
		{
			const std::string row_name = name + " has slot " + std::to_string(slot);

			if (slot >= end)
				complain(problems, row_name + ", which there is not");
			/* A file does not say which slots are dying. */
			else if (!rows.is_borrowed() && !alive.has(slot) && !dying.has(slot))
				complain(problems, row_name + ", which is free");
			else if (list_of[slot] != no_slot)
				complain(problems, row_name + ", as list " + std::to_string(list_of[slot]) + " has");
			else
				list_of[slot] = (uint32_t) i;
		});
		for (size_t d = 0; d < newest->dimensions; d++)
			if (!(newest->centroid(i)[d] - newest->centroid(i)[d] == 0))
			{
				complain(problems, name + " has a centroid that is no number");
				break;
			}
	}
	for (uint32_t slot = 0; slot < end; slot++)
		if (alive.has(slot) && list_of[slot] == no_slot)
			complain(problems, "row " + std::to_string(slot) + " is in no list");
	told.step("check", lists_there, lists_there);
}

void
ivf_body::list_sections(std::vector<section> &sections) const
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	const uint32_t lists_there = newest ? (uint32_t) newest->count() : 0;
	const file_head head = {options.seed, trained_rows, appended_rows, lists_there, coder.has_codes, (uint32_t) stride,
		(uint32_t) coder.block_bytes};
	std::vector<uint32_t> sizes;
	section		first = {"ivf", nullptr, 0, {}},
				counts = {"ivf.lists", nullptr, 0, {}},
				centroids = {"ivf.centroids", nullptr, 0, {}},
				blocks = {"ivf.blocks", nullptr, 0, {}};

	first.own.resize(sizeof(head));
	memcpy(first.own.data(), &head, sizeof(head));
	for (uint32_t i = 0; i < lists_there; i++)
		sizes.push_back(newest->lists[i]->table().count.load(std::memory_order_relaxed));
	counts.own.resize(sizes.size() * sizeof(uint32_t));
	if (lists_there > 0)
	{
		memcpy(counts.own.data(), sizes.data(), counts.own.size());
		centroids.data = newest->centroids;
		centroids.bytes = (uint64_t) lists_there * metric.dimensions * sizeof(float);
	}
	/* Blocks lie here and there; in the file they are side by side. */
	blocks.own.reserve(std::accumulate(sizes.begin(), sizes.end(), (size_t) 0) * coder.block_bytes);
	for (uint32_t i = 0; i < lists_there; i++)
		for (uint32_t b = 0; b < sizes[i]; b++)
		{
			const uint8_t *block = newest->lists[i]->table().blocks[b].load(std::memory_order_relaxed);

			touch(block);
			blocks.own.insert(blocks.own.end(), block, block + coder.block_bytes);
		}
	first.bytes = first.own.size();
	counts.bytes = counts.own.size();
	blocks.bytes = blocks.own.size();
	sections.push_back(std::move(first));
	sections.push_back(std::move(counts));
	sections.push_back(std::move(centroids));
	sections.push_back(std::move(blocks));
	sections.push_back({"ivf.rows", rows.data(), (uint64_t) end * stride, {}});
}

void
ivf_body::read(section_source &file)
{
	const uint32_t end = count.load(std::memory_order_relaxed);
	const std::vector<uint8_t> bytes = file.copy("ivf", sizeof(file_head), sizeof(file_head));
	file_head	head;

	memcpy(&head, bytes.data(), sizeof(head));
	if (head.seed != options.seed || head.has_codes != (uint32_t) coder.has_codes || head.stride != stride ||
		head.block_bytes != coder.block_bytes || head.lists > end)
		throw failure(error_code::corrupt, "the lists are not those of the index's options");
	file.into("ivf.rows", rows, (uint64_t) end * stride, (uint64_t) end * stride);

	const uint64_t centroid_bytes = (uint64_t) head.lists * metric.dimensions * sizeof(float);
	const uint64_t size_bytes = head.lists * sizeof(uint32_t);
	const std::vector<uint8_t> sizes = file.copy("ivf.lists", size_bytes, size_bytes);
	uint64_t	blocks = 0;

	for (uint32_t i = 0; i < head.lists; i++)
	{
		uint32_t	own;

		memcpy(&own, sizes.data() + i * sizeof(own), sizeof(own));
		/* Of `end` rows no list has more blocks, nor all of them together more than one that is not full each. */
		if (own == 0 || own > end)
			throw failure(error_code::corrupt, "a list has no blocks, or more than there are rows");
		blocks += own;
	}
	if (blocks > (uint64_t) end / block_rows + head.lists)
		throw failure(error_code::corrupt, "lists have more blocks than there are rows");
	if (head.lists > 0)
	{
		file_centroids.reserve(centroid_bytes, centroid_bytes);
		file_blocks.reserve(blocks * coder.block_bytes, blocks * coder.block_bytes);
	}
	file.into("ivf.centroids", file_centroids, centroid_bytes, centroid_bytes);
	file.into("ivf.blocks", file_blocks, blocks * coder.block_bytes, blocks * coder.block_bytes);
	trained_rows = head.trained_rows;
	appended_rows = head.appended_rows;
	if (head.lists == 0)
		return;

	std::unique_ptr<list_set> set(new list_set(coder, ++versions));
	std::vector<uint64_t> seen(end / 64 + 1);
	uint64_t	first = 0;

	for (uint32_t i = 0; i < head.lists; i++)
	{
		uint32_t	own;

		memcpy(&own, sizes.data() + i * sizeof(own), sizeof(own));
		set->lists.push_back(std::make_shared<ivf_list>(coder, file_blocks.data() + first * coder.block_bytes, own));
		first += own;
		/* A view looks at blocks when it first needs them. */
		if (file_blocks.is_borrowed())
			continue;
		for_each_slot(*set->lists[i], [&](uint32_t slot)
		{
			if (slot >= end || (seen[slot / 64] >> slot % 64 & 1) != 0)
				throw failure(error_code::corrupt, "a list has a row that there is not, or that another has");
			seen[slot / 64] |= UINT64_C(1) << slot % 64;
			set->lists[i]->rows++;
		});
	}
	file_centroids.touch(0, centroid_bytes);
	set->borrow_centroids((const float *) (const void *) file_centroids.data());
	/* Means of vectors that are no longer than codes can tell, but for rounding; k-means wants no others. */
	for (double norm : set->norms)
		if (!(norm <= 2 * RV_RABITQ_MAX_NORM))
			throw failure(error_code::corrupt, "a centroid is no number, or too long");
	newest = std::move(set);
	lists.store(newest.get());
}

}	/* namespace rv_index */
