/** Iterative scans: everything that a query wants, in the promised order, within the caps; and equal vectors. */
import { type EmbeddedServer, startEmbedded } from '@ruvector/pg-extension/embedded';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine, rowsOf, type SqlEngine } from '../src/engines.js';
import { ourLibrary } from '../src/native.js';
import {
  exactNearest,
  indexNearest,
  insertVectors,
  METRICS,
  type Metric,
  randomVectors,
  recall,
  type Search,
} from '../src/recall.js';

const ROWS = 4000;
let server: EmbeddedServer;
let engine: SqlEngine;
const run = (sql: string) => rowsOf(engine, sql);
const queries = randomVectors(2, 20, 3);

beforeAll(async () => {
  server = await startEmbedded({
    extensions: ourLibrary.extensions,
    settings: { autovacuum: false, maintenance_work_mem: '128MB' },
  });
  engine = await connectEngine('ruvector', server);
  await run('CREATE EXTENSION vector');
  await run('CREATE TABLE items (id int, v vector(3))');
  await insertVectors(engine, 'items', randomVectors(1, ROWS, 3));
  for (const { name, opclass } of METRICS) {
    await run(`CREATE INDEX ${name}_idx ON items USING hnsw (v ${opclass})`);
  }
});
afterAll(async () => {
  await engine?.close();
  await server?.stop();
});
afterEach(() => run('RESET ALL'));

const search = (metric: Metric, rest: Partial<Search> = {}): Search => ({
  table: 'items',
  operator: metric.operator,
  queries,
  limit: 20,
  ...rest,
});

/** Inner products are no metric: the graph does not lead everywhere, and pgvector's own tests leave them out here too. */
const reached = METRICS.filter(({ name }) => name !== 'ip');

describe.each(reached)('iterative scans by $name', (metric) => {
  const index = `${metric.name}_idx`;

  it('off: a filter leaves out what ef_search did not reach', async () => {
    const s = search(metric, { where: 'id % 50 = 0' });
    const found = recall(await exactNearest(engine, s), await indexNearest(engine, index, s));
    expect(found).toBeLessThan(0.5);
    for (const rows of await indexNearest(engine, index, search(metric, { limit: ROWS }))) {
      expect(rows).toHaveLength(40);
    }
  });

  it.each(['strict_order', 'relaxed_order'])('%s: a filter leaves out nothing', async (mode) => {
    await run(`SET hnsw.iterative_scan = ${mode}`);
    for (const divisor of [5, 50, 150]) {
      const s = search(metric, { where: `id % ${divisor} = 0` });
      const answers = await indexNearest(engine, index, s);
      for (const rows of answers) expect(rows).toHaveLength(20);
      expect(recall(await exactNearest(engine, s), answers)).toBeGreaterThanOrEqual(0.99);
    }
  });

  it.each(['strict_order', 'relaxed_order'])('%s: every row comes, and once', async (mode) => {
    await run(`SET hnsw.iterative_scan = ${mode}`);
    const s = search(metric, { limit: ROWS, queries: queries.slice(0, 3) });
    for (const rows of await indexNearest(engine, index, s)) {
      expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
      // Strict order leaves out what a later batch finds too late.
      expect(rows.length).toBeGreaterThan(mode === 'strict_order' ? ROWS * 0.9 : ROWS * 0.995);
    }
  });

  it('strict_order: no row comes after one that is further', async () => {
    await run('SET hnsw.iterative_scan = strict_order');
    await run('SET hnsw.ef_search = 2');
    for (const rows of await indexNearest(engine, index, search(metric, { limit: 1000 }))) {
      const distances = rows.map(({ distance }) => distance);
      // Under cosine the index orders by the normalized vectors' products, which round otherwise.
      for (const [i, distance] of distances.entries()) {
        expect(distance).toBeGreaterThanOrEqual((distances[i - 1] ?? -2) - 1e-6);
      }
    }
  });
});

describe('the caps of iterative scans', () => {
  const count = async (): Promise<number> =>
    Number(
      (
        await run(
          `SELECT count(*) FROM (SELECT FROM items WHERE id % 40 = 0 ORDER BY v <-> '${queries[0]}') found`,
        )
      )[0]?.[0],
    );

  it('max_scan_tuples: the search ends about there', async () => {
    await run('SET enable_seqscan = off; SET hnsw.iterative_scan = relaxed_order');
    await run('SET hnsw.scan_mem_multiplier = 100');
    // 100 rows pass the filter; of those, a share as large as the share of the tuples
    for (const share of [0.25, 0.5, 0.75]) {
      await run(`SET hnsw.max_scan_tuples = ${share * ROWS}`);
      const found = await count();
      expect(found).toBeGreaterThan(100 * share - 20);
      expect(found).toBeLessThan(100 * share + 20);
    }
    await run(`SET hnsw.max_scan_tuples = ${2 * ROWS}`);
    expect(await count()).toBeGreaterThanOrEqual(99);
  });

  it('scan_mem_multiplier: so does one of which the memory is used up', async () => {
    await run('SET enable_seqscan = off; SET hnsw.iterative_scan = relaxed_order');
    await run(`SET work_mem = '64kB'; SET hnsw.max_scan_tuples = ${2 * ROWS}`);
    const little = await count();
    await run('SET hnsw.scan_mem_multiplier = 1000');
    const all = await count();
    expect(all).toBeGreaterThanOrEqual(99);
    expect(little).toBeLessThan(all);
    expect(little).toBeGreaterThan(0);
  });
});

describe('equal vectors', () => {
  const matches = async (): Promise<number> =>
    Number((await run(`SELECT count(*) FROM (SELECT FROM equal ORDER BY v <-> '[1,1,1]') found`))[0]?.[0]);

  it.each(['a build', 'inserts'])('share elements of ten rows after %s', async (way) => {
    await run('CREATE TABLE equal (id int, v vector(3))');
    const index = 'CREATE INDEX ON equal USING hnsw (v vector_l2_ops)';
    if (way === 'inserts') await run(index);
    for (let i = 1; i <= 20; i++) await insertVectors(engine, 'equal', ['[1,1,1]'], i);
    if (way === 'a build') await run(index);
    await run('SET enable_seqscan = off; SET hnsw.ef_search = 1');
    expect(await matches()).toBe(10);
    await run('SET hnsw.ef_search = 2');
    expect(await matches()).toBe(20);
    await run('DROP TABLE equal');
  });
});
