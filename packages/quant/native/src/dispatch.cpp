/*
 * dispatch.cpp - the one table that a host uses.  Which variants run here is core-simd's to say.
 */
#include "kernels.h"

#include <ruvector/quant/binary.h>
#include <ruvector/quant/half.h>
#include <ruvector/quant/kmeans.h>
#include <ruvector/quant/product.h>
#include <ruvector/quant/rabitq.h>
#include <ruvector/quant/rotation.h>
#include <ruvector/quant/scalar.h>

extern "C"
{
extern const rv_kernels rv_kernels_serial;	/* core-simd's */
extern const rv_rotation_kernels rv_rotation_kernels_serial;
extern const rv_rabitq_kernels rv_rabitq_kernels_serial;
extern const rv_kmeans_kernels rv_kmeans_kernels_serial;
extern const rv_product_kernels rv_product_kernels_serial;
extern const rv_scalar_kernels rv_scalar_kernels_serial;
extern const rv_binary_kernels rv_binary_kernels_serial;
extern const rv_half_kernels rv_half_kernels_serial;

/* Until a host has chosen. */
rv_quant_kernels rv_quant = {&rv_kernels_serial, &rv_rotation_kernels_serial, &rv_rabitq_kernels_serial,
&rv_kmeans_kernels_serial, &rv_product_kernels_serial, &rv_scalar_kernels_serial, &rv_binary_kernels_serial,
&rv_half_kernels_serial};
}

extern "C" int
rv_quant_variant(rv_variant variant, rv_quant_kernels *kernels)
{
	const rv_kernels *simd = rv_simd_variant(variant);

	if (simd == NULL)
		return 0;
	kernels->simd = simd;
	kernels->rotation = rv_rotation_variant(variant);
	kernels->rabitq = rv_rabitq_variant(variant);
	kernels->kmeans = rv_kmeans_variant(variant);
	kernels->product = rv_product_variant(variant);
	kernels->scalar = rv_scalar_variant(variant);
	kernels->binary = rv_binary_variant(variant);
	kernels->half = rv_half_variant(variant);
	return 1;
}

extern "C" const rv_quant_kernels *
rv_quant_init(const char *forced)
{
	const rv_kernels *simd = rv_simd_init(forced);

	if (simd == NULL || !rv_quant_variant(simd->variant, &rv_quant))
		return NULL;
	return &rv_quant;
}
