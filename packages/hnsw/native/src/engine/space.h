/*
 * space.h - a type of vectors and a metric: how rows are stored, and distances that put them in order.
 *
 * A row is the vector as it was given; under cosine the float32 1 / |vector| stands behind it, so that a distance is one inner
 * product.  Distances here are those that cost least and order rows as the metric does: squared for l2.  result() makes what
 * users see of them.
 */
#ifndef RUVECTOR_INDEX_SPACE_H
#define RUVECTOR_INDEX_SPACE_H

#include <ruvector/simd.h>

#include "error.h"

namespace rv_index
{

/* In files, too: numbers stay. */
enum class metric_kind : uint32_t
{
	l2 = 0,
	ip = 1,
	cosine = 2,
	hamming = 3,
	jaccard = 4
};

enum class vector_type : uint32_t
{
	float32 = 0,
	float16 = 1,
	int8 = 2,
	binary = 3
};

/* Most rows that are scored in one call. */
constexpr size_t max_gather = 256;

class space
{
public:
	/* Throws `argument` where a type has not the metric, or for 0 or more than 65,535 dimensions. */
	space(vector_type type, metric_kind metric, uint32_t dimensions);

	vector_type type;
	metric_kind metric;
	uint32_t	dimensions;
	size_t		vector_bytes;	/* as given */
	size_t		row_bytes;		/* with what stands behind it; a multiple of 4 */

	/* Bytes between rows that lie side by side: whole cache lines where they have at least one. */
	size_t
	stride() const
	{
		return row_bytes >= 64 ? (row_bytes + 63) / 64 * 64 : row_bytes;
	}

	/* Throws `value`, with the number of the row, for what the metric has no distance for: NaN, infinity, no direction. */
	void		check(const void *vector, size_t number) const;

	/* Copies a vector that was checked into a row. */
	void		store(const void *vector, void *row) const;

	/* What a distance to a vector needs to know of it: 1 / |vector| under cosine, else 1. */
	float		scale_of(const void *vector) const;

	/* Distances of `count` rows from a vector of that scale; a count up to max_gather. */
	void
	gather(const void *vector, float scale, const void *const *rows, size_t count, float *out) const
	{
		kernels->gather(vector, rows, elements, count, out);
		finish(scale, rows, count, out);
	}

	float
	distance(const void *vector, float scale, const void *row) const
	{
		float		out;

		gather(vector, scale, &row, 1, &out);
		return out;
	}

	/* The scale of a row. */
	float
	row_scale(const void *row) const
	{
		float		scale = 1;

		if (metric == metric_kind::cosine)
			__builtin_memcpy(&scale, (const char *) row + scale_at, sizeof(scale));
		return scale;
	}

	/* What users see of a distance. */
	float		result(float distance) const;

	/* The distance that users see as this. */
	float		from_result(float distance) const;

	/* The elements as float32; binary vectors have none. */
	void		to_floats(const void *vector, float *out) const;

	/* The vector of this type that is nearest to these elements. */
	void		from_floats(const float *elements, void *vector) const;

private:
	const rv_shapes *kernels;
	size_t		scale_at,
				elements;		/* as kernels count them: dimensions, or bytes of bits */

	void		finish(float scale, const void *const *rows, size_t count, float *out) const;
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_SPACE_H */
