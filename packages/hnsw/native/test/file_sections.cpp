/*
 * file_sections.cpp - regions of the engine, to a file and back: copied, and viewed.
 */
#include "file/section_file.h"
#include "support/files.h"

namespace
{

using namespace rv_test;
using rv_index::failure;
using rv_index::progress;
using rv_index::region;
using rv_index::section;
using rv_index::section_file;

/* The code of what the engine's callers see. */
template<typename Action>
int
code_of(const Action &action)
{
	try
	{
		action();
	}
	catch (const failure &error)
	{
		return (int) error.code;
	}
	return -1;
}

/* So many calls until it says stop. */
struct calls
{
	int			left;
	std::string phase = "";
	uint64_t	done = 0,
				total = 0;
	bool		rising = true;

	static bool
	tell(void *data, const char *phase, uint64_t done, uint64_t total)
	{
		calls	   &own = *(calls *) data;

		own.rising = own.rising && done >= own.done && done <= total && (own.phase.empty() || own.phase == phase);
		own.phase = phase;
		own.done = done;
		own.total = total;
		return own.left-- > 0;
	}

	progress
	as_progress()
	{
		progress	told;

		told.tell = tell;
		told.data = this;
		return told;
	}
};

std::vector<section>
sections_of(const byte_vector &rows)
{
	std::vector<section> sections;
	section		head = {"head", nullptr, 5, {1, 2, 3, 4, 5}};

	sections.push_back(head);
	sections.push_back({"rows", rows.data(), rows.size(), {}});
	sections.push_back({"none", nullptr, 0, {}});
	return sections;
}

void
copied_and_viewed()
{
	folder		temporary;
	const std::string path = temporary / "index";
	const byte_vector rows = patterned(1, 3000000);

	rv_index::write_sections(path, 2, 9, sections_of(rows), progress());
	for (bool view : {false, true})
	{
		section_file file(path, view);
		region		to,
					empty;

		check(file.kind() == 2 && file.kind_version() == 9, "the kind");
		check(file.copy("head", 5, 5) == byte_vector({1, 2, 3, 4, 5}), "the head");
		to.reserve(rows.size());
		file.into("rows", to, 0, rows.size());
		file.into("none", empty, 0, 0);
		check(to.size() == rows.size() && to.is_borrowed() == view && empty.size() == 0, "%llu bytes",
			  (unsigned long long) to.size());
		to.touch(0, to.size());
		empty.touch(0, 0);
		check(memcmp(to.data(), rows.data(), rows.size()) == 0, "the rows");
		for (const char *name : {"head", "rows"})
			check(code_of([&] { file.copy(name, 6, 7); }) == (int) error_code::corrupt, "%s of another length", name);
		check(code_of([&] { file.copy("more", 0, 9); }) == (int) error_code::corrupt, "a section that is not there");
		check(code_of([&] { to.touch(rows.size(), 1); }) == (view ? (int) error_code::corrupt : -1), "behind the end");
		file.still_whole();
		file.verify(progress());
	}
}

void
told()
{
	folder		temporary;
	const std::string path = temporary / "index";
	const byte_vector rows = patterned(1, 3000000);
	calls		writing = {1000},
				reading = {1000},
				verifying = {1000},
				stopping = {1};

	rv_index::write_sections(path, 2, 9, sections_of(rows), writing.as_progress());
	check(writing.rising && writing.phase == "write" && writing.done == writing.total, "writing");

	section_file file(path, false);
	region		to;

	to.reserve(rows.size());
	file.told = reading.as_progress();
	file.copy("head", 5, 5);
	file.into("rows", to, 0, rows.size());
	check(reading.rising && reading.phase == "read" && reading.done == rows.size() + 5 && reading.total > reading.done,
		  "reading");
	file.verify(verifying.as_progress());
	check(verifying.rising && verifying.phase == "read" && verifying.done == verifying.total, "verifying");
	check(code_of([&] { file.verify(stopping.as_progress()); }) == (int) error_code::stopped, "stopped");
	stopping = {1};
	check(code_of([&] { rv_index::write_sections(path, 2, 9, sections_of(rows), stopping.as_progress()); }) ==
		  (int) error_code::stopped, "writing is stopped");
	check(temporary.names().size() == 1, "%zu files", temporary.names().size());
}

/* What a search meets in a view that is damaged, or changed meanwhile. */
void
damaged()
{
	folder		temporary;
	const std::string path = temporary / "index";
	const byte_vector rows = patterned(1, 100000);

	rv_index::write_sections(path, 2, 9, sections_of(rows), progress());

	const uint64_t at = file_reader::open(path, file_mode::load)->find("rows")->offset;

	put_byte(path, at + 50000, (uint8_t) ~rows[50000]);
	{
		section_file file(path, true);
		region		to;

		file.into("rows", to, 0, rows.size());
		to.touch(0, 40000);
		check(code_of([&] { to.touch(50000, 1); }) == (int) error_code::corrupt, "an altered block");
		check(code_of([&] { to.touch(40000, 20000); }) == (int) error_code::corrupt, "the same among others");
		to.touch(70000, 30000);
		check(code_of([&] { file.verify(progress()); }) == (int) error_code::corrupt, "all of it");
		file.still_whole();
		must(truncate(path.c_str(), 5000) == 0, "truncate");
		check(code_of([&] { file.still_whole(); }) == (int) error_code::corrupt, "cut off");
	}
	check(code_of([&] { section_file file(path, true); }) == (int) error_code::corrupt, "opened when it was cut off");
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("copied_and_viewed", copied_and_viewed);
	rv_test::run("told", told);
	rv_test::run("damaged", damaged);
	return rv_test::status();
}
