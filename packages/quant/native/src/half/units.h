/*
 * units.h - what the units of half floats define.
 */
#ifndef RUVECTOR_QUANT_HALF_UNITS_H
#define RUVECTOR_QUANT_HALF_UNITS_H

#include "../kernels.h"

#include <ruvector/quant/half.h>

#define RV_DECLARE_HALF(isa) \
	extern "C" \
	{ \
	size_t rv_half_encode_##isa(const rv_kernels *kernels, rv_type type, size_t n, const float *rows, size_t count, \
								uint8_t *codes); \
	void rv_half_decode_##isa(const rv_kernels *kernels, rv_type type, size_t n, const uint8_t *codes, size_t count, \
							  float *rows); \
	void rv_half_estimate_##isa(const rv_kernels *kernels, rv_type type, rv_metric metric, size_t n, \
								const float *query, const uint8_t *codes, size_t count, int packed, float *scratch, \
								float *estimates, float *bounds); \
	} \
	static_assert(true, "")

namespace
{

/* Bytes of a code before its factors. */
RV_INLINE size_t
half_payload(size_t n)
{
	return (2 * n + 3) / 4 * 4;
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_HALF_UNITS_H */
