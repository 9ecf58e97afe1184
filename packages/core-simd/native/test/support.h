/*
 * support.h - what the tests of bits, sparse vectors and conversions share:
 * memory between pages that cannot be read, random numbers, and the count of
 * checks.
 *
 * The same programs run as WebAssembly without a C library (wasm_test.mjs).
 * There memory has no guard pages, and what failed is told to the host.
 */
#ifndef RUVECTOR_TEST_SUPPORT_H
#define RUVECTOR_TEST_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include <ruvector/simd.h>

#ifdef __wasm__

#define RV_IMPORT(name) extern "C" __attribute__((import_module("test"), import_name(#name)))

RV_IMPORT(say_failure) void say_failure(const char *variant, const char *what, double n, double at, double got, double want);
RV_IMPORT(say_variant) void say_variant(const char *variant, double checks, double failures);

/* Known to the host by this name, whatever the compiler makes of `main`. */
extern "C" __attribute__((export_name("main"))) int main();

#else

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

inline void
say_failure(const char *variant, const char *what, double n, double at, double got, double want)
{
	printf("%s %s n=%.0f at=%.0f: got %.17g, want %.17g\n", variant, what, n, at, got, want);
}

inline void
say_variant(const char *variant, double checks, double failures)
{
	printf("%s %.0f checks, %.0f failed\n", variant, checks, failures);
	fflush(stdout);
}

#endif

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
			say_failure(variant, what, (double) n, (double) at, got, want);
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
		bool		near = got == want || __builtin_fabs(got - want) <= tolerance;

		check(want != want ? got != got : near, what, n, at, got, want);
	}

	void
	check_code(const char *what, size_t n, size_t at, uint32_t got, uint32_t want)
	{
		check(got == want, what, n, at, (double) got, (double) want);
	}
};

/* Bytes from `first` to before `last`, which lie between pages that cannot be read. */
struct guarded
{
	uint8_t    *first,
			   *last;

#ifdef __wasm__
	explicit guarded(size_t bytes)
	{
		size_t		pages = (bytes + 65535) / 65536;

		first = (uint8_t *) (__builtin_wasm_memory_grow(0, pages) * 65536);
		last = first + pages * 65536;
	}
#else
	explicit guarded(size_t bytes)
	{
		size_t		page = (size_t) sysconf(_SC_PAGESIZE);
		size_t		inner = (bytes + page - 1) / page * page;
		uint8_t    *base = (uint8_t *) mmap(NULL, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (base == MAP_FAILED || mprotect(base + page, inner, PROT_READ | PROT_WRITE) != 0)
		{
			perror("mmap");
			exit(2);
		}
		first = base + page;
		last = first + inner;
	}
#endif

	size_t		size() const { return (size_t) (last - first); }

	/* The last n elements, and the n that begin `skip` elements from the start. */
	template<typename T>
	T		   *at_end(size_t n) const { return (T *) (void *) (last - n * sizeof(T)); }

	template<typename T>
	T		   *at_start(size_t skip) const { return (T *) (void *) (first + skip * sizeof(T)); }

	void
	fill(uint8_t byte)
	{
		for (uint8_t *p = first; p < last; p++)
			*p = byte;
	}
};

uint64_t	random_state = 0x9e3779b97f4a7c15u;

/* xorshift64* (Vigna, ACM Transactions on Mathematical Software 42(4), 2016). */
inline uint64_t
random_bits()
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1du;
}

inline uint32_t random_below(uint32_t n) { return (uint32_t) ((random_bits() >> 32) * n >> 32); }

/* Uniform in [-1, 1). */
inline double random_unit() { return (double) (int64_t) random_bits() / 9223372036854775808.0; }

/* Runs `test` for every variant of this machine; the exit status. */
template<typename Test>
int
run_variants(Test test)
{
	bool		failed = false;

	for (int v = 0; v < RV_VARIANT_COUNT; v++)
	{
		const rv_kernels *kernels = rv_simd_variant((rv_variant) v);
		counts		c;

		if (kernels == NULL)
			continue;
		c.variant = kernels->name;
		test(kernels, c);
		say_variant(kernels->name, (double) c.checks, (double) c.failures);
		failed |= c.failures != 0 || c.checks == 0;
	}
	return failed ? 1 : 0;
}

}	/* namespace */

#endif							/* RUVECTOR_TEST_SUPPORT_H */
