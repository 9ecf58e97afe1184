/**
 * An `hnsw` index on a standby, which replays generic WAL and takes none of the locks that the primary's processes take
 * among themselves.
 */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canKill, knownFlaw } from '../src/cluster.js';
import { checkIndex, nearest } from '../src/hnsw-check.js';
import { differentPages, prepareReading, readPages } from '../src/index-pages.js';
import { openScan } from '../src/open-scan.js';
import { Random } from '../src/random.js';
import { Pair } from '../src/standby.js';
import { pauseReplay, scanDuringReplay } from '../src/standby-load.js';

let pair: Pair;
let primary: pg.Client;
let standby: pg.Client;

beforeAll(async () => {
  // Replay compares what it makes of each record with an image of the page as the primary had it.
  pair = await Pair.create({ wal_consistency_checking: 'generic' });
  primary = await pair.primary.connect();
  standby = await pair.standby.connect();
  await primary.query('CREATE EXTENSION vector');
  await prepareReading(primary);
});

afterAll(() => pair?.remove());

const load = (client: pg.Client, table: string, vectors: readonly string[]) =>
  client.query(`INSERT INTO ${table} (v) SELECT unnest($1::text[])::vector`, [vectors]);

describe('a standby', () => {
  it('has the primary’s pages and gives its answers after every kind of change', async () => {
    const random = new Random(1);
    const tables = [
      { table: 'narrow', dimensions: 3, size: 400 },
      // So long that an element and its neighbours lie on two pages.
      { table: 'wide', dimensions: 1990, size: 30 },
    ];
    for (const { table, dimensions, size } of tables) {
      const rows = (count: number) => load(primary, table, random.vectors(count, dimensions));
      const steps: Record<string, () => Promise<unknown>> = {
        'an index on an empty table': async () => {
          await primary.query(`CREATE TABLE ${table} (id serial PRIMARY KEY, v vector(${dimensions}))`);
          await primary.query(`CREATE INDEX ${table}_l2 ON ${table} USING hnsw (v vector_l2_ops)`);
        },
        'the first row': () => rows(1),
        inserts: () => rows(size),
        'a build': () =>
          primary.query(
            `CREATE INDEX ${table}_cosine ON ${table} USING hnsw (v vector_cosine_ops) WITH (m = 5, ef_construction = 20)`,
          ),
        'equal vectors': () => load(primary, table, new Array(25).fill(random.vector(dimensions))),
        updates: () =>
          primary.query(`UPDATE ${table} SET v = $1 WHERE id % 7 = 3`, [random.vector(dimensions)]),
        'inserts that are rolled back': async () => {
          await primary.query('BEGIN');
          await rows(20);
          await primary.query('ROLLBACK');
        },
        deletes: () => primary.query(`DELETE FROM ${table} WHERE id % 2 = 1`),
        vacuum: () => primary.query(`VACUUM ${table}`),
        'inserts into free room': () => rows(size / 2),
        'REINDEX with two workers': async () => {
          await primary.query(`ALTER TABLE ${table} SET (parallel_workers = 2)`);
          await primary.query(`REINDEX TABLE ${table}`);
        },
        'a build without enough memory': async () => {
          await primary.query(`SET maintenance_work_mem = '1MB'`);
          await primary.query(`REINDEX TABLE ${table}`);
          await primary.query('RESET maintenance_work_mem');
        },
        'a move out of the log and back': async () => {
          await primary.query(`ALTER TABLE ${table} SET UNLOGGED`);
          await rows(10);
          await primary.query(`ALTER TABLE ${table} SET LOGGED`);
        },
        'a table emptied and filled': async () => {
          await primary.query('BEGIN');
          await primary.query(`TRUNCATE ${table}`);
          await rows(size / 2);
          await primary.query('COMMIT');
        },
        'a table emptied by vacuum': async () => {
          await primary.query(`DELETE FROM ${table}`);
          await primary.query(`VACUUM ${table}`);
        },
        'the first row after that': () => rows(3),
      };
      for (const [step, change] of Object.entries(steps)) {
        await change();
        await pair.catchUp(primary, standby);
        const queries = random.vectors(10, dimensions);
        for (const [index, operator] of [
          [`${table}_l2`, '<->'],
          [`${table}_cosine`, '<=>'],
        ] as const) {
          const { rows: found } = await primary.query('SELECT to_regclass($1) IS NOT NULL AS there', [index]);
          if (!(found[0] as { there: boolean }).there) continue;
          expect(
            differentPages(await readPages(primary, index), await readPages(standby, index)),
            step,
          ).toEqual([]);
          for (const settings of ['', `SET LOCAL hnsw.iterative_scan = strict_order`]) {
            const options = { table, operator, queries, limit: 60, settings };
            expect(await nearest(standby, options), step).toEqual(await nearest(primary, options));
          }
        }
      }
      expect(await checkIndex(standby, { table, index: `${table}_l2`, random })).toMatchObject({
        violations: [],
        rows: 3,
        unreachable: 0,
      });
    }
  });

  it('goes on with a scan while the removal and replacement of its elements is replayed', async () => {
    for (const seed of [1, 2]) {
      const random = new Random(seed);
      const table = `open_${seed}`;
      const { violations, due, returned } = await openScan({
        primary: pair.primary,
        scanned: pair.standby,
        caughtUp: () => pair.catchUp(primary, standby),
        table,
        random,
      });
      expect(violations.filter((violation) => !knownFlaw(violation))).toEqual([]);
      // Paths that led over removed elements only may be gone; most are not.
      if (violations.length === 0) expect(returned).toBeGreaterThan(due * 0.95);
      await pair.catchUp(primary, standby);
      const report = await checkIndex(standby, { table, index: `${table}_v`, random });
      expect(report.violations).toEqual([]);
    }
  });

  it('scans while vacuum and reuse of room are replayed', async () => {
    const tally = await scanDuringReplay(pair, { cycles: 5, scanners: 2, rows: 500, random: new Random(3) });
    expect(tally.violations.filter((violation) => !knownFlaw(violation))).toEqual([]);
    expect(tally.scans).toBeGreaterThan(5);
    expect(tally.lost).toBeLessThanOrEqual(tally.due / 100);
  });

  it('has a sound index after each record', async () => {
    const checked = await pauseReplay(pair, { pauses: 25, rows: 300, random: new Random(4) });
    expect(checked.violations).toEqual([]);
    expect(checked.places).toBeGreaterThan(5);
    expect(checked.unreachable).toBeLessThanOrEqual(checked.rows / 100);
  });

  it.skipIf(!canKill)('has the primary’s pages after it was killed in the middle of replay', async () => {
    const random = new Random(6);
    await primary.query('CREATE TABLE killed (id serial PRIMARY KEY, v vector(3))');
    await primary.query('CREATE INDEX killed_v ON killed USING hnsw (v vector_l2_ops)');
    for (let i = 0; i < 3; i++) {
      await load(primary, 'killed', random.vectors(300, 3));
      const working = (async () => {
        await primary.query('DELETE FROM killed WHERE id % 3 = 0');
        await primary.query('CHECKPOINT');
        await primary.query('VACUUM killed');
        await load(primary, 'killed', random.vectors(200, 3));
      })();
      await new Promise((resolve) => setTimeout(resolve, random.below(150)));
      await pair.crashStandby();
      await working;
      standby = await pair.standby.connect();
      await pair.catchUp(primary, standby);
      expect(
        differentPages(await readPages(primary, 'killed_v'), await readPages(standby, 'killed_v')),
      ).toEqual([]);
    }
    const report = await checkIndex(standby, { table: 'killed', index: 'killed_v', random });
    expect(report.violations).toEqual([]);
  });

  it.skipIf(!canKill)('takes over from a primary that was killed', async () => {
    const random = new Random(5);
    await primary.query('CREATE TABLE heir (id serial PRIMARY KEY, v vector(3))');
    await load(primary, 'heir', random.vectors(300, 3));
    await primary.query('CREATE INDEX heir_v ON heir USING hnsw (v vector_l2_ops)');
    await primary.query('DELETE FROM heir WHERE id % 3 = 0');
    await primary.query('VACUUM heir');
    await pair.catchUp(primary, standby);
    await primary.query('BEGIN');
    await load(primary, 'heir', random.vectors(100, 3));
    await pair.primary.kill();
    await standby.query('SELECT pg_promote()');
    await load(standby, 'heir', random.vectors(200, 3));
    expect(await checkIndex(standby, { table: 'heir', index: 'heir_v', random })).toMatchObject({
      violations: [],
      rows: 400,
      missed: 0,
    });
    await standby.query('VACUUM heir');
    expect(await checkIndex(standby, { table: 'heir', index: 'heir_v', random })).toMatchObject({
      violations: [],
      rows: 400,
      missed: 0,
    });
  });
});
