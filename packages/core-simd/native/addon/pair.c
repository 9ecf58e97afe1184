/*
 * pair.c - functions of one or two vectors.
 */
#include "addon.h"

/* The arguments of a pair function; NULL after throwing. */
static inline const rv_binding *
get_pair(napi_env env, napi_callback_info info, rv_floats *a, rv_floats *b)
{
	napi_value	arguments[2];
	size_t		count = 2;
	void	   *binding;

	if (napi_get_cb_info(env, info, &count, arguments, NULL, &binding) != napi_ok ||
		!rv_get_floats(env, arguments[0], a) ||
		!rv_get_floats(env, arguments[1], b) ||
		a->length != b->length)
	{
		rv_throw_arguments(env, "two Float32Array of one length");
		return NULL;
	}
	return binding;
}

napi_value
rv_call_pair_f32(napi_env env, napi_callback_info info)
{
	rv_floats	a,
				b;
	const rv_binding *binding = get_pair(env, info, &a, &b);

	if (binding != NULL)
		*binding->result = binding->kernel.pair_f32(a.data, b.data, a.length);
	return NULL;
}

napi_value
rv_call_pair_f32_f64(napi_env env, napi_callback_info info)
{
	rv_floats	a,
				b;
	const rv_binding *binding = get_pair(env, info, &a, &b);

	if (binding != NULL)
		*binding->result = binding->kernel.pair_f32_f64(a.data, b.data, a.length);
	return NULL;
}

napi_value
rv_call_norm_f32_f64(napi_env env, napi_callback_info info)
{
	napi_value	argument;
	size_t		count = 1;
	void	   *data;
	const rv_binding *binding;
	rv_floats	a;

	if (napi_get_cb_info(env, info, &count, &argument, NULL, &data) != napi_ok ||
		!rv_get_floats(env, argument, &a))
		return rv_throw_arguments(env, "a Float32Array");
	binding = data;
	*binding->result = binding->kernel.norm_f32_f64(a.data, a.length);
	return NULL;
}
