/*
 * parallel.h - loops over rows on threads that live as long as a call.
 */
#ifndef RUVECTOR_INDEX_PARALLEL_H
#define RUVECTOR_INDEX_PARALLEL_H

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "error.h"

namespace rv_index
{

/* What long work tells its caller, and hears from it: false stops the work. */
struct progress
{
	bool		(*tell) (void *data, const char *phase, uint64_t done, uint64_t total) = nullptr;
	void	   *data = nullptr;

	void
	step(const char *phase, uint64_t done, uint64_t total) const
	{
		if (tell != nullptr && !tell(data, phase, done, total))
			throw failure(error_code::stopped, "stopped");
	}
};

constexpr unsigned max_threads = 64;

/*
 * Calls body(i, thread) for i in first .. last - 1, in blocks of `block`, on up to `threads` threads; the calling thread is
 * number 0, and tells progress.  What a body throws ends the loop, and is thrown here once all have stopped.
 */
template<typename Body>
void
parallel_for(uint64_t first, uint64_t last, unsigned threads, uint64_t block, const progress &told, const char *phase,
			 Body body)
{
	std::atomic<uint64_t> next{first};
	std::atomic<bool> stop{false};
	std::exception_ptr error;
	std::mutex	error_lock;
	const uint64_t total = last - first;

	auto		work = [&](unsigned thread)
	{
		try
		{
			while (!stop.load(std::memory_order_relaxed))
			{
				const uint64_t begin = next.fetch_add(block, std::memory_order_relaxed);

				if (begin >= last)
					break;

				const uint64_t end = last - begin < block ? last : begin + block;

				for (uint64_t i = begin; i < end; i++)
					body(i, thread);
				if (thread == 0)
					told.step(phase, begin - first, total);
			}
		}
		catch (...)
		{
			std::lock_guard<std::mutex> guard(error_lock);

			if (!error)
				error = std::current_exception();
			stop = true;
		}
	};

	std::vector<std::thread> others;
	const uint64_t blocks = (total + block - 1) / block;

	others.reserve(threads);
	for (unsigned thread = 1; thread < threads && thread < blocks; thread++)
	{
		try
		{
			others.emplace_back(work, thread);
		}
		catch (const std::exception &)
		{
			/* No thread, or no memory for one: with fewer the work is done all the same. */
			break;
		}
	}
	work(0);
	for (std::thread &thread : others)
		thread.join();
	if (error)
		std::rethrow_exception(error);
	told.step(phase, total, total);
}

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_PARALLEL_H */
