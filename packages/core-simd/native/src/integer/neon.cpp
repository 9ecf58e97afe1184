/*
 * neon.cpp - armv8-a: sixteen bytes a register, products of 16 bits added pairwise.
 */
#include "../kernels.h"

#ifdef RV_ARCH_AARCH64

#include "neon.h"

namespace
{

template<bool S>
struct asimd
{
	typedef neon_bytes<S> base;
	typedef registers::reg reg;
	typedef registers::acc acc;

	/* s and the products of unsigned bytes. */
	static RV_INLINE acc
	add_products(acc s, reg a, reg b)
	{
		uint32x4_t	t = vpadalq_u16(base::lanes_of(s), vmull_u8(vget_low_u8(a), vget_low_u8(b)));

		return base::sums_of(vpadalq_u16(t, vmull_high_u8(a, b)));
	}

	struct dot : base
	{
		static RV_INLINE void
		step(acc &s, reg a, reg b)
		{
			if (S)
			{
				int8x16_t	x = vreinterpretq_s8_u8(a), y = vreinterpretq_s8_u8(b);

				s = vpadalq_s16(vpadalq_s16(s, vmull_s8(vget_low_s8(x), vget_low_s8(y))), vmull_high_s8(x, y));
			}
			else
				s = add_products(s, a, b);
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
			s = base::sums_of(vpadalq_u16(base::lanes_of(s), vpaddlq_u8(base::difference(a, b))));
		}
	};
};

}	/* namespace */

RV_DEFINE_INTEGER(asimd, neon);

#endif							/* RV_ARCH_AARCH64 */
