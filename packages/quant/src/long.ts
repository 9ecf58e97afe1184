/**
 * Long work: off the thread where the addon is, else in slices with a turn of the event loop between them.
 *
 * Others may do as they like with an ArrayBuffer while the work goes on: transfer it away, write to it. So inputs are
 * copied, and results put into place at the end; only memory that is shared, which nobody can take away, is used as it
 * is (docs/design/0016).
 */
import {
  type ArrayOf,
  type Brand,
  checkArray,
  checkFinite,
  copyInto,
  copyOf,
  describe,
  isShared,
  isTypedArray,
  newArray,
  plain,
  resultArray,
  type TypedArray,
} from './check.js';
import { QuantError } from './errors.js';

/** How far long work has come, in steps that the function names: rows, iterations. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  /**
   * While vectors are taken from an iterable, before the work proper: `done` are rows, and `total` is the same, since
   * nobody knows how many there will be.
   */
  readonly phase?: 'sample';
}

/** What every asynchronous function takes. */
export interface LongOptions {
  /** Ends the work when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called while the work goes on, at least every 200 ms where it takes longer, and once at its end. What it throws
   * ends the work and rejects the promise.
   */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What of {@link LongOptions} the work itself looks at. */
export type Told = Pick<LongOptions, 'signal' | 'onProgress'>;

/** How long a slice of work may hold the thread, in milliseconds. */
export const sliceTime = 8;

/** How often progress is told, in milliseconds. */
export const progressInterval = 100;

// As they are at the import: tests replace timers.
const immediate = globalThis.setImmediate;
export const now = () => performance.now();

/** A turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    immediate(resolve);
  });
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

/**
 * Reads the options of long work, each once.
 *
 * @throws {QuantError} `ERR_QUANT_ARGUMENT`
 */
export function readLongOptions(operation: string, options: LongOptions | undefined): Told {
  if (options === undefined) return {};
  const refuse = (what: string): never => {
    throw new QuantError('ERR_QUANT_ARGUMENT', `${operation}: ${what}`);
  };
  if (typeof options !== 'object' || options === null || isTypedArray(options)) {
    return refuse(`options must be an object like { signal, onProgress }, got ${describe(options)}`);
  }
  const { signal, onProgress } = options;
  if (signal !== undefined && !isSignal(signal)) {
    refuse(`signal must be an AbortSignal, got ${describe(signal)}`);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    refuse(`onProgress must be a function, got ${describe(onProgress)}`);
  }
  return { signal, onProgress };
}

/** @throws {QuantError} `ERR_QUANT_ABORTED` once the signal is aborted */
export function checkAborted(operation: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new QuantError('ERR_QUANT_ABORTED', `${operation}: the signal was aborted`, { cause: signal.reason });
}

/** Elements that are checked between two turns: a millisecond. */
const checkedAtOnce = 1 << 20;

/**
 * `checkFinite` of an input that is held, with turns of the event loop.
 *
 * @throws {QuantError} `ERR_QUANT_VALUE`, `_ABORTED`
 */
export async function checkFiniteLong(
  operation: string,
  name: string,
  held: Float32Array,
  dimensions: number,
  { signal }: Told,
): Promise<void> {
  const rows = Math.ceil(checkedAtOnce / dimensions);
  for (let row = 0; row * dimensions < held.length; row += rows) {
    checkFinite(operation, name, held.subarray(row * dimensions, (row + rows) * dimensions), dimensions, row);
    await turn();
    checkAborted(operation, signal);
  }
}

/** An input that nobody can take away. */
export function hold<T extends TypedArray>(operation: string, array: T): T {
  return isShared(array) ? plain(array) : copyOf(operation, array);
}

/** Where results go while the work goes on. */
export interface Target<T> {
  readonly array: T;
  /** Puts them where they belong; the array that the caller gets. */
  deliver(): T;
}

/**
 * {@link resultArray} for long work.
 *
 * @throws {QuantError} as {@link resultArray}; from `deliver`, `ERR_QUANT_DETACHED` or `_LENGTH` where `out` has lost its
 *   memory meanwhile
 */
export function longTarget<B extends Brand>(
  operation: string,
  brand: B,
  count: number,
  out: ArrayOf<B> | undefined,
  inputs: readonly TypedArray[],
): Target<ArrayOf<B>> {
  const place = resultArray(operation, brand, count, out, inputs);
  if (out === undefined || isShared(out)) return { array: place, deliver: () => place };
  const fresh = newArray(operation, brand, count);
  return {
    array: fresh,
    deliver() {
      checkArray(operation, 'out', out, brand);
      const target = resultArray(operation, brand, count, out, []);
      copyInto(target, fresh);
      return target;
    },
  };
}

/** What does the work: the addon's `start`, or a generator that yields how many steps are done. */
export interface Work<Result> {
  readonly thread?: ((control: Int32Array) => Promise<{ done: boolean; result: Result }>) | undefined;
  readonly slices: () => Generator<number, Result>;
}

/**
 * Does long work, and tells `onProgress` of its end.
 *
 * @param total steps
 * @throws {QuantError} `ERR_QUANT_ABORTED`; else what the work or `onProgress` throws. Nothing works on its arrays any
 *   longer by then
 */
export async function runLong<Result>(
  operation: string,
  work: Work<Result>,
  total: number,
  told: Told,
): Promise<Result> {
  checkAborted(operation, told.signal);
  const result =
    work.thread === undefined
      ? await inSlices(operation, work.slices, total, told)
      : await onThread(work.thread, total, told);
  checkAborted(operation, told.signal);
  told.onProgress?.({ done: total, total });
  // Only an abort leaves none, and that was thrown.
  return result as Result;
}

/** Control words of the work that goes on on other threads. A process that ends waits for it, so it is told to stop. */
const running = new Set<Int32Array>();

function stopAll(): void {
  for (const control of running) Atomics.store(control, 0, 1);
}

function begin(control: Int32Array): void {
  if (running.size === 0) process.on('exit', stopAll);
  running.add(control);
}

function end(control: Int32Array): void {
  running.delete(control);
  if (running.size === 0) process.off('exit', stopAll);
}

async function onThread<Result>(
  start: (control: Int32Array) => Promise<{ done: boolean; result: Result }>,
  steps: number,
  { signal, onProgress }: Told,
): Promise<Result | undefined> {
  const control = new Int32Array(new SharedArrayBuffer(12));
  const cancel = () => Atomics.store(control, 0, 1);
  let failure: { readonly error: unknown } | undefined;
  const report = () => {
    try {
      const total = Atomics.load(control, 2);
      onProgress?.({ done: Atomics.load(control, 1), total: total === 0 ? steps : total });
    } catch (error) {
      failure ??= { error };
      cancel();
    }
  };
  const timer = onProgress === undefined ? undefined : setInterval(report, progressInterval);
  signal?.addEventListener('abort', cancel, { once: true });
  begin(control);
  try {
    const { result } = await start(control);
    if (failure !== undefined) throw failure.error;
    return result;
  } finally {
    end(control);
    clearInterval(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

async function inSlices<Result>(
  operation: string,
  begin: () => Generator<number, Result>,
  total: number,
  { signal, onProgress }: Told,
): Promise<Result> {
  const slices = begin();
  let told = now();
  for (;;) {
    await turn();
    checkAborted(operation, signal);
    const start = now();
    let step: IteratorResult<number, Result>;
    do step = slices.next();
    while (step.done !== true && now() - start < sliceTime);
    if (step.done === true) return step.value;
    if (onProgress !== undefined && now() - told >= progressInterval) {
      onProgress({ done: step.value, total });
      told = now();
    }
  }
}

/** Does all slices of a piece of work at once, on this thread. */
export function runAtOnce<Result>(slices: Generator<number, Result>): Result {
  for (;;) {
    const step = slices.next();
    if (step.done === true) return step.value;
  }
}
