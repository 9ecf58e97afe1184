import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/index.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

describe('a token bucket', () => {
  it('admits its burst at once and then its rate', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 0);
    let admitted = 0;
    for (let i = 0; i < 20; i++) if (bucket.tryTake(1, 0)) admitted++;
    expect(admitted).toBe(5);
    for (let now = 1; now <= 2000; now++) if (bucket.tryTake(1, now)) admitted++;
    expect(admitted).toBe(25);
  });

  it('admits no more than burst and rate in any span, for any costs and times', () => {
    for (let seed = 0; seed < scale(100); seed++) {
      const random = new Random(seed);
      const [perSecond, burst] = [1 + random.below(100), 1 + random.below(30)];
      const bucket = new TokenBucket({ perSecond, burst }, 0);
      const admitted: [number, number][] = [];
      let [now, largest] = [0, 0];
      for (let i = 0; i < 200; i++) {
        now += random.below(100);
        const cost = 1 + random.below(60);
        largest = Math.max(largest, cost);
        if (bucket.tryTake(cost, now)) admitted.push([now, cost]);
      }
      let over = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < admitted.length; i++) {
        const start = (admitted[i] as [number, number])[0];
        let sum = 0;
        for (const [at, cost] of admitted.slice(i)) {
          sum += cost;
          const most = burst + ((at - start) * perSecond) / 1000 + Math.max(0, largest - burst);
          over = Math.max(over, sum - most);
        }
      }
      expect(over).toBeLessThanOrEqual(1e-9);
    }
  });

  it('says to the millisecond when a cost may go', () => {
    for (let seed = 0; seed < scale(100); seed++) {
      const random = new Random(seed);
      const bucket = new TokenBucket({ perSecond: 1 + random.below(50), burst: 1 + random.below(9) }, 0);
      let now = 0;
      for (let i = 0; i < 30; i++) {
        const cost = 1 + random.below(12);
        if (bucket.tryTake(cost, now)) continue;
        const wait = bucket.waitMs(cost);
        expect(wait).toBeGreaterThanOrEqual(1);
        if (wait > 1) expect(bucket.has(cost, now + wait - 1)).toBe(false);
        now += wait;
        expect(bucket.tryTake(cost, now)).toBe(true);
      }
    }
  });

  it('gets nothing from a clock that goes back, and goes on from there', () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, 1_000_000);
    expect(bucket.tryTake(1, 1_000_000)).toBe(true);
    expect(bucket.tryTake(1, 0)).toBe(false);
    expect(bucket.tryTake(1, 999)).toBe(false);
    expect(bucket.tryTake(1, 1000)).toBe(true);
  });

  it('admits nothing with a burst of nothing', () => {
    const bucket = new TokenBucket({ perSecond: 100, burst: 0 }, 0);
    expect(bucket.tryTake(1, 10_000)).toBe(false);
    expect(bucket.tryTake(0, 10_000)).toBe(false);
    expect(bucket.waitMs(1)).toBe(Number.POSITIVE_INFINITY);
  });

  it('admits a cost above its burst when it is full, and then waits for the debt', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 2 }, 0);
    expect(bucket.tryTake(12, 0)).toBe(true);
    expect(bucket.tryTake(1, 1000)).toBe(false);
    expect(bucket.tryTake(1, 1100)).toBe(true);
  });
});
