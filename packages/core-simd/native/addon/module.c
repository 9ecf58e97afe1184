/*
 * module.c - what the addon exports:
 *
 *   abi       RV_ADDON_ABI
 *   result    ArrayBuffer of 8 bytes, the slot of addon.h
 *   variants  { skylake: { dot, l2sq, l1, cosine, norm, dotMany, ... }, ... },
 *             those that run here, best first
 *
 * All variants are bound at load: a function keeps its kernel, so a call makes
 * no choice, and each environment may use another variant.
 */
#include <stdlib.h>

#include "addon.h"

#define FUNCTIONS_PER_VARIANT 9

/* What an environment owns; freed when it ends. */
typedef struct environment
{
	napi_ref	result;			/* keeps the slot; Node-API drops it at the end */
	rv_binding	bindings[RV_VARIANT_COUNT][FUNCTIONS_PER_VARIANT];
} environment;

napi_value
rv_throw_arguments(napi_env env, const char *expected)
{
	napi_throw_type_error(env, "ERR_SIMD_ADDON", expected);
	return NULL;
}

static void
free_environment(napi_env env, void *data, void *hint)
{
	(void) env;
	(void) hint;
	free(data);
}

static int
define(napi_env env, napi_value object, const char *name, napi_callback call, rv_binding *binding)
{
	napi_value	function;

	return napi_create_function(env, name, NAPI_AUTO_LENGTH, call, binding, &function) == napi_ok &&
		napi_set_named_property(env, object, name, function) == napi_ok;
}

static int
define_variant(napi_env env, napi_value variants, const rv_kernels *kernels, rv_binding *b)
{
	napi_value	object;

	b[0].kernel.pair_f32 = kernels->dot_f32;
	b[1].kernel.pair_f32 = kernels->l2sq_f32;
	b[2].kernel.pair_f32 = kernels->l1_f32;
	b[3].kernel.pair_f32_f64 = kernels->cosine_f32;
	b[4].kernel.norm_f32_f64 = kernels->norm_f32;
	b[5].kernel.many_f32 = kernels->dot_f32_many;
	b[6].kernel.many_f32 = kernels->l2sq_f32_many;
	b[7].kernel.many_f32 = kernels->l1_f32_many;
	b[8].kernel.many_f32 = kernels->cosine_f32_many;

	return napi_create_object(env, &object) == napi_ok &&
		define(env, object, "dot", rv_call_pair_f32, &b[0]) &&
		define(env, object, "l2sq", rv_call_pair_f32, &b[1]) &&
		define(env, object, "l1", rv_call_pair_f32, &b[2]) &&
		define(env, object, "cosine", rv_call_pair_f32_f64, &b[3]) &&
		define(env, object, "norm", rv_call_norm_f32_f64, &b[4]) &&
		define(env, object, "dotMany", rv_call_many_f32, &b[5]) &&
		define(env, object, "l2sqMany", rv_call_many_f32, &b[6]) &&
		define(env, object, "l1Many", rv_call_many_f32, &b[7]) &&
		define(env, object, "cosineMany", rv_call_many_f32, &b[8]) &&
		napi_set_named_property(env, variants, kernels->name, object) == napi_ok;
}

static int
define_exports(napi_env env, napi_value exports, environment *own)
{
	napi_value	abi,
				result,
				variants;
	void	   *slot;

	if (napi_create_uint32(env, RV_ADDON_ABI, &abi) != napi_ok ||
		napi_set_named_property(env, exports, "abi", abi) != napi_ok ||
		napi_create_arraybuffer(env, sizeof(double), &slot, &result) != napi_ok ||
		napi_create_reference(env, result, 1, &own->result) != napi_ok ||
		napi_set_named_property(env, exports, "result", result) != napi_ok ||
		napi_create_object(env, &variants) != napi_ok ||
		napi_set_named_property(env, exports, "variants", variants) != napi_ok)
		return 0;

	for (int v = RV_VARIANT_COUNT - 1; v >= 0; v--)
	{
		const rv_kernels *kernels = rv_simd_variant((rv_variant) v);

		for (int f = 0; f < FUNCTIONS_PER_VARIANT; f++)
			own->bindings[v][f].result = slot;
		if (kernels != NULL && !define_variant(env, variants, kernels, own->bindings[v]))
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
		napi_throw_error(env, "ERR_SIMD_ADDON", "out of memory");
		return NULL;
	}
	if (!define_exports(env, exports, own))
	{
		napi_throw_error(env, "ERR_SIMD_ADDON", "the addon could not be initialised");
		return NULL;
	}
	return exports;
}
