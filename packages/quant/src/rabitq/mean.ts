/** The mean of vectors that need not be in memory together. */
import { checkArray, checkFinite, countRows, isTypedArray } from '../check.js';
import { QuantError } from '../errors.js';
import { checkAborted, hold, type Told, turn } from '../long.js';
import { checkTrainingRows, type TrainingSource } from '../sample.js';

/** Rows between two turns of the event loop: some milliseconds. */
const elementsAtOnce = 1 << 22;

class Mean {
  readonly #operation: string;
  readonly #dimensions: number;
  readonly #sums: Float64Array;
  rows = 0;

  constructor(operation: string, dimensions: number) {
    this.#operation = operation;
    this.#dimensions = dimensions;
    this.#sums = new Float64Array(dimensions);
  }

  check(batch: unknown): asserts batch is Float32Array {
    checkArray(this.#operation, 'vectors', batch, 'Float32Array');
    countRows(this.#operation, 'vectors', batch, this.#dimensions);
    checkFinite(this.#operation, 'vectors', batch, this.#dimensions);
  }

  /** Whole rows. */
  add(batch: Float32Array): void {
    const [d, sums] = [this.#dimensions, this.#sums];
    for (let at = 0; at < batch.length; at += d) for (let i = 0; i < d; i++) sums[i] += batch[at + i];
    this.rows += batch.length / d;
  }

  result(): Float32Array {
    checkTrainingRows(this.#operation, this.rows, 1, 'a mean');
    return Float32Array.from(this.#sums, (sum) => sum / this.rows);
  }
}

/** @throws {QuantError} `ERR_QUANT_TYPE`, `_LENGTH`, `_VALUE`, and `_TRAINING` for no rows */
export function meanOf(operation: string, vectors: Float32Array, dimensions: number): Float32Array {
  const mean: Mean = new Mean(operation, dimensions);
  mean.check(vectors);
  mean.add(vectors);
  return mean.result();
}

/** The same rows in other batches give the same mean, to the bit. */
export async function meanFrom(
  operation: string,
  source: TrainingSource,
  dimensions: number,
  { signal, onProgress }: Told,
): Promise<Float32Array> {
  const mean: Mean = new Mean(operation, dimensions);
  const whole = isTypedArray(source);
  if (!whole && (typeof source !== 'object' || source === null || ArrayBuffer.isView(source))) {
    throw new QuantError(
      'ERR_QUANT_TYPE',
      `${operation}: vectors must be a Float32Array or an iterable of them`,
    );
  }
  const step = Math.ceil(elementsAtOnce / dimensions) * dimensions;
  checkAborted(operation, signal);
  // Between two turns others may write to an array, or take it away.
  if (whole) mean.check(source);
  for await (const given of whole ? [hold(operation, source as Float32Array)] : source) {
    mean.check(given);
    const batch = whole ? given : hold(operation, given);
    const total = whole ? batch.length / dimensions : 0;
    for (let at = 0; at < batch.length; at += step) {
      mean.add(batch.subarray(at, at + step));
      onProgress?.({ done: mean.rows, total: Math.max(total, mean.rows) });
      await turn();
      checkAborted(operation, signal);
    }
  }
  // The last batch may have kept us waiting.
  checkAborted(operation, signal);
  return mean.result();
}
