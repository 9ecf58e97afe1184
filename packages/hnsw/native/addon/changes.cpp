/*
 * changes.cpp - changing an index, at once.
 */
#include "values.h"

namespace rv_index
{

namespace
{

/* (index, keys, ends, vector, replace) */
napi_value
add(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<5> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		const key_list keys = get_keys(env, of->options.keys, given[1], given[2]);
		const void *vectors = get_vectors(env, given[3], of->metric, keys.keys.size());

		of->add(keys.keys.data(), vectors, keys.keys.size(), get_bool(env, given[4]), 1, false, progress());
		return make_undefined(env);
	});
}

/* (index, keys, ends, vector) of one key that is there */
napi_value
update(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<4> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		const key_list keys = get_keys(env, of->options.keys, given[1], given[2]);

		if (keys.keys.size() != 1)
			refuse("expected one key");
		of->update(keys.keys[0], get_vectors(env, given[3], of->metric, 1));
		return make_undefined(env);
	});
}

/* (index, keys, ends) */
napi_value
remove(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<3> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		const key_list keys = get_keys(env, of->options.keys, given[1], given[2]);

		of->remove(keys.keys.data(), keys.keys.size(), false, false, progress());
		return make_undefined(env);
	});
}

/* (index, kind) */
napi_value
become(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<2> given(env, info);
		const uint32_t kind = get_u32(env, given[1]);

		if (kind > 3)
			refuse("no such kind");
		get_index(env, given[0])->become((index_kind) kind, false, 1, progress());
		return make_undefined(env);
	});
}

}	/* namespace */

void
define_changes(napi_env env, napi_value exports)
{
	define(env, exports, "add", add);
	define(env, exports, "update", update);
	define(env, exports, "remove", remove);
	define(env, exports, "become", become);
}

}	/* namespace rv_index */
