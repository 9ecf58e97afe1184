/*
 * dotprod.cpp - armv8.2-a with the dot product of bytes: four products a lane and instruction.
 */
#include "../kernels.h"

#ifdef RV_ARCH_AARCH64

/* To the end of the unit; see dense/haswell.cpp. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
/* Before release 16 arm_neon.h goes by the command line alone, and its functions take the target from the line above. */
#if !defined(__ARM_FEATURE_DOTPROD)
#define __ARM_FEATURE_DOTPROD 1
#endif
#else
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif

#include "neon.h"

namespace
{

template<bool S>
struct dot_product
{
	typedef neon_bytes<S> base;
	typedef registers::reg reg;
	typedef registers::acc acc;

	/* s and the products of unsigned bytes. */
	static RV_INLINE acc
	add_products(acc s, reg a, reg b)
	{
		return base::sums_of(vdotq_u32(base::lanes_of(s), a, b));
	}

	struct dot : base
	{
		static RV_INLINE void
		step(acc &s, reg a, reg b)
		{
			s = S ? vdotq_s32(s, vreinterpretq_s8_u8(a), vreinterpretq_s8_u8(b)) : add_products(s, a, b);
		}
	};

	struct l2sq : base
	{
		static RV_INLINE void
		step(acc &s, reg a, reg b)
		{
			reg			d = base::difference(a, b);

			s = add_products(s, d, d);
		}
	};

	struct l1 : base
	{
		static RV_INLINE void
		step(acc &s, reg a, reg b)
		{
			s = add_products(s, base::difference(a, b), vdupq_n_u8(1));
		}
	};
};

}	/* namespace */

RV_DEFINE_INTEGER(dot_product, dotprod);

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_AARCH64 */
