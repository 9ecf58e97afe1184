/**
 * The independent answer: cosine distances in double precision, over all rows, in this process.
 *
 * The server adds in float32, so rows whose distances differ by less than its rounding may change places. The
 * check therefore compares distances, not names: the i-th row that the server gives must truly be as near as the
 * i-th nearest row is, and its reported distance must be its true one, both within `tolerance`.
 */
import type { WordVectors } from './dataset/source.js';
import type { SearchAnswers } from './measure.js';

/**
 * What float32 summation of n products can be off by, relative to the product of the norms: n units of rounding
 * 2^-24 for the dot product and as many for the two norms together (N. Higham, "Accuracy and Stability of
 * Numerical Algorithms", 2002, section 3.1).
 */
export function toleranceFor(dimensions: number): number {
  return 2 * dimensions * 2 ** -24;
}

export interface CheckResult {
  /** Queries compared. */
  readonly checked: number;
  /** Queries whose answer is wrong beyond rounding. */
  readonly mismatches: number;
  /** The first few wrong answers, in words. */
  readonly examples: readonly string[];
}

/** Options of {@link checkAnswers}. */
export interface CheckOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (queries: number) => void;
}

/** Euclidean norms of all rows, in double precision. */
export function rowNorms(data: WordVectors): Float64Array {
  return Float64Array.from(data.words, (_, row) => Math.sqrt(dot(data, row, row)));
}

function dot({ values, dimensions }: WordVectors, a: number, b: number): number {
  let sum = 0;
  for (let d = 0, p = a * dimensions, q = b * dimensions; d < dimensions; d++, p++, q++)
    sum += values[p]! * values[q]!;
  return sum;
}

/** Between two rows; NaN if one of them has no direction. `norms` are those of {@link rowNorms}. */
export function cosineDistance(data: WordVectors, norms: Float64Array, a: number, b: number): number {
  return 1 - dot(data, a, b) / (norms[a]! * norms[b]!);
}

/**
 * The cosine distances of the `k` nearest of `rows` to one row's vector, ascending. Rows without a direction
 * (norm 0) have no cosine distance: NaN, at the end, as in SQL. O(rows * (dimensions + k)).
 */
export function nearestDistances(
  data: WordVectors,
  rows: Uint32Array,
  norms: Float64Array,
  query: number,
  k: number,
): Float64Array {
  const best = new Float64Array(Math.min(k, rows.length)).fill(Number.POSITIVE_INFINITY);
  for (const row of rows) {
    const distance = cosineDistance(data, norms, query, row);
    if (!(distance < best[best.length - 1]!)) continue;
    let at = best.length - 1;
    for (; at > 0 && best[at - 1]! > distance; at--) best[at] = best[at - 1]!;
    best[at] = distance;
  }
  return best.map((distance) => (distance === Number.POSITIVE_INFINITY ? Number.NaN : distance));
}

/**
 * Compares the server's answers to `queries[i]` for the given positions `i` with the oracle's.
 *
 * @param loaded rows that are in the table
 * @param positions which queries to check
 */
export async function checkAnswers(
  data: WordVectors,
  loaded: Uint32Array,
  queries: Uint32Array,
  answers: SearchAnswers,
  positions: readonly number[],
  options: CheckOptions = {},
): Promise<CheckResult> {
  const norms = rowNorms(data);
  const inTable = new Set(loaded);
  const tolerance = toleranceFor(data.dimensions);
  const examples: string[] = [];
  let mismatches = 0;
  let checked = 0;
  for (const position of positions) {
    const query = queries[position]!;
    const truth = nearestDistances(data, loaded, norms, query, answers.k);
    const begin = position * answers.k;
    const distanceTo = (row: number): number => cosineDistance(data, norms, query, row);
    const wrong = firstWrong(
      truth,
      answers.ids.subarray(begin, begin + answers.k),
      answers.distances.subarray(begin, begin + answers.k),
      { data, inTable, distanceTo, tolerance },
    );
    if (wrong !== undefined) {
      mismatches++;
      if (examples.length < 5) examples.push(`'${data.words[query]}': ${wrong}`);
    }
    checked++;
    options.onProgress?.(checked);
    await new Promise(setImmediate); // lets signals and the progress line through
    options.signal?.throwIfAborted();
  }
  return { checked, mismatches, examples };
}

interface Comparison {
  readonly data: WordVectors;
  readonly inTable: ReadonlySet<number>;
  readonly distanceTo: (row: number) => number;
  readonly tolerance: number;
}

/** What is wrong with one answer, or `undefined`. */
function firstWrong(
  truth: Float64Array,
  ids: Int32Array,
  reported: Float64Array,
  { data, inTable, distanceTo, tolerance }: Comparison,
): string | undefined {
  const agree = (a: number, b: number): boolean =>
    Math.abs(a - b) <= tolerance || (Number.isNaN(a) && Number.isNaN(b));
  const seen = new Set<number>();
  for (let n = 0; n < truth.length; n++) {
    const id = ids[n]!;
    const rank = `neighbour ${n + 1}`;
    if (!inTable.has(id)) return `${rank} is not a row of the table (id ${id})`;
    if (seen.has(id)) return `${rank} is there twice`;
    seen.add(id);
    const distance = distanceTo(id);
    if (!agree(distance, reported[n]!))
      return `${rank} is '${data.words[id]}' at ${distance}, the server says ${reported[n]}`;
    if (!agree(distance, truth[n]!))
      return `${rank} is '${data.words[id]}' at ${distance}, but the true one is at ${truth[n]}`;
  }
  return undefined;
}
