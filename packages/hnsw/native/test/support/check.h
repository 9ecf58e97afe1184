/*
 * check.h - what the programs of this folder share: counted checks in groups, random
 * numbers, and memory that is filled with rubbish and counted.
 *
 * A program prints a line for each group, `<name> <checks> checks, <failures> failed`,
 * indented figures before it, and returns 1 when anything failed.  Its argument, 1 by
 * default, multiplies the sizes of what takes long.
 */
#ifndef RUVECTOR_HNSW_TEST_CHECK_H
#define RUVECTOR_HNSW_TEST_CHECK_H

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace rv_test
{

inline long checks,
			failures,
			all_failures;
inline double scale = 1;

/* What a check says when it fails is printed for the first ones of a group. */
__attribute__((format(printf, 2, 3), noinline)) inline bool
check(bool right, const char *format, ...)
{
	va_list		arguments;

	checks++;
	if (right)
		return true;
	if (failures++ < 10)
	{
		printf("failed: ");
		va_start(arguments, format);
		vprintf(format, arguments);
		va_end(arguments);
		printf("\n");
	}
	return false;
}

__attribute__((noinline)) inline void
figure(const char *what, double value)
{
	printf("  %s: %.4f\n", what, value);
}

inline int
scaled(int size)
{
	return (int) (size * scale);
}

/* xorshift64* */
struct random_numbers
{
	uint64_t	state;

	explicit random_numbers(uint64_t seed)
		: state(seed * UINT64_C(0x9E3779B97F4A7C15) + 1)
	{
	}

	uint64_t
	next()
	{
		state ^= state >> 12;
		state ^= state << 25;
		state ^= state >> 27;
		return state * UINT64_C(0x2545F4914F6CDD1D);
	}

	uint32_t
	below(uint32_t n)
	{
		return (uint32_t) ((next() >> 32) * n >> 32);
	}

	bool
	one_in(uint32_t n)
	{
		return below(n) == 0;
	}

	/* In [0, 1). */
	double
	uniform()
	{
		return (double) (next() >> 11) / 9007199254740992.0;
	}

	double
	normal()
	{
		return sqrt(-2 * log(1 - uniform())) * cos(6.283185307179586 * uniform());
	}
};

/* Memory for the templates; what is not written must not be read. */
struct malloc_host
{
	static inline long live;

	static void *
	alloc(size_t bytes)
	{
		void	   *memory = malloc(bytes);

		if (memory == NULL)
		{
			perror("malloc");
			exit(2);
		}
		memset(memory, 0xA5, bytes);
		__atomic_add_fetch(&live, 1, __ATOMIC_RELAXED);
		return memory;
	}

	static void
	free(void *memory)
	{
		__atomic_sub_fetch(&live, 1, __ATOMIC_RELAXED);
		::free(memory);
	}
};

inline void
begin(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1)
		scale = atof(argv[1]);
}

/* One group; whatever it took from the host must be back. */
template<typename Group>
void
run(const char *name, Group group)
{
	long		live = malloc_host::live;

	checks = failures = 0;
	group();
	check(malloc_host::live == live, "%ld pieces of memory are left", malloc_host::live - live);
	printf("%s %ld checks, %ld failed\n", name, checks, failures);
	all_failures += failures;
}

inline int
status()
{
	return all_failures == 0 ? 0 : 1;
}

}	/* namespace rv_test */

#endif							/* RUVECTOR_HNSW_TEST_CHECK_H */
