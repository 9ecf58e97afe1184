/*
 * variants.cpp - the tables: of which unit a variant is made.  Counting bits, where wider instructions bring most, is
 * core-simd's.
 */
#include "units.h"

#define TABLE(isa, number, unit) \
	extern "C" const rv_binary_kernels rv_binary_kernels_##isa = { \
		number, #isa, rv_binary_encode_##unit, rv_binary_decode_##unit, rv_binary_prepare_##unit, rv_binary_estimate_##unit, \
	}

RV_DECLARE_BINARY(serial);
TABLE(serial, RV_VARIANT_SERIAL, serial);
#ifdef RV_ARCH_X86_64
RV_DECLARE_BINARY(haswell);
TABLE(haswell, RV_VARIANT_HASWELL, haswell);
TABLE(skylake, RV_VARIANT_SKYLAKE, haswell);
TABLE(icelake, RV_VARIANT_ICELAKE, haswell);
#elif defined(RV_ARCH_AARCH64)
RV_DECLARE_BINARY(neon);
TABLE(neon, RV_VARIANT_NEON, neon);
TABLE(dotprod, RV_VARIANT_DOTPROD, neon);
#endif

extern "C" const rv_binary_kernels *
rv_binary_variant(rv_variant variant)
{
	if (rv_simd_variant(variant) == NULL)
		return NULL;
	switch (variant)
	{
		case RV_VARIANT_SERIAL:
			return &rv_binary_kernels_serial;
#ifdef RV_ARCH_X86_64
		case RV_VARIANT_HASWELL:
			return &rv_binary_kernels_haswell;
		case RV_VARIANT_SKYLAKE:
			return &rv_binary_kernels_skylake;
		case RV_VARIANT_ICELAKE:
			return &rv_binary_kernels_icelake;
#elif defined(RV_ARCH_AARCH64)
		case RV_VARIANT_NEON:
			return &rv_binary_kernels_neon;
		case RV_VARIANT_DOTPROD:
			return &rv_binary_kernels_dotprod;
#endif
		default:
			return NULL;
	}
}

extern "C" size_t
rv_binary_code_bytes(size_t n, const float *centre)
{
	return binary_payload(n) + 4 * binary_factors(centre != NULL);
}
