/*
 * rabitq.h - RaBitQ codes of 1 to 8 bits a dimension.
 *
 * Gao and Long, "RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound for Approximate Nearest
 * Neighbor Search", SIGMOD 2024 (arXiv 2405.12497); Gao et al., "Practical and Asymptotically Optimal Quantization of
 * High-Dimensional Vectors in Euclidean Space for Approximate Nearest Neighbor Search", SIGMOD 2025 (arXiv 2409.09913).
 * doc/rabitq.md has the mathematics, and the proofs of the bounds.
 *
 * A vector x is centred and rotated, y = P(x - c); its code is, for each of n coordinates, the number u in 0 .. 2^B - 1 of
 * the cell that t y lies in, where B is the number of bits and t a scale for the vector.  The code stands for the
 * direction xbar = u - (2^B - 1) / 2.  The highest bit of u is the sign of y (set where it is not negative); the B - 1
 * others, the ex-bits, are stored apart from the signs.  With g = |y|^2 / <y, xbar>, g <xbar, z> is an unbiased estimator
 * of <y, z> over random rotations.
 *
 * A row-major code:
 *   n / 8 bytes    signs: bit i % 8 (the lowest first) of byte i / 8 is that of coordinate i
 *   (B-1) n / 8    ex-bits, in chunks of 256 coordinates, see below
 *   float32, little-endian, at any address: the factors of rv_rabitq_factor that the layout has
 *
 * Coordinate r of a chunk of T coordinates (256, or what is left for the last, a multiple of 8) is in lane l = r / 8 of
 * L = T / 8, in group g = r % 8.  A chunk has a plane of four bits, one of two and one of one, as far as B - 1 = 4a + 2b + c
 * has them, in this order; the four bits are the lowest of the ex-bits, then come the two, then the one:
 *   4L bytes       byte j L + l, j = g % 4 / 2 * 2 + g / 4, its low half for even g
 *   2L bytes       byte g / 4 L + l, from bit 2 (g % 4) on
 *   L bytes        byte l, bit g
 * So a register of lanes gives a group by one shift and one mask.
 *
 * A packed block has 32 codes:
 *   32 n / 8       signs, for FastScan (Andre et al., "Cache locality is not enough", VLDB 2015; arXiv 1704.07355): for
 *                  byte k of each code 32 bytes; byte j < 16 of these holds coordinates 8k .. 8k+3 of code p(j) in its low
 *                  half and of code p(j) + 16 in its high half, byte 16 + j coordinates 8k+4 .. 8k+7; p = 0 8 1 9 .. 7 15
 *   32 (B-1) n / 8 ex-bits of each code as above, one code after the other
 *   float32, little-endian: each factor of all 32 codes
 *
 * A query is quantised as well, so that all sums are of integers and exact: to q = 127 high + low, of which low is left
 * out for B <= 4.  |high| <= 127, |low| <= 63, and four neighbours' absolute values add up to no more than 255, so that
 * FastScan's tables hold bytes.  As with codes, the step that a unit of q stands for makes the estimate unbiased.
 */
#ifndef RUVECTOR_QUANT_RABITQ_H
#define RUVECTOR_QUANT_RABITQ_H

#include <ruvector/quant/rotation.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Coordinates of a chunk, and bytes of a query's plane for each. */
#define RV_RABITQ_CHUNK 256

/* Vectors must not be longer, so that squares and their sums stay far inside of float32. */
#define RV_RABITQ_MAX_NORM 0x1p60

/* Constants of one kind of codes: everything that says what the bytes mean. */
typedef struct rv_rabitq_layout
{
	size_t		n;				/* coordinates: rv_rotation_padded(dimensions) */
	int			bits;			/* 1 .. 8 */
	int			centred;		/* codes have the factors that a centre needs */
	size_t		sign_bytes,		/* n / 8 */
				ex_bytes,		/* (bits - 1) n / 8 */
				factors,		/* how many */
				code_bytes,		/* of a row-major code */
				block_bytes;	/* of a packed block */
} rv_rabitq_layout;

/* Places of the factors.  A layout has NORM, SCALE, RESIDUAL; [SIGN_SCALE if bits > 1]; [LENGTH, CENTRE if centred];
 * [SIGN_CENTRE if both], in this order. */
typedef enum rv_rabitq_factor
{
	RV_RABITQ_NORM = 0,			/* |y| */
	RV_RABITQ_SCALE = 1,		/* g */
	RV_RABITQ_RESIDUAL = 2,		/* |x - decode(code)|, rounded up */
	RV_RABITQ_SIGN_SCALE = 3,	/* g of the signs alone: xbar = +-1/2 */
	RV_RABITQ_LENGTH = 4,		/* |x| */
	RV_RABITQ_CENTRE = 5,		/* g <xbar, P c> */
	RV_RABITQ_SIGN_CENTRE = 6,	/* the same of the signs alone */
	RV_RABITQ_FACTORS = 7
} rv_rabitq_factor;

/* Fills in the rest from n, bits and centred. */
void		rv_rabitq_fill_layout(rv_rabitq_layout *layout);

/* The place of a factor among those of a layout; -1 where it has none. */
int			rv_rabitq_factor_place(const rv_rabitq_layout *layout, rv_rabitq_factor factor);

/* How the scale t of a code is found, where there are ex-bits. */
typedef enum rv_rabitq_encoder
{
	RV_RABITQ_FAST = 0,			/* rv_rabitq_constant(), for all vectors: arXiv 2409.09913, 3.2.2, "faster" in the library */
	RV_RABITQ_REFINED = 1,		/* the best of that and of five that the vector's largest coordinate gives */
	RV_RABITQ_EXACT = 2			/* the best of all */
} rv_rabitq_encoder;

/* Scales that the refined encoder compares: the constant one first. */
#define RV_RABITQ_SCALES 6

/* What encodes: a layout, the rotation, and where it is centred. */
typedef struct rv_rabitq_codec
{
	rv_rabitq_layout layout;
	rv_rotation rotation;
	size_t		dimensions;		/* of vectors; 0 < dimensions <= n */
	rv_rabitq_encoder encoder;
	const float *centre;		/* P c, of n elements; NULL for none, and then `centred` must be 0 */
	double		centre_norm;	/* |c| */
} rv_rabitq_codec;

/* Bytes of memory, aligned to 16, that encoding needs. */
size_t		rv_rabitq_encode_bytes(const rv_rabitq_codec *codec);

typedef struct rv_rabitq_kernels rv_rabitq_kernels;

/*
 * Encodes `count` vectors, side by side, into row-major codes.  Returns how many: fewer where the next has NaN, infinity,
 * or a norm above RV_RABITQ_MAX_NORM.
 */
size_t		rv_rabitq_encode(const rv_rabitq_kernels *kernels, const rv_rotation_kernels *rotation,
							 const rv_rabitq_codec *codec, const float *vectors, size_t count, uint8_t *codes,
							 void *memory);

/*
 * The vectors that codes stand for: c + P'(g' xbar), g' the scale of the least error.  Any bytes give some numbers, finite
 * where the factors are.  `memory` has n float.
 */
void		rv_rabitq_decode(const rv_rotation_kernels *rotation, const rv_rabitq_codec *codec, const uint8_t *codes,
							 size_t count, float *vectors, float *memory);

/* Row-major codes to blocks and back; codes that are missing from the last block are zero. */
void		rv_rabitq_pack(const rv_rabitq_layout *layout, const uint8_t *codes, size_t count, uint8_t *blocks);
void		rv_rabitq_unpack(const rv_rabitq_layout *layout, const uint8_t *blocks, size_t count, uint8_t *codes);

/* What a quantised query stands for. */
typedef struct rv_rabitq_grid
{
	double		half_step;		/* half of what a unit of q stands for */
	double		sum;			/* of all q */
	double		miss;			/* |z - zhat|, z = P q, zhat the quantised z; rounded up */
	double		reach;			/* |zhat| */
} rv_rabitq_grid;

/* A query, rotated and quantised.  All float64, so that a host may keep them in an array. */
typedef struct rv_rabitq_query
{
	rv_rabitq_grid full;		/* of 127 high + low */
	rv_rabitq_grid high;		/* of `high` alone, which scores by the signs alone use */
	double		minimum[2];		/* sums of the tables' least entries, for `high` and for `low` */
	double		norm;			/* |z| */
} rv_rabitq_query;

/* 1 or 2: planes of a query for so many bits. */
int			rv_rabitq_levels(int bits);

/* Bytes of a plane and of a table for n coordinates. */
size_t		rv_rabitq_plane_bytes(size_t n);
size_t		rv_rabitq_table_bytes(size_t n);

/*
 * Quantises a rotated query z.  `planes` and `tables` have rv_rabitq_levels() times the bytes above.  Chunk by chunk,
 * group by group in the order 0 4 1 5 2 6 3 7, a plane has 32 lanes, zero where there is no coordinate.
 */
void		rv_rabitq_prepare(const rv_rabitq_layout *layout, const float *z, int8_t *planes, uint8_t *tables,
							  rv_rabitq_query *query);

/*
 * How sums become values of a metric for codes around one centre.  With S = 2 <xbar, q>, p = SCALE (half_step S):
 *   value = ((add + norm2 NORM^2) + length2 LENGTH^2) + (sum p + centre CENTRE)
 * and for cosine 1 + value cosine / LENGTH; LENGTH is NORM where the layout is not centred.
 */
typedef struct rv_rabitq_aim
{
	double		add,
				norm2,
				length2,
				sum,
				centre,
				cosine;			/* -1 / |q|; 0 for another metric */

	/* The bound: see doc/rabitq.md. */
	double		reach,			/* |zhat - P c|, or |zhat|, at most */
				high_reach,		/* the same of `high` alone */
				factor,			/* epsilon0 / sqrt(n - 1), at most 1; 1 for a proof */
				span,			/* |z - P c| or |z|, rounded up */
				span_error,		/* what rotating may have changed of that */
				error,			/* of rotating a vector, relative */
				centre_norm,
				longest,		/* what |xbar| can be at most */
				lost,			/* what rotating may have lost of denormal numbers */
				floor;			/* what rounding may have changed of `add` */
} rv_rabitq_aim;

/*
 * Aims a query at codes around c: in constant time, so that a query can go from one centre to the next.  `offset2` is
 * |q - c|^2, `inner` is <q, c>, |q| and |c| are norms: all of the vectors as they were before the rotation (|q|^2, 0 and
 * 0 where the layout is not centred).  An epsilon of 0 or less asks for bounds that cannot fail.
 */
void		rv_rabitq_make_aim(const rv_rabitq_layout *layout, const rv_rabitq_query *query, rv_metric metric,
							   double offset2, double inner, double query_norm, double centre_norm, double epsilon,
							   rv_rabitq_aim *aim);

/* All that scoring needs. */
typedef struct rv_rabitq_scoring
{
	const rv_rabitq_layout *layout;
	const int8_t *planes;
	const uint8_t *tables;		/* for blocks only */
	const rv_rabitq_query *query;
	const rv_rabitq_aim *aim;
} rv_rabitq_scoring;

/* What near_block() makes estimates of. */
typedef struct rv_rabitq_near
{
	const float *add;			/* 32 */
	const uint16_t *scale;		/* 32 */
	float		base,
				step,
				offset,
				limit;
} rv_rabitq_near;

/*
 * Kernels.  Sums are of one plane, or its table, and exact; `count` rows lie `stride` bytes apart.  Nothing outside of a
 * row's signs, or ex-bits, is read.
 */
struct rv_rabitq_kernels
{
	/* <signs, plane> of rows. */
	void		(*sign_rows) (const uint8_t *signs, size_t stride, size_t count, size_t n, const int8_t *plane,
							  int32_t *out);

	/* <ex-bits, plane> of rows, of one or two planes; that of the second goes to out + count. */
	void		(*ex_rows) (const uint8_t *ex, size_t stride, size_t count, size_t n, int ex_bits,
							const int8_t *planes, int levels, int32_t *out);

	/* <signs, plane> of the 32 codes of a block, without the tables' least entries. */
	void		(*sign_block) (const uint8_t *signs, size_t n, const uint8_t *table, int32_t *out);

	/*
	 * Estimates from the signs of a block of 32 whose codes are of the differences from one point, to which the distance is
	 * known (SymphonyQG, arXiv 2411.12229, 3.1): values[i] = (near.base + near.add[i]) + near.scale[i] (near.step S +
	 * near.offset), S of code i as sign_block() gives it, float32 in this order; scales are the upper halves of float32.
	 * Bit i of the result is set where the value is below near.limit.
	 */
	uint32_t	(*near_block) (const uint8_t *signs, size_t n, const uint8_t *table, const rv_rabitq_near *near,
							   float *values);

	/* Values, and where `bounds` is not NULL their bounds, of row-major codes and of blocks (`count` codes). */
	void		(*score_rows) (const rv_rabitq_scoring *scoring, const uint8_t *codes, size_t count, float *values,
							   float *bounds);
	void		(*score_blocks) (const rv_rabitq_scoring *scoring, const uint8_t *blocks, size_t count, float *values,
								 float *bounds);

	/* The same by the signs alone: for bits > 1, at a fraction of the work. */
	void		(*score_signs) (const rv_rabitq_scoring *scoring, const uint8_t *blocks, size_t count, float *values,
								float *bounds);

	/*
	 * Of a block of `count` <= 32 codes of more than one bit, those that may be as good as `limit`: bit i of the result is set
	 * unless the value of code i by its signs alone is further from it than its bound in `signs`, a scoring with an aim of its
	 * own.  `sign` is 1 where less is better, else -1, and `limit` is of sign times a value.  For these codes values as of
	 * score_blocks; the others hold anything.
	 */
	uint32_t	(*score_likely) (const rv_rabitq_scoring *scoring, const rv_rabitq_aim *signs, const uint8_t *block,
								 size_t count, double sign, double limit, float *values);

	/*
	 * Of the encoder.  Sums over coordinates are eight in float64, of coordinates 0, 8, 16 .., of 1, 9, 17 and so on; s0 .. s7
	 * are added as ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)).  n is a multiple of 8, but for `square`.
	 *
	 * Subtracts the centre, where it is not NULL, from y; then sum y^2, sum |y| and the largest |y|, and the signs.
	 */
	void		(*measure) (float *y, const float *centre, size_t n, uint8_t *signs, double *sums);

	/* sum x^2 of any number of elements. */
	double		(*square) (const float *x, size_t n);

	/*
	 * Ex-codes m = min(floor(|y| scale), most), `most` < 128, of n coordinates, as bytes, not yet flipped for negative y; with
	 * sum |y| (m + 1/2), and sum (2m + 1)^2.
	 */
	double		(*quantise) (const float *y, size_t n, double scale, int most, uint8_t *codes, uint64_t *squares);

	/* sum |y| (m + 1/2) and sum (m + 1/2)^2 of RV_RABITQ_SCALES scales. */
	void		(*compare) (const float *y, size_t n, const double *scales, int most, double *inner, double *squares);

	/* Twice <xbar, w>, by the signs of y alone, and, where ex-codes as those of `quantise` are not NULL, by both. */
	void		(*project) (const float *y, const uint8_t *codes, const float *w, size_t n, double *sums);
};

/* The kernels of a variant; NULL where this build does not contain it.  Whether it runs here rv_quant_variant() says. */
const rv_rabitq_kernels *rv_rabitq_variant(rv_variant variant);

/*
 * The k best of packed codes of more than one bit, best first, of equals the earlier, NaN last: `indices` and `scores` have
 * room for k <= count.  Looks at the ex-bits of those codes alone whose signs, by the bounds of the aim `signs`, let them be
 * among the best; so what it finds are the best of score_blocks() as long as these bounds hold.
 */
void		rv_rabitq_best(const rv_rabitq_kernels *kernels, const rv_rabitq_scoring *scoring,
						   const rv_rabitq_aim *signs, rv_metric metric, const uint8_t *blocks, size_t count, size_t k,
						   uint32_t *indices, float *scores);

/* The constant scale of the fast encoder, in units of sqrt(n) / |y|. */
double		rv_rabitq_constant(int bits);

/*
 * The scale, in the order of floating-point numbers the first, that makes <|y|, m + 1/2> / |m + 1/2| largest, for
 * m = min(floor(|y| scale), most): goes through all scales where a floor changes, in order (arXiv 2409.09913, 3.2.2).
 * Writes m, and returns what `quantise` does.  `memory` has 16 n bytes, aligned to 8.
 */
double		rv_rabitq_best_codes(const float *y, size_t n, int most, uint8_t *codes, uint64_t *squares, void *memory);

#ifdef __cplusplus
}
#endif

#endif							/* RUVECTOR_QUANT_RABITQ_H */
