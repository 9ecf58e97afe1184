/*
 * values.h - between JavaScript's values and the engine's.
 *
 * The addon is private to src/native, and so is its contract (src/native/addon.ts).  All is safe whatever it is called with:
 * lengths are compared with those of arrays.  Only work on another thread relies on one thing more: that nobody takes the
 * memory of its arrays away while it goes on.
 */
#ifndef RUVECTOR_INDEX_ADDON_VALUES_H
#define RUVECTOR_INDEX_ADDON_VALUES_H

#include <memory>
#include <string>
#include <vector>

#include <node_api.h>

#include "engine/index.h"

namespace rv_index
{

/* A JavaScript exception is on its way. */
struct thrown
{
};

/* Throws `thrown` where a call of Node-API failed. */
void		require(napi_env env, napi_status status);

/* Throws failure(argument). */
[[noreturn]] void refuse(const char *what);

/* A typed array of elements of so many bytes. */
struct array_view
{
	void	   *data = nullptr;
	size_t		length = 0;
};

array_view	get_array(napi_env env, napi_value value, napi_typedarray_type type);
array_view	get_bytes(napi_env env, napi_value value);
bool		is_undefined(napi_env env, napi_value value);
uint32_t	get_u32(napi_env env, napi_value value);
double		get_double(napi_env env, napi_value value);
bool		get_bool(napi_env env, napi_value value);
std::string get_string(napi_env env, napi_value value);

napi_value	make_u32(napi_env env, uint32_t value);
napi_value	make_double(napi_env env, double value);
napi_value	make_bool(napi_env env, bool value);
napi_value	make_string(napi_env env, const std::string &value);
napi_value	make_undefined(napi_env env);
napi_value	make_array(napi_env env, const std::vector<napi_value> &values);

/* A typed array with a copy of these elements. */
napi_value	make_typed(napi_env env, napi_typedarray_type type, const void *elements, size_t count, size_t bytes);

/* A vector, or `rows` of them: a typed array of the index's type. */
const void *get_vectors(napi_env env, napi_value value, const space &metric, size_t rows);

/* How many vectors a typed array of the index's type holds; throws where it is no whole number. */
size_t		count_vectors(napi_env env, napi_value value, const space &metric);

/* Keys: Float64Array of whole numbers, BigInt64Array, or UTF-8 with the ends of its strings. */
struct key_list
{
	std::vector<key> keys;
	std::vector<char> text;		/* no string: one that is short would move with the list */
};

key_list	get_keys(napi_env env, key_type type, napi_value keys, napi_value ends);

/* The ids of hits. */
napi_value	make_ids(napi_env env, key_type type, const hits &found);

/* [ids, distances, counters] */
napi_value	make_result(napi_env env, key_type type, const hits &found, const search_counts &counts);

/* Makes a JavaScript exception of whatever is being thrown. */
void		raise(napi_env env);

/* The same as a value. */
napi_value	make_error(napi_env env, const failure &error);

/* Calls `body`, and raises what it throws. */
template<typename Body>
napi_value
guarded(napi_env env, Body body)
{
	try
	{
		return body();
	}
	catch (...)
	{
		raise(env);
		return nullptr;
	}
}

/* The arguments of a call; those that are missing are undefined. */
template<size_t N>
struct arguments
{
	napi_value	values[N];

	arguments(napi_env env, napi_callback_info info)
	{
		size_t		count = N;

		require(env, napi_get_cb_info(env, info, &count, values, nullptr, nullptr));
	}

	napi_value operator[](size_t i) const { return values[i]; }
};

/* What an External holds. */
struct index_handle
{
	static constexpr uint64_t tag = UINT64_C(0x7276696e64657831);

	uint64_t	own_tag = tag;
	std::shared_ptr<index> of;
};

struct filter_handle
{
	static constexpr uint64_t tag = UINT64_C(0x7276696e64657832);

	uint64_t	own_tag = tag;
	std::shared_ptr<row_filter> of;
};

struct cursor_handle
{
	static constexpr uint64_t tag = UINT64_C(0x7276696e64657833);

	uint64_t	own_tag = tag;
	std::unique_ptr<cursor> of;
};

template<typename Handle>
napi_value
make_handle(napi_env env, std::unique_ptr<Handle> handle)
{
	napi_value	value;

	require(env, napi_create_external(env, handle.get(), [](napi_env, void *data, void *)
	{
		delete (Handle *) data;
	}, nullptr, &value));
	handle.release();
	return value;
}

template<typename Handle>
Handle &
get_handle(napi_env env, napi_value value)
{
	napi_valuetype type;
	void	   *data;

	require(env, napi_typeof(env, value, &type));
	if (type != napi_external || napi_get_value_external(env, value, &data) != napi_ok || data == nullptr ||
		((Handle *) data)->own_tag != Handle::tag)
		refuse("expected another handle");
	return *(Handle *) data;
}

/* The index of a handle that has not been closed. */
std::shared_ptr<index> get_index(napi_env env, napi_value value);

/* Define functions on the module's exports. */
void		define(napi_env env, napi_value exports, const char *name, napi_callback function);
void		define_handles(napi_env env, napi_value exports);
void		define_searches(napi_env env, napi_value exports);
void		define_changes(napi_env env, napi_value exports);
void		define_work(napi_env env, napi_value exports);

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_ADDON_VALUES_H */
