/*
 * sections.h - what an index is in a file: named pieces of bytes.
 */
#ifndef RUVECTOR_INDEX_SECTIONS_H
#define RUVECTOR_INDEX_SECTIONS_H

#include <string>
#include <vector>

#include "region.h"

namespace rv_index
{

/* A piece that is to be written: memory that stays while it is, or bytes of its own. */
struct section
{
	std::string name;			/* up to 16 characters of ASCII */
	const void *data;
	uint64_t	bytes;
	std::vector<uint8_t> own;	/* where it is not empty, data points to it */
};

/* The sections of a file that is being read. */
class section_source
{
public:
	virtual ~section_source() = default;

	/*
	 * Makes a region of a section: its bytes are copied, or borrowed and watched where a file is viewed.  The region has
	 * reserved addresses if it is to grow.  Throws corrupt where there is no such section or its length is outside of
	 * least .. most.
	 */
	virtual void into(const std::string &name, region &to, uint64_t least, uint64_t most) = 0;

	/* The same for small ones, which are always copied. */
	virtual std::vector<uint8_t> copy(const std::string &name, uint64_t least, uint64_t most) = 0;
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_SECTIONS_H */
