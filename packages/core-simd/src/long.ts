/**
 * Asynchronous work: off the thread where the backend can, else in slices with a turn of the event loop between them.
 */
import type { Job, LongWork } from './backend/types.js';
import { describe, typedArrayGetter } from './check.js';
import { SimdError } from './errors.js';

/** How far asynchronous work has come, in rows; of a matrix, in rows of `a`. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** What every asynchronous function takes. */
export interface LongOptions<Out> {
  /** Takes the results, as with the synchronous function. */
  readonly out?: Out | undefined;
  /** Ends the work when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called while the work goes on, at least every 200 ms where that is longer, and once at its end. What it throws ends the work and
   * rejects the promise.
   */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const brandOf = typedArrayGetter<string | undefined>(Symbol.toStringTag);

/** How long a slice of work may hold the thread, in milliseconds. */
const sliceTime = 8;

/** How often progress is told, in milliseconds. */
const progressInterval = 100;

// As they are at the import: tests replace timers.
const immediate = globalThis.setImmediate as typeof setImmediate | undefined;
const now = () => performance.now();

/** A turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (immediate !== undefined) {
      immediate(resolve);
      return;
    }
    // Browsers delay timers by 4 ms, but not messages.
    const { port1, port2 } = new MessageChannel();
    // The types are Node's, whose ports are event emitters.
    (port1 as { onmessage?: () => void }).onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/**
 * Reads options, each once: a getter may do what it likes, but before anything is checked.
 *
 * @throws {SimdError} `ERR_SIMD_ARGUMENT`
 */
export function readOptions<Out>(operation: string, options: LongOptions<Out> | undefined): LongOptions<Out> {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null || brandOf.call(options) !== undefined) {
    throw new SimdError(
      'ERR_SIMD_ARGUMENT',
      `${operation}: options must be an object like { out, signal, onProgress }, got ${describe(options)}`,
    );
  }
  const { out, signal, onProgress } = options;
  if (signal !== undefined && !isSignal(signal)) {
    throw new SimdError(
      'ERR_SIMD_ARGUMENT',
      `${operation}: signal must be an AbortSignal, got ${describe(signal)}`,
    );
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new SimdError(
      'ERR_SIMD_ARGUMENT',
      `${operation}: onProgress must be a function, got ${describe(onProgress)}`,
    );
  }
  return { out, signal, onProgress };
}

/** By what is used of it: it may be another realm's. */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, addEventListener, removeEventListener } = value as AbortSignal;
  return (
    typeof aborted === 'boolean' &&
    typeof addEventListener === 'function' &&
    typeof removeEventListener === 'function'
  );
}

/** @throws {SimdError} `ERR_SIMD_ABORTED` once the signal is aborted */
export function checkAborted(operation: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new SimdError('ERR_SIMD_ABORTED', `${operation}: the signal was aborted`, { cause: signal.reason });
}

type Told = Pick<LongOptions<unknown>, 'signal' | 'onProgress'>;

/**
 * Does a job.
 *
 * @param total - its rows
 * @throws {SimdError} `ERR_SIMD_ABORTED`; else what the backend or `onProgress` throws. Nothing works on the job's
 *   arrays any longer by then
 */
export async function runJob(
  operation: string,
  long: LongWork,
  job: Job,
  total: number,
  { signal, onProgress }: Told,
): Promise<void> {
  if (long.kind === 'thread') await onThread(long, job, total, { signal, onProgress });
  else await inSlices(operation, long, job, total, { signal, onProgress });
  checkAborted(operation, signal);
}

async function onThread(
  long: LongWork & { kind: 'thread' },
  job: Job,
  rows: number,
  { signal, onProgress }: Told,
): Promise<void> {
  const control = new Int32Array(new SharedArrayBuffer(12));
  const cancel = () => Atomics.store(control, 0, 1);
  let failure: { readonly error: unknown } | undefined;
  const report = () => {
    try {
      // Whole numbers of 32 bits without a sign, as there are up to 2^32 rows.
      const total = Atomics.load(control, 2) >>> 0;
      onProgress?.({ done: Atomics.load(control, 1) >>> 0, total: total === 0 ? rows : total });
    } catch (error) {
      failure ??= { error };
      cancel();
    }
  };
  const timer = onProgress === undefined ? undefined : setInterval(report, progressInterval);
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    await long.start(job, control);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', cancel);
  }
  if (failure !== undefined) throw failure.error;
}

async function inSlices(
  operation: string,
  long: LongWork & { kind: 'slices' },
  job: Job,
  total: number,
  { signal, onProgress }: Told,
): Promise<void> {
  const slices = long.slices(job);
  let told = now();
  for (;;) {
    await turn();
    checkAborted(operation, signal);
    const start = now();
    let step: IteratorResult<number, void>;
    do step = slices.next();
    while (step.done !== true && now() - start < sliceTime);
    if (step.done === true) return;
    if (onProgress !== undefined && now() - told >= progressInterval) {
      onProgress({ done: step.value, total });
      told = now();
    }
  }
}
