/** Sparse vectors on every variant, against the dense ones that they stand for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SimdModule } from './support/backend.js';
import { randomWords } from './support/elements.js';
import { bounds, exact } from './support/oracle.js';
import { loadEvery } from './support/variants.js';

const variants = await loadEvery();
const metrics = ['dot', 'l2sq', 'l2', 'l1', 'cosine'] as const;
type Sparse = ReturnType<SimdModule['sparse']['create']>;

/** Both vectors over the dimensions that either has; exact in float64. */
function dense(a: Sparse, b: Sparse): [number[], number[]] {
  const dimensions = [...new Set([...a.indices, ...b.indices])];
  const of = ({ indices, values }: Sparse) => {
    const elements = new Map([...indices].map((index, i) => [index, values[i]]));
    return dimensions.map((index) => elements.get(index) ?? 0);
  };
  return [of(a), of(b)];
}

function problems(simd: SimdModule, a: Sparse, b: Sparse): unknown[] {
  const [x, y] = dense(a, b);
  const e = exact(x, y);
  const values = { ...e, l2: Math.sqrt(e.l2sq) };
  // The number of roundings on a term is at most that of the elements of both.
  const allowed = bounds(a.values.length + b.values.length, e);
  return metrics.flatMap((metric) => {
    const got = simd.sparse[metric](a, b);
    const same = Number.isNaN(values[metric])
      ? Number.isNaN(got)
      : Math.abs(got - values[metric]) <= allowed[metric];
    return same ? [] : [[metric, a.values.length, b.values.length, got, values[metric]]];
  });
}

/** `count` of the first `among` dimensions, times `step`. */
function random(next: () => number, count: number, among: number, step = 1): Sparse {
  const places = new Set<number>();
  while (places.size < count) places.add((next() % among) * step);
  const indices = Uint32Array.from(places).sort();
  return { indices, values: Float32Array.from(indices, () => next() / 2 ** 31 - 1) };
}

const vector = fc
  .uniqueArray(fc.tuple(fc.nat(60), fc.integer({ min: -1000, max: 1000 })), {
    selector: ([index]) => index,
    maxLength: 50,
  })
  .map((entries): Sparse => {
    const sorted = entries.sort(([i], [j]) => i - j);
    return {
      indices: Uint32Array.from(sorted, ([index]) => index),
      values: Float32Array.from(sorted, ([, value]) => value),
    };
  });

describe.each(variants)('%s', (_variant, simd) => {
  it('lies within the bound, for any share of dimensions that both have', () => {
    const next = randomWords(51);
    const wrong: unknown[] = [];
    for (const [m, n, among] of [
      [0, 0, 1],
      [0, 5, 9],
      [5, 0, 9],
      [1, 1, 1],
      [1, 1, 2],
      [9, 9, 9],
      ...Array.from({ length: 70 }, (_, i) => [i + 1, 70 - i, 80]),
      ...Array.from({ length: 40 }, (_, i) => [40, i + 1, 1000]),
      [3, 5000, 6000],
      [2000, 2000, 2500],
      [2000, 2000, 1_000_000],
    ]) {
      for (const step of [1, 3, Math.floor(0xffffffff / among)]) {
        wrong.push(...problems(simd, random(next, m, among, step), random(next, n, among, step)));
      }
    }
    expect(wrong).toEqual([]);
  });

  it('finds indices that meet at every place, 2^32 - 1 included', () => {
    for (let m = 1; m <= 40; m++) {
      for (let at = 0; at < m; at++) {
        const indices = Uint32Array.from({ length: m }, (_, i) => 0xffffffff - 3 * (m - 1 - i));
        const a = { indices, values: new Float32Array(m).fill(2) };
        const b = { indices: Uint32Array.of(indices[at]), values: Float32Array.of(5) };
        expect(simd.sparse.dot(a, b)).toBe(10);
        expect(simd.sparse.dot(b, a)).toBe(10);
        expect(simd.sparse.l2sq(a, b)).toBe(4 * (m - 1) + 9);
        expect(simd.sparse.l1(b, a)).toBe(2 * (m - 1) + 3);
      }
    }
  });

  it('is symmetric, and agrees with dense vectors exactly where sums are whole', () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        const [x, y] = dense(a, b);
        const e = exact(x, y);
        expect(simd.sparse.dot(a, b) + 0).toBe(e.dot + 0);
        expect(simd.sparse.l2sq(a, b)).toBe(e.l2sq);
        expect(simd.sparse.l1(a, b)).toBe(e.l1);
        for (const metric of metrics) expect(simd.sparse[metric](a, b)).toBe(simd.sparse[metric](b, a));
        expect(simd.sparse.norm(a)).toBe(e.norm);
      }),
    );
  });

  it('turns into dense vectors and back', () => {
    fc.assert(
      fc.property(vector, (a) => {
        const whole = simd.sparse.toDense(a, 61);
        const back = simd.sparse.fromDense(whole);
        const kept = [...a.indices].filter((_, i) => a.values[i] !== 0);
        expect([...back.indices]).toEqual(kept);
        expect(simd.sparse.toDense(back, 61)).toEqual(whole.map((value) => value + 0));
        expect(simd.sparse.create(back.indices, back.values)).toEqual(back);
      }),
    );
  });

  it('has documented values without elements, and for NaN and infinity', () => {
    const none = simd.sparse.create(new Uint32Array(0), new Float32Array(0));
    const one = simd.sparse.create(Uint32Array.of(3), Float32Array.of(2));
    expect([simd.sparse.dot(none, none), simd.sparse.l2(none, none), simd.sparse.l1(none, one)]).toEqual([
      0, 0, 2,
    ]);
    expect(simd.sparse.cosine(none, one)).toBeNaN();
    expect(simd.sparse.norm(none)).toBe(0);
    const nan = simd.sparse.create(Uint32Array.of(2), Float32Array.of(Number.NaN));
    expect(simd.sparse.l2sq(nan, one)).toBeNaN();
    expect(simd.sparse.l1(one, nan)).toBeNaN();
    // A missing element is zero, as in a dense vector, and zero times NaN is NaN.
    for (const other of [one, none, nan]) {
      expect(simd.sparse.dot(nan, other)).toBeNaN();
      expect(simd.sparse.dot(other, nan)).toBeNaN();
    }
    const infinite = simd.sparse.create(Uint32Array.of(2), Float32Array.of(Number.NEGATIVE_INFINITY));
    expect(simd.sparse.dot(infinite, one)).toBeNaN();
    expect(simd.sparse.dot(infinite, simd.sparse.create(Uint32Array.of(2), Float32Array.of(-1)))).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(simd.sparse.l1(infinite, one)).toBe(Number.POSITIVE_INFINITY);
    expect(simd.sparse.cosine(nan, one)).toBeNaN();
    expect([...simd.sparse.fromDense(Float32Array.of(0, Number.NaN, -0, 1)).indices]).toEqual([1, 3]);
  });

  it('writes dense vectors over what was there', () => {
    const a = simd.sparse.create(Uint32Array.of(1, 3), Float32Array.of(5, 7));
    const out = new Float32Array(7).fill(9);
    expect(simd.sparse.toDense(a, 5, out)).toBe(out);
    expect([...out]).toEqual([0, 5, 0, 7, 0, 9, 9]);
    expect(simd.sparse.toDense(a, 4)).toHaveLength(4);
  });
});
