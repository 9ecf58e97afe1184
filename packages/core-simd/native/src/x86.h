/*
 * x86.h - the intrinsics of x86-64, or their emulation.
 *
 * With RV_EMULATED the units for AVX-512 compile to portable C: SIMDe (libsimde-dev) gives each intrinsic under its
 * own name.  So their logic is tested on machines that cannot run them; how fast they are is not.
 */
#ifndef RUVECTOR_X86_H
#define RUVECTOR_X86_H

#ifdef RV_EMULATED
#include "../test/emulated/immintrin.h"
#else
/*
 * GCC 12 implements its "undefined" intrinsics by reading an uninitialised
 * variable and warns about its own headers (PR 105593).
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#endif

#endif							/* RUVECTOR_X86_H */
