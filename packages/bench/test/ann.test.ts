import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { plotCurves } from '../src/plots/ann-curves.js';
import { runSuite } from '../src/runner.js';
import type { Suite } from '../src/suite.js';
import { BuildStore } from '../src/suites/ann/builds.js';
import type { Scale } from '../src/suites/ann/cases.js';
import { type Contender, describeSettings, gridOf, type OurKind } from '../src/suites/ann/contender.js';
import { type AnnCorpus, fromCorpus, prefixOf, readFloats, shortCount } from '../src/suites/ann/data.js';
import { DriverProcess } from '../src/suites/ann/driver-process.js';
import { parseKind } from '../src/suites/ann/drivers/ours.js';
import { annSuite, planFor } from '../src/suites/ann/index.js';
import { nativePeers } from '../src/suites/ann/native.js';
import { nodeCommand, packagedPeers } from '../src/suites/ann/packaged.js';
import { ProcessPool } from '../src/suites/ann/pool.js';
import { choose } from '../src/suites/ann/settings.js';
import { Generator, syntheticCorpus, syntheticDefaults } from '../src/suites/ann/synthetic.js';
import { findNeighbours, recallIn } from '../src/suites/ann/truth.js';
import { candidateScale, coarseScale, exponentOf, leastEffort } from '../src/suites/ann/tuning.js';
import { distanceOf } from '../src/suites/quant/corpora.js';
import { validateReport } from '../src/validate.js';
import { runOptions, temporaryDirectory } from './fake-suite.js';

const signal = new AbortController().signal;
const told = { signal, step: () => {} };
const here = import.meta.dirname;
const brute = pathToFileURL(join(here, 'ann', 'brute-engine.mjs')).href;

const options = {
  ...syntheticDefaults,
  rows: 1200,
  queries: 40,
  dimensions: 24,
  latent: 8,
  hidden: 16,
  clusters: 10,
};
const corpus = syntheticCorpus(options);

function contender(name: string, fault = '', traits: Partial<Contender> = {}): Contender {
  return {
    subject: { name, version: '1', fingerprint: `${name} ${fault}` },
    command: nodeCommand(brute, fault),
    effort: 'candidates',
    standard: { m: 8, efConstruction: 50 },
    grid: gridOf('m', [8, 16], [50]),
    ...traits,
  };
}

async function neighboursOf(each: AnnCorpus, directory: string) {
  const files = await each.files(directory, told);
  return { files, neighbours: await findNeighbours(each, files, told) };
}

async function floatsOf(path: string, count: number): Promise<Float32Array> {
  const file = await open(path);
  try {
    return await readFloats(file, 0, count);
  } finally {
    await file.close();
  }
}

describe('synthetic vectors', () => {
  it('are the same each time, any block by itself', () => {
    const [a, b] = [new Generator(options), new Generator(options)];
    expect(b.block(3, 5)).toEqual(a.block(3, 5));
    expect(a.block(0, 10).subarray(0, 5 * 24)).toEqual(b.block(0, 5));
    expect(a.block(1, 5)).not.toEqual(a.block(0, 5));
    expect(new Generator({ ...options, seed: 1 }).block(0, 5)).not.toEqual(a.block(0, 5));
  });

  it('continue a file that was cut off, to the same bytes', async () => {
    const [first, second] = [temporaryDirectory(), temporaryDirectory()];
    const whole = await corpus.files(first, told);
    const bytes = readFileSync(whole.rows);
    expect(bytes).toHaveLength(4 * 1200 * 24);
    const cut = whole.rows.replace(first, second);
    writeFileSync(`${cut}.partial`, bytes);
    truncateSync(`${cut}.partial`, 4 * 1010 * 24);
    expect(readFileSync((await corpus.files(second, told)).rows).equals(bytes)).toBe(true);
    expect(readdirSync(second).some((name) => name.includes('partial'))).toBe(false);
  });
});

describe('corpora as files', () => {
  const made = fromCorpus({
    name: 'words',
    identity: 'x',
    dimensions: 3,
    metric: 'l2sq',
    rows: 4,
    queries: 1,
    load: async () => ({
      rows: Float32Array.from({ length: 12 }, (_, i) => i),
      queries: Float32Array.of(1, 2, 3),
    }),
  });

  it('hold the vectors', async () => {
    const files = await made.files(temporaryDirectory(), told);
    expect(await floatsOf(files.rows, 12)).toEqual(Float32Array.from({ length: 12 }, (_, i) => i));
    expect(await floatsOf(files.queries, 3)).toEqual(Float32Array.of(1, 2, 3));
    await expect(floatsOf(files.queries, 4)).rejects.toThrow(/ends before value 4/);
  });

  it('have prefixes with names', () => {
    expect([shortCount(1_000_000), shortCount(30_000), shortCount(1234)]).toEqual(['1M', '30k', '1234']);
    const prefix = prefixOf(corpus, 1000);
    expect([prefix.name, prefix.rows, prefix.whole]).toEqual(['synthetic 1k', 1000, corpus]);
    expect(prefixOf(prefix, 500).whole).toBe(corpus);
    expect(prefixOf(corpus, 5000)).toBe(corpus);
  });
});

describe('exact neighbours', () => {
  it('are those of a search in double precision, of a prefix too', async () => {
    const directory = temporaryDirectory();
    for (const each of [corpus, prefixOf(corpus, 300)]) {
      const { files, neighbours } = await neighboursOf(each, directory);
      const rows = await floatsOf(files.rows, each.rows * 24);
      const queries = await floatsOf(files.queries, 40 * 24);
      for (let query = 0; query < 40; query++) {
        const all = Array.from({ length: each.rows }, (_, row) =>
          distanceOf(queries.subarray(query * 24, query * 24 + 24), rows.subarray(row * 24, row * 24 + 24)),
        );
        expect(neighbours.distances[query]).toEqual(all.toSorted((a, b) => a - b).slice(0, 100));
        expect(neighbours.indices[query]?.map((row) => all[row])).toEqual(neighbours.distances[query]);
      }
    }
  });

  it('give a recall, and refuse answers that no search gives', async () => {
    const { files, neighbours } = await neighboursOf(corpus, temporaryDirectory());
    const right = neighbours.indices.map((each) => each.slice(0, 10));
    const recall = (answers: readonly (readonly number[])[]) =>
      recallIn('it', answers, corpus, files, neighbours);
    expect(await recall(right)).toBe(1);
    // The eleventh in the place of the tenth, in order.
    const off = neighbours.indices.map((each) => [...each.slice(0, 9), each[10] as number]);
    expect(await recall(off)).toBeCloseTo(0.9, 10);
    await expect(recall(right.map((each) => each.toReversed()))).rejects.toThrow(/after a farther one/);
    await expect(recall(right.map((each) => [...each.slice(0, 9), 1200]))).rejects.toThrow(/row 1200/);
    await expect(recall(right.map((each) => each.slice(0, 9)))).rejects.toThrow(/9 rows instead of 10/);
  });
});

describe('the least effort', () => {
  const asked: number[] = [];
  const recall = async (effort: number): Promise<number> => {
    asked.push(effort);
    return 1 - 1 / effort;
  };

  it('is found to 2 %', async () => {
    const found = await leastEffort(0.99, candidateScale, recall, signal);
    expect('effort' in found && found.effort).toBeGreaterThanOrEqual(100);
    expect('effort' in found && found.effort).toBeLessThanOrEqual(102);
  });

  it('is one of the grid where efforts are costly', async () => {
    asked.length = 0;
    expect(await leastEffort(0.95, coarseScale, recall, signal)).toEqual({ effort: 20 });
    expect(asked).toEqual([10, 20]);
  });

  it('is none where the recall is out of reach', async () => {
    const found = await leastEffort(0.99999, candidateScale, recall, signal);
    expect('best' in found && found.best).toBeCloseTo(1 - 1 / 8000, 3);
  });
});

describe('settings', () => {
  it('are tried from the cheapest build on', () => {
    expect(gridOf('m', [12, 16], [100, 200]).map(describeSettings)).toEqual([
      'm 12, efConstruction 100',
      'm 16, efConstruction 100',
      'm 12, efConstruction 200',
      'm 16, efConstruction 200',
    ]);
  });

  it('are the cheapest of those that are nearly the fastest', () => {
    const tried = [
      { settings: { m: 8 }, qps: 80, build: 1 },
      { settings: { m: 12 }, qps: 98, build: 3 },
      { settings: { m: 16 }, qps: 100, build: 5 },
      { settings: { m: 24 }, qps: 99, build: 2 },
    ];
    expect(choose(tried)).toEqual({ m: 24 });
    expect(choose([{ settings: {}, qps: 0, build: 1 }])).toBeUndefined();
  });

  it('of ours are kinds and modes', () => {
    expect(parseKind('qg balanced')).toEqual({ kind: 'qg', mode: 'balanced' });
    expect(parseKind('ivf')).toEqual({ kind: 'ivf', mode: 'fast' });
    expect(() => parseKind('tree')).toThrow(/tree/);
  });
});

it('an exponent is the slope of logarithms', () => {
  const points = [10, 100, 1000].map((x) => [x, 3 * x ** 0.4] as const);
  expect(exponentOf(points)).toBeCloseTo(0.4, 10);
});

describe('builds', () => {
  const limits = { limitSeconds: 60, checkpointSeconds: 0 };
  const build = { contender: contender('rival'), corpus, settings: { m: 8 }, threads: 1 };

  it('are made once for everything that they depend on', async () => {
    const directory = temporaryDirectory();
    const files = await corpus.files(join(directory, 'data'), told);
    const steps: string[] = [];
    const say = { signal, step: (what: string) => void steps.push(what) };
    const ensure = (more: object = {}) =>
      new BuildStore(directory, limits).ensure({ ...build, ...more }, files, undefined, say);
    const first = await ensure();
    expect(await ensure()).toEqual(first);
    expect(steps).toEqual(['rival builds synthetic 1200, m 8']);
    expect(existsSync(first.file)).toBe(true);
    const other = await ensure({ threads: 2 });
    expect(existsSync(other.file)).toBe(false);
    expect((await ensure({ settings: { m: 9 } })).file).not.toBe(first.file);
    expect(steps).toHaveLength(3);
  });

  it('go on after an interruption, to the same index', async () => {
    const directory = temporaryDirectory();
    const files = await corpus.files(join(directory, 'data'), told);
    const store = new BuildStore(directory, limits);
    const stops = { ...build, contender: contender('stops', 'stop') };
    await expect(store.ensure(stops, files, undefined, told)).rejects.toThrow(/stops ended/);
    const kept = readdirSync(join(directory, 'files'));
    expect(kept.filter((name) => name.endsWith('.500.partial'))).toHaveLength(1);
    const { file, wall } = await store.ensure(stops, files, undefined, told);
    expect(wall).toBeGreaterThan(0);
    expect(readdirSync(join(directory, 'files'))).toHaveLength(1);
    const whole = await store.ensure(build, files, undefined, told);
    expect(readFileSync(file).equals(readFileSync(whole.file))).toBe(true);
  });

  it('that take too long are ended, by name', async () => {
    const directory = temporaryDirectory();
    const files = await corpus.files(join(directory, 'data'), told);
    const store = new BuildStore(directory, { limitSeconds: 0.5, checkpointSeconds: 300 });
    const slow = { ...build, contender: contender('slow', 'sleep') };
    await expect(store.ensure(slow, files, undefined, told)).rejects.toThrow(/slow did not build/);
  });
});

describe('the pool', () => {
  it('ends what was used longest ago, and starts again what has failed', async () => {
    const directory = temporaryDirectory();
    const files = await corpus.files(join(directory, 'data'), told);
    const store = new BuildStore(directory, { limitSeconds: 60, checkpointSeconds: 300 });
    const index = async (name: string) => {
      const settings = { m: 8 };
      const each = contender(name);
      const { file, key } = await store.ensure(
        { contender: each, corpus, settings, threads: 1 },
        files,
        undefined,
        told,
      );
      return { contender: each, corpus, settings, file, key, bytes: 2 ** 27 };
    };
    const [a, b, c] = [await index('a'), await index('b'), await index('c')];
    await using pool = new ProcessPool(2 ** 29 + 2 ** 27, signal);
    const first = await pool.acquire(a, files, undefined);
    await pool.acquire(b, files, undefined);
    expect((await pool.acquire(a, files, undefined)).process).toBe(first.process);
    await pool.acquire(c, files, undefined);
    expect(pool.size).toBe(2);
    // b was the oldest.
    expect((await pool.acquire(a, files, undefined)).process).toBe(first.process);
    first.process.kill();
    await expect(first.process.found(10, 100)).rejects.toThrow(/a ended/);
    const again = await pool.acquire(a, files, undefined);
    expect(again.process).not.toBe(first.process);
    expect(await again.process.found(10, 100)).toHaveLength(40);
  });
});

describe('drivers in C++', () => {
  let program = '';
  const compiler = process.env.CXX || 'g++';
  const there = (() => {
    try {
      execFileSync(compiler, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  })();

  beforeAll(() => {
    if (!there) return;
    const folder = join(here, '..', '..', '..', '.cache', 'bench', 'test-programs');
    mkdirSync(folder, { recursive: true });
    program = join(folder, `brute-${process.pid}`);
    const source = join(here, 'ann', 'brute.cpp');
    execFileSync(compiler, [
      '-std=c++17',
      '-O1',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-pthread',
      source,
      '-o',
      program,
    ]);
    return () => execFileSync('rm', ['-f', program]);
  });

  it.runIf(there)('answer as those in JavaScript do', async () => {
    const directory = temporaryDirectory();
    const files = await corpus.files(directory, told);
    const answers = [];
    for (const each of [
      contender('native', '', { command: { program, args: [] } }),
      contender('script', ''),
    ]) {
      await using process = await DriverProcess.start(each, { signal });
      await process.data(corpus, files);
      const file = join(directory, `${each.subject.name}.index`);
      const built = await process.build(file, {}, 1, 300);
      expect([built.wall, built.cpu, built.peak, built.bytes].every((figure) => figure > 0)).toBe(true);
      const { wall } = await process.load(file, {}, 'load');
      const { anonymous, mapped } = await process.memory();
      expect([wall, anonymous, mapped].every((figure) => figure >= 0)).toBe(true);
      const ask = { k: 10, effort: 50, first: 35, count: 10 };
      expect(await process.time(ask, 2, 1)).toBeGreaterThan(0);
      expect(await process.time(ask, 2, 2)).toBeGreaterThan(0);
      expect(await process.latencies(ask)).toHaveLength(10);
      answers.push([await process.found(10, 50), await process.found(3, 100)]);
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  it('are absent without their headers, and say how to get them', async () => {
    const [hnswlib, symphony] = await nativePeers({ signal, env: {}, directory: temporaryDirectory() });
    expect(hnswlib).toMatchObject({ name: 'hnswlib', reason: 'HNSWLIB_DIR is not set' });
    expect(symphony).toMatchObject({ cure: expect.stringMatching(/git clone .* RABITQ_LIBRARY_DIR/) });
    const env = { HNSWLIB_DIR: temporaryDirectory() };
    const [wrong] = await nativePeers({ signal, env, directory: temporaryDirectory() });
    expect(wrong).toMatchObject({ reason: 'there is no hnswlib/hnswlib.h in HNSWLIB_DIR' });
  });
});

describe('peers of npm', () => {
  it('that are here build, are opened again, and find', { timeout: 120_000 }, async () => {
    const directory = temporaryDirectory();
    const repository = join(here, '..', '..', '..');
    const found = await packagedPeers({ signal, env: process.env, repository });
    expect(found.map((each) => ('subject' in each ? each.subject.name : each.name))).toEqual([
      'hnswlib-node',
      'usearch',
      '@ruvector/core',
      'LanceDB',
    ]);
    const { files, neighbours } = await neighboursOf(corpus, join(directory, 'data'));
    for (const peer of found) {
      if (!('subject' in peer)) {
        expect(peer.reason).toMatch(/^it does not start: /);
        continue;
      }
      const { name } = peer.subject;
      const file = join(directory, name.replaceAll(/\W/g, '-'));
      {
        await using process = await DriverProcess.start(peer, { signal });
        await process.data(corpus, files);
        expect((await process.build(file, peer.standard, 1, 300)).bytes).toBeGreaterThan(4 * 1200 * 24);
      }
      await using process = await DriverProcess.start(peer, { signal });
      await process.data(corpus, files);
      await process.load(file, peer.standard, 'load');
      const recall = await recallIn(name, await process.found(10, 200), corpus, files, neighbours);
      expect(recall, name).toBeGreaterThan(0.9);
    }
  });
});

describe('the suite', () => {
  const once = { rounds: 1, warmups: 0, minTimeMs: 0 };
  const scale: Scale = {
    searches: { rounds: 2, warmups: 0, minTimeMs: 0 },
    builds: { small: 1, large: 1 },
    opens: once,
    growth: once,
    passMs: 10,
    tuningRows: 600,
    kinds: ['qg'],
    others: ['ivf'],
    recalls: [0.9],
    costlyRecalls: [0.9],
    threads: [1, 2],
    efforts: [100],
    growthSizes: { synthetic: [600, 1200] },
  };
  const kinds = new Map<OurKind, Contender>(
    (['qg', 'hnsw', 'ivf'] as const).map((kind) => [
      kind,
      contender('ruvector', '', { kind, ...(kind === 'ivf' ? { effort: 'lists' } : {}) }),
    ]),
  );
  const peers = [
    contender('rival'),
    contender('crasher', 'crash'),
    contender('liar', 'liar'),
    contender('single', 'single', { oneThread: 'it has one thread' }),
  ];

  function small(directory: string, changes: Partial<Scale> = {}): Suite {
    return {
      ...annSuite,
      plan: () =>
        planFor({
          corpora: [corpus],
          entry: { ours: kinds, peers, absent: [] },
          scale: { ...scale, ...changes },
          directory: join(directory, 'ann'),
          buildLimitSeconds: 60,
        }),
    };
  }

  it('measures every case, and names who cannot take part', { timeout: 300_000 }, async () => {
    const directory = temporaryDirectory();
    const report = await runSuite(small(directory), runOptions(directory));
    expect(report.failures).toEqual([]);
    expect(validateReport(report)).toEqual([]);
    const of = (name: string, metric: string) => {
      const found = report.results.find((each) => each.case === name && each.metric === metric);
      if (found === undefined) throw new Error(`no ${metric} of ${name}`);
      return found;
    };
    const search = 'search qg, synthetic 1200, recall .9';
    const recall = of(search, 'recall');
    expect(recall.ours).toBeGreaterThanOrEqual(0.9);
    expect(recall.peers.rival).toBe(recall.ours);
    expect(recall.absent.crasher).toMatch(/crasher ended while it was asked/);
    expect(recall.absent.liar).toMatch(/liar: query 0 gave a row twice/);
    expect(of(search, 'distances').ours).toBe(1200);
    expect(of(search, 'distances').absent.single).toBe('it does not tell');
    expect(of(search, 'p99').ours).toBeGreaterThanOrEqual(of(search, 'p50').ours);
    expect(of(`${search}, 2 threads`, 'qps').absent.single).toBe('it has one thread');
    expect(of('build qg, synthetic 1200', 'links').ours).toBe(of('settings qg, synthetic 600', 'links').ours);
    expect(of('build ivf, synthetic 1200', 'of_graph').ours).toBeGreaterThan(0);
    expect(of('call qg, synthetic 1200, k 1, effort 1', 'time').ours).toBeGreaterThan(0);
    expect(of('open ivf, synthetic 1200', 'first').ours).toBeGreaterThan(0);
    expect(of('local intrinsic dimension, synthetic 1200', 'mean').ours).toBeGreaterThan(2);
    expect(report.results.some((each) => each.case.startsWith('growth qg, synthetic 600'))).toBe(true);
    expect(of('curve qg, synthetic 1200, effort 100', 'recall').ours).toBe(1);

    const drawn = plotCurves(report);
    expect(drawn).toContain('ruvector qg, effort 100: recall 1.0000');
    expect(drawn).not.toContain('NaN');
    expect(() => plotCurves({ ...report, results: [] })).toThrow(/no curves/);
    expect(() => plotCurves({})).toThrow(/no report/);
  });

  it('draws the curves of peers once', async () => {
    const suite = small(temporaryDirectory(), { kinds: ['qg', 'hnsw'] });
    const { cases } = await suite.plan({ mode: 'quick', signal, env: {} });
    const absentIn = (name: string) => cases.find((each) => each.name === name)?.absent;
    expect(absentIn('curve qg, synthetic 1200, effort 100')).toEqual({});
    expect(absentIn('curve hnsw, synthetic 1200, effort 100')?.rival).toMatch(/first kind/);
  });
});
