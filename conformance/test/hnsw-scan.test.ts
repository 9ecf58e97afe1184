/** Scans in their session: plans by cost, settings before the library is there, counters, and being cancelled. */
import { type EmbeddedServer, startEmbedded } from '@ruvector/pg-extension/embedded';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine, rowsOf, type SqlEngine } from '../src/engines.js';
import { ourLibrary } from '../src/native.js';
import { insertVectors, randomVectors } from '../src/recall.js';

const ROWS = 10_000;
let server: EmbeddedServer;
let engine: SqlEngine & { readonly client: pg.Client };
const run = (sql: string) => rowsOf(engine, sql);
const [query] = randomVectors(2, 1, 3);

beforeAll(async () => {
  server = await startEmbedded({
    extensions: ourLibrary.extensions,
    settings: { autovacuum: false, maintenance_work_mem: '128MB', max_parallel_workers_per_gather: 0 },
  });
  engine = await connectEngine('ruvector', server);
  await run('CREATE EXTENSION vector');
  await run('CREATE TABLE items (id int, v vector(3), c int, t text)');
  await insertVectors(engine, 'items', randomVectors(1, ROWS, 3));
  await run(`UPDATE items SET c = id % 50, t = 'test ' || id`);
  await run('VACUUM FULL items');
  await run('CREATE TABLE cat (id int PRIMARY KEY, t text, b boolean)');
  await run(`INSERT INTO cat SELECT i, 'cat ' || i, i % 5 = 0 FROM generate_series(1, 50) i`);
  await run('CREATE INDEX idx ON items USING hnsw (v vector_l2_ops)');
  await run('ANALYZE');
});
afterAll(async () => {
  await engine?.close();
  await server?.stop();
});
afterEach(() => run('RESET ALL'));

/** What pgvector's own test of filters (017) expects of the planner. */
describe('the index is chosen by cost', () => {
  const order = `ORDER BY v <-> '${query}'`;
  const explain = async (sql: string): Promise<string> => (await run(`EXPLAIN ${sql}`)).flat().join('\n');

  it.each([
    ['without a filter', `SELECT id FROM items ${order} LIMIT 20`, true],
    ['with a filter that most rows pass', `SELECT id FROM items WHERE c <> 7 ${order} LIMIT 20`, true],
    ['with a range that most rows pass', `SELECT id FROM items WHERE c >= 1 ${order} LIMIT 20`, true],
    ['with LIKE that all rows pass', `SELECT id FROM items WHERE t LIKE '%test%' ${order} LIMIT 20`, true],
    ['with a distance', `SELECT id FROM items WHERE v <-> '${query}' < 1 ${order} LIMIT 20`, true],
    ['with a least distance', `SELECT id FROM items WHERE v <-> '${query}' > 1 ${order} LIMIT 20`, true],
    ['under a join', `SELECT cat.t FROM cat JOIN items ON cat.id = items.c ${order} LIMIT 20`, true],
    [
      'under a join with a filter',
      `SELECT cat.t FROM cat JOIN items ON cat.id = items.c WHERE cat.b ${order} LIMIT 20`,
      true,
    ],
    ['not with a filter that few rows pass', `SELECT id FROM items WHERE c = 7 ${order} LIMIT 20`, false],
    ['not with a range that few rows pass', `SELECT id FROM items WHERE c < 1 ${order} LIMIT 20`, false],
    [
      'not with LIKE that no row passes',
      `SELECT id FROM items WHERE t LIKE '%other%' ${order} LIMIT 20`,
      false,
    ],
    ['not without ORDER BY', `SELECT id FROM items WHERE v <-> '${query}' < 1`, false],
    ['not for all rows', `SELECT id FROM items WHERE v <-> '${query}' < 1 ${order}`, false],
  ])('%s', async (_, sql, chosen) => {
    const plan = await explain(sql);
    expect(plan).toMatch(chosen ? /Index Scan using idx/ : /Seq Scan on items/);
  });

  it('or another index, or a partial one', async () => {
    const sql = `SELECT id FROM items WHERE c = 7 ${order} LIMIT 20`;
    await run('BEGIN');
    await run('CREATE INDEX by_c ON items (c)');
    expect(await explain(sql)).toContain('Bitmap Index Scan on by_c');
    await run('CREATE INDEX partial_idx ON items USING hnsw (v vector_l2_ops) WHERE (c = 7)');
    expect(await explain(sql)).toContain('Index Scan using partial_idx');
    await run('ROLLBACK');
  });

  it('the more ef_search, the dearer the first row', async () => {
    const startup = async (efSearch: number): Promise<number> => {
      await run(`SET hnsw.ef_search = ${efSearch}; SET enable_seqscan = off`);
      const plan = await explain(`SELECT id FROM items ${order}`);
      return Number(/cost=([\d.]+)\.\./.exec(plan)?.[1]);
    };
    const costs = [await startup(1), await startup(40), await startup(200), await startup(1000)];
    expect(costs).toEqual([...costs].sort((a, b) => a - b));
    expect(costs[3]).toBeGreaterThan(2 * (costs[1] as number));
  });
});

describe('settings before the library is loaded', () => {
  /** A session that did not use the extension yet. */
  async function session<T>(work: (fresh: SqlEngine, notices: string[]) => Promise<T>): Promise<T> {
    const fresh = await connectEngine('ruvector', server);
    const notices: string[] = [];
    fresh.client.on('notice', ({ message, detail }) => notices.push(`${message} ${detail ?? ''}`.trim()));
    try {
      return await work(fresh, notices);
    } finally {
      await fresh.close();
    }
  }
  const USE = "SELECT '[1]'::vector";

  it('are unknown', () =>
    session(async (fresh) => {
      expect(await fresh.run('SHOW hnsw.ef_search')).toMatchObject({ kind: 'error', sqlstate: '42704' });
      await rowsOf(fresh, USE);
      expect(await rowsOf(fresh, 'SHOW hnsw.ef_search')).toEqual([['40']]);
    }));

  it('are taken over when they are valid', () =>
    session(async (fresh, notices) => {
      await rowsOf(fresh, 'SET hnsw.ef_search = 77');
      await rowsOf(fresh, USE);
      expect(await rowsOf(fresh, 'SHOW hnsw.ef_search')).toEqual([['77']]);
      expect(notices).toEqual([]);
    }));

  it('fall back with a warning when they are not', () =>
    session(async (fresh, notices) => {
      await rowsOf(fresh, 'SET hnsw.ef_search = 5000');
      await rowsOf(fresh, USE);
      expect(await rowsOf(fresh, 'SHOW hnsw.ef_search')).toEqual([['40']]);
      expect(notices).toEqual(['5000 is outside the valid range for parameter "hnsw.ef_search" (1 .. 1000)']);
    }));

  it('and unknown ones are removed with a warning', () =>
    session(async (fresh, notices) => {
      await rowsOf(fresh, 'SET hnsw.no_such = 1');
      await rowsOf(fresh, USE);
      if (server.majorVersion >= 15) {
        expect(notices).toEqual([
          'invalid configuration parameter name "hnsw.no_such", removing it "hnsw" is now a reserved prefix.',
        ]);
        expect(await fresh.run('SHOW hnsw.no_such')).toMatchObject({ kind: 'error', sqlstate: '42704' });
      } else {
        expect(notices).toEqual(['unrecognized configuration parameter "hnsw.no_such"']);
      }
    }));

  it('an index loads it', () =>
    session(async (fresh) => {
      await rowsOf(fresh, 'SET enable_seqscan = off');
      await rowsOf(
        fresh,
        'EXPLAIN SELECT id FROM items ORDER BY v <-> (SELECT v FROM items LIMIT 1) LIMIT 1',
      );
      expect(await rowsOf(fresh, 'SHOW hnsw.ef_search')).toEqual([['40']]);
    }));
});

describe('the statistics', () => {
  it('count scans, each rescan too, and rows', async () => {
    await run('SET enable_seqscan = off');
    const counters = async (): Promise<number[]> => {
      // A session reports at most every second; a new one sees what those that have ended reported.
      const other = await connectEngine('ruvector', server);
      try {
        const [row = []] = await rowsOf(
          other,
          `SELECT idx_scan, idx_tup_read, idx_tup_fetch FROM pg_stat_user_indexes WHERE indexrelname = 'idx'`,
        );
        return row.map(Number);
      } finally {
        await other.close();
      }
    };
    const [scans = 0, read = 0, fetched = 0] = await counters();
    const session = await connectEngine('ruvector', server);
    await rowsOf(session, 'SET enable_seqscan = off');
    await rowsOf(session, `SELECT id FROM items ORDER BY v <-> '${query}' LIMIT 5`);
    await rowsOf(
      session,
      `SELECT n.id FROM generate_series(1, 3) i CROSS JOIN LATERAL
       (SELECT id FROM items ORDER BY v <-> ARRAY[i, 0, 0]::vector LIMIT 2) n`,
    );
    await rowsOf(session, `EXPLAIN SELECT id FROM items ORDER BY v <-> '${query}' LIMIT 5`);
    await session.close();
    await expect
      .poll(counters, { timeout: 20_000 })
      .toEqual([scans + 4, read + 5 + 3 * 2, fetched + 5 + 3 * 2]);
  });
});

describe('a scan that is cancelled', () => {
  /** Every row against every other: minutes. */
  const endless =
    'SELECT count(*) FROM items a CROSS JOIN LATERAL (SELECT id FROM items b ORDER BY b.v <-> a.v) n';

  it('by statement_timeout ends, and holds nothing that a vacuum waits for', async () => {
    await run('SET enable_seqscan = off; SET hnsw.iterative_scan = relaxed_order');
    await run(`SET hnsw.ef_search = 1000; SET hnsw.max_scan_tuples = ${2 * ROWS}`);
    await run(`SET hnsw.scan_mem_multiplier = 1000; SET statement_timeout = '300ms'`);
    expect(await engine.run(endless)).toMatchObject({ kind: 'error', sqlstate: '57014' });
    await run('RESET statement_timeout');
    expect(await run(`SELECT FROM pg_locks WHERE locktype = 'page'`)).toEqual([]);
    expect(
      await run(`SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> '${query}' LIMIT 5) n`),
    ).toEqual([['5']]);
  });

  it('by another session ends too, in a transaction that goes on after ROLLBACK', async () => {
    const victim = await connectEngine('ruvector', server);
    const { processID } = victim.client as unknown as { processID: number };
    await rowsOf(victim, 'SET enable_seqscan = off');
    await rowsOf(victim, 'BEGIN');
    const outcome = victim.run(endless);
    await expect
      .poll(
        async () =>
          (await run(`SELECT FROM pg_stat_activity WHERE pid = ${processID} AND state = 'active'`)).length,
      )
      .toBe(1);
    await run(`SELECT pg_cancel_backend(${processID})`);
    expect(await outcome).toMatchObject({ kind: 'error', sqlstate: '57014' });
    await rowsOf(victim, 'ROLLBACK');
    expect((await rowsOf(victim, `SELECT id FROM items ORDER BY v <-> '${query}' LIMIT 5`)).length).toBe(5);
    await victim.close();
  });
});
