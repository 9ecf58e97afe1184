/*
 * lists.h - a list of an `ivf` index, and all of them.
 *
 * A list is a table of pointers to blocks (coder.h).  A row that comes makes a new block, of itself, or of the rows of
 * the last block and itself, and the pointer to it is stored with release order.  A table that has become full is
 * replaced by one with twice the room.  A list that must lose rows is made anew, with another that takes its place in a
 * new set of lists.
 *
 * A set of lists never changes which lists it has.  It shares those that stay with the next set.
 */
#ifndef RUVECTOR_INDEX_IVF_LISTS_H
#define RUVECTOR_INDEX_IVF_LISTS_H

#include <atomic>

#include "coder.h"
#include "engine/region.h"

namespace rv_index
{

struct block_table
{
	explicit block_table(uint32_t capacity)
		: capacity(capacity), blocks(new std::atomic<const uint8_t *>[capacity])
	{
	}

	const uint32_t capacity;
	std::atomic<uint32_t> count{0};
	std::unique_ptr<std::atomic<const uint8_t *>[]> blocks;
};

class list_set;

/* What readers may still hold; freed once none can (epochs.h). */
struct remains
{
	uint64_t	epoch = 0;
	std::vector<line_memory> blocks;
	std::vector<std::unique_ptr<block_table>> tables;
	std::unique_ptr<list_set> set;

	bool is_empty() const { return blocks.empty() && tables.empty() && set == nullptr; }
};

class ivf_list
{
public:
	/* An empty one with memory for so many rows, side by side. */
	ivf_list(const ivf_coder &coder, uint32_t rows);

	/* Of blocks that belong to somebody else, who outlives it. */
	ivf_list(const ivf_coder &coder, const uint8_t *borrowed, uint32_t blocks);

	~ivf_list();

	ivf_list(const ivf_list &) = delete;
	ivf_list &operator=(const ivf_list &) = delete;

	/* Readers, and the writer. */
	const block_table &table() const { return *current.load(std::memory_order_acquire); }

	/* The writer: rows, dead ones included; from how many on it may be split. */
	uint32_t	rows = 0;
	uint32_t	split_from = 0;

	/* The writer: appends rows; `with` knows the list's centroid.  What readers may still hold goes to `old`. */
	void		append(block_writer &with, const uint32_t *slots, const void *const *rows, size_t n, remains &old);

	/* The same for a list that nobody reads yet: of blocks that `with` took rows of. */
	void		append_taken(block_writer &with);

private:
	const ivf_coder &coder;
	std::unique_ptr<block_table> owned;
	std::atomic<block_table *> current;
	line_memory side_by_side;
	const uint8_t *first = nullptr;	/* blocks in here are not owned one by one */
	size_t		first_bytes = 0,
				first_used = 0;
	bool		borrowed = false;

	bool is_own(const uint8_t *block) const { return block < first || block >= first + first_bytes; }

	/* Writes a block by make(memory), and puts it at the end. */
	template<typename Make>
	void		add_block(Make make, remains *old);
};

/* All lists; what a search begins with. */
class list_set
{
public:
	/* Centroids in memory of its own. */
	list_set(const ivf_coder &coder, uint64_t version) : version(version), dimensions(coder.metric.dimensions) { }

	const uint64_t version;		/* no other set of this index has it */
	const size_t dimensions;

	/* Count times `dimensions`. */
	const float *centroids = nullptr;
	std::vector<double> norms;	/* of centroids */
	std::vector<std::shared_ptr<ivf_list>> lists;

	size_t count() const { return lists.size(); }
	const float *centroid(size_t i) const { return centroids + i * dimensions; }

	/* The writer: takes centroids that are its own, or that stay where they are; then norms are computed. */
	void		take_centroids(std::vector<float> own);
	void		borrow_centroids(const float *there);

	/* The writer: nearest() of kmeans.h wants them in panels, which are made when they are first asked for. */
	const float *panels();

private:
	std::vector<float> own_centroids,
				own_panels;

	void		compute_norms();
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_IVF_LISTS_H */
