/*
 * lanes.h - loops over the dimensions of a row in float64, whose sums have the order that quant/scalar.h fixes.
 *
 * A body is written once, for a type V: double, or, where RV_VECTOR_LANES is defined, double4, four dimensions side by side.
 * Vectors are the compilers' own, so one text serves AVX2 (lanes_avx2.h) and NEON (lanes_neon.h), which define
 * `conversions`: widen, narrow, truncated, number, bytes(c), the lowest bytes of four whole numbers as those of a word,
 * and signs(x), bit i set where lane i is below 0 or its mask is set.  Without vectors this is plain loops.
 *
 * Everything is in an unnamed namespace: units compile these templates for different instruction sets, and the linker
 * must never merge them.
 */
#ifndef RUVECTOR_QUANT_LANES_H
#define RUVECTOR_QUANT_LANES_H

#include "parts.h"

namespace
{

template<typename V>
struct lanes_of;

template<>
struct lanes_of<double>
{
	typedef int32_t whole;

	static RV_INLINE double load(const float *p) { return *p; }
	static RV_INLINE double load(const double *p) { return *p; }
	static RV_INLINE void store(float *p, double x) { *p = (float) x; }
	static RV_INLINE double rounded(double x) { return (float) x; }
	static RV_INLINE int32_t truncated(double x) { return (int32_t) x; }
	static RV_INLINE double number(int32_t x) { return x; }
};

#ifdef RV_VECTOR_LANES
template<>
struct lanes_of<double4>
{
	typedef int4 whole;

	static RV_INLINE double4
	load(const float *p)
	{
		float4		x;

		__builtin_memcpy(&x, p, sizeof(x));
		return conversions::widen(x);
	}

	static RV_INLINE double4
	load(const double *p)
	{
		double4		x;

		__builtin_memcpy(&x, p, sizeof(x));
		return x;
	}

	static RV_INLINE void
	store(float *p, double4 x)
	{
		float4		y = conversions::narrow(x);

		__builtin_memcpy(p, &y, sizeof(y));
	}

	static RV_INLINE double4 rounded(double4 x) { return conversions::widen(conversions::narrow(x)); }
	static RV_INLINE int4 truncated(double4 x) { return conversions::truncated(x); }
	static RV_INLINE double4 number(int4 x) { return conversions::number(x); }
};
#endif

/* Calls body.at<V>(i, terms) for the dimensions from `first`, a multiple of 8, to before n, and adds to the parts of sums. */
template<int Terms, typename Body>
RV_INLINE void
add_to_parts(size_t first, size_t n, Body &body, double (*parts)[8])
{
	size_t		i = first;

#ifdef RV_VECTOR_LANES
	double4		s[Terms][2];

	for (int k = 0; k < Terms; k++)
		__builtin_memcpy(s[k], parts[k], sizeof(s[k]));
	for (; n - i >= 8; i += 8)
		for (size_t half = 0; half < 2; half++)
		{
			double4		terms[Terms];

			body.template at<double4>(i + 4 * half, terms);
			for (int k = 0; k < Terms; k++)
				s[k][half] += terms[k];
		}
	for (int k = 0; k < Terms; k++)
		__builtin_memcpy(parts[k], s[k], sizeof(parts[k]));
#endif
	for (; i < n; i++)
	{
		double		terms[Terms];

		body.template at<double>(i, terms);
		for (int k = 0; k < Terms; k++)
			parts[k][i % 8] += terms[k];
	}
}

/* The sums over all dimensions. */
template<int Terms, typename Body>
RV_INLINE void
add_up(size_t n, Body &body, double *sums)
{
	double		parts[Terms][8] = {};

	add_to_parts<Terms>(0, n, body, parts);
	for (int k = 0; k < Terms; k++)
		sums[k] = add_parts(parts[k]);
}

/* The same for a body without terms. */
template<typename Body>
RV_INLINE void
for_all(size_t n, Body &body)
{
	size_t		i = 0;

#ifdef RV_VECTOR_LANES
	for (; n - i >= 4; i += 4)
		body.template at<double4>(i);
#endif
	for (; i < n; i++)
		body.template at<double>(i);
}

/* The least and the most of what a body sees; a comparison with NaN changes nothing. */
struct extremes
{
	double		least1 = __builtin_inf(),
				most1 = -__builtin_inf();

	RV_INLINE void
	widen(double y)
	{
		least1 = y < least1 ? y : least1;
		most1 = y > most1 ? y : most1;
	}

#ifdef RV_VECTOR_LANES
	double4		least4 = double4{} + __builtin_inf(),
				most4 = double4{} - __builtin_inf();

	RV_INLINE void
	widen(double4 y)
	{
		least4 = y < least4 ? y : least4;
		most4 = y > most4 ? y : most4;
	}
#endif

	RV_INLINE double
	least() const
	{
		double		least = least1;

#ifdef RV_VECTOR_LANES
		for (int k = 0; k < 4; k++)
			least = least4[k] < least ? least4[k] : least;
#endif
		return least;
	}

	RV_INLINE double
	most() const
	{
		double		most = most1;

#ifdef RV_VECTOR_LANES
		for (int k = 0; k < 4; k++)
			most = most4[k] > most ? most4[k] : most;
#endif
		return most;
	}
};

template<typename V>
RV_INLINE V
magnitude_of(V x)
{
	V			zero = {};

	return x < zero ? -x : x;
}

/* floor(x) of |x| < 2^31, as a float64. */
template<typename V>
RV_INLINE V
floor_of(V x)
{
	V			t = lanes_of<V>::number(lanes_of<V>::truncated(x));

	return t > x ? t - 1.0 : t;
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_LANES_H */
