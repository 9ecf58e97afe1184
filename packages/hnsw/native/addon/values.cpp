/*
 * values.cpp - JavaScript's values to the engine's, and back.
 */
#include "values.h"

#include <new>
#include <string.h>

namespace rv_index
{

void
require(napi_env env, napi_status status)
{
	bool		pending = false;

	if (status == napi_ok)
		return;
	napi_is_exception_pending(env, &pending);
	if (pending)
		throw thrown();
	refuse("a call of Node-API failed");
}

void
refuse(const char *what)
{
	throw failure(error_code::argument, what);
}

array_view
get_array(napi_env env, napi_value value, napi_typedarray_type type)
{
	array_view	view;
	napi_typedarray_type own;
	bool		is_array;

	if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array ||
		napi_get_typedarray_info(env, value, &own, &view.length, &view.data, nullptr, nullptr) != napi_ok || own != type)
		refuse("expected another typed array");
	return view;
}

array_view
get_bytes(napi_env env, napi_value value)
{
	return get_array(env, value, napi_uint8_array);
}

bool
is_undefined(napi_env env, napi_value value)
{
	napi_valuetype type;

	require(env, napi_typeof(env, value, &type));
	return type == napi_undefined;
}

double
get_double(napi_env env, napi_value value)
{
	double		number;

	if (napi_get_value_double(env, value, &number) != napi_ok)
		refuse("expected a number");
	return number;
}

uint32_t
get_u32(napi_env env, napi_value value)
{
	const double number = get_double(env, value);

	if (!(number >= 0 && number <= 4294967295.0) || number != (double) (uint32_t) number)
		refuse("expected a whole number of 32 bits");
	return (uint32_t) number;
}

bool
get_bool(napi_env env, napi_value value)
{
	bool		is;

	if (napi_get_value_bool(env, value, &is) != napi_ok)
		refuse("expected true or false");
	return is;
}

std::string
get_string(napi_env env, napi_value value)
{
	size_t		length;
	std::string text;

	if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok)
		refuse("expected a string");
	text.resize(length + 1);
	require(env, napi_get_value_string_utf8(env, value, &text[0], length + 1, &length));
	text.resize(length);
	return text;
}

napi_value
make_u32(napi_env env, uint32_t value)
{
	napi_value	made;

	require(env, napi_create_uint32(env, value, &made));
	return made;
}

napi_value
make_double(napi_env env, double value)
{
	napi_value	made;

	require(env, napi_create_double(env, value, &made));
	return made;
}

napi_value
make_bool(napi_env env, bool value)
{
	napi_value	made;

	require(env, napi_get_boolean(env, value, &made));
	return made;
}

napi_value
make_string(napi_env env, const std::string &value)
{
	napi_value	made;

	require(env, napi_create_string_utf8(env, value.data(), value.size(), &made));
	return made;
}

napi_value
make_undefined(napi_env env)
{
	napi_value	made;

	require(env, napi_get_undefined(env, &made));
	return made;
}

napi_value
make_array(napi_env env, const std::vector<napi_value> &values)
{
	napi_value	made;

	require(env, napi_create_array_with_length(env, values.size(), &made));
	for (size_t i = 0; i < values.size(); i++)
		require(env, napi_set_element(env, made, (uint32_t) i, values[i]));
	return made;
}

napi_value
make_typed(napi_env env, napi_typedarray_type type, const void *elements, size_t count, size_t bytes)
{
	napi_value	buffer,
				made;
	void	   *data;

	require(env, napi_create_arraybuffer(env, count * bytes, &data, &buffer));
	if (count > 0)
		memcpy(data, elements, count * bytes);
	require(env, napi_create_typedarray(env, type, count, buffer, 0, &made));
	return made;
}

namespace
{

array_view
view_of(napi_env env, napi_value value, const space &metric)
{
	switch (metric.type)
	{
		case vector_type::float32:
			return get_array(env, value, napi_float32_array);
		case vector_type::float16:
			return get_array(env, value, napi_uint16_array);
		case vector_type::int8:
			return get_array(env, value, napi_int8_array);
		case vector_type::binary:
			return get_array(env, value, napi_uint8_array);
	}
	refuse("no such type");
}

size_t
width_of(const space &metric)
{
	return metric.type == vector_type::binary ? metric.vector_bytes : metric.dimensions;
}

}	/* namespace */

const void *
get_vectors(napi_env env, napi_value value, const space &metric, size_t rows)
{
	const array_view view = view_of(env, value, metric);

	if (view.length % width_of(metric) != 0 || view.length / width_of(metric) != rows)
		refuse("vectors are not as many as keys");
	return view.data;
}

size_t
count_vectors(napi_env env, napi_value value, const space &metric)
{
	const array_view view = view_of(env, value, metric);

	if (view.length % width_of(metric) != 0)
		refuse("vectors are no whole number of rows");
	return view.length / width_of(metric);
}

key_list
get_keys(napi_env env, key_type type, napi_value keys, napi_value ends)
{
	key_list	list;

	if (type == key_type::number)
	{
		const array_view view = get_array(env, keys, napi_float64_array);
		const double *numbers = (const double *) view.data;

		list.keys.resize(view.length);
		for (size_t i = 0; i < view.length; i++)
		{
			if (!(numbers[i] >= -9007199254740991.0 && numbers[i] <= 9007199254740991.0))
				refuse("expected keys that are safe integers");
			list.keys[i].number = (int64_t) numbers[i];
		}
		return list;
	}
	if (type == key_type::bigint)
	{
		const array_view view = get_array(env, keys, napi_bigint64_array);
		const int64_t *numbers = (const int64_t *) view.data;

		list.keys.resize(view.length);
		for (size_t i = 0; i < view.length; i++)
			list.keys[i].number = numbers[i];
		return list;
	}

	const array_view text = get_bytes(env, keys),
				places = get_array(env, ends, napi_uint32_array);
	const uint32_t *end_of = (const uint32_t *) places.data;
	uint32_t	begin = 0;

	/* A copy: rows of a long call must not change with the array. */
	list.text.assign((const char *) text.data, (const char *) text.data + text.length);
	list.keys.resize(places.length);
	for (size_t i = 0; i < places.length; i++)
	{
		if (end_of[i] < begin || end_of[i] > text.length)
			refuse("expected ends of strings in order");
		list.keys[i].string = std::string_view(list.text.data() + begin, end_of[i] - begin);
		begin = end_of[i];
	}
	return list;
}

napi_value
make_ids(napi_env env, key_type type, const hits &found)
{
	if (type == key_type::bigint)
		return make_typed(env, napi_bigint64_array, found.numbers.data(), found.numbers.size(), sizeof(int64_t));
	if (type == key_type::number)
	{
		const std::vector<double> numbers(found.numbers.begin(), found.numbers.end());

		return make_typed(env, napi_float64_array, numbers.data(), numbers.size(), sizeof(double));
	}

	napi_value	made;
	size_t		begin = 0;

	require(env, napi_create_array_with_length(env, found.text_ends.size(), &made));
	for (size_t i = 0; i < found.text_ends.size(); i++)
	{
		napi_value	text;

		require(env, napi_create_string_utf8(env, found.text.data() + begin, found.text_ends[i] - begin, &text));
		require(env, napi_set_element(env, made, (uint32_t) i, text));
		begin = found.text_ends[i];
	}
	return made;
}

napi_value
make_result(napi_env env, key_type type, const hits &found, const search_counts &counts)
{
	const double numbers[4] = {(double) counts.hops, (double) counts.distances, (double) counts.estimates,
		(double) counts.bytes};

	return make_array(env, {
		make_ids(env, type, found),
		make_typed(env, napi_float32_array, found.distances.data(), found.distances.size(), sizeof(float)),
		make_typed(env, napi_float64_array, numbers, 4, sizeof(double)),
	});
}

napi_value
make_error(napi_env env, const failure &error)
{
	napi_value	made;

	require(env, napi_create_error(env, nullptr, make_string(env, error.what()), &made));
	require(env, napi_set_named_property(env, made, "kind", make_u32(env, (uint32_t) error.code)));
	require(env, napi_set_named_property(env, made, "row", make_double(env, (double) error.row)));
	require(env, napi_set_named_property(env, made, "errno", make_double(env, error.system)));
	return made;
}

void
raise(napi_env env)
{
	try
	{
		try
		{
			throw;
		}
		catch (const thrown &)
		{
		}
		catch (const failure &error)
		{
			napi_throw(env, make_error(env, error));
		}
		catch (const std::bad_alloc &)
		{
			napi_throw(env, make_error(env, failure(error_code::memory, "the system gives no more memory")));
		}
		catch (const std::exception &error)
		{
			napi_throw(env, make_error(env, failure(error_code::argument, error.what())));
		}
	}
	catch (...)
	{
		/* Even the error could not be made. */
		napi_throw_error(env, nullptr, "out of memory");
	}
}

std::shared_ptr<index>
get_index(napi_env env, napi_value value)
{
	std::shared_ptr<index> of = get_handle<index_handle>(env, value).of;

	if (!of)
		refuse("the index is closed");
	return of;
}

void
define(napi_env env, napi_value exports, const char *name, napi_callback function)
{
	napi_value	made;

	require(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &made));
	require(env, napi_set_named_property(env, exports, name, made));
}

}	/* namespace rv_index */
