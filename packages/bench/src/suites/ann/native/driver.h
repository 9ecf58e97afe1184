/*
 * What the drivers of C++ peers share: requests, a line each, of a verb and fields with tabs between them
 * ("time\tk=10\teffort=40"), answered by a line of JSON or by "error <why>". What peers print goes to stderr.
 *
 * Rows and queries are files of float32, row after row, of which the first `count` and `asked` are used. Searches are
 * one query after the other; with several threads each takes the next query that nobody has.
 */
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace bench
{

using Fields = std::map<std::string, std::string>;

inline double
seconds()
{
	return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/* Of all threads. */
inline double
cpu_seconds()
{
	rusage used{};
	getrusage(RUSAGE_SELF, &used);
	return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		   1e-6 * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* A line of /proc/self/status in bytes, 0 where there is none. getrusage would give the peak of whoever started us. */
inline double
status_bytes(const std::string &name)
{
	std::ifstream status("/proc/self/status");
	std::string line;
	while (std::getline(status, line))
		if (line.compare(0, name.size() + 1, name + ":") == 0)
			return 1024.0 * std::stod(line.substr(name.size() + 1));
	return 0;
}

inline double
file_bytes(const std::string &path)
{
	std::ifstream file(path, std::ios::binary | std::ios::ate);
	if (!file)
		throw std::runtime_error("cannot open " + path);
	return static_cast<double>(file.tellg());
}

class Request
{
  public:
	explicit Request(const std::string &line)
	{
		size_t at = 0;
		for (bool first = true; at <= line.size(); first = false)
		{
			const size_t end = std::min(line.find('\t', at), line.size());
			const std::string part = line.substr(at, end - at);
			at = end + 1;
			const size_t equals = part.find('=');
			if (first)
				verb = part;
			else if (equals != std::string::npos)
				fields[part.substr(0, equals)] = part.substr(equals + 1);
		}
	}

	const std::string &
	text(const std::string &name) const
	{
		const auto found = fields.find(name);
		if (found == fields.end())
			throw std::runtime_error(verb + " wants " + name);
		return found->second;
	}

	size_t
	number(const std::string &name) const
	{
		return std::stoull(text(name));
	}

	std::string verb;

  private:
	Fields fields;
};

/* The first `count` rows of a file, from row `first` on. */
inline std::vector<float>
read_rows(const std::string &path, size_t first, size_t count, size_t dimensions)
{
	std::vector<float> values(count * dimensions);
	std::ifstream file(path, std::ios::binary);
	file.seekg(static_cast<std::streamoff>(first * dimensions * sizeof(float)));
	file.read(reinterpret_cast<char *>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
	if (!file)
		throw std::runtime_error(path + " has too few rows");
	return values;
}

struct Data
{
	std::string rows;
	size_t count = 0;
	size_t dimensions = 0;
	std::vector<float> queries;
	size_t asked = 0;

	const float *
	query(size_t at) const
	{
		return queries.data() + (at % asked) * dimensions;
	}
};

/* Seconds that a build took, those before an interruption included. */
struct Spent
{
	double wall = 0;
	double cpu = 0;
};

/* What a peer does. */
class Engine
{
  public:
	virtual ~Engine() = default;
	/* Builds and writes the file; what is spent does not include reading rows and writing. */
	virtual Spent build(const Data &data, const Request &request) = 0;
	virtual void load(const Data &data, const std::string &file) = 0;
	virtual void set_effort(size_t effort) = 0;
	/* Ids of the k nearest, nearest first. @returns how many there are */
	virtual size_t search(const float *query, size_t k, uint32_t *ids) = 0;
};

class Driver
{
  public:
	explicit Driver(Engine &peer) : engine(peer) {}

	/* Answers until the requests end. */
	void
	serve()
	{
		/* What the peer prints, by whatever way, must not come between the answers. */
		std::cout.flush();
		std::FILE *const answers = fdopen(dup(STDOUT_FILENO), "w");
		if (answers == nullptr || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
			throw std::runtime_error("cannot keep the answers apart");
		std::string line;
		while (std::getline(std::cin, line))
		{
			std::string answer;
			try
			{
				const Request request(line);
				std::ostringstream written;
				written.precision(17);
				handle(request, written);
				answer = written.str();
			}
			catch (const std::exception &error)
			{
				answer = std::string("error ") + error.what();
			}
			std::fprintf(answers, "%s\n", answer.c_str());
			std::fflush(answers);
		}
		std::fclose(answers);
	}

  private:
	void
	handle(const Request &request, std::ostream &out)
	{
		if (request.verb == "start" || request.verb == "counters")
			out << "{}";
		else if (request.verb == "data")
			take(request, out);
		else if (request.verb == "build")
		{
			const Spent spent = engine.build(data, request);
			out << "{\"wall\":" << spent.wall << ",\"cpu\":" << spent.cpu << ",\"peak\":" << status_bytes("VmHWM")
				<< ",\"bytes\":" << file_bytes(request.text("file")) << "}";
		}
		else if (request.verb == "load")
		{
			anonymous = status_bytes("RssAnon");
			mapped = status_bytes("RssFile");
			const double start = seconds();
			engine.load(data, request.text("file"));
			out << "{\"wall\":" << seconds() - start << "}";
		}
		else if (request.verb == "memory")
			out << "{\"anonymous\":" << grown("RssAnon", anonymous) << ",\"mapped\":" << grown("RssFile", mapped) << "}";
		else if (request.verb == "found")
			found(request, out);
		else if (request.verb == "time")
			out << "{\"ns\":" << timed(request) << "}";
		else if (request.verb == "latencies")
			latencies(request, out);
		else
			throw std::runtime_error("no such request");
	}

	/* Bytes more than before the index was loaded. */
	static double
	grown(const std::string &name, double before)
	{
		return std::max(0.0, status_bytes(name) - before);
	}

	void
	take(const Request &request, std::ostream &out)
	{
		data.rows = request.text("rows");
		data.count = request.number("count");
		data.dimensions = request.number("dimensions");
		data.asked = request.number("asked");
		data.queries = read_rows(request.text("queries"), 0, data.asked, data.dimensions);
		out << "{}";
	}

	void
	found(const Request &request, std::ostream &out)
	{
		const size_t k = request.number("k");
		engine.set_effort(request.number("effort"));
		std::vector<uint32_t> ids(k);
		out << "{\"ids\":[";
		for (size_t query = 0; query < data.asked; query++)
		{
			const size_t count = engine.search(data.query(query), k, ids.data());
			out << (query == 0 ? "[" : ",[");
			for (size_t i = 0; i < count; i++)
				out << (i == 0 ? "" : ",") << ids[i];
			out << "]";
		}
		out << "]}";
	}

	/* Nanoseconds of `count` queries from `first` on, repeated. */
	double
	timed(const Request &request)
	{
		const size_t k = request.number("k"), first = request.number("first"), count = request.number("count");
		const size_t total = count * request.number("repeats"), threads = request.number("threads");
		engine.set_effort(request.number("effort"));
		const double start = seconds();
		if (threads == 1)
		{
			std::vector<uint32_t> ids(k);
			for (size_t i = 0; i < total; i++)
				engine.search(data.query(first + i % count), k, ids.data());
		}
		else
		{
			std::atomic<size_t> next{0};
			std::vector<std::thread> workers;
			for (size_t thread = 0; thread < threads; thread++)
				workers.emplace_back([&] {
					std::vector<uint32_t> ids(k);
					for (size_t i = next++; i < total; i = next++)
						engine.search(data.query(first + i % count), k, ids.data());
				});
			for (std::thread &worker : workers)
				worker.join();
		}
		return 1e9 * (seconds() - start);
	}

	void
	latencies(const Request &request, std::ostream &out)
	{
		const size_t k = request.number("k"), first = request.number("first"), count = request.number("count");
		engine.set_effort(request.number("effort"));
		std::vector<uint32_t> ids(k);
		std::vector<double> times(count);
		for (size_t i = 0; i < count; i++)
		{
			const double start = seconds();
			engine.search(data.query(first + i), k, ids.data());
			times[i] = seconds() - start;
		}
		out << "{\"ns\":[";
		for (size_t i = 0; i < count; i++)
			out << (i == 0 ? "" : ",") << 1e9 * times[i];
		out << "]}";
	}

	Engine &engine;
	Data data;
	/* Of the process before the index was loaded. */
	double anonymous = 0;
	double mapped = 0;
};

} /* namespace bench */
