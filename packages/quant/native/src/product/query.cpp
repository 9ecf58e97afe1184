/*
 * query.cpp - prepared queries, estimates and their bounds.  doc/product.md has the proofs; letters are those there.
 */
#include "layout.h"

namespace
{

/* Codes whose sums are made at a time: whole blocks. */
constexpr size_t group_codes = 8 * RV_PRODUCT_BLOCK;

/* Norms below this have lost digits in float32. */
constexpr double least_norm = 0x1p-100;

/* Ranges of sub-spaces differ, and only the widest has a byte of 255: so many more sub-spaces than 256 may fit into 16 bits. */
uint32_t
largest_sum_of(const uint8_t *bytes, uint32_t m)
{
	uint32_t	sum = 0;

	for (uint32_t s = 0; s < m; s++)
	{
		uint8_t		most = 0;

		for (size_t c = 0; c < 16; c++)
			most = bytes[(size_t) s * 16 + c] > most ? bytes[(size_t) s * 16 + c] : most;
		sum += most;
	}
	return sum;
}

/* Sums of bytes differ from those of the entries by no more than what the worst entries of each sub-space lose. */
void
narrow_tables(const rv_product_kernels *kernels, const rv_product_codec *codec, rv_product_query *query)
{
	rv_product_bytes narrow;
	double		lost;

	kernels->narrow(tables_of(query), codec->m, (uint8_t *) (tables_of(query) + table_floats(codec)), &narrow);
	query->scale = narrow.scale;
	query->base = (float) narrow.base;
	/* base in float32, then a product and a sum in float32. */
	lost = narrow.lost + __builtin_fabs(narrow.base - (double) query->base);
	lost += 0x1p-22 * ((double) query->scale * 255.0 * (double) codec->m + __builtin_fabs(narrow.base));
	query->byte_error = lost * (1.0 + 0x1p-36);
	query->largest_sum = largest_sum_of(bytes_of(codec, query), codec->m);
}

/* What is known of one code. */
struct factors
{
	double		residual,
				norm;
};

RV_INLINE float
similarity_distance(const rv_product_query *query, float sum, float norm)
{
	double		similarity;

	/* NaN where a norm is 0, and only there. */
	if (!(query->norm > 0) || !(norm > 0))
		return __builtin_nanf("");
	similarity = (double) sum / (query->norm * (double) norm);
	similarity = similarity > 1 ? 1 : similarity < -1 ? -1 : similarity;
	return (float) (1.0 - similarity);
}

/* Estimates of codes whose sums are known; residuals and norms are `stride` bytes apart. */
RV_INLINE void
estimates_of(const rv_product_query *query, rv_product_estimates kind, const float *sums, const uint8_t *residuals,
			 const uint8_t *norms, size_t stride, size_t count, float *out)
{
	if (query->metric == RV_METRIC_COSINE)
		for (size_t i = 0; i < count; i++)
			out[i] = similarity_distance(query, sums[i], load_float(norms + i * stride));
	else if (query->metric == RV_METRIC_L2SQ && kind == RV_PRODUCT_MIDDLE)
		for (size_t i = 0; i < count; i++)
		{
			const float residual = load_float(residuals + i * stride);

			out[i] = sums[i] + residual * residual;
		}
	else
		__builtin_memcpy(out, sums, count * sizeof(float));
}

RV_INLINE double
bound_of_squares(const rv_product_query *query, rv_product_estimates kind, double byte_error, double sum,
				 const factors &f)
{
	const double r = f.residual,
				g = query->table_error,
				top = (sum + byte_error + query->tiny) / (1.0 - g),
				a = top > 0 ? __builtin_sqrt(top) : 0,
				k = query->turn_error * (query->norm + f.norm + r),
				sums = g * top + byte_error + query->tiny,
				turned = k * (2.0 * a + k),
				rounded = 0x1p-20 * (top + r * r),
				apart = 2.0 * (a + k) * r;

	return (kind == RV_PRODUCT_MIDDLE ? apart : apart + r * r) + sums + turned + rounded;
}

RV_INLINE double
bound_of_dots(const rv_product_query *query, double byte_error, double sum, const factors &f)
{
	const double q = query->norm,
				c = f.norm + f.residual;

	return q * f.residual + (1.01 * query->table_error + query->turn_error + 0x1p-36) * q * c + byte_error +
		query->tiny + 0x1p-22 * __builtin_fabs(sum);
}

RV_INLINE float
bound_of(const rv_product_query *query, rv_product_estimates kind, double byte_error, float sum, float residual,
		 float norm)
{
	const factors f = {(double) residual, (double) norm * (1.0 + 0x1p-22) + 0x1p-149};
	double		bound;

	if (query->metric == RV_METRIC_L2SQ)
		return float_above(bound_of_squares(query, kind, byte_error, (double) sum, f) * (1.0 + 0x1p-36));
	bound = bound_of_dots(query, byte_error, (double) sum, f) * (1.0 + 0x1p-36);
	if (query->metric == RV_METRIC_DOT)
		return float_above(bound);
	if (!(query->norm > 0) || !(norm > 0))
		return __builtin_nanf("");
	/* Both lie in 0 .. 2. */
	if ((double) norm < least_norm || query->norm < least_norm)
		return 2.0f;
	bound = (bound / (query->norm * (double) norm)) * (1.0 + 0x1p-20) + 0x1p-21;
	return bound < 2 ? float_above(bound) : 2.0f;
}

}	/* namespace */

extern "C" size_t
rv_product_query_bytes(const rv_product_codec *codec)
{
	return sizeof(rv_product_query) + table_floats(codec) * sizeof(float) +
		(codec->bits == 4 ? even_spaces(codec) * 16 : 0);
}

extern "C" int
rv_product_prepare(const rv_product_kernels *kernels, const rv_product_codec *codec, const float *query,
				   rv_metric metric, float *turned, rv_product_query *out)
{
	const size_t n = codec->n,
				width = (n + codec->m - 1) / codec->m;
	/* A subtraction, a product and the additions of a sub-space, then those of sub-spaces. */
	const double g = (double) (width + codec->m + 8) * 0x1p-24;
	const float *y = query;

	*out = {};
	out->metric = metric;
	out->norm = norm_of(query, n);
	if (!(out->norm <= RV_PRODUCT_MAX_NORM))
		return 0;
	out->table_error = g / (1.0 - g);
	out->tiny = (double) (n + codec->m) * 0x1p-125;
	if (codec->rotation != NULL)
	{
		kernels->turn(codec->rotation, n, query, 1, turned);
		y = turned;
		out->turn_error = 3.0 * (codec->distortion + 0x1p-23);
		/* Decoded coordinates that are subnormal have no relative error. */
		out->tiny += (double) n * 0x1p-148 * out->norm;
	}
	kernels->tables(codec, y, metric, tables_of(out));
	if (codec->bits == 4)
		narrow_tables(kernels, codec, out);
	return 1;
}

extern "C" void
rv_product_estimate(const rv_product_kernels *kernels, const rv_product_codec *codec, const rv_product_query *query,
					rv_product_estimates kind, const uint8_t *codes, size_t stride, size_t count, float *estimates,
					float *bounds)
{
	const size_t payload = payload_bytes(codec);

	for (size_t first = 0; first < count; first += group_codes)
	{
		const size_t here = count - first < group_codes ? count - first : group_codes;
		const uint8_t *norms = codes + first * stride + payload,
				   *residuals = norms + sizeof(float);
		float		sums[group_codes];

		kernels->rows(tables_of(query), codec->m, codec->bits, codes + first * stride, stride, here, sums);
		estimates_of(query, kind, sums, residuals, norms, stride, here, estimates + first);
		for (size_t i = 0; bounds != NULL && i < here; i++)
			bounds[first + i] = bound_of(query, kind, 0, sums[i], load_float(residuals + i * stride),
										 load_float(norms + i * stride));
	}
}

extern "C" void
rv_product_estimate_packed(const rv_product_kernels *kernels, const rv_product_codec *codec,
						   const rv_product_query *query, rv_product_estimates kind, const uint8_t *blocks,
						   size_t count, float *estimates, float *bounds)
{
	const size_t block_bytes = rv_product_block_bytes(codec),
				payload = block_payload_bytes(codec);

	for (size_t first = 0; first < count; first += group_codes)
	{
		const size_t here = count - first < group_codes ? count - first : group_codes;
		const uint8_t *group = blocks + first / RV_PRODUCT_BLOCK * block_bytes;
		float		sums[group_codes];

		if (codec->bits == 8)
			kernels->blocks8(tables_of(query), codec->m, group, block_bytes, here, sums);
		else
		{
			uint32_t	bytes[group_codes];

			kernels->blocks4(bytes_of(codec, query), codec->m, group, block_bytes, here, bytes);
			for (size_t i = 0; i < here; i++)
				sums[i] = sum_of_bytes(query, bytes[i]);
		}
		for (size_t b = 0; b < here; b += RV_PRODUCT_BLOCK)
		{
			const uint8_t *norms = group + b / RV_PRODUCT_BLOCK * block_bytes + payload,
					   *residuals = norms + RV_PRODUCT_BLOCK * sizeof(float);
			const size_t codes = here - b < RV_PRODUCT_BLOCK ? here - b : RV_PRODUCT_BLOCK;

			estimates_of(query, kind, sums + b, residuals, norms, sizeof(float), codes, estimates + first + b);
			for (size_t i = 0; bounds != NULL && i < codes; i++)
				bounds[first + b + i] = bound_of(query, kind, query->byte_error, sums[b + i],
												 load_float(residuals + i * sizeof(float)),
												 load_float(norms + i * sizeof(float)));
		}
	}
}
