/*
 * work.h - calls that go on beside JavaScript, on a thread of libuv's pool.
 */
#ifndef RUVECTOR_INDEX_ADDON_WORK_H
#define RUVECTOR_INDEX_ADDON_WORK_H

#include "values.h"

namespace rv_index
{

/* One call: it is made of its arguments on JavaScript's thread, runs on another, and its result is made on the first. */
class job
{
public:
	virtual ~job() = default;

	/* Touches nothing of Node. */
	virtual void run(const progress &told) = 0;

	virtual napi_value result(napi_env env) = 0;
};

/* Arguments of a job, `count` of them; their arrays stay as they are while it runs. */
typedef std::unique_ptr<job> (*job_maker) (napi_env env, const napi_value *arguments);

struct job_kind
{
	const char *name;
	size_t		arguments;
	job_maker	make;
};

constexpr size_t max_job_arguments = 10;

/* All there are, in jobs.cpp; the last has no name. */
extern const job_kind job_kinds[];

/* Searches of many queries, one after the other or on threads. */
class batch
{
public:
	/* (index, queries, k, effort, filter or undefined) */
	batch(napi_env env, const napi_value *given);

	void		run(unsigned threads, const progress &told);

	/* [ids, distances, counters, offsets] */
	napi_value	result(napi_env env) const;

private:
	std::shared_ptr<index> of;
	const uint8_t *queries;
	size_t		count;
	size_t		k;
	uint32_t	effort;
	std::shared_ptr<row_filter> filter;
	std::vector<hits> found;
	std::vector<search_counts> counts;
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_ADDON_WORK_H */
