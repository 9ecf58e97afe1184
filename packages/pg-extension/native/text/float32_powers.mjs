#!/usr/bin/env node
/**
 * Writes float32_powers.h: the nearest double to 10^e, and for each e the 64-bit integer g with
 * (g - 1) * 2^r < 10^e <= g * 2^r and 2^63 <= g < 2^64 (Giulietti, "The Schubfach way to render doubles",
 * section 8.1). Exact integer arithmetic; a test holds the committed header against this script.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// -k for every exponent of a float: k runs from floor(log10(2^-149)) = -45 to floor(log10(2^104)) = 31.
const MIN = -31;
const MAX = 45;

/** @param {number} e */
function entry(e) {
  const top = 1n << 64n;
  let numerator = e >= 0 ? 10n ** BigInt(e) : 1n;
  let denominator = e >= 0 ? 1n : 10n ** BigInt(-e);
  const ceil = () => (numerator + denominator - 1n) / denominator;
  while (ceil() >= top) denominator *= 2n;
  while (ceil() < top / 2n) numerator *= 2n;
  return ceil();
}

export function header() {
  const rows = [];
  const scales = [];
  for (let e = MIN; e <= MAX; e++) {
    rows.push(`\tUINT64_C(0x${entry(e).toString(16).toUpperCase()}),\t/* 10^${e} */`);
    // Compilers round a literal to the nearest double.
    scales.push(`\t1e${e},`);
  }
  return `/*
 * float32_powers.h - powers of ten for float32_print.c.  Written by
 * float32_powers.mjs; do not edit.
 */
#ifndef RUVECTOR_FLOAT32_POWERS_H
#define RUVECTOR_FLOAT32_POWERS_H

#include <stdint.h>

#define RV_FLOAT32_POWERS_MIN (${MIN})

static const uint64_t rv_float32_powers[] = {
${rows.join('\n')}
};

static const double rv_float32_scales[] = {
${scales.join('\n')}
};

#endif							/* RUVECTOR_FLOAT32_POWERS_H */
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('float32_powers.h', import.meta.url), header());
}
