/*
 * work.cpp - start(name, arguments, control, callback).
 *
 * `control` is an Int32Array of four words: 1 in the first stops the work; the others are what is done, of how much, and the
 * number of the phase (src/native/addon.ts).  callback(error, result) is called once.  An environment that ends waits for its
 * work, so what a job uses outlives it; where JavaScript does not run any more nobody is called, and all is freed the same.
 */
#include "work.h"

#include <string.h>

namespace rv_index
{

namespace
{

enum control_word
{
	control_stop,
	control_done,
	control_total,
	control_phase,
	control_length
};

const char *const phases[] = {"check", "build", "refine", "train", "write", "read", "repair", "search", "truth", "remove"};

struct work
{
	std::unique_ptr<job> of;
	std::unique_ptr<failure> error;
	uint32_t   *control = nullptr;
	napi_ref	held = nullptr;
	napi_async_work handle = nullptr;
};

bool
tell(void *data, const char *phase, uint64_t done, uint64_t total)
{
	uint32_t   *control = (uint32_t *) data;

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (strcmp(phase, phases[i]) == 0)
			__atomic_store_n(&control[control_phase], (uint32_t) i, __ATOMIC_RELAXED);
	__atomic_store_n(&control[control_total], (uint32_t) total, __ATOMIC_RELAXED);
	__atomic_store_n(&control[control_done], (uint32_t) done, __ATOMIC_RELAXED);
	return __atomic_load_n(&control[control_stop], __ATOMIC_RELAXED) == 0;
}

void
execute(napi_env, void *data)
{
	work	   *w = (work *) data;
	progress	told;

	told.tell = tell;
	told.data = w->control;
	try
	{
		told.step("check", 0, 0);
		w->of->run(told);
	}
	catch (const failure &error)
	{
		w->error.reset(new failure(error));
	}
	catch (const std::bad_alloc &)
	{
		w->error.reset(new failure(error_code::memory, "the system gives no more memory"));
	}
	catch (const std::exception &error)
	{
		w->error.reset(new failure(error_code::argument, error.what()));
	}
}

void
complete(napi_env env, napi_status status, void *data)
{
	std::unique_ptr<work> w((work *) data);
	napi_value	held,
				callback = nullptr,
				receiver = nullptr,
				results[2] = {nullptr, nullptr};
	bool		can_call = napi_get_reference_value(env, w->held, &held) == napi_ok &&
		napi_get_element(env, held, 0, &callback) == napi_ok && napi_get_undefined(env, &receiver) == napi_ok;

	results[0] = results[1] = receiver;
	if (can_call)
		try
		{
			if (status != napi_ok)
				results[0] = make_error(env, failure(error_code::stopped, "stopped"));
			else if (w->error)
				results[0] = make_error(env, *w->error);
			else
				results[1] = w->of->result(env);
		}
		catch (...)
		{
			napi_value	pending;

			raise(env);
			can_call = napi_get_and_clear_last_exception(env, &pending) == napi_ok;
			results[0] = pending;
		}
	napi_delete_async_work(env, w->handle);
	napi_delete_reference(env, w->held);
	w.reset();
	/* What the callback throws is Node's to report. */
	if (can_call)
		napi_call_function(env, receiver, callback, 2, results, nullptr);
}

const job_kind &
kind_of(const std::string &name)
{
	for (const job_kind *kind = job_kinds; kind->name != nullptr; kind++)
		if (name == kind->name)
			return *kind;
	refuse("no such work");
}

napi_value
start(napi_env env, napi_callback_info info)
{
	return guarded(env, [&]
	{
		const arguments<4> given(env, info);
		const job_kind &kind = kind_of(get_string(env, given[0]));
		std::unique_ptr<work> w(new work);
		napi_value	held,
					name,
					values[max_job_arguments];
		napi_valuetype callback_type;

		require(env, napi_typeof(env, given[3], &callback_type));
		if (callback_type != napi_function)
			refuse("expected a callback");
		require(env, napi_create_array_with_length(env, kind.arguments + 2, &held));
		require(env, napi_set_element(env, held, 0, given[3]));
		require(env, napi_set_element(env, held, 1, given[2]));
		for (size_t i = 0; i < kind.arguments; i++)
		{
			require(env, napi_get_element(env, given[1], (uint32_t) i, &values[i]));
			require(env, napi_set_element(env, held, (uint32_t) i + 2, values[i]));
		}

		/* Only after the last of what may run JavaScript: a getter could take memory away. */
		const array_view control = get_array(env, given[2], napi_int32_array);

		if (control.length < control_length)
			refuse("expected four control words");
		w->control = (uint32_t *) control.data;
		w->of = kind.make(env, values);
		require(env, napi_create_string_utf8(env, "ruvector.hnsw", NAPI_AUTO_LENGTH, &name));
		require(env, napi_create_reference(env, held, 1, &w->held));
		if (napi_create_async_work(env, nullptr, name, execute, complete, w.get(), &w->handle) != napi_ok)
		{
			napi_delete_reference(env, w->held);
			refuse("work could not be made");
		}
		if (napi_queue_async_work(env, w->handle) != napi_ok)
		{
			napi_delete_async_work(env, w->handle);
			napi_delete_reference(env, w->held);
			refuse("work could not be queued");
		}
		w.release();
		return make_undefined(env);
	});
}

}	/* namespace */

void
define_work(napi_env env, napi_value exports)
{
	define(env, exports, "start", start);
}

}	/* namespace rv_index */
