import type { SpectralGraph } from './graph.js';
import { multiplyPacked, type PackedRows, packRows, roundingsOf } from './packed-rows.js';
import { UNIT_ROUNDOFF } from './vector.js';

/** A sparse symmetric matrix to be multiplied with. */
export interface Operator {
  readonly size: number;
  readonly diagonal: Float64Array;
  /** What is subtracted beside the diagonal. */
  readonly packed: PackedRows;
  /** No product that {@link multiply} computes with a unit vector is further than this from the exact one, in norm. */
  readonly productError: number;
}

/**
 * The eigenproblem L x = lambda M x of a graph, in its symmetric form A = M^-1/2 L M^-1/2, y = M^1/2 x. M is the identity,
 * or the degrees for the normalised Laplacian. The diagonal M keeps one code for both, and it lets the quotient and the
 * factorisation work on L itself, whose entries carry no rounding from square roots.
 */
export interface Laplacian extends Operator {
  readonly graph: SpectralGraph;
  readonly normalized: boolean;
  /** Weighted degrees: within 2 roundings of the exact sums. */
  readonly degrees: Float64Array;
  /** The diagonal of M. */
  readonly mass: Float64Array;
  readonly rootMass: Float64Array;
  /** The unit vector that A maps to 0: M^1/2 1, scaled. */
  readonly kernel: Float64Array;
  /** No eigenvalue is above this. */
  readonly norm: number;
}

/** Roundings in an entry of A beside the diagonal, where it is normalised: two roots of degrees, their product, the quotient. */
const ENTRY_ROUNDINGS = 6;

/** The Laplacian of a connected graph with at least two nodes. */
export function makeLaplacian(graph: SpectralGraph, normalized: boolean): Laplacian {
  const { size: n, rowStart, columns, weights } = graph;
  const degrees = new Float64Array(n);
  for (let i = 0; i < n; i++) degrees[i] = compensatedSum(weights, rowStart[i], rowStart[i + 1]);

  const mass = normalized ? degrees : new Float64Array(n).fill(1);
  const rootMass = normalized ? degrees.map(Math.sqrt) : mass;
  const diagonal = normalized ? new Float64Array(n).fill(1) : degrees;
  let offDiagonal = weights;
  if (normalized) {
    offDiagonal = new Float64Array(weights.length);
    for (let i = 0; i < n; i++)
      for (let k = rowStart[i]; k < rowStart[i + 1]; k++)
        offDiagonal[k] = weights[k] / (rootMass[i] * rootMass[columns[k]]);
  }

  let total = 0;
  for (let i = 0; i < n; i++) total += mass[i];
  const kernel = rootMass.map((x) => x / Math.sqrt(total));

  const largest = diagonal.reduce((a, b) => Math.max(a, b), 0);
  const operator = makeOperator(graph, diagonal, offDiagonal, normalized ? ENTRY_ROUNDINGS : 0);
  return { ...operator, graph, normalized, degrees, mass, rootMass, kernel, norm: 2 * largest };
}

/**
 * The matrix with `diagonal` and, in the places of the graph's rows, `-offDiagonal`, all of these >= 0.
 *
 * A sum of row i goes through k_i roundings, so its error is at most k_i u sum_j |a_ij| |y_j|. By Cauchy-Schwarz that is at most
 * k_i u (D_i sum_j |a_ij| y_j^2)^1/2 with D_i = sum_j |a_ij|; so the squares of all rows' errors sum to at most
 * u^2 max_j sum_i k_i^2 D_i |a_ij|. The diagonal adds 4 u max |a_ii|.
 *
 * @param entryRoundings those in an entry beside the diagonal, where they count as an error of the product
 */
export function makeOperator(
  { size: n, rowStart, columns }: SpectralGraph,
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  entryRoundings: number,
): Operator {
  const rowWeight = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let k = rowStart[i]; k < rowStart[i + 1]; k++) sum += offDiagonal[k];
    const roundings = roundingsOf(rowStart[i + 1] - rowStart[i]) + entryRoundings;
    rowWeight[i] = roundings * roundings * sum;
  }
  let largestDiagonal = 0;
  let largestColumn = 0;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let k = rowStart[j]; k < rowStart[j + 1]; k++) sum += rowWeight[columns[k]] * offDiagonal[k];
    largestColumn = Math.max(largestColumn, sum);
    largestDiagonal = Math.max(largestDiagonal, Math.abs(diagonal[j]));
  }
  return {
    size: n,
    diagonal,
    packed: packRows(rowStart, columns, offDiagonal),
    productError: 1.01 * UNIT_ROUNDOFF * (4 * largestDiagonal + Math.sqrt(largestColumn)),
  };
}

/** Neumaier's sum of `values[from .. to - 1]`, all >= 0: the error is below two roundings of the result. */
function compensatedSum(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  let lost = 0;
  for (let k = from; k < to; k++) {
    const w = values[k];
    const next = sum + w;
    lost += sum >= w ? sum - next + w : w - next + sum;
    sum = next;
  }
  return sum + lost;
}

/** `y = A x`; returns the inner product of x and y. Cost: one multiply-add for each end of an edge. */
export function multiply({ packed, diagonal }: Operator, x: Float64Array, y: Float64Array): number {
  return multiplyPacked(packed, diagonal, x, y);
}

/**
 * The Rayleigh quotient of y in A, computed as sum w_ij (x_i - x_j)^2 / sum m_i (x_i - c)^2 with x = M^-1/2 y and c its mean.
 * There is no cancellation in it and it does not change when a constant is added to x, so it is the quotient of a vector
 * exactly orthogonal to the constant, up to {@link quotientError}: never below lambda2 by more than that.
 */
export function rayleighQuotient(laplacian: Laplacian, y: Float64Array): number {
  const { size: n, mass, rootMass, normalized } = laplacian;
  const { rowStart, columns, weights } = laplacian.graph;
  const x = normalized ? y.map((value, i) => value / rootMass[i]) : y;
  let total = 0;
  let mean = 0;
  for (let i = 0; i < n; i++) {
    total += mass[i];
    mean += mass[i] * x[i];
  }
  mean /= total;
  let numerator = 0;
  let denominator = 0;
  for (let i = 0; i < n; i++) {
    const xi = x[i];
    let sum = 0;
    for (let k = rowStart[i]; k < rowStart[i + 1]; k++) {
      const j = columns[k];
      if (j >= i) continue;
      const d = xi - x[j];
      sum += weights[k] * d * d;
    }
    numerator += sum;
    const d = xi - mean;
    denominator += mass[i] * d * d;
  }
  return numerator / denominator;
}

/** Relative error of {@link rayleighQuotient} for a y whose mean is small beside it: roundings of two nested sums, and some to spare. */
export function quotientError({ size, graph }: Laplacian): number {
  let longest = 0;
  for (let i = 0; i < size; i++) longest = Math.max(longest, graph.rowStart[i + 1] - graph.rowStart[i]);
  return (2 * size + longest + 40) * UNIT_ROUNDOFF;
}
