import { checkInteger, checkObject } from '../check.js';
import { IntegrityError } from '../errors.js';
import type { Integrity } from '../runtime/integrity.js';

export interface SamplingOptions {
  /** Milliseconds between samples; 10 to 86,400,000, default 5,000. Less than the machine's `staleAfterMs`. */
  readonly intervalMs?: number;
  /** Ends the sampling. */
  readonly signal?: AbortSignal;
  /** Called before each sample, to bring graph and rates up to date. May be asynchronous; a sample waits for it. */
  readonly refresh?: () => void | Promise<void>;
  /**
   * Called with what `refresh` or `sample` threw. Sampling goes on; what is missing goes stale, and the state becomes `unknown`.
   */
  readonly onError: (error: unknown) => void;
}

/**
 * Samples a system at an interval, until it is told to stop. The timer does not keep the process alive. Samples never overlap: a refresh that takes
 * longer than the interval delays the next one, and a tick meanwhile lets the state go stale.
 *
 * @returns the function that stops it
 * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` for an interval out of range or an `onError` that is no function
 * @example
 * const stop = startSampling(integrity, {
 *   intervalMs: 5000,
 *   refresh: () => integrity.offer(readRates()),
 *   onError: (error) => logger.error(error),
 * });
 */
export function startSampling(integrity: Integrity, options: SamplingOptions): () => void {
  const { signal, refresh, onError } = checkObject(options, 'options') as unknown as SamplingOptions;
  if (typeof onError !== 'function')
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      'onError must be a function: nothing else would tell why samples are missing',
      { field: 'onError' },
    );
  const interval = checkInteger(options.intervalMs ?? 5000, 'intervalMs', 10, 86_400_000);
  let busy = false;
  const turn = async (): Promise<void> => {
    if (signal?.aborted) return;
    if (busy) {
      integrity.tick();
      return;
    }
    busy = true;
    try {
      await refresh?.();
      if (!signal?.aborted) integrity.sample();
    } catch (error) {
      // Without a sample time passes all the same: what was seen last grows stale.
      integrity.tick();
      throw error;
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void turn().catch(onError), interval);
  timer.unref();
  const stop = (): void => {
    clearInterval(timer);
    signal?.removeEventListener('abort', stop);
  };
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  return stop;
}
