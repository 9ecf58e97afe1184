/*
 * dense.h - the loops over vectors of floats, written once for every instruction
 * set and every type that widens to float32.
 *
 * A unit defines a policy `V` (its registers and the few operations on them),
 * then includes this file and expands RV_DEFINE_DENSE.  The policy provides:
 *
 *   reg, lanes              a register of `lanes` floats
 *   zero, load, add         as named; load needs no alignment
 *   load_first(p, k)        the first k floats (0 < k < lanes), the rest zero;
 *                           never touches memory at or past p + k
 *   load_f16, load_bf16     the same for half floats, widened; exact for all of
 *   and their _first        them whatever the processor's control word says
 *   load_bf16_two           twice as many, in any order that is always the same
 *   dot/l2sq/l1(s, a, b)    s + a*b, s + (a-b)^2, s + |a-b|, lane by lane
 *   sum(s)                  all lanes added
 *   quad, sum4(s0..s3)      four floats: the sums of four registers
 *   add4, store4, cosine4   add two quads; write one; finish four cosine distances
 *   wide, wide_low(s), ...  half of a register as float64, for the norm
 *   registers               how many there are, and how many of them dot takes
 *   dot_temporaries         on the way
 *   keep(x)                 keeps what is loaded in a register
 *
 * Zero lanes are neutral for all three steps, so a tail is one partial load.
 *
 * Shape.  A pair keeps four accumulators, which hides the latency of the fused
 * multiply-add (4 cycles at up to 2 a cycle).  One query against many rows
 * takes four rows at a time: the query is loaded once for the four, and one
 * shuffle tree (sum4) replaces four horizontal sums.  At two accumulators a row
 * eight chains are in flight.  Each loop reads each row once, so beyond the
 * first-level cache the memory decides.  Reading four rows side by side is not
 * the order that memory likes best, and the hardware's prefetchers stop at the
 * end of a page; so while four rows are scored, the rows some pages further on
 * are asked for in address order (RV_AHEAD_*).
 *
 * Operands.  `A` is the element of a query or first vector, `B` that of rows or
 * the second (elements.h).  Widening is exact, so all types share the bound of
 * float32, and a half float costs one instruction a register more.  Computing in
 * half floats would not: vdpbf16ps flushes subnormal numbers, in and out (Intel
 * SDM vol. 2), and binary16 sums lose half the digits.
 *
 * Everything is in an unnamed namespace: two units compile these templates for
 * different instruction sets, and the linker must never merge them.
 */
#ifndef RUVECTOR_DENSE_DENSE_H
#define RUVECTOR_DENSE_DENSE_H

#include "tile.h"

#define RV_DEFINE_DENSE_SHAPES(V, metric, type, A, B, isa, pair_call, many_call, gather_call, tile_call) \
	double \
	rv_##metric##_##type##_pair_##isa(const void *a, const void *b, size_t n) \
	{ \
		return pair_call((const A::element *) a, (const B::element *) b, n); \
	} \
	void \
	rv_##metric##_##type##_many_##isa(const void *query, const void *rows, size_t n, size_t count, \
									  size_t stride, float *out) \
	{ \
		many_call((const A::element *) query, (const B::element *) rows, n, count, stride, out); \
	} \
	void \
	rv_##metric##_##type##_gather_##isa(const void *query, const void *const *rows, size_t n, size_t count, \
										float *out) \
	{ \
		gather_call((const A::element *) query, rows, n, count, out); \
	} \
	void \
	rv_##metric##_##type##_tile_##isa(const void *a, size_t a_count, size_t a_stride, const void *b, \
									  size_t b_count, size_t b_stride, size_t n, float *out, \
									  size_t out_stride) \
	{ \
		tile_call((const A::element *) a, a_count, a_stride, (const B::element *) b, b_count, b_stride, n, out, \
				  out_stride); \
	}

#define RV_DEFINE_DENSE_SUM(V, metric, type, A, B, isa) \
	RV_DEFINE_DENSE_SHAPES(V, metric, type, A, B, isa, (pair_sum<V, A, B, metric##_step<V>>), \
						   (many_sums<V, A, B, metric##_step<V>>), (gather_sums<V, A, B, metric##_step<V>>), \
						   (tile<V, A, B, metric##_step<V>>))

#define RV_DEFINE_DENSE_TYPE(V, type, A, B, isa) \
	RV_DEFINE_DENSE_SUM(V, dot, type, A, B, isa) \
	RV_DEFINE_DENSE_SUM(V, l2sq, type, A, B, isa) \
	RV_DEFINE_DENSE_SUM(V, l1, type, A, B, isa) \
	RV_DEFINE_DENSE_SHAPES(V, cosine, type, A, B, isa, (pair_cosine<V, A, B>), (many_cosines<V, A, B>), \
						   (gather_cosines<V, A, B>), (tile_cosines<V, A, B>))

#define RV_DEFINE_DENSE_NORM(V, type, A, isa) \
	double \
	rv_norm_##type##_##isa(const void *a, size_t n) \
	{ \
		return norm<V, A>((const A::element *) a, n); \
	}

/* The same kernels under the types of float32. */
#define RV_DEFINE_DENSE_TYPED(metric, isa) \
	void \
	rv_##metric##_f32_many_typed_##isa(const float *query, const float *rows, size_t n, size_t count, \
									   size_t stride, float *out) \
	{ \
		rv_##metric##_f32_many_##isa(query, rows, n, count, stride, out); \
	}

#define RV_DEFINE_DENSE_TYPED_SUM(V, metric, isa) \
	float \
	rv_##metric##_f32_##isa(const float *a, const float *b, size_t n) \
	{ \
		return pair_sum<V, f32_element, f32_element, metric##_step<V>>(a, b, n); \
	} \
	RV_DEFINE_DENSE_TYPED(metric, isa) \
	void \
	rv_##metric##_f32_gather_typed_##isa(const float *query, const float *const *rows, size_t n, size_t count, \
										 float *out) \
	{ \
		rv_##metric##_f32_gather_##isa(query, (const void *const *) rows, n, count, out); \
	}

#define RV_DEFINE_DENSE(V, isa) \
	RV_DECLARE_DENSE(isa); \
	RV_DEFINE_DENSE_TYPE(V, f32, f32_element, f32_element, isa) \
	RV_DEFINE_DENSE_TYPE(V, f16, f16_element, f16_element, isa) \
	RV_DEFINE_DENSE_TYPE(V, bf16, bf16_element, bf16_element, isa) \
	RV_DEFINE_DENSE_TYPE(V, f32_f16, f32_element, f16_element, isa) \
	RV_DEFINE_DENSE_NORM(V, f32, f32_element, isa) \
	RV_DEFINE_DENSE_NORM(V, f16, f16_element, isa) \
	RV_DEFINE_DENSE_NORM(V, bf16, bf16_element, isa) \
	RV_DEFINE_DENSE_TYPED_SUM(V, dot, isa) \
	RV_DEFINE_DENSE_TYPED_SUM(V, l2sq, isa) \
	RV_DEFINE_DENSE_TYPED_SUM(V, l1, isa) \
	RV_DEFINE_DENSE_TYPED(cosine, isa) \
	double \
	rv_cosine_f32_##isa(const float *a, const float *b, size_t n) \
	{ \
		return pair_cosine<V, f32_element, f32_element>(a, b, n); \
	} \
	double \
	rv_norm_f32_typed_##isa(const float *a, size_t n) \
	{ \
		return norm<V, f32_element>(a, n); \
	} \
	static_assert(true, "")

#endif							/* RUVECTOR_DENSE_DENSE_H */
