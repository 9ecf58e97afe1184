/**
 * What pgvector's own tests (its `test/t`, by number) try at sizes that take minutes: costs (039), recall after a vacuum
 * of a thin graph (014), wide vectors from many sessions (016), and iterative scans (043, 044).
 */
import { type EmbeddedServer, startEmbedded } from '@ruvector/pg-extension/embedded';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine, rowsOf, type SqlEngine } from '../src/engines.js';
import { checkHnswIndex, heapTidsOf, readHnswIndex } from '../src/hnsw-pages.js';
import { ourLibrary } from '../src/native.js';
import { readPages } from '../src/page-exchange.js';
import {
  exactNearest,
  indexNearest,
  insertVectors,
  METRICS,
  measureRecall,
  randomVectors,
  recall,
} from '../src/recall.js';

let server: EmbeddedServer;
let engine: SqlEngine;
const run = (sql: string) => rowsOf(engine, sql);

beforeAll(async () => {
  server = await startEmbedded({
    extensions: ourLibrary.extensions,
    settings: { autovacuum: false, maintenance_work_mem: '128MB', max_parallel_workers_per_gather: 0 },
  });
  engine = await connectEngine('ruvector', server);
  await run('CREATE EXTENSION vector');
});
afterAll(async () => {
  await engine?.close();
  await server?.stop();
});
afterEach(async () => {
  await run('RESET ALL');
  await run('DROP TABLE IF EXISTS tst');
});

async function load(rows: number, dimensions: number, first = 1): Promise<void> {
  if (first === 1) await run(`CREATE TABLE tst (id int, v vector(${dimensions}))`);
  // Of wide vectors fewer at a time: the text of a statement is limited.
  const part = Math.max(1, Math.floor(2e6 / dimensions));
  for (let done = 0; done < rows; done += part) {
    const count = Math.min(part, rows - done);
    await insertVectors(engine, 'tst', randomVectors(first + done, count, dimensions), first + done);
  }
}

/** Several sessions, each with work of its own, at the same time. */
async function together(
  count: number,
  work: (session: SqlEngine, number: number) => Promise<void>,
): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const session = await connectEngine('ruvector', server);
      try {
        await work(session, i);
      } finally {
        await session.close();
      }
    }),
  );
}

async function readIndex() {
  const index = readHnswIndex(await readPages(engine, 'idx'));
  expect(checkHnswIndex(index)).toEqual([]);
  return index;
}

const CREATE = 'CREATE INDEX idx ON tst USING hnsw (v vector_l2_ops)';

describe('039: costs', () => {
  it.each([384, 1536])('of %s dimensions', async (dimensions) => {
    const plan = async (where: string): Promise<string> => {
      const query = randomVectors(9, 1, dimensions)[0];
      const sql = `EXPLAIN SELECT id FROM tst ${where.replace('$', `'${query}'`)} ORDER BY v <-> '${query}' LIMIT 10`;
      return (await run(sql)).flat().join('\n');
    };
    await load(2000, dimensions);
    await run(CREATE);
    await run('ANALYZE tst');
    expect(await plan('')).toContain('Index Scan using idx');
    await run('DROP INDEX idx');
    await load(4000, dimensions, 2001);
    await run(CREATE);
    await run('ANALYZE tst');
    // The planner takes a third of the rows to pass a filter of distance.
    expect(await plan('WHERE v <-> $ < 1')).toContain('Index Scan using idx');
  });
});

describe('014: recall of a thin graph', () => {
  it('is low while three quarters of the rows are dead, and high after a vacuum', async () => {
    await load(10_000, 3);
    await run(`${CREATE} WITH (m = 4, ef_construction = 8)`);
    await run('DELETE FROM tst WHERE id > 2500');
    const s = { table: 'tst', operator: '<->', queries: randomVectors(5, 20, 3), limit: 20 };
    const recallWith = async (efSearch: number): Promise<number> => {
      await run(`SET hnsw.ef_search = ${efSearch}`);
      return measureRecall(engine, 'idx', s);
    };
    expect(await recallWith(20)).toBeGreaterThanOrEqual(0.18);
    expect(await recallWith(100)).toBeGreaterThanOrEqual(0.93);
    await run('VACUUM tst');
    expect(await recallWith(20)).toBeGreaterThanOrEqual(0.95);
    await readIndex();
  });
});

describe('016: vectors so wide that neighbours lie on another page', () => {
  it('are inserted by many sessions', async () => {
    await run('CREATE TABLE tst (id int, v vector(1900))');
    await run(CREATE);
    const count = async (): Promise<number> => {
      await run('SET enable_seqscan = off');
      const sql = 'SELECT count(*) FROM (SELECT v FROM tst ORDER BY v <-> (SELECT v FROM tst LIMIT 1)) t';
      return Number((await run(sql))[0]?.[0]);
    };
    for (let round = 1; round <= 10; round++) {
      await together(10, (session, i) =>
        insertVectors(session, 'tst', randomVectors(100 * round + i, 1, 1900), i),
      );
      expect(await count()).toBe(10);
      await run('TRUNCATE tst');
    }
    await together(20, async (session, i) => {
      for (let n = 0; n < 5; n++) {
        await insertVectors(session, 'tst', randomVectors(10_000 + 10 * i + n, 10, 1900), 50 * i + 10 * n);
      }
    });
    await run('SET hnsw.ef_search = 1000');
    expect(await count()).toBeGreaterThanOrEqual(997);
    expect(heapTidsOf(await readIndex())).toHaveLength(1000);
  });
});

describe('043: the cap on tuples', () => {
  it('ends a scan of 100,000 rows about there', async () => {
    await load(100_000, 3);
    await run('SET max_parallel_maintenance_workers = 2');
    await run(CREATE);
    await run('CREATE INDEX ON tst (id)');
    await run('SET enable_seqscan = off; SET hnsw.iterative_scan = relaxed_order');
    await run('SET hnsw.scan_mem_multiplier = 2; SET hnsw.max_scan_tuples = 100000');
    const found = async (row: number): Promise<number> => {
      const sql = `SELECT count(*) FROM (SELECT v FROM tst WHERE id % 10000 = 0
        ORDER BY v <-> (SELECT v FROM tst WHERE id = ${row}) LIMIT 11) t`;
      return Number((await run(sql))[0]?.[0]);
    };
    expect(await found(1)).toBe(10);
    for (const tuples of [30_000, 50_000, 70_000]) {
      await run(`SET hnsw.max_scan_tuples = ${tuples}`);
      let sum = 0;
      for (let row = 1; row <= 20; row++) sum += await found(row);
      expect(sum / 20).toBeGreaterThan(tuples / 10_000 - 2);
      expect(sum / 20).toBeLessThan(tuples / 10_000 + 2);
    }
  });
});

describe('044: recall of iterative scans with filters', () => {
  it.each(METRICS.filter(({ name }) => name === 'l2' || name === 'cosine'))('$name', async (metric) => {
    await load(50_000, 3);
    await run(`CREATE INDEX idx ON tst USING hnsw (v ${metric.opclass})`);
    for (const divisor of [50, 500]) {
      const s = {
        table: 'tst',
        operator: metric.operator,
        queries: randomVectors(3, 20, 3),
        limit: 20,
        where: `id % ${divisor} = 0`,
      };
      const exact = await exactNearest(engine, s);
      for (const mode of ['strict_order', 'relaxed_order']) {
        await run(`SET hnsw.iterative_scan = ${mode}`);
        expect(recall(exact, await indexNearest(engine, 'idx', s)), mode).toBeGreaterThanOrEqual(0.99);
      }
    }
  });
});
