import { throwIfAborted } from '../errors.js';
import type { AssemblyTree } from './assembly-tree.js';
import type { Laplacian } from './laplacian.js';
import {
  backwardError,
  type Factor,
  factorLaplacian,
  factorShifted,
  negativePivots,
  solveGrounded,
} from './ldl.js';
import { gaussianVector } from './random.js';
import { BOUND_SHARE, measure, type Pair, type SearchOptions, type Work } from './search.js';
import { smallestEigenvalue, smallestEigenvector } from './tridiagonal.js';
import { deflate, normalize, orthonormalize, UNIT_ROUNDOFF } from './vector.js';

/** How a lower bound was had. */
export interface ProvedBound {
  readonly lower: number;
  readonly certificate: 'inertia' | 'interlacing' | 'none';
  /** At a shift clearly below the value there were two or more negative pivots: the value is not lambda2. */
  readonly refuted: boolean;
}

/** The residual is taken to this share of the tolerance. */
const RESIDUAL_SHARE = 0.1;
const MAX_STEPS = 120;

/**
 * lambda2 with two factorisations: one of L to find the vector, one of L - sigma M to prove the bound. Both are sure to within rounding that is accounted for.
 *
 * A start near another eigenvector converges to that one; the second factorisation then has too many negative pivots, and the
 * search begins again at random.
 */
export function searchFactored(
  laplacian: Laplacian,
  tree: AssemblyTree,
  options: SearchOptions,
): Pair & ProvedBound {
  const { start, random, work } = options;
  const n = laplacian.size;
  const factor = factorLaplacian(laplacian, tree);
  let pair = invert(laplacian, factor, start?.slice() ?? gaussianVector(n, random), options);
  let bound = proveByInertia(laplacian, tree, pair, options);
  for (let attempt = 0; attempt < 2 && bound.refuted; attempt++) {
    const again = invert(laplacian, factor, gaussianVector(n, random), options);
    if (again.value < pair.value) pair = again;
    bound = proveByInertia(laplacian, tree, pair, options);
  }
  if (bound.lower < pair.value / 2) {
    const lower = interlacingBound(laplacian, factor, work);
    if (lower > bound.lower) return { ...pair, lower, certificate: 'interlacing', refuted: bound.refuted };
  }
  return { ...pair, ...bound };
}

/**
 * Lanczos with the pseudo-inverse, full reorthogonalisation: some ten solutions, whatever the spectrum of L is like at the other end.
 *
 * With A^+ x = nu x + r the vector nu x + r has the residual ||r|| / nu^2, relative to its value ||r|| / nu: the estimate of Lanczos serves for A, too.
 */
function invert(laplacian: Laplacian, factor: Factor, start: Float64Array, options: SearchOptions): Pair {
  const { tolerance, signal, work } = options;
  const { size: n, kernel } = laplacian;
  const alpha = new Float64Array(MAX_STEPS);
  const beta = new Float64Array(MAX_STEPS);
  orthonormalize(start, kernel);
  const basis = [start];
  let unit = 0;
  let largest = 0;
  let previous = Number.POSITIVE_INFINITY;
  let best: Pair | undefined;
  const steps = Math.min(MAX_STEPS, n - 1);
  for (let k = 0; k < steps; k++) {
    throwIfAborted(signal);
    const w = applyInverse(laplacian, factor, basis[k]);
    work.iterations++;
    work.solves++;
    // The negative, so that the smallest eigenvalue of T is the one wanted; scaled, because A^+ may be 2^900 or so.
    if (k === 0) for (let i = 0; i < n; i++) unit = Math.max(unit, Math.abs(w[i]));
    for (let i = 0; i < n; i++) w[i] /= -unit;
    alpha[k] = orthogonalize(w, basis, kernel);
    beta[k] = normalize(w);
    basis.push(w);
    largest = Math.max(largest, Math.abs(alpha[k]), beta[k]);

    const low = -4 * largest;
    const high = previous === Number.POSITIVE_INFINITY ? alpha[0] : previous;
    const theta = smallestEigenvalue(alpha, beta, k + 1, low, high * (1 - 1e-8), 1e-12, 0);
    previous = theta;
    const y = smallestEigenvector(alpha, beta, k + 1, theta);
    const residual = beta[k] * Math.abs(y[k]);
    const complete = beta[k] <= 1e-14 * largest || k + 1 === steps;
    if (residual > RESIDUAL_SHARE * tolerance * -theta && !complete) continue;
    // nu x + r, where r = beta_k y_k v_{k+1}: another application of the inverse for nothing.
    const x = new Float64Array(n);
    for (let j = 0; j <= k + 1; j++) {
      const c = j <= k ? theta * y[j] : beta[k] * y[k];
      const v = basis[j];
      for (let i = 0; i < n; i++) x[i] += c * v[i];
    }
    orthonormalize(x, kernel);
    const pair = measure(laplacian, x, work);
    if (best === undefined || pair.residual < best.residual) best = pair;
    if (complete || pair.residual <= 2 * RESIDUAL_SHARE * tolerance * pair.value) break;
  }
  return best as Pair;
}

/** A^+ v for v orthogonal to the kernel. */
function applyInverse(laplacian: Laplacian, factor: Factor, v: Float64Array): Float64Array {
  const { size: n, rootMass, kernel } = laplacian;
  const { order } = factor.tree;
  const b = new Float64Array(n);
  for (let i = 0; i < n; i++) b[i] = rootMass[order[i]] * v[order[i]];
  solveGrounded(factor, b);
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) x[order[i]] = rootMass[order[i]] * b[i];
  deflate(x, kernel);
  deflate(x, kernel);
  return x;
}

/** Modified Gram-Schmidt, twice, against the basis and the kernel; returns the component along the last basis vector. */
function orthogonalize(w: Float64Array, basis: readonly Float64Array[], kernel: Float64Array): number {
  let last = 0;
  for (let pass = 0; pass < 2; pass++) {
    for (let j = 0; j < basis.length; j++) {
      const along = deflate(w, basis[j]);
      if (j === basis.length - 1) last += along;
    }
    deflate(w, kernel);
  }
  return last;
}

/**
 * lambda2 >= sigma - eta when the factor of L - sigma M has one negative pivot: by Sylvester's law of inertia L - sigma M + E then has one negative
 * eigenvalue, so it is positive on a space of codimension 1, and so is L - (sigma - eta) M. One it must have, since the constant gives 0 for L.
 *
 * The first shift is as close below the value as the residual allows; where that fails, others follow, each further down. Two negative pivots at
 * the last shift within the tolerance refute the value, but a bound further down is still looked for.
 */
export function proveByInertia(
  laplacian: Laplacian,
  tree: AssemblyTree,
  pair: Pair,
  { tolerance, signal }: Pick<SearchOptions, 'tolerance' | 'signal'>,
): ProvedBound {
  const { value, residual } = pair;
  const widest = BOUND_SHARE * tolerance * value;
  const close = Math.max(2 * residual, 0.01 * tolerance * value, 1e-11 * value);
  let refuted = false;
  for (const below of [close, 0.5 * widest, widest, 0.1 * value, 0.5 * value]) {
    throwIfAborted(signal);
    const sigma = value - below;
    if (!(sigma > 0)) continue;
    const factor = factorShifted(laplacian, tree, sigma);
    const negative = negativePivots(factor);
    const eta = backwardError(laplacian, factor, sigma);
    if (negative === undefined || !Number.isFinite(eta)) continue;
    if (negative > 1) refuted ||= sigma + eta < value - 0.99 * widest;
    // Where rounding takes half of it, the other bound may do better.
    else if (sigma - eta > sigma / 2) return { lower: sigma - eta, certificate: 'inertia', refuted };
  }
  return { lower: 0, certificate: 'none', refuted };
}

/**
 * A bound for graphs that are split all but for rounding, where no shift between 0 and lambda2 can be told from 0. It is right to a
 * factor, not to a tolerance.
 *
 * Holding a node at 0 leaves a problem whose least eigenvalue is at most lambda2 (Cauchy interlacing). Its matrix is an M-matrix, and for
 * y = (its inverse) M b with b > 0 that eigenvalue is at least min b_i / y_i (Collatz; Barta 1937). Solutions with a positive right-hand side
 * need no subtraction, so they are right in each entry to about n^3 u, which is taken off.
 */
function interlacingBound(laplacian: Laplacian, factor: Factor, work: Work): number {
  const { size: n, mass } = laplacian;
  const { order } = factor.tree;
  let b = new Float64Array(n).fill(1);
  let bound = 0;
  for (let round = 0; round < 4; round++) {
    const y = new Float64Array(n);
    for (let i = 0; i < n - 1; i++) y[i] = mass[order[i]] * b[i];
    solveGrounded(factor, y);
    work.solves++;
    let least = Number.POSITIVE_INFINITY;
    let largest = 0;
    for (let i = 0; i < n - 1; i++) {
      least = Math.min(least, b[i] / y[i]);
      largest = Math.max(largest, y[i]);
    }
    if (least > bound) bound = least;
    for (let i = 0; i < n - 1; i++) y[i] /= largest;
    b = y;
  }
  return bound * (1 - Math.min(0.5, 8 * n * n * n * UNIT_ROUNDOFF));
}
