/*
 * select_neighbors_test.cpp - the choice of neighbours against Algorithm 4 as the paper
 * has it, and lists under change against the same from scratch.
 */
#include <algorithm>
#include <vector>

#include <ruvector/hnsw/select_neighbors.h>

#include "support/check.h"

namespace
{

using rv_hnsw::max_links;
using rv_hnsw::neighbor_list;
using rv_hnsw::scored;
using rv_test::check;
using rv_test::random_numbers;

/* Distances by table: of points, or of nothing that geometry would allow. */
struct table_store
{
	uint32_t	count;
	std::vector<float> between;
	long		computed = 0;

	explicit table_store(uint32_t count_)
		: count(count_), between(count_ * count_)
	{
	}

	float
	at(uint32_t a, uint32_t b) const
	{
		return between[a * count + b];
	}

	void
	distances(uint32_t slot, const uint32_t *slots, int n, float *out)
	{
		computed += n;
		for (int i = 0; i < n; i++)
			out[i] = at(slot, slots[i]);
	}
};

enum kind
{
	points_of_a_plane,
	points_of_a_grid,			/* many distances are equal */
	points_of_a_line,			/* few are kept */
	equal_points,
	axes,						/* orthogonal: nearly all are kept */
	any_numbers,				/* no metric at all; NaN would have become infinity */
	kinds
};

/* `count` points; the last one is the node whose neighbours are looked for. */
table_store
table_of(int kind, uint32_t count, random_numbers &random)
{
	table_store table(count);
	std::vector<double> x(count),
				y(count);

	for (uint32_t i = 0; i < count; i++)
	{
		x[i] = kind == points_of_a_grid ? random.below(8) : kind == equal_points ? 0 : random.normal();
		y[i] = kind == points_of_a_grid ? random.below(8) : kind == points_of_a_plane ? random.normal() : 0;
	}
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < i; j++)
		{
			double		distance = (x[i] - x[j]) * (x[i] - x[j]) + (y[i] - y[j]) * (y[i] - y[j]);

			if (kind == axes)
				distance = i == count - 1 ? 1 + random.below(4) : 3 + random.below(8);
			else if (kind == any_numbers)
				distance = random.one_in(10) ? INFINITY : (double) random.below(30) - 10;
			table.between[i * count + j] = table.between[j * count + i] = (float) distance;
		}
	return table;
}

/* The node's candidates in ascending order; those of equal distance in any. */
std::vector<scored>
candidates_of(const table_store &table, random_numbers &random)
{
	std::vector<scored> candidates;

	/* Somewhere in memory, also when there is none. */
	candidates.reserve(table.count);
	for (uint32_t slot = 0; slot + 1 < table.count; slot++)
		candidates.insert(candidates.begin() + random.below(slot + 1), scored{table.at(table.count - 1, slot), slot});
	std::stable_sort(candidates.begin(), candidates.end(),
					 [] (const scored &a, const scored &b) { return a.distance < b.distance; });
	return candidates;
}

/* Takes the nearest out of a working queue. */
scored
extract_nearest(std::vector<scored> &queue)
{
	size_t		nearest = 0;

	for (size_t i = 1; i < queue.size(); i++)
		if (queue[i].distance < queue[nearest].distance)
			nearest = i;
	scored		e = queue[nearest];

	queue.erase(queue.begin() + (long) nearest);
	return e;
}

/* Algorithm 4, lines 1 to 17, with keepPrunedConnections and without extendCandidates. */
std::vector<scored>
algorithm_4(const table_store &table, const std::vector<scored> &candidates, size_t m)
{
	std::vector<scored> r,
				w = candidates,
				discarded;

	while (!w.empty() && r.size() < m)
	{
		scored		e = extract_nearest(w);
		bool		closer = true;

		for (const scored &other : r)
			closer = closer && e.distance < table.at(e.slot, other.slot);
		(closer ? r : discarded).push_back(e);
	}
	while (!discarded.empty() && r.size() < m)
		r.push_back(extract_nearest(discarded));
	return r;
}

/* Which entries are kept, from their definition. */
std::vector<bool>
marks_of(const table_store &table, const neighbor_list &list)
{
	std::vector<bool> kept((size_t) list.count);

	for (int i = 0; i < list.count; i++)
	{
		kept[i] = true;
		for (int j = 0; j < i; j++)
			if (kept[j] && table.at(list.entries[i].slot, list.entries[j].slot) <= list.entries[i].distance)
				kept[i] = false;
	}
	return kept;
}

std::vector<uint32_t>
slots_of(const scored *entries, size_t n)
{
	std::vector<uint32_t> slots;

	for (size_t i = 0; i < n; i++)
		slots.push_back(entries[i].slot);
	return slots;
}

std::vector<uint32_t>
sorted(std::vector<uint32_t> slots)
{
	std::sort(slots.begin(), slots.end());
	return slots;
}

/* Numbers of links as m = 2, 3, 16 and 100 have them; lists from empty to what a beam of 200 offers. */
void
selection()
{
	static const int links[] = {1, 2, 3, 4, 6, 16, 32, 100, 200};
	random_numbers random(1);

	for (int trial = 0; trial < rv_test::scaled(1500); trial++)
	{
		int			most = links[trial % 9];
		uint32_t	n = random.below(trial % 20 == 0 ? 250 : 3 * (uint32_t) most > 80 ? 80 : 3 * (uint32_t) most);
		table_store table = table_of(trial / 9 % kinds, n + 1, random);
		std::vector<scored> candidates = candidates_of(table, random);
		std::vector<scored> wanted = algorithm_4(table, candidates, (size_t) most);
		scored		out[max_links + 1];
		int			count;

		/* One behind what there is room for. */
		out[most] = scored{12345, 54321};
		count = rv_hnsw::select_neighbors(table, candidates.data(), (int) n, most, out);
		check(out[most].slot == 54321 && out[most].distance == 12345, "more than %d were written", most);
		if (!check(count == (int) wanted.size(), "%d of %u chosen, %zu expected", count, n, wanted.size()))
			continue;
		std::vector<uint32_t> chosen = slots_of(out, (size_t) count),
					expected = slots_of(wanted.data(), wanted.size());

		/* All of few candidates, in their own order. */
		if ((int) n <= most)
			check(chosen == slots_of(candidates.data(), n) && sorted(chosen) == sorted(expected),
				  "not all of %u candidates for %d links", n, most);
		else
			check(chosen == expected, "another choice of %d among %u", most, n);
		for (int i = 0; i < count; i++)
			check(out[i].distance == table.at(n, out[i].slot), "distance of slot %u", out[i].slot);
	}
}

/* Puts an entry into a list: behind its equals, as insertion does it, or at any place among them. */
int
put(neighbor_list &list, scored entry, bool behind_equals, random_numbers &random)
{
	int			first = 0,
				last = 0,
				at;

	while (first < list.count && list.entries[first].distance < entry.distance)
		first++;
	last = first;
	while (last < list.count && list.entries[last].distance == entry.distance)
		last++;
	at = behind_equals ? last : first + (int) random.below((uint32_t) (last - first + 1));
	for (int i = list.count; i > at; i--)
	{
		list.entries[i] = list.entries[i - 1];
		list.kept[i] = list.kept[i - 1];
	}
	list.entries[at] = entry;
	/* What stands here does not matter. */
	list.kept[at] = random.one_in(2);
	list.count++;
	return at;
}

void
check_marks(const table_store &table, const neighbor_list &list, const char *how)
{
	std::vector<bool> wanted = marks_of(table, list);

	for (int i = 0; i < list.count; i++)
		check(list.kept[i] == wanted[i], "%s: entry %d of %d is %skept", how, i, list.count, list.kept[i] ? "" : "not ");
}

void
take_out(neighbor_list &list, int at)
{
	list.count--;
	for (int i = at; i < list.count; i++)
	{
		list.entries[i] = list.entries[i + 1];
		list.kept[i] = list.kept[i + 1];
	}
}

/* What has to go is what Algorithm 4 would not choose, and the last filler where there is one. */
void
check_pruned(table_store &table, const neighbor_list &list, int pruned)
{
	scored		chosen[max_links + 1];
	int			last_filler = -1;

	for (int i = 0; i < list.count; i++)
		if (!list.kept[i])
			last_filler = i;
	check(pruned == (last_filler >= 0 ? last_filler : list.count - 1), "entry %d of %d has to go, last filler %d",
		  pruned, list.count, last_filler);

	int			count = rv_hnsw::select_neighbors(table, list.entries, list.count, list.count - 1, chosen);
	std::vector<uint32_t> stay = slots_of(chosen, (size_t) count);

	stay.push_back(list.entries[pruned].slot);
	check(sorted(stay) == sorted(slots_of(list.entries, (size_t) list.count)), "Algorithm 4 drops another than %d", pruned);
}

/* A list that is full takes candidate after candidate; its marks stay those from scratch. */
void
lists_under_change()
{
	static const int links[] = {1, 2, 3, 4, 8, 32};
	random_numbers random(2);
	long		again = 0,
				scratch = 0;

	for (int trial = 0; trial < rv_test::scaled(3000); trial++)
	{
		int			most = trial % 400 == 0 ? max_links : links[trial % 6];
		uint32_t	n = (uint32_t) most + 1 + random.below(24);
		table_store table = table_of(trial / 6 % kinds, n + 1, random);
		bool		behind_equals = random.one_in(2);
		neighbor_list list;
		std::vector<uint32_t> arrivals;

		for (uint32_t slot = 0; slot < n; slot++)
			arrivals.insert(arrivals.begin() + random.below(slot + 1), slot);
		list.count = 0;
		for (uint32_t slot : arrivals)
		{
			int			at = put(list, scored{table.at(n, slot), slot}, behind_equals, random);
			neighbor_list marked = list;

			if (list.count <= most)
				continue;
			table.computed = 0;
			rv_hnsw::mark_kept(table, marked);
			scratch += table.computed;
			check_marks(table, marked, "mark_kept()");
			/* The first time that it is too long its marks are not known. */
			if (slot == arrivals[(size_t) most])
				list = marked;
			else
			{
				table.computed = 0;
				rv_hnsw::remark_kept(table, list, at);
				again += table.computed;
				check_marks(table, list, "remark_kept()");
			}
			int			pruned = rv_hnsw::pruned_entry(list);

			check_pruned(table, list, pruned);
			take_out(list, pruned);
			check_marks(table, list, "after pruning");
		}
	}
	rv_test::figure("distances of remark_kept() beside mark_kept()", (double) again / (double) scratch);
}

/* One entry more at a random position of a list of any length, thousands of times. */
void
one_more()
{
	random_numbers random(3);

	for (int trial = 0; trial < rv_test::scaled(20000); trial++)
	{
		uint32_t	n = 1 + random.below(trial % 100 == 0 ? max_links : 14);
		table_store table = table_of(trial % kinds, n + 1, random);
		neighbor_list list;
		uint32_t	added = random.below(n);
		int			at;

		list.count = 0;
		for (const scored &each : candidates_of(table, random))
			if (each.slot != added)
				list.entries[list.count++] = each;
		rv_hnsw::mark_kept(table, list);
		check_marks(table, list, "mark_kept()");
		at = put(list, scored{table.at(n, added), added}, false, random);
		rv_hnsw::remark_kept(table, list, at);
		check_marks(table, list, "remark_kept()");
		check_pruned(table, list, rv_hnsw::pruned_entry(list));
	}
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("selection", selection);
	rv_test::run("one_more", one_more);
	rv_test::run("lists_under_change", lists_under_change);
	return rv_test::status();
}
