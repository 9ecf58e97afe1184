/** The first centroids: native/src/kmeans/start.cpp. */
import { newArray } from '../check.js';
import { nearestOf, squaredDistance } from './distance.js';
import { blockSums, blocksOf, draw, type Run, Selection, type Start, totalOf } from './run.js';

const parallelRounds = 5;
const oversampling = 2;

function randomRows(run: Run): void {
  const selection = new Selection(run.random, run.count, run.k);
  for (let i = 0, c = 0; c < run.k; i++) if (selection.next()) run.place(c++, run.rows, i);
}

/** k-means++ of rows, by their weights. */
function* plusPlus(
  run: Run,
  rows: Float32Array,
  count: number,
  weights: Float64Array | undefined,
  steps: number,
): Generator<number, void> {
  const { n, k, random } = run;
  const distance = weights === undefined ? run.distance : newArray('kmeans', 'Float64Array', count);
  const weighted = weights === undefined ? distance : newArray('kmeans', 'Float64Array', count);
  const sums = new Float64Array(blocksOf(count));
  distance.fill(Number.POSITIVE_INFINITY, 0, count);
  let pick: number;
  if (weights === undefined) {
    pick = random.below(count);
  } else {
    blockSums(weights, count, sums);
    pick = draw(random, weights, count, sums);
  }
  const begun = run.told.done;
  for (let c = 0; ; c++) {
    run.place(c, rows, pick);
    if (c + 1 === k) break;
    for (let i = 0; i < count; i++) {
      const d = squaredDistance(run.centroids, c * n, rows, i * n, n, distance[i]);
      if (d < distance[i]) distance[i] = d;
      if (weights !== undefined) weighted[i] = distance[i] * weights[i];
      if (run.told.isDueAfter(1, n)) yield run.told.done;
    }
    blockSums(weighted, count, sums);
    pick = draw(random, weighted, count, sums);
    if (pick === count) pick = random.below(count);
    run.told.done = begun + Math.trunc((steps * (c + 1)) / k);
  }
}

/** k-means||. */
function* parallel(run: Run): Generator<number, void> {
  const { n, k, random, rows, distance, index } = run;
  const most = parallelRounds * (Math.trunc((oversampling * k * 3) / 2) + 64);
  const roundMost = Math.trunc(most / parallelRounds);
  const candidates = newArray('kmeans', 'Float32Array', most * n);
  const take = (c: number, r: number) => candidates.set(rows.subarray(r * n, (r + 1) * n), c * n);
  let count = 1;
  let first = 0;
  take(0, random.below(run.count));
  distance.fill(Number.POSITIVE_INFINITY, 0, run.count);
  for (let round = 0; ; round++) {
    const fresh = candidates.subarray(first * n, count * n);
    for (let i = 0; i < run.count && count > first; i++) {
      const found = nearestOf(fresh, count - first, rows, i * n, n);
      if (found.distance < distance[i]) {
        distance[i] = found.distance;
        index[i] = first + found.index;
      }
      if (run.told.isDueAfter(count - first, n)) yield run.told.done;
    }
    if (count > first) blockSums(distance, run.count, run.blockSum);
    first = count;
    run.told.done += Math.trunc(run.count / (parallelRounds + 1));
    if (round === parallelRounds) break;
    const total = totalOf(run.blockSum, blocksOf(run.count));
    if (!(total > 0)) break;
    const expected = oversampling * k;
    for (let i = 0; i < run.count && count < most && count - first < roundMost; i++) {
      if (random.unit() * total < expected * distance[i]) take(count++, i);
    }
  }
  if (count < k) return yield* plusPlus(run, rows, run.count, undefined, 0);
  const weights = new Float64Array(count);
  for (let i = 0; i < run.count; i++) weights[index[i]]++;
  yield* plusPlus(run, candidates, count, weights, 0);
}

/** Finds the first centroids. */
export function* findStart(run: Run, start: Start): Generator<number, void> {
  switch (start) {
    case 'random':
      return randomRows(run);
    case 'k-means++':
      return yield* plusPlus(run, run.rows, run.count, undefined, run.count);
    case 'k-means||':
      return yield* parallel(run);
    case 'given':
      return;
  }
}
