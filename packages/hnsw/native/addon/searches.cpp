/*
 * searches.cpp - reading an index, at once.
 */
#include "work.h"

namespace rv_index
{

namespace
{

row_filter *
get_filter(napi_env env, napi_value value)
{
	return is_undefined(env, value) ? nullptr : get_handle<filter_handle>(env, value).of.get();
}

/* (index, query, k, effort, filter or undefined) -> [ids, distances, counters] */
napi_value
search(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<5> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		const void *query = get_vectors(env, given[1], of->metric, 1);
		hits		found;
		search_counts counts;

		of->search(query, get_u32(env, given[2]), get_u32(env, given[3]), get_filter(env, given[4]), found, counts);
		return make_result(env, of->options.keys, found, counts);
	});
}

/* (index, queries, k, effort, filter or undefined) -> [ids, distances, counters, offsets] */
napi_value
search_many(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<5> given(env, info);
		batch		of(env, given.values);

		of.run(1, progress());
		return of.result(env);
	});
}

/* (index, query, radius, limit, effort, filter or undefined) -> [ids, distances, counters] */
napi_value
range(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<6> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		const void *query = get_vectors(env, given[1], of->metric, 1);
		hits		found;
		search_counts counts;

		of->range(query, (float) get_double(env, given[2]), get_u32(env, given[3]), get_u32(env, given[4]),
				  get_filter(env, given[5]), found, counts);
		return make_result(env, of->options.keys, found, counts);
	});
}

/* (index, query, effort, filter or undefined) -> cursor */
napi_value
open(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<4> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		const void *query = get_vectors(env, given[1], of->metric, 1);
		std::shared_ptr<row_filter> filter;
		std::unique_ptr<cursor_handle> handle(new cursor_handle);

		if (!is_undefined(env, given[3]))
			filter = get_handle<filter_handle>(env, given[3]).of;
		handle->of = of->open(query, get_u32(env, given[2]), std::move(filter));
		return make_handle(env, std::move(handle));
	});
}

/* (index, cursor) -> [ids, distances, counters], or undefined at the end */
napi_value
more(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<2> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		cursor	   *in = get_handle<cursor_handle>(env, given[1]).of.get();
		hits		found;

		if (in == nullptr || !in->more(found))
			return make_undefined(env);
		return make_result(env, of->options.keys, found, in->counts());
	});
}

/* (cursor): its memory is given up now, and not when the engine sees to it; more() finds nothing then. */
napi_value
end(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<1> given(env, info);

		get_handle<cursor_handle>(env, given[0]).of.reset();
		return make_undefined(env);
	});
}

/* (index, keys, ends) -> whether there is the one key */
napi_value
has(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<3> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		const key_list keys = get_keys(env, of->options.keys, given[1], given[2]);

		if (keys.keys.size() != 1)
			refuse("expected one key");
		return make_bool(env, of->has(keys.keys[0]));
	});
}

/* (index, keys, ends, vector) -> whether there is the one key, whose vector is copied */
napi_value
get(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<4> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		const key_list keys = get_keys(env, of->options.keys, given[1], given[2]);
		void	   *vector = const_cast<void *>(get_vectors(env, given[3], of->metric, 1));

		if (keys.keys.size() != 1)
			refuse("expected one key");
		return make_bool(env, of->get(keys.keys[0], vector));
	});
}

/* (index, from, most) -> [ids, where to go on, or undefined at the end] */
napi_value
keys(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<3> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		hits		found;
		uint32_t	next;

		of->list_keys(get_u32(env, given[1]), get_u32(env, given[2]), found, &next);
		return make_array(env, {
			make_ids(env, of->options.keys, found),
			next == no_slot ? make_undefined(env) : make_u32(env, next),
		});
	});
}

napi_value
make_filter(napi_env env, std::shared_ptr<row_filter> of)
{
	std::unique_ptr<filter_handle> handle(new filter_handle);
	const uint64_t size = of->count;

	handle->of = std::move(of);
	return make_array(env, {make_handle(env, std::move(handle)), make_double(env, (double) size)});
}

/* (index, keys, ends) -> [filter, rows that pass] */
napi_value
filter_of_keys(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<3> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		const key_list list = get_keys(env, of->options.keys, given[1], given[2]);

		return make_filter(env, of->filter_of_keys(list.keys.data(), list.keys.size()));
	});
}

/* (index, bitmap) -> [filter, rows that pass] */
napi_value
filter_of_bitmap(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<2> given(env, info);
		const std::shared_ptr<index> of = get_index(env, given[0]);
		const array_view bitmap = get_bytes(env, given[1]);

		if (of->options.keys == key_type::string)
			refuse("a bitmap is of numbers");
		return make_filter(env, of->filter_of_bitmap((const uint8_t *) bitmap.data, bitmap.length));
	});
}

/* (index, recall) -> effort */
napi_value
effort_for(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<2> given(env, info);

		return make_u32(env, get_index(env, given[0])->effort_for((float) get_double(env, given[1])));
	});
}

}	/* namespace */

void
define_searches(napi_env env, napi_value exports)
{
	define(env, exports, "search", search);
	define(env, exports, "searchMany", search_many);
	define(env, exports, "range", range);
	define(env, exports, "open", open);
	define(env, exports, "more", more);
	define(env, exports, "end", end);
	define(env, exports, "has", has);
	define(env, exports, "get", get);
	define(env, exports, "keys", keys);
	define(env, exports, "filterOfKeys", filter_of_keys);
	define(env, exports, "filterOfBitmap", filter_of_bitmap);
	define(env, exports, "effortFor", effort_for);
}

}	/* namespace rv_index */
