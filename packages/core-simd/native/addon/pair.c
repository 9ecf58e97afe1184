/*
 * pair.c - functions of one or two vectors: pairs, norms, sparse pairs, conversions.
 */
#include "addon.h"

/* A typed array of the right kind, which the caller vouches for. */
static inline int
get_trusted(napi_env env, napi_value value, rv_view *view)
{
	return napi_get_typedarray_info(env, value, NULL, &view->length, &view->data, NULL, NULL) == napi_ok;
}

napi_value
rv_call_pair(napi_env env, napi_callback_info info)
{
	napi_value	arguments[2];
	size_t		count = 2;
	void	   *data;
	const rv_binding *binding;
	rv_view		a,
				b;

	if (napi_get_cb_info(env, info, &count, arguments, NULL, &data) != napi_ok ||
		!get_trusted(env, arguments[0], &a) ||
		!get_trusted(env, arguments[1], &b) ||
		a.length != b.length)
		return rv_throw(env, RV_CODE_ARGUMENTS, "expected two typed arrays of one length");
	binding = data;
	*binding->result = binding->kernel.pair(a.data, b.data, a.length);
	return NULL;
}

napi_value
rv_call_norm(napi_env env, napi_callback_info info)
{
	napi_value	argument;
	size_t		count = 1;
	void	   *data;
	const rv_binding *binding;
	rv_view		a;

	if (napi_get_cb_info(env, info, &count, &argument, NULL, &data) != napi_ok ||
		!get_trusted(env, argument, &a))
		return rv_throw(env, RV_CODE_ARGUMENTS, "expected a typed array");
	binding = data;
	*binding->result = binding->kernel.norm(a.data, a.length);
	return NULL;
}

napi_value
rv_call_sparse(napi_env env, napi_callback_info info)
{
	napi_value	arguments[4];
	size_t		count = 4;
	void	   *data;
	const rv_binding *binding;
	rv_view		views[4];
	rv_sparse	a,
				b;

	if (napi_get_cb_info(env, info, &count, arguments, NULL, &data) != napi_ok)
		return NULL;
	for (int i = 0; i < 4; i++)
		if (!rv_get_view(env, arguments[i], 4, &views[i]))
			return rv_throw(env, RV_CODE_ARGUMENTS, "expected indices and values, twice");
	if (views[0].length != views[1].length || views[2].length != views[3].length)
		return rv_throw(env, RV_CODE_ARGUMENTS, "expected a value for each index");
	a = (rv_sparse) {views[0].data, views[1].data, views[0].length};
	b = (rv_sparse) {views[2].data, views[3].data, views[2].length};
	binding = data;
	*binding->result = binding->kernel.sparse(&a, &b);
	return NULL;
}

napi_value
rv_call_convert(napi_env env, napi_callback_info info)
{
	napi_value	arguments[2];
	size_t		count = 2;
	void	   *data;
	const rv_binding *binding;
	rv_view		from,
				to;
	size_t		from_bytes,
				to_bytes;

	if (napi_get_cb_info(env, info, &count, arguments, NULL, &data) != napi_ok)
		return NULL;
	binding = data;
	from_bytes = binding->kernel.convert.from_bytes;
	to_bytes = binding->kernel.convert.to_bytes;
	if (!rv_get_view(env, arguments[0], from_bytes, &from) ||
		!rv_get_view(env, arguments[1], to_bytes == 0 ? 1 : to_bytes, &to) ||
		to.length != (to_bytes == 0 ? from.length / 8 + (from.length % 8 != 0) : from.length))
		return rv_throw(env, RV_CODE_ARGUMENTS, "expected elements and room for each");
	binding->kernel.convert.call(from.data, to.data, from.length);
	return NULL;
}
