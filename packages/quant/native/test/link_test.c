/*
 * link_test.c - a C program with the kernels: the headers are C, and nothing of a C++ library is needed.
 */
#include <stdio.h>

#include <ruvector/quant.h>
#include <ruvector/quant/rotation.h>

int
main(void)
{
	static const unsigned char signs[4] = {1, 2, 4, 8};
	const rv_rotation rotation = {8, signs};
	const rv_quant_kernels *kernels = rv_quant_init(NULL);
	float		x[8] = {1, 2, 3, 4, 5, 6, 7, 8};

	if (kernels == NULL || rv_quant_init("none such") != NULL)
		return 1;
	kernels->rotation->rotate(&rotation, x);
	kernels->rotation->unrotate(&rotation, x);
	if (x[0] != 1 || x[7] != 8)
		return 1;
	puts(kernels->simd->name);
	return 0;
}
