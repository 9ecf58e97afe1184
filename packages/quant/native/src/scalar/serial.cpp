/*
 * serial.cpp - plain loops: a word of four bytes a step, sums in 64 bits, one dimension after the other.
 */
#include "encode.h"

namespace
{

struct words
{
	typedef const uint8_t *reg;
	typedef int64_t acc;

	static constexpr size_t bytes = 4,
				unroll = 1,
				rows_beside = 4,
				registers_beside = 32,
				settled = 0,
				row_span = 0,
				word_span = 0;

	/* Where the weights of four bytes begin. */
	struct weight
	{
		const weights *w;
		size_t		at;
	};

	static reg load(const uint8_t *p) { return p; }
	static reg load_words(const uint8_t *p, size_t) { return p; }
	static weight beside(const weights &w, size_t at) { return weight{&w, at}; }
	static weight of_word(const weights &w, size_t at) { return weight{&w, at}; }
	static acc zero() { return 0; }
	static void settle(acc &) {}
	static void lanes(acc s, double *out) { *out += (double) s; }

	static void
	rows(const acc *s, double *out)
	{
		for (int r = 0; r < 4; r++)
			out[r] += (double) s[r];
	}
};

struct eight : words
{
	static void
	step(acc &s, reg x, const weight &w)
	{
		for (size_t i = 0; i < 4; i++)
			s += (256 * w.w->high8[w.at + i] + w.w->low8[w.at + i]) * x[i];
	}
};

template<int Planes>
struct four : words
{
	static int32_t
	word(const weights *w, int odd, size_t i)
	{
		return Planes == 1 ? w->high4[odd][i] : 256 * w->high4[odd][i] + w->low4[odd][i];
	}

	static void
	step(acc &s, reg x, const weight &w)
	{
		for (size_t i = 0; i < 4; i++)
			s += word(w.w, 0, w.at + i) * (x[i] & 15) + word(w.w, 1, w.at + i) * (x[i] >> 4);
	}
};

}	/* namespace */

RV_DEFINE_SCALAR_ESTIMATES(eight, four<1>, four<2>, serial);
RV_DEFINE_SCALAR_ENCODE(serial);
