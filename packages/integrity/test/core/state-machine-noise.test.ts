/** How often a machine changes its state when lambda stands at a threshold and shakes. */
import { describe, expect, it } from 'vitest';
import { replayStates } from '../../src/control/state-machine.js';
import { resolveStateOptions, type StateMachineOptions } from '../../src/control/state-options.js';
import type { StateInput } from '../../src/control/states.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

const INTERVAL = 5_000;
const SAMPLES = scale(10_000);
/** A third of the default restore offset. */
const SIGMA = 100_000 / 3;

/** Independent normal noise around one value, a sample every five seconds. */
function noise(seed: number, mean: number, sigma: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: SAMPLES }, () =>
    Math.min(1_000_000, Math.max(0, Math.round(mean + sigma * random.normal()))),
  );
}

/** Transitions between known states; coming out of the first `unknown` is none. */
function transitions(options: StateMachineOptions, lambdas: readonly number[]): number {
  const inputs = lambdas.map(
    (lambdaPpm, i): StateInput => ({ type: 'sample', now: (i + 1) * INTERVAL, lambdaPpm }),
  );
  return replayStates(options, inputs).filter(({ transition }) => transition && transition.from !== 'unknown')
    .length;
}

/** Changes of a machine that takes every sample at its word (the raw mapping of the specification, section 4). */
function rawTransitions(lambdas: readonly number[]): number {
  const raw = lambdas.map((lambda) =>
    lambda >= 800_000 ? 'normal' : lambda > 300_000 ? 'stress' : 'critical',
  );
  return raw.filter((state, i) => i > 0 && state !== raw[i - 1]).length;
}

describe('under noise of a third of the restore offset, over 10,000 samples', () => {
  const { thresholds } = resolveStateOptions();
  for (const [name, mean] of Object.entries({
    ...thresholds,
    'the middle of the band above stress': 850_000,
    'the middle of the band above critical': 350_000,
  }))
    it(`at ${name} the state changes at most twice`, () => {
      for (let seed = 0; seed < 5; seed++)
        expect(transitions({}, noise(500 + seed, mean, SIGMA))).toBeLessThanOrEqual(2);
    });

  it('a machine without hysteresis changes it thousands of times at a threshold of entry', () => {
    for (const mean of [800_000, 300_000]) {
      const raw = rawTransitions(noise(510, mean, SIGMA));
      // Independent signs: every second sample is a change.
      expect(raw).toBeGreaterThan(0.4 * SAMPLES);
      expect(raw).toBeLessThan(0.6 * SAMPLES);
    }
  });

  it('counts, hold and cooldown alone would not do: the offset is what calms the threshold', () => {
    const narrow = { thresholds: { restoreOffsetPpm: 1 }, holdMs: 0, cooldownMs: 0, dwellMs: 0 };
    const wide = { holdMs: 0, cooldownMs: 0, dwellMs: 0 };
    const lambdas = noise(511, 800_000, SIGMA);
    // Runs of three of a kind: mean time to worsen and to recover 14 samples each.
    expect(transitions(narrow, lambdas)).toBeGreaterThan(SAMPLES / 40);
    expect(transitions(wide, lambdas)).toBeLessThanOrEqual(2);
  });

  it('noise three times as large as the offset changes it a few times, and thousands without hysteresis', () => {
    for (const mean of [300_000, 800_000]) {
      const lambdas = noise(512, mean, 300_000);
      // What is left is real: runs of samples below the critical threshold, and holds without one.
      expect(transitions({}, lambdas)).toBeLessThanOrEqual(12);
      expect(rawTransitions(lambdas)).toBeGreaterThan(0.4 * SAMPLES);
    }
  });
});

describe('a swing as slow as the hold', () => {
  it('changes the state no more often than cooldown and hold allow', () => {
    // 30 samples of 0.1, then 80 of 1, over and over: 150 s bad, 400 s good.
    const lambdas = Array.from({ length: SAMPLES }, (_, i) => (i % 110 < 30 ? 100_000 : 1_000_000));
    const count = transitions({}, lambdas);
    const periods = SAMPLES / 110;
    // Each period: critical at its second bad sample, stress 300 s into the good ones, and never normal.
    expect(Math.abs(count - 2 * periods)).toBeLessThanOrEqual(2);
  });
});
