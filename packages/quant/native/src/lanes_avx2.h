/*
 * lanes_avx2.h - lanes.h for units whose target has AVX2.  GCC 12 takes vectors apart for __builtin_convertvector().
 */
#ifndef RUVECTOR_QUANT_LANES_AVX2_H
#define RUVECTOR_QUANT_LANES_AVX2_H

#include <immintrin.h>

#include "lanes_vectors.h"

namespace
{

struct conversions
{
	static RV_INLINE double4 widen(float4 x) { return (double4) _mm256_cvtps_pd((__m128) x); }
	static RV_INLINE float4 narrow(double4 x) { return (float4) _mm256_cvtpd_ps((__m256d) x); }
	static RV_INLINE int4 truncated(double4 x) { return (int4) _mm256_cvttpd_epi32((__m256d) x); }
	static RV_INLINE double4 number(int4 x) { return (double4) _mm256_cvtepi32_pd((__m128i) x); }
	template<typename Mask>
	static RV_INLINE uint32_t signs(Mask x) { return (uint32_t) _mm256_movemask_pd((__m256d) x); }

	static RV_INLINE int4
	from_bytes(uint32_t word)
	{
		return (int4) _mm_cvtepu8_epi32(_mm_cvtsi32_si128((int) word));
	}

	static RV_INLINE uint32_t
	bytes(int4 c)
	{
		const __m128i lowest = _mm_cvtsi32_si128(0x0c080400);

		return (uint32_t) _mm_cvtsi128_si32(_mm_shuffle_epi8((__m128i) c, lowest));
	}
};

}	/* namespace */

#include "lanes.h"

#endif							/* RUVECTOR_QUANT_LANES_AVX2_H */
