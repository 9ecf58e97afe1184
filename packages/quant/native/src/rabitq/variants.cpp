/*
 * variants.cpp - which kernels of RaBitQ a variant has.
 */
#include "rabitq.h"

#define TABLE(isa) \
	{ \
		rv_rabitq_sign_rows_##isa, rv_rabitq_ex_rows_##isa, rv_rabitq_sign_block_##isa, rv_rabitq_near_block_##isa, \
			rv_rabitq_score_rows_##isa, rv_rabitq_score_blocks_##isa, rv_rabitq_score_signs_##isa, \
			rv_rabitq_score_likely_##isa, \
			rv_rabitq_measure_##isa, rv_rabitq_square_##isa, rv_rabitq_quantise_##isa, rv_rabitq_compare_##isa, \
			rv_rabitq_project_##isa \
	}

RV_DECLARE_RABITQ(serial);
RV_DECLARE_RABITQ(haswell);
RV_DECLARE_RABITQ(skylake);
RV_DECLARE_RABITQ(icelake);
RV_DECLARE_RABITQ(neon);
RV_DECLARE_RABITQ(dotprod);

extern "C"
{
extern const rv_rabitq_kernels rv_rabitq_kernels_serial;
const rv_rabitq_kernels rv_rabitq_kernels_serial = TABLE(serial);
}

namespace
{

#ifdef RV_ARCH_X86_64
const rv_rabitq_kernels haswell = TABLE(haswell);
const rv_rabitq_kernels skylake = TABLE(skylake);
const rv_rabitq_kernels icelake = TABLE(icelake);
#endif
#ifdef RV_ARCH_AARCH64
const rv_rabitq_kernels neon = TABLE(neon);
const rv_rabitq_kernels dotprod = TABLE(dotprod);
#endif

}	/* namespace */

extern "C" const rv_rabitq_kernels *
rv_rabitq_variant(rv_variant variant)
{
	switch (variant)
	{
		case RV_VARIANT_SERIAL:
			return &rv_rabitq_kernels_serial;
#ifdef RV_ARCH_X86_64
		case RV_VARIANT_HASWELL:
			return &haswell;
		case RV_VARIANT_SKYLAKE:
			return &skylake;
		case RV_VARIANT_ICELAKE:
			return &icelake;
#endif
#ifdef RV_ARCH_AARCH64
		case RV_VARIANT_NEON:
			return &neon;
		case RV_VARIANT_DOTPROD:
			return &dotprod;
#endif
		default:
			return NULL;
	}
}
