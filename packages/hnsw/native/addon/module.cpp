/*
 * module.cpp - the module's exports.
 */
#include "values.h"

#include <mutex>
#include <stdlib.h>

#include <ruvector/quant.h>

namespace
{

/* One choice of kernels for all threads. */
const char *
choose_kernels()
{
	static std::once_flag once;
	static const char *name;

	std::call_once(once, []
	{
		rv_quant_init(getenv("RUVECTOR_SIMD"));
		rv_simd = rv_quant.simd;
		name = rv_simd->name;
	});
	return name;
}

}	/* namespace */

NAPI_MODULE_INIT()
{
	using namespace rv_index;

	const char *variant = choose_kernels();

	return guarded(env, [&]
	{
		define_handles(env, exports);
		define_searches(env, exports);
		define_changes(env, exports);
		define_work(env, exports);
		require(env, napi_set_named_property(env, exports, "variant", make_string(env, variant)));
		/* Raised when src/native must no longer accept older binaries. */
		require(env, napi_set_named_property(env, exports, "abi", make_u32(env, 2)));
		return exports;
	});
}
