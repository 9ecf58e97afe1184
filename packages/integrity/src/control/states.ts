/** The values that the state machine takes and gives: all of them plain JSON of whole numbers and strings. */
import { checkNumber } from '../check.js';

/** How well the system holds together. `unknown`: there is no sample that may be believed. */
export type StateName = 'normal' | 'stress' | 'critical' | 'unknown';

/** A state that samples can establish. */
export type KnownState = Exclude<StateName, 'unknown'>;

/** Every state, from good to bad, and then `unknown`. */
export const STATE_NAMES: readonly StateName[] = Object.freeze(['normal', 'stress', 'critical', 'unknown']);

/** 0 normal, 1 stress, 2 critical: the larger the worse. */
export const BADNESS: Readonly<Record<KnownState, number>> = Object.freeze({
  normal: 0,
  stress: 1,
  critical: 2,
});

/** Lambda is counted in millionths, so that a log can hold it and a replay meets the thresholds to the last digit. */
export const PPM = 1_000_000;

/**
 * Lambda in whole parts per million: rounded to the nearest, halves up. A value that is not finite is a sensor's failure
 * and gives null, which a sample may carry.
 *
 * @param lambda 0 to 1; what rounds to 0 or to 1,000,000 is taken too, since sums of floats overshoot
 * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` for a finite number outside, or not a number
 * @example
 * lambdaPpm(0.3); // 300000
 * lambdaPpm(0.1234565); // 123457
 * lambdaPpm(Number.NaN); // null
 */
export function lambdaPpm(lambda: number): number | null {
  if (typeof lambda === 'number' && !Number.isFinite(lambda)) return null;
  const ppm = Math.round(checkNumber(lambda, 'lambda') * PPM);
  checkNumber(ppm, 'lambda in ppm', { least: 0, most: PPM });
  return ppm === 0 ? 0 : ppm; // -0 has no place in a log
}

/** A sample on its way to the machine. */
export interface SampleInput {
  readonly type: 'sample';
  /** When the machine is told: whole milliseconds since 1970. */
  readonly now: number;
  /** When it was measured; default `now`. A sensor whose clock may be ahead leaves it out. */
  readonly at?: number;
  /** 0 to 1,000,000; absent, null or not finite: the sensor failed. */
  readonly lambdaPpm?: number | null;
  /**
   * Named signals beside it, each 0 to 1,000,000, or null where one failed. The machine goes by the least of all that
   * are given; see `signals` of the options for those that must not be missing.
   */
  readonly components?: Readonly<Record<string, number | null>>;
}

/** Time passes: samples go stale and overrides end. */
export interface TickInput {
  readonly type: 'tick';
  readonly now: number;
}

/** Somebody decides the state for a while. */
export interface OverrideInput {
  readonly type: 'override';
  readonly now: number;
  readonly state: KnownState;
  /** 1 to 256 characters. */
  readonly reason: string;
  /** Who it is; 1 to 128 characters. */
  readonly actor: string;
  /** When it ends by itself: after `now`, by at most `maxOverrideMs`. */
  readonly until: number;
}

/** Somebody ends an override early. */
export interface ClearInput {
  readonly type: 'clear';
  readonly now: number;
  /** 1 to 128 characters. */
  readonly actor: string;
  /** 1 to 256 characters. */
  readonly reason?: string;
}

/** Everything that can happen to a machine. A log of these replays it. */
export type StateInput = SampleInput | TickInput | OverrideInput | ClearInput;

/** An override in force. */
export interface StateOverride {
  readonly state: KnownState;
  readonly reason: string;
  readonly actor: string;
  readonly since: number;
  readonly until: number;
}

/**
 * The whole memory of a machine: JSON of integers and strings, to be logged, stored and restored. Times are on the clock
 * of the inputs; after that clock went backwards they can lie before 0.
 */
export interface IntegrityState {
  readonly version: 1;
  /** The state in force: the override's while there is one, else `measured`. */
  readonly state: StateName;
  /** What the samples say. */
  readonly measured: StateName;
  /** The last state that was established; the same as `measured` unless that is `unknown`. */
  readonly held: KnownState;
  /** When `measured` last changed. */
  readonly since: number;
  /** The time of the last input. */
  readonly now: number;
  /** Samples in a row below `enterStressPpm`, no further counted than needed. */
  readonly stressCount: number;
  /** Samples in a row below `enterCriticalPpm`, no further counted than needed. */
  readonly criticalCount: number;
  /** Samples that have come since data came back; 0 unless `measured` is `unknown`. */
  readonly returnCount: number;
  /** A recovery under way: the time of its first good sample and how many there were. */
  readonly hold?: { readonly since: number; readonly samples: number };
  /** The last sample that counted. */
  readonly sample?: { readonly at: number; readonly lambdaPpm: number };
  readonly override?: StateOverride;
}

/**
 * Why a step did what it did, or did not do what one might expect:
 *
 * | code | meaning, and what stands beside it |
 * | --- | --- |
 * | `worsened` | `from`, `to`: a count of samples below a threshold is full; `samples`, `lambdaPpm`, `thresholdPpm` |
 * | `recovered` | `from`, `to`: one step better; `heldMs`, `samples`, `lambdaPpm`, `thresholdPpm` |
 * | `sensor-lost` | `from`, `to`: the last sample is too old; `ageMs` |
 * | `sensor-back` | `from`, `to`: data came back; `samples` |
 * | `counting` | towards `to`: `samples` of `needed` below `thresholdPpm` |
 * | `count-zeroed` | a sample on the good side ended the count towards `to` at `samples` |
 * | `hold-started`, `hold-running` | towards `to`: `remainingMs`, `samples` of `needed` |
 * | `hold-cancelled` | a sample that is not above `thresholdPpm`; `heldMs` |
 * | `cooldown`, `dwell` | good samples do not count yet, or are enough but for the dwell; `remainingMs` |
 * | `steady` | nothing to count, hold or change |
 * | `returning` | still `unknown`: `samples` of `needed` |
 * | `return-interrupted` | data went stale again while coming back |
 * | `no-data` | still `unknown`, and nothing new |
 * | `sample-empty` | the sensor failed; `signal` names the one that is missing, where it is one of several |
 * | `sample-late` | not younger than the last: ignored; `at`, `lastAt` |
 * | `sample-stale` | older than `staleAfterMs` on arrival: ignored; `ageMs` |
 * | `sample-future` | measured after `now`: ignored; `aheadMs` |
 * | `clock-backwards` | `byMs`; what lies ahead of the clock now (hold, dwell, cooldown) starts again |
 * | `override-set`, `override-expired`, `override-cleared` | `from`, `to`; `actor`, `until` |
 * | `overridden` | the override is in force: `remainingMs` |
 * | `override-none` | there was nothing to clear |
 */
export type StateReasonCode =
  | 'worsened'
  | 'recovered'
  | 'sensor-lost'
  | 'sensor-back'
  | 'counting'
  | 'count-zeroed'
  | 'hold-started'
  | 'hold-running'
  | 'hold-cancelled'
  | 'cooldown'
  | 'dwell'
  | 'steady'
  | 'returning'
  | 'return-interrupted'
  | 'no-data'
  | 'sample-empty'
  | 'sample-late'
  | 'sample-stale'
  | 'sample-future'
  | 'clock-backwards'
  | 'override-set'
  | 'override-expired'
  | 'override-cleared'
  | 'overridden'
  | 'override-none';

/** One reason: its code, and integers and strings beside it. */
export interface StateReason {
  readonly code: StateReasonCode;
  readonly [detail: string]: number | string;
}

/** A change of the state in force. */
export interface StateTransition {
  readonly from: StateName;
  readonly to: StateName;
  readonly at: number;
}

/** What a step gives. */
export interface StepResult {
  readonly state: IntegrityState;
  /** In the order in which things happened; never empty. */
  readonly reasons: readonly StateReason[];
  /** Only if the state in force changed; a change under an override shows in the reasons alone. */
  readonly transition?: StateTransition;
}
