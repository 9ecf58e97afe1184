import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BenchReport, BenchResult } from '../src/report.js';
import { type Progress, runSuite } from '../src/runner.js';
import type { Sample } from '../src/suite.js';
import { validateReport } from '../src/validate.js';
import {
  fakeSuite,
  type Log,
  ours,
  rival,
  runOptions,
  temporaryDirectory,
  timeMetric,
} from './fake-suite.js';

const only = (report: BenchReport): BenchResult => {
  expect(report.results).toHaveLength(1);
  return report.results[0] as BenchResult;
};

describe('runSuite', () => {
  it('reports medians, the ratio and its spread', async () => {
    const times: Record<string, number[]> = { ruvector: [1, 2, 3, 4], rival: [4, 4, 6, 6] };
    const suite = fakeSuite({
      cases: [
        {
          name: 'a',
          sample: (name, round) => ({ time: round < 0 ? 999 : (times[name]?.[round] as number) }),
        },
      ],
    });
    const report = await runSuite(suite, runOptions(temporaryDirectory()));
    expect(validateReport(JSON.parse(JSON.stringify(report)))).toEqual([]);
    expect(only(report)).toMatchObject({
      case: 'a',
      metric: 'time',
      unit: 'ns/call',
      ours: 2.5,
      peers: { rival: 5 },
      ratio: 2,
      spread: [1.875, 2.5],
      rounds: 4,
      cached: false,
    });
  });

  it('puts counts beside timings and a higher-is-better metric the right way round', async () => {
    const metrics = [
      timeMetric,
      { name: 'pins', unit: 'pages/query', better: 'lower' },
      { name: 'rate', unit: 'queries/s', better: 'higher' },
    ] as const;
    const suite = fakeSuite({
      cases: [
        {
          name: 'a',
          metrics,
          sample: (name) =>
            name === 'rival' ? { time: 3, pins: 40, rate: 100 } : { time: 2, pins: 10, rate: 150 },
        },
      ],
    });
    const report = await runSuite(suite, runOptions(temporaryDirectory()));
    expect(report.results.map(({ metric, ratio }) => [metric, ratio])).toEqual([
      ['time', 1.5],
      ['pins', 4],
      ['rate', 1.5],
    ]);
  });

  it('measures against the strongest of several peers and names the ratio to each', async () => {
    const third = { ...rival, name: 'third' };
    const suite = fakeSuite({
      peers: [rival, third],
      cases: [
        { name: 'a', sample: (name) => ({ time: { ruvector: 2, rival: 6, third: 3 }[name] as number }) },
      ],
    });
    const result = only(await runSuite(suite, runOptions(temporaryDirectory())));
    expect(result.ratio).toBe(1.5);
    expect(result.ratios).toEqual({
      rival: { ratio: 3, spread: [3, 3] },
      third: { ratio: 1.5, spread: [1.5, 1.5] },
    });
  });

  it('names an absent peer with the reason and the cure, and still measures ours', async () => {
    const absent = [{ name: 'rival', reason: 'no RIVAL_STAGE', cure: 'set RIVAL_STAGE' }];
    const suite = fakeSuite({ peers: [], absent, cases: [{ name: 'a' }] });
    const report = await runSuite(suite, runOptions(temporaryDirectory()));
    expect(validateReport(report)).toEqual([]);
    expect(report.absent).toEqual(absent);
    expect(only(report)).toMatchObject({
      ours: 1,
      peers: { rival: null },
      ratio: null,
      spread: null,
      absent: { rival: 'no RIVAL_STAGE' },
    });
  });

  it('names a peer that is absent from one case only', async () => {
    const suite = fakeSuite({ cases: [{ name: 'a', absent: { rival: 'has no l1' } }, { name: 'b' }] });
    const report = await runSuite(suite, runOptions(temporaryDirectory()));
    expect(validateReport(report)).toEqual([]);
    expect(report.results.map(({ peers, absent }) => [peers, absent])).toEqual([
      [{ rival: null }, { rival: 'has no l1' }],
      [{ rival: 2 }, {}],
    ]);
  });

  it('names a peer that turned out to have nothing to measure', async () => {
    const suite = fakeSuite({ cases: [{ name: 'a', absentHere: { rival: 'its recall is .94' } }] });
    const report = await runSuite(suite, runOptions(temporaryDirectory()));
    expect(validateReport(report)).toEqual([]);
    expect(only(report)).toMatchObject({
      peers: { rival: null },
      ratio: null,
      absent: { rival: 'its recall is .94' },
    });
  });

  it('refuses a case that then calls somebody else absent', async () => {
    const suite = fakeSuite({ cases: [{ name: 'a', absentHere: { nobody: 'x' } }] });
    await expect(runSuite(suite, runOptions(temporaryDirectory()))).rejects.toMatchObject({
      code: 'BENCH_BAD_SUITE',
    });
  });

  describe('an optional metric', () => {
    const metrics = [timeMetric, { ...timeMetric, name: 'pins', optional: 'it does not count' }];
    const run = (withPins: readonly string[]): Promise<BenchReport> =>
      runSuite(
        fakeSuite({
          cases: [
            {
              name: 'a',
              metrics,
              sample: (name): Sample => ({ time: 1, ...(withPins.includes(name) ? { pins: 7 } : {}) }),
            },
          ],
        }),
        runOptions(temporaryDirectory()),
      );

    it('is compared where both have it', async () => {
      const report = await run(['ruvector', 'rival']);
      expect(report.results.map(({ metric, ratio }) => [metric, ratio])).toEqual([
        ['time', 1],
        ['pins', 1],
      ]);
    });

    it('names the peer that has none as absent from it', async () => {
      const report = await run(['ruvector']);
      expect(validateReport(report)).toEqual([]);
      expect(report.results.map(({ absent }) => absent)).toEqual([{}, { rival: 'it does not count' }]);
      expect(report.results[1]).toMatchObject({ ours: 7, peers: { rival: null }, ratio: null });
    });

    it('is left out where ours has none', async () => {
      const report = await run(['rival']);
      expect(validateReport(report)).toEqual([]);
      expect(report.results.map(({ metric }) => metric)).toEqual(['time']);
    });
  });

  it('tells what a case does while it takes long', async () => {
    const steps: (string | undefined)[] = [];
    const suite = fakeSuite({ cases: [{ name: 'a', steps: ['building'] }] });
    const onProgress = ({ phase, step }: Progress): void => void (phase === 'step' && steps.push(step));
    await runSuite(suite, runOptions(temporaryDirectory(), { onProgress }));
    expect(steps).toEqual(['building']);
  });

  it('opens the session once, verifies before it samples and disposes of everything', async () => {
    const log: Log = [];
    const suite = fakeSuite({ log, cases: [{ name: 'a' }, { name: 'b' }] });
    await runSuite(suite, runOptions(temporaryDirectory()));
    expect(log.filter((line) => !line.startsWith('sample'))).toEqual([
      'open',
      ...['prepare a', 'verify a', 'dispose a'],
      ...['prepare b', 'verify b', 'dispose b'],
      'close',
    ]);
    expect(log.indexOf('verify a')).toBeLessThan(log.findIndex((line) => line.startsWith('sample a')));
  });

  it('times nothing and reports a failure where the entrants disagree, and goes on', async () => {
    const log: Log = [];
    const disagree = (): void => {
      throw Object.assign(new Error('ours 1, rival 2'), { code: 'X' });
    };
    const suite = fakeSuite({ log, cases: [{ name: 'a', verify: disagree }, { name: 'b' }] });
    const report = await runSuite(suite, runOptions(temporaryDirectory()));
    expect(validateReport(report)).toEqual([]);
    expect(report.failures).toEqual([{ case: 'a', code: 'BENCH_CASE_FAILED', message: 'ours 1, rival 2' }]);
    expect(report.results.map((result) => result.case)).toEqual(['b']);
    expect(log.some((line) => line.startsWith('sample a'))).toBe(false);
    expect(log).toContain('dispose a');
  });

  it.each([
    ['no cases', { cases: [] }],
    ['two cases of one name', { cases: [{ name: 'a' }, { name: 'a' }] }],
    ['two subjects of one name', { peers: [ours], cases: [{ name: 'a' }] }],
    ['an absence of nobody', { cases: [{ name: 'a', absent: { nobody: 'x' } }] }],
    ['a missing entrant', { cases: [{ name: 'a', entrants: ['ruvector'] }] }],
    ['ours not first', { cases: [{ name: 'a', entrants: ['rival', 'ruvector'] }] }],
  ])('refuses a suite with %s', async (_what, parts) => {
    await expect(runSuite(fakeSuite(parts), runOptions(temporaryDirectory()))).rejects.toMatchObject({
      code: 'BENCH_BAD_SUITE',
    });
  });
});

describe('the cache', () => {
  it('answers a second run without opening anything', async () => {
    const directory = temporaryDirectory();
    const first = await runSuite(fakeSuite({ cases: [{ name: 'a' }, { name: 'b' }] }), runOptions(directory));
    const log: Log = [];
    const again = await runSuite(
      fakeSuite({ log, cases: [{ name: 'a' }, { name: 'b' }] }),
      runOptions(directory),
    );
    expect(log).toEqual([]);
    expect(again.results).toEqual(first.results.map((result) => ({ ...result, cached: true })));
    expect(validateReport(again)).toEqual([]);
  });

  it('goes on after an interruption with the first unfinished case', async () => {
    const directory = temporaryDirectory();
    const controller = new AbortController();
    const log: Log = [];
    const cases = ['a', 'b', 'c'].map((name) => ({ name }));
    const interrupted = cases.map(({ name }) => ({
      name,
      sample: (entrant: string, round: number) => {
        if (name === 'b' && round === 2) controller.abort();
        return { time: entrant === 'ruvector' ? 1 : 2 };
      },
    }));
    await expect(
      runSuite(fakeSuite({ log, cases: interrupted }), runOptions(directory, { signal: controller.signal })),
    ).rejects.toMatchObject({ code: 'BENCH_ABORTED' });
    expect(log.slice(-2)).toEqual(['dispose b', 'close']);

    const rest: Log = [];
    const report = await runSuite(fakeSuite({ log: rest, cases }), runOptions(directory));
    expect(rest.filter((line) => line.startsWith('prepare'))).toEqual(['prepare b', 'prepare c']);
    expect(report.results.map((result) => [result.case, result.cached])).toEqual([
      ['a', true],
      ['b', false],
      ['c', false],
    ]);
  });

  it('keeps no figure of a failed case', async () => {
    const directory = temporaryDirectory();
    const broken = {
      name: 'a',
      verify: () => {
        throw new Error('wrong');
      },
    };
    await runSuite(fakeSuite({ cases: [broken] }), runOptions(directory));
    const report = await runSuite(fakeSuite({ cases: [{ name: 'a' }] }), runOptions(directory));
    expect(only(report).cached).toBe(false);
  });

  it('is ignored, but filled, by a fresh run', async () => {
    const directory = temporaryDirectory();
    const run = async (time: number, fresh: boolean): Promise<BenchResult> =>
      only(
        await runSuite(
          fakeSuite({ cases: [{ name: 'a', sample: () => ({ time }) }] }),
          runOptions(directory, { fresh }),
        ),
      );
    expect((await run(1, false)).ours).toBe(1);
    expect(await run(2, true)).toMatchObject({ ours: 2, cached: false });
    expect(await run(3, false)).toMatchObject({ ours: 2, cached: true });
  });

  const changes = {
    'our build': { ours: { ...ours, fingerprint: 'cccc' } },
    'our variant': { ours: { ...ours, details: { variant: 'serial' } } },
    "the peer's build": { peers: [{ ...rival, fingerprint: 'dddd' }] },
    "the peer's version": { peers: [{ ...rival, version: '2.0.1' }] },
    'the peers': { peers: [], absent: [{ name: 'rival', reason: 'gone', cure: 'install it' }] },
    'the machine': { environment: { postgresql: '15.20' } },
    'the rounds': { budget: { rounds: 5, warmups: 1, minTimeMs: 1 } },
    'the parameters': { cases: [{ name: 'a', parameters: { dimensions: 3 } }] },
    'the metrics': { cases: [{ name: 'a', metrics: [{ ...timeMetric, unit: 'ns/row' }] }] },
  };
  it.each(Object.entries(changes))('is not used when %s changed', async (_what, change) => {
    const directory = temporaryDirectory();
    await runSuite(fakeSuite({ cases: [{ name: 'a' }] }), runOptions(directory));
    const same = await runSuite(fakeSuite({ cases: [{ name: 'a' }] }), runOptions(directory));
    expect(only(same).cached).toBe(true);
    const report = await runSuite(fakeSuite({ cases: [{ name: 'a' }], ...change }), runOptions(directory));
    expect(only(report).cached).toBe(false);
  });

  it.each(['own', 'shared'] as const)("is not used when the suite's %s code changed", async (where) => {
    const folders = { own: temporaryDirectory(), shared: temporaryDirectory() };
    const directory = temporaryDirectory();
    const suite = {
      ...fakeSuite({ cases: [{ name: 'a' }] }),
      directory: folders.own,
      shared: [folders.shared],
    };
    for (const code of ['one', 'one', 'two']) {
      writeFileSync(join(folders[where], 'code.js'), code);
      await runSuite(suite, runOptions(directory));
    }
    expect(readdirSync(join(directory, 'fake'))).toHaveLength(2);
  });

  it('remembers an expensive step by subject and parameters', async () => {
    const directory = temporaryDirectory();
    let built = 0;
    const suite = fakeSuite({ cases: [{ name: 'a' }] });
    const building = {
      ...suite,
      plan: async (...args: Parameters<typeof suite.plan>) => {
        const plan = await suite.plan(...args);
        const [item] = plan.cases;
        return {
          ...plan,
          cases: [
            {
              ...(item as NonNullable<typeof item>),
              prepare: async (...[session, context]: Parameters<NonNullable<typeof item>['prepare']>) => {
                const build = (rows: number) =>
                  context.remember({ step: 'build', rows, subject: rival.fingerprint }, async () => ++built);
                expect([await build(10), await build(20), await build(10)]).toEqual([1, 2, 1]);
                return (item as NonNullable<typeof item>).prepare(session, context);
              },
            },
          ],
        };
      },
    };
    const report = await runSuite(building, runOptions(directory));
    expect(report.failures).toEqual([]);
    expect(built).toBe(2);
  });
});
