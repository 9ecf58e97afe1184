import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as integrity from '@ruvector/integrity';
import { describe, expect, it } from 'vitest';
import { runSuite } from '../src/runner.js';
import type { Plan, PlanContext, Suite } from '../src/suite.js';
import { checkOurs, checkSide, weightAcross } from '../src/suites/integrity/cut.js';
import { FAMILIES, makeGraph, makeGraphs, SIZE } from '../src/suites/integrity/graphs.js';
import { integritySuite } from '../src/suites/integrity/index.js';
import { compilePeer, NativeProcess } from '../src/suites/integrity/native.js';
import { checkEigenvalue } from '../src/suites/integrity/spectral.js';
import { makeUpdates } from '../src/suites/integrity/tracker.js';
import { validateReport } from '../src/validate.js';
import { runOptions, temporaryDirectory } from './fake-suite.js';

const signal = new AbortController().signal;
/** No compiler: the peers in C and C++ are absent, and a case takes moments instead of seconds. */
const withoutCompiler = { CXX: 'no-such-compiler' };

/** The suite with next to no measuring: the cases run, the figures mean nothing. */
const brief: Suite = {
  ...integritySuite,
  plan: async (context) => {
    const plan = await integritySuite.plan(context);
    const budget = { rounds: 1, warmups: 0, minTimeMs: 0.01 };
    return { ...plan, budget, cases: plan.cases.map((item) => ({ ...item, budget })) };
  },
};

const planned = (context: Partial<PlanContext> = {}): Promise<Plan> =>
  integritySuite.plan({ mode: 'quick', signal, env: withoutCompiler, ...context });

/** A square whose lightest cut, 4, parts {0, 3} from {1, 2}; alone, node 3 would cost 4, too, and node 0 five. */
const square = {
  nodeCount: 4,
  sources: Uint32Array.of(0, 1, 2, 3),
  targets: Uint32Array.of(1, 2, 3, 0),
  weights: Float64Array.of(3, 5, 1, 4),
};

describe('the graphs', () => {
  it.each(FAMILIES)('%s: 1,000 nodes, 10,000 different edges, whole weights, connected', (family) => {
    const { nodeCount, sources, targets, weights } = makeGraph(family, 5);
    expect([nodeCount, weights.length]).toEqual([SIZE.nodes, SIZE.edges]);
    const pairs = new Set(Array.from(sources, (u, i) => [u, targets[i] as number].sort().join()));
    expect(pairs.size).toBe(SIZE.edges);
    expect(sources.every((u, i) => u !== targets[i])).toBe(true);
    expect(weights.every((weight) => Number.isInteger(weight) && weight >= 1 && weight <= 10)).toBe(true);
    expect(integrity.minCut({ nodeCount, sources, targets, weights }).components).toHaveLength(1);
  });

  it.each(FAMILIES)('%s: the same for a seed, others for another', (family) => {
    const [first, second] = makeGraphs(family, 5, 2);
    expect(first).toEqual(makeGraph(family, 5));
    expect(second).toEqual(makeGraph(family, 6));
    expect(second).not.toEqual(first);
  });

  it('have the cuts that their families are there for', () => {
    for (const seed of [1, 2, 3]) {
      expect(integrity.minCut(makeGraph('random', seed)).side).toHaveLength(1);
      expect(integrity.minCut(makeGraph('power-law', seed)).side).toHaveLength(1);
      const planted = integrity.minCut(makeGraph('planted', seed));
      expect([...planted.side]).toEqual(Array.from({ length: 500 }, (_, i) => i));
      const ring = integrity.minCut(makeGraph('ring', seed));
      expect([ring.side.length % 25, ring.edges.length]).toEqual([0, 8]);
      const regular = makeGraph('regular', seed);
      const degrees = new Uint32Array(1000);
      for (const end of [...regular.sources, ...regular.targets]) degrees[end] = (degrees[end] as number) + 1;
      expect(new Set(degrees)).toEqual(new Set([20]));
      expect(integrity.minCut(regular)).toMatchObject({ value: 20, side: Uint32Array.of(0) });
    }
  });

  it('have power-law degrees: some nodes with many times the edges of most', () => {
    const { sources, targets } = makeGraph('power-law', 1);
    const degrees = new Uint32Array(SIZE.nodes);
    for (const node of [...sources, ...targets]) degrees[node] = (degrees[node] as number) + 1;
    degrees.sort();
    expect(degrees[500]).toBeLessThan(20);
    expect(degrees[999]).toBeGreaterThan(90);
  });
});

describe('the verification of cuts', () => {
  const cut = integrity.minCut(square);

  it('adds up the edges with one end inside', () => {
    expect(weightAcross(square, [0, 3])).toBe(4);
    expect(weightAcross(square, [1])).toBe(8);
  });

  it('takes a cut that is one', () => {
    expect(() => checkOurs(square, cut)).not.toThrow();
    expect(() => checkSide('rival', square, 8, [1])).not.toThrow();
  });

  const refused = expect.objectContaining({ code: 'BENCH_DISAGREEMENT' });
  it.each([
    ['a weight that is not that of the side', () => checkSide('rival', square, 3, [1])],
    ['a side of no nodes', () => checkSide('rival', square, 0, [])],
    ['a side of all nodes', () => checkSide('rival', square, 0, [0, 1, 2, 3])],
    ['a witness that lacks an edge', () => checkOurs(square, { ...cut, edges: cut.edges.subarray(1) })],
    ['an inexact value', () => checkOurs(square, { ...cut, exact: false })],
  ])('refuses %s', (_what, check) => {
    expect(check).toThrow(refused);
  });

  it('takes an eigenvalue within the tolerance of the proved bounds, and no other', () => {
    const proved = { lower: 2, upper: 2.001 };
    expect(() => checkEigenvalue('rival', 2.002, proved)).not.toThrow();
    expect(() => checkEigenvalue('rival', 2.01, proved)).toThrow(refused);
    expect(() => checkEigenvalue('rival', 1.99, proved)).toThrow(refused);
    expect(() => checkEigenvalue('rival', Number.NaN, proved)).toThrow(refused);
  });
});

describe('the updates', () => {
  it('give existing edges new weights, the same ones each time', () => {
    const graph = makeGraph('ring', 1);
    const updates = makeUpdates(graph, 7, 300);
    expect(makeUpdates(graph, 7, 400).slice(0, 300)).toEqual(updates);
    for (const { edge, u, v, weight } of updates) {
      expect([graph.sources[edge], graph.targets[edge]]).toEqual([u, v]);
      expect(weight).toBeGreaterThanOrEqual(1);
      expect(weight).toBeLessThanOrEqual(10);
    }
    expect(new Set(updates.map(({ edge }) => edge)).size).toBeGreaterThan(250);
  });
});

describe('suite integrity', () => {
  it('measures every kind of case, without peers, and gives a valid report', async () => {
    const chosen = [
      'min cut, planted',
      'tracker exact, ring',
      'tracker interval, ring',
      'lambda2, ring',
      'gate check, throttle',
      'state machine, noise',
      'append, memory',
      'append, file, fsync always',
      'verify log, every signature',
      'Ed25519 sign',
      'SHA-256',
    ];
    const select = (name: string): boolean => chosen.includes(name);
    const report = await runSuite(brief, runOptions(temporaryDirectory(), { select, env: withoutCompiler }));
    expect(report.failures).toEqual([]);
    expect(validateReport(report)).toEqual([]);
    expect([...new Set(report.results.map((result) => result.case))]).toEqual(chosen);
    const figure = (name: string, metric: string): number =>
      report.results.find((result) => result.case === name && result.metric === metric)?.ours ?? Number.NaN;
    expect(figure('gate check, throttle', 'allowed')).toBeGreaterThan(70);
    expect(figure('lambda2, ring', 'error')).toBeLessThanOrEqual(0.1);
    expect(figure('append, memory', 'bytes')).toBe(figure('append, file, fsync always', 'bytes'));
  });

  it('covers every family with cuts, both modes of the tracker and lambda2', async () => {
    const { cases } = await planned();
    const names = cases.map(({ name }) => name);
    for (const family of FAMILIES)
      for (const kind of ['min cut', 'tracker exact', 'tracker interval', 'lambda2'])
        expect(names).toContain(`${kind}, ${family}`);
  });

  it('names igraph and Boost as absent, with the packages that they need, where there is no compiler', async () => {
    const { absent, peers } = await planned();
    expect(absent).toEqual([
      {
        name: 'igraph',
        reason: expect.stringContaining('no-such-compiler'),
        cure: 'apt-get install g++ libigraph-dev',
      },
      {
        name: 'boost',
        reason: expect.stringContaining('no-such-compiler'),
        cure: 'apt-get install g++ libboost-graph-dev',
      },
    ]);
    expect(peers.map(({ name }) => name)).toEqual(['recompute', 'noble']);
  });

  it('leaves no files of its logs behind', async () => {
    const select = (name: string): boolean => name === 'append, file, fsync never';
    const before = scratch();
    await runSuite(brief, runOptions(temporaryDirectory(), { select, env: withoutCompiler }));
    expect(scratch()).toEqual(before);
  });
});

/** The folders of logs below `.cache/bench`. */
function scratch(): readonly string[] {
  const folder = join(import.meta.dirname, '..', '..', '..', '.cache', 'bench');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('audit-')) : [];
}

/** What stands in for a compiler: a shell script. */
function fakeCompiler(script: string): string {
  const path = join(temporaryDirectory(), 'compiler');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

describe('native peers', () => {
  it('are absent, with the first error of the compiler, where headers are missing', async () => {
    const compiler = fakeCompiler(
      `[ "$1" = --version ] && { echo fake 1; exit; }
       echo 'In file included:' >&2; echo 'peer.cpp:33: fatal error: igraph/igraph.h: No such file' >&2; exit 1`,
    );
    const directory = temporaryDirectory();
    const found = await compilePeer('igraph', { signal, compiler, directory });
    expect(found).toMatchObject({ reason: expect.stringContaining('igraph/igraph.h: No such file') });
  });

  it('are compiled once, and again for another compiler', async () => {
    const directory = temporaryDirectory();
    const log = join(directory, 'calls');
    const make = (version: string): string =>
      fakeCompiler(
        `[ "$1" = --version ] && { echo fake ${version}; exit; }
         echo $@ >> ${log}
         while [ "$1" != -o ]; do shift; done
         printf '#!/bin/sh\\nread line; echo ${version}.5\\n' > "$2"; chmod +x "$2"`,
      );
    const calls = (): number => readFileSync(log, 'utf8').trim().split('\n').length;
    const [one, other] = [make('1'), make('2')];
    expect(await compilePeer('boost', { signal, compiler: one, directory })).toMatchObject({
      subject: { name: 'boost', version: '1.5' },
    });
    await compilePeer('boost', { signal, compiler: one, directory });
    expect(calls()).toBe(1);
    await compilePeer('boost', { signal, compiler: other, directory });
    expect(calls()).toBe(2);
  });

  it('say what they were asked for when they end, and why', async () => {
    const program = fakeCompiler('echo out of luck >&2');
    await using peer = new NativeProcess('rival', program);
    await expect(peer.ask('cut 0 1')).rejects.toThrow(
      /rival ended while it was asked for "cut 0 1": out of luck/,
    );
  });

  it('say so when they cannot be started', async () => {
    await using peer = new NativeProcess('rival', join(temporaryDirectory(), 'nothing'));
    await expect(peer.ask('version')).rejects.toThrow(/rival ended .* ENOENT/);
  });

  const headers = {
    igraph: '/usr/include/igraph/igraph.h',
    boost: '/usr/include/boost/graph/stoer_wagner_min_cut.hpp',
  };
  for (const name of ['igraph', 'boost'] as const)
    it.skipIf(!existsSync(headers[name]))(
      `${name}: gives the cut of a graph, and an error for nonsense`,
      async () => {
        const found = await compilePeer(name, { signal });
        if (!('binary' in found)) throw new Error(found.reason);
        await using peer = new NativeProcess(name, found.binary);
        expect(await peer.load(square)).toBe(0);
        const [nanoseconds, weight] = await peer.askNumbers('cut 0 3');
        expect([Number(nanoseconds) > 0, weight]).toEqual([true, 4]);
        const [value, ...side] = await peer.askNumbers('side 0');
        checkSide(name, square, value as number, side);
        for (const nonsense of ['cut 1 1', 'cut', 'hello', '', 'graph 1 0'])
          await expect(peer.ask(nonsense)).rejects.toMatchObject({ code: 'BENCH_CASE_FAILED' });
        if (name === 'igraph') {
          // Of a square with equal weights 1: 2.
          const number = await peer.load({ ...square, weights: new Float64Array(4).fill(1) });
          const [, eigenvalue] = await peer.askNumbers(`lambda2 ${number} 1 1e-9`);
          expect(eigenvalue).toBeCloseTo(2, 6);
        }
        expect(await peer.ask('version')).toBe(found.subject.version);
      },
    );
});
