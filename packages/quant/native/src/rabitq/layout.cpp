/*
 * layout.cpp - sizes and places, and codes to blocks and back.
 */
#include "layout.h"

extern "C" void
rv_rabitq_fill_layout(rv_rabitq_layout *layout)
{
	const bool	apart = layout->bits > 1,
				centred = layout->centred != 0;

	layout->sign_bytes = layout->n / 8;
	layout->ex_bytes = (size_t) (layout->bits - 1) * layout->sign_bytes;
	layout->factors = (size_t) (3 + apart + (centred ? 2 + apart : 0));
	layout->code_bytes = layout->sign_bytes + layout->ex_bytes + sizeof(float) * layout->factors;
	layout->block_bytes = RV_QUANT_BLOCK * layout->code_bytes;
}

extern "C" int
rv_rabitq_factor_place(const rv_rabitq_layout *layout, rv_rabitq_factor factor)
{
	const int	apart = layout->bits > 1;

	switch (factor)
	{
		case RV_RABITQ_NORM:
		case RV_RABITQ_SCALE:
		case RV_RABITQ_RESIDUAL:
			return (int) factor;
		case RV_RABITQ_SIGN_SCALE:
			return apart ? 3 : -1;
		case RV_RABITQ_LENGTH:
			return layout->centred ? 3 + apart : -1;
		case RV_RABITQ_CENTRE:
			return layout->centred ? 4 + apart : -1;
		case RV_RABITQ_SIGN_CENTRE:
			return layout->centred && apart ? 6 : -1;
		default:
			return -1;
	}
}

extern "C" int
rv_rabitq_levels(int bits)
{
	return bits > 4 ? 2 : 1;
}

extern "C" size_t
rv_rabitq_plane_bytes(size_t n)
{
	return (n + RV_RABITQ_CHUNK - 1) / RV_RABITQ_CHUNK * RV_RABITQ_CHUNK;
}

extern "C" size_t
rv_rabitq_table_bytes(size_t n)
{
	return n / 4 * 16;
}

extern "C" void
rv_rabitq_pack(const rv_rabitq_layout *layout, const uint8_t *codes, size_t count, uint8_t *blocks)
{
	const size_t ex_first = layout->sign_bytes * RV_QUANT_BLOCK,
				factor_first = ex_first + layout->ex_bytes * RV_QUANT_BLOCK;

	for (size_t first = 0; first < count; first += RV_QUANT_BLOCK)
	{
		const size_t m = count - first < RV_QUANT_BLOCK ? count - first : RV_QUANT_BLOCK;
		const uint8_t *rows = codes + first * layout->code_bytes;
		uint8_t    *block = blocks + first / RV_QUANT_BLOCK * layout->block_bytes;

		__builtin_memset(block, 0, layout->block_bytes);
		for (size_t i = 0; i < m; i++)
		{
			const uint8_t *row = rows + i * layout->code_bytes;
			const size_t j = i % 16 < 8 ? i % 8 * 2 : i % 8 * 2 + 1;	/* block_code(j) = i % 16 */
			const int	shift = i < 16 ? 0 : 4;

			for (size_t k = 0; k < layout->sign_bytes; k++)
			{
				block[32 * k + j] = (uint8_t) (block[32 * k + j] | (row[k] & 15) << shift);
				block[32 * k + 16 + j] = (uint8_t) (block[32 * k + 16 + j] | row[k] >> 4 << shift);
			}
			__builtin_memcpy(block + ex_first + i * layout->ex_bytes, row + layout->sign_bytes, layout->ex_bytes);
			for (size_t f = 0; f < layout->factors; f++)
				__builtin_memcpy(block + factor_first + (f * RV_QUANT_BLOCK + i) * sizeof(float),
								 row + layout->sign_bytes + layout->ex_bytes + f * sizeof(float), sizeof(float));
		}
	}
}

extern "C" void
rv_rabitq_unpack(const rv_rabitq_layout *layout, const uint8_t *blocks, size_t count, uint8_t *codes)
{
	const size_t ex_first = layout->sign_bytes * RV_QUANT_BLOCK,
				factor_first = ex_first + layout->ex_bytes * RV_QUANT_BLOCK;

	for (size_t at = 0; at < count; at++)
	{
		const size_t i = at % RV_QUANT_BLOCK;
		const uint8_t *block = blocks + at / RV_QUANT_BLOCK * layout->block_bytes;
		uint8_t    *row = codes + at * layout->code_bytes;
		const size_t j = i % 16 < 8 ? i % 8 * 2 : i % 8 * 2 + 1;
		const int	shift = i < 16 ? 0 : 4;

		for (size_t k = 0; k < layout->sign_bytes; k++)
			row[k] = (uint8_t) ((block[32 * k + j] >> shift & 15) | (block[32 * k + 16 + j] >> shift & 15) << 4);
		__builtin_memcpy(row + layout->sign_bytes, block + ex_first + i * layout->ex_bytes, layout->ex_bytes);
		for (size_t f = 0; f < layout->factors; f++)
			__builtin_memcpy(row + layout->sign_bytes + layout->ex_bytes + f * sizeof(float),
							 block + factor_first + (f * RV_QUANT_BLOCK + i) * sizeof(float), sizeof(float));
	}
}
