/** The state machine as an object, its first state, states from storage, and replays. */
import { checkInteger, checkKeys, checkName, checkObject, checkTime } from '../check.js';
import { IntegrityError } from '../errors.js';
import {
  checkKnownState,
  type ResolvedStateOptions,
  resolveStateOptions,
  type StateMachineOptions,
} from './state-options.js';
import { stepState } from './state-step.js';
import {
  type IntegrityState,
  type KnownState,
  PPM,
  type StateInput,
  type StateName,
  type StepResult,
} from './states.js';

/**
 * The state of a machine that has seen nothing: `unknown`, until `returnSamples` samples have come.
 *
 * @param now whole milliseconds since 1970
 */
export function initialIntegrityState(options: ResolvedStateOptions, now: number): IntegrityState {
  return {
    version: 1,
    state: 'unknown',
    measured: 'unknown',
    held: options.initial,
    since: checkTime(now, 'now'),
    now,
    stressCount: 0,
    criticalCount: 0,
    returnCount: 0,
  };
}

/**
 * A state that was stored, checked field by field: what is wrong is an error, never a state that was not there.
 *
 * @param value what `JSON.parse` gave
 * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` with the field
 * @example
 * const machine = new StateMachine(options, { state: integrityState(JSON.parse(text)), now });
 */
export function integrityState(value: unknown): IntegrityState {
  const given = checkObject(value, 'state');
  checkKeys(given, 'state', [
    'version',
    'state',
    'measured',
    'held',
    'since',
    'now',
    'stressCount',
    'criticalCount',
    'returnCount',
    'hold',
    'sample',
    'override',
  ]);
  checkInteger(given.version, 'state.version', 1, 1);
  const time = (part: unknown, field: string): number =>
    checkInteger(part, field, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const counter = (name: string): number => checkInteger(given[name], `state.${name}`, 0, 1_000);
  const part = (name: string, keys: readonly string[]): Readonly<Record<string, unknown>> | undefined => {
    if (given[name] === undefined) return undefined;
    const object = checkObject(given[name], `state.${name}`);
    checkKeys(object, `state.${name}`, keys);
    return object;
  };
  const measured = checkStateName(given.measured, 'state.measured');
  const held = checkKnownState(given.held, 'state.held');
  const hold = part('hold', ['since', 'samples']);
  const sample = part('sample', ['at', 'lambdaPpm']);
  const override = part('override', ['state', 'reason', 'actor', 'since', 'until']);
  const now = checkTime(given.now, 'state.now');
  const state: IntegrityState = {
    version: 1,
    state: checkStateName(given.state, 'state.state'),
    measured,
    held,
    since: time(given.since, 'state.since'),
    now,
    stressCount: counter('stressCount'),
    criticalCount: counter('criticalCount'),
    returnCount: counter('returnCount'),
    ...(hold && {
      hold: {
        since: time(hold.since, 'state.hold.since'),
        samples: checkInteger(hold.samples, 'state.hold.samples', 1, Number.MAX_SAFE_INTEGER),
      },
    }),
    ...(sample && {
      sample: {
        at: time(sample.at, 'state.sample.at'),
        lambdaPpm: checkInteger(sample.lambdaPpm, 'state.sample.lambdaPpm', 0, PPM),
      },
    }),
    ...(override && {
      override: {
        state: checkKnownState(override.state, 'state.override.state'),
        reason: checkName(override.reason, 'state.override.reason', 256),
        actor: checkName(override.actor, 'state.override.actor'),
        since: time(override.since, 'state.override.since'),
        until: time(override.until, 'state.override.until'),
      },
    }),
  };
  const agree = (holds: boolean, field: string, message: string): void => {
    if (!holds)
      throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `state.${field} ${message}`, {
        field: `state.${field}`,
      });
  };
  agree(
    state.state === (state.override?.state ?? measured),
    'state',
    'is neither the override nor what was measured',
  );
  agree(measured === 'unknown' || held === measured, 'held', 'differs from what was measured');
  agree(state.since <= now, 'since', 'lies after now');
  agree(
    state.hold === undefined || (measured !== 'unknown' && measured !== 'normal'),
    'hold',
    'has nothing to recover from',
  );
  agree(state.hold === undefined || state.hold.since <= now, 'hold.since', 'lies after now');
  agree(state.sample === undefined || state.sample.at <= now, 'sample.at', 'lies after now');
  agree(
    measured === 'unknown' || state.sample !== undefined,
    'sample',
    'is missing, though a state was measured',
  );
  agree(measured === 'unknown' || state.returnCount === 0, 'returnCount', 'counts only while unknown');
  return state;
}

function checkStateName(value: unknown, field: string): StateName {
  return value === 'unknown' ? value : checkKnownState(value, field);
}

/** Where a machine begins. */
export type StateStart = { readonly now: number } | { readonly state: IntegrityState };

/**
 * The steps of every input in order. With the options and inputs of a log it gives the states of the log.
 *
 * @param start default: a machine that has seen nothing, at the time of the first input
 * @returns one result for each input
 * @throws IntegrityError as `stepState` and `resolveStateOptions`
 */
export function replayStates(
  options: StateMachineOptions,
  inputs: Iterable<StateInput>,
  start?: StateStart,
): StepResult[] {
  const resolved = resolveStateOptions(options);
  let state = start === undefined ? undefined : begin(resolved, start);
  const results: StepResult[] = [];
  for (const input of inputs) {
    state ??= initialIntegrityState(resolved, checkObject(input, 'input').now as number);
    const result = stepState(resolved, state, input);
    results.push(result);
    state = result.state;
  }
  return results;
}

function begin(options: ResolvedStateOptions, start: StateStart): IntegrityState {
  return 'state' in start ? integrityState(start.state) : initialIntegrityState(options, start.now);
}

/**
 * A machine that keeps its state: `stepState` with a memory of one value.
 *
 * @example
 * const machine = new StateMachine({ holdMs: 60_000 }, { now: 0 });
 * for (let now = 5_000; now <= 15_000; now += 5_000) machine.sample(900_000, now);
 * machine.state; // 'normal'
 * machine.sample(100_000, 20_000);
 * machine.sample(100_000, 25_000).transition; // { from: 'normal', to: 'critical', at: 25000 }
 */
export class StateMachine {
  readonly options: ResolvedStateOptions;
  #state: IntegrityState;

  /** @param start a time, or a state from storage: `integrityState(JSON.parse(text))` */
  constructor(options: StateMachineOptions, start: StateStart) {
    this.options = resolveStateOptions(options);
    this.#state = begin(this.options, start);
  }

  /** The state in force. */
  get state(): StateName {
    return this.#state.state;
  }

  /** Everything the machine remembers; never changed, but replaced. */
  get integrityState(): IntegrityState {
    return this.#state;
  }

  /** Any input. If it throws, nothing has changed. */
  apply(input: StateInput): StepResult {
    const result = stepState(this.options, this.#state, input);
    this.#state = result.state;
    return result;
  }

  /** A sample of one value; null where the sensor failed. */
  sample(lambdaPpm: number | null, now: number, at: number = now): StepResult {
    return this.apply({ type: 'sample', now, at, lambdaPpm });
  }

  /** Staleness and the end of overrides, without a sample. */
  tick(now: number): StepResult {
    return this.apply({ type: 'tick', now });
  }

  override(
    override: {
      readonly state: KnownState;
      readonly reason: string;
      readonly actor: string;
      readonly until: number;
    },
    now: number,
  ): StepResult {
    return this.apply({ type: 'override', now, ...override });
  }

  clearOverride(by: { readonly actor: string; readonly reason?: string }, now: number): StepResult {
    return this.apply({ type: 'clear', now, ...by });
  }
}
