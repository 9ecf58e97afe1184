/*
 * coder.cpp - rows to codes, and codes to blocks.
 */
#include "coder.h"

#include <new>

#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <malloc.h>
#endif

namespace rv_index
{

namespace
{

constexpr size_t line = 64;

size_t
whole_lines(size_t bytes)
{
	return (bytes + line - 1) / line * line;
}

/* Signs of the rotation: many bits, fixed by the seed (splitmix64, Vigna). */
uint64_t
next_random(uint64_t &state)
{
	uint64_t	z = state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

}	/* namespace */

void
free_memory::operator() (uint8_t *memory) const
{
#if defined(_WIN32)
	_aligned_free(memory);
#else
	free(memory);
#endif
}

line_memory
take_lines(size_t bytes)
{
#if defined(_WIN32)
	void	   *memory = _aligned_malloc(whole_lines(bytes), line);
#else
	void	   *memory = aligned_alloc(line, whole_lines(bytes));
#endif

	if (memory == nullptr)
		throw std::bad_alloc();
	return line_memory((uint8_t *) memory);
}

ivf_coder::ivf_coder(const space &metric, uint64_t seed, bool has_codes)
	: metric(metric), has_codes(has_codes), n(rv_rotation_padded(metric.dimensions)), signs(RV_ROTATION_ROUNDS * n / 8)
{
	uint64_t	state = seed;

	for (uint8_t &byte : signs)
		byte = (uint8_t) (next_random(state) >> 56);
	rotation = {n, signs.data()};
	layout = {};
	layout.n = n;
	layout.bits = 1;
	layout.centred = 1;
	rv_rabitq_fill_layout(&layout);
	block_bytes = has_codes ? whole_lines(codes_at + layout.block_bytes) : codes_at;
}

void
ivf_coder::to_floats(const void *vector, float scale, float *out) const
{
	metric.to_floats(vector, out);
	if (metric.metric == metric_kind::cosine)
		for (uint32_t i = 0; i < metric.dimensions; i++)
			out[i] *= scale;
}

bool
ivf_coder::is_tame(const float *elements) const
{
	return rv_quant.rabitq->square(elements, metric.dimensions) <= RV_RABITQ_MAX_NORM * RV_RABITQ_MAX_NORM;
}

void
ivf_coder::rotate(const float *elements, float *out) const
{
	memcpy(out, elements, metric.dimensions * sizeof(float));
	memset(out + metric.dimensions, 0, (n - metric.dimensions) * sizeof(float));
	rv_quant.rotation->rotate(&rotation, out);
}

block_writer::block_writer(const ivf_coder &coder)
	: coder(coder)
{
	codec = {};
	codec.layout = coder.layout;
	codec.rotation = coder.rotation;
	codec.dimensions = coder.metric.dimensions;
	codec.encoder = RV_RABITQ_FAST;
	if (!coder.has_codes)
		return;
	centre.resize(coder.n);
	elements.resize(coder.metric.dimensions);
	codes.resize(block_rows * coder.layout.code_bytes);
	taken_codes.resize(codes.size());
	codec.centre = centre.data();
	memory.resize((rv_rabitq_encode_bytes(&codec) + 16) / sizeof(double) + 1);
}

void
block_writer::set_centroid(const float *centroid)
{
	if (!coder.has_codes)
		return;
	coder.rotate(centroid, centre.data());
	codec.centre_norm = __builtin_sqrt(rv_quant.rabitq->square(centroid, coder.metric.dimensions));
	unpacked = nullptr;
}

void
block_writer::encode(const void *row, uint8_t *code)
{
	void	   *aligned = (void *) (((uintptr_t) memory.data() + 15) / 16 * 16);

	coder.row_to_floats(row, elements.data());
	if (rv_rabitq_encode(rv_quant.rabitq, rv_quant.rotation, &codec, elements.data(), 1, code, aligned) == 1)
		return;

	const float endless = __builtin_inff();

	memset(code, 0, coder.layout.code_bytes);
	memcpy(code + coder.layout.sign_bytes + RV_RABITQ_NORM * sizeof(float), &endless, sizeof(endless));
}

void
block_writer::finish(const uint8_t *from, uint32_t count, uint8_t *to) const
{
	memset(ivf_coder::slots(to) + count, 0xFF, (block_rows - count) * sizeof(uint32_t));
	memcpy(to + ivf_coder::count_at, &count, sizeof(count));
	memset(to + ivf_coder::count_at + sizeof(count), 0, ivf_coder::codes_at - ivf_coder::count_at - sizeof(count));
	if (!coder.has_codes)
		return;
	rv_rabitq_pack(&coder.layout, from, count, to + ivf_coder::codes_at);

	const size_t end = ivf_coder::codes_at + coder.layout.block_bytes;

	memset(to + end, 0, coder.block_bytes - end);
}

void
block_writer::write(const uint8_t *from, uint32_t kept, const uint32_t *slots, const void *const *rows, uint32_t more,
					uint8_t *to)
{
	const size_t code_bytes = coder.layout.code_bytes;

	if (kept > 0)
		memcpy(ivf_coder::slots(to), ivf_coder::slots(from), kept * sizeof(uint32_t));
	memcpy(ivf_coder::slots(to) + kept, slots, more * sizeof(uint32_t));
	unpacked = nullptr;
	if (coder.has_codes)
	{
		if (kept > 0)
			rv_rabitq_unpack(&coder.layout, from + ivf_coder::codes_at, kept, codes.data());
		for (uint32_t i = 0; i < more; i++)
			encode(rows[i], codes.data() + (kept + i) * code_bytes);
	}
	finish(codes.data(), kept + more, to);
}

void
block_writer::take(const uint8_t *block, uint32_t i)
{
	const size_t code_bytes = coder.layout.code_bytes;

	if (coder.has_codes)
	{
		if (unpacked != block)
			rv_rabitq_unpack(&coder.layout, block + ivf_coder::codes_at, ivf_coder::count(block), codes.data());
		unpacked = block;
		memcpy(taken_codes.data() + n_taken * code_bytes, codes.data() + i * code_bytes, code_bytes);
	}
	taken_slots[n_taken++] = ivf_coder::slots(block)[i];
}

void
block_writer::flush(uint8_t *to)
{
	memcpy(ivf_coder::slots(to), taken_slots, n_taken * sizeof(uint32_t));
	finish(taken_codes.data(), n_taken, to);
	n_taken = 0;
}

}	/* namespace rv_index */
