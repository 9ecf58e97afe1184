/*
 * table.cpp - the kernels of the module: rv_kernels_wasm without what it never calls.
 *
 * Rows are copied into the module's memory before they are scored, and then lie one after the other: the kernels that
 * gather rows, a quarter of the code, would only be carried about.  So would the float32 kernels with types of their
 * own, which are for the PostgreSQL library.
 */
#include "../src/kernels.h"

RV_DECLARE_DENSE(wasm);
RV_DECLARE_INTEGER(wasm);
RV_DECLARE_BITS(wasm);
RV_DECLARE_SPARSE(merge);
RV_DECLARE_CONVERT(wasm);

#define SHAPES(metric, type) \
	{ \
		rv_##metric##_##type##_pair_wasm, rv_##metric##_##type##_many_wasm, NULL, \
			rv_##metric##_##type##_tile_wasm \
	}
#define NO_SHAPES {NULL, NULL, NULL, NULL}
#define ARITHMETIC(type) \
	{ \
		SHAPES(dot, type), SHAPES(l2sq, type), SHAPES(l1, type), SHAPES(cosine, type), NO_SHAPES, NO_SHAPES \
	}

extern "C" const rv_kernels rv_kernels_wasm = {
	RV_VARIANT_WASM,
	"wasm",
	NULL, NULL, NULL, NULL, NULL,		/* pairs and norm of float32 */
	NULL, NULL, NULL, NULL,				/* many */
	NULL, NULL, NULL,					/* gather */
	{
		ARITHMETIC(f32),
		ARITHMETIC(f16),
		ARITHMETIC(bf16),
		ARITHMETIC(i8),
		ARITHMETIC(u8),
		{NO_SHAPES, NO_SHAPES, NO_SHAPES, NO_SHAPES, SHAPES(hamming, bits), SHAPES(jaccard, bits)},
		ARITHMETIC(f32_f16),
	},
	{
		rv_norm_f32_wasm, rv_norm_f16_wasm, rv_norm_bf16_wasm, rv_norm_i8_wasm, rv_norm_u8_wasm, NULL, NULL,
	},
	rv_f16_to_f32_wasm,
	rv_f32_to_f16_wasm,
	rv_bf16_to_f32_wasm,
	rv_f32_to_bf16_wasm,
	rv_f32_to_bits_wasm,
	rv_f16_to_bits_wasm,
	rv_i8_to_bits_wasm,
	rv_normalise_f32_wasm,
	rv_normalise_f16_wasm,
	rv_normalise_bf16_wasm,
	rv_dot_sparse_merge,
	rv_l2sq_sparse_merge,
	rv_l1_sparse_merge,
	rv_cosine_sparse_merge,
};
