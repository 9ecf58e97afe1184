/*
 * lanes_neon.h - lanes.h for armv8: a vector is two registers.
 */
#ifndef RUVECTOR_QUANT_LANES_NEON_H
#define RUVECTOR_QUANT_LANES_NEON_H

#include "lanes_vectors.h"

namespace
{

struct conversions
{
	static RV_INLINE double4 widen(float4 x) { return __builtin_convertvector(x, double4); }
	static RV_INLINE float4 narrow(double4 x) { return __builtin_convertvector(x, float4); }
	static RV_INLINE int4 truncated(double4 x) { return __builtin_convertvector(x, int4); }
	static RV_INLINE double4 number(int4 x) { return __builtin_convertvector(x, double4); }

	template<typename Mask>
	static RV_INLINE uint32_t
	signs(Mask x)
	{
		return (uint32_t) ((x[0] < 0) | (x[1] < 0) << 1 | (x[2] < 0) << 2 | (x[3] < 0) << 3);
	}

	static RV_INLINE int4
	from_bytes(uint32_t word)
	{
		return int4{(int32_t) (word & 255), (int32_t) (word >> 8 & 255), (int32_t) (word >> 16 & 255), (int32_t) (word >> 24)};
	}

	static RV_INLINE uint32_t
	bytes(int4 c)
	{
		return (uint32_t) (c[0] & 255) | (uint32_t) (c[1] & 255) << 8 | (uint32_t) (c[2] & 255) << 16 | (uint32_t) (c[3] & 255) << 24;
	}
};

}	/* namespace */

#include "lanes.h"

#endif							/* RUVECTOR_QUANT_LANES_NEON_H */
