import { BenchError } from './errors.js';

/** What every entrant must compute, in double precision. */
export interface Reference {
  readonly value: number;
  /** The magnitude that rounding errors are relative to: the sum of the terms' absolute values. */
  readonly scale: number;
}

export type OperationName = 'dot' | 'l2sq' | 'cosine' | 'l1' | 'norm';

/** The oracle of each operation; `norm` ignores `b`. */
export const references: Readonly<Record<OperationName, (a: Float32Array, b: Float32Array) => Reference>> = {
  dot: (a, b) => {
    let value = 0;
    let scale = 0;
    for (let i = 0; i < a.length; i++) {
      const term = (a[i] as number) * (b[i] as number);
      value += term;
      scale += Math.abs(term);
    }
    return { value, scale };
  },
  l2sq: (a, b) => {
    let value = 0;
    for (let i = 0; i < a.length; i++) value += ((a[i] as number) - (b[i] as number)) ** 2;
    return { value, scale: value };
  },
  cosine: (a, b) => {
    let dot = 0;
    let squaresA = 0;
    let squaresB = 0;
    for (let i = 0; i < a.length; i++) {
      dot += (a[i] as number) * (b[i] as number);
      squaresA += (a[i] as number) ** 2;
      squaresB += (b[i] as number) ** 2;
    }
    return { value: 1 - dot / Math.sqrt(squaresA * squaresB), scale: 1 };
  },
  l1: (a, b) => {
    let value = 0;
    for (let i = 0; i < a.length; i++) value += Math.abs((a[i] as number) - (b[i] as number));
    return { value, scale: value };
  },
  norm: (a) => {
    const value = Math.hypot(...a);
    return { value, scale: value };
  },
};

/**
 * Largest accepted error, relative to the reference's scale. Sums in float32 over 1,536 terms err by less than 1e-5 in
 * any order that a SIMD kernel uses; a forgotten tail element of 1,536 errs by about 6e-4.
 */
export const TOLERANCE = 2e-5;

/**
 * @throws BenchError `BENCH_DISAGREEMENT` naming the entrant, what it gave and what is right
 */
export function checkValue(entrant: string, operation: string, value: number, expected: Reference): void {
  // Written so that NaN fails.
  if (Math.abs(value - expected.value) <= TOLERANCE * expected.scale) return;
  throw new BenchError(
    'BENCH_DISAGREEMENT',
    `${entrant}: ${operation} is ${value}, expected ${expected.value} within ${TOLERANCE * expected.scale}`,
  );
}
