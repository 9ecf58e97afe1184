/*
 * lanes_vectors.h - the vectors of lanes.h.
 */
#ifndef RUVECTOR_QUANT_LANES_VECTORS_H
#define RUVECTOR_QUANT_LANES_VECTORS_H

#include "kernels.h"

#define RV_VECTOR_LANES 1

namespace
{

typedef float float4 __attribute__((vector_size(16)));
typedef double double4 __attribute__((vector_size(32)));
typedef int32_t int4 __attribute__((vector_size(16)));

}	/* namespace */

#endif							/* RUVECTOR_QUANT_LANES_VECTORS_H */
