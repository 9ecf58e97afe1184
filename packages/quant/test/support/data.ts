/** Vectors for the tests of k-means and product codes. */
import { Random } from '../../src/random.js';

/** Rows around `centres` random places. */
export function blobs(rows: number, n: number, centres: number, spread: number, seed = 1): Float32Array {
  const random = new Random(seed);
  const centre = Float32Array.from({ length: centres * n }, () => 2 * random.unit() - 1);
  const out = new Float32Array(rows * n);
  for (let r = 0; r < rows; r++) {
    const around = random.below(centres) * n;
    for (let i = 0; i < n; i++) out[r * n + i] = centre[around + i] + spread * random.normal();
  }
  return out;
}

/** Rows whose dimensions hang together, by a few factors; every seventh dimension is 0. */
export function hanging(rows: number, n: number, seed = 1): Float32Array {
  const random = new Random(seed);
  const factors = 5;
  const mix = Float32Array.from({ length: factors * n }, () => random.normal());
  const out = new Float32Array(rows * n);
  for (let r = 0; r < rows; r++) {
    const z = Float32Array.from({ length: factors }, () => random.normal());
    for (let i = 0; i < n; i++) {
      let x = 0.1 * random.normal();
      for (let f = 0; f < factors; f++) x += z[f] * mix[f * n + i];
      out[r * n + i] = i % 7 === 3 ? 0 : x;
    }
  }
  return out;
}

/** Sum of squared distances of rows from their nearest centroids, and these. */
export function nearest(
  rows: Float32Array,
  centroids: Float32Array,
  n: number,
): { objective: number; indices: Uint32Array } {
  const [count, k] = [rows.length / n, centroids.length / n];
  const indices = new Uint32Array(count);
  let objective = 0;
  for (let r = 0; r < count; r++) {
    let least = Number.POSITIVE_INFINITY;
    for (let c = 0; c < k; c++) {
      let d = 0;
      for (let i = 0; i < n; i++) d += (rows[r * n + i] - centroids[c * n + i]) ** 2;
      if (d < least) {
        least = d;
        indices[r] = c;
      }
    }
    objective += least;
  }
  return { objective, indices };
}
