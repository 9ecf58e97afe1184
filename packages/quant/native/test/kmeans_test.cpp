/*
 * kmeans_test.cpp - the kernels of k-means of every variant that runs here against the serial ones, to the bit, and
 * training: the same result by every variant and in every order of tasks, an objective that never rises, centroids that
 * are means, memory that suffices, and an end when the host asks for one.
 */
#include <float.h>

#include <algorithm>
#include <vector>

#include <ruvector/quant/kmeans.h>

#include "support.h"

namespace
{

const rv_kmeans_kernels *serial;

/* Floats of many kinds; whole ones make equal distances. */
enum data
{
	WHOLE,
	NEAR,						/* far from 0, and close together: float32 cannot tell many apart */
	SMOOTH,
	HUGE,						/* squares leave float32 */
	TINY,						/* squares are subnormal or 0 */
	DATA_COUNT
};

float
value_of(data kind)
{
	switch (kind)
	{
		case WHOLE:
			return (float) random_below(3);
		case NEAR:
			return 1000.0f + (float) random_below(4) * 0x1p-13f;
		case HUGE:
			return (float) random_unit() * FLT_MAX;
		case TINY:
			return (float) random_unit() * 1e-21f;
		default:
			return (float) random_unit();
	}
}

void
fill(float *to, size_t count, data kind)
{
	for (size_t i = 0; i < count; i++)
		to[i] = value_of(kind);
}

void
check_nearest(const rv_kmeans_kernels *k, counts &c, size_t n, size_t centroids, size_t rows, size_t padding, data kind)
{
	const size_t stride = n + padding,
				row_floats = rows == 0 ? 0 : (rows - 1) * stride + n;
	guarded		centroid_memory(centroids * n * sizeof(float)), panel_memory(rv_kmeans_panel_floats(n, centroids) * sizeof(float)),
				row_memory((row_floats + 1) * sizeof(float)), index_memory((rows + 1) * sizeof(uint32_t)),
				distance_memory((rows + 1) * sizeof(double));
	float	   *centroid = centroid_memory.at_end<float>(centroids * n),
			   *panels = panel_memory.at_end<float>(rv_kmeans_panel_floats(n, centroids)),
			   *row = row_memory.at_end<float>(row_floats);
	uint32_t   *index = index_memory.at_end<uint32_t>(rows);
	double	   *distance = distance_memory.at_end<double>(rows);
	std::vector<uint32_t> want(rows);
	std::vector<double> want_distance(rows);
	const rv_kmeans_centroids subject = {centroid, panels, n, centroids};

	fill(centroid, centroids * n, kind);
	fill(row, row_floats, kind);
	/* Some are the very same. */
	for (size_t i = 1; i < centroids; i += 3)
		memcpy(centroid + i * n, centroid + random_below((uint32_t) i) * n, n * sizeof(float));
	for (size_t r = 0; r < rows; r += 5)
		memcpy(row + r * stride, centroid + random_below((uint32_t) centroids) * n, n * sizeof(float));
	rv_kmeans_pack(centroid, n, centroids, panels);
	serial->nearest(&subject, row, rows, stride, want.data(), want_distance.data());
	k->nearest(&subject, row, rows, stride, index, distance);
	for (size_t r = 0; r < rows; r++)
	{
		c.check_equal("nearest", n, r, index[r], want[r]);
		c.check_equal("its distance", n, r, distance[r], want_distance[r]);
		index[r] = UINT32_MAX;
	}
	k->nearest(&subject, row, rows, stride, index, NULL);
	for (size_t r = 0; r < rows; r++)
		c.check_equal("nearest without distances", n, r, index[r], want[r]);
}

/* Centroids as far from the row as float32 can tell, but for the last digits of float64. */
void
check_sphere(const rv_kmeans_kernels *k, counts &c, size_t n)
{
	const size_t count = 100;
	std::vector<float> row(n),
				centroid(count * n),
				panels(rv_kmeans_panel_floats(n, count));
	const rv_kmeans_centroids subject = {centroid.data(), panels.data(), n, count};
	uint32_t	want,
				got;
	double		want_distance,
				distance;

	fill(row.data(), n, SMOOTH);
	for (size_t j = 0; j < count; j++)
	{
		std::vector<double> direction(n);
		double		norm = 0;

		for (double &x : direction)
		{
			x = random_normal();
			norm += x * x;
		}
		for (size_t i = 0; i < n; i++)
			centroid[j * n + i] = (float) (row[i] + direction[i] / sqrt(norm));
	}
	rv_kmeans_pack(centroid.data(), n, count, panels.data());
	serial->nearest(&subject, row.data(), 1, n, &want, &want_distance);
	k->nearest(&subject, row.data(), 1, n, &got, &distance);
	c.check_equal("nearest on a sphere", n, 0, got, want);
	c.check_equal("its distance", n, 0, distance, want_distance);
}

void
check_closer(const rv_kmeans_kernels *k, counts &c, size_t n, data kind)
{
	const size_t rows = 37,
				stride = n + n % 3;
	guarded		row_memory(rows * stride * sizeof(float)), vector_memory(n * sizeof(float));
	float	   *row = row_memory.at_end<float>((rows - 1) * stride + n),
			   *vector = vector_memory.at_end<float>(n);
	double		least[rows],
				want[rows];
	uint32_t	index[rows];

	fill(row, (rows - 1) * stride + n, kind);
	fill(vector, n, kind);
	for (size_t r = 0; r < rows; r++)
	{
		want[r] = serial->distance(vector, row + r * stride, n);
		c.check_equal("distance", n, r, k->distance(vector, row + r * stride, n), want[r]);
		/* A third is farther before, a third as far, a third nearer. */
		least[r] = r % 3 == 0 ? INFINITY : r % 3 == 1 ? want[r] : want[r] / 2;
		index[r] = 7;
	}
	k->closer(vector, row, n, rows, stride, 9, least, index);
	for (size_t r = 0; r < rows; r++)
	{
		c.check_equal("closer", n, r, least[r], r % 3 == 2 ? want[r] / 2 : want[r]);
		c.check_equal("closer's number", n, r, index[r], r % 3 == 0 || (r % 3 == 2 && want[r] / 2 > want[r]) ? 9 : 7);
	}
	k->closer(vector, row, n, rows, stride, 9, least, NULL);
}

/* Rows around some centres. */
std::vector<float>
blobs(size_t rows, size_t n, size_t centres, double spread)
{
	std::vector<float> centre(centres * n),
				out(rows * n);

	fill(centre.data(), centre.size(), SMOOTH);
	for (size_t r = 0; r < rows; r++)
	{
		const float *around = centre.data() + random_below((uint32_t) centres) * n;

		for (size_t i = 0; i < n; i++)
			out[r * n + i] = around[i] + (float) (spread * random_unit());
	}
	return out;
}

/* Tasks backwards, and steps counted; ends at one of them. */
struct backwards
{
	size_t		steps = 0,
				stop_at = SIZE_MAX,
				done = 0,
				tasks = 0;
	bool		ascending = true;

	static void
	run(void *host, size_t count, rv_task task, void *data)
	{
		((backwards *) host)->tasks += count;
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

struct trained
{
	std::vector<float> centroids;
	std::vector<uint32_t> indices;
	std::vector<double> history;
	rv_kmeans_result result;
	int			ended;

	/* In memory that ends at a page that cannot be read, full of rubbish. */
	trained(const rv_kmeans_kernels *k, const rv_kmeans_options &o, const std::vector<float> &rows,
			const rv_kmeans_host *host, const std::vector<float> *given = NULL)
		: centroids(o.k * o.n), indices(o.rows), history(o.iterations + 1, NAN)
	{
		const size_t bytes = rv_kmeans_workspace(&o);
		guarded		memory(bytes);

		memset(memory.first, 0xA5, memory.size());
		if (given != NULL)
			centroids = *given;
		result = {centroids.data(), o.assign ? indices.data() : NULL, history.data(), 0, 0};
		ended = rv_kmeans_train(k, &o, rows.data(), memory.at_end<char>(bytes), host, &result);
	}

	bool
	operator==(const trained &other) const
	{
		return centroids == other.centroids && indices == other.indices && result.objective == other.result.objective &&
			result.iterations == other.result.iterations;
	}
};

double
objective_of(const rv_kmeans_options &o, const std::vector<float> &rows, const trained &t, counts &c)
{
	std::vector<float> panels(rv_kmeans_panel_floats(o.n, o.k));
	std::vector<uint32_t> index(o.rows);
	std::vector<double> distance(o.rows);
	const rv_kmeans_centroids centroids = {t.centroids.data(), panels.data(), o.n, o.k};
	double		sum = 0;

	rv_kmeans_pack(t.centroids.data(), o.n, o.k, panels.data());
	serial->nearest(&centroids, rows.data(), o.rows, o.n, index.data(), distance.data());
	for (size_t r = 0; r < o.rows; r++)
	{
		sum += distance[r];
		if (o.assign)
			c.check_equal("index is the nearest", o.n, r, t.indices[r], index[r]);
	}
	return sum;
}

/* What holds of every training; the objective. */
double
check_training(const rv_kmeans_kernels *k, counts &c, const rv_kmeans_options &o, const std::vector<float> &rows)
{
	backwards	host;
	const rv_kmeans_host reversed = host.of();
	const trained plain(k, o, rows, NULL),
				other(k, o, rows, &reversed),
				oracle(serial, o, rows, NULL);
	const double objective = objective_of(o, rows, plain, c);

	c.check(plain.ended == 1 && other.ended == 1, "ends", o.n, o.k, plain.ended, 1);
	c.check(plain == other, "the order of tasks does not matter", o.n, o.k, 0, 0);
	c.check(plain == oracle, "the variant does not matter", o.n, o.k, 0, 0);
	c.check(host.ascending && host.done == rv_kmeans_steps(&o), "progress", o.n, o.k, (double) host.done,
			(double) rv_kmeans_steps(&o));
	if (o.assign || o.coarse < 2)
		c.check_near("objective", o.n, o.k, plain.result.objective, objective, 1e-9 * objective);
	for (float x : plain.centroids)
		c.check(x == x && fabsf(x) < INFINITY, "finite centroids", o.n, o.k, x, 0);
	if (o.coarse < 2)
	{
		for (size_t i = 1; i <= plain.result.iterations; i++)
			c.check(plain.history[i] <= plain.history[i - 1] * (1 + 1e-12), "the objective never rises", o.n, i,
					plain.history[i], plain.history[i - 1]);
		for (size_t i = plain.result.iterations + 1; i <= o.iterations; i++)
			c.check(isnan(plain.history[i]), "history ends", o.n, i, plain.history[i], NAN);
	}

	/* Another seed gives other centroids, ended at any step it says so. */
	for (size_t stop : {(size_t) 0, host.steps / 3, host.steps - 1})
	{
		backwards	stopping;
		const rv_kmeans_host ends = stopping.of();

		stopping.stop_at = stop;

		const trained cut(k, o, rows, &ends);

		c.check(cut.ended == 0 && stopping.steps == stop + 1, "stops at once", o.n, stop, (double) stopping.steps,
				(double) stop + 1);
	}
	return objective;
}

/* After many iterations nothing changes any more, and centroids are the means of their rows. */
void
check_means(const rv_kmeans_kernels *k, counts &c, const rv_kmeans_options &o, const std::vector<float> &rows)
{
	const trained t(k, o, rows, NULL);
	std::vector<double> sums(o.k * o.n);
	std::vector<size_t> sizes(o.k);

	c.check(t.result.iterations < o.iterations, "settles", o.n, o.k, (double) t.result.iterations, 0);
	for (size_t i = 1; i <= t.result.iterations; i++)
		c.check(t.history[i] <= t.history[i - 1] * (1 + 1e-14), "the objective never rises", o.n, i, t.history[i],
				t.history[i - 1]);
	for (size_t r = 0; r < o.rows; r++)
	{
		sizes[t.indices[r]]++;
		for (size_t i = 0; i < o.n; i++)
			sums[t.indices[r] * o.n + i] += rows[r * o.n + i];
	}
	for (size_t j = 0; j < o.k; j++)
	{
		double		norm = 0;

		c.check(sizes[j] > 0, "no centroid without rows", o.n, j, (double) sizes[j], 1);
		for (size_t i = 0; i < o.n; i++)
			norm += sums[j * o.n + i] * sums[j * o.n + i];
		norm = o.spherical ? sqrt(norm) : (double) sizes[j];
		for (size_t i = 0; i < o.n; i++)
			c.check_near("mean", o.n, j, t.centroids[j * o.n + i], sums[j * o.n + i] / norm, o.spherical ? 1e-6 : 1e-7);
	}
}

void
normalise(std::vector<float> &rows, size_t n)
{
	for (size_t r = 0; r < rows.size() / n; r++)
	{
		double		norm = 0;

		for (size_t i = 0; i < n; i++)
			norm += (double) rows[r * n + i] * rows[r * n + i];
		for (size_t i = 0; norm > 0 && i < n; i++)
			rows[r * n + i] = (float) (rows[r * n + i] / sqrt(norm));
	}
}

rv_kmeans_options
options_of(size_t n, size_t rows, size_t k, rv_kmeans_start start)
{
	rv_kmeans_options o = {};

	o.n = n;
	o.rows = rows;
	o.k = k;
	o.iterations = 12;
	o.start = start;
	o.assign = 1;
	o.seed = 42;
	return o;
}

void
check_all_training(const rv_kmeans_kernels *k, counts &c)
{
	const rv_kmeans_start starts[] = {RV_KMEANS_RANDOM, RV_KMEANS_PLUS_PLUS, RV_KMEANS_PARALLEL};
	const size_t n = 10;
	std::vector<float> rows = blobs(1500, n, 20, 0.4);
	double		by_start[4];

	for (rv_kmeans_start start : starts)
		by_start[start] = check_training(k, c, options_of(n, 1500, 20, start), rows);
	/* Random rows may well miss a blob; the others hardly. */
	c.check(by_start[RV_KMEANS_PLUS_PLUS] <= by_start[RV_KMEANS_RANDOM] * 1.05, "k-means++ is no worse", n, 20,
			by_start[RV_KMEANS_PLUS_PLUS], by_start[RV_KMEANS_RANDOM]);
	c.check(by_start[RV_KMEANS_PARALLEL] <= by_start[RV_KMEANS_RANDOM] * 1.05, "k-means|| is no worse", n, 20,
			by_start[RV_KMEANS_PARALLEL], by_start[RV_KMEANS_RANDOM]);

	rv_kmeans_options o = options_of(n, 1500, 20, RV_KMEANS_PLUS_PLUS);

	o.iterations = 200;
	check_means(k, c, o, rows);
	o.seed = 43;
	c.check(!(trained(k, o, rows, NULL) == trained(k, options_of(n, 1500, 20, RV_KMEANS_PLUS_PLUS), rows, NULL)),
			"the seed matters", n, 20, 0, 0);

	/* Mini-batches. */
	o = options_of(n, 1500, 20, RV_KMEANS_RANDOM);
	o.batches = 5;
	o.batch_rows = 200;
	check_training(k, c, o, rows);
	o.iterations = 0;
	{
		const trained with(k, o, rows, NULL);

		o.batches = 0;

		const trained without(k, o, rows, NULL);

		c.check(with.result.objective < without.result.objective, "mini-batches help", n, 20, with.result.objective,
				without.result.objective);
	}

	/* Given centroids, most of them far from every row: they are given rows. */
	o = options_of(n, 1500, 20, RV_KMEANS_GIVEN);
	o.iterations = 200;
	{
		std::vector<float> given(20 * n, 1000.0f);

		std::copy(rows.begin(), rows.begin() + (ptrdiff_t) n, given.begin());

		const trained t(k, o, rows, NULL, &given);
		std::vector<size_t> sizes(20);

		for (uint32_t i : t.indices)
			sizes[i]++;
		for (size_t j = 0; j < 20; j++)
			c.check(sizes[j] > 0, "repaired", n, j, (double) sizes[j], 1);
		c.check(t.result.objective < 1.5 * by_start[RV_KMEANS_PLUS_PLUS], "repaired well", n, 20, t.result.objective,
				by_start[RV_KMEANS_PLUS_PLUS]);
		for (size_t i = 1; i <= t.result.iterations; i++)
			c.check(t.history[i] <= t.history[i - 1] * (1 + 1e-12), "the objective never rises", n, i, t.history[i],
					t.history[i - 1]);
	}

	/* Fewer distinct rows than centroids; one row for each; one centroid; one row. */
	std::vector<float> twice(600 * n);

	for (size_t r = 0; r < 600; r++)
		std::copy_n(rows.begin() + (ptrdiff_t) (r % 7 * n), n, twice.begin() + (ptrdiff_t) (r * n));
	for (rv_kmeans_start start : starts)
	{
		const double none = check_training(k, c, options_of(n, 600, 11, start), twice);

		c.check_equal("seven places", n, 11, none, 0);
		check_training(k, c, options_of(n, 40, 40, start), rows);
		check_training(k, c, options_of(n, 300, 1, start), rows);
		check_training(k, c, options_of(n, 1, 1, start), rows);
		check_training(k, c, options_of(1, 700, 9, start), rows);
	}
	for (data kind : {WHOLE, NEAR, HUGE, TINY})
	{
		std::vector<float> other(500 * 9);

		fill(other.data(), other.size(), kind);
		/* HUGE: no sum leaves float64, and means stay in float32. */
		check_training(k, c, options_of(9, 500, 17, RV_KMEANS_PLUS_PLUS), other);
		check_training(k, c, options_of(9, 500, 17, RV_KMEANS_PARALLEL), other);
	}

	/* Directions, of which some are none; more dimensions than sums are made of at a time. */
	for (size_t wide : {(size_t) 3, (size_t) 300})
	{
		std::vector<float> directions = blobs(900, wide, 12, 0.5);

		std::fill_n(directions.begin() + (ptrdiff_t) (30 * wide), 3 * wide, 0.0f);
		normalise(directions, wide);
		o = options_of(wide, 900, 12, RV_KMEANS_PLUS_PLUS);
		o.spherical = 1;
		check_training(k, c, o, directions);
		o.iterations = 300;
		check_means(k, c, o, directions);
		o.batches = 3;
		o.batch_rows = 100;
		check_training(k, c, o, directions);
	}

	/*
	 * Each row its own centroid.  Rows of norm 1 in float32 are not quite their own directions, rounded: a centroid that
	 * moved there would be worse than it was.
	 */
	std::vector<float> apart(400 * 5);

	fill(apart.data(), apart.size(), SMOOTH);
	normalise(apart, 5);
	o = options_of(5, 400, 400, RV_KMEANS_RANDOM);
	o.spherical = 1;
	c.check_equal("a direction for each row", 5, 400, check_training(k, c, o, apart), 0);

	/* A hierarchy, which is not much worse, and has k centroids of which all are used. */
	std::vector<float> many = blobs(6000, n, 100, 0.4);

	o = options_of(n, 6000, 100, RV_KMEANS_PLUS_PLUS);

	const double flat = check_training(k, c, o, many);

	o.coarse = 10;

	const double cells = check_training(k, c, o, many);

	c.check(cells < 1.25 * flat, "a hierarchy is not much worse", n, 100, cells, flat);
	o.assign = 0;
	c.check_near("without indices", n, 100, check_training(k, c, o, many), cells, 0);
	/* More cells than places: seats go to those that have rows. */
	o = options_of(n, 600, 40, RV_KMEANS_PLUS_PLUS);
	o.coarse = 20;
	c.check_equal("seven places in cells", n, 40, check_training(k, c, o, twice), 0);
	o = options_of(n, 50, 50, RV_KMEANS_RANDOM);
	o.coarse = 50;
	c.check_equal("a cell for each row", n, 50, check_training(k, c, o, rows), 0);
}

void
check_options(counts &c)
{
	rv_kmeans_options o = options_of(10, 100, 5, RV_KMEANS_RANDOM);

	auto		refused = [&](const char *what, auto change)
	{
		rv_kmeans_options bad = o;

		change(bad);
		c.check(rv_kmeans_workspace(&bad) == SIZE_MAX, what, 0, 0, (double) rv_kmeans_workspace(&bad), (double) SIZE_MAX);
	};

	c.check(rv_kmeans_workspace(&o) < 100000, "workspace", 10, 5, (double) rv_kmeans_workspace(&o), 100000);
	refused("no dimensions", [](rv_kmeans_options &b) { b.n = 0; });
	refused("too many dimensions", [](rv_kmeans_options &b) { b.n = 65536; });
	refused("no centroids", [](rv_kmeans_options &b) { b.k = 0; });
	refused("more centroids than rows", [](rv_kmeans_options &b) { b.k = 101; });
	refused("too many rows", [](rv_kmeans_options &b) { b.rows = (size_t) 1 << 32; });
	refused("more cells than centroids", [](rv_kmeans_options &b) { b.coarse = 6; });
	refused("cells of given centroids", [](rv_kmeans_options &b) { b.coarse = 2; b.start = RV_KMEANS_GIVEN; });
	refused("tolerance", [](rv_kmeans_options &b) { b.tolerance = NAN; });
	refused("batches of nothing", [](rv_kmeans_options &b) { b.batches = 1; });
	refused("iterations without end", [](rv_kmeans_options &b) { b.iterations = SIZE_MAX / 8; });
}

}	/* namespace */

int
main()
{
	serial = rv_kmeans_variant(RV_VARIANT_SERIAL);
	return run_variants([](const rv_quant_kernels *kernels, counts &c)
	{
		const rv_kmeans_kernels *k = kernels->kmeans;

		c.check(k->variant == kernels->simd->variant && strcmp(k->name, kernels->simd->name) == 0, "name", 0, 0, 0, 0);
		for (int kind = 0; kind < DATA_COUNT; kind++)
		{
			for (size_t n = 1; n <= 35; n++)
			{
				check_nearest(k, c, n, 1 + random_below(70), random_below(30), n % 3, (data) kind);
				check_closer(k, c, n, (data) kind);
			}
			check_nearest(k, c, 8, 256, 500, 0, (data) kind);
			check_nearest(k, c, 100, 300, 60, 0, (data) kind);
			check_nearest(k, c, 4100, 40, 20, 1, (data) kind);
		}
		for (size_t n = 2; n <= 130; n++)
			check_sphere(k, c, n);
		check_closer(k, c, 65535, SMOOTH);
		check_options(c);
		random_numbers = rv::random(77);
		check_all_training(k, c);
	});
}
