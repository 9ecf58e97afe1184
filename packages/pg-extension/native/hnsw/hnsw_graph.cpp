/*
 * hnsw_graph.cpp - the graph of a build, and its pages.
 *
 * Rows are appended first, without links; then they are linked, by any number of
 * processes, the highest nodes first and by one; the early ones are linked once more;
 * then pages are written, once, in an order that puts neighbours on one page where
 * that is possible.
 */
#include "page_host.h"

#include <sys/mman.h>

#include <ruvector/hnsw/arena_insert.h>
#include <ruvector/hnsw/page_order.h>

extern "C"
{
#include "access/xloginsert.h"
}

namespace
{

using rv_hnsw::arena;
using rv_hnsw::no_slot;

/* Nodes of this level and above are linked before all others: 1 / m^2 of them. */
constexpr int high_level = 2;

/* One of so many rows, the first ones and the highest, gets its links anew when all others are there (ADR 0008). */
constexpr uint32_t early_share = 5;

/* Worth huge pages; one is 2 MB. */
constexpr Size huge_page = (Size) 2 * 1024 * 1024;
constexpr Size huge_from = 32 * huge_page;

struct graph_host
{
	HnswGraphLocks locks;

	static void *alloc(size_t bytes) { return rv_pg::page_host::alloc(bytes); }
	static void free(void *memory) { pfree(memory); }

	LWLock *
	lock_of(uint32_t slot) const
	{
		return &locks.locks[(slot * UINT32_C(0x9E3779B1) >> 16) & (uint32_t) (locks.count - 1)];
	}

	void
	lock_node(uint32_t slot)
	{
		if (locks.locks != NULL)
			LWLockAcquire(lock_of(slot), LW_EXCLUSIVE);
	}

	void
	unlock_node(uint32_t slot)
	{
		if (locks.locks != NULL)
			LWLockRelease(lock_of(slot));
	}

	void check_interrupts() { CHECK_FOR_INTERRUPTS(); }
};

/* Three instances, so that the kernel's address and sign are constants of each. */
template<HnswMetric Metric>
struct graph_metric
{
	static inline __attribute__((always_inline)) void
	gather(const float *query, const float *const *rows, size_t dimensions, size_t n, float *out)
	{
		if (Metric == HNSW_METRIC_L2)
			rv_simd->l2sq_f32_gather(query, rows, dimensions, n, out);
		else if (Metric == HNSW_METRIC_L1)
			rv_simd->l1_f32_gather(query, rows, dimensions, n, out);
		else
		{
			rv_simd->dot_f32_gather(query, rows, dimensions, n, out);
			for (size_t i = 0; i < n; i++)
				out[i] = -out[i];
		}
	}
};

template<HnswMetric Metric>
using inserter = rv_hnsw::arena_inserter<graph_metric<Metric>, graph_host>;

/* Where a node's tuples stand. */
struct place
{
	HnswKey		element;
	HnswKey		neighbors;
};

/* Bytes of a node's tuples and line pointers. */
struct tuple_sizes
{
	const arena *graph;
	uint32_t	page_bytes;
	uint32_t	element_bytes;
	int			m;

	uint32_t
	bytes(uint32_t slot) const
	{
		return element_bytes + (uint32_t) HNSW_NEIGHBORS_SIZE(graph->node(slot)->level, m) + 2 * sizeof(ItemIdData);
	}
};

}	/* namespace */

struct HnswGraph
{
	arena		nodes;
	void	   *memory;
	graph_host	host;
	HnswMetric	metric;
	union
	{
		inserter<HNSW_METRIC_L2> l2;
		inserter<HNSW_METRIC_INNER_PRODUCT> inner_product;
		inserter<HNSW_METRIC_L1> l1;
	};

	bool
	insert(uint32_t slot)
	{
		switch (metric)
		{
			case HNSW_METRIC_L2:
				return l2.insert(slot);
			case HNSW_METRIC_INNER_PRODUCT:
				return inner_product.insert(slot);
			default:
				return l1.insert(slot);
		}
	}

	void
	refine(uint32_t slot)
	{
		switch (metric)
		{
			case HNSW_METRIC_L2:
				l2.refine(slot);
				break;
			case HNSW_METRIC_INNER_PRODUCT:
				inner_product.refine(slot);
				break;
			default:
				l1.refine(slot);
		}
	}

	/* Is a node one of those that are refined? */
	bool
	is_early(uint32_t slot) const
	{
		return slot < nodes.header->count / early_share || nodes.node(slot)->level >= high_level;
	}
};

/* Memory that `rows` rows need. */
Size
rv_hnsw_graph_bytes(uint64 rows, int dimensions, int m)
{
	return arena::bytes_for(rows, (uint32_t) dimensions, (uint32_t) m);
}

/* What of the memory of a build may go to the graph, so that writing its pages fits, too. */
Size
rv_hnsw_graph_share(Size bytes, int dimensions, int m)
{
	/* A number of `order`, a mark, a score (page_order.h); a place. */
	Size		writing = sizeof(uint32_t) + sizeof(uint8_t) + sizeof(uint16_t) + sizeof(place);
	Size		row = rv_hnsw_graph_bytes(1001, dimensions, m) - rv_hnsw_graph_bytes(1, dimensions, m);

	return (Size) ((double) bytes * row / (row + 1000.0 * writing));
}

/* False when the memory is too small for a single row. */
bool
rv_hnsw_graph_create(void *memory, Size bytes, int dimensions, int m)
{
	if (bytes >= huge_from)
	{
		uintptr_t	begin = ((uintptr_t) memory + huge_page - 1) & ~(huge_page - 1);

		/* Random accesses to a large graph miss the TLB as often as the cache.  Only advice: its failure is none. */
#ifdef MADV_HUGEPAGE
		(void) madvise((void *) begin, bytes - (begin - (uintptr_t) memory) - huge_page, MADV_HUGEPAGE);
#endif
	}
	return arena::create(memory, bytes, (uint32_t) dimensions, (uint32_t) m);
}

HnswGraph *
rv_hnsw_graph_attach(void *memory, const HnswSupport *support, int efConstruction, HnswGraphLocks locks)
{
	HnswGraph  *graph = (HnswGraph *) palloc0(sizeof(HnswGraph));

	graph->memory = memory;
	graph->nodes.attach(memory);
	graph->host.locks = locks;
	graph->metric = support->metric;
	switch (support->metric)
	{
		case HNSW_METRIC_L2:
			graph->l2.init(memory, &graph->host, efConstruction);
			break;
		case HNSW_METRIC_INNER_PRODUCT:
			graph->inner_product.init(memory, &graph->host, efConstruction);
			break;
		case HNSW_METRIC_L1:
			graph->l1.init(memory, &graph->host, efConstruction);
			break;
	}
	return graph;
}

/* The level of a new element. */
int
rv_hnsw_draw_level(int m)
{
	return rv_hnsw::draw_level(1.0 - rv_random_double(), m, HNSW_MAX_LEVEL(m));
}

/* Adds a row; false when the memory is full. */
bool
rv_hnsw_graph_append(HnswGraph *graph, const Vector *value, ItemPointer row)
{
	int			m = (int) graph->nodes.m;
	int			level = rv_hnsw_draw_level(m);
	uint16_t	number[3];
	uint32_t	slot;

	static_assert(sizeof(number) == sizeof(ItemPointerData), "a row's number is its TID");
	memcpy(number, row, sizeof(number));
	slot = graph->nodes.append(level, number);
	if (slot == no_slot)
		return false;
	memcpy(graph->nodes.vector(slot), value->x, sizeof(float) * (Size) value->dim);
	return true;
}

/* Rows appended; right when nobody appends. */
uint32
rv_hnsw_graph_count(const HnswGraph *graph)
{
	return graph->nodes.header->count;
}

/*
 * Links the nodes that stand highest, before all others, which so never move the entry
 * point.
 */
void
rv_hnsw_graph_link_highest(HnswGraph *graph)
{
	uint32		count = rv_hnsw_graph_count(graph);
	int			highest = 0;
	uint32		first = no_slot;

	for (uint32 slot = 0; slot < count; slot++)
		if (first == no_slot || graph->nodes.node(slot)->level > highest)
		{
			highest = graph->nodes.node(slot)->level;
			first = slot;
		}
	if (first == no_slot)
		return;
	graph->insert(first);
	for (int level = highest; level >= high_level; level--)
		for (uint32 slot = 0; slot < count; slot++)
			if (slot != first && graph->nodes.node(slot)->level == level)
			{
				CHECK_FOR_INTERRUPTS();
				graph->insert(slot);
			}
}

/*
 * Links those of the slots from `from` to before `to` that rv_hnsw_graph_link_highest()
 * has not.  Returns how many rows are ready with it: those that will not be refined.
 */
uint32
rv_hnsw_graph_link(HnswGraph *graph, uint32 from, uint32 to)
{
	int			level;
	uint32		entry = graph->nodes.entry(&level);
	uint32		ready = 0;

	for (uint32 slot = from; slot < to; slot++)
	{
		ready += !graph->is_early(slot);
		if (slot == entry || graph->nodes.node(slot)->level >= high_level)
			continue;
		CHECK_FOR_INTERRUPTS();
		graph->insert(slot);
	}
	return ready;
}

/* Refines the early ones of some slots; returns how many. */
uint32
rv_hnsw_graph_refine(HnswGraph *graph, uint32 from, uint32 to)
{
	uint32		ready = 0;

	for (uint32 slot = from; slot < to; slot++)
	{
		if (!graph->is_early(slot))
			continue;
		CHECK_FOR_INTERRUPTS();
		graph->refine(slot);
		ready++;
	}
	return ready;
}

namespace
{

/* Fills pages in order, as PageAddItem will. */
struct page_filler
{
	BlockNumber blkno = HNSW_FIRST_PAGE;
	OffsetNumber items = 0;
	Size		room = HNSW_PAGE_ROOM + sizeof(ItemIdData);

	bool fits(Size bytes) const { return bytes <= room; }

	void
	turn()
	{
		blkno++;
		items = 0;
		room = HNSW_PAGE_ROOM + sizeof(ItemIdData);
	}

	HnswKey
	put(Size bytes)
	{
		room -= bytes + sizeof(ItemIdData);
		return HNSW_KEY(blkno, ++items);
	}
};

place *
place_nodes(const arena &nodes, const uint32_t *order, uint32_t count, int m, BlockNumber *last)
{
	place	   *places = (place *) rv_pg::page_host::alloc(sizeof(place) * ((Size) nodes.header->count + 1));
	Size		element_bytes = HNSW_ELEMENT_SIZE(nodes.dimensions);
	page_filler page;

	for (uint32_t i = 0; i < count; i++)
	{
		Size		neighbors_bytes = HNSW_NEIGHBORS_SIZE(nodes.node(order[i])->level, m);
		Size		both = element_bytes + neighbors_bytes + 2 * sizeof(ItemIdData);

		if (!page.fits(element_bytes + sizeof(ItemIdData)) ||
			(both <= HNSW_PAGE_ROOM + sizeof(ItemIdData) && !page.fits(both)))
			page.turn();
		places[order[i]].element = page.put(element_bytes);
		if (!page.fits(neighbors_bytes + sizeof(ItemIdData)))
			page.turn();
		places[order[i]].neighbors = page.put(neighbors_bytes);
	}
	*last = page.blkno;
	return places;
}

void
fill_element(const arena &nodes, uint32_t slot, const place *places, HnswElement *element)
{
	int			rows = 0;
	int			dimensions = (int) nodes.dimensions;

	element->type = HNSW_ELEMENT;
	element->level = nodes.node(slot)->level;
	element->deleted = 0;
	element->version = 1;
	for (uint32_t row = slot; row != no_slot && rows < HNSW_ROWS; row = nodes.node(row)->duplicate)
		memcpy(&element->rows[rows++], nodes.node(row)->row, sizeof(ItemPointerData));
	for (; rows < HNSW_ROWS; rows++)
		ItemPointerSetInvalid(&element->rows[rows]);
	ItemPointerSet(&element->neighbors, HNSW_KEY_BLOCK(places[slot].neighbors),
				   HNSW_KEY_OFFSET(places[slot].neighbors));
	element->unused = 0;
	SET_VARSIZE(&element->value, VECTOR_SIZE(dimensions));
	element->value.dim = (int16) dimensions;
	element->value.unused = 0;
	memcpy(element->value.x, nodes.vector(slot), sizeof(float) * (Size) dimensions);
}

void
fill_neighbors(const arena &nodes, uint32_t slot, const place *places, int m, HnswNeighbors *tuple)
{
	int			level = nodes.node(slot)->level;
	int			at = 0;

	tuple->type = HNSW_NEIGHBORS;
	tuple->version = 1;
	tuple->count = (uint16) ((level + 2) * m);
	for (int layer = level; layer >= 0; layer--)
	{
		const uint32_t *numbers = nodes.numbers(slot, layer);
		int			links = nodes.list(slot, layer)->count;

		for (int i = 0; i < HNSW_LAYER_LINKS(m, layer); i++, at++)
		{
			if (i < links)
			{
				HnswKey		key = places[numbers[i] & ~rv_hnsw::link_kept].element;

				ItemPointerSet(&tuple->links[at], HNSW_KEY_BLOCK(key), HNSW_KEY_OFFSET(key));
			}
			else
				ItemPointerSetInvalid(&tuple->links[at]);
		}
	}
}

void
add_tuple(Relation index, Page page, const void *tuple, Size bytes, HnswKey expected)
{
	if (PageAddItem(page, (Item) tuple, bytes, InvalidOffsetNumber, false, false) != HNSW_KEY_OFFSET(expected))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("failed to add index item to \"%s\"", RelationGetRelationName(index))));
}

void
write_meta(HnswGraph *graph, Relation index, ForkNumber fork, int ef_construction, const place *places,
		   BlockNumber last)
{
	Buffer		buffer = rv_hnsw_new_buffer(index, fork);
	Page		page = BufferGetPage(buffer);
	int			level;
	uint32_t	entry = graph->nodes.entry(&level);

	rv_hnsw_init_page(page, BufferGetPageSize(buffer));
	rv_hnsw_init_meta(page, (int) graph->nodes.dimensions, (int) graph->nodes.m, ef_construction);
	if (entry != no_slot)
	{
		HnswPageMeta(page)->entryBlkno = HNSW_KEY_BLOCK(places[entry].element);
		HnswPageMeta(page)->entryOffno = HNSW_KEY_OFFSET(places[entry].element);
		HnswPageMeta(page)->entryLevel = (int16) level;
	}
	HnswPageMeta(page)->insertPage = last;
	MarkBufferDirty(buffer);
	UnlockReleaseBuffer(buffer);
}

}	/* namespace */

/*
 * Writes the metapage and the graph to an empty fork.  All places are known before the
 * first page is written, so each is written once.
 */
void
rv_hnsw_graph_write(HnswGraph *graph, Relation index, ForkNumber fork, int efConstruction)
{
	const arena &nodes = graph->nodes;
	int			m = (int) nodes.m;
	Size		element_bytes = HNSW_ELEMENT_SIZE(nodes.dimensions);
	rv_hnsw::page_order<graph_host, tuple_sizes> *ordering =
		(rv_hnsw::page_order<graph_host, tuple_sizes> *) palloc(sizeof(*ordering));
	tuple_sizes sizes = {&nodes, (uint32_t) (HNSW_PAGE_ROOM + sizeof(ItemIdData)), (uint32_t) element_bytes, m};
	HnswElement *element = (HnswElement *) palloc0(BLCKSZ);
	HnswNeighbors *neighbors = (HnswNeighbors *) palloc0(BLCKSZ);
	uint32_t	count = ordering->run(graph->memory, &graph->host, sizes);
	BlockNumber last;
	place	   *places = place_nodes(nodes, ordering->order, count, m, &last);
	uint32_t	next = 0;
	bool		neighbors_next = false;

	write_meta(graph, index, fork, efConstruction, places, last);
	for (BlockNumber blkno = HNSW_FIRST_PAGE; blkno <= last; blkno++)
	{
		Buffer		buffer;
		Page		page;

		CHECK_FOR_INTERRUPTS();
		buffer = rv_hnsw_new_buffer(index, fork);
		page = BufferGetPage(buffer);
		if (BufferGetBlockNumber(buffer) != blkno)
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("index \"%s\" is not empty", RelationGetRelationName(index))));
		rv_hnsw_init_page(page, BufferGetPageSize(buffer));
		/* Element and neighbours take turns; either may be the first of a page. */
		while (next < count)
		{
			uint32_t	slot = ordering->order[next];

			if (!neighbors_next)
			{
				if (HNSW_KEY_BLOCK(places[slot].element) != blkno)
					break;
				fill_element(nodes, slot, places, element);
				add_tuple(index, page, element, element_bytes, places[slot].element);
				neighbors_next = true;
			}
			if (HNSW_KEY_BLOCK(places[slot].neighbors) != blkno)
				break;
			fill_neighbors(nodes, slot, places, m, neighbors);
			add_tuple(index, page, neighbors, HNSW_NEIGHBORS_SIZE(nodes.node(slot)->level, m), places[slot].neighbors);
			neighbors_next = false;
			next++;
		}
		if (blkno < last)
			HnswPageOpaque(page)->nextblkno = blkno + 1;
		MarkBufferDirty(buffer);
		UnlockReleaseBuffer(buffer);
	}
	pfree(places);
	pfree(ordering->order);
	pfree(ordering);
	pfree(element);
	pfree(neighbors);
}
