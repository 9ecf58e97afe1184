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
	const float b[] = {4, 5, 6};
	const rv_kernels *kernels = rv_simd_init(NULL);

	if (kernels == NULL || rv_simd != kernels)
		return 1;
	printf("%s %g\n", kernels->name, kernels->dot_f32(a, b, 3));
	return 0;
}
