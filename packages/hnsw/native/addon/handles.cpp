/*
 * handles.cpp - making, sharing and closing indexes.
 *
 * An index can be attached to from any thread of the process by its name: a number that counts up, with a random part, so that a
 * handle that was kept for another process names nothing.
 */
#include "values.h"

#include <map>
#include <mutex>
#include <random>

namespace rv_index
{

namespace
{

struct registry
{
	std::mutex	lock;
	std::map<std::string, std::weak_ptr<index>> shared;
	uint64_t	next = 0;
	const uint64_t random = std::random_device()() | (uint64_t) std::random_device()() << 32;
};

registry &
all()
{
	static registry only;

	return only;
}

/* ([kind, type, metric, keys, dimensions, m, degree, efConstruction, lists, mode, prefilter, seed]) */
napi_value
create(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<1> given(env, info);
		const array_view words = get_array(env, given[0], napi_uint32_array);
		const uint32_t *word = (const uint32_t *) words.data;
		std::unique_ptr<index_handle> handle(new index_handle);
		index_options options;

		if (words.length != 12 || word[0] > 3 || word[1] > 3 || word[2] > 4 || word[3] > 2)
			refuse("expected twelve options");
		options.kind = (index_kind) word[0];
		options.type = (vector_type) word[1];
		options.metric = (metric_kind) word[2];
		options.keys = (key_type) word[3];
		options.dimensions = word[4];
		options.m = word[5];
		options.degree = word[6];
		options.ef_construction = word[7];
		options.lists = word[8];
		options.mode = word[9];
		options.prefilter = word[10];
		options.seed = word[11];
		if (options.m < 2 || options.m > 100 || options.degree < 32 || options.degree % 32 != 0 ||
			options.degree > (uint32_t) rv_hnsw::max_links || options.ef_construction < 1)
			refuse("options are out of their ranges");
		handle->of = std::make_shared<index>(options);
		return make_handle(env, std::move(handle));
	});
}

/* (index) -> its name */
napi_value
share(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<1> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		registry   &known = all();
		std::lock_guard<std::mutex> guard(known.lock);

		for (auto at = known.shared.begin(); at != known.shared.end();)
		{
			const std::shared_ptr<index> other = at->second.lock();

			if (other == of)
				return make_string(env, at->first);
			at = other ? std::next(at) : known.shared.erase(at);
		}

		const std::string name = std::to_string(known.random) + "-" + std::to_string(known.next++);

		known.shared[name] = of;
		return make_string(env, name);
	});
}

/* (name) -> index, or undefined */
napi_value
attach(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<1> given(env, info);
		const std::string name = get_string(env, given[0]);
		std::unique_ptr<index_handle> handle(new index_handle);
		registry   &known = all();

		{
			std::lock_guard<std::mutex> guard(known.lock);
			const auto	at = known.shared.find(name);

			if (at != known.shared.end())
				handle->of = at->second.lock();
		}
		return handle->of ? make_handle(env, std::move(handle)) : make_undefined(env);
	});
}

/* (index): the handle gives its share up; memory goes with the last one. */
napi_value
close(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<1> given(env, info);

		get_handle<index_handle>(env, given[0]).of.reset();
		return make_undefined(env);
	});
}

/* (index) -> the twelve options, and whether it is read only */
napi_value
options_of(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<1> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		const index_options &o = of->options;
		const uint32_t words[13] = {(uint32_t) of->kind.load(), (uint32_t) o.type, (uint32_t) o.metric, (uint32_t) o.keys, o.dimensions,
			o.m, o.degree, o.ef_construction, o.lists, o.mode, o.prefilter, (uint32_t) o.seed, of->read_only};

		return make_typed(env, napi_uint32_array, words, 13, sizeof(uint32_t));
	});
}

/* (index) -> [[size, dead, unreachable, vectors, links, codes, keys, total], degrees] */
napi_value
stats(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<1> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		body_stats	found;
		uint32_t	dead;
		uint64_t	keys,
					total;

		of->describe(found, &dead, &keys, &total);

		const double numbers[8] = {(double) of->size(), (double) dead, (double) found.unreachable,
			(double) found.vector_bytes, (double) found.link_bytes, (double) found.code_bytes, (double) keys, (double) total};

		return make_array(env, {
			make_typed(env, napi_float64_array, numbers, 8, sizeof(double)),
			make_typed(env, napi_uint32_array, found.degrees.data(), found.degrees.size(), sizeof(uint32_t)),
		});
	});
}

/* (index) -> rows */
napi_value
size(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<1> given(env, info);

		return make_u32(env, get_index(env, given[0])->size());
	});
}

/* (index) -> [rows, places of rows that are dead] */
napi_value
sizes(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<1> given(env, info);
		uint32_t	live,
					dead;

		get_index(env, given[0])->sizes(&live, &dead);
		return make_array(env, {make_u32(env, live), make_u32(env, dead)});
	});
}

}	/* namespace */

void
define_handles(napi_env env, napi_value exports)
{
	define(env, exports, "create", create);
	define(env, exports, "share", share);
	define(env, exports, "attach", attach);
	define(env, exports, "close", close);
	define(env, exports, "options", options_of);
	define(env, exports, "stats", stats);
	define(env, exports, "size", size);
	define(env, exports, "sizes", sizes);
}

}	/* namespace rv_index */
