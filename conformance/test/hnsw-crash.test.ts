/**
 * The server is killed at random moments and recovers; `npm run crash` does the same. `RUVECTOR_CRASH_ROUNDS` and
 * `RUVECTOR_CRASH_SEED` say how often and by what seed.
 */
import { expect, it } from 'vitest';
import { canKill } from '../src/cluster.js';
import { crash } from '../src/crash/run.js';

it.skipIf(!canKill)(
  'an index has every row once, and nothing else, after a crash during inserts, vacuum and builds',
  async () => {
    const rounds = Number(process.env.RUVECTOR_CRASH_ROUNDS ?? 4);
    const report = await crash({ rounds, seed: Number(process.env.RUVECTOR_CRASH_SEED ?? 1) });
    expect(report.violations).toEqual([]);
    expect(report.rounds).toBe(rounds);
    expect(report.indexesChecked).toBeGreaterThanOrEqual(2 * rounds);
    // The graph is approximate; it is no more so for the crashes.
    expect(report.unreachable).toBeLessThanOrEqual(report.rowsChecked / 100);
    expect(report.missed).toBeLessThanOrEqual(report.asked / 50);
  },
);
