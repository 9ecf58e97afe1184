import {
  type CollectionResult,
  DataPointType,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { MEASURES } from '../../src/adapters/measures.js';
import { observeIntegrity } from '../../src/adapters/opentelemetry.js';
import { prometheusText } from '../../src/adapters/prometheus.js';
import { sampleView } from '../support/page-views.js';

class PulledReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

function observed(source: { view: () => ReturnType<typeof sampleView> }) {
  const reader = new PulledReader();
  const provider = new MeterProvider({ readers: [reader] });
  const stop = observeIntegrity(provider.getMeter('test'), source);
  return { reader, provider, stop };
}

function points({ resourceMetrics, errors }: CollectionResult) {
  expect(errors).toEqual([]);
  return resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
    metrics.flatMap(({ descriptor, dataPoints, dataPointType }) =>
      dataPoints.map(({ value, attributes }) => ({
        name: descriptor.name,
        unit: descriptor.unit,
        counter: dataPointType === DataPointType.SUM,
        value: value as number,
        attributes,
      })),
    ),
  );
}

describe('observeIntegrity', () => {
  it('gives every measure of the view, with kind, unit and attributes', async () => {
    const { reader } = observed({ view: () => sampleView() });
    const all = points(await reader.collect());
    expect(new Set(all.map(({ name }) => name))).toEqual(new Set(MEASURES.map(({ name }) => name)));
    expect(all).toContainEqual({
      name: 'integrity.lambda',
      unit: '1',
      counter: false,
      value: 0.812,
      attributes: { system: 'jobs' },
    });
    expect(all).toContainEqual({
      name: 'integrity.gate.decided',
      unit: '{operation}',
      counter: true,
      value: 3,
      attributes: { system: 'jobs', class: 'high', decision: 'deferred' },
    });
  });

  it('agrees with the Prometheus text, number for number', async () => {
    const view = sampleView();
    const { reader } = observed({ view: () => view });
    const here = points(await reader.collect()).map(({ value }) => value);
    const there = prometheusText(view)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
    expect(here).toEqual(there);
  });

  it('takes one view a collection, and none after it was stopped', async () => {
    let views = 0;
    const { reader, stop } = observed({
      view: () => {
        views++;
        return sampleView();
      },
    });
    await reader.collect();
    expect(views).toBe(1);
    await reader.collect();
    expect(views).toBe(2);
    stop();
    await reader.collect();
    expect(views).toBe(2);
  });

  it('has no lambda while there is none', async () => {
    const { reader } = observed({ view: () => sampleView({ sample: null }) });
    const names = points(await reader.collect()).map(({ name }) => name);
    expect(names).not.toContain('integrity.lambda');
    expect(names).toContain('integrity.state');
  });
});
