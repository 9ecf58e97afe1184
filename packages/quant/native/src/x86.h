/*
 * x86.h - the intrinsics of x86-64, or their emulation: see that of core-simd.
 */
#ifndef RUVECTOR_QUANT_X86_H
#define RUVECTOR_QUANT_X86_H

#ifdef RV_EMULATED
#include "../test/emulated/immintrin.h"
#else
/* GCC 12 warns about its own headers (PR 105593). */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#endif

#endif							/* RUVECTOR_QUANT_X86_H */
