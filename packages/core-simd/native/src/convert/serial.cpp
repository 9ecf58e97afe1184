/*
 * serial.cpp - the conversions one element after the other (sources.json
 * compiles this unit without the auto-vectoriser and without contraction).
 */
#include "convert.h"

RV_DECLARE_CONVERT(serial);

void
rv_f16_to_f32_serial(const void *from, void *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((float *) to)[i] = widen_f16(((const uint16_t *) from)[i]);
}

void
rv_f32_to_f16_serial(const void *from, void *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint16_t *) to)[i] = narrow_f16(((const float *) from)[i]);
}

void
rv_bf16_to_f32_serial(const void *from, void *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((float *) to)[i] = widen_bf16_quiet(((const uint16_t *) from)[i]);
}

void
rv_f32_to_bf16_serial(const void *from, void *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint16_t *) to)[i] = narrow_bf16(((const float *) from)[i]);
}

void
rv_f32_to_bits_serial(const void *from, void *to, size_t n)
{
	bits_one_by_one((const float *) from, (uint8_t *) to, n);
}

void
rv_f16_to_bits_serial(const void *from, void *to, size_t n)
{
	bits_one_by_one((const uint16_t *) from, (uint8_t *) to, n);
}

void
rv_i8_to_bits_serial(const void *from, void *to, size_t n)
{
	bits_one_by_one((const int8_t *) from, (uint8_t *) to, n);
}

namespace
{

template<typename F>
void
normalise_serial(const typename F::element *from, typename F::element *to, size_t n)
{
	double		sum = 0.0;

	for (size_t i = 0; i < n; i++)
		sum += F::widen(from[i]) * F::widen(from[i]);
	if (sum == 0.0)
		for (size_t i = 0; i < n; i++)
			to[i] = 0;
	else
		divide_each<F>(from, to, __builtin_sqrt(sum), n);
}

}	/* namespace */

void
rv_normalise_f32_serial(const void *from, void *to, size_t n)
{
	normalise_serial<f32_format>((const float *) from, (float *) to, n);
}

void
rv_normalise_f16_serial(const void *from, void *to, size_t n)
{
	normalise_serial<f16_format>((const uint16_t *) from, (uint16_t *) to, n);
}

void
rv_normalise_bf16_serial(const void *from, void *to, size_t n)
{
	normalise_serial<bf16_format>((const uint16_t *) from, (uint16_t *) to, n);
}
