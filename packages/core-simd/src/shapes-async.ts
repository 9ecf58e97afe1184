/**
 * The asynchronous shapes. Their arguments are checked as those of the synchronous ones, at once; what is wrong with
 * them rejects the promise.
 *
 * Others may do as they like with an ArrayBuffer while the work goes on: transfer it away, write to it. So inputs are
 * copied, and results put into place at the end; only memory that is shared, which nobody can take away, is used as it
 * is (ADR 0016).
 */
import { current } from './backend/current.js';
import type { Job } from './backend/types.js';
import {
  type Brand,
  checkRoom,
  copyInto,
  copyOf,
  float32,
  isShared,
  length,
  plain,
  type TypedArray,
} from './check.js';
import { checkAborted, type LongOptions, readOptions, runJob, turn } from './long.js';
import {
  changedIndex,
  checkGatherCall,
  checkIndices,
  checkManyCall,
  checkMatrixCall,
  checkTopKCall,
  type Family,
  scoringOf,
  type TopK,
  takeRoots,
} from './shapes.js';

const { long } = current().backend;

/** Roots between two turns of the event loop: about a millisecond. */
const rootsAtOnce = 1 << 20;

/** An input that nobody can take away. */
function hold<T extends TypedArray>(operation: string, array: T): T {
  return isShared(array) ? plain(array) : copyOf(operation, array, length(array));
}

/** Where results go while the work goes on, and how they come from there to where they belong. */
interface Target<T> {
  readonly array: T;
  deliver(): void;
}

/** @param own - whether nobody else knows the array */
function targetOf<T extends Float32Array | Uint32Array>(
  operation: string,
  [name, brand]: readonly [string, Brand],
  array: T,
  count: number,
  own: boolean,
): Target<T> {
  if (own || isShared(array)) return { array: plain(array, count), deliver: () => {} };
  const fresh = copyOf(operation, array, count);
  return {
    array: fresh,
    deliver() {
      // It may have lost its memory meanwhile.
      checkRoom(operation, name, array, brand, count);
      copyInto(array, fresh);
    },
  };
}

/** What comes after a job: roots, results into place, the last report. */
async function finish(
  operation: string,
  roots: Float32Array | undefined,
  targets: ReadonlyArray<Target<unknown>>,
  total: number,
  { signal, onProgress }: LongOptions<unknown>,
): Promise<void> {
  const count = roots === undefined ? 0 : length(roots);
  for (let i = 0; i < count; i += rootsAtOnce) {
    if (i > 0) await turn();
    checkAborted(operation, signal);
    takeRoots(roots!, i, Math.min(count, i + rootsAtOnce));
  }
  for (const target of targets) target.deliver();
  onProgress?.({ done: total, total });
}

export async function manyAsync(
  family: Family,
  metric: string,
  query: unknown,
  rows: unknown,
  options: LongOptions<Float32Array> | undefined,
): Promise<Float32Array> {
  const operation = `${family.name}.manyAsync`;
  const settings = readOptions(operation, options);
  const { root, metric: kernel } = scoringOf(family, operation, metric);
  const call = checkManyCall(family, operation, query, rows, settings.out);
  checkAborted(operation, settings.signal);
  const { count, scores } = call;
  const target = targetOf(operation, ['out', float32], scores, count, settings.out === undefined);
  if (count > 0) {
    const job: Job = {
      shape: 'many',
      type: family.type,
      metric: kernel,
      args: [hold(operation, call.query), hold(operation, call.rows), target.array],
    };
    await runJob(operation, long, job, count, settings);
  }
  await finish(operation, root ? target.array : undefined, [target], count, settings);
  return scores;
}

export async function gatherAsync(
  family: Family,
  metric: string,
  query: unknown,
  rows: unknown,
  indices: Uint32Array,
  options: LongOptions<Float32Array> | undefined,
): Promise<Float32Array> {
  const operation = `${family.name}.gatherAsync`;
  const settings = readOptions(operation, options);
  const { root, metric: kernel } = scoringOf(family, operation, metric);
  const call = checkGatherCall(family, operation, query, rows, indices, settings.out);
  checkAborted(operation, settings.signal);
  const { count, scores } = call;
  const target = targetOf(operation, ['out', float32], scores, count, settings.out === undefined);
  if (count > 0) {
    // The backend looks at each again when it uses it: those on shared memory may change.
    checkIndices(operation, indices, length(call.rows) / length(call.query));
    const job: Job = {
      shape: 'gather',
      type: family.type,
      metric: kernel,
      args: [
        hold(operation, call.query),
        hold(operation, call.rows),
        hold(operation, call.indices),
        target.array,
      ],
    };
    try {
      await runJob(operation, long, job, count, settings);
    } catch (cause) {
      throw changedIndex(operation, cause);
    }
  }
  await finish(operation, root ? target.array : undefined, [target], count, settings);
  return scores;
}

export async function matrixAsync(
  family: Family,
  metric: string,
  a: unknown,
  b: unknown,
  dimensions: number,
  options: LongOptions<Float32Array> | undefined,
): Promise<Float32Array> {
  const operation = `${family.name}.matrixAsync`;
  const settings = readOptions(operation, options);
  const { root, metric: kernel } = scoringOf(family, operation, metric);
  const call = checkMatrixCall(family, operation, a, b, dimensions, settings.out);
  checkAborted(operation, settings.signal);
  const { count, aCount, scores } = call;
  const target = targetOf(operation, ['out', float32], scores, count, settings.out === undefined);
  if (count > 0) {
    const job: Job = {
      shape: 'matrix',
      type: family.type,
      metric: kernel,
      args: [hold(operation, call.a), hold(operation, call.b), dimensions, target.array],
    };
    await runJob(operation, long, job, aCount, settings);
  }
  await finish(operation, root ? target.array : undefined, [target], aCount, settings);
  return scores;
}

export async function topKAsync(
  family: Family,
  metric: string,
  query: unknown,
  rows: unknown,
  k: number,
  options: LongOptions<TopK> | undefined,
): Promise<TopK> {
  const operation = `${family.name}.topKAsync`;
  const settings = readOptions(operation, options);
  const { root, metric: kernel } = scoringOf(family, operation, metric);
  const call = checkTopKCall(family, operation, query, rows, k, settings.out);
  checkAborted(operation, settings.signal);
  const { best, size, count } = call;
  const own = settings.out === undefined;
  const indices = targetOf(operation, ['out.indices', 'Uint32Array'], best.indices, size, own);
  const scores = targetOf(operation, ['out.scores', float32], best.scores, size, own);
  if (size > 0) {
    const job: Job = {
      shape: 'topK',
      type: family.type,
      metric: kernel,
      args: [hold(operation, call.query), hold(operation, call.rows), indices.array, scores.array],
    };
    await runJob(operation, long, job, count, settings);
  }
  await finish(operation, root ? scores.array : undefined, [indices, scores], count, settings);
  return settings.out ?? best;
}
