/*
 * space.cpp - rows and distances on core-simd's kernels.
 */
#include "space.h"

#include <math.h>
#include <string.h>

namespace rv_index
{

namespace
{

rv_type
kernel_type(vector_type type)
{
	switch (type)
	{
		case vector_type::float32:
			return RV_TYPE_F32;
		case vector_type::float16:
			return RV_TYPE_F16;
		case vector_type::int8:
			return RV_TYPE_I8;
		case vector_type::binary:
			return RV_TYPE_BITS;
	}
	throw failure(error_code::argument, "no such type");
}

rv_metric
kernel_metric(metric_kind metric)
{
	switch (metric)
	{
		case metric_kind::l2:
			return RV_METRIC_L2SQ;
		case metric_kind::ip:
		case metric_kind::cosine:
			return RV_METRIC_DOT;
		case metric_kind::hamming:
			return RV_METRIC_HAMMING;
		case metric_kind::jaccard:
			return RV_METRIC_JACCARD;
	}
	throw failure(error_code::argument, "no such metric");
}

size_t
bytes_of(vector_type type, uint32_t dimensions)
{
	switch (type)
	{
		case vector_type::float32:
			return (size_t) dimensions * 4;
		case vector_type::float16:
			return (size_t) dimensions * 2;
		case vector_type::int8:
			return dimensions;
		case vector_type::binary:
			return ((size_t) dimensions + 7) / 8;
	}
	throw failure(error_code::argument, "no such type");
}

}	/* namespace */

space::space(vector_type type, metric_kind metric, uint32_t dimensions)
	: type(type), metric(metric), dimensions(dimensions), vector_bytes(bytes_of(type, dimensions))
{
	const bool	of_bits = metric == metric_kind::hamming || metric == metric_kind::jaccard;

	if (dimensions == 0 || dimensions > 65535)
		throw failure(error_code::argument, "dimensions are 1 to 65,535");
	if (of_bits != (type == vector_type::binary))
		throw failure(error_code::argument, "the type has not this metric");
	if (rv_simd == nullptr)
		rv_simd_init(nullptr);
	kernels = &rv_simd->shapes[kernel_type(type)][kernel_metric(metric)];
	elements = type == vector_type::binary ? vector_bytes : dimensions;
	scale_at = (vector_bytes + 3) / 4 * 4;
	row_bytes = scale_at + (metric == metric_kind::cosine ? sizeof(float) : 0);
}

float
space::scale_of(const void *vector) const
{
	if (metric != metric_kind::cosine)
		return 1;

	const double norm = rv_simd->norm[kernel_type(type)](vector, dimensions);

	/* Of what is left of tiny vectors there may be no inverse in float32. */
	return (float) (1.0 / norm);
}

void
space::check(const void *vector, size_t number) const
{
	bool		finite = true;

	/* All bits of the exponent: infinity or NaN. */
	if (type == vector_type::float32)
	{
		const uint32_t *bits = (const uint32_t *) vector;
		uint32_t	some = 0;

		for (uint32_t i = 0; i < dimensions; i++)
			some |= (bits[i] & UINT32_C(0x7F800000)) == UINT32_C(0x7F800000);
		finite = some == 0;
	}
	else if (type == vector_type::float16)
	{
		const uint16_t *bits = (const uint16_t *) vector;
		uint32_t	some = 0;

		for (uint32_t i = 0; i < dimensions; i++)
			some |= (bits[i] & 0x7C00) == 0x7C00;
		finite = some == 0;
	}
	if (!finite)
		throw failure(error_code::value, "has NaN or infinity", number);
	if (metric == metric_kind::cosine)
	{
		const float scale = scale_of(vector);

		if (!(scale > 0) || !isfinite(scale))
			throw failure(error_code::value, "has no direction: its norm is 0, or too small or large for float32", number);
	}
}

void
space::store(const void *vector, void *row) const
{
	if (metric == metric_kind::cosine)
	{
		const float scale = scale_of(vector);

		memcpy((char *) row + scale_at, &scale, sizeof(scale));
	}
	memcpy(row, vector, vector_bytes);
	/* Padding is the same in every file. */
	if (scale_at > vector_bytes)
		memset((char *) row + vector_bytes, 0, scale_at - vector_bytes);
}

void
space::finish(float scale, const void *const *rows, size_t count, float *out) const
{
	if (metric == metric_kind::ip)
		for (size_t i = 0; i < count; i++)
			out[i] = -out[i];
	else if (metric == metric_kind::cosine)
		for (size_t i = 0; i < count; i++)
		{
			const float similarity = out[i] * scale * row_scale(rows[i]);

			/* Rounding may lead beyond what a cosine can be. */
			out[i] = 1 - (similarity > 1 ? 1 : similarity < -1 ? -1 : similarity);
		}
	/* Sums that leave float32 order last, and NaN of them has no order. */
	for (size_t i = 0; i < count; i++)
		if (out[i] != out[i])
			out[i] = __builtin_inff();
}

float
space::result(float distance) const
{
	return metric == metric_kind::l2 ? sqrtf(distance) : distance;
}

float
space::from_result(float distance) const
{
	if (metric != metric_kind::l2)
		return distance;
	if (!(distance >= 0))
		return -1;

	/* The largest whose root is not above it. */
	float		square = distance * distance;

	while (sqrtf(square) > distance)
		square = nextafterf(square, 0);
	while (square < __builtin_inff() && sqrtf(nextafterf(square, __builtin_inff())) <= distance)
		square = nextafterf(square, __builtin_inff());
	return square;
}

void
space::to_floats(const void *vector, float *out) const
{
	switch (type)
	{
		case vector_type::float32:
			memcpy(out, vector, vector_bytes);
			return;
		case vector_type::float16:
			rv_simd->f16_to_f32(vector, out, dimensions);
			return;
		case vector_type::int8:
			for (uint32_t i = 0; i < dimensions; i++)
				out[i] = (float) ((const int8_t *) vector)[i];
			return;
		case vector_type::binary:
			break;
	}
	throw failure(error_code::unsupported, "binary vectors have no elements");
}

void
space::from_floats(const float *elements, void *vector) const
{
	switch (type)
	{
		case vector_type::float32:
			memcpy(vector, elements, vector_bytes);
			return;
		case vector_type::float16:
			rv_simd->f32_to_f16(elements, vector, dimensions);
			return;
		case vector_type::int8:
			for (uint32_t i = 0; i < dimensions; i++)
			{
				const float whole = rintf(elements[i]);

				((int8_t *) vector)[i] = (int8_t) (whole > 127 ? 127 : whole < -128 ? -128 : whole);
			}
			return;
		case vector_type::binary:
			break;
	}
	throw failure(error_code::unsupported, "binary vectors have no elements");
}

}	/* namespace rv_index */
