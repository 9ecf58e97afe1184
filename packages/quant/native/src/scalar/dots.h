/*
 * dots.h - the exact sums of weights times codes, written once for every instruction set: of rows, and of packed blocks.
 *
 * A unit defines three operations: of codes of 8 bits with weights of two bytes, and of codes of 4 bits with weights of one and of
 * two.  An operation O provides:
 *
 *   reg, bytes            a register of `bytes` bytes of codes, so of bytes / 4 words
 *   load(p)               needs no alignment
 *   load_words(p, n)      the first n words (0 < n < bytes / 4), the rest zero; touches nothing behind them
 *   weight                the weights that go with a register
 *   beside(w, at)         those of the bytes from `at` on; may read up to a register of zeros behind the last
 *   of_word(w, at)        those of the four bytes at `at`, for a register that holds these bytes of bytes / 4 codes
 *   acc, zero(), step(s, x, w)
 *   settled               after so many steps narrow parts of a sum must be emptied into wide ones: settle(s); 0 for never
 *   row_span              after so many steps, and one more, a sum must be given away; 0 for never
 *   word_span             the same for steps of blocks, without one more
 *   rows(s, out)          four sums over rows, added to out[0 .. 3]
 *   lanes(s, out)         the sums of bytes / 4 codes, added to out[0 ..]
 *   rows_beside           how many rows, at most 4, or registers of a block are summed side by side, as registers allow;
 *   registers_beside      weights are loaded once for all of them
 *   unroll                how many words of a block are summed side by side, so that sums do not wait for each other
 *
 * Everything is in an unnamed namespace: units compile these templates for different instruction sets, and the linker
 * must never merge them.
 */
#ifndef RUVECTOR_QUANT_SCALAR_DOTS_H
#define RUVECTOR_QUANT_SCALAR_DOTS_H

#include "layout.h"

namespace
{

/* Rows side by side. */
struct dense_codes
{
	const uint8_t *first;
	size_t		stride;

	RV_INLINE const uint8_t *at(size_t r) const { return first + r * stride; }
};

/* Rows anywhere. */
struct gathered_codes
{
	const uint8_t *const *pointers;

	RV_INLINE const uint8_t *at(size_t r) const { return pointers[r]; }
};

/* Steps of whole registers from `at`, at most to `end`. */
template<typename O, int Rows>
RV_INLINE void
some_steps(typename O::acc *s, const weights &w, const uint8_t *const *p, size_t at, size_t end)
{
	constexpr size_t L = O::bytes;

	for (; at < end; at += L)
	{
		typename O::weight x = O::beside(w, at);

		for (int r = 0; r < Rows; r++)
			O::step(s[r], O::load(p[r] + at), x);
	}
}

template<typename O, int Rows>
RV_INLINE void
settle_all(typename O::acc *s)
{
	for (int r = 0; r < Rows; r++)
		O::settle(s[r]);
}

/* At most four rows, of `bytes` bytes; writes out[0 .. Rows - 1]. */
template<typename O, int Rows>
RV_INLINE void
row_dots(const weights &w, const uint8_t *const *p, size_t bytes, double *out)
{
	constexpr size_t L = O::bytes,
				settled = O::settled == 0 ? (size_t) -1 : O::settled * L,
				span = O::row_span == 0 ? (size_t) -1 : O::row_span * L;
	double		sums[4] = {0, 0, 0, 0};
	size_t		whole = bytes - bytes % L,
				at = 0;

	do
	{
		typename O::acc s[4] = {O::zero(), O::zero(), O::zero(), O::zero()};
		size_t		last = whole - at > span ? at + span : whole;

		while (at < last)
		{
			size_t		next = last - at > settled ? at + settled : last;

			some_steps<O, Rows>(s, w, p, at, next);
			at = next;
			if (O::settled != 0)
				settle_all<O, Rows>(s);
		}
		/* A span leaves room for this one step more. */
		if (at == whole && at < bytes)
		{
			typename O::weight x = O::beside(w, at);

			for (int r = 0; r < Rows; r++)
				O::step(s[r], O::load_words(p[r] + at, (bytes - at) / 4), x);
			if (O::settled != 0)
				settle_all<O, Rows>(s);
			at = bytes;
		}
		O::rows(s, sums);
	} while (at < bytes);
	for (int r = 0; r < Rows; r++)
		out[r] = sums[r];
}

template<typename O, typename Rows>
RV_INLINE void
rows_dots(const weights &w, Rows rows, size_t offset, size_t bytes, size_t count, double *out)
{
	constexpr size_t beside = O::rows_beside;
	size_t		r = 0;

	for (; count - r >= beside; r += beside)
	{
		const uint8_t *p[beside];

		for (size_t k = 0; k < beside; k++)
			p[k] = rows.at(r + k) + offset;
		row_dots<O, (int) beside>(w, p, bytes, out + r);
	}
	for (; r < count; r++)
	{
		const uint8_t *p = rows.at(r) + offset;

		row_dots<O, 1>(w, &p, bytes, out + r);
	}
}

/* The codes of some registers of a block, of whose words the first begins at p; adds to `out`. */
template<typename O>
RV_INLINE void
register_dots(const weights &w, const uint8_t *p, size_t words, double *out)
{
	constexpr size_t lanes = O::bytes / 4,
				registers = O::registers_beside,
				unroll = O::unroll,
				settled = O::settled == 0 ? (size_t) -1 : O::settled,
				span = O::word_span == 0 ? (size_t) -1 : O::word_span;
	size_t		word = 0;

	/* Words that are left over by `unroll` all go to one sum, which must not mind. */
	static_assert(unroll == 1 || (O::settled == 0 && O::word_span == 0), "");
	do
	{
		typename O::acc s[unroll][registers];
		size_t		last = words - word > span ? word + span : words;

		for (size_t u = 0; u < unroll; u++)
			for (size_t k = 0; k < registers; k++)
				s[u][k] = O::zero();
		while (word < last)
		{
			size_t		next = last - word > settled ? word + settled : last;

			const uint8_t *at_word = p + 4 * RV_QUANT_BLOCK * word;

			for (; next - word >= unroll; word += unroll, at_word += 4 * RV_QUANT_BLOCK * unroll)
				for (size_t u = 0; u < unroll; u++)
				{
					typename O::weight x = O::of_word(w, 4 * (word + u));

					for (size_t k = 0; k < registers; k++)
						O::step(s[u][k], O::load(at_word + 4 * (RV_QUANT_BLOCK * u + lanes * k)), x);
				}
			for (; word < next; word++, at_word += 4 * RV_QUANT_BLOCK)
			{
				typename O::weight x = O::of_word(w, 4 * word);

				for (size_t k = 0; k < registers; k++)
					O::step(s[0][k], O::load(at_word + 4 * lanes * k), x);
			}
			if (O::settled != 0)
				for (size_t u = 0; u < unroll; u++)
					settle_all<O, (int) registers>(s[u]);
		}
		for (size_t u = 0; u < unroll; u++)
			for (size_t k = 0; k < registers; k++)
				O::lanes(s[u][k], out + lanes * k);
	} while (word < words);
}

/* The 32 codes of a block, of whose level the words begin at p. */
template<typename O>
RV_INLINE void
block_dots(const weights &w, const uint8_t *p, size_t words, double *out)
{
	constexpr size_t some = O::registers_beside * O::bytes / 4;

	static_assert(RV_QUANT_BLOCK % some == 0, "");
	for (size_t r = 0; r < RV_QUANT_BLOCK; r++)
		out[r] = 0;
	for (size_t r = 0; r < RV_QUANT_BLOCK; r += some)
		register_dots<O>(w, p + 4 * r, words, out + r);
}

/* Which operation a level of a query takes. */
template<typename Eight, typename One, typename Two, typename Rows>
RV_INLINE void
level_rows(unsigned bits, int planes, const weights &w, Rows rows, size_t offset, size_t bytes, size_t count, double *out)
{
	if (bits == 8)
		rows_dots<Eight>(w, rows, offset, bytes, count, out);
	else if (planes == 1)
		rows_dots<One>(w, rows, offset, bytes, count, out);
	else
		rows_dots<Two>(w, rows, offset, bytes, count, out);
}

template<typename Eight, typename One, typename Two>
RV_INLINE void
level_block(unsigned bits, int planes, const weights &w, const uint8_t *p, size_t words, double *out)
{
	if (bits == 8)
		block_dots<Eight>(w, p, words, out);
	else if (planes == 1)
		block_dots<One>(w, p, words, out);
	else
		block_dots<Two>(w, p, words, out);
}

}	/* namespace */

#endif							/* RUVECTOR_QUANT_SCALAR_DOTS_H */
