/** The orthogonal factor of a matrix: native/src/product/polar.cpp, step by step. */
import { addParts } from '../parts.js';

const mostIterations = 40;
const settled = 1e-14;

/** Rows of the elimination between two yields. */
const rowsAtOnce = 16;

/** The square root of the sum of squares, in a fixed order. */
export function frobeniusNorm(x: Float64Array): number {
  const parts = new Float64Array(8);
  for (let i = 0; i < x.length; i++) parts[i % 8] += x[i] * x[i];
  return Math.sqrt(addParts(parts));
}

/** x becomes its inverse; false where it has none. */
function* invert(n: number, x: Float64Array): Generator<void, boolean> {
  const pivots = new Uint32Array(n);
  for (let k = 0; k < n; k++) {
    if (k % rowsAtOnce === 0) yield;
    let p = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(x[i * n + k]) > Math.abs(x[p * n + k])) p = i;
    pivots[k] = p;
    const pivotRow = x.subarray(k * n, (k + 1) * n);
    if (p !== k) {
      const other = x.slice(p * n, (p + 1) * n);
      x.copyWithin(p * n, k * n, (k + 1) * n);
      pivotRow.set(other);
    }
    const factor = 1 / pivotRow[k];
    if (pivotRow[k] === 0 || !Number.isFinite(factor)) return false;
    pivotRow[k] = 1;
    for (let j = 0; j < n; j++) pivotRow[j] *= factor;
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const row = x.subarray(i * n, (i + 1) * n);
      const f = row[k];
      row[k] = 0;
      for (let j = 0; j < n; j++) row[j] -= f * pivotRow[j];
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let i = 0; pivots[k] !== k && i < n; i++) {
      const t = x[i * n + k];
      x[i * n + k] = x[i * n + pivots[k]];
      x[i * n + pivots[k]] = t;
    }
  }
  return true;
}

/**
 * x, n * n in rows, becomes the orthogonal matrix nearest to it: U V' of x = U S V'. False where x is singular; then it is
 * rubbish.
 */
export function* polarFactor(n: number, x: Float64Array): Generator<void, boolean> {
  const inverse = new Float64Array(n * n);
  for (let iteration = 0; iteration < mostIterations; iteration++) {
    const norm = frobeniusNorm(x);
    inverse.set(x);
    if (!(yield* invert(n, inverse))) return false;
    const g = Math.sqrt(frobeniusNorm(inverse) / norm) * 0.5;
    const h = 0.25 / g;
    for (let i = 0; i < n; i++) {
      for (let j = i; j < n; j++) {
        const a = g * x[i * n + j] + h * inverse[j * n + i];
        const b = g * x[j * n + i] + h * inverse[i * n + j];
        inverse[i * n + j] = a - x[i * n + j];
        inverse[j * n + i] = b - x[j * n + i];
        x[i * n + j] = a;
        x[j * n + i] = b;
      }
    }
    const moved = frobeniusNorm(inverse);
    if (!(moved < Number.POSITIVE_INFINITY)) return false;
    if (moved <= settled * n || moved <= settled * norm) return true;
  }
  return true;
}
