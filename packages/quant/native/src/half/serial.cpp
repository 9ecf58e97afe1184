/*
 * serial.cpp - one pair of dimensions after the other.
 */
#include "half.h"

namespace
{

struct one_float
{
	typedef float floats;
	static constexpr size_t count = 1;

	static float zero() { return 0; }
	static float add(float a, float b) { return a + b; }
	static float subtract(float a, float b) { return a - b; }
	static float fused(float a, float b, float c) { return a * b + c; }
	static float total(float a) { return a; }
	static float load(const float *p) { return *p; }
	static float load(const float *p, size_t) { return *p; }

	static uint32_t
	words(const uint8_t *p)
	{
		uint32_t	w;

		__builtin_memcpy(&w, p, sizeof(w));
		return w;
	}

	static uint32_t words(const uint8_t *p, size_t) { return words(p); }

	static float
	of_bits(uint32_t bits)
	{
		float		f;

		__builtin_memcpy(&f, &bits, sizeof(f));
		return f;
	}

	static float low(uint32_t w) { return of_bits(w << 16); }
	static float high(uint32_t w) { return of_bits(w & 0xffff0000); }
};

}	/* namespace */

RV_DEFINE_HALF(one_float, serial);
