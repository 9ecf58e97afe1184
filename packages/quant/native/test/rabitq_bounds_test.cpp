/*
 * rabitq_bounds_test.cpp - bounds that claim to be proofs, where they are hardest to keep: vectors, centres and queries of
 * any length from the least denormal number to the largest norm, that are one another, or nearly so.
 */
#include "rabitq_subject.h"

#include <initializer_list>

namespace
{

const size_t most_dimensions = 100;

/* Random numbers of a random magnitude. */
void
fill_random(float *x, size_t n)
{
	static const int exponents[] = {-149, -145, -130, -126, -110, -101, -100, -99, -90, -75, -60, -40, -12, 0, 0, 0, 20, 40, 55};
	const double scale = ldexp(1, exponents[random_below(sizeof(exponents) / sizeof(exponents[0]))]);
	const uint32_t sort = random_below(4);

	for (size_t i = 0; i < n; i++)
		x[i] = (float) (scale * (sort == 0 ? 1 : sort == 1 ? (i == 0) : random_normal()));
}

/* A vector that may be made of others. */
void
fill_related(float *x, const float *a, const float *b, size_t n)
{
	float		noise[most_dimensions];
	const double near = 1 + ldexp(1, -(int) random_below(30));
	const uint32_t sort = random_below(10);

	fill_random(noise, n);
	for (size_t i = 0; i < n; i++)
		switch (sort)
		{
			case 0:
				x[i] = a[i];
				break;
			case 1:
				x[i] = b[i];
				break;
			case 2:
				x[i] = -a[i];
				break;
			case 3:
				x[i] = (float) (near * a[i]);
				break;
			case 4:
				x[i] = a[i] + noise[i];
				break;
			case 5:
				x[i] = b[i] + noise[i];
				break;
			case 6:
				x[i] = 0;
				break;
			default:
				x[i] = noise[i];
		}
}

double
norm_of(const float *x, size_t n)
{
	double		sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double) x[i] * x[i];
	return sqrt(sum);
}

void
check_bounds(const rv_quant_kernels *k, counts &c, size_t d, int bits, bool centred)
{
	const size_t count = 7;
	subject		s(d, bits, centred, RV_RABITQ_REFINED);
	const rv_rabitq_layout &layout = s.codec.layout;
	float		q[most_dimensions],
				vectors[count * most_dimensions],
				values[RV_QUANT_BLOCK],
				bounds[RV_QUANT_BLOCK];
	uint8_t    *codes = (uint8_t *) malloc(count * layout.code_bytes),
			   *block = (uint8_t *) malloc(layout.block_bytes);

	if (centred)
	{
		fill_random(s.centre, d);
		s.turn_centre();
	}
	fill_related(q, s.centre, s.centre, d);
	for (size_t r = 0; r < count; r++)
	{
		float	   *x = vectors + r * d;

		fill_related(x, s.centre, q, d);
		if (norm_of(x, d) > 0x1p59)
			memset(x, 0, d * sizeof(float));
	}
	c.check_equal("encoded", d, (size_t) bits, (double) s.encode(k, vectors, count, codes), (double) count);
	rv_rabitq_pack(&layout, codes, count, block);

	query		asked(s, q);

	for (double epsilon : {0.0, 1.9})
		for (rv_metric metric : {RV_METRIC_L2SQ, RV_METRIC_DOT, RV_METRIC_COSINE})
			for (bool by_signs : {false, true})
			{
				const rv_rabitq_scoring scoring = asked.at(s, metric, epsilon);

				(by_signs ? k->rabitq->score_signs : k->rabitq->score_blocks) (&scoring, block, count, values, bounds);
				for (size_t r = 0; r < count; r++)
				{
					const double exact = truth(metric, vectors + r * d, q, d);
					const double missed = fabs(exact - (double) values[r]);
					float		scale;

					memcpy(&scale, codes + r * layout.code_bytes + layout.sign_bytes + layout.ex_bytes + 4 * RV_RABITQ_SCALE, 4);
					/* A code that knows no direction has nothing that is random. */
					if (epsilon > 0 && scale != 0)
						continue;
					c.check(exact != exact ? values[r] != values[r] : missed <= (double) bounds[r],
							by_signs ? "a bound by signs" : "a bound", d,
							(size_t) bits * 1000 + centred * 100 + r * 10 + (size_t) metric, missed, bounds[r]);
				}
			}
	free(codes);
	free(block);
}

void
all_checks(const rv_quant_kernels *k, counts &c)
{
	random_numbers = rv::random(11);
	for (int round = 0; round < 300; round++)
		for (int bits : {1, 2, 4, 5, 8})
			for (bool centred : {false, true})
				for (size_t d : {1, 2, 8, 16, 33, 100})
					check_bounds(k, c, d, bits, centred);
}

}	/* namespace */

int
main()
{
	return run_variants(all_checks);
}
