/*
 * module.c - what the addon exports:
 *
 *   abi         RV_ADDON_ABI
 *   misaligned  (Uint8Array) -> by how many bytes its memory begins after a multiple of 64
 *   variants    { haswell: () => kernels, ... }, those that run here, best first; kernels are families of functions and
 *               `start` (src/backend/types.ts)
 *
 * A variant is bound when it is asked for.
 */
#include <stdlib.h>

#include "addon.h"

/* What an environment owns; freed when it ends. */
typedef struct environment
{
	rv_registry variants[RV_VARIANT_COUNT];
} environment;

static void
free_environment(napi_env env, void *data, void *hint)
{
	(void) env;
	(void) hint;
	free(data);
}

/* A call at once. */
static napi_value
call(napi_env env, napi_callback_info info)
{
	napi_value	arguments[RV_MAX_ARGUMENTS],
				result = NULL;
	size_t		count = RV_MAX_ARGUMENTS;
	void	   *data;
	const rv_binding *binding;
	_Alignas(max_align_t) char job[RV_MAX_JOB_BYTES];
	rv_end		end;

	if (napi_get_cb_info(env, info, &count, arguments, NULL, &data) != napi_ok)
		return NULL;
	binding = data;
	for (size_t i = 0; i < binding->operation->job_bytes; i++)
		job[i] = 0;
	if (!binding->operation->read(env, arguments, binding->kernels, job))
		return NULL;
	end = binding->operation->run(job, NULL, NULL);
	if (end == RV_END_DONE && binding->operation->result != NULL)
		result = binding->operation->result(env, job);
	if (binding->operation->release != NULL)
		binding->operation->release(job);
	if (end != RV_END_DONE)
		rv_throw_end(env, end);
	return result;
}

int
rv_register(napi_env env, napi_value exports, rv_registry *registry, const char *family,
			const rv_operation *operations, size_t count)
{
	napi_value	object,
				function;

	if (napi_create_object(env, &object) != napi_ok ||
		napi_set_named_property(env, exports, family, object) != napi_ok)
		return 0;
	for (size_t i = 0; i < count; i++)
	{
		rv_binding *binding = &registry->bindings[registry->count];

		if (registry->count == RV_MAX_OPERATIONS || operations[i].job_bytes > RV_MAX_JOB_BYTES ||
			operations[i].arguments > RV_MAX_ARGUMENTS)
			return 0;
		registry->count++;
		binding->family = family;
		binding->operation = &operations[i];
		binding->kernels = &registry->kernels;
		if (napi_create_function(env, operations[i].name, NAPI_AUTO_LENGTH, call, binding, &function) != napi_ok ||
			napi_set_named_property(env, object, operations[i].name, function) != napi_ok)
			return 0;
	}
	return 1;
}

/* () -> kernels; asked for again, other functions of the same bindings */
static napi_value
bind(napi_env env, napi_callback_info info)
{
	void	   *data;
	rv_registry *registry;
	napi_value	object;

	if (napi_get_cb_info(env, info, NULL, NULL, NULL, &data) != napi_ok)
		return NULL;
	registry = data;
	registry->count = 0;
	if (napi_create_object(env, &object) != napi_ok ||
		!rv_register_rotation(env, object, registry) ||
		!rv_register_rabitq(env, object, registry) ||
		!rv_register_scalar(env, object, registry) ||
		!rv_register_half(env, object, registry) ||
		!rv_register_binary(env, object, registry) ||
		!rv_register_kmeans(env, object, registry) ||
		!rv_register_product(env, object, registry) ||
		!rv_register_start(env, object, registry))
	{
		napi_throw_error(env, RV_CODE_SYSTEM, "the kernels could not be bound");
		return NULL;
	}
	return object;
}

static napi_value
misaligned(napi_env env, napi_callback_info info)
{
	napi_value	argument,
				result;
	size_t		count = 1;
	rv_view		view;

	if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) != napi_ok)
		return NULL;
	if (count < 1 || !rv_get_view(env, argument, 1, &view))
	{
		rv_refuse(env, "expected a Uint8Array");
		return NULL;
	}
	return napi_create_uint32(env, (uint32_t) ((uintptr_t) view.data % 64), &result) == napi_ok ? result : NULL;
}

static int
define_exports(napi_env env, napi_value exports, environment *own)
{
	napi_value	abi,
				variants,
				function;

	if (napi_create_uint32(env, RV_ADDON_ABI, &abi) != napi_ok ||
		napi_set_named_property(env, exports, "abi", abi) != napi_ok ||
		napi_create_function(env, "misaligned", NAPI_AUTO_LENGTH, misaligned, NULL, &function) != napi_ok ||
		napi_set_named_property(env, exports, "misaligned", function) != napi_ok ||
		napi_create_object(env, &variants) != napi_ok ||
		napi_set_named_property(env, exports, "variants", variants) != napi_ok)
		return 0;
	for (int i = RV_VARIANT_COUNT - 1; i >= 0; i--)
	{
		rv_registry *registry = &own->variants[i];
		const char *name;

		if (!rv_quant_variant((rv_variant) i, &registry->kernels))
			continue;
		name = registry->kernels.simd->name;
		if (napi_create_function(env, name, NAPI_AUTO_LENGTH, bind, registry, &function) != napi_ok ||
			napi_set_named_property(env, variants, name, function) != napi_ok)
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
