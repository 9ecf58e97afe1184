/** What the cases of this suite share. */
import { extname } from 'node:path';
import { elapsedMs, repeatFor } from '../../measure.js';
import type { Budget, Entrant, PreparedCase } from '../../suite.js';

type Loops = typeof import('./loops.js');

/** A private instance of the loops: the query makes the URL, and so the module, unique. */
export async function instantiateLoops(entrant: string, item: string): Promise<Loops> {
  const url = new URL(`./loops${extname(import.meta.filename)}`, import.meta.url);
  url.search = new URLSearchParams({ entrant, case: item }).toString();
  return (await import(url.href)) as Loops;
}

/** Timed work of one entrant: runs it so many times and returns the sum of its results. */
type Work = (iterations: number) => number;

/** Nanoseconds per operation; `operations` per iteration. */
export function entrant(name: string, budget: Budget, operations: number, work: Work): Entrant {
  let sink = 0;
  const sample = repeatFor(budget.minTimeMs, (iterations) => {
    const elapsed = elapsedMs(() => {
      sink += work(iterations);
    });
    if (Number.isNaN(sink)) throw new RangeError(`${name} computed NaN from finite inputs`);
    return elapsed;
  });
  return { name, sample: async () => ({ time: ((await sample()) * 1e6) / operations }) };
}

export function prepared(entrants: readonly Entrant[], verify: () => void): PreparedCase {
  return { entrants, verify, [Symbol.asyncDispose]: async () => {} };
}

/** The one metric of most cases. */
export const time = (unit: string) => [{ name: 'time', unit, better: 'lower' as const }];
