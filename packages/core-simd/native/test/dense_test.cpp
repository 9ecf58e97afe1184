/*
 * dense_test.cpp - the kernels for float32, binary16, bfloat16 and float32 against binary16, of every variant that
 * runs here, against float64.
 *
 * Inputs end exactly at a page that cannot be read, or start exactly after one, so one byte too many in either
 * direction is a signal, not luck.  Prints one line a variant, `<name> <checks> checks, <failures> failed`, and
 * returns 1 when anything failed.  Runs as it is, under ASan and UBSan, for armv8-a under user-mode emulation, and
 * for AVX-512 with emulated intrinsics (src/x86.h).
 */
#include "dense_special.h"
#include "dense_subject.h"

namespace
{

const size_t long_dims[] = {255, 256, 257, 384, 511, 768, 1000, 1024, 1536, 2047, 4096};
const size_t short_dims = 201;
const size_t all_dims = short_dims + sizeof(long_dims) / sizeof(long_dims[0]);

size_t
dims(size_t d)
{
	return d < short_dims ? d : long_dims[d - short_dims];
}

/* Pairs at element `at` of a and `bt` of b. */
void
check_pair(subject &s, size_t at, size_t bt, size_t n)
{
	exact		e(s.a.values + at, s.b.values + bt, n);

	for (int m = 0; m < 4; m++)
	{
		double		got = s.shapes[metrics[m]].pair(s.a.at(at), s.b.at(bt), n);

		check_exact(s, metric_names[m], 0, got, e, metrics[m], true);
		if (metrics[m] != RV_METRIC_COSINE)
			check(s, metric_names[m], "is a float32", n, 0, (float) got, got, 0);
	}
	if (s.norm != NULL)
		check(s, "norm", "pair", n, 0, s.norm(s.a.at(at), n), sqrt(e.aa), ((double) n + 2) * DBL_EPSILON * sqrt(e.aa));
}

/* The same vector at other distances from a page or a cache line gives the same bits. */
void
check_alignment(subject &s, size_t n)
{
	for (int m = 0; m < 4; m++)
	{
		rv_pair		pair = s.shapes[metrics[m]].pair;
		double		want = 0;

		for (size_t shift = 0; shift < 5; shift++)
		{
			s.scratch.copy(shift, s.b, 7, n);

			double		got = pair(s.a.at(3), s.scratch.at(shift), n);

			if (shift == 0)
				want = got;
			check(s, metric_names[m], "aligned otherwise", n, shift, got, want, 0);
		}
	}
	if (&s.a.type != &s.b.type)
		return;
	check(s, "l2sq", "with itself", n, 0, s.shapes[RV_METRIC_L2SQ].pair(s.a.at(1), s.a.at(1), n), 0, 0);
	check(s, "l1", "with itself", n, 0, s.shapes[RV_METRIC_L1].pair(s.a.at(1), s.a.at(1), n), 0, 0);
}

/* "many" within the bounds; "gather" as "many", to the bit, in whatever order the rows are asked for. */
void
check_rows(subject &s, size_t at, size_t bt, size_t n, size_t count, size_t stride)
{
	const void *pointers[max_count];
	float		many[max_count];

	for (int m = 0; m < 4; m++)
	{
		float	   *out = s.out(count);

		s.shapes[metrics[m]].many(s.a.at(at), s.b.at(bt), n, count, stride, out);
		check(s, metric_names[m], "write before out", n, count, out[-1], untouched, 0);
		for (size_t r = 0; r < count; r++)
		{
			exact		e(s.a.values + at, s.b.values + bt + r * stride, n);

			check_exact(s, metric_names[m], r, out[r], e, metrics[m], false);
			many[r] = out[r];
			pointers[r] = s.b.at(bt + r * stride);
		}
		out = s.out(count);
		s.shapes[metrics[m]].gather(s.a.at(at), pointers, n, count, out);
		check(s, metric_names[m], "write before out", n, count, out[-1], untouched, 0);
		for (size_t r = 0; r < count; r++)
			check(s, metric_names[m], "gather", n, r, out[r], many[r], 0);
		for (size_t r = 0; r < count; r++)
			pointers[r] = s.b.at(bt + (count - 1 - r) * stride);
		s.shapes[metrics[m]].gather(s.a.at(at), pointers, n, count, out);
		for (size_t r = 0; r < count; r++)
		{
			exact		e(s.a.values + at, s.b.values + bt + (count - 1 - r) * stride, n);

			check_exact(s, metric_names[m], r, out[r], e, metrics[m], false);
		}
	}
}

/* a_count x b_count results, the rows of `out` as far apart as out_stride says, nothing written between them. */
void
check_tile(subject &s, size_t a_count, size_t a_stride, size_t b_count, size_t b_stride, size_t n, size_t out_stride)
{
	size_t		size = a_count == 0 ? 0 : (a_count - 1) * out_stride + b_count;
	size_t		at = a_count == 0 ? s.a.size : s.a.size - (a_count - 1) * a_stride - n;
	size_t		bt = b_count == 0 ? s.b.size : s.b.size - (b_count - 1) * b_stride - n;

	for (int m = 0; m < 4; m++)
	{
		float	   *out = s.out(size);

		s.shapes[metrics[m]].tile(s.a.at(at), a_count, a_stride, s.b.at(bt), b_count, b_stride, n, out, out_stride);
		check(s, metric_names[m], "write before out", n, a_count, out[-1], untouched, 0);
		for (size_t q = 0; q < a_count; q++)
		{
			for (size_t r = 0; r < b_count; r++)
			{
				exact		e(s.a.values + at + q * a_stride, s.b.values + bt + r * b_stride, n);

				check_exact(s, metric_names[m], q * 100 + r, out[q * out_stride + r], e, metrics[m], false);
			}
			for (size_t i = q * out_stride + b_count; i < (q + 1) * out_stride && i < size; i++)
				check(s, metric_names[m], "write between rows of out", n, q, out[i], untouched, 0);
		}
	}
}

void
check_lengths(subject &s)
{
	static const size_t counts[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

	for (size_t d = 0; d < all_dims; d++)
	{
		size_t		n = dims(d);

		check_pair(s, s.a.size - n, s.b.size - n, n);
		check_pair(s, 0, 0, n);
		check_pair(s, 1, s.b.size - n, n);
		check_pair(s, 1 + n % 15, 1, n);
		check_alignment(s, n);
		for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
		{
			size_t		count = counts[c];

			check_rows(s, s.a.size - n, s.b.size - count * n, n, count, n);
			/* A stride larger than a row: the last row still ends at the guard. */
			if (count > 0)
				check_rows(s, 1, s.b.size - (count - 1) * (n + 3) - n, n, count, n + 3);
		}
		/* All blocks up to 9 x 9 at lengths around one and two registers, some of them at others. */
		for (size_t a_count = 0; a_count <= max_count; a_count++)
			for (size_t b_count = 0; b_count <= max_count; b_count++)
				if (n <= 9 || (n >= 15 && n <= 33 && n % 4 <= 1) || (a_count * 3 + b_count + n) % 17 == 0)
					check_tile(s, a_count, n + n % 3, b_count, n + n % 2, n, b_count + n % 4);
	}
	/* More queries than there is room for norms. */
	for (size_t n = 7; n <= 57; n += 10)
		check_tile(s, 500, n, 7, n, n, 7);
	/* The same rows again and again. */
	check_tile(s, 9, 0, 9, 0, 40, 9);
}

/* So many rows that the kernels ask for them ahead, or read them in turn, dense or nearly; "gather" gives the same to the bit. */
void
check_ahead(subject &s)
{
	static const size_t lengths[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 100, 128, 257, 384, 1000, 1024,
	2048};

	for (size_t d = 0; d < sizeof(lengths) / sizeof(lengths[0]); d++)
		for (size_t dense = 0; dense < 2; dense++)
		{
			size_t		n = lengths[d];
			size_t		stride = dense ? n : n + n / 8;
			size_t		count = ahead_bytes / s.b.type.bytes / n + 3;
			size_t		begin = s.b.size - (count - 1) * stride - n;

			if (count * stride > s.b.size)
				continue;
			for (int m = 0; m < 4; m++)
			{
				float	   *out = s.out(count);

				s.shapes[metrics[m]].many(s.a.at(s.a.size - n), s.b.at(begin), n, count, stride, out);
				check(s, metric_names[m], "write before out", n, count, out[-1], untouched, 0);
				for (size_t r = 0; r < count; r++)
				{
					exact		e(s.a.values + s.a.size - n, s.b.values + begin + r * stride, n);

					check_exact(s, metric_names[m], r, out[r], e, metrics[m], false);
				}
				for (size_t r = 0; r + 4 <= count; r += 4)
				{
					const void *pointers[4];
					float		same[4];

					for (size_t i = 0; i < 4; i++)
						pointers[i] = s.b.at(begin + (r + i) * stride);
					s.shapes[metrics[m]].gather(s.a.at(s.a.size - n), pointers, n, 4, same);
					for (size_t i = 0; i < 4; i++)
						check(s, metric_names[m], "gather of many", n, r + i, same[i], out[r + i], 0);
				}
			}
		}
}

/* The functions with the types of float32 give what the others give, to the bit. */
void
check_typed(const rv_kernels *k, subject &s)
{
	const rv_pair_f32 pairs[] = {k->dot_f32, k->l2sq_f32, k->l1_f32};
	const rv_many_f32 manies[] = {k->dot_f32_many, k->l2sq_f32_many, k->l1_f32_many, k->cosine_f32_many};
	const rv_gather_f32 gathers[] = {k->dot_f32_gather, k->l2sq_f32_gather, k->l1_f32_gather};
	const size_t count = 5;

	for (size_t n = 0; n <= 100; n++)
	{
		size_t		begin = s.b.size - count * n;
		const float *query = (const float *) s.a.at(s.a.size - n),
				   *rows = (const float *) s.b.at(begin);
		const void *pointers[count];
		const float *typed_pointers[count];
		float		want[count];

		for (size_t r = 0; r < count; r++)
			pointers[r] = typed_pointers[r] = rows + (count - 1 - r) * n;
		for (int m = 0; m < 4; m++)
		{
			float	   *out = s.out(count);

			s.shapes[m].many(query, rows, n, count, n, want);
			manies[m] (query, rows, n, count, n, out);
			for (size_t r = 0; r < count; r++)
				check(s, metric_names[m], "typed many", n, r, out[r], want[r], 0);
			if (m == RV_METRIC_COSINE)
				continue;
			check(s, metric_names[m], "typed", n, 0, pairs[m] (query, rows, n), s.shapes[m].pair(query, rows, n), 0);
			s.shapes[m].gather(query, pointers, n, count, want);
			gathers[m] (query, typed_pointers, n, count, out);
			for (size_t r = 0; r < count; r++)
				check(s, metric_names[m], "typed gather", n, r, out[r], want[r], 0);
		}
		check(s, "cosine", "typed", n, 0, k->cosine_f32(query, rows, n),
			  s.shapes[RV_METRIC_COSINE].pair(query, rows, n), 0);
		check(s, "norm", "typed", n, 0, k->norm_f32(query, n), s.norm(query, n), 0);
	}
}

void
check_type(const rv_kernels *k, rv_type type, const char *name, const format &a, const format &b)
{
	subject		s(k, type, name, a, b);

	check_lengths(s);
	check_ahead(s);
	check_special(s);
	check_subnormal(s);
	if (b.bytes == 2)
		check_halves(s);
	if (b.exponent_bits == 5)
		check_flushing(s);
	if (type == RV_TYPE_F32)
		check_typed(k, s);
}

const struct
{
	rv_type		type;
	const char *name;
	const format &a,
			   &b;
}			types[] = {
	{RV_TYPE_F32, "f32", binary32, binary32},
	{RV_TYPE_F16, "f16", binary16, binary16},
	{RV_TYPE_BF16, "bf16", bfloat16, bfloat16},
	{RV_TYPE_F32_F16, "f32_f16", binary32, binary16},
};

/* Whether a variant takes all that is tested here from another, as dotprod does from neon. */
bool
same_kernels(const rv_kernels *k, const rv_kernels *other)
{
	bool		same = k->dot_f32 == other->dot_f32 && k->l2sq_f32 == other->l2sq_f32 && k->l1_f32 == other->l1_f32 &&
		k->cosine_f32 == other->cosine_f32 && k->norm_f32 == other->norm_f32 &&
		k->dot_f32_many == other->dot_f32_many && k->l2sq_f32_many == other->l2sq_f32_many &&
		k->l1_f32_many == other->l1_f32_many && k->cosine_f32_many == other->cosine_f32_many &&
		k->dot_f32_gather == other->dot_f32_gather && k->l2sq_f32_gather == other->l2sq_f32_gather &&
		k->l1_f32_gather == other->l1_f32_gather;

	for (const auto &t : types)
		same = same && memcmp(k->shapes[t.type], other->shapes[t.type], sizeof(k->shapes[t.type])) == 0 &&
			k->norm[t.type] == other->norm[t.type];
	return same;
}

}	/* namespace */

int
main()
{
	const rv_kernels *before = NULL;
	long		all_failures = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int v = 0; v < RV_VARIANT_COUNT; v++)
	{
		const rv_kernels *k = rv_simd_variant((rv_variant) v);

		if (k == NULL)
			continue;
		/* The checks of the variant before hold for this one, if it is made of the same kernels. */
		if (before == NULL || !same_kernels(k, before))
		{
			checks = failures = 0;
			for (const auto &t : types)
				check_type(k, t.type, t.name, t.a, t.b);
		}
		before = k;
		printf("%s %ld checks, %ld failed\n", k->name, checks, failures);
		all_failures += failures;
	}
	return all_failures == 0 ? 0 : 1;
}
