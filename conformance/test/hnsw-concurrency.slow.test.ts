import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster, knownFlaw } from '../src/cluster.js';
import { prepareReading } from '../src/index-pages.js';
import { mixedLoad } from '../src/mixed-load.js';
import { Random } from '../src/random.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.create({ shared_buffers: '4MB' });
  const client = await cluster.connect();
  await client.query('CREATE EXTENSION vector');
  await prepareReading(client);
});

afterAll(() => cluster?.remove());

it.each([1, 2, 3])('writers, vacuum and scans for a long time (%i)', async (seed) => {
  const { scans, before, after } = await mixedLoad(cluster, {
    table: `mixed_${seed}`,
    rows: 1000,
    writers: 4,
    steps: 150,
    scanners: 3,
    random: new Random(seed),
  });
  expect(scans.violations.filter((violation) => !knownFlaw(violation))).toEqual([]);
  expect(scans.lost).toBeLessThanOrEqual(scans.due / 100);
  expect(before.violations).toEqual([]);
  expect(after).toMatchObject({ violations: [], dead: 0 });
  expect(after.unreachable).toBeLessThanOrEqual(after.rows / 100);
});
