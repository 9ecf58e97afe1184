import { setImmediate as nextTurn } from 'node:timers/promises';
import { BenchError, throwIfAborted } from './errors.js';
import type { Budget, Entrant, Metric, Sample } from './suite.js';

/** Runs of one sample; the same for all entrants, so that the fastest of them is as lucky for one as for another. */
const RUNS_PER_SAMPLE = 3;

/**
 * Makes samples of work that can be repeated. A run repeats the work for at least `minTimeMs`, so that the clock's
 * resolution does not matter; a sample is the fastest of three runs, because what interrupts a run only ever adds to it.
 * The number of iterations is found in the first samples, which are warm-ups, and follows later changes.
 *
 * @param run does the work `iterations` times and returns the elapsed milliseconds
 * @returns a function that takes one sample: milliseconds per iteration
 */
export function repeatFor(
  minTimeMs: number,
  run: (iterations: number) => number | Promise<number>,
): () => Promise<number> {
  // Aim above the minimum: a run that falls short is repeated, not kept.
  const target = minTimeMs * 1.25;
  let iterations = 1;
  const runOnce = async (): Promise<number> => {
    for (;;) {
      const elapsed = await run(iterations);
      const measured = iterations;
      // At most tenfold: the first, cold call tells little about the next.
      const factor = Math.min(10, Math.max(0.1, target / Math.max(elapsed, 1e-6)));
      if (elapsed >= minTimeMs) {
        if (elapsed > 2 * target) iterations = Math.max(1, Math.round(iterations * factor));
        return elapsed / measured;
      }
      iterations = Math.max(iterations + 1, Math.ceil(iterations * factor));
    }
  };
  return async () => {
    let fastest = Infinity;
    for (let i = 0; i < RUNS_PER_SAMPLE; i++) fastest = Math.min(fastest, await runOnce());
    return fastest;
  };
}

/** Milliseconds that a synchronous call takes by the monotonic clock. */
export function elapsedMs(work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/** All samples of one case: entrant -> metric -> one value per round, fewer where an optional one was left out. */
export type Series = ReadonlyMap<string, Readonly<Record<string, readonly number[]>>>;

function checkSample(entrant: string, sample: Sample, metrics: readonly Metric[]): void {
  for (const { name, optional } of metrics) {
    const value = sample[name];
    if (value === undefined && optional !== undefined) continue;
    if (value === undefined || !Number.isFinite(value) || value < 0)
      throw new BenchError('BENCH_BAD_SAMPLE', `${entrant} gave ${value} for ${name}`);
  }
}

/**
 * Measures in alternating rounds. In each round every entrant gives one sample, in the order given in even rounds and
 * in the opposite order in odd ones, so that neither a drift of the machine's speed nor the state that one entrant
 * leaves for the next (caches, clock) favours anybody.
 *
 * @throws BenchError `BENCH_ABORTED` between two samples once the signal fires; `BENCH_BAD_SAMPLE`
 */
export async function measureRounds(
  entrants: readonly Entrant[],
  metrics: readonly Metric[],
  budget: Budget,
  signal: AbortSignal,
): Promise<Series> {
  const series = new Map<string, Record<string, number[]>>(
    entrants.map((entrant) => [entrant.name, Object.fromEntries(metrics.map(({ name }) => [name, []]))]),
  );
  for (let round = -budget.warmups; round < budget.rounds; round++) {
    const order = round % 2 === 0 ? entrants : entrants.toReversed();
    for (const entrant of order) {
      // Synchronous samples would otherwise never let the event loop see SIGINT.
      await nextTurn();
      throwIfAborted(signal);
      const sample = await entrant.sample(round);
      checkSample(entrant.name, sample, metrics);
      if (round < 0) continue;
      for (const { name } of metrics) {
        const value = sample[name];
        if (value !== undefined) series.get(entrant.name)?.[name]?.push(value);
      }
    }
  }
  return series;
}
