/**
 * Exact neighbours, and how much of them an answer has.
 *
 * Of the truth only the distance of the k-th neighbour is kept. An answer counts as right when it is not farther, in
 * double precision, than that (as ann-benchmarks counts, plotting/metrics.py): of several rows at one distance any is right.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cosineMany, l2sqMany } from '@ruvector/core-simd';
import { references, TOLERANCE } from '../../distances.js';
import { BenchError, throwIfAborted } from '../../errors.js';
import { type Distance, vectorAt } from './dataset.js';

/** Neighbours that are asked for. */
export const K = 10;

/** Of one query to one row, in double precision. */
export type ExactDistance = (query: Float32Array, row: Float32Array) => number;

export function exactDistance({ operation }: Distance): ExactDistance {
  return (query, row) => references[operation](query, row).value;
}

/** Rounding that an answer is granted: kernels add in float32. */
function slack({ operation }: Distance, distance: number): number {
  return TOLERANCE * (operation === 'cosine' ? 1 : distance);
}

/** Rows that stay in a level-2 cache while all queries pass over them. */
const BLOCK_BYTES = 2 ** 18;

/** The k smallest of what is offered, in order. */
class Nearest {
  readonly distances: Float64Array;
  readonly ids: Int32Array;

  constructor(k: number) {
    this.distances = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
    this.ids = new Int32Array(k).fill(-1);
  }

  offer(id: number, distance: number): void {
    const { distances, ids } = this;
    let at = distances.length - 1;
    if (!(distance < (distances[at] as number))) return;
    for (; at > 0 && distance < (distances[at - 1] as number); at--) {
      distances[at] = distances[at - 1] as number;
      ids[at] = ids[at - 1] as number;
    }
    distances[at] = distance;
    ids[at] = id;
  }
}

/**
 * The distance of the {@link K}-th nearest row to each query, in double precision. The rows are found in float32 by the
 * kernels of `@ruvector/core-simd`.
 *
 * @param rows at least K of them
 * @throws BenchError `BENCH_ABORTED`
 */
export async function kthDistances(
  rows: Float32Array,
  queries: Float32Array,
  dimensions: number,
  distance: Distance,
  signal: AbortSignal,
): Promise<Float64Array> {
  const many = distance.operation === 'l2sq' ? l2sqMany : cosineMany;
  const total = rows.length / dimensions;
  const count = queries.length / dimensions;
  if (total < K) throw new RangeError(`${total} rows have no ${K} nearest`);
  const nearest = Array.from({ length: count }, () => new Nearest(K));
  const blockRows = Math.max(1, Math.floor(BLOCK_BYTES / (4 * dimensions)));
  for (let first = 0; first < total; first += blockRows) {
    await nextTurn();
    throwIfAborted(signal);
    const block = rows.subarray(first * dimensions, Math.min(total, first + blockRows) * dimensions);
    const out = new Float32Array(block.length / dimensions);
    for (const [query, found] of nearest.entries()) {
      many(vectorAt(queries, dimensions, query), block, out);
      for (let row = 0; row < out.length; row++) found.offer(first + row, out[row] as number);
    }
  }
  const exact = exactDistance(distance);
  return Float64Array.from(nearest, ({ ids }, query) =>
    Math.max(
      ...Array.from(ids, (id) => exact(vectorAt(queries, dimensions, query), vectorAt(rows, dimensions, id))),
    ),
  );
}

/** What an answer is compared with. */
export interface Truth {
  readonly distance: Distance;
  readonly dimensions: number;
  /** By id. */
  readonly rows: Float32Array;
  readonly queries: Float32Array;
  /** By query: the distance of the K-th nearest. */
  readonly kth: ArrayLike<number>;
}

/**
 * The share of the true neighbours in the answers: recall@10.
 *
 * @param answers ids by query, nearest first
 * @throws BenchError `BENCH_DISAGREEMENT` for an answer that no search gives: not K rows, one twice, one that is
 *   not there, or not in the order of distance
 */
export function recallOf(entrant: string, answers: readonly (readonly number[])[], truth: Truth): number {
  const { distance, dimensions, rows, queries, kth } = truth;
  const exact = exactDistance(distance);
  let found = 0;
  for (const [query, ids] of answers.entries()) {
    const complain = (what: string): never => {
      throw new BenchError('BENCH_DISAGREEMENT', `${entrant}: query ${query} gave ${what}`);
    };
    if (ids.length !== K) complain(`${ids.length} rows instead of ${K}`);
    if (new Set(ids).size !== K) complain(`a row twice: ${ids.join(', ')}`);
    const wanted = kth[query] as number;
    let last = 0;
    for (const id of ids) {
      const row = vectorAt(rows, dimensions, id);
      if (row.length !== dimensions) complain(`row ${id}, which is not there`);
      const value = exact(vectorAt(queries, dimensions, query), row);
      if (value < last - slack(distance, last)) complain(`row ${id} after a farther one`);
      if (value <= wanted + slack(distance, wanted)) found++;
      last = value;
    }
  }
  return found / (K * answers.length);
}
