/** What a gate's policy consists of: plain JSON of whole numbers and strings, so that a log can hold it. */
import type { StateName } from './states.js';

/**
 * The class of an operation: what it may do to a system that is about to split.
 *
 * - `low`, `medium`, `high`: risk, after which the rules are ordered.
 * - `repair`: work that makes room. It has rules too, and a reserved budget where they refuse it.
 * - `exempt`: liveness, sensors, the reading of the audit log. It has no rules and no policy can refuse it.
 */
export type OperationClass = 'low' | 'medium' | 'high' | 'repair' | 'exempt';

/** A class that has rules. */
export type RuledClass = Exclude<OperationClass, 'exempt'>;

/**
 * How an operation stands to the present cut. `loads`: it uses an edge type among the witnesses; `relieves`: it makes
 * room on one and loads none; `none`: neither. What does both loads: the edge that is about to give way counts more.
 */
export type Relation = 'none' | 'loads' | 'relieves';

export type GateAction = 'allow' | 'throttle' | 'defer' | 'reject';

/** Go on. */
export interface AllowRule {
  readonly action: 'allow';
  /** At most this many of the class between `acquire` and `release`; 1 to 1,000,000; null: no limit. */
  readonly maxInFlight: number | null;
}

/** Admit a share of what is offered. */
export interface ThrottleRule {
  readonly action: 'throttle';
  /** The share of the offered cost that is admitted, in parts per million: 0 to 1,000,000. */
  readonly admitPpm: number;
  /** Besides the share, at most this much cost a second; 1 to 1,000,000,000; null: no limit. */
  readonly maxPerSecond: number | null;
  /** As of `allow`. */
  readonly maxInFlight: number | null;
}

/** Come back later. */
export interface DeferRule {
  readonly action: 'defer';
  /** The least wait in milliseconds: 1 to 86,400,000. Repeats wait longer, see `defer.maxMs`. */
  readonly ms: number;
}

/** Not in this state. */
export interface RejectRule {
  readonly action: 'reject';
}

export type Rule = AllowRule | ThrottleRule | DeferRule | RejectRule;

/**
 * The rule of a class in a state, and rules that take its place for operations that load or relieve the present cut. Null:
 * the rule itself. In state `unknown` both are null.
 */
export type RuleWithRelations = Rule & { readonly loads: Rule | null; readonly relieves: Rule | null };

/** An operation that callers ask about. */
export interface OperationPolicy {
  readonly class: OperationClass;
  /** Edge types of the contracted graph that it puts work on. */
  readonly loads: readonly string[];
  /** Edge types on which it makes room. */
  readonly relieves: readonly string[];
  /** What one of it costs when the caller gives no cost: 1 to 1,000,000,000, in a unit of your choice. */
  readonly cost: number;
}

/** A whole policy, as `resolvePolicy` gives it: every field there, frozen. */
export interface GatePolicy {
  /** The class of an operation that the policy does not name, and of a named one that gives none. */
  readonly defaultClass: 'low' | 'medium' | 'high';
  readonly operations: Readonly<Record<string, OperationPolicy>>;
  readonly rules: Readonly<Record<StateName, Readonly<Record<RuledClass, RuleWithRelations>>>>;
  /** A published state that is older counts as `unknown`; milliseconds, 1 to 86,400,000. */
  readonly staleAfterMs: number;
  readonly throttle: {
    /** How much cost may come at once before the share is kept; 1 to 1,000,000. */
    readonly burst: number;
    /** Admitted whatever is offered, in cost a second, so that a share of little is not nothing; 0 to 1,000,000. */
    readonly minPerSecond: number;
    /** No throttled caller is told to come back sooner, whatever tokens there may be by then; milliseconds, 1 to `maxDelayMs`. */
    readonly minDelayMs: number;
    /** No throttled caller is told to wait longer, nor does `guard` wait longer; milliseconds, 1 to 3,600,000. */
    readonly maxDelayMs: number;
    /** The time constant of the tenants' offered rates; milliseconds, 100 to 3,600,000. */
    readonly windowMs: number;
    /** Tenants followed at a time and rule; those beyond share one place. 1 to 65,536. */
    readonly maxTenants: number;
  };
  readonly defer: {
    /** The longest wait that repeats grow to; milliseconds, 1 to 86,400,000. */
    readonly maxMs: number;
    /** Waits are drawn from [wait, wait x (1 + jitter)); parts per million, 0 to 1,000,000. */
    readonly jitterPpm: number;
  };
  /** The budget that only `repair` operations draw on, and only when their rule refuses them. Cost a second; cost. */
  readonly repair: { readonly perSecond: number; readonly burst: number };
  /** While the state recovers: how many refused operations of each class are let through. A second; at once. */
  readonly probes: { readonly perSecond: number; readonly burst: number };
}

/** What may stand for a rule in a policy that is given: what is absent is the default; null takes a limit or override away. */
export interface RuleInput {
  readonly action?: GateAction;
  readonly admitPpm?: number;
  readonly maxPerSecond?: number | null;
  readonly maxInFlight?: number | null;
  readonly ms?: number;
}

/** As `RuleInput`, with overrides. */
export interface RuleWithRelationsInput extends RuleInput {
  readonly loads?: RuleInput | null;
  readonly relieves?: RuleInput | null;
}

/** A policy as it is given: what is absent is the default. */
export interface GatePolicyInput {
  readonly defaultClass?: 'low' | 'medium' | 'high';
  readonly operations?: Readonly<Record<string, Partial<OperationPolicy>>>;
  readonly rules?: {
    readonly [S in StateName]?: { readonly [C in RuledClass]?: RuleWithRelationsInput };
  };
  readonly staleAfterMs?: number;
  readonly throttle?: Partial<GatePolicy['throttle']>;
  readonly defer?: Partial<GatePolicy['defer']>;
  readonly repair?: Partial<GatePolicy['repair']>;
  readonly probes?: Partial<GatePolicy['probes']>;
}

export const RULED_CLASSES: readonly RuledClass[] = Object.freeze(['low', 'medium', 'high', 'repair']);
export const OPERATION_CLASSES: readonly OperationClass[] = Object.freeze([...RULED_CLASSES, 'exempt']);
export const RELATIONS: readonly Relation[] = Object.freeze(['none', 'loads', 'relieves']);
export const GATE_ACTIONS: readonly GateAction[] = Object.freeze(['allow', 'throttle', 'defer', 'reject']);
