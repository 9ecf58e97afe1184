/** Stable codes of {@link BenchError}. */
export type BenchErrorCode =
  | 'BENCH_USAGE'
  | 'BENCH_ABORTED'
  | 'BENCH_NOT_BUILT'
  | 'BENCH_BAD_SAMPLE'
  | 'BENCH_BAD_SUITE'
  | 'BENCH_DISAGREEMENT'
  | 'BENCH_OUT_OF_REACH'
  | 'BENCH_CASE_FAILED';

/**
 * Every failure that this package raises itself.
 *
 * - `BENCH_USAGE`: unknown suite, flag or filter; the command line exits with 2.
 * - `BENCH_ABORTED`: the run was interrupted; finished cases are in the cache.
 * - `BENCH_NOT_BUILT`: what is to be measured is missing; the message says how to make it.
 * - `BENCH_BAD_SAMPLE`: an entrant gave a value that is not a finite number >= 0, or left a metric out.
 * - `BENCH_BAD_SUITE`: a suite breaks the contract of `Plan` or `Case`.
 * - `BENCH_DISAGREEMENT`: two entrants gave different answers to the same question; nothing was timed.
 * - `BENCH_OUT_OF_REACH`: ours does not reach what the case asks for, such as a recall.
 * - `BENCH_CASE_FAILED`: a case threw something else; see `cause`.
 */
export class BenchError extends Error {
  readonly code: BenchErrorCode;

  constructor(code: BenchErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'BenchError';
    this.code = code;
  }
}

/** Throws `BENCH_ABORTED` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new BenchError('BENCH_ABORTED', 'interrupted', { cause: signal.reason });
}
