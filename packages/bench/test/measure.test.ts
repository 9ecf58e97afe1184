import { describe, expect, it } from 'vitest';
import { measureRounds, repeatFor } from '../src/measure.js';
import type { Entrant, Metric } from '../src/suite.js';

const time: Metric = { name: 'time', unit: 'ms', better: 'lower' };
const pins: Metric = { name: 'pins', unit: 'pages', better: 'lower' };
const never = new AbortController().signal;

describe('measureRounds', () => {
  it('alternates, turns the order round each time and drops the warm-ups', async () => {
    const order: string[] = [];
    const entrant = (name: string): Entrant => ({
      name,
      sample: (round) => {
        order.push(`${round}${name}`);
        return { time: round + 1 };
      },
    });
    const series = await measureRounds(
      ['a', 'b', 'c'].map(entrant),
      [time],
      { rounds: 3, warmups: 1, minTimeMs: 0 },
      never,
    );
    expect(order).toEqual('-1c -1b -1a 0a 0b 0c 1c 1b 1a 2a 2b 2c'.split(' '));
    expect(series.get('b')).toEqual({ time: [1, 2, 3] });
  });

  it('keeps several metrics of a sample apart', async () => {
    const entrant: Entrant = { name: 'a', sample: async (round) => ({ time: round + 0.5, pins: 12 }) };
    const series = await measureRounds(
      [entrant],
      [time, pins],
      { rounds: 2, warmups: 0, minTimeMs: 0 },
      never,
    );
    expect(series.get('a')).toEqual({ time: [0.5, 1.5], pins: [12, 12] });
  });

  it.each([[Number.NaN], [Infinity], [-1], [undefined]])('refuses a sample of %s', async (value) => {
    const entrant: Entrant = { name: 'a', sample: () => (value === undefined ? {} : { time: value }) };
    await expect(
      measureRounds([entrant], [time], { rounds: 1, warmups: 0, minTimeMs: 0 }, never),
    ).rejects.toMatchObject({ code: 'BENCH_BAD_SAMPLE' });
  });

  it('stops between two samples when the signal fires, even if every sample is synchronous', async () => {
    const controller = new AbortController();
    let samples = 0;
    setTimeout(() => controller.abort(), 20);
    const entrant: Entrant = { name: 'a', sample: () => ({ time: ++samples }) };
    await expect(
      measureRounds([entrant], [time], { rounds: 1e9, warmups: 0, minTimeMs: 0 }, controller.signal),
    ).rejects.toMatchObject({ code: 'BENCH_ABORTED' });
    expect(samples).toBeGreaterThan(0);
  });
});

describe('repeatFor', () => {
  /** Work on a clock of its own: `cost` milliseconds an iteration, plus what a call costs. */
  const machine = (cost: () => number, overhead = 0) => {
    const calls: number[] = [];
    return {
      calls,
      run: (iterations: number): number => {
        calls.push(iterations);
        return cost() * iterations + overhead;
      },
    };
  };

  it('finds how often the work fits into the least time, and divides by it', async () => {
    const { calls, run } = machine(() => 0.001);
    const sample = repeatFor(20, run);
    expect(await sample()).toBeCloseTo(0.001, 12);
    const kept = calls.at(-1) as number;
    expect(kept * 0.001).toBeGreaterThanOrEqual(20);
    expect(kept * 0.001).toBeLessThan(40);
    calls.length = 0;
    await sample();
    expect(calls).toEqual([kept, kept, kept]);
  });

  it('keeps the fastest of three runs', async () => {
    const costs = [5, 3, 4, 9, 8, 7];
    const sample = repeatFor(1, () => costs.shift() as number);
    expect(await sample()).toBe(3);
    expect(await sample()).toBe(7);
  });

  it('keeps no run that is shorter than the least time', async () => {
    let cost = 1;
    const { calls, run } = machine(() => cost);
    const sample = repeatFor(20, run);
    await sample();
    cost = 0.01;
    calls.length = 0;
    expect(await sample()).toBeCloseTo(0.01, 12);
    expect((calls.at(-1) as number) * cost).toBeGreaterThanOrEqual(20);
  });

  it('repeats less when the work has become slower', async () => {
    let cost = 0.01;
    const { calls, run } = machine(() => cost);
    const sample = repeatFor(20, run);
    await sample();
    cost = 1;
    await sample();
    await sample();
    expect(calls.at(-1)).toBeLessThanOrEqual(50);
  });

  it('repeats no work that is long enough', async () => {
    const { calls, run } = machine(() => 5000);
    expect(await repeatFor(20, run)()).toBe(5000);
    expect(calls).toEqual([1, 1, 1]);
  });
});
