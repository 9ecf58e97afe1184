/*
 * kernels.cpp - the measurements of bench/kernels.mjs: bytes of rows per tick of the time stamp counter, without Node.
 *
 *   kernels <variant> <type> <metric> <dimensions> <bytes of rows> <width of a load>
 *
 * Prints three numbers: of the kernel that scores one query against rows side by side, and of a loop of the same shape that
 * only loads: the query once and four rows, as wide as the kernel's own loads; and the processor's cycles per tick, from a chain of additions of one cycle each.
 * All are the best of rounds that alternate.
 *
 * Then, where the kernel spends its time: a line `range <first> <end>` with the addresses of the rows, and a line
 * `at <address> <16 registers>` for each of some hundred interrupts of the processor's time, all in hexadecimal: the
 * registers in the order of their encoding (rax rcx rdx rbx rsp rbp rsi rdi r8 ... r15).  With them the script knows which
 * loop is hot and which of its loads are loads of rows.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

#include <ruvector/simd.h>

#if !defined(__x86_64__)
#error "the time stamp counter is one of x86-64"
#endif
#include <x86intrin.h>

namespace
{

template<int Width>
struct line
{
	typedef int32_t type __attribute__((vector_size(Width), aligned(1), may_alias));
};

/* OR costs one cycle of latency and any of several ports, so the loads decide. */
#define LOAD_LOOP(width, isa) \
	__attribute__((target(isa))) void \
	load_##width(const char *query, const char *rows, size_t bytes, size_t count, float *out) \
	{ \
		typedef line<width>::type v; \
		v			s0 = {}, s1 = {}, s2 = {}, s3 = {}; \
\
		for (size_t r = 0; r + 4 <= count; r += 4) \
		{ \
			const char *p = rows + r * bytes; \
\
			for (size_t i = 0; i + width <= bytes; i += width) \
			{ \
				v			q = *(const v *) (query + i); \
\
				s0 |= q | *(const v *) (p + i); \
				s1 |= q | *(const v *) (p + bytes + i); \
				s2 |= q | *(const v *) (p + 2 * bytes + i); \
				s3 |= q | *(const v *) (p + 3 * bytes + i); \
			} \
		} \
		s0 |= s1 | s2 | s3; \
		memcpy(out, &s0, sizeof(*out)); \
	}

LOAD_LOOP(16, "avx")
LOAD_LOOP(32, "avx2")
LOAD_LOOP(64, "avx512f")

/* Additions that wait for each other, one cycle each. */
double
cycles_per_tick()
{
	unsigned	aux;
	uint64_t	x = 0;
	uint64_t	start = __rdtscp(&aux);

	for (int i = 0; i < 10000; i++)
		__asm__ volatile("add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0\n"
						 "add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0\n add $1, %0\n" : "+r"(x));
	return 100000.0 / (double) (__rdtscp(&aux) - start);
}

constexpr int max_samples = 400;

struct sample
{
	greg_t		at;
	greg_t		registers[16];
};

sample		samples[max_samples];
volatile sig_atomic_t sampled = 0;

void
take_sample(int, siginfo_t *, void *context)
{
	static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
	const greg_t *from = ((const ucontext_t *) context)->uc_mcontext.gregs;

	if (sampled == max_samples)
		return;
	samples[sampled].at = from[REG_RIP];
	for (int i = 0; i < 16; i++)
		samples[sampled].registers[i] = from[order[i]];
	sampled = sampled + 1;
}

/* Interrupts this process every millisecond of its own time while `work` runs again and again. */
template<typename Work>
void
take_samples(Work work)
{
	struct sigaction action = {};
	struct itimerval every = {{0, 1000}, {0, 1000}};
	struct itimerval never = {};

	action.sa_sigaction = take_sample;
	action.sa_flags = SA_SIGINFO | SA_RESTART;
	sigaction(SIGPROF, &action, NULL);
	setitimer(ITIMER_PROF, &every, NULL);
	while (sampled < max_samples)
		work();
	setitimer(ITIMER_PROF, &never, NULL);
}

int
index_of(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

}	/* namespace */

int
main(int argc, char **argv)
{
	static const char *const types[] = {"f32", "f16", "bf16", "i8", "u8", "bits", "f32_f16"};
	static const char *const metrics[] = {"dot", "l2sq", "l1", "cosine", "hamming", "jaccard"};
	const rv_kernels *k = argc == 7 ? rv_simd_init(argv[1]) : NULL;
	int			type = argc == 7 ? index_of(types, 7, argv[2]) : -1;
	int			metric = argc == 7 ? index_of(metrics, 6, argv[3]) : -1;

	if (k == NULL || type < 0 || metric < 0 || k->shapes[type][metric].many == NULL)
	{
		fprintf(stderr, "usage: kernels <variant> <type> <metric> <dimensions> <bytes> <width>; the variant must run here\n");
		return 2;
	}
	size_t		dimensions = strtoul(argv[4], NULL, 10);
	size_t		n = type == RV_TYPE_BITS ? dimensions / 8 : dimensions;
	size_t		row_bytes = n * rv_simd_row_bytes((rv_type) type);
	size_t		count = strtoul(argv[5], NULL, 10) / row_bytes / 4 * 4;
	int			width = atoi(argv[6]);
	size_t		all = (row_bytes * count + 63) / 64 * 64;
	unsigned char *rows = (unsigned char *) aligned_alloc(64, all);
	unsigned char *query = (unsigned char *) aligned_alloc(64, (n * rv_simd_query_bytes((rv_type) type) + 63) / 64 * 64);
	float	   *out = (float *) malloc((count + 16) * sizeof(float));
	size_t		repeat;
	double		best[2] = {0, 0};
	double		cycles = 0;

	if (count == 0 || rows == NULL || query == NULL || out == NULL)
		return 2;
	/* Small positive floats, halves and bytes alike. */
	for (size_t i = 0; i < all; i++)
		rows[i] = (unsigned char) (i % 61);
	for (size_t i = 0; i < n * rv_simd_query_bytes((rv_type) type); i++)
		query[i] = (unsigned char) (i % 59);
	repeat = (size_t) 4e6 / (row_bytes * count) + 1;

	for (int round = 0; round < 40; round++)
	{
		double		now = cycles_per_tick();

		if (now > cycles)
			cycles = now;
		for (int which = 0; which < 2; which++)
		{
			unsigned	aux;
			uint64_t	start = __rdtscp(&aux);

			for (size_t i = 0; i < repeat; i++)
				if (which == 0)
					k->shapes[type][metric].many(query, rows, n, count, n, out);
				else if (width == 16)
					load_16((const char *) query, (const char *) rows, row_bytes, count, out);
				else if (width == 32)
					load_32((const char *) query, (const char *) rows, row_bytes, count, out);
				else
					load_64((const char *) query, (const char *) rows, row_bytes, count, out);

			double		rate = (double) (row_bytes * count * repeat) / (double) (__rdtscp(&aux) - start);

			if (rate > best[which])
				best[which] = rate;
		}
	}
	printf("%.3f %.3f %.3f\n", best[0], best[1], cycles);

	take_samples([&] { k->shapes[type][metric].many(query, rows, n, count, n, out); });
	printf("range %llx %llx\n", (unsigned long long) (uintptr_t) rows, (unsigned long long) (uintptr_t) (rows + all));
	for (int i = 0; i < sampled; i++)
	{
		printf("at %llx", (unsigned long long) samples[i].at);
		for (greg_t value : samples[i].registers)
			printf(" %llx", (unsigned long long) value);
		printf("\n");
	}
	return 0;
}
