/*
 * serial.cpp - sums over floats as their definition reads: one accumulator, one
 * element after the other, no fused multiply-add (sources.json compiles this
 * unit without the auto-vectoriser and without contraction).  The oracle for
 * the other variants, and what runs where none of them does.
 */
#include "../halves.h"
#include "../kernels.h"

namespace
{

struct f32_element
{
	typedef float element;
	static float value(float x) { return x; }
};

struct f16_element
{
	typedef uint16_t element;
	static float value(uint16_t x) { return widen_f16(x); }
};

struct bf16_element
{
	typedef uint16_t element;
	static float value(uint16_t x) { return widen_bf16(x); }
};

struct dot_step
{
	static float term(float a, float b) { return a * b; }
};

struct l2sq_step
{
	static float term(float a, float b) { return (a - b) * (a - b); }
};

struct l1_step
{
	static float term(float a, float b) { return __builtin_fabsf(a - b); }
};

template<typename A, typename B, typename Op>
float
sum(const typename A::element *a, const typename B::element *b, size_t n)
{
	float		s = 0.0f;

	for (size_t i = 0; i < n; i++)
		s += Op::term(A::value(a[i]), B::value(b[i]));
	return s;
}

template<typename A, typename B>
double
cosine(const typename A::element *a, const typename B::element *b, size_t n)
{
	return cosine_distance(sum<A, B, dot_step>(a, b, n), sum<A, A, dot_step>(a, a, n),
						   sum<B, B, dot_step>(b, b, n));
}

template<typename A>
double
norm(const typename A::element *a, size_t n)
{
	double		s = 0.0;

	for (size_t i = 0; i < n; i++)
		s += (double) A::value(a[i]) * (double) A::value(a[i]);
	return __builtin_sqrt(s);
}

}	/* namespace */

RV_DECLARE_DENSE(serial);

#define DEFINE_SHAPES(metric, type, A, B, pair) \
	double \
	rv_##metric##_##type##_pair_serial(const void *a, const void *b, size_t n) \
	{ \
		return pair((const A::element *) a, (const B::element *) b, n); \
	} \
	RV_DEFINE_PLAIN_SHAPES(metric, type, sizeof(A::element), sizeof(B::element), serial)

#define DEFINE_TYPE(type, A, B) \
	DEFINE_SHAPES(dot, type, A, B, (sum<A, B, dot_step>)) \
	DEFINE_SHAPES(l2sq, type, A, B, (sum<A, B, l2sq_step>)) \
	DEFINE_SHAPES(l1, type, A, B, (sum<A, B, l1_step>)) \
	DEFINE_SHAPES(cosine, type, A, B, (cosine<A, B>))

DEFINE_TYPE(f32, f32_element, f32_element)
DEFINE_TYPE(f16, f16_element, f16_element)
DEFINE_TYPE(bf16, bf16_element, bf16_element)
DEFINE_TYPE(f32_f16, f32_element, f16_element)

double
rv_norm_f32_serial(const void *a, size_t n)
{
	return norm<f32_element>((const float *) a, n);
}

double
rv_norm_f16_serial(const void *a, size_t n)
{
	return norm<f16_element>((const uint16_t *) a, n);
}

double
rv_norm_bf16_serial(const void *a, size_t n)
{
	return norm<bf16_element>((const uint16_t *) a, n);
}

/* The same under the types of float32. */

#define DEFINE_TYPED_MANY(metric) \
	void \
	rv_##metric##_f32_many_typed_serial(const float *query, const float *rows, size_t n, size_t count, \
										size_t stride, float *out) \
	{ \
		rv_##metric##_f32_many_serial(query, rows, n, count, stride, out); \
	}

#define DEFINE_TYPED(metric) \
	float \
	rv_##metric##_f32_serial(const float *a, const float *b, size_t n) \
	{ \
		return sum<f32_element, f32_element, metric##_step>(a, b, n); \
	} \
	DEFINE_TYPED_MANY(metric) \
	void \
	rv_##metric##_f32_gather_typed_serial(const float *query, const float *const *rows, size_t n, size_t count, \
										  float *out) \
	{ \
		rv_##metric##_f32_gather_serial(query, (const void *const *) rows, n, count, out); \
	}

DEFINE_TYPED(dot)
DEFINE_TYPED(l2sq)
DEFINE_TYPED(l1)
DEFINE_TYPED_MANY(cosine)

double
rv_cosine_f32_serial(const float *a, const float *b, size_t n)
{
	return cosine<f32_element, f32_element>(a, b, n);
}

double
rv_norm_f32_typed_serial(const float *a, size_t n)
{
	return norm<f32_element>(a, n);
}
