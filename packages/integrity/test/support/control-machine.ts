/** Random options and inputs for the state machine, and machines that start where a test wants them. */
import { StateMachine } from '../../src/control/state-machine.js';
import { resolveStateOptions, type StateMachineOptions } from '../../src/control/state-options.js';
import {
  type IntegrityState,
  type KnownState,
  lambdaPpm,
  type StateInput,
  type StateName,
} from '../../src/control/states.js';
import type { Random } from './random.js';

/** A state as it is after a change at `t`, with nothing counted; its sample is one that no rule looks at. */
export function startState(state: KnownState, t: number): IntegrityState {
  return {
    version: 1,
    state,
    measured: state,
    held: state,
    since: t,
    now: t,
    stressCount: 0,
    criticalCount: 0,
    returnCount: 0,
    sample: { at: t, lambdaPpm: 500_000 },
  };
}

/** Valid options of every kind, with times of a few seconds. */
export function randomOptions(random: Random): StateMachineOptions {
  const enterCriticalPpm = 100_000 + random.below(300_000);
  const enterStressPpm = enterCriticalPpm + 100_000 + random.below(300_000);
  return {
    thresholds: {
      enterCriticalPpm,
      enterStressPpm,
      ...(random.below(2) === 0
        ? { restoreOffsetPpm: 1 + random.below(100_000) }
        : {
            exitCriticalPpm: enterCriticalPpm + 1 + random.below(100_000),
            exitStressPpm: enterStressPpm + 1 + random.below(100_000),
          }),
    },
    stressSamples: 1 + random.below(5),
    criticalSamples: 1 + random.below(5),
    recoverSamples: 1 + random.below(5),
    returnSamples: 1 + random.below(4),
    holdMs: random.below(8_000),
    dwellMs: random.below(8_000),
    cooldownMs: random.below(8_000),
    staleAfterMs: 1_500 + random.below(4_000),
    maxOverrideMs: 60_000,
    initial: random.pick<KnownState>(['normal', 'stress', 'critical']),
  };
}

/** Which kinds of inputs a stream has beside samples. */
export interface StreamKinds {
  readonly overrides?: boolean;
  readonly backwards?: boolean;
}

/** A stream of inputs about a second apart: levels that stay a while, values at the thresholds, lost and late samples. */
export function randomInputs(
  random: Random,
  options: StateMachineOptions,
  length: number,
  { overrides = false, backwards = false }: StreamKinds = {},
): StateInput[] {
  const { thresholds } = resolveStateOptions(options);
  const edges = Object.values(thresholds);
  const inputs: StateInput[] = [];
  let now = 1_000_000;
  let level = 500_000;
  for (let i = 0; i < length; i++) {
    now += 200 + random.below(1_400);
    if (random.below(60) === 0) now += 10_000;
    if (backwards && random.below(25) === 0) now -= random.below(20_000);
    if (random.below(8) === 0) level = random.below(1_000_001);
    const dice = random.below(20);
    if (dice < 2) inputs.push({ type: 'tick', now });
    else if (dice === 2 && overrides)
      inputs.push({
        type: 'override',
        now,
        state: random.pick<KnownState>(['normal', 'stress', 'critical']),
        reason: 'drill',
        actor: 'tester',
        until: now + 1 + random.below(20_000),
      });
    else if (dice === 3 && overrides) inputs.push({ type: 'clear', now, actor: 'tester' });
    else if (dice === 4) inputs.push({ type: 'sample', now, lambdaPpm: null });
    else if (dice === 5)
      inputs.push({ type: 'sample', now, at: now - random.below(6_000), lambdaPpm: level });
    else {
      const edge = random.pick(edges) + random.below(3) - 1;
      inputs.push({ type: 'sample', now, lambdaPpm: random.below(4) === 0 ? edge : level });
    }
  }
  return inputs;
}

/** How bad a state is; unknown has no place in the order. */
export function badness(state: StateName): number {
  return ['normal', 'stress', 'critical'].indexOf(state);
}

/** Feeds samples every five seconds, and gives the state after each. */
export function states(machine: StateMachine, from: number, lambdas: readonly number[]): string[] {
  return lambdas.map((lambda, i) => machine.sample(lambdaPpm(lambda), from + i * 5_000).state.state);
}

export function codes(result: { readonly reasons: readonly { readonly code: string }[] }): string[] {
  return result.reasons.map(({ code }) => code);
}

/** A machine in a known state since 0, whose last sample is of 0. */
export function machineIn(
  state: 'normal' | 'stress' | 'critical',
  options: StateMachineOptions = {},
): StateMachine {
  return new StateMachine(options, { state: startState(state, 0) });
}
