/*
 * arguments.c - typed arrays and numbers.
 */
#include "addon.h"

static size_t
element_bytes(napi_typedarray_type type)
{
	switch (type)
	{
		case napi_int8_array:
		case napi_uint8_array:
		case napi_uint8_clamped_array:
			return 1;
		case napi_int16_array:
		case napi_uint16_array:
			return 2;
		case napi_int32_array:
		case napi_uint32_array:
		case napi_float32_array:
			return 4;
		default:
			return 8;
	}
}

int
rv_get_view(napi_env env, napi_value value, size_t bytes, rv_view *view)
{
	napi_value	buffer;
	napi_typedarray_type type;
	size_t		offset,
				size;
	void	   *data;

	if (napi_get_typedarray_info(env, value, NULL, &view->length, &view->data, &buffer, &offset) != napi_ok ||
		(uintptr_t) view->data % bytes != 0)
		return 0;
	/* The kind is what is dear to ask for, and bytes say all that matters. */
	if (napi_get_arraybuffer_info(env, buffer, &data, &size) == napi_ok)
		return view->length <= (size - offset) / bytes;
	/* Node-API does not know SharedArrayBuffer there. */
	return napi_get_typedarray_info(env, value, &type, NULL, NULL, NULL, NULL) == napi_ok &&
		element_bytes(type) >= bytes;
}

int
rv_get_optional_view(napi_env env, napi_value value, size_t bytes, rv_view *view)
{
	napi_valuetype type;

	if (napi_typeof(env, value, &type) != napi_ok)
		return 0;
	if (type == napi_undefined)
	{
		view->data = NULL;
		view->length = 0;
		return 1;
	}
	return rv_get_view(env, value, bytes, view);
}

int
rv_get_double(napi_env env, napi_value value, double *number)
{
	return napi_get_value_double(env, value, number) == napi_ok && *number == *number;
}

int
rv_get_size(napi_env env, napi_value value, size_t most, size_t *size)
{
	double		number;

	if (!rv_get_double(env, value, &number) || !(number >= 0 && number <= (double) most))
		return 0;
	*size = (size_t) number;
	return (double) *size == number;
}

int
rv_get_metric(napi_env env, napi_value value, size_t *metric)
{
	return rv_get_size(env, value, RV_METRIC_COSINE, metric) && *metric != RV_METRIC_L1;
}

int
rv_refuse(napi_env env, const char *message)
{
	napi_throw_type_error(env, RV_CODE_ARGUMENTS, message);
	return 0;
}

void
rv_throw_end(napi_env env, rv_end end)
{
	if (end == RV_END_NO_MEMORY)
		napi_throw_error(env, RV_CODE_SYSTEM, "out of memory");
}
