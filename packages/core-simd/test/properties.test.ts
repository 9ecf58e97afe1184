import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounds, cosineManyBound, exact } from './support/oracle.js';
import { loadEvery } from './support/variants.js';

const variants = await loadEvery();

/** Zero, or of a magnitude whose products neither overflow nor lose bits to underflow. */
const component = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.integer({ min: 2 ** 23, max: 2 ** 24 - 1 }), fc.integer({ min: -43, max: -13 }), fc.boolean())
      .map(([mantissa, exponent, negative]) => (negative ? -1 : 1) * mantissa * 2 ** exponent),
  },
);

function vector(n: number): fc.Arbitrary<Float32Array> {
  return fc.array(component, { minLength: n, maxLength: n }).map((values) => Float32Array.from(values));
}

const length = fc.integer({ min: 1, max: 150 });
const pair = length.chain((n) => fc.tuple(vector(n), vector(n)));
const matrix = length.chain((n) =>
  fc.tuple(
    vector(n),
    fc.integer({ min: 0, max: 9 }).chain((count) => vector(n * count)),
  ),
);

describe.each(variants)('%s', (_variant, simd) => {
  it('is symmetric, to the bit', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        for (const f of [simd.dot, simd.l2sq, simd.l2, simd.l1, simd.cosine]) expect(f(a, b)).toBe(f(b, a));
      }),
    );
  });

  it('puts a vector at no distance from itself', () => {
    fc.assert(
      fc.property(pair, ([a]) => {
        expect(simd.l2sq(a, a)).toBe(0);
        expect(simd.l2(a, a)).toBe(0);
        expect(simd.l1(a, a)).toBe(0);
        if (simd.norm(a) > 0)
          expect(simd.cosine(a, a)).toBeLessThanOrEqual(bounds(a.length, exact(a, a)).cosine);
      }),
    );
  });

  it('keeps distances at or above 0 and cosine at or below 2', () => {
    const inRange = (x: number) => Number.isNaN(x) || (x >= 0 && x <= 2);
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(simd.l2sq(a, b)).toBeGreaterThanOrEqual(0);
        expect(simd.l1(a, b)).toBeGreaterThanOrEqual(0);
        const opposite = a.map((x) => -x);
        for (const [x, y] of [
          [a, b],
          [a, a],
          [a, opposite],
        ]) {
          expect(simd.cosine(x, y)).toSatisfy(inRange);
          expect(
            [...simd.cosineMany(x, new Float32Array([...y, ...y, ...y, ...y, ...y]))].every(inRange),
          ).toBe(true);
        }
      }),
    );
  });

  it('scales with powers of two exactly', () => {
    fc.assert(
      fc.property(pair, fc.integer({ min: -10, max: 10 }), ([a, b], exponent) => {
        const s = 2 ** exponent;
        const [as, bs] = [a.map((x) => x * s), b.map((x) => x * s)];
        expect(simd.dot(as, b)).toBe(s * simd.dot(a, b));
        expect(simd.l2sq(as, bs)).toBe(s * s * simd.l2sq(a, b));
        expect(simd.l1(as, bs)).toBe(s * simd.l1(a, b));
        expect(simd.norm(as)).toBe(s * simd.norm(a));
        expect(simd.cosine(as, b)).toBe(simd.cosine(a, b));
      }),
    );
  });

  it('scores many rows as it scores pairs', () => {
    fc.assert(
      fc.property(matrix, ([query, rows]) => {
        const n = query.length;
        const count = rows.length / n;
        const out = new Float32Array(count + 2).fill(7);
        for (const op of ['dot', 'l2sq', 'l1', 'cosine'] as const) {
          const results = simd[`${op}Many`](query, rows, out);
          expect(results).toBe(out);
          expect([...out.subarray(count)]).toEqual([7, 7]);
          for (let r = 0; r < count; r++) {
            const row = rows.subarray(r * n, r * n + n);
            const e = exact(query, row);
            const one = simd[op](query, row);
            const allowed = bounds(n, e)[op] + (op === 'cosine' ? cosineManyBound(n) : bounds(n, e)[op]);
            if (Number.isNaN(one)) expect(results[r]).toBeNaN();
            else expect(Math.abs(results[r] - one)).toBeLessThanOrEqual(allowed);
          }
        }
      }),
    );
  });

  it('ties l2, norm and dot together', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(simd.l2(a, b)).toBe(Math.sqrt(simd.l2sq(a, b)));
        const squared = simd.norm(a) ** 2;
        expect(Math.abs(simd.dot(a, a) - squared)).toBeLessThanOrEqual(
          bounds(a.length, exact(a, a)).dot * 1.001,
        );
      }),
    );
  });
});
