/*
 * immintrin.h - the intrinsics that our AVX-512 units use, in portable C.
 *
 * SIMDe names them as the compiler does; what its version lacks is added below.
 */
#ifndef RUVECTOR_TEST_EMULATED_IMMINTRIN_H
#define RUVECTOR_TEST_EMULATED_IMMINTRIN_H

#define SIMDE_ENABLE_NATIVE_ALIASES
#define SIMDE_NO_NATIVE

#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>
#include <simde/x86/fma.h>

#define __mmask8 simde__mmask8
#define __mmask16 simde__mmask16
#define __mmask32 simde__mmask32
#define __mmask64 simde__mmask64

static inline unsigned
_bzhi_u32(unsigned value, unsigned index)
{
	return index >= 32 ? value : value & ((1u << index) - 1u);
}

static inline unsigned long long
_bzhi_u64(unsigned long long value, unsigned index)
{
	return index >= 64 ? value : value & ((1ull << index) - 1ull);
}

/* What one family needs beside that. */
#if __has_include("dense.h")
#include "dense.h"
#endif
#if __has_include("integer.h")
#include "integer.h"
#endif
#if __has_include("bits.h")
#include "bits.h"
#endif

#endif							/* RUVECTOR_TEST_EMULATED_IMMINTRIN_H */
