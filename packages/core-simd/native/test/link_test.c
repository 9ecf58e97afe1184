/*
 * link_test.c - the ABI from C, linked by the C compiler: neither the C++
 * library nor anything else may be needed but the C library.
 */
#include <stdio.h>

#include <ruvector/simd.h>

int
main(void)
{
	const float a[] = {1, 2, 3};
	const float b[] = {4, 5, 6, 1, 2, 2.5f};
	const rv_kernels *kernels = rv_simd_init(NULL);
	uint32_t	index;
	float		score;

	if (kernels == NULL || rv_simd != kernels)
		return 1;
	if (rv_simd_topk(kernels, RV_TYPE_F32, RV_METRIC_L1, a, b, 3, 2, 3, 1, &index, &score, NULL, NULL) != 1)
		return 1;
	printf("%s %g %u %g\n", kernels->name, kernels->dot_f32(a, b, 3), (unsigned) index, score);
	return 0;
}
