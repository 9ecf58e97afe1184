/**
 * One plain k-means in TypeScript: state, sums in a fixed order, chance. Together with start.ts, lloyd.ts and train.ts this
 * is native/src/kmeans/*.cpp, step by step, and gives the same results to the bit; there are the reasons.
 */
import { newArray } from '../check.js';
import type { Random } from '../random.js';

/** Rows of a block of a sum. */
export const blockRows = 256;

export const starts = ['given', 'random', 'k-means++', 'k-means||'] as const;

export type Start = (typeof starts)[number];

/** What training is told; the fields of rv_kmeans_options. */
export interface TrainOptions {
  readonly n: number;
  readonly k: number;
  /** Cells of a hierarchy; 0: none. */
  readonly coarse: number;
  readonly iterations: number;
  readonly tolerance: number;
  readonly batches: number;
  readonly batchRows: number;
  readonly start: Start;
  readonly spherical: boolean;
  readonly seed: number;
  readonly threads: number;
}

/** Additions between two yields: some milliseconds. */
const patience = 1 << 22;

/** What a distance costs beside its additions, in these. */
const callCost = 16;

/**
 * How far the work is, and when it is time to yield. One for all parts of the work: many short parts after one another
 * must not keep the thread longer than one long part does.
 */
export class Pace {
  /** Steps; a generator's yields are these. */
  done = 0;
  #spent = 0;

  /** Whether to yield, after so many additions more. */
  isDue(additions: number): boolean {
    this.#spent += additions;
    if (this.#spent < patience) return false;
    this.#spent = 0;
    return true;
  }

  /** {@link Pace.isDue} after distances of n dimensions. */
  isDueAfter(distances: number, n: number): boolean {
    return this.isDue(distances * (n + callCost));
  }
}

export function blocksOf(rows: number): number {
  return Math.ceil(rows / blockRows);
}

/** The sum of values, block by block. */
export function blockSums(values: Float64Array, count: number, sums: Float64Array): void {
  for (let b = 0; b < blocksOf(count); b++) {
    let sum = 0;
    const end = Math.min(count, (b + 1) * blockRows);
    for (let i = b * blockRows; i < end; i++) sum += values[i];
    sums[b] = sum;
  }
}

export function totalOf(sums: Float64Array, blocks: number): number {
  let total = 0;
  for (let b = 0; b < blocks; b++) total += sums[b];
  return total;
}

/** A random place by weights, whose sums over blocks are `sums`; `count` where all are 0. */
export function draw(random: Random, weights: Float64Array, count: number, sums: Float64Array): number {
  const blocks = blocksOf(count);
  const total = totalOf(sums, blocks);
  let left = random.unit() * total;
  if (!(total > 0)) return count;
  let block = 0;
  for (let b = 0; b < blocks; b++) {
    if (sums[b] > 0) {
      block = b;
      if (left < sums[b]) break;
      left -= sums[b];
    }
  }
  let last = count;
  for (let i = block * blockRows; i < Math.min(count, (block + 1) * blockRows); i++) {
    if (weights[i] > 0) {
      last = i;
      if (left < weights[i]) break;
      left -= weights[i];
    }
  }
  return last;
}

/** Chooses `need` of `count` in ascending order. */
export class Selection {
  readonly #random: Random;
  #left: number;
  #need: number;

  constructor(random: Random, count: number, need: number) {
    this.#random = random;
    this.#left = count;
    this.#need = need;
  }

  next(): boolean {
    const taken = this.#need > 0 && this.#random.below(this.#left) < this.#need;
    this.#left--;
    if (taken) this.#need--;
    return taken;
  }
}

/** The state of one plain k-means. */
export class Run {
  readonly random: Random;
  readonly told: Pace;
  readonly spherical: boolean;
  readonly n: number;
  rows: Float32Array;
  count: number;
  k: number;
  centroids: Float32Array;
  /** Of rows: their centroids. */
  readonly index: Uint32Array;
  /** Of rows, from their centroids. */
  readonly distance: Float64Array;
  readonly blockSum: Float64Array;
  /** Rows by their centroids, from `begin`, `size` of each. */
  readonly order: Uint32Array;
  readonly begin: Uint32Array;
  readonly size: Uint32Array;

  constructor(parts: {
    readonly random: Random;
    readonly told: Pace;
    readonly spherical: boolean;
    readonly n: number;
    readonly rows: Float32Array;
    readonly k: number;
    readonly centroids: Float32Array;
  }) {
    const { random, told, spherical, n, rows, k, centroids } = parts;
    const count = rows.length / n;
    this.random = random;
    this.told = told;
    this.spherical = spherical;
    this.n = n;
    this.rows = rows;
    this.count = count;
    this.k = k;
    this.centroids = centroids;
    this.index = newArray('kmeans', 'Uint32Array', count);
    this.distance = newArray('kmeans', 'Float64Array', count);
    this.blockSum = new Float64Array(blocksOf(count));
    this.order = newArray('kmeans', 'Uint32Array', count);
    this.begin = new Uint32Array(k);
    this.size = new Uint32Array(k);
    this.index.fill(0xffffffff);
  }

  /** Copies row r of `rows` over centroid c. */
  place(c: number, rows: Float32Array, r: number): void {
    this.centroids.set(rows.subarray(r * this.n, (r + 1) * this.n), c * this.n);
  }
}

/** Sorts rows by their centroids. */
export function sortRows(
  index: Uint32Array,
  count: number,
  k: number,
  { order, begin, size }: Pick<Run, 'order' | 'begin' | 'size'>,
): void {
  size.fill(0, 0, k);
  for (let i = 0; i < count; i++) size[index[i]]++;
  let at = 0;
  for (let c = 0; c < k; c++) {
    begin[c] = at;
    at += size[c];
    size[c] = 0;
  }
  for (let i = 0; i < count; i++) order[begin[index[i]] + size[index[i]]++] = i;
}
