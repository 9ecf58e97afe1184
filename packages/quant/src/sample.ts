/** Rows to train on, from what may be larger than memory. */
import { checkArray, checkFinite, countRows, describe, isTypedArray, newArray } from './check.js';
import { QuantError } from './errors.js';
import { checkAborted, type Told } from './long.js';
import { Random } from './random.js';

/** Vectors to train on: rows one after the other, or batches of such. */
export type TrainingSource = Float32Array | Iterable<Float32Array> | AsyncIterable<Float32Array>;

/** A uniform sample without replacement, of fixed size, in one pass (Vitter's algorithm R, ACM TOMS 11(1), 1985). */
class Reservoir {
  readonly #operation: string;
  readonly #dimensions: number;
  readonly #random: Random;
  readonly #most: number;
  #rows: Float32Array;
  /** Rows that have been seen. */
  seen = 0;

  constructor(operation: string, dimensions: number, most: number, seed: number) {
    this.#operation = operation;
    this.#dimensions = dimensions;
    this.#most = most;
    this.#random = new Random(seed, 0x5a);
    this.#rows = new Float32Array(0);
  }

  /** Makes room for `count` rows, twice as much as before or more. */
  #grow(count: number): void {
    const d = this.#dimensions;
    if (count * d <= this.#rows.length) return;
    const room = Math.min(this.#most, Math.max(count, Math.floor((2 * this.#rows.length) / d)));
    const larger = newArray(this.#operation, 'Float32Array', room * d);
    larger.set(this.#rows);
    this.#rows = larger;
  }

  take(batch: unknown): void {
    checkArray(this.#operation, 'vectors', batch, 'Float32Array');
    const d = this.#dimensions;
    const count = countRows(this.#operation, 'vectors', batch, d);
    checkFinite(this.#operation, 'vectors', batch, d);
    this.#grow(Math.min(this.#most, this.seen + count));
    for (let i = 0; i < count; i++) {
      const place = this.seen < this.#most ? this.seen : this.#random.below(this.seen + 1);
      if (place < this.#most) this.#rows.set(batch.subarray(i * d, (i + 1) * d), place * d);
      this.seen++;
    }
  }

  /** The sample. */
  rows(): Float32Array {
    return this.#rows.subarray(0, Math.min(this.seen, this.#most) * this.#dimensions);
  }
}

export interface SampleOptions {
  readonly dimensions: number;
  /** The most rows that are kept. */
  readonly sampleRows: number;
  readonly seed: number;
}

/**
 * A sample of the rows of a source that is in memory.
 *
 * @returns rows one after the other; `vectors` itself where it is no longer than the sample
 * @throws {QuantError} `ERR_QUANT_TYPE`, `_LENGTH`, `_VALUE`
 */
export function sampleOf(operation: string, vectors: Float32Array, options: SampleOptions): Float32Array {
  checkArray(operation, 'vectors', vectors, 'Float32Array');
  const { dimensions, sampleRows, seed } = options;
  const count = countRows(operation, 'vectors', vectors, dimensions);
  if (count <= sampleRows) {
    checkFinite(operation, 'vectors', vectors, dimensions);
    return vectors;
  }
  const reservoir = new Reservoir(operation, dimensions, sampleRows, seed);
  reservoir.take(vectors);
  return reservoir.rows();
}

/**
 * A sample of the rows of any source. The same rows in other batches give the same sample.
 *
 * @throws {QuantError} `ERR_QUANT_TYPE`, `_LENGTH`, `_VALUE`, `_ABORTED`; else what the source throws
 */
export async function sampleFrom(
  operation: string,
  source: TrainingSource,
  options: SampleOptions,
  { signal }: Told,
): Promise<{ readonly rows: Float32Array; readonly seen: number }> {
  const reservoir = new Reservoir(operation, options.dimensions, options.sampleRows, options.seed);
  if (isTypedArray(source)) {
    // Of whatever realm; what is no Float32Array is refused there.
    reservoir.take(source as Float32Array);
  } else {
    const isIterable =
      typeof source === 'object' &&
      source !== null &&
      (Symbol.asyncIterator in source || Symbol.iterator in source);
    if (!isIterable || ArrayBuffer.isView(source)) {
      throw new QuantError(
        'ERR_QUANT_TYPE',
        `${operation}: vectors must be a Float32Array or an iterable of them, got ${describe(source)}`,
      );
    }
    for await (const batch of source) {
      checkAborted(operation, signal);
      reservoir.take(batch);
    }
  }
  checkAborted(operation, signal);
  return { rows: reservoir.rows(), seen: reservoir.seen };
}

/** @throws {QuantError} `ERR_QUANT_TRAINING` unless there are as many rows as are needed */
export function checkTrainingRows(operation: string, rows: number, needed: number, why: string): void {
  if (rows >= needed) return;
  throw new QuantError('ERR_QUANT_TRAINING', `${operation}: ${why} needs ${needed} rows, got ${rows}`);
}
