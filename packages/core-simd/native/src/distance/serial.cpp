/*
 * serial.cpp - the kernels as their definition reads: one accumulator, one
 * element after the other, no fused multiply-add (sources.json compiles this
 * unit without the auto-vectoriser and without contraction).  The oracle for
 * the other variants, and what runs where none of them does.
 */
#include "kernels.h"

RV_DECLARE_F32(serial);

float
rv_dot_f32_serial(const float *a, const float *b, size_t n)
{
	float		sum = 0.0f;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

float
rv_l2sq_f32_serial(const float *a, const float *b, size_t n)
{
	float		sum = 0.0f;

	for (size_t i = 0; i < n; i++)
	{
		float		d = a[i] - b[i];

		sum += d * d;
	}
	return sum;
}

float
rv_l1_f32_serial(const float *a, const float *b, size_t n)
{
	float		sum = 0.0f;

	for (size_t i = 0; i < n; i++)
		sum += __builtin_fabsf(a[i] - b[i]);
	return sum;
}

double
rv_cosine_f32_serial(const float *a, const float *b, size_t n)
{
	float		ab = 0.0f,
				aa = 0.0f,
				bb = 0.0f;

	for (size_t i = 0; i < n; i++)
	{
		ab += a[i] * b[i];
		aa += a[i] * a[i];
		bb += b[i] * b[i];
	}
	return cosine_distance(ab, aa, bb);
}

double
rv_norm_f32_serial(const float *a, size_t n)
{
	double		sum = 0.0;

	for (size_t i = 0; i < n; i++)
		sum += (double) a[i] * (double) a[i];
	return __builtin_sqrt(sum);
}

void
rv_dot_f32_many_serial(const float *query, const float *rows, size_t n, size_t count,
					   size_t stride, float *out)
{
	for (size_t r = 0; r < count; r++)
		out[r] = rv_dot_f32_serial(query, rows + r * stride, n);
}

void
rv_l2sq_f32_many_serial(const float *query, const float *rows, size_t n, size_t count,
						size_t stride, float *out)
{
	for (size_t r = 0; r < count; r++)
		out[r] = rv_l2sq_f32_serial(query, rows + r * stride, n);
}

void
rv_l1_f32_many_serial(const float *query, const float *rows, size_t n, size_t count,
					  size_t stride, float *out)
{
	for (size_t r = 0; r < count; r++)
		out[r] = rv_l1_f32_serial(query, rows + r * stride, n);
}

void
rv_cosine_f32_many_serial(const float *query, const float *rows, size_t n, size_t count,
						  size_t stride, float *out)
{
	float		qq = rv_dot_f32_serial(query, query, n);

	for (size_t r = 0; r < count; r++)
	{
		const float *row = rows + r * stride;
		float		qr = 0.0f,
					rr = 0.0f;

		for (size_t i = 0; i < n; i++)
		{
			qr += query[i] * row[i];
			rr += row[i] * row[i];
		}
		out[r] = (float) cosine_distance(qr, qq, rr);
	}
}

void
rv_dot_f32_gather_serial(const float *query, const float *const *rows, size_t n, size_t count,
						 float *out)
{
	for (size_t r = 0; r < count; r++)
		out[r] = rv_dot_f32_serial(query, rows[r], n);
}

void
rv_l2sq_f32_gather_serial(const float *query, const float *const *rows, size_t n, size_t count,
						 float *out)
{
	for (size_t r = 0; r < count; r++)
		out[r] = rv_l2sq_f32_serial(query, rows[r], n);
}

void
rv_l1_f32_gather_serial(const float *query, const float *const *rows, size_t n, size_t count,
						 float *out)
{
	for (size_t r = 0; r < count; r++)
		out[r] = rv_l1_f32_serial(query, rows[r], n);
}

RV_TABLE_F32(serial, RV_VARIANT_SERIAL);
