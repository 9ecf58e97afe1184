/*
 * variants.cpp - the kernels of each variant, and the order of blocks.
 */
#include "kernels.h"

extern "C" const uint8_t rv_product_order[16] = {0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15};

#define TABLE(isa, number, unit) \
	RV_DECLARE_PRODUCT(unit); \
	extern "C" const rv_product_kernels rv_product_kernels_##isa = { \
		number, #isa, rv_product_tables_##unit, rv_product_rows_##unit, rv_product_blocks8_##unit, rv_product_blocks4_##unit, \
			rv_product_among4_##unit, rv_product_narrow_##unit, rv_product_turn_##unit \
	}

TABLE(serial, RV_VARIANT_SERIAL, serial);
#ifdef RV_ARCH_X86_64
TABLE(haswell, RV_VARIANT_HASWELL, haswell);
TABLE(skylake, RV_VARIANT_SKYLAKE, skylake);
TABLE(icelake, RV_VARIANT_ICELAKE, skylake);
#endif
#ifdef RV_ARCH_AARCH64
TABLE(neon, RV_VARIANT_NEON, neon);
TABLE(dotprod, RV_VARIANT_DOTPROD, neon);
#endif

extern "C" const rv_product_kernels *
rv_product_variant(rv_variant variant)
{
	if (rv_simd_variant(variant) == NULL)
		return NULL;
	switch (variant)
	{
		case RV_VARIANT_SERIAL:
			return &rv_product_kernels_serial;
#ifdef RV_ARCH_X86_64
		case RV_VARIANT_HASWELL:
			return &rv_product_kernels_haswell;
		case RV_VARIANT_SKYLAKE:
			return &rv_product_kernels_skylake;
		case RV_VARIANT_ICELAKE:
			return &rv_product_kernels_icelake;
#endif
#ifdef RV_ARCH_AARCH64
		case RV_VARIANT_NEON:
			return &rv_product_kernels_neon;
		case RV_VARIANT_DOTPROD:
			return &rv_product_kernels_dotprod;
#endif
		default:
			return NULL;
	}
}
