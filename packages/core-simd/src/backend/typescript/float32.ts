/**
 * The kernels for float32 in TypeScript: the backend when no other loads, and for very short pairs beside it.
 *
 * The arithmetic of JavaScript is float64. Sums are kept so and rounded to float32 once, as the
 * native kernels' results are: that is within their error bound, and a sum that exceeds float32
 * is infinity here as well. Each takes the first vector whole and the second from `offset` on, so
 * that a row of a matrix needs no view of its own. Two or four products are added before the running
 * sum sees them, which shortens the chain of dependent additions.
 */

const { abs, fround, sqrt } = Math;

export function dot(a: Float32Array, b: Float32Array, offset: number, n: number): number {
  const end = n - 3;
  let sum = 0;
  let i = 0;
  for (; i < end; i += 4) {
    const j = offset + i;
    sum += a[i] * b[j] + a[i + 1] * b[j + 1] + (a[i + 2] * b[j + 2] + a[i + 3] * b[j + 3]);
  }
  for (; i < n; i++) sum += a[i] * b[offset + i];
  return fround(sum);
}

export function l2sq(a: Float32Array, b: Float32Array, offset: number, n: number): number {
  const end = n - 3;
  let sum = 0;
  let i = 0;
  for (; i < end; i += 4) {
    const j = offset + i;
    const d0 = a[i] - b[j];
    const d1 = a[i + 1] - b[j + 1];
    const d2 = a[i + 2] - b[j + 2];
    const d3 = a[i + 3] - b[j + 3];
    sum += d0 * d0 + d1 * d1 + (d2 * d2 + d3 * d3);
  }
  for (; i < n; i++) {
    const d = a[i] - b[offset + i];
    sum += d * d;
  }
  return fround(sum);
}

export function l1(a: Float32Array, b: Float32Array, offset: number, n: number): number {
  const end = n - 3;
  let sum = 0;
  let i = 0;
  for (; i < end; i += 4) {
    const j = offset + i;
    sum +=
      abs(a[i] - b[j]) + abs(a[i + 1] - b[j + 1]) + (abs(a[i + 2] - b[j + 2]) + abs(a[i + 3] - b[j + 3]));
  }
  for (; i < n; i++) sum += abs(a[i] - b[offset + i]);
  return fround(sum);
}

/** The three sums are rounded like those of the kernels, so that the same norms count as zero. */
export function cosine(a: Float32Array, b: Float32Array, offset: number, n: number): number {
  const end = n - 1;
  let ab = 0;
  let aa = 0;
  let bb = 0;
  let i = 0;
  for (; i < end; i += 2) {
    const x0 = a[i];
    const x1 = a[i + 1];
    const y0 = b[offset + i];
    const y1 = b[offset + i + 1];
    ab += x0 * y0 + x1 * y1;
    aa += x0 * x0 + x1 * x1;
    bb += y0 * y0 + y1 * y1;
  }
  if (i < n) {
    const x = a[i];
    const y = b[offset + i];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return distance(fround(ab), fround(aa), fround(bb));
}

/** 1 - ab / sqrt(aa bb), within [0, 2]. */
export function distance(ab: number, aa: number, bb: number): number {
  const similarity = ab / sqrt(aa * bb);
  if (similarity > 1) return 0;
  if (similarity < -1) return 2;
  return 1 - similarity;
}

export function norm(a: Float32Array, n: number): number {
  const end = n - 3;
  let sum = 0;
  let i = 0;
  for (; i < end; i += 4) {
    sum += a[i] * a[i] + a[i + 1] * a[i + 1] + (a[i + 2] * a[i + 2] + a[i + 3] * a[i + 3]);
  }
  for (; i < n; i++) sum += a[i] * a[i];
  return sqrt(sum);
}
