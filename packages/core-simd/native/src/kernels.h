/*
 * kernels.h - what the units of the native library share.
 *
 * A unit is one family (dense floats, integers, bits, sparse, conversions) for one
 * instruction set: dense/haswell.cpp.  It defines the kernels that the family's
 * RV_DECLARE_ macro names and nothing else that other units see.  variants.cpp
 * makes the tables of them; a variant takes a family from the set below it where
 * wider instructions bring nothing.  A unit for a processor of another
 * architecture compiles to nothing, so that every host can build the same list
 * of files.
 */
#ifndef RUVECTOR_KERNELS_H
#define RUVECTOR_KERNELS_H

#include <ruvector/simd.h>

#if defined(__x86_64__)
#define RV_ARCH_X86_64 1
#elif defined(__aarch64__)
#define RV_ARCH_AARCH64 1
#elif defined(__wasm_simd128__)
#define RV_ARCH_WASM 1
#endif

#define RV_INLINE inline __attribute__((always_inline))

#define RV_CACHE_LINE 64

/*
 * Many rows are asked for RV_AHEAD_DISTANCE bytes ahead when together they are
 * too many for the second-level cache to be likely to hold them, and none is
 * longer than a page, from where on the hardware does it as well.
 */
#define RV_AHEAD_DISTANCE ((size_t) 8 * 1024)
#ifndef RV_AHEAD_MIN_BYTES		/* bench/native.mjs sets it to compare */
#define RV_AHEAD_MIN_BYTES ((size_t) 256 * 1024)
#endif
#define RV_AHEAD_MAX_ROW ((size_t) 4 * 1024)

extern "C"
{
extern const rv_kernels rv_kernels_serial;
#ifdef RV_ARCH_X86_64
extern const rv_kernels rv_kernels_haswell;
extern const rv_kernels rv_kernels_skylake;
extern const rv_kernels rv_kernels_icelake;
#endif
#ifdef RV_ARCH_AARCH64
extern const rv_kernels rv_kernels_neon;
extern const rv_kernels rv_kernels_dotprod;
#endif
#ifdef RV_ARCH_WASM
extern const rv_kernels rv_kernels_wasm;
#endif
}

/* The four shapes of a metric and a type: rv_l2sq_f16_pair_haswell and so on. */
#define RV_DECLARE_SHAPES(metric, type, isa) \
	double rv_##metric##_##type##_pair_##isa(const void *a, const void *b, size_t n); \
	void rv_##metric##_##type##_many_##isa(const void *query, const void *rows, size_t n, \
										   size_t count, size_t stride, float *out); \
	void rv_##metric##_##type##_gather_##isa(const void *query, const void *const *rows, size_t n, \
											 size_t count, float *out); \
	void rv_##metric##_##type##_tile_##isa(const void *a, size_t a_count, size_t a_stride, \
										   const void *b, size_t b_count, size_t b_stride, \
										   size_t n, float *out, size_t out_stride)

#define RV_DECLARE_ARITHMETIC(type, isa) \
	RV_DECLARE_SHAPES(dot, type, isa); \
	RV_DECLARE_SHAPES(l2sq, type, isa); \
	RV_DECLARE_SHAPES(l1, type, isa); \
	RV_DECLARE_SHAPES(cosine, type, isa)

/* Float32, binary16, bfloat16, and float32 against binary16. */
#define RV_DECLARE_DENSE(isa) \
	extern "C" \
	{ \
	RV_DECLARE_F32_TYPED(isa); \
	RV_DECLARE_ARITHMETIC(f32, isa); \
	RV_DECLARE_ARITHMETIC(f16, isa); \
	RV_DECLARE_ARITHMETIC(bf16, isa); \
	RV_DECLARE_ARITHMETIC(f32_f16, isa); \
	double rv_norm_f32_##isa(const void *a, size_t n); \
	double rv_norm_f16_##isa(const void *a, size_t n); \
	double rv_norm_bf16_##isa(const void *a, size_t n); \
	} \
	static_assert(true, "")

/* What the PostgreSQL types call by name, with the types of float32. */
#define RV_DECLARE_F32_TYPED(isa) \
	float rv_dot_f32_##isa(const float *a, const float *b, size_t n); \
	float rv_l2sq_f32_##isa(const float *a, const float *b, size_t n); \
	float rv_l1_f32_##isa(const float *a, const float *b, size_t n); \
	double rv_cosine_f32_##isa(const float *a, const float *b, size_t n); \
	double rv_norm_f32_typed_##isa(const float *a, size_t n); \
	void rv_dot_f32_many_typed_##isa(const float *query, const float *rows, size_t n, \
									 size_t count, size_t stride, float *out); \
	void rv_l2sq_f32_many_typed_##isa(const float *query, const float *rows, size_t n, \
									  size_t count, size_t stride, float *out); \
	void rv_l1_f32_many_typed_##isa(const float *query, const float *rows, size_t n, \
									size_t count, size_t stride, float *out); \
	void rv_cosine_f32_many_typed_##isa(const float *query, const float *rows, size_t n, \
										size_t count, size_t stride, float *out); \
	void rv_dot_f32_gather_typed_##isa(const float *query, const float *const *rows, size_t n, \
									   size_t count, float *out); \
	void rv_l2sq_f32_gather_typed_##isa(const float *query, const float *const *rows, size_t n, \
										size_t count, float *out); \
	void rv_l1_f32_gather_typed_##isa(const float *query, const float *const *rows, size_t n, \
									  size_t count, float *out)

/* Int8 and uint8; all sums exact. */
#define RV_DECLARE_INTEGER(isa) \
	extern "C" \
	{ \
	RV_DECLARE_ARITHMETIC(i8, isa); \
	RV_DECLARE_ARITHMETIC(u8, isa); \
	double rv_norm_i8_##isa(const void *a, size_t n); \
	double rv_norm_u8_##isa(const void *a, size_t n); \
	} \
	static_assert(true, "")

/* Packed bits; n counts bytes. */
#define RV_DECLARE_BITS(isa) \
	extern "C" \
	{ \
	RV_DECLARE_SHAPES(hamming, bits, isa); \
	RV_DECLARE_SHAPES(jaccard, bits, isa); \
	} \
	static_assert(true, "")

#define RV_DECLARE_CONVERT(isa) \
	extern "C" \
	{ \
	void rv_f16_to_f32_##isa(const void *from, void *to, size_t n); \
	void rv_f32_to_f16_##isa(const void *from, void *to, size_t n); \
	void rv_bf16_to_f32_##isa(const void *from, void *to, size_t n); \
	void rv_f32_to_bf16_##isa(const void *from, void *to, size_t n); \
	void rv_f32_to_bits_##isa(const void *from, void *to, size_t n); \
	void rv_f16_to_bits_##isa(const void *from, void *to, size_t n); \
	void rv_i8_to_bits_##isa(const void *from, void *to, size_t n); \
	void rv_normalise_f32_##isa(const void *from, void *to, size_t n); \
	void rv_normalise_f16_##isa(const void *from, void *to, size_t n); \
	void rv_normalise_bf16_##isa(const void *from, void *to, size_t n); \
	} \
	static_assert(true, "")

#define RV_DECLARE_SPARSE(isa) \
	extern "C" \
	{ \
	double rv_dot_sparse_##isa(const rv_sparse *a, const rv_sparse *b); \
	double rv_l2sq_sparse_##isa(const rv_sparse *a, const rv_sparse *b); \
	double rv_l1_sparse_##isa(const rv_sparse *a, const rv_sparse *b); \
	double rv_cosine_sparse_##isa(const rv_sparse *a, const rv_sparse *b); \
	} \
	static_assert(true, "")

/*
 * The shapes beyond a pair by the pair itself, row by row: for serial, and for what gains nothing by more.
 * `query_bytes` and `row_bytes` are those of an element.
 */
#define RV_DEFINE_PLAIN_SHAPES(metric, type, query_bytes, row_bytes, isa) \
	void \
	rv_##metric##_##type##_many_##isa(const void *query, const void *rows, size_t n, size_t count, \
									  size_t stride, float *out) \
	{ \
		for (size_t r = 0; r < count; r++) \
			out[r] = (float) rv_##metric##_##type##_pair_##isa( \
				query, (const char *) rows + r * stride * (row_bytes), n); \
	} \
	void \
	rv_##metric##_##type##_gather_##isa(const void *query, const void *const *rows, size_t n, size_t count, \
										float *out) \
	{ \
		for (size_t r = 0; r < count; r++) \
			out[r] = (float) rv_##metric##_##type##_pair_##isa(query, rows[r], n); \
	} \
	RV_DEFINE_PLAIN_TILE(metric, type, query_bytes, isa)

/* A tile row by row of `a`. */
#define RV_DEFINE_PLAIN_TILE(metric, type, query_bytes, isa) \
	void \
	rv_##metric##_##type##_tile_##isa(const void *a, size_t a_count, size_t a_stride, const void *b, \
									  size_t b_count, size_t b_stride, size_t n, float *out, \
									  size_t out_stride) \
	{ \
		for (size_t q = 0; q < a_count; q++) \
			rv_##metric##_##type##_many_##isa((const char *) a + q * a_stride * (query_bytes), b, n, b_count, \
											  b_stride, out + q * out_stride); \
	}

namespace
{

/*
 * Cosine distance from the three sums.  sqrt(aa * bb) over sqrt(aa) * sqrt(bb):
 * one rounding less, and the product of two float32 values, or of two sums of
 * bytes, cannot leave the range of float64.  A zero norm gives 0 / 0.  Rounding may carry the quotient
 * past 1; NaN fails both comparisons and passes through.
 */
RV_INLINE double
cosine_distance(double ab, double aa, double bb)
{
	double		similarity = ab / __builtin_sqrt(aa * bb);

	if (similarity > 1.0)
		similarity = 1.0;
	else if (similarity < -1.0)
		similarity = -1.0;
	return 1.0 - similarity;
}

}	/* namespace */

#endif							/* RUVECTOR_KERNELS_H */
