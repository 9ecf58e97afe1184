/*
 * units.h - what the units of binary codes define, and the sizes of a code.
 */
#ifndef RUVECTOR_QUANT_BINARY_UNITS_H
#define RUVECTOR_QUANT_BINARY_UNITS_H

#include "../kernels.h"

#include <ruvector/quant/binary.h>

#define RV_DECLARE_BINARY(isa) \
	extern "C" \
	{ \
	size_t rv_binary_encode_##isa(size_t n, const float *centre, const float *rows, size_t count, uint8_t *codes); \
	void rv_binary_decode_##isa(size_t n, const float *centre, const uint8_t *codes, size_t count, float *rows); \
	int rv_binary_prepare_##isa(size_t n, const float *centre, const float *query, rv_metric metric, \
								rv_binary_query *out, uint8_t *bits); \
	void rv_binary_estimate_##isa(const rv_kernels *kernels, const rv_binary_query *query, const uint8_t *bits, \
								  int centred, const uint8_t *codes, size_t count, int packed, float *estimates, \
								  float *bounds); \
	} \
	static_assert(true, "")

namespace
{

/* Bytes of a code before its factors. */
RV_INLINE size_t
binary_payload(size_t n)
{
	return (n + 31) / 32 * 4;
}

RV_INLINE size_t
binary_factors(bool centred)
{
	return centred ? 5 : 3;
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_BINARY_UNITS_H */
