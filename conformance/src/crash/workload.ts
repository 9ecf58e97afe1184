/** What a server is doing when it is killed: connections that write, vacuum, build and read until they are cut off. */
import pg from 'pg';
import type { Cluster } from '../cluster.js';
import type { Random } from '../random.js';

/** What a statement does to the index. */
export type Phase =
  | 'build'
  | 'build concurrently'
  | 'reindex'
  | 'reindex concurrently'
  | 'insert'
  | 'update'
  | 'delete'
  | 'vacuum'
  | 'truncate'
  | 'checkpoint'
  | 'scan'
  | 'idle';

export interface Table {
  readonly name: string;
  readonly dimensions: number;
  /** Rows that it is brought back to before each round. */
  readonly size: number;
  /** Most rows that one statement inserts. */
  readonly batch: number;
}

export type Scenario = 'build' | 'insert' | 'vacuum' | 'mix';

/** One connection and what it does. */
interface Actor {
  phase: Phase;
  readonly done: Promise<void>;
}

export class Workload {
  readonly #actors: Actor[] = [];
  /** Errors that no kill explains. */
  readonly errors: string[] = [];

  /** Connects and starts; the work ends with the server. */
  static async start(cluster: Cluster, scenario: Scenario, table: Table, random: Random): Promise<Workload> {
    const workload = new Workload();
    const steps = casts[scenario](random);
    const clients = await Promise.all(steps.map(() => cluster.connect()));
    steps.forEach((step, i) => {
      workload.#act(clients[i]!, step, table, random.fork());
    });
    return workload;
  }

  /** What is under way. */
  phases(): Phase[] {
    return [...new Set(this.#actors.map(({ phase }) => phase))];
  }

  async ended(): Promise<void> {
    await Promise.all(this.#actors.map(({ done }) => done));
  }

  #act(client: pg.Client, step: Step, table: Table, random: Random): void {
    let actor: Actor | undefined;
    const run: Run = async (phase, sql, values = []) => {
      if (actor !== undefined) actor.phase = phase;
      try {
        return await client.query(sql, values);
      } catch (error) {
        if (!(error instanceof pg.DatabaseError)) throw new CutOff();
        if (!EXPECTED.has(error.code ?? ''))
          this.errors.push(
            [`${phase}: ${error.code} ${error.message}`, error.detail].filter(Boolean).join(' '),
          );
        // Out of a transaction that failed.
        return await client.query('ROLLBACK').catch(() => {
          throw new CutOff();
        });
      } finally {
        if (actor !== undefined) actor.phase = 'idle';
      }
    };
    const loop = async (): Promise<void> => {
      try {
        for (;;) await step(run, table, random);
      } catch (error) {
        if (!(error instanceof CutOff)) throw error;
      }
    };
    actor = { phase: 'idle', done: loop() };
    this.#actors.push(actor);
  }
}

/** The connection is gone: the kill. */
class CutOff extends Error {}

/** Writers that meet may deadlock; and an index may be dropped or built by another in the meantime. */
const EXPECTED = new Set(['40P01', '42P07', '42704']);

type Run = (phase: Phase, sql: string, values?: unknown[]) => Promise<pg.QueryResult>;
type Step = (run: Run, table: Table, random: Random) => Promise<void>;

const some = (table: Table, count: number): string =>
  `(SELECT id FROM ${table.name} ORDER BY random() LIMIT ${count})`;

const insertSql = (table: Table): string => `INSERT INTO ${table.name} (v) SELECT unnest($1::text[])::vector`;

/** Vectors of a batch: new ones, sometimes all equal, so that rows share an element. */
function batch(table: Table, random: Random): string[] {
  const count = random.between(1, table.batch);
  if (!random.chance(0.2)) return random.vectors(count, table.dimensions);
  const value = (random.between(1, 19) / 20).toString();
  const equal = `[${new Array<string>(table.dimensions).fill(value).join(',')}]`;
  return new Array<string>(count).fill(equal);
}

/** Inserts and updates, in transactions of their own, in longer ones, and in some that are rolled back. */
const write: Step = async (run, table, random) => {
  const long = random.chance(0.3);
  if (long) await run('idle', 'BEGIN');
  for (let i = long ? random.between(1, 4) : 1; i > 0; i--) {
    if (random.chance(0.7)) await run('insert', insertSql(table), [batch(table, random)]);
    else {
      await run(
        'update',
        `UPDATE ${table.name} SET v = $1 WHERE id IN ${some(table, random.between(1, 10))}`,
        [random.vector(table.dimensions)],
      );
    }
  }
  if (long) await run('idle', random.chance(0.7) ? 'COMMIT' : 'ROLLBACK');
};

const remove = async (run: Run, table: Table, random: Random): Promise<void> => {
  await run(
    'delete',
    `DELETE FROM ${table.name} WHERE id IN ${some(table, random.between(1, table.size / 2))}`,
  );
};

const vacuum: Step = async (run, table, random) => {
  if (random.chance(0.8)) await remove(run, table, random);
  await run('vacuum', `VACUUM ${table.name}`);
  // Into the room that became free, so that there is something to delete again.
  await run('insert', insertSql(table), [random.vectors(random.between(1, table.batch), table.dimensions)]);
};

const build: Step = async (run, table, random) => {
  const second = `${table.name}_cosine`;
  const memory = random.pick(['1MB', '64MB']);
  await run('idle', `SET maintenance_work_mem = '${memory}'`);
  await run('idle', `SET max_parallel_maintenance_workers = ${random.pick([0, 2])}`);
  const on = `ON ${table.name} USING hnsw (v vector_cosine_ops)`;
  switch (random.below(5)) {
    case 0:
      await run('reindex', `REINDEX INDEX ${table.name}_v`);
      break;
    case 1:
      await run('reindex concurrently', `REINDEX INDEX CONCURRENTLY ${table.name}_v`);
      break;
    case 2:
      await run('idle', `DROP INDEX IF EXISTS ${second}`);
      await run('build concurrently', `CREATE INDEX CONCURRENTLY ${second} ${on}`);
      break;
    case 3:
      await run('idle', 'BEGIN');
      await run('truncate', `TRUNCATE ${table.name}`);
      await run('insert', insertSql(table), [random.vectors(table.batch, table.dimensions)]);
      await run('idle', random.chance(0.2) ? 'COMMIT' : 'ROLLBACK');
      break;
    default:
      await run('idle', `DROP INDEX IF EXISTS ${second}`);
      await run('build', `CREATE INDEX ${second} ${on}`);
  }
};

const checkpoint: Step = async (run, _table, random) => {
  await run('idle', 'SELECT pg_sleep($1)', [random.next() * 0.3]);
  await run('checkpoint', 'CHECKPOINT');
};

const scan: Step = async (run, table, random) => {
  await run('scan', `SELECT id FROM ${table.name} ORDER BY v <-> $1 LIMIT 20`, [
    random.vector(table.dimensions),
  ]);
};

const casts: Record<Scenario, (random: Random) => Step[]> = {
  build: (random) => [build, ...(random.chance(0.5) ? [checkpoint] : [])],
  insert: (random) => [write, write, ...(random.chance(0.5) ? [checkpoint] : [])],
  vacuum: (random) => [vacuum, ...(random.chance(0.5) ? [checkpoint] : [])],
  mix: (random) => [write, write, vacuum, scan, ...(random.chance(0.3) ? [build] : []), checkpoint],
};
