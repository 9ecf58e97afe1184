/*
 * matrix.cpp - many queries against many rows, cut into blocks for the caches; and the sizes of elements.
 *
 * A block of `a` and a block of `b` together take half of a second-level cache of 512 KiB, and fit into one of 256 KiB.
 * Kernels keep a few rows of `b` in the first-level cache and registers while the block of `a` passes by, or the other
 * way about.  Each row of `b` that comes from memory so meets a whole block of `a`, which leaves memory a small part of
 * the time (K. Goto, R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34(3), 2008, 4.2).
 */
#include "../kernels.h"

namespace
{

constexpr size_t block_bytes = (size_t) 128 * 1024;

/*
 * Kernels take two, three or four rows of `a` and four of `b` at a time: blocks of whole groups leave nothing over but
 * at the edges.
 */
constexpr size_t group_rows = 12;

/* Each row of `a` writes a line of results of its own: more would not stay in the first-level cache. */
constexpr size_t max_rows = 10 * group_rows;

size_t
rows_of_block(size_t row_bytes)
{
	size_t		rows = row_bytes == 0 ? max_rows : block_bytes / row_bytes / group_rows * group_rows;

	return rows < group_rows ? group_rows : rows > max_rows ? max_rows : rows;
}

RV_INLINE size_t
at_most(size_t value, size_t limit)
{
	return value < limit ? value : limit;
}

struct operand
{
	const char *first;
	size_t		count;
	size_t		row_bytes;		/* from one row to the next */

	const void *row(size_t r) const { return first + r * row_bytes; }
};

}	/* namespace */

extern "C" size_t
rv_simd_query_bytes(rv_type type)
{
	return type == RV_TYPE_F32_F16 ? sizeof(float) : rv_simd_row_bytes(type);
}

extern "C" size_t
rv_simd_row_bytes(rv_type type)
{
	switch (type)
	{
		case RV_TYPE_F32:
			return 4;
		case RV_TYPE_F16:
		case RV_TYPE_BF16:
		case RV_TYPE_F32_F16:
			return 2;
		case RV_TYPE_I8:
		case RV_TYPE_U8:
		case RV_TYPE_BITS:
			return 1;
		default:
			return 0;
	}
}

extern "C" int
rv_simd_matrix(const rv_kernels *kernels, rv_type type, rv_metric metric, const void *a, size_t a_count,
			   size_t a_stride, const void *b, size_t b_count, size_t b_stride, size_t n, float *out,
			   size_t out_stride, rv_progress progress, void *data)
{
	const rv_shapes *shapes = &kernels->shapes[type][metric];
	const size_t a_bytes = rv_simd_query_bytes(type),
				b_bytes = rv_simd_row_bytes(type);
	const operand queries = {(const char *) a, a_count, a_stride * a_bytes},
				rows = {(const char *) b, b_count, b_stride * b_bytes};
	const size_t a_block = rows_of_block(n * a_bytes),
				b_block = rows_of_block(n * b_bytes);

	for (size_t q = 0; q < queries.count; q += a_block)
	{
		const size_t q_count = at_most(queries.count - q, a_block);

		for (size_t r = 0; r < rows.count; r += b_block)
		{
			const size_t r_count = at_most(rows.count - r, b_block);
			float	   *block = out + q * out_stride + r;

			if (shapes->tile != NULL)
				shapes->tile(queries.row(q), q_count, a_stride, rows.row(r), r_count, b_stride, n, block, out_stride);
			else
				for (size_t i = 0; i < q_count; i++)
					shapes->many(queries.row(q + i), rows.row(r), n, r_count, b_stride, block + i * out_stride);

			const bool	last = q + q_count == queries.count && r + r_count == rows.count;

			/* Of the rows of `a` in this block as many count as done as is the part of `b` that they have met. */
			if (progress != NULL && !last &&
				!progress(data, q + (size_t) ((double) q_count * (double) (r + r_count) / (double) rows.count),
						  queries.count))
				return 0;
		}
	}
	return 1;
}
