/** The mean of vectors, and quantiles of their dimensions. */
import { checkDimensions, checkNumber, checkOptions, checkWhole, checkWord, newArray } from '../check.js';
import { QuantError } from '../errors.js';
import { type LongOptions, readLongOptions, runAtOnce, runLong } from '../long.js';
import { checkSeed, defaultSeed } from '../random.js';
import { checkTrainingRows, sampleFrom, sampleOf, type TrainingSource } from '../sample.js';
import type { Bits } from './layout.js';
import { type Ranges, rangesBetween, withoutSteps } from './ranges.js';

/** How scalar codecs are trained. */
export interface ScalarTraining {
  /** 1 to 65,535. */
  readonly dimensions: number;
  /** `'vector'` (the default): a range a vector, around the mean. `'dimension'`: a range a dimension. */
  readonly range?: 'vector' | 'dimension';
  /** The quantiles at which ranges of dimensions end, 0 to 1; `[0.001, 0.999]` where they are left out. */
  readonly quantiles?: readonly [lower: number, upper: number];
  /** The most rows that are kept to train on, drawn by `seed`; 10,000 where it is left out. */
  readonly sampleRows?: number;
  /** 0 to 2^32 - 1; 1 where it is left out. */
  readonly seed?: number;
}

const defaultSampleRows = 10_000;
const defaultQuantiles = [0.001, 0.999] as const;

/** Options with all that was left out. */
export type ReadTraining = Required<ScalarTraining>;

/** @throws {QuantError} `ERR_QUANT_ARGUMENT`, `_DIMENSIONS` */
export function readTraining(operation: string, options: ScalarTraining): ReadTraining {
  const {
    dimensions,
    range = 'vector',
    quantiles = defaultQuantiles,
    sampleRows = defaultSampleRows,
    seed = defaultSeed,
  } = checkOptions(operation, options);
  checkDimensions(operation, dimensions);
  checkWord(operation, 'range', range, ['vector', 'dimension']);
  checkWhole(operation, 'sampleRows', sampleRows, 1);
  checkSeed(operation, seed);
  if (!Array.isArray(quantiles) || quantiles.length !== 2) {
    throw new QuantError(
      'ERR_QUANT_ARGUMENT',
      `${operation}: quantiles must be two numbers from 0 to 1, the lower one first`,
    );
  }
  const [lower, upper] = quantiles as readonly unknown[];
  checkNumber(operation, 'quantiles[0]', lower, 0, 1);
  checkNumber(operation, 'quantiles[1]', upper, lower, 1);
  return { dimensions, range, quantiles: [lower, upper], sampleRows, seed };
}

/** Rows that training needs: for a share that is cut off to be one row of them at least. */
function checkRows(operation: string, { range, quantiles }: ReadTraining, rows: number): void {
  if (range === 'vector') {
    checkTrainingRows(operation, rows, 1, 'a mean');
    return;
  }
  const shares = [quantiles[0], 1 - quantiles[1]].filter((share) => share > 0);
  const needed = Math.ceil(1 / Math.min(1 / 2, ...shares) - 1e-6);
  checkTrainingRows(operation, rows, needed, `quantiles ${quantiles[0]} and ${quantiles[1]}`);
}

/** The mean of rows, in float64 from the first row to the last. */
function* meanOf(rows: Float32Array, dimensions: number): Generator<number, Float32Array> {
  const sums = new Float64Array(dimensions);
  const count = rows.length / dimensions;
  for (let r = 0; r < count; r++) {
    for (let i = 0; i < dimensions; i++) sums[i] += rows[r * dimensions + i];
    if (r % 64 === 63) yield Math.floor((r / count) * dimensions);
  }
  return Float32Array.from(sums, (sum) => sum / count);
}

/** A quantile between the values of two ranks (Hyndman and Fan, The American Statistician 50(4), 1996, definition 7). */
function quantileOf(sorted: Float32Array, p: number): number {
  const place = p * (sorted.length - 1);
  const rank = Math.floor(place);
  const least = sorted[rank];
  const next = sorted[Math.min(rank + 1, sorted.length - 1)];
  return least + (place - rank) * (next - least);
}

/** The quantiles of each dimension; yields how many are done. */
function* quantilesOf(
  operation: string,
  rows: Float32Array,
  dimensions: number,
  quantiles: readonly [number, number],
): Generator<number, { lower: Float64Array; upper: Float64Array }> {
  const count = rows.length / dimensions;
  const column = newArray(operation, 'Float32Array', count);
  const lower = new Float64Array(dimensions);
  const upper = new Float64Array(dimensions);
  for (let i = 0; i < dimensions; i++) {
    for (let r = 0; r < count; r++) column[r] = rows[r * dimensions + i];
    column.sort();
    lower[i] = quantileOf(column, quantiles[0]);
    upper[i] = quantileOf(column, quantiles[1]);
    yield i + 1;
  }
  return { lower, upper };
}

function* findRanges(
  operation: string,
  bits: Bits,
  rows: Float32Array,
  { dimensions, range, quantiles }: ReadTraining,
): Generator<number, Ranges> {
  if (range === 'vector') {
    return withoutSteps(yield* meanOf(rows, dimensions));
  }
  const { lower, upper } = yield* quantilesOf(operation, rows, dimensions, quantiles);
  return rangesBetween(bits, lower, upper);
}

export function trainRanges(
  operation: string,
  bits: Bits,
  vectors: Float32Array,
  options: ScalarTraining,
): Ranges {
  const training = readTraining(operation, options);
  const rows = sampleOf(operation, vectors, training);
  checkRows(operation, training, rows.length / training.dimensions);
  return runAtOnce(findRanges(operation, bits, rows, training));
}

export async function trainRangesAsync(
  operation: string,
  bits: Bits,
  source: TrainingSource,
  options: ScalarTraining & LongOptions,
): Promise<Ranges> {
  const told = readLongOptions(operation, options);
  const training = readTraining(operation, options);
  const { rows } = await sampleFrom(operation, source, training, told);
  checkRows(operation, training, rows.length / training.dimensions);
  const slices = () => findRanges(operation, bits, rows, training);
  return runLong(operation, { slices }, training.dimensions, told);
}
