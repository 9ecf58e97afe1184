/*
 * pool.c - threads of one piece of work.
 */
#include "pool.h"

/*
 * Since 2.34 glibc has these in libc.so, under a new version that older systems lack; the functions are the same.  With
 * the old version one prebuild serves them all.  Not in the tests (RV_NEWEST_GLIBC): sanitizers put their own in front of
 * the new ones, and a static library has no versions.
 */
#if defined(__GLIBC__) && !defined(RV_NEWEST_GLIBC)
#if defined(__x86_64__)
__asm__(".symver pthread_create, pthread_create@GLIBC_2.2.5");
__asm__(".symver pthread_join, pthread_join@GLIBC_2.2.5");
#elif defined(__aarch64__)
__asm__(".symver pthread_create, pthread_create@GLIBC_2.17");
__asm__(".symver pthread_join, pthread_join@GLIBC_2.17");
#endif
#endif

static void
do_tasks(rv_pool *pool, size_t count, rv_task task, void *data)
{
	for (;;)
	{
		size_t		t = __atomic_fetch_add(&pool->next, 1, __ATOMIC_RELAXED);

		if (t >= count)
			return;
		task(data, t);
	}
}

static rv_thread_result RV_THREAD_CALL
work(void *argument)
{
	rv_pool    *pool = (rv_pool *) argument;
	unsigned long seen = 0;

	rv_mutex_lock(&pool->mutex);
	for (;;)
	{
		rv_task task;
		void	   *data;
		size_t		tasks;

		while (pool->round == seen && !pool->closing)
			rv_condition_wait(&pool->begin, &pool->mutex);
		if (pool->closing)
			break;
		seen = pool->round;
		task = pool->task;
		data = pool->data;
		tasks = pool->tasks;
		rv_mutex_unlock(&pool->mutex);
		do_tasks(pool, tasks, task, data);
		rv_mutex_lock(&pool->mutex);
		if (--pool->working == 0)
			rv_condition_signal(&pool->end);
	}
	rv_mutex_unlock(&pool->mutex);
	return RV_THREAD_RESULT;
}

int
rv_pool_open(rv_pool *pool, size_t threads)
{
	pool->count = 0;
	pool->round = 0;
	pool->working = 0;
	pool->closing = 0;
	if (!rv_mutex_init(&pool->mutex))
		return 0;
	if (!rv_condition_init(&pool->begin))
	{
		rv_mutex_destroy(&pool->mutex);
		return 0;
	}
	if (!rv_condition_init(&pool->end))
	{
		rv_condition_destroy(&pool->begin);
		rv_mutex_destroy(&pool->mutex);
		return 0;
	}
	while (pool->count + 1 < threads && pool->count < RV_MAX_THREADS &&
		   rv_thread_create(&pool->threads[pool->count], work, pool))
		pool->count++;
	return 1;
}

void
rv_pool_close(rv_pool *pool)
{
	rv_mutex_lock(&pool->mutex);
	pool->closing = 1;
	rv_condition_broadcast(&pool->begin);
	rv_mutex_unlock(&pool->mutex);
	for (size_t t = 0; t < pool->count; t++)
		rv_thread_join(pool->threads[t]);
	rv_condition_destroy(&pool->begin);
	rv_condition_destroy(&pool->end);
	rv_mutex_destroy(&pool->mutex);
}

void
rv_pool_run(rv_pool *pool, size_t count, rv_task task, void *data)
{
	__atomic_store_n(&pool->next, 0, __ATOMIC_RELAXED);
	if (pool->count > 0 && count > 1)
	{
		/* Every thread takes part in every round, if only to see that nothing is left: so none is late for the next. */
		rv_mutex_lock(&pool->mutex);
		pool->task = task;
		pool->data = data;
		pool->tasks = count;
		pool->working = pool->count;
		pool->round++;
		rv_condition_broadcast(&pool->begin);
		rv_mutex_unlock(&pool->mutex);
	}
	do_tasks(pool, count, task, data);
	if (pool->count > 0 && count > 1)
	{
		rv_mutex_lock(&pool->mutex);
		while (pool->working > 0)
			rv_condition_wait(&pool->end, &pool->mutex);
		rv_mutex_unlock(&pool->mutex);
	}
}

static void
run_tasks(void *host, size_t count, rv_task task, void *data)
{
	rv_pool_run(&((rv_pool_host *) host)->pool, count, task, data);
}

static int
step(void *argument, size_t done, size_t total)
{
	rv_pool_host *host = (rv_pool_host *) argument;

	return host->progress == NULL || host->progress(host->data, done, total);
}

rv_kmeans_host
rv_pool_hooks(rv_pool_host *host, rv_progress progress, void *data)
{
	rv_kmeans_host hooks = {host, run_tasks, step};

	host->progress = progress;
	host->data = data;
	return hooks;
}
