/*
 * variants.cpp - the tables: of which units a variant is made.  Encoding needs vectors of float64 and no more.
 */
#include "layout.h"
#include "units.h"

#define TABLE(isa, number, estimates, encode) \
	extern "C" const rv_scalar_kernels rv_scalar_kernels_##isa = { \
		number, \
		#isa, \
		rv_scalar_encode_##encode, \
		rv_scalar_decode_##encode, \
		rv_scalar_prepare_##encode, \
		rv_scalar_estimate_##estimates, \
		rv_scalar_gather_##estimates, \
		rv_scalar_estimate_packed_##estimates, \
		rv_scalar_dots_##estimates, \
		rv_scalar_dots_packed_##estimates, \
	}

RV_DECLARE_SCALAR_ESTIMATES(serial);
RV_DECLARE_SCALAR_ENCODE(serial);
#ifdef RV_ARCH_X86_64
RV_DECLARE_SCALAR_ESTIMATES(haswell);
RV_DECLARE_SCALAR_ENCODE(haswell);
RV_DECLARE_SCALAR_ESTIMATES(skylake);
RV_DECLARE_SCALAR_ESTIMATES(icelake);
#elif defined(RV_ARCH_AARCH64)
RV_DECLARE_SCALAR_ESTIMATES(neon);
RV_DECLARE_SCALAR_ENCODE(neon);
#endif

TABLE(serial, RV_VARIANT_SERIAL, serial, serial);
#ifdef RV_ARCH_X86_64
TABLE(haswell, RV_VARIANT_HASWELL, haswell, haswell);
TABLE(skylake, RV_VARIANT_SKYLAKE, skylake, haswell);
TABLE(icelake, RV_VARIANT_ICELAKE, icelake, haswell);
#elif defined(RV_ARCH_AARCH64)
TABLE(neon, RV_VARIANT_NEON, neon, neon);
TABLE(dotprod, RV_VARIANT_DOTPROD, neon, neon);
#endif

extern "C" size_t
rv_scalar_code_bytes(const rv_scalar_codec *codec)
{
	return code_bytes(codec);
}

extern "C" size_t
rv_scalar_query_bytes(const rv_scalar_codec *codec)
{
	return query_bytes(codec);
}

extern "C" const rv_scalar_kernels *
rv_scalar_variant(rv_variant variant)
{
	if (rv_simd_variant(variant) == NULL)
		return NULL;
	switch (variant)
	{
		case RV_VARIANT_SERIAL:
			return &rv_scalar_kernels_serial;
#ifdef RV_ARCH_X86_64
		case RV_VARIANT_HASWELL:
			return &rv_scalar_kernels_haswell;
		case RV_VARIANT_SKYLAKE:
			return &rv_scalar_kernels_skylake;
		case RV_VARIANT_ICELAKE:
			return &rv_scalar_kernels_icelake;
#elif defined(RV_ARCH_AARCH64)
		case RV_VARIANT_NEON:
			return &rv_scalar_kernels_neon;
		case RV_VARIANT_DOTPROD:
			return &rv_scalar_kernels_dotprod;
#endif
		default:
			return NULL;
	}
}
