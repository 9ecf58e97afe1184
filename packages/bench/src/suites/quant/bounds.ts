/** Bounds that cannot fail: looked for a failure among vectors that are difficult in every way known to us. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Codec, Packed, QuantMetric, QuantQuery } from '@ruvector/quant';
import { BenchError, throwIfAborted } from '../../errors.js';
import type { Case } from '../../suite.js';
import { vectorAt } from '../pg-hnsw/dataset.js';
import type { Recipe, Training } from './codecs.js';
import { once, without } from './counted.js';
import type { Library } from './ours.js';
import type { Scene } from './scenes.js';
import type { QuantSession } from './session.js';
import { metrics, trueValue } from './true-value.js';

export interface BoundsScale {
  /** That are looked at, of every scene; codecs that need more to train on get more. */
  readonly rows: number;
  readonly queries: number;
}

const training: Training = { sampleRows: 10_000, iterations: 4 };

interface Found {
  readonly pairs: number;
  readonly failures: number;
  /** The largest error, as a share of its bound. */
  readonly largest: number;
  /** Where the first failure is. */
  readonly where: string | undefined;
}

/** Whether estimate and bound say what is true; `true` may be NaN, and then both are. */
export function holds(value: number, estimate: number, bound: number): boolean {
  if (Number.isNaN(value)) return Number.isNaN(estimate) && Number.isNaN(bound);
  return Math.abs(estimate - value) <= bound;
}

class Search {
  #pairs = 0;
  #failures = 0;
  #largest = 0;
  #where: string | undefined;

  get found(): Found {
    return {
      pairs: this.#pairs,
      failures: this.#failures,
      largest: this.#largest,
      where: this.#where,
    };
  }

  /** All rows against one query. */
  look(what: string, prepared: QuantQuery, codes: Uint8Array | Packed, truth: Float64Array): void {
    const estimates = prepared.estimate(codes);
    const bounds = prepared.bounds(codes, undefined, { proof: true });
    for (const [row, value] of truth.entries()) {
      this.#pairs++;
      if (!holds(value, estimates[row], bounds[row])) {
        this.#failures++;
        this.#where ??= `${what}, row ${row}: ${estimates[row]} is ${value}, and the bound ${bounds[row]}`;
      }
      if (bounds[row] > 0 && bounds[row] < Number.POSITIVE_INFINITY)
        this.#largest = Math.max(this.#largest, Math.abs(estimates[row] - value) / bounds[row]);
    }
  }
}

function lookAt(
  search: Search,
  codec: Codec,
  name: string,
  { rows, queries }: { readonly rows: Float32Array; readonly queries: readonly Float32Array[] },
): void {
  const { dimensions } = codec;
  const codes = codec.encode(rows);
  const packed = codec.pack(codes);
  const count = rows.length / dimensions;
  const truthOf = (metric: QuantMetric, query: Float32Array): Float64Array =>
    Float64Array.from({ length: count }, (_, row) =>
      trueValue(metric, query, vectorAt(rows, dimensions, row)),
    );
  for (const [index, query] of queries.entries()) {
    for (const metric of metrics) {
      const prepared = codec.query(query, metric);
      const truth = truthOf(metric, query);
      const what = `${name}, ${metric}, query ${index}`;
      search.look(`${what}, rows`, prepared, codes, truth);
      search.look(`${what}, packed`, prepared, packed, truth);
    }
  }
}

/** One codec on all scenes, by all metrics, row-major and packed. */
export function boundsCase(
  library: Library,
  recipe: Recipe,
  scenes: readonly Scene[],
  scale: BoundsScale,
): Case<QuantSession> {
  return {
    name: `bounds, ${recipe.name}`,
    parameters: {
      codec: recipe.name,
      scenes: scenes.map(({ name, dimensions, identity }) => `${name} ${dimensions} ${identity}`).join('; '),
      ...scale,
      ...training,
    },
    budget: once,
    absent: without(),
    metrics: [
      { name: 'failures', unit: 'bounds', better: 'lower' },
      { name: 'pairs', unit: 'bounds looked at', better: 'higher' },
      { name: 'largest', unit: '% of a bound', better: 'lower' },
    ],
    prepare: async (session, { signal }) => {
      const search = new Search();
      for (const scene of scenes) {
        await nextTurn();
        throwIfAborted(signal);
        const { dimensions } = scene;
        const made = await scene.make(Math.max(scale.rows, recipe.trainingRows), scale.queries, session);
        const codec = recipe.make(library, made.rows, dimensions, training);
        const rows = made.rows.subarray(0, scale.rows * dimensions);
        // Some of the rows, too: of their distance 0 nothing may be below.
        const queries = Array.from({ length: 2 * scale.queries }, (_, i) =>
          i < scale.queries
            ? vectorAt(made.queries, dimensions, i)
            : vectorAt(rows, dimensions, i - scale.queries),
        );
        lookAt(search, codec, scene.name, { rows, queries });
      }
      const { pairs, failures, largest, where } = search.found;
      return {
        entrants: [{ name: 'ruvector', sample: () => ({ failures, pairs, largest: 100 * largest }) }],
        verify: () => {
          if (failures > 0)
            throw new BenchError(
              'BENCH_DISAGREEMENT',
              `${failures} of ${pairs} bounds failed that cannot; first ${where}`,
            );
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
