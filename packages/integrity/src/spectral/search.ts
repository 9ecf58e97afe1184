import { type AbortSignalLike, throwIfAborted } from '../errors.js';
import { countByStart, shiftError } from './count-by-start.js';
import { Lanczos } from './lanczos.js';
import { type Laplacian, multiply, rayleighQuotient } from './laplacian.js';
import { gaussianVector } from './random.js';
import { largestExcluded, startOverlap } from './start-bound.js';

/** A measured approximation of the Fiedler pair. */
export interface Pair {
  /** Unit vector, orthogonal to the kernel. */
  readonly vector: Float64Array;
  /** Its Rayleigh quotient. */
  readonly value: number;
  /** ||A x - value x||. */
  readonly residual: number;
}

/** What was spent. */
export interface Work {
  /** Lanczos steps of all runs. */
  iterations: number;
  /** Products with the Laplacian, or with a matrix of its pattern. */
  products: number;
  /** Solutions with a factor of the Laplacian. */
  solves: number;
}

export interface SearchOptions {
  readonly tolerance: number;
  readonly failureProbability: number;
  readonly maxSteps: number;
  readonly start: Float64Array | undefined;
  readonly random: () => number;
  readonly signal: AbortSignalLike | undefined;
  readonly work: Work;
}

/** A pair, and what the random start proves. */
export interface BoundedPair extends Pair {
  /** lambda2 is at least this, but for the failure probability; 0 where nothing was proved. */
  readonly lower: number;
}

/** The estimated residual is taken to this share of the tolerance; the measured one may be twice that. */
const RESIDUAL_SHARE = 0.45;
/** The bound aims at this share of the tolerance, to leave room for roundings. */
export const BOUND_SHARE = 0.95;
/** Most bounds that one call may choose from: each gets this part of the failure probability, so that together they keep it. */
const BOUNDS = 4;

/** Measures a unit vector orthogonal to the kernel: one product. */
export function measure(laplacian: Laplacian, vector: Float64Array, work: Work): Pair {
  const y = new Float64Array(vector.length);
  multiply(laplacian, vector, y);
  work.products++;
  const value = rayleighQuotient(laplacian, vector);
  let sum = 0;
  for (let i = 0; i < y.length; i++) {
    const r = y[i] - value * vector[i];
    sum += r * r;
  }
  return { vector, value, residual: Math.sqrt(sum) };
}

function startRun(laplacian: Laplacian, start: Float64Array, maxSteps: number): Lanczos {
  return new Lanczos(
    laplacian,
    [{ vector: laplacian.kernel, residual: 0 }],
    start,
    Math.max(1, maxSteps),
    true,
  );
}

/**
 * Steps until the smallest Ritz pair's residual is within `target` of its value, or until the run ends.
 * Looks at the pair at every step in the beginning, and then after each further sixteenth of the steps.
 */
function findPair(laplacian: Laplacian, run: Lanczos, target: number, { signal, work }: SearchOptions): Pair {
  for (;;) {
    throwIfAborted(signal);
    const stop = run.steps + 1 + (run.steps >> 4);
    while (run.steps < stop && !run.full && !run.exhausted) {
      run.step();
      work.iterations++;
      work.products++;
    }
    const ritz = run.ritz();
    const last = run.exhausted || run.full;
    if (!last && ritz.residual > target * ritz.value) continue;
    const pair = measure(laplacian, run.combine(ritz.coefficients), work);
    if (last || pair.residual <= 2 * target * pair.value) return pair;
  }
}

/** The pair alone: from the warm start if there is one, otherwise from a random one. */
export function searchPair(laplacian: Laplacian, options: SearchOptions): Pair {
  const { start, tolerance, maxSteps, random } = options;
  const from = start?.slice() ?? gaussianVector(laplacian.size, random);
  return findPair(laplacian, startRun(laplacian, from, maxSteps), RESIDUAL_SHARE * tolerance, options);
}

/**
 * lambda2 by products alone: Lanczos for the pair, and a second run, in another matrix and from a random start, for the bound
 * (count-by-start.ts). Some tens of steps each where the spectrum is well separated.
 *
 * A pair that is not that of lambda2 is found out by the second run; then, or where its residual from the warm start did not get small, the
 * search begins again at random. Where the second run does not get there, the recurrence of the first one may still prove something.
 */
export function searchByProducts(laplacian: Laplacian, options: SearchOptions): BoundedPair {
  const { start, tolerance, failureProbability, maxSteps, random, work } = options;
  const n = laplacian.size;
  const end = work.iterations + maxSteps;
  const failure = failureProbability / BOUNDS;
  const target = RESIDUAL_SHARE * tolerance;
  const prove = (pair: Pair): number | undefined => {
    const sigma = pair.value * (1 - BOUND_SHARE * tolerance);
    const count = countByStart(laplacian, pair, sigma, failure, end - work.iterations, options);
    if (count === 'one') return Math.max(0, sigma - shiftError(laplacian, sigma));
    return count === 'more' ? undefined : 0;
  };

  if (start !== undefined) {
    const pair = findPair(laplacian, startRun(laplacian, start.slice(), maxSteps >> 2), target, options);
    const lower = pair.residual <= 2 * target * pair.value ? prove(pair) : undefined;
    if (lower !== undefined && lower > 0) return { ...pair, lower };
  }
  const run = startRun(laplacian, gaussianVector(n, random), end - work.iterations);
  let pair = findPair(laplacian, run, target, options);
  let lower = prove(pair);
  if (lower === undefined && !run.full && !run.exhausted) {
    pair = findPair(laplacian, run, target / 100, options);
    lower = prove(pair);
  }
  const overlap = startOverlap(failure, run.length, n);
  return { ...pair, lower: lower || largestExcluded(run, overlap, pair.value) };
}
