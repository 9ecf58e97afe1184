/** What a host gives to `createIntegrity`, and what callers say when they ask. */
import { AuditLog } from '../audit/log.js';
import { checkInteger, checkKeys, checkName, checkObject, describe } from '../check.js';
import type { GateMode } from '../control/gate-types.js';
import type { GatePolicyInput } from '../control/policy-types.js';
import type { StateMachineOptions } from '../control/state-options.js';
import type { IntegrityState } from '../control/states.js';
import { type AbortSignalLike, IntegrityError } from '../errors.js';
import type { ContractedGraph } from '../graph/contracted-graph.js';
import type { GraphLimits } from '../graph/types.js';
import type { OfferedFrom } from './offered.js';
import { checkSignals, type SignalContract } from './signals.js';
import type { Timer } from './waiting.js';

/** What a system says of itself once. */
export interface IntegrityOptions {
  /** The system's name, 1 to 128 characters. */
  readonly name: string;
  /** Milliseconds since 1970, whole; `Date.now`. */
  readonly clock: () => number;
  /** Chance for the gate's jitter, in [0, 1); `Math.random`. */
  readonly random: () => number;
  /** Which signals make lambda. */
  readonly signals: SignalContract;
  /** A graph, or limits for a new one. */
  readonly graph?: ContractedGraph | GraphLimits;
  /** Which of the gate's operations are offered load of which commodity; see `offer` for load that is measured elsewhere. */
  readonly offeredFrom?: OfferedFrom;
  readonly states?: StateMachineOptions;
  /** A state that was stored, to go on from; default: nothing was seen yet, `unknown`. */
  readonly resume?: IntegrityState;
  readonly policy?: GatePolicyInput;
  /** Default `observe`: decisions are counted and not enforced. */
  readonly mode?: GateMode;
  /** Where events are recorded; without one nothing is proved. */
  readonly log?: AuditLog;
  /** What the gate goes by when a transition could not be recorded: the new state all the same (default), or `unknown`. */
  readonly onAuditFailure?: 'publish' | 'unknown';
  /** Whether each sample is recorded, which lets the log be replayed; default true with a log. */
  readonly recordSamples?: boolean;
  /** Compute lambda2 with every n-th sample; 0 (default): never. */
  readonly driftEvery?: number;
  /** How many samples `view().history` goes back; 0 to 10,000, default 720. */
  readonly history?: number;
  /** A stopwatch in milliseconds for `durationMs`: `performance.now`. */
  readonly stopwatch?: () => number;
  /** A timer with which `guard` waits where the gate throttles; without one it refuses at once. `nodeTimer` is Node's. */
  readonly timer?: Timer;
}

/** Who asks, and for how much. */
export interface Question {
  /** 1 to 256 characters. */
  readonly tenant?: string;
  /** 0 to 1,000,000,000; default: what the policy says of the operation. */
  readonly cost?: number;
  /** Whether the same work was refused before. */
  readonly retry?: boolean;
}

/** Who asks, and how long they wait where they are throttled. */
export interface GuardQuestion extends Question {
  /** Milliseconds, 0 to the policy's `throttle.maxDelayMs`, which is the default. Of use with `timer` only. */
  readonly maxWaitMs?: number;
  /** Ends the wait. It does not end the function that is guarded. */
  readonly signal?: AbortSignalLike;
}

const keys = [
  'name',
  'clock',
  'random',
  'signals',
  'graph',
  'offeredFrom',
  'states',
  'resume',
  'policy',
  'mode',
  'log',
  'onAuditFailure',
  'recordSamples',
  'driftEvery',
  'history',
  'stopwatch',
  'timer',
];
/** @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` or `ERR_INTEGRITY_POLICY`, with the field */
export function checkOptions(options: IntegrityOptions): void {
  checkKeys(checkObject(options, 'options'), 'options', keys);
  for (const name of ['clock', 'random'] as const)
    if (typeof options[name] !== 'function')
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `options.${name} must be a function, such as ${name === 'clock' ? 'Date.now' : 'Math.random'}, not ${describe(options[name])}`,
        { field: `options.${name}` },
      );
  if (options.timer !== undefined && typeof options.timer !== 'function')
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `options.timer must be a function that calls another after some milliseconds, such as nodeTimer, not ${describe(options.timer)}`,
      { field: 'options.timer' },
    );
  if (options.stopwatch !== undefined && typeof options.stopwatch !== 'function')
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `options.stopwatch must be a function, such as () => performance.now(), not ${describe(options.stopwatch)}`,
      { field: 'options.stopwatch' },
    );
  if (!['publish', 'unknown', undefined].includes(options.onAuditFailure))
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `options.onAuditFailure must be publish or unknown, not ${describe(options.onAuditFailure)}`,
      { field: 'options.onAuditFailure' },
    );
  if (options.recordSamples !== undefined && typeof options.recordSamples !== 'boolean')
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `options.recordSamples must be true or false, not ${describe(options.recordSamples)}`,
      { field: 'options.recordSamples' },
    );
  if (options.log !== undefined && !(options.log instanceof AuditLog))
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `options.log must be an AuditLog, as AuditLog.open gives it, not ${describe(options.log)}`,
      { field: 'options.log' },
    );
  checkName(options.name, 'options.name');
  checkSignals(options.signals);
  checkInteger(options.driftEvery ?? 0, 'options.driftEvery', 0, 1_000_000);
  checkInteger(options.history ?? 720, 'options.history', 0, 10_000);
}
