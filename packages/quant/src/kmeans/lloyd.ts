/** Lloyd's algorithm, mini-batches before it, and repair: native/src/kmeans/lloyd.cpp. */
import { newArray } from '../check.js';
import { nearestOf, Parts, squaredDistance } from './distance.js';
import { blockSums, blocksOf, type Run, sortRows, totalOf } from './run.js';

/** Adds rows `members` of a run to `sums`, in the order of members. */
function addRows(rows: Float32Array, n: number, members: Uint32Array, sums: Float64Array): void {
  for (let m = 0; m < members.length; m++) {
    const at = members[m] * n;
    for (let i = 0; i < n; i++) sums[i] += rows[at + i];
  }
}

function membersOf({ order, begin, size }: Run, c: number): Uint32Array {
  return order.subarray(begin[c], begin[c] + size[c]);
}

function normOf(vector: Float64Array): number {
  const squares = new Parts();
  for (let i = 0; i < vector.length; i++) squares.add(i, vector[i] * vector[i]);
  return Math.sqrt(squares.total());
}

/** The direction of the sum of a centroid's rows, where that is better than what it is. */
function moveToDirection(run: Run, c: number, sums: Float64Array): void {
  const { n } = run;
  const norm = normOf(sums);
  if (!(norm > 0)) return;
  const size = run.size[c];
  const centroid = run.centroids.subarray(c * n, (c + 1) * n);
  const [before, after] = [new Parts(), new Parts()];
  const direction = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    direction[i] = sums[i] / norm;
    const [x, y] = [centroid[i], direction[i]];
    before.add(i, (size * x - 2 * sums[i]) * x);
    after.add(i, (size * y - 2 * sums[i]) * y);
  }
  if (after.total() < before.total()) centroid.set(direction);
}

/** Rows' nearest centroids; the sum of distances, and how many rows changed theirs. */
export function* assign(
  run: Run,
  rows: Float32Array = run.rows,
  count: number = run.count,
): Generator<number, { objective: number; changes: number }> {
  const { n, k, index, distance, told } = run;
  const begun = told.done;
  let changes = 0;
  for (let i = 0; i < count; i++) {
    const found = nearestOf(run.centroids, k, rows, i * n, n);
    if (index[i] !== found.index) changes++;
    index[i] = found.index;
    distance[i] = found.distance;
    if (told.isDueAfter(k, n)) {
      told.done = begun + i + 1;
      yield told.done;
    }
  }
  told.done = begun + count;
  blockSums(distance, count, run.blockSum);
  return { objective: totalOf(run.blockSum, blocksOf(count)), changes };
}

/** Gives centroids without rows some; whether it did. */
export function repair(run: Run): boolean {
  const { n, k, order, begin, size, distance, index } = run;
  const error = new Float64Array(k);
  for (let c = 0; c < k; c++) {
    if (size[c] > 1) for (const row of membersOf(run, c)) error[c] += distance[row];
  }
  let repaired = false;
  for (let empty = 0; empty < k; empty++) {
    if (size[empty] !== 0) continue;
    let donor = 0;
    for (let c = 1; c < k; c++) if (error[c] > error[donor]) donor = c;
    if (!(error[donor] > 0)) break;
    const members = membersOf(run, donor).slice();
    let far = members[0];
    for (const row of members) if (distance[row] > distance[far]) far = row;
    run.place(empty, run.rows, far);
    error[donor] = 0;
    const [kept, moved]: [number[], number[]] = [[], []];
    for (const row of members) {
      const d = squaredDistance(run.rows, row * n, run.centroids, empty * n, n);
      if (d < distance[row]) {
        distance[row] = d;
        index[row] = empty;
        error[empty] += d;
        moved.push(row);
      } else {
        error[donor] += distance[row];
        kept.push(row);
      }
    }
    order.set(kept, begin[donor]);
    order.set(moved, begin[donor] + kept.length);
    begin[empty] = begin[donor] + kept.length;
    size[empty] = moved.length;
    size[donor] = kept.length;
    if (moved.length < 2) error[empty] = 0;
    if (kept.length < 2) error[donor] = 0;
    repaired = true;
  }
  return repaired;
}

/** Moves centroids to the means of their rows. */
function* update(run: Run): Generator<number, void> {
  const { n, k, size, centroids, told } = run;
  const sums = new Float64Array(n);
  for (let c = 0; c < k; c++) {
    if (size[c] === 0) continue;
    sums.fill(0);
    addRows(run.rows, n, membersOf(run, c), sums);
    if (run.spherical) moveToDirection(run, c, sums);
    else for (let i = 0; i < n; i++) centroids[c * n + i] = sums[i] / size[c];
    if (told.isDue(size[c] * n)) yield told.done;
  }
}

export interface Outcome {
  readonly iterations: number;
  readonly objective: number;
}

/** Lloyd's algorithm; index and distance are those of the centroids afterwards. */
export function* iterate(
  run: Run,
  iterations: number,
  tolerance: number,
  history: Float64Array | undefined,
): Generator<number, Outcome> {
  let before = 0;
  run.index.fill(0xffffffff, 0, run.count);
  for (let done = 0; ; done++) {
    const { objective, changes } = yield* assign(run);
    if (history !== undefined) history[done] = objective;
    if (done === iterations) return { iterations: done, objective };
    sortRows(run.index, run.count, run.k, run);
    const repaired = run.size.subarray(0, run.k).includes(0) && repair(run);
    if (!repaired && (changes === 0 || (done > 0 && before - objective <= tolerance * before))) {
      return { iterations: done, objective };
    }
    before = objective;
    yield* update(run);
  }
}

/** Moves centroids by random batches. */
export function* miniBatches(run: Run, batches: number, batchRows: number): Generator<number, void> {
  const { n, k, random } = run;
  const rows = newArray('kmeans', 'Float32Array', batchRows * n);
  const sums = newArray('kmeans', 'Float64Array', k * n);
  const counts = new Float64Array(k);
  for (let b = 0; b < batches; b++) {
    for (let i = 0; i < batchRows; i++) {
      const row = random.below(run.count);
      rows.set(run.rows.subarray(row * n, (row + 1) * n), i * n);
    }
    yield* assign(run, rows, batchRows);
    sortRows(run.index, batchRows, k, run);
    for (let c = 0; c < k; c++) {
      if (run.size[c] === 0) continue;
      counts[c] += run.size[c];
      const own = sums.subarray(c * n, (c + 1) * n);
      addRows(rows, n, membersOf(run, c), own);
      const divisor = run.spherical ? normOf(own) : counts[c];
      for (let i = 0; divisor > 0 && i < n; i++) run.centroids[c * n + i] = own[i] / divisor;
    }
  }
}
