/*
 * layout.h - where the bits of a code are, for the units of RaBitQ.
 */
#ifndef RUVECTOR_QUANT_SRC_RABITQ_LAYOUT_H
#define RUVECTOR_QUANT_SRC_RABITQ_LAYOUT_H

#include "../kernels.h"

#include <ruvector/quant/rabitq.h>

namespace
{

constexpr size_t plane_lanes = 32;	/* of a group in a query's plane */
constexpr size_t groups = 8;

/* Codes are little-endian whatever the machine is; ours are. */
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "codes hold little-endian numbers");

RV_INLINE float
load_float(const uint8_t *p)
{
	float		x;

	__builtin_memcpy(&x, p, sizeof(x));
	return x;
}

RV_INLINE void
store_float(uint8_t *p, float x)
{
	__builtin_memcpy(p, &x, sizeof(x));
}

/* Lanes of the chunk that begins at coordinate `first`. */
RV_INLINE size_t
lanes_of(size_t n, size_t first)
{
	return (n - first < RV_RABITQ_CHUNK ? n - first : RV_RABITQ_CHUNK) / groups;
}

/* Where a plane has a group. */
RV_INLINE size_t
group_place(size_t g)
{
	return g % 4 * 2 + g / 4;
}

/* The byte of the four-bit plane that has a group, in units of lanes; its half is g % 2. */
RV_INLINE size_t
four_place(size_t g)
{
	return g % 4 / 2 * 2 + g / 4;
}

/* Where the two-bit and the one-bit plane belong in an ex-code, and whether it has them. */
template<int ExBits>
struct parts
{
	static constexpr bool four = (ExBits & 4) != 0,
				two = (ExBits & 2) != 0,
				one = (ExBits & 1) != 0;
	static constexpr int two_shift = four ? 4 : 0,
				one_shift = two_shift + (two ? 2 : 0);
	static constexpr size_t two_offset = four ? 4 : 0,	/* in units of lanes */
				one_offset = two_offset + (two ? 2 : 0);
};

/* The order of sums that decide a code. */
RV_INLINE double
add_eight(const double *s)
{
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/* The order of codes in a block of FastScan. */
RV_INLINE size_t
block_code(size_t j)
{
	return j / 2 + j % 2 * 8;
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_SRC_RABITQ_LAYOUT_H */
