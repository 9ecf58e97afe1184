/*
 * host.h - memory for the templates of ruvector/hnsw: the heap, and std::bad_alloc where there is none.
 */
#ifndef RUVECTOR_INDEX_HOST_H
#define RUVECTOR_INDEX_HOST_H

#include <new>

#include <stdlib.h>

namespace rv_index
{

struct heap_host
{
	static void *
	alloc(size_t bytes)
	{
		void	   *memory = malloc(bytes);

		if (memory == nullptr)
			throw std::bad_alloc();
		return memory;
	}

	static void free(void *memory) { ::free(memory); }
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_HOST_H */
