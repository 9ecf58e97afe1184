import { describe, expect, it } from 'vitest';
import { integrityState, replayStates, StateMachine } from '../../src/control/state-machine.js';
import { resolveStateOptions } from '../../src/control/state-options.js';
import { lambdaPpm, type StateInput } from '../../src/control/states.js';
import { IntegrityError } from '../../src/errors.js';
import { codes, machineIn, startState, states } from '../support/control-machine.js';

const S = 1_000;

function errorOf(run: () => unknown): IntegrityError {
  try {
    run();
  } catch (error) {
    if (error instanceof IntegrityError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('lambda in parts per million', () => {
  it('is rounded to the nearest, halves up', () => {
    expect([0, 0.3, 0.29, 0.8, 1, 0.1234564, 0.1234565].map(lambdaPpm)).toEqual([
      0, 300_000, 290_000, 800_000, 1_000_000, 123_456, 123_457,
    ]);
  });

  it('takes what floats overshoot by, and no minus zero', () => {
    expect(lambdaPpm(1 + 1e-9)).toBe(1_000_000);
    expect(Object.is(lambdaPpm(-1e-9), 0)).toBe(true);
  });

  it('is null where the sensor gave no finite number, and an error outside 0 to 1', () => {
    expect([Number.NaN, Infinity, -Infinity].map(lambdaPpm)).toEqual([null, null, null]);
    expect(errorOf(() => lambdaPpm(1.1)).code).toBe('ERR_INTEGRITY_ARGUMENT');
    expect(errorOf(() => lambdaPpm(-0.1)).code).toBe('ERR_INTEGRITY_ARGUMENT');
    expect(errorOf(() => lambdaPpm('0.5' as never)).code).toBe('ERR_INTEGRITY_ARGUMENT');
  });
});

describe('options of the state machine', () => {
  it('default to the specification', () => {
    expect(resolveStateOptions()).toEqual({
      thresholds: {
        enterStressPpm: 800_000,
        enterCriticalPpm: 300_000,
        exitStressPpm: 900_000,
        exitCriticalPpm: 400_000,
      },
      stressSamples: 3,
      criticalSamples: 2,
      recoverSamples: 3,
      returnSamples: 3,
      holdMs: 300_000,
      dwellMs: 60_000,
      cooldownMs: 60_000,
      staleAfterMs: 30_000,
      maxOverrideMs: 86_400_000,
      signals: [],
      initial: 'normal',
    });
  });

  it('resolve to options that resolve to themselves, also out of JSON', () => {
    const resolved = resolveStateOptions({ thresholds: { restoreOffsetPpm: 50_000 }, signals: ['nav'] });
    expect(resolveStateOptions(JSON.parse(JSON.stringify(resolved)))).toEqual(resolved);
  });

  for (const [thresholds, field] of [
    [{ enterCriticalPpm: 800_000 }, 'thresholds.enterCriticalPpm'],
    [{ enterCriticalPpm: 0 }, 'thresholds.enterCriticalPpm'],
    [{ exitStressPpm: 800_000 }, 'thresholds.exitStressPpm'],
    [{ exitCriticalPpm: 300_000 }, 'thresholds.exitCriticalPpm'],
    [{ exitCriticalPpm: 950_000 }, 'thresholds.exitCriticalPpm'],
    [{ enterStressPpm: 950_000 }, 'thresholds.exitStressPpm'],
    [{ restoreOffsetPpm: 0 }, 'thresholds.exitStressPpm'],
    [{ exitStressPpm: 1_000_000 }, 'thresholds.exitStressPpm'],
  ] as const)
    it(`refuse thresholds out of order: ${JSON.stringify(thresholds)}`, () => {
      const error = errorOf(() => resolveStateOptions({ thresholds }));
      expect(error.code).toBe('ERR_INTEGRITY_THRESHOLDS');
      expect(error.field).toBe(field);
    });

  for (const [options, field] of [
    [{ holdMs: 1.5 }, 'holdMs'],
    [{ holdMs: -1 }, 'holdMs'],
    [{ stressSamples: 0 }, 'stressSamples'],
    [{ criticalSamples: Number.NaN }, 'criticalSamples'],
    [{ staleAfterMs: 0 }, 'staleAfterMs'],
    [{ initial: 'unknown' }, 'initial'],
    [{ signals: ['a', 'a'] }, 'signals'],
    [{ signals: 'nav' }, 'signals'],
    [{ thresholds: { enterStressPpm: 0.8 } }, 'thresholds.enterStressPpm'],
    [{ thresholds: null }, 'thresholds'],
    [{ thresholds: { stress: 1 } }, 'thresholds.stress'],
    [{ hold: 1 }, 'options.hold'],
  ] as const)
    it(`refuse ${JSON.stringify(options)} and name the field`, () => {
      const error = errorOf(() => resolveStateOptions(options as never));
      expect(error.code).toBe('ERR_INTEGRITY_ARGUMENT');
      expect(error.field).toBe(field);
    });
});

describe('a machine that worsens', () => {
  it('is stressed by the third sample in a row below the threshold', () => {
    expect(states(machineIn('normal'), 5 * S, [0.79, 0.5, 0.31])).toEqual(['normal', 'normal', 'stress']);
  });

  it('is critical by the second sample in a row below the lower threshold, straight from normal', () => {
    const machine = machineIn('normal');
    expect(states(machine, 5 * S, [0.2, 0.2])).toEqual(['normal', 'critical']);
    expect(machine.integrityState.since).toBe(10 * S);
  });

  it('takes a sample at the threshold for a good one', () => {
    expect(states(machineIn('normal'), 5 * S, [0.79, 0.79, 0.8, 0.79, 0.79])).toEqual(
      Array(5).fill('normal'),
    );
    expect(states(machineIn('stress'), 5 * S, [0.29, 0.3, 0.29])).toEqual(Array(3).fill('stress'));
    expect(states(machineIn('normal'), 5 * S, [0.799999, 0.799999, 0.799999])[2]).toBe('stress');
  });

  it('counts samples, not states: the one that makes stress counts towards critical too', () => {
    expect(states(machineIn('normal'), 5 * S, [0.5, 0.5, 0.2, 0.2])).toEqual([
      'normal',
      'normal',
      'stress',
      'critical',
    ]);
  });

  it('does so during cooldown and dwell', () => {
    const machine = machineIn('normal', { cooldownMs: 3_600_000, dwellMs: 3_600_000 });
    expect(states(machine, 5 * S, [0.5, 0.5, 0.5, 0.2, 0.2])).toEqual([
      'normal',
      'normal',
      'stress',
      'stress',
      'critical',
    ]);
  });

  it('says how far a count has come, and when it ends', () => {
    const machine = machineIn('normal');
    expect(machine.sample(200_000, 5 * S).reasons).toEqual([
      { code: 'counting', to: 'stress', samples: 1, needed: 3, thresholdPpm: 800_000 },
      { code: 'counting', to: 'critical', samples: 1, needed: 2, thresholdPpm: 300_000 },
    ]);
    expect(machine.sample(850_000, 10 * S).reasons).toEqual([
      { code: 'count-zeroed', to: 'stress', samples: 1, lambdaPpm: 850_000 },
      { code: 'count-zeroed', to: 'critical', samples: 1, lambdaPpm: 850_000 },
    ]);
    machine.sample(200_000, 15 * S);
    expect(machine.sample(100_000, 20 * S)).toMatchObject({
      transition: { from: 'normal', to: 'critical', at: 20 * S },
      reasons: [
        {
          code: 'worsened',
          from: 'normal',
          to: 'critical',
          samples: 2,
          lambdaPpm: 100_000,
          thresholdPpm: 300_000,
        },
      ],
    });
    expect(codes(machine.sample(300_000, 25 * S))).toEqual(['steady']);
  });
});

describe('a machine that recovers', () => {
  it('holds for exactly the stated time, one state at a time, and cools down in between', () => {
    const machine = machineIn('critical');
    const seen = new Map<string, number>();
    let last = 'critical';
    for (let now = 5 * S; now <= 800 * S; now += 5 * S) {
      const { transition } = machine.sample(950_000, now);
      if (transition === undefined) continue;
      expect(transition.from).toBe(last);
      last = transition.to;
      seen.set(last, now);
    }
    // Cooldown of 60 s after the change at 0, then a hold of 300 s; then both again.
    expect([...seen]).toEqual([
      ['stress', 360 * S],
      ['normal', 720 * S],
    ]);
  });

  for (const interval of [1, 7, 13, 29])
    it(`takes hold and whole intervals of ${interval} s and no more`, () => {
      const machine = machineIn('critical', {
        cooldownMs: 0,
        dwellMs: 0,
        holdMs: 100 * S,
        recoverSamples: 2,
      });
      let now = 0;
      while (machine.state === 'critical') {
        now += interval * S;
        machine.sample(450_000, now);
      }
      expect(now).toBe((interval + Math.ceil(100 / interval) * interval) * S);
    });

  it('needs samples as well as time', () => {
    const machine = machineIn('stress', { cooldownMs: 0, dwellMs: 0, holdMs: 0, recoverSamples: 3 });
    expect(states(machine, 5 * S, [0.95, 0.95, 0.95])).toEqual(['stress', 'stress', 'normal']);
  });

  it('takes a sample at the exit for one inside the band, which cancels the hold', () => {
    const machine = machineIn('stress', { cooldownMs: 0, dwellMs: 0, holdMs: 10 * S, recoverSamples: 1 });
    expect(states(machine, 5 * S, [0.95, 0.95, 0.9, 0.95, 0.95, 0.900001])).toEqual([
      ...Array(5).fill('stress'),
      'normal',
    ]);
  });

  it('says how long it still takes, and why', () => {
    const machine = machineIn('critical', { cooldownMs: 10 * S, dwellMs: 30 * S, holdMs: 10 * S });
    const reasons = [5, 10, 15, 20, 25, 30].map((s) => machine.sample(950_000, s * S).reasons[0]);
    expect(reasons).toEqual([
      { code: 'cooldown', to: 'stress', remainingMs: 5 * S },
      { code: 'hold-started', to: 'stress', remainingMs: 10 * S, samples: 1, needed: 3 },
      { code: 'hold-running', to: 'stress', remainingMs: 5 * S, samples: 2, needed: 3 },
      { code: 'dwell', to: 'stress', remainingMs: 10 * S },
      { code: 'dwell', to: 'stress', remainingMs: 5 * S },
      {
        code: 'recovered',
        from: 'critical',
        to: 'stress',
        heldMs: 20 * S,
        samples: 5,
        lambdaPpm: 950_000,
        thresholdPpm: 400_000,
      },
    ]);
  });

  it('says that a hold was cancelled, and by what', () => {
    const machine = machineIn('stress', { cooldownMs: 0 });
    machine.sample(950_000, 5 * S);
    machine.sample(950_000, 10 * S);
    expect(machine.sample(850_000, 15 * S).reasons[0]).toEqual({
      code: 'hold-cancelled',
      heldMs: 10 * S,
      samples: 2,
      lambdaPpm: 850_000,
      thresholdPpm: 900_000,
    });
    expect(machine.integrityState.hold).toBeUndefined();
  });
});

describe('a machine without data', () => {
  it('knows nothing at first, and is normal after three samples that show nothing worse', () => {
    const machine = new StateMachine({}, { now: 0 });
    expect(machine.state).toBe('unknown');
    expect(states(machine, 5 * S, [0.5, 0.2, 0.9])).toEqual(['unknown', 'unknown', 'normal']);
  });

  it('is critical as soon as the first samples show it', () => {
    const machine = new StateMachine({}, { now: 0 });
    expect(states(machine, 5 * S, [0.2, 0.2])).toEqual(['unknown', 'critical']);
  });

  it('is stressed where the first samples show that, and never better than the option `initial`', () => {
    expect(states(new StateMachine({}, { now: 0 }), 5 * S, [0.5, 0.5, 0.5])[2]).toBe('stress');
    expect(states(new StateMachine({ initial: 'critical' }, { now: 0 }), 5 * S, [1, 1, 1])[2]).toBe(
      'critical',
    );
  });

  it('loses its state when the last sample is older than the limit, not when it is as old', () => {
    const machine = machineIn('stress');
    expect(machine.tick(30 * S).state.state).toBe('stress');
    const lost = machine.tick(30 * S + 1);
    expect(lost.transition).toEqual({ from: 'stress', to: 'unknown', at: 30 * S + 1 });
    expect(lost.reasons).toEqual([{ code: 'sensor-lost', from: 'stress', to: 'unknown', ageMs: 30 * S + 1 }]);
    expect(codes(machine.tick(31 * S))).toEqual(['no-data']);
  });

  it('loses it too when the next sample is the first to notice', () => {
    const machine = machineIn('critical');
    const result = machine.sample(900_000, 60 * S);
    expect(result.transition).toEqual({ from: 'critical', to: 'unknown', at: 60 * S });
    expect(codes(result)).toEqual(['sensor-lost', 'returning']);
  });

  it('goes back to the state it had, and recovers from there by the rule alone', () => {
    const machine = machineIn('critical', { cooldownMs: 0, dwellMs: 0, holdMs: 10 * S });
    machine.tick(60 * S);
    expect(states(machine, 65 * S, [1, 1, 1, 1, 1, 1])).toEqual([
      'unknown',
      'unknown',
      'critical',
      'critical',
      'critical',
      'stress',
    ]);
  });

  it('goes to a worse state than it had where the samples show one', () => {
    const machine = machineIn('normal');
    machine.tick(60 * S);
    expect(states(machine, 65 * S, [0.2, 0.2])).toEqual(['unknown', 'critical']);
  });

  it('does not go to a better one because the samples show no more than that', () => {
    const machine = machineIn('critical');
    machine.tick(60 * S);
    expect(states(machine, 65 * S, [0.5, 0.5, 0.5])).toEqual(['unknown', 'unknown', 'critical']);
  });

  it('forgets the hold and keeps the counts', () => {
    const machine = machineIn('stress', { cooldownMs: 0, holdMs: 20 * S, dwellMs: 0, criticalSamples: 5 });
    machine.sample(950_000, 5 * S);
    const lost = machine.tick(60 * S);
    expect(lost.state.hold).toBeUndefined();
    states(machine, 65 * S, [0.2, 0.2]);
    expect(machine.integrityState.criticalCount).toBe(2);
    const again = machine.tick(200 * S);
    expect(codes(again)).toEqual(['return-interrupted']);
    expect(again.state).toMatchObject({ criticalCount: 2, stressCount: 2, returnCount: 0 });
  });

  it('is critical all the same where samples come more slowly than they may age', () => {
    const machine = machineIn('normal');
    const seen = Array.from({ length: 50 }, (_, i) => machine.sample(0, (i + 1) * 31 * S).state.measured);
    expect(seen.filter((state) => state === 'critical')).toHaveLength(49);
    // And good samples so slow show nothing.
    const other = machineIn('critical');
    for (let i = 1; i < 50; i++) expect(other.sample(900_000, i * 31 * S).state.measured).toBe('unknown');
  });

  it('takes a sample without a value for none', () => {
    const machine = machineIn('normal');
    for (let now = 5 * S; now <= 30 * S; now += 5 * S)
      expect(codes(machine.sample(null, now))).toEqual(['sample-empty']);
    expect(machine.sample(null, 35 * S).transition).toMatchObject({ to: 'unknown' });
    const same = machineIn('normal');
    expect(codes(same.apply({ type: 'sample', now: 5 * S }))).toEqual(['sample-empty']);
    expect(codes(same.sample(Number.NaN, 10 * S))).toEqual(['sample-empty']);
  });

  it('ignores samples that are late, stale or from the future, and says so', () => {
    const machine = machineIn('normal');
    machine.sample(850_000, 20 * S);
    const before = machine.integrityState;
    expect(machine.sample(100_000, 21 * S, 20 * S).reasons).toEqual([
      { code: 'sample-late', at: 20 * S, lastAt: 20 * S },
    ]);
    expect(machine.sample(100_000, 22 * S, 19 * S).reasons[0]?.code).toBe('sample-late');
    expect(machine.sample(100_000, 23 * S, 24 * S).reasons).toEqual([{ code: 'sample-future', aheadMs: S }]);
    expect(machine.integrityState).toEqual({ ...before, now: 23 * S });
    const late = new StateMachine({}, { now: 0 });
    expect(late.sample(100_000, 40 * S, 5 * S).reasons[0]).toEqual({ code: 'sample-stale', ageMs: 35 * S });
    // As old as the limit is not too old.
    expect(codes(new StateMachine({}, { now: 0 }).sample(850_000, 30 * S, 0))).toEqual(['returning']);
  });
});

describe('a sample of several signals', () => {
  it('counts with the least of them', () => {
    const machine = machineIn('normal', { criticalSamples: 1 });
    const { reasons } = machine.apply({
      type: 'sample',
      now: 5 * S,
      lambdaPpm: 900_000,
      components: { flow: 950_000, nav: 200_000 },
    });
    expect(reasons[0]).toMatchObject({ code: 'worsened', lambdaPpm: 200_000, signal: 'nav' });
  });

  it('may do without a value of its own', () => {
    const machine = machineIn('normal');
    machine.apply({ type: 'sample', now: 5 * S, components: { flow: 950_000 } });
    expect(machine.integrityState.sample).toEqual({ at: 5 * S, lambdaPpm: 950_000 });
  });

  it('is no data where one of them failed, unless the others are bad enough by themselves', () => {
    const machine = machineIn('normal', { signals: ['flow', 'nav'], criticalSamples: 1 });
    const sample = (now: number, components: Record<string, number | null>) =>
      machine.apply({ type: 'sample', now, components });
    expect(sample(5 * S, { flow: 950_000, nav: null }).reasons).toEqual([
      { code: 'sample-empty', signal: 'nav' },
    ]);
    expect(sample(10 * S, { nav: 950_000 }).reasons).toEqual([{ code: 'sample-empty', signal: 'flow' }]);
    expect(sample(15 * S, { flow: 300_000, nav: null }).reasons[0]?.code).toBe('sample-empty');
    expect(sample(20 * S, { flow: 299_999, nav: null }).transition).toMatchObject({ to: 'critical' });
  });

  it('may have signals with the names of prototypes', () => {
    const machine = machineIn('normal', { signals: ['__proto__', 'constructor'] });
    const components = JSON.parse('{"__proto__": 100000, "constructor": 900000}');
    machine.apply({ type: 'sample', now: 5 * S, components });
    expect(machine.integrityState.sample?.lambdaPpm).toBe(100_000);
    expect(codes(machine.apply({ type: 'sample', now: 6 * S, components: {} as never }))).toEqual([
      'sample-empty',
    ]);
  });
});

describe('an override', () => {
  const drill = { state: 'critical', reason: 'drill', actor: 'ann', until: 60 * S } as const;

  it('is in force until its time, and the samples go on beneath it', () => {
    const machine = machineIn('normal');
    expect(machine.override(drill, 5 * S).transition).toEqual({ from: 'normal', to: 'critical', at: 5 * S });
    expect(machine.integrityState.override).toEqual({ ...drill, since: 5 * S });
    expect(states(machine, 10 * S, [0.5, 0.5, 0.5])).toEqual(Array(3).fill('critical'));
    expect(machine.integrityState.measured).toBe('stress');
    machine.sample(850_000, 45 * S);
    expect(machine.tick(60 * S - 1).reasons).toEqual([{ code: 'overridden', remainingMs: 1 }]);
    const ended = machine.tick(60 * S);
    expect(ended.transition).toEqual({ from: 'critical', to: 'stress', at: 60 * S });
    expect(ended.reasons).toEqual([
      { code: 'override-expired', from: 'critical', to: 'stress', actor: 'ann', until: 60 * S },
    ]);
    expect(ended.state.override).toBeUndefined();
  });

  it('ends with any input after its time, a sample too', () => {
    const machine = machineIn('normal');
    machine.override(drill, 5 * S);
    for (let now = 10 * S; now < 60 * S; now += 10 * S) machine.sample(850_000, now);
    expect(machine.sample(850_000, 61 * S).transition).toMatchObject({ from: 'critical', to: 'normal' });
  });

  it('shows that the sensor was lost beneath it', () => {
    const machine = machineIn('normal');
    machine.override(drill, 5 * S);
    const lost = machine.tick(40 * S);
    expect(codes(lost)).toEqual(['sensor-lost', 'overridden']);
    expect(lost.transition).toBeUndefined();
    expect(machine.tick(60 * S).transition).toMatchObject({ from: 'critical', to: 'unknown' });
  });

  it('can be replaced and cleared', () => {
    const machine = machineIn('normal');
    machine.override(drill, 5 * S);
    expect(machine.override({ ...drill, state: 'stress' }, 6 * S).transition).toMatchObject({
      from: 'critical',
      to: 'stress',
    });
    expect(machine.clearOverride({ actor: 'bob', reason: 'over' }, 7 * S).transition).toMatchObject({
      from: 'stress',
      to: 'normal',
    });
    expect(codes(machine.clearOverride({ actor: 'bob' }, 8 * S))).toEqual(['override-none']);
  });

  for (const [bad, field] of [
    [{ reason: '' }, 'reason'],
    [{ reason: 'x'.repeat(257) }, 'reason'],
    [{ actor: '' }, 'actor'],
    [{ state: 'unknown' }, 'state'],
    [{ until: 5 * S }, 'until - now'],
    [{ until: 5 * S + 86_400_001 }, 'until - now'],
  ] as const)
    it(`is refused with ${JSON.stringify(bad)}, and nothing changes`, () => {
      const machine = machineIn('normal');
      const before = machine.integrityState;
      const error = errorOf(() => machine.override({ ...drill, ...bad } as never, 5 * S));
      expect(error.code).toBe('ERR_INTEGRITY_ARGUMENT');
      expect(error.field).toBe(field);
      expect(machine.integrityState).toBe(before);
    });
});

describe('inputs that are none', () => {
  for (const [input, code, field] of [
    [{ type: 'sample', now: 1.5, lambdaPpm: 1 }, 'ERR_INTEGRITY_CLOCK', 'now'],
    [{ type: 'sample', now: -1, lambdaPpm: 1 }, 'ERR_INTEGRITY_CLOCK', 'now'],
    [{ type: 'sample', now: 2 ** 53, lambdaPpm: 1 }, 'ERR_INTEGRITY_CLOCK', 'now'],
    [{ type: 'sample', now: 1, at: Number.NaN, lambdaPpm: 1 }, 'ERR_INTEGRITY_CLOCK', 'at'],
    [{ type: 'sample', now: 1, lambdaPpm: 0.85 }, 'ERR_INTEGRITY_ARGUMENT', 'lambdaPpm'],
    [{ type: 'sample', now: 1, lambdaPpm: 1_000_001 }, 'ERR_INTEGRITY_ARGUMENT', 'lambdaPpm'],
    [{ type: 'sample', now: 1, components: { nav: -1 } }, 'ERR_INTEGRITY_ARGUMENT', 'components.nav'],
    [{ type: 'sample', now: 1, lambda: 1 }, 'ERR_INTEGRITY_ARGUMENT', 'input.lambda'],
    [{ type: 'jump', now: 1 }, 'ERR_INTEGRITY_ARGUMENT', 'type'],
    [null, 'ERR_INTEGRITY_ARGUMENT', 'input'],
  ] as const)
    it(`throw and change nothing: ${JSON.stringify(input)}`, () => {
      const machine = machineIn('normal');
      const before = machine.integrityState;
      const error = errorOf(() => machine.apply(input as StateInput));
      expect(error.code).toBe(code);
      expect(error.field).toBe(field);
      expect(machine.integrityState).toBe(before);
    });
});

describe('a state from storage', () => {
  it('goes on where it was', () => {
    const machine = machineIn('critical', { cooldownMs: 0, dwellMs: 0, holdMs: 10 * S, recoverSamples: 1 });
    machine.sample(500_000, 5 * S);
    const stored = JSON.stringify(machine.integrityState);
    const other = new StateMachine(machine.options, { state: integrityState(JSON.parse(stored)) });
    expect(other.sample(500_000, 15 * S)).toEqual(machine.sample(500_000, 15 * S));
    expect(other.state).toBe('stress');
  });

  for (const [damage, field] of [
    [{ state: 'stress' }, 'state.state'],
    [{ held: 'stress' }, 'state.held'],
    [{ since: 0.5 }, 'state.since'],
    [{ since: 1 }, 'state.since'],
    [{ version: 2 }, 'state.version'],
    [{ stressCount: -1 }, 'state.stressCount'],
    [{ hold: { since: 0, samples: 1 } }, 'state.hold'],
    [{ sample: { at: 1, lambdaPpm: 0 } }, 'state.sample.at'],
    [{ sample: { at: 0, lambdaPpm: 1.5 } }, 'state.sample.lambdaPpm'],
    [{ extra: 1 }, 'state.extra'],
  ] as const)
    it(`is refused where it is damaged: ${JSON.stringify(damage)}`, () => {
      const error = errorOf(() => integrityState({ ...startState('normal', 0), ...damage }));
      expect(error.field).toBe(field);
    });
});

describe('a replay', () => {
  it('begins at the first input where nothing else is said', () => {
    const inputs: StateInput[] = [5, 10, 15].map((s) => ({ type: 'sample', now: s * S, lambdaPpm: 850_000 }));
    expect(replayStates({}, inputs).map(({ state }) => state.state)).toEqual([
      'unknown',
      'unknown',
      'normal',
    ]);
    expect(replayStates({}, [])).toEqual([]);
  });
});
