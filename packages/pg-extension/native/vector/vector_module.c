/*
 * vector_module.c - the library's entry: magic block, choice of kernels, settings.
 */
#include "pg_compat.h"

#include "hnsw.h"
#include "ruvector/simd.h"

RV_MODULE_MAGIC("vector", RV_EXTENSION_VERSION);

PGDLLEXPORT void _PG_init(void);

/*
 * The environment of the postmaster may force a variant (RUVECTOR_SIMD), which
 * tests and benchmarks use; without it the best that the processor runs is taken.
 */
void
_PG_init(void)
{
	const char *forced = getenv("RUVECTOR_SIMD");

	if (rv_simd_init(forced) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("RUVECTOR_SIMD names a variant that cannot run here: \"%s\"", forced),
				 errhint("Unset RUVECTOR_SIMD in the server's environment, or name one of serial, haswell, skylake, neon that this processor runs.")));
	rv_hnsw_define_settings();
}
