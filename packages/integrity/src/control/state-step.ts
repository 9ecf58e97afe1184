/**
 * The step of the state machine: a pure function of options, state and one input.
 *
 * Rules, from the specification (10.4) and with what it leaves open decided:
 *
 * 1. Worsening counts samples in a row strictly below a threshold of entry: M of them below the critical one make
 *    critical from whatever state, N below the stress one make at least stress. A sample at or above zeroes the count.
 *    A change of state does not: a count is a fact about samples. So after any M fresh samples below the critical
 *    threshold the machine is critical, and nothing (cooldown, dwell, hold) can delay that.
 * 2. Recovery goes one state at a time. The first sample strictly above the exit starts a hold, once the cooldown after
 *    the last change has passed; a sample at or below the exit cancels it. The machine recovers at the first sample with
 *    which the hold has lasted `holdMs` and has `recoverSamples` samples, and which is `dwellMs` or more after the change.
 * 3. Data older than `staleAfterMs` is none: the machine is `unknown` and forgets the hold. The counts of rule 1 stay: a
 *    sensor that is slow must not keep a bad system at `unknown`, whose rules may be open. The machine leaves `unknown` for
 *    the state that a full count shows, if that is no better than the state held before, and for the state held before after
 *    `returnSamples` samples without a gap. So nobody recovers by losing a sensor.
 * 4. Cooldown, dwell and hold are measured at the time of the sample, staleness and overrides at the time of the input.
 * 5. An override replaces the state in force until it ends; rules 1 to 3 go on beneath it.
 * 6. A clock that goes backwards takes with it the time of the last sample and the end of an override, so that the age of the
 *    one and the rest of the other stay what they were. What time has to earn (hold, dwell, cooldown) keeps its start, or
 *    starts now if that lies ahead: going back by a millisecond costs a millisecond, and going forth and back earns nothing.
 *    Ignoring inputs instead, until the clock has caught up, would leave the machine blind at its last state, which may be
 *    normal. A jump forwards of more than `staleAfterMs` makes the machine unknown, and ends the hold.
 *
 * Bad arguments throw before anything has changed, so a log of applied inputs never holds one.
 */
import { checkInteger, checkKeys, checkName, checkObject, checkTime, describe } from '../check.js';
import { IntegrityError } from '../errors.js';
import { checkKnownState, type ResolvedStateOptions } from './state-options.js';
import {
  BADNESS,
  type IntegrityState,
  type KnownState,
  PPM,
  type StateInput,
  type StateName,
  type StateOverride,
  type StateReason,
  type StepResult,
} from './states.js';

/** A state under change; becomes an `IntegrityState` at the end of the step. */
interface Draft {
  measured: StateName;
  held: KnownState;
  since: number;
  stressCount: number;
  criticalCount: number;
  returnCount: number;
  hold: { readonly since: number; readonly samples: number } | undefined;
  sample: { readonly at: number; readonly lambdaPpm: number } | undefined;
  override: StateOverride | undefined;
}

/**
 * One step. O(1) (O(signals) for a sample that carries them).
 *
 * @param options resolved: `resolveStateOptions`
 * @param before the state before; is not changed
 * @param input what happened
 * @returns the state after, why, and the transition of the state in force, if there was one
 * @throws IntegrityError `ERR_INTEGRITY_CLOCK` for a time that is none, `ERR_INTEGRITY_ARGUMENT` for other bad inputs
 */
export function stepState(
  options: ResolvedStateOptions,
  before: IntegrityState,
  input: StateInput,
): StepResult {
  const now = checkTime(checkObject(input, 'input').now, 'now');
  const act = readInput(options, input, now);
  const reasons: StateReason[] = [];
  const draft: Draft = {
    measured: before.measured,
    held: before.held,
    since: before.since,
    stressCount: before.stressCount,
    criticalCount: before.criticalCount,
    returnCount: before.returnCount,
    hold: before.hold,
    sample: before.sample,
    override: before.override,
  };
  if (now < before.now) moveClock(options, draft, before.now, now, reasons);
  if (draft.override !== undefined && now >= draft.override.until) {
    const { state, actor, until } = draft.override;
    draft.override = undefined;
    reasons.push({ code: 'override-expired', from: state, to: draft.measured, actor, until });
  }
  loseStale(options, draft, now, reasons);
  act(draft, reasons);
  if (draft.override !== undefined && input.type !== 'override')
    reasons.push({ code: 'overridden', remainingMs: draft.override.until - now });
  if (reasons.length === 0) reasons.push({ code: draft.measured === 'unknown' ? 'no-data' : 'steady' });
  const state = draft.override === undefined ? draft.measured : draft.override.state;
  const after: IntegrityState = Object.freeze({
    version: 1,
    state,
    measured: draft.measured,
    held: draft.held,
    since: draft.since,
    now,
    stressCount: draft.stressCount,
    criticalCount: draft.criticalCount,
    returnCount: draft.returnCount,
    ...(draft.hold === undefined ? undefined : { hold: draft.hold }),
    ...(draft.sample === undefined ? undefined : { sample: draft.sample }),
    ...(draft.override === undefined ? undefined : { override: draft.override }),
  });
  return state === before.state
    ? { state: after, reasons }
    : { state: after, reasons, transition: { from: before.state, to: state, at: now } };
}

/** Rule 6. */
function moveClock(
  { staleAfterMs }: ResolvedStateOptions,
  draft: Draft,
  was: number,
  now: number,
  reasons: StateReason[],
): void {
  const by = was - now;
  reasons.push({ code: 'clock-backwards', byMs: by });
  draft.since = Math.min(draft.since, now);
  if (draft.hold !== undefined)
    draft.hold = { since: Math.min(draft.hold.since, now), samples: draft.hold.samples };
  if (draft.sample !== undefined)
    // Before `now` even if it came at the last moment of the old clock: the next sample must not pass for the same one. And no
    // older than too old, so that a clock that swings for ever does not carry it out of the range of numbers.
    draft.sample = {
      at: Math.max(Math.min(draft.sample.at - by, now - 1), now - staleAfterMs - 1),
      lambdaPpm: draft.sample.lambdaPpm,
    };
  if (draft.override !== undefined)
    draft.override = {
      ...draft.override,
      since: Math.min(draft.override.since, now),
      until: draft.override.until - by,
    };
}

/** Rule 3, the way in. */
function loseStale(options: ResolvedStateOptions, draft: Draft, now: number, reasons: StateReason[]): void {
  if (draft.sample === undefined || now - draft.sample.at <= options.staleAfterMs) return;
  const ageMs = now - draft.sample.at;
  if (draft.measured !== 'unknown') {
    reasons.push({ code: 'sensor-lost', from: draft.measured, to: 'unknown', ageMs });
    draft.measured = 'unknown';
    draft.since = now;
  } else if (draft.returnCount > 0) {
    reasons.push({ code: 'return-interrupted', ageMs, samples: draft.returnCount });
  }
  draft.hold = undefined;
  draft.returnCount = 0;
}

/** Checks everything in the input, and gives what it does to the draft. */
function readInput(
  options: ResolvedStateOptions,
  input: StateInput,
  now: number,
): (draft: Draft, reasons: StateReason[]) => void {
  switch (input.type) {
    case 'sample':
      return readSample(options, input, now);
    case 'tick':
      checkKeys(input as never, 'input', ['type', 'now']);
      return () => undefined;
    case 'override': {
      checkKeys(input as never, 'input', ['type', 'now', 'state', 'reason', 'actor', 'until']);
      const override = {
        state: checkKnownState(input.state, 'state'),
        reason: checkName(input.reason, 'reason', 256),
        actor: checkName(input.actor, 'actor'),
        since: now,
        until: checkTime(input.until, 'until'),
      };
      checkInteger(override.until - now, 'until - now', 1, options.maxOverrideMs);
      return (draft, reasons) => {
        const from = draft.override === undefined ? draft.measured : draft.override.state;
        draft.override = override;
        const { state, actor, until } = override;
        reasons.push({ code: 'override-set', from, to: state, actor, until });
      };
    }
    case 'clear': {
      checkKeys(input as never, 'input', ['type', 'now', 'actor', 'reason']);
      const actor = checkName(input.actor, 'actor');
      if (input.reason !== undefined) checkName(input.reason, 'reason', 256);
      return (draft, reasons) => {
        if (draft.override === undefined) {
          reasons.push({ code: 'override-none', actor });
          return;
        }
        const { state, until } = draft.override;
        draft.override = undefined;
        reasons.push({ code: 'override-cleared', from: state, to: draft.measured, actor, until });
      };
    }
    default:
      throw new IntegrityError(
        'ERR_INTEGRITY_ARGUMENT',
        `type must be sample, tick, override or clear, not ${describe((input as { type?: unknown }).type)}`,
        { field: 'type' },
      );
  }
}

/** The least of the signals of a sample, which one it was, and which one was missing. */
function readSample(
  options: ResolvedStateOptions,
  input: Extract<StateInput, { type: 'sample' }>,
  now: number,
): (draft: Draft, reasons: StateReason[]) => void {
  checkKeys(input as never, 'input', ['type', 'now', 'at', 'lambdaPpm', 'components']);
  const at = input.at === undefined ? now : checkTime(input.at, 'at');
  let least = PPM + 1;
  let signal: string | undefined;
  let missing: string | undefined;
  const take = (value: number | null | undefined, field: string, name: string | undefined): void => {
    if (value === null || value === undefined || (typeof value === 'number' && !Number.isFinite(value)))
      missing ??= name ?? 'lambdaPpm';
    else if (checkInteger(value, field, 0, PPM) < least) {
      least = value;
      signal = name;
    }
  };
  const components = input.components === undefined ? {} : checkObject(input.components, 'components');
  const names = Object.keys(components);
  if (names.length > 32)
    throw new IntegrityError('ERR_INTEGRITY_LIMIT', `components has ${names.length} signals, at most 32`, {
      field: 'components',
    });
  if (input.lambdaPpm !== undefined || names.length === 0) take(input.lambdaPpm, 'lambdaPpm', undefined);
  for (const name of names)
    take(
      components[name] as number | null | undefined,
      `components.${checkName(name, 'components', 64)}`,
      name,
    );
  for (const name of options.signals) if (!names.includes(name)) missing ??= name;

  return (draft, reasons) => {
    if (at > now) return void reasons.push({ code: 'sample-future', aheadMs: at - now });
    if (now - at > options.staleAfterMs) return void reasons.push({ code: 'sample-stale', ageMs: now - at });
    if (draft.sample !== undefined && at <= draft.sample.at)
      return void reasons.push({ code: 'sample-late', at, lastAt: draft.sample.at });
    // What is there bounds lambda from above: below the critical threshold it is proof enough, else it proves nothing.
    if (missing !== undefined && least >= options.thresholds.enterCriticalPpm)
      return void reasons.push({ code: 'sample-empty', signal: missing });
    draft.sample = { at, lambdaPpm: least };
    count(options, draft, least, reasons);
    if (draft.measured === 'unknown') comeBack(options, draft, now, least, reasons);
    else settle(options, draft, at, now, least, signal, reasons);
  };
}

/** Rule 1: the counts, the same in every state. */
function count(
  { thresholds, stressSamples, criticalSamples }: ResolvedStateOptions,
  draft: Draft,
  ppm: number,
  reasons: StateReason[],
): void {
  const zeroed = (to: KnownState, samples: number): void => {
    if (samples > 0 && (draft.measured === 'unknown' || BADNESS[draft.measured] < BADNESS[to]))
      reasons.push({ code: 'count-zeroed', to, samples, lambdaPpm: ppm });
  };
  if (ppm < thresholds.enterStressPpm) draft.stressCount = Math.min(draft.stressCount + 1, stressSamples);
  else {
    zeroed('stress', draft.stressCount);
    draft.stressCount = 0;
  }
  if (ppm < thresholds.enterCriticalPpm)
    draft.criticalCount = Math.min(draft.criticalCount + 1, criticalSamples);
  else {
    zeroed('critical', draft.criticalCount);
    draft.criticalCount = 0;
  }
}

/** What the counts alone show. */
function counted(options: ResolvedStateOptions, draft: Draft): KnownState {
  if (draft.criticalCount >= options.criticalSamples) return 'critical';
  return draft.stressCount >= options.stressSamples ? 'stress' : 'normal';
}

function change(draft: Draft, to: KnownState, now: number): void {
  draft.measured = to;
  draft.held = to;
  draft.since = now;
  draft.hold = undefined;
  draft.returnCount = 0;
}

/** Rule 3, the way out. */
function comeBack(
  options: ResolvedStateOptions,
  draft: Draft,
  now: number,
  ppm: number,
  reasons: StateReason[],
): void {
  draft.returnCount = Math.min(draft.returnCount + 1, options.returnSamples);
  const shown = counted(options, draft);
  const proven = shown !== 'normal' && BADNESS[shown] >= BADNESS[draft.held];
  if (!proven && draft.returnCount < options.returnSamples) {
    reasons.push({ code: 'returning', samples: draft.returnCount, needed: options.returnSamples });
    return;
  }
  const to = proven ? shown : draft.held;
  reasons.push({ code: 'sensor-back', from: 'unknown', to, samples: draft.returnCount, lambdaPpm: ppm });
  change(draft, to, now);
}

/** Rules 1 and 2 in a known state. */
function settle(
  options: ResolvedStateOptions,
  draft: Draft,
  at: number,
  now: number,
  ppm: number,
  signal: string | undefined,
  reasons: StateReason[],
): void {
  const measured = draft.measured as KnownState;
  const { thresholds } = options;
  const exitPpm = measured === 'critical' ? thresholds.exitCriticalPpm : thresholds.exitStressPpm;
  const good = measured !== 'normal' && ppm > exitPpm;
  if (!good && draft.hold !== undefined) {
    const { since, samples } = draft.hold;
    reasons.push({
      code: 'hold-cancelled',
      heldMs: at - since,
      samples,
      lambdaPpm: ppm,
      thresholdPpm: exitPpm,
    });
    draft.hold = undefined;
  }
  const shown = counted(options, draft);
  if (BADNESS[shown] > BADNESS[measured]) {
    const critical = shown === 'critical';
    reasons.push({
      code: 'worsened',
      from: measured,
      to: shown,
      samples: critical ? draft.criticalCount : draft.stressCount,
      lambdaPpm: ppm,
      thresholdPpm: critical ? thresholds.enterCriticalPpm : thresholds.enterStressPpm,
      ...(signal === undefined ? undefined : { signal }),
    });
    change(draft, shown, now);
    return;
  }
  if (measured === 'normal' && draft.stressCount > 0)
    reasons.push({
      code: 'counting',
      to: 'stress',
      samples: draft.stressCount,
      needed: options.stressSamples,
      thresholdPpm: thresholds.enterStressPpm,
    });
  if (measured !== 'critical' && draft.criticalCount > 0)
    reasons.push({
      code: 'counting',
      to: 'critical',
      samples: draft.criticalCount,
      needed: options.criticalSamples,
      thresholdPpm: thresholds.enterCriticalPpm,
    });
  if (good) recover(options, draft, at, now, ppm, exitPpm, reasons);
}

/** Rule 2, for a sample above the exit. */
function recover(
  options: ResolvedStateOptions,
  draft: Draft,
  at: number,
  now: number,
  ppm: number,
  exitPpm: number,
  reasons: StateReason[],
): void {
  const to = draft.measured === 'critical' ? 'stress' : 'normal';
  const cooldownLeft = draft.since + options.cooldownMs - at;
  if (cooldownLeft > 0) return void reasons.push({ code: 'cooldown', to, remainingMs: cooldownLeft });
  const started = draft.hold === undefined;
  const since = draft.hold?.since ?? at;
  const samples = (draft.hold?.samples ?? 0) + 1;
  draft.hold = { since, samples };
  const holdLeft = since + options.holdMs - at;
  const dwellLeft = draft.since + options.dwellMs - at;
  if (holdLeft > 0 || samples < options.recoverSamples)
    reasons.push({
      code: started ? 'hold-started' : 'hold-running',
      to,
      remainingMs: Math.max(0, holdLeft),
      samples,
      needed: options.recoverSamples,
    });
  else if (dwellLeft > 0) reasons.push({ code: 'dwell', to, remainingMs: dwellLeft });
  else {
    reasons.push({
      code: 'recovered',
      from: draft.measured,
      to,
      heldMs: at - since,
      samples,
      lambdaPpm: ppm,
      thresholdPpm: exitPpm,
    });
    change(draft, to, now);
  }
}
