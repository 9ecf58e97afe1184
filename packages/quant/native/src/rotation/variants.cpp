/*
 * variants.cpp - which kernels of the rotation a variant has, and its constants.
 */
#include "rotation.h"

RV_DECLARE_ROTATION(serial);
RV_DECLARE_ROTATION(haswell);
RV_DECLARE_ROTATION(skylake);
RV_DECLARE_ROTATION(neon);

extern "C"
{
extern const rv_rotation_kernels rv_rotation_kernels_serial;
const rv_rotation_kernels rv_rotation_kernels_serial = {rv_rotate_serial, rv_unrotate_serial};
}

namespace
{

#ifdef RV_ARCH_X86_64
const rv_rotation_kernels haswell = {rv_rotate_haswell, rv_unrotate_haswell};
const rv_rotation_kernels skylake = {rv_rotate_skylake, rv_unrotate_skylake};
#endif
#ifdef RV_ARCH_AARCH64
const rv_rotation_kernels neon = {rv_rotate_neon, rv_unrotate_neon};
#endif

}	/* namespace */

extern "C" const rv_rotation_kernels *
rv_rotation_variant(rv_variant variant)
{
	switch (variant)
	{
		case RV_VARIANT_SERIAL:
			return &rv_rotation_kernels_serial;
#ifdef RV_ARCH_X86_64
		case RV_VARIANT_HASWELL:
			return &haswell;
		case RV_VARIANT_SKYLAKE:
		case RV_VARIANT_ICELAKE:
			return &skylake;
#endif
#ifdef RV_ARCH_AARCH64
		case RV_VARIANT_NEON:
		case RV_VARIANT_DOTPROD:
			return &neon;
#endif
		default:
			return NULL;
	}
}

extern "C" size_t
rv_rotation_padded(size_t dimensions)
{
	return (dimensions + 63) / 64 * 64;
}

/*
 * An addition, or a multiplication, rounds each coordinate by 2^-24 of its own, and so the vector by no more; each is
 * followed by orthogonal steps only.  A round has log2(h) + 1 levels of additions and two factors, of which one is
 * rounded itself.  Doubled, so that terms of higher order are in it.
 */
extern "C" double
rv_rotation_error(size_t n)
{
	int			levels = 63 - __builtin_clzll((unsigned long long) n);

	return 2.0 * RV_ROTATION_ROUNDS * (levels + 4) * 0x1p-24;
}
