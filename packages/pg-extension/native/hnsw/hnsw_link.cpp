/*
 * hnsw_link.cpp - the neighbours of one element in pages: Algorithm 1 for insertions
 * and for repairs.
 *
 * Values that a search admits are copied, so that choosing neighbours needs no page
 * again. The linker keeps every record until it finds links for the next element;
 * deciding which link of a neighbour gives way looks up its neighbours there first,
 * and most are there: neighbours of neighbours are near.
 *
 * The caller holds HNSW_UPDATE_LOCK, so no place is used again meanwhile: a value
 * that was read stays that of its place.
 */
#include "page_store.h"

#include <ruvector/hnsw/select_neighbors.h>

namespace
{

using namespace rv_pg;

typedef rv_hnsw::visited_set<page_host> key_set;

/* From places to slots: open addressing, at most half full. */
struct slot_map
{
	HnswKey    *keys;
	uint32	   *slots;
	uint32		mask;
	int			shift;
	uint32		used;

	void
	init(int bits)
	{
		mask = (UINT32_C(1) << bits) - 1;
		shift = 64 - bits;
		used = 0;
		keys = (HnswKey *) page_host::alloc(((Size) mask + 1) * sizeof(HnswKey));
		slots = (uint32 *) page_host::alloc(((Size) mask + 1) * sizeof(uint32));
		clear();
	}

	void
	clear()
	{
		memset(keys, 0xFF, ((Size) mask + 1) * sizeof(HnswKey));
		used = 0;
	}

	uint32
	find(HnswKey key) const
	{
		for (uint32 at = position(key);; at = (at + 1) & mask)
		{
			if (keys[at] == key)
				return slots[at];
			if (keys[at] == HNSW_NO_KEY)
				return no_slot;
		}
	}

	/* Keeps the first slot of a key. */
	void
	add(HnswKey key, uint32 slot)
	{
		uint32		at = position(key);

		while (keys[at] != HNSW_NO_KEY && keys[at] != key)
			at = (at + 1) & mask;
		if (keys[at] == key)
			return;
		keys[at] = key;
		slots[at] = slot;
		if (++used > mask / 2)
			grow();
	}

private:
	uint32
	position(HnswKey key) const
	{
		return (uint32) ((key * UINT64CONST(0x9E3779B97F4A7C15)) >> shift);
	}

	void
	grow()
	{
		HnswKey    *old_keys = keys;
		uint32	   *old_slots = slots;
		uint32		old_size = mask + 1;

		init(64 - shift + 1);
		for (uint32 i = 0; i < old_size; i++)
			if (old_keys[i] != HNSW_NO_KEY)
				add(old_keys[i], old_slots[i]);
		page_host::free(old_keys);
		page_host::free(old_slots);
	}
};

/* A beam for loading single elements: it admits everything. */
struct every_element
{
	uint32		slot;
	uint32		size;
	scored		entries[1];

	bool		admits(float) const { return true; }

	uint32
	push(float distance, uint32 slot_, bool)
	{
		slot = slot_;
		entries[0] = scored{distance, slot_};
		return no_slot;
	}
};

}	/* namespace */

struct HnswLinker
{
	MemoryContext context;
	page_store	store;
	page_store::Beam beam;
	key_set		visited;
	slot_map	loaded;
	rv_hnsw::search_counts counts;
	int			ef_construction;
	int			m;
	int			level;			/* of the element */
	uint32		mapped;			/* records in `loaded` so far */
	bool		met_rowless;	/* did an element that is being deleted take a place of the beam? */
	uint32		own;			/* slot of the element itself, or no_slot */

	/* Chosen neighbours, as in a neighbour tuple: highest layer first. */
	HnswNeighbor *neighbors;
	int			neighbor_count[64];

	/* select_neighbors.h */
	void
	distances(uint32 slot, const uint32 *slots, int n, float *out)
	{
		const float *rows[rv_hnsw::max_links + 1];

		for (int i = 0; i < n; i++)
			rows[i] = store.vector(slots[i]);
		store.metric.gather(store.vector(slot), rows, store.dimensions, n, out);
	}
};

HnswLinker *
rv_hnsw_linker_create(Relation index, const HnswSupport *support, int m, int efConstruction)
{
	HnswLinker *linker = (HnswLinker *) palloc0(sizeof(HnswLinker));

	linker->context = CurrentMemoryContext;
	linker->ef_construction = efConstruction;
	linker->m = m;
	linker->store.init(index, support->metric, NULL, 0, m, (uint32) efConstruction + 2 * m + 1);
	linker->store.keeps_vectors = true;
	linker->store.chunks.init(16);
	linker->beam.init((uint32) efConstruction + 1);
	linker->visited.init((size_t) efConstruction * 2 * m);
	linker->loaded.init(10);
	linker->neighbors = (HnswNeighbor *) palloc(sizeof(HnswNeighbor) * (HNSW_MAX_LEVEL(m) + 2) * m);
	return linker;
}

static HnswNeighbor *
layer_neighbors(const HnswLinker *linker, int layer)
{
	return linker->neighbors + HNSW_LAYER_START(linker->m, linker->level, layer);
}

/* Chooses the neighbours of a layer from the beam; elements that are being deleted, and the element itself, are none. */
static void
choose(HnswLinker *linker, int layer)
{
	page_store *store = &linker->store;
	HnswNeighbor *out = layer_neighbors(linker, layer);
	scored	   *candidates = (scored *) palloc(sizeof(scored) * (linker->beam.size + 1));
	scored		chosen[rv_hnsw::max_links];
	int			n = 0;

	for (uint32 i = 0; i < linker->beam.size; i++)
	{
		uint32		slot = linker->beam.slot(i);

		if (store->records.items[slot].key == store->self)
			continue;
		if (store->records.items[slot].row_count == 0)
		{
			linker->met_rowless = true;
			continue;
		}
		candidates[n++] = scored{linker->beam.entries[i].distance, slot};
	}
	n = rv_hnsw::select_neighbors(*linker, candidates, n, HNSW_LAYER_LINKS(linker->m, layer), chosen);
	linker->neighbor_count[layer] = n;
	for (int i = 0; i < n; i++)
	{
		record	   *r = &store->records.items[chosen[i].slot];

		out[i].key = r->key;
		out[i].distance = chosen[i].distance;
		out[i].slot = chosen[i].slot;
		out[i].linksBlkno = r->neighbors_blkno;
		out[i].linksOffno = r->neighbors_offno;
		out[i].level = r->level;
		out[i].version = r->version;
	}
	pfree(candidates);
}

/*
 * Finds neighbours for a value at the layers 0 to level.  self: the place of an element
 * that is there already (a repair), else HNSW_NO_KEY.  Elements without rows are walked
 * through in any case; countRowless says whether they count towards ef_construction.
 */
void
rv_hnsw_linker_find(HnswLinker *linker, const Vector *value, int level, const HnswEntry *entry, HnswKey self,
					bool countRowless)
{
	MemoryContext caller = MemoryContextSwitchTo(linker->context);
	page_store *store = &linker->store;
	HnswEntry	from = *entry;
	int			top;

	linker->level = level;
	memset(linker->neighbor_count, 0, sizeof(linker->neighbor_count));
	linker->loaded.clear();
	linker->mapped = 0;
	linker->own = no_slot;
	store->records.count = 0;
	store->row_pool.count = 0;
	store->free_slots.count = 0;
	store->free_links.count = 0;
	store->link_blocks = 0;
	store->query = value->x;
	if (unlikely(store->dimensions != value->dim))
	{
		store->dimensions = value->dim;
		store->chunks.count = 0;
	}
	store->self = self;
	store->counts_rowless = countRowless;
	linker->met_rowless = false;
	store->enter();
	if (store->begin(&from, linker->beam, linker->visited, linker->counts))
	{
		for (int layer = from.level; layer > level; layer--)
			store->descend(1, layer, linker->beam, linker->visited, linker->counts);
		top = Min(level, from.level);
		for (int layer = top; layer >= 0; layer--)
		{
			store->descend((uint32) linker->ef_construction, layer, linker->beam, linker->visited, linker->counts);
			choose(linker, layer);
		}
	}
	MemoryContextSwitchTo(caller);
}

/* Did elements that are being deleted take places of live ones? */
bool
rv_hnsw_linker_met_rowless(const HnswLinker *linker)
{
	return linker->met_rowless;
}

int
rv_hnsw_linker_count(const HnswLinker *linker, int layer)
{
	return linker->neighbor_count[layer];
}

const HnswNeighbor *
rv_hnsw_linker_neighbors(const HnswLinker *linker, int layer)
{
	return layer_neighbors(linker, layer);
}

/*
 * The next element that was found with this very value, to the bit, and that has room for
 * another row; HNSW_NO_KEY when there is none.  *position is 0 at first.
 */
HnswKey
rv_hnsw_linker_equal(HnswLinker *linker, const Vector *value, uint32 *position)
{
	while (*position < linker->beam.size)
	{
		uint32		slot = linker->beam.slot((*position)++);
		const record *r = &linker->store.records.items[slot];

		/* The results of layer 0 are in order of distance, so equal values come first. */
		if (memcmp(linker->store.vector(slot), value->x, sizeof(float) * (Size) value->dim) != 0)
			break;
		if (r->row_count > 0 && r->row_count < HNSW_ROWS)
			return r->key;
	}
	return HNSW_NO_KEY;
}

/* The slot of a place, read now unless this linker has it; no_slot when no live element is there. */
static uint32
load(HnswLinker *linker, HnswKey key)
{
	page_store *store = &linker->store;
	uint32		slot;
	every_element one;

	for (; linker->mapped < store->records.count; linker->mapped++)
		linker->loaded.add(store->records.items[linker->mapped].key, linker->mapped);
	slot = linker->loaded.find(key);
	if (slot != no_slot)
		return slot;
	one.slot = no_slot;
	one.size = 0;
	store->score_page(&key, 1, -1, one);
	return one.slot;
}

static int
replaces(HnswLinker *linker, const HnswNeighbor *neighbor, int layer, const Vector *value)
{
	page_store *store = &linker->store;
	int			most = HNSW_LAYER_LINKS(linker->m, layer);
	record		from;
	uint64_t	keys[rv_hnsw::max_links];
	uint32		at[rv_hnsw::max_links + 1];
	rv_hnsw::neighbor_list list;
	uint32		own;
	int			n;

	/* The links as they are now; those of the search may be old. */
	from.links_block = no_slot;
	from.neighbors_blkno = neighbor->linksBlkno;
	from.neighbors_offno = neighbor->linksOffno;
	from.level = neighbor->level;
	from.version = neighbor->version;
	n = store->read_links(&from, layer, keys);
	if (n < 0)
		return HNSW_LINK_NONE;
	if (n < most)
		return HNSW_LINK_FREE;

	/* The new value becomes a record as well. */
	if (linker->own == no_slot)
	{
		linker->own = store->records.add();
		memset(&store->records.items[linker->own], 0, sizeof(record));
		store->records.items[linker->own].key = HNSW_NO_KEY - 1;
		store->records.items[linker->own].links_block = no_slot;
		memcpy(store->vector(linker->own), value->x, sizeof(float) * (Size) value->dim);
	}
	own = linker->own;

	list.count = 0;
	for (int i = 0; i <= n; i++)
	{
		uint32		slot = i < n ? load(linker, keys[i]) : own;
		float		distance;
		int			to;

		/* A link to an element that is being deleted, or has been, is the one to give up. */
		if (slot == no_slot || (i < n && store->records.items[slot].row_count == 0))
			return i;
		if (i < n)
			linker->distances(neighbor->slot, &slot, 1, &distance);
		else
			distance = neighbor->distance;
		for (to = list.count++; to > 0 && list.entries[to - 1].distance > distance; to--)
		{
			list.entries[to] = list.entries[to - 1];
			at[to] = at[to - 1];
		}
		list.entries[to] = scored{distance, slot};
		at[to] = (uint32) i;
	}
	rv_hnsw::mark_kept(*linker, list);
	n = (int) at[rv_hnsw::pruned_entry(list, rv_hnsw::salt_of(neighbor->key, store->records.count))];
	return n == most ? HNSW_LINK_NONE : n;
}

/*
 * Which link of a neighbour a new element at this value takes: its number at the
 * layer, HNSW_LINK_FREE for the first free one, HNSW_LINK_NONE when the neighbour has
 * better ones.
 */
int
rv_hnsw_linker_replaces(HnswLinker *linker, const HnswNeighbor *neighbor, int layer, const Vector *value)
{
	MemoryContext caller = MemoryContextSwitchTo(linker->context);
	int			result;

	CHECK_FOR_INTERRUPTS();
	linker->store.enter();
	result = replaces(linker, neighbor, layer, value);
	MemoryContextSwitchTo(caller);
	return result;
}

struct HnswKeySet
{
	key_set		keys;
};

HnswKeySet *
rv_hnsw_keys_create(void)
{
	HnswKeySet *set = (HnswKeySet *) palloc(sizeof(HnswKeySet));

	set->keys.init(256);
	return set;
}

void
rv_hnsw_keys_add(HnswKeySet *set, HnswKey key)
{
	MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(set));

	set->keys.insert(key);
	MemoryContextSwitchTo(caller);
}

bool
rv_hnsw_keys_has(const HnswKeySet *set, HnswKey key)
{
	return set->keys.contains(key);
}

uint64
rv_hnsw_keys_count(const HnswKeySet *set)
{
	return set->keys.used;
}
