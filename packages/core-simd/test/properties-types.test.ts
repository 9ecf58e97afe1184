/** What holds for every type, on every variant. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Elements } from '../src/backend/types.js';
import { toBfloat, toHalf } from './support/elements.js';
import {
  type AnyMetric,
  deviation,
  type ElementType,
  expectedPair,
  expectedScore,
  type FamilyName,
  familyNames,
  familyOf,
  metricsOf,
  operandTypes,
} from './support/families.js';
import { loadEvery } from './support/variants.js';

const variants = await loadEvery();

/** Arrays of small whole numbers, whose sums are exact in every type: results are then the same everywhere, and often equal. */
function small(type: ElementType, n: number, values: readonly number[]): Elements {
  const take = (i: number) => values[i % values.length];
  switch (type) {
    case 'f32':
      return Float32Array.from({ length: n }, (_, i) => take(i));
    case 'f16':
      return Uint16Array.from({ length: n }, (_, i) => toHalf(take(i)));
    case 'bf16':
      return Uint16Array.from({ length: n }, (_, i) => toBfloat(take(i)));
    case 'i8':
      return Int8Array.from({ length: n }, (_, i) => take(i));
    default:
      return Uint8Array.from({ length: n }, (_, i) => Math.abs(take(i)));
  }
}

const numbers = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 200 });
const shape = fc.record({
  n: fc.integer({ min: 1, max: 70 }),
  aCount: fc.integer({ min: 1, max: 4 }),
  count: fc.integer({ min: 1, max: 30 }),
  x: numbers,
  y: numbers,
  picks: fc.array(fc.nat(), { maxLength: 40 }),
  k: fc.integer({ min: 0, max: 40 }),
});

/** Metrics whose results are exact for such numbers. */
const exactOnes = (name: FamilyName): readonly AnyMetric[] =>
  metricsOf(name).filter((metric) => metric !== 'cosine' && metric !== 'l2');

describe.each(variants)('%s', (_variant, simd) => {
  describe.each(familyNames)('%s', (name) => {
    const family = familyOf(simd, name);
    const [typeOfA, typeOfB] = operandTypes[name];
    const parameters = { numRuns: 40 };

    it('gives the same in every shape, which is what it must be', () => {
      fc.assert(
        fc.property(shape, ({ n, aCount, count, x, y, picks }) => {
          const queries = small(typeOfA, n * aCount, x);
          const rows = small(typeOfB, n * count, y);
          const query = queries.slice(0, n) as Elements;
          const row = (i: number) => rows.slice(i * n, i * n + n) as Elements;
          const indices = Uint32Array.from(picks, (pick) => pick % count);
          for (const metric of exactOnes(name)) {
            const scores = family.many(metric, query, rows);
            for (let i = 0; i < count; i++) {
              const pair = family.pair(metric, query, row(i));
              expect(deviation(pair, expectedPair(name, metric, query, row(i)))).toBeUndefined();
              expect(scores[i]).toBe(Math.fround(pair));
            }
            expect([...family.gather(metric, query, rows, indices)]).toEqual(
              [...indices].map((i) => scores[i]),
            );
            const all = family.matrix(metric, queries, rows, n);
            for (let i = 0; i < aCount; i++) {
              const own = queries.slice(i * n, i * n + n);
              expect(all.subarray(i * count, i * count + count)).toEqual(family.many(metric, own, rows));
            }
          }
        }),
        parameters,
      );
    });

    it('finds the nearest in order, equals by their row, NaN at the end', () => {
      fc.assert(
        fc.property(shape, ({ n, count, x, y, k, picks }) => {
          const query = small(typeOfA, n, x);
          const rows = small(typeOfB, n * count, y);
          const nan = {
            f32: Number.NaN,
            f16: 0x7e00,
            bf16: 0x7fc0,
            i8: undefined,
            u8: undefined,
            bits: undefined,
          }[typeOfB];
          if (nan !== undefined) for (const pick of picks.slice(0, 3)) rows[(pick % count) * n] = nan;
          for (const metric of exactOnes(name)) {
            const scores = family.many(metric, query, rows);
            const order = [...scores.keys()].sort((i, j) => {
              const [s, t] = metric === 'dot' ? [-scores[i], -scores[j]] : [scores[i], scores[j]];
              if (Number.isNaN(s) || Number.isNaN(t))
                return Number(Number.isNaN(s)) - Number(Number.isNaN(t)) || i - j;
              return s - t || i - j;
            });
            const best = family.topK(metric, query, rows, k);
            expect([...best.indices]).toEqual(order.slice(0, k));
            expect([...best.scores]).toEqual(order.slice(0, k).map((i) => scores[i]));
          }
        }),
        parameters,
      );
    });

    it('takes roots of l2sq for l2, and keeps cosine within [0, 2]', () => {
      if (name === 'bits') return;
      fc.assert(
        fc.property(shape, ({ n, count, x, y, k }) => {
          const query = small(typeOfA, n, x);
          const rows = small(typeOfB, n * count, y);
          const roots = family.many('l2sq', query, rows).map(Math.sqrt);
          expect(family.many('l2', query, rows)).toEqual(roots);
          expect(family.matrix('l2', query, rows, n)).toEqual(roots);
          const squares = family.topK('l2sq', query, rows, k);
          const best = family.topK('l2', query, rows, k);
          expect(best.indices).toEqual(squares.indices);
          expect(best.scores).toEqual(squares.scores.map(Math.sqrt));
          const cosines = family.many('cosine', query, rows);
          for (let i = 0; i < count; i++) {
            const row = rows.slice(i * n, i * n + n) as Elements;
            expect(deviation(cosines[i], expectedScore(name, 'cosine', query, row))).toBeUndefined();
            if (!Number.isNaN(cosines[i])) expect(cosines[i] >= 0 && cosines[i] <= 2).toBe(true);
          }
        }),
        parameters,
      );
    });

    it('is symmetric where both operands have one type, and no distance from itself', () => {
      if (typeOfA !== typeOfB) return;
      fc.assert(
        fc.property(shape, ({ n, x, y }) => {
          const [a, b] = [small(typeOfA, n, x), small(typeOfA, n, y)];
          for (const metric of metricsOf(name))
            expect(family.pair(metric, a, b)).toBe(family.pair(metric, b, a));
          for (const metric of ['l2sq', 'l2', 'l1', 'hamming', 'jaccard'] as const) {
            if (metricsOf(name).includes(metric)) expect(family.pair(metric, a, a)).toBe(0);
          }
        }),
        parameters,
      );
    });
  });
});
