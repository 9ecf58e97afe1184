/*
 * support.h - what the native tests share: memory between pages that cannot be read, random numbers, and the count of
 * checks.
 */
#ifndef RUVECTOR_QUANT_TEST_SUPPORT_H
#define RUVECTOR_QUANT_TEST_SUPPORT_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ruvector/quant.h>

#include "../src/random.h"

namespace
{

struct counts
{
	const char *variant = "";
	long		checks = 0,
				failures = 0;

	/* `got` and `want` are only shown. */
	void
	check(bool good, const char *what, size_t n, size_t at, double got, double want)
	{
		checks++;
		if (!good && failures++ < 20)
			printf("%s %s n=%zu at=%zu: got %.17g, want %.17g\n", variant, what, n, at, got, want);
	}

	/* The very number; NaN where NaN is wanted. */
	void
	check_equal(const char *what, size_t n, size_t at, double got, double want)
	{
		check(want != want ? got != got : got == want, what, n, at, got, want);
	}

	void
	check_near(const char *what, size_t n, size_t at, double got, double want, double tolerance)
	{
		bool		near = got == want || fabs(got - want) <= tolerance;

		check(want != want ? got != got : near, what, n, at, got, want);
	}

	/* Byte for byte. */
	void
	check_bytes(const char *what, size_t n, const void *got, const void *want, size_t bytes)
	{
		size_t		at = 0;

		while (at < bytes && ((const uint8_t *) got)[at] == ((const uint8_t *) want)[at])
			at++;
		check(at == bytes, what, n, at, at < bytes ? ((const uint8_t *) got)[at] : 0,
			  at < bytes ? ((const uint8_t *) want)[at] : 0);
	}
};

/* Bytes from `first` to before `last`, which lie between pages that cannot be read. */
struct guarded
{
	uint8_t    *first,
			   *last;

	explicit guarded(size_t bytes)
	{
		size_t		page = (size_t) sysconf(_SC_PAGESIZE);
		size_t		inner = (bytes + page - 1) / page * page;
		uint8_t    *base = (uint8_t *) mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (base == MAP_FAILED || (inner != 0 && mprotect(base + page, inner, PROT_READ | PROT_WRITE) != 0))
		{
			perror("mmap");
			exit(2);
		}
		first = base + page;
		last = first + inner;
	}

	guarded(const guarded &) = delete;
	guarded &operator=(const guarded &) = delete;

	~guarded()
	{
		size_t		page = (size_t) sysconf(_SC_PAGESIZE);

		munmap(first - page, size() + 2 * page);
	}

	size_t		size() const { return (size_t) (last - first); }

	/* The last n elements, and the n that begin `skip` elements from the start. */
	template<typename T>
	T		   *at_end(size_t n) const { return (T *) (void *) (last - n * sizeof(T)); }

	template<typename T>
	T		   *at_start(size_t skip) const { return (T *) (void *) (first + skip * sizeof(T)); }
};

rv::random	random_numbers(20240101);

inline uint32_t random_below(uint32_t n) { return random_numbers.below(n); }

/* Uniform in [-1, 1). */
inline double random_unit() { return 2 * random_numbers.unit() - 1; }

inline double
random_normal()
{
	for (;;)
	{
		double		x = random_unit(),
					y = random_unit(),
					r = x * x + y * y;

		if (r > 0 && r < 1)
			return x * sqrt(-2 * log(r) / r);
	}
}

/* Runs `test` for every variant of this machine; the exit status. */
template<typename Test>
int
run_variants(Test test)
{
	bool		failed = false;

	for (int v = 0; v < RV_VARIANT_COUNT; v++)
	{
		rv_quant_kernels kernels;
		counts		c;

		if (!rv_quant_variant((rv_variant) v, &kernels))
			continue;
		c.variant = kernels.simd->name;
		test(&kernels, c);
		printf("%s %ld checks, %ld failed\n", c.variant, c.checks, c.failures);
		fflush(stdout);
		failed |= c.failures != 0 || c.checks == 0;
	}
	return failed ? 1 : 0;
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_TEST_SUPPORT_H */
