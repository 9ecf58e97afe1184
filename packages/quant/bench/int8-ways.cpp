/*
 * int8-ways.cpp - ways of multiplying 8-bit codes with a query in AVX2, side by side: bench/int8-ways.mjs.
 *
 *   int8-ways <dimensions> <codes>
 *
 * A query's weights are whole numbers of 16 bits, multiplied with even and odd codes by VPMADDWD (what haswell.cpp does), or
 * two bytes multiplied by VPMADDUBSW, whose sums of two products saturate at 2^15: with bytes of at most 32 two of its results
 * can be added before they are widened (12 bits in all), with bytes of at most 16 four (10 bits); or one byte of at most 64.
 *
 * Prints a line for each: name, the largest weight, nanoseconds a code for rows, for packed blocks, and what rounding the query
 * adds to an error bound, as a share of what rounding the code does, for normal data.  Times are medians of rounds that
 * alternate.  Sums are compared with plain ones first.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <algorithm>
#include <vector>

#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif

namespace
{

typedef int32_t lanes32 __attribute__((vector_size(32)));
typedef int16_t lanes16 __attribute__((vector_size(32)));

const size_t most_n = 4096,
			block = 32;

/* The weights of a way: 16 bits of even and of odd dimensions, or base * high + low. */
struct weights
{
	int			limit,
				base;
	alignas(32) int32_t whole[most_n];
	alignas(32) int16_t even[most_n / 2],
				odd[most_n / 2];
	alignas(32) int8_t high[most_n],
				low[most_n];
};

inline __m256i
load(const void *p)
{
	__m256i		x = _mm256_loadu_si256((const __m256i *) p);

	/* Once, whatever is done with it: src/scalar/haswell.cpp. */
	__asm__("" : "+x"(x));
	return x;
}

inline __m256i
word(const void *p)
{
	int32_t		w;

	memcpy(&w, p, sizeof(w));
	return _mm256_set1_epi32(w);
}

inline lanes32
widened(lanes16 x, int factor)
{
	return (lanes32) _mm256_madd_epi16((__m256i) x, _mm256_set1_epi16((int16_t) factor));
}

/*
 * The ways.  `add` adds products of K registers of codes, of some steps, to K sums: x(k, i) is register k of step i, w(p, i, d) are
 * the weights of step i among those at p, d dimensions apart.
 */
struct sixteen
{
	static constexpr size_t steps = 1,
				beside = 4;

	template<size_t K, typename Codes, typename Weights>
	static inline void
	add(const weights &q, lanes32 *s, Codes x, Weights w)
	{
		__m256i		even = w(q.even, 0, 2),
					odd = w(q.odd, 0, 2);

		for (size_t k = 0; k < K; k++)
		{
			__m256i		c = x(k, 0);

			s[k] += (lanes32) _mm256_madd_epi16(_mm256_and_si256(c, _mm256_set1_epi16(0xff)), even) +
				(lanes32) _mm256_madd_epi16(_mm256_srli_epi16(c, 8), odd);
		}
	}
};

template<size_t Steps>
struct two_bytes
{
	static constexpr size_t steps = Steps,
				beside = Steps == 2 ? 4 : 2;	/* as registers allow */

	template<size_t K, typename Codes, typename Weights>
	static inline void
	add(const weights &q, lanes32 *s, Codes x, Weights w)
	{
		__m256i		upper[Steps],
					lower[Steps];

		for (size_t i = 0; i < Steps; i++)
		{
			upper[i] = w(q.high, i, 1);
			lower[i] = w(q.low, i, 1);
		}
		for (size_t k = 0; k < K; k++)
		{
			lanes16		high = {},
						low = {};

			for (size_t i = 0; i < Steps; i++)
			{
				__m256i		c = x(k, i);

				high += (lanes16) _mm256_maddubs_epi16(c, upper[i]);
				low += (lanes16) _mm256_maddubs_epi16(c, lower[i]);
			}
			s[k] += widened(high, q.base) + widened(low, 1);
		}
	}
};

struct one_byte
{
	static constexpr size_t steps = 1,
				beside = 4;

	template<size_t K, typename Codes, typename Weights>
	static inline void
	add(const weights &q, lanes32 *s, Codes x, Weights w)
	{
		__m256i		byte = w(q.high, 0, 1);

		for (size_t k = 0; k < K; k++)
			s[k] += widened((lanes16) _mm256_maddubs_epi16(x(k, 0), byte), 1);
	}
};

inline int32_t
total(lanes32 s)
{
	int32_t		sum = 0;

	for (int k = 0; k < 8; k++)
		sum += s[k];
	return sum;
}

/* Weights of one byte lie where their codes do; those of even, and of odd, dimensions at half of that. */
template<typename Way>
void
rows(const weights &q, const uint8_t *codes, size_t stride, size_t n, size_t count, int32_t *out)
{
	constexpr size_t K = Way::beside;

	for (size_t r = 0; r < count; r += K)
	{
		const uint8_t *p = codes + r * stride;
		lanes32		s[K] = {};

		for (size_t at = 0; at < n; at += 32 * Way::steps)
			Way::template add<K>(q, s, [&](size_t k, size_t i) { return load(p + k * stride + at + 32 * i); },
								 [&](const auto *w, size_t i, size_t divisor) { return load(w + (at + 32 * i) / divisor); });
		for (size_t k = 0; k < K; k++)
			out[r + k] = total(s[k]);
	}
}

template<typename Way>
void
blocks(const weights &q, const uint8_t *codes, size_t, size_t n, size_t count, int32_t *out)
{
	constexpr size_t K = Way::beside;

	for (size_t r = 0; r < count; r += block, codes += block * n)
		for (size_t first = 0; first < 4; first += K)
		{
			const uint8_t *p = codes + 32 * first;
			lanes32		s[K] = {};

			for (size_t at = 0; at < n; at += 4 * Way::steps, p += 4 * block * Way::steps)
				Way::template add<K>(q, s, [&](size_t k, size_t i) { return load(p + 4 * block * i + 32 * k); },
									 [&](const auto *w, size_t i, size_t divisor) { return word(w + (at + 4 * i) / divisor); });
			for (size_t k = 0; k < K; k++)
				memcpy(out + r + 8 * (first + k), &s[k], sizeof(s[k]));
		}
}

typedef void (*kernel) (const weights &, const uint8_t *, size_t, size_t, size_t, int32_t *);

struct way
{
	const char *name;
	int			limit,
				base;
	kernel		of_rows,
				of_blocks;
};

const way	ways[] = {{"16 bits", 32512, 256, rows<sixteen>, blocks<sixteen>},
{"12 bits", 2079, 64, rows<two_bytes<2>>, blocks<two_bytes<2>>},
{"10 bits", 527, 32, rows<two_bytes<4>>, blocks<two_bytes<4>>},
{"7 bits", 64, 1, rows<one_byte>, blocks<one_byte>}};

double
now()
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}

double
normal()
{
	double		sum = 0;

	for (int i = 0; i < 12; i++)
		sum += (double) rand() / RAND_MAX;
	return sum - 6;
}

/* Rounds a query as prepare.h does; the norm of what that loses. */
double
fill(weights *q, const std::vector<double> &query)
{
	double		most = 0,
				lost = 0;

	for (double x : query)
		most = fmax(most, fabs(x));
	for (size_t i = 0; i < query.size(); i++)
	{
		double		step = most / q->limit;
		int			w = (int) floor(query[i] / step + 0.5),
					high = q->base == 1 ? w : (w + q->base / 2 + 1024 * q->base) / q->base - 1024;

		lost += (query[i] - step * w) * (query[i] - step * w);
		q->whole[i] = w;
		(i % 2 == 0 ? q->even : q->odd)[i / 2] = (int16_t) w;
		q->high[i] = (int8_t) high;
		q->low[i] = (int8_t) (w - q->base * high);
	}
	return sqrt(lost);
}

double
median(std::vector<double> &times)
{
	std::sort(times.begin(), times.end());
	return times[times.size() / 2];
}

}	/* namespace */

#if defined(__clang__)
#pragma clang attribute pop
#endif

int
main(int argc, char **argv)
{
	size_t		n = argc == 3 ? strtoul(argv[1], NULL, 10) : 0,
				count = argc == 3 ? (strtoul(argv[2], NULL, 10) + block - 1) / block * block : 0,
				stride = n + 20;			/* of a range a vector, with its factors */
	const size_t all = sizeof(ways) / sizeof(ways[0]);
	static weights prepared[all];
	std::vector<double> query(n),
				lost(all),
				times[all][2];

	if (n == 0 || n > most_n || n % 128 != 0 || count == 0 || !__builtin_cpu_supports("avx2"))
	{
		fprintf(stderr, "usage: int8-ways <dimensions, of 128> <codes>; needs AVX2\n");
		return 2;
	}

	std::vector<uint8_t> codes(count * stride),
				packed(count * n);
	std::vector<int32_t> out(count);

	for (uint8_t &c : codes)
		c = (uint8_t) rand();
	for (size_t r = 0; r < count; r++)
		for (size_t w = 0; w < n / 4; w++)
			memcpy(&packed[r / block * block * n + 4 * (block * w + r % block)], &codes[r * stride + 4 * w], 4);

	/* What rounding a code loses: a 255th of the range is a step, of which the square is on average a twelfth. */
	double		least = 0,
				most = 0;

	for (double &x : query)
	{
		x = normal();
		least = fmin(least, x);
		most = fmax(most, x);
	}

	double		residual = sqrt((double) n / 12) * (most - least) / 255;

	for (size_t k = 0; k < all; k++)
	{
		prepared[k].limit = ways[k].limit;
		prepared[k].base = ways[k].base;
		lost[k] = fill(&prepared[k], query);
		for (int shape = 0; shape < 2; shape++)
		{
			if (shape == 0)
				ways[k].of_rows(prepared[k], codes.data(), stride, n, count, out.data());
			else
				ways[k].of_blocks(prepared[k], packed.data(), 0, n, count, out.data());
			for (size_t r = 0; r < count; r++)
			{
				uint32_t	sum = 0;

				for (size_t i = 0; i < n; i++)
					sum += (uint32_t) prepared[k].whole[i] * codes[r * stride + i];
				if ((int32_t) sum != out[r])
				{
					fprintf(stderr, "%s: code %zu: %d instead of %d\n", ways[k].name, r, out[r], (int32_t) sum);
					return 1;
				}
			}
		}
	}

	size_t		repeat = 20000 / count + 1;

	for (int round = 0; round < 201; round++)
		for (size_t k = 0; k < all; k++)
			for (int shape = 0; shape < 2; shape++)
			{
				double		start = now();

				for (size_t i = 0; i < repeat; i++)
					if (shape == 0)
						ways[k].of_rows(prepared[k], codes.data(), stride, n, count, out.data());
					else
						ways[k].of_blocks(prepared[k], packed.data(), 0, n, count, out.data());
				times[k][shape].push_back((now() - start) / (double) (repeat * count));
			}
	for (size_t k = 0; k < all; k++)
		printf("%s,%d,%.2f,%.2f,%.4f\n", ways[k].name, ways[k].limit, median(times[k][0]), median(times[k][1]), lost[k] / residual);
	return 0;
}
