/*
 * convert_test.cpp - conversions, quantisation and normalisation of every
 * variant that runs here, against the tables of convert_oracle.h.
 *
 * Every value of binary16 and bfloat16 is widened.  Narrowed are every value,
 * every number halfway between two, their neighbours in float32, and 2^20 random
 * patterns.  Inputs and outputs end at a page that cannot be read, or begin
 * after one.
 */
#include "convert_oracle.h"

namespace
{

const size_t max_tail = 300;
const size_t sample_size = 2 * 6 * 0x7f80 + 0x200 * 16 + (1 << 20);

struct subject
{
	const rv_kernels *kernels;
	counts	   &c;
	guarded		from,
				to,
				again;

	subject(const rv_kernels *k, counts &counting)
		: kernels(k), c(counting), from(sample_size * sizeof(float)), to(sample_size * sizeof(float)),
		again(4096 * sizeof(float))
	{
	}
};

struct half_kernels
{
	const half_format *format;
	rv_convert	widen,
				narrow,
				normalise;
};

/* Where n elements lie: at the end, or from the start plus an element or so, so that few starts are aligned. */
template<typename T>
T *
place(const guarded &memory, size_t n, int where)
{
	return where == 0 ? memory.at_end<T>(n) : memory.at_start<T>((size_t) where - 1);
}

/* A byte that no conversion may change, before and, where there is one, behind. */
void
check_around(subject &s, const char *what, size_t n, const void *begin, const void *end)
{
	const uint8_t *p = (const uint8_t *) begin;
	const uint8_t *q = (const uint8_t *) end;

	if (p > s.to.first)
		s.c.check_code(what, n, 0, p[-1], 0xa5);
	if (q < s.to.last)
		s.c.check_code(what, n, n, *q, 0xa5);
}

void
refill(guarded &memory, size_t bytes)
{
	uint8_t    *start = memory.first,
			   *end = memory.last - bytes;

	for (size_t i = 0; i < bytes; i++)
		start[i] = end[i] = 0xa5;
}

/* All codes at once, then by lengths from 0. */
void
check_widening(subject &s, const half_kernels &k, const uint32_t *wanted)
{
	uint16_t   *codes = s.from.at_end<uint16_t>(0x10000);
	uint32_t   *got = s.to.at_end<uint32_t>(0x10000);

	for (uint32_t code = 0; code < 0x10000; code++)
		codes[code] = (uint16_t) code;
	k.widen(codes, got, 0x10000);
	for (uint32_t code = 0; code < 0x10000; code++)
		s.c.check_code(k.format->name, 0x10000, code, got[code], wanted[code]);
	for (size_t n = 0; n <= max_tail; n++)
		for (int where = 0; where < 4; where++)
		{
			uint16_t   *p = place<uint16_t>(s.from, n, where);
			uint32_t   *q = place<uint32_t>(s.to, n, where);

			refill(s.to, 2048);
			for (size_t i = 0; i < n; i++)
				p[i] = (uint16_t) (i * 0x1235 + n * 0x71 + where);
			k.widen(p, q, n);
			for (size_t i = 0; i < n; i++)
				s.c.check_code(k.format->name, n, i, q[i], wanted[p[i]]);
			check_around(s, "around widened", n, q, q + n);
		}
}

/* Patterns of float32 that decide about rounding to a format; how many. */
size_t
make_sample(const half_format &format, uint32_t *sample)
{
	static const uint32_t fractions[16] = {0, 1, 2, 0xfff, 0x1000, 0x1001, 0x1fff, 0x2000, 0x3000, 0x7fff, 0x8000, 0x8001,
		0x18000, 0x400000, 0x7fe000, 0x7fffff};
	size_t		n = 0;

	for (uint32_t code = 0; code < format.infinity; code++)
		for (uint32_t sign = 0; sign < 2; sign++)
		{
			uint32_t	value = pattern_of((float) format.values[code]);
			uint32_t	tie = pattern_of((float) ((format.values[code] + format.values[code + 1]) / 2));

			for (uint32_t step = 0; step < 3; step++)
			{
				sample[n++] = (value + step - 1) ^ sign << 31;
				sample[n++] = (tie + step - 1) ^ sign << 31;
			}
		}
	for (uint32_t high = 0; high < 0x200; high++)
		for (int f = 0; f < 16; f++)
			sample[n++] = high << 23 | fractions[f];
	for (size_t i = 0; i < (size_t) 1 << 20; i++)
		sample[n++] = (uint32_t) (random_bits() >> 32);
	return n;
}

void
check_narrowing(subject &s, const half_kernels &k, bool flushing)
{
	uint32_t   *sample = s.from.at_start<uint32_t>(0);
	uint16_t   *got = s.to.at_start<uint16_t>(0);
	size_t		n = make_sample(*k.format, sample);

	set_flushing(flushing);
	/* Pieces of an odd length: what is a tail in one is in the middle of another. */
	for (size_t at = 0; at < n; at += 1001)
		k.narrow(sample + at, got + at, n - at < 1001 ? n - at : 1001);
	set_flushing(false);
	for (size_t i = 0; i < n; i++)
		s.c.check_code(k.format->name, n, i, got[i], k.format->narrowed(sample[i]));
	for (n = 0; n <= max_tail; n++)
		for (int where = 0; where < 4; where++)
		{
			uint32_t   *p = place<uint32_t>(s.from, n, where);
			uint16_t   *q = place<uint16_t>(s.to, n, where);

			refill(s.to, 2048);
			for (size_t i = 0; i < n; i++)
				p[i] = (uint32_t) (random_bits() >> 32);
			k.narrow(p, q, n);
			for (size_t i = 0; i < n; i++)
				s.c.check_code(k.format->name, n, i, q[i], k.format->narrowed(p[i]));
			check_around(s, "around narrowed", n, q, q + n);
		}
}

/* Bits of `n` elements of which is_above(i) tells whether they are set, the last byte with zeros. */
template<typename IsAbove>
void
check_bits(subject &s, const char *what, const uint8_t *got, size_t n, IsAbove is_above)
{
	for (size_t byte = 0; byte < (n + 7) / 8; byte++)
	{
		uint32_t	want = 0;

		for (size_t i = 8 * byte; i < 8 * byte + 8; i++)
			want = want * 2 + (i < n && is_above(i) ? 1 : 0);
		s.c.check_code(what, n, byte, got[byte], want);
	}
	check_around(s, "around the bits", n, got, got + (n + 7) / 8);
}

void
check_quantising(subject &s, bool flushing)
{
	static const uint32_t special[] = {0, 0x80000000, 1, 0x80000001, 0x7fffff, 0x800000, 0x3f800000, 0xbf800000, 0x7f7fffff,
		0x7f800000, 0xff800000, 0x7f800001, 0x7fc00000, 0xffc00000, 0x7fffffff, 0xffffffff};

	for (size_t n = 0; n <= max_tail; n++)
		for (int where = 0; where < 4; where++)
		{
			uint32_t   *floats = place<uint32_t>(s.from, n, where);
			uint16_t   *halves = place<uint16_t>(s.from, n, where);
			int8_t	   *bytes = place<int8_t>(s.from, n, where);
			uint8_t    *bits = place<uint8_t>(s.to, (n + 7) / 8, where);

			refill(s.to, 2048);
			for (size_t i = 0; i < n; i++)
				floats[i] = random_below(2) == 0 ? special[random_below(16)] : (uint32_t) (random_bits() >> 32);
			set_flushing(flushing);
			s.kernels->f32_to_bits(floats, bits, n);
			set_flushing(false);
			check_bits(s, "f32 to bits", bits, n,
					   [&](size_t i) { return floats[i] > 0 && floats[i] <= 0x7f800000; });

			refill(s.to, 2048);
			for (size_t i = 0; i < n; i++)
				halves[i] = (uint16_t) (random_below(2) == 0 ? special[random_below(16)] >> 16 & 0xfc00 : random_bits() >> 40);
			set_flushing(flushing);
			s.kernels->f16_to_bits(halves, bits, n);
			set_flushing(false);
			check_bits(s, "f16 to bits", bits, n, [&](size_t i) { return binary16.is_positive(halves[i]); });

			refill(s.to, 2048);
			for (size_t i = 0; i < n; i++)
				bytes[i] = (int8_t) (random_below(3) == 0 ? 0 : random_bits() >> 40);
			s.kernels->i8_to_bits(bytes, bits, n);
			check_bits(s, "i8 to bits", bits, n, [&](size_t i) { return bytes[i] > 0; });
		}
	/* Every half, and every byte. */
	uint16_t   *halves = s.from.at_end<uint16_t>(0x10000);
	uint8_t    *bits = s.to.at_end<uint8_t>(0x2000);

	for (uint32_t code = 0; code < 0x10000; code++)
		halves[code] = (uint16_t) code;
	refill(s.to, 0x2001);
	s.kernels->f16_to_bits(halves, bits, 0x10000);
	check_bits(s, "f16 to bits", bits, 0x10000, [](size_t i) { return binary16.is_positive((uint32_t) i); });
	for (size_t i = 0; i < 256; i++)
		((int8_t *) halves)[i] = (int8_t) i;
	bits = s.to.at_end<uint8_t>(256 / 8);
	refill(s.to, 2048);
	s.kernels->i8_to_bits(halves, bits, 256);
	check_bits(s, "i8 to bits", bits, 256, [](size_t i) { return i > 0 && i < 128; });
}

/*
 * Vectors whose sum of squares is exact in float64 in any order, so that norm and
 * quotients have one value and each result must be the nearest to it.  How many
 * results a detour by float32 would have got wrong is counted: there must be some.
 */
struct exact_vectors
{
	subject    &s;
	const half_kernels &k;
	long		detours;

	void
	check(uint16_t *p, size_t n, bool flushing)
	{
		uint16_t   *q = s.to.at_end<uint16_t>(n);
		double		sum = 0.0,
					norm;

		for (size_t i = 0; i < n; i++)
			sum += k.format->value(p[i]) * k.format->value(p[i]);
		norm = __builtin_sqrt(sum);
		set_flushing(flushing);
		k.normalise(p, q, n);
		set_flushing(false);
		for (size_t i = 0; i < n; i++)
		{
			double		quotient = sum == 0.0 ? 0.0 : k.format->value(p[i]) / norm;
			uint32_t	want = k.format->nearest(quotient);

			detours += want != k.format->nearest((double) (float) quotient);
			s.c.check_code("normalised", n, i, q[i], want);
		}
	}
};

/*
 * Numbers of similar size; and, for bfloat16, two that make the quotients of the
 * others subnormal or nearly so, whose squares are too small to change the sum.
 */
void
check_normalising_exactly(subject &s, const half_kernels &k, bool flushing)
{
	exact_vectors vectors = {s, k, 0};
	bool		wide = k.format == &bfloat16;

	for (uint32_t round = 0; round < (wide ? 1u << 18 : 1u << 15); round++)
	{
		size_t		n = 9 + round % 16;
		uint16_t   *p = s.from.at_end<uint16_t>(n);
		bool		tiny = wide && round % 2 == 0;
		uint32_t	least = tiny ? 0x2e80 : wide ? 0x3c00 : 0;
		uint32_t	range = tiny ? 0x500 : wide ? 0x380 : 0x3c01;

		for (size_t i = 0; i < n; i++)
			p[i] = (uint16_t) ((least + random_below(range)) | random_below(2) << 15);
		if (tiny)
			for (size_t i = 0; i < 2; i++)
				p[(round / 2 + 5 * i) % n] = (uint16_t) (0x7180 + random_below(0x100));
		vectors.check(p, n, flushing);
	}
	s.c.check(vectors.detours > 0, "results that two roundings would change", 0, 0, (double) vectors.detours, 1);
}

/* The steps between float32 numbers or codes, in their order, with zero once. */
int64_t
in_order(int64_t sign_bit, int64_t bits)
{
	return (bits & sign_bit) != 0 ? -(bits & (sign_bit - 1)) : bits;
}

/* Any length, in place and not; the norm's own rounding may move a result that lies near a tie. */
template<typename T, typename Value, typename Nearest>
void
check_normalising(subject &s, const char *what, rv_convert normalise, T sign_bit, Value value, Nearest nearest)
{
	for (size_t n = 0; n <= max_tail; n++)
		for (int where = 0; where < 4; where++)
		{
			T		   *p = place<T>(s.from, n, where);
			T		   *q = place<T>(s.to, n, where);
			T		   *in_place = place<T>(s.again, n, where);
			double		sum = 0.0,
						error = (double) (n + 4) * 0x1p-53;

			refill(s.to, 2048);
			for (size_t i = 0; i < n; i++)
			{
				p[i] = (T) nearest(random_unit() * (random_below(4) == 0 ? 0x1p-12 : 1.0));
				in_place[i] = p[i];
				sum += value(p[i]) * value(p[i]);
			}
			normalise(p, q, n);
			normalise(in_place, in_place, n);
			for (size_t i = 0; i < n; i++)
			{
				double		quotient = value(p[i]) / __builtin_sqrt(sum);
				int64_t		a = in_order(sign_bit, nearest(quotient * (1.0 - error)));
				int64_t		b = in_order(sign_bit, nearest(quotient * (1.0 + error)));
				int64_t		got = in_order(sign_bit, q[i]);

				s.c.check(got >= (a < b ? a : b) && got <= (a < b ? b : a), what, n, i, value(q[i]), quotient);
				s.c.check_code("normalised in place", n, i, in_place[i], q[i]);
			}
			check_around(s, "around normalised", n, q, q + n);
		}
}

/* Zeros of either sign, NaN, infinity, and the extremes, at each place. */
template<typename T, typename Value>
void
check_normalising_special(subject &s, const char *what, rv_convert normalise, T one, T negative_zero, T infinity, T least,
						  T greatest, bool flushing, Value value)
{
	/* What normalises while the processor flushes, where it can be told to. */
	auto		run = [=](const T *p, T *q, size_t n) {
		set_flushing(flushing);
		normalise(p, q, n);
		set_flushing(false);
	};

	for (size_t n = 1; n <= 40; n++)
		for (size_t at = 0; at < n; at++)
		{
			T		   *p = s.from.at_end<T>(n);
			T		   *q = s.to.at_end<T>(n);
			const T		nan = (T) (infinity + 1);

			for (size_t i = 0; i < n; i++)
				p[i] = i == at ? negative_zero : 0;
			run(p, q, n);
			for (size_t i = 0; i < n; i++)
				s.c.check_code(what, n, i, q[i], 0);
			p[at] = least;
			run(p, q, n);
			for (size_t i = 0; i < n; i++)
				s.c.check_code(what, n, i, q[i], i == at ? one : 0);
			p[at] = (T) (greatest | negative_zero);
			run(p, q, n);
			for (size_t i = 0; i < n; i++)
				s.c.check_code(what, n, i, q[i], i == at ? one | negative_zero : 0);
			for (size_t i = 0; i < n; i++)
				p[i] = one;
			p[at] = infinity;
			run(p, q, n);
			for (size_t i = 0; i < n; i++)
				s.c.check_equal(what, n, i, value(q[i]), i == at ? __builtin_nan("") : 0.0);
			p[at] = nan;
			run(p, q, n);
			for (size_t i = 0; i < n; i++)
				s.c.check_equal(what, n, i, value(q[i]), __builtin_nan(""));
		}
}

double value_f32(uint32_t bits) { return (double) float_from(bits); }
double value_f16(uint16_t code) { return binary16.value(code); }
double value_bf16(uint16_t code) { return bfloat16.value(code); }
uint32_t nearest_f32(double x) { return pattern_of((float) x); }
uint32_t nearest_f16(double x) { return binary16.nearest(x); }
uint32_t nearest_bf16(double x) { return bfloat16.nearest(x); }

uint32_t wanted[0x10000];

void
check_format(subject &s, const half_kernels &k)
{
	/* Where the processor can be told to flush, all must hold then, too. */
	bool		flushes = set_flushing(false);

	for (uint32_t code = 0; code < 0x10000; code++)
		wanted[code] = k.format->widened(code);
	check_widening(s, k, wanted);
	check_narrowing(s, k, false);
	check_normalising_exactly(s, k, false);
	if (flushes)
	{
		set_flushing(true);
		check_widening(s, k, wanted);
		set_flushing(false);
		check_narrowing(s, k, true);
#ifndef __aarch64__				/* FCVTXN flushes what it writes; only what is read is promised */
		check_normalising_exactly(s, k, true);
#endif
	}
}

void
all_checks(const rv_kernels *k, counts &c)
{
	subject		s(k, c);

	check_format(s, half_kernels{&binary16, k->f16_to_f32, k->f32_to_f16, k->normalise_f16});
	check_format(s, half_kernels{&bfloat16, k->bf16_to_f32, k->f32_to_bf16, k->normalise_bf16});
	check_quantising(s, false);
	check_quantising(s, true);
	check_normalising<uint32_t>(s, "normalise f32", k->normalise_f32, 0x80000000, value_f32, nearest_f32);
	check_normalising<uint16_t>(s, "normalise f16", k->normalise_f16, 0x8000, value_f16, nearest_f16);
	check_normalising<uint16_t>(s, "normalise bf16", k->normalise_bf16, 0x8000, value_bf16, nearest_bf16);
	check_normalising_special<uint32_t>(s, "special f32", k->normalise_f32, 0x3f800000, 0x80000000, 0x7f800000, 1,
										0x7f7fffff, false, value_f32);
	for (int flushing = 0; flushing < 2; flushing++)
	{
		check_normalising_special<uint16_t>(s, "special f16", k->normalise_f16, 0x3c00, 0x8000, 0x7c00, 1, 0x7bff,
											flushing != 0, value_f16);
		check_normalising_special<uint16_t>(s, "special bf16", k->normalise_bf16, 0x3f80, 0x8000, 0x7f80, 1, 0x7f7f,
											flushing != 0, value_bf16);
	}
}

}	/* namespace */

int
main()
{
	return run_variants(all_checks);
}
