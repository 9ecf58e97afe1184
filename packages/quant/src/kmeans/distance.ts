/**
 * Squared distances in float64, in the order that native/include/ruvector/quant/kmeans.h fixes: terms are added in eight
 * parts, of the dimensions i with i mod 8 = 0 ... 7, and the parts as ((p0 + p4) + (p2 + p6)) + ((p1 + p5) + (p3 + p7)).
 * So the addon and TypeScript agree to the bit, and on every nearest centroid.
 */

/** Dimensions after which it is worth looking whether a sum is too large already; a multiple of 8. */
const stretch = 64;

/**
 * The squared distance of the vectors that begin at `a[i]` and `b[j]`.
 *
 * @param limit a sum that is found not to be below this may be given up: the result is then some number that is not below
 */
export function squaredDistance(
  a: Float32Array,
  i: number,
  b: Float32Array,
  j: number,
  n: number,
  limit: number = Number.POSITIVE_INFINITY,
): number {
  let p0 = 0;
  let p1 = 0;
  let p2 = 0;
  let p3 = 0;
  let p4 = 0;
  let p5 = 0;
  let p6 = 0;
  let p7 = 0;
  const whole = n - (n % 8);
  for (let begin = 0; begin < whole; begin += stretch) {
    const end = Math.min(begin + stretch, whole);
    for (let d = begin; d < end; d += 8) {
      const x = i + d;
      const y = j + d;
      const d0 = a[x] - b[y];
      const d1 = a[x + 1] - b[y + 1];
      const d2 = a[x + 2] - b[y + 2];
      const d3 = a[x + 3] - b[y + 3];
      const d4 = a[x + 4] - b[y + 4];
      const d5 = a[x + 5] - b[y + 5];
      const d6 = a[x + 6] - b[y + 6];
      const d7 = a[x + 7] - b[y + 7];
      p0 += d0 * d0;
      p1 += d1 * d1;
      p2 += d2 * d2;
      p3 += d3 * d3;
      p4 += d4 * d4;
      p5 += d5 * d5;
      p6 += d6 * d6;
      p7 += d7 * d7;
    }
    // Sums of what is not negative only grow, rounded ones too.
    const sum = p0 + p4 + (p2 + p6) + (p1 + p5 + (p3 + p7));
    if (sum >= limit) return sum;
  }
  const rest = n - whole;
  if (rest > 0) p0 += squareOf(a[i + whole] - b[j + whole]);
  if (rest > 1) p1 += squareOf(a[i + whole + 1] - b[j + whole + 1]);
  if (rest > 2) p2 += squareOf(a[i + whole + 2] - b[j + whole + 2]);
  if (rest > 3) p3 += squareOf(a[i + whole + 3] - b[j + whole + 3]);
  if (rest > 4) p4 += squareOf(a[i + whole + 4] - b[j + whole + 4]);
  if (rest > 5) p5 += squareOf(a[i + whole + 5] - b[j + whole + 5]);
  if (rest > 6) p6 += squareOf(a[i + whole + 6] - b[j + whole + 6]);
  return p0 + p4 + (p2 + p6) + (p1 + p5 + (p3 + p7));
}

function squareOf(x: number): number {
  return x * x;
}

/** Parts of a sum over dimensions, in the same order. */
export class Parts {
  readonly #parts = new Float64Array(8);

  /** @param i the dimension; in ascending order */
  add(i: number, term: number): void {
    this.#parts[i % 8] += term;
  }

  total(): number {
    const p = this.#parts;
    return p[0] + p[4] + (p[2] + p[6]) + (p[1] + p[5] + (p[3] + p[7]));
  }
}

/** The nearest of `count` centroids to the vector at `rows[at]`, the first of equals, and its squared distance. */
export function nearestOf(
  centroids: Float32Array,
  count: number,
  rows: Float32Array,
  at: number,
  n: number,
): { index: number; distance: number } {
  let index = 0;
  let distance = Number.POSITIVE_INFINITY;
  for (let c = 0; c < count; c++) {
    const d = squaredDistance(rows, at, centroids, c * n, n, distance);
    if (d < distance) {
      distance = d;
      index = c;
    }
  }
  return { index, distance };
}
