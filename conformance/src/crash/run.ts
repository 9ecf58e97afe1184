/** Kills a server at random moments, again and again, and looks at what recovery makes of its `hnsw` indexes. */
import type pg from 'pg';
import { Cluster } from '../cluster.js';
import { checkIndex } from '../hnsw-check.js';
import { prepareReading } from '../index-pages.js';
import { Random } from '../random.js';
import { type Phase, type Scenario, type Table, Workload } from './workload.js';

export interface CrashOptions {
  readonly rounds: number;
  /** Decides what is done and when the kill is due; what the server has done by then, time decides. */
  readonly seed: number;
  /** Leaves the files where they are when something was wrong. */
  readonly keep?: boolean;
  readonly onRound?: (round: number, report: CrashReport) => void;
  readonly signal?: AbortSignal;
}

export interface Violation {
  readonly round: number;
  readonly scenario: Scenario;
  readonly phases: readonly Phase[];
  readonly what: string;
}

export interface CrashReport {
  readonly extension: string;
  readonly server: string;
  readonly seed: number;
  rounds: number;
  /** Kills by what was going on. */
  readonly scenarios: Partial<Record<Scenario, number>>;
  /** Kills during a statement of this kind; several may have been under way. */
  readonly phases: Partial<Record<Phase, number>>;
  /** Indexes and rows that were checked after a recovery, over all rounds. */
  indexesChecked: number;
  rowsChecked: number;
  /** Rows that were asked for by their own vector, and those that were not found so. */
  asked: number;
  missed: number;
  /** Rows that the graph leads nowhere to. */
  unreachable: number;
  /** Indexes with edges that are there twice, a slot wasted each. */
  readonly doubledEdges: { readonly round: number; readonly index: string; readonly edges: number }[];
  readonly violations: Violation[];
  seconds: number;
}

const TABLES: readonly Table[] = [
  { name: 'narrow', dimensions: 8, size: 1200, batch: 50 },
  // So long that an element and its neighbours lie on two pages.
  { name: 'wide', dimensions: 1990, size: 60, batch: 5 },
];

const SCENARIOS: readonly Scenario[] = ['insert', 'vacuum', 'build', 'mix'];

/** The kill comes within so many milliseconds. */
const LONGEST_RUN = 600;

export async function crash(options: CrashOptions): Promise<CrashReport> {
  const begin = performance.now();
  const random = new Random(options.seed);
  const cluster = await Cluster.create();
  let report: CrashReport | undefined;
  try {
    report = await prepare(cluster, options.seed, random);
    await cluster.stop();
    while (report.rounds < options.rounds) {
      options.signal?.throwIfAborted();
      await round(cluster, report, random);
      report.seconds = Math.round((performance.now() - begin) / 100) / 10;
      options.onRound?.(report.rounds, report);
    }
    return report;
  } finally {
    if (options.keep && (report?.violations.length ?? 0) > 0) {
      await cluster.stop();
      process.stderr.write(`kept: ${cluster.keep()}\n`);
    } else await cluster.remove();
  }
}

async function prepare(cluster: Cluster, seed: number, random: Random): Promise<CrashReport> {
  const client = await cluster.connect();
  await client.query('CREATE EXTENSION vector');
  await prepareReading(client);
  for (const { name, dimensions, size } of TABLES) {
    await client.query(`CREATE TABLE ${name} (id bigserial PRIMARY KEY, v vector(${dimensions}))`);
    // A build in parallel is not to depend on the table's size.
    await client.query(`ALTER TABLE ${name} SET (parallel_workers = 2)`);
    await client.query(`INSERT INTO ${name} (v) SELECT unnest($1::text[])::vector`, [
      random.vectors(size, dimensions),
    ]);
    await client.query(`CREATE INDEX ${name}_v ON ${name} USING hnsw (v vector_l2_ops)`);
  }
  const { rows } = await client.query(`SELECT extversion FROM pg_extension WHERE extname = 'vector'`);
  return {
    extension: `vector ${(rows[0] as { extversion: string }).extversion}`,
    server: cluster.server.version,
    seed,
    rounds: 0,
    scenarios: {},
    phases: {},
    indexesChecked: 0,
    rowsChecked: 0,
    asked: 0,
    missed: 0,
    unreachable: 0,
    doubledEdges: [],
    violations: [],
    seconds: 0,
  };
}

async function round(cluster: Cluster, report: CrashReport, random: Random): Promise<void> {
  const scenario = SCENARIOS[report.rounds % SCENARIOS.length]!;
  const table = random.chance(0.75) ? TABLES[0]! : TABLES[1]!;
  await cluster.start(settings(random));
  await tidy(cluster, random);
  const workload = await Workload.start(cluster, scenario, table, random);
  await new Promise((resolve) => setTimeout(resolve, random.next() * LONGEST_RUN));
  let phases: Phase[] = [];
  await cluster.kill(() => {
    phases = workload.phases();
  });
  await workload.ended();

  report.scenarios[scenario] = (report.scenarios[scenario] ?? 0) + 1;
  for (const phase of phases.filter((each) => each !== 'idle'))
    report.phases[phase] = (report.phases[phase] ?? 0) + 1;
  const violate = (what: string): void => {
    report.violations.push({ round: report.rounds, scenario, phases, what });
  };
  workload.errors.forEach(violate);
  await cluster.start(settings(random));
  await verify(cluster, report, random, violate);
  await cluster.kill();
  report.rounds++;
}

/** Few buffers and an eager writer, so that pages reach the disk before, between and after their WAL's commit. */
function settings(random: Random): Record<string, string | number | boolean> {
  const minimal = random.chance(0.3);
  return {
    shared_buffers: random.pick(['1MB', '4MB', '32MB']),
    wal_buffers: random.pick(['64kB', '1MB']),
    synchronous_commit: random.chance(0.7),
    max_wal_size: '32MB',
    checkpoint_timeout: 30,
    bgwriter_delay: 10,
    bgwriter_lru_maxpages: random.pick([0, 1000]),
    ...(minimal ? { wal_level: 'minimal', max_wal_senders: 0 } : { wal_level: 'replica' }),
  };
}

/** Indexes that an interrupted build left invalid go, and tables come back to their size. */
async function tidy(cluster: Cluster, random: Random): Promise<void> {
  const client = await cluster.connect();
  await dropInvalid(client);
  for (const { name, size, dimensions } of TABLES) {
    const { rows } = await client.query(`SELECT count(*)::int AS count FROM ${name}`);
    const surplus = (rows[0] as { count: number }).count - size;
    if (surplus > 0) {
      await client.query(
        `DELETE FROM ${name} WHERE id IN (SELECT id FROM ${name} ORDER BY random() LIMIT ${surplus})`,
      );
      if (surplus > size / 2) await client.query(`VACUUM ${name}`);
    } else {
      await client.query(`INSERT INTO ${name} (v) SELECT unnest($1::text[])::vector`, [
        random.vectors(-surplus, dimensions),
      ]);
    }
  }
  await client.end();
}

interface IndexRow {
  readonly name: string;
  readonly table: string;
  readonly valid: boolean;
}

async function indexes(client: pg.Client): Promise<IndexRow[]> {
  const { rows } = await client.query(
    `SELECT indexrelid::regclass::text AS name, indrelid::regclass::text AS table, indisvalid AS valid
     FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = c.relam
     WHERE a.amname = 'hnsw' ORDER BY 1`,
  );
  return rows as IndexRow[];
}

async function dropInvalid(client: pg.Client): Promise<void> {
  for (const { name } of (await indexes(client)).filter(({ valid }) => !valid)) {
    await client.query(`DROP INDEX ${name}`);
  }
}

async function verify(
  cluster: Cluster,
  report: CrashReport,
  random: Random,
  violate: (what: string) => void,
): Promise<void> {
  const client = await cluster.connect();
  const found = (await indexes(client)).filter(({ valid }) => valid);
  for (const { name } of TABLES) {
    if (!found.some((index) => index.name === `${name}_v`)) violate(`index ${name}_v is gone`);
  }
  for (const index of found) {
    const cosine = index.name.endsWith('_cosine');
    const options = {
      table: index.table,
      index: index.name,
      operator: cosine ? '<=>' : '<->',
      sample: 100,
      random,
    };
    try {
      const checked = await checkIndex(client, options);
      report.indexesChecked++;
      report.rowsChecked += checked.rows;
      report.asked += checked.asked;
      report.missed += checked.missed;
      report.unreachable += checked.unreachable;
      if (checked.doubledEdges > 0) {
        const edges = checked.doubledEdges;
        report.doubledEdges.push({ round: report.rounds, index: index.name, edges });
      }
      checked.violations.forEach(violate);
      if (checked.violations.length > 0) await client.query(`REINDEX INDEX ${index.name}`);
    } catch (error) {
      violate(`${index.name}: the check failed: ${error instanceof Error ? error.message : String(error)}`);
      await client.query('ROLLBACK').catch(() => undefined);
      await client.query(`REINDEX INDEX ${index.name}`).catch(() => undefined);
    }
  }
  await client.end();
}
