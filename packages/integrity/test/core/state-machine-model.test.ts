/** Every short sequence of samples, and many long ones, against the rules as they are written. */
import { describe, expect, it } from 'vitest';
import { initialIntegrityState } from '../../src/control/state-machine.js';
import {
  type ResolvedStateOptions,
  resolveStateOptions,
  type StateMachineOptions,
} from '../../src/control/state-options.js';
import { stepState } from '../../src/control/state-step.js';
import type { IntegrityState, KnownState, StateName } from '../../src/control/states.js';
import { badness, randomOptions, startState } from '../support/control-machine.js';
import {
  type ReferenceEvent,
  type ReferencePoint,
  referenceNext,
  referenceStart,
} from '../support/control-reference.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

/** At and on both sides of every threshold of the defaults, and a second without a sample. */
const ALPHABET: readonly (number | null)[] = [299_999, 400_001, 800_000, 900_001, null];

const MODELS: readonly StateMachineOptions[] = [
  {
    stressSamples: 2,
    criticalSamples: 1,
    recoverSamples: 1,
    returnSamples: 2,
    holdMs: 1_000,
    cooldownMs: 0,
    dwellMs: 0,
    staleAfterMs: 1_500,
  },
  {
    stressSamples: 1,
    criticalSamples: 2,
    recoverSamples: 2,
    returnSamples: 1,
    holdMs: 0,
    cooldownMs: 1_000,
    dwellMs: 3_000,
    staleAfterMs: 2_500,
  },
];

/** Steps both through one event, and throws where they part. */
function both(
  options: ResolvedStateOptions,
  history: readonly ReferenceEvent[],
  state: IntegrityState,
  point: ReferencePoint,
): { readonly state: IntegrityState; readonly point: ReferencePoint } {
  const { t, ppm } = history[history.length - 1] as ReferenceEvent;
  const next = stepState(
    options,
    state,
    ppm === null ? { type: 'tick', now: t } : { type: 'sample', now: t, lambdaPpm: ppm },
  );
  const expected = referenceNext(options, history, point);
  if (
    next.state.measured !== expected.state ||
    next.state.held !== expected.held ||
    next.state.since !== expected.changedAt
  )
    throw new Error(
      `after ${JSON.stringify(history)} with ${JSON.stringify(options)}: ${JSON.stringify(next.state)}, expected ${JSON.stringify(expected)}`,
    );
  return { state: next.state, point: expected };
}

/** A machine and the reference at the same start: in a known state with nothing seen, or unknown. */
function starts(
  options: ResolvedStateOptions,
  name: StateName,
): { readonly state: IntegrityState; readonly point: ReferencePoint } {
  if (name === 'unknown')
    return {
      state: initialIntegrityState(options, 0),
      point: referenceStart('unknown', options.initial, 0),
    };
  const { sample: _, ...state } = startState(name, 0);
  return { state, point: referenceStart(name, name, 0) };
}

describe('the state machine and the rules as written', () => {
  for (const [index, model] of MODELS.entries())
    for (const name of ['normal', 'stress', 'critical', 'unknown'] as const)
      it(`agree on every sequence of samples and silence from ${name}, options ${index + 1}`, () => {
        const options = resolveStateOptions(model);
        // 5^8 sequences of eight from normal and critical, 5^7 of seven from the other two; fewer where code is interpreted.
        const deepest = (name === 'normal' || name === 'critical' ? 8 : 7) - (scale(20) === 20 ? 0 : 3);
        const history: ReferenceEvent[] = [];
        const reached = new Set<StateName>();
        let steps = 0;
        const walk = (state: IntegrityState, point: ReferencePoint): void => {
          if (history.length === deepest) return;
          for (const ppm of ALPHABET) {
            history.push({ t: (history.length + 1) * 1_000, ppm });
            const next = both(options, history, state, point);
            reached.add(next.state.measured);
            steps++;
            walk(next.state, next.point);
            history.pop();
          }
        };
        const start = starts(options, name);
        walk(start.state, start.point);
        expect(steps).toBe((5 ** (deepest + 1) - 5) / 4);
        if (deepest >= 7) expect([...reached].sort()).toEqual(['critical', 'normal', 'stress', 'unknown']);
      });

  it('agree on long random streams with random options', () => {
    const random = new Random(401);
    const reached = new Set<StateName>();
    for (let round = 0; round < scale(400); round++) {
      const options = resolveStateOptions(randomOptions(random));
      const name = random.pick<StateName>(['normal', 'stress', 'critical', 'unknown']);
      let { state, point } = starts(options, name);
      const edges = Object.values(options.thresholds);
      const history: ReferenceEvent[] = [];
      let t = 0;
      let level = 0;
      for (let i = 0; i < 120; i++) {
        t += 200 + random.below(1_400) + (random.below(40) === 0 ? 6_000 : 0);
        if (random.below(10) === 0)
          level = random.below(3) === 0 ? random.pick(edges) : random.below(1_000_001);
        const near = Math.min(1_000_000, Math.max(0, level + random.below(3) - 1));
        history.push({ t, ppm: random.below(10) === 0 ? null : near });
        ({ state, point } = both(options, history, state, point));
        reached.add(state.measured);
      }
    }
    expect([...reached].sort()).toEqual(['critical', 'normal', 'stress', 'unknown']);
  });

  it('reach every transition that the rules allow, and no other', () => {
    const random = new Random(402);
    const seen = new Set<string>();
    for (let round = 0; round < scale(400); round++) {
      const options = resolveStateOptions(randomOptions(random));
      let { state } = starts(options, random.pick<StateName>(['normal', 'stress', 'critical', 'unknown']));
      let t = 0;
      let level = 0;
      for (let i = 0; i < 200; i++) {
        t += 300 + random.below(1_000) + (random.below(50) === 0 ? 8_000 : 0);
        if (random.below(12) === 0) level = random.below(1_000_001);
        const next = stepState(options, state, { type: 'sample', now: t, lambdaPpm: level });
        if (next.transition !== undefined) seen.add(`${next.transition.from} ${next.transition.to}`);
        state = next.state;
      }
    }
    for (const pair of seen) {
      const [from, to] = pair.split(' ') as [StateName, StateName];
      if (from !== 'unknown' && to !== 'unknown')
        expect(badness(to) - badness(from)).toBeGreaterThanOrEqual(-1);
    }
    const known: readonly KnownState[] = ['normal', 'stress', 'critical'];
    const allowed = [
      ...known.map((name) => `${name} unknown`),
      ...known.map((name) => `unknown ${name}`),
      'normal stress',
      'normal critical',
      'stress critical',
      'critical stress',
      'stress normal',
    ];
    if (scale(20) === 20) expect([...seen].sort()).toEqual([...allowed].sort());
    else expect([...seen].every((pair) => allowed.includes(pair))).toBe(true);
  });
});
