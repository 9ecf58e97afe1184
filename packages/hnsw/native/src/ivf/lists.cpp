/*
 * lists.cpp - lists grow, one writer and any readers.
 */
#include "lists.h"

#include <algorithm>

#include <ruvector/quant/kmeans.h>

namespace rv_index
{

namespace
{

constexpr uint32_t least_capacity = 4;

uint32_t
blocks_of(uint64_t rows)
{
	return (uint32_t) ((rows + block_rows - 1) / block_rows);
}

}	/* namespace */

ivf_list::ivf_list(const ivf_coder &coder, uint32_t rows)
	: coder(coder), owned(new block_table(std::max(least_capacity, blocks_of(rows)))), current(owned.get())
{
	first_bytes = (size_t) blocks_of(rows) * coder.block_bytes;
	if (first_bytes == 0)
		return;
	side_by_side = take_lines(first_bytes);
	first = side_by_side.get();
}

ivf_list::ivf_list(const ivf_coder &coder, const uint8_t *borrowed_blocks, uint32_t blocks)
	: coder(coder), owned(new block_table(std::max(least_capacity, blocks))), current(owned.get()),
	first(borrowed_blocks), first_bytes((size_t) blocks * coder.block_bytes), first_used(first_bytes), borrowed(true)
{
	for (uint32_t i = 0; i < blocks; i++)
		owned->blocks[i].store(first + (size_t) i * coder.block_bytes, std::memory_order_relaxed);
	owned->count.store(blocks, std::memory_order_release);
}

ivf_list::~ivf_list()
{
	const uint32_t count = owned->count.load(std::memory_order_relaxed);

	for (uint32_t i = 0; i < count; i++)
	{
		const uint8_t *block = owned->blocks[i].load(std::memory_order_relaxed);

		if (is_own(block))
			free_memory()(const_cast<uint8_t *>(block));
	}
}

template<typename Make>
void
ivf_list::add_block(Make make, remains *old)
{
	const uint32_t count = owned->count.load(std::memory_order_relaxed);
	line_memory alone;
	uint8_t    *to;

	if (!borrowed && first_used < first_bytes)
	{
		to = side_by_side.get() + first_used;
		first_used += coder.block_bytes;
	}
	else
	{
		alone = take_lines(coder.block_bytes);
		to = alone.get();
	}
	make(to);
	if (count < owned->capacity)
	{
		owned->blocks[count].store(to, std::memory_order_relaxed);
		/* Whoever sees the count sees the pointer, and what it leads to. */
		owned->count.store(count + 1, std::memory_order_release);
		alone.release();
		return;
	}

	std::unique_ptr<block_table> larger(new block_table(2 * count));

	if (old != nullptr)
		old->tables.reserve(old->tables.size() + 1);
	for (uint32_t i = 0; i < count; i++)
		larger->blocks[i].store(owned->blocks[i].load(std::memory_order_relaxed), std::memory_order_relaxed);
	larger->blocks[count].store(to, std::memory_order_relaxed);
	larger->count.store(count + 1, std::memory_order_relaxed);
	alone.release();
	current.store(larger.get(), std::memory_order_release);
	if (old != nullptr)
		old->tables.push_back(std::move(owned));
	owned = std::move(larger);
}

void
ivf_list::append(block_writer &with, const uint32_t *slots, const void *const *their_rows, size_t n, remains &old)
{
	const uint32_t count = owned->count.load(std::memory_order_relaxed);
	size_t		done = 0;

	if (count > 0 && n > 0)
	{
		const uint8_t *last = owned->blocks[count - 1].load(std::memory_order_relaxed);
		const uint32_t there = ivf_coder::count(last);
		const uint32_t here = (uint32_t) std::min<size_t>(n, block_rows - there);

		if (here > 0)
		{
			line_memory fuller = take_lines(coder.block_bytes);

			old.blocks.reserve(old.blocks.size() + 1);
			with.write(last, there, slots, their_rows, here, fuller.get());
			owned->blocks[count - 1].store(fuller.release(), std::memory_order_release);
			if (is_own(last))
				old.blocks.emplace_back(const_cast<uint8_t *>(last));
			rows += here;
			done = here;
		}
	}
	while (done < n)
	{
		const uint32_t here = (uint32_t) std::min<size_t>(n - done, block_rows);

		add_block([&](uint8_t *to) { with.write(nullptr, 0, slots + done, their_rows + done, here, to); }, &old);
		rows += here;
		done += here;
	}
}

void
ivf_list::append_taken(block_writer &with)
{
	rows += with.taken();
	add_block([&](uint8_t *to) { with.flush(to); }, nullptr);
}

void
list_set::take_centroids(std::vector<float> own)
{
	own_centroids = std::move(own);
	centroids = own_centroids.data();
	compute_norms();
}

void
list_set::borrow_centroids(const float *there)
{
	centroids = there;
	compute_norms();
}

void
list_set::compute_norms()
{
	norms.resize(count());
	for (size_t i = 0; i < count(); i++)
		norms[i] = __builtin_sqrt(rv_quant.rabitq->square(centroid(i), dimensions));
}

const float *
list_set::panels()
{
	if (own_panels.empty())
	{
		std::vector<float> made(rv_kmeans_panel_floats(dimensions, count()));

		rv_kmeans_pack(centroids, dimensions, count(), made.data());
		own_panels = std::move(made);
	}
	return own_panels.data();
}

}	/* namespace rv_index */
