/*
 * bind.c - the kernels of a variant as an object:
 *
 *   shapes    { f32: { dot: { pair, many, gather, matrix, topK }, ... }, ..., bits: { hamming: ..., jaccard: ... } }
 *   norm      { f32, ... }
 *   convert   { f16_to_f32, ... }
 *   sparse    { dot, l2sq, l1, cosine }
 *   start     of addon.h
 *
 * A function keeps its kernel, so a call makes no choice, and each environment may use another variant.
 */
#include "addon.h"

/* Where the next binding goes, and what all of them share. */
typedef struct binder
{
	napi_env	env;
	const rv_kernels *kernels;
	rv_binding *next;
	double	   *result;
} binder;

static rv_binding *
take(binder *b)
{
	rv_binding *binding = b->next++;

	binding->result = b->result;
	return binding;
}

static int
define(binder *b, napi_value object, const char *name, napi_callback call, rv_binding *binding)
{
	napi_value	function;

	return napi_create_function(b->env, name, NAPI_AUTO_LENGTH, call, binding, &function) == napi_ok &&
		napi_set_named_property(b->env, object, name, function) == napi_ok;
}

/* A new object as a property of another. */
static int
nest(binder *b, napi_value object, const char *name, napi_value *nested)
{
	return napi_create_object(b->env, nested) == napi_ok &&
		napi_set_named_property(b->env, object, name, *nested) == napi_ok;
}

static int
define_metric(binder *b, napi_value type_object, rv_type type, rv_metric metric)
{
	napi_value	object;
	rv_binding *binding = take(b);

	binding->kernel.pair = b->kernels->shapes[type][metric].pair;
	if (!nest(b, type_object, rv_metric_name(metric), &object) || !define(b, object, "pair", rv_call_pair, binding))
		return 0;
	for (int shape = 0; shape < RV_SHAPE_COUNT; shape++)
	{
		binding = take(b);
		binding->kernel.job.kernels = b->kernels;
		binding->kernel.job.type = type;
		binding->kernel.job.metric = metric;
		binding->kernel.job.shape = (rv_shape) shape;
		if (!define(b, object, rv_shape_name(shape), rv_call_shape, binding))
			return 0;
	}
	return 1;
}

static int
define_shapes(binder *b, napi_value object)
{
	napi_value	shapes,
				type_object;

	if (!nest(b, object, "shapes", &shapes))
		return 0;
	for (int type = 0; type < RV_TYPE_COUNT; type++)
	{
		if (!nest(b, shapes, rv_type_name(type), &type_object))
			return 0;
		for (int metric = 0; metric < RV_METRIC_COUNT; metric++)
			if (b->kernels->shapes[type][metric].pair != NULL &&
				!define_metric(b, type_object, (rv_type) type, (rv_metric) metric))
				return 0;
	}
	return 1;
}

static int
define_norms(binder *b, napi_value object)
{
	napi_value	norms;

	if (!nest(b, object, "norm", &norms))
		return 0;
	for (int type = 0; type < RV_TYPE_COUNT; type++)
		if (b->kernels->norm[type] != NULL)
		{
			rv_binding *binding = take(b);

			binding->kernel.norm = b->kernels->norm[type];
			if (!define(b, norms, rv_type_name(type), rv_call_norm, binding))
				return 0;
		}
	return 1;
}

static int
define_conversions(binder *b, napi_value object)
{
	const rv_kernels *k = b->kernels;
	const struct
	{
		const char *name;
		rv_convert	call;
		uint8_t		from_bytes,
					to_bytes;
	}			conversions[] = {
		{"f16_to_f32", k->f16_to_f32, 2, 4},
		{"f32_to_f16", k->f32_to_f16, 4, 2},
		{"bf16_to_f32", k->bf16_to_f32, 2, 4},
		{"f32_to_bf16", k->f32_to_bf16, 4, 2},
		{"f32_to_bits", k->f32_to_bits, 4, 0},
		{"f16_to_bits", k->f16_to_bits, 2, 0},
		{"i8_to_bits", k->i8_to_bits, 1, 0},
		{"normalise_f32", k->normalise_f32, 4, 4},
		{"normalise_f16", k->normalise_f16, 2, 2},
		{"normalise_bf16", k->normalise_bf16, 2, 2},
	};
	napi_value	functions;

	if (!nest(b, object, "convert", &functions))
		return 0;
	for (size_t i = 0; i < sizeof(conversions) / sizeof(conversions[0]); i++)
	{
		rv_binding *binding = take(b);

		binding->kernel.convert.call = conversions[i].call;
		binding->kernel.convert.from_bytes = conversions[i].from_bytes;
		binding->kernel.convert.to_bytes = conversions[i].to_bytes;
		if (!define(b, functions, conversions[i].name, rv_call_convert, binding))
			return 0;
	}
	return 1;
}

static int
define_sparse(binder *b, napi_value object)
{
	const rv_kernels *k = b->kernels;
	const rv_pair_sparse pairs[] = {k->dot_sparse, k->l2sq_sparse, k->l1_sparse, k->cosine_sparse};
	napi_value	functions;

	if (!nest(b, object, "sparse", &functions))
		return 0;
	for (int metric = 0; metric <= RV_METRIC_COSINE; metric++)
	{
		rv_binding *binding = take(b);

		binding->kernel.sparse = pairs[metric];
		if (!define(b, functions, rv_metric_name(metric), rv_call_sparse, binding))
			return 0;
	}
	return 1;
}

napi_value
rv_bind_variant(napi_env env, const rv_kernels *kernels, rv_binding *bindings, double *result)
{
	binder		b = {env, kernels, bindings, result};
	rv_binding *start = take(&b);
	napi_value	object;

	start->kernel.job.kernels = kernels;
	if (napi_create_object(env, &object) != napi_ok ||
		!define_shapes(&b, object) ||
		!define_norms(&b, object) ||
		!define_conversions(&b, object) ||
		!define_sparse(&b, object) ||
		!define(&b, object, "start", rv_call_start, start))
		return rv_throw(env, RV_CODE_SYSTEM, "the kernels could not be bound");
	return object;
}
