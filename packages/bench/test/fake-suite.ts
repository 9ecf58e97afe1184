import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { FileCache } from '../src/cache.js';
import type { RunOptions } from '../src/runner.js';
import type { Case, Entrant, Metric, Plan, Sample, Subject, Suite } from '../src/suite.js';

/** What a fake suite did, in order. */
export type Log = string[];

export const ours: Subject = { name: 'ruvector', version: '1.0.0', fingerprint: 'aaaa' };
export const rival: Subject = { name: 'rival', version: '2.0.0', fingerprint: 'bbbb' };

export const timeMetric: Metric = { name: 'time', unit: 'ns/call', better: 'lower' };

export interface FakeCase extends Partial<Omit<Case, 'prepare'>> {
  readonly name: string;
  /** Gives the samples; by default ours takes 1 and every peer 2. */
  readonly sample?: (entrant: string, round: number) => Sample | Promise<Sample>;
  readonly verify?: () => void;
  readonly entrants?: readonly string[];
  /** Peers that turn out to have nothing to measure. */
  readonly absentHere?: Readonly<Record<string, string>>;
  /** What the case says about its progress. */
  readonly steps?: readonly string[];
}

export interface FakeSuite extends Partial<Omit<Plan, 'cases' | 'open'>> {
  readonly cases: readonly FakeCase[];
  readonly log?: Log;
}

/** A suite whose every step is written down in `log`. */
export function fakeSuite({ cases, log = [], ...plan }: FakeSuite): Suite {
  const peers = plan.peers ?? [rival];
  return {
    name: 'fake',
    summary: 'for tests',
    directory: import.meta.dirname,
    plan: async () => ({
      ours,
      peers,
      absent: [],
      budget: { rounds: 4, warmups: 1, minTimeMs: 1 },
      ...plan,
      cases: cases.map(
        ({ sample, verify, entrants, absentHere, steps = [], ...item }): Case => ({
          parameters: {},
          metrics: [timeMetric],
          ...item,
          prepare: async (_session, context) => {
            log.push(`prepare ${item.name}`);
            for (const step of steps) context.step(step);
            const names = entrants ?? [
              'ruvector',
              ...peers
                .filter(({ name }) => !item.absent?.[name] && !absentHere?.[name])
                .map(({ name }) => name),
            ];
            return {
              entrants: names.map(
                (name): Entrant => ({
                  name,
                  sample: (round) => {
                    log.push(`sample ${item.name} ${name} ${round}`);
                    return sample ? sample(name, round) : { time: name === 'ruvector' ? 1 : 2 };
                  },
                }),
              ),
              ...(absentHere === undefined ? {} : { absent: absentHere }),
              verify: () => {
                log.push(`verify ${item.name}`);
                verify?.();
              },
              [Symbol.asyncDispose]: async () => void log.push(`dispose ${item.name}`),
            };
          },
        }),
      ),
      open: async () => {
        log.push('open');
        return { [Symbol.asyncDispose]: async () => void log.push('close') };
      },
    }),
  };
}

const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** An empty directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ruvector-bench-'));
  directories.push(directory);
  return directory;
}

export function runOptions(directory: string, overrides: Partial<RunOptions> = {}): RunOptions {
  return {
    mode: 'quick',
    cache: new FileCache(directory),
    fresh: false,
    signal: new AbortController().signal,
    env: {},
    ...overrides,
  };
}
