/*
 * jobs.cpp - what can be started; arguments are as src/native/addon.ts says.
 */
#include "work.h"

namespace rv_index
{

namespace
{

unsigned
get_threads(napi_env env, napi_value value)
{
	const uint32_t threads = get_u32(env, value);

	return threads == 0 ? 1 : threads > max_threads ? max_threads : threads;
}

/* A change, or another call that gives nothing back. */
class plain_job : public job
{
public:
	napi_value result(napi_env env) override { return make_undefined(env); }
};

class add_job final : public plain_job
{
public:
	std::shared_ptr<index> of;
	key_list	keys;
	const void *vectors;
	bool		replace;
	unsigned	threads;

	void
	run(const progress &told) override
	{
		of->add(keys.keys.data(), vectors, keys.keys.size(), replace, threads, true, told);
	}
};

/* (index, keys, ends, vectors, replace, threads) */
std::unique_ptr<job>
make_add(napi_env env, const napi_value *given)
{
	std::unique_ptr<add_job> made(new add_job);

	made->of = get_index(env, given[0]);
	made->keys = get_keys(env, made->of->options.keys, given[1], given[2]);
	made->vectors = get_vectors(env, given[3], made->of->metric, made->keys.keys.size());
	made->replace = get_bool(env, given[4]);
	made->threads = get_threads(env, given[5]);
	return made;
}

class remove_job final : public plain_job
{
public:
	std::shared_ptr<index> of;
	key_list	keys;
	bool		ignore_missing;

	void
	run(const progress &told) override
	{
		of->remove(keys.keys.data(), keys.keys.size(), ignore_missing, true, told);
	}
};

/* (index, keys, ends, ignore missing ones) */
std::unique_ptr<job>
make_remove(napi_env env, const napi_value *given)
{
	std::unique_ptr<remove_job> made(new remove_job);

	made->of = get_index(env, given[0]);
	made->keys = get_keys(env, made->of->options.keys, given[1], given[2]);
	made->ignore_missing = get_bool(env, given[3]);
	return made;
}

class search_job final : public job
{
public:
	search_job(napi_env env, const napi_value *given) : of(env, given), threads(get_threads(env, given[5])) { }

	void run(const progress &told) override { of.run(threads, told); }
	napi_value result(napi_env env) override { return of.result(env); }

private:
	batch		of;
	unsigned	threads;
};

/* (index, queries, k, effort, filter or undefined, threads) */
std::unique_ptr<job>
make_search(napi_env env, const napi_value *given)
{
	return std::unique_ptr<job>(new search_job(env, given));
}

class upkeep_job final : public plain_job
{
public:
	std::shared_ptr<index> of;
	unsigned	threads;
	void		(index::*what) (unsigned, const progress &);

	void run(const progress &told) override { (of.get()->*what)(threads, told); }
};

std::unique_ptr<job>
make_upkeep(napi_env env, const napi_value *given, void (index::*what) (unsigned, const progress &))
{
	std::unique_ptr<upkeep_job> made(new upkeep_job);

	made->of = get_index(env, given[0]);
	made->threads = get_threads(env, given[1]);
	made->what = what;
	return made;
}

class calibrate_job final : public plain_job
{
public:
	std::shared_ptr<index> of;
	size_t		samples,
				k;
	unsigned	threads;

	void run(const progress &told) override { of->calibrate(samples, k, threads, told); }
};

/* (index, samples, k, threads) */
std::unique_ptr<job>
make_calibrate(napi_env env, const napi_value *given)
{
	std::unique_ptr<calibrate_job> made(new calibrate_job);

	made->of = get_index(env, given[0]);
	made->samples = get_u32(env, given[1]);
	made->k = get_u32(env, given[2]);
	made->threads = get_threads(env, given[3]);
	return made;
}

class check_job final : public job
{
public:
	std::shared_ptr<index> of;
	std::vector<std::string> problems;

	void run(const progress &told) override { problems = of->check(told); }

	napi_value
	result(napi_env env) override
	{
		std::vector<napi_value> texts;

		for (const std::string &problem : problems)
			texts.push_back(make_string(env, problem));
		return make_array(env, texts);
	}
};

std::unique_ptr<job>
make_check(napi_env env, const napi_value *given)
{
	std::unique_ptr<check_job> made(new check_job);

	made->of = get_index(env, given[0]);
	return made;
}

class save_job final : public plain_job
{
public:
	std::shared_ptr<index> of;
	std::string path;

	void run(const progress &told) override { of->save(path, told); }
};

/* (index, path) */
std::unique_ptr<job>
make_save(napi_env env, const napi_value *given)
{
	std::unique_ptr<save_job> made(new save_job);

	made->of = get_index(env, given[0]);
	made->path = get_string(env, given[1]);
	return made;
}

class load_job final : public job
{
public:
	std::string path;
	bool		view;
	std::shared_ptr<index> made;

	void run(const progress &told) override { made = index::load(path, view, told); }

	napi_value
	result(napi_env env) override
	{
		std::unique_ptr<index_handle> handle(new index_handle);

		handle->of = made;
		return make_handle(env, std::move(handle));
	}
};

/* (path, view) */
std::unique_ptr<job>
make_load(napi_env env, const napi_value *given)
{
	std::unique_ptr<load_job> made(new load_job);

	made->path = get_string(env, given[0]);
	made->view = get_bool(env, given[1]);
	return made;
}

}	/* namespace */

const job_kind job_kinds[] = {
	{"add", 6, make_add},
	{"remove", 4, make_remove},
	{"search", 6, make_search},
	{"repair", 2, [](napi_env env, const napi_value *given) { return make_upkeep(env, given, &index::repair); }},
	{"compact", 2, [](napi_env env, const napi_value *given) { return make_upkeep(env, given, &index::compact); }},
	{"calibrate", 4, make_calibrate},
	{"check", 1, make_check},
	{"save", 2, make_save},
	{"load", 2, make_load},
	{nullptr, 0, nullptr},
};

}	/* namespace rv_index */
