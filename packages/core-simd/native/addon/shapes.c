/*
 * shapes.c - the shapes beyond the pair, on the calling thread.
 */
#include <stdio.h>

#include "addon.h"

napi_value
rv_job_error(napi_env env, const rv_job *job)
{
	char		text[64];
	napi_value	code,
				message,
				error;

	snprintf(text, sizeof(text), "indices[%zu] names no row", job->bad_index);
	if (napi_create_string_latin1(env, RV_CODE_INDEX, NAPI_AUTO_LENGTH, &code) != napi_ok ||
		napi_create_string_latin1(env, text, NAPI_AUTO_LENGTH, &message) != napi_ok ||
		napi_create_range_error(env, code, message, &error) != napi_ok)
		return NULL;
	return error;
}

napi_value
rv_call_shape(napi_env env, napi_callback_info info)
{
	napi_value	arguments[RV_JOB_ARGUMENTS],
				found = NULL;
	size_t		count = RV_JOB_ARGUMENTS;
	void	   *data;
	const rv_binding *binding;
	rv_job		job = {0};

	if (napi_get_cb_info(env, info, &count, arguments, NULL, &data) != napi_ok)
		return NULL;
	binding = data;
	job.kernels = binding->kernel.job.kernels;
	job.type = binding->kernel.job.type;
	job.metric = binding->kernel.job.metric;
	job.shape = binding->kernel.job.shape;
	if (!rv_read_job(env, arguments, &job))
		return NULL;
	if (rv_run_job(&job, NULL, NULL) == RV_JOB_BAD_INDEX)
	{
		napi_value	error = rv_job_error(env, &job);

		if (error != NULL)
			napi_throw(env, error);
		return NULL;
	}
	if (job.shape == RV_SHAPE_TOPK && napi_create_uint32(env, (uint32_t) job.found, &found) != napi_ok)
		return NULL;
	return found;
}
