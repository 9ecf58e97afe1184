/*
 * crc32c.h - the checksum of files: CRC-32C (Castagnoli), as in RFC 3720, B.4.
 */
#ifndef RUVECTOR_INDEX_FILE_CRC32C_H
#define RUVECTOR_INDEX_FILE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

namespace rv_index
{

/*
 * The checksum of `bytes` bytes that follow those whose checksum is `before`; 0 at first.  O(bytes): some 20 GB/s in
 * the cache with the processor's instruction, 2 GB/s without.  Any thread.
 *
 *     crc32c(0, "123456789", 9) == 0xE3069283
 *     crc32c(crc32c(0, "1234", 4), "56789", 5) == 0xE3069283
 */
uint32_t	crc32c(uint32_t before, const void *data, size_t bytes);

/* One way to compute it. */
struct crc32c_variant
{
	const char *name;
	uint32_t	(*compute) (uint32_t before, const void *data, size_t bytes);
	bool		usable;			/* on this processor */
};

/* All ways of this build, the best first; the first usable one is what crc32c() takes. */
const crc32c_variant *crc32c_variants(size_t *count);

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_FILE_CRC32C_H */
