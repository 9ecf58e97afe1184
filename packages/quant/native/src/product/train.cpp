/*
 * train.cpp - centroids of the sub-spaces, and the rotation before them.
 *
 * The rotation is found by turns (Ge et al., IEEE TPAMI 36(4), 2014, "non-parametric"): with centroids c of the codes of the
 * rows x, the orthogonal R with the least sum of |R x - c|^2 is that with the largest trace of R M, M = sum x c', and so R'
 * the orthogonal factor of M; then some iterations of k-means in each sub-space, from the centroids that are there.  The
 * first R is the identity, so the result is never worse than without a rotation.
 *
 * Rows may leave M without full rank, if only because some dimension is always 0.  Then R' maximises
 * trace(R (M + e R_before')), which is as good: trace(R R_before') is largest for R_before itself, so what R loses there it
 * gains with M (a proximal step).
 */
#include "../kmeans/train.h"
#include "layout.h"
#include "polar.h"

namespace rv_product
{

namespace
{

/* Rows for each centroid that the first centroids are found among, and iterations there. */
constexpr size_t start_rows = 32;
constexpr size_t start_iterations = 5;

/* Iterations of k-means in a turn, and after the last. */
constexpr size_t turn_iterations = 2;
constexpr size_t last_iterations = 12;

constexpr double tolerance = 1e-5;

/* The weight of the rotation before, as part of what M has. */
constexpr double proximal = 1e-7;

/* Dimensions of a task of M; sums of all codes fit into the second-level cache. */
constexpr size_t task_dimensions = 64;
constexpr size_t turn_rows = 64;

/* Steps are counted in units of this for each k-means of a sub-space. */
constexpr size_t units = 1024;

using rv_kmeans::arena;
using rv_kmeans::for_groups;
using rv_kmeans::for_tasks;
using rv_kmeans::least;

struct state
{
	const rv_product_kernels *kernels;
	const rv_kmeans_kernels *nearest;
	const rv_product_options *o;
	const rv_kmeans_host *host;
	const float *rows;
	float	   *centroids;

	size_t		done,
				total;
	bool		stopped;

	float	   *part;			/* rows of a sub-space */
	float	   *start;			/* some of them */
	uint32_t   *start_row;		/* which */
	uint32_t   *index;
	double	   *history;		/* of a k-means */
	char	   *workspace;		/* of a k-means */

	/* Of a rotation. */
	float	   *turned;			/* all rows, rotated */
	float	   *rotation;		/* R' */
	float	   *before;			/* rotation and centroids of the turn before */
	double	   *sums;			/* of rows by their codes: 2^bits * n */
	double	   *m;				/* n * n */
	double	   *inverse;
	uint32_t   *pivots;
};

size_t
most_start_rows(const rv_product_options *o)
{
	return least(o->rows, start_rows << o->bits);
}

rv_kmeans_options
kmeans_options(const rv_product_options *o, size_t width, size_t rows, size_t iterations, rv_kmeans_start start,
			   uint32_t seed)
{
	rv_kmeans_options k = {};

	k.n = width;
	k.rows = rows;
	k.k = (size_t) 1 << o->bits;
	k.iterations = iterations;
	k.tolerance = tolerance;
	k.start = start;
	k.assign = 1;
	k.seed = seed;
	return k;
}

size_t
widest(const rv_product_options *o)
{
	return (o->n + o->m - 1) / o->m;
}

size_t
kmeans_bytes(const rv_product_options *o)
{
	const rv_kmeans_options all = kmeans_options(o, widest(o), o->rows, o->iterations, RV_KMEANS_GIVEN, 0),
				some = kmeans_options(o, widest(o), most_start_rows(o), start_iterations, o->start, 0);
	const size_t a = rv_kmeans_workspace(&all),
				b = rv_kmeans_workspace(&some);

	return a > b ? a : b;
}

void
lay_out(state &s, arena &memory, const rv_product_options *o)
{
	const size_t k = (size_t) 1 << o->bits;

	s.part = memory.take<float>(o->rows * widest(o));
	s.start = memory.take<float>(most_start_rows(o) * widest(o));
	s.start_row = memory.take<uint32_t>(most_start_rows(o));
	s.index = memory.take<uint32_t>(o->rows);
	s.history = memory.take<double>((o->iterations > last_iterations ? o->iterations : last_iterations) + 1);
	s.workspace = memory.take<char>(kmeans_bytes(o));
	if (o->turns == 0)
		return;
	s.turned = memory.take<float>(o->rows * o->n);
	s.rotation = memory.take<float>(o->n * o->n);
	s.before = memory.take<float>((o->n + k) * o->n);
	s.sums = memory.take<double>(k * o->n);
	s.m = memory.take<double>(o->n * o->n);
	s.inverse = memory.take<double>(o->n * o->n);
	s.pivots = memory.take<uint32_t>(o->n);
}

/* Tells the host; false where it ends the work. */
bool
advance(state &s, size_t by)
{
	s.done += by;
	if (!s.stopped && s.host->step != NULL && !s.host->step(s.host->host, least(s.done, s.total), s.total))
		s.stopped = true;
	return !s.stopped;
}

/* The host of a k-means that is a part of the work. */
struct part_host
{
	state	   *s;
	size_t		units;
};

void
run_part(void *host, size_t count, rv_task task, void *data)
{
	state	   *s = ((part_host *) host)->s;

	s->host->run(s->host->host, count, task, data);
}

int
step_part(void *host, size_t done, size_t total)
{
	part_host  *part = (part_host *) host;
	state	   *s = part->s;
	const size_t here = (size_t) ((double) part->units * (double) done / (double) total);

	return s->host->step == NULL || s->host->step(s->host->host, least(s->done + here, s->total), s->total);
}

/* A k-means of `rows`; its objective. */
bool
train_part(state &s, const rv_kmeans_options &k, const float *rows, float *centroids, size_t weight, double *objective)
{
	part_host	part = {&s, weight};
	const rv_kmeans_host host = {&part, s.host->run == NULL ? NULL : run_part, step_part};
	rv_kmeans_result result = {centroids, s.index, s.history, 0, 0};

	if (!rv_kmeans_train(s.nearest, &k, rows, s.workspace, &host, &result))
	{
		s.stopped = true;
		return false;
	}
	s.done += weight;
	*objective = result.objective;
	return true;
}

void
take_part(const float *rows, size_t n, size_t begin, size_t width, size_t count, float *part)
{
	for (size_t r = 0; r < count; r++)
		for (size_t i = 0; i < width; i++)
			part[r * width + i] = rows[r * n + begin + i];
}

/* The first centroids of a sub-space, of some rows. */
bool
start_space(state &s, uint32_t space, size_t width, float *centroids)
{
	const size_t count = most_start_rows(s.o);
	double		objective;

	for (size_t r = 0; r < count; r++)
		__builtin_memcpy(s.start + r * width, s.part + s.start_row[r] * width, width * sizeof(float));
	return train_part(s, kmeans_options(s.o, width, count, start_iterations, s.o->start,
										s.o->seed + space * 0x9e3779b9u), s.start, centroids, units / 4, &objective);
}

/* Sums of whole rows by their codes, then M's columns of a sub-space: element i, j is the sum of x[i] c[j]. */
void
add_products(state &s, size_t begin, size_t width, const float *centroids)
{
	const size_t n = s.o->n,
				k = (size_t) 1 << s.o->bits;

	auto		task = [&](size_t t)
	{
		const size_t first = t * task_dimensions,
					here = least(task_dimensions, n - first);

		for (size_t c = 0; c < k; c++)
			for (size_t i = 0; i < here; i++)
				s.sums[c * n + first + i] = 0;
		for (size_t r = 0; r < s.o->rows; r++)
		{
			double	   *sums = s.sums + s.index[r] * n + first;
			const float *row = s.rows + r * n + first;

			for (size_t i = 0; i < here; i++)
				sums[i] += (double) row[i];
		}
		for (size_t i = first; i < first + here; i++)
			for (size_t j = 0; j < width; j++)
			{
				double		sum = 0;

				for (size_t c = 0; c < k; c++)
					sum += s.sums[c * n + i] * (double) centroids[c * width + j];
				s.m[i * n + begin + j] = sum;
			}
	};

	for_tasks(s.host, (n + task_dimensions - 1) / task_dimensions, task);
}

/* k-means in each sub-space of `rows`; the sum of squared residuals. */
bool
train_spaces(state &s, const float *rows, bool starts, size_t iterations, bool products, double *objective)
{
	const size_t k = (size_t) 1 << s.o->bits;

	*objective = 0;
	for (uint32_t space = 0; space < s.o->m; space++)
	{
		const size_t begin = RV_PRODUCT_BEGIN(s.o->n, s.o->m, space),
					width = RV_PRODUCT_BEGIN(s.o->n, s.o->m, space + 1) - begin;
		float	   *centroids = s.centroids + k * begin;
		double		own;

		take_part(rows, s.o->n, begin, width, s.o->rows, s.part);
		if (starts && !start_space(s, space, width, centroids))
			return false;
		if (!train_part(s, kmeans_options(s.o, width, s.o->rows, iterations, RV_KMEANS_GIVEN, 0), s.part, centroids,
						units, &own))
			return false;
		*objective += own;
		if (products)
			add_products(s, begin, width, centroids);
	}
	return true;
}

bool
go_on(void *data)
{
	return advance(*(state *) data, 0);
}

/* The next rotation, from M and the one before. */
bool
next_rotation(state &s)
{
	const size_t n = s.o->n;
	const double weight = proximal * frobenius_norm(s.m, n * n);
	const watcher watch = {go_on, &s};

	/* Nothing to rotate by: all rows are 0. */
	if (!(weight > 0))
		return true;
	for (size_t i = 0; i < n * n; i++)
		s.m[i] += weight * (double) s.rotation[i];
	if (!polar_factor(s.host, watch, n, s.m, s.inverse, s.pivots))
		return !s.stopped;
	for (size_t i = 0; i < n * n; i++)
		s.rotation[i] = (float) s.m[i];
	return true;
}

bool
turn_all(state &s)
{
	const size_t n = s.o->n;

	auto		task = [&](size_t t)
	{
		const size_t first = t * turn_rows;

		s.kernels->turn(s.rotation, n, s.rows + first * n, least(turn_rows, s.o->rows - first), s.turned + first * n);
	};

	return for_groups(s.host, (s.o->rows + turn_rows - 1) / turn_rows, (double) (turn_rows * n) * (double) n, task,
					  [&](size_t, size_t) { return advance(s, 0); });
}

/*
 * |R R' - 1| in the Frobenius norm, which is not less than in the spectral one; carried up by what rounding may take.
 * False where the host ended it.
 */
bool
distortion_of(state &s, double *distortion)
{
	const size_t n = s.o->n;

	auto		task = [&](size_t i)
	{
		for (size_t j = 0; j <= i; j++)
		{
			double		sum = i == j ? -1 : 0;

			for (size_t c = 0; c < n; c++)
				sum += (double) s.rotation[i * n + c] * (double) s.rotation[j * n + c];
			s.m[i * n + j] = s.m[j * n + i] = sum;
		}
	};

	/* Of R', which has the same. */
	if (!for_groups(s.host, n, (double) n * (double) n, task, [&](size_t, size_t) { return advance(s, 0); }))
		return false;
	*distortion = frobenius_norm(s.m, n * n) * (1.0 + 0x1p-20) + (double) n * 0x1p-48;
	return true;
}

/* One turn: false where it is no better than the one before, which then stays. */
bool
one_turn(state &s, size_t iterations, bool products, double objective_before, double *objective)
{
	const size_t n = s.o->n,
				centroid_floats = n << s.o->bits;

	__builtin_memcpy(s.before, s.rotation, n * n * sizeof(float));
	__builtin_memcpy(s.before + n * n, s.centroids, centroid_floats * sizeof(float));
	if (!next_rotation(s) || !turn_all(s) || !train_spaces(s, s.turned, false, iterations, products, objective))
		return false;
	if (*objective < objective_before)
		return true;
	__builtin_memcpy(s.rotation, s.before, n * n * sizeof(float));
	__builtin_memcpy(s.centroids, s.before + n * n, centroid_floats * sizeof(float));
	return false;
}

bool
find_rotation(state &s, rv_product_result *result)
{
	const size_t n = s.o->n,
				spaces = s.o->m * units;

	for (size_t i = 0; i < n * n; i++)
		s.rotation[i] = i % (n + 1) == 0 ? 1.0f : 0.0f;
	for (size_t t = 1; t <= s.o->turns; t++)
	{
		const bool	last = t == s.o->turns;

		result->history[t] = result->history[t - 1];
		if (!one_turn(s, last ? last_iterations : turn_iterations, !last, result->history[t - 1], &result->history[t]))
		{
			if (s.stopped)
				return false;
			/* No better, and nothing would be. */
			for (size_t rest = t; rest <= s.o->turns; rest++)
				result->history[rest] = result->history[t - 1];
			break;
		}
		s.done = spaces + spaces / 4 + t * spaces;
	}
	if (!distortion_of(s, &result->distortion))
		return false;
	__builtin_memcpy(result->rotation, s.rotation, n * n * sizeof(float));
	return true;
}

}	/* namespace */

}	/* namespace rv_product */

using namespace rv_product;

extern "C" size_t
rv_product_workspace(const rv_product_options *o)
{
	state		s;
	arena		memory = {NULL, 0};

	if (o->n < 1 || o->n > RV_QUANT_MAX_DIMENSIONS || o->m < 1 || o->m > o->n || (o->bits != 4 && o->bits != 8) ||
		(o->start != RV_KMEANS_PLUS_PLUS && o->start != RV_KMEANS_RANDOM) ||
		o->iterations > UINT32_MAX || o->turns > UINT32_MAX || kmeans_bytes(o) == SIZE_MAX ||
		(double) o->rows * (double) o->n > (double) (SIZE_MAX / 64))
		return SIZE_MAX;
	lay_out(s, memory, o);
	return memory.used;
}

extern "C" size_t
rv_product_steps(const rv_product_options *o)
{
	return o->m * units + o->m * units / 4 + o->turns * o->m * units;
}

extern "C" int
rv_product_train(const rv_product_kernels *kernels, const rv_kmeans_kernels *nearest, const rv_product_options *o,
				 const float *rows, void *workspace, const rv_kmeans_host *host, rv_product_result *result)
{
	static const rv_kmeans_host alone = {NULL, NULL, NULL};
	rv::random	random(o->seed, 0x70);
	arena		memory = {(char *) workspace, 0};
	state		s = {};
	rv_kmeans::selection chosen = {&random, o->rows, most_start_rows(o)};

	lay_out(s, memory, o);
	s.kernels = kernels;
	s.nearest = nearest;
	s.o = o;
	s.host = host == NULL ? &alone : host;
	s.rows = rows;
	s.centroids = result->centroids;
	s.total = rv_product_steps(o);
	for (size_t i = 0, taken = 0; taken < most_start_rows(o); i++)
		if (chosen.next())
			s.start_row[taken++] = (uint32_t) i;
	if (!train_spaces(s, rows, true, o->iterations, o->turns > 0, &result->history[0]))
		return 0;
	result->distortion = 0;
	if (o->turns > 0 && !find_rotation(s, result))
		return 0;
	s.done = s.total;
	return advance(s, 0);
}
