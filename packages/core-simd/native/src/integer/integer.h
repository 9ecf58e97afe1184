/*
 * integer.h - the kernels for int8 and uint8, written once for every instruction set.
 *
 * A unit defines a policy `P<S>` (S: signed) and expands RV_DEFINE_INTEGER.  P<S> holds three operations, `dot`, `l2sq`
 * and `l1`.  An operation provides:
 *
 *   reg, bytes              a register made of `bytes` elements
 *   load(p)                 needs no alignment
 *   least                   how many elements a vector must have for load_rest; at most `bytes`
 *   load_rest(p, i, n)      the elements i to n of p (i < n < i + bytes), in any place, and else 0 of the type.  Touches
 *                           nothing at or past p + n, nor what lies `least` and more before it
 *   load_few(p, n)          the same for all n elements (0 < n < least)
 *   acc, zero(), add        sums in lanes of 32 bits
 *   step(s, a, b)           adds the terms of a register
 *   correction, ...         what steps leave out, and what depends on `a` alone: correct(c, a) for each register of `a`,
 *                           then corrected(s, c), all modulo 2^32.  `uncorrected` in sums.h where steps are right
 *   lanes, sum              `corrected` gives lanes, `sum` adds them
 *   quad, sum4              the sums of four lanes
 *   store4(out, quad)       as floats, each rounded once
 *   cosine4(out, ab, aa, bb)  finishes four cosine distances, as cosine_distance() does
 *
 * Zero elements are neutral, so a tail is one partial load.  Bytes are unsigned here whatever the type.
 *
 * Everything is in an unnamed namespace: units compile these templates for different instruction sets, and the linker
 * must never merge them.
 */
#ifndef RUVECTOR_INTEGER_INTEGER_H
#define RUVECTOR_INTEGER_INTEGER_H

#include "rows.h"

#define RV_DEFINE_INTEGER_SHAPES(O, metric, type, isa, pair_call, rows_call, tile_call) \
	double \
	rv_##metric##_##type##_pair_##isa(const void *a, const void *b, size_t n) \
	{ \
		return pair_call<O>((const uint8_t *) a, (const uint8_t *) b, n); \
	} \
	void \
	rv_##metric##_##type##_many_##isa(const void *query, const void *rows, size_t n, size_t count, \
									  size_t stride, float *out) \
	{ \
		rows_call<O>((const uint8_t *) query, dense_rows{(const uint8_t *) rows, stride}, n, count, out); \
	} \
	void \
	rv_##metric##_##type##_gather_##isa(const void *query, const void *const *rows, size_t n, size_t count, \
										float *out) \
	{ \
		rows_call<O>((const uint8_t *) query, gathered_rows{rows}, n, count, out); \
	} \
	void \
	rv_##metric##_##type##_tile_##isa(const void *a, size_t a_count, size_t a_stride, const void *b, \
									  size_t b_count, size_t b_stride, size_t n, float *out, \
									  size_t out_stride) \
	{ \
		tile_call<O>((const uint8_t *) a, a_count, a_stride, dense_rows{(const uint8_t *) b, b_stride}, b_count, n, \
					 out, out_stride); \
	}

#define RV_DEFINE_INTEGER_TYPE(P, type, isa) \
	RV_DEFINE_INTEGER_SHAPES(P::dot, dot, type, isa, pair_sum, row_sums, tile) \
	RV_DEFINE_INTEGER_SHAPES(P::l2sq, l2sq, type, isa, pair_sum, row_sums, tile) \
	RV_DEFINE_INTEGER_SHAPES(P::l1, l1, type, isa, pair_sum, row_sums, tile) \
	RV_DEFINE_INTEGER_SHAPES(P::dot, cosine, type, isa, pair_cosine, row_cosines, tile_cosines) \
	double \
	rv_norm_##type##_##isa(const void *a, size_t n) \
	{ \
		return __builtin_sqrt(pair_sum<P::dot>((const uint8_t *) a, (const uint8_t *) a, n)); \
	}

#define RV_DEFINE_INTEGER(P, isa) \
	RV_DECLARE_INTEGER(isa); \
	RV_DEFINE_INTEGER_TYPE(P<true>, i8, isa) \
	RV_DEFINE_INTEGER_TYPE(P<false>, u8, isa) \
	static_assert(true, "")

#endif							/* RUVECTOR_INTEGER_INTEGER_H */
