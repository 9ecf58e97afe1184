/*
 * kernels.h - what the units of the native library share.
 *
 * A unit is one family for one instruction set: rabitq/haswell.cpp.  A unit for a processor of another architecture
 * compiles to nothing, so that every host can build the same list of files.  A family's tables.cpp makes its tables; a
 * variant takes a kernel from the set below it where wider instructions bring nothing.
 */
#ifndef RUVECTOR_QUANT_KERNELS_H
#define RUVECTOR_QUANT_KERNELS_H

#include <ruvector/quant.h>

#if defined(__x86_64__)
#define RV_ARCH_X86_64 1
#elif defined(__aarch64__)
#define RV_ARCH_AARCH64 1
#endif

#define RV_INLINE inline __attribute__((always_inline))

#endif							/* RUVECTOR_QUANT_KERNELS_H */
