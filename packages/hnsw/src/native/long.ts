/** Work of the addon on other threads. */
import type { Told } from '../check.js';
import { HnswError } from '../errors.js';
import { type Addon, control, phases, type Work, type WorkResults } from './addon.js';
import { fromNative, isNative } from './errors.js';

/** How often progress is told, in milliseconds. */
const progressInterval = 100;

/** Control words of work that goes on. A process that ends waits for it, so it is told to stop. */
const running = new Set<Int32Array>();

function stopAll(): void {
  for (const words of running) Atomics.store(words, control.stop, 1);
}

/**
 * Does work on another thread; resolves or rejects when nothing works on its arrays any longer.
 *
 * @throws {HnswError} `ERR_HNSW_ABORTED`; else what the work or `onProgress` throws
 */
export async function onThread<N extends keyof Work>(
  addon: Addon,
  operation: string,
  name: N,
  args: Work[N],
  { signal, onProgress }: Told,
  nameOf?: (row: number) => string,
): Promise<WorkResults[N]> {
  const words = new Int32Array(new SharedArrayBuffer(4 * control.length));
  const stop = () => Atomics.store(words, control.stop, 1);
  let failure: { readonly error: unknown } | undefined;
  let lastPhase = -1;
  const report = () => {
    const phase = Atomics.load(words, control.phase);
    const total = Atomics.load(words, control.total);
    if (total === 0 || failure !== undefined) return;
    lastPhase = phase;
    try {
      onProgress?.({ phase: phases[phase], done: Atomics.load(words, control.done), total });
    } catch (error) {
      failure = { error };
      stop();
    }
  };
  if (signal?.aborted === true) {
    throw new HnswError('ERR_HNSW_ABORTED', `${operation}: the signal was aborted`, { cause: signal.reason });
  }
  const timer = onProgress === undefined ? undefined : setInterval(report, progressInterval);
  signal?.addEventListener('abort', stop, { once: true });
  if (running.size === 0) process.on('exit', stopAll);
  running.add(words);
  try {
    const result = await new Promise<WorkResults[N]>((resolve, reject) => {
      addon.start(name, args, words, (error, value) => {
        if (error === undefined) resolve(value);
        else reject(error);
      });
    });
    if (failure === undefined && onProgress !== undefined) {
      const phase = Math.max(lastPhase, Atomics.load(words, control.phase));
      const total = Atomics.load(words, control.total);
      onProgress({ phase: phases[phase], done: total, total });
    }
    if (failure !== undefined) throw failure.error;
    return result;
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    throw fromNative(operation, error, nameOf, isNative(error) ? signal?.reason : undefined);
  } finally {
    running.delete(words);
    if (running.size === 0) process.off('exit', stopAll);
    clearInterval(timer);
    signal?.removeEventListener('abort', stop);
  }
}
