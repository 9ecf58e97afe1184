/*
 * partial.h - the last bytes of a vector, for sets without masked loads of bytes.
 *
 * Of a vector of a register or more the last register is read and what was there before is cleared; a shorter one is put
 * together.
 */
#ifndef RUVECTOR_INTEGER_PARTIAL_H
#define RUVECTOR_INTEGER_PARTIAL_H

#include "../kernels.h"

namespace
{

#define RV_EIGHT(x) x, x, x, x, x, x, x, x

alignas(64) const uint8_t rest_masks[64] = {RV_EIGHT(0), RV_EIGHT(0), RV_EIGHT(0), RV_EIGHT(0),
	RV_EIGHT(0xff), RV_EIGHT(0xff), RV_EIGHT(0xff), RV_EIGHT(0xff)};

#undef RV_EIGHT

/* `bytes` bytes, at most 32, of which the last k (k < 32) are set. */
RV_INLINE const uint8_t *
rest_mask(size_t bytes, size_t k)
{
	return rest_masks + 32 - bytes + k;
}

/* The n bytes at p (0 < n < 8), the rest zero: two loads that may overlap, or three. */
RV_INLINE uint64_t
fewer_than_eight(const uint8_t *p, size_t n)
{
	if (n >= 4)
	{
		uint32_t	first,
					last;

		__builtin_memcpy(&first, p, sizeof(first));
		__builtin_memcpy(&last, p + n - 4, sizeof(last));
		return first | (uint64_t) last << (8 * (n - 4));
	}
	return p[0] | (uint64_t) p[n / 2] << (8 * (n / 2)) | (uint64_t) p[n - 1] << (8 * (n - 1));
}

/* The last k (0 < k < 8) of the n bytes at p, the rest zero.  Nothing but them is read. */
RV_INLINE uint64_t
rest_of_eight(const uint8_t *p, size_t k, size_t n)
{
	uint64_t	last;

	if (n < 8)
		return fewer_than_eight(p + n - k, k);
	__builtin_memcpy(&last, p + n - 8, sizeof(last));
	return last >> (8 * (8 - k));
}

/* The n bytes at p (0 < n < 16). */
RV_INLINE void
fewer_than_sixteen(const uint8_t *p, size_t n, uint64_t *low, uint64_t *high)
{
	*high = 0;
	if (n < 8)
		*low = fewer_than_eight(p, n);
	else
	{
		__builtin_memcpy(low, p, sizeof(*low));
		if (n > 8)
			*high = rest_of_eight(p, n - 8, n);
	}
}

}	/* namespace */

#endif							/* RUVECTOR_INTEGER_PARTIAL_H */
