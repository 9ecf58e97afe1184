/** What holds for every stream of inputs and every set of options. */
import { describe, expect, it } from 'vitest';
import { initialIntegrityState, integrityState, replayStates } from '../../src/control/state-machine.js';
import { resolveStateOptions, type StateMachineOptions } from '../../src/control/state-options.js';
import { stepState } from '../../src/control/state-step.js';
import type { IntegrityState, StateInput, StateName, StepResult } from '../../src/control/states.js';
import { badness, randomInputs, randomOptions, type StreamKinds } from '../support/control-machine.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

interface Run {
  readonly options: StateMachineOptions;
  readonly inputs: readonly StateInput[];
  readonly results: readonly StepResult[];
}

/** `expect` costs more than a step; a loop of a hundred thousand says what is wrong and where instead. */
function hold(holds: boolean, what: unknown): void {
  if (!holds) throw new Error(`does not hold: ${JSON.stringify(what)}`);
}

function runs(seed: number, rounds: number, kinds: StreamKinds = {}): Run[] {
  const random = new Random(seed);
  return Array.from({ length: scale(rounds) }, () => {
    const options = randomOptions(random);
    const inputs = randomInputs(random, options, 300, kinds);
    return { options, inputs, results: replayStates(options, inputs) };
  });
}

/** The pairs of what was measured before and after each input. */
function* changes({ inputs, results }: Run): Generator<{
  readonly input: StateInput;
  readonly before: IntegrityState;
  readonly after: IntegrityState;
  readonly result: StepResult;
}> {
  for (let i = 1; i < results.length; i++) {
    const result = results[i] as StepResult;
    yield {
      input: inputs[i] as StateInput,
      before: (results[i - 1] as StepResult).state,
      after: result.state,
      result,
    };
  }
}

describe('in every stream', () => {
  it('recovery skips no state, and keeps hold, samples, dwell and cooldown', () => {
    let recoveries = 0;
    for (const run of runs(411, 300, { overrides: true })) {
      const options = resolveStateOptions(run.options);
      for (const { input, before, after, result } of changes(run)) {
        if (before.measured === 'unknown' || after.measured === 'unknown') continue;
        if (badness(after.measured) >= badness(before.measured)) continue;
        recoveries++;
        hold(badness(after.measured) === badness(before.measured) - 1, result);
        hold(input.type === 'sample', input);
        const at = (input as { readonly at?: number }).at ?? input.now;
        const since = before.hold?.since ?? at;
        hold(at - since >= options.holdMs, result);
        hold((before.hold?.samples ?? 0) + 1 >= options.recoverSamples, result);
        hold(at - before.since >= options.dwellMs, result);
        hold(since - before.since >= options.cooldownMs, result);
      }
    }
    expect(recoveries).toBeGreaterThan(scale(300) / 2);
  });

  it('a full count of fresh samples makes the state it stands for, whatever holds, dwells or cools down', () => {
    let worsened = 0;
    for (const run of runs(412, 300, { overrides: true, backwards: true })) {
      const options = resolveStateOptions(run.options);
      for (const { before, after, result } of changes(run)) {
        if (after.measured === 'unknown') continue;
        hold(after.criticalCount < options.criticalSamples || after.measured === 'critical', result);
        hold(after.stressCount < options.stressSamples || after.measured !== 'normal', result);
        if (result.reasons.some(({ code }) => code === 'worsened')) worsened++;
        if (badness(after.measured) > badness(before.measured) && before.measured !== 'unknown')
          // Lost and back within one step where a single sample suffices for it.
          hold(
            result.reasons.some(({ code }) => code === 'worsened' || code === 'sensor-back'),
            result,
          );
      }
    }
    expect(worsened).toBeGreaterThan(scale(300));
  });

  it('cooldown and dwell change nothing about when a machine worsens for the first time', () => {
    const random = new Random(413);
    let found = 0;
    for (let round = 0; round < scale(200); round++) {
      const options: StateMachineOptions = { ...randomOptions(random), initial: 'normal' };
      const inputs = randomInputs(random, options, 200);
      const first = (extra: StateMachineOptions): number =>
        replayStates({ ...options, ...extra }, inputs).findIndex(({ state }) => badness(state.measured) > 0);
      const at = first({ cooldownMs: 0, dwellMs: 0 });
      expect(first({ cooldownMs: 3_600_000, dwellMs: 3_600_000 })).toBe(at);
      if (at >= 0) found++;
    }
    expect(found).toBeGreaterThan(scale(200) / 2);
  });

  it('losing the sensor never leads to a better state than before', () => {
    let returns = 0;
    for (const run of runs(414, 300)) {
      let lostFrom: StateName = resolveStateOptions(run.options).initial;
      for (const { before, after } of changes(run)) {
        if (before.measured !== 'unknown') lostFrom = before.measured;
        if (before.measured === 'unknown' && after.measured !== 'unknown') {
          returns++;
          hold(badness(after.measured) >= badness(lostFrom), [lostFrom, after]);
        }
      }
    }
    expect(returns).toBeGreaterThan(scale(300));
  });

  it('a machine is never in a known state on data that is too old', () => {
    for (const run of runs(415, 200, { overrides: true, backwards: true })) {
      const { staleAfterMs } = resolveStateOptions(run.options);
      for (const { after } of changes(run))
        if (after.measured !== 'unknown')
          hold(after.now - (after.sample?.at ?? -Infinity) <= staleAfterMs, after);
    }
  });

  it('an override is in force from its input to its end and no longer, whatever the clock does', () => {
    let ended = 0;
    for (const run of runs(416, 300, { overrides: true, backwards: true })) {
      const first = run.results[0]?.state;
      let left = (first?.override?.until ?? 0) - (first?.now ?? 0);
      for (const { input, before, after } of changes(run)) {
        if (input.type === 'override') {
          hold(after.state === input.state, [input, after]);
          left = input.until - input.now;
          continue;
        }
        const elapsed = Math.max(0, input.now - before.now);
        const running = before.override !== undefined && elapsed < left && input.type !== 'clear';
        hold((after.override !== undefined) === running, [before, input, after]);
        hold(after.state === (running ? before.override?.state : after.measured), [before, input, after]);
        if (before.override !== undefined && !running) ended++;
        left = Math.max(0, left - elapsed);
      }
    }
    expect(ended).toBeGreaterThan(scale(300));
  });

  it('an override changes nothing about what is measured', () => {
    for (const { options, inputs, results } of runs(417, 200, { overrides: true })) {
      const without = inputs.map(
        (input): StateInput =>
          input.type === 'override' || input.type === 'clear' ? { type: 'tick', now: input.now } : input,
      );
      const plain = replayStates(options, without);
      expect(results.map(({ state }) => state.measured)).toEqual(plain.map(({ state }) => state.measured));
    }
  });

  it('every step says why, and every transition is in the reasons', () => {
    for (const run of runs(418, 200, { overrides: true, backwards: true }))
      for (const { before, after, result } of changes(run)) {
        hold(result.reasons.length > 0, result);
        const { transition } = result;
        hold((transition !== undefined) === (before.state !== after.state), result);
        hold(
          transition === undefined ||
            (transition.from === before.state &&
              transition.to === after.state &&
              transition.at === after.now),
          result,
        );
        const told = result.reasons.filter((reason) => reason.to === after.state && 'from' in reason);
        hold(before.state === after.state || told.length > 0, result);
      }
  });

  it('states and reasons hold whole numbers and strings alone', () => {
    const check = (value: unknown): void => {
      if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) check(part);
      else if (typeof value !== 'string') hold(Number.isSafeInteger(value) && !Object.is(value, -0), value);
    };
    for (const { results } of runs(419, 40, { overrides: true, backwards: true }))
      for (const result of results) check(result);
  });

  it('a replay gives the same states, also from a state that went through JSON in the middle', () => {
    const random = new Random(420);
    for (const { options, inputs, results } of runs(421, 200, { overrides: true, backwards: true })) {
      expect(replayStates(options, JSON.parse(JSON.stringify(inputs)))).toEqual(results);
      const cut = random.below(inputs.length);
      const stored = JSON.stringify((results[cut] as StepResult).state);
      const state = integrityState(JSON.parse(stored));
      expect(replayStates(options, inputs.slice(cut + 1), { state })).toEqual(results.slice(cut + 1));
    }
  });

  it('a step changes neither the state before nor the input', () => {
    for (const { options, inputs } of runs(422, 40, { overrides: true, backwards: true })) {
      const resolved = resolveStateOptions(options);
      let state = initialIntegrityState(resolved, 1_000_000);
      for (const input of inputs) {
        const [was, told] = [JSON.stringify(state), JSON.stringify(input)];
        const next = stepState(resolved, state, input).state;
        hold(JSON.stringify(state) === was, was);
        hold(JSON.stringify(input) === told, told);
        state = next;
      }
    }
  });
});
