/*
 * serial.cpp - sums over bytes as their definition reads, in 64 bits.
 */
#include "../kernels.h"

namespace
{

struct dot_term
{
	static int32_t of(int32_t a, int32_t b) { return a * b; }
};

struct l2sq_term
{
	static int32_t of(int32_t a, int32_t b) { return (a - b) * (a - b); }
};

struct l1_term
{
	static int32_t of(int32_t a, int32_t b) { return a < b ? b - a : a - b; }
};

template<typename T, typename Term>
double
sum(const void *a, const void *b, size_t n)
{
	int64_t		s = 0;

	for (size_t i = 0; i < n; i++)
		s += Term::of(((const T *) a)[i], ((const T *) b)[i]);
	return (double) s;
}

template<typename T>
double
cosine(const void *a, const void *b, size_t n)
{
	return cosine_distance(sum<T, dot_term>(a, b, n), sum<T, dot_term>(a, a, n), sum<T, dot_term>(b, b, n));
}

}	/* namespace */

RV_DECLARE_INTEGER(serial);

#define DEFINE_SHAPES(metric, type, pair) \
	double \
	rv_##metric##_##type##_pair_serial(const void *a, const void *b, size_t n) \
	{ \
		return pair(a, b, n); \
	} \
	RV_DEFINE_PLAIN_SHAPES(metric, type, 1, 1, serial)

#define DEFINE_TYPE(type, T) \
	DEFINE_SHAPES(dot, type, (sum<T, dot_term>)) \
	DEFINE_SHAPES(l2sq, type, (sum<T, l2sq_term>)) \
	DEFINE_SHAPES(l1, type, (sum<T, l1_term>)) \
	DEFINE_SHAPES(cosine, type, cosine<T>) \
	double \
	rv_norm_##type##_serial(const void *a, size_t n) \
	{ \
		return __builtin_sqrt(sum<T, dot_term>(a, a, n)); \
	}

DEFINE_TYPE(i8, int8_t)
DEFINE_TYPE(u8, uint8_t)
