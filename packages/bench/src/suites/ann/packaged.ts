/** Peers of npm, and ours: each a process of drivers/main.js. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchError, throwIfAborted } from '../../errors.js';
import { findPackage, hashFiles, isCode, listFiles } from '../../fingerprint.js';
import type { AbsentPeer, PlanContext, Subject } from '../../suite.js';
import { type Contender, gridOf, type OurKind } from './contender.js';
import { DriverProcess } from './driver-process.js';

/** The built program: from the sources, as tests run them, the one in dist. */
function mainProgram(): string {
  const { root } = findPackage(import.meta.dirname, '@ruvector/bench');
  return join(root, 'dist', 'suites', 'ann', 'drivers', 'main.js');
}

/** A process of Node with an engine: a name that drivers/main.ts knows, or the address of a module. */
export function nodeCommand(engine: string, argument = ''): Contender['command'] {
  // As in every process of Node but the bench's own: no loader, no inspector.
  return { program: process.execPath, args: [mainProgram(), engine, argument], env: { NODE_OPTIONS: '' } };
}

interface Recipe extends Omit<Contender, 'subject' | 'command'> {
  readonly name: string;
  /** In drivers/main.ts. */
  readonly engine: string;
  /** Packages whose files are its code, the one that is asked for its version first. */
  readonly packages: readonly string[];
  readonly cure: string;
  readonly details?: Readonly<Record<string, string>>;
}

const rebuild =
  'run: npm ci, and then: npm rebuild hnswlib-node (it compiles itself, so it wants g++ and python3)';

const recipes: readonly Recipe[] = [
  {
    name: 'hnswlib-node',
    engine: 'hnswlib-node',
    packages: ['hnswlib-node'],
    cure: rebuild,
    effort: 'candidates',
    standard: { m: 16, efConstruction: 200 },
    grid: gridOf('m', [16, 32], [200, 400]),
    oneThread: 'it works on the thread that calls it',
  },
  {
    name: 'usearch',
    engine: 'usearch',
    packages: ['usearch'],
    cure: 'run: npm ci',
    effort: 'candidates',
    standard: { m: 16, efConstruction: 128 },
    grid: gridOf('m', [16, 32], [128, 256, 512]),
  },
  {
    name: '@ruvector/core',
    engine: 'ruvector-core',
    packages: ['@ruvector/core'],
    cure: 'run: npm ci',
    details: { note: "another project's package of npm, of a similar name" },
    effort: 'candidates',
    costlyEffort: true,
    exclusive: true,
    standard: { m: 16, efConstruction: 200 },
    grid: gridOf('m', [16, 32], [200]),
  },
];

const lance: Omit<Recipe, 'cure'> = {
  name: 'LanceDB',
  engine: 'lancedb',
  packages: ['@lancedb/lancedb'],
  details: { index: 'HNSW-SQ in one partition, refine factor 2' },
  effort: 'candidates',
  standard: { m: 20, efConstruction: 300 },
  grid: gridOf('m', [20, 32], [150, 300]),
};

async function findPeer(
  { name, engine, packages, cure, details = {}, ...traits }: Recipe,
  directory: string,
  signal: AbortSignal,
): Promise<Contender | AbsentPeer> {
  try {
    const require = createRequire(join(directory, 'package.json'));
    const roots = packages.map((each) => findPackage(require.resolve(each), each));
    // What a package of npm installs beside itself for this platform is part of it.
    const beside = roots.flatMap(({ root }) => platformFiles(root));
    const files = [...roots.flatMap(({ root }) => listFiles(root, isCode)), ...beside];
    const contender: Contender = {
      ...traits,
      subject: {
        name,
        version: roots[0]?.version ?? 'unknown',
        fingerprint: hashFiles(directory, files),
        details,
      },
      command: nodeCommand(engine, directory),
    };
    await using started = await DriverProcess.start(contender, { signal });
    void started;
    return contender;
  } catch (error) {
    throwIfAborted(signal);
    const [first = ''] = (error as Error).message.trim().split('\n');
    return { name, reason: `it does not start: ${first.slice(0, 200)}`, cure };
  }
}

/** Code of the optional dependencies of a package that are installed. */
function platformFiles(root: string): readonly string[] {
  const require = createRequire(join(root, 'package.json'));
  const { optionalDependencies = {} } = require('./package.json') as {
    optionalDependencies?: Record<string, string>;
  };
  const folders = require.resolve.paths('x') ?? [];
  return Object.keys(optionalDependencies).flatMap((name) => {
    const found = folders.map((folder) => join(folder, name)).find((folder) => existsSync(folder));
    return found === undefined ? [] : listFiles(found, (path) => path.endsWith('.node'));
  });
}

export interface PackagedContext extends Pick<PlanContext, 'signal' | 'env'> {
  /** Of the repository. */
  readonly repository: string;
}

/** All peers of npm, each present or absent. */
export async function packagedPeers(context: PackagedContext): Promise<readonly (Contender | AbsentPeer)[]> {
  const { signal, env, repository } = context;
  const { root } = findPackage(import.meta.dirname, '@ruvector/bench');
  const lanceFolder = env.LANCEDB_DIR || join(repository, '.cache', 'lancedb');
  const cure =
    'npm install --prefix .cache/lancedb @lancedb/lancedb@0.37.1 apache-arrow@18.1.0, or set LANCEDB_DIR to a folder that has them';
  const found: (Contender | AbsentPeer)[] = [];
  for (const recipe of recipes) found.push(await findPeer(recipe, root, signal));
  found.push(await findPeer({ ...lance, cure }, lanceFolder, signal));
  return found;
}

/** Ours: what each kind is tried with. */
const ours: Readonly<Record<OurKind, Pick<Contender, 'effort' | 'standard' | 'grid' | 'opens'>>> = {
  qg: qgTraits([32, 64]),
  // Its floats stay in the file.
  'qg balanced': { ...qgTraits([32, 64]), opens: 'view' },
  'qg compact': qgTraits([32, 64]),
  hnsw: {
    effort: 'candidates',
    standard: { m: 16, efConstruction: 200 },
    grid: gridOf('m', [12, 16, 24, 32], [100, 200, 400]),
  },
  ivf: { effort: 'lists', standard: {}, grid: [{}] },
  flat: { effort: 'candidates', standard: {}, grid: [{}] },
};

function qgTraits(degrees: readonly number[]): Pick<Contender, 'effort' | 'standard' | 'grid'> {
  return {
    effort: 'candidates',
    standard: { degree: 32, efConstruction: 128 },
    grid: gridOf('degree', degrees, [128, 200, 400]),
  };
}

/** The files of our packages that an index is made of. */
async function ourSubject(): Promise<Subject> {
  const { capabilities, fallbackReason } = await import('@ruvector/hnsw');
  const reason = fallbackReason();
  const roots = ['@ruvector/hnsw', '@ruvector/quant', '@ruvector/core-simd'].map((name) =>
    findPackage(dirname(fileURLToPath(import.meta.resolve(name))), name),
  );
  const hashes = roots.map(({ root }) =>
    hashFiles(
      root,
      listFiles(root, (path) => isCode(path) && !/\.(ts|mjs)$/.test(path)),
    ),
  );
  return {
    name: 'ruvector',
    version: roots[0]?.version ?? 'unknown',
    fingerprint: hashes.join('-'),
    details: { ...capabilities(), ...(reason === undefined ? {} : { reason }) },
  };
}

/**
 * Our kinds, all one subject.
 *
 * @throws BenchError `BENCH_NOT_BUILT`
 */
export async function ourContenders(signal: AbortSignal): Promise<ReadonlyMap<OurKind, Contender>> {
  try {
    const subject = await ourSubject();
    const all = new Map(
      (Object.keys(ours) as OurKind[]).map((kind) => [
        kind,
        { subject, kind, command: nodeCommand('ours', kind), ...ours[kind] } satisfies Contender,
      ]),
    );
    await using started = await DriverProcess.start(all.get('qg') as Contender, { signal });
    void started;
    return all;
  } catch (cause) {
    throwIfAborted(signal);
    const message = `@ruvector/hnsw does not load (${(cause as Error).message}); run: npm run build`;
    throw new BenchError('BENCH_NOT_BUILT', message, { cause });
  }
}
