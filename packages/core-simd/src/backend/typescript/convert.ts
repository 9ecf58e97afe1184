/**
 * Conversions in TypeScript, on the bits of floats: exact, to nearest with ties to even, and the same words for NaN as
 * native/src/halves.h has.
 */
import { typedArrayGetter } from '../../check.js';
import type { Conversion, Elements } from '../types.js';
import { norm as normOfFloats } from './float32.js';
import { bf16Table, f16Table, normWords, widenBf16, widenF16 } from './halves.js';

const { fround } = Math;
const lengthOf = typedArrayGetter<number>('length');
const bufferOf = typedArrayGetter<ArrayBufferLike>('buffer');
const byteOffsetOf = typedArrayGetter<number>('byteOffset');

/** The bits of float32 elements. */
function bitsOf(floats: Elements): Int32Array {
  return new Int32Array(bufferOf.call(floats), byteOffsetOf.call(floats), lengthOf.call(floats));
}

/** The binary16 word nearest to the float32 of these bits. */
function narrowF16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >> 13) & 0x3ff);
  // 65,520 and above round to infinity, half of the least number and below to zero.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x33000000) return sign;
  let dropped = 13;
  let whole = magnitude - 0x38000000;
  if (magnitude < 0x38800000) {
    // Subnormal: a multiple of 2^-24.
    dropped = 126 - (magnitude >> 23);
    whole = (magnitude & 0x7fffff) | 0x800000;
  }
  const half = 1 << (dropped - 1);
  const rest = whole & (2 * half - 1);
  const kept = whole >> dropped;
  // A carry out of the fraction raises the exponent, as it should.
  return sign | (rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept);
}

/** The bfloat16 word nearest to the float32 of these bits. */
function narrowBf16(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** Float32 bits from words, or words from bits. */
function each(step: (bits: number) => number, wide: 'from' | 'to'): Conversion {
  return (from, to) => {
    const source = wide === 'from' ? bitsOf(from) : from;
    const target = wide === 'to' ? bitsOf(to) : to;
    const n = lengthOf.call(from);
    for (let i = 0; i < n; i++) target[i] = step(source[i]);
  };
}

/** A bit for every element above zero, the first one highest. */
function quantise(
  bitsOfElements: (elements: Elements) => Elements | Int32Array,
  infinity: number,
): Conversion {
  return (from, to) => {
    const source = bitsOfElements(from);
    const n = lengthOf.call(from);
    for (let i = 0; i < n; i += 8) {
      let byte = 0;
      for (let j = i; j < n && j < i + 8; j++) {
        // Patterns from 1 to that of infinity; NaN, zero and what has a sign lie outside.
        if (source[j] >= 1 && source[j] <= infinity) byte |= 0x80 >> (j - i);
      }
      to[i >> 3] = byte;
    }
  };
}

const scratch = new Float32Array(1);
const scratchBits = new Int32Array(scratch.buffer);

/**
 * The bits of a float64 rounded to float32 so that rounding these again, to fewer digits, gives what rounding once
 * would: to odd (Boldo and Melquiond, Emulation of FMA and Correctly Rounded Sums: Proved Algorithms Using Rounding to
 * Odd, IEEE Transactions on Computers 57(4), 2008).
 */
function roundToOdd(x: number): number {
  const nearest = fround(x);
  scratch[0] = nearest;
  const bits = scratchBits[0];
  if (nearest === x || Number.isNaN(x)) return bits;
  return (Math.abs(nearest) > Math.abs(x) ? bits - 1 : bits) | 1;
}

/** Elements divided by the norm in float64, each rounded once. `to` may be `from`. */
function normaliseWords(table: () => Float32Array, narrow: (bits: number) => number): Conversion {
  return (from, to) => {
    const values = table();
    const n = lengthOf.call(from);
    const norm = normWords(from as Uint16Array, n, values);
    for (let i = 0; i < n; i++) to[i] = norm === 0 ? 0 : narrow(roundToOdd(values[from[i]] / norm));
  };
}

function normaliseFloats(from: Elements, to: Elements): void {
  const n = lengthOf.call(from);
  const norm = normOfFloats(from as Float32Array, n);
  for (let i = 0; i < n; i++) to[i] = norm === 0 ? 0 : from[i] / norm;
}

export const conversions = {
  f16_to_f32: each(widenF16, 'to'),
  f32_to_f16: each(narrowF16, 'from'),
  bf16_to_f32: each(widenBf16, 'to'),
  f32_to_bf16: each(narrowBf16, 'from'),
  f32_to_bits: quantise(bitsOf, 0x7f800000),
  f16_to_bits: quantise((words) => words, 0x7c00),
  i8_to_bits: quantise((bytes) => bytes, 127),
  normalise_f32: normaliseFloats,
  normalise_f16: normaliseWords(f16Table, narrowF16),
  normalise_bf16: normaliseWords(bf16Table, narrowBf16),
} as const;
