/**
 * Arithmetic that decides bytes, as native/src/parts.h has it: in float64, in an order that is fixed, so that TypeScript
 * and every variant of the addon give the same.
 */

const { abs, fround, sqrt } = Math;

/** A sum over dimensions is kept in eight parts, of the dimensions i with i % 8 = 0 ... 7; their total. */
export function addParts(p: Float64Array, at = 0): number {
  return p[at] + p[at + 4] + (p[at + 2] + p[at + 6]) + (p[at + 1] + p[at + 5] + (p[at + 3] + p[at + 7]));
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The least float32 that is not below v >= 0. */
export function floatAbove(v: number): number {
  float[0] = v;
  if (float[0] < v) bits[0]++;
  return float[0];
}

export function atLeastZero(x: number): number {
  return x > 0 ? x : 0;
}

function larger(a: number, b: number): number {
  return a > b ? a : b;
}

/** Limited to [-1, 1]. */
export function limited(similarity: number): number {
  return similarity > 1 ? 1 : similarity < -1 ? -1 : similarity;
}

/** The square of the largest float32. */
const mostSquare = (2 ** 128 - 2 ** 104) ** 2;

/** Whether the root of a sum of squares is a float32; not where the sum is NaN or infinity. */
export function isNorm(squares: number): boolean {
  return squares <= mostSquare;
}

/** >= the norms of what was lost, and of what decoding loses; `size` is that of the numbers that were subtracted. */
export function residualAbove(lost: number, off: number, size: number): number {
  return sqrt(lost > off ? lost : off) * (1 + 2 ** -38) + 2 ** -50 * size;
}

/**
 * An estimate of |query - x|^2 from raw, about |query - x'|^2: without what rounding adds on average, or as the middle
 * of what the triangle inequality leaves.
 */
export function l2sqEstimate(raw: number, residual: number, middle: boolean): number {
  const square = residual * residual;
  return fround(atLeastZero(middle ? atLeastZero(raw) + square : raw - square));
}

/**
 * What is known of the distance to x from a squared distance to x' that is within `error` of `raw`, and from the
 * residual: the triangle inequality. `estimate` is what was given for the square.
 */
export function l2sqBound(raw: number, error: number, residual: number, estimate: number): number {
  const low = atLeastZero(sqrt(atLeastZero(raw - error)) - residual);
  const high = sqrt(atLeastZero(raw + error)) + residual;
  const below = estimate - low * low;
  const above = high * high - estimate;
  return floatAbove(larger(below, above) * (1 + 2 ** -36) + high * high * 2 ** -36);
}

/** The bound of a cosine distance `rounded` = 1 - similarity from `error` >= |<query, x> - similarity * |query| |x||. */
export function cosineBound(
  error: number,
  similarity: number,
  inside: number,
  qnorm: number,
  xnorm: number,
  rounded: number,
): number {
  const least = xnorm - (xnorm * 2 ** -23 + 2 ** -149);
  const bound =
    error / (qnorm * least) +
    abs(similarity) * ((xnorm * 2 ** -22 + 2 ** -148) / least) +
    abs(rounded - (1 - inside)) +
    2 ** -35 * (1 + abs(similarity));
  if (!(qnorm * xnorm > 0)) return Number.NaN;
  // Both values lie in [0, 2].
  return floatAbove((least > 0 && bound < 2 ? bound : 2) * (1 + 2 ** -36));
}

/** A cosine distance in float32; NaN where a norm is 0. */
export function cosineOf(inside: number, qnorm: number, xnorm: number): number {
  return qnorm * xnorm > 0 ? fround(1 - inside) : Number.NaN;
}
