/*
 * threads.h - threads, and memory that begins at a multiple of 64 bytes, as the systems have them.
 */
#ifndef RUVECTOR_QUANT_THREADS_H
#define RUVECTOR_QUANT_THREADS_H

#include <stdlib.h>

#ifdef _WIN32

#include <malloc.h>
#include <process.h>
#include <windows.h>

typedef HANDLE rv_thread;
typedef SRWLOCK rv_mutex;
typedef CONDITION_VARIABLE rv_condition;
typedef unsigned rv_thread_result;

#define RV_THREAD_CALL __stdcall
#define RV_THREAD_RESULT 0

static inline int
rv_thread_create(rv_thread *thread, rv_thread_result(RV_THREAD_CALL *body) (void *), void *data)
{
	*thread = (HANDLE) _beginthreadex(NULL, 0, body, data, 0, NULL);
	return *thread != NULL;
}

static inline void
rv_thread_join(rv_thread thread)
{
	WaitForSingleObject(thread, INFINITE);
	CloseHandle(thread);
}

static inline int
rv_mutex_init(rv_mutex *mutex)
{
	InitializeSRWLock(mutex);
	return 1;
}

static inline int
rv_condition_init(rv_condition *condition)
{
	InitializeConditionVariable(condition);
	return 1;
}

#define rv_mutex_destroy(mutex) ((void) (mutex))
#define rv_mutex_lock(mutex) AcquireSRWLockExclusive(mutex)
#define rv_mutex_unlock(mutex) ReleaseSRWLockExclusive(mutex)
#define rv_condition_destroy(condition) ((void) (condition))
#define rv_condition_wait(condition, mutex) SleepConditionVariableSRW(condition, mutex, INFINITE, 0)
#define rv_condition_signal(condition) WakeConditionVariable(condition)
#define rv_condition_broadcast(condition) WakeAllConditionVariable(condition)

/* `size` is a multiple of 64. */
#define rv_allocate(size) _aligned_malloc(size, 64)
#define rv_free(memory) _aligned_free(memory)

#else

#include <pthread.h>

typedef pthread_t rv_thread;
typedef pthread_mutex_t rv_mutex;
typedef pthread_cond_t rv_condition;
typedef void *rv_thread_result;

#define RV_THREAD_CALL
#define RV_THREAD_RESULT NULL

#define rv_thread_create(thread, body, data) (pthread_create(thread, NULL, body, data) == 0)
#define rv_thread_join(thread) pthread_join(thread, NULL)
#define rv_mutex_init(mutex) (pthread_mutex_init(mutex, NULL) == 0)
#define rv_condition_init(condition) (pthread_cond_init(condition, NULL) == 0)
#define rv_mutex_destroy(mutex) pthread_mutex_destroy(mutex)
#define rv_mutex_lock(mutex) pthread_mutex_lock(mutex)
#define rv_mutex_unlock(mutex) pthread_mutex_unlock(mutex)
#define rv_condition_destroy(condition) pthread_cond_destroy(condition)
#define rv_condition_wait(condition, mutex) pthread_cond_wait(condition, mutex)
#define rv_condition_signal(condition) pthread_cond_signal(condition)
#define rv_condition_broadcast(condition) pthread_cond_broadcast(condition)

/* `size` is a multiple of 64. */
#define rv_allocate(size) aligned_alloc(64, size)
#define rv_free(memory) free(memory)

#endif							/* _WIN32 */

#endif							/* RUVECTOR_QUANT_THREADS_H */
