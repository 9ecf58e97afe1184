/*
 * addon.h - the Node-API face of the kernels.
 *
 * The addon is private to src/backend/native.ts, and so is its contract, that of `Backend` in src/backend/types.ts: the
 * caller has made sure, by the brand that a typed array cannot fake, that every argument is of the right kind.  Lengths
 * are checked here all the same.
 *
 *  - pair and norm trust the brand: asking Node-API for an element type walks through eight type checks and triples the
 *    cost of a call.  Called with arrays of smaller elements they would read past the end.
 *  - All else is safe whatever it is called with: the bytes that a kernel will touch are compared with those of the
 *    array's buffer, and every index with the number of rows when it is used.  Only start() relies on one thing more:
 *    that nobody takes the memory of its arrays away while the work goes on.
 *
 * Pair, norm and sparse leave their result in a float64 slot that JavaScript reads through a Float64Array: cheaper than
 * creating a number for each call.  Nothing runs between the write and the read, and each environment (main thread,
 * worker) has a slot of its own, so it is never shared.  There is no other state, and none that is global.
 */
#ifndef RUVECTOR_ADDON_H
#define RUVECTOR_ADDON_H

#include <node_api.h>

#include <ruvector/simd.h>

/* Raised when src/backend/native.ts must no longer accept older binaries. */
#define RV_ADDON_ABI 2

/* Error codes: a call that breaks the contract, an index that names no row, and what the system refuses. */
#define RV_CODE_ARGUMENTS "ERR_SIMD_ADDON"
#define RV_CODE_INDEX "ERR_SIMD_ADDON_INDEX"
#define RV_CODE_SYSTEM "ERR_SIMD_ADDON_SYSTEM"

/* The shapes beyond the pair, in the order of their names in names.c. */
typedef enum rv_shape
{
	RV_SHAPE_MANY = 0,			/* (query, rows, out) */
	RV_SHAPE_GATHER = 1,		/* (query, rows, indices, out) */
	RV_SHAPE_MATRIX = 2,		/* (a, b, dimensions, out) */
	RV_SHAPE_TOPK = 3,			/* (query, rows, indices, scores) */
	RV_SHAPE_COUNT = 4
} rv_shape;

#define RV_JOB_ARGUMENTS 4		/* the most that a shape has */

/* What a function of the addon finds at its `data` pointer. */
typedef struct rv_binding
{
	union
	{
		rv_pair		pair;
		rv_norm		norm;
		rv_pair_sparse sparse;
		struct
		{
			rv_convert	call;
			uint8_t		from_bytes,
						to_bytes;	/* of an element; to_bytes 0: a byte for eight elements */
		}			convert;
		struct
		{
			const rv_kernels *kernels;
			rv_type		type;
			rv_metric	metric;
			rv_shape	shape;
		}			job;
	}			kernel;
	double	   *result;
} rv_binding;

typedef struct rv_view
{
	void	   *data;
	size_t		length;			/* elements */
} rv_view;

/* A call of a shape whose arguments have been checked. */
typedef struct rv_job
{
	const rv_kernels *kernels;
	rv_type		type;
	rv_metric	metric;
	rv_shape	shape;

	const char *a;				/* the query, or the rows of the first matrix */
	const char *b;				/* rows */
	size_t		n,
				a_count,
				b_count,
				row_bytes;		/* of a row of `b` */
	uint32_t   *indices;		/* of gather: to score; of topK: result */
	size_t		index_count;
	float	   *out;

	size_t		found;			/* of topK: how many results there are */
	size_t		bad_index;		/* of gather: where an index lies that names no row */
} rv_job;

typedef enum rv_job_end
{
	RV_JOB_DONE,
	RV_JOB_STOPPED,				/* by `progress` */
	RV_JOB_BAD_INDEX
} rv_job_end;

/* Raises an error; returns NULL. */
extern napi_value rv_throw(napi_env env, const char *code, const char *message);

/* A typed array as one of elements of `bytes` bytes: aligned, and none outside of its buffer; 0 where that fails. */
extern int	rv_get_view(napi_env env, napi_value value, size_t bytes, rv_view *view);

/* Fills in what the arguments say; kernels, type, metric and shape are set.  Returns 0 after throwing. */
extern int	rv_read_job(napi_env env, const napi_value *arguments, rv_job *job);

/* Works, on whichever thread, and touches nothing of Node.  `progress` may be NULL. */
extern rv_job_end rv_run_job(rv_job *job, rv_progress progress, void *data);

/* How many rows progress is told of. */
extern size_t rv_job_rows(const rv_job *job);

/* Makes an error of an end that is one. */
extern napi_value rv_job_error(napi_env env, const rv_job *job);

/* Number of an rv_type, rv_metric or rv_shape with this name; -1 where there is none. */
extern int	rv_type_named(const char *name);
extern int	rv_metric_named(const char *name);
extern int	rv_shape_named(const char *name);
extern const char *rv_type_name(int type);
extern const char *rv_metric_name(int metric);
extern const char *rv_shape_name(int shape);

/* (a, b) -> undefined; the result is in the slot */
extern napi_value rv_call_pair(napi_env env, napi_callback_info info);

/* (a) -> undefined; the result is in the slot */
extern napi_value rv_call_norm(napi_env env, napi_callback_info info);

/* (aIndices, aValues, bIndices, bValues) -> undefined; the result is in the slot */
extern napi_value rv_call_sparse(napi_env env, napi_callback_info info);

/* (from, to) -> undefined */
extern napi_value rv_call_convert(napi_env env, napi_callback_info info);

/* The arguments of a shape -> undefined, of topK the number of results */
extern napi_value rv_call_shape(napi_env env, napi_callback_info info);

/*
 * (shape, type, metric, arguments, control, callback) -> undefined: `arguments` is an array of those of the shape.
 * `control` is an Int32Array: [0] not 0 asks to stop; [1] of [2] rows are done.  callback(error) or
 * callback(undefined, done), done false when stopped, is called from the event loop.
 *
 * A callback and no promise: where an environment ends while the work goes on, Node-API runs no JavaScript any more,
 * and keeps a promise that it cannot settle.
 */
extern napi_value rv_call_start(napi_env env, napi_callback_info info);

/* The kernels of a variant as an object (bind.c), with functions of these bindings. */
#define RV_BINDINGS_PER_VARIANT (RV_TYPE_COUNT * RV_METRIC_COUNT * (RV_SHAPE_COUNT + 1) + RV_TYPE_COUNT + 15)
extern napi_value rv_bind_variant(napi_env env, const rv_kernels *kernels, rv_binding *bindings, double *result);

#endif							/* RUVECTOR_ADDON_H */
