import type { CutProblem } from '../cut/problem.js';
import { type SpectralGraph, scaleByPowerOfTwo } from './graph.js';
import { type Laplacian, quotientError } from './laplacian.js';
import { measure, type Pair, type Work } from './search.js';
import { normalize, orthonormalize, UNIT_ROUNDOFF } from './vector.js';

/**
 * What the lower bound of a {@link Lambda2Result} rests on.
 *
 * - `exact`: a formula; fewer than three nodes, or a graph in several components.
 * - `inertia`: the signs of the pivots of L - sigma I, rounding included. Unconditional.
 * - `interlacing`: the least eigenvalue with one node held at 0. Unconditional, right to a factor only; for graphs that are split all but for rounding.
 * - `start`: the random start. Wrong with probability `failureProbability` at most.
 * - `none`: nothing was proved; the lower bound is 0, which is always true.
 */
export type Lambda2Certificate = 'exact' | 'inertia' | 'interlacing' | 'start' | 'none';

export interface Lambda2Result {
  /** A Rayleigh quotient: an upper bound of lambda2 up to rounding, and the estimate. 0 for fewer than two nodes. */
  readonly value: number;
  /** lambda2 is in [lower, upper], roundings included. */
  readonly lower: number;
  readonly upper: number;
  /** |value - lambda2| is at most this. */
  readonly errorBound: number;
  /** What `lower` rests on. */
  readonly certificate: Lambda2Certificate;
  /** The probability that `lower` is wrong; 0 unless `certificate` is `start`. */
  readonly failureProbability: number;
  /** ||L x - value x|| for the vector x. It says nothing about which eigenvalue is meant. */
  readonly residual: number;
  /** Whether both `errorBound` and `residual` are at most `tolerance` times `value`. */
  readonly converged: boolean;
  /**
   * The Fiedler vector: n numbers, unit norm, orthogonal to the constant (to D^1/2 1 if normalised). The first entry of at least half the largest magnitude is positive.
   * In several components: one that is constant on each. With fewer than two nodes: zeros.
   */
  readonly vector: Float64Array;
  /** Lanczos steps. */
  readonly iterations: number;
  /** Products with the Laplacian. */
  readonly products: number;
  /** Solutions with a factor of the Laplacian. */
  readonly solves: number;
  /** Connected components over edges of positive weight. */
  readonly components: number;
}

/** A pair, and a lower bound with its reason, in the scale of the Laplacian at hand. */
export type Found = Pair & { readonly lower: number; readonly certificate: Lambda2Certificate };

/** Rounds the bounds outwards, scales back and makes the vector canonical. */
export function finish(
  laplacian: Laplacian,
  found: Found,
  { tolerance, failureProbability }: { readonly tolerance: number; readonly failureProbability: number },
  work: Work,
): Lambda2Result {
  const { graph, normalized } = laplacian;
  const { value, residual, vector } = improve(laplacian, found, work);
  const exponent = normalized ? 0 : graph.exponent;
  // Edges that were left out can only raise the eigenvalue: by at most twice their weights' sum.
  const above = graph.dropped * 2 ** -898;
  const upper = value * (1 + quotientError(laplacian) + 2 * graph.weightError) + above;
  const lower = Math.min(found.lower, value) * (1 - 8 * UNIT_ROUNDOFF - 2 * graph.weightError);
  const bounds = outwards(
    scaleByPowerOfTwo(value, exponent),
    scaleByPowerOfTwo(lower, exponent),
    scaleByPowerOfTwo(upper, exponent),
  );
  return {
    ...bounds,
    certificate: bounds.lower === 0 ? 'none' : found.certificate,
    failureProbability: found.certificate === 'start' && bounds.lower > 0 ? failureProbability : 0,
    residual: scaleByPowerOfTwo(residual, exponent),
    converged: bounds.errorBound <= tolerance * bounds.value && residual <= tolerance * value,
    vector: withCanonicalSign(byNode(vector, graph.order)),
    ...work,
    components: graph.components,
  };
}

function outwards(
  value: number,
  lower: number,
  upper: number,
): Pick<Lambda2Result, 'value' | 'lower' | 'upper' | 'errorBound'> {
  // Scaling is exact but for results that are subnormal: one step outwards for these.
  const step = Number.MIN_VALUE;
  const low = Math.max(0, lower - step);
  const high = upper + step;
  return {
    value,
    lower: low,
    upper: high,
    errorBound: Math.max(value - low, high - value) * (1 + Number.EPSILON),
  };
}

/**
 * Two vectors that a search must not do worse than, each of two values only.
 *
 * - One that is constant but for a node: its quotient is d_i / (m_i (1 - m_i / sum m)), at best n / (n - 1) times the least weighted degree (Fiedler 1973). A
 *   value above that is a search that did not get far.
 * - One that is constant where the vector is positive and where it is not: its quotient is that of the cut between them. It is the better
 *   one when parts hold together by next to nothing, since rounding leaves some 1e-16 between values that should be equal.
 */
function improve(laplacian: Laplacian, pair: Pair, work: Work): Pair {
  const { size: n, degrees, mass } = laplacian;
  let total = 0;
  for (let i = 0; i < n; i++) total += mass[i];
  let best = Number.POSITIVE_INFINITY;
  let node = 0;
  for (let i = 0; i < n; i++) {
    const bound = degrees[i] / mass[i] / (1 - mass[i] / total);
    if (bound < best) {
      best = bound;
      node = i;
    }
  }
  let improved = pair;
  const error = 2 * quotientError(laplacian);
  if (pair.value > best * (1 + error))
    improved = measure(
      laplacian,
      twoValued(laplacian, (i) => i === node),
      work,
    );
  const { vector } = improved;
  const cut = cutQuotient(laplacian, vector, total);
  if (improved.value > cut * (1 + error))
    improved = measure(
      laplacian,
      twoValued(laplacian, (i) => vector[i] > 0),
      work,
    );
  return improved;
}

/** The quotient of the cut between rows where the vector is positive and the others. */
function cutQuotient({ graph, size: n, mass }: Laplacian, vector: Float64Array, total: number): number {
  const { rowStart, columns, weights } = graph;
  let inside = 0;
  let cut = 0;
  for (let i = 0; i < n; i++) {
    if (!(vector[i] > 0)) continue;
    inside += mass[i];
    for (let k = rowStart[i]; k < rowStart[i + 1]; k++) if (!(vector[columns[k]] > 0)) cut += weights[k];
  }
  return cut / inside / (1 - inside / total);
}

/** M^1/2 times a vector of two values, orthogonal to the kernel and scaled. */
function twoValued(
  { size: n, rootMass, kernel }: Laplacian,
  isInside: (row: number) => boolean,
): Float64Array {
  const vector = new Float64Array(n);
  for (let i = 0; i < n; i++) if (isInside(i)) vector[i] = rootMass[i];
  orthonormalize(vector, kernel);
  return vector;
}

/** From rows to nodes. */
function byNode(vector: Float64Array, order: Int32Array): Float64Array {
  const result = new Float64Array(vector.length);
  for (let row = 0; row < order.length; row++) result[order[row]] = vector[row];
  return result;
}

function withCanonicalSign(vector: Float64Array): Float64Array {
  let largest = 0;
  for (const x of vector) largest = Math.max(largest, Math.abs(x));
  const first = vector.find((x) => Math.abs(x) >= largest / 2);
  return first !== undefined && first < 0 ? vector.map((x) => -x) : vector;
}

/** One edge or several between two nodes: lambda2 is twice their weight, or 2 if normalised. */
export function ofTwoNodes(laplacian: Laplacian, work: Work): Found {
  const lower = laplacian.normalized ? 2 : 2 * laplacian.degrees[0];
  const vector = Float64Array.of(Math.SQRT1_2, -Math.SQRT1_2);
  return { ...measure(laplacian, vector, work), lower, certificate: 'exact' };
}

/**
 * A graph in several parts, or with fewer than two nodes: lambda2 is 0. The vector is constant on one part and on the rest.
 *
 * The parts may also hold together by edges that are too weak for the arithmetic (`graph.dropped`). Then the value is the quotient of
 * the part that is cut off most easily, computed from these edges alone, and nothing more than lambda2 >= 0 is proved.
 */
export function ofParts(problem: CutProblem, graph: SpectralGraph, normalized: boolean): Lambda2Result {
  const { size: n, labels, labelCount, components } = graph;
  const vector = new Float64Array(n);
  const nothing = { failureProbability: 0, iterations: 0, products: 0, solves: 0, components };
  if (n < 2 || components === labelCount) {
    const part = n < 2 ? new Float64Array(n) : normalized ? nullVector(graph) : partVector(labels, 0);
    return {
      ...{ value: 0, lower: 0, upper: 0, errorBound: 0, residual: 0, converged: true },
      ...nothing,
      certificate: 'exact',
      vector: withCanonicalSign(part),
    };
  }
  const { sources, targets, weights } = problem;
  const size = new Float64Array(labelCount);
  const cut = new Float64Array(labelCount);
  for (let i = 0; i < n; i++) size[labels[i]]++;
  for (let e = 0; e < weights.length; e++) {
    const a = labels[sources[e]];
    const b = labels[targets[e]];
    if (a === b) continue;
    cut[a] += weights[e];
    cut[b] += weights[e];
  }
  let best = 0;
  const quotient = cut.map((w, part) => (w / size[part]) * (n / (n - size[part])));
  for (let part = 1; part < labelCount; part++) if (quotient[part] < quotient[best]) best = part;
  vector.set(partVector(labels, best));
  const value = quotient[best];
  const image = new Float64Array(n);
  for (let e = 0; e < weights.length; e++) {
    const s = sources[e];
    const t = targets[e];
    if (labels[s] === labels[t]) continue;
    const flow = weights[e] * (vector[s] - vector[t]);
    image[s] += flow;
    image[t] -= flow;
  }
  let largest = 0;
  for (let i = 0; i < n; i++) {
    image[i] -= value * vector[i];
    largest = Math.max(largest, Math.abs(image[i]));
  }
  let sum = 0;
  if (largest > 0) for (let i = 0; i < n; i++) sum += (image[i] / largest) ** 2;
  const bounds = outwards(value, 0, value * (1 + (weights.length + 8) * UNIT_ROUNDOFF));
  return {
    ...bounds,
    ...nothing,
    certificate: 'none',
    residual: largest * Math.sqrt(sum),
    converged: false,
    vector: withCanonicalSign(vector),
  };
}

/** Unit norm, orthogonal to the constant, constant on a part and on the rest. */
function partVector(labels: Int32Array, part: number): Float64Array {
  const n = labels.length;
  let inside = 0;
  for (const label of labels) if (label === part) inside++;
  const outside = n - inside;
  const a = Math.sqrt(outside / inside / n);
  const b = -Math.sqrt(inside / outside / n);
  return Float64Array.from(labels, (label) => (label === part ? a : b));
}

/** The same for the normalised Laplacian: D^1/2 times it, orthogonal to D^1/2 1. A node without edges has an eigenvector of its own. */
function nullVector({ size: n, order, labels, rowStart, weights }: SpectralGraph): Float64Array {
  const degrees = new Float64Array(n);
  const volume = [0, 0];
  for (let row = 0; row < n; row++) {
    const i = order[row];
    for (let k = rowStart[row]; k < rowStart[row + 1]; k++) degrees[i] += weights[k];
    volume[labels[i] === 0 ? 0 : 1] += degrees[i];
  }
  const vector = new Float64Array(n);
  const alone = degrees.indexOf(0);
  if (volume[0] === 0 || volume[1] === 0) vector[alone] = 1;
  else
    for (let i = 0; i < n; i++)
      vector[i] = Math.sqrt(degrees[i]) * (labels[i] === 0 ? 1 / volume[0] : -1 / volume[1]);
  normalize(vector);
  return vector;
}
