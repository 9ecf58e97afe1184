/*
 * arguments.c - typed arrays, and the arguments of the shapes beyond the pair.
 */
#include "addon.h"

static size_t
element_bytes(napi_typedarray_type type)
{
	switch (type)
	{
		case napi_int8_array:
		case napi_uint8_array:
		case napi_uint8_clamped_array:
			return 1;
		case napi_int16_array:
		case napi_uint16_array:
			return 2;
		case napi_int32_array:
		case napi_uint32_array:
		case napi_float32_array:
			return 4;
		default:
			return 8;
	}
}

int
rv_get_view(napi_env env, napi_value value, size_t bytes, rv_view *view)
{
	napi_value	buffer;
	napi_typedarray_type type;
	size_t		offset,
				size;
	void	   *data;

	if (napi_get_typedarray_info(env, value, NULL, &view->length, &view->data, &buffer, &offset) != napi_ok ||
		(uintptr_t) view->data % bytes != 0)
		return 0;
	/* The kind is what is dear to ask for, and bytes say all that matters. */
	if (napi_get_arraybuffer_info(env, buffer, &data, &size) == napi_ok)
		return view->length <= (size - offset) / bytes;
	/* Node-API does not know SharedArrayBuffer there. */
	return napi_get_typedarray_info(env, value, &type, NULL, NULL, NULL, NULL) == napi_ok &&
		element_bytes(type) >= bytes;
}

static int
refuse(napi_env env, const char *expected)
{
	rv_throw(env, RV_CODE_ARGUMENTS, expected);
	return 0;
}

/* How many rows of n elements there are; 0 where the last is not whole. */
static int
count_rows(size_t length, size_t n, size_t *count)
{
	*count = n == 0 ? 0 : length / n;
	return *count * n == length;
}

static int
read_dimensions(napi_env env, napi_value value, size_t *n)
{
	double		number;

	/* A number that is whole and not so large that a product could overflow; NaN is not. */
	if (napi_get_value_double(env, value, &number) != napi_ok || !(number >= 0 && number <= 4294967296.0))
		return 0;
	*n = (size_t) number;
	return (double) *n == number;
}

static int
read_matrix(napi_env env, const napi_value *arguments, rv_view *a, rv_view *b, rv_job *job)
{
	rv_view		out;

	if (!read_dimensions(env, arguments[2], &job->n) ||
		!count_rows(a->length, job->n, &job->a_count) || !count_rows(b->length, job->n, &job->b_count))
		return refuse(env, "expected whole rows of so many dimensions");
	/* Divided, since the product may not fit. */
	if (!rv_get_view(env, arguments[3], sizeof(float), &out) ||
		(job->a_count != 0 && job->b_count > out.length / job->a_count))
		return refuse(env, "expected a Float32Array with room for each pair of rows");
	job->out = out.data;
	return 1;
}

int
rv_read_job(napi_env env, const napi_value *arguments, rv_job *job)
{
	rv_view		a,
				b,
				indices,
				out;

	if (!rv_get_view(env, arguments[0], rv_simd_query_bytes(job->type), &a) ||
		!rv_get_view(env, arguments[1], rv_simd_row_bytes(job->type), &b))
		return refuse(env, "expected typed arrays of this type of elements");
	job->a = a.data;
	job->b = b.data;
	if (job->shape == RV_SHAPE_MATRIX)
	{
		if (!read_matrix(env, arguments, &a, &b, job))
			return 0;
	}
	else
	{
		job->n = a.length;
		job->a_count = 1;
		if (!count_rows(b.length, job->n, &job->b_count))
			return refuse(env, "expected whole rows");
		if (job->shape == RV_SHAPE_MANY)
		{
			if (!rv_get_view(env, arguments[2], sizeof(float), &out) || out.length < job->b_count)
				return refuse(env, "expected a Float32Array with room for each row");
		}
		else
		{
			/* Indices have 32 bits. */
			if (job->b_count > UINT32_MAX)
				return refuse(env, "too many rows");
			if (!rv_get_view(env, arguments[2], sizeof(uint32_t), &indices) ||
				!rv_get_view(env, arguments[3], sizeof(float), &out) || out.length < indices.length)
				return refuse(env, "expected a Uint32Array, and a Float32Array as long");
			job->indices = indices.data;
			job->index_count = indices.length;
		}
		job->out = out.data;
	}
	job->row_bytes = job->n * rv_simd_row_bytes(job->type);
	return 1;
}
