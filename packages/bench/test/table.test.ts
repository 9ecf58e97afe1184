import { describe, expect, it } from 'vitest';
import { describeMachine } from '../src/machine.js';
import type { BenchReport, BenchResult } from '../src/report.js';
import { formatRatio, formatReport, formatSpread, formatValue } from '../src/table.js';
import { ours, rival } from './fake-suite.js';

describe('formatValue', () => {
  it.each([
    [0, '0'],
    [0.01234, '0.0123'],
    [1.005, '1.00'],
    [12.345, '12.3'],
    [12, '12'],
    [123.456, '123'],
    [999.6, '1,000'],
    [1234567.8, '1,234,568'],
  ])('writes %s as %s', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });
});

describe('ratios', () => {
  it('stand with two decimals, or a dash', () => {
    expect(formatRatio(1.316)).toBe('1.32x');
    expect(formatRatio(null)).toBe('-');
    expect(formatSpread([1, 2.345])).toBe('1.00-2.35');
    expect(formatSpread(null)).toBe('-');
  });
});

describe('the report', () => {
  const result = (item: string, metric: string, absent: Record<string, string> = {}): BenchResult => ({
    case: item,
    metric,
    unit: 'u',
    better: 'lower',
    ours: 1,
    peers: { rival: absent.rival === undefined ? 2 : null },
    ratio: absent.rival === undefined ? 2 : null,
    spread: absent.rival === undefined ? [2, 2] : null,
    ratios: absent.rival === undefined ? { rival: { ratio: 2, spread: [2, 2] } } : {},
    absent,
    rounds: 1,
    measuredAt: '2026-01-01T00:00:00.000Z',
    load: 0,
    cached: false,
  });
  const report = (results: readonly BenchResult[]): BenchReport => ({
    suite: 'fake',
    mode: 'quick',
    machine: describeMachine(),
    subjects: [ours, rival],
    absent: [],
    notes: [],
    results,
    failures: [],
  });

  it('says of which case a peer is absent, or of which metric', () => {
    const text = formatReport(
      report([
        result('a', 'time', { rival: 'it has no l1' }),
        result('b', 'time'),
        result('b', 'distances', { rival: 'it does not tell' }),
      ]),
    );
    expect(text).toContain('rival is absent: it has no l1 (a)');
    expect(text).toContain('rival is absent: it does not tell (distances)');
  });
});
