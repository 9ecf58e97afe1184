/**
 * The embedding: all that the job system and `@ruvector/integrity` have to do with each other.
 *
 * - The contract: which parts there are, what each can carry, in its own unit, and what a job of each kind costs there.
 * - The door: each submission asks the gate.
 * - The sensor: every five seconds the graph is brought up to date with what was measured, and sampled.
 */
import {
  type AuditLog,
  createIntegrity,
  type GateMode,
  type GatePolicyInput,
  type GraphChange,
  type Integrity,
  type SampleView,
  type StateMachineOptions,
} from '@ruvector/integrity';
import { type Door, type JobSystem, LIMITS } from './job-system.js';
import { KINDS, type Kind, PROFILES, QUEUES } from './kinds.js';
import { STORE } from './store.js';

export const SAMPLE_MS = 5000;

/**
 * The counts of samples and the thresholds are the defaults: critical after two samples, so after 5 to 10 s. The times that a
 * recovery must earn are a tenth of the defaults, because this run lasts ten minutes and its fault two: at the defaults (5
 * minutes of hold for each of two steps) most of the run would be recovery. Three samples missed make the state unknown.
 */
export const STATES: StateMachineOptions = {
  holdMs: 30_000,
  dwellMs: 6_000,
  cooldownMs: 6_000,
  staleAfterMs: 3 * SAMPLE_MS,
};

/**
 * What the owner of this system knows and the defaults do not:
 * - Interactive work alone fits on two workers, so it need not be cut to a share; what hurts it is the queue. In flight are at
 *   most as many as two workers do in half of a client's timeout: 2 x 500 ms / 40 ms = 25.
 * - Bulk work can wait, so it is deferred where the default rejects; the waits are a quarter of the default ones.
 */
export const POLICY: GatePolicyInput = {
  operations: {
    interactive: { class: 'low', loads: ['work'] },
    bulk: { class: 'medium', loads: ['work'] },
    reindex: { class: 'high', loads: ['work'] },
    cleanup: { class: 'repair', loads: ['work'], relieves: ['room'] },
  },
  rules: {
    stress: {
      low: { action: 'allow', loads: null },
      medium: { loads: { action: 'throttle', admitPpm: 500_000 } },
    },
    critical: {
      low: { action: 'allow', maxInFlight: 25, loads: null },
      medium: { loads: { action: 'defer', ms: 15_000 } },
    },
  },
  staleAfterMs: 3 * SAMPLE_MS,
  defer: { maxMs: 60_000 },
};

/** The default rules: only the operations are named, which only their owner knows. For comparison. */
export const DEFAULT_RULES: GatePolicyInput = {
  operations: POLICY.operations ?? {},
  staleAfterMs: 3 * SAMPLE_MS,
};

/** A system that is watched: what it takes to ask, to look and to read. */
export interface Watch {
  readonly integrity: Integrity;
  readonly door: Door;
  /** Brings the graph up to date and samples it. */
  sample(system: JobSystem): SampleView;
}

/** How many seconds of growth somebody needs to make room in the store. */
const REACTION_SECONDS = 30;
const CLIENTS = 'clients';
const STORE_IN = 'store';
const DISK = 'disk';

function workers(): readonly string[] {
  return Array.from({ length: LIMITS.workers }, (_, i) => `w${i + 1}`);
}

/** The contracted graph of a system in which everything works. */
function contract(): readonly GraphChange[] {
  const names = workers();
  const node = (name: string, type: string): GraphChange => ({ op: 'node', name, type });
  const jobs = (kinds: readonly Kind[], cost: (kind: Kind) => number): Record<string, number> =>
    Object.fromEntries(kinds.map((kind) => [kind, cost(kind)]));
  const edge = (
    source: string,
    target: string,
    type: string,
    capacity: number,
    cost: Record<string, number>,
  ): GraphChange => ({ op: 'edge', source, target, type, directed: true, capacity, cost });
  return [
    node(CLIENTS, 'clients'),
    ...QUEUES.map((queue) => node(queue, 'queue')),
    ...names.map((worker) => node(worker, 'worker')),
    node(STORE_IN, 'store'),
    node(DISK, 'disk'),
    // Into a queue: its places a second if each job waits as long as an interactive client would.
    ...QUEUES.map((queue) => {
      const kinds = KINDS.filter((kind) => PROFILES[kind].queue === queue);
      const places = LIMITS.queues[queue] / (PROFILES.interactive.timeoutMs / 1000);
      return edge(
        CLIENTS,
        queue,
        'enqueue',
        places,
        jobs(kinds, () => 1),
      );
    }),
    // Out of it: takes a second.
    ...QUEUES.flatMap((queue) => {
      const kinds = KINDS.filter((kind) => PROFILES[kind].queue === queue);
      return names.map((worker) =>
        edge(
          queue,
          worker,
          'take',
          1000 / LIMITS.takeMs,
          jobs(kinds, () => 1),
        ),
      );
    }),
    // What a worker gives: milliseconds of work a second.
    ...names.map((worker) =>
      edge(
        worker,
        STORE_IN,
        'work',
        1000,
        jobs(KINDS, (kind) => PROFILES[kind].workMs),
      ),
    ),
    // What the disk takes: kilobytes a second.
    edge(
      STORE_IN,
      DISK,
      'write',
      STORE.kbPerSecond,
      jobs(KINDS, (kind) => PROFILES[kind].writeKb),
    ),
    // The way of the room that cleanup makes; no job flows through it.
    edge(DISK, STORE_IN, 'room', STORE.roomKb, {}),
  ];
}

/**
 * Watches a job system.
 *
 * @param clock whole milliseconds since 1970
 * @param random in [0, 1), for the gate's jitter
 */
export function watch(
  clock: () => number,
  random: () => number,
  mode: GateMode,
  log: AuditLog,
  policy: GatePolicyInput = POLICY,
): Watch {
  const integrity = createIntegrity({
    name: 'job-system',
    clock,
    random,
    mode,
    log,
    states: STATES,
    policy,
    signals: {
      flow: {
        // Lambda is 1 from 1.5 times the offered load on: utilisation of two thirds is well, five sixths is stress.
        headroom: 1.5,
        commodities: KINDS.map((name) => ({ name, sources: [CLIENTS], sinks: [DISK] })),
      },
    },
    offeredFrom: Object.fromEntries(KINDS.map((kind) => [kind, [kind]])),
  });
  integrity.graph.batch(contract());
  let usedKb = STORE.usedKb;
  let sampledAt = clock();

  return {
    integrity,
    door: (kind, retry) => {
      const { decision, release } = integrity.acquire(kind, { retry });
      const { allowed, action, retryAfterMs } = decision;
      return { allowed, rejected: action === 'reject', retryAfterMs, release };
    },
    sample: (system) => {
      const now = clock();
      const seconds = Math.max(1, now - sampledAt) / 1000;
      sampledAt = now;
      const measured = system.measure();
      const alive = measured.workers.filter(({ silentForMs }) => silentForMs <= LIMITS.silentMs);
      const rates = integrity.measureOffered();
      const share = (part: number): Record<string, number> =>
        Object.fromEntries(KINDS.map((kind) => [kind, (rates[kind] ?? 0) * part]));
      integrity.graph.batch(
        measured.workers.flatMap((worker): GraphChange[] => {
          const works = alive.includes(worker);
          return [
            {
              op: 'update-edge',
              source: worker.name,
              target: STORE_IN,
              type: 'work',
              directed: true,
              health: works ? 1 : 0,
              cost: measured.costMs,
              // Workers pull, so those that live share alike.
              offered: share(works ? 1 / alive.length : 0),
            },
            ...QUEUES.map(
              (queue): GraphChange => ({
                op: 'update-edge',
                source: queue,
                target: worker.name,
                type: 'take',
                directed: true,
                offered: share(works ? 1 / alive.length : 0),
              }),
            ),
          ];
        }),
      );
      integrity.reserve('room', {
        free: measured.roomKb - measured.usedKb,
        growth: (measured.usedKb - usedKb) / seconds,
        reactionSeconds: REACTION_SECONDS,
        edge: { source: DISK, target: STORE_IN, type: 'room', directed: true },
      });
      usedKb = measured.usedKb;
      return integrity.sample();
    },
  };
}
