/*
 * serial.cpp - bits as their definition reads: byte by byte, no table, no
 * popcount of the compiler's (which is a call into libgcc where the baseline
 * has no such instruction).
 */
#include "../kernels.h"

RV_DECLARE_BITS(serial);

namespace
{

/* Neighbouring fields of one, two and four bits are added. */
unsigned
set_bits(unsigned byte)
{
	byte = (byte & 0x55u) + (byte >> 1 & 0x55u);
	byte = (byte & 0x33u) + (byte >> 2 & 0x33u);
	return (byte & 0x0fu) + (byte >> 4);
}

}	/* namespace */

double
rv_hamming_bits_pair_serial(const void *a, const void *b, size_t n)
{
	const uint8_t *p = (const uint8_t *) a;
	const uint8_t *q = (const uint8_t *) b;
	uint64_t	sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += set_bits((unsigned) (p[i] ^ q[i]));
	return (double) sum;
}

double
rv_jaccard_bits_pair_serial(const void *a, const void *b, size_t n)
{
	const uint8_t *p = (const uint8_t *) a;
	const uint8_t *q = (const uint8_t *) b;
	uint64_t	both = 0,
				either = 0;

	for (size_t i = 0; i < n; i++)
	{
		both += set_bits((unsigned) (p[i] & q[i]));
		either += set_bits((unsigned) (p[i] | q[i]));
	}
	return either == 0 ? 0.0 : 1.0 - (double) both / (double) either;
}

RV_DEFINE_PLAIN_SHAPES(hamming, bits, 1, 1, serial)
RV_DEFINE_PLAIN_SHAPES(jaccard, bits, 1, 1, serial)
