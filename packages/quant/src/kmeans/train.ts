/** Training in TypeScript, plain and in a hierarchy: native/src/kmeans/train.cpp. */
import { newArray } from '../check.js';
import { Random } from '../random.js';
import { assign, iterate, miniBatches, type Outcome } from './lloyd.js';
import { Pace, Run, Selection, type Start, sortRows, type TrainOptions } from './run.js';
import { findStart } from './start.js';

const coarseIterations = 10;
const coarseRows = 256;

/** The stream of a seed that is k-means's. */
export const kmeansStream = 0x6b;

function isHierarchy({ coarse }: TrainOptions): boolean {
  return coarse > 1;
}

function batchRowsOf({ batches, batchRows }: TrainOptions): number {
  return batches === 0 ? 0 : batchRows;
}

/** The steps that progress is told of. */
export function stepsOf(rows: number, options: TrainOptions): number {
  const { iterations, batches, coarse } = options;
  const plain = rows * (iterations + 2) + batchRowsOf(options) * batches;
  if (!isHierarchy(options)) return plain;
  return plain + 2 * rows + Math.min(rows, coarse * coarseRows) * (coarseIterations + 2);
}

function* trainPlain(
  run: Run,
  options: TrainOptions,
  start: Start,
  history: Float64Array | undefined,
): Generator<number, Outcome> {
  yield* findStart(run, start);
  if (batchRowsOf(options) > 0) {
    yield* miniBatches(run, options.batches, Math.min(options.batchRows, run.count));
  }
  return yield* iterate(run, options.iterations, options.tolerance, history);
}

/** Seats for centroids by Webster's method. */
export function shareSeats(size: Uint32Array, cells: number, k: number): Uint32Array {
  const seats = new Uint32Array(cells);
  let left = k;
  for (let c = 0; c < cells; c++) {
    if (size[c] > 0) seats[c] = 1;
    left -= seats[c];
  }
  for (; left > 0; left--) {
    let best = 0;
    let most = 0;
    for (let c = 0; c < cells; c++) {
      const quotient = seats[c] < size[c] ? size[c] / (seats[c] + 0.5) : 0;
      if (quotient > most) {
        most = quotient;
        best = c;
      }
    }
    seats[best]++;
  }
  return seats;
}

function* trainCells(
  rows: Float32Array,
  centroids: Float32Array,
  options: TrainOptions,
  shared: { readonly random: Random; readonly told: Pace; readonly spherical: boolean; readonly n: number },
): Generator<number, Outcome> {
  const { n, k, coarse: cells } = options;
  const { random, told } = shared;
  const count = rows.length / n;

  const sampleRows = Math.min(count, cells * coarseRows);
  const sample = newArray('kmeans', 'Float32Array', sampleRows * n);
  const selection = new Selection(random, count, sampleRows);
  for (let i = 0, taken = 0; taken < sampleRows; i++) {
    if (selection.next()) sample.set(rows.subarray(i * n, (i + 1) * n), taken++ * n);
  }
  const coarseCentroids = newArray('kmeans', 'Float32Array', cells * n);
  const coarse = new Run({ ...shared, rows: sample, k: cells, centroids: coarseCentroids });
  yield* findStart(coarse, 'k-means++');
  yield* iterate(coarse, coarseIterations, options.tolerance, undefined);

  const all = new Run({ ...shared, rows, k: cells, centroids: coarseCentroids });
  yield* assign(all);
  sortRows(all.index, count, cells, all);
  const seats = shareSeats(all.size, cells, k);
  const end = { iterations: 0, objective: 0 };
  for (let c = 0, seat = 0; c < cells; c++) {
    if (seats[c] === 0) continue;
    const done = told.done;
    const size = all.size[c];
    const own = newArray('kmeans', 'Float32Array', size * n);
    for (let i = 0; i < size; i++) {
      const row = all.order[all.begin[c] + i];
      own.set(rows.subarray(row * n, (row + 1) * n), i * n);
    }
    const cell = new Run({
      ...shared,
      rows: own,
      k: seats[c],
      centroids: centroids.subarray(seat * n, (seat + seats[c]) * n),
    });
    const outcome = yield* trainPlain(cell, options, options.start, undefined);
    end.iterations += outcome.iterations;
    end.objective += outcome.objective;
    seat += seats[c];
    told.done = done + size * (options.iterations + 2);
  }
  return end;
}

/**
 * Trains centroids, in slices.
 *
 * @param indices takes the rows' nearest centroids
 * @param history takes the objectives, and at its end iterations and the last objective
 * @param told of work that this is a part of; none of its steps are done
 */
export function* train(
  options: TrainOptions,
  rows: Float32Array,
  centroids: Float32Array,
  indices: Uint32Array | undefined,
  history: Float64Array,
  told: Pace = new Pace(),
): Generator<number, void> {
  const { n, k, seed, spherical, iterations } = options;
  const shared = { random: new Random(seed, kmeansStream), told, spherical, n };
  let end: Outcome;
  if (isHierarchy(options)) {
    end = yield* trainCells(rows, centroids, options, shared);
    if (indices !== undefined) {
      const last = new Run({ ...shared, rows, k, centroids });
      const { objective } = yield* assign(last);
      indices.set(last.index);
      end = { iterations: end.iterations, objective };
    }
    history[0] = end.objective;
  } else {
    const run = new Run({ ...shared, rows, k, centroids });
    end = yield* trainPlain(run, options, options.start, history);
    indices?.set(run.index);
  }
  history[iterations + 1] = end.iterations;
  history[iterations + 2] = end.objective;
}
