/*
 * immintrin.h - the intrinsics that our AVX-512 units use, in portable C: those of core-simd's tests, and what our
 * families need beside them.
 *
 * Macros, so that two families can bring the same name.
 */
#ifndef RUVECTOR_QUANT_TEST_EMULATED_IMMINTRIN_H
#define RUVECTOR_QUANT_TEST_EMULATED_IMMINTRIN_H

#include "../../../../core-simd/native/test/emulated/immintrin.h"

/* What one family needs beside that. */
#if __has_include("rotation.h")
#include "rotation.h"
#endif
#if __has_include("rabitq.h")
#include "rabitq.h"
#endif
#if __has_include("scalar.h")
#include "scalar.h"
#endif
#if __has_include("binary.h")
#include "binary.h"
#endif
#if __has_include("kmeans.h")
#include "kmeans.h"
#endif
#if __has_include("product.h")
#include "product.h"
#endif

#endif							/* RUVECTOR_QUANT_TEST_EMULATED_IMMINTRIN_H */
