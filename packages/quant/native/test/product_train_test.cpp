/*
 * product_train_test.cpp - training of product codes: orthogonal factors, codebooks and rotations that are the same for every
 * variant and order of tasks, errors that never rise, memory that suffices, and an end when the host asks for one.
 */
#include "product_subject.h"

namespace
{

using rv_product::polar_factor;
using rv_product::watcher;

const watcher patient = {[](void *) { return true; }, NULL};

/* Tasks backwards, and steps counted; ends at one of them. */
struct backwards
{
	size_t		steps = 0,
				stop_at = SIZE_MAX,
				done = 0;
	bool		ascending = true;

	static void
	run(void *, size_t count, rv_task task, void *data)
	{
		while (count > 0)
			task(data, --count);
	}

	static int
	step(void *host, size_t done, size_t total)
	{
		backwards  *self = (backwards *) host;

		self->ascending = self->ascending && done >= self->done && done <= total;
		self->done = done;
		return self->steps++ != self->stop_at;
	}

	rv_kmeans_host of() { return {this, run, step}; }
};

/* x = u h: u is orthogonal, and h = u' x symmetric and positive. */
void
check_polar(counts &c, size_t n, double spread)
{
	std::vector<double> x(n * n),
				u,
				work(n * n);
	std::vector<uint32_t> pivots(n);
	const rv_kmeans_host alone = {NULL, NULL, NULL};
	backwards	host;
	const rv_kmeans_host reversed = host.of();
	double		scale = 0;

	/* Rows of very different sizes make the matrix nearly singular. */
	for (size_t i = 0; i < n * n; i++)
		x[i] = random_normal() * pow(spread, (double) (i / n) / (double) n);
	for (double value : x)
		scale = fabs(value) > scale ? fabs(value) : scale;
	u = x;
	c.check(polar_factor(&alone, patient, n, u.data(), work.data(), pivots.data()), "polar factor", n, 0, 0, 1);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
		{
			double		product = 0,
						h = 0,
						transposed = 0;

			for (size_t k = 0; k < n; k++)
			{
				product += u[k * n + i] * u[k * n + j];
				h += u[k * n + i] * x[k * n + j];
				transposed += u[k * n + j] * x[k * n + i];
			}
			c.check_near("orthogonal", n, i, product, i == j ? 1 : 0, 1e-12 * (double) n);
			c.check_near("symmetric", n, i, h, transposed, 1e-11 * (double) n * scale);
			if (i == j)
				c.check(h > -1e-11 * scale, "positive", n, i, h, 0);
		}

	std::vector<double> again = x;

	c.check(polar_factor(&reversed, patient, n, again.data(), work.data(), pivots.data()) && again == u,
			"the order of tasks does not matter", n, 0, 0, 0);
}

/* Reflections and rotations by a right angle are their own factors; they have zeros where pivots would be. */
void
check_permutation(counts &c, size_t n)
{
	std::vector<double> x(n * n),
				u,
				work(n * n);
	std::vector<uint32_t> pivots(n);
	const rv_kmeans_host alone = {NULL, NULL, NULL};

	for (size_t i = 0; i < n; i++)
		x[i * n + (i + n / 2) % n] = i % 2 == 0 ? 3 : -0.25;
	u = x;
	c.check(polar_factor(&alone, patient, n, u.data(), work.data(), pivots.data()), "permutation", n, 0, 0, 1);
	for (size_t i = 0; i < n * n; i++)
		c.check_near("permutation", n, i, u[i], x[i] > 0 ? 1 : x[i] < 0 ? -1 : 0, 1e-15);
}

void
check_singular(counts &c)
{
	std::vector<double> x = {1, 2, 3, 2, 4, 6, 1, 0, 1},
				zero(4),
				work(9);
	uint32_t	pivots[3];
	const rv_kmeans_host alone = {NULL, NULL, NULL};
	const watcher impatient = {[](void *) { return false; }, NULL};
	std::vector<double> one = {1, 0, 0, 1};

	c.check(!polar_factor(&alone, patient, 3, x.data(), work.data(), pivots), "singular", 3, 0, 1, 0);
	c.check(!polar_factor(&alone, patient, 2, zero.data(), work.data(), pivots), "zero", 2, 0, 1, 0);
	c.check(!polar_factor(&alone, impatient, 2, one.data(), work.data(), pivots), "ended", 2, 0, 1, 0);
}

struct trained
{
	std::vector<float> centroids,
				rotation;
	std::vector<double> history;
	rv_product_result result;
	int			ended;

	trained(const rv_quant_kernels *k, const rv_product_options &o, const std::vector<float> &rows,
			const rv_kmeans_host *host)
		: centroids(o.n << o.bits), rotation(o.turns > 0 ? o.n * o.n : 0), history(o.turns + 1, NAN)
	{
		lines		memory(rv_product_workspace(&o));

		memset(memory.first, 0xA5, memory.size());
		result = {centroids.data(), o.turns > 0 ? rotation.data() : NULL, history.data(), 0};
		ended = rv_product_train(k->product, k->kmeans, &o, rows.data(), memory.memory(), host, &result);
	}

	bool
	operator==(const trained &other) const
	{
		return centroids == other.centroids && rotation == other.rotation && history == other.history &&
			result.distortion == other.result.distortion;
	}
};

/* Rows whose dimensions hang together; some dimensions are always 0. */
std::vector<float>
hanging_rows(size_t rows, size_t n)
{
	const size_t factors = 5;
	std::vector<float> mix(factors * n),
				out(rows * n);

	fill(mix.data(), factors, n, SMOOTH);
	for (size_t r = 0; r < rows; r++)
	{
		double		z[factors];

		for (double &value : z)
			value = random_normal();
		for (size_t i = 0; i < n; i++)
		{
			double		x = 0.1 * random_normal();

			for (size_t f = 0; f < factors; f++)
				x += z[f] * mix[f * n + i];
			out[r * n + i] = i % 7 == 3 ? 0.0f : (float) x;
		}
	}
	return out;
}

/* The sum of squared residuals of the rows' codes. */
double
error_of(const rv_quant_kernels *k, const rv_product_options &o, const trained &t, const std::vector<float> &rows)
{
	subject		s(o.n, o.m, o.bits, SMOOTH, false);
	double		sum = 0;

	s.centroids = t.centroids;
	s.rotation = t.rotation;
	s.inverse.resize(s.rotation.size());
	for (size_t i = 0; i < s.rotation.size(); i++)
		s.inverse[i % o.n * o.n + i / o.n] = s.rotation[i];
	s.codec.centroids = s.centroids.data();
	s.codec.rotation = o.turns > 0 ? s.rotation.data() : NULL;
	s.codec.inverse = o.turns > 0 ? s.inverse.data() : NULL;
	for (size_t space = 0; space < o.m; space++)
	{
		const size_t begin = RV_PRODUCT_BEGIN(o.n, o.m, space) << o.bits,
					width = RV_PRODUCT_BEGIN(o.n, o.m, space + 1) - RV_PRODUCT_BEGIN(o.n, o.m, space);

		rv_kmeans_pack(s.centroids.data() + begin, width, (size_t) 1 << o.bits, s.panels.data() + begin);
	}

	const std::vector<uint8_t> codes = encode(k, s, rows);
	const size_t bytes = rv_product_code_bytes(&s.codec);

	for (size_t r = 0; r < o.rows; r++)
		sum += pow(float_at(codes.data() + r * bytes + bytes - 4), 2);
	return sum;
}

void
check_training(const rv_quant_kernels *k, counts &c, const rv_product_options &o, const std::vector<float> &rows)
{
	backwards	host;
	const rv_kmeans_host reversed = host.of();
	const trained t(k, o, rows, NULL),
				other(k, o, rows, &reversed),
				oracle(serial, o, rows, NULL);

	c.check(t.ended == 1, "ends", o.n, o.m, t.ended, 1);
	c.check(t == other, "the order of tasks does not matter", o.n, o.m, 0, 0);
	c.check(t == oracle, "the variant does not matter", o.n, o.m, 0, 0);
	c.check(host.ascending && host.done == rv_product_steps(&o), "progress", o.n, o.m, (double) host.done,
			(double) rv_product_steps(&o));
	for (size_t i = 1; i <= o.turns; i++)
		c.check(t.history[i] <= t.history[i - 1], "errors never rise", o.n, i, t.history[i], t.history[i - 1]);
	c.check_near("error", o.n, o.m, error_of(k, o, t, rows), t.history[o.turns], 1e-4 * t.history[o.turns] + 1e-9);
	if (o.turns > 0)
	{
		double		worst = 0;

		for (size_t i = 0; i < o.n; i++)
			for (size_t j = 0; j < o.n; j++)
			{
				double		sum = 0;

				for (size_t d = 0; d < o.n; d++)
					sum += (double) t.rotation[i * o.n + d] * t.rotation[j * o.n + d];
				worst = fmax(worst, fabs(sum - (i == j)));
			}
		c.check(worst < 1e-6, "orthogonal", o.n, o.m, worst, 0);
		c.check(t.result.distortion >= worst && t.result.distortion < 1e-5, "distortion", o.n, o.m, t.result.distortion,
				worst);
	}
	for (size_t stop : {(size_t) 0, host.steps / 2, host.steps - 1})
	{
		backwards	stopping;
		const rv_kmeans_host ends = stopping.of();

		stopping.stop_at = stop;

		const trained cut(k, o, rows, &ends);

		c.check(cut.ended == 0 && stopping.steps == stop + 1, "stops at once", o.n, stop, (double) stopping.steps,
				(double) stop + 1);
	}
}

/* Most rows in one place, and some in eleven far away, which random rows miss, and k-means++ does not. */
void
check_starts(const rv_quant_kernels *k, counts &c)
{
	std::vector<float> rows(2000 * 2);
	rv_product_options o = {2, 1, 4, 2000, 8, 0, RV_KMEANS_PLUS_PLUS, 7};

	for (size_t r = 0; r < 2000; r++)
		for (size_t i = 0; i < 2; i++)
			rows[2 * r + i] = (float) random_unit() + (r % 200 < 11 ? 100.0f * (float) (r % 200 + 1) * (i == 0 ? 1.0f : -2.0f) : 0);
	check_training(k, c, o, rows);

	const double spread = trained(k, o, rows, NULL).history[0];

	o.start = RV_KMEANS_RANDOM;
	check_training(k, c, o, rows);

	const double chance = trained(k, o, rows, NULL).history[0];

	c.check(spread < 0.01 * chance, "k-means++ finds what is rare", 2, 1, spread, chance);
}

void
check_all_training(const rv_quant_kernels *k, counts &c)
{
	const std::vector<float> rows = hanging_rows(1300, 21);
	rv_product_options o = {21, 5, 8, 1300, 8, 0, RV_KMEANS_PLUS_PLUS, 7};

	check_training(k, c, o, rows);
	o.turns = 4;
	check_training(k, c, o, rows);
	o.start = RV_KMEANS_RANDOM;
	check_training(k, c, o, rows);
	o.start = RV_KMEANS_PLUS_PLUS;
	o.bits = 4;
	check_training(k, c, o, rows);
	{
		/* A rotation is worth much where dimensions hang together, and another seed gives other centroids. */
		const trained turned(k, o, rows, NULL);

		c.check(turned.history[4] < 0.9 * turned.history[0], "a rotation helps", 21, 5, turned.history[4], turned.history[0]);
		o.seed = 8;
		c.check(!(trained(k, o, rows, NULL) == turned), "the seed matters", 21, 5, 0, 0);
	}
	check_starts(k, c);
	/* One dimension; a sub-space for each; rows of which few are distinct; none but zeros. */
	o = {1, 1, 4, 300, 8, 2, RV_KMEANS_PLUS_PLUS, 7};
	check_training(k, c, o, rows);
	o = {6, 6, 4, 200, 8, 2, RV_KMEANS_PLUS_PLUS, 7};
	check_training(k, c, o, rows);
	std::vector<float> few(300 * 6);

	for (size_t r = 0; r < 300; r++)
		std::copy_n(rows.begin() + (ptrdiff_t) (r % 5 * 6), 6, few.begin() + (ptrdiff_t) (r * 6));
	o = {6, 2, 8, 300, 8, 2, RV_KMEANS_PLUS_PLUS, 7};
	check_training(k, c, o, few);
	c.check_equal("five places", 6, 2, trained(k, o, few, NULL).history[2], 0);
	check_training(k, c, o, std::vector<float>(300 * 6));
	/*
	 * Nine places in each of two sub-spaces: without a rotation nothing is lost.  Any other would lose something, since
	 * rows are rounded after it: it is undone, and the centroids with it.
	 */
	std::vector<float> whole(700 * 4);

	for (float &x : whole)
		x = (float) random_below(3);
	o = {4, 2, 4, 700, 8, 4, RV_KMEANS_PLUS_PLUS, 7};
	check_training(k, c, o, whole);

	const trained undone(k, o, whole, NULL);

	for (double error : undone.history)
		c.check_equal("no turn is worse than none", 4, 2, error, 0);
	for (size_t i = 0; i < 16; i++)
		c.check_equal("the rotation is undone", 4, i, undone.rotation[i], i % 5 == 0);
	for (float x : undone.centroids)
		c.check(x == 0 || x == 1 || x == 2, "the centroids, too", 4, 2, x, 0);
}

void
check_options(counts &c)
{
	const rv_product_options good = {21, 5, 8, 1300, 8, 0, RV_KMEANS_PLUS_PLUS, 7};
	const rv_product_options bad[] = {{0, 5, 8, 1300, 8, 0, RV_KMEANS_PLUS_PLUS, 7}, {65536, 5, 8, 1300, 8, 0, RV_KMEANS_PLUS_PLUS, 7}, {21, 0, 8, 1300, 8, 0, RV_KMEANS_PLUS_PLUS, 7},
	{21, 22, 8, 1300, 8, 0, RV_KMEANS_PLUS_PLUS, 7}, {21, 5, 5, 1300, 8, 0, RV_KMEANS_PLUS_PLUS, 7}, {21, 5, 8, 255, 8, 0, RV_KMEANS_PLUS_PLUS, 7},
	{21, 5, 8, 1300, SIZE_MAX, 0, RV_KMEANS_PLUS_PLUS, 7}, {21, 5, 8, 1300, 8, SIZE_MAX, RV_KMEANS_PLUS_PLUS, 7},
	{21, 5, 8, 1300, 8, 0, RV_KMEANS_GIVEN, 7}, {21, 5, 8, 1300, 8, 0, RV_KMEANS_PARALLEL, 7}};

	c.check(rv_product_workspace(&good) < 10000000, "workspace", 21, 5, (double) rv_product_workspace(&good), 1e7);
	for (const rv_product_options &o : bad)
		c.check(rv_product_workspace(&o) == SIZE_MAX, "refused", o.n, o.m, (double) rv_product_workspace(&o), 0);
}

}	/* namespace */

int
main()
{
	rv_quant_kernels oracle;

	rv_quant_variant(RV_VARIANT_SERIAL, &oracle);
	serial = &oracle;
	return run_variants([](const rv_quant_kernels *k, counts &c)
	{
		random_numbers = rv::random(5);
		for (size_t n = 1; n <= 40; n += 1 + n / 5)
		{
			check_polar(c, n, 1);
			check_polar(c, n, 1e6);
			check_permutation(c, n);
		}
		check_singular(c);
		check_options(c);
		check_all_training(k, c);
	});
}
