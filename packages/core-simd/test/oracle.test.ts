import { describe, expect, it } from 'vitest';
import { bounds, cosineManyBound, exact, misaligned, randomFloats } from './support/oracle.js';
import { loadEvery } from './support/variants.js';

const lengths = [
  ...Array.from({ length: 257 }, (_, i) => i + 1),
  300,
  384,
  511,
  512,
  768,
  1000,
  1536,
  2047,
  4096,
];
const variants = await loadEvery();

/** Inputs of each length: plain noise, and two nearly equal vectors far from the origin. */
function* inputs(seed: number): Generator<[Float32Array, Float32Array]> {
  const random = randomFloats(seed);
  for (const n of lengths) {
    const [x, y] = [random(n), random(n)];
    yield [misaligned(x, n % 17), misaligned(y, (n * 5) % 13)];
    yield [
      misaligned(
        x.map((v) => 1000 + v),
        1,
      ),
      misaligned(
        x.map((v, i) => 1000 + v + y[i] / 64),
        2,
      ),
    ];
  }
}

describe.each(variants)('%s', (variant, simd) => {
  it('is what runs', () => {
    expect(simd.capabilities().variant).toBe(variant);
  });

  it('lies within the error bound of float64, for one pair', () => {
    const wrong: unknown[] = [];
    for (const [a, b] of inputs(1)) {
      const e = exact(a, b);
      const want = { ...e, l2: Math.sqrt(e.l2sq) };
      const allowed = bounds(a.length, e);
      const got = {
        dot: simd.dot(a, b),
        l2sq: simd.l2sq(a, b),
        l2: simd.l2(a, b),
        l1: simd.l1(a, b),
        cosine: simd.cosine(a, b),
        norm: simd.norm(a),
      };
      for (const op of Object.keys(got) as Array<keyof typeof got>) {
        if (!(Math.abs(got[op] - want[op]) <= allowed[op])) wrong.push([op, a.length, got[op], want[op]]);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('lies within the error bound of float64, for one query against many rows', () => {
    const wrong: unknown[] = [];
    const random = randomFloats(2);
    for (const n of lengths) {
      // Fewer rows than are scored at once, all remainders, and (every 32nd length) more than a cache holds.
      const count = n % 32 === 0 && n <= 1024 ? Math.ceil(66_000 / n) + 1 : (n % 11) + 1;
      const query = misaligned(random(n), n % 7);
      const rows = misaligned(random(n * count), n % 5);
      const got = {
        dot: simd.dotMany(query, rows),
        l2sq: simd.l2sqMany(query, rows, misaligned(new Float32Array(count), 3)),
        l1: simd.l1Many(query, rows),
        cosine: simd.cosineMany(query, rows),
      };
      for (let r = 0; r < count; r++) {
        const e = exact(query, rows.subarray(r * n, r * n + n));
        const allowed = { ...bounds(n, e), cosine: cosineManyBound(n) };
        for (const op of Object.keys(got) as Array<keyof typeof got>) {
          if (!(Math.abs(got[op][r] - e[op]) <= allowed[op])) wrong.push([op, n, r, got[op][r], e[op]]);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('does not depend on alignment', () => {
    const random = randomFloats(3);
    for (const n of [7, 16, 33, 100, 257]) {
      const [a, b, rows] = [random(n), random(n), random(6 * n)];
      const all = (x: Float32Array, y: Float32Array, m: Float32Array) => [
        simd.dot(x, y),
        simd.l2sq(x, y),
        simd.l1(x, y),
        simd.cosine(x, y),
        simd.norm(x),
        ...simd.dotMany(x, m),
        ...simd.l2sqMany(x, m),
        ...simd.l1Many(x, m),
        ...simd.cosineMany(x, m),
      ];
      const want = all(a, b, rows);
      for (let offset = 0; offset < 17; offset++) {
        expect(all(misaligned(a, offset), misaligned(b, 16 - offset), misaligned(rows, offset))).toEqual(
          want,
        );
      }
    }
  });

  it('propagates NaN and infinity from every position', () => {
    for (let n = 1; n <= 70; n++) {
      for (let at = 0; at < n; at++) {
        const a = new Float32Array(n).fill(1);
        const b = new Float32Array(n).fill(2);
        const rows = new Float32Array(5 * n).fill(3);
        a[at] = Number.NaN;
        const pair = [
          simd.dot(a, b),
          simd.l2sq(b, a),
          simd.l2(a, b),
          simd.l1(a, b),
          simd.cosine(b, a),
          simd.norm(a),
        ];
        expect(pair).toEqual(pair.map(() => Number.NaN));
        const many = [simd.dotMany, simd.l2sqMany, simd.l1Many, simd.cosineMany].flatMap((f) => [
          ...f(a, rows),
        ]);
        expect(many).toEqual(many.map(() => Number.NaN));
        a[at] = Number.NEGATIVE_INFINITY;
        expect([simd.dot(a, b), simd.l2sq(a, b), simd.l1(a, b), simd.norm(a)]).toEqual([
          Number.NEGATIVE_INFINITY,
          Number.POSITIVE_INFINITY,
          Number.POSITIVE_INFINITY,
          Number.POSITIVE_INFINITY,
        ]);
        expect(simd.cosine(a, b)).toBeNaN();
        rows[3 * n + at] = Number.NaN;
        const row = [...simd.cosineMany(b, rows)].map(Number.isNaN);
        expect(row).toEqual([false, false, false, true, false]);
      }
    }
  });

  it('overflows to infinity where float32 does', () => {
    const big = new Float32Array(100).fill(1e38);
    expect(simd.dot(big, big)).toBe(Number.POSITIVE_INFINITY);
    expect(
      simd.l2sq(
        big,
        big.map((v) => -v),
      ),
    ).toBe(Number.POSITIVE_INFINITY);
    expect(simd.l1(big, new Float32Array(100))).toBe(Number.POSITIVE_INFINITY);
    expect(simd.norm(big)).toBeCloseTo(1e39, -33);
    expect(simd.cosine(big, big)).toBeNaN();
  });

  it('gives the documented values for no dimensions and for zero norms', () => {
    const none = new Float32Array(0);
    expect([simd.dot(none, none), simd.l2sq(none, none), simd.l2(none, none), simd.l1(none, none)]).toEqual([
      0, 0, 0, 0,
    ]);
    expect(simd.norm(none)).toBe(0);
    expect(simd.cosine(none, none)).toBeNaN();
    expect(simd.dotMany(none, none)).toEqual(new Float32Array(0));
    for (const n of [1, 5, 16, 47, 48, 100]) {
      const zero = new Float32Array(n);
      const one = new Float32Array(n).fill(1);
      expect(simd.cosine(zero, one)).toBeNaN();
      expect(simd.cosine(zero, zero)).toBeNaN();
      expect(simd.cosine(one, one)).toBeCloseTo(0, 6);
      expect([...simd.cosineMany(one, new Float32Array(6 * n))]).toEqual(Array(6).fill(Number.NaN));
      expect([...simd.cosineMany(zero, new Float32Array(6 * n).fill(1))]).toEqual(Array(6).fill(Number.NaN));
    }
  });
});

describe('any two variants', () => {
  it('differ by no more than both may err', () => {
    const wrong: unknown[] = [];
    for (const [a, b] of inputs(4)) {
      const allowed = bounds(a.length, exact(a, b));
      for (const op of ['dot', 'l2sq', 'l1', 'cosine'] as const) {
        const results = variants.map(([, simd]) => simd[op](a, b));
        const spread = Math.max(...results) - Math.min(...results);
        if (!(spread <= 2 * allowed[op])) wrong.push([op, a.length, results]);
      }
    }
    expect(wrong).toEqual([]);
  });
});
