/**
 * What every operation and every sample pays: a check of the gate, a step of the state machine. No peer: a circuit breaker
 * wraps an asynchronous call and goes by its results; a gate answers before the call, from a state that others worked out.
 */
import type { Gate, GateAction, GateStatus, StateMachine } from '@ruvector/integrity';
import { BenchError } from '../../errors.js';
import { elapsedMs, repeatFor } from '../../measure.js';
import { Random } from '../../random.js';
import { quantile } from '../../statistics.js';
import type { Case } from '../../suite.js';
import { below } from './graphs.js';
import type { Library } from './ours.js';
import { without } from './peers.js';

const SEED = 20_071_114;
/** Any time will do. */
const START = 1_700_000_000_000;
/** Checks in one millisecond of the gate's clock. */
const CHECKS_PER_MS = 100;
/** Checks that are timed one by one, for their p99. Two readings of the clock are in each of those times. */
const SINGLE_CHECKS = 20_000;

interface GateScene {
  readonly name: string;
  readonly state: GateStatus['state'];
  readonly operation: string;
  /** How many callers take turns; none: without a tenant. */
  readonly tenants?: number;
  /** Answers that there must be, and the share that is allowed, as the default policy has it. */
  readonly answers: readonly GateAction[];
  readonly allowed: number;
}

export const gateScenes: readonly GateScene[] = [
  { name: 'allow', state: 'normal', operation: 'search', answers: ['allow'], allowed: 1 },
  { name: 'throttle', state: 'critical', operation: 'search', answers: ['allow', 'throttle'], allowed: 0.8 },
  {
    name: 'throttle, 500 tenants',
    state: 'critical',
    operation: 'search',
    tenants: 500,
    answers: ['allow', 'throttle'],
    allowed: 0.8,
  },
  { name: 'defer', state: 'critical', operation: 'update', answers: ['defer'], allowed: 0 },
  { name: 'reject', state: 'critical', operation: 'index_rebuild', answers: ['reject'], allowed: 0 },
];

/** Checks one after the other while the clock goes on. */
class Checks {
  readonly #gate: Gate;
  readonly #scene: GateScene;
  readonly #tenants: readonly string[];
  #done = 0;

  constructor(library: Library, scene: GateScene) {
    const random = new Random(SEED);
    this.#gate = new library.Gate({ mode: 'enforce', random: () => random.uniform() });
    this.#scene = scene;
    this.#tenants = Array.from({ length: scene.tenants ?? 0 }, (_, i) => `tenant-${i}`);
  }

  /** @returns how many were allowed */
  run(count: number): number {
    const { operation } = this.#scene;
    const gate = this.#gate;
    const tenants = this.#tenants;
    let allowed = 0;
    for (let i = 0; i < count; i++) {
      const now = START + Math.floor(this.#done / CHECKS_PER_MS);
      // Ten times a second, as a sensor would; what was published longer ago is stale.
      if (this.#done % (100 * CHECKS_PER_MS) === 0)
        gate.publish({ state: this.#scene.state, at: now, witnessTypes: [], lambdaPpm: 500_000 });
      const tenant = tenants[this.#done % tenants.length];
      this.#done++;
      const decision = gate.check(operation, tenant === undefined ? { now } : { now, tenant });
      if (decision.allowed) allowed++;
    }
    return allowed;
  }

  /** Counts answers, untimed. */
  count(checks: number): ReadonlyMap<GateAction, number> {
    const { operation, state } = this.#scene;
    const counts = new Map<GateAction, number>();
    this.#gate.publish({ state, at: START, witnessTypes: [], lambdaPpm: 500_000 });
    for (let i = 0; i < checks; i++) {
      const now = START + Math.floor(i / CHECKS_PER_MS);
      const tenant = this.#tenants[i % this.#tenants.length];
      const { action } = this.#gate.check(operation, tenant === undefined ? { now } : { now, tenant });
      counts.set(action, (counts.get(action) ?? 0) + 1);
    }
    return counts;
  }
}

/** One check of an operation. */
export function gateCase(library: Library, scene: GateScene): Case {
  const { name, state, operation, tenants = 0, answers, allowed } = scene;
  return {
    name: `gate check, ${name}`,
    parameters: { state, operation, tenants, checksPerMs: CHECKS_PER_MS, seed: SEED },
    metrics: [
      { name: 'time', unit: 'ns/check', better: 'lower' },
      { name: 'p99', unit: 'ns/check', better: 'lower' },
      { name: 'allowed', unit: '% of checks', better: 'higher' },
    ],
    absent: without([], 'gate'),
    prepare: async (_session, { budget }) => {
      const checks = new Checks(library, scene);
      let admitted = 0;
      let asked = 0;
      const sample = repeatFor(budget.minTimeMs, (iterations) =>
        elapsedMs(() => {
          admitted += checks.run(iterations);
          asked += iterations;
        }),
      );
      return {
        entrants: [
          {
            name: 'ruvector',
            sample: async () => {
              admitted = 0;
              asked = 0;
              const time = (await sample()) * 1e6;
              const single = Array.from({ length: SINGLE_CHECKS }, () => elapsedMs(() => checks.run(1)));
              return { time, p99: quantile(single, 0.99) * 1e6, allowed: (100 * admitted) / asked };
            },
          },
        ],
        verify: () => {
          const counts = new Checks(library, scene).count(20_000);
          const given = [...counts.keys()].sort();
          const share = (counts.get('allow') ?? 0) / 20_000;
          if (given.join() !== answers.toSorted().join() || Math.abs(share - allowed) > 0.02)
            throw new BenchError(
              'BENCH_DISAGREEMENT',
              `${operation} in ${state} got ${given.join(', ')} and was allowed ${share}; expected ${answers.join(', ')} and ${allowed}`,
            );
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/** lambda in ppm, one value a sample. */
const traces: Readonly<Record<string, (random: Random, length: number) => readonly number[]>> = {
  steady: (random, length) => Array.from({ length }, () => 920_000 + below(random, 80_000)),
  // Anything from 0 to 1 each time: what debouncing, hold and dwell are there for.
  noise: (random, length) => Array.from({ length }, () => below(random, 1_000_001)),
};

export const traceNames: readonly string[] = Object.keys(traces);
const TRACE_LENGTH = 10_000;
const SAMPLE_EVERY_MS = 5000;

/** Samples of one trace, five seconds apart by the machine's clock. */
export function stateCase(library: Library, trace: string): Case {
  return {
    name: `state machine, ${trace}`,
    parameters: { trace, samples: TRACE_LENGTH, everyMs: SAMPLE_EVERY_MS, seed: SEED },
    metrics: [
      { name: 'time', unit: 'ns/sample', better: 'lower' },
      { name: 'transitions', unit: 'of 10,000 samples', better: 'lower' },
    ],
    absent: without([], 'state machine'),
    prepare: async (_session, { budget }) => {
      const values = (traces[trace] as (typeof traces)[string])(new Random(SEED), TRACE_LENGTH);
      const start = (): StateMachine => new library.StateMachine({}, { now: START });
      let machine = start();
      let at = 0;
      const sample = repeatFor(budget.minTimeMs, (iterations) =>
        elapsedMs(() => {
          for (let i = 0; i < iterations; i++, at++)
            machine.sample(values[at % TRACE_LENGTH] as number, START + at * SAMPLE_EVERY_MS);
        }),
      );
      const transitions = (): number => {
        const counted = start();
        return values.filter(
          (value, i) => counted.sample(value, START + i * SAMPLE_EVERY_MS).transition !== undefined,
        ).length;
      };
      return {
        entrants: [
          {
            name: 'ruvector',
            sample: async () => {
              machine = start();
              at = 0;
              return { time: (await sample()) * 1e6, transitions: transitions() };
            },
          },
        ],
        verify: () => {
          const inputs = values.map((value, i) => ({
            type: 'sample' as const,
            now: START + i * SAMPLE_EVERY_MS,
            lambdaPpm: value,
          }));
          const replayed = library.replayStates({}, inputs, { now: START });
          const counted = start();
          for (const [i, input] of inputs.entries())
            if (counted.apply(input).state.state !== replayed[i]?.state.state)
              throw new BenchError('BENCH_DISAGREEMENT', `a replay differs from the machine at sample ${i}`);
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
