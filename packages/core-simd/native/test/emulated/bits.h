/*
 * bits.h - what the units for packed bits need and this version of SIMDe lacks.
 *
 * Macros, so that two families can bring the same name.
 */
#ifndef RUVECTOR_TEST_EMULATED_BITS_H
#define RUVECTOR_TEST_EMULATED_BITS_H

#ifndef _mm512_maskz_loadu_epi8
/* Reads the bytes that the mask names and no other. */
static inline simde__m512i
rv_bits_maskz_loadu_epi8(simde__mmask64 mask, const void *p)
{
	unsigned char bytes[64];
	simde__m512i result;

	for (int i = 0; i < 64; i++)
		bytes[i] = (mask >> i & 1) != 0 ? ((const unsigned char *) p)[i] : 0;
	__builtin_memcpy(&result, bytes, sizeof(result));
	return result;
}
#define _mm512_maskz_loadu_epi8(mask, p) rv_bits_maskz_loadu_epi8(mask, p)
#endif

#endif							/* RUVECTOR_TEST_EMULATED_BITS_H */
