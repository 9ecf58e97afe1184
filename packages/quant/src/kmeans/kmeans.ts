/** k-means: centroids of vectors. */
import { availableParallelism } from 'node:os';
import { kernelsOf, onThread } from '../backend/current.js';
import {
  checkArray,
  checkDimensions,
  checkFinite,
  checkNumber,
  checkOptions,
  checkVectors,
  checkWhole,
  checkWord,
  countRows,
  describe,
  isTypedArray,
  length,
  newArray,
  plain,
} from '../check.js';
import { QuantError } from '../errors.js';
import {
  checkFiniteLong,
  hold,
  type LongOptions,
  longTarget,
  readLongOptions,
  runLong,
  type Told,
} from '../long.js';
import { checkSeed, defaultSeed } from '../random.js';
import { checkTrainingRows, sampleFrom, sampleOfChecked, type TrainingSource } from '../sample.js';
import { Parts } from './distance.js';
import { nearestSlices, packOptions, typescriptKmeans } from './kernels.js';
import type { Start, TrainOptions } from './run.js';
import { stepsOf, train } from './train.js';

/** More threads than this bring nothing. */
const mostThreads = 256;

/** From this many centroids on, k-means|| finds the first ones faster than k-means++. */
const manyCentroids = 512;

/** Rows of a stream that are kept for each centroid. */
const rowsOfCentroid = 256;

const startWords = ['k-means++', 'k-means||', 'random'] as const;

/** How k-means works. */
export interface KmeansOptions {
  /** Of a vector: 1 to 65,535. */
  readonly dimensions: number;
  /**
   * The first centroids: `'k-means++'` (the default up to 512), `'k-means||'` (beyond), `'random'` rows, or k vectors.
   * In a hierarchy `'k-means++'` or `'random'`.
   */
  readonly start?: 'k-means++' | 'k-means||' | 'random' | Float32Array;
  /** Of Lloyd's algorithm, at most; 0 to 10,000, by default 25. It ends earlier where nothing changes any more. */
  readonly iterations?: number;
  /** Ends when an iteration lowers the objective by no more than this part of it; 0 to 1, by default 1e-4. */
  readonly tolerance?: number;
  /** Random batches that move centroids before the first iteration: fewer iterations where there are many rows. None by default. */
  readonly miniBatches?: { readonly batches: number; readonly rows: number };
  /**
   * Clusters in two levels: `true`, or the number of coarse cells, by default about the root of k. An iteration then takes
   * rows * 2 sqrt(k) distances and not rows * k, for an objective that is some per cent higher.
   */
  readonly hierarchical?: boolean | number;
  /** Clusters directions, for cosine: vectors are normalised first, and centroids have norm 1. */
  readonly spherical?: boolean;
  /** The most rows to train on, chosen at random; by default all, of a stream 256 a centroid. */
  readonly sampleRows?: number;
  /** Whether to say which centroid each row is nearest to; by default true. Not for a stream. */
  readonly assign?: boolean;
  /** A whole number of 32 bits. The same seed and vectors give the same centroids, on every machine. */
  readonly seed?: number;
  /** 1 to 256; by default as many as there are processors. TypeScript has one. The result does not depend on them. */
  readonly threads?: number;
}

/** What k-means found. */
export interface Kmeans {
  readonly dimensions: number;
  /** k centroids, one after the other. Those that no row is nearest to repeat places of others. */
  readonly centroids: Float32Array;
  /** Of each row, the nearest centroid; of equals the first. Absent where it was not asked for. */
  readonly indices?: Uint32Array;
  /**
   * The sum of squared distances from the nearest centroids, of the rows that were trained on (normalised where
   * spherical). In a hierarchy without `assign`, from the nearest centroids of the rows' own cells.
   */
  readonly objective: number;
  /** The objective before each iteration, and after the last: never rises. In a hierarchy the last alone. */
  readonly history: Float64Array;
  /** Iterations that were done; in a hierarchy, of all cells. */
  readonly iterations: number;
}

interface Read extends TrainOptions {
  readonly given: Float32Array | undefined;
  readonly sampleRows: number | undefined;
  readonly assign: boolean;
}

function readThreads(operation: string, threads: number | undefined): number {
  if (threads === undefined) return Math.min(availableParallelism(), mostThreads);
  checkWhole(operation, 'threads', threads, 1, mostThreads);
  return threads;
}

function readCells(operation: string, hierarchical: unknown, k: number): number {
  if (hierarchical === undefined || hierarchical === false) return 0;
  if (hierarchical === true) return k < 4 ? 0 : Math.round(Math.sqrt(k));
  checkWhole(operation, 'hierarchical, if not true or false,', hierarchical, 2, k);
  return hierarchical;
}

function readStart(
  operation: string,
  start: unknown,
  k: number,
  n: number,
  cells: number,
): Start | Float32Array {
  if (start === undefined) return k > manyCentroids && cells === 0 ? 'k-means||' : 'k-means++';
  if (isTypedArray(start)) {
    const count = checkVectors(operation, 'start', start, n);
    if (count !== k) {
      throw new QuantError('ERR_QUANT_LENGTH', `${operation}: start must be ${k} vectors, got ${count}`);
    }
    if (cells === 0) return start as Float32Array;
  } else {
    checkWord(operation, 'start, if not vectors,', start, startWords);
    if (cells === 0 || start !== 'k-means||') return start;
  }
  throw new QuantError(
    'ERR_QUANT_ARGUMENT',
    `${operation}: start must be 'k-means++' or 'random' in a hierarchy, got ${describe(start)}`,
  );
}

function readFlag(operation: string, name: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value === 'boolean') return value;
  throw new QuantError(
    'ERR_QUANT_ARGUMENT',
    `${operation}: ${name} must be true or false, got ${describe(value)}`,
  );
}

function readOptions(operation: string, k: number, options: KmeansOptions): Read {
  checkWhole(operation, 'k', k, 1, 2 ** 31);
  const o = checkOptions(operation, options);
  const { dimensions, iterations = 25, tolerance = 1e-4, miniBatches, sampleRows, seed = defaultSeed } = o;
  checkDimensions(operation, dimensions);
  checkWhole(operation, 'iterations', iterations, 0, 10_000);
  checkNumber(operation, 'tolerance', tolerance, 0, 1);
  checkSeed(operation, seed);
  if (sampleRows !== undefined) checkWhole(operation, 'sampleRows', sampleRows, k);
  const { batches = 0, rows: batchRows = 0 } = checkOptions(operation, miniBatches);
  if (miniBatches !== undefined) {
    checkWhole(operation, 'miniBatches.batches', batches, 0, 10_000);
    checkWhole(operation, 'miniBatches.rows', batchRows, 1);
  }
  const coarse = readCells(operation, o.hierarchical, k);
  const start = readStart(operation, o.start, k, dimensions, coarse);
  return {
    n: dimensions,
    k,
    coarse,
    iterations,
    tolerance,
    batches,
    batchRows,
    start: typeof start === 'string' ? start : 'given',
    given: typeof start === 'string' ? undefined : start,
    spherical: readFlag(operation, 'spherical', o.spherical, false),
    assign: readFlag(operation, 'assign', o.assign, true),
    sampleRows,
    seed,
    threads: readThreads(operation, o.threads),
  };
}

/**
 * Vectors of norm 1, or 0 where a vector is; in float64 in a fixed order, so the same everywhere. Squares of float32,
 * subnormal ones too, are normal there.
 */
function normalised(operation: string, vectors: Float32Array, n: number): Float32Array {
  const count = length(vectors) / n;
  const out = newArray(operation, 'Float32Array', count * n);
  for (let r = 0; r < count; r++) {
    const parts = new Parts();
    for (let i = 0; i < n; i++) parts.add(i, vectors[r * n + i] * vectors[r * n + i]);
    const norm = Math.sqrt(parts.total());
    if (norm > 0) for (let i = r * n; i < (r + 1) * n; i++) out[i] = vectors[i] / norm;
  }
  return out;
}

function samplingOf({ n, sampleRows, seed }: Read, count: number) {
  return { dimensions: n, sampleRows: sampleRows ?? count, seed };
}

/** Everything of a training, with its memory. */
interface Training {
  readonly options: TrainOptions;
  readonly rows: Float32Array;
  readonly centroids: Float32Array;
  readonly indices: Uint32Array | undefined;
  readonly history: Float64Array;
}

/** @param rows finite, and nobody else's where the work is long */
function prepare(operation: string, read: Read, rows: Float32Array, assign: boolean): Training {
  const { n, k } = read;
  const count = length(rows) / n;
  checkTrainingRows(operation, count, k, `k-means with ${k} centroids`);
  if (count >= 2 ** 32 - 1) {
    throw new QuantError(
      'ERR_QUANT_LENGTH',
      `${operation}: there must be fewer than 2^32 rows, got ${count}`,
    );
  }
  const centroids = newArray(operation, 'Float32Array', k * n);
  if (read.given !== undefined) {
    centroids.set(read.spherical ? normalised(operation, read.given, n) : plain(read.given));
  }
  return {
    options: { ...read, batchRows: Math.min(read.batchRows, count) },
    rows: read.spherical ? normalised(operation, rows, n) : rows,
    centroids,
    indices: assign ? newArray(operation, 'Uint32Array', count) : undefined,
    history: new Float64Array(read.iterations + 3),
  };
}

function argumentsOf({ options, rows, centroids, indices, history }: Training) {
  return [packOptions(options), rows, centroids, indices, history] as const;
}

function resultOf({ options, centroids, history }: Training, indices: Uint32Array | undefined): Kmeans {
  const { n, iterations, coarse } = options;
  const [done, objective] = history.subarray(iterations + 1);
  return {
    dimensions: n,
    centroids,
    ...(indices === undefined ? {} : { indices }),
    objective,
    history: history.slice(0, coarse > 1 ? 1 : done + 1),
    iterations: done,
  };
}

/**
 * Finds k centroids with a small sum of squared distances from the vectors (Lloyd's algorithm).
 *
 * @param vectors rows of `dimensions` float32, one after the other; finite, at least k
 * @param k how many centroids
 * @throws {QuantError} `ERR_QUANT_TYPE`, `_LENGTH`, `_DIMENSIONS`, `_VALUE`, `_DETACHED`, `_ARGUMENT`; `_TRAINING` where there
 *   are fewer rows than centroids
 *
 * @example
 * const vectors = Float32Array.of(0, 0, 0, 1, 9, 9, 9, 8);
 * const { centroids, objective } = kmeans(vectors, 2, { dimensions: 2 }); // 0, 0.5 and 9, 8.5, in either order
 * [centroids.length, objective]; // [ 4, 1 ]
 */
export function kmeans(vectors: Float32Array, k: number, options: KmeansOptions): Kmeans {
  const operation = 'kmeans';
  const read = readOptions(operation, k, options);
  const { n } = read;
  const count = checkVectors(operation, 'vectors', vectors, n);
  const sample = sampleOfChecked(operation, vectors, samplingOf(read, count));
  const isWhole = length(sample) === length(vectors);
  const training = prepare(operation, read, plain(sample), read.assign && isWhole);
  const kernels = kernelsOf('kmeans', typescriptKmeans);
  kernels.train(...argumentsOf(training));
  let { indices } = training;
  if (read.assign && !isWhole) {
    indices = newArray(operation, 'Uint32Array', count);
    const rows = read.spherical ? normalised(operation, vectors, n) : plain(vectors);
    kernels.nearest(n, training.centroids, rows, indices, undefined, read.threads);
  }
  return resultOf(training, indices);
}

/** Long work on rows that are nobody else's. */
async function trainLong(operation: string, training: Training, total: number, told: Told): Promise<void> {
  const args = argumentsOf(training);
  const { options, rows, centroids, indices, history } = training;
  await runLong<void>(
    operation,
    {
      thread: onThread('kmeans', 'train', args),
      slices: () => train(options, rows, centroids, indices, history),
    },
    total,
    told,
  );
}

async function nearestLong(
  operation: string,
  [n, centroids, rows, indices, distances, threads]: Parameters<typeof typescriptKmeans.nearest>,
  told: Told,
): Promise<void> {
  await runLong<void>(
    operation,
    {
      thread: onThread('kmeans', 'nearest', [n, centroids, rows, indices, distances, threads]),
      slices: () => nearestSlices(n, centroids, rows, indices, distances),
    },
    length(rows) / n,
    told,
  );
}

/**
 * {@link kmeans} on other threads with the addon, else in slices between turns of the event loop.
 *
 * @param source vectors, or batches of them, of which a sample is kept (without `indices` then). An array on memory that
 *   is not shared is copied first
 * @param options `onProgress` counts rows that were compared with all centroids
 * @throws {QuantError} as {@link kmeans} does, and `ERR_QUANT_ABORTED`, by rejecting
 */
export async function kmeansAsync(
  source: TrainingSource,
  k: number,
  options: KmeansOptions & LongOptions,
): Promise<Kmeans> {
  const operation = 'kmeansAsync';
  const told = readLongOptions(operation, options);
  const read = readOptions(operation, k, options);
  const { n } = read;
  if (!isTypedArray(source)) {
    const sampling = { dimensions: n, sampleRows: read.sampleRows ?? rowsOfCentroid * k, seed: read.seed };
    const { rows } = await sampleFrom(operation, source, sampling, told);
    const training = prepare(operation, read, rows, false);
    await trainLong(operation, training, stepsOf(length(training.rows) / n, training.options), told);
    return resultOf(training, undefined);
  }

  // Held before anybody else can run.
  checkArray(operation, 'vectors', source, 'Float32Array');
  const count = countRows(operation, 'vectors', source, n);
  const held = hold(operation, source);
  await checkFiniteLong(operation, 'vectors', held, n, told);
  const sample = sampleOfChecked(operation, held, samplingOf(read, count));
  const isWhole = length(sample) === length(held);
  const training = prepare(operation, read, sample, read.assign && isWhole);
  const steps = stepsOf(length(training.rows) / n, training.options);
  if (!read.assign || isWhole) {
    await trainLong(operation, training, steps, told);
    return resultOf(training, training.indices);
  }

  const all = read.spherical ? normalised(operation, held, n) : held;
  const indices = newArray(operation, 'Uint32Array', count);
  const { signal, onProgress } = told;
  const from = (before: number): Told =>
    onProgress === undefined
      ? { signal }
      : { signal, onProgress: ({ done }) => onProgress({ done: before + done, total: steps + count }) };
  await trainLong(operation, training, steps, from(0));
  await nearestLong(operation, [n, training.centroids, all, indices, undefined, read.threads], from(steps));
  return resultOf(training, indices);
}

/** How {@link nearestCentroids} works. */
export interface NearestOptions {
  /** Of a vector: 1 to 65,535. */
  readonly dimensions: number;
  /** Takes the indices. */
  readonly out?: Uint32Array;
  /** 1 to 256; by default as many as there are processors. */
  readonly threads?: number;
}

/** All but whether vectors are finite. */
function checkNearest(
  operation: string,
  vectors: Float32Array,
  centroids: Float32Array,
  options: NearestOptions,
) {
  const { dimensions, out, threads } = checkOptions(operation, options);
  checkDimensions(operation, dimensions);
  checkArray(operation, 'vectors', vectors, 'Float32Array');
  const count = countRows(operation, 'vectors', vectors, dimensions);
  checkArray(operation, 'centroids', centroids, 'Float32Array');
  if (countRows(operation, 'centroids', centroids, dimensions) === 0) {
    throw new QuantError('ERR_QUANT_LENGTH', `${operation}: there must be a centroid`);
  }
  checkFinite(operation, 'centroids', centroids, dimensions);
  return { dimensions, out, count, threads: readThreads(operation, threads) };
}

/**
 * The nearest centroid of each vector by squared distance in float64, of equals the first.
 *
 * @param vectors rows of `dimensions` float32, finite
 * @param centroids the same, at least one
 * @returns one index a vector
 * @throws {QuantError} `ERR_QUANT_TYPE`, `_LENGTH`, `_DIMENSIONS`, `_VALUE`, `_DETACHED`, `_OVERLAP`, `_ARGUMENT`
 *
 * @example
 * const centroids = Float32Array.of(0, 0, 9, 9);
 * nearestCentroids(Float32Array.of(1, 1, 8, 9), centroids, { dimensions: 2 }); // Uint32Array(2) [ 0, 1 ]
 */
export function nearestCentroids(
  vectors: Float32Array,
  centroids: Float32Array,
  options: NearestOptions,
): Uint32Array {
  const operation = 'nearestCentroids';
  const { dimensions, out, count, threads } = checkNearest(operation, vectors, centroids, options);
  checkFinite(operation, 'vectors', vectors, dimensions);
  const target = longTarget(operation, 'Uint32Array', count, out, [vectors, centroids]);
  kernelsOf('kmeans', typescriptKmeans).nearest(
    dimensions,
    plain(centroids),
    plain(vectors),
    target.array,
    undefined,
    threads,
  );
  return target.deliver();
}

/**
 * {@link nearestCentroids} on other threads with the addon, else in slices between turns of the event loop.
 *
 * @throws {QuantError} as {@link nearestCentroids} does, and `ERR_QUANT_ABORTED`, by rejecting
 */
export async function nearestCentroidsAsync(
  vectors: Float32Array,
  centroids: Float32Array,
  options: NearestOptions & LongOptions,
): Promise<Uint32Array> {
  const operation = 'nearestCentroidsAsync';
  const told = readLongOptions(operation, options);
  const { dimensions, out, count, threads } = checkNearest(operation, vectors, centroids, options);
  const target = longTarget(operation, 'Uint32Array', count, out, [vectors, centroids]);
  const [rows, held] = [hold(operation, vectors), hold(operation, centroids)];
  await checkFiniteLong(operation, 'vectors', rows, dimensions, told);
  await nearestLong(operation, [dimensions, held, rows, target.array, undefined, threads], told);
  return target.deliver();
}
