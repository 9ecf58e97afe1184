import { describe, expect, it } from 'vitest';
import { Random } from '../src/random.js';

/** The state that a seed gives, in exact integers. */
function seedState(seed: number): bigint[] {
  const mask = 0xffff_ffffn;
  let mixed = BigInt(seed);
  return Array.from({ length: 4 }, () => {
    mixed = (mixed + 0x9e3779b9n) & mask;
    let z = mixed;
    z = ((z ^ (z >> 16n)) * 0x85ebca6bn) & mask;
    z = ((z ^ (z >> 13n)) * 0xc2b2ae35n) & mask;
    return z ^ (z >> 16n);
  });
}

describe('Random', () => {
  it('repeats itself for a seed and differs between seeds', () => {
    const take = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 8 }, () => random.bits());
    };
    expect(take(7)).toEqual(take(7));
    expect(take(7)).not.toEqual(take(8));
  });

  it('follows the reference recurrence of xoshiro128**', () => {
    // Written from the paper in exact integers.
    const mask = 0xffff_ffffn;
    const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (32n - by))) & mask;
    const state = seedState(42);
    const next = (): bigint => {
      const [s0, s1, s2, s3] = state as [bigint, bigint, bigint, bigint];
      const result = (rotate((s1 * 5n) & mask, 7n) * 9n) & mask;
      const t = (s1 << 9n) & mask;
      const [x2, x3] = [s2 ^ s0, s3 ^ s1];
      state.splice(0, 4, s0 ^ x3, s1 ^ x2, x2 ^ t, rotate(x3, 11n));
      return result;
    };
    const random = new Random(42);
    for (let i = 0; i < 1000; i++) expect(BigInt(random.bits())).toBe(next());
  });

  it('is uniform on [0, 1)', () => {
    const random = new Random(1);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) {
      const value = random.uniform();
      if (!(value >= 0 && value < 1)) expect.fail(`${value} is outside [0, 1)`);
      counts[Math.floor(value * 10)]! += 1;
    }
    // Six standard deviations of a binomial count.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(570);
  });

  it('is standard normal', () => {
    const values = new Random(2).fillNormal(new Float32Array(100_000));
    let sum = 0;
    let squares = 0;
    for (const value of values) {
      sum += value;
      squares += value * value;
    }
    expect(Math.abs(sum / values.length)).toBeLessThan(0.02);
    expect(Math.abs(squares / values.length - 1)).toBeLessThan(0.03);
  });
});
