/*
 * file_crc32c.cpp - every way to compute the checksum, against published values and against bit by bit.
 */
#include <vector>

#include "file/crc32c.h"
#include "support/check.h"

namespace
{

using rv_index::crc32c;
using rv_index::crc32c_variant;
using rv_test::check;
using rv_test::random_numbers;

uint32_t
bit_by_bit(uint32_t before, const uint8_t *data, size_t bytes)
{
	uint32_t	crc = ~before;

	for (size_t i = 0; i < bytes; i++)
	{
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1) != 0 ? crc >> 1 ^ UINT32_C(0x82F63B78) : crc >> 1;
	}
	return ~crc;
}

template<typename Body>
void
for_each_variant(const Body &body)
{
	size_t		count;
	const crc32c_variant *variants = rv_index::crc32c_variants(&count);

	for (size_t i = 0; i < count; i++)
		if (variants[i].usable)
			body(variants[i]);
}

/* RFC 3720, B.4, and the check value of the catalogues. */
void
published()
{
	uint8_t		zeros[32] = {},
				ones[32],
				rising[32],
				falling[32];
	static const uint8_t read_command[48] = {0x01, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0,
											 0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 2};

	for (int i = 0; i < 32; i++)
	{
		ones[i] = 0xFF;
		rising[i] = (uint8_t) i;
		falling[i] = (uint8_t) (31 - i);
	}
	for_each_variant([&] (const crc32c_variant &variant)
	{
		check(variant.compute(0, "123456789", 9) == UINT32_C(0xE3069283), "%s: digits", variant.name);
		check(variant.compute(0, zeros, 32) == UINT32_C(0x8A9136AA), "%s: zeros", variant.name);
		check(variant.compute(0, ones, 32) == UINT32_C(0x62A8AB43), "%s: ones", variant.name);
		check(variant.compute(0, rising, 32) == UINT32_C(0x46DD794E), "%s: rising", variant.name);
		check(variant.compute(0, falling, 32) == UINT32_C(0x113FDB5C), "%s: falling", variant.name);
		check(variant.compute(0, read_command, 48) == UINT32_C(0xD9963A56), "%s: a command of iSCSI", variant.name);
		check(variant.compute(0, NULL, 0) == 0, "%s: nothing", variant.name);
	});
	check(crc32c(0, "123456789", 9) == UINT32_C(0xE3069283), "digits");
	check(crc32c(crc32c(0, "1234", 4), "56789", 5) == UINT32_C(0xE3069283), "digits in two parts");
}

/* The tables are always there, and last; what is taken is usable. */
void
choice()
{
	size_t		count;
	const crc32c_variant *variants = rv_index::crc32c_variants(&count);
	bool		usable = false;

	check(count >= 1 && strcmp(variants[count - 1].name, "tables") == 0 && variants[count - 1].usable, "no tables");
	for (size_t i = 0; i < count; i++)
		usable = usable || variants[i].usable;
	check(usable, "no way is usable");
	for_each_variant([] (const crc32c_variant &variant) { printf("  %s\n", variant.name); });
}

/* Every length up to 300 at every alignment of a word, from different beginnings; exactly as much memory as is named. */
void
lengths()
{
	random_numbers random(1);

	for (size_t bytes = 0; bytes <= 300; bytes++)
		for (size_t alignment = 0; alignment < 8; alignment++)
		{
			std::vector<uint8_t> memory(alignment + bytes);
			const uint32_t before = (uint32_t) random.next();

			for (uint8_t &byte : memory)
				byte = (uint8_t) random.next();

			const uint32_t right = bit_by_bit(before, memory.data() + alignment, bytes);

			for_each_variant([&] (const crc32c_variant &variant)
			{
				check(variant.compute(before, memory.data() + alignment, bytes) == right, "%s: %zu bytes at %zu", variant.name,
					  bytes, alignment);
			});
		}
}

/* Around the lengths at which runs end, and blocks of files; and in two parts. */
void
runs()
{
	static const size_t around[] = {768, 1536, 4096, 5456, 3 * 5456, 16384, 3 * 5456 + 768, 6 * 5456, 32768, 50000};
	random_numbers random(2);

	for (size_t middle : around)
		for (size_t bytes = middle - 17; bytes <= middle + 17; bytes++)
		{
			std::vector<uint8_t> memory(bytes);
			const uint32_t before = (uint32_t) random.next();
			const size_t part = random.below((uint32_t) bytes);

			for (uint8_t &byte : memory)
				byte = (uint8_t) random.next();

			const uint32_t right = bit_by_bit(before, memory.data(), bytes);

			for_each_variant([&] (const crc32c_variant &variant)
			{
				check(variant.compute(before, memory.data(), bytes) == right, "%s: %zu bytes", variant.name, bytes);
				check(variant.compute(variant.compute(before, memory.data(), part), memory.data() + part, bytes - part) == right,
					  "%s: %zu bytes, the first %zu before", variant.name, bytes, part);
			});
		}
}

}	/* namespace */

int
main(int argc, char **argv)
{
	rv_test::begin(argc, argv);
	rv_test::run("published", published);
	rv_test::run("choice", choice);
	rv_test::run("lengths", lengths);
	rv_test::run("runs", runs);
	return rv_test::status();
}
