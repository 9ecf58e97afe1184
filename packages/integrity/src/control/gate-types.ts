/** What a gate is told and what it says. */
import type { GateAction, OperationClass, Relation } from './policy-types.js';
import type { StateName } from './states.js';

/**
 * - `off`: everything is allowed and only counted as offered.
 * - `observe`: everything is allowed, and the decision says what it would have been.
 * - `enforce`: the decision counts.
 */
export type GateMode = 'off' | 'observe' | 'enforce';

/** Where the state of a decision comes from: published; or nothing is, it is too old, or it is ahead of the clock. */
export type StateBasis = 'published' | 'never-published' | 'stale' | 'clock-behind';

/**
 * Why. Allowed: `exempt` its class has no rules; `gate-off`; `allowed` the rule allows; `within-share` the throttle has
 * tokens for it; `reserve` it is `repair` and its rule refuses, but the reserved budget does not; `probe` the state recovers
 * and a few are let through to see; `unknown-state` the rule of state `unknown` allows, and `basis` says why that is the
 * state. Refused: `over-share`, `over-rate` of a throttle; `in-flight` as many run as may; `deferred`; `rejected`.
 */
export type GateReason =
  | 'exempt'
  | 'gate-off'
  | 'allowed'
  | 'within-share'
  | 'reserve'
  | 'probe'
  | 'unknown-state'
  | 'over-share'
  | 'over-rate'
  | 'in-flight'
  | 'deferred'
  | 'rejected';

/** The answer to one operation. Those that let through, and rejections, are frozen and shared by many calls. */
export interface GateDecision {
  /** What applies: in mode `observe` always `allow`. */
  readonly action: GateAction;
  /** Whether to go on. */
  readonly allowed: boolean;
  /** In mode `observe`: what the action would be in mode `enforce`; else null. */
  readonly wouldBe: GateAction | null;
  readonly state: StateName;
  readonly basis: StateBasis;
  readonly class: OperationClass;
  /** How the operation stands to the present cut. */
  readonly relation: Relation;
  readonly reason: GateReason;
  /** When trying again makes sense, in milliseconds; 0 unless throttled or deferred (or if that would be). */
  readonly retryAfterMs: number;
  /** `RV001` throttled, `RV002` deferred, `RV003` rejected; else null. In mode `observe` null. */
  readonly sqlstate: 'RV001' | 'RV002' | 'RV003' | null;
  /** What was published with the state, on refusals: lambda in ppm, edge types of the cut, the event's id. Else null. */
  readonly evidence: GateEvidence | null;
}

export interface GateEvidence {
  readonly lambdaPpm: number | null;
  readonly witnessTypes: readonly string[];
  readonly event: string | null;
}

/** What a gate is told about the system. */
export interface GateStatus {
  readonly state: StateName;
  /** Edge types of the present cut; at most 1,024. */
  readonly witnessTypes?: readonly string[];
  /** When that was so: whole milliseconds since 1970. */
  readonly at: number;
  /** Whether a recovery is under way; probes are let through then. Default false. */
  readonly recovering?: boolean;
  /** For those who are refused: lambda, 0 to 1,000,000 ppm. */
  readonly lambdaPpm?: number | null;
  /** For those who are refused: where the log tells of it. 1 to 128 characters. */
  readonly event?: string | null;
}

export interface CheckOptions {
  /** Whole milliseconds since 1970. */
  readonly now: number;
  /** Whom it is for, 1 to 256 characters; for fairness under a throttle. */
  readonly tenant?: string;
  /** 0 to 1,000,000,000; default what the policy says of the operation. */
  readonly cost?: number;
  /** Whether the same work was refused before: it is not counted as offered again. Default false. */
  readonly retry?: boolean;
}

/** A permission that is given back. */
export interface GateTicket {
  readonly decision: GateDecision;
  /** Call it when the operation has ended, in a `finally`; more calls than one are one. */
  readonly release: () => void;
}

/** Counts since the gate was made. `offered + retried = admitted + throttled + deferred + rejected` in mode `enforce`. */
export interface GateCounts {
  /** Calls that were not a retry. */
  readonly offered: number;
  /** Their cost: what the flow signal takes as offered load. */
  readonly offeredCost: number;
  /** Calls that were a retry. */
  readonly retried: number;
  /** Calls that may go on: in modes `off` and `observe` all. */
  readonly admitted: number;
  readonly admittedCost: number;
  /** Calls that were throttled, deferred, rejected; in mode `observe` those that would have been. */
  readonly throttled: number;
  readonly deferred: number;
  readonly rejected: number;
  /** Of the admitted: from the reserved budget, and as probes. */
  readonly reserve: number;
  readonly probes: number;
}

export interface GateCounters {
  readonly classes: Readonly<Record<OperationClass, GateCounts>>;
  /** By operation, in the policy's order; last, with name null, all that the policy does not name. */
  readonly operations: readonly (GateCounts & {
    readonly name: string | null;
    readonly class: OperationClass;
  })[];
  /** Acquired and not released, by class. */
  readonly inFlight: Readonly<Record<OperationClass, number>>;
}
