/*
 * section_file.h - a file as the engine sees it: sections that become regions, and regions that become sections.
 */
#ifndef RUVECTOR_INDEX_FILE_SECTION_FILE_H
#define RUVECTOR_INDEX_FILE_SECTION_FILE_H

#include <memory>
#include <string>
#include <vector>

#include "engine/parallel.h"
#include "engine/sections.h"
#include "file.h"

namespace rv_index
{

/* An open file.  Regions that look into a view stay valid as long as it. */
class section_file final : public section_source
{
public:
	/* Throws io, format, version, corrupt, memory. */
	section_file(const std::string &path, bool view);
	~section_file() override;

	uint64_t kind() const { return reader->kind(); }
	uint64_t kind_version() const { return reader->kind_version(); }

	/* Of what is copied the bytes are verified here, of what is viewed when they are touched. */
	void		into(const std::string &name, region &to, uint64_t least, uint64_t most) override;
	std::vector<uint8_t> copy(const std::string &name, uint64_t least, uint64_t most) override;

	/* Reads and verifies all bytes of the file. */
	void		verify(const progress &told) const;

	/* Throws corrupt where a viewed file was changed since it was opened. */
	void		still_whole() const;

	/* What into() and copy() tell; set before them. */
	progress	told;

private:
	class section_watch;

	const std::unique_ptr<file_reader> reader;
	std::vector<std::unique_ptr<section_watch>> watches;
	uint64_t	read_bytes = 0;

	void		read(const file_section &section, void *to);
};

/* Writes a file, as file_writer does. */
void		write_sections(const std::string &path, uint64_t kind, uint64_t kind_version, const std::vector<section> &sections,
						   const progress &told);

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_FILE_SECTION_FILE_H */
