/*
 * kernels.h - the kernels of product codes, unit by unit; variants.cpp makes tables of them.
 */
#ifndef RUVECTOR_QUANT_PRODUCT_KERNELS_H
#define RUVECTOR_QUANT_PRODUCT_KERNELS_H

#include <ruvector/quant/product.h>

#include "../kernels.h"

#define RV_DECLARE_PRODUCT(isa) \
	extern "C" \
	{ \
	void rv_product_tables_##isa(const rv_product_codec *codec, const float *y, rv_metric metric, float *tables); \
	void rv_product_rows_##isa(const float *tables, uint32_t m, uint32_t bits, const uint8_t *codes, size_t stride, \
							   size_t count, float *sums); \
	void rv_product_blocks8_##isa(const float *tables, uint32_t m, const uint8_t *blocks, size_t stride, size_t count, \
								  float *sums); \
	void rv_product_blocks4_##isa(const uint8_t *bytes, uint32_t m, const uint8_t *blocks, size_t stride, size_t count, \
								  uint32_t *sums); \
	void rv_product_among_##isa(const uint32_t *sums, size_t blocks, uint32_t first, uint32_t last, uint8_t *some); \
	void rv_product_turn_##isa(const float *matrix, size_t n, const float *from, size_t count, float *to); \
	} \
	static_assert(true, "")

namespace
{

/* Sub-spaces of 4 bits in a block: an even number. */
RV_INLINE uint32_t
even_spaces(uint32_t m)
{
	return m + m % 2;
}

/* Sub-spaces whose bytes fit into a sum of 16 bits. */
constexpr uint32_t flush_spaces = 256;

/* Signed, as vectors are compared; the compiler makes vectors of it in units that have them. */
RV_INLINE void
which_among(const uint32_t *sums, size_t blocks, uint32_t first, uint32_t last, uint8_t *some)
{
	const int32_t least = (int32_t) first,
				before = (int32_t) last;

	for (size_t b = 0; b < blocks; b++)
	{
		int			any = 0;

		for (size_t i = 0; i < RV_PRODUCT_BLOCK; i++)
		{
			const int32_t sum = (int32_t) sums[b * RV_PRODUCT_BLOCK + i];

			any |= (sum >= least) & (sum < before);
		}
		some[b] = (uint8_t) any;
	}
}

/* Sums of a code in eight parts, as product.h says. */
RV_INLINE float
add_parts(const float *p)
{
	return ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
}

template<int Bits>
RV_INLINE float
sum_of_row(const float *tables, uint32_t m, const uint8_t *code)
{
	float		parts[8] = {0, 0, 0, 0, 0, 0, 0, 0};
	uint32_t	s = 0;

	for (; m - s >= 8; s += 8)
	{
		uint64_t	word = 0;
		const float *t = tables + ((size_t) s << Bits);

		__builtin_memcpy(&word, code + (size_t) s * Bits / 8, Bits);
		for (int p = 0; p < 8; p++)
			parts[p] += t[((size_t) p << Bits) + (size_t) (word >> (p * Bits) & ((1u << Bits) - 1))];
	}
	for (int p = 0; s < m; s++, p++)
	{
		uint32_t	byte = code[(size_t) s * Bits / 8];

		parts[p] += tables[((size_t) s << Bits) + (Bits == 8 ? byte : s % 2 == 0 ? byte & 15 : byte >> 4)];
	}
	return add_parts(parts);
}

template<int Bits>
RV_INLINE void
sums_of_rows(const float *tables, uint32_t m, const uint8_t *codes, size_t stride, size_t count, float *sums)
{
	for (size_t i = 0; i < count; i++)
		sums[i] = sum_of_row<Bits>(tables, m, codes + i * stride);
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_PRODUCT_KERNELS_H */
