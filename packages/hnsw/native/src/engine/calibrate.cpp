/*
 * calibrate.cpp - recall against effort, measured on rows of the index.
 */
#include "index.h"

#include <algorithm>

namespace rv_index
{

namespace
{

/* Steps between efforts, and where nothing more is to be had. */
constexpr double effort_step = 1.5;
constexpr uint32_t most_effort = 20000;
constexpr float all = 0.9995f;

/* Rows of the index that are alive, spread evenly over its slots. */
std::vector<uint32_t>
sample_of(const body &in, size_t samples)
{
	const uint32_t end = in.count.load(std::memory_order_acquire);
	std::vector<uint32_t> slots,
				taken;

	for (uint32_t slot = 0; slot < end; slot++)
		if (in.alive.has(slot))
			slots.push_back(slot);
	if (slots.size() <= samples)
		return slots;
	for (size_t i = 0; i < samples; i++)
		taken.push_back(slots[i * slots.size() / samples]);
	return taken;
}

}	/* namespace */

void
index::calibrate(size_t samples, size_t k, unsigned threads, const progress &told)
{
	epochs::reader here(readers);
	const body &in = *rows.load();
	const std::vector<uint32_t> queries = sample_of(in, samples);
	const size_t rows_there = in.live.load(std::memory_order_acquire);
	const size_t wanted = std::min(k, rows_there > 0 ? rows_there - 1 : 0);
	std::vector<std::vector<uint32_t>> truth(queries.size());
	std::vector<effort_recall> measured;

	if (wanted == 0)
		throw failure(error_code::uncalibrated, "fewer than two rows: there is no recall to measure");
	parallel_for(0, queries.size(), threads, 1, told, "truth", [&](uint64_t q, unsigned)
	{
		std::vector<scored> found;
		search_counts counts;

		in.scan(in.row(queries[q]), wanted + 1, nullptr, nullptr, found, counts);
		for (const scored &s : found)
			if (s.slot != queries[q] && truth[q].size() < wanted)
				truth[q].push_back(s.slot);
		std::sort(truth[q].begin(), truth[q].end());
	});
	for (double effort = kind == index_kind::ivf ? 1 : (double) k + 1;; effort = effort * effort_step + 1)
	{
		const uint32_t whole = (uint32_t) std::min<double>(effort, most_effort);
		std::atomic<uint64_t> hit{0};

		parallel_for(0, queries.size(), threads, 1, told, "search", [&](uint64_t q, unsigned)
		{
			std::unique_ptr<shelf_state> state = take_state(in);

			state->found.resize(wanted + 1);
			state->found.resize(state->state->find(in.row(queries[q]), wanted + 1, whole, state->found.data()));
			for (const scored &s : state->found)
				hit += std::binary_search(truth[q].begin(), truth[q].end(), s.slot);
			put_state(std::move(state));
		});

		const float recall = (float) ((double) hit.load() / (double) (queries.size() * wanted));

		/* Recall rises with effort but for chance; what is asked for is to be reached, so the lower of two counts. */
		while (!measured.empty() && measured.back().recall >= recall)
			measured.pop_back();
		measured.push_back({whole, recall});
		if (recall >= all || whole == most_effort || whole >= rows_there)
			break;
	}

	std::lock_guard<std::mutex> guard(calibrating);

	calibration = std::move(measured);
}

uint32_t
index::effort_for(float recall) const
{
	std::lock_guard<std::mutex> guard(calibrating);

	if (calibration.empty())
		throw failure(error_code::uncalibrated, "calibrate() has to be called first");
	for (size_t i = 0; i < calibration.size(); i++)
		if (calibration[i].recall >= recall)
		{
			if (i == 0)
				return calibration[0].effort;

			/* Between two measured efforts in proportion. */
			const effort_recall &low = calibration[i - 1],
					   &high = calibration[i];
			const double part = ((double) recall - low.recall) / ((double) high.recall - low.recall);

			return low.effort + (uint32_t) (part * (high.effort - low.effort) + 0.999);
		}
	return calibration.back().effort;
}

}	/* namespace rv_index */
