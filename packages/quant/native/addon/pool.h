/*
 * pool.h - threads of one piece of work.
 *
 * They exist while the work goes on, beside the thread of libuv's pool that does it: training takes seconds, so starting
 * threads costs nothing, and none are left idle in a process that trains once.
 */
#ifndef RUVECTOR_QUANT_POOL_H
#define RUVECTOR_QUANT_POOL_H

#include <stddef.h>

#include "threads.h"

#include <ruvector/quant/kmeans.h>

#define RV_MAX_THREADS 256

typedef struct rv_pool
{
	rv_mutex	mutex;
	rv_condition begin,
				end;
	rv_thread	threads[RV_MAX_THREADS];
	size_t		count;			/* threads beside the caller's */

	/* Of the tasks at hand. */
	rv_task task;
	void	   *data;
	size_t		tasks;
	size_t		next;			/* atomic: the first that nobody has taken */
	size_t		working;		/* threads that may still be at a task */
	unsigned long round;		/* raised for each set of tasks */
	int			closing;
} rv_pool;

/* Starts threads - 1 threads, or fewer where the system has no more.  Returns 0 where nothing works at all. */
extern int	rv_pool_open(rv_pool *pool, size_t threads);
extern void rv_pool_close(rv_pool *pool);

/* Does tasks 0 ... count - 1, the caller's thread too. */
extern void rv_pool_run(rv_pool *pool, size_t count, rv_task task, void *data);

/* What training asks of its host: these threads, and whether to go on. */
typedef struct rv_pool_host
{
	rv_pool		pool;			/* open */
	rv_progress progress;		/* may be NULL */
	void	   *data;
} rv_pool_host;

extern rv_kmeans_host rv_pool_hooks(rv_pool_host *host, rv_progress progress, void *data);

#endif							/* RUVECTOR_QUANT_POOL_H */
