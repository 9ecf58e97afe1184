/*
 * ivf_test.cpp - searches of lists: recall by probes, every type and metric, one list, rows without codes, iteration.
 * Run as it is, and under ASan and UBSan.
 */
#include "support/ivf.h"

namespace
{

using namespace rv_test;

void
recall_by_probes()
{
	const size_t n = (size_t) std::max(20000, scaled(20000));
	const struct
	{
		uint32_t	probes;
		double		least;
	}			asked[] = {{1, 0.88}, {4, 0.965}, {16, 0.987}, {64, 0.997}};

	for (uint32_t prefilter = 0; prefilter < 2; prefilter++)
	{
		clusters	data(96, 300, 1.1, 1);
		subject		s(options_of(96, prefilter));
		const std::vector<float> rows = data.rows(n),
					queries = data.rows(200);

		s.add(0, rows, 2);
		s.sound("built");
		figure(prefilter ? "lists, with codes" : "lists, without codes", (double) s.count());
		check(s.count() > 200, "there are %zu lists", s.count());
		for (const auto &a : asked)
		{
			const measured m = measure(s, queries, a.probes);

			figure(("recall of " + std::to_string(a.probes) + " probes").c_str(), m.recall);
			figure("  exact distances", m.distances);
			figure("  estimates", m.estimates);
			check(m.recall >= a.least, "recall %.4f of %u probes", m.recall, a.probes);
			check(m.wrong == 0, "%zu results are wrong", m.wrong);
			check(!prefilter || a.probes < 16 || m.distances < 0.5 * m.estimates, "%.0f exact distances of %.0f rows",
				  m.distances, m.estimates);
		}

		const measured whole = measure(s, queries, all_lists);

		check(whole.wrong == 0, "%zu results are wrong", whole.wrong);
		check(prefilter ? whole.recall >= 0.9995 : whole.recall == 1, "recall %.4f of all lists", whole.recall);
		figure("recall of all lists", whole.recall);
		figure("  exact distances", whole.distances);
	}
}

void
types_and_metrics()
{
	for (metric_kind metric : {metric_kind::l2, metric_kind::ip, metric_kind::cosine})
		for (vector_type type : {vector_type::float32, vector_type::float16, vector_type::int8})
			for (uint32_t prefilter = 0; prefilter < 2; prefilter++)
			{
				clusters	data(40, 60, 0.6, 2);
				subject		s(options_of(40, prefilter, metric, type));
				const std::vector<float> queries = data.rows(60);

				s.add(0, data.rows((size_t) scaled(3000)), 1);
				s.sound("built");

				const measured few = measure(s, queries, 12),
							whole = measure(s, queries, all_lists);

				check(few.recall >= 0.9, "metric %d, type %d, prefilter %u: recall %.4f", (int) metric, (int) type,
					  prefilter, few.recall);
				check(prefilter ? whole.recall >= 0.998 : whole.recall == 1,
					  "metric %d, type %d: recall %.4f of all lists", (int) metric, (int) type, whole.recall);
				check(few.wrong + whole.wrong == 0, "%zu results are wrong", few.wrong + whole.wrong);
			}
}

/* One list: every row is estimated, and nothing is missed. */
void
one_list()
{
	for (metric_kind metric : {metric_kind::l2, metric_kind::ip, metric_kind::cosine})
		for (uint32_t dimensions : {1u, 7u, 100u, 384u})
		{
			clusters	data(dimensions, 50, 0.8, 3);
			index_options options = options_of(dimensions, 1, metric);
			options.lists = 1;

			subject		s(options);

			s.add(0, data.rows((size_t) scaled(5000)), 2);
			s.add(5000000, data.rows(77), 2);
			check(s.count() == 1, "there are %zu lists", s.count());
			s.sound("one list");

			const measured m = measure(s, data.rows(100), 1);

			check(m.recall == 1, "metric %d, %u dimensions: recall %.4f", (int) metric, dimensions, m.recall);
			check(m.wrong == 0, "%zu results are wrong", m.wrong);
			if (dimensions >= 100)
			{
				figure(("metric " + std::to_string((int) metric) + ", " + std::to_string(dimensions) +
						" dimensions: exact of all").c_str(), m.distances / m.estimates);
				check(m.distances < 0.6 * m.estimates, "%.0f of %.0f", m.distances, m.estimates);
			}
		}
}

/* The same index whatever the number of threads. */
void
threads_agree()
{
	clusters	data(48, 100, 0.7, 4);
	const std::vector<float> rows = data.rows((size_t) scaled(9000)),
				later = data.rows(1500),
				last = data.rows(1500),
				queries = data.rows(100);
	std::vector<std::unique_ptr<subject>> both;

	for (unsigned threads : {1u, 4u})
	{
		both.emplace_back(new subject(options_of(48)));
		both.back()->add(0, rows, threads);
		both.back()->add(rows.size(), later, threads);
		for (size_t i = 0; i < 300; i++)
			both.back()->body.remove(numbered(i * 7, 1)[0]);
		both.back()->body.repair(threads, progress());
		both.back()->add(rows.size() * 2, last, threads);
	}
	check(both[0]->count() == both[1]->count(), "%zu lists, and %zu", both[0]->count(), both[1]->count());
	for (size_t q = 0; q < 100; q++)
	{
		scored		found[2][k];
		size_t		n[2];

		for (int i = 0; i < 2; i++)
			n[i] = both[i]->body.make_searcher()->find(&queries[q * 48], k, 3, found[i]);
		check(n[0] == n[1] && memcmp(found[0], found[1], n[0] * sizeof(scored)) == 0, "query %zu finds other rows", q);
	}
}

/* Rows that have no codes, no direction between them, or nothing to tell them apart. */
void
degenerate()
{
	for (metric_kind metric : {metric_kind::l2, metric_kind::ip, metric_kind::cosine})
	{
		random_numbers random(11);
		std::vector<float> rows;
		subject		s(options_of(12, 1, metric));

		for (size_t i = 0; i < 1200; i++)
			for (size_t d = 0; d < 12; d++)
				switch (i % 6)
				{
					case 0:		/* longer than codes can tell */
						rows.push_back((float) random.normal() * 0x1p61f);
						break;
					case 1:
						rows.push_back((float) random.normal() * 0x1p-100f);
						break;
					case 2:
						rows.push_back(metric == metric_kind::cosine && d == 0 ? 1 : 0);
						break;
					case 3:
						rows.push_back(1);
						break;
					default:
						rows.push_back((float) random.normal());
				}
		s.add(0, rows, 2);
		s.sound("degenerate");
		for (uint32_t probes : {1u, all_lists})
		{
			const measured m = measure(s, rows, probes);

			check(m.wrong == 0, "metric %d: %zu results are wrong", (int) metric, m.wrong);
			check(probes == 1 || m.recall >= 0.999, "metric %d: recall %.4f of all lists", (int) metric, m.recall);
		}
	}

	/* Equal rows cannot be split. */
	subject		equal(options_of(8));

	for (size_t i = 0; i < 40; i++)
		equal.add(i * 100, std::vector<float>(8 * 100, 0.5f));
	equal.sound("equal rows");
	check(measure(equal, std::vector<float>(8, 0.5f), 1).wrong == 0, "equal rows are not found");

	/* More lists asked for than there are rows. */
	index_options options = options_of(8);
	clusters	data(8, 10, 0.5, 12);
	options.lists = 1 << 24;

	subject		many(options);

	many.add(0, data.rows(1));
	many.add(1, data.rows(30));
	many.add(100, data.rows(900));
	many.sound("many lists");
	check(measure(many, data.rows(20), all_lists).recall >= 0.998, "a row is not found");

	/* All too long: one list has them. */
	subject		huge(options_of(4));

	huge.add(0, std::vector<float>(4 * 300, 0x1p100f));
	huge.sound("huge");
	check(measure(huge, std::vector<float>(4, 1.0f), 1).wrong == 0, "huge rows are not found");

	index_options bits = options_of(8, 1, metric_kind::hamming, vector_type::binary);
	bool		refused = false;

	try
	{
		subject		of_bits(bits);
	}
	catch (const failure &error)
	{
		refused = error.code == error_code::unsupported;
	}
	check(refused, "binary vectors are taken");
}

/* A search that goes on gives every row that passes once. */
void
iterating()
{
	clusters	data(24, 40, 0.6, 8);
	subject		s(options_of(24));
	const size_t n = 3000;
	const std::vector<float> rows = data.rows(n),
				queries = data.rows(10);

	s.add(0, rows);
	for (size_t i = 0; i < n; i += 9)
		s.body.remove(numbered(i, 1)[0]);
	for (int with_filter = 0; with_filter < 2; with_filter++)
		for (size_t q = 0; q < 10; q++)
		{
			const std::unique_ptr<searcher> state = s.body.make_searcher();
			slot_filter filter;
			std::vector<uint8_t> seen(s.body.count);
			std::vector<scored> found;
			size_t		calls = 0,
						first = 0,
						wanted = 0;

			for (uint32_t slot = 0; slot < s.body.count; slot++)
				if (slot % 3 == 1)
					filter.add(slot);
			state->begin(&queries[q * 24], 3, with_filter ? &filter : nullptr);
			while (state->more(found))
			{
				calls++;
				for (size_t i = first; i < found.size(); i++)
				{
					check(seen[found[i].slot]++ == 0, "slot %u twice", found[i].slot);
					check(s.body.alive.has(found[i].slot), "slot %u is dead", found[i].slot);
					check(!with_filter || filter.has(found[i].slot), "slot %u does not pass", found[i].slot);
					check(i == first || found[i - 1].distance <= found[i].distance, "a batch is not sorted");
				}
				first = found.size();
			}
			for (uint32_t slot = 0; slot < s.body.count; slot++)
				wanted += s.body.alive.has(slot) && (!with_filter || filter.has(slot));
			check(found.size() == wanted, "%zu rows of %zu", found.size(), wanted);
			check(calls == (s.count() + 2) / 3, "%zu calls for %zu lists", calls, s.count());
			check(!state->more(found), "more after the end");
		}
}

}	/* namespace */

int
main(int argc, char **argv)
{
	begin(argc, argv);
	if (rv_quant_init(getenv("RUVECTOR_SIMD")) == NULL)
		return 2;
	run("recall_by_probes", recall_by_probes);
	run("types_and_metrics", types_and_metrics);
	run("one_list", one_list);
	run("threads_agree", threads_agree);
	run("degenerate", degenerate);
	run("iterating", iterating);
	return status();
}
