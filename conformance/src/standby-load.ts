/** Work on a primary that its standby replays while something looks at the index there. */
import type pg from 'pg';
import { checkIndex } from './hnsw-check.js';
import type { Random } from './random.js';
import { type ScanTally, scanLoop, sumTallies } from './scan-loop.js';
import type { Pair } from './standby.js';
import { stutter } from './stutter.js';

const DIMENSIONS = 3;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function fill(client: pg.Client, table: string, vectors: readonly string[]): Promise<void> {
  await client.query(`INSERT INTO ${table} (v) SELECT unnest($1::text[])::vector`, [vectors]);
}

async function create(client: pg.Client, table: string, rows: number, random: Random): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${table}`);
  await client.query(`CREATE TABLE ${table} (id serial PRIMARY KEY, v vector(${DIMENSIONS}))`);
  await fill(client, table, random.vectors(rows, DIMENSIONS));
  await client.query(`CREATE INDEX ${table}_v ON ${table} USING hnsw (v vector_l2_ops)`);
}

/** Removes half of the rows, and puts others into their room. */
async function turnOver(client: pg.Client, table: string, rows: number, random: Random): Promise<void> {
  const half = Math.floor(rows / 2);
  await client.query(
    `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} ORDER BY random() LIMIT ${half})`,
  );
  await client.query(`VACUUM ${table}`);
  await fill(client, table, random.vectors(half, DIMENSIONS, random.pick([1, 3])));
}

export interface ScanDuringReplayOptions {
  /** Times that half of the table is replaced. */
  readonly cycles: number;
  /** Connections that scan at the same time. */
  readonly scanners: number;
  readonly rows: number;
  readonly random: Random;
}

/** Scans on the standby while the primary deletes, vacuums and inserts. */
export async function scanDuringReplay(pair: Pair, options: ScanDuringReplayOptions): Promise<ScanTally> {
  const { cycles, scanners, rows, random } = options;
  const table = 'replayed';
  const primary = await pair.primary.connect();
  await create(primary, table, rows, random);
  const control = await pair.standby.connect();
  await pair.catchUp(primary, control);
  const end = new AbortController();
  const clients = await Promise.all(Array.from({ length: scanners }, () => pair.standby.connect()));
  const stuttering = stutter(clients, 40, random.fork(), end.signal);
  const loops = clients.map((client) => {
    const own = random.fork();
    const pause = (): Promise<void> => sleep(own.below(20));
    const { signal } = end;
    return scanLoop({ client, table, dimensions: DIMENSIONS, random: own, signal, pause });
  });
  try {
    for (let i = 0; i < cycles; i++) await turnOver(primary, table, rows, random);
    await pair.catchUp(primary, control);
  } finally {
    end.abort();
    await Promise.allSettled([stuttering, ...loops]);
  }
  const tally = sumTallies(await Promise.all(loops));
  const { violations } = await checkIndex(control, { table, index: `${table}_v`, random });
  tally.violations.push(...violations);
  await Promise.all([primary, control, ...clients].map((client) => client.end()));
  return tally;
}

export interface PauseOptions {
  readonly pauses: number;
  readonly rows: number;
  readonly random: Random;
}

export interface PauseReport {
  /** Different places in the log at which the index was checked. */
  readonly places: number;
  readonly rows: number;
  readonly unreachable: number;
  readonly violations: readonly string[];
}

/**
 * Stops replay at random records and checks the index there: what a crash after that record would leave, without the
 * crash.
 */
export async function pauseReplay(pair: Pair, options: PauseOptions): Promise<PauseReport> {
  const { pauses, rows, random } = options;
  const table = 'paused';
  const [primary, writer, standby] = await Promise.all([
    pair.primary.connect(),
    pair.primary.connect(),
    pair.standby.connect(),
  ]);
  await create(primary, table, rows, random);
  await pair.catchUp(primary, standby);
  let ended = false;
  const own = random.fork();
  const untilEnded = async (step: () => Promise<unknown>): Promise<void> => {
    while (!ended) await step();
  };
  const work = Promise.all([
    untilEnded(() => turnOver(primary, table, rows, own)),
    untilEnded(() => fill(writer, table, [own.vector(DIMENSIONS)]).then(() => sleep(own.below(5)))),
  ]);
  work.catch(() => undefined);
  const places = new Set<string>();
  const violations: string[] = [];
  let seen = 0;
  let unreachable = 0;
  try {
    for (let i = 0; i < pauses; i++) {
      await sleep(random.below(15));
      const report = await pair.paused(standby, async () => {
        const { rows: lsn } = await standby.query('SELECT pg_last_wal_replay_lsn()::text AS lsn');
        places.add((lsn[0] as { lsn: string }).lsn);
        return checkIndex(standby, { table, index: `${table}_v`, sample: 20, random });
      });
      violations.push(...report.violations);
      seen += report.rows;
      unreachable += report.unreachable;
    }
  } finally {
    ended = true;
    await work.catch(() => undefined);
  }
  await work;
  await pair.catchUp(primary, standby);
  await Promise.all([primary, writer, standby].map((client) => client.end()));
  return { places: places.size, rows: seen, unreachable, violations };
}
