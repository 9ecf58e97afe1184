/*
 * variants.cpp - the tables: of which unit a variant is made.  Sums of float16 are core-simd's, in all its variants.
 */
#include "units.h"

#define TABLE(isa, number, unit) \
	extern "C" const rv_half_kernels rv_half_kernels_##isa = { \
		number, #isa, rv_half_encode_##unit, rv_half_decode_##unit, rv_half_estimate_##unit, \
	}

RV_DECLARE_HALF(serial);
TABLE(serial, RV_VARIANT_SERIAL, serial);
#ifdef RV_ARCH_X86_64
RV_DECLARE_HALF(haswell);
TABLE(haswell, RV_VARIANT_HASWELL, haswell);
TABLE(skylake, RV_VARIANT_SKYLAKE, haswell);
TABLE(icelake, RV_VARIANT_ICELAKE, haswell);
#elif defined(RV_ARCH_AARCH64)
RV_DECLARE_HALF(neon);
TABLE(neon, RV_VARIANT_NEON, neon);
TABLE(dotprod, RV_VARIANT_DOTPROD, neon);
#endif

extern "C" const rv_half_kernels *
rv_half_variant(rv_variant variant)
{
	if (rv_simd_variant(variant) == NULL)
		return NULL;
	switch (variant)
	{
		case RV_VARIANT_SERIAL:
			return &rv_half_kernels_serial;
#ifdef RV_ARCH_X86_64
		case RV_VARIANT_HASWELL:
			return &rv_half_kernels_haswell;
		case RV_VARIANT_SKYLAKE:
			return &rv_half_kernels_skylake;
		case RV_VARIANT_ICELAKE:
			return &rv_half_kernels_icelake;
#elif defined(RV_ARCH_AARCH64)
		case RV_VARIANT_NEON:
			return &rv_half_kernels_neon;
		case RV_VARIANT_DOTPROD:
			return &rv_half_kernels_dotprod;
#endif
		default:
			return NULL;
	}
}

extern "C" size_t
rv_half_code_bytes(size_t n)
{
	return half_payload(n) + 8;
}
