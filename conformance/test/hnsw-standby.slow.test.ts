import { afterAll, beforeAll, expect, it } from 'vitest';
import { knownFlaw } from '../src/cluster.js';
import { prepareReading } from '../src/index-pages.js';
import { Random } from '../src/random.js';
import { Pair } from '../src/standby.js';
import { pauseReplay, scanDuringReplay } from '../src/standby-load.js';

let pair: Pair;

beforeAll(async () => {
  pair = await Pair.create();
  const primary = await pair.primary.connect();
  await primary.query('CREATE EXTENSION vector');
  await prepareReading(primary);
});

afterAll(() => pair?.remove());

it('scans on a standby go on for a long time while vacuum and reuse of room are replayed', async () => {
  const tally = await scanDuringReplay(pair, { cycles: 40, scanners: 3, rows: 1500, random: new Random(1) });
  expect(tally.violations.filter((violation) => !knownFlaw(violation))).toEqual([]);
  expect(tally.scans).toBeGreaterThan(1000);
  expect(tally.lost).toBeLessThanOrEqual(tally.due / 100);
});

it('a standby has a sound index after each of many records', async () => {
  const checked = await pauseReplay(pair, { pauses: 300, rows: 800, random: new Random(2) });
  expect(checked.violations).toEqual([]);
  expect(checked.places).toBeGreaterThan(100);
  expect(checked.unreachable).toBeLessThanOrEqual(checked.rows / 100);
});
