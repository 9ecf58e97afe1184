/*
 * epochs.h - when a place that was given up may be used again: after every reader that may hold on to it has gone.
 *
 * Fraser, "Practical lock-freedom", 2004, 5.2.3.  A reader announces the epoch that it begins in, in a seat of its own; it
 * never waits for a writer.  (With more readers at once than seats it waits for one of them to go.)  The one writer raises
 * the epoch when it gives something up, and may use it again once no seat has that epoch or an earlier one.
 */
#ifndef RUVECTOR_INDEX_EPOCHS_H
#define RUVECTOR_INDEX_EPOCHS_H

#include <atomic>
#include <functional>
#include <thread>

#include <stdint.h>

namespace rv_index
{

class epochs
{
public:
	static constexpr size_t seats = 256;

	/* A reader's time: from here to the end of its life nothing that it may see is used again. */
	class reader
	{
	public:
		explicit reader(epochs &of)
		{
			const size_t first = std::hash<std::thread::id>()(std::this_thread::get_id());

			for (size_t i = first;; i++)
			{
				std::atomic<uint64_t> &own = of.announced[i % seats].epoch;
				uint64_t	free = 0;

				/*
				 * Sequentially consistent, as the writer's reading of seats is: either the writer sees this seat taken, or
				 * what it gave up before is seen as given up here.
				 */
				if (own.compare_exchange_strong(free, of.current.load()))
				{
					seat = &own;
					/* The epoch may have been raised before the seat was seen. */
					own.store(of.current.load());
					return;
				}
				if (i - first >= seats)
					std::this_thread::yield();
			}
		}

		reader(const reader &) = delete;
		reader &operator=(const reader &) = delete;
		~reader() { seat->store(0, std::memory_order_release); }

	private:
		std::atomic<uint64_t> *seat;
	};

	/* The writer: names the time at which something was given up. */
	uint64_t give_up() { return current.fetch_add(1); }

	/* The writer: what was given up before this epoch has no reader any more. */
	uint64_t
	oldest() const
	{
		uint64_t	oldest = current.load();

		for (const place &p : announced)
		{
			const uint64_t epoch = p.epoch.load();

			if (epoch != 0 && epoch < oldest)
				oldest = epoch;
		}
		return oldest;
	}

private:
	struct alignas(64) place
	{
		std::atomic<uint64_t> epoch{0};		/* 0: free */
	};

	std::atomic<uint64_t> current{1};
	place		announced[seats];
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_EPOCHS_H */
