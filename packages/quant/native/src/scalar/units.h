/*
 * units.h - what the units of scalar codes define: estimates, and some of them encoding.
 */
#ifndef RUVECTOR_QUANT_SCALAR_UNITS_H
#define RUVECTOR_QUANT_SCALAR_UNITS_H

#include "../kernels.h"

#include <ruvector/quant/scalar.h>

#define RV_DECLARE_SCALAR_ESTIMATES(isa) \
	extern "C" \
	{ \
	void rv_scalar_estimate_##isa(const rv_scalar_codec *codec, const rv_scalar_query *query, const uint8_t *codes, \
								  size_t stride, size_t count, float *estimates, float *bounds); \
	void rv_scalar_gather_##isa(const rv_scalar_codec *codec, const rv_scalar_query *query, \
								const uint8_t *const *codes, size_t count, float *estimates, float *bounds); \
	void rv_scalar_estimate_packed_##isa(const rv_scalar_codec *codec, const rv_scalar_query *query, \
										 const uint8_t *blocks, size_t count, float *estimates, float *bounds); \
	void rv_scalar_dots_##isa(const rv_scalar_codec *codec, const rv_scalar_query *query, int level, \
							  const uint8_t *codes, size_t stride, size_t count, double *out); \
	void rv_scalar_dots_packed_##isa(const rv_scalar_codec *codec, const rv_scalar_query *query, int level, \
									 const uint8_t *blocks, size_t count, double *out); \
	} \
	static_assert(true, "")

#define RV_DECLARE_SCALAR_ENCODE(isa) \
	extern "C" \
	{ \
	size_t rv_scalar_encode_##isa(const rv_scalar_codec *codec, const float *rows, size_t count, uint8_t *codes); \
	void rv_scalar_decode_##isa(const rv_scalar_codec *codec, const uint8_t *codes, size_t count, float *rows); \
	int rv_scalar_prepare_##isa(const rv_scalar_codec *codec, const float *query, rv_metric metric, int levels, \
								rv_scalar_query *out); \
	} \
	static_assert(true, "")

#endif							/* RUVECTOR_QUANT_SCALAR_UNITS_H */
