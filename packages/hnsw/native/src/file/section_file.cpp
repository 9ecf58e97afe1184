/*
 * section_file.cpp - between sections of files and regions of the engine.
 */
#include "section_file.h"

namespace rv_index
{

namespace
{

/* A phase of the engine's progress, of which the file's is a part. */
struct phase
{
	const progress &told;
	const char *name;
	uint64_t	before,
				total;			/* 0: what the file says */

	file_progress
	of_file()
	{
		return told.tell == nullptr ? file_progress() : file_progress{tell, this};
	}

	static bool
	tell(void *data, uint64_t done, uint64_t total)
	{
		const phase &own = *(const phase *) data;

		return own.told.tell(own.told.data, own.name, own.before + done, own.total == 0 ? total : own.total);
	}
};

}	/* namespace */

class section_file::section_watch final : public watch
{
public:
	section_watch(const file_reader &of, const file_section &section) : of(of), section(section) { }

	void touch(uint64_t offset, uint64_t bytes) override { of.require(section, offset, bytes); }

private:
	const file_reader &of;
	const file_section &section;
};

section_file::section_file(const std::string &path, bool view)
	: reader(file_reader::open(path, view ? file_mode::view : file_mode::load))
{
}

section_file::~section_file() = default;

void
section_file::read(const file_section &section, void *to)
{
	phase		reading = {told, "read", read_bytes, reader->file_bytes()};

	reader->read(section, to, reading.of_file());
	read_bytes += section.bytes;
}

void
section_file::into(const std::string &name, region &to, uint64_t least, uint64_t most)
{
	const file_section &section = reader->find(name, least, most);

	if (reader->mode() == file_mode::view)
	{
		watches.emplace_back(new section_watch(*reader, section));
		to.borrow(section.data, section.bytes, watches.back().get());
		return;
	}
	to.grow(section.bytes);
	read(section, to.data());
}

std::vector<uint8_t>
section_file::copy(const std::string &name, uint64_t least, uint64_t most)
{
	const file_section &section = reader->find(name, least, most);
	std::vector<uint8_t> bytes((size_t) section.bytes);

	read(section, bytes.data());
	return bytes;
}

void
section_file::verify(const progress &tell) const
{
	phase		verifying = {tell, "read", 0, 0};

	reader->verify(verifying.of_file());
}

void
section_file::still_whole() const
{
	if (reader->mode() == file_mode::view && !reader->still_whole())
		throw file_error(error_code::corrupt, reader->path() + " was changed while it was in use");
}

void
write_sections(const std::string &path, uint64_t kind, uint64_t kind_version, const std::vector<section> &sections,
			   const progress &told)
{
	file_writer writer(path, kind, kind_version);
	phase		writing = {told, "write", 0, 0};

	for (const section &s : sections)
		writer.add(s.name, s.own.empty() ? s.data : s.own.data(), s.bytes);
	writer.commit(writing.of_file());
}

}	/* namespace rv_index */
