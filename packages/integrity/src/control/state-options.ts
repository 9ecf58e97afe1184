/** Options of the state machine: defaults, checks, and the one resolved form that a log can hold. */
import { checkInteger, checkKeys, checkName, checkObject } from '../check.js';
import { IntegrityError } from '../errors.js';
import { type KnownState, PPM } from './states.js';

/** Thresholds, in parts per million of lambda. `lambdaPpm(0.8)` writes one as a fraction. */
export interface StateThresholds {
  /** A sample strictly below counts towards stress. Default 800,000. */
  readonly enterStressPpm?: number;
  /** A sample strictly below counts towards critical. Default 300,000; at least 1, so that a split graph can be critical. */
  readonly enterCriticalPpm?: number;
  /** How far above the threshold of entry a state is left, where no exit is given. Default 100,000. */
  readonly restoreOffsetPpm?: number;
  /** A sample strictly above counts towards normal. Default `enterStressPpm + restoreOffsetPpm`; below 1,000,000. */
  readonly exitStressPpm?: number;
  /** A sample strictly above counts towards stress, from critical. Default `enterCriticalPpm + restoreOffsetPpm`. */
  readonly exitCriticalPpm?: number;
}

/** What a machine can be told. Everything is a whole number; times are milliseconds. */
export interface StateMachineOptions {
  readonly thresholds?: StateThresholds;
  /** Samples in a row below `enterStressPpm` that make stress; 1 to 1,000, default 3. */
  readonly stressSamples?: number;
  /** Samples in a row below `enterCriticalPpm` that make critical; 1 to 1,000, default 2. */
  readonly criticalSamples?: number;
  /** Samples in a row above the exit that a recovery needs beside its time; 1 to 1,000, default 3. */
  readonly recoverSamples?: number;
  /** Samples without a gap that end `unknown`; 1 to 1,000, default 3. */
  readonly returnSamples?: number;
  /** How long samples must have stayed above the exit; default 300,000. */
  readonly holdMs?: number;
  /** How long a state lasts before it may be left for a better one; runs beside the hold. Default 60,000. */
  readonly dwellMs?: number;
  /** How long after a change no good sample counts: the hold starts after it. Never delays worsening. Default 60,000. */
  readonly cooldownMs?: number;
  /** The age at which the last sample is worth nothing, exclusive. More than the interval of samples. Default 30,000. */
  readonly staleAfterMs?: number;
  /** The longest override; default 86,400,000 (a day). */
  readonly maxOverrideMs?: number;
  /** Signals that every sample must carry in `components`; default none, at most 32. */
  readonly signals?: readonly string[];
  /** The state to which the first samples lead when they do not show a worse one; default normal. */
  readonly initial?: KnownState;
}

/** Options with everything filled in: a fixed point of `resolveStateOptions`, and JSON of integers and strings. */
export interface ResolvedStateOptions {
  readonly thresholds: {
    readonly enterStressPpm: number;
    readonly enterCriticalPpm: number;
    readonly exitStressPpm: number;
    readonly exitCriticalPpm: number;
  };
  readonly stressSamples: number;
  readonly criticalSamples: number;
  readonly recoverSamples: number;
  readonly returnSamples: number;
  readonly holdMs: number;
  readonly dwellMs: number;
  readonly cooldownMs: number;
  readonly staleAfterMs: number;
  readonly maxOverrideMs: number;
  readonly signals: readonly string[];
  readonly initial: KnownState;
}

const MONTH_MS = 31 * 86_400_000;
const KEYS = [
  'thresholds',
  'stressSamples',
  'criticalSamples',
  'recoverSamples',
  'returnSamples',
  'holdMs',
  'dwellMs',
  'cooldownMs',
  'staleAfterMs',
  'maxOverrideMs',
  'signals',
  'initial',
];
const THRESHOLD_KEYS = [
  'enterStressPpm',
  'enterCriticalPpm',
  'restoreOffsetPpm',
  'exitStressPpm',
  'exitCriticalPpm',
];

/**
 * Fills in the defaults and checks what was given.
 *
 * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` for a value of the wrong type or range, `ERR_INTEGRITY_THRESHOLDS` for
 *   thresholds that are not in the order `enterCritical < enterStress < exitStress`, `enterCritical < exitCritical <=
 *   exitStress`; `field` names the place
 * @example
 * resolveStateOptions({ thresholds: { enterStressPpm: 700_000 } }).thresholds.exitStressPpm; // 800000
 */
export function resolveStateOptions(options: StateMachineOptions = {}): ResolvedStateOptions {
  const given = checkObject(options, 'options');
  checkKeys(given, 'options', KEYS);
  const integer = (name: string, fallback: number, least: number, most: number): number =>
    given[name] === undefined ? fallback : checkInteger(given[name], name, least, most);
  return Object.freeze({
    thresholds: resolveThresholds(given.thresholds),
    stressSamples: integer('stressSamples', 3, 1, 1_000),
    criticalSamples: integer('criticalSamples', 2, 1, 1_000),
    recoverSamples: integer('recoverSamples', 3, 1, 1_000),
    returnSamples: integer('returnSamples', 3, 1, 1_000),
    holdMs: integer('holdMs', 300_000, 0, MONTH_MS),
    dwellMs: integer('dwellMs', 60_000, 0, MONTH_MS),
    cooldownMs: integer('cooldownMs', 60_000, 0, MONTH_MS),
    staleAfterMs: integer('staleAfterMs', 30_000, 1, MONTH_MS),
    maxOverrideMs: integer('maxOverrideMs', 86_400_000, 1, MONTH_MS),
    signals: resolveSignals(given.signals),
    initial: given.initial === undefined ? 'normal' : checkKnownState(given.initial, 'initial'),
  });
}

function resolveThresholds(value: unknown): ResolvedStateOptions['thresholds'] {
  const given = value === undefined ? {} : checkObject(value, 'thresholds');
  checkKeys(given, 'thresholds', THRESHOLD_KEYS);
  const ppm = (name: string, fallback: number): number =>
    given[name] === undefined ? fallback : checkInteger(given[name], `thresholds.${name}`, 0, PPM);
  const offset = ppm('restoreOffsetPpm', 100_000);
  const enterStressPpm = ppm('enterStressPpm', 800_000);
  const enterCriticalPpm = ppm('enterCriticalPpm', 300_000);
  const exitStressPpm = ppm('exitStressPpm', enterStressPpm + offset);
  const exitCriticalPpm = ppm('exitCriticalPpm', enterCriticalPpm + offset);
  const order = (holds: boolean, field: string, message: string): void => {
    if (!holds)
      throw new IntegrityError('ERR_INTEGRITY_THRESHOLDS', message, { field: `thresholds.${field}` });
  };
  order(
    enterCriticalPpm >= 1,
    'enterCriticalPpm',
    'thresholds.enterCriticalPpm is 0, and no sample is below 0: critical could never be entered; give at least 1',
  );
  order(
    enterCriticalPpm < enterStressPpm,
    'enterCriticalPpm',
    `thresholds.enterCriticalPpm (${enterCriticalPpm}) must be below thresholds.enterStressPpm (${enterStressPpm})`,
  );
  order(
    exitStressPpm > enterStressPpm,
    'exitStressPpm',
    `thresholds.exitStressPpm (${exitStressPpm}) must be above thresholds.enterStressPpm (${enterStressPpm})`,
  );
  order(
    exitStressPpm < PPM,
    'exitStressPpm',
    `thresholds.exitStressPpm is ${exitStressPpm}, and no sample is above ${PPM}: stress could never be left; give it, or a smaller restoreOffsetPpm`,
  );
  order(
    exitCriticalPpm > enterCriticalPpm,
    'exitCriticalPpm',
    `thresholds.exitCriticalPpm (${exitCriticalPpm}) must be above thresholds.enterCriticalPpm (${enterCriticalPpm})`,
  );
  order(
    exitCriticalPpm <= exitStressPpm,
    'exitCriticalPpm',
    `thresholds.exitCriticalPpm (${exitCriticalPpm}) must not be above thresholds.exitStressPpm (${exitStressPpm})`,
  );
  return Object.freeze({ enterStressPpm, enterCriticalPpm, exitStressPpm, exitCriticalPpm });
}

function resolveSignals(value: unknown): readonly string[] {
  if (value === undefined) return Object.freeze([]);
  if (!Array.isArray(value) || value.length > 32)
    throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', 'signals must be an array of at most 32 names', {
      field: 'signals',
    });
  const names = value.map((name, i) => checkName(name, `signals[${i}]`, 64));
  if (new Set(names).size !== names.length)
    throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', 'signals names one signal twice', {
      field: 'signals',
    });
  return Object.freeze(names);
}

/** One of the states that samples, options and overrides can establish. */
export function checkKnownState(value: unknown, field: string): KnownState {
  if (value === 'normal' || value === 'stress' || value === 'critical') return value;
  throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `${field} must be normal, stress or critical`, {
    field,
  });
}
