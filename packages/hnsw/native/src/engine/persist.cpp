/*
 * persist.cpp - an index to a file and back.
 */
#include "index.h"

#include <string.h>

#include "file/section_file.h"

namespace rv_index
{

void
index::describe(body_stats &stats, uint32_t *dead, uint64_t *key_bytes, uint64_t *total_bytes)
{
	epochs::reader here(readers);
	const body &in = *rows.load();

	in.describe(stats);
	*dead = in.count.load(std::memory_order_acquire) - in.live.load(std::memory_order_acquire);
	*key_bytes = in.keys.bytes();
	*total_bytes = stats.vector_bytes + stats.link_bytes + stats.code_bytes + *key_bytes + in.alive.memory().size() +
		in.dying.memory().size();
}

std::vector<std::string>
index::check(const progress &told)
{
	std::vector<std::string> problems;
	const std::lock_guard<std::mutex> lock(writing);
	const body &in = *rows.load();
	const uint32_t end = in.count.load(std::memory_order_relaxed);
	uint32_t	alive = 0;

	for (uint32_t slot = 0; slot < end; slot++)
	{
		if (!in.alive.has(slot))
			continue;
		alive++;
		if (in.keys.find(in.keys.at(slot)) != slot)
			complain(problems, "the key of slot " + std::to_string(slot) + " does not lead to it");
	}
	if (alive != in.live.load(std::memory_order_relaxed))
		problems.push_back("there are " + std::to_string(alive) + " rows, not " +
						   std::to_string(in.live.load(std::memory_order_relaxed)));
	in.check(problems, told);
	return problems;
}

namespace
{

/* The section `index`. */
struct index_head
{
	uint32_t	kind,
				type,
				metric,
				keys,
				dimensions,
				m,
				degree,
				ef_construction,
				lists,
				mode,
				prefilter,
				count,			/* slots */
				live;			/* rows */
	uint32_t	measured;		/* entries of calibration that follow */
	uint64_t	seed;
};

/* Raised for a kind whose sections change. */
constexpr uint32_t kind_version = 1;

constexpr uint32_t most_measured = 1000;

}	/* namespace */

void
index::save(const std::string &path, const progress &told)
{
	const std::lock_guard<std::mutex> lock(writing);
	const body &in = *rows.load();
	const uint32_t end = in.count.load(std::memory_order_relaxed);
	const index_options &o = in.options;
	std::vector<section> sections;
	section		first = {"index", nullptr, 0, {}};
	std::vector<effort_recall> measured;

	{
		std::lock_guard<std::mutex> guard(calibrating);

		measured = calibration;
	}

	const index_head head = {(uint32_t) o.kind, (uint32_t) o.type, (uint32_t) o.metric, (uint32_t) o.keys, o.dimensions, o.m,
		o.degree, o.ef_construction, o.lists, o.mode, o.prefilter, end, in.live.load(std::memory_order_relaxed),
		(uint32_t) measured.size(), o.seed};

	if (view_of)
		view_of->verify(progress());
	first.own.resize(sizeof(head) + measured.size() * sizeof(effort_recall));
	memcpy(first.own.data(), &head, sizeof(head));
	if (!measured.empty())
		memcpy(first.own.data() + sizeof(head), measured.data(), measured.size() * sizeof(effort_recall));
	first.bytes = first.own.size();
	sections.push_back(std::move(first));
	sections.push_back({"alive", in.alive.memory().data(), ((uint64_t) end + 63) / 64 * 8, {}});
	in.keys.list_sections(end, sections);
	in.list_sections(sections);
	write_sections(path, (uint32_t) o.kind, kind_version, sections, told);
}

std::shared_ptr<index>
index::load(const std::string &path, bool view, const progress &told)
{
	std::shared_ptr<section_file> file = std::make_shared<section_file>(path, view);

	if (file->kind() > (uint32_t) index_kind::ivf || file->kind_version() != kind_version)
		throw failure(error_code::version, path + " has an index of a kind, or a version of it, that this package does not read");
	file->told = told;

	const std::vector<uint8_t> bytes = file->copy("index", sizeof(index_head),
												  sizeof(index_head) + most_measured * sizeof(effort_recall));
	index_head	head;
	index_options options;

	memcpy(&head, bytes.data(), sizeof(head));
	if (head.kind != file->kind() || head.type > 3 || head.metric > 4 || head.keys > 2 || head.mode > 2 || head.m < 2 ||
		head.m > 100 || head.degree < 32 || head.degree % 32 != 0 || head.degree > (uint32_t) rv_hnsw::max_links ||
		head.count > max_slots || head.live > head.count ||
		bytes.size() != sizeof(head) + head.measured * sizeof(effort_recall))
		throw failure(error_code::corrupt, path + ": the options are out of their ranges");
	options.kind = (index_kind) head.kind;
	options.type = (vector_type) head.type;
	options.metric = (metric_kind) head.metric;
	options.keys = (key_type) head.keys;
	options.dimensions = head.dimensions;
	options.m = head.m;
	options.degree = head.degree;
	options.ef_construction = head.ef_construction;
	options.lists = head.lists;
	options.mode = head.mode;
	options.prefilter = head.prefilter;
	options.seed = head.seed;

	std::shared_ptr<index> made;

	try
	{
		made = std::make_shared<index>(options);
	}
	catch (const failure &error)
	{
		throw failure(error_code::corrupt, path + ": the options are out of their ranges: " + error.what());
	}

	body	   &in = *made->owner;

	in.count.store(head.count);
	file->into("alive", in.alive.memory(), ((uint64_t) head.count + 63) / 64 * 8, ((uint64_t) head.count + 63) / 64 * 8);
	in.live.store(head.live);
	in.dying.grow(head.count);
	in.next_serial = head.count;
	if (view)
		in.serials.borrow(in.alive.memory().data(), 0);
	else
	{
		in.serials.grow((uint64_t) head.count * sizeof(uint32_t));
		for (uint32_t slot = 0; slot < head.count; slot++)
			memcpy(in.serials.data() + (size_t) slot * sizeof(slot), &slot, sizeof(slot));
	}
	in.keys.read(*file, head.count, view);
	in.read(*file);
	if (view)
	{
		made->view_of = file;
		made->read_only = true;
	}
	else
		in.take_over();
	for (uint32_t i = 0; i < head.measured; i++)
	{
		effort_recall entry;

		memcpy(&entry, bytes.data() + sizeof(head) + i * sizeof(entry), sizeof(entry));
		made->calibration.push_back(entry);
	}
	if (!view)
		file->verify(progress());
	return made;
}

}	/* namespace rv_index */
