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
	void rv_product_among4_##isa(const uint8_t *bytes, uint32_t m, const uint8_t *blocks, size_t stride, size_t count, \
								 uint32_t first, uint32_t more, uint16_t *sums, uint32_t *among); \
	void rv_product_narrow_##isa(const float *tables, uint32_t m, uint8_t *bytes, rv_product_bytes *out); \
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

constexpr uint32_t flush_spaces = RV_PRODUCT_SHORT_SPACES;

/*
 * The step of byte tables, by the widest range of a sub-space and the sum of all.  Where sums of bytes fit into 16 bits with
 * steps of up to twice the width, they are that wide: bytes are rounded up by half a step at most.
 */
RV_INLINE float
step_of_tables(float widest, double total, uint32_t m)
{
	const float step = widest / 255.0f;
	float		wider;

	if (m <= RV_PRODUCT_SHORT_SPACES || m > 0x7fff)
		return step;
	wider = (float) (total / (double) (0xffff - m) * (1.0 + 0x1p-20));
	return wider > step && wider <= 2.0f * step ? wider : step;
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
