/*
 * SymphonyQG for the suite. Compiled against the headers of RABITQ_LIBRARY_DIR, which is a checkout of
 * VectorDB-NTU/RaBitQ-Library. Its build takes all rows at once and cannot be resumed.
 */
#include "driver.h"

#include <omp.h>

#include <rabitqlib/defines.hpp>
#include <rabitqlib/index/symqg/qg.hpp>
#include <rabitqlib/index/symqg/qg_builder.hpp>

#include <memory>

namespace
{

class SymphonyQG : public bench::Engine
{
  public:
	bench::Spent
	build(const bench::Data &data, const bench::Request &request) override
	{
		const std::vector<float> rows = bench::read_rows(data.rows, 0, data.count, data.dimensions);
		const double wall = bench::seconds(), cpu = bench::cpu_seconds();
		graph = std::make_unique<Graph>(data.count, data.dimensions, request.number("degree"));
		rabitqlib::symqg::QGBuilder builder(
			*graph, static_cast<uint32_t>(request.number("efConstruction")), rows.data(), request.number("threads"));
		builder.build();
		const bench::Spent spent{bench::seconds() - wall, bench::cpu_seconds() - cpu};
		graph->save(request.text("file").c_str());
		return spent;
	}

	void
	load(const bench::Data &, const std::string &file) override
	{
		graph = std::make_unique<Graph>();
		graph->load(file.c_str());
	}

	void
	set_effort(size_t effort) override
	{
		graph->set_ef(effort);
	}

	size_t
	search(const float *query, size_t k, uint32_t *ids) override
	{
		graph->search(query, static_cast<uint32_t>(k), ids);
		return k;
	}

  private:
	using Graph = rabitqlib::symqg::QuantizedGraph<float>;

	std::unique_ptr<Graph> graph;
};

} /* namespace */

int
main()
{
	SymphonyQG engine;
	bench::Driver(engine).serve();
}
