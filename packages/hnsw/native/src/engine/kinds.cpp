/*
 * kinds.cpp - which body a kind of index has.
 */
#include "flat/flat.h"
#include "hnsw/hnsw.h"
#include "index.h"
#include "ivf/ivf.h"
#include "qg/qg.h"

namespace rv_index
{

namespace
{

/* With codes, all rows are one list, of which every code is looked at. */
std::shared_ptr<body>
make_flat(const index_options &options, epochs &readers)
{
	index_options one = options;

	if (options.prefilter == 0)
		return std::make_shared<flat_body>(options, readers);
	one.lists = 1;
	return std::make_shared<ivf_body>(one, readers);
}

}	/* namespace */

std::shared_ptr<body>
make_body(const index_options &options, epochs &readers)
{
	switch (options.kind)
	{
		case index_kind::qg:
			return std::make_shared<qg_body>(options, readers);
		case index_kind::ivf:
			return std::make_shared<ivf_body>(options, readers);
		case index_kind::hnsw:
			return std::make_shared<hnsw_body>(options, readers);
		case index_kind::flat:
			return make_flat(options, readers);
	}
	throw failure(error_code::argument, "no such kind of index");
}

}	/* namespace rv_index */
