/*
 * many.c - functions of one query and many contiguous rows.
 */
#include "addon.h"

napi_value
rv_call_many_f32(napi_env env, napi_callback_info info)
{
	napi_value	arguments[3];
	size_t		argument_count = 3,
				row_count;
	void	   *data;
	const rv_binding *binding;
	rv_floats	query,
				rows,
				out;

	if (napi_get_cb_info(env, info, &argument_count, arguments, NULL, &data) != napi_ok ||
		!rv_get_floats(env, arguments[0], &query) ||
		!rv_get_floats(env, arguments[1], &rows) ||
		!rv_get_floats(env, arguments[2], &out))
		return rv_throw_arguments(env, "three Float32Array");
	if (query.length == 0)
		return rows.length == 0 ? NULL : rv_throw_arguments(env, "no rows for an empty query");
	row_count = rows.length / query.length;
	if (row_count * query.length != rows.length || out.length < row_count)
		return rv_throw_arguments(env, "whole rows and a result for each");

	binding = data;
	binding->kernel.many_f32(query.data, rows.data, query.length, row_count, query.length, out.data);
	return NULL;
}
