/*
 * variants.cpp - the tables: which kernels a variant is made of.
 *
 * A family that gains nothing by a wider instruction set is taken from the one below:
 * conversions need AVX2 and F16C, merging sparse vectors needs none at all.
 */
#include "kernels.h"

/* Name by name, in the order of rv_kernels. */
#define SHAPES(metric, type, isa) \
	{ \
		rv_##metric##_##type##_pair_##isa, rv_##metric##_##type##_many_##isa, \
			rv_##metric##_##type##_gather_##isa, rv_##metric##_##type##_tile_##isa \
	}
#define NO_SHAPES {NULL, NULL, NULL, NULL}
#define ARITHMETIC(type, isa) \
	{ \
		SHAPES(dot, type, isa), SHAPES(l2sq, type, isa), SHAPES(l1, type, isa), \
			SHAPES(cosine, type, isa), NO_SHAPES, NO_SHAPES \
	}
#define TABLE(isa, number, dense, integer, bits_isa, sparse, convert) \
	extern "C" const rv_kernels rv_kernels_##isa = { \
		number, \
		#isa, \
		rv_dot_f32_##dense, \
		rv_l2sq_f32_##dense, \
		rv_l1_f32_##dense, \
		rv_cosine_f32_##dense, \
		rv_norm_f32_typed_##dense, \
		rv_dot_f32_many_typed_##dense, \
		rv_l2sq_f32_many_typed_##dense, \
		rv_l1_f32_many_typed_##dense, \
		rv_cosine_f32_many_typed_##dense, \
		rv_dot_f32_gather_typed_##dense, \
		rv_l2sq_f32_gather_typed_##dense, \
		rv_l1_f32_gather_typed_##dense, \
		{ \
			ARITHMETIC(f32, dense), \
			ARITHMETIC(f16, dense), \
			ARITHMETIC(bf16, dense), \
			ARITHMETIC(i8, integer), \
			ARITHMETIC(u8, integer), \
			{NO_SHAPES, NO_SHAPES, NO_SHAPES, NO_SHAPES, SHAPES(hamming, bits, bits_isa), SHAPES(jaccard, bits, bits_isa)}, \
			ARITHMETIC(f32_f16, dense), \
		}, \
		{ \
			rv_norm_f32_##dense, rv_norm_f16_##dense, rv_norm_bf16_##dense, rv_norm_i8_##integer, \
			rv_norm_u8_##integer, NULL, NULL, \
		}, \
		rv_f16_to_f32_##convert, \
		rv_f32_to_f16_##convert, \
		rv_bf16_to_f32_##convert, \
		rv_f32_to_bf16_##convert, \
		rv_f32_to_bits_##convert, \
		rv_f16_to_bits_##convert, \
		rv_i8_to_bits_##convert, \
		rv_normalise_f32_##convert, \
		rv_normalise_f16_##convert, \
		rv_normalise_bf16_##convert, \
		rv_dot_sparse_##sparse, \
		rv_l2sq_sparse_##sparse, \
		rv_l1_sparse_##sparse, \
		rv_cosine_sparse_##sparse, \
	}

RV_DECLARE_DENSE(serial);
RV_DECLARE_INTEGER(serial);
RV_DECLARE_BITS(serial);
RV_DECLARE_SPARSE(serial);
RV_DECLARE_CONVERT(serial);
TABLE(serial, RV_VARIANT_SERIAL, serial, serial, serial, serial, serial);

#ifdef RV_ARCH_X86_64
RV_DECLARE_DENSE(haswell);
RV_DECLARE_INTEGER(haswell);
RV_DECLARE_BITS(haswell);
RV_DECLARE_SPARSE(merge);
RV_DECLARE_CONVERT(haswell);
TABLE(haswell, RV_VARIANT_HASWELL, haswell, haswell, haswell, merge, haswell);

RV_DECLARE_DENSE(skylake);
RV_DECLARE_INTEGER(skylake);
RV_DECLARE_BITS(skylake);
TABLE(skylake, RV_VARIANT_SKYLAKE, skylake, skylake, skylake, merge, haswell);

RV_DECLARE_INTEGER(icelake);
RV_DECLARE_BITS(icelake);
TABLE(icelake, RV_VARIANT_ICELAKE, skylake, icelake, icelake, merge, haswell);
#endif

#ifdef RV_ARCH_AARCH64
RV_DECLARE_DENSE(neon);
RV_DECLARE_INTEGER(neon);
RV_DECLARE_BITS(neon);
RV_DECLARE_SPARSE(merge);
RV_DECLARE_CONVERT(neon);
TABLE(neon, RV_VARIANT_NEON, neon, neon, neon, merge, neon);

RV_DECLARE_INTEGER(dotprod);
TABLE(dotprod, RV_VARIANT_DOTPROD, neon, dotprod, neon, merge, neon);
#endif

#ifdef RV_ARCH_WASM
RV_DECLARE_DENSE(wasm);
RV_DECLARE_INTEGER(wasm);
RV_DECLARE_BITS(wasm);
RV_DECLARE_SPARSE(merge);
RV_DECLARE_CONVERT(wasm);
TABLE(wasm, RV_VARIANT_WASM, wasm, wasm, wasm, merge, wasm);
#endif
