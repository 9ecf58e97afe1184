/*
 * serial.cpp - the rotation one coordinate after the other: the oracle.
 */
#include "rotation.h"

RV_DECLARE_ROTATION(serial);

namespace
{

/* Written apart from the template: it is what the template is held against. */
void
plain_transform(float *x, size_t h, float factor)
{
	for (size_t stride = 1; stride < h; stride *= 2)
		for (size_t first = 0; first < h; first += 2 * stride)
			for (size_t i = first; i < first + stride; i++)
			{
				float		a = x[i],
							b = x[i + stride];

				x[i] = a + b;
				x[i + stride] = a - b;
			}
	for (size_t i = 0; i < h; i++)
		x[i] *= factor;
}

void
plain_flip(float *x, const uint8_t *signs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((signs[i / 8] >> (i % 8) & 1) != 0)
			x[i] = -x[i];
}

void
plain_pairs(float *x, size_t n, float factor)
{
	for (size_t i = 0; i < n / 2; i++)
	{
		float		a = x[i],
					b = x[i + n / 2];

		x[i] = (a + b) * factor;
		x[i + n / 2] = (a - b) * factor;
	}
}

}	/* namespace */

void
rv_rotate_serial(const rv_rotation *rotation, float *x)
{
	const size_t n = rotation->n;
	const bool	whole = (n & (n - 1)) == 0;

	for (int round = 0; round < RV_ROTATION_ROUNDS; round++)
	{
		bool		odd = round % 2 == 1;

		plain_flip(x, rotation->signs + round * (n / 8), n);
		each_window(n, odd, [&](size_t at, size_t h) { plain_transform(x + at, h, transform_factor(h, n, odd)); });
		if (!whole)
			plain_pairs(x, n, odd ? 0.5f : 1.0f);
	}
}

void
rv_unrotate_serial(const rv_rotation *rotation, float *x)
{
	const size_t n = rotation->n;
	const bool	whole = (n & (n - 1)) == 0;

	for (int round = RV_ROTATION_ROUNDS - 1; round >= 0; round--)
	{
		bool		odd = round % 2 == 1;

		if (!whole)
			plain_pairs(x, n, odd ? 1.0f : 0.5f);
		each_window(n, odd, [&](size_t at, size_t h) { plain_transform(x + at, h, transform_factor(h, n, !odd)); });
		plain_flip(x, rotation->signs + round * (n / 8), n);
	}
}
