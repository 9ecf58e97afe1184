/** Builds: with too little memory, watched, cancelled; and the size of an index that is emptied and filled again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddedServer, startEmbedded } from '@ruvector/pg-extension/embedded';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine, rowsOf, type SqlEngine } from '../src/engines.js';
import { checkHnswIndex, heapTidsOf, readHnswIndex } from '../src/hnsw-pages.js';
import { ourLibrary } from '../src/native.js';
import { readPages } from '../src/page-exchange.js';
import { insertVectors, METRICS, measureRecall, randomVectors } from '../src/recall.js';

const DIMENSIONS = 64;
const ROWS = 4000;

let server: EmbeddedServer;
let engine: SqlEngine & { readonly client: pg.Client };
/** A second session, to watch and to cancel. */
let watcher: SqlEngine;
const notices: { message: string; detail: string; hint: string }[] = [];
const run = (sql: string) => rowsOf(engine, sql);

beforeAll(async () => {
  server = await startEmbedded({ extensions: ourLibrary.extensions, settings: { autovacuum: false } });
  engine = await connectEngine('ruvector', server);
  watcher = await connectEngine('ruvector', server);
  engine.client.on('notice', ({ message = '', detail = '', hint = '' }) =>
    notices.push({ message, detail, hint }),
  );
  await run('CREATE EXTENSION vector');
  await run(`CREATE TABLE items (id int, v vector(${DIMENSIONS}))`);
  await insertVectors(engine, 'items', randomVectors(1, ROWS, DIMENSIONS));
});
afterAll(async () => {
  await engine?.close();
  await watcher?.close();
  await server?.stop();
});
afterEach(async () => {
  await run('RESET ALL');
  await run('ALTER TABLE items RESET (parallel_workers)');
});

async function expectWhole(index: string, rows: number): Promise<void> {
  const pages = readHnswIndex(await readPages(engine, index));
  expect(checkHnswIndex(pages)).toEqual([]);
  expect(heapTidsOf(pages)).toHaveLength(rows);
}

describe('a build without enough memory', () => {
  it.each([
    [0, '1MB'],
    [2, '4MB'],
  ])('with %s workers says so and goes on', async (workers, memory) => {
    await run(`SET maintenance_work_mem = '${memory}'; SET client_min_messages = debug1`);
    await run(`SET max_parallel_maintenance_workers = ${workers}`);
    if (workers > 0) await run(`ALTER TABLE items SET (parallel_workers = ${workers})`);
    // Several of these, so that they do not fit into what parallel builds get either.
    const expression = workers === 0 ? 'v' : `(v || v || v || v)::vector(${4 * DIMENSIONS})`;
    notices.length = 0;
    await run(`CREATE INDEX low_idx ON items USING hnsw ((${expression}) vector_l2_ops)`);
    await run('RESET client_min_messages');
    const left = notices.filter(({ message }) => /^hnsw graph no longer fits/.test(message));
    expect(left).toEqual([
      {
        message: expect.stringMatching(
          /^hnsw graph no longer fits into maintenance_work_mem after \d+ tuples$/,
        ),
        detail: 'Building will take significantly more time.',
        hint: 'Increase maintenance_work_mem to speed up builds.',
      },
    ]);
    const launched = notices.filter(({ message }) => /^using [12] parallel workers$/.test(message));
    expect(launched).toHaveLength(workers > 0 ? 1 : 0);
    await expectWhole('low_idx', ROWS);
    if (workers === 0) {
      await run('SET hnsw.ef_search = 200');
      const search = {
        table: 'items',
        operator: '<->',
        queries: randomVectors(2, 20, DIMENSIONS),
        limit: 10,
      };
      expect(await measureRecall(engine, 'low_idx', search)).toBeGreaterThanOrEqual(0.95);
    }
    await run('DROP INDEX low_idx');
  });

  it('is not spoken of when the memory suffices', async () => {
    notices.length = 0;
    await run(
      'CREATE INDEX high_idx ON items USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 8)',
    );
    expect(notices).toEqual([]);
    await run('DROP INDEX high_idx');
  });
});

const SLOW_INDEX =
  'CREATE INDEX slow_idx ON items USING hnsw (v vector_l2_ops) WITH (m = 32, ef_construction = 400)';

/** Runs work while a build of many rows is on, from when it loads them. */
async function duringBuild(work: () => Promise<void>): Promise<Awaited<ReturnType<SqlEngine['run']>>> {
  let ended = false;
  const build = engine.run(SLOW_INDEX).finally(() => {
    ended = true;
  });
  const loading = `SELECT FROM pg_stat_progress_create_index WHERE phase = 'building index: loading tuples' AND tuples_done > 0`;
  while (!ended && (await rowsOf(watcher, loading)).length === 0) await sleep(5);
  if (!ended) await work();
  return build;
}

describe('a build that is watched', () => {
  it('shows its phase and how many rows it has', async () => {
    const seen: { phase: string; done: number }[] = [];
    const outcome = await duringBuild(async () => {
      for (let rows = [['']] as readonly (readonly (string | null)[])[]; rows.length > 0; ) {
        rows = await rowsOf(watcher, 'SELECT phase, tuples_done FROM pg_stat_progress_create_index');
        for (const [phase, done] of rows) seen.push({ phase: phase as string, done: Number(done) });
        await sleep(20);
      }
    });
    expect(outcome.kind).toBe('rows');
    expect(seen.length).toBeGreaterThan(1);
    expect([...new Set(seen.map(({ phase }) => phase))]).toEqual(['building index: loading tuples']);
    const done = seen.map((row) => row.done);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBeLessThanOrEqual(ROWS);
    await run('DROP INDEX slow_idx');
  });

  it('has names for its phases', async () => {
    const rows = await run(
      `SELECT pg_indexam_progress_phasename(oid, n) FROM pg_am, generate_series(1, 3) n WHERE amname = 'hnsw' ORDER BY n`,
    );
    expect(rows.flat()).toEqual(['initializing', 'loading tuples', null]);
  });
});

describe('a build that is cancelled', () => {
  const pid = (): number => (engine.client as unknown as { processID: number }).processID;

  it.each([0, 2])('with %s workers leaves nothing behind', async (workers) => {
    await run(`SET max_parallel_maintenance_workers = ${workers}`);
    if (workers > 0) await run(`ALTER TABLE items SET (parallel_workers = ${workers})`);
    const outcome = await duringBuild(async () => {
      await rowsOf(watcher, `SELECT pg_cancel_backend(${pid()})`);
    });
    expect(outcome).toMatchObject({ kind: 'error', sqlstate: '57014' });
    expect(await run(`SELECT FROM pg_class WHERE relname = 'slow_idx'`)).toEqual([]);
    expect(
      await rowsOf(watcher, `SELECT FROM pg_stat_activity WHERE backend_type = 'parallel worker'`),
    ).toEqual([]);
    await run(
      'CREATE INDEX next_idx ON items USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 8)',
    );
    await expectWhole('next_idx', ROWS);
    await run('DROP INDEX next_idx');
  });

  it('where the graph is on disk, too', async () => {
    await run(`SET maintenance_work_mem = '1MB'`);
    const onDisk = new Promise<void>((resolve) => {
      engine.client.once('notice', ({ message }) => {
        expect(message).toMatch(/^hnsw graph no longer fits/);
        resolve();
      });
    });
    const build = engine.run(SLOW_INDEX);
    await onDisk;
    await rowsOf(watcher, `SELECT pg_cancel_backend(${pid()})`);
    expect(await build).toMatchObject({ kind: 'error', sqlstate: '57014' });
    expect(await run(`SELECT FROM pg_class WHERE relname = 'slow_idx'`)).toEqual([]);
  });

  it('by statement_timeout', async () => {
    await run(`SET statement_timeout = '100ms'`);
    expect(await engine.run(SLOW_INDEX)).toMatchObject({
      kind: 'error',
      sqlstate: '57014',
      message: 'canceling statement due to statement timeout',
    });
  });
});

describe('the size of an index', () => {
  it('hardly grows when its rows are deleted, vacuumed and loaded again', async () => {
    const load = `INSERT INTO again SELECT i, ARRAY[i % 811, i % 499, i % 853] FROM generate_series(1, 5000) i`;
    await run('CREATE TABLE again (id int, v vector(3))');
    await run(load);
    await run('CREATE INDEX again_idx ON again USING hnsw (v vector_l2_ops)');
    const size = async (): Promise<number> =>
      Number((await run(`SELECT pg_total_relation_size('again_idx')`))[0]?.[0]);
    const before = await size();
    await run('DELETE FROM again');
    await run('VACUUM again');
    await run(load);
    expect(await size()).toBeLessThanOrEqual(before * 1.02);
    await expectWhole('again_idx', 5000);

    await run('DELETE FROM again WHERE id <> 123');
    await run('VACUUM again');
    await run('SET enable_seqscan = off');
    expect(await run(`SELECT id FROM again ORDER BY v <-> '[0,0,0]' LIMIT 10`)).toEqual([['123']]);
    await run('DROP TABLE again');
  });

  it.each(METRICS)('is that of pgvector for the same rows ($name)', async ({ opclass }) => {
    // An element of level 0: 72 + 8 + 4 * 64 bytes, its neighbours 8 + 6 * 32, two line pointers. So 15 to a page.
    await run(`CREATE INDEX size_idx ON items USING hnsw (v ${opclass}) WITH (ef_construction = 32)`);
    const { blocks, elements } = readHnswIndex(await readPages(engine, 'size_idx'));
    expect(elements.size).toBe(ROWS);
    const least = 1 + Math.ceil(ROWS / 15);
    expect(blocks).toBeGreaterThanOrEqual(least);
    expect(blocks).toBeLessThanOrEqual(1.05 * least);
    await run('DROP INDEX size_idx');
  });
});
