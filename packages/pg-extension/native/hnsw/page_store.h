/*
 * page_store.h - the store of pages for the templates of packages/hnsw.
 *
 * A hop's unvisited neighbours come to score() together.  They are sorted by block,
 * so that elements on one page share a pin and a lock; descriptors, page headers and
 * tuples are asked for some elements ahead, which the buffer hints make possible: the
 * time of a scan is the time of these cache misses.  Under the content lock of an
 * element's page everything is read that a search may need of it: distance, rows,
 * where its links are and, where they are on the same page, the links themselves, so
 * that expanding it later costs no pin.
 *
 * Slots number records in arrays that grow by doubling.  A scan that cannot resume
 * takes the slot of an element that fell out of the beam for another one; all others
 * keep every record.
 */
#ifndef RUVECTOR_PG_HNSW_PAGE_STORE_H
#define RUVECTOR_PG_HNSW_PAGE_STORE_H

#include "page_host.h"

#include <ruvector/hnsw/beam_search.h>

namespace rv_pg
{

using rv_hnsw::no_slot;
using rv_hnsw::scored;

/* What is kept of an element. */
struct record
{
	HnswKey		key;
	uint32		links_block;	/* the links of `links` are at this index of the link pool, or no_slot */
	BlockNumber neighbors_blkno;
	OffsetNumber neighbors_offno;
	uint8		level;
	uint8		version;
	uint8		row_count;
	uint8		links_layer;
	ItemPointerData row;		/* the first one; all of several are in the row pool */
	uint32		rows_at;		/* in the row pool */
};

/* An array that grows by doubling, in the current context. */
template<typename T>
struct growing
{
	T		   *items;
	uint32		count;
	uint32		capacity;

	void
	init(uint32 room)
	{
		items = (T *) page_host::alloc(room * sizeof(T));
		count = 0;
		capacity = room;
	}

	inline __attribute__((always_inline)) uint32
	add(uint32 n = 1)
	{
		uint32		at = count;

		if (unlikely(capacity - count < n))
			grow(n);
		count += n;
		return at;
	}

	/* Not items[add()]: the address would be taken before the array moves. */
	inline __attribute__((always_inline)) void
	push(const T &item)
	{
		uint32		at = add();

		items[at] = item;
	}

	__attribute__((noinline)) void
	grow(uint32 n)
	{
		Size		wanted = (Size) capacity * 2;

		while (wanted - count < n)
			wanted *= 2;
		if (wanted > rv_hnsw::beam<page_host>::slot_mask)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("hnsw search is too large")));
		items = (T *) repalloc_huge(items, wanted * sizeof(T));
		capacity = (uint32) wanted;
	}
};

/* How far ahead of the element at hand its descriptor and its tuple are asked for. */
constexpr int tuple_ahead = 3;
constexpr int tuple_ahead_bytes = 512;

struct page_store
{
	typedef page_host Host;
	typedef rv_hnsw::beam<page_host> Beam;

	Relation	index;
	scorer		metric;
	const float *query;			/* NULL: every distance is 0 */
	int			dimensions;		/* of the query */
	int			m;
	HnswHints	hints;
	uint64		pins;

	growing<record> records;
	growing<ItemPointerData> row_pool;
	growing<uint32> free_slots;
	ItemPointerData *link_pool;	/* blocks of 2m links */
	growing<uint32> free_links;
	uint32		link_blocks;
	uint32		link_capacity;

	/* Modes. */
	bool		recycles;		/* slots that fell out of the beam are used again */
	bool		keeps_all;		/* elements that the beam does not admit go to `discarded` */
	bool		keeps_vectors;	/* of what the beam admits */
	bool		counts_rowless;	/* elements that are being deleted count towards ef */
	rv_hnsw::scored_heap<page_host> discarded;
	HnswKey		self;			/* the element whose links are looked for, or HNSW_NO_KEY */

	/* Vectors of slots, in chunks that do not move. */
	static constexpr uint32 chunk_vectors = 64;
	growing<float *> chunks;

	void
	init(Relation index_, HnswMetric metric_, const float *query_, int dimensions_, int m_, uint32 expected)
	{
		index = index_;
		metric.init(metric_);
		query = query_;
		dimensions = dimensions_;
		m = m_;
		pins = 0;
		records.init(expected);
		row_pool.init(32);
		free_slots.init(64);
		free_links.init(64);
		link_capacity = expected;
		link_blocks = 0;
		link_pool = (ItemPointerData *) Host::alloc((Size) link_capacity * 2 * m * sizeof(ItemPointerData));
		recycles = keeps_all = keeps_vectors = false;
		counts_rowless = true;
		self = HNSW_NO_KEY;
		memset(&discarded, 0, sizeof(discarded));
		memset(&chunks, 0, sizeof(chunks));
	}

	/* Begin of a call from outside: hints may have moved since the last. */
	void
	enter()
	{
		hints = rv_hnsw_hints(index);
	}

	/* Bytes that grow with the elements seen. */
	Size
	bytes() const
	{
		return records.count * sizeof(record) + row_pool.count * sizeof(ItemPointerData) +
			(Size) link_blocks * 2 * m * sizeof(ItemPointerData) +
			(discarded.entries == NULL ? 0 : discarded.size * sizeof(scored));
	}

	/* Pins a block, by its hint where there is one. */
	inline __attribute__((always_inline)) Buffer
	pin(BlockNumber blkno)
	{
		Buffer	   *hint = &hints.buffers[blkno & hints.mask];

		pins++;
		/* Every eighth pin goes the usual way, which counts as a use of the buffer. */
		if (likely(hints.pins && (pins & 7) != 0 && BufferIsValid(*hint) &&
				   rv_read_recent_buffer(index, blkno, *hint)))
		{
			/* ReadBuffer() counts for pg_statio, ReadRecentBuffer() does not. */
			pgstat_count_buffer_read(index);
			pgstat_count_buffer_hit(index);
			return *hint;
		}
		return *hint = ReadBuffer(index, blkno);
	}

	/*
	 * Asks for a block's descriptor and for the line pointer of an element.  What a
	 * hint says may be wrong; an address that is asked for need not be right.
	 */
	inline __attribute__((always_inline)) void
	ask_for_page(HnswKey key) const
	{
		Buffer		hint = hints.buffers[HNSW_KEY_BLOCK(key) & hints.mask];

		if (hint <= 0)
			return;
		__builtin_prefetch(GetBufferDescriptor(hint - 1), 1, 3);
		__builtin_prefetch(BufferGetPage(hint) + SizeOfPageHeaderData +
						   (HNSW_KEY_OFFSET(key) - 1) * sizeof(ItemIdData), 0, 3);
	}

	/* Asks for the beginning of the element's tuple, through a line pointer that is read without a lock. */
	inline __attribute__((always_inline)) void
	ask_for_tuple(HnswKey key) const
	{
		Buffer		hint = hints.buffers[HNSW_KEY_BLOCK(key) & hints.mask];
		const char *page;
		uint32		item;
		unsigned	offset;

		if (hint <= 0 || HNSW_KEY_OFFSET(key) > BLCKSZ / 16)
			return;
		page = (const char *) BufferGetPage(hint);
		item = __atomic_load_n((const uint32 *) (page + SizeOfPageHeaderData) + HNSW_KEY_OFFSET(key) - 1,
							   __ATOMIC_RELAXED);
		/* lp_off: the low 15 bits (itemid.h), where bit fields are laid out so. */
		offset = item & 0x7FFF;
		if (offset > BLCKSZ - tuple_ahead_bytes)
			return;
		for (unsigned byte = 0; byte < tuple_ahead_bytes; byte += 64)
			__builtin_prefetch(page + offset + byte, 0, 3);
	}

	/* beam_search.h */
	inline __attribute__((always_inline)) void
	ask_ahead(uint32 slot, int layer) const
	{
		(void) slot;
		(void) layer;
	}

	/*
	 * beam_search.h: the links of an element.  A copy that was made at arrival, else
	 * the page's; none when vacuum has taken the element away since.
	 */
	int
	links(uint32 slot, int layer, uint64_t *keys)
	{
		record	   *r = &records.items[slot];
		int			most = HNSW_LAYER_LINKS(m, layer);
		int			count = 0;

		if (likely(r->links_block != no_slot && r->links_layer == layer))
		{
			count = copy_keys(link_pool + (Size) r->links_block * 2 * m, most, keys);
			drop_links(r);
			return count;
		}

		CHECK_FOR_INTERRUPTS();
		count = read_links(r, layer, keys);
		return count < 0 ? 0 : count;
	}

	/* The links of an element as its page has them; -1 when the place was used again. */
	int
	read_links(const record *r, int layer, uint64_t *keys)
	{
		Buffer		buffer = pin(r->neighbors_blkno);
		HnswNeighbors *neighbors;
		int			count = -1;

		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		neighbors = rv_hnsw_neighbors(BufferGetPage(buffer), r->neighbors_offno);
		if (neighbors != NULL && neighbors->version == r->version && neighbors->count == (r->level + 2) * m)
			count = copy_keys(neighbors->links + HNSW_LAYER_START(m, r->level, layer),
							  HNSW_LAYER_LINKS(m, layer), keys);
		UnlockReleaseBuffer(buffer);
		return count;
	}

	static inline __attribute__((always_inline)) int
	copy_keys(const ItemPointerData *links, int most, uint64_t *keys)
	{
		int			count = 0;

		for (; count < most && ItemPointerIsValid(&links[count]); count++)
			keys[count] = HNSW_KEY_OF(&links[count]);
		return count;
	}

	/* beam_search.h: scores n elements; their keys are sorted, and offers them to the beam. */
	void
	score(uint64_t *keys, int n, int layer, Beam &beam)
	{
		CHECK_FOR_INTERRUPTS();
		sort_keys(keys, n);
		for (int i = 0; i < n; i++)
			ask_for_page(keys[i]);
		for (int i = 0; i < n && i < tuple_ahead; i++)
			ask_for_tuple(keys[i]);
		for (int i = 0; i < n;)
		{
			int			end = i + 1;

			while (end < n && HNSW_KEY_BLOCK(keys[end]) == HNSW_KEY_BLOCK(keys[i]))
				end++;
			for (int ahead = i + tuple_ahead; ahead < end + tuple_ahead && ahead < n; ahead++)
				ask_for_tuple(keys[ahead]);
			score_page(keys + i, end - i, layer, beam);
			i = end;
		}
	}

	/* Elements of one page that are at the layer; at layer -1 all are, and their links are not wanted. */
	template<typename AnyBeam>
	inline __attribute__((always_inline)) void
	score_page(const uint64_t *keys, int n, int layer, AnyBeam &beam)
	{
		HnswElement *elements[rv_hnsw::max_links];
		const float *rows[rv_hnsw::max_links];
		float		distances[rv_hnsw::max_links];
		HnswKey		found[rv_hnsw::max_links];
		BlockNumber blkno = HNSW_KEY_BLOCK(keys[0]);
		Buffer		buffer = pin(blkno);
		Page		page;
		int			count = 0;

		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		page = BufferGetPage(buffer);
		if (unlikely(blkno == HNSW_METAPAGE || PageIsNew(page)))
			rv_hnsw_corrupted(index, blkno, "no page of elements where a link leads to one");
		for (int i = 0; i < n; i++)
		{
			Size		length;
			HnswElement *element = rv_hnsw_element(page, HNSW_KEY_OFFSET(keys[i]), &length);

			/* Gone, or replaced by another that is not of this layer. */
			if (unlikely(element == NULL || element->deleted || element->level < layer))
				continue;
			if (query != NULL)
				check_value(element, length, blkno);
			elements[count] = element;
			rows[count] = element->value.x;
			found[count++] = keys[i];
		}
		if (likely(query != NULL))
			metric.gather(query, rows, dimensions, count, distances);
		else
			memset(distances, 0, sizeof(float) * count);
		for (int i = 0; i < count; i++)
		{
			bool		admitted = beam.admits(distances[i]);

			if (!admitted && !keeps_all)
				continue;

			uint32		slot = add_record(found[i], elements[i]);

			if (!admitted)
			{
				discarded.push(distances[i], slot);
				continue;
			}
			record	   *r = &records.items[slot];

			if (layer >= 0 && r->neighbors_blkno == blkno)
				keep_links(r, page, layer);
			if (keeps_vectors)
				memcpy(vector(slot), elements[i]->value.x, sizeof(float) * dimensions);

			float		farthest = beam.size > 0 ? beam.entries[beam.size - 1].distance : 0;
			bool		counts = found[i] != self && (counts_rowless || r->row_count > 0);
			uint32		evicted = beam.push(distances[i], slot, counts);

			if (evicted != no_slot)
				let_go(evicted, farthest);
		}
		UnlockReleaseBuffer(buffer);
	}

	inline __attribute__((always_inline)) void
	check_value(const HnswElement *element, Size length, BlockNumber blkno) const
	{
		if (unlikely(element->value.dim != dimensions))
			rv_error_different_dims(dimensions, element->value.dim);
		if (unlikely(length < offsetof(HnswElement, value) + VECTOR_SIZE(dimensions)))
			rv_hnsw_corrupted(index, blkno, "a value longer than its tuple");
	}

	/* What fell out of the beam: its slot is free again, or it waits for a resumed scan. */
	inline __attribute__((always_inline)) void
	let_go(uint32 slot, float distance)
	{
		if (records.items[slot].links_block != no_slot)
			drop_links(&records.items[slot]);
		if (keeps_all)
			discarded.push(distance, slot);
		else if (recycles)
			free_slots.push(slot);
	}

	uint32
	add_record(HnswKey key, const HnswElement *element)
	{
		uint32		slot = free_slots.count > 0 ? free_slots.items[--free_slots.count] : records.add();
		record	   *r = &records.items[slot];
		int			count = 0;

		while (count < HNSW_ROWS && ItemPointerIsValid(&element->rows[count]))
			count++;
		r->key = key;
		r->links_block = no_slot;
		r->neighbors_blkno = ItemPointerGetBlockNumberNoCheck(&element->neighbors);
		r->neighbors_offno = ItemPointerGetOffsetNumberNoCheck(&element->neighbors);
		r->level = element->level;
		r->version = element->version;
		r->row_count = (uint8) count;
		r->row = element->rows[0];
		r->rows_at = 0;
		if (unlikely(count > 1))
		{
			r->rows_at = row_pool.add((uint32) count);
			memcpy(row_pool.items + r->rows_at, element->rows, (Size) count * sizeof(ItemPointerData));
		}
		return slot;
	}

	/* Copies an element's links of a layer while its page is locked. */
	inline __attribute__((always_inline)) void
	keep_links(record *r, Page page, int layer)
	{
		HnswNeighbors *neighbors = rv_hnsw_neighbors(page, r->neighbors_offno);

		if (unlikely(neighbors == NULL || neighbors->version != r->version ||
					 neighbors->count != (r->level + 2) * m))
			return;
		if (free_links.count > 0)
			r->links_block = free_links.items[--free_links.count];
		else
		{
			if (unlikely(link_blocks == link_capacity))
			{
				link_capacity *= 2;
				link_pool = (ItemPointerData *) repalloc_huge(link_pool, (Size) link_capacity * 2 * m *
															 sizeof(ItemPointerData));
			}
			r->links_block = link_blocks++;
		}
		r->links_layer = (uint8) layer;
		memcpy(link_pool + (Size) r->links_block * 2 * m, neighbors->links + HNSW_LAYER_START(m, r->level, layer),
			   (Size) HNSW_LAYER_LINKS(m, layer) * sizeof(ItemPointerData));
	}

	void
	drop_links(record *r)
	{
		free_links.push(r->links_block);
		r->links_block = no_slot;
	}

	/* The place of a slot's vector. */
	float *
	vector(uint32 slot)
	{
		while (slot / chunk_vectors >= chunks.count)
			chunks.push((float *) Host::alloc(sizeof(float) * chunk_vectors * (Size) dimensions));
		return chunks.items[slot / chunk_vectors] + (Size) (slot % chunk_vectors) * dimensions;
	}

	/*
	 * Empties the beam and the visited set and puts the entry point in.  False when
	 * the index is empty.  Vacuum moves the entry point before it deletes the element;
	 * who read the old one reads again.
	 */
	template<typename Visited>
	bool
	begin(HnswEntry *entry, Beam &beam, Visited &visited, rv_hnsw::search_counts &counts)
	{
		HnswKey		last = HNSW_NO_KEY;

		for (;;)
		{
			uint64_t	key = entry->key;

			beam.reset(1);
			visited.clear();
			if (key == HNSW_NO_KEY)
				return false;
			visited.insert(key);
			score(&key, 1, 0, beam);
			counts.distances++;
			if (beam.size > 0)
				break;
			if (key == last)
				rv_hnsw_corrupted(index, HNSW_KEY_BLOCK(key), "the entry point leads to no element");
			last = key;
			rv_hnsw_read_meta(index, NULL, NULL, entry, NULL);
		}
		/* Replaced by an element of another level meanwhile. */
		if (records.items[beam.slot(0)].level < entry->level)
			entry->level = records.items[beam.slot(0)].level;
		return true;
	}

	/* The beam's elements become the entry points of a layer. */
	template<typename Visited>
	void
	descend(uint32 ef, int layer, Beam &beam, Visited &visited, rv_hnsw::search_counts &counts)
	{
		visited.clear();
		beam.reopen(ef);
		for (uint32 i = 0; i < beam.size; i++)
			visited.insert(records.items[beam.slot(i)].key);
		rv_hnsw::search_layer(*this, beam, visited, layer, counts);
	}

private:
	/* A hop has few. */
	static inline __attribute__((always_inline)) void
	sort_keys(uint64_t *keys, int n)
	{
		for (int i = 1; i < n; i++)
		{
			uint64_t	key = keys[i];
			int			at = i;

			for (; at > 0 && keys[at - 1] > key; at--)
				keys[at] = keys[at - 1];
			keys[at] = key;
		}
	}
};

}	/* namespace rv_pg */

#endif							/* RUVECTOR_PG_HNSW_PAGE_STORE_H */
