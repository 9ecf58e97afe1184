/*
 * exports.cpp - what the WebAssembly module exports to src/backend/wasm.ts.
 *
 * One function a shape, with type and metric as numbers of simd.h, and pointers as offsets into the exported
 * memory.  The caller places its arguments from __heap_base on: nothing here allocates.  The module holds the
 * kernels for 128-bit SIMD alone, since an engine without them refuses the whole module.
 */
#include "../src/kernels.h"

#ifndef RV_ARCH_WASM
#error "exports.cpp is compiled with --target=wasm32 -msimd128"
#endif

/* Raised when src/backend/wasm.ts must no longer accept older modules. */
#define RV_WASM_ABI 1

#define RV_EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace
{

const rv_shapes &
shapes_of(int type, int metric)
{
	return rv_kernels_wasm.shapes[type][metric];
}

/* In the order of struct rv_kernels, which src/backend/wasm.ts repeats. */
rv_convert
conversion(int which)
{
	switch (which)
	{
		case 0:
			return rv_kernels_wasm.f16_to_f32;
		case 1:
			return rv_kernels_wasm.f32_to_f16;
		case 2:
			return rv_kernels_wasm.bf16_to_f32;
		case 3:
			return rv_kernels_wasm.f32_to_bf16;
		case 4:
			return rv_kernels_wasm.f32_to_bits;
		case 5:
			return rv_kernels_wasm.f16_to_bits;
		case 6:
			return rv_kernels_wasm.i8_to_bits;
		case 7:
			return rv_kernels_wasm.normalise_f32;
		case 8:
			return rv_kernels_wasm.normalise_f16;
		default:
			return rv_kernels_wasm.normalise_bf16;
	}
}

rv_pair_sparse
sparse_pair(int metric)
{
	switch (metric)
	{
		case RV_METRIC_DOT:
			return rv_kernels_wasm.dot_sparse;
		case RV_METRIC_L2SQ:
			return rv_kernels_wasm.l2sq_sparse;
		case RV_METRIC_L1:
			return rv_kernels_wasm.l1_sparse;
		default:
			return rv_kernels_wasm.cosine_sparse;
	}
}

}	/* namespace */

RV_EXPORT(abi)
int
rv_wasm_abi()
{
	return RV_WASM_ABI;
}

RV_EXPORT(pair)
double
rv_wasm_pair(int type, int metric, const void *a, const void *b, size_t n)
{
	return shapes_of(type, metric).pair(a, b, n);
}

RV_EXPORT(many)
void
rv_wasm_many(int type, int metric, const void *query, const void *rows, size_t n, size_t count, float *out)
{
	shapes_of(type, metric).many(query, rows, n, count, n, out);
}

RV_EXPORT(matrix)
void
rv_wasm_matrix(int type, int metric, const void *a, size_t a_count, const void *b, size_t b_count, size_t n,
			   float *out)
{
	rv_simd_matrix(&rv_kernels_wasm, (rv_type) type, (rv_metric) metric, a, a_count, n, b, b_count, n, n, out,
				   b_count, NULL, NULL);
}

RV_EXPORT(topk)
size_t
rv_wasm_topk(int type, int metric, const void *query, const void *rows, size_t n, size_t count, size_t k,
			 uint32_t *indices, float *scores)
{
	return rv_simd_topk(&rv_kernels_wasm, (rv_type) type, (rv_metric) metric, query, rows, n, count, n, k,
						indices, scores, NULL, NULL);
}

RV_EXPORT(norm)
double
rv_wasm_norm(int type, const void *a, size_t n)
{
	return rv_kernels_wasm.norm[type](a, n);
}

RV_EXPORT(convert)
void
rv_wasm_convert(int which, const void *from, void *to, size_t n)
{
	conversion(which)(from, to, n);
}

RV_EXPORT(sparse)
double
rv_wasm_sparse(int metric, const uint32_t *a_indices, const float *a_values, size_t a_count,
			   const uint32_t *b_indices, const float *b_values, size_t b_count)
{
	rv_sparse	a = {a_indices, a_values, a_count};
	rv_sparse	b = {b_indices, b_values, b_count};

	return sparse_pair(metric)(&a, &b);
}
