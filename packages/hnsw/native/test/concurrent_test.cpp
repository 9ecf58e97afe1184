/*
 * concurrent_test.cpp - threads in one arena: appending, linking, refining, and searching beside them.
 * Run as it is and under TSan.
 */
#include <pthread.h>
#include <vector>

#include "support/graphs.h"

namespace
{

using namespace rv_test;

constexpr int threads = 4;
constexpr uint32_t stripes = 64;

/* Locks that nodes share, as in PostgreSQL's build. */
struct striped_host : malloc_host
{
	pthread_mutex_t locks[stripes];

	striped_host()
	{
		for (pthread_mutex_t &lock : locks)
			pthread_mutex_init(&lock, NULL);
	}

	~striped_host()
	{
		for (pthread_mutex_t &lock : locks)
			pthread_mutex_destroy(&lock);
	}

	pthread_mutex_t *
	lock_of(uint32_t slot)
	{
		return &locks[(slot * UINT32_C(0x9E3779B1) >> 16) % stripes];
	}

	void lock_node(uint32_t slot) { pthread_mutex_lock(lock_of(slot)); }
	void unlock_node(uint32_t slot) { pthread_mutex_unlock(lock_of(slot)); }
};

template<typename Work>
void *
call(void *work)
{
	(*(Work *) work) ();
	return NULL;
}

/* work() in so many threads at once. */
template<typename Work>
void
in_threads(int count, Work work)
{
	std::vector<pthread_t> started((size_t) count);

	for (pthread_t &thread : started)
		if (pthread_create(&thread, NULL, call<Work>, &work) != 0)
			exit(2);
	for (pthread_t thread : started)
		pthread_join(thread, NULL);
}

/* Every slot is given once, also when more is asked for than there is; levels are those that were asked for. */
void
appending()
{
	constexpr uint32_t capacity = 4000;

	for (uint32_t wanted : {capacity, capacity * 2})
	{
		filled_arena filled(capacity, 4, 8);
		std::vector<int> levels(capacity, -1),
					owners(capacity, 0);
		uint32_t	refused = 0;
		int			next_thread = 0;

		in_threads(threads, [&]
		{
			int			thread = __atomic_add_fetch(&next_thread, 1, __ATOMIC_RELAXED);
			random_numbers random((uint64_t) thread);

			for (uint32_t n = 0; n < wanted / threads; n++)
			{
				int			level = rv_hnsw::draw_level(1 - random.uniform(), 8, max_level);
				uint16_t	row[3] = {(uint16_t) n, 0, (uint16_t) thread};
				uint32_t	slot = filled.graph.append(level, row);

				if (slot == no_slot)
				{
					__atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
					continue;
				}
				/* Nobody else has it: TSan would see two writers. */
				levels[slot] = level;
				owners[slot] += thread;
				for (int i = 0; i < 4; i++)
					filled.graph.vector(slot)[i] = (float) thread;
			}
		});
		/* A high node may have been refused for want of room for its links. */
		check(filled.graph.header->count + refused == wanted && filled.graph.header->count <= capacity,
			  "%u rows in, %u refused, %u wanted", filled.graph.header->count, refused, wanted);
		check(wanted > capacity || refused == 0, "%u of %u rows refused", refused, wanted);
		for (uint32_t slot = 0; slot < filled.graph.header->count; slot++)
		{
			const rv_hnsw::arena_node *node = filled.graph.node(slot);

			check(node->level == levels[slot] && node->row[2] == owners[slot] &&
				  filled.graph.vector(slot)[3] == (float) owners[slot], "slot %u", slot);
			for (int layer = 0; layer <= node->level; layer++)
				check(filled.graph.numbers(slot, layer)[0] == no_slot && filled.graph.list(slot, layer)->count == 0,
					  "slot %u, layer %d", slot, layer);
		}
	}
}

/* Searches while others write, until nothing is left to do: finds rows, each once, in order. Returns how many are not. */
uint32_t
search_beside(const filled_arena &filled, const rows &queries, const uint32_t *left)
{
	searcher	search(filled.memory);
	std::vector<uint32_t> seen(filled.graph.header->count);
	uint32_t	searches = 0,
				wrong = 0;

	do
	{
		const float *query = queries.row(searches++ % queries.count());

		/* Nodes, not rows: chains belong to those who hold their locks. */
		search.search(query, 40);
		wrong += search.results.size == 0;
		for (uint32_t i = 0; i < search.results.size; i++)
		{
			uint32_t	slot = search.results.slot(i);
			float		distance = search.results.entries[i].distance;

			if (slot >= seen.size() || seen[slot] == searches ||
				(i > 0 && distance < search.results.entries[i - 1].distance) ||
				distance != distance_of(query, filled.graph.vector(slot), filled.graph.dimensions))
				wrong++;
			else
				seen[slot] = searches;
		}
	} while (__atomic_load_n(left, __ATOMIC_RELAXED) > 0);
	return wrong;
}

/* step(inserter, from, to) for all slots up to `count`, a few at a time, by threads; and searches beside them. */
template<typename Step>
void
in_shares(const filled_arena &filled, striped_host &host, int ef_construction, const rows &queries, uint32_t count,
		  Step step)
{
	uint32_t	next = 0,
				left = count,
				wrong = 0;
	int			next_thread = 0;

	in_threads(threads + 1, [&]
	{
		if (__atomic_add_fetch(&next_thread, 1, __ATOMIC_RELAXED) == 1)
		{
			wrong = search_beside(filled, queries, &left);
			return;
		}

		rv_hnsw::arena_inserter<metric, striped_host> inserter;
		uint32_t	from;

		inserter.init(filled.memory, &host, ef_construction);
		while ((from = __atomic_fetch_add(&next, 8, __ATOMIC_RELAXED)) < count)
		{
			uint32_t	to = from + 8 < count ? from + 8 : count;

			step(inserter, from, to);
			__atomic_sub_fetch(&left, to - from, __ATOMIC_RELAXED);
		}
		inserter.destroy();
	});
	check(wrong == 0, "%u wrong results of searches", wrong);
}

/* As PostgreSQL's build goes by several processes: the highest nodes, the others, the early ones once more. */
reached
build(const filled_arena &filled, int ef_construction, const rows &queries)
{
	typedef rv_hnsw::arena_inserter<metric, striped_host> inserter_type;

	striped_host host;
	inserter_type first;
	uint32_t	count = filled.graph.header->count;

	first.init(filled.memory, &host, ef_construction);
	link_highest(filled.graph, [&] (uint32_t slot) { first.insert(slot); });
	first.destroy();
	in_shares(filled, host, ef_construction, queries, count, [&] (inserter_type &inserter, uint32_t from, uint32_t to)
	{
		link_others(filled.graph, from, to, [&] (uint32_t slot) { inserter.insert(slot); });
	});
	check_graph(filled.graph);
	in_shares(filled, host, ef_construction, queries, count / 3,
			  [] (inserter_type &inserter, uint32_t from, uint32_t to)
	{
		for (uint32_t slot = from; slot < to; slot++)
			inserter.refine(slot);
	});
	return check_graph(filled.graph);
}

void
linking()
{
	random_numbers random(1);
	rows		all = random_rows((uint32_t) scaled(4000), 16, random),
				queries = random_rows(100, 16, random);
	filled_arena filled(all.count(), 16, 16);
	reached		connected;
	double		found;

	filled.append(all, random);
	connected = build(filled, 64, queries);
	found = recall(filled.memory, all, queries, 100, 10);
	figure("recall@10 at ef 100", found);
	check(found >= 0.98, "recall %.4f", found);
	check(connected.ground >= 0.999 && connected.above >= 0.95, "%.5f of the nodes are reached, %.5f above layer 0",
		  connected.ground, connected.above);
}

/* Where threads meet all the time: few rows at once in the same lists, which are short, and equal rows. */
void
meeting()
{
	random_numbers random(2);

	for (uint32_t m : {2u, 3u, 8u, 100u})
		for (int build_number = 0; build_number < scaled(10); build_number++)
		{
			rows		all = random_rows(250, 2, random),
						queries = random_rows(10, 2, random);
			filled_arena filled(500, 2, m);

			for (uint32_t n = 0; n < 50; n++)
				memcpy(all.row(200 + n), all.row(n % 3), 2 * sizeof(float));
			/* Half of them at two levels. */
			for (uint32_t n = 0; n < all.count(); n++)
				filled.append(all.row(n), n == 0 ? high_level : (int) random.below(2));
			build(filled, 40, queries);
		}
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("appending", appending);
	rv_test::run("linking", linking);
	rv_test::run("meeting", meeting);
	return rv_test::status();
}
