/*
 * icelake.cpp - x86-64 with AVX-512 VNNI: 64 bytes a register, as they are.
 *
 * VPDPBUSD multiplies unsigned by signed bytes and adds four products to a lane, without saturation.  So each vector is taken
 * in two ways: u, unsigned, and v = u - 128, signed, which differ in the sign bit alone.  Elements of type uint8 are u,
 * those of type int8 v.  What a step computes and what is wanted differ by a sum over the first vector, whatever the rows:
 *
 *    int8:     sum va vb = sum ub va - 128 sum va
 *    uint8:    sum ua ub = sum ua vb + 128 sum ua
 *    squares:  sum (ua - ub) (va - vb) = (sum ub vb - sum ua vb - sum ub va) + sum ua va
 *
 * All of it is exact modulo 2^32, and so are the totals.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

#include "../x86.h"

/* To the end of the unit; see dense/haswell.cpp. */
#if defined(RV_EMULATED)
/* Portable C needs no target. */
#elif defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
#endif

#include "integer.h"
#include "lanes512.h"

namespace
{

/* Both ways of 64 elements.  The constructor is written out: GCC gives an implicit one the target of the command line. */
struct both_ways
{
	__m512i		u,
				v;

	RV_INLINE both_ways(__m512i u_, __m512i v_) : u(u_), v(v_)
	{
	}
};

template<bool S>
struct vnni
{
	typedef registers::acc acc;

	/* Elements as they are, whose sign bit a step flips where it needs the other way. */
	struct bytes_as_they_are : whole_bytes
	{
		static RV_INLINE reg load(const uint8_t *p) { return load_plain(p); }
		static RV_INLINE reg load_rest(const uint8_t *p, size_t i, size_t n) { return load_plain_rest(p, i, n); }
		static RV_INLINE reg load_few(const uint8_t *p, size_t n) { return load_plain_rest(p, 0, n); }

		static RV_INLINE both_ways
		ways(reg x)
		{
			return S ? both_ways(flip_signs(x), x) : both_ways(x, flip_signs(x));
		}

		static RV_INLINE void
		add_products(acc &s, reg u, reg v)
		{
			s = (acc) _mm512_dpbusd_epi32((__m512i) s, u, v);
		}
	};

	struct dot : bytes_as_they_are
	{
		typedef bytes_as_they_are base;
		typedef registers::reg reg;
		typedef acc lanes;
		typedef acc correction;

		static RV_INLINE correction no_correction() { return acc{}; }

		static RV_INLINE void
		step(acc &s, reg a, reg b)
		{
			if (S)
				base::add_products(s, base::ways(b).u, a);
			else
				base::add_products(s, a, base::ways(b).v);
		}

		/* The sum of a. */
		static RV_INLINE void
		correct(correction &c, reg a)
		{
			const reg	ones = _mm512_set1_epi8(1);

			if (S)
				base::add_products(c, ones, a);
			else
				base::add_products(c, a, ones);
		}

		static RV_INLINE lanes corrected(acc s, correction c) { return S ? s - (c << 7) : s + (c << 7); }
	};

	struct l2sq : bytes_as_they_are
	{
		typedef bytes_as_they_are base;
		typedef registers::reg reg;
		typedef registers::acc lanes;
		typedef registers::acc correction;

		struct acc
		{
			lanes		plus,
						minus;

			RV_INLINE acc(lanes plus_, lanes minus_) : plus(plus_), minus(minus_)
			{
			}
		};

		static RV_INLINE acc zero() { return acc(lanes{}, lanes{}); }
		static RV_INLINE acc add(const acc &s, const acc &t) { return acc(s.plus + t.plus, s.minus + t.minus); }
		static RV_INLINE correction no_correction() { return lanes{}; }

		static RV_INLINE void
		step(acc &s, reg a, reg b)
		{
			both_ways	x = base::ways(a),
						y = base::ways(b);

			base::add_products(s.plus, y.u, y.v);
			base::add_products(s.minus, x.u, y.v);
			base::add_products(s.minus, y.u, x.v);
		}

		static RV_INLINE void
		correct(correction &c, reg a)
		{
			both_ways	x = base::ways(a);

			base::add_products(c, x.u, x.v);
		}

		static RV_INLINE lanes corrected(const acc &s, correction c) { return s.plus - s.minus + c; }
	};

	typedef absolute_differences<S> l1;
};

}	/* namespace */

RV_DEFINE_INTEGER(vnni, icelake);

#if defined(__clang__) && !defined(RV_EMULATED)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
