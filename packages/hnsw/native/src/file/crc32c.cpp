/*
 * crc32c.cpp - by the processor's instruction where it has one, else by eight tables.
 *
 * The instruction takes 8 bytes each cycle, but gives its result after three: so three runs of bytes that lie one
 * behind the other are taken at once, each with a checksum of its own.  A checksum moves over n further bytes by a
 * multiplication with x^8n modulo the polynomial, which is linear: four look-ups, one for each of its bytes (Gopal et
 * al., "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction", 2011).  Lengths of runs are chosen for
 * files: a block of 16,384 bytes is three long runs and 16 bytes.
 *
 * Tables: Kounavis and Berry, "A Systematic Approach to Building High Performance Software-based CRC Generators", 2005.
 */
#include "crc32c.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(_WIN32)
#include <windows.h>
#endif

namespace rv_index
{

namespace
{

/* Bit-reversed, as all checksums here: the highest bit is the coefficient of x^0. */
constexpr uint32_t polynomial = UINT32_C(0x82F63B78);

struct step_tables
{
	uint32_t	entry[8][256];
};

constexpr step_tables
make_step_tables()
{
	step_tables tables = {};

	for (uint32_t byte = 0; byte < 256; byte++)
	{
		uint32_t	crc = byte;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? polynomial : 0);
		tables.entry[0][byte] = crc;
	}
	for (int t = 1; t < 8; t++)
		for (uint32_t byte = 0; byte < 256; byte++)
			tables.entry[t][byte] = tables.entry[t - 1][byte] >> 8 ^ tables.entry[0][tables.entry[t - 1][byte] & 255];
	return tables;
}

constexpr step_tables steps = make_step_tables();

inline uint32_t
step_byte(uint32_t crc, uint8_t byte)
{
	return crc >> 8 ^ steps.entry[0][(crc ^ byte) & 255];
}

uint32_t
by_tables(uint32_t before, const void *data, size_t bytes)
{
	const uint8_t *p = (const uint8_t *) data;
	uint32_t	crc = ~before;

	for (; bytes >= 8; p += 8, bytes -= 8)
	{
		const uint32_t low = crc ^ ((uint32_t) p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16 | (uint32_t) p[3] << 24);

		crc = steps.entry[7][low & 255] ^ steps.entry[6][low >> 8 & 255] ^ steps.entry[5][low >> 16 & 255] ^
			steps.entry[4][low >> 24] ^ steps.entry[3][p[4]] ^ steps.entry[2][p[5]] ^ steps.entry[1][p[6]] ^
			steps.entry[0][p[7]];
	}
	for (; bytes > 0; p++, bytes--)
		crc = step_byte(crc, *p);
	return ~crc;
}

#if defined(__x86_64__) || defined(__aarch64__)

constexpr uint32_t
multiply(uint32_t a, uint32_t b)
{
	uint32_t	product = 0;

	for (uint32_t coefficient = UINT32_C(1) << 31; coefficient != 0; coefficient >>= 1)
	{
		if ((a & coefficient) != 0)
			product ^= b;
		b = b >> 1 ^ ((b & 1) != 0 ? polynomial : 0);
	}
	return product;
}

/* Moves a checksum over so many bytes. */
struct shift_tables
{
	uint32_t	entry[4][256];

	uint32_t
	operator()(uint32_t crc) const
	{
		return entry[0][crc & 255] ^ entry[1][crc >> 8 & 255] ^ entry[2][crc >> 16 & 255] ^ entry[3][crc >> 24];
	}
};

constexpr shift_tables
make_shift_tables(uint64_t bytes)
{
	shift_tables tables = {};
	uint32_t	power = UINT32_C(1) << 31,
				square = UINT32_C(1) << 30;

	for (uint64_t bits = bytes * 8; bits != 0; bits >>= 1)
	{
		if ((bits & 1) != 0)
			power = multiply(power, square);
		square = multiply(square, square);
	}
	for (int t = 0; t < 4; t++)
	{
		for (int bit = 0; bit < 8; bit++)
			tables.entry[t][1 << bit] = multiply(power, UINT32_C(1) << (8 * t + bit));
		for (uint32_t byte = 1; byte < 256; byte++)
			tables.entry[t][byte] = tables.entry[t][byte & (byte - 1)] ^ tables.entry[t][byte & (~byte + 1)];
	}
	return tables;
}

constexpr size_t long_run = 5456,
			short_run = 256;
constexpr shift_tables over_long = make_shift_tables(long_run),
			over_short = make_shift_tables(short_run);

static_assert(long_run % 8 == 0 && short_run % 8 == 0 && 3 * long_run <= 16384 && 16384 - 3 * long_run < 24,
			  "a block of a file is three runs");

#if defined(__x86_64__)

#define RV_CRC_TARGET __attribute__((target("sse4.2")))

RV_CRC_TARGET inline uint64_t
step_word(uint64_t crc, const uint8_t *p)
{
	uint64_t	word;

	memcpy(&word, p, 8);
	return _mm_crc32_u64(crc, word);
}

/* Asks by itself: __builtin_cpu_supports() needs a run-time library that not every linker is given. */
bool
has_instruction()
{
	unsigned	eax,
				ebx,
				ecx,
				edx;

	return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & 1u << 20) != 0;
}

constexpr char instruction_name[] = "sse4.2";

#else

#if defined(__clang__)
#define RV_CRC_TARGET __attribute__((target("crc")))
#define RV_CRC_WORD __builtin_arm_crc32cd
#else
#define RV_CRC_TARGET __attribute__((target("+crc")))
#define RV_CRC_WORD __builtin_aarch64_crc32cx
#endif

RV_CRC_TARGET inline uint64_t
step_word(uint64_t crc, const uint8_t *p)
{
	uint64_t	word;

	memcpy(&word, p, 8);
	/* The instruction takes the lowest byte first, as x86's does. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return RV_CRC_WORD((uint32_t) crc, word);
}

bool
has_instruction()
{
#if defined(__ARM_FEATURE_CRC32) || defined(__APPLE__)
	return true;
#elif defined(__linux__)
	return (getauxval(AT_HWCAP) & (1 << 7)) != 0;	/* HWCAP_CRC32 */
#elif defined(_WIN32)
	return IsProcessorFeaturePresent(31) != 0;	/* PF_ARM_V8_CRC32_INSTRUCTIONS_AVAILABLE */
#else
	return false;
#endif
}

constexpr char instruction_name[] = "armv8";

#endif

template<size_t run>
RV_CRC_TARGET inline uint32_t
three_runs(uint32_t crc, const uint8_t *p, const shift_tables &over_run)
{
	uint64_t	first = crc,
				second = 0,
				third = 0;

	for (size_t i = 0; i < run; i += 8)
	{
		first = step_word(first, p + i);
		second = step_word(second, p + run + i);
		third = step_word(third, p + 2 * run + i);
	}
	return over_run(over_run((uint32_t) first) ^ (uint32_t) second) ^ (uint32_t) third;
}

RV_CRC_TARGET uint32_t
by_instruction(uint32_t before, const void *data, size_t bytes)
{
	const uint8_t *p = (const uint8_t *) data;
	uint32_t	crc = ~before;

	for (; bytes >= 3 * long_run; p += 3 * long_run, bytes -= 3 * long_run)
		crc = three_runs<long_run>(crc, p, over_long);
	for (; bytes >= 3 * short_run; p += 3 * short_run, bytes -= 3 * short_run)
		crc = three_runs<short_run>(crc, p, over_short);
	for (; bytes >= 8; p += 8, bytes -= 8)
		crc = (uint32_t) step_word(crc, p);
	for (; bytes > 0; p++, bytes--)
		crc = step_byte(crc, *p);
	return ~crc;
}

#endif							/* a processor with an instruction for it */

struct variants
{
	crc32c_variant all[2];
	size_t		count = 0;

	variants()
	{
#if defined(__x86_64__) || defined(__aarch64__)
		all[count++] = {instruction_name, by_instruction, has_instruction()};
#endif
		all[count++] = {"tables", by_tables, true};
	}
};

const variants &
known_variants()
{
	static const variants known;

	return known;
}

}	/* namespace */

const crc32c_variant *
crc32c_variants(size_t *count)
{
	*count = known_variants().count;
	return known_variants().all;
}

uint32_t
crc32c(uint32_t before, const void *data, size_t bytes)
{
	static const auto best = known_variants().all[0].usable ? known_variants().all[0].compute : by_tables;

	return best(before, data, bytes);
}

}	/* namespace rv_index */
