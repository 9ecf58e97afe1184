/*
 * kinds.cpp - which body a kind of index has.
 */
#include "index.h"
#include "ivf/ivf.h"
#include "qg/qg.h"

namespace rv_index
{

std::shared_ptr<body>
make_body(const index_options &options, epochs &readers)
{
	switch (options.kind)
	{
		case index_kind::qg:
			return std::make_shared<qg_body>(options, readers);
		case index_kind::ivf:
			return std::make_shared<ivf_body>(options, readers);
		default:
			break;
	}
	throw failure(error_code::unsupported, "this kind of index is not in this build");
}

}	/* namespace rv_index */
