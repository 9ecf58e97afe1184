/** An `hnsw` index through everything that makes, remakes, empties or drops it, finished or not, crashes included. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, canKill } from '../src/cluster.js';
import { checkIndex, fullScan } from '../src/hnsw-check.js';
import { prepareReading } from '../src/index-pages.js';
import { Random } from '../src/random.js';

const DIMENSIONS = 4;
// CREATE TABLE, load and CREATE INDEX in one transaction are not logged then, but synchronised at its end.
const SETTINGS = { wal_level: 'minimal', max_wal_senders: 0, wal_skip_threshold: 0 };

let cluster: Cluster;
let client: pg.Client;
const random = new Random(1);

beforeAll(async () => {
  cluster = await Cluster.create(SETTINGS);
  client = await cluster.connect();
  await client.query('CREATE EXTENSION vector');
  await prepareReading(client);
});

afterAll(() => cluster?.remove());

const insert = (on: pg.Client, table: string, count: number) =>
  on.query(`INSERT INTO ${table} (v) SELECT unnest($1::text[])::vector`, [random.vectors(count, DIMENSIONS)]);

async function create(table: string, rows: number, kind = ''): Promise<void> {
  await client.query(`CREATE ${kind} TABLE ${table} (id serial PRIMARY KEY, v vector(${DIMENSIONS}))`);
  await insert(client, table, rows);
  await client.query(`CREATE INDEX ${table}_v ON ${table} USING hnsw (v vector_l2_ops)`);
}

const check = (table: string) => checkIndex(client, { table, index: `${table}_v`, random });

/** The number of rows that an index scan gives, in the caller's transaction; none twice. */
async function scanned(on: pg.Client, table: string): Promise<number> {
  const ids = await fullScan(on, { table, query: random.vector(DIMENSIONS) });
  expect(new Set(ids).size).toBe(ids.length);
  return ids.length;
}

async function crash(): Promise<void> {
  await cluster.kill();
  await cluster.start(SETTINGS);
  client = await cluster.connect();
}

describe('an index that is made beside writers', () => {
  /** Writes until told to stop; each of two connections has rows of its own. */
  async function writing(table: string, action: () => Promise<void>): Promise<void> {
    const writers = await Promise.all([cluster.connect(), cluster.connect()]);
    let ended = false;
    const loops = Promise.all(
      writers.map(async (writer, i) => {
        const some = `(SELECT id FROM ${table} WHERE id % 2 = ${i} ORDER BY random() LIMIT 2)`;
        while (!ended) {
          await insert(writer, table, 3);
          await writer.query(`UPDATE ${table} SET v = $1 WHERE id IN ${some}`, [random.vector(DIMENSIONS)]);
          await writer.query(`DELETE FROM ${table} WHERE id IN ${some}`);
        }
      }),
    );
    loops.catch(() => undefined);
    try {
      await action();
    } finally {
      ended = true;
      await loops.catch(() => undefined);
      await Promise.all(writers.map((writer) => writer.end()));
    }
    await loops;
  }

  it.each(['0', '2'])('CREATE INDEX CONCURRENTLY with %s workers has every row', async (workers) => {
    const table = `made_${workers}`;
    await create(table, 400);
    await client.query(`ALTER TABLE ${table} SET (parallel_workers = ${workers})`);
    // With no index on v, updates would be heap-only, and the index would name their rows' old places.
    await client.query(`CREATE INDEX ON ${table} (v)`);
    await writing(table, async () => {
      for (let i = 0; i < 2; i++) {
        await client.query(`DROP INDEX ${table}_v`);
        await client.query(`CREATE INDEX CONCURRENTLY ${table}_v ON ${table} USING hnsw (v vector_l2_ops)`);
      }
    });
    const report = await check(table);
    expect(report.violations).toEqual([]);
    expect(report.unreachable).toBeLessThanOrEqual(report.rows / 100);
  });

  it('REINDEX CONCURRENTLY has every row', async () => {
    await create('remade', 400);
    await writing('remade', async () => {
      await client.query('REINDEX INDEX CONCURRENTLY remade_v');
      await client.query('REINDEX TABLE CONCURRENTLY remade');
    });
    const report = await check('remade');
    expect(report.violations).toEqual([]);
    expect(report.unreachable).toBeLessThanOrEqual(report.rows / 100);
  });

  it('CREATE INDEX CONCURRENTLY that is cancelled leaves an invalid index, which nothing scans', async () => {
    await create('given_up', 300);
    const [builder, holder] = await Promise.all([cluster.connect(), cluster.connect()]);
    // The build waits for this transaction, so the cancel cannot come too late.
    await holder.query('BEGIN; INSERT INTO given_up (v) VALUES (NULL)');
    const { rows } = await builder.query('SELECT pg_backend_pid() AS pid');
    const building = builder
      .query('CREATE INDEX CONCURRENTLY half ON given_up USING hnsw (v vector_cosine_ops)')
      .then(
        () => 'finished',
        (error: { code?: string }) => error.code,
      );
    for (;;) {
      const waiting = await client.query(
        `SELECT FROM pg_stat_progress_create_index WHERE pid = $1 AND phase LIKE 'waiting for %'`,
        [(rows[0] as { pid: number }).pid],
      );
      if (waiting.rows.length > 0) break;
    }
    await client.query('SELECT pg_cancel_backend($1)', [(rows[0] as { pid: number }).pid]);
    expect(await building).toBe('57014');
    await holder.query('COMMIT');
    await insert(client, 'given_up', 20);
    expect((await check('given_up')).violations).toEqual([]);
    await client.query('REINDEX INDEX CONCURRENTLY half');
    expect(
      await checkIndex(client, { table: 'given_up', index: 'half', operator: '<=>', random }),
    ).toMatchObject({ violations: [], rows: 320 });
    await Promise.all([builder.end(), holder.end()]);
  });
});

describe('what is rolled back', () => {
  it('CREATE INDEX is gone', async () => {
    await create('unmade', 50);
    await client.query('BEGIN');
    await client.query('CREATE INDEX unmade_2 ON unmade USING hnsw (v vector_cosine_ops)');
    await insert(client, 'unmade', 10);
    await client.query('ROLLBACK');
    const { rows } = await client.query(`SELECT to_regclass('unmade_2') AS second`);
    expect(rows).toEqual([{ second: null }]);
    expect(await check('unmade')).toMatchObject({ violations: [], rows: 50, dead: 10 });
  });

  it.each([
    ['TRUNCATE', 'TRUNCATE t'],
    ['DROP INDEX', 'DROP INDEX t_v; CREATE INDEX t_v ON t USING hnsw (v vector_l2_ops)'],
    ['REINDEX', 'REINDEX INDEX t_v'],
    ['a new type', `ALTER TABLE t ALTER v TYPE vector(${DIMENSIONS}) USING v + v`],
    ['DELETE', 'DELETE FROM t'],
  ])('%s leaves the index as it was', async (_name, change) => {
    await client.query('DROP TABLE IF EXISTS t');
    await create('t', 80);
    await client.query('BEGIN');
    await client.query(change);
    await insert(client, 't', 30);
    const within = await scanned(client, 't');
    expect(within).toBe(/TRUNCATE|DELETE/.test(change) ? 30 : 110);
    await client.query('ROLLBACK');
    expect(await check('t')).toMatchObject({ violations: [], rows: 80, unreachable: 0, missed: 0 });
    await insert(client, 't', 5);
    expect(await check('t')).toMatchObject({ violations: [], rows: 85, unreachable: 0, missed: 0 });
  });

  it('a subtransaction takes its rows with it, and no others', async () => {
    await create('nested', 40);
    await client.query('BEGIN');
    await insert(client, 'nested', 10);
    await client.query('SAVEPOINT a');
    await insert(client, 'nested', 10);
    await client.query('TRUNCATE nested');
    await insert(client, 'nested', 7);
    expect(await scanned(client, 'nested')).toBe(7);
    await client.query('ROLLBACK TO a');
    expect(await scanned(client, 'nested')).toBe(50);
    await client.query('COMMIT');
    expect(await check('nested')).toMatchObject({ violations: [], rows: 50, unreachable: 0 });
  });
});

describe('within one transaction', () => {
  it('a table is made, loaded, indexed, queried and changed', async () => {
    await client.query('BEGIN');
    await create('at_once', 100);
    expect(await scanned(client, 'at_once')).toBe(100);
    await insert(client, 'at_once', 20);
    await client.query('DELETE FROM at_once WHERE id <= 30');
    expect(await scanned(client, 'at_once')).toBe(90);
    await client.query('COMMIT');
    expect(await check('at_once')).toMatchObject({ violations: [], rows: 90, dead: 30, unreachable: 0 });
  });

  it('an index serves while later rows of the same transaction come', async () => {
    await client.query('BEGIN');
    await client.query(`CREATE TABLE grown (id serial PRIMARY KEY, v vector(${DIMENSIONS}))`);
    await client.query('CREATE INDEX grown_v ON grown USING hnsw (v vector_l2_ops)');
    for (let i = 1; i <= 5; i++) {
      await insert(client, 'grown', 10);
      expect(await scanned(client, 'grown')).toBe(10 * i);
    }
    await client.query('COMMIT');
    expect(await check('grown')).toMatchObject({ violations: [], rows: 50, unreachable: 0 });
  });
});

describe('a table that is rewritten', () => {
  it.each([
    ['VACUUM FULL', 'VACUUM FULL rewritten'],
    ['CLUSTER', 'CLUSTER rewritten USING rewritten_pkey'],
    ['a new type', `ALTER TABLE rewritten ALTER v TYPE vector(${DIMENSIONS}) USING v + v`],
  ])('by %s has its rows in the index', async (_name, change) => {
    await client.query('DROP TABLE IF EXISTS rewritten');
    await create('rewritten', 120);
    await client.query('DELETE FROM rewritten WHERE id % 3 = 0');
    await client.query(change);
    expect(await check('rewritten')).toMatchObject({ violations: [], rows: 80, unreachable: 0 });
  });
});

describe('a temporary table', () => {
  it('has an index like any other, which is emptied at the end of each transaction if so wished', async () => {
    const session = await cluster.connect();
    await session.query(
      `CREATE TEMP TABLE gone (id serial PRIMARY KEY, v vector(${DIMENSIONS})) ON COMMIT DELETE ROWS`,
    );
    await session.query('CREATE INDEX ON gone USING hnsw (v vector_l2_ops)');
    for (let i = 1; i <= 3; i++) {
      await session.query('BEGIN');
      expect(await scanned(session, 'gone')).toBe(0);
      await insert(session, 'gone', 10 * i);
      expect(await scanned(session, 'gone')).toBe(10 * i);
      await session.query('COMMIT');
    }
    await session.query(`CREATE TEMP TABLE kept (id serial PRIMARY KEY, v vector(${DIMENSIONS}))`);
    await insert(session, 'kept', 60);
    await session.query('CREATE INDEX ON kept USING hnsw (v vector_l2_ops)');
    await session.query('DELETE FROM kept WHERE id <= 20');
    await session.query('VACUUM kept');
    await insert(session, 'kept', 10);
    await session.query('BEGIN');
    expect(await scanned(session, 'kept')).toBe(50);
    await session.query('COMMIT');
    await session.end();
  });
});

describe.skipIf(!canKill)('after a crash', () => {
  it('an unlogged table is empty, and its index takes rows again', async () => {
    await create('unlogged', 100, 'UNLOGGED');
    await client.query('CHECKPOINT');
    await insert(client, 'unlogged', 50);
    // Its empty state has been logged, and not yet written.
    await create('fresh', 10, 'UNLOGGED');
    expect(await check('unlogged')).toMatchObject({ violations: [], rows: 150 });
    await crash();
    for (const table of ['unlogged', 'fresh']) {
      expect(await check(table)).toMatchObject({ violations: [], rows: 0, elements: 0 });
      await insert(client, table, 10);
      expect(await check(table)).toMatchObject({ violations: [], rows: 10, unreachable: 0 });
      await client.query(`TRUNCATE ${table} RESTART IDENTITY`);
    }
    await insert(client, 'unlogged', 40);
    await client.query('DELETE FROM unlogged WHERE id % 2 = 0');
    await client.query('VACUUM unlogged');
    await insert(client, 'unlogged', 20);
    expect(await check('unlogged')).toMatchObject({ violations: [], rows: 40, dead: 0, unreachable: 0 });
    await client.query('ALTER TABLE unlogged SET LOGGED');
    await crash();
    expect(await check('unlogged')).toMatchObject({ violations: [], rows: 40, unreachable: 0 });
  });

  it('an index made in the transaction that made its table is whole, though nothing was logged', async () => {
    await client.query('BEGIN');
    await create('skipped', 200);
    await insert(client, 'skipped', 50);
    await client.query('COMMIT');
    await client.query('BEGIN');
    await client.query('TRUNCATE unlogged');
    await insert(client, 'unlogged', 30);
    await client.query('COMMIT');
    await crash();
    expect(await check('skipped')).toMatchObject({ violations: [], rows: 250, unreachable: 0 });
    expect(await check('unlogged')).toMatchObject({ violations: [], rows: 30, unreachable: 0 });
  });

  it('a prepared transaction’s rows are found once it is committed, and only then', async () => {
    await create('prepared', 60);
    await client.query('BEGIN');
    await insert(client, 'prepared', 20);
    await client.query(`PREPARE TRANSACTION 'in doubt'`);
    await client.query('BEGIN');
    await insert(client, 'prepared', 15);
    await client.query(`PREPARE TRANSACTION 'given up'`);
    await crash();
    expect(await check('prepared')).toMatchObject({ violations: [], rows: 60, dead: 35 });
    await client.query('VACUUM prepared');
    await insert(client, 'prepared', 5);
    await client.query(`COMMIT PREPARED 'in doubt'`);
    await client.query(`ROLLBACK PREPARED 'given up'`);
    expect(await check('prepared')).toMatchObject({ violations: [], rows: 85, dead: 15, unreachable: 0 });
    await client.query('VACUUM prepared');
    expect(await check('prepared')).toMatchObject({ violations: [], rows: 85, dead: 0, unreachable: 0 });
  });
});
