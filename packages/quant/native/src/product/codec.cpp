/*
 * codec.cpp - encoding, decoding, and blocks.
 */
#include "layout.h"

namespace
{

/* Rows that are encoded at a time: the panels of a sub-space stay in the first-level cache meanwhile. */
constexpr size_t group_rows = 64;

/*
 * Distances and norms in float64 are within (n + 4) 2^-53 < 2^-36 of the exact ones, relatively; this carries them above.
 */
constexpr double upwards = 1.0 + 0x1p-36;

void
centroids_to_row(const rv_product_codec *codec, const uint8_t *code, float *row)
{
	for (uint32_t s = 0; s < codec->m; s++)
	{
		const size_t begin = begin_of(codec, s),
					width = width_of(codec, s);
		const float *centroid = codec->centroids + centroids_of(codec) * begin + number_of(codec, code, s) * width;

		for (size_t i = 0; i < width; i++)
			row[begin + i] = centroid[i];
	}
}

void
decode_row(const rv_product_kernels *kernels, const rv_product_codec *codec, const uint8_t *code, float *turned,
		   float *row)
{
	if (codec->inverse == NULL)
		centroids_to_row(codec, code, row);
	else
	{
		centroids_to_row(codec, code, turned);
		kernels->turn(codec->inverse, codec->n, turned, 1, row);
	}
}

/* The inverse of rv_product_order: 0, 2, 4, ... of the first eight of sixteen codes, 1, 3, ... of the others. */
RV_INLINE size_t
place_of(size_t r)
{
	return r % 16 < 8 ? r % 16 * 2 : r % 16 * 2 - 15;
}

struct encoding
{
	float	   *turned;			/* group_rows * n */
	float	   *row;			/* n */
};

encoding
lay_out(const rv_product_codec *codec, void *memory)
{
	float	   *first = (float *) memory;

	return {first, first + group_rows * codec->n};
}

size_t
encode_group(const rv_product_kernels *kernels, const rv_kmeans_kernels *nearest, const rv_product_codec *codec,
			 const float *rows, size_t count, uint8_t *codes, const encoding &memory)
{
	const size_t n = codec->n,
				bytes = rv_product_code_bytes(codec),
				payload = payload_bytes(codec);
	const float *y = rows;
	double		squares[group_rows];

	if (codec->rotation != NULL)
	{
		kernels->turn(codec->rotation, n, rows, count, memory.turned);
		y = memory.turned;
	}
	for (size_t r = 0; r < count; r++)
	{
		squares[r] = 0;
		for (size_t b = 0; b < payload; b++)
			codes[r * bytes + b] = 0;
	}
	for (uint32_t s = 0; s < codec->m; s++)
	{
		const size_t begin = begin_of(codec, s);
		const rv_kmeans_centroids centroids = {codec->centroids + centroids_of(codec) * begin,
		codec->panels + centroids_of(codec) * begin, width_of(codec, s), centroids_of(codec)};
		uint32_t	index[group_rows];
		double		distance[group_rows];

		nearest->nearest(&centroids, y + begin, count, n, index, distance);
		for (size_t r = 0; r < count; r++)
		{
			uint8_t    *code = codes + r * bytes;

			squares[r] += distance[r];
			if (codec->bits == 8)
				code[s] = (uint8_t) index[r];
			else
				code[s / 2] = (uint8_t) (code[s / 2] | index[r] << s % 2 * 4);
		}
	}
	for (size_t r = 0; r < count; r++)
	{
		const float *row = rows + r * n;
		uint8_t    *code = codes + r * bytes;
		const double norm = norm_of(row, n);

		if (!(norm <= RV_PRODUCT_MAX_NORM))
			return r;
		if (codec->rotation != NULL)
		{
			decode_row(kernels, codec, code, memory.turned, memory.row);
			squares[r] = nearest->distance(row, memory.row, n);
		}
		store_float(code + payload, (float) norm);
		store_float(code + payload + sizeof(float), float_above(__builtin_sqrt(squares[r]) * upwards));
	}
	return count;
}

}	/* namespace */

extern "C" size_t
rv_product_code_bytes(const rv_product_codec *codec)
{
	return payload_bytes(codec) + factor_bytes;
}

extern "C" size_t
rv_product_block_bytes(const rv_product_codec *codec)
{
	return RV_PRODUCT_BLOCK * rv_product_code_bytes(codec);
}

extern "C" size_t
rv_product_encode_bytes(const rv_product_codec *codec)
{
	return (group_rows + 1) * codec->n * sizeof(float);
}

extern "C" size_t
rv_product_encode(const rv_product_kernels *kernels, const rv_kmeans_kernels *nearest, const rv_product_codec *codec,
				  const float *rows, size_t count, uint8_t *codes, void *memory)
{
	const size_t bytes = rv_product_code_bytes(codec);
	const encoding room = lay_out(codec, memory);

	for (size_t r = 0; r < count; r += group_rows)
	{
		const size_t here = count - r < group_rows ? count - r : group_rows,
					done = encode_group(kernels, nearest, codec, rows + r * codec->n, here, codes + r * bytes, room);

		if (done < here)
			return r + done;
	}
	return count;
}

extern "C" void
rv_product_decode(const rv_product_kernels *kernels, const rv_product_codec *codec, const uint8_t *codes, size_t count,
				  float *rows, float *turned)
{
	const size_t bytes = rv_product_code_bytes(codec);

	for (size_t r = 0; r < count; r++)
		decode_row(kernels, codec, codes + r * bytes, turned, rows + r * codec->n);
}

extern "C" void
rv_product_pack(const rv_product_codec *codec, const uint8_t *codes, size_t count, uint8_t *blocks)
{
	const size_t bytes = rv_product_code_bytes(codec),
				payload = payload_bytes(codec),
				block_payload = block_payload_bytes(codec),
				block_bytes = rv_product_block_bytes(codec);

	for (size_t b = 0; b * RV_PRODUCT_BLOCK < count; b++)
	{
		uint8_t    *block = blocks + b * block_bytes;
		const size_t here = count - b * RV_PRODUCT_BLOCK < RV_PRODUCT_BLOCK ? count - b * RV_PRODUCT_BLOCK
			: RV_PRODUCT_BLOCK;

		for (size_t i = 0; i < block_bytes; i++)
			block[i] = 0;
		for (size_t r = 0; r < here; r++)
		{
			const uint8_t *code = codes + (b * RV_PRODUCT_BLOCK + r) * bytes;

			for (uint32_t s = 0; s < codec->m; s++)
			{
				uint32_t	number = number_of(codec, code, s);

				if (codec->bits == 8)
					block[(size_t) s * RV_PRODUCT_BLOCK + r] = (uint8_t) number;
				else
					block[(size_t) s * 16 + place_of(r)] |= (uint8_t) (number << r / 16 * 4);
			}
			store_float(block + block_payload + r * sizeof(float), load_float(code + payload));
			store_float(block + block_payload + (RV_PRODUCT_BLOCK + r) * sizeof(float),
						load_float(code + payload + sizeof(float)));
		}
	}
}

extern "C" void
rv_product_unpack(const rv_product_codec *codec, const uint8_t *blocks, size_t count, uint8_t *codes)
{
	const size_t bytes = rv_product_code_bytes(codec),
				payload = payload_bytes(codec),
				block_payload = block_payload_bytes(codec),
				block_bytes = rv_product_block_bytes(codec);

	for (size_t r = 0; r < count; r++)
	{
		const uint8_t *block = blocks + r / RV_PRODUCT_BLOCK * block_bytes;
		const size_t at = r % RV_PRODUCT_BLOCK;
		uint8_t    *code = codes + r * bytes;

		for (size_t i = 0; i < payload; i++)
			code[i] = 0;
		for (uint32_t s = 0; s < codec->m; s++)
			if (codec->bits == 8)
				code[s] = block[(size_t) s * RV_PRODUCT_BLOCK + at];
			else
				code[s / 2] |= (uint8_t) ((block[(size_t) s * 16 + place_of(at)] >> at / 16 * 4 & 15) << s % 2 * 4);
		store_float(code + payload, load_float(block + block_payload + at * sizeof(float)));
		store_float(code + payload + sizeof(float),
					load_float(block + block_payload + (RV_PRODUCT_BLOCK + at) * sizeof(float)));
	}
}
