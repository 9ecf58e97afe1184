/** The mean of vectors that need not be in memory together. */
import { checkArray, checkFinite, countRows, isTypedArray } from '../check.js';
import { checkAborted, hold, type Told, turn } from '../long.js';
import { checkTrainingRows, eachBatch, type TrainingSource } from '../sample.js';

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

  checkShape(batch: unknown): asserts batch is Float32Array {
    checkArray(this.#operation, 'vectors', batch, 'Float32Array');
    countRows(this.#operation, 'vectors', batch, this.#dimensions);
  }

  /** Whole rows; `firstRow` is the number of the first, for messages. */
  add(batch: Float32Array, firstRow = 0): void {
    const [d, sums] = [this.#dimensions, this.#sums];
    checkFinite(this.#operation, 'vectors', batch, d, firstRow);
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
  mean.checkShape(vectors);
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
  const step = Math.ceil(elementsAtOnce / dimensions) * dimensions;
  const take = async (given: unknown, isWhole: boolean) => {
    mean.checkShape(given);
    // Between two turns others may write to an array, or take it away.
    const batch = hold(operation, given);
    const total = isWhole ? batch.length / dimensions : 0;
    for (let at = 0; at < batch.length; at += step) {
      mean.add(batch.subarray(at, at + step), at / dimensions);
      onProgress?.({ done: mean.rows, total: Math.max(total, mean.rows) });
      await turn();
      checkAborted(operation, signal);
    }
  };
  checkAborted(operation, signal);
  if (isTypedArray(source)) await take(source, true);
  else await eachBatch(operation, source, signal, (batch) => take(batch, false));
  checkAborted(operation, signal);
  return mean.result();
}
