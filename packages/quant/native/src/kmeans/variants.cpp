/*
 * variants.cpp - the kernels of each variant, and panels.
 */
#include "kernels.h"

#define TABLE(isa, number, unit) \
	RV_DECLARE_KMEANS(unit); \
	extern "C" const rv_kmeans_kernels rv_kmeans_kernels_##isa = { \
		number, #isa, rv_kmeans_nearest_##unit, rv_kmeans_distance_##unit, rv_kmeans_closer_##unit \
	}

TABLE(serial, RV_VARIANT_SERIAL, serial);
#ifdef RV_ARCH_X86_64
TABLE(haswell, RV_VARIANT_HASWELL, haswell);
TABLE(skylake, RV_VARIANT_SKYLAKE, skylake);
TABLE(icelake, RV_VARIANT_ICELAKE, skylake);
#endif
#ifdef RV_ARCH_AARCH64
TABLE(neon, RV_VARIANT_NEON, neon);
TABLE(dotprod, RV_VARIANT_DOTPROD, neon);
#endif

extern "C" const rv_kmeans_kernels *
rv_kmeans_variant(rv_variant variant)
{
	if (rv_simd_variant(variant) == NULL)
		return NULL;
	switch (variant)
	{
		case RV_VARIANT_SERIAL:
			return &rv_kmeans_kernels_serial;
#ifdef RV_ARCH_X86_64
		case RV_VARIANT_HASWELL:
			return &rv_kmeans_kernels_haswell;
		case RV_VARIANT_SKYLAKE:
			return &rv_kmeans_kernels_skylake;
		case RV_VARIANT_ICELAKE:
			return &rv_kmeans_kernels_icelake;
#endif
#ifdef RV_ARCH_AARCH64
		case RV_VARIANT_NEON:
			return &rv_kmeans_kernels_neon;
		case RV_VARIANT_DOTPROD:
			return &rv_kmeans_kernels_dotprod;
#endif
		default:
			return NULL;
	}
}

extern "C" size_t
rv_kmeans_panel_floats(size_t n, size_t count)
{
	return (count + RV_KMEANS_PANEL - 1) / RV_KMEANS_PANEL * RV_KMEANS_PANEL * n;
}

extern "C" void
rv_kmeans_pack(const float *rows, size_t n, size_t count, float *panels)
{
	for (size_t c = 0; c < count; c += RV_KMEANS_PANEL)
	{
		float	   *panel = panels + c * n;
		size_t		here = count - c < RV_KMEANS_PANEL ? count - c : RV_KMEANS_PANEL;

		for (size_t lane = 0; lane < here; lane++)
			for (size_t i = 0; i < n; i++)
				panel[i * RV_KMEANS_PANEL + lane] = rows[(c + lane) * n + i];
		for (size_t lane = here; lane < RV_KMEANS_PANEL; lane++)
			for (size_t i = 0; i < n; i++)
				panel[i * RV_KMEANS_PANEL + lane] = __builtin_inff();
	}
}
