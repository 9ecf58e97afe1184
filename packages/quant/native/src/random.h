/*
 * random.h - random numbers that are the same on every machine and in src/random.ts: xoshiro128** 1.1 (Blackman and
 * Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47(4), 2021).
 */
#ifndef RUVECTOR_QUANT_RANDOM_H
#define RUVECTOR_QUANT_RANDOM_H

#include <stdint.h>

namespace rv
{

struct random
{
	uint32_t	s[4];

	/* A Weyl sequence through the finaliser of MurmurHash3; `stream` gives one seed several sequences. */
	explicit random(uint32_t seed, uint32_t stream = 0)
	{
		uint32_t	weyl = seed ^ stream * 0x85ebca6bu;

		for (uint32_t &word : s)
		{
			uint32_t	z = weyl += 0x9e3779b9u;

			z = (z ^ z >> 16) * 0x85ebca6bu;
			z = (z ^ z >> 13) * 0xc2b2ae35u;
			word = z ^ z >> 16;
		}
	}

	static uint32_t rotate(uint32_t x, int by) { return x << by | x >> (32 - by); }

	uint32_t
	next()
	{
		uint32_t	result = rotate(s[1] * 5, 7) * 9,
					shifted = s[1] << 9;

		s[2] ^= s[0];
		s[3] ^= s[1];
		s[1] ^= s[2];
		s[0] ^= s[3];
		s[2] ^= shifted;
		s[3] = rotate(s[3], 11);
		return result;
	}

	/* A multiple of 2^-53 in [0, 1). */
	double
	unit()
	{
		uint64_t	high = next() >> 5,
					low = next() >> 6;

		return (double) (high << 26 | low) / 9007199254740992.0;
	}

	/* Uniform in 0 .. n - 1, n > 0: numbers from the last, incomplete, run of n are drawn again. */
	uint32_t
	below(uint32_t n)
	{
		uint32_t	rest = (uint32_t) (((uint64_t) 1 << 32) % n);

		for (;;)
		{
			uint32_t	value = next();

			if (value < 0u - rest || rest == 0)
				return value % n;
		}
	}
};

}	/* namespace rv */

#endif							/* RUVECTOR_QUANT_RANDOM_H */
