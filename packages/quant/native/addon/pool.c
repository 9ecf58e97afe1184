/*
 * pool.c - threads of one piece of work.
 */
#include "pool.h"

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

static void *
work(void *argument)
{
	rv_pool    *pool = argument;
	unsigned long seen = 0;

	pthread_mutex_lock(&pool->mutex);
	for (;;)
	{
		rv_task task;
		void	   *data;
		size_t		tasks;

		while (pool->round == seen && !pool->closing)
			pthread_cond_wait(&pool->begin, &pool->mutex);
		if (pool->closing)
			break;
		seen = pool->round;
		task = pool->task;
		data = pool->data;
		tasks = pool->tasks;
		pthread_mutex_unlock(&pool->mutex);
		do_tasks(pool, tasks, task, data);
		pthread_mutex_lock(&pool->mutex);
		if (--pool->working == 0)
			pthread_cond_signal(&pool->end);
	}
	pthread_mutex_unlock(&pool->mutex);
	return NULL;
}

int
rv_pool_open(rv_pool *pool, size_t threads)
{
	pool->count = 0;
	pool->round = 0;
	pool->working = 0;
	pool->closing = 0;
	if (pthread_mutex_init(&pool->mutex, NULL) != 0)
		return 0;
	if (pthread_cond_init(&pool->begin, NULL) != 0)
	{
		pthread_mutex_destroy(&pool->mutex);
		return 0;
	}
	if (pthread_cond_init(&pool->end, NULL) != 0)
	{
		pthread_cond_destroy(&pool->begin);
		pthread_mutex_destroy(&pool->mutex);
		return 0;
	}
	while (pool->count + 1 < threads && pool->count < RV_MAX_THREADS &&
		   pthread_create(&pool->threads[pool->count], NULL, work, pool) == 0)
		pool->count++;
	return 1;
}

void
rv_pool_close(rv_pool *pool)
{
	pthread_mutex_lock(&pool->mutex);
	pool->closing = 1;
	pthread_cond_broadcast(&pool->begin);
	pthread_mutex_unlock(&pool->mutex);
	for (size_t t = 0; t < pool->count; t++)
		pthread_join(pool->threads[t], NULL);
	pthread_cond_destroy(&pool->begin);
	pthread_cond_destroy(&pool->end);
	pthread_mutex_destroy(&pool->mutex);
}

void
rv_pool_run(rv_pool *pool, size_t count, rv_task task, void *data)
{
	__atomic_store_n(&pool->next, 0, __ATOMIC_RELAXED);
	if (pool->count > 0 && count > 1)
	{
		/* Every thread takes part in every round, if only to see that nothing is left: so none is late for the next. */
		pthread_mutex_lock(&pool->mutex);
		pool->task = task;
		pool->data = data;
		pool->tasks = count;
		pool->working = pool->count;
		pool->round++;
		pthread_cond_broadcast(&pool->begin);
		pthread_mutex_unlock(&pool->mutex);
	}
	do_tasks(pool, count, task, data);
	if (pool->count > 0 && count > 1)
	{
		pthread_mutex_lock(&pool->mutex);
		while (pool->working > 0)
			pthread_cond_wait(&pool->end, &pool->mutex);
		pthread_mutex_unlock(&pool->mutex);
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
	rv_pool_host *host = argument;

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
