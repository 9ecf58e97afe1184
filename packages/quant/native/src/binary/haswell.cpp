/*
 * haswell.cpp - x86-64 with AVX2: four dimensions side by side, and codes side by side in what is computed of each.
 */
#include "../kernels.h"

#ifdef RV_ARCH_X86_64

/* To the end of the unit; see core-simd's dense/haswell.cpp. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif

#include "../lanes_avx2.h"
#include "binary.h"

RV_DEFINE_BINARY(haswell);

#if defined(__clang__)
#pragma clang attribute pop
#endif

#endif							/* RV_ARCH_X86_64 */
