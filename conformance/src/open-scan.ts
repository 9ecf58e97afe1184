/** A scan that stays open while vacuum removes elements that it has met, and inserts take their places. */
import pg from 'pg';
import type { Cluster } from './cluster.js';
import { expectIndexScan, WITHOUT_LIMITS } from './hnsw-check.js';
import { readHnswIndex } from './hnsw-pages.js';
import { readPages } from './index-pages.js';
import type { Random } from './random.js';

export interface OpenScanOptions {
  readonly primary: Cluster;
  /** Where the scan runs: the primary or its standby. */
  readonly scanned: Cluster;
  /** Waits until the scanned server has what the primary has done. */
  readonly caughtUp: () => Promise<void>;
  readonly table: string;
  readonly random: Random;
}

export interface OpenScanReport {
  /** Rows that the scan's snapshot sees, and that it returned. */
  readonly due: number;
  readonly returned: number;
  /** An error, rows returned twice, rows that the snapshot does not see. */
  readonly violations: readonly string[];
}

const ROWS = 1000;
/** Rows up to this id stay; of the others every third. A heap page holds half as many. */
const STAYING = 300;

const stays = (id: number): boolean => id <= STAYING || (id <= ROWS && id % 3 === 0);

const DUE = Array.from({ length: ROWS }, (_, i) => i + 1).filter(stays).length;

/** Leaves a table of {@link STAYING} and some rows, which the caller may check. */
export async function openScan(options: OpenScanOptions): Promise<OpenScanReport> {
  const { primary, scanned, caughtUp, table, random } = options;
  const [writer, vacuum, scanner, observer] = (await Promise.all([
    primary.connect(),
    primary.connect(),
    scanned.connect(),
    scanned.connect(),
  ])) as [pg.Client, pg.Client, pg.Client, pg.Client];
  const load = (vectors: readonly string[]) =>
    writer.query(`INSERT INTO ${table} (v) SELECT unnest($1::text[])::vector`, [vectors]);
  await writer.query(`CREATE TABLE ${table} (id serial PRIMARY KEY, v vector(3))`);
  // The scan begins with rows of the first page, which loses none: replay of vacuum waits for a page that is pinned.
  await load(Array.from({ length: 20 }, () => `[0.5,0.5,${random.between(500, 600) / 1000}]`));
  await load(random.vectors(ROWS - 20, 3));
  await writer.query(`CREATE INDEX ${table}_v ON ${table} USING hnsw (v vector_l2_ops) WITH (m = 8)`);
  await writer.query(`DELETE FROM ${table} WHERE id > ${STAYING} AND id % 3 > 0`);
  await caughtUp();

  const ids: number[] = [];
  const fetch = async (count: number | 'ALL'): Promise<boolean> => {
    const { rows } = await scanner.query(`FETCH ${count} FROM c`);
    ids.push(...(rows as { id: number }[]).map(({ id }) => id));
    return rows.length > 0;
  };
  let vacuuming: Promise<void> | undefined;
  const violations: string[] = [];
  try {
    // Rows that were dead before this snapshot hold up nobody's replay.
    await scanner.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await scanner.query(`${WITHOUT_LIMITS}; SET LOCAL hnsw.ef_search = 40`);
    const sql = `SELECT id FROM ${table} ORDER BY v <-> '[0.5,0.5,0.55]'`;
    await expectIndexScan(scanner, sql);
    await scanner.query(`DECLARE c CURSOR FOR ${sql}`);
    await fetch(5);

    // A vacuum that rests after each page, so that the scan goes on between any two.
    await vacuum.query('SET vacuum_cost_limit = 1; SET vacuum_cost_delay = 4');
    let done = false;
    vacuuming = vacuum
      .query(`VACUUM ${table}`)
      .then(caughtUp)
      .finally(() => {
        done = true;
      });
    vacuuming.catch(() => undefined);
    while (!done && !(await anyDeleted(observer, `${table}_v`)));
    let more = true;
    while (more && !done) more = await fetch(5);
    await load(random.vectors(500, 3));
    if (more) await fetch('ALL');
    await scanner.query('COMMIT');
    const twice = ids.length - new Set(ids).size;
    if (twice > 0) violations.push(`${twice} rows twice`);
    const foreign = ids.filter((id) => !stays(id));
    if (foreign.length > 0) violations.push(`${foreign.length} rows that are not there`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    violations.push(`${error.code}: ${error.message}`);
  } finally {
    // Its pins and snapshot go first: replay may wait for them.
    await scanner.end();
    await vacuuming;
    await Promise.all([writer, vacuum, observer].map((client) => client.end()));
  }
  return { due: DUE, returned: new Set(ids).size, violations };
}

/** Whether vacuum has come to where it gives places free. */
async function anyDeleted(client: pg.Client, index: string): Promise<boolean> {
  const { elements } = readHnswIndex(Buffer.concat(await readPages(client, index)));
  return [...elements.values()].some(({ deleted }) => deleted);
}
