/*
 * async.c - the shapes beyond the pair, on a thread of libuv's pool.
 *
 * An environment that ends (worker.terminate()) first waits for its work, so a call's memory outlives the thread that
 * uses it; where JavaScript does not run any more nobody is called, and all is freed the same.
 */
#include <stdlib.h>

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
	ARGUMENT_SHAPE,
	ARGUMENT_TYPE,
	ARGUMENT_METRIC,
	ARGUMENT_ARRAY,
	ARGUMENT_CONTROL,
	ARGUMENT_CALLBACK,
	ARGUMENT_COUNT
};

/* What `held` keeps: the shape's arguments, the control words and the callback. */
#define HELD_CONTROL RV_JOB_ARGUMENTS
#define HELD_CALLBACK (RV_JOB_ARGUMENTS + 1)

typedef struct work
{
	rv_job		job;
	rv_job_end	end;
	uint32_t   *control;
	napi_ref	held;
	napi_async_work handle;
} work;

static int
step(void *data, size_t done, size_t total)
{
	work	   *w = data;

	(void) total;
	__atomic_store_n(&w->control[CONTROL_DONE], (uint32_t) done, __ATOMIC_RELAXED);
	return __atomic_load_n(&w->control[CONTROL_STOP], __ATOMIC_RELAXED) == 0;
}

static void
execute(napi_env env, void *data)
{
	work	   *w = data;
	size_t		total = rv_job_rows(&w->job);

	(void) env;
	__atomic_store_n(&w->control[CONTROL_TOTAL], (uint32_t) total, __ATOMIC_RELAXED);
	w->end = step(w, 0, total) ? rv_run_job(&w->job, step, w) : RV_JOB_STOPPED;
	if (w->end == RV_JOB_DONE)
		step(w, total, total);
}

static void
release(napi_env env, work *w)
{
	if (w->handle != NULL)
		napi_delete_async_work(env, w->handle);
	if (w->held != NULL)
		napi_delete_reference(env, w->held);
	free(w);
}

/* Calls back, where JavaScript still runs; what the callback throws is Node's to report. */
static void
complete(napi_env env, napi_status status, void *data)
{
	work	   *w = data;
	int			done = status == napi_ok && w->end == RV_JOB_DONE;
	napi_value	held,
				callback = NULL,
				receiver = NULL,
				results[2];

	if (napi_get_reference_value(env, w->held, &held) != napi_ok ||
		napi_get_element(env, held, HELD_CALLBACK, &callback) != napi_ok ||
		napi_get_undefined(env, &receiver) != napi_ok ||
		napi_get_boolean(env, done, &results[1]) != napi_ok)
		callback = NULL;
	results[0] = status == napi_ok && w->end == RV_JOB_BAD_INDEX ? rv_job_error(env, &w->job) : receiver;
	release(env, w);
	if (callback != NULL && results[0] != NULL)
		napi_call_function(env, receiver, callback, 2, results, NULL);
}

/* A word as a number; -1 where it is none of those that are looked for. */
static int
read_word(napi_env env, napi_value value, int (*find) (const char *))
{
	char		word[16];		/* longer ones are cut off, and are none */
	size_t		length;

	if (napi_get_value_string_latin1(env, value, word, sizeof(word), &length) != napi_ok)
		return -1;
	return find(word);
}

/* Keeps everything that the work needs, and looks at its arguments; returns 0 where that fails, perhaps after throwing. */
static int
prepare(napi_env env, const napi_value *arguments, work *w)
{
	napi_value	held,
				values[RV_JOB_ARGUMENTS];
	napi_valuetype callback_type;
	rv_view		control;
	int			shape = read_word(env, arguments[ARGUMENT_SHAPE], rv_shape_named),
				type = read_word(env, arguments[ARGUMENT_TYPE], rv_type_named),
				metric = read_word(env, arguments[ARGUMENT_METRIC], rv_metric_named);
	bool		is_array;

	if (shape < 0 || type < 0 || metric < 0 || w->job.kernels->shapes[type][metric].many == NULL)
	{
		rv_throw(env, RV_CODE_ARGUMENTS, "expected the names of a shape, a type and a metric of it");
		return 0;
	}
	w->job.shape = (rv_shape) shape;
	w->job.type = (rv_type) type;
	w->job.metric = (rv_metric) metric;
	if (napi_is_array(env, arguments[ARGUMENT_ARRAY], &is_array) != napi_ok || !is_array ||
		napi_typeof(env, arguments[ARGUMENT_CALLBACK], &callback_type) != napi_ok || callback_type != napi_function)
	{
		rv_throw(env, RV_CODE_ARGUMENTS, "expected arguments, control words and a callback");
		return 0;
	}
	if (napi_create_array_with_length(env, HELD_CALLBACK + 1, &held) != napi_ok ||
		napi_set_element(env, held, HELD_CONTROL, arguments[ARGUMENT_CONTROL]) != napi_ok ||
		napi_set_element(env, held, HELD_CALLBACK, arguments[ARGUMENT_CALLBACK]) != napi_ok ||
		napi_create_reference(env, held, 1, &w->held) != napi_ok)
		return 0;
	for (uint32_t i = 0; i < RV_JOB_ARGUMENTS; i++)
		if (napi_get_element(env, arguments[ARGUMENT_ARRAY], i, &values[i]) != napi_ok ||
			napi_set_element(env, held, i, values[i]) != napi_ok)
			return 0;
	/* Only after the last of what may run JavaScript: a getter could take memory away. */
	if (!rv_get_view(env, arguments[ARGUMENT_CONTROL], sizeof(uint32_t), &control) || control.length < CONTROL_LENGTH)
	{
		rv_throw(env, RV_CODE_ARGUMENTS, "expected three control words");
		return 0;
	}
	w->control = control.data;
	return rv_read_job(env, values, &w->job);
}

napi_value
rv_call_start(napi_env env, napi_callback_info info)
{
	napi_value	arguments[ARGUMENT_COUNT],
				name;
	size_t		count = ARGUMENT_COUNT;
	void	   *data;
	work	   *w;

	if (napi_get_cb_info(env, info, &count, arguments, NULL, &data) != napi_ok)
		return NULL;
	w = calloc(1, sizeof(work));
	if (w == NULL)
		return rv_throw(env, RV_CODE_SYSTEM, "out of memory");
	w->job.kernels = ((const rv_binding *) data)->kernel.job.kernels;
	if (!prepare(env, arguments, w))
	{
		bool		thrown = false;

		release(env, w);
		napi_is_exception_pending(env, &thrown);
		return thrown ? NULL : rv_throw(env, RV_CODE_SYSTEM, "the work could not be prepared");
	}
	if (napi_create_string_latin1(env, "@ruvector/core-simd", NAPI_AUTO_LENGTH, &name) != napi_ok ||
		napi_create_async_work(env, NULL, name, execute, complete, w, &w->handle) != napi_ok ||
		napi_queue_async_work(env, w->handle) != napi_ok)
	{
		release(env, w);
		return rv_throw(env, RV_CODE_SYSTEM, "the work could not be queued");
	}
	return NULL;
}
