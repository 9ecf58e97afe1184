/*
 * fuzz.cpp - libFuzzer: any bytes as vectors, through every type, metric, shape and variant that runs here.
 *
 *   clang++ -fsanitize=fuzzer,address,undefined ... fuzz.cpp <units> && ./fuzz -max_total_time=60
 *
 * Vectors are copied to blocks of exactly their size at the alignment of their element and no better, so the address sanitizer sees a byte
 * too many.  Results are compared with those of the serial kernels: integers and bits exactly, floats within the bound of
 * doc/dense.md where every term is finite.
 */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ruvector/simd.h>

namespace
{

const size_t max_rows = 9;

/* A copy of exactly `size` bytes, `align` bytes past what malloc gives, so that it is aligned to `align` and not to more. */
struct block
{
	char	   *base;
	char	   *data;

	block(const uint8_t *from, size_t size, size_t align) : base((char *) malloc(size + align))
	{
		if (base == NULL)
			abort();
		data = base + align;
		if (size > 0)
			memcpy(data, from, size);
	}

	~block() { free(base); }

	block(const block &) = delete;
	block	   &operator=(const block &) = delete;
};

double
element(const void *p, int type, size_t i)
{
	switch (type)
	{
		case RV_TYPE_F32:
			return ((const float *) p)[i];
		case RV_TYPE_F16:
		case RV_TYPE_BF16:
		{
			float		value;

			(type == RV_TYPE_F16 ? rv_simd_variant(RV_VARIANT_SERIAL)->f16_to_f32
			 : rv_simd_variant(RV_VARIANT_SERIAL)->bf16_to_f32) ((const uint16_t *) p + i, &value, 1);
			return value;
		}
		case RV_TYPE_I8:
			return ((const int8_t *) p)[i];
		default:
			return ((const uint8_t *) p)[i];
	}
}

[[noreturn]] void
disagree(const char *variant, int type, int metric, size_t n, double got, double want)
{
	fprintf(stderr, "%s: type %d, metric %d, n %zu: %.17g, serial %.17g\n", variant, type, metric, n, got, want);
	abort();
}

/* How far a result of floats may be from that of the serial kernel; negative: anything goes, since something overflows. */
double
tolerance(const void *a, int a_type, const void *b, int b_type, int metric, size_t n)
{
	double		absolute = 0,
				aa = 0,
				bb = 0,
				gamma = (double) (2 * n + 8) * FLT_EPSILON;

	for (size_t i = 0; i < n; i++)
	{
		double		x = element(a, a_type, i),
					y = element(b, b_type, i);

		aa += x * x;
		bb += y * y;
		absolute += metric == RV_METRIC_DOT ? fabs(x * y) : metric == RV_METRIC_L1 ? fabs(x - y) : (x - y) * (x - y);
	}
	if (!(aa < 1e37 && bb < 1e37))
		return -1;
	if (metric == RV_METRIC_COSINE)
		/* Where squares underflow the angle is lost. */
		return aa > 1e-30 && bb > 1e-30 ? gamma : -1;
	return gamma * absolute + (double) n * 1e-37;
}

void
compare(const rv_kernels *k, int type, int metric, size_t n, double got, double want, double allowed)
{
	bool		exact = type == RV_TYPE_I8 || type == RV_TYPE_U8 || type == RV_TYPE_BITS;

	if (!exact && allowed < 0)
		return;
	if (isnan(want) ? isnan(got) : fabs(got - want) <= (exact ? 0 : allowed))
		return;
	disagree(k->name, type, metric, n, got, want);
}

}	/* namespace */

extern "C" int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size < 4)
		return 0;
	int			type = bytes[0] % RV_TYPE_COUNT;
	int			metric = bytes[1] % RV_METRIC_COUNT;
	size_t		count = bytes[2] % (max_rows + 1);
	size_t		padding = bytes[3] % 4;
	const rv_kernels *serial = rv_simd_variant(RV_VARIANT_SERIAL);

	if (serial->shapes[type][metric].pair == NULL)
		return 0;
	bytes += 4;
	size -= 4;

	size_t		a_bytes = rv_simd_query_bytes((rv_type) type),
				b_bytes = rv_simd_row_bytes((rv_type) type);
	size_t		n = size / (a_bytes + count * b_bytes);
	size_t		stride = n + padding;
	size_t		rows_size = count == 0 ? 0 : ((count - 1) * stride + n) * b_bytes;

	while (n > 0 && n * a_bytes + rows_size > size)
	{
		n--;
		stride = n + padding;
		rows_size = count == 0 ? 0 : ((count - 1) * stride + n) * b_bytes;
	}
	if (n * a_bytes + rows_size > size)
		return 0;

	block		query(bytes, n * a_bytes, a_bytes);
	block		rows(bytes + n * a_bytes, rows_size, b_bytes);
	const void *pointers[max_rows + 1];
	float		want[max_rows + 1],
				got[max_rows + 1];
	double		allowed[max_rows + 1];
	int			a_type = type == RV_TYPE_F32_F16 ? RV_TYPE_F32 : type;
	int			b_type = type == RV_TYPE_F32_F16 ? RV_TYPE_F16 : type;

	for (size_t r = 0; r < count; r++)
	{
		pointers[r] = rows.data + r * stride * b_bytes;
		want[r] = (float) serial->shapes[type][metric].pair(query.data, pointers[r], n);
		allowed[r] = type == RV_TYPE_BITS ? 0 : tolerance(query.data, a_type, pointers[r], b_type, metric, n);
	}
	for (int v = 0; v < RV_VARIANT_COUNT; v++)
	{
		const rv_kernels *k = rv_simd_variant((rv_variant) v);

		if (k == NULL)
			continue;
		const rv_shapes *shapes = &k->shapes[type][metric];

		for (size_t r = 0; r < count; r++)
			compare(k, type, metric, n, (float) shapes->pair(query.data, pointers[r], n), want[r], allowed[r]);
		shapes->many(query.data, rows.data, n, count, stride, got);
		for (size_t r = 0; r < count; r++)
			compare(k, type, metric, n, got[r], want[r], allowed[r]);
		shapes->gather(query.data, pointers, n, count, got);
		for (size_t r = 0; r < count; r++)
			compare(k, type, metric, n, got[r], want[r], allowed[r]);
		if (shapes->tile != NULL)
		{
			shapes->tile(query.data, 1, n, rows.data, count, stride, n, got, count);
			for (size_t r = 0; r < count; r++)
				compare(k, type, metric, n, got[r], want[r], allowed[r]);
		}

		uint32_t	indices[max_rows + 1];
		float		scores[max_rows + 1];
		size_t		found = rv_simd_topk(k, (rv_type) type, (rv_metric) metric, query.data, rows.data, n, count, stride,
										 padding + 1, indices, scores, NULL, NULL);

		if (found > count || found > padding + 1)
			abort();
		for (size_t i = 0; i < found; i++)
			if (indices[i] >= count)
				abort();
	}
	return 0;
}
