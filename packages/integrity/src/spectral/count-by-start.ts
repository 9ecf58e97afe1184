import { throwIfAborted } from '../errors.js';
import { Lanczos } from './lanczos.js';
import { type Laplacian, makeOperator, multiply, type Operator } from './laplacian.js';
import { gaussianVector } from './random.js';
import type { Pair, SearchOptions } from './search.js';
import { StartBound, startOverlap } from './start-bound.js';
import { deflate, dot, dotError, orthonormalize, UNIT_ROUNDOFF } from './vector.js';

/**
 * Counts the eigenvalues below a shift without a factorisation: proves, but for a failure probability, that there is one only.
 *
 * Let S = T^-1/2 (L - sigma M) T^-1/2 with any positive diagonal T. S has as many negative eigenvalues as L - sigma M (Sylvester). Let x be the
 * vector found, and Z the space of all z orthogonal to T^-1/2 M 1 and T^-1/2 M x; with z = T^1/2 y these are the y that are M-orthogonal to 1 and to
 * x. P projects on Z. If P S P has all its eigenvalues on Z above nu > 0, then (Haynsworth 1968) the number of negative eigenvalues of S is that of the
 * Schur complement, a form on the two dimensions that are left. One of these is not negative if the form is positive at some w, and at
 * w = T^1/2 x it is at least
 *
 *     w' S w - ||P S w||^2 / nu,   where w' S w = theta - sigma and P S w = P T^-1/2 (L x - theta M x).
 *
 * So nu may be next to nothing, of the order of the squared residual, while the least eigenvalue on Z belongs to the *third* one of the
 * Laplacian. A random start proves that much (start-bound.ts) within few steps, because T is taken near the diagonal of L - sigma M: S is then I less
 * an adjacency matrix scaled by the degrees, and hubs do not stretch its spectrum as they do that of L. On preferential attachment (1,000 nodes, 10,000
 * edges) this takes 30 to 90 steps, where excluding everything below sigma in the spectrum of L itself takes 130 to 550.
 *
 * x may come from anywhere, a warm start included, as long as the random numbers are drawn after it. If it is not the Fiedler vector, the
 * run meets an eigenvalue below nu and says so.
 */

/**
 * - `one`: with E as in {@link shiftError}, L - sigma M + E has at most one negative eigenvalue.
 * - `more`: the vector is not that of lambda2, or another eigenvalue is as close to sigma.
 * - `unknown`: not in so many steps, or rounding hides it.
 */
export type Count = 'one' | 'more' | 'unknown';

/** T is at least this share of the degrees: shifts may come close to the least degree, or above. Anything up to 1/4 serves alike. */
const FLOOR = 1 / 8;

/**
 * @param sigma below the value of the pair
 * @param failureProbability of the answer `one`
 * @param maxSteps most steps of the run
 */
export function countByStart(
  laplacian: Laplacian,
  pair: Pair,
  sigma: number,
  failureProbability: number,
  maxSteps: number,
  { random, signal, work }: Pick<SearchOptions, 'random' | 'signal' | 'work'>,
): Count {
  const { size: n, mass, rootMass } = laplacian;
  const { operator, rootScale } = scaleShifted(laplacian, sigma);

  const first = mass.map((m, i) => m / rootScale[i]);
  const second = pair.vector.map((y, i) => (rootMass[i] / rootScale[i]) * y);
  orthonormalize(first);
  orthonormalize(second, first);
  const deflated = [first, second].map((vector) => {
    const { outside, error } = apply(operator, vector, first, second, work);
    return { vector, residual: outside + error };
  });

  const w = pair.vector.map((y, i) => (rootScale[i] / rootMass[i]) * y);
  orthonormalize(w);
  const { form, outside, error } = apply(operator, w, first, second, work);
  // w must not lie in Z; its product with the second axis is x' M x but for the scaling.
  if (!(form > error && Math.abs(dot(w, second)) > 1e-6)) return 'unknown';
  const nu = (1.01 * (outside + error) ** 2) / (form - error);

  const run = new Lanczos(operator, deflated, gaussianVector(n, random), Math.max(1, maxSteps), false);
  const bound = new StartBound(startOverlap(failureProbability, run.length, n), nu);
  while (!bound.done && !run.full && !run.exhausted) {
    if (run.steps % 16 === 0) throwIfAborted(signal);
    run.step();
    work.iterations++;
    work.products++;
    const j = run.steps - 1;
    bound.push(run.alpha[j], run.beta[j], run.errors[j]);
  }
  return bound.excluded ? 'one' : bound.blocked ? 'more' : 'unknown';
}

/**
 * What the roundings in the entries of S come to: E is at most this times M. An entry beside the diagonal has 6 of them, relative to its weight, and a
 * symmetric matrix is at most the diagonal of its absolute row sums; the diagonal has 4, relative to d_i + sigma m_i.
 */
export function shiftError({ degrees, mass, size: n }: Laplacian, sigma: number): number {
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, degrees[i] / mass[i]);
  return 12 * UNIT_ROUNDOFF * (largest + sigma);
}

/** v' S v, ||P S v||, and what the rounding in either comes to. */
function apply(
  operator: Operator,
  v: Float64Array,
  first: Float64Array,
  second: Float64Array,
  work: SearchOptions['work'],
): { form: number; outside: number; error: number } {
  const image = new Float64Array(v.length);
  multiply(operator, v, image);
  work.products++;
  const form = dot(v, image);
  const length = Math.sqrt(dot(image, image));
  // What rounding leaves of the two axes can only make the rest longer.
  deflate(image, first);
  deflate(image, second);
  const error = 1.01 * (operator.productError + 8 * dotError(v.length) * length);
  return { form, outside: Math.sqrt(dot(image, image)), error };
}

/** S, and the square roots of T. */
function scaleShifted(laplacian: Laplacian, sigma: number): { operator: Operator; rootScale: Float64Array } {
  const { graph, size: n, degrees, mass } = laplacian;
  const { rowStart, columns, weights } = graph;
  const rootScale = new Float64Array(n);
  const diagonal = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const shifted = degrees[i] - sigma * mass[i];
    const scale = Math.max(shifted, FLOOR * degrees[i]);
    rootScale[i] = Math.sqrt(scale);
    diagonal[i] = shifted / (rootScale[i] * rootScale[i]);
  }
  const offDiagonal = new Float64Array(weights.length);
  for (let i = 0; i < n; i++)
    for (let k = rowStart[i]; k < rowStart[i + 1]; k++)
      offDiagonal[k] = weights[k] / (rootScale[i] * rootScale[columns[k]]);
  return { operator: makeOperator(graph, diagonal, offDiagonal, 0), rootScale };
}
