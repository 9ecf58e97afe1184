/*
 * hnswlib for the suite. Compiled against the headers of HNSWLIB_DIR, which is a checkout of nmslib/hnswlib.
 *
 * A build can be interrupted: every `checkpoint` seconds the graph goes to `<file>.<rows>.partial`, and then
 * `<file>.progress` says how far that is and what it cost. The next build of this file goes on from there.
 */
#include "driver.h"

#include <hnswlib/hnswlib.h>

#include <memory>

namespace
{

constexpr size_t BLOCK_ROWS = 10000;

class Hnswlib : public bench::Engine
{
  public:
	bench::Spent
	build(const bench::Data &data, const bench::Request &request) override
	{
		const std::string file = request.text("file");
		const size_t threads = request.number("threads");
		space = std::make_unique<hnswlib::L2Space>(data.dimensions);
		bench::Spent spent;
		size_t done = resume(file, data.count, spent);
		if (done == 0)
			index = std::make_unique<Index>(space.get(), data.count, request.number("m"), request.number("efConstruction"));
		const double pause = static_cast<double>(request.number("checkpoint"));
		double kept = bench::seconds();
		while (done < data.count)
		{
			const size_t count = std::min(BLOCK_ROWS, data.count - done);
			const std::vector<float> block = bench::read_rows(data.rows, done, count, data.dimensions);
			const double wall = bench::seconds(), cpu = bench::cpu_seconds();
			add(block, done, count, data.dimensions, threads);
			spent.wall += bench::seconds() - wall;
			spent.cpu += bench::cpu_seconds() - cpu;
			done += count;
			if (done < data.count && bench::seconds() - kept >= pause)
			{
				keep(file, done, spent);
				kept = bench::seconds();
			}
		}
		index->saveIndex(file);
		forget(file);
		return spent;
	}

	void
	load(const bench::Data &data, const std::string &file) override
	{
		space = std::make_unique<hnswlib::L2Space>(data.dimensions);
		index = std::make_unique<Index>(space.get(), file);
	}

	void
	set_effort(size_t effort) override
	{
		index->setEf(effort);
	}

	size_t
	search(const float *query, size_t k, uint32_t *ids) override
	{
		auto nearest = index->searchKnn(query, k);
		const size_t count = nearest.size();
		for (size_t at = count; at-- > 0; nearest.pop())
			ids[at] = static_cast<uint32_t>(nearest.top().second);
		return count;
	}

  private:
	using Index = hnswlib::HierarchicalNSW<float>;

	void
	add(const std::vector<float> &block, size_t first, size_t count, size_t dimensions, size_t threads)
	{
		std::atomic<size_t> next{0};
		const auto work = [&] {
			for (size_t i = next++; i < count; i = next++)
				index->addPoint(block.data() + i * dimensions, first + i);
		};
		std::vector<std::thread> workers;
		for (size_t thread = 1; thread < threads; thread++)
			workers.emplace_back(work);
		work();
		for (std::thread &worker : workers)
			worker.join();
	}

	static std::string
	partial(const std::string &file, size_t rows)
	{
		return file + "." + std::to_string(rows) + ".partial";
	}

	/* @returns rows that are in the graph */
	size_t
	resume(const std::string &file, size_t total, bench::Spent &spent)
	{
		std::ifstream progress(file + ".progress");
		size_t rows = 0;
		if (!(progress >> rows >> spent.wall >> spent.cpu) || rows > total)
		{
			spent = bench::Spent{};
			return 0;
		}
		index = std::make_unique<Index>(space.get(), partial(file, rows), false, total);
		kept_rows = rows;
		return rows;
	}

	void
	keep(const std::string &file, size_t rows, const bench::Spent &spent)
	{
		index->saveIndex(partial(file, rows));
		{
			std::ofstream progress(file + ".progress.tmp");
			progress.precision(17);
			progress << rows << ' ' << spent.wall << ' ' << spent.cpu << '\n';
		}
		std::rename((file + ".progress.tmp").c_str(), (file + ".progress").c_str());
		if (kept_rows != 0)
			std::remove(partial(file, kept_rows).c_str());
		kept_rows = rows;
	}

	void
	forget(const std::string &file)
	{
		std::remove((file + ".progress").c_str());
		if (kept_rows != 0)
			std::remove(partial(file, kept_rows).c_str());
	}

	std::unique_ptr<hnswlib::L2Space> space;
	std::unique_ptr<Index> index;
	size_t kept_rows = 0;
};

} /* namespace */

int
main()
{
	Hnswlib engine;
	bench::Driver(engine).serve();
}
