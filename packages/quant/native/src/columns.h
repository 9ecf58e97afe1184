/*
 * columns.h - the factors of rows by column, as those of packed blocks are.
 */
#ifndef RUVECTOR_QUANT_COLUMNS_H
#define RUVECTOR_QUANT_COLUMNS_H

#include "parts.h"

namespace
{

typedef float four_floats __attribute__((vector_size(16)));

/* Four elements of two vectors, by places 0 to 7. */
#if defined(__clang__) || __GNUC__ >= 12
#define RV_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int32_t four_places __attribute__((vector_size(16)));
#define RV_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, four_places{__VA_ARGS__})
#endif

/* Four factors of four rows; columns are `Width` floats apart. */
template<size_t Width>
RV_INLINE void
transpose_four(const uint8_t *const *rows, float *columns)
{
	four_floats a,
				b,
				c,
				d;

	__builtin_memcpy(&a, rows[0], sizeof(a));
	__builtin_memcpy(&b, rows[1], sizeof(b));
	__builtin_memcpy(&c, rows[2], sizeof(c));
	__builtin_memcpy(&d, rows[3], sizeof(d));

	four_floats ac01 = RV_SHUFFLE(a, c, 0, 4, 1, 5),
				bd01 = RV_SHUFFLE(b, d, 0, 4, 1, 5),
				ac23 = RV_SHUFFLE(a, c, 2, 6, 3, 7),
				bd23 = RV_SHUFFLE(b, d, 2, 6, 3, 7);
	four_floats column[4] = {RV_SHUFFLE(ac01, bd01, 0, 4, 1, 5), RV_SHUFFLE(ac01, bd01, 2, 6, 3, 7),
	RV_SHUFFLE(ac23, bd23, 0, 4, 1, 5), RV_SHUFFLE(ac23, bd23, 2, 6, 3, 7)};

	for (size_t k = 0; k < 4; k++)
		__builtin_memcpy(columns + Width * k, &column[k], sizeof(column[k]));
}

/* Column k of row r becomes columns[k][r]; rows.at(r) + offset is where the factors of a row begin. */
template<size_t Factors, size_t Width, typename Rows>
RV_INLINE void
columns_of_rows(Rows rows, size_t offset, size_t count, float (*columns)[Width])
{
	size_t		r = 0;

	for (; count - r >= 4; r += 4)
	{
		const uint8_t *p[4] = {rows.at(r) + offset, rows.at(r + 1) + offset, rows.at(r + 2) + offset, rows.at(r + 3) + offset};
		size_t		k = 0;

		if (Factors >= 4)
		{
			transpose_four<Width>(p, &columns[0][r]);
			k = 4;
		}
		if (Factors > 5)
		{
			/* The last four, some of them again. */
			for (size_t i = 0; i < 4; i++)
				p[i] += 4 * (Factors - 4);
			transpose_four<Width>(p, &columns[Factors - 4][r]);
			k = Factors;
		}
		for (; k < Factors; k++)
			for (size_t i = 0; i < 4; i++)
				columns[k][r + i] = load_float(p[i] + 4 * k);
	}
	for (; r < count; r++)
		for (size_t k = 0; k < Factors; k++)
			columns[k][r] = load_float(rows.at(r) + offset + 4 * k);
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_COLUMNS_H */
