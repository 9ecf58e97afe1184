import type { CutProblem } from '../../src/index.js';

/** The Laplacian of a graph as a full matrix, row by row, parallel edges added up and loops left out. */
export function denseLaplacian(problem: CutProblem): Float64Array {
  const { nodeCount: n, sources, targets, weights } = problem;
  const matrix = new Float64Array(n * n);
  for (let e = 0; e < weights.length; e++) {
    const s = sources[e] as number;
    const t = targets[e] as number;
    const w = weights[e] as number;
    if (s === t) continue;
    matrix[s * n + t] -= w;
    matrix[t * n + s] -= w;
    matrix[s * n + s] += w;
    matrix[t * n + t] += w;
  }
  return matrix;
}

/** D^-1/2 L D^-1/2; rows of nodes without edges are 0. */
export function denseNormalizedLaplacian(problem: CutProblem): Float64Array {
  const n = problem.nodeCount;
  const matrix = denseLaplacian(problem);
  const degrees = Float64Array.from({ length: n }, (_, i) => matrix[i * n + i] as number);
  return matrix.map((value, k) => {
    const scale = Math.sqrt((degrees[Math.floor(k / n)] as number) * (degrees[k % n] as number));
    return scale === 0 ? 0 : value / scale;
  });
}

/**
 * All eigenvalues of a symmetric matrix, ascending, by cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, 4th ed., 8.5): slow and
 * simple, and right to some n u times the norm.
 */
export function jacobiEigenvalues(matrix: Float64Array, n: number): Float64Array {
  const a = matrix.slice();
  const at = (i: number, j: number): number => a[i * n + j] as number;
  let total = 0;
  for (const x of a) total += x * x;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) off += at(i, j) ** 2;
    if (off <= 1e-36 * total) break;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const apq = at(p, q);
        if (apq === 0) continue;
        const tau = (at(q, q) - at(p, p)) / (2 * apq);
        const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
        const c = 1 / Math.sqrt(1 + t * t);
        const s = t * c;
        for (let k = 0; k < n; k++) {
          const x = at(k, p);
          const y = at(k, q);
          a[k * n + p] = c * x - s * y;
          a[k * n + q] = s * x + c * y;
        }
        for (let k = 0; k < n; k++) {
          const x = at(p, k);
          const y = at(q, k);
          a[p * n + k] = c * x - s * y;
          a[q * n + k] = s * x + c * y;
        }
      }
    }
  }
  return Float64Array.from({ length: n }, (_, i) => at(i, i)).sort();
}

/** The true lambda2, and how far from it the oracle itself may be. */
export interface Truth {
  readonly value: number;
  readonly doubt: number;
  readonly spectrum: Float64Array;
}

export function trueLambda2(problem: CutProblem, normalized = false): Truth {
  const n = problem.nodeCount;
  const spectrum = jacobiEigenvalues(
    normalized ? denseNormalizedLaplacian(problem) : denseLaplacian(problem),
    n,
  );
  return {
    value: spectrum[1] as number,
    doubt: 8 * n * Number.EPSILON * (spectrum[n - 1] as number),
    spectrum,
  };
}

/** ||A x - value x|| for the Laplacian or the normalised one. */
export function residualOf(
  problem: CutProblem,
  vector: Float64Array,
  value: number,
  normalized = false,
): number {
  const n = problem.nodeCount;
  const matrix = normalized ? denseNormalizedLaplacian(problem) : denseLaplacian(problem);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    let r = -value * (vector[i] as number);
    for (let j = 0; j < n; j++) r += (matrix[i * n + j] as number) * (vector[j] as number);
    sum += r * r;
  }
  return Math.sqrt(sum);
}
