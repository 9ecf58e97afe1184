import { describe, expect, it } from 'vitest';
import { integrityState } from '../../src/control/state-machine.js';
import { codes, machineIn, states } from '../support/control-machine.js';

const S = 1_000;

describe('a clock that goes backwards', () => {
  it('loses no sample: worsening goes on', () => {
    const machine = machineIn('normal');
    machine.sample(200_000, 20 * S);
    const back = machine.sample(200_000, 10 * S);
    expect(back.transition).toMatchObject({ from: 'normal', to: 'critical', at: 10 * S });
    expect(back.reasons[0]).toEqual({ code: 'clock-backwards', byMs: 10 * S });
  });

  it('costs what it goes back, of hold, cooldown and dwell', () => {
    const machine = machineIn('stress', { cooldownMs: 10 * S, holdMs: 20 * S, dwellMs: 0 });
    machine.sample(950_000, 10 * S);
    machine.sample(950_000, 25 * S);
    const back = machine.sample(950_000, 20 * S);
    expect(codes(back)).toEqual(['clock-backwards', 'hold-running']);
    expect(states(machine, 25 * S, [0.95, 0.95])).toEqual(['stress', 'normal']);
    // What lies ahead of the clock starts again, and the cooldown is not over any more.
    const far = machineIn('stress', { cooldownMs: 10 * S, holdMs: 20 * S, dwellMs: 0 });
    far.sample(950_000, 20 * S);
    far.sample(950_000, 5 * S);
    expect(far.integrityState.hold).toEqual({ since: 5 * S, samples: 1 });
  });

  it('lets a machine recover although it jitters', () => {
    const machine = machineIn('stress');
    let samples = 0;
    while (machine.state === 'stress' && samples < 1000) {
      samples++;
      machine.sample(950_000, samples * 5 * S);
      if (samples % 10 === 0) machine.tick(samples * 5 * S - 1);
    }
    // Cooldown and hold, a sample every 5 s, and at most one more for a millisecond that was lost.
    expect(samples).toBeLessThanOrEqual((60 + 300) / 5 + 1);
  });

  it('earns nothing by going forth and back', () => {
    const machine = machineIn('stress', { cooldownMs: 0, dwellMs: 0, holdMs: 300 * S });
    for (let i = 0; i < 200; i++) machine.sample(950_000, (i % 2 === 0 ? 5 : 30) * S + i);
    expect(machine.state).toBe('stress');
  });

  it('can be stored however wildly it swings', () => {
    const machine = machineIn('normal');
    for (let i = 0; i < 12; i++) {
      machine.tick(i % 2 === 0 ? Number.MAX_SAFE_INTEGER : 0);
      expect(integrityState(JSON.parse(JSON.stringify(machine.integrityState)))).toEqual(
        machine.integrityState,
      );
    }
  });

  it('leaves the age of data and the rest of an override as they were', () => {
    const machine = machineIn('normal');
    machine.sample(850_000, 100 * S - 70 * S);
    machine.override({ state: 'stress', reason: 'r', actor: 'a', until: 80 * S }, 40 * S);
    const back = machine.tick(15 * S); // 25 s back; 10 s after the sample, 40 s before the override's end
    expect(back.state.sample?.at).toBe(5 * S);
    expect(back.state.override?.until).toBe(55 * S);
    expect(codes(machine.tick(36 * S))).toEqual(['sensor-lost', 'overridden']);
    expect(codes(machine.tick(55 * S))).toEqual(['override-expired']);
  });
});
