/*
 * addon.h - the Node-API face of the kernels.
 *
 * The addon is private to src/backend, and so is its contract: each function's arguments are what src/<family>/kernels.ts
 * says.  All is safe whatever it is called with: the bytes that a kernel will touch are compared with those of the
 * array's buffer.  Only work on another thread relies on one thing more: that nobody takes the memory of its arrays away
 * while it goes on.
 *
 * A family is a list of operations, and the module makes two ways to call each of them: at once, as
 * kernels.<family>.<name>(...), and on a thread of libuv's pool, by kernels.start().
 */
#ifndef RUVECTOR_QUANT_ADDON_H
#define RUVECTOR_QUANT_ADDON_H

#include <node_api.h>

#include <ruvector/quant.h>

/* Raised when src/backend must no longer accept older binaries. */
#define RV_ADDON_ABI 2

/* Error codes: a call that breaks the contract, and what the system refuses. */
#define RV_CODE_ARGUMENTS "ERR_QUANT_ADDON"
#define RV_CODE_SYSTEM "ERR_QUANT_ADDON_SYSTEM"

#define RV_MAX_ARGUMENTS 16		/* of an operation */
#define RV_MAX_OPERATIONS 96	/* of all families */
#define RV_MAX_JOB_BYTES 1024	/* of an operation's arguments, once they are read */

typedef enum rv_end
{
	RV_END_DONE,
	RV_END_STOPPED,				/* by `progress` */
	RV_END_NO_MEMORY
} rv_end;

typedef struct rv_operation
{
	const char *name;
	size_t		arguments;
	size_t		job_bytes;

	/*
	 * Reads the arguments, all that there is to check among them, into a job that is all zero.  Returns 0 after throwing;
	 * then the job is not released.
	 */
	int			(*read) (napi_env env, const napi_value *arguments, const rv_quant_kernels *kernels, void *job);

	/*
	 * Works, on whichever thread, and touches nothing of Node.  `progress` may be NULL, and is called between blocks of
	 * work; where it returns 0 the work ends.
	 */
	rv_end		(*run) (void *job, rv_progress progress, void *data);

	/* What the call returns, once it is done; NULL for undefined. */
	napi_value	(*result) (napi_env env, const void *job);

	/* Frees what `read` or `run` has taken; may be NULL. */
	void		(*release) (void *job);
} rv_operation;

/* An operation with a variant's kernels. */
typedef struct rv_binding
{
	const char *family;
	const rv_operation *operation;
	const rv_quant_kernels *kernels;
} rv_binding;

/* All operations of a variant, in one environment. */
typedef struct rv_registry
{
	rv_quant_kernels kernels;
	size_t		count;
	rv_binding	bindings[RV_MAX_OPERATIONS];
} rv_registry;

/* Defines the operations of a family as functions of a new object, exports.<family>.  Returns 0 where that fails. */
extern int	rv_register(napi_env env, napi_value exports, rv_registry *registry, const char *family,
						const rv_operation *operations, size_t count);

/* One for each family; a new one is called in module.c. */
extern int	rv_register_rotation(napi_env env, napi_value exports, rv_registry *registry);
extern int	rv_register_rabitq(napi_env env, napi_value exports, rv_registry *registry);
extern int	rv_register_scalar(napi_env env, napi_value exports, rv_registry *registry);
extern int	rv_register_half(napi_env env, napi_value exports, rv_registry *registry);
extern int	rv_register_binary(napi_env env, napi_value exports, rv_registry *registry);
extern int	rv_register_kmeans(napi_env env, napi_value exports, rv_registry *registry);
extern int	rv_register_product(napi_env env, napi_value exports, rv_registry *registry);

/* Defines exports.start, as src/backend/types.ts has it. */
extern int	rv_register_start(napi_env env, napi_value exports, rv_registry *registry);

/* Raises an error; returns 0. */
extern int	rv_refuse(napi_env env, const char *message);

/* Raises the error of an end that is one. */
extern void rv_throw_end(napi_env env, rv_end end);

typedef struct rv_view
{
	void	   *data;
	size_t		length;			/* elements */
} rv_view;

/* A typed array as one of elements of `bytes` bytes: aligned, and none outside of its buffer; 0 where that fails. */
extern int	rv_get_view(napi_env env, napi_value value, size_t bytes, rv_view *view);

/* The same for an argument that may be undefined: data is NULL then. */
extern int	rv_get_optional_view(napi_env env, napi_value value, size_t bytes, rv_view *view);

/* A whole number from 0 to `most`; 0 where it is none. */
extern int	rv_get_size(napi_env env, napi_value value, size_t most, size_t *size);

/* RV_METRIC_DOT, RV_METRIC_L2SQ or RV_METRIC_COSINE; 0 where it is none of them. */
extern int	rv_get_metric(napi_env env, napi_value value, size_t *metric);

/* Any number but NaN; 0 where it is none. */
extern int	rv_get_double(napi_env env, napi_value value, double *number);

#endif							/* RUVECTOR_QUANT_ADDON_H */
