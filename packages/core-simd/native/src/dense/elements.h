/*
 * elements.h - what an element of a vector of floats is, and how registers of
 * them are loaded.
 *
 *   load(p)                 V::lanes elements, in order
 *   load_first(p, k)        the first k of them, the rest zero
 *   load_two(p, i, x, y)    2 * V::lanes elements from p + i on, in any order that is
 *                           the same for two operands of one type
 *   load_wide(p, low, high) V::lanes elements as float64
 *   together                how many registers a load gives at its best
 *   widened                 whether a load takes more than the load
 */
#ifndef RUVECTOR_DENSE_ELEMENTS_H
#define RUVECTOR_DENSE_ELEMENTS_H

#include "../kernels.h"

namespace
{

struct f32_element
{
	typedef float element;
	static constexpr size_t together = 1;
	static constexpr bool widened = false;

	template<typename V>
	static RV_INLINE typename V::reg
	load(const float *p)
	{
		return V::load(p);
	}

	template<typename V>
	static RV_INLINE typename V::reg
	load_first(const float *p, size_t k)
	{
		return V::load_first(p, k);
	}

	template<typename V>
	static RV_INLINE void
	load_two(const float *p, size_t i, typename V::reg &x, typename V::reg &y)
	{
		x = V::load(p + i);
		y = V::load(p + i + V::lanes);
	}

	template<typename V>
	static RV_INLINE void
	load_wide(const float *p, typename V::wide &low, typename V::wide &high)
	{
		low = V::wide_load(p);
		high = V::wide_load(p + V::lanes / 2);
	}
};

struct f16_element
{
	typedef uint16_t element;
	static constexpr size_t together = 1;
	static constexpr bool widened = true;

	template<typename V>
	static RV_INLINE typename V::reg
	load(const uint16_t *p)
	{
		return V::load_f16(p);
	}

	template<typename V>
	static RV_INLINE typename V::reg
	load_first(const uint16_t *p, size_t k)
	{
		return V::load_f16_first(p, k);
	}

	template<typename V>
	static RV_INLINE void
	load_two(const uint16_t *p, size_t i, typename V::reg &x, typename V::reg &y)
	{
		x = V::load_f16(p + i);
		y = V::load_f16(p + i + V::lanes);
	}

	template<typename V>
	static RV_INLINE void
	load_wide(const uint16_t *p, typename V::wide &low, typename V::wide &high)
	{
		typename V::reg x = V::load_f16(p);

		low = V::wide_low(x);
		high = V::wide_high(x);
	}
};

struct bf16_element
{
	typedef uint16_t element;
	static constexpr size_t together = 2;
	static constexpr bool widened = true;

	template<typename V>
	static RV_INLINE typename V::reg
	load(const uint16_t *p)
	{
		return V::load_bf16(p);
	}

	template<typename V>
	static RV_INLINE typename V::reg
	load_first(const uint16_t *p, size_t k)
	{
		return V::load_bf16_first(p, k);
	}

	template<typename V>
	static RV_INLINE void
	load_two(const uint16_t *p, size_t i, typename V::reg &x, typename V::reg &y)
	{
		V::load_bf16_two(p + i, x, y);
	}

	template<typename V>
	static RV_INLINE void
	load_wide(const uint16_t *p, typename V::wide &low, typename V::wide &high)
	{
		typename V::reg x = V::load_bf16(p);

		low = V::wide_low(x);
		high = V::wide_high(x);
	}
};

/* The first k of four half words (k < 4), the rest zero, for sets without masked loads of 16 bits. */
RV_INLINE uint64_t
first_of_four(const uint16_t *p, size_t k)
{
	uint64_t	words = 0;

	if (k & 2)
	{
		uint32_t	two;

		__builtin_memcpy(&two, p, sizeof(two));
		words = two;
	}
	if (k & 1)
		words |= (uint64_t) p[k & 2] << (16 * (k & 2));
	return words;
}

}	/* namespace */

#endif							/* RUVECTOR_DENSE_ELEMENTS_H */
