import { describe, expect, it } from 'vitest';
import type { BenchReport, BenchResult } from '../src/report.js';
import { validateReport, validateResult } from '../src/validate.js';

const result: BenchResult = {
  case: 'dot pair, 128 dims',
  metric: 'time',
  unit: 'ns/call',
  better: 'lower',
  ours: 20,
  peers: { simsimd: 30, other: 50, gone: null },
  ratio: 1.5,
  spread: [1.4, 1.6],
  ratios: { simsimd: { ratio: 1.5, spread: [1.4, 1.6] }, other: { ratio: 2.5, spread: [2.5, 2.5] } },
  absent: { gone: 'not installed' },
  rounds: 11,
  measuredAt: '2025-01-02T03:04:05.678Z',
  load: 0.5,
  cached: false,
};

const report: BenchReport = {
  suite: 'simd',
  mode: 'quick',
  machine: {
    cpu: 'AMD EPYC',
    cores: 2,
    memory: 23.4,
    os: 'linux',
    kernel: '6.1.0',
    arch: 'x64',
    node: '20.20.0',
    environment: { postgresql: '15.20' },
  },
  subjects: [
    { name: 'ruvector', version: '0.0.0', fingerprint: 'ab', details: { variant: 'skylake' } },
    { name: 'simsimd', version: '6.5.5', fingerprint: 'cd' },
    { name: 'other', version: '1', fingerprint: 'ef' },
  ],
  absent: [{ name: 'gone', reason: 'not installed', cure: 'install it' }],
  notes: ['a note'],
  results: [result],
  failures: [{ case: 'x', code: 'BENCH_DISAGREEMENT', message: 'wrong' }],
};

describe('validateReport', () => {
  it('accepts what keeps the contract, also after a trip through JSON', () => {
    expect(validateReport(report)).toEqual([]);
    expect(validateReport(JSON.parse(JSON.stringify(report)))).toEqual([]);
  });

  const without = (name: keyof BenchReport) =>
    Object.fromEntries(Object.entries(report).filter(([key]) => key !== name));
  it.each(Object.keys(report) as (keyof BenchReport)[])('asks for %s', (name) => {
    expect(validateReport(without(name))).not.toEqual([]);
  });

  it.each([
    ['null', null],
    ['a list', [report]],
    ['an unknown member', { ...report, extra: 1 }],
    ['an unknown mode', { ...report, mode: 'fast' }],
    ['no subject', { ...report, subjects: [] }],
    ['a machine without cores', { ...report, machine: { ...report.machine, cores: undefined } }],
    ['a subject without a fingerprint', { ...report, subjects: [{ name: 'ruvector', version: '1' }] }],
    ['an absent peer without a cure', { ...report, absent: [{ name: 'gone', reason: 'x' }] }],
    [
      'a peer that the results leave out',
      { ...report, absent: [...report.absent, { name: 'p', reason: 'r', cure: 'c' }] },
    ],
  ])('refuses %s', (_what, value) => {
    expect(validateReport(value)).not.toEqual([]);
  });
});

describe('validateResult', () => {
  it('accepts a result without peers', () => {
    const alone = { ...result, peers: {}, ratios: {}, absent: {}, ratio: null, spread: null };
    expect(validateResult(alone)).toEqual([]);
  });

  it.each(Object.keys(result))('asks for %s', (name) => {
    expect(validateResult({ ...result, [name]: undefined })).not.toEqual([]);
  });

  it.each([
    ['NaN', { ours: Number.NaN }],
    ['a negative time', { ours: -1 }],
    ['an unknown direction', { better: 'more' }],
    ['a spread out of order', { spread: [1.6, 1.4] }],
    ['a ratio outside its spread', { ratio: 1.5, spread: [1.6, 1.7] }],
    ['a ratio that is not the strongest peer', { ratio: 2.5, spread: [2.5, 2.5] }],
    ['a ratio without a spread', { spread: null }],
    ['a missing value without a reason', { absent: {} }],
    ['a reason beside a value', { absent: { gone: 'x', other: 'y' } }],
    ['a value without a ratio', { ratios: { simsimd: result.ratios.simsimd } }],
    ['a ratio of nobody', { ratios: { ...result.ratios, nobody: null } }],
    ['no rounds', { rounds: 0 }],
    ['a local time', { measuredAt: '2025-01-02 03:04' }],
  ])('refuses %s', (_what, change) => {
    expect(validateResult({ ...result, ...change })).not.toEqual([]);
  });
});
