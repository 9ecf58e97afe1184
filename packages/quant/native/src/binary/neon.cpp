/*
 * neon.cpp - armv8-a: four dimensions side by side in two registers.
 */
#include "../kernels.h"

#ifdef RV_ARCH_AARCH64

#include "../lanes_neon.h"
#include "binary.h"

RV_DEFINE_BINARY(neon);

#endif							/* RV_ARCH_AARCH64 */
