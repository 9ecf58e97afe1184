import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare, median, quantile, ratioOf } from '../src/statistics.js';

const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });

describe('quantile', () => {
  it('interpolates as type 7 of Hyndman and Fan', () => {
    expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([15, 20, 35, 40, 50], 0.4)).toBeCloseTo(29, 12);
    expect(quantile([7], 0.9)).toBe(7);
  });

  it('takes numbers, not texts, as its order', () => {
    expect(median([10, 9, 100])).toBe(10);
  });

  it('leaves its input as it is', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('gives infinity, never NaN, beside infinities', () => {
    expect(median([1, Infinity, Infinity])).toBe(Infinity);
    expect(quantile([1, Infinity], 0.5)).toBe(Infinity);
  });

  it('refuses no values, NaN and a bad p', () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => median([1, Number.NaN])).toThrow(RangeError);
    expect(() => quantile([1], 1.1)).toThrow(RangeError);
    expect(() => quantile([1], Number.NaN)).toThrow(RangeError);
  });

  it('has half of the values on either side of the median', () => {
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1 }), (values) => {
        const middle = median(values);
        expect(values.filter((value) => value <= middle).length).toBeGreaterThanOrEqual(values.length / 2);
        expect(values.filter((value) => value >= middle).length).toBeGreaterThanOrEqual(values.length / 2);
      }),
    );
  });
});

describe('ratioOf', () => {
  it('is above 1 where we are better, whichever way the metric goes', () => {
    expect(ratioOf(2, 6, 'lower')).toBe(3);
    expect(ratioOf(6, 2, 'higher')).toBe(3);
    expect(ratioOf(6, 2, 'lower')).toBeCloseTo(1 / 3, 12);
    expect(ratioOf(2, 6, 'higher')).toBeCloseTo(1 / 3, 12);
  });

  it('is 1 for equal values, zeros too', () => {
    expect(ratioOf(0, 0, 'lower')).toBe(1);
    expect(ratioOf(0, 0, 'higher')).toBe(1);
  });

  it('agrees for a time and the rate that it makes', () => {
    fc.assert(
      fc.property(positive, positive, (ours, peer) => {
        const asTime = ratioOf(ours, peer, 'lower');
        expect(ratioOf(1 / ours, 1 / peer, 'higher') / asTime).toBeCloseTo(1, 9);
        expect(asTime > 1).toBe(ours < peer);
      }),
    );
  });
});

describe('compare', () => {
  it('is the median of the per-round ratios, not the ratio of the medians', () => {
    // Round 2 ran on a slow machine: both take tenfold, the ratio stays.
    expect(compare([1, 10, 1], [2, 20, 3], 'lower')).toEqual({ ratio: 2, spread: [2, 2.5] });
  });

  it('is not moved by one disturbed round', () => {
    expect(compare([1, 1, 900, 1, 1], [2, 2, 2, 2, 2], 'lower')).toEqual({ ratio: 2, spread: [2, 2] });
  });

  it('keeps the ratio within its spread', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(positive, positive), { minLength: 1 }), (rounds) => {
        const result = compare(
          rounds.map(([ours]) => ours),
          rounds.map(([, peer]) => peer),
          'higher',
        );
        expect(result?.spread[0]).toBeLessThanOrEqual(result?.ratio as number);
        expect(result?.ratio).toBeLessThanOrEqual(result?.spread[1] as number);
      }),
    );
  });

  it('has no ratio where a count of zero stands against another', () => {
    expect(compare([0], [5], 'lower')).toBeNull();
    expect(compare([0], [0], 'lower')).toEqual({ ratio: 1, spread: [1, 1] });
  });

  it('refuses series of different lengths', () => {
    expect(() => compare([1, 2], [1], 'lower')).toThrow(RangeError);
  });
});
