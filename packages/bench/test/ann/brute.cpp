/* An engine for tests: it looks at the first `effort` percent of the rows. Behind the protocol of native/driver.h. */
#include "../../src/suites/ann/native/driver.h"

namespace
{

class Brute : public bench::Engine
{
  public:
	bench::Spent
	build(const bench::Data &data, const bench::Request &request) override
	{
		const double wall = bench::seconds(), cpu = bench::cpu_seconds();
		load(data, data.rows);
		std::ofstream file(request.text("file"), std::ios::binary);
		file.write(reinterpret_cast<const char *>(rows.data()), static_cast<std::streamsize>(4 * rows.size()));
		return {bench::seconds() - wall, bench::cpu_seconds() - cpu};
	}

	void
	load(const bench::Data &data, const std::string &file) override
	{
		std::cout << "what a peer says" << std::endl;
		std::puts("and how else it says it");
		dimensions = data.dimensions;
		rows = bench::read_rows(file, 0, data.count, dimensions);
	}

	void
	set_effort(size_t effort) override
	{
		percent = effort;
	}

	size_t
	search(const float *query, size_t k, uint32_t *ids) override
	{
		const size_t total = rows.size() / dimensions;
		const size_t looked = std::max(k, (std::min<size_t>(100, percent) * total + 99) / 100);
		std::vector<std::pair<double, uint32_t>> found;
		for (uint32_t row = 0; row < std::min(looked, total); row++)
		{
			double sum = 0;
			for (size_t i = 0; i < dimensions; i++)
				sum += (rows[row * dimensions + i] - query[i]) * (rows[row * dimensions + i] - query[i]);
			found.emplace_back(sum, row);
		}
		std::sort(found.begin(), found.end());
		const size_t count = std::min(k, found.size());
		for (size_t i = 0; i < count; i++)
			ids[i] = found[i].second;
		return count;
	}

  private:
	std::vector<float> rows;
	size_t dimensions = 0;
	size_t percent = 100;
};

} /* namespace */

int
main()
{
	Brute engine;
	bench::Driver(engine).serve();
}
