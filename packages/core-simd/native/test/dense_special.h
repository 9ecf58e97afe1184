/*
 * dense_special.h - the values of dense_test.cpp that are not like the others: NaN, infinity, zero and parallel
 * vectors, every half float, subnormal numbers, and the state of the processor that flushes them.
 */
#ifndef RUVECTOR_TEST_DENSE_SPECIAL_H
#define RUVECTOR_TEST_DENSE_SPECIAL_H

#include "dense_subject.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace
{

/* Every shape of a metric, on `a` and on five times `b`, gives `want`; infinities exactly, ranges as a flag. */
template<typename Judge>
void
check_shapes(subject &s, int m, const char *what, size_t at, size_t bt, size_t n, Judge fine)
{
	const rv_shapes &shapes = s.shapes[metrics[m]];
	const void *rows[5];
	float		out[15];
	const size_t a_rows = 3;

	check(s, metric_names[m], what, n, 0, fine(shapes.pair(s.a.at(at), s.b.at(bt), n)), 1, 0);
	shapes.many(s.a.at(at), s.b.at(bt), n, 5, 0, out);
	for (size_t r = 0; r < 5; r++)
	{
		check(s, metric_names[m], what, n, r, fine(out[r]), 1, 0);
		rows[r] = s.b.at(bt);
	}
	shapes.gather(s.a.at(at), rows, n, 5, out);
	for (size_t r = 0; r < 5; r++)
		check(s, metric_names[m], what, n, r, fine(out[r]), 1, 0);
	shapes.tile(s.a.at(at), a_rows, 0, s.b.at(bt), 5, 0, n, out, 5);
	for (size_t r = 0; r < 5 * a_rows; r++)
		check(s, metric_names[m], what, n, r, fine(out[r]), 1, 0);
}

bool		is_nan(double x) { return isnan(x); }
bool		is_infinite(double x) { return x == INFINITY; }
bool		is_distance(double x) { return x >= 0 && x <= 2; }

/* Infinity and NaN at each position reach the result; zero norms give NaN; similarities stay within [-1, 1]. */
void
check_special(subject &s)
{
	for (size_t n = 1; n <= 80; n++)
	{
		size_t		a = s.a.size - n,
					b = s.b.size - n;

		for (size_t i = 0; i < n; i++)
		{
			uint32_t	saved_a = s.a.type.get(s.a.at(a + i)),
						saved_b = s.b.type.get(s.b.at(b + i));

			s.a.set(a + i, s.a.type.nan());
			for (int m = 0; m < 4; m++)
				check_shapes(s, m, "NaN in a", a, b, n, is_nan);
			if (s.norm != NULL)
				check(s, "norm", "NaN", n, i, s.norm(s.a.at(a), n), NAN, 0);
			s.a.set(a + i, s.a.type.sign() | s.a.type.infinity());
			check_shapes(s, 1, "infinity", a, b, n, is_infinite);
			check_shapes(s, 2, "infinity", a, b, n, is_infinite);
			check_shapes(s, 3, "infinity", a, b, n, is_nan);
			if (s.norm != NULL)
				check(s, "norm", "infinity", n, i, s.norm(s.a.at(a), n), INFINITY, 0);
			s.b.set(b + i, s.b.type.sign() | s.b.type.infinity());
			check_shapes(s, 0, "infinity times infinity", a, b, n, is_infinite);
			for (int m = 1; m < 4; m++)
				check_shapes(s, m, "infinity in both", a, b, n, is_nan);
			s.a.set(a + i, saved_a);
			/* The NaN that has the least bits: only the lowest of the fraction. */
			s.b.set(b + i, s.b.type.infinity() | 1);
			for (int m = 0; m < 4; m++)
				check_shapes(s, m, "NaN in b", a, b, n, is_nan);
			s.b.set(b + i, saved_b);
		}
		for (size_t i = 0; i < n; i++)
			s.a.set(a + i, i % 2 ? s.a.type.sign() : 0);
		check_shapes(s, 3, "zero vector", a, b, n, is_nan);
		/* Parallel and opposite vectors: the sums differ by their order, so the quotient lies beside 1 without a limit. */
		for (size_t i = 0; i < n; i++)
			s.a.set(a + i, s.a.type.widened(s.b.type, s.b.type.get(s.b.at(b + i))));
		check_shapes(s, 3, "parallel", a, b, n, is_distance);
		for (size_t i = 0; i < n; i++)
			s.a.set(a + i, s.a.type.sign() | s.a.type.get(s.a.at(a + i)));
		check_shapes(s, 3, "opposite", a, b, n, is_distance);
		for (size_t i = 0; i < n; i++)
		{
			s.a.set(a + i, s.a.type.random());
			s.b.set(b + i, s.b.type.random());
		}
	}
}

/* Each value of a half float alone, and in each lane of whole and of partial registers. */
void
check_halves(subject &s)
{
	const size_t n = 75;
	size_t		a = s.a.size - n,
				b = s.b.size - n;

	for (size_t i = 0; i < n; i++)
	{
		s.a.set(a + i, s.a.type.one());
		s.b.set(b + i, 0);
	}
	for (uint32_t bits = 0; bits < 0x10000; bits++)
	{
		size_t		at = b + bits % n;

		s.b.set(at, bits);

		double		want = s.b.values[at];

		check(s, "dot", "every half, alone", 1, bits, s.shapes[0].pair(s.a.at(a), s.b.at(at), 1), want, 0);
		check(s, "dot", "every half", n, bits, s.shapes[0].pair(s.a.at(a), s.b.at(b), n), want, 0);
		if (s.norm != NULL)
		{
			check(s, "norm", "every half, alone", 1, bits, s.norm(s.b.at(at), 1), fabs(want), 0);
			check(s, "norm", "every half", n, bits, s.norm(s.b.at(b), n), fabs(want), 0);
		}
		s.b.set(at, 0);
	}
	for (size_t i = 0; i < n; i++)
	{
		s.a.set(a + i, s.a.type.random());
		s.b.set(b + i, s.b.type.random());
	}
}

/* Subnormal float32 and bfloat16 are numbers, too. */
void
check_subnormal(subject &s)
{
	for (size_t n = 1; n <= 70; n++)
	{
		size_t		a = s.a.size - n,
					b = s.b.size - n;

		for (size_t i = 0; i < n; i++)
			s.b.set(b + i, (uint32_t) random_bits() & (s.b.type.sign() | ((1u << s.b.type.fraction_bits) - 1)));

		exact		e(s.a.values + a, s.b.values + b, n);

		for (int m = 0; m < 3; m++)
			check_exact(s, metric_names[m], 0, s.shapes[metrics[m]].pair(s.a.at(a), s.b.at(b), n), e, metrics[m], true);
		if (s.norm != NULL)
			check(s, "norm", "subnormal", n, 0, s.norm(s.b.at(b), n), sqrt(e.bb),
				  ((double) n + 2) * DBL_EPSILON * sqrt(e.bb));
		for (size_t i = 0; i < n; i++)
			s.b.set(b + i, s.b.type.random());
	}
}

/* Binary16 is read as it is even by a process that has the processor flush subnormal numbers. */
void
check_flushing(subject &s)
{
#if defined(__SSE2__)
	const unsigned denormals_are_zero = 1u << 6,
				flush_to_zero = 1u << 15;
	unsigned	before = _mm_getcsr();

	_mm_setcsr(before | denormals_are_zero | flush_to_zero);
	check_halves(s);
	_mm_setcsr(before);
#elif defined(__aarch64__)
	uint64_t	before,
				flushing;

	__asm__ volatile("mrs %0, fpcr" : "=r"(before));
	flushing = before | 1u << 24;
	__asm__ volatile("msr fpcr, %0" : : "r"(flushing));
	check_halves(s);
	__asm__ volatile("msr fpcr, %0" : : "r"(before));
#else
	(void) s;
#endif
}

}	/* namespace */

#endif							/* RUVECTOR_TEST_DENSE_SPECIAL_H */
