/** Distances in float64, and how far a float32 kernel may lie from them (doc/distances.md). */

export interface Exact {
  readonly dot: number;
  readonly absDot: number;
  readonly l2sq: number;
  readonly l1: number;
  readonly cosine: number;
  readonly norm: number;
}

export function exact(a: ArrayLike<number>, b: ArrayLike<number>): Exact {
  let [dot, absDot, l2sq, l1, aa, bb] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i], b[i]];
    dot += x * y;
    absDot += Math.abs(x * y);
    l2sq += (x - y) ** 2;
    l1 += Math.abs(x - y);
    aa += x * x;
    bb += y * y;
  }
  const similarity = dot / Math.sqrt(aa * bb);
  return { dot, absDot, l2sq, l1, cosine: 1 - Math.max(-1, Math.min(1, similarity)), norm: Math.sqrt(aa) };
}

/** gamma_k = k u / (1 - k u), with u = 2^-24 the unit roundoff of float32. */
export function gamma(k: number): number {
  const ku = k * 2 ** -24;
  return ku / (1 - ku);
}

/** The largest error that n dimensions allow each function. */
export function bounds(
  n: number,
  e: Exact,
): Record<'dot' | 'l2sq' | 'l2' | 'l1' | 'cosine' | 'norm', number> {
  return {
    dot: gamma(n) * e.absDot,
    l2sq: gamma(n + 2) * e.l2sq,
    l2: gamma(n + 2) * Math.sqrt(e.l2sq),
    l1: gamma(n) * e.l1,
    cosine: gamma(2 * n + 1),
    // Twice the kernel's own bound: the reference rounds as often.
    norm: (n + 2) * 2 ** -52 * e.norm,
  };
}

/** The one-to-many functions round their cosine to float32 at the end. */
export function cosineManyBound(n: number): number {
  return gamma(2 * n + 3);
}

/** Uniform in [-1, 1), the same on every run (mulberry32). */
export function randomFloats(seed: number): (n: number) => Float32Array {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
  return (n) => Float32Array.from({ length: n }, next);
}

/** A copy of `values` that starts `offset` floats into its buffer. */
export function misaligned(values: Float32Array, offset: number): Float32Array {
  const whole = new Float32Array(values.length + offset + 1).fill(Number.NaN);
  whole.set(values, offset);
  return whole.subarray(offset, offset + values.length);
}
