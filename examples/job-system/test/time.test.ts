import { describe, expect, it } from 'vitest';
import { BoundedQueue } from '../src/queue.js';
import { Random } from '../src/random.js';
import { VirtualTime } from '../src/time.js';

describe('virtual time', () => {
  it('runs timers in order of time, and those of one time in the order in which they were set', () => {
    const random = new Random(3, 'timers');
    const time = new VirtualTime(1000);
    const ran: { readonly at: number; readonly order: number }[] = [];
    const set = Array.from({ length: 2000 }, (_, order) => ({
      at: 1000 + Math.floor(random.between(0, 300)),
      order,
    }));
    for (const { at, order } of set)
      time.after(at - 1000, () => {
        expect(time.now()).toBe(at);
        ran.push({ at, order });
      });
    time.runUntil(5000);
    expect(ran).toEqual([...set].sort((a, b) => a.at - b.at || a.order - b.order));
    expect(time.now()).toBe(5000);
  });

  it('runs what timers set, up to the end and no further', () => {
    const time = new VirtualTime(0);
    const at: number[] = [];
    const again = (): void => {
      at.push(time.now());
      time.after(10, again);
    };
    time.after(10, again);
    time.runUntil(50);
    expect(at).toEqual([10, 20, 30, 40, 50]);
  });

  it('does not run a timer that was called off, also by one that ran before it', () => {
    const time = new VirtualTime(0);
    const ran: string[] = [];
    const off = time.after(20, () => ran.push('late'));
    time.after(10, () => {
      ran.push('early');
      off();
      off();
    });
    time.runUntil(100);
    expect(ran).toEqual(['early']);
  });

  it('takes no timer in the past', () => {
    const time = new VirtualTime(0);
    expect(() => time.after(-1, () => {})).toThrow(RangeError);
    expect(() => time.after(Number.NaN, () => {})).toThrow(RangeError);
  });
});

describe('a bounded queue', () => {
  it('does as an array with a bound would', () => {
    const random = new Random(5, 'queue');
    const queue = new BoundedQueue<number>(7);
    const oracle: number[] = [];
    let full = 0;
    for (let i = 0; i < 5000; i++) {
      if (random.float() < 0.55) {
        const fits = oracle.length < 7;
        if (fits) oracle.push(i);
        else full++;
        expect(queue.push(i)).toBe(fits);
      } else expect(queue.shift()).toBe(oracle.shift());
      expect(queue.length).toBe(oracle.length);
    }
    expect(full).toBeGreaterThan(100);
  });

  it('must have room for one', () => {
    expect(() => new BoundedQueue(0)).toThrow(RangeError);
  });
});

describe('seeded chance', () => {
  it('gives streams of their own, the same for the same seed', () => {
    const draw = (seed: number, stream: string): number[] => {
      const random = new Random(seed, stream);
      return Array.from({ length: 5 }, () => random.float());
    };
    expect(draw(1, 'bulk')).toEqual(draw(1, 'bulk'));
    expect(draw(1, 'bulk')).not.toEqual(draw(1, 'interactive'));
    expect(draw(1, 'bulk')).not.toEqual(draw(2, 'bulk'));
  });

  it('gives exponential waits with the mean that was asked for', () => {
    const random = new Random(9, 'waits');
    const waits = Array.from({ length: 100_000 }, () => random.exponential(40));
    // The standard error is 40 / sqrt(100,000) = 0.13.
    expect(Math.abs(waits.reduce((sum, each) => sum + each, 0) / waits.length - 40)).toBeLessThan(0.6);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  });
});
