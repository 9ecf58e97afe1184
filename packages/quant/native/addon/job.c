/*
 * job.c - operations on a thread of libuv's pool.
 *
 * An environment that ends (worker.terminate()) first waits for its work, so a call's memory outlives the thread that
 * uses it; where JavaScript does not run any more nobody is called, and all is freed the same.
 */
#include <stdlib.h>
#include <string.h>

#include "addon.h"

enum
{
	CONTROL_STOP,
	CONTROL_DONE,
	CONTROL_TOTAL,
	CONTROL_LENGTH
};

enum
{
	ARGUMENT_FAMILY,
	ARGUMENT_NAME,
	ARGUMENT_ARRAY,
	ARGUMENT_CONTROL,
	ARGUMENT_CALLBACK,
	ARGUMENT_COUNT
};

/* What `held` keeps: the operation's arguments, the control words and the callback. */
#define HELD_CONTROL RV_MAX_ARGUMENTS
#define HELD_CALLBACK (RV_MAX_ARGUMENTS + 1)

typedef struct work
{
	const rv_operation *operation;
	rv_end		end;
	int			is_read;
	uint32_t   *control;
	napi_ref	held;
	napi_async_work handle;
	_Alignas(max_align_t) char job[];
} work;

static int
step(void *data, size_t done, size_t total)
{
	work	   *w = data;

	__atomic_store_n(&w->control[CONTROL_TOTAL], (uint32_t) total, __ATOMIC_RELAXED);
	__atomic_store_n(&w->control[CONTROL_DONE], (uint32_t) done, __ATOMIC_RELAXED);
	return __atomic_load_n(&w->control[CONTROL_STOP], __ATOMIC_RELAXED) == 0;
}

static void
execute(napi_env env, void *data)
{
	work	   *w = data;

	(void) env;
	if (__atomic_load_n(&w->control[CONTROL_STOP], __ATOMIC_RELAXED) != 0)
		w->end = RV_END_STOPPED;
	else
		w->end = w->operation->run(w->job, step, w);
}

static void
release(napi_env env, work *w)
{
	if (w->is_read && w->operation->release != NULL)
		w->operation->release(w->job);
	if (w->handle != NULL)
		napi_delete_async_work(env, w->handle);
	if (w->held != NULL)
		napi_delete_reference(env, w->held);
	free(w);
}

static napi_value
end_error(napi_env env, rv_end end)
{
	napi_value	error = NULL;

	rv_throw_end(env, end);
	if (napi_get_and_clear_last_exception(env, &error) != napi_ok)
		return NULL;
	return error;
}

/* Calls back, where JavaScript still runs; what the callback throws is Node's to report. */
static void
complete(napi_env env, napi_status status, void *data)
{
	work	   *w = data;
	int			done = status == napi_ok && w->end == RV_END_DONE;
	napi_value	held,
				callback = NULL,
				receiver = NULL,
				results[3];

	if (napi_get_reference_value(env, w->held, &held) != napi_ok ||
		napi_get_element(env, held, HELD_CALLBACK, &callback) != napi_ok ||
		napi_get_undefined(env, &receiver) != napi_ok ||
		napi_get_boolean(env, done, &results[1]) != napi_ok)
		callback = NULL;
	results[0] = results[2] = receiver;
	if (callback != NULL && status == napi_ok && w->end == RV_END_NO_MEMORY)
		results[0] = end_error(env, w->end);
	if (callback != NULL && done && w->operation->result != NULL)
		results[2] = w->operation->result(env, w->job);
	release(env, w);
	if (callback != NULL && results[0] != NULL && results[2] != NULL)
		napi_call_function(env, receiver, callback, 3, results, NULL);
}

/* The binding that two words name; NULL where there is none. */
static const rv_binding *
find(napi_env env, const napi_value *arguments, const rv_registry *registry)
{
	char		family[32],
				name[32];		/* longer ones are cut off, and are none */
	size_t		length;

	if (napi_get_value_string_latin1(env, arguments[ARGUMENT_FAMILY], family, sizeof(family), &length) != napi_ok ||
		napi_get_value_string_latin1(env, arguments[ARGUMENT_NAME], name, sizeof(name), &length) != napi_ok)
		return NULL;
	for (size_t i = 0; i < registry->count; i++)
	{
		const rv_binding *binding = &registry->bindings[i];

		if (strcmp(binding->family, family) == 0 && strcmp(binding->operation->name, name) == 0)
			return binding;
	}
	return NULL;
}

/* Keeps everything that the work needs, and reads its arguments; returns 0 where that fails, perhaps after throwing. */
static int
prepare(napi_env env, const napi_value *arguments, const rv_binding *binding, work *w)
{
	napi_value	held,
				values[RV_MAX_ARGUMENTS];
	napi_valuetype callback_type;
	rv_view		control;
	bool		is_array;

	if (napi_is_array(env, arguments[ARGUMENT_ARRAY], &is_array) != napi_ok || !is_array ||
		napi_typeof(env, arguments[ARGUMENT_CALLBACK], &callback_type) != napi_ok || callback_type != napi_function)
		return rv_refuse(env, "expected arguments, control words and a callback");
	if (napi_create_array_with_length(env, HELD_CALLBACK + 1, &held) != napi_ok ||
		napi_set_element(env, held, HELD_CONTROL, arguments[ARGUMENT_CONTROL]) != napi_ok ||
		napi_set_element(env, held, HELD_CALLBACK, arguments[ARGUMENT_CALLBACK]) != napi_ok ||
		napi_create_reference(env, held, 1, &w->held) != napi_ok)
		return 0;
	for (uint32_t i = 0; i < RV_MAX_ARGUMENTS; i++)
		if (napi_get_element(env, arguments[ARGUMENT_ARRAY], i, &values[i]) != napi_ok ||
			napi_set_element(env, held, i, values[i]) != napi_ok)
			return 0;
	/* Only after the last of what may run JavaScript: a getter could take memory away. */
	if (!rv_get_view(env, arguments[ARGUMENT_CONTROL], sizeof(uint32_t), &control) || control.length < CONTROL_LENGTH)
		return rv_refuse(env, "expected three control words");
	w->control = control.data;
	w->is_read = w->operation->read(env, values, binding->kernels, w->job);
	return w->is_read;
}

static napi_value
start(napi_env env, napi_callback_info info)
{
	napi_value	arguments[ARGUMENT_COUNT],
				name;
	size_t		count = ARGUMENT_COUNT;
	void	   *data;
	const rv_binding *binding;
	work	   *w;
	bool		thrown = false;

	if (napi_get_cb_info(env, info, &count, arguments, NULL, &data) != napi_ok)
		return NULL;
	binding = find(env, arguments, data);
	if (binding == NULL)
	{
		rv_refuse(env, "expected the names of a family and of its function");
		return NULL;
	}
	w = calloc(1, sizeof(work) + binding->operation->job_bytes);
	if (w == NULL)
	{
		rv_throw_end(env, RV_END_NO_MEMORY);
		return NULL;
	}
	w->operation = binding->operation;
	if (prepare(env, arguments, binding, w) &&
		napi_create_string_latin1(env, "@ruvector/quant", NAPI_AUTO_LENGTH, &name) == napi_ok &&
		napi_create_async_work(env, NULL, name, execute, complete, w, &w->handle) == napi_ok &&
		napi_queue_async_work(env, w->handle) == napi_ok)
		return NULL;
	release(env, w);
	if (napi_is_exception_pending(env, &thrown) == napi_ok && !thrown)
		napi_throw_error(env, RV_CODE_SYSTEM, "the work could not be started");
	return NULL;
}

int
rv_register_start(napi_env env, napi_value exports, rv_registry *registry)
{
	napi_value	function;

	return napi_create_function(env, "start", NAPI_AUTO_LENGTH, start, registry, &function) == napi_ok &&
		napi_set_named_property(env, exports, "start", function) == napi_ok;
}
