/**
 * Exact arithmetic for cuts.
 *
 * A sum of doubles depends on the order of its terms, so two algorithms, or one algorithm after a relabelling, would call
 * different cuts the smallest. Here every weight becomes a whole number of units, the unit a power of two, with all of
 * them together at most 2^52. Then every sum of weights is exact, and so are the numbers that go a little beyond a sum: the
 * next value above a minimum cut (lambda + 1), and the residual of an undirected edge, up to twice its capacity. Where the
 * weights are too far apart for that, they are rounded to the finest unit that fits, and the result says so and by how much.
 */
import { checkInteger, checkNumber, describe } from '../check.js';
import { IntegrityError } from '../errors.js';
import type { CutProblem } from './problem.js';

/** Most nodes that an algorithm takes: a contracted graph has at most 4,096, a flow network some more. */
export const MOST_NODES = 1 << 16;

/** Most that all weights together come to, in units. */
export const MOST_UNITS = 2 ** 52;

/** Weights as whole numbers of a unit. */
export interface WholeWeights {
  /** Whole numbers; their sum is at most 2^52. */
  readonly weights: Float64Array;
  /** A power of two: a weight is about `weights[i] * unit`. */
  readonly unit: number;
  /** Whether every weight is exactly that. */
  readonly exact: boolean;
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
/** Where the sign and exponent of a double are: the order of bytes is the host's. */
const HIGH = ((): 0 | 1 => {
  double[0] = 1;
  return words[0] === 0 ? 1 : 0;
})();
const LOW = HIGH === 1 ? 0 : 1;

/** The exponent of the lowest set bit of a positive finite number: 12 gives 2, 0.5 gives -1. */
function lowestBit(value: number): number {
  double[0] = value;
  const high = words[HIGH] as number;
  const low = words[LOW] as number;
  const biased = high >>> 20;
  const mantissaHigh = (high & 0xfffff) | (biased === 0 ? 0 : 0x100000);
  const zeros = low !== 0 ? 31 - Math.clz32(low & -low) : 32 + 31 - Math.clz32(mantissaHigh & -mantissaHigh);
  return Math.max(biased, 1) - 1075 + zeros;
}

/** The exponent of the lowest bit that is set in any of the weights, of which one is above 0. */
function commonBit(weights: Float64Array): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (weight > 0) lowest = Math.min(lowest, lowestBit(weight));
  }
  return lowest;
}

/** The exponent of the highest set bit of a positive finite number: 12 gives 3. */
function highestBit(value: number): number {
  double[0] = value;
  const biased = (words[HIGH] as number) >>> 20;
  if (biased > 0) return biased - 1023;
  // A subnormal number: as many bits as it is units of 2^-1074.
  return Math.floor(Math.log2(value / 2 ** -1074)) - 1074;
}

/** Whether a number is a power of two, of any exponent that a double has. */
export function isPowerOfTwo(value: number): boolean {
  return value > 0 && value < Number.POSITIVE_INFINITY && lowestBit(value) === highestBit(value);
}

/**
 * 2^-exponent as a product of two factors: the power itself overflows for exponents below -1023.
 *
 * @param exponent -2200 to 1100
 */
function perUnit(exponent: number): readonly [number, number] {
  const half = Math.trunc(exponent / 2);
  return [2 ** -half, 2 ** -(exponent - half)];
}

/**
 * Weights as whole numbers. O(m).
 *
 * @param weights finite, >= 0
 * @throws IntegrityError `ERR_INTEGRITY_CAPACITY` for a weight that is negative or not finite, and for weights whose sum is
 *   not a finite double
 */
export function wholeWeights(weights: Float64Array, field = 'weights'): WholeWeights {
  let total = 0;
  let most = 0;
  let integers = true;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw new IntegrityError(
        'ERR_INTEGRITY_CAPACITY',
        `${field}[${i}] must be a finite number >= 0, not ${describe(weight)}`,
        { field: `${field}[${i}]` },
      );
    if (weight > most) most = weight;
    if (integers && Math.trunc(weight) !== weight) integers = false;
    total += weight;
  }
  // Each partial sum of whole numbers is exact as long as it is at most 2^53, and then so is this test.
  if (integers && total <= MOST_UNITS) return { weights, unit: 1, exact: true };
  // A sum at the very end of the range could be rounded out of it.
  if (total * (1 + 2 ** -20) === Number.POSITIVE_INFINITY)
    throw new IntegrityError(
      'ERR_INTEGRITY_CAPACITY',
      `${field} add up to about the largest double or more; give them in a larger unit`,
      { field },
    );

  const top = highestBit(most);
  const lowest = commonBit(weights);
  // share * 2^top is the total, up to its own rounding, which the factor of (1 + 2^-20) and the m units more than cover.
  const [shareA, shareB] = perUnit(top);
  let share = 0;
  for (let i = 0; i < weights.length; i++) share += (weights[i] as number) * shareA * shareB;
  const fits = (exponent: number): boolean => {
    const [a, b] = perUnit(exponent - top);
    return share * a * b * (1 + 2 ** -20) + weights.length <= MOST_UNITS;
  };
  let exponent = lowest;
  while (!fits(exponent)) exponent++;
  const [a, b] = perUnit(exponent);
  const whole = new Float64Array(weights.length);
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    // Never to 0: an edge that is there goes on connecting.
    if (weight > 0) whole[i] = Math.max(1, Math.round(weight * a * b));
  }
  return { weights: whole, unit: 2 ** exponent, exact: exponent === lowest };
}

/** How far a sum of `edges` rounded weights may be from the true one: a unit for each, since none is rounded to 0. */
export function roundingOf({ unit, exact }: WholeWeights, edges: number): number {
  return exact ? 0 : edges * unit;
}

/** @throws IntegrityError `ERR_INTEGRITY_ARGUMENT`, or `ERR_INTEGRITY_LIMIT` for more than `MOST_NODES` */
export function checkNodeCount(nodeCount: number): void {
  if (checkInteger(nodeCount, 'nodeCount', 0, Number.MAX_SAFE_INTEGER) > MOST_NODES)
    throw new IntegrityError(
      'ERR_INTEGRITY_LIMIT',
      `nodeCount must be at most ${MOST_NODES}, not ${nodeCount}: contract the graph first`,
      { field: 'nodeCount' },
    );
}

/** Checks the shape of a problem; weights are checked by `wholeWeights`. */
export function checkEnds(
  { nodeCount, sources, targets }: Pick<CutProblem, 'nodeCount' | 'sources' | 'targets'>,
  count: number,
  what: string,
): void {
  checkNodeCount(nodeCount);
  for (const [field, ends] of [
    ['sources', sources],
    ['targets', targets],
  ] as const) {
    if (!(ends instanceof Uint32Array) || ends.length !== count)
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `${field} must be a Uint32Array of ${count} numbers, as many as ${what}, not ${ends instanceof Uint32Array ? `of ${ends.length}` : describe(ends)}`,
        { field },
      );
    for (let i = 0; i < count; i++)
      if ((ends[i] as number) >= nodeCount)
        throw new IntegrityError(
          'ERR_INTEGRITY_UNKNOWN_NODE',
          `${field}[${i}] is ${ends[i]}, but there are ${nodeCount} nodes, 0 to ${nodeCount - 1}`,
          { field: `${field}[${i}]` },
        );
  }
}

/** Checks a problem and makes its weights whole. */
export function checkProblem(problem: CutProblem): WholeWeights {
  if (!(problem?.weights instanceof Float64Array))
    throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', 'weights must be a Float64Array', {
      field: 'weights',
    });
  checkEnds(problem, problem.weights.length, 'weights');
  return wholeWeights(problem.weights);
}

/** Checks that a number is a node. */
export function checkNode(node: number, nodeCount: number, field: string): number {
  checkNumber(node, field);
  if (Number.isInteger(node) && node >= 0 && node < nodeCount) return node;
  throw new IntegrityError(
    'ERR_INTEGRITY_UNKNOWN_NODE',
    `${field} must be a node, 0 to ${nodeCount - 1}, not ${describe(node)}`,
    { field },
  );
}
