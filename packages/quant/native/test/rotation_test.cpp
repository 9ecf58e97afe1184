/*
 * rotation_test.cpp - the rotation of every variant that runs here: equal to the serial one to the bit, orthogonal within
 * its stated error, and undone by its inverse.  Vectors end at a page that cannot be read, or begin after one.
 */
#include "support.h"

#include <ruvector/quant/rotation.h>

namespace
{

const size_t most = 65536;

uint8_t		signs[RV_ROTATION_ROUNDS * most / 8];
float		input[most],
			wanted[most];

double
norm(const float *x, size_t n)
{
	double		sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double) x[i] * x[i];
	return sqrt(sum);
}

void
check_size(const rv_quant_kernels *k, counts &c, size_t n, const guarded &memory)
{
	const rv_rotation rotation = {n, signs};
	const rv_rotation_kernels *serial = rv_rotation_variant(RV_VARIANT_SERIAL);
	float	   *places[] = {memory.at_end<float>(n), memory.at_start<float>(1)};

	for (size_t i = 0; i < n; i++)
		input[i] = (float) random_normal();
	memcpy(wanted, input, n * sizeof(float));
	serial->rotate(&rotation, wanted);
	for (size_t p = 0; p < 2; p++)
	{
		float	   *x = places[p];
		double		length = norm(input, n),
					error = 0;

		memcpy(x, input, n * sizeof(float));
		k->rotation->rotate(&rotation, x);
		c.check_bytes("rotate", n, x, wanted, n * sizeof(float));
		c.check_near("length", n, p, norm(x, n), length, rv_rotation_error(n) * length);
		k->rotation->unrotate(&rotation, x);
		for (size_t i = 0; i < n; i++)
			error += ((double) x[i] - input[i]) * ((double) x[i] - input[i]);
		c.check_near("there and back", n, p, sqrt(error), 0, 2 * rv_rotation_error(n) * length);

		/* The inverse alone, of something else. */
		memcpy(x, input, n * sizeof(float));
		k->rotation->unrotate(&rotation, x);
		float	   *plain = wanted;

		memcpy(plain, input, n * sizeof(float));
		serial->unrotate(&rotation, plain);
		c.check_bytes("unrotate", n, x, plain, n * sizeof(float));
		memcpy(wanted, input, n * sizeof(float));
		serial->rotate(&rotation, wanted);
	}
}

/* Columns of the matrix, as images of unit vectors: all inner products are those of unit vectors. */
void
check_orthogonal(const rv_quant_kernels *k, counts &c, size_t n)
{
	const rv_rotation rotation = {n, signs};
	float	   *columns = (float *) calloc(n * n, sizeof(float));

	if (columns == NULL)
		exit(2);
	for (size_t i = 0; i < n; i++)
	{
		columns[i * n + i] = 1;
		k->rotation->rotate(&rotation, columns + i * n);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j <= i; j++)
		{
			double		sum = 0;

			for (size_t d = 0; d < n; d++)
				sum += (double) columns[i * n + d] * columns[j * n + d];
			c.check_near("orthogonal", n, i * n + j, sum, i == j ? 1 : 0, 2 * rv_rotation_error(n));
		}
	free(columns);
}

void
all_checks(const rv_quant_kernels *k, counts &c)
{
	static const size_t sizes[] = {512, 768, 784, 1000, 1024, 1032, 1536, 2048, 4096, 4104, 32768, 65528, 65536};
	guarded		memory((most + 1) * sizeof(float));

	for (size_t n = 8; n <= 400; n += 8)
		check_size(k, c, n, memory);
	for (size_t n : sizes)
		check_size(k, c, n, memory);
	for (size_t n = 8; n <= 136; n += 8)
		check_orthogonal(k, c, n);
}

}	/* namespace */

int
main()
{
	for (size_t i = 0; i < sizeof(signs); i++)
		signs[i] = (uint8_t) random_numbers.next();
	return run_variants(all_checks);
}
