/*
 * error.h - what the engine throws; the addon makes HnswError of it.
 */
#ifndef RUVECTOR_INDEX_ERROR_H
#define RUVECTOR_INDEX_ERROR_H

#include <exception>
#include <string>

namespace rv_index
{

/* In the order of src/backend/native.ts. */
enum class error_code
{
	argument,					/* breaks the contract between src/ and the addon */
	memory,
	too_large,					/* more rows, or bytes, than an index holds */
	value,						/* a vector that the metric has no distance for */
	duplicate_key,
	unknown_key,
	busy,
	stopped,					/* by the caller's progress */
	read_only,
	unsupported,
	uncalibrated,
	format,
	version,
	corrupt,
	io,
	stale_filter				/* rows were numbered anew since it was made */
};

class failure : public std::exception
{
public:
	failure(error_code code, std::string message, size_t row = 0, int system = 0)
		: code(code), row(row), system(system), message(std::move(message))
	{
	}

	const char *what() const noexcept override { return message.c_str(); }

	error_code	code;
	size_t		row;			/* which of the rows that were given */
	int			system;			/* errno */

private:
	std::string message;
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_ERROR_H */
