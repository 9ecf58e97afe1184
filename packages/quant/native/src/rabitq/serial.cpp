/*
 * serial.cpp - RaBitQ one coordinate after the other: the oracle.
 */
#include "rabitq.h"

RV_DECLARE_RABITQ(serial);

namespace
{

/* Where a coordinate is: its chunk, lane and group. */
struct place
{
	size_t		chunk,			/* first coordinate */
				lanes,
				lane,
				group;

	place(size_t n, size_t i)
		: chunk(i / RV_RABITQ_CHUNK * RV_RABITQ_CHUNK), lanes(lanes_of(n, chunk)), lane((i - chunk) / groups),
		group(i % groups)
	{
	}
};

int
query_of(const int8_t *plane, size_t n, size_t i)
{
	place		p(n, i);

	return plane[p.chunk + group_place(p.group) * plane_lanes + p.lane];
}

int
ex_of(const uint8_t *ex, size_t n, int ex_bits, size_t i)
{
	place		p(n, i);
	const uint8_t *bytes = ex + p.chunk / groups * (size_t) ex_bits;
	int			code = 0,
				shift = 0;

	if ((ex_bits & 4) != 0)
	{
		code = bytes[four_place(p.group) * p.lanes + p.lane] >> (4 * (p.group % 2)) & 15;
		bytes += 4 * p.lanes;
		shift = 4;
	}
	if ((ex_bits & 2) != 0)
	{
		code |= (bytes[p.group / 4 * p.lanes + p.lane] >> (2 * (p.group % 4)) & 3) << shift;
		bytes += 2 * p.lanes;
		shift += 2;
	}
	if ((ex_bits & 1) != 0)
		code |= (bytes[p.lane] >> p.group & 1) << shift;
	return code;
}

struct plain
{
	static void
	sign_rows(const uint8_t *signs, size_t stride, size_t count, size_t n, const int8_t *plane, int32_t *out)
	{
		for (size_t r = 0; r < count; r++)
		{
			out[r] = 0;
			for (size_t i = 0; i < n; i++)
				if ((signs[r * stride + i / 8] >> (i % 8) & 1) != 0)
					out[r] += query_of(plane, n, i);
		}
	}

	static void
	ex_rows(const uint8_t *ex, size_t stride, size_t count, size_t n, int ex_bits, const int8_t *planes, int levels,
			int32_t *out)
	{
		for (int level = 0; level < levels; level++)
			for (size_t r = 0; r < count; r++)
			{
				const int8_t *plane = planes + (size_t) level * rv_rabitq_plane_bytes(n);
				int32_t		sum = 0;

				for (size_t i = 0; i < n; i++)
					sum += ex_of(ex + r * stride, n, ex_bits, i) * query_of(plane, n, i);
				out[(size_t) level * count + r] = sum;
			}
	}

	static void
	sign_block(const uint8_t *signs, size_t n, const uint8_t *table, int32_t *out)
	{
		for (size_t i = 0; i < RV_QUANT_BLOCK; i++)
			out[i] = 0;
		for (size_t group = 0; group < n / 4; group++)
			for (size_t j = 0; j < 16; j++)
			{
				uint8_t		byte = signs[group * 16 + j];

				out[block_code(j)] += table[group * 16 + (byte & 15)];
				out[block_code(j) + 16] += table[group * 16 + (byte >> 4)];
			}
	}

	/* Of 32 values. */
	static RV_INLINE uint32_t
	below(const float *values, float limit)
	{
		uint32_t	bits = 0;

		for (size_t i = 0; i < RV_QUANT_BLOCK; i++)
			bits |= (uint32_t) (values[i] < limit) << i;
		return bits;
	}
};

}	/* namespace */

RV_DEFINE_RABITQ(serial, plain)

extern "C" void
rv_rabitq_measure_serial(float *y, const float *centre, size_t n, uint8_t *signs, double *sums)
{
	double		squares[8] = {},
				absolutes[8] = {},
				largest = 0;

	for (size_t i = 0; i < n; i++)
	{
		double		x,
					absolute;

		if (centre != NULL)
			y[i] -= centre[i];
		x = y[i];
		absolute = __builtin_fabs(x);
		squares[i % 8] += x * x;
		absolutes[i % 8] += absolute;
		largest = absolute > largest ? absolute : largest;
		if (i % 8 == 0)
			signs[i / 8] = 0;
		if (!__builtin_signbit(y[i]))
			signs[i / 8] = (uint8_t) (signs[i / 8] | 1 << (i % 8));
	}
	sums[0] = add_eight(squares);
	sums[1] = add_eight(absolutes);
	sums[2] = largest;
}

extern "C" double
rv_rabitq_square_serial(const float *x, size_t n)
{
	double		s[8] = {};

	for (size_t i = 0; i < n; i++)
		s[i % 8] += (double) x[i] * x[i];
	return add_eight(s);
}

extern "C" double
rv_rabitq_quantise_serial(const float *y, size_t n, double scale, int most, uint8_t *codes, uint64_t *squares)
{
	double		sums[8] = {};

	*squares = 0;
	for (size_t i = 0; i < n; i++)
	{
		double		x = __builtin_fabs((double) y[i]);
		double		scaled = x * scale;
		int			m = scaled < most ? (int) scaled : most;

		codes[i] = (uint8_t) m;
		*squares += (uint64_t) ((2 * m + 1) * (2 * m + 1));
		sums[i % 8] += x * ((double) m + 0.5);
	}
	return add_eight(sums);
}

extern "C" void
rv_rabitq_compare_serial(const float *y, size_t n, const double *scales, int most, double *inner, double *squares)
{
	for (int j = 0; j < RV_RABITQ_SCALES; j++)
	{
		double		sums[8] = {};
		uint64_t	square = 0;

		for (size_t i = 0; i < n; i++)
		{
			double		x = __builtin_fabs((double) y[i]);
			double		scaled = x * scales[j];
			int			m = scaled < most ? (int) scaled : most;

			square += (uint64_t) ((2 * m + 1) * (2 * m + 1));
			sums[i % 8] += x * ((double) m + 0.5);
		}
		inner[j] = add_eight(sums);
		squares[j] = (double) square / 4;
	}
}

extern "C" void
rv_rabitq_project_serial(const float *y, const uint8_t *codes, const float *w, size_t n, double *sums)
{
	double		signs[8] = {},
				whole[8] = {};

	for (size_t i = 0; i < n; i++)
	{
		double		turned = __builtin_signbit(y[i]) ? -(double) w[i] : (double) w[i];

		signs[i % 8] += turned;
		if (codes != NULL)
			whole[i % 8] += (2.0 * codes[i] + 1.0) * turned;
	}
	sums[0] = add_eight(signs);
	sums[1] = add_eight(whole);
}
