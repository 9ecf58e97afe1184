/*
 * names.c - the words of src/backend/types.ts for the numbers of simd.h.
 */
#include <string.h>

#include "addon.h"

static const char *const types[RV_TYPE_COUNT] = {"f32", "f16", "bf16", "i8", "u8", "bits", "f32_f16"};
static const char *const metrics[RV_METRIC_COUNT] = {"dot", "l2sq", "l1", "cosine", "hamming", "jaccard"};
static const char *const shapes[RV_SHAPE_COUNT] = {"many", "gather", "matrix", "topK"};

static int
find(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

int
rv_type_named(const char *name)
{
	return find(types, RV_TYPE_COUNT, name);
}

int
rv_metric_named(const char *name)
{
	return find(metrics, RV_METRIC_COUNT, name);
}

int
rv_shape_named(const char *name)
{
	return find(shapes, RV_SHAPE_COUNT, name);
}

const char *
rv_type_name(int type)
{
	return types[type];
}

const char *
rv_metric_name(int metric)
{
	return metrics[metric];
}

const char *
rv_shape_name(int shape)
{
	return shapes[shape];
}
