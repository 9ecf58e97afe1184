/*
 * record.h - the record of a node of a `qg` graph, and what its estimates are made of.
 *
 * A record begins at a cache line and is a whole number of them:
 *
 *   row           vector and scale, see engine/space.h
 *   add           float32 of each link
 *   links         the slot of each neighbour
 *   scale         the upper half of a float32 of each link
 *   count         32 bits: links that there are
 *   codes         from a cache line on, of each 32 links: signs of RaBitQ in FastScan order (quant/rabitq.h), 4 n bytes
 *
 * n is the number of dimensions, padded (rv_rotation_padded).  With P the rotation, c the node's vector and x the neighbour's,
 * both less the mean of the rows and, under cosine, divided by their norms, y = P(x - c), and xbar its signs as +-1/2,
 *
 *   g = |y|^2 / <y, xbar>,   <y, P q> is estimated by g <xbar, P q>,
 *   l2      |q - x|^2 = |q - c|^2 + |y|^2 + 2 <y, P c> - 2 <y, P q>:   scale -2g, add |y|^2 + 2 g <xbar, P c>
 *   cosine  half of that:                                             scale -g,  add |y|^2 / 2 + g <xbar, P c>
 *   ip      -<q, x> = -<q, c> - <y, P q>; there is no mean:            scale -g,  add 0
 *
 * `add` is computed from the scale as it is stored, so that what the two share cancels whatever the scale's rounding.
 *
 * A reader may meet a record that is being changed: links are words, written whole, of slots that exist, so it gets estimates
 * of either state or a mixture, and never a wrong distance: that comes from a row, and rows do not change.
 */
#ifndef RUVECTOR_INDEX_QG_RECORD_H
#define RUVECTOR_INDEX_QG_RECORD_H

#include <vector>

#include <ruvector/quant/rabitq.h>

#include "engine/space.h"

namespace rv_index
{

struct qg_layout
{
	uint32_t	dimensions,
				degree;
	size_t		n,				/* padded dimensions */
				add_at,
				links_at,
				scale_at,
				count_at,
				codes_at,
				bytes;

	qg_layout(const space &metric, uint32_t degree);

	size_t block_bytes() const { return 4 * n; }
};

/* The rotation, the mean, and how vectors and queries become rotated ones. */
class qg_turn
{
public:
	qg_turn(const space &metric, uint64_t seed);

	const space &metric;
	size_t		n;
	std::vector<float> mean;	/* of the dimensions; zeros at first, and always under ip */

	/* Sets the mean to that of some of `n` rows; before anything is encoded. */
	void		centre_on(const void *const *rows, size_t n);

	/* A row's vector, less the mean: n floats. */
	void		turn_row(const void *row, float *out) const;

	/* The same of a vector with its scale. */
	void		turn_vector(const void *vector, float scale, float *out) const;

	rv_rabitq_layout code_layout;

private:
	std::vector<uint8_t> signs;
	rv_rotation rotation;
};

/* What encoding needs beside the record. */
struct qg_encoder
{
	explicit qg_encoder(const qg_turn &turn);

	std::vector<float> difference,
				own;
	std::vector<uint8_t> codes,
				block;

	/*
	 * Makes codes and factors of links `first` to before `first + count`, within one block of 32, for neighbours whose turned
	 * vectors are turned[0 .. count - 1].  The others of the block stay.
	 */
	void		encode(const qg_turn &turn, const qg_layout &layout, const float *centre, const float *const *turned,
					   uint32_t first, uint32_t count, uint8_t *record);
};

/* Copies the code of one link to the place of another; `codes` are those of a record. */
void		move_code(uint8_t *codes, size_t block_bytes, uint32_t from, uint32_t to);

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_QG_RECORD_H */
