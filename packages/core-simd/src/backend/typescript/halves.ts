/**
 * The kernels for half floats in TypeScript. Each of the 65,536 words has its value in a table, 256 KiB a format, which
 * is made when a kernel first asks for it: a look-up takes two thirds of the time of computing the value.
 *
 * Sums are those of float32.ts, in the same order. The functions of two arrays of words are for pairs; for many rows
 * the query is widened once, and the functions of floats and words score each.
 */
import { distance } from './float32.js';

const { abs, fround, sqrt } = Math;

/** The bits of the float32 with the value of a binary16 word; NaN made quiet, its payload kept. */
export function widenF16(word: number): number {
  const sign = (word & 0x8000) << 16;
  const exponent = (word >> 10) & 0x1f;
  const fraction = word & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13) | (fraction === 0 ? 0 : 0x400000);
  if (exponent !== 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // Subnormal there, normal here: the highest set bit becomes the hidden one.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/** The same for bfloat16, which is the upper half of a float32. */
export function widenBf16(word: number): number {
  return (word << 16) | ((word & 0x7fff) > 0x7f80 ? 0x400000 : 0);
}

function makeTable(widen: (word: number) => number): Float32Array {
  const bits = new Int32Array(65536);
  for (let word = 0; word < 65536; word++) bits[word] = widen(word);
  return new Float32Array(bits.buffer);
}

let valuesOfF16: Float32Array | undefined;
let valuesOfBf16: Float32Array | undefined;

/** The values of all binary16 words. */
export function f16Table(): Float32Array {
  valuesOfF16 ??= makeTable(widenF16);
  return valuesOfF16;
}

/** The values of all bfloat16 words. */
export function bf16Table(): Float32Array {
  valuesOfBf16 ??= makeTable(widenBf16);
  return valuesOfBf16;
}

export function dotWords(a: Uint16Array, b: Uint16Array, n: number, values: Float32Array): number {
  const end = n - 3;
  let sum = 0;
  let i = 0;
  for (; i < end; i += 4) {
    sum +=
      values[a[i]] * values[b[i]] +
      values[a[i + 1]] * values[b[i + 1]] +
      (values[a[i + 2]] * values[b[i + 2]] + values[a[i + 3]] * values[b[i + 3]]);
  }
  for (; i < n; i++) sum += values[a[i]] * values[b[i]];
  return fround(sum);
}

export function l2sqWords(a: Uint16Array, b: Uint16Array, n: number, values: Float32Array): number {
  const end = n - 3;
  let sum = 0;
  let i = 0;
  for (; i < end; i += 4) {
    const d0 = values[a[i]] - values[b[i]];
    const d1 = values[a[i + 1]] - values[b[i + 1]];
    const d2 = values[a[i + 2]] - values[b[i + 2]];
    const d3 = values[a[i + 3]] - values[b[i + 3]];
    sum += d0 * d0 + d1 * d1 + (d2 * d2 + d3 * d3);
  }
  for (; i < n; i++) {
    const d = values[a[i]] - values[b[i]];
    sum += d * d;
  }
  return fround(sum);
}

export function l1Words(a: Uint16Array, b: Uint16Array, n: number, values: Float32Array): number {
  const end = n - 3;
  let sum = 0;
  let i = 0;
  for (; i < end; i += 4) {
    sum +=
      abs(values[a[i]] - values[b[i]]) +
      abs(values[a[i + 1]] - values[b[i + 1]]) +
      (abs(values[a[i + 2]] - values[b[i + 2]]) + abs(values[a[i + 3]] - values[b[i + 3]]));
  }
  for (; i < n; i++) sum += abs(values[a[i]] - values[b[i]]);
  return fround(sum);
}

export function cosineWords(a: Uint16Array, b: Uint16Array, n: number, values: Float32Array): number {
  const end = n - 1;
  let ab = 0;
  let aa = 0;
  let bb = 0;
  let i = 0;
  for (; i < end; i += 2) {
    const x0 = values[a[i]];
    const x1 = values[a[i + 1]];
    const y0 = values[b[i]];
    const y1 = values[b[i + 1]];
    ab += x0 * y0 + x1 * y1;
    aa += x0 * x0 + x1 * x1;
    bb += y0 * y0 + y1 * y1;
  }
  if (i < n) {
    const x = values[a[i]];
    const y = values[b[i]];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return distance(fround(ab), fround(aa), fround(bb));
}

export function normWords(a: Uint16Array, n: number, values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[a[i]] * values[a[i]];
  return sqrt(sum);
}

/** A float32 query and a row of words from `offset` on. */
export function dotMixed(
  a: Float32Array,
  b: Uint16Array,
  offset: number,
  n: number,
  values: Float32Array,
): number {
  const end = n - 3;
  let sum = 0;
  let i = 0;
  for (; i < end; i += 4) {
    const j = offset + i;
    sum +=
      a[i] * values[b[j]] +
      a[i + 1] * values[b[j + 1]] +
      (a[i + 2] * values[b[j + 2]] + a[i + 3] * values[b[j + 3]]);
  }
  for (; i < n; i++) sum += a[i] * values[b[offset + i]];
  return fround(sum);
}

export function l2sqMixed(
  a: Float32Array,
  b: Uint16Array,
  offset: number,
  n: number,
  values: Float32Array,
): number {
  const end = n - 3;
  let sum = 0;
  let i = 0;
  for (; i < end; i += 4) {
    const j = offset + i;
    const d0 = a[i] - values[b[j]];
    const d1 = a[i + 1] - values[b[j + 1]];
    const d2 = a[i + 2] - values[b[j + 2]];
    const d3 = a[i + 3] - values[b[j + 3]];
    sum += d0 * d0 + d1 * d1 + (d2 * d2 + d3 * d3);
  }
  for (; i < n; i++) {
    const d = a[i] - values[b[offset + i]];
    sum += d * d;
  }
  return fround(sum);
}

export function l1Mixed(
  a: Float32Array,
  b: Uint16Array,
  offset: number,
  n: number,
  values: Float32Array,
): number {
  const end = n - 3;
  let sum = 0;
  let i = 0;
  for (; i < end; i += 4) {
    const j = offset + i;
    sum +=
      abs(a[i] - values[b[j]]) +
      abs(a[i + 1] - values[b[j + 1]]) +
      (abs(a[i + 2] - values[b[j + 2]]) + abs(a[i + 3] - values[b[j + 3]]));
  }
  for (; i < n; i++) sum += abs(a[i] - values[b[offset + i]]);
  return fround(sum);
}

export function cosineMixed(
  a: Float32Array,
  b: Uint16Array,
  offset: number,
  n: number,
  values: Float32Array,
): number {
  const end = n - 1;
  let ab = 0;
  let aa = 0;
  let bb = 0;
  let i = 0;
  for (; i < end; i += 2) {
    const x0 = a[i];
    const x1 = a[i + 1];
    const y0 = values[b[offset + i]];
    const y1 = values[b[offset + i + 1]];
    ab += x0 * y0 + x1 * y1;
    aa += x0 * x0 + x1 * x1;
    bb += y0 * y0 + y1 * y1;
  }
  if (i < n) {
    const x = a[i];
    const y = values[b[offset + i]];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return distance(fround(ab), fround(aa), fround(bb));
}
