/**
 * What RaBitQ claims over its random rotation: estimates without bias, and bounds that hold with the probability of their
 * constant. Pairs under one rotation are not independent, so a rotation gives one number, and standard errors are those of
 * means over rotations.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Codec, Packed, QuantMetric } from '@ruvector/quant';
import { BenchError, throwIfAborted } from '../../errors.js';
import type { Case, CaseContext, PreparedCase } from '../../suite.js';
import { vectorAt } from '../pg-hnsw/dataset.js';
import type { Vectors } from './corpora.js';
import { once, without } from './counted.js';
import type { Library } from './ours.js';
import { meanOf, type Share } from './ranks.js';
import type { Scene } from './scenes.js';
import type { QuantSession } from './session.js';
import { metrics, trueValue } from './true-value.js';

export interface EstimatorScale {
  /** Rotations, seeds 1, 2, ... */
  readonly seeds: number;
  readonly rows: number;
  readonly queries: number;
}

/** Probability that a standard normal number is within x of 0: by Simpson's rule. */
export function within(x: number): number {
  const steps = 200;
  const density = (t: number): number => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(x);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * density((i * x) / steps);
  return (2 * sum * x) / (3 * steps);
}

/** Of one metric: a number a rotation. */
interface Observed {
  /** Mean errors, as shares of the bounds. */
  readonly biases: number[];
  /** Shares of bounds that hold. */
  readonly coverages: number[];
}

/** True values by query and row; NaN where there is none. */
function trueValues(metric: QuantMetric, { rows, queries }: Vectors, dimensions: number): Float64Array[] {
  return Array.from({ length: queries.length / dimensions }, (_, query) =>
    Float64Array.from({ length: rows.length / dimensions }, (_, row) =>
      trueValue(metric, vectorAt(queries, dimensions, query), vectorAt(rows, dimensions, row)),
    ),
  );
}

class Observation {
  readonly observed: Readonly<Record<QuantMetric, Observed>> = {
    l2sq: { biases: [], coverages: [] },
    dot: { biases: [], coverages: [] },
    cosine: { biases: [], coverages: [] },
  };
  /** Proofs that failed; and how many were looked at. */
  failures = 0;
  proofs = 0;
  readonly #queries: Float32Array;
  readonly #truth: Readonly<Record<QuantMetric, readonly Float64Array[]>>;

  constructor(vectors: Vectors, dimensions: number) {
    this.#queries = vectors.queries;
    const truth = (metric: QuantMetric): Float64Array[] => trueValues(metric, vectors, dimensions);
    this.#truth = { l2sq: truth('l2sq'), dot: truth('dot'), cosine: truth('cosine') };
  }

  /** Looks at all pairs under one rotation. */
  add(codec: Codec, packed: Packed): void {
    for (const metric of metrics) {
      let [errors, held, pairs] = [0, 0, 0];
      for (const [query, truth] of this.#truth[metric].entries()) {
        const prepared = codec.query(vectorAt(this.#queries, codec.dimensions, query), metric);
        const estimates = prepared.estimate(packed);
        const bounds = prepared.bounds(packed);
        const proofs = prepared.bounds(packed, undefined, { proof: true });
        for (const [row, value] of truth.entries()) {
          if (Number.isNaN(value)) continue;
          const error = estimates[row] - value;
          this.proofs++;
          // Written so that NaN fails.
          if (!(Math.abs(error) <= proofs[row])) this.failures++;
          pairs++;
          if (Math.abs(error) <= bounds[row]) held++;
          // A bound of 0 is of a row that is known exactly.
          if (bounds[row] > 0) errors += error / bounds[row];
        }
      }
      this.observed[metric].biases.push(errors / pairs);
      this.observed[metric].coverages.push(held / pairs);
    }
  }
}

/** How far the mean is from 0, in standard errors. */
function deviation({ value, error }: Share): number {
  return error > 0 ? Math.abs(value) / error : value === 0 ? 0 : Number.MAX_VALUE;
}

/** Of the bound: what float32 leaves of inner products that nearly cancel. */
const ROUNDING = 0.001;
/** Of a probability: what a sum of so few coordinates differs from a normal distribution. */
const SHAPE = 0.005;
/** Standard errors that are put down to chance: there are about 300 figures, and 1 in 1.7 million is beyond. */
const CHANCE = 5;

function check(name: string, { observed, failures }: Observation, promised: number): void {
  const refuse = (what: string): never => {
    throw new BenchError('BENCH_DISAGREEMENT', `${name}: ${what}`);
  };
  if (failures > 0) refuse(`${failures} bounds failed that cannot`);
  for (const metric of metrics) {
    const bias = meanOf(observed[metric].biases);
    if (!(Math.abs(bias.value) <= CHANCE * bias.error + ROUNDING))
      refuse(`${metric} has a bias of ${bias.value} bounds, with a standard error of ${bias.error}`);
    const coverage = meanOf(observed[metric].coverages);
    if (!(coverage.value >= promised - SHAPE - CHANCE * coverage.error))
      refuse(`${metric}: ${coverage.value} of the bounds hold, promised are ${promised}`);
  }
}

async function observe(
  library: Library,
  scene: Scene,
  bits: number,
  { seeds, rows, queries }: EstimatorScale,
  session: QuantSession,
  { signal }: CaseContext,
): Promise<PreparedCase> {
  const { dimensions } = scene;
  const vectors = await scene.make(rows, queries, session);
  const observation = new Observation(vectors, dimensions);
  let epsilon0 = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    await nextTurn();
    throwIfAborted(signal);
    const codec = library.RabitqCodec.train(vectors.rows, { dimensions, bits, seed });
    epsilon0 = codec.epsilon0;
    observation.add(codec, codec.pack(codec.encode(vectors.rows)));
  }
  const { observed, failures } = observation;
  const biases = metrics.map((metric) => meanOf(observed[metric].biases));
  const coverages = metrics.map((metric) => meanOf(observed[metric].coverages));
  const [bias, coverage] = [biases[0], coverages[0]];
  const sample = {
    bias: 100 * Math.abs(bias.value),
    bias_error: 100 * bias.error,
    bias_worst: Math.max(...biases.map(deviation)),
    coverage: 100 * coverage.value,
    coverage_error: 100 * coverage.error,
    coverage_least: 100 * Math.min(...coverages.map(({ value }) => value)),
    promised: 100 * within(epsilon0),
    proof_failures: failures,
  };
  return {
    entrants: [{ name: 'ruvector', sample: () => sample }],
    verify: () => check(scene.name, observation, within(epsilon0)),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** One set of vectors under many rotations. */
export function estimatorCase(
  library: Library,
  scene: Scene,
  bits: number,
  scale: EstimatorScale,
): Case<QuantSession> {
  return {
    name: `estimator, ${scene.name}, ${bits} ${bits === 1 ? 'bit' : 'bits'}`,
    parameters: { scene: scene.name, identity: scene.identity, dimensions: scene.dimensions, bits, ...scale },
    budget: once,
    absent: without(),
    metrics: [
      { name: 'bias', unit: '% of the bound, l2sq', better: 'lower' },
      { name: 'bias_error', unit: 'standard error', better: 'lower' },
      { name: 'bias_worst', unit: 'standard errors, of 3 metrics', better: 'lower' },
      { name: 'coverage', unit: '% of bounds hold, l2sq', better: 'higher' },
      { name: 'coverage_error', unit: 'standard error', better: 'lower' },
      { name: 'coverage_least', unit: '% of bounds, of 3 metrics', better: 'higher' },
      { name: 'promised', unit: '% by epsilon0', better: 'higher' },
      { name: 'proof_failures', unit: 'bounds', better: 'lower' },
    ],
    prepare: (session, context) => observe(library, scene, bits, scale, session, context),
  };
}
