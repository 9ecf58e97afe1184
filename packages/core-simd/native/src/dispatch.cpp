/*
 * dispatch.cpp - which variants run here, and the one table that a host uses.
 *
 * The processor is asked directly (CPUID, XGETBV) rather than through
 * __builtin_cpu_supports: that needs a constructor and data of libgcc or
 * compiler-rt, and does not say what the operating system saves.
 */
#include "kernels.h"

#ifdef RV_ARCH_X86_64
#include <cpuid.h>
#elif defined(RV_ARCH_AARCH64) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

extern "C"
{
/* Host order: serial until a host has chosen. */
const rv_kernels *rv_simd = &rv_kernels_serial;
}

namespace
{

#ifdef RV_ARCH_X86_64

/* CPUID leaf 1, ECX */
constexpr unsigned leaf1_ecx_fma = 1u << 12;
constexpr unsigned leaf1_ecx_popcnt = 1u << 23;
constexpr unsigned leaf1_ecx_osxsave = 1u << 27;
constexpr unsigned leaf1_ecx_avx = 1u << 28;
constexpr unsigned leaf1_ecx_f16c = 1u << 29;

/* CPUID leaf 7, EBX */
constexpr unsigned leaf7_ebx_avx2 = 1u << 5;
constexpr unsigned leaf7_ebx_bmi2 = 1u << 8;
constexpr unsigned leaf7_ebx_avx512f = 1u << 16;
constexpr unsigned leaf7_ebx_avx512dq = 1u << 17;
constexpr unsigned leaf7_ebx_avx512bw = 1u << 30;
constexpr unsigned leaf7_ebx_avx512vl = 1u << 31;

/* CPUID leaf 7, ECX */
constexpr unsigned leaf7_ecx_avx512vnni = 1u << 11;
constexpr unsigned leaf7_ecx_avx512vpopcntdq = 1u << 14;

/* XCR0: the registers that the operating system saves on a task switch */
constexpr unsigned xcr0_avx = 0x06;		/* XMM, YMM */
constexpr unsigned xcr0_avx512 = 0xe6;	/* and opmask, ZMM0-15 high, ZMM16-31 */

bool
has_all(unsigned word, unsigned bits)
{
	return (word & bits) == bits;
}

unsigned
read_xcr0()
{
	unsigned	eax,
				edx;

	/* The bytes of xgetbv: the mnemonic would need a target attribute in clang. */
	__asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(eax), "=d"(edx) : "c"(0));
	return eax;
}

bool
runs_here(rv_variant variant)
{
#ifdef RV_EMULATED
	/* The units for AVX-512 are portable C then (x86.h). */
	if (variant > RV_VARIANT_HASWELL)
		return true;
#endif
	unsigned	eax,
				ebx,
				edx;
	unsigned	leaf1_ecx,
				leaf7_ebx,
				leaf7_ecx;

	if (variant == RV_VARIANT_SERIAL)
		return true;

	if (!__get_cpuid(1, &eax, &ebx, &leaf1_ecx, &edx))
		return false;
	if (!has_all(leaf1_ecx, leaf1_ecx_fma | leaf1_ecx_popcnt | leaf1_ecx_osxsave | leaf1_ecx_avx |
				 leaf1_ecx_f16c))
		return false;
	if (!__get_cpuid_count(7, 0, &eax, &leaf7_ebx, &leaf7_ecx, &edx))
		return false;
	if (!has_all(leaf7_ebx, leaf7_ebx_avx2) || !has_all(read_xcr0(), xcr0_avx))
		return false;
	if (variant == RV_VARIANT_HASWELL)
		return true;

	if (!has_all(leaf7_ebx, leaf7_ebx_bmi2 | leaf7_ebx_avx512f | leaf7_ebx_avx512dq |
				 leaf7_ebx_avx512bw | leaf7_ebx_avx512vl) ||
		!has_all(read_xcr0(), xcr0_avx512))
		return false;
	if (variant == RV_VARIANT_SKYLAKE)
		return true;

	return variant == RV_VARIANT_ICELAKE &&
		has_all(leaf7_ecx, leaf7_ecx_avx512vnni | leaf7_ecx_avx512vpopcntdq);
}

#else

#ifdef RV_ARCH_AARCH64
/* Asks the kernel (Linux) or knows (every Mac with an arm64 processor has it). */
bool
has_dotprod()
{
#if defined(__linux__)
	return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#elif defined(__APPLE__)
	return true;
#else
	return false;
#endif
}
#endif

/* Advanced SIMD is part of armv8-a; other architectures have what they were compiled for. */
bool
runs_here(rv_variant variant)
{
#ifdef RV_ARCH_AARCH64
	if (variant == RV_VARIANT_DOTPROD)
		return has_dotprod();
#endif
	(void) variant;
	return true;
}

#endif

bool
same_name(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
	{
		a++;
		b++;
	}
	return *a == *b;
}

const rv_kernels *
compiled(rv_variant variant)
{
	switch (variant)
	{
		case RV_VARIANT_SERIAL:
			return &rv_kernels_serial;
#ifdef RV_ARCH_X86_64
		case RV_VARIANT_HASWELL:
			return &rv_kernels_haswell;
		case RV_VARIANT_SKYLAKE:
			return &rv_kernels_skylake;
		case RV_VARIANT_ICELAKE:
			return &rv_kernels_icelake;
#endif
#ifdef RV_ARCH_AARCH64
		case RV_VARIANT_NEON:
			return &rv_kernels_neon;
		case RV_VARIANT_DOTPROD:
			return &rv_kernels_dotprod;
#endif
#ifdef RV_ARCH_WASM
		case RV_VARIANT_WASM:
			return &rv_kernels_wasm;
#endif
		default:
			return NULL;
	}
}

}	/* namespace */

extern "C" const rv_kernels *
rv_simd_variant(rv_variant variant)
{
	const rv_kernels *kernels = compiled(variant);

	return kernels != NULL && runs_here(variant) ? kernels : NULL;
}

extern "C" const rv_kernels *
rv_simd_init(const char *forced)
{
	bool		any = forced == NULL || *forced == '\0';

	for (int v = RV_VARIANT_COUNT - 1; v >= 0; v--)
	{
		const rv_kernels *kernels = rv_simd_variant((rv_variant) v);

		if (kernels != NULL && (any || same_name(kernels->name, forced)))
		{
			__atomic_store_n(&rv_simd, kernels, __ATOMIC_RELAXED);
			return kernels;
		}
	}
	return NULL;
}
