import { expect, it } from 'vitest';
import { canKill } from '../src/cluster.js';
import { crash } from '../src/crash/run.js';

it.skipIf(!canKill)('an index survives a hundred crashes', async () => {
  const report = await crash({ rounds: 120, seed: Number(process.env.RUVECTOR_CRASH_SEED ?? 2) });
  expect(report.violations).toEqual([]);
  expect(report.unreachable).toBeLessThanOrEqual(report.rowsChecked / 100);
  expect(report.missed).toBeLessThanOrEqual(report.asked / 50);
});
