/*
 * query.cpp - queries: rotated ones to integers, and where they aim.
 *
 * src/rabitq/query.ts computes the same, operation by operation.
 */
#include "layout.h"

namespace
{

/* 127 / 2^k would do for one coordinate; four neighbours that are rounded by a half each must not exceed 255. */
constexpr double most_high = 127,
			most_four = 253;

/* Sums over a query: |q|^2 and sum q are whole numbers below 2^53, so only <z, q> has an order. */
struct query_sums
{
	double		inner[8] = {},
				squares[8] = {};
	int64_t		sum = 0;

	/* A chunk or less, so that its sum has 32 bits. */
	void
	add(const float *z, const int32_t *q, size_t count)
	{
		int32_t		part = 0;

		for (size_t i = 0; i < count; i += 8)
			for (size_t j = 0; j < 8; j++)
			{
				double		unit = q[i + j];

				inner[j] += (double) z[i + j] * unit;
				squares[j] += unit * unit;
			}
		for (size_t i = 0; i < count; i++)
			part += q[i];
		sum += part;
	}

	/*
	 * The step that makes <z, zhat> = |z|^2, so that what is missing is orthogonal to z: then no part of <y, z> is lost
	 * whichever way the rotation turned it.  With it, |z - zhat|^2 = |zhat|^2 - |z|^2.
	 */
	void
	finish(double norm2, size_t n, rv_rabitq_grid *grid) const
	{
		const double all = add_eight(inner);
		const double step = all > 0 ? norm2 / all : 0;
		const double reach2 = step * step * add_eight(squares);
		const double miss2 = reach2 - norm2;

		grid->half_step = step / 2;
		grid->sum = (double) sum;
		grid->reach = __builtin_sqrt(reach2);
		/* Of a zero query there is nothing to miss; else as much more as rounding may have hidden. */
		grid->miss = __builtin_sqrt((miss2 > 0 ? miss2 : 0) + norm2 * ((double) n * 0x1p-50));
	}
};

/* Lane l of group g holds coordinate 8 l + g. */
void
put_plane(const int32_t *q, size_t lanes, int8_t *plane)
{
	for (size_t g = 0; g < groups; g++)
		for (size_t lane = 0; lane < lanes; lane++)
			plane[group_place(g) * plane_lanes + lane] = (int8_t) q[lane * groups + g];
}

/*
 * FastScan's tables: sums of the coordinates of a group of four that a half byte selects, less the least of these sums.
 * That is the sum of |q| over the positive ones that are selected and the negative ones that are not, so eight entries
 * can be added as bytes of one word without a carry.
 */
int64_t
put_table(const int32_t *q, size_t count, uint8_t *table)
{
	const uint64_t ones = 0x0101010101010101u;
	static const uint64_t selected[3] = {0x0100010001000100u, 0x0101000001010000u, 0x0101010100000000u};
	int64_t		minimum = 0;

	for (size_t i = 0; i < count; i += 4, table += 16)
	{
		uint64_t	three = 0,
					halves[2];

		for (size_t j = 0; j < 3; j++)
		{
			uint64_t	absolute = (uint64_t) (q[i + j] < 0 ? -q[i + j] : q[i + j]);

			three += absolute * (q[i + j] < 0 ? ones - selected[j] : selected[j]);
		}
		halves[0] = three + (uint64_t) (q[i + 3] < 0 ? -q[i + 3] : 0) * ones;
		halves[1] = three + (uint64_t) (q[i + 3] > 0 ? q[i + 3] : 0) * ones;
		__builtin_memcpy(table, halves, 16);
		for (size_t j = 0; j < 4; j++)
			minimum += q[i + j] < 0 ? q[i + j] : 0;
	}
	return minimum;
}

/* |z| that a unit of `high` has to stand for. */
double
widest_of(const float *z, size_t n, double *norm2)
{
	double		square[8] = {};
	double		one = 0,
				four = 0;

	for (size_t i = 0; i < n; i += 8)
	{
		double		a[8];

		for (size_t j = 0; j < 8; j++)
		{
			a[j] = __builtin_fabs((double) z[i + j]);
			square[j] += a[j] * a[j];
		}
		for (size_t j = 0; j < 8; j++)
			one = a[j] > one ? a[j] : one;
		for (size_t j = 0; j < 8; j += 4)
		{
			double		sum = (a[j] + a[j + 1]) + (a[j + 2] + a[j + 3]);

			four = sum > four ? sum : four;
		}
	}
	*norm2 = add_eight(square);
	one /= most_high;
	four /= most_four;
	return one > four ? one : four;
}

}	/* namespace */

extern "C" void
rv_rabitq_prepare(const rv_rabitq_layout *layout, const float *z, int8_t *planes, uint8_t *tables,
				  rv_rabitq_query *query)
{
	const size_t n = layout->n,
				plane_bytes = rv_rabitq_plane_bytes(n),
				table_bytes = rv_rabitq_table_bytes(n);
	const int	levels = rv_rabitq_levels(layout->bits);
	double		norm2;
	const double widest = widest_of(z, n, &norm2);
	const double inverse = widest > 0 ? 1.0 / widest : 0,
				fine_inverse = inverse * 127.0;
	query_sums	full,
				high;
	int64_t		minimum[2] = {0, 0};

	__builtin_memset(planes, 0, (size_t) levels * plane_bytes);
	for (size_t first = 0; first < n; first += RV_RABITQ_CHUNK)
	{
		const size_t lanes = lanes_of(n, first),
					count = lanes * groups;
		int32_t		coarse[RV_RABITQ_CHUNK],
					rest[RV_RABITQ_CHUNK],
					fine[RV_RABITQ_CHUNK];

		/* Conversion cuts off, so floor(x + 1/2) is taken of positive numbers. */
		if (levels == 1)
			for (size_t i = 0; i < count; i++)
				coarse[i] = (int32_t) ((double) z[first + i] * inverse + 128.5) - 128;
		else
			for (size_t i = 0; i < count; i++)
			{
				fine[i] = (int32_t) ((double) z[first + i] * fine_inverse + 32768.5) - 32768;
				/* The nearest multiple of 127; 127 is odd, so there is no middle. */
				coarse[i] = (fine[i] + 127 * 256 + 63) / 127 - 256;
				rest[i] = fine[i] - 127 * coarse[i];
			}
		put_plane(coarse, lanes, planes + first);
		minimum[0] += put_table(coarse, count, tables + first * 4);
		high.add(z + first, coarse, count);
		if (levels > 1)
		{
			put_plane(rest, lanes, planes + plane_bytes + first);
			minimum[1] += put_table(rest, count, tables + table_bytes + first * 4);
			full.add(z + first, fine, count);
		}
	}
	high.finish(norm2, n, &query->high);
	if (levels > 1)
		full.finish(norm2, n, &query->full);
	else
		query->full = query->high;
	query->minimum[0] = (double) minimum[0];
	query->minimum[1] = (double) minimum[1];
	query->norm = __builtin_sqrt(norm2);
}

extern "C" void
rv_rabitq_make_aim(const rv_rabitq_layout *layout, const rv_rabitq_query *query, rv_metric metric, double offset2,
				   double inner, double query_norm, double centre_norm, double epsilon, rv_rabitq_aim *aim)
{
	const double n = (double) layout->n;
	const double root = __builtin_sqrt(n);
	const double error = rv_rotation_error(layout->n);
	const double lost = root * 0x1p-144;
	const double offset = __builtin_sqrt(offset2);
	const double both = error * (query_norm + centre_norm) + lost;
	/* |zhat - P c| <= |zhat - z| + |z - P c|: of what depends on the centre, no more than a number is needed. */
	const double shifted = offset + both + query->full.miss;
	/* Of an inner product <y, P(q - c)> or <y, P q> can be estimated: that with the smaller error is. */
	const bool	shift = layout->centred && (metric == RV_METRIC_L2SQ || shifted < query->full.reach);

	if (metric == RV_METRIC_L2SQ)
	{
		aim->add = offset2;
		aim->norm2 = 1;
		aim->length2 = 0;
		aim->sum = -2;
		aim->centre = shift ? 2 : 0;
		aim->floor = n * 0x1p-50 * offset2;
	}
	else
	{
		aim->add = shift ? inner - centre_norm * centre_norm / 2 : inner;
		aim->norm2 = shift ? -0.5 : 0;
		aim->length2 = shift ? 0.5 : 0;
		aim->sum = 1;
		aim->centre = shift ? -1 : 0;
		aim->floor = n * 0x1p-50 * (query_norm * centre_norm + centre_norm * centre_norm);
	}
	aim->cosine = metric == RV_METRIC_COSINE ? (query_norm > 0 ? -1.0 / query_norm : __builtin_nan("")) : 0;
	aim->reach = shift ? shifted : query->full.reach;
	aim->high_reach = shift ? offset + both + query->high.miss : query->high.reach;
	aim->factor = 1;
	if (epsilon > 0 && epsilon / __builtin_sqrt(n - 1) < 1)
		aim->factor = epsilon / __builtin_sqrt(n - 1);
	aim->span_error = shift ? both : error * query_norm + lost;
	aim->span = (shift ? offset : query_norm) + aim->span_error;
	aim->error = error;
	aim->centre_norm = centre_norm;
	aim->longest = 0.5 * (double) ((1 << layout->bits) - 1) * root;
	aim->lost = lost;
}
