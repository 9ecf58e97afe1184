import { describe, expect, it } from 'vitest';
import { isPowerOfTwo, MOST_UNITS, roundingOf, wholeWeights } from '../../src/cut/units.js';
import { IntegrityError } from '../../src/index.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return error instanceof IntegrityError ? error.code : 'another error';
  }
  return undefined;
}

describe('whole weights', () => {
  it('are the weights themselves where these are whole numbers', () => {
    const weights = Float64Array.of(3, 0, 2 ** 51, 1);
    expect(wholeWeights(weights)).toEqual({ weights, unit: 1, exact: true });
  });

  it('are exact multiples wherever all of them together fit', () => {
    const random = new Random(51);
    for (let round = 0; round < scale(2000); round++) {
      // Up to 16 weights of 40 bits below any power of two that a double has.
      const exponent = random.below(2000) - 1060;
      const drawn = Float64Array.from(
        { length: 1 + random.below(16) },
        () => Math.floor(random.float() * 2 ** 40) * 2 ** (exponent - 40),
      );
      if (!drawn.every(Number.isFinite)) continue;
      const { weights, unit, exact } = wholeWeights(drawn);
      expect([exact, isPowerOfTwo(unit)]).toEqual([exact, true]);
      let total = 0;
      for (const [i, whole] of weights.entries()) {
        expect(Number.isInteger(whole)).toBe(true);
        if (exact) expect(whole * unit).toBe(drawn[i] as number);
        total += whole;
      }
      expect(total).toBeLessThanOrEqual(MOST_UNITS);
      // Subnormal numbers have no finer units; all others fit.
      if (exponent > -1020) expect(exact).toBe(true);
    }
  });

  it('are rounded to the finest unit that fits where they are too far apart, and none of them to nothing', () => {
    const random = new Random(52);
    let rounded = 0;
    for (let round = 0; round < scale(2000); round++) {
      const drawn = Float64Array.from(
        { length: 2 + random.below(10) },
        () => random.float() * 2 ** (random.below(300) - 150),
      );
      const { weights, unit, exact } = wholeWeights(drawn);
      if (exact) continue;
      rounded++;
      let total = 0;
      for (const [i, whole] of weights.entries()) {
        const weight = drawn[i] as number;
        expect(whole > 0).toBe(weight > 0);
        expect(Math.abs(whole * unit - weight)).toBeLessThanOrEqual(weight < unit / 2 ? unit : unit / 2);
        total += whole;
      }
      expect(total).toBeLessThanOrEqual(MOST_UNITS);
      // Finest, but for a factor of two at the border and the room for rounding up.
      expect(total).toBeGreaterThan(MOST_UNITS / 2 - 64);
    }
    expect(rounded).toBeGreaterThan(scale(2000) / 2);
  });

  it('reach from the smallest double to the largest', () => {
    for (const weight of [5e-324, 2 ** -1022, 1.7e-308, 0.1, 1.7e308]) {
      const { weights, unit, exact } = wholeWeights(Float64Array.of(weight));
      const error = Math.abs((weights[0] as number) * unit - weight);
      expect(error <= (exact ? 0 : unit / 2)).toBe(true);
      // One number alone may have a bit more than fits.
      expect(error).toBeLessThanOrEqual(weight * 2 ** -52);
    }
    const apart = wholeWeights(Float64Array.of(5e-324, 1e308));
    expect([apart.exact, apart.weights[0]]).toEqual([false, 1]);
    expect(roundingOf(apart, 2)).toBe(2 * apart.unit);
  });

  it('are refused where they are no weights, or more together than a double holds', () => {
    for (const weight of [-1, -5e-324, Number.NaN, Number.POSITIVE_INFINITY])
      expect(codeOf(() => wholeWeights(Float64Array.of(1, weight)))).toBe('ERR_INTEGRITY_CAPACITY');
    for (const weights of [[1e308, 1e308], [Number.MAX_VALUE]])
      expect(codeOf(() => wholeWeights(Float64Array.from(weights)))).toBe('ERR_INTEGRITY_CAPACITY');
    expect(codeOf(() => wholeWeights(Float64Array.of(-0)))).toBeUndefined();
  });
});

describe('isPowerOfTwo', () => {
  it('is true of each power that a double has, and of nothing else', () => {
    for (let exponent = -1074; exponent <= 1023; exponent++) expect(isPowerOfTwo(2 ** exponent)).toBe(true);
    for (const other of [
      0,
      -1,
      3,
      1 + 2 ** -52,
      3 * 2 ** -1074,
      Number.MAX_VALUE,
      Number.POSITIVE_INFINITY,
      Number.NaN,
    ])
      expect(isPowerOfTwo(other)).toBe(false);
  });
});
