/*
 * job.c - does what a call of a shape asks for.  Nothing of Node here: it runs on other threads as well.
 */
#include "addon.h"

#define BLOCK_BYTES ((size_t) 1024 * 1024)	/* of rows, between two calls of `progress` */

/* Kernels take rows in groups: blocks of whole ones give results that do not depend on blocks. */
#define GROUP_ROWS 16

/*
 * Rows that are gathered lie anywhere, where the hardware cannot foresee them: the first lines of one group are asked for
 * before the one before it is scored.  The hardware follows from there.
 */
#define LINE_BYTES 64
#define LINES_AHEAD 2

static size_t
min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t
rows_of_block(const rv_job *job)
{
	size_t		rows = job->row_bytes == 0 ? job->b_count : BLOCK_BYTES / job->row_bytes;

	return rows < GROUP_ROWS ? GROUP_ROWS : rows / GROUP_ROWS * GROUP_ROWS;
}

static rv_job_end
run_many(rv_job *job, rv_progress progress, void *data)
{
	const rv_many many = job->kernels->shapes[job->type][job->metric].many;
	const size_t block = progress == NULL ? job->b_count : rows_of_block(job);

	for (size_t done = 0; done < job->b_count;)
	{
		size_t		size = min_size(job->b_count - done, block);

		many(job->a, job->b + done * job->row_bytes, job->n, size, job->n, job->out + done);
		done += size;
		if (progress != NULL && done < job->b_count && !progress(data, done, job->b_count))
			return RV_JOB_STOPPED;
	}
	return RV_JOB_DONE;
}

/*
 * Pointers to the rows of a group, whose first lines are asked for.  Each index is read once: another thread may write to
 * shared memory.  Returns 0 where one names no row.
 */
static int
point_at_rows(rv_job *job, size_t first, size_t size, const void **pointers)
{
	for (size_t i = 0; i < size; i++)
	{
		uint32_t	index = *(volatile const uint32_t *) (job->indices + first + i);
		const char *row;

		if (index >= job->b_count)
		{
			job->bad_index = first + i;
			return 0;
		}
		row = job->b + index * job->row_bytes;
		pointers[i] = row;
		for (size_t byte = 0; byte < LINES_AHEAD * LINE_BYTES && byte < job->row_bytes; byte += LINE_BYTES)
			__builtin_prefetch(row + byte);
	}
	return 1;
}

static rv_job_end
run_gather(rv_job *job, rv_progress progress, void *data)
{
	const rv_gather gather = job->kernels->shapes[job->type][job->metric].gather;
	const size_t block = rows_of_block(job);
	const void *pointers[2][GROUP_ROWS];
	size_t		size = min_size(job->index_count, GROUP_ROWS);
	int			now = 0;

	if (!point_at_rows(job, 0, size, pointers[0]))
		return RV_JOB_BAD_INDEX;
	for (size_t done = 0; done < job->index_count;)
	{
		size_t		next = done + size;
		size_t		next_size = min_size(job->index_count - next, GROUP_ROWS);

		if (!point_at_rows(job, next, next_size, pointers[1 - now]))
			return RV_JOB_BAD_INDEX;
		gather(job->a, pointers[now], job->n, size, job->out + done);
		done = next;
		size = next_size;
		now = 1 - now;
		if (progress != NULL && done < job->index_count && done % block == 0 &&
			!progress(data, done, job->index_count))
			return RV_JOB_STOPPED;
	}
	return RV_JOB_DONE;
}

rv_job_end
rv_run_job(rv_job *job, rv_progress progress, void *data)
{
	switch (job->shape)
	{
		case RV_SHAPE_MANY:
			return run_many(job, progress, data);
		case RV_SHAPE_GATHER:
			return run_gather(job, progress, data);
		case RV_SHAPE_MATRIX:
			return rv_simd_matrix(job->kernels, job->type, job->metric, job->a, job->a_count, job->n, job->b,
								  job->b_count, job->n, job->n, job->out, job->b_count, progress, data)
				? RV_JOB_DONE : RV_JOB_STOPPED;
		default:
			job->found = rv_simd_topk(job->kernels, job->type, job->metric, job->a, job->b, job->n, job->b_count,
									  job->n, job->index_count, job->indices, job->out, progress, data);
			return job->found == (size_t) -1 ? RV_JOB_STOPPED : RV_JOB_DONE;
	}
}

size_t
rv_job_rows(const rv_job *job)
{
	return job->shape == RV_SHAPE_MATRIX ? job->a_count : job->shape == RV_SHAPE_GATHER ? job->index_count : job->b_count;
}
