/*
 * ivf_changes_test.cpp - lists that change: growth, churn, readers beside a writer, stops, files.
 * Run as it is, under ASan and UBSan, and under TSan.
 */
#include <thread>

#include <unistd.h>

#include "support/ivf.h"

namespace
{

using namespace rv_test;

/* An index that is filled by and by is as good as one that is filled at once. */
void
growth()
{
	clusters	data(32, 150, 1.2, 5);
	const size_t n = (size_t) std::max(12000, scaled(12000));
	const std::vector<float> rows = data.rows(n),
				queries = data.rows(150);
	subject		whole(options_of(32)),
				grown(options_of(32));
	size_t		most = 0;

	whole.add(0, rows, 2);
	for (size_t i = 0; i < n;)
	{
		/* One by one, then some. */
		const size_t here = std::min<size_t>(n - i, i < 600 ? 1 : 1 + data.random.below(200));

		grown.add(i, part_of(rows, 32, i, here), 1);
		i += here;
		check(grown.count() >= most || i < 4 * 600, "lists have gone");
		most = grown.count();
	}
	grown.sound("grown");

	const measured a = measure(whole, queries, 8),
				b = measure(grown, queries, 8);

	figure("lists at once", (double) whole.count());
	figure("lists by and by", (double) grown.count());
	figure("recall at once", a.recall);
	figure("recall by and by", b.recall);
	check(b.recall >= a.recall - 0.03, "recall %.4f by and by, %.4f at once", b.recall, a.recall);
	check(a.wrong + b.wrong == 0, "%zu results are wrong", a.wrong + b.wrong);

	/* Rows that all go to one place: its list is split. */
	const size_t before = grown.count();
	clusters	one_place(32, 1, 0.3, 77);

	grown.add(1000000, one_place.rows(3000), 2);
	grown.sound("split");
	check(grown.count() > before, "no list was split: %zu lists", grown.count());

	uint32_t	longest = 0;

	for (const auto &list : grown.body.lists.load()->lists)
		longest = std::max(longest, list->rows);
	check(longest < 1000, "a list has %u rows", longest);
}

/* Rows go and come: none that has gone is found, slots are used again, recall stays. */
void
churn()
{
	for (uint32_t prefilter = 0; prefilter < 2; prefilter++)
	{
		clusters	data(32, 120, 1.2, 6);
		const size_t n = (size_t) std::max(8000, scaled(8000));
		std::vector<float> rows = data.rows(n);
		const std::vector<float> queries = data.rows(600);
		subject		s(options_of(32, prefilter)),
					fresh(options_of(32, prefilter));
		double		before = 0;

		s.add(0, rows, 2);
		before = measure(s, queries, 8).recall;
		for (int round = 0; round < 6; round++)
		{
			for (size_t i = (size_t) round; i < n; i += 10)
			{
				const std::vector<float> other = data.rows(1);

				/* Half are removed and come anew, half are replaced. */
				if (i % 20 < 10)
					s.body.remove(numbered(i, 1)[0]);
				std::copy(other.begin(), other.end(), rows.begin() + (ptrdiff_t) i * 32);
			}

			const measured dead = measure(s, queries, 8);

			check(dead.wrong == 0, "%zu results are wrong while rows are dead", dead.wrong);
			for (size_t i = (size_t) round; i < n; i += 10)
				s.add(i, part_of(rows, 32, i, 1));
			s.body.repair(2, progress());
			s.sound("churned");
		}
		check(s.body.live == n, "%u rows", s.body.live.load());
		/* What was dead at a time was a fifth at most. */
		check(s.body.count <= n + n / 5, "%u slots for %zu rows", s.body.count.load(), n);
		fresh.add(0, rows, 2);

		const measured churned = measure(s, queries, 8),
					anew = measure(fresh, queries, 8);

		figure("recall before", before);
		figure("recall after 60 % have changed", churned.recall);
		figure("recall of a fresh one", anew.recall);
		check(churned.recall >= anew.recall - 0.005, "recall %.4f, fresh %.4f", churned.recall, anew.recall);
		check(churned.wrong + anew.wrong == 0, "results are wrong");
	}
}

/* All rows go: nothing is found, and the index can be filled again. */
void
emptied()
{
	clusters	data(16, 10, 0.5, 7);
	subject		s(options_of(16));
	const std::vector<float> rows = data.rows(500);
	scored		found[k];

	check(s.body.make_searcher()->find(rows.data(), k, 5, found) == 0, "an empty index finds");
	for (int round = 0; round < 3; round++)
	{
		s.add(0, rows);
		for (size_t i = 0; i < 500; i++)
			s.body.remove(numbered(i, 1)[0]);
		check(s.body.make_searcher()->find(rows.data(), k, 5, found) == 0, "a dead row is found");
		/* In one round there are dead rows still when new ones come. */
		if (round != 1)
			s.body.repair(1, progress());
		s.sound("emptied");
	}
	s.add(0, rows);
	check(measure(s, data.rows(20), all_lists).recall >= 0.998, "a row is not found");
	s.body.repair(1, progress());
	s.add(500, rows);
	s.sound("filled again");
	check(s.body.count <= 1500, "%u slots", s.body.count.load());
}

/* Splits, appends, deaths, repairs and training beside readers: what is there all the time is found, once. */
void
concurrent_readers()
{
	clusters	data(16, 30, 0.6, 9);
	subject		s(options_of(16));
	const size_t stable = (size_t) scaled(600);
	const std::vector<float> rows = data.rows(stable),
				queries = data.rows(50);
	std::atomic<bool> ended{false};
	std::atomic<size_t> lost{0},
				doubled{0},
				wrong{0},
				searches{0};
	std::vector<std::thread> threads;
	std::vector<uint32_t> slots;

	s.add(0, rows);
	for (size_t i = 0; i < stable; i++)
		slots.push_back(s.body.keys.find(numbered(i, 1)[0]));

	auto		read = [&](unsigned own)
	{
		random_numbers random(own);
		const std::unique_ptr<searcher> state = s.body.make_searcher();

		while (!ended.load())
		{
			const float *query = &queries[random.below(50) * 16];
			std::vector<scored> found;
			bool		more = true;
			/* One search in two goes on through many epochs. */
			const bool	one_epoch = random.one_in(2);
			std::unique_ptr<epochs::reader> here(one_epoch ? new epochs::reader(s.readers) : nullptr);

			if (one_epoch && random.one_in(2))
			{
				scored		nearest[k];
				const size_t n = state->find(query, k, all_lists, nearest);

				wrong += n != k;
				for (size_t i = 1; i < n; i++)
					doubled += nearest[i].slot == nearest[i - 1].slot;
				searches++;
				continue;
			}
			state->begin(query, 4, nullptr);
			while (more)
			{
				std::unique_ptr<epochs::reader> now(one_epoch ? nullptr : new epochs::reader(s.readers));

				more = state->more(found);
				now.reset();
				if (!one_epoch)
					std::this_thread::yield();
			}

			std::vector<uint32_t> seen;

			for (const scored &f : found)
				seen.push_back(f.slot);
			std::sort(seen.begin(), seen.end());
			doubled += std::adjacent_find(seen.begin(), seen.end()) != seen.end();
			for (uint32_t slot : slots)
				lost += !std::binary_search(seen.begin(), seen.end(), slot);
			searches++;
		}
	};

	for (unsigned i = 0; i < 3; i++)
		threads.emplace_back(read, i + 1);

	size_t		next = 1000000,
				most_lists = 0,
				sets = 0;
	uint64_t	version = 0;

	for (int round = 0; round < scaled(60) || searches.load() < 50; round++)
	{
		const size_t here = 1 + data.random.below(60);

		clusters	place(16, 1, 0.3, 100 + (uint64_t) round % 5);

		s.add(next, place.rows(here));
		if (round % 3 == 2)
			for (size_t i = 0; i < here; i++)
				s.body.remove(numbered(next + i, 1)[0]);
		if (round % 7 == 6)
			s.body.repair(1, progress());
		next += here;
		most_lists = std::max(most_lists, s.count());
		sets += s.body.lists.load()->version != version;
		version = s.body.lists.load()->version;
	}
	ended = true;
	for (std::thread &thread : threads)
		thread.join();
	s.sound("after readers");
	figure("searches", (double) searches.load());
	figure("sets of lists", (double) sets);
	check(sets >= 8, "the set was exchanged %zu times", sets);
	check(lost == 0, "%zu rows were lost", lost.load());
	check(doubled == 0, "%zu rows were doubled", doubled.load());
	check(wrong == 0, "%zu searches found less", wrong.load());
}

/* Ends the work at its n-th question. */
struct stopper
{
	uint64_t	left;
	std::string phase;

	static bool
	tell(void *own, const char *phase, uint64_t, uint64_t)
	{
		stopper    &s = *(stopper *) own;

		if (s.left-- > 0)
			return true;
		s.phase = phase;
		return false;
	}
};

void
stopping()
{
	clusters	data(32, 50, 0.6, 10);
	const std::vector<float> rows = data.rows((size_t) scaled(4000)),
				more = data.rows(400),
				queries = data.rows(50);
	std::vector<std::string> phases;
	bool		finished = false;

	for (uint64_t after = 0; !finished; after = after * 3 / 2 + 1)
	{
		/* Without codes, so that nothing but a lost row can be missing. */
		subject		s(options_of(32, 0));
		stopper		stop = {after, ""};

		try
		{
			s.add(0, rows, 2, progress{stopper::tell, &stop});
			finished = true;
		}
		catch (const failure &error)
		{
			check(error.code == error_code::stopped, "it is %d", (int) error.code);
			check(s.body.live == 0, "%u rows came in", s.body.live.load());
			if (phases.empty() || phases.back() != stop.phase)
				phases.push_back(stop.phase);
		}
		s.sound("stopped");
		s.add(0, rows, 1);
		s.body.repair(1, progress());
		s.sound("after a stop");
		check(measure(s, queries, all_lists).recall == 1, "a row is not found");

		/* A later batch. */
		stop.left = after % 3;
		try
		{
			s.add(10000000, more, 1, progress{stopper::tell, &stop});
		}
		catch (const failure &error)
		{
			check(error.code == error_code::stopped, "it is %d", (int) error.code);
			s.body.repair(1, progress());
		}
		s.sound("a batch stopped");
		check(measure(s, queries, all_lists).wrong == 0, "results are wrong");
	}
	check(std::find(phases.begin(), phases.end(), "train") != phases.end(), "no stop was in training");
	check(phases.size() >= 2, "all stops were in one phase");
}

/* A file has the same index; of a view too, and of one that is changed after it was read. */
void
files()
{
	char		folder[] = "/tmp/ivf-test-XXXXXX";

	if (mkdtemp(folder) == nullptr)
		exit(2);

	const std::string path = std::string(folder) + "/index";

	for (uint32_t prefilter = 0; prefilter < 2; prefilter++)
		for (size_t n : {(size_t) 0, (size_t) 1, (size_t) 3000})
		{
			clusters	data(20, 30, 0.6, 13);
			const index_options options = options_of(20, prefilter, metric_kind::cosine);
			const std::shared_ptr<rv_index::index> made = std::make_shared<rv_index::index>(options);
			const std::vector<float> rows = data.rows(n),
						queries = data.rows(40);

			made->add(numbered(0, n).data(), rows.data(), n, false, 2, true, progress());
			for (size_t i = 0; i < n / 8; i++)
				made->remove(&numbered(i * 3, 1)[0], 1, true, true, progress());
			made->save(path, progress());

			const std::shared_ptr<rv_index::index> loaded = rv_index::index::load(path, false, progress()),
						viewed = rv_index::index::load(path, true, progress());

			for (const std::shared_ptr<rv_index::index> &other : {loaded, viewed})
			{
				check(other->check(progress()).empty(), "a file's index is not sound");
				for (size_t q = 0; q < 40; q++)
				{
					hits		a,
								b;
					search_counts counts;

					made->search(&queries[q * 20], k, 4, nullptr, a, counts);
					other->search(&queries[q * 20], k, 4, nullptr, b, counts);
					check(a.numbers == b.numbers && a.distances == b.distances, "query %zu finds other rows", q);
				}
			}
			loaded->add(numbered(100000, 500).data(), data.rows(500).data(), 500, false, 1, true, progress());
			loaded->repair(1, progress());
			loaded->compact(1, progress());
			loaded->add(numbered(200000, 500).data(), data.rows(500).data(), 500, false, 1, true, progress());
			check(loaded->check(progress()).empty(), "a file's index is not sound after changes");
			loaded->save(path, progress());
			check(rv_index::index::load(path, true, progress())->check(progress()).empty(),
				  "not sound when saved again");
		}
	unlink(path.c_str());
	rmdir(folder);
}

}	/* namespace */

int
main(int argc, char **argv)
{
	begin(argc, argv);
	if (rv_quant_init(getenv("RUVECTOR_SIMD")) == NULL)
		return 2;
	run("growth", growth);
	run("churn", churn);
	run("emptied", emptied);
	run("concurrent_readers", concurrent_readers);
	run("stopping", stopping);
	run("files", files);
	return status();
}
