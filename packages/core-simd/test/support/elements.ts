/** What the elements of every type mean, worked out in float64 from the formats' definitions, and random ones. */
import type { Elements } from '../../src/backend/types.js';
import type { Type } from './wasm.js';

/** The value of a binary16 word (IEEE 754-2019, 3.4): sign, 5 bits of exponent, 10 of fraction. */
export function fromHalf(word: number): number {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 0x1f;
  const fraction = word & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The value of a bfloat16 word: 8 bits of exponent, 7 of fraction. */
export function fromBfloat(word: number): number {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 7) & 0xff;
  const fraction = word & 0x7f;
  if (exponent === 0xff) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -133;
  return sign * (128 + fraction) * 2 ** (exponent - 134);
}

/** The word of the 16-bit format nearest to a value, of two the even one; `value` is not NaN. */
function toWord(value: number, decode: (word: number) => number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  // Magnitudes ascend with their words; the first that is not below lies among them, infinity included.
  let [low, high] = [0, decode === fromHalf ? 0x7c00 : 0x7f80];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (decode(middle) >= magnitude) high = middle;
    else low = middle + 1;
  }
  if (low === 0 || decode(low) === magnitude) return sign | low;
  // Infinity stands for the power of two that would follow the largest number.
  const above =
    decode(low) === Number.POSITIVE_INFINITY ? 2 * decode(low - 1) - decode(low - 2) : decode(low);
  const below = decode(low - 1);
  const middle = (below + above) / 2;
  if (magnitude === middle) return sign | (low % 2 === 0 ? low : low - 1);
  return sign | (magnitude < middle ? low - 1 : low);
}

export const toHalf = (value: number): number => toWord(value, fromHalf);
export const toBfloat = (value: number): number => toWord(value, fromBfloat);

/** The numbers that an array of this type stands for; those of bits are 0 and 1. */
export function valuesOf(type: Exclude<Type, 'f32_f16'>, elements: Elements): number[] {
  if (type === 'f16') return Array.from(elements, fromHalf);
  if (type === 'bf16') return Array.from(elements, fromBfloat);
  if (type === 'bits')
    return Array.from(elements).flatMap((byte) => [...Array(8)].map((_, i) => (byte >> i) & 1));
  return Array.from(elements);
}

/** Numbers of [0, 2^32), the same on every run (mulberry32). */
export function randomWords(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** n random elements: floats in [-1, 1), integers of the whole range. */
export function randomElements(type: Exclude<Type, 'f32_f16'>, n: number, next: () => number): Elements {
  const float = () => next() / 2 ** 31 - 1;
  switch (type) {
    case 'f32':
      return Float32Array.from({ length: n }, float);
    case 'f16':
      return Uint16Array.from({ length: n }, () => toHalf(float()));
    case 'bf16':
      return Uint16Array.from({ length: n }, () => toBfloat(float()));
    case 'i8':
      return Int8Array.from({ length: n }, () => next() >> 24);
    default:
      return Uint8Array.from({ length: n }, () => next() >>> 24);
  }
}
