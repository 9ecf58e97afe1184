import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../src/random.js';
import type { BenchReport } from '../src/report.js';
import { runSuite } from '../src/runner.js';
import type { Suite } from '../src/suite.js';
import { probeServer } from '../src/suites/pg/contender.js';
import { ourStage, readStage, type Stage } from '../src/suites/pg/stages.js';
import { checkOverflow } from '../src/suites/pg-hnsw/build.js';
import { buildMemory } from '../src/suites/pg-hnsw/building.js';
import { makeCases, type Scale, type Workload } from '../src/suites/pg-hnsw/cases.js';
import { cosine, type Dataset, l2 } from '../src/suites/pg-hnsw/dataset.js';
import { newDirectory, sweepDirectories } from '../src/suites/pg-hnsw/directory.js';
import { pgHnswSuite, planFor, requireHnsw } from '../src/suites/pg-hnsw/index.js';
import { distancesIn, findEf, indexScanOf } from '../src/suites/pg-hnsw/searching.js';
import { exactDistance, kthDistances, recallOf, type Truth } from '../src/suites/pg-hnsw/truth.js';
import { validateReport } from '../src/validate.js';
import { runOptions, temporaryDirectory } from './fake-suite.js';

const { signal } = new AbortController();

const DIMENSIONS = 48;

const normal = (seed: number, rows: number): Float32Array =>
  new Random(seed).fillNormal(new Float32Array(rows * DIMENSIONS));

/** Small and easy: every graph that is not broken has nearly all neighbours. */
const dataset: Dataset = {
  name: 'Normal',
  id: 'normal',
  identity: 'normal, seeds 1 and 2',
  dimensions: DIMENSIONS,
  distance: l2,
  rows: 1200,
  queries: 40,
  load: async () => ({ rows: normal(1, 2000), queries: normal(2, 40) }),
};

const scale: Scale = {
  budget: { rounds: 1, warmups: 0, minTimeMs: 0.01 },
  builds: { rounds: 1, warmups: 0 },
  inserts: { rounds: 1, warmups: 0, minTimeMs: 0 },
  batchMs: 1,
  clientBatch: 10,
  insertedRows: 50,
  pacedRows: 10,
  base: 500,
  spare: 400,
  growthQueries: 20,
};

const workload: Workload = {
  dataset,
  indexes: [{ efConstruction: 64, workers: [1, 0], memory: [], recalls: [0.9] }],
  growth: true,
};

describe('the truth', () => {
  const rows = Float32Array.from({ length: 40 }, (_, i) => (i * 7) % 40);
  const truth = async (): Promise<Truth> => {
    const queries = Float32Array.of(0.25, 17.75);
    const kth = await kthDistances(rows, queries, 1, l2, signal);
    return { distance: l2, dimensions: 1, rows, queries, kth };
  };
  const idOf = (value: number): number => rows.indexOf(value);

  it('is the distance of the tenth neighbour', async () => {
    const { kth } = await truth();
    expect([...(kth as Float64Array)]).toEqual([(9 - 0.25) ** 2, (17.75 - 13) ** 2]);
  });

  it.each([l2, cosine])('is that of a plain search under $operator', async (distance) => {
    const some = normal(3, 500);
    const queries = normal(4, 3);
    const kth = await kthDistances(some, queries, DIMENSIONS, distance, signal);
    for (let query = 0; query < 3; query++) {
      const vector = queries.subarray(query * DIMENSIONS, (query + 1) * DIMENSIONS);
      const all = Array.from({ length: 500 }, (_, row) =>
        exactDistance(distance)(vector, some.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS)),
      ).sort((a, b) => a - b);
      expect(kth[query]).toBeCloseTo(all[9] as number, 6);
    }
  });

  it('counts what is not farther than that', async () => {
    const right = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(idOf);
    const other = [18, 17, 19, 16, 20, 15, 21, 14, 30, 31].map(idOf);
    expect(recallOf('rival', [right, other], await truth())).toBe(18 / 20);
  });

  it.each([
    ['too few rows', [0, 1], '2 rows instead of 10'],
    ['a row twice', [0, 1, 2, 3, 4, 5, 6, 7, 8, 8], 'a row twice'],
    ['a wrong order', [1, 0, 2, 3, 4, 5, 6, 7, 8, 9], 'after a farther one'],
  ])('accepts no answer with %s', async (_what, values, message) => {
    const known = await truth();
    expect(() => recallOf('rival', [values.map(idOf)], known)).toThrow(
      expect.objectContaining({ code: 'BENCH_DISAGREEMENT', message: expect.stringContaining(message) }),
    );
  });

  it('accepts no row that is not there', async () => {
    const known = await truth();
    const ids = [...[0, 1, 2, 3, 4, 5, 6, 7, 8].map(idOf), 40];
    expect(() => recallOf('rival', [ids], known)).toThrow(/row 40, which is not there/);
  });

  it('takes no time once the run is interrupted', async () => {
    await expect(kthDistances(rows, rows, 1, l2, AbortSignal.abort())).rejects.toMatchObject({
      code: 'BENCH_ABORTED',
    });
  });
});

describe('findEf', () => {
  const saturating = (ef: number): number => ef / (ef + 9);

  it.each([0.6, 0.9, 0.95, 0.99])('finds the least ef_search with recall %s, to 2 %%', async (target) => {
    const asked: number[] = [];
    const found = await findEf(
      target,
      async (ef) => {
        asked.push(ef);
        return saturating(ef);
      },
      signal,
    );
    const ef = 'ef' in found ? found.ef : Number.NaN;
    const least = Math.max(10, Math.ceil((9 * target) / (1 - target) - 1e-9));
    expect(ef).toBeGreaterThanOrEqual(least);
    expect(ef).toBeLessThanOrEqual(Math.max(least + 1, least * 1.02 + 1));
    expect(asked.length).toBeLessThan(25);
  });

  it('tells the best recall where the target is out of reach', async () => {
    expect(await findEf(0.995, async (ef) => saturating(ef), signal)).toEqual({ best: saturating(1000) });
  });
});

describe('the plan', () => {
  const scan = { 'Node Type': 'Index Scan', 'Index Name': 'i', 'Shared Hit Blocks': 5 };

  it('must scan the index', () => {
    const plans = [{ Plan: { 'Node Type': 'Limit', Plans: [scan] } }];
    expect(indexScanOf('rival', 'i', plans)).toBe(scan);
    expect(() => indexScanOf('rival', 'j', plans)).toThrow(/expected an index scan of j, got Limit > Index/);
  });

  it('must not sort', () => {
    expect(() => indexScanOf('rival', 'i', [{ Plan: { 'Node Type': 'Sort', Plans: [scan] } }])).toThrow(
      expect.objectContaining({ code: 'BENCH_DISAGREEMENT' }),
    );
  });
});

describe('the counters of a scan', () => {
  it('are those of the index, over several messages', () => {
    const message = (index: string, distances: number): string =>
      `hnsw scan of "${index}": ${distances} distances, 7 hops, 30 pages, 10 tuples`;
    const notices = ['StartTransaction', message('a', 100), message('b', 1), message('a', 23)];
    expect(distancesIn('a', notices)).toBe(123);
    expect(distancesIn('c', notices)).toBeUndefined();
  });
});

describe('the memory of a build', () => {
  it('grows with the share of the rows, and is ample without one', () => {
    const shares = [0.25, 0.5, 0.75].map((share) => buildMemory(dataset, 100_000, share));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(buildMemory(dataset, 100_000, undefined)).toBeGreaterThan((shares[1] as number) * 3);
  });

  it.each([undefined, 100, 1500])('is not what the case says when it ended after %s rows of 1000', (rows) => {
    expect(() => checkOverflow('rival', rows, 1000)).toThrow(/ran out of memory after/);
  });

  it('is what the case says when it ended near there', () => {
    expect(() => checkOverflow('rival', 900, 1000)).not.toThrow();
  });
});

describe('the cases', () => {
  const cases = makeCases(
    [
      {
        ...workload,
        indexes: [
          { efConstruction: 200, workers: [1, 0], memory: [], recalls: [0.95] },
          { efConstruction: 64, workers: [1, 0], memory: [0.25, 0.5, 0.75], recalls: [0.9, 0.95] },
        ],
      },
    ],
    scale,
  );
  const names = cases.map(({ name }) => name);

  it('have names of their own', () => {
    expect(new Set(names).size).toBe(names.length);
  });

  it('search an index right after the serial build that makes it', () => {
    expect(names.slice(0, 3)).toEqual([
      'build Normal, ef_construction 200, 1 worker',
      'build Normal, ef_construction 200, serial',
      'search Normal, ef_construction 200, recall .95',
    ]);
    expect(names.indexOf('search Normal, recall .9')).toBe(names.indexOf('build Normal, serial') + 1);
  });

  it('start the servers again only at the end, once for each size', () => {
    const buffers = names.map((name) => /shared_buffers .*/.exec(name)?.[0] ?? '2GB');
    expect([...new Set(buffers)]).toEqual(buffers.filter((each, i) => each !== buffers[i - 1]));
    expect(buffers.at(-1)).toBe('shared_buffers 1/8 of the index');
  });
});

describe('the directories of clusters', () => {
  it('are removed when their process is gone, and no sooner', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const own = newDirectory('test');
    const stale = join(tmpdir(), `ruvector-bench-${pid}-test-0`);
    for (const directory of [own, stale]) mkdirSync(join(directory, 'base'), { recursive: true });
    try {
      await sweepDirectories();
      expect([existsSync(own), existsSync(stale)]).toEqual([true, false]);
    } finally {
      for (const directory of [own, stale]) rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe('a staged tree', () => {
  it('without the access method is an error', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'vector.control'), "default_version = '0.4.4'\n");
    writeFileSync(join(directory, 'vector.so'), '');
    writeFileSync(join(directory, 'vector--0.4.4.sql'), 'CREATE ACCESS METHOD ivfflat TYPE INDEX');
    expect(() => requireHnsw(readStage('pgvector', directory))).toThrow(
      expect.objectContaining({
        code: 'BENCH_NOT_BUILT',
        message: expect.stringContaining('no access method'),
      }),
    );
  });
});

/** A build with the access method, to be measured against itself: ours, else pgvector's. */
async function findStage(): Promise<Stage | undefined> {
  const { majorVersion } = await probeServer(signal);
  const candidates = [
    () => ourStage(majorVersion, process.env),
    () => readStage('pgvector', process.env.PGVECTOR_STAGE ?? ''),
  ];
  for (const find of candidates)
    try {
      const stage = find();
      requireHnsw(stage);
      return stage;
    } catch {
      // Not built, or without it.
    }
  return undefined;
}

const stage = await findStage();

describe.skipIf(stage === undefined)('a build against itself', () => {
  const env = { RUVECTOR_STAGE: stage?.directory, PGVECTOR_STAGE: stage?.directory };
  const suite: Suite = { ...pgHnswSuite, plan: (context) => planFor([workload], scale, context) };
  const steps = new Set<string>();
  let report: BenchReport;

  beforeAll(async () => {
    const onProgress = ({ step = '' }): void => void steps.add(step);
    report = await runSuite(suite, runOptions(temporaryDirectory(), { env, onProgress }));
  }, 240_000);

  it('measures every case', () => {
    expect(report.failures).toEqual([]);
    expect(validateReport(report)).toEqual([]);
    expect([...new Set(report.results.map((result) => result.case))]).toEqual(
      makeCases([workload], scale).map(({ name }) => name),
    );
  });

  it('reaches the recall that the case is named after, on both sides', () => {
    const found = report.results.filter(
      (result) => result.metric === 'recall' && result.case.includes('recall .9,'),
    );
    for (const { ours, peers } of found)
      for (const recall of [ours, peers.pgvector]) expect(recall).toBeGreaterThanOrEqual(0.9);
  });

  it('counts the same on both sides, but for the levels that are drawn', () => {
    const counts = report.results.filter(({ metric }) => ['index', 'pins', 'wal'].includes(metric));
    expect(counts.length).toBeGreaterThan(5);
    for (const { case: name, metric, ratio } of counts) {
      expect(ratio, `${name}: ${metric}`).toBeGreaterThan(0.75);
      expect(ratio, `${name}: ${metric}`).toBeLessThan(1.33);
    }
  });

  it('writes more for an insert right after a checkpoint', () => {
    const wal = (name: string): number =>
      report.results.find((result) => result.case === name && result.metric === 'wal')?.ours ?? Number.NaN;
    expect(wal('insert Normal, after a checkpoint')).toBeGreaterThan(1.5 * wal('insert Normal'));
  });

  it('reads from beyond shared buffers only where they are small', () => {
    const reads = report.results.filter(({ metric }) => metric === 'reads').map(({ ours }) => ours);
    expect(reads).toEqual([0, expect.any(Number)]);
    expect(reads[1]).toBeGreaterThan(0);
  });

  it('builds an index once for all cases that search it', () => {
    const builds = [...steps].filter((step) => / builds an index on items_normal .*serial/.test(step));
    expect(builds).toHaveLength(2);
  });
});

describe.skipIf(stage === undefined)('without a peer', () => {
  it('names pgvector as absent', async () => {
    const env = { RUVECTOR_STAGE: stage?.directory };
    const plan = await planFor([workload], scale, { mode: 'quick', signal, env });
    expect(plan.peers).toEqual([]);
    expect(plan.absent.map(({ name }) => name)).toEqual(['pgvector']);
  });
});
