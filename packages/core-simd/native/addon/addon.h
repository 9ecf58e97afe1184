/*
 * addon.h - the Node-API face of the kernels.
 *
 * The addon is private to src/loader.ts, and so is its contract: the caller
 * has made sure, by the brand that a typed array cannot fake, that every
 * argument is a Float32Array.  Asking Node-API for the element type again
 * walks through eight type checks per argument and doubles the cost of a
 * call.  Lengths are checked here all the same, so a call can score the wrong
 * numbers but never leave the arrays.
 *
 * A kernel's result goes to a float64 slot that JavaScript reads through a
 * Float64Array: cheaper than creating a number for each call.  Nothing runs
 * between the write and the read, and each environment (main thread, worker)
 * has a slot of its own, so it is never shared.  There is no other state, and
 * none that is global.
 */
#ifndef RUVECTOR_ADDON_H
#define RUVECTOR_ADDON_H

#include <node_api.h>

#include <ruvector/simd.h>

/* Raised when src/loader.ts must no longer accept older binaries. */
#define RV_ADDON_ABI 1

/* What a function of the addon finds at its `data` pointer. */
typedef struct rv_binding
{
	union
	{
		rv_pair_f32 pair_f32;
		rv_pair_f32_f64 pair_f32_f64;
		rv_norm_f32_f64 norm_f32_f64;
		rv_many_f32 many_f32;
	}			kernel;
	double	   *result;
} rv_binding;

/* A view of `length` floats. */
typedef struct rv_floats
{
	float	   *data;
	size_t		length;
} rv_floats;

/* (a, b) -> undefined; the result is in the slot */
extern napi_value rv_call_pair_f32(napi_env env, napi_callback_info info);
extern napi_value rv_call_pair_f32_f64(napi_env env, napi_callback_info info);

/* (a) -> undefined; the result is in the slot */
extern napi_value rv_call_norm_f32_f64(napi_env env, napi_callback_info info);

/* (query, rows, out) -> undefined; out[i] is the score of row i */
extern napi_value rv_call_many_f32(napi_env env, napi_callback_info info);

/* Throws what a caller that breaks the contract gets; returns NULL. */
extern napi_value rv_throw_arguments(napi_env env, const char *expected);

static inline int
rv_get_floats(napi_env env, napi_value value, rv_floats *floats)
{
	return napi_get_typedarray_info(env, value, NULL, &floats->length,
									(void **) &floats->data, NULL, NULL) == napi_ok;
}

#endif							/* RUVECTOR_ADDON_H */
