/*
 * batch.cpp - searches of many queries.
 */
#include "work.h"

namespace rv_index
{

batch::batch(napi_env env, const napi_value *given)
	: of(get_index(env, given[0])), count(count_vectors(env, given[1], of->metric)), k(get_u32(env, given[2])),
	effort(get_u32(env, given[3]))
{
	queries = (const uint8_t *) get_vectors(env, given[1], of->metric, count);
	if (!is_undefined(env, given[4]))
		filter = get_handle<filter_handle>(env, given[4]).of;
}

void
batch::run(unsigned threads, const progress &told)
{
	found.resize(count);
	counts.resize(threads);
	parallel_for(0, count, threads, 8, told, "search", [&](uint64_t q, unsigned thread)
	{
		of->search(queries + q * of->metric.vector_bytes, k, effort, filter.get(), found[q], counts[thread]);
	});
}

napi_value
batch::result(napi_env env) const
{
	std::vector<uint32_t> offsets(count + 1);
	hits		all;
	search_counts sum;

	for (size_t q = 0; q < count; q++)
	{
		const hits &own = found[q];
		const uint32_t text_begin = (uint32_t) all.text.size();

		all.distances.insert(all.distances.end(), own.distances.begin(), own.distances.end());
		all.numbers.insert(all.numbers.end(), own.numbers.begin(), own.numbers.end());
		all.text += own.text;
		for (uint32_t end : own.text_ends)
			all.text_ends.push_back(text_begin + end);
		offsets[q + 1] = (uint32_t) all.size();
	}
	for (const search_counts &c : counts)
	{
		sum.hops += c.hops;
		sum.distances += c.distances;
		sum.estimates += c.estimates;
		sum.bytes += c.bytes;
	}

	napi_value	made = make_result(env, of->options.keys, all, sum);

	require(env, napi_set_element(env, made, 3, make_typed(env, napi_uint32_array, offsets.data(), count + 1, 4)));
	return made;
}

}	/* namespace rv_index */
