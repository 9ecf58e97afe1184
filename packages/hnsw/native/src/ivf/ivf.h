/*
 * ivf.h - index of kind `ivf`: lists of rows around centroids, of which a search looks into the nearest.
 *
 * Rows lie in one region by slot, exact.  A list (lists.h) has blocks of 32 slots with, where there is a prefilter,
 * one-bit codes of these rows (coder.h).  `lists` is a pointer to the set of all lists and their centroids.  A search
 * takes the pointer once, ranks centroids, and goes through lists from the nearest on (search.cpp).
 *
 * What readers rely on
 *
 *   1. What a pointer leads to was written before the pointer was stored, with release order: a row before its list
 *      has it, a block before its table has it, a list before its set has it.  Blocks, and sets, never change; of a
 *      table only its end does, and its last pointer, which goes from a block to one with the same rows and more.
 *   2. In every set each row that is linked, and not dying, is in exactly one list.
 *   3. A list stays in the set as it is, or is made anew and leaves it.  Rows come only to lists of the newest set.
 *   4. What the writer takes away is freed once no reader can hold it (epochs.h).  A slot is used again only once
 *      it is in no list that a reader can meet: body.h gives slots up after unlink_dead() has published a set without
 *      them.
 *
 * So no row is lost or doubled by a split.  Let a row be alive, and linked before a reader took its set S.  By 2 it is
 * in one list L of S.  If L stays as it is, the reader finds the row there: lists only grow.  If L is split while the
 * reader works, S has L still, and none of the lists that came in its place: the reader finds the row in L, once.  A
 * reader that comes later takes S', which has the new lists and not L, and finds it there, once.  There is no moment in
 * between, since going from S to S' is one store.  The same holds for lists that are made anew without their dead rows,
 * and for all of them when they are trained anew.  Within one list a reader takes its table once and each pointer once:
 * where the last block is exchanged meanwhile it meets either, both of which have the rows that were there.  A row that
 * comes after a reader took its set may be missed, as in every kind of index: so of a row that is replaced while a
 * search goes on the search may find either state, or, if it looked where the new one is before it came and where the
 * old one was after it died, neither.
 *
 * A search that goes on (begin() and more()) outlives its seat among the readers, so it keeps numbers only: the version
 * of the set, the ranks of lists in it, and the slots that it gave away.  Where it finds another set it ranks that one
 * and goes through it from the start, and passes by what it gave away already.
 *
 * Growth.  A list with more rows than list_limit() is split in two by 2-means; a list without rows leaves the set.
 * While an index is small (train.h, settled_rows) it is trained anew once half as many rows have come as it was trained
 * on, so one that is filled row by row has about the centroids that one filled at once would have, for three times the
 * work, and so has one whose rows come and go: without it recall fell by 0.6 % when 60 % of 8,000 rows had changed.
 * Later only splits follow what comes; compact() trains anew.
 */
#ifndef RUVECTOR_INDEX_IVF_H
#define RUVECTOR_INDEX_IVF_H

#include "engine/body.h"
#include "lists.h"

namespace rv_index
{

class ivf_body final : public body
{
public:
	ivf_body(const index_options &options, epochs &readers);

	const void *
	row(uint32_t slot) const override
	{
		rows.touch((uint64_t) slot * stride, stride);
		return rows.data() + (size_t) slot * stride;
	}

	std::unique_ptr<searcher> make_searcher() const override;
	void		reserve(uint64_t slots) override { rows.grow(slots * stride); }
	void	   *new_row(uint32_t slot) override { return rows.data() + (size_t) slot * stride; }
	void		link(const uint32_t *slots, size_t n, unsigned threads, const progress &told) override;
	void		unlink_dead(unsigned threads, const progress &told) override;
	void		describe(body_stats &stats) const override;
	void		check(std::vector<std::string> &problems, const progress &told) const override;
	void		list_sections(std::vector<section> &sections) const override;
	void		read(section_source &file) override;

	const size_t stride;
	const ivf_coder coder;

	/* NULL where there are no rows. */
	std::atomic<list_set *> lists{nullptr};

	/* To be called before a block is read: a file's may not have been looked at. */
	void
	touch(const uint8_t *block) const
	{
		if (file_blocks.is_borrowed())
			file_blocks.touch((uint64_t) (block - file_blocks.data()), coder.block_bytes);
	}

	/* Calls found(slot) for each entry of a list as it is, whatever has become of the row. */
	template<typename Found>
	void
	for_each_slot(const ivf_list &list, Found found) const
	{
		const block_table &table = list.table();
		const uint32_t blocks = table.count.load(std::memory_order_acquire);

		for (uint32_t b = 0; b < blocks; b++)
		{
			const uint8_t *block = table.blocks[b].load(std::memory_order_acquire);

			touch(block);

			const uint32_t n = ivf_coder::count(block);

			for (uint32_t i = 0; i < n; i++)
				found(ivf_coder::slots(block)[i]);
		}
	}

private:
	region		rows,
				file_blocks,	/* of an index that was read */
				file_centroids;
	std::unique_ptr<list_set> newest;	/* what `lists` points to */
	std::vector<remains> retired;
	uint64_t	versions = 0,
				trained_rows = 0,
				appended_rows = 0;	/* since */

	/* Makes a set the one that readers take from now on; NULL for none. */
	void		publish(std::unique_ptr<list_set> next);
	void		retire(remains old);
	void		reclaim();
	void		train_anew(const uint32_t *slots, size_t n, unsigned threads, const progress &told);
	void		append(const uint32_t *slots, size_t n, unsigned threads, const progress &told);
	void		split_large(unsigned threads, const progress &told);
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_IVF_H */
