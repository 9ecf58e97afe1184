/*
 * linker.h - how rows get links.
 *
 * Rows come in rounds.  A round's rows search the graph as it is, which nobody changes meanwhile, and choose neighbours among
 * all nodes that they expanded (select_neighbors.h; a flat graph needs no upper layers, arXiv 2412.01940); then each chosen
 * node looks at all rows that chose it, and keeps the best.  So a round is three loops without locks, and its result does not
 * depend on the number of threads.
 *
 * A first build takes rounds of as many rows as there are nodes, up to `largest_round`, and then refines: every row searches
 * once more, in the whole graph.  Rows that come to a graph later are few beside it (body.cpp), and those of one call search
 * once more when all are there.
 *
 * A link that stays keeps its place, code and factors.  So what is encoded is what is new, relative to the node that it leads
 * from, and needs the turned vectors of these alone.
 */
#ifndef RUVECTOR_INDEX_QG_LINKER_H
#define RUVECTOR_INDEX_QG_LINKER_H

#include <algorithm>
#include <numeric>
#include <string.h>

#include <ruvector/hnsw/select_neighbors.h>

#include "engine/nearest.h"
#include "worker.h"

namespace rv_index
{

namespace qg_link
{

/* Candidates that neighbours are chosen from, at most. */
constexpr size_t pool = 256;

/* Candidates of a search while a graph grows; a refinement takes efConstruction. */
constexpr uint32_t growing_ef = 64;

class linker
{
public:
	linker(qg_body &graph, unsigned threads, const progress &told)
		: graph(graph), degree(graph.layout.degree), threads(threads), told(told), rows{graph}
	{
		for (unsigned i = 0; i < threads; i++)
			workers.emplace_back(new worker(graph));
	}

	/* The first rows of a graph, `n` of them, by all distances between them. */
	void
	begin(const uint32_t *slots, size_t n)
	{
		take(slots, n);
		parallel_for(0, n, threads, 8, progress(), "build", [&](uint64_t i, unsigned t)
		{
			std::vector<scored> &found = workers[t]->found;
			float		distances[max_gather];

			found.clear();
			for (size_t first = 0; first < n; first += rv_hnsw::max_links)
			{
				const size_t here = std::min<size_t>(rv_hnsw::max_links, n - first);

				rows.distances(slots[i], slots + first, (int) here, distances);
				for (size_t j = 0; j < here; j++)
					if (slots[first + j] != slots[i])
						found.push_back({distances[j], slots[first + j]});
			}
			choose(found, i);
		});
		write(progress(), "build");
	}

	/* A round of rows, new ones or, to refine them, old ones. */
	void
	round(const uint32_t *slots, size_t n, uint32_t ef, const progress &tell, const char *phase)
	{
		take(slots, n);
		parallel_for(0, n, threads, 16, tell, phase, [&](uint64_t i, unsigned t)
		{
			search(*workers[t], slots[i], ef);
			choose(workers[t]->found, i);
		});
		write(tell, phase);
	}

	/* Leads links around nodes that are dying; returns the nodes whose links these were. */
	std::vector<uint32_t>
	lead_around(uint32_t end)
	{
		std::vector<uint8_t> changed(end);
		std::vector<uint32_t> slots_changed;

		parallel_for(0, end, threads, 64, told, "repair", [&](uint64_t slot, unsigned t)
		{
			if (!graph.dying.has((uint32_t) slot))
				changed[slot] = lead_around(*workers[t], (uint32_t) slot);
		});
		for (uint32_t slot = 0; slot < end; slot++)
			if (changed[slot])
				slots_changed.push_back(slot);
		return slots_changed;
	}

	/*
	 * Gives a link to each of these rows that none of its own neighbours has among its links: such a row would hardly be found.
	 * It takes the place of a link to a node that another neighbour links to as well.
	 */
	void
	connect_round()
	{
		for (size_t i = 0; i < n; i++)
		{
			uint32_t	own[rv_hnsw::max_links] = {};
			const uint32_t own_count = graph.copy_links(slots[i], own);
			bool		known = false;

			for (uint32_t j = 0; j < own_count && !known; j++)
				known = has_link(own[j], slots[i]);
			if (!known)
				lead_to(slots[i], nullptr);
		}
	}

	/* Gives a link to each row that no path leads to; a few passes, since such a link may take another row's last one. */
	void
	connect_all(uint32_t end)
	{
		for (int pass = 0; pass < 3; pass++)
		{
			const std::vector<uint64_t> seen = graph.reachable();
			size_t		lost = 0;

			for (uint32_t slot = 0; slot < end; slot++)
			{
				if (graph.dying.has(slot) || graph.link_count(slot)->load(std::memory_order_relaxed) == 0 ||
					(seen[slot / 64] >> slot % 64 & 1) != 0)
					continue;
				lost++;
				lead_to(slot, &seen);
			}
			if (lost == 0)
				return;
		}
	}

	/* Where searches begin: the row nearest to the mean of all, or another that stays. */
	void
	choose_entry(uint32_t end)
	{
		worker	   &w = *workers[0];
		const uint32_t old = graph.entry.load(std::memory_order_relaxed);
		std::vector<float> mean(graph.layout.dimensions);

		if (old == no_slot)
			return;
		/* Of rows spread over all: the mean of a sample is as good a middle. */
		const size_t step = std::max<size_t>(1, end / 4096);
		size_t		taken = 0;

		for (uint32_t slot = 0; slot < end; slot += (uint32_t) step)
		{
			if (graph.dying.has(slot) || graph.link_count(slot)->load(std::memory_order_relaxed) == 0)
				continue;
			graph.metric.to_floats(graph.row(slot), w.turned.data());
			for (size_t i = 0; i < mean.size(); i++)
				mean[i] += w.turned[i];
			taken++;
		}
		if (taken == 0)
			return;
		for (float &x : mean)
			x /= (float) taken;
		nearest_to_floats(w, mean, old);
	}

private:
	qg_body	   &graph;
	const uint32_t degree;
	const unsigned threads;
	const progress &told;
	row_store	rows;
	std::vector<std::unique_ptr<worker>> workers;

	/* The round: its rows, turned, and what they chose. */
	const uint32_t *slots = nullptr;
	size_t		n = 0;
	std::vector<float> turned;
	std::vector<scored> chosen;
	std::vector<uint32_t> chosen_count;

	void
	take(const uint32_t *of, size_t count)
	{
		slots = of;
		n = count;
		turned.resize(n * graph.turn.n);
		chosen.resize(n * degree);
		chosen_count.assign(n, 0);
		parallel_for(0, n, threads, 64, progress(), "build", [&](uint64_t i, unsigned)
		{
			graph.turn.turn_row(graph.row(slots[i]), &turned[i * graph.turn.n]);
		});
	}

	/* All that a search of a row expands, and its own neighbours. */
	void
	search(worker &w, uint32_t slot, uint32_t ef)
	{
		const void *row = graph.row(slot);
		uint32_t	own[rv_hnsw::max_links];
		float		distances[rv_hnsw::max_links];
		int			missing = 0;

		w.found.clear();
		w.visited.clear();
		w.candidates.reset(ef);
		w.query.prepare(graph.turn, graph.metric, row, graph.metric.row_scale(row));
		w.candidates.push(0, graph.entry.load(std::memory_order_relaxed));
		rv_hnsw::search_codes(w.store, w.candidates, w.visited, [&](float distance, uint32_t found)
		{
			if (found != slot && !graph.dying.has(found))
				w.found.push_back({distance, found});
		}, rv_hnsw::no_spill());
		if (w.found.size() > pool)
		{
			std::nth_element(w.found.begin(), w.found.begin() + pool, w.found.end(), is_nearer);
			w.found.resize(pool);
		}

		const uint32_t count = graph.copy_links(slot, own);

		for (uint32_t i = 0; i < count; i++)
			if (!w.visited.contains(own[i]) && !graph.dying.has(own[i]))
				own[missing++] = own[i];
		rows.distances(slot, own, missing, distances);
		for (int i = 0; i < missing; i++)
			w.found.push_back({distances[i], own[i]});
	}

	/* Row i of the round takes neighbours from what was found. */
	void
	choose(std::vector<scored> &found, size_t i)
	{
		row_store	of = rows;

		std::sort(found.begin(), found.end(), is_nearer);
		chosen_count[i] = (uint32_t) rv_hnsw::select_neighbors(of, found.data(), (int) found.size(), (int) degree,
															   &chosen[i * degree]);
	}

	/* Writes what the round's rows chose, then what those that were chosen make of it. */
	void
	write(const progress &tell, const char *phase)
	{
		const uint32_t end = graph.count.load(std::memory_order_relaxed);
		std::vector<uint32_t> first(end + 1),
					by_target;

		tell.step(phase, n, n);
		parallel_for(0, n, threads, 16, progress(), phase, [&](uint64_t i, unsigned t)
		{
			set_links(*workers[t], slots[i], &turned[i * graph.turn.n], &chosen[i * degree], chosen_count[i], nullptr, 0);
		});
		/* Sorted by counting: which rows chose a node. */
		for (size_t i = 0; i < n; i++)
			for (uint32_t j = 0; j < chosen_count[i]; j++)
				first[chosen[i * degree + j].slot + 1]++;
		std::partial_sum(first.begin(), first.end(), first.begin());
		by_target.resize(first[end]);
		std::vector<uint32_t> next(first.begin(), first.end() - 1);

		for (size_t i = 0; i < n; i++)
			for (uint32_t j = 0; j < chosen_count[i]; j++)
				by_target[next[chosen[i * degree + j].slot]++] = (uint32_t) (i * degree + j);
		parallel_for(0, end, threads, 64, progress(), phase, [&](uint64_t target, unsigned t)
		{
			if (first[target] < first[target + 1])
				link_back(*workers[t], (uint32_t) target, &by_target[first[target]], first[target + 1] - first[target]);
		});
		connect_round();
	}

	/* A node that was chosen takes what is best of its links and of the rows that chose it. */
	void
	link_back(worker &w, uint32_t target, const uint32_t *choices, size_t count)
	{
		uint32_t	own[rv_hnsw::max_links];
		float		distances[rv_hnsw::max_links];
		const uint32_t own_count = graph.copy_links(target, own);
		std::vector<scored> &found = w.found;
		std::vector<uint32_t> &fresh = w.fresh;

		found.clear();
		fresh.clear();
		for (size_t c = 0; c < count; c++)
		{
			const uint32_t row = choices[c] / degree;

			if (std::find(own, own + own_count, slots[row]) != own + own_count)
				continue;
			found.push_back({chosen[choices[c]].distance, slots[row]});
			fresh.push_back(row);
		}
		if (found.empty())
			return;
		if (own_count > 0)
		{
			rows.distances(target, own, (int) own_count, distances);
			for (uint32_t i = 0; i < own_count; i++)
				if (!graph.dying.has(own[i]))
					found.push_back({distances[i], own[i]});
		}
		std::sort(found.begin(), found.end(), is_nearer);

		scored		kept[rv_hnsw::max_links];
		row_store	of = rows;
		const int	n_kept = rv_hnsw::select_neighbors(of, found.data(), (int) found.size(), (int) degree, kept);

		graph.turn.turn_row(graph.row(target), w.centre.data());
		set_links(w, target, w.centre.data(), kept, (uint32_t) n_kept, fresh.data(), fresh.size());
	}

	/* The turned vector of a node: the round's, where it is one of `fresh`, rows of the round; else it is turned now. */
	const float *
	turned_of(worker &w, uint32_t slot, const uint32_t *fresh, size_t fresh_count)
	{
		for (size_t i = 0; i < fresh_count; i++)
			if (slots[fresh[i]] == slot)
				return &turned[(size_t) fresh[i] * graph.turn.n];
		graph.turn.turn_row(graph.row(slot), w.turned.data());
		return w.turned.data();
	}

	/* Makes these the links of a node.  Those that it has stay where they are. */
	void
	set_links(worker &w, uint32_t slot, const float *centre, const scored *links, uint32_t count, const uint32_t *fresh,
			  size_t fresh_count)
	{
		std::atomic<uint32_t> *words = graph.links(slot);
		uint32_t	own[rv_hnsw::max_links],
					places[rv_hnsw::max_links];
		const uint32_t own_count = graph.copy_links(slot, own);
		uint32_t	free_places = 0,
					fresh_links[rv_hnsw::max_links],
					n_fresh = 0;
		bool		stays[rv_hnsw::max_links] = {};

		for (uint32_t i = 0; i < count; i++)
		{
			const uint32_t *at = std::find(own, own + own_count, links[i].slot);

			if (at == own + own_count)
				fresh_links[n_fresh++] = links[i].slot;
			else
				stays[at - own] = true;
		}
		for (uint32_t i = 0; i < own_count; i++)
			if (!stays[i])
				places[free_places++] = i;
		for (uint32_t i = own_count; free_places < n_fresh; i++)
			places[free_places++] = i;
		for (uint32_t i = 0; i < n_fresh; i++)
		{
			const float *vector = turned_of(w, fresh_links[i], fresh, fresh_count);

			w.encoder.encode(graph.turn, graph.layout, centre, &vector, places[i], 1, graph.record(slot));
			words[places[i]].store(fresh_links[i], std::memory_order_relaxed);
		}

		uint32_t	size = std::max(own_count, n_fresh > 0 ? places[n_fresh - 1] + 1 : 0);

		/* Fewer than before: the last ones move into the gaps. */
		for (uint32_t i = free_places; i-- > n_fresh;)
		{
			size--;
			if (places[i] != size)
				move_link(slot, size, places[i]);
		}
		graph.link_count(slot)->store(size, std::memory_order_release);
	}

	void
	move_link(uint32_t slot, uint32_t from, uint32_t to)
	{
		const qg_layout &layout = graph.layout;
		uint8_t    *record = graph.record(slot);

		move_code(record + layout.codes_at, layout.block_bytes(), from, to);
		memcpy(record + layout.add_at + to * sizeof(float), record + layout.add_at + from * sizeof(float), sizeof(float));
		memcpy(record + layout.scale_at + to * sizeof(uint16_t), record + layout.scale_at + from * sizeof(uint16_t),
			   sizeof(uint16_t));
		graph.links(slot)[to].store(graph.links(slot)[from].load(std::memory_order_relaxed), std::memory_order_relaxed);
	}

	bool
	has_link(uint32_t from, uint32_t to) const
	{
		uint32_t	links[rv_hnsw::max_links];
		const uint32_t count = graph.copy_links(from, links);

		return std::find(links, links + count, to) != links + count;
	}

	/* A link to this row from the nearest of its neighbours that can spare one; with `seen`, that is reached itself. */
	void
	lead_to(uint32_t slot, const std::vector<uint64_t> *seen)
	{
		worker	   &w = *workers[0];
		std::vector<scored> from;

		if (seen != nullptr)
		{
			/* Its own neighbours may be lost with it: whoever a search meets is not. */
			search(w, slot, growing_ef);
			from = w.found;
		}
		else
		{
			uint32_t	own[rv_hnsw::max_links] = {};
			float		distances[rv_hnsw::max_links];
			const uint32_t count = graph.copy_links(slot, own);

			rows.distances(slot, own, (int) count, distances);
			for (uint32_t i = 0; i < count; i++)
				from.push_back({distances[i], own[i]});
		}
		std::sort(from.begin(), from.end(), is_nearer);
		for (const scored &s : from)
			if ((seen == nullptr || ((*seen)[s.slot / 64] >> s.slot % 64 & 1) != 0) && add_link(w, s.slot, slot))
				return;
	}

	/* Adds a link; in a full record it takes the place of the farthest one that another link's node has as well. */
	bool
	add_link(worker &w, uint32_t from, uint32_t to)
	{
		uint32_t	own[rv_hnsw::max_links] = {};
		float		distances[rv_hnsw::max_links];
		const uint32_t count = graph.copy_links(from, own);
		std::vector<scored> links;
		scored		kept[rv_hnsw::max_links];
		uint32_t	n_kept = 0,
					spared = no_slot;

		rows.distances(from, own, (int) count, distances);
		for (uint32_t i = 0; i < count; i++)
			links.push_back({distances[i], own[i]});
		std::sort(links.begin(), links.end(), is_nearer);
		for (size_t i = links.size(); i-- > 0 && count == degree && spared == no_slot;)
			for (const scored &other : links)
				if (other.slot != links[i].slot && has_link(other.slot, links[i].slot))
				{
					spared = links[i].slot;
					break;
				}
		if (count == degree && spared == no_slot)
			return false;
		for (const scored &s : links)
			if (s.slot != spared)
				kept[n_kept++] = s;
		kept[n_kept++] = {0, to};
		graph.turn.turn_row(graph.row(from), w.centre.data());
		set_links(w, from, w.centre.data(), kept, n_kept, nullptr, 0);
		return true;
	}

	bool
	lead_around(worker &w, uint32_t slot)
	{
		uint32_t	own[rv_hnsw::max_links],
					theirs[rv_hnsw::max_links];
		float		distances[max_gather];
		const uint32_t own_count = graph.copy_links(slot, own);
		std::vector<uint32_t> &around = w.fresh;
		bool		any = false;

		for (uint32_t i = 0; i < own_count; i++)
			any |= graph.dying.has(own[i]);
		if (!any)
			return false;
		around.clear();
		for (uint32_t i = 0; i < own_count; i++)
		{
			if (!graph.dying.has(own[i]))
			{
				around.push_back(own[i]);
				continue;
			}
			/* Links of nodes that are dying do not change here, so threads may read them. */
			const uint32_t n_theirs = graph.copy_links(own[i], theirs);

			for (uint32_t j = 0; j < n_theirs; j++)
				if (theirs[j] != slot && !graph.dying.has(theirs[j]))
					around.push_back(theirs[j]);
		}
		std::sort(around.begin(), around.end());
		around.erase(std::unique(around.begin(), around.end()), around.end());
		w.found.clear();
		for (size_t first = 0; first < around.size(); first += rv_hnsw::max_links)
		{
			const size_t here = std::min<size_t>(rv_hnsw::max_links, around.size() - first);

			rows.distances(slot, &around[first], (int) here, distances);
			for (size_t i = 0; i < here; i++)
				w.found.push_back({distances[i], around[first + i]});
		}
		std::sort(w.found.begin(), w.found.end(), is_nearer);

		scored		kept[rv_hnsw::max_links];
		row_store	of = rows;
		const int	n_kept = rv_hnsw::select_neighbors(of, w.found.data(), (int) w.found.size(), (int) degree, kept);

		graph.turn.turn_row(graph.row(slot), w.centre.data());
		set_links(w, slot, w.centre.data(), kept, (uint32_t) n_kept, nullptr, 0);
		return true;
	}

	/* Makes the entry what a search of the whole graph finds nearest to a point. */
	void
	nearest_to_floats(worker &w, const std::vector<float> &point, uint32_t old)
	{
		std::vector<uint8_t> vector(graph.metric.vector_bytes);
		scored		best = {__builtin_inff(), old};

		graph.metric.from_floats(point.data(), vector.data());
		w.visited.clear();
		w.candidates.reset(growing_ef);
		w.query.prepare(graph.turn, graph.metric, vector.data(), graph.metric.scale_of(vector.data()));
		w.candidates.push(0, old);
		rv_hnsw::search_codes(w.store, w.candidates, w.visited, [&](float distance, uint32_t slot)
		{
			if (!graph.dying.has(slot) && (is_nearer({distance, slot}, best) || graph.dying.has(best.slot)))
				best = {distance, slot};
		}, rv_hnsw::no_spill());
		graph.entry.store(best.slot, std::memory_order_release);
	}
};

}	/* namespace qg_link */

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_QG_LINKER_H */
