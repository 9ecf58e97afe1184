/*
 * module.c - what the addon exports:
 *
 *   abi       RV_ADDON_ABI
 *   result    ArrayBuffer of 8 bytes, the slot of addon.h
 *   variants  { skylake: () => kernels, ... }, those that run here, best first; bind.c says what kernels are
 *
 * A variant is bound when it is asked for: that makes some hundred and fifty functions.
 */
#include <stdlib.h>

#include "addon.h"

/* One variant of an environment. */
typedef struct variant
{
	const rv_kernels *kernels;
	double	   *result;
	rv_binding	bindings[RV_BINDINGS_PER_VARIANT];
} variant;

/* What an environment owns; freed when it ends. */
typedef struct environment
{
	napi_ref	result;			/* keeps the slot; Node-API drops it at the end */
	variant		variants[RV_VARIANT_COUNT];
} environment;

napi_value
rv_throw(napi_env env, const char *code, const char *message)
{
	napi_throw_type_error(env, code, message);
	return NULL;
}

static void
free_environment(napi_env env, void *data, void *hint)
{
	(void) env;
	(void) hint;
	free(data);
}

/* () -> kernels; asked for again, other functions of the same bindings */
static napi_value
bind(napi_env env, napi_callback_info info)
{
	void	   *data;
	variant    *v;

	if (napi_get_cb_info(env, info, NULL, NULL, NULL, &data) != napi_ok)
		return NULL;
	v = data;
	return rv_bind_variant(env, v->kernels, v->bindings, v->result);
}

static int
define_exports(napi_env env, napi_value exports, environment *own)
{
	napi_value	abi,
				result,
				variants,
				function;
	void	   *slot;

	if (napi_create_uint32(env, RV_ADDON_ABI, &abi) != napi_ok ||
		napi_set_named_property(env, exports, "abi", abi) != napi_ok ||
		napi_create_arraybuffer(env, sizeof(double), &slot, &result) != napi_ok ||
		napi_create_reference(env, result, 1, &own->result) != napi_ok ||
		napi_set_named_property(env, exports, "result", result) != napi_ok ||
		napi_create_object(env, &variants) != napi_ok ||
		napi_set_named_property(env, exports, "variants", variants) != napi_ok)
		return 0;

	for (int i = RV_VARIANT_COUNT - 1; i >= 0; i--)
	{
		variant    *v = &own->variants[i];

		v->kernels = rv_simd_variant((rv_variant) i);
		v->result = slot;
		if (v->kernels != NULL &&
			(napi_create_function(env, v->kernels->name, NAPI_AUTO_LENGTH, bind, v, &function) != napi_ok ||
			 napi_set_named_property(env, variants, v->kernels->name, function) != napi_ok))
			return 0;
	}
	return 1;
}

NAPI_MODULE_INIT()
{
	environment *own = calloc(1, sizeof(environment));

	if (own == NULL || napi_set_instance_data(env, own, free_environment, NULL) != napi_ok)
	{
		free(own);
		napi_throw_error(env, RV_CODE_SYSTEM, "out of memory");
		return NULL;
	}
	if (!define_exports(env, exports, own))
	{
		napi_throw_error(env, RV_CODE_SYSTEM, "the addon could not be initialised");
		return NULL;
	}
	return exports;
}
