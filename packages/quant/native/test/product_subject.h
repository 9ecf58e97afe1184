/*
 * product_subject.h - what the tests of product codes share: data of many kinds, codecs with centroids that are rows.
 */
#ifndef RUVECTOR_TEST_PRODUCT_SUBJECT_H
#define RUVECTOR_TEST_PRODUCT_SUBJECT_H

#include <float.h>

#include <algorithm>
#include <vector>

#include <ruvector/quant/product.h>

#include "../src/product/polar.h"
#include "support.h"

namespace
{

const rv_quant_kernels *serial;

/* Memory that begins at a multiple of 64 bytes and ends at a page that cannot be read. */
struct lines : guarded
{
	size_t		bytes;

	explicit lines(size_t bytes_) : guarded((bytes_ + 63) / 64 * 64), bytes((bytes_ + 63) / 64 * 64) {}
	void	   *memory() const { return at_end<char>(bytes); }
};

enum data
{
	SMOOTH,
	CONSTANT,
	ONE_LARGE,					/* one coordinate dwarfs the others */
	LARGE,						/* norms near the limit */
	TINY,						/* squares are subnormal or 0 */
	SUBNORMAL,
	OFFSET,						/* far from 0, and close together */
	WHOLE,
	DATA_COUNT
};

inline void
fill(float *to, size_t rows, size_t n, data kind)
{
	for (size_t r = 0; r < rows; r++)
		for (size_t i = 0; i < n; i++)
		{
			float	   &x = to[r * n + i];

			switch (kind)
			{
				case CONSTANT:
					x = 0.1f;
					break;
				case ONE_LARGE:
					x = (float) random_unit() * (i == n / 2 ? 1e6f : 1e-3f);
					break;
				case LARGE:
					x = (float) (random_unit() * 0x1p55 / sqrt((double) n));
					break;
				case TINY:
					x = (float) random_unit() * 1e-20f;
					break;
				case SUBNORMAL:
					x = (float) random_unit() * 1e-42f;
					break;
				case OFFSET:
					x = 1000.0f + (float) random_unit() * 0.1f;
					break;
				case WHOLE:
					x = (float) random_below(4);
					break;
				default:
					x = (float) random_normal();
			}
		}
}

/* A codec whose centroids are parts of random rows; `turned`: after a rotation. */
struct subject
{
	std::vector<float> centroids,
				panels,
				rotation,
				inverse;
	rv_product_codec codec;

	subject(size_t n, size_t m, size_t bits, data kind, bool turned)
		: centroids(n << bits), panels(n << bits), rotation(turned ? n * n : 0), inverse(turned ? n * n : 0)
	{
		const size_t k = (size_t) 1 << bits;
		std::vector<float> rows(k * n);

		codec = {(uint32_t) n, (uint32_t) m, (uint32_t) bits, centroids.data(), panels.data(), NULL, NULL, 0};
		fill(rows.data(), k, n, kind);
		if (turned)
			rotate(n, rows);
		for (size_t s = 0; s < m; s++)
		{
			const size_t begin = RV_PRODUCT_BEGIN(n, m, s),
						width = RV_PRODUCT_BEGIN(n, m, s + 1) - begin;

			for (size_t c = 0; c < k; c++)
				for (size_t i = 0; i < width; i++)
					centroids[k * begin + c * width + i] = rows[c * n + begin + i];
			rv_kmeans_pack(centroids.data() + k * begin, width, k, panels.data() + k * begin);
		}
	}
	subject(const subject &) = delete;

	/* By the orthogonal factor of random numbers; rows too. */
	void
	rotate(size_t n, std::vector<float> &rows)
	{
		std::vector<double> x(n * n),
					work(n * n);
		std::vector<uint32_t> pivots(n);
		std::vector<float> before = rows;
		const rv_kmeans_host alone = {NULL, NULL, NULL};
		const rv_product::watcher watch = {[](void *) { return true; }, NULL};
		double		distortion = 0;

		for (double &value : x)
			value = random_normal();
		if (!rv_product::polar_factor(&alone, watch, n, x.data(), work.data(), pivots.data()))
			abort();
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n; j++)
				inverse[j * n + i] = rotation[i * n + j] = (float) x[i * n + j];
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n; j++)
			{
				double		sum = i == j ? -1 : 0;

				for (size_t c = 0; c < n; c++)
					sum += (double) inverse[i * n + c] * inverse[j * n + c];
				distortion += sum * sum;
			}
		codec.rotation = rotation.data();
		codec.inverse = inverse.data();
		codec.distortion = sqrt(distortion);
		serial->product->turn(rotation.data(), n, before.data(), rows.size() / n, rows.data());
	}
};

inline std::vector<uint8_t>
encode(const rv_quant_kernels *k, const subject &s, const std::vector<float> &rows)
{
	const size_t count = rows.size() / s.codec.n,
				bytes = rv_product_code_bytes(&s.codec);
	lines		memory(rv_product_encode_bytes(&s.codec));
	guarded		codes(count * bytes);
	uint8_t    *out = codes.at_end<uint8_t>(count * bytes);

	if (rv_product_encode(k->product, k->kmeans, &s.codec, rows.data(), count, out, memory.memory()) != count)
		return {};
	return std::vector<uint8_t>(out, out + count * bytes);
}

inline float
float_at(const uint8_t *p)
{
	float		f;

	memcpy(&f, p, sizeof(f));
	return f;
}

}	/* namespace */

#endif							/* RUVECTOR_TEST_PRODUCT_SUBJECT_H */
