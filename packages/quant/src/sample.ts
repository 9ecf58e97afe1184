/** Rows to train on, from what may be larger than memory. */
import {
  checkArray,
  checkFinite,
  checkVectors,
  countRows,
  describe,
  isTypedArray,
  newArray,
} from './check.js';
import { QuantError } from './errors.js';
import { checkAborted, checkFiniteLong, now, progressInterval, sliceTime, type Told, turn } from './long.js';
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

  /** Elements may be anything. */
  take(batch: unknown): asserts batch is Float32Array {
    checkArray(this.#operation, 'vectors', batch, 'Float32Array');
    const d = this.#dimensions;
    const count = countRows(this.#operation, 'vectors', batch, d);
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
  checkVectors(operation, 'vectors', vectors, options.dimensions);
  return sampleOfChecked(operation, vectors, options);
}

/** {@link sampleOf} rows that were looked at: to do so again takes as long as all else. */
export function sampleOfChecked(
  operation: string,
  vectors: Float32Array,
  { dimensions, sampleRows, seed }: SampleOptions,
): Float32Array {
  if (countRows(operation, 'vectors', vectors, dimensions) <= sampleRows) return vectors;
  const reservoir: Reservoir = new Reservoir(operation, dimensions, sampleRows, seed);
  reservoir.take(vectors);
  return reservoir.rows();
}

/** @throws {QuantError} `ERR_QUANT_TYPE` */
function iteratorOf(operation: string, source: TrainingSource): Iterator<unknown> | AsyncIterator<unknown> {
  if (typeof source === 'object' && source !== null && !ArrayBuffer.isView(source)) {
    if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
    if (Symbol.iterator in source) return source[Symbol.iterator]();
  }
  throw new QuantError(
    'ERR_QUANT_TYPE',
    `${operation}: vectors must be a Float32Array or an iterable of them, got ${describe(source)}`,
  );
}

/** A promise that is rejected when a signal is aborted, and how to stop listening. */
function abortOf(operation: string, signal: AbortSignal | undefined) {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => {
      try {
        checkAborted(operation, signal);
      } catch (error) {
        reject(error);
      }
    };
    signal?.addEventListener('abort', abort, { once: true });
    stop = () => signal?.removeEventListener('abort', abort);
  });
  // It is rejected for whoever waits then, and nobody may.
  aborted.catch(() => {});
  return { aborted, stop };
}

/**
 * Calls `take` with each batch of a source. An abort is heard while the source keeps us waiting; what it gives afterwards is
 * not looked at.
 *
 * @throws {QuantError} `ERR_QUANT_TYPE`, `_ABORTED`; else what the source or `take` throws
 */
export async function eachBatch(
  operation: string,
  source: TrainingSource,
  signal: AbortSignal | undefined,
  take: (batch: unknown) => void | Promise<void>,
): Promise<void> {
  const iterator = iteratorOf(operation, source);
  const { aborted, stop } = abortOf(operation, signal);
  const close = async () => iterator.return?.();
  // One that throws, or is done, closes itself.
  let isOpen = false;
  let turned = now();
  try {
    for (;;) {
      checkAborted(operation, signal);
      isOpen = false;
      const next = (async () => {
        const { done, value } = await iterator.next();
        return { done, value: await value };
      })();
      const { done, value } = await Promise.race([next, aborted]).catch((error: unknown) => {
        // The source may never answer.
        if (signal?.aborted === true) close().catch(() => {});
        throw error;
      });
      if (done === true) return;
      isOpen = true;
      await take(value);
      if (now() - turned > sliceTime) {
        await turn();
        turned = now();
      }
    }
  } finally {
    stop();
    if (isOpen) await close().catch(() => {});
  }
}

/**
 * A sample of the rows of any source. The same rows in other batches give the same sample. That of an array is taken before
 * anybody else can run.
 *
 * @throws {QuantError} `ERR_QUANT_TYPE`, `_LENGTH`, `_VALUE`, `_ABORTED`; else what the source throws
 */
export async function sampleFrom(
  operation: string,
  source: TrainingSource,
  options: SampleOptions,
  told: Told,
): Promise<{ readonly rows: Float32Array; readonly seen: number }> {
  const { signal, onProgress } = told;
  const { dimensions } = options;
  const reservoir: Reservoir = new Reservoir(operation, dimensions, options.sampleRows, options.seed);
  if (isTypedArray(source)) {
    // Of whatever realm; what is no Float32Array is refused there.
    const array: unknown = source;
    reservoir.take(array);
    // Rows that are not in the sample may be taken away meanwhile; those that are, are ours.
    if (reservoir.seen > options.sampleRows) {
      await checkFiniteLong(operation, 'vectors', array, dimensions, told);
    }
    await checkFiniteLong(operation, 'vectors', reservoir.rows(), dimensions, told);
  } else {
    let last = now();
    await eachBatch(operation, source, signal, (batch) => {
      reservoir.take(batch);
      checkFinite(operation, 'vectors', batch, dimensions);
      if (onProgress === undefined || now() - last < progressInterval) return;
      onProgress({ done: reservoir.seen, total: reservoir.seen, phase: 'sample' });
      last = now();
    });
  }
  checkAborted(operation, signal);
  return { rows: reservoir.rows(), seen: reservoir.seen };
}

/** @throws {QuantError} `ERR_QUANT_TRAINING` unless there are as many rows as are needed */
export function checkTrainingRows(operation: string, rows: number, needed: number, why: string): void {
  if (rows >= needed) return;
  throw new QuantError('ERR_QUANT_TRAINING', `${operation}: ${why} needs ${needed} rows, got ${rows}`);
}
