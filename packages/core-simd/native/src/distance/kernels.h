/*
 * kernels.h - what the units of the native library share.
 *
 * One unit per instruction set defines one table and nothing else that other
 * units see by name except its kernels.  A unit for a processor of another
 * architecture compiles to nothing, so that every host can build the same list
 * of files.
 */
#ifndef RUVECTOR_DISTANCE_KERNELS_H
#define RUVECTOR_DISTANCE_KERNELS_H

#include <ruvector/simd.h>

#if defined(__x86_64__)
#define RV_ARCH_X86_64 1
#elif defined(__aarch64__)
#define RV_ARCH_AARCH64 1
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
#endif
#ifdef RV_ARCH_AARCH64
extern const rv_kernels rv_kernels_neon;
#endif
}

/*
 * Declares and tabulates the kernels of one variant.  The definitions follow
 * in the unit itself, under the names that the table spells.
 */
#define RV_DECLARE_F32(isa) \
	extern "C" \
	{ \
	float rv_dot_f32_##isa(const float *a, const float *b, size_t n); \
	float rv_l2sq_f32_##isa(const float *a, const float *b, size_t n); \
	float rv_l1_f32_##isa(const float *a, const float *b, size_t n); \
	double rv_cosine_f32_##isa(const float *a, const float *b, size_t n); \
	double rv_norm_f32_##isa(const float *a, size_t n); \
	void rv_dot_f32_many_##isa(const float *query, const float *rows, size_t n, \
							   size_t count, size_t stride, float *out); \
	void rv_l2sq_f32_many_##isa(const float *query, const float *rows, size_t n, \
								size_t count, size_t stride, float *out); \
	void rv_l1_f32_many_##isa(const float *query, const float *rows, size_t n, \
							  size_t count, size_t stride, float *out); \
	void rv_cosine_f32_many_##isa(const float *query, const float *rows, size_t n, \
								  size_t count, size_t stride, float *out); \
	void rv_dot_f32_gather_##isa(const float *query, const float *const *rows, size_t n, \
								 size_t count, float *out); \
	void rv_l2sq_f32_gather_##isa(const float *query, const float *const *rows, size_t n, \
								  size_t count, float *out); \
	void rv_l1_f32_gather_##isa(const float *query, const float *const *rows, size_t n, \
								size_t count, float *out); \
	} \
	static_assert(true, "")

#define RV_TABLE_F32(isa, isa_variant) \
	extern "C" const rv_kernels rv_kernels_##isa = { \
		isa_variant, \
		#isa, \
		rv_dot_f32_##isa, \
		rv_l2sq_f32_##isa, \
		rv_l1_f32_##isa, \
		rv_cosine_f32_##isa, \
		rv_norm_f32_##isa, \
		rv_dot_f32_many_##isa, \
		rv_l2sq_f32_many_##isa, \
		rv_l1_f32_many_##isa, \
		rv_cosine_f32_many_##isa, \
		rv_dot_f32_gather_##isa, \
		rv_l2sq_f32_gather_##isa, \
		rv_l1_f32_gather_##isa, \
	}

namespace
{

/*
 * Cosine distance from the three sums.  sqrt(aa * bb) over sqrt(aa) * sqrt(bb):
 * one rounding less, and the product of two float32 values cannot leave the
 * range of float64.  A zero norm gives 0 / 0.  Rounding may carry the quotient
 * past 1; NaN fails both comparisons and passes through.
 */
RV_INLINE double
cosine_distance(float ab, float aa, float bb)
{
	double		similarity = (double) ab / __builtin_sqrt((double) aa * (double) bb);

	if (similarity > 1.0)
		similarity = 1.0;
	else if (similarity < -1.0)
		similarity = -1.0;
	return 1.0 - similarity;
}

}	/* namespace */

#endif							/* RUVECTOR_DISTANCE_KERNELS_H */
