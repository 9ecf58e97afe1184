/*
 * serial.cpp - product codes as product.h defines them.  The oracle for the other variants, and what runs where none of them
 * does.
 */
#include "kernels.h"

RV_DECLARE_PRODUCT(serial);

void
rv_product_tables_serial(const rv_product_codec *codec, const float *y, rv_metric metric, float *tables)
{
	const size_t k = (size_t) 1 << codec->bits;

	for (uint32_t s = 0; s < codec->m; s++)
	{
		const size_t begin = RV_PRODUCT_BEGIN(codec->n, codec->m, s),
					width = RV_PRODUCT_BEGIN(codec->n, codec->m, s + 1) - begin;

		for (size_t c = 0; c < k; c++)
		{
			const float *centroid = codec->centroids + k * begin + c * width;
			float		sum = 0;

			for (size_t i = 0; i < width; i++)
			{
				float		term = metric == RV_METRIC_L2SQ ? y[begin + i] - centroid[i] : y[begin + i] * centroid[i];

				sum += metric == RV_METRIC_L2SQ ? term * term : term;
			}
			tables[s * k + c] = sum;
		}
	}
}

void
rv_product_rows_serial(const float *tables, uint32_t m, uint32_t bits, const uint8_t *codes, size_t stride,
					   size_t count, float *sums)
{
	for (size_t r = 0; r < count; r++)
	{
		const uint8_t *code = codes + r * stride;
		float		parts[8] = {0, 0, 0, 0, 0, 0, 0, 0};

		for (uint32_t s = 0; s < m; s++)
		{
			uint32_t	c = bits == 8 ? code[s] : s % 2 == 0 ? code[s / 2] & 15 : code[s / 2] >> 4;

			parts[s % 8] += tables[((size_t) s << bits) + c];
		}
		sums[r] = add_parts(parts);
	}
}

void
rv_product_blocks8_serial(const float *tables, uint32_t m, const uint8_t *blocks, size_t stride, size_t count,
						  float *sums)
{
	for (size_t r = 0; r < (count + RV_PRODUCT_BLOCK - 1) / RV_PRODUCT_BLOCK * RV_PRODUCT_BLOCK; r++)
	{
		const uint8_t *block = blocks + r / RV_PRODUCT_BLOCK * stride;

		sums[r] = 0;
		for (uint32_t s = 0; s < m; s++)
			sums[r] += tables[(size_t) s * 256 + block[(size_t) s * RV_PRODUCT_BLOCK + r % RV_PRODUCT_BLOCK]];
	}
}

void
rv_product_blocks4_serial(const uint8_t *bytes, uint32_t m, const uint8_t *blocks, size_t stride, size_t count,
						  uint32_t *sums)
{
	for (size_t b = 0; b * RV_PRODUCT_BLOCK < count; b++)
		for (uint32_t i = 0; i < 16; i++)
		{
			uint32_t	low = 0,
						high = 0;

			for (uint32_t s = 0; s < m; s++)
			{
				uint8_t		two = blocks[b * stride + (size_t) s * 16 + i];

				low += bytes[(size_t) s * 16 + (two & 15)];
				high += bytes[(size_t) s * 16 + (two >> 4)];
			}
			sums[b * RV_PRODUCT_BLOCK + rv_product_order[i]] = low;
			sums[b * RV_PRODUCT_BLOCK + rv_product_order[i] + 16] = high;
		}
}

void
rv_product_among4_serial(const uint8_t *bytes, uint32_t m, const uint8_t *blocks, size_t stride, size_t count,
						 uint32_t first, uint32_t more, uint16_t *sums, uint32_t *among)
{
	for (size_t b = 0; b * RV_PRODUCT_BLOCK < count; b++)
	{
		uint32_t	own[RV_PRODUCT_BLOCK];

		rv_product_blocks4_serial(bytes, m, blocks + b * stride, stride, RV_PRODUCT_BLOCK, own);
		among[b] = 0;
		for (uint32_t i = 0; i < RV_PRODUCT_BLOCK; i++)
		{
			sums[b * RV_PRODUCT_BLOCK + i] = (uint16_t) own[i];
			among[b] |= (uint32_t) (own[i] - first <= more) << i;
		}
	}
}

void
rv_product_narrow_serial(const float *tables, uint32_t m, uint8_t *bytes, rv_product_bytes *out)
{
	float		widest = 0;
	double		total = 0,
				scale,
				inverse;

	*out = {0, 0, 0};
	for (uint32_t s = 0; s < m; s++)
	{
		const float *t = tables + (size_t) s * 16;
		float		low = t[0],
					high = t[0];

		for (int c = 1; c < 16; c++)
		{
			low = t[c] < low ? t[c] : low;
			high = t[c] > high ? t[c] : high;
		}
		widest = high - low > widest ? high - low : widest;
		total += (double) (high - low);
		out->base += (double) low;
	}
	out->scale = step_of_tables(widest, total, m);
	scale = (double) out->scale;
	inverse = scale > 0 ? 1.0 / scale : 0;
	for (uint32_t s = 0; s < m; s++)
	{
		const float *t = tables + (size_t) s * 16;
		float		low = t[0];
		double		worst = 0;

		for (int c = 1; c < 16; c++)
			low = t[c] < low ? t[c] : low;
		for (int c = 0; c < 16; c++)
		{
			const double above = (double) t[c] - (double) low,
						steps = above * inverse + 0.5;
			const uint8_t byte = (uint8_t) (steps < 255 ? steps : 255);
			const double loss = __builtin_fabs(above - scale * (double) byte);

			bytes[(size_t) s * 16 + (size_t) c] = byte;
			worst = loss > worst ? loss : worst;
		}
		out->lost += worst;
	}
	for (uint32_t c = m * 16; c < even_spaces(m) * 16; c++)
		bytes[c] = 0;
}

void
rv_product_turn_serial(const float *matrix, size_t n, const float *from, size_t count, float *to)
{
	for (size_t r = 0; r < count; r++)
		for (size_t j = 0; j < n; j++)
		{
			double		sum = 0;

			for (size_t i = 0; i < n; i++)
				sum += (double) matrix[i * n + j] * (double) from[r * n + i];
			to[r * n + j] = (float) sum;
		}
}
