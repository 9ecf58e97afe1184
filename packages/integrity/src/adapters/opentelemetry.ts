/** The measures as OpenTelemetry instruments. There is no dependency: any meter of the JavaScript API fits. */
import { type Attributes, MEASURES } from './measures.js';
import type { ViewSource } from './source.js';

/** What a batch callback gets. */
export interface BatchResultLike<Instrument> {
  observe(instrument: Instrument, value: number, attributes?: Attributes): void;
}

interface InstrumentOptions {
  readonly description: string;
  readonly unit: string;
}

/** What is used of a `Meter` of `@opentelemetry/api` 1.3 or later. */
export interface MeterLike<Instrument> {
  createObservableGauge(name: string, options: InstrumentOptions): Instrument;
  createObservableCounter(name: string, options: InstrumentOptions): Instrument;
  addBatchObservableCallback(callback: (result: BatchResultLike<Instrument>) => void, on: Instrument[]): void;
  removeBatchObservableCallback(
    callback: (result: BatchResultLike<Instrument>) => void,
    on: Instrument[],
  ): void;
}

/**
 * Registers every measure of `MEASURES` at a meter: `integrity.lambda`, `integrity.state`, `integrity.gate.decided` and so on, each
 * with the attribute `system`. One view is taken a collection, so that what is collected belongs together.
 *
 * @returns ends the observation
 * @example
 * const stop = observeIntegrity(metrics.getMeter('@ruvector/integrity'), integrity);
 */
export function observeIntegrity<Instrument>(
  meter: MeterLike<Instrument>,
  source: Pick<ViewSource, 'view'>,
): () => void {
  const pairs = MEASURES.map((measure) => {
    const { name, kind, description, unit } = measure;
    const instrument =
      kind === 'gauge'
        ? meter.createObservableGauge(name, { description, unit })
        : meter.createObservableCounter(name, { description, unit });
    return { measure, instrument };
  });
  const instruments = pairs.map(({ instrument }) => instrument);
  const observe = (result: BatchResultLike<Instrument>): void => {
    const view = source.view();
    for (const { measure, instrument } of pairs)
      for (const { value, attributes } of measure.values(view))
        result.observe(instrument, value, { system: view.name, ...attributes });
  };
  meter.addBatchObservableCallback(observe, instruments);
  return () => meter.removeBatchObservableCallback(observe, instruments);
}
