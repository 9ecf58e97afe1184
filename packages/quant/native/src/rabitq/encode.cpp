/*
 * encode.cpp - vectors to codes and back.
 *
 * What decides a code is the same on every machine: rotated coordinates are (rotation.h), the sums in float64 are in a
 * fixed order, and a product of two float32 is exact there.  src/rabitq/encode.ts computes the same, operation by
 * operation.
 */
#include "layout.h"

namespace
{

/* Below this, factors could be denormal numbers: then a code stands for the centre alone. */
constexpr double least_norm = 0x1p-100;

/* Constant scales: of the standard normal distribution, which coordinates of rotated vectors come near to, the one that
 * makes E[|x| (m + 1/2)] / sqrt(E[(m + 1/2)^2]) largest (test/rabitq.test.ts integrates and compares). */
const double constants[9] = {0, 0, 1.0043320117, 1.7064279454, 2.9832884595, 5.3152254689, 9.6095585976, 17.5846770793,
32.5072069947};

/*
 * What the refined encoder tries beside: the largest coordinate at the end of the last cell, times these.  Cells that reach
 * no further than the vector does are the better, the more bits there are; with five, errors are some per cent above the
 * least (doc/rabitq.md has a table).
 */
const double refinements[] = {0.9, 0.96, 1.0, 1.08, 1.2};

/* A quotient or root to float32, not below it. */
RV_INLINE float
round_up(double x)
{
	float		f = (float) x;
	uint32_t	bits;

	if ((double) f >= x)
		return f;
	__builtin_memcpy(&bits, &f, sizeof(bits));
	bits++;
	__builtin_memcpy(&f, &bits, sizeof(f));
	return f;
}

/* Eight bits to the lowest bits of eight bytes, the lowest first. */
RV_INLINE uint64_t
spread_bits(unsigned bits)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t	apart = (uint64_t) bits * ones & 0x8040201008040201u;

	return (apart + 0x7f * ones) >> 7 & ones;
}

/*
 * Ex-codes, bytes m as of |y|, to their planes.  Of a negative coordinate all bits are the other way round: it is in the
 * cell below zero.  Eight bytes, those of a lane, are gathered in a word.
 */
void
put_ex(const uint8_t *codes, const uint8_t *signs, size_t n, int ex_bits, uint8_t *ex)
{
	const uint64_t most = ((uint64_t) 1 << ex_bits) - 1;

	for (size_t first = 0; first < n; first += RV_RABITQ_CHUNK)
	{
		const size_t lanes = lanes_of(n, first);

		for (size_t lane = 0; lane < lanes; lane++)
		{
			uint8_t    *plane = ex + lane;
			uint64_t	c;

			__builtin_memcpy(&c, codes + first + lane * groups, 8);
			c ^= spread_bits(~(unsigned) signs[first / groups + lane] & 255) * most;
			if ((ex_bits & 4) != 0)
			{
				/* Pairs of groups 0 1, 2 3, 4 5, 6 7 go to four_place(): 0, 2, 1, 3. */
				uint64_t	pairs = c & 0x0f0f0f0f0f0f0f0fu;

				pairs |= pairs >> 4;
				plane[0] = (uint8_t) pairs;
				plane[lanes] = (uint8_t) (pairs >> 32);
				plane[2 * lanes] = (uint8_t) (pairs >> 16);
				plane[3 * lanes] = (uint8_t) (pairs >> 48);
				plane += 4 * lanes;
				c = c >> 4 & 0x0f0f0f0f0f0f0f0fu;
			}
			if ((ex_bits & 2) != 0)
			{
				uint64_t	fours = c & 0x0303030303030303u;

				fours = (fours | fours >> 6) & 0x000f000f000f000fu;
				fours |= fours >> 12;
				plane[0] = (uint8_t) fours;
				plane[lanes] = (uint8_t) (fours >> 32);
				plane += 2 * lanes;
				c = c >> 2 & 0x3f3f3f3f3f3f3f3fu;
			}
			if ((ex_bits & 1) != 0)
				/* Byte i's bit comes to bit 56 + i, and nothing else there. */
				plane[0] = (uint8_t) ((c & 0x0101010101010101u) * 0x0102040810204080u >> 56);
		}
		ex += (size_t) ex_bits * lanes;
	}
}

/* The other way. */
void
take_ex(const uint8_t *ex, size_t n, int ex_bits, uint8_t *codes)
{
	for (size_t first = 0; first < n; first += RV_RABITQ_CHUNK)
	{
		const size_t lanes = lanes_of(n, first);

		for (size_t lane = 0; lane < lanes; lane++)
			for (size_t g = 0; g < groups; g++)
			{
				const uint8_t *plane = ex + lane;
				int			code = 0,
							shift = 0;

				if ((ex_bits & 4) != 0)
				{
					code = plane[four_place(g) * lanes] >> (g % 2 * 4) & 15;
					plane += 4 * lanes;
					shift = 4;
				}
				if ((ex_bits & 2) != 0)
				{
					code |= (plane[g / 4 * lanes] >> (g % 4 * 2) & 3) << shift;
					plane += 2 * lanes;
					shift += 2;
				}
				if ((ex_bits & 1) != 0)
					code |= (plane[0] >> g & 1) << shift;
				codes[first + lane * groups + g] = (uint8_t) code;
			}
		ex += (size_t) ex_bits * lanes;
	}
}

struct factors
{
	float		values[RV_RABITQ_FACTORS] = {};
};

void
put_factors(const rv_rabitq_layout &layout, const factors &f, uint8_t *code)
{
	uint8_t    *to = code + layout.sign_bytes + layout.ex_bytes;

	for (int i = 0; i < RV_RABITQ_FACTORS; i++)
	{
		int			place = rv_rabitq_factor_place(&layout, (rv_rabitq_factor) i);

		if (place >= 0)
			store_float(to + 4 * place, f.values[i]);
	}
}

/* The memory of a row: the rotated vector, ex-codes, and for the exact encoder what its search needs. */
struct work
{
	float	   *y;
	uint8_t    *m;
	void	   *search;

	work(void *memory, size_t n)
		: y((float *) memory), m((uint8_t *) memory + n * sizeof(float)), search(m + (n + 15) / 16 * 16)
	{
	}
};

/* Ex-codes by the scale that the encoder finds: as `quantise` of the kernels. */
double
find_codes(const rv_rabitq_kernels *kernels, const rv_rabitq_codec &codec, double norm, double largest, const work &w,
		   uint64_t *squares)
{
	const size_t n = codec.layout.n;
	const int	most = (1 << (codec.layout.bits - 1)) - 1;
	double		scales[RV_RABITQ_SCALES] = {constants[codec.layout.bits] * __builtin_sqrt((double) n) / norm};
	int			best = 0;

	if (codec.encoder == RV_RABITQ_EXACT)
		return rv_rabitq_best_codes(w.y, n, most, w.m, squares, w.search);
	if (codec.encoder == RV_RABITQ_REFINED)
	{
		const double whole = (double) (most + 1) / largest;
		double		inner[RV_RABITQ_SCALES],
					square[RV_RABITQ_SCALES];

		for (int i = 1; i < RV_RABITQ_SCALES; i++)
			scales[i] = whole * refinements[i - 1];
		kernels->compare(w.y, n, scales, most, inner, square);
		for (int i = 1; i < RV_RABITQ_SCALES; i++)
			if (inner[i] * inner[i] * square[best] > inner[best] * inner[best] * square[i])
				best = i;
	}
	return kernels->quantise(w.y, n, scales[best], most, w.m, squares);
}

bool
encode_one(const rv_rabitq_kernels *kernels, const rv_rotation_kernels *rotation, const rv_rabitq_codec &codec,
		   const float *x, uint8_t *code, const work &w)
{
	const rv_rabitq_layout &layout = codec.layout;
	const size_t n = layout.n;
	const int	ex_bits = layout.bits - 1;
	const double limit = RV_RABITQ_MAX_NORM * RV_RABITQ_MAX_NORM;
	double		sums[3],
				length2 = 0;
	factors		f;

	__builtin_memcpy(w.y, x, codec.dimensions * sizeof(float));
	__builtin_memset(w.y + codec.dimensions, 0, (n - codec.dimensions) * sizeof(float));
	rotation->rotate(&codec.rotation, w.y);
	if (layout.centred)
		length2 = kernels->square(x, codec.dimensions);
	kernels->measure(w.y, codec.centre, n, code, sums);
	/* NaN is not below, nor is infinity. */
	if (!(sums[0] <= limit && length2 <= limit))
		return false;

	const double norm = __builtin_sqrt(sums[0]);
	/* What rotating, there and back, and rounding change; the last term is for denormal numbers. */
	const double slack = (2 * rv_rotation_error(n) + 8 * 0x1p-24) * (norm + codec.centre_norm) * 1.001 +
		__builtin_sqrt((double) n) * 0x1p-143;
	double		sign_inner = sums[1] / 2,	/* <y, xbar> of the signs */
				inner = sign_inner,
				square = (double) n / 4;	/* |xbar|^2 */

	if (ex_bits > 0)
	{
		uint64_t	squares;

		if (norm < least_norm)
		{
			__builtin_memset(w.m, 0, n);
			squares = n;
		}
		else
			inner = find_codes(kernels, codec, norm, sums[2], w, &squares);
		square = (double) squares / 4;
	}
	f.values[RV_RABITQ_NORM] = (float) norm;
	f.values[RV_RABITQ_LENGTH] = (float) __builtin_sqrt(length2);
	if (norm < least_norm)
	{
		/* Rotating may have made a zero vector of one that is not; that has a direction, though the code knows none. */
		double		length = layout.centred ? 0 : __builtin_sqrt(kernels->square(x, codec.dimensions));

		f.values[RV_RABITQ_NORM] = (float) (length > norm ? length : norm);
		f.values[RV_RABITQ_RESIDUAL] = round_up(norm + slack);
	}
	else
	{
		double		scale = sums[0] / inner,
					sign_scale = sums[0] / sign_inner;
		double		rest = sums[0] - inner * inner / square;

		f.values[RV_RABITQ_SCALE] = (float) scale;
		f.values[RV_RABITQ_SIGN_SCALE] = (float) sign_scale;
		rest = (rest > 0 ? rest : 0) + sums[0] * ((double) n * 0x1p-50);
		f.values[RV_RABITQ_RESIDUAL] = round_up(__builtin_sqrt(rest) + slack);
		if (layout.centred)
		{
			double		inners[2];

			kernels->project(w.y, ex_bits > 0 ? w.m : NULL, codec.centre, n, inners);
			f.values[RV_RABITQ_CENTRE] = (float) (scale * (inners[ex_bits > 0] / 2));
			f.values[RV_RABITQ_SIGN_CENTRE] = (float) (sign_scale * (inners[0] / 2));
		}
	}
	if (ex_bits > 0)
		put_ex(w.m, code, n, ex_bits, code + layout.sign_bytes);
	put_factors(layout, f, code);
	return true;
}

/* Eight levels 2 m + 1, less 2^bits where the sign is negative, as floats over ex-codes m; the sum of their squares. */
RV_INLINE uint32_t
levels_of(uint8_t signs, const uint8_t *m, int bits, float *out)
{
	const int32_t below = (int32_t) 1 << bits;
	const uint64_t negative = spread_bits(~(unsigned) signs & 255);
	int32_t		level[8];
	uint32_t	squares = 0;

	for (int j = 0; j < 8; j++)
		level[j] = 2 * (int32_t) m[j] + 1 - (int32_t) (negative >> 8 * j & 1) * below;
	for (int j = 0; j < 8; j++)
		squares += (uint32_t) (level[j] * level[j]);
	for (int j = 0; j < 8; j++)
		out[j] = (float) level[j];
	return squares;
}

}	/* namespace */

extern "C" double
rv_rabitq_constant(int bits)
{
	return constants[bits];
}

extern "C" size_t
rv_rabitq_encode_bytes(const rv_rabitq_codec *codec)
{
	const size_t n = codec->layout.n;

	return n * sizeof(float) + (n + 15) / 16 * 16 + (codec->encoder == RV_RABITQ_EXACT ? 16 * n : 0);
}

extern "C" size_t
rv_rabitq_encode(const rv_rabitq_kernels *kernels, const rv_rotation_kernels *rotation, const rv_rabitq_codec *codec,
				 const float *vectors, size_t count, uint8_t *codes, void *memory)
{
	const work	w(memory, codec->layout.n);

	for (size_t i = 0; i < count; i++)
		if (!encode_one(kernels, rotation, *codec, vectors + i * codec->dimensions, codes + i * codec->layout.code_bytes,
						w))
			return i;
	return count;
}

extern "C" void
rv_rabitq_decode(const rv_rotation_kernels *rotation, const rv_rabitq_codec *codec, const uint8_t *codes, size_t count,
				 float *vectors, float *memory)
{
	const rv_rabitq_layout &layout = codec->layout;
	const size_t n = layout.n;
	const int	ex_bits = layout.bits - 1;
	float	   *y = memory;

	for (size_t at = 0; at < count; at++)
	{
		const uint8_t *code = codes + at * layout.code_bytes;
		const uint8_t *values = code + layout.sign_bytes + layout.ex_bytes;
		const double norm = load_float(values + 4 * RV_RABITQ_NORM),
					scale = load_float(values + 4 * RV_RABITQ_SCALE);
		/* Ex-codes lie at the end of the row of floats that they become, eight after eight. */
		uint8_t    *m = (uint8_t *) (y + n) - n;
		uint64_t	squares = 0;

		if (ex_bits > 0)
			take_ex(code + layout.sign_bytes, n, ex_bits, m);
		else
			__builtin_memset(m, 0, n);
		for (size_t i = 0; i < n; i += 8)
			squares += levels_of(code[i / 8], m + i, layout.bits, y + i);

		/* The scale of the least error, |y|^2 / (g |xbar|^2), of half of xbar's unit. */
		const double least = scale > 0 ? norm * norm / (scale * ((double) squares / 4)) / 2 : 0;

		for (size_t i = 0; i < n; i++)
			y[i] = (float) (least * (double) y[i]);
		for (size_t i = 0; codec->centre != NULL && i < n; i++)
			y[i] += codec->centre[i];
		rotation->unrotate(&codec->rotation, y);
		__builtin_memcpy(vectors + at * codec->dimensions, y, codec->dimensions * sizeof(float));
	}
}
