import { describe, expect, it } from 'vitest';
import { MEASURES } from '../../src/adapters/measures.js';
import { prometheusText } from '../../src/adapters/prometheus.js';
import { sampleView } from '../support/page-views.js';

interface Parsed {
  readonly types: ReadonlyMap<string, string>;
  readonly helps: ReadonlyMap<string, string>;
  readonly samples: readonly { name: string; labels: ReadonlyMap<string, string>; value: number }[];
}

/** A reader of the exposition format after its grammar, written apart from the writer. It throws for what the format does not allow. */
function parse(text: string): Parsed {
  if (!text.endsWith('\n')) throw new Error('the last line must end in a line feed');
  const types = new Map<string, string>();
  const helps = new Map<string, string>();
  const samples: { name: string; labels: ReadonlyMap<string, string>; value: number }[] = [];
  for (const line of text.slice(0, -1).split('\n')) {
    const meta = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (meta !== null) {
      const [, kind, name, rest] = meta as unknown as [string, string, string, string];
      const into = kind === 'HELP' ? helps : types;
      if (into.has(name) || samples.some((sample) => sample.name === name)) throw new Error(`again: ${line}`);
      into.set(name, rest);
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)$/.exec(line);
    if (sample === null) throw new Error(`not a line of the format: ${line}`);
    const [, name, inner = '{}', number] = sample as unknown as [string, string, string | undefined, string];
    const labels = new Map<string, string>();
    let rest = inner.slice(1, -1);
    while (rest !== '') {
      const pair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/.exec(rest);
      if (pair === null) throw new Error(`not labels: ${rest}`);
      const [all, key, value] = pair as unknown as [string, string, string];
      labels.set(
        key,
        value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
      );
      rest = rest.slice(all.length);
    }
    if (!types.has(name)) throw new Error(`${name} has no TYPE before it`);
    samples.push({
      name,
      labels,
      value: number === 'NaN' ? Number.NaN : Number(number.replace('Inf', 'Infinity')),
    });
  }
  return { types, helps, samples };
}

function value(
  parsed: Parsed,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  return parsed.samples.find(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([key, wanted]) => sample.labels.get(key) === wanted),
  )?.value;
}

describe('prometheusText', () => {
  it('gives each metric HELP and TYPE once, before its samples, and ends in a line feed', () => {
    const { types, helps, samples } = parse(prometheusText(sampleView()));
    expect([...types.keys()].sort()).toEqual([...helps.keys()].sort());
    expect(types.size).toBe(MEASURES.length);
    for (const [name, type] of types) {
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(samples.some((sample) => sample.name === name)).toBe(true);
    }
  });

  it('writes lambda, thresholds, the state set, the gate and the log', () => {
    const parsed = parse(prometheusText(sampleView()));
    expect(value(parsed, 'integrity_lambda_ratio')).toBe(0.812);
    expect(value(parsed, 'integrity_signal_lambda_ratio', { signal: 'structure' })).toBe(0.9);
    expect(value(parsed, 'integrity_threshold_ratio', { threshold: 'enter_critical' })).toBe(0.2);
    expect(value(parsed, 'integrity_state', { state: 'normal' })).toBe(1);
    expect(value(parsed, 'integrity_state', { state: 'critical' })).toBe(0);
    expect(value(parsed, 'integrity_state_age_seconds')).toBe(60);
    expect(value(parsed, 'integrity_sample_age_seconds')).toBe(1);
    expect(value(parsed, 'integrity_gate_offered_total', { class: 'low' })).toBe(100);
    expect(value(parsed, 'integrity_gate_decided_total', { class: 'high', decision: 'deferred' })).toBe(3);
    expect(value(parsed, 'integrity_gate_mode', { mode: 'enforce' })).toBe(1);
    expect(value(parsed, 'integrity_log_records_total')).toBe(12);
    expect(value(parsed, 'integrity_log_healthy')).toBe(1);
  });

  it('leaves out what there is none of, instead of writing 0', () => {
    const parsed = parse(prometheusText(sampleView({ sample: null, log: null })));
    for (const name of ['integrity_lambda_ratio', 'integrity_min_cut', 'integrity_log_healthy'])
      expect(value(parsed, name)).toBeUndefined();
    expect(value(parsed, 'integrity_state', { state: 'normal' })).toBe(1);
  });

  it('says that the log does not reach its store', () => {
    const view = sampleView({ log: { size: 3, root: '', health: 'the disk is full', entries: [] } });
    expect(value(parse(prometheusText(view)), 'integrity_log_healthy')).toBe(0);
  });

  it('escapes a hostile name of the system so that it stays one label', () => {
    for (const name of ['a"} 1\nevil 2', '\\', '\\n', '"', 'line\nfeed', '__proto__', 'ünïcode ☃']) {
      const { samples } = parse(prometheusText(sampleView({ name })));
      for (const sample of samples) expect(sample.labels.get('system')).toBe(name);
    }
  });

  it('takes no names of nodes, and no class or signal that the package does not know, as labels', () => {
    const view = sampleView();
    const count = { offered: 1, admitted: 1, throttled: 0, deferred: 0, rejected: 0 };
    const hostile = Array.from({ length: 50 }, (_, i) => ({ class: `class-${i}`, ...count }));
    const text = prometheusText({
      ...view,
      gate: [...view.gate, ...hostile],
      sample: view.sample && {
        ...view.sample,
        signals: [...view.sample.signals, { name: 'worker-2"', lambdaPpm: 1, about: 'x' }],
      },
    });
    expect(value(parse(text), 'integrity_gate_offered_total', { class: 'other' })).toBe(50);
    expect(text.includes('class-1')).toBe(false);
    expect(text.includes('worker-')).toBe(false);
    expect(parse(text).samples.length).toBe(parse(prometheusText(view)).samples.length + 5);
  });

  it('writes an infinite cut as Prometheus reads it', () => {
    const view = sampleView();
    const text = prometheusText({ ...view, sample: view.sample && { ...view.sample, minCut: Infinity } });
    expect(text).toMatch(/^integrity_min_cut\{system="jobs"\} \+Inf$/m);
  });
});
