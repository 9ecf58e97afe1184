/**
 * The kernels for int8 and uint8 in TypeScript, exact: sums of a block stay within int32, which V8 adds without a
 * check, and are added to a number, which is exact below 2^53.
 *
 * Both types share the functions; V8 makes code for one kind of array as long as a program has only that.
 */
import { distance } from './float32.js';

const { abs, sqrt } = Math;

export type Integers = Int8Array | Uint8Array;

/** Elements of a block: 2^15 products of at most 255^2 lie below 2^31. */
const block = 32768;

export function dot(a: Integers, b: Integers, offset: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; ) {
    const blockEnd = n - i > block ? i + block : n;
    const end = blockEnd - 3;
    let part = 0;
    for (; i < end; i += 4) {
      const j = offset + i;
      part = (part + a[i] * b[j] + a[i + 1] * b[j + 1] + a[i + 2] * b[j + 2] + a[i + 3] * b[j + 3]) | 0;
    }
    for (; i < blockEnd; i++) part = (part + a[i] * b[offset + i]) | 0;
    sum += part;
  }
  return sum;
}

export function l2sq(a: Integers, b: Integers, offset: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; ) {
    const blockEnd = n - i > block ? i + block : n;
    const end = blockEnd - 3;
    let part = 0;
    for (; i < end; i += 4) {
      const j = offset + i;
      const d0 = a[i] - b[j];
      const d1 = a[i + 1] - b[j + 1];
      const d2 = a[i + 2] - b[j + 2];
      const d3 = a[i + 3] - b[j + 3];
      part = (part + d0 * d0 + d1 * d1 + d2 * d2 + d3 * d3) | 0;
    }
    for (; i < blockEnd; i++) {
      const d = a[i] - b[offset + i];
      part = (part + d * d) | 0;
    }
    sum += part;
  }
  return sum;
}

export function l1(a: Integers, b: Integers, offset: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; ) {
    const blockEnd = n - i > block ? i + block : n;
    const end = blockEnd - 3;
    let part = 0;
    for (; i < end; i += 4) {
      const j = offset + i;
      part =
        (part +
          abs(a[i] - b[j]) +
          abs(a[i + 1] - b[j + 1]) +
          abs(a[i + 2] - b[j + 2]) +
          abs(a[i + 3] - b[j + 3])) |
        0;
    }
    for (; i < blockEnd; i++) part = (part + abs(a[i] - b[offset + i])) | 0;
    sum += part;
  }
  return sum;
}

/** The three sums are exact. */
export function cosine(a: Integers, b: Integers, offset: number, n: number): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < n; ) {
    const blockEnd = n - i > block ? i + block : n;
    const end = blockEnd - 1;
    let partAb = 0;
    let partAa = 0;
    let partBb = 0;
    for (; i < end; i += 2) {
      const x0 = a[i];
      const x1 = a[i + 1];
      const y0 = b[offset + i];
      const y1 = b[offset + i + 1];
      partAb = (partAb + x0 * y0 + x1 * y1) | 0;
      partAa = (partAa + x0 * x0 + x1 * x1) | 0;
      partBb = (partBb + y0 * y0 + y1 * y1) | 0;
    }
    for (; i < blockEnd; i++) {
      const x = a[i];
      const y = b[offset + i];
      partAb = (partAb + x * y) | 0;
      partAa = (partAa + x * x) | 0;
      partBb = (partBb + y * y) | 0;
    }
    ab += partAb;
    aa += partAa;
    bb += partBb;
  }
  return distance(ab, aa, bb);
}

export function norm(a: Integers, n: number): number {
  return sqrt(dot(a, a, 0, n));
}
