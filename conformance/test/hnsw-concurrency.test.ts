/** Several sessions at one `hnsw` index: inserts, vacuum and scans, and those of them that are cut short. */
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, canKill, knownFlaw } from '../src/cluster.js';
import { checkIndex, expectIndexScan, fullScan, WITHOUT_LIMITS } from '../src/hnsw-check.js';
import { readHnswIndex, tidKey, tidText } from '../src/hnsw-pages.js';
import { prepareReading, readPages } from '../src/index-pages.js';
import { mixedLoad } from '../src/mixed-load.js';
import { openScan } from '../src/open-scan.js';
import { Random } from '../src/random.js';
import { backendOf, stopped } from '../src/stutter.js';

let cluster: Cluster;
let client: pg.Client;

beforeAll(async () => {
  cluster = await Cluster.create();
  client = await cluster.connect();
  await client.query('CREATE EXTENSION vector');
  await prepareReading(client);
});

afterAll(() => cluster?.remove());

const opened: pg.Client[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.end()));
});

async function sessions(count: number): Promise<pg.Client[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => cluster.connect()));
  opened.push(...clients);
  return clients;
}

const insert = (on: pg.Client, table: string, vectors: readonly string[]) =>
  on.query(`INSERT INTO ${table} (v) SELECT unnest($1::text[])::vector`, [vectors]);

async function create(table: string, dimensions: number, options = ''): Promise<void> {
  await client.query(`CREATE TABLE ${table} (id serial PRIMARY KEY, v vector(${dimensions}))`);
  await client.query(`CREATE INDEX ${table}_v ON ${table} USING hnsw (v vector_l2_ops) ${options}`);
}

const check = (table: string, random: Random) => checkIndex(client, { table, index: `${table}_v`, random });

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('sessions that insert at the same time', () => {
  // At the most dimensions an element and its neighbours lie on two pages.
  it.each([3, 1990])('into an empty index of %i dimensions are all found', async (dimensions) => {
    const random = new Random(dimensions);
    const table = `empty_${dimensions}`;
    await create(table, dimensions);
    const writers = await sessions(8);
    for (let i = 0; i < 6; i++) {
      await Promise.all(writers.map((writer) => insert(writer, table, [random.vector(dimensions)])));
      expect(await check(table, random)).toMatchObject({
        violations: [],
        rows: 8,
        unreachable: 0,
        missed: 0,
      });
      await client.query(`TRUNCATE ${table}`);
    }
    const each = dimensions > 1000 ? 3 : 10;
    await Promise.all(
      writers.map(async (writer) => {
        for (let i = 0; i < 5; i++) await insert(writer, table, random.vectors(each, dimensions));
      }),
    );
    const report = await check(table, random);
    expect(report).toMatchObject({ violations: [], rows: 8 * 5 * each, dead: 0 });
    // An element can lose its last incoming edge to a nearer one: that is the algorithm.
    expect(report.unreachable).toBeLessThanOrEqual(3);
  });

  it('equal vectors share elements, and each row is there once', async () => {
    const random = new Random(1);
    await create('equal', 3);
    await insert(client, 'equal', random.vectors(50, 3));
    const writers = await sessions(6);
    const fill = () =>
      Promise.all(
        writers.map(async (writer) => {
          for (let i = 0; i < 10; i++) await insert(writer, 'equal', new Array(3).fill('[0.5,0.5,0.5]'));
        }),
      );
    await fill();
    expect(await check('equal', random)).toMatchObject({
      violations: [],
      rows: 230,
      unreachable: 0,
      dead: 0,
    });
    const sizes = [...readHnswIndex(Buffer.concat(await readPages(client, 'equal_v'))).elements.values()]
      .filter(({ vector }) => vector?.every((value) => value === 0.5))
      .map(({ heapTids }) => heapTids.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(180);
    // Sessions that find one full at the same time begin one each.
    expect(sizes.length).toBeLessThanOrEqual(36);

    await client.query(`DELETE FROM equal WHERE id % 2 = 0`);
    await Promise.all([client.query('VACUUM equal'), fill()]);
    await client.query('VACUUM equal');
    expect(await check('equal', random)).toMatchObject({ violations: [], rows: 115 + 180, dead: 0 });
  });

  it('at equal places, of which one rolls back, leave the rows of the other', async () => {
    const random = new Random(2);
    await create('places', 3);
    const [one, other] = (await sessions(2)) as [pg.Client, pg.Client];
    await one.query('BEGIN');
    await other.query('BEGIN');
    for (let i = 0; i < 60; i++) {
      // Turns of both, next to each other and sometimes at the very same place.
      const vector = random.vector(3);
      const beside = random.chance(0.3) ? vector : vector.replace(']', '1]');
      await Promise.all([insert(one, 'places', [vector]), insert(other, 'places', [beside])]);
    }
    await other.query('SAVEPOINT half');
    await insert(other, 'places', random.vectors(10, 3));
    await other.query('ROLLBACK TO half');
    const own = await fullScan(other, { table: 'places', query: random.vector(3) });
    expect(new Set(own).size).toBe(60);
    expect(own.length).toBe(60);
    await one.query('ROLLBACK');
    await other.query('COMMIT');
    expect(await check('places', random)).toMatchObject({
      violations: [],
      rows: 60,
      dead: 70,
      unreachable: 0,
    });
    await client.query('VACUUM places');
    expect(await check('places', random)).toMatchObject({
      violations: [],
      rows: 60,
      dead: 0,
      unreachable: 0,
    });
  });
});

describe('vacuum', () => {
  it('runs beside inserts, updates, deletes and scans', async () => {
    const { scans, before, after } = await mixedLoad(cluster, {
      table: 'mixed',
      rows: 500,
      writers: 2,
      steps: 60,
      scanners: 2,
      random: new Random(3),
    });
    expect(scans.violations.filter((violation) => !knownFlaw(violation))).toEqual([]);
    expect(scans.lost).toBeLessThanOrEqual(scans.due / 100);
    expect(before.violations).toEqual([]);
    expect(after).toMatchObject({ violations: [], dead: 0 });
    expect(after.unreachable).toBeLessThanOrEqual(after.rows / 100);
  });

  it('goes on beside a scan that goes on', async () => {
    const random = new Random(6);
    const { violations, due, returned } = await openScan({
      primary: cluster,
      scanned: cluster,
      caughtUp: async () => undefined,
      table: 'gone_on',
      random,
    });
    expect(violations.filter((violation) => !knownFlaw(violation))).toEqual([]);
    if (violations.length === 0) expect(returned).toBeGreaterThan(due * 0.95);
    expect((await check('gone_on', random)).violations).toEqual([]);
  });

  it('does not wait for a scan that is open, nor does the scan see what it did', async () => {
    const random = new Random(4);
    await create('held', 3);
    await insert(client, 'held', random.vectors(600, 3));
    await client.query('DELETE FROM held WHERE id % 2 = 0');
    const [scanner, vacuum] = (await sessions(2)) as [pg.Client, pg.Client];
    await scanner.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await scanner.query(`${WITHOUT_LIMITS}; SET LOCAL hnsw.ef_search = 20`);
    const sql = `SELECT id FROM held ORDER BY v <-> '[0.5,0.5,0.5]'`;
    await expectIndexScan(scanner, sql);
    await scanner.query(`DECLARE c CURSOR FOR ${sql}`);
    const first = (await scanner.query('FETCH 5 FROM c')).rows as { id: number }[];
    // If it waits, it waits until the test's own time is over.
    await vacuum.query('VACUUM held');
    await insert(vacuum, 'held', random.vectors(300, 3));
    await vacuum.query('DELETE FROM held WHERE id > 700');
    await vacuum.query('VACUUM held');
    const rest = (await scanner.query('FETCH ALL FROM c')).rows as { id: number }[];
    await scanner.query('COMMIT');
    const ids = [...first, ...rest].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id % 2 === 0 || id > 600)).toEqual([]);
    expect(ids.length).toBeGreaterThan(290);
    expect(await check('held', random)).toMatchObject({ violations: [], rows: 400 });
  });

  it.skipIf(!canKill)('gives no place free that an insert under way is about to link to', async () => {
    const random = new Random(7);
    await create('under_way', 3, 'WITH (m = 8)');
    await insert(client, 'under_way', random.vectors(400, 3));
    const [writer, vacuum] = (await sessions(2)) as [pg.Client, pg.Client];
    const [writing, vacuuming] = [await backendOf(writer), await backendOf(vacuum)];
    for (let i = 0; i < 30; i++) {
      await client.query(
        'DELETE FROM under_way WHERE id IN (SELECT id FROM under_way ORDER BY random() LIMIT 200)',
      );
      const inserted = insert(writer, 'under_way', random.vectors(200, 3));
      await sleep(random.below(15));
      let ended = false;
      let running: Promise<unknown> | undefined;
      // Where vacuum waits for a page that the writer has locked, the writer goes on a little.
      for (let waits: string | undefined; !ended && waits !== 'Lock'; ) {
        await stopped(writing, async () => {
          waits = undefined;
          running ??= vacuum.query('VACUUM under_way').finally(() => {
            ended = true;
          });
          // A writer stopped while it holds a spinlock blocks vacuum without a wait event: it goes on, too.
          for (let looks = 0; looks < 200 && !ended && waits !== 'LWLock' && waits !== 'Lock'; looks++) {
            await sleep(1);
            const { rows } = await client.query(
              'SELECT wait_event_type AS type FROM pg_stat_activity WHERE pid = $1',
              [vacuuming],
            );
            waits = (rows[0] as { type: string | null }).type ?? undefined;
          }
        });
      }
      await Promise.all([inserted, running]);
      expect((await check('under_way', random)).violations).toEqual([]);
    }
  });

  it('leaves the only row that stays, be it that of the entry point', async () => {
    const random = new Random(8);
    await create('lone', 3, 'WITH (m = 2, ef_construction = 4)');
    for (let round = 0; round < 8; round++) {
      await client.query('TRUNCATE lone RESTART IDENTITY');
      await insert(client, 'lone', random.vectors(round < 4 ? 4 : 30, 3));
      const { meta, elements } = readHnswIndex(Buffer.concat(await readPages(client, 'lone_v')));
      const kept = round % 2 === 0 ? elements.get(tidKey(meta.entry!))! : random.pick([...elements.values()]);
      await client.query(`DELETE FROM lone WHERE ctid <> '${tidText(kept.heapTids[0]!)}'`);
      await client.query('VACUUM lone');
      expect(await check('lone', random)).toMatchObject({ violations: [], rows: 1, dead: 0, unreachable: 0 });
      await insert(client, 'lone', random.vectors(20, 3));
      expect(await check('lone', random)).toMatchObject({ violations: [], rows: 21, dead: 0 });
    }
  });

  it('leaves what an older snapshot sees', async () => {
    const random = new Random(5);
    await create('older', 3);
    await insert(client, 'older', random.vectors(300, 3));
    const [reader, writer] = (await sessions(2)) as [pg.Client, pg.Client];
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await reader.query('SELECT FROM older LIMIT 1');
    await writer.query('DELETE FROM older');
    await writer.query('VACUUM older');
    await insert(writer, 'older', random.vectors(100, 3));
    const seen = await fullScan(reader, { table: 'older', query: random.vector(3) });
    expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    await reader.query('COMMIT');
    expect(await check('older', random)).toMatchObject({ violations: [], rows: 100, dead: 300 });
    await client.query('VACUUM older');
    expect(await check('older', random)).toMatchObject({ violations: [], rows: 100, dead: 0 });
  });
});

describe('a statement that is cut short', () => {
  const codes = ['57014', '57P01'];

  it.each([
    ['INSERT', 'INSERT INTO cut (v) SELECT unnest($1::text[])::vector', 1500],
    [
      'UPDATE',
      'UPDATE cut SET v = x.v::vector FROM unnest($1::text[]) WITH ORDINALITY x(v, n) WHERE id = n',
      800,
    ],
    ['VACUUM', 'VACUUM cut', 0],
    ['CREATE INDEX', 'CREATE INDEX ON cut USING hnsw (v vector_cosine_ops)', 0],
    ['REINDEX', 'REINDEX INDEX cut_v', 0],
  ])('%s leaves a sound index', async (_name, sql, count) => {
    const random = new Random(count + sql.length);
    await client.query('DROP TABLE IF EXISTS cut');
    await create('cut', 3);
    await insert(client, 'cut', random.vectors(800, 3));
    const parameters = () => (count === 0 ? [] : [random.vectors(count, 3)]);
    for (let i = 0; i < 3; i++) {
      await client.query(`DELETE FROM cut WHERE id IN (SELECT id FROM cut ORDER BY random() LIMIT 40)`);
      const [victim] = (await sessions(1)) as [pg.Client];
      const { rows } = await victim.query('SELECT pg_backend_pid() AS pid');
      const { pid } = rows[0] as { pid: number };
      const outcome = victim.query(sql, parameters()).then(
        () => 'finished',
        (error: { code?: string }) => error.code,
      );
      await sleep(random.below(80));
      await client.query(`SELECT pg_${random.chance(0.3) ? 'terminate' : 'cancel'}_backend($1)`, [pid]);
      expect(['finished', ...codes]).toContain(await outcome);
      expect((await check('cut', random)).violations).toEqual([]);
    }
    await insert(client, 'cut', random.vectors(50, 3));
    await client.query('VACUUM cut');
    const report = await check('cut', random);
    expect(report).toMatchObject({ violations: [], dead: 0 });
    expect(report.unreachable).toBeLessThanOrEqual(report.rows / 100);
  });
});
