/*
 * coder.h - the blocks that lists are made of, and the one-bit codes in them.
 *
 * A block has up to 32 rows:
 *
 *   slots         32 numbers of 32 bits
 *   count         32 bits: rows that there are
 *   codes         from byte 192 on, where there is a prefilter: a packed block of one-bit RaBitQ codes (quant/rabitq.h)
 *
 * and is a whole number of cache lines.  It is written before a reader can meet it, and never after: a row that comes
 * to a block which has room goes into a copy.
 *
 * Codes are those of the residual x - c around the list's centroid c, in the codec's centred form: the rotated query
 * P q is quantised once, and what <signs, P c> takes from its sums stands beside each code.  The other form, codes of
 * x - c without a centre, has 8 bytes a row less, but needs P (q - c) rotated and quantised for each list that is
 * looked into: 3.1 us at 768 dimensions, as much as 370 codes, or 0.5 us at 100, as much as 70, where aiming at a
 * centre takes 8 ns and two inner products.
 *
 * Lengths above 2^60 have no codes (their squares would leave float32).  Such a row has the norm infinity in its
 * block: its bound is no number, and it is compared exactly, always.  Such a query compares all rows exactly.
 */
#ifndef RUVECTOR_INDEX_IVF_CODER_H
#define RUVECTOR_INDEX_IVF_CODER_H

#include <memory>
#include <vector>

#include <ruvector/quant/rabitq.h>

#include "engine/space.h"

namespace rv_index
{

constexpr uint32_t block_rows = RV_QUANT_BLOCK;

struct free_memory
{
	void		operator() (uint8_t *memory) const;
};

/* Begins at a cache line. */
typedef std::unique_ptr<uint8_t, free_memory> line_memory;

/* Throws std::bad_alloc. */
line_memory take_lines(size_t bytes);

class ivf_coder
{
public:
	ivf_coder(const space &metric, uint64_t seed, bool has_codes);

	const space &metric;
	const bool	has_codes;
	size_t		n;				/* padded dimensions */
	rv_rabitq_layout layout;
	rv_rotation rotation;
	size_t		block_bytes;

	static constexpr size_t count_at = block_rows * sizeof(uint32_t);
	static constexpr size_t codes_at = 192;

	static const uint32_t *slots(const uint8_t *block) { return (const uint32_t *) (const void *) block; }
	static uint32_t *slots(uint8_t *block) { return (uint32_t *) (void *) block; }

	/* Of a file it may be anything. */
	static uint32_t
	count(const uint8_t *block)
	{
		uint32_t	own;

		__builtin_memcpy(&own, block + count_at, sizeof(own));
		return own < block_rows ? own : block_rows;
	}

	/* A vector's elements; under cosine of length 1. */
	void		to_floats(const void *vector, float scale, float *out) const;
	void		row_to_floats(const void *row, float *out) const { to_floats(row, metric.row_scale(row), out); }

	/* Whether its squares, and those of differences, stay inside of float32. */
	bool		is_tame(const float *elements) const;

	/* P x: n floats. */
	void		rotate(const float *elements, float *out) const;

private:
	std::vector<uint8_t> signs;
};

/* What a thread needs to write blocks. */
class block_writer
{
public:
	explicit block_writer(const ivf_coder &coder);

	/* The list that the next blocks are of. */
	void		set_centroid(const float *centroid);

	/* Writes a block of the first `kept` rows of `from`, which may be NULL for none, and of `more` rows behind them. */
	void		write(const uint8_t *from, uint32_t kept, const uint32_t *slots, const void *const *rows, uint32_t more,
					  uint8_t *to);

	/* Takes rows of blocks as they are, one by one; flush() writes a block of those taken, at most 32. */
	void		take(const uint8_t *block, uint32_t i);
	uint32_t	taken() const { return n_taken; }
	void		flush(uint8_t *to);

private:
	const ivf_coder &coder;
	rv_rabitq_codec codec;
	std::vector<float> centre,
				elements;
	std::vector<uint8_t> codes,
				taken_codes;
	std::vector<double> memory;
	const uint8_t *unpacked = nullptr;
	uint32_t	taken_slots[block_rows];
	uint32_t	n_taken = 0;

	void		encode(const void *row, uint8_t *code);
	void		finish(const uint8_t *codes, uint32_t count, uint8_t *to) const;
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_IVF_CODER_H */
