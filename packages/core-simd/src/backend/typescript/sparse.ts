/**
 * The kernels for sparse vectors in TypeScript: both lists of indices are walked side by side. Sums are float64, rounded
 * to float32 once. A missing element is zero, and 0 times infinity or NaN is NaN, as in dense vectors.
 */
import { distance } from './float32.js';

const { abs, fround } = Math;

export function dot(
  aIndices: Uint32Array,
  aValues: Float32Array,
  m: number,
  bIndices: Uint32Array,
  bValues: Float32Array,
  n: number,
): number {
  let sum = 0;
  let i = 0;
  let j = 0;
  while (i < m && j < n) {
    const x = aIndices[i];
    const y = bIndices[j];
    if (x === y) sum += aValues[i++] * bValues[j++];
    else if (x < y) sum += 0 * aValues[i++];
    else sum += 0 * bValues[j++];
  }
  for (; i < m; i++) sum += 0 * aValues[i];
  for (; j < n; j++) sum += 0 * bValues[j];
  return fround(sum);
}

export function l2sq(
  aIndices: Uint32Array,
  aValues: Float32Array,
  m: number,
  bIndices: Uint32Array,
  bValues: Float32Array,
  n: number,
): number {
  let sum = 0;
  let i = 0;
  let j = 0;
  while (i < m && j < n) {
    const x = aIndices[i];
    const y = bIndices[j];
    let d: number;
    if (x === y) d = aValues[i++] - bValues[j++];
    else if (x < y) d = aValues[i++];
    else d = bValues[j++];
    sum += d * d;
  }
  for (; i < m; i++) sum += aValues[i] * aValues[i];
  for (; j < n; j++) sum += bValues[j] * bValues[j];
  return fround(sum);
}

export function l1(
  aIndices: Uint32Array,
  aValues: Float32Array,
  m: number,
  bIndices: Uint32Array,
  bValues: Float32Array,
  n: number,
): number {
  let sum = 0;
  let i = 0;
  let j = 0;
  while (i < m && j < n) {
    const x = aIndices[i];
    const y = bIndices[j];
    if (x === y) sum += abs(aValues[i++] - bValues[j++]);
    else if (x < y) sum += abs(aValues[i++]);
    else sum += abs(bValues[j++]);
  }
  for (; i < m; i++) sum += abs(aValues[i]);
  for (; j < n; j++) sum += abs(bValues[j]);
  return fround(sum);
}

function squares(values: Float32Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i] * values[i];
  return fround(sum);
}

export function cosine(
  aIndices: Uint32Array,
  aValues: Float32Array,
  m: number,
  bIndices: Uint32Array,
  bValues: Float32Array,
  n: number,
): number {
  const ab = dot(aIndices, aValues, m, bIndices, bValues, n);
  return distance(ab, squares(aValues, m), squares(bValues, n));
}
