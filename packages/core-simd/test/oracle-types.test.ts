/** Every type, metric and shape on every variant, against float64. */
import { describe, expect, it } from 'vitest';
import type { Elements } from '../src/backend/types.js';
import { randomElements, randomWords } from './support/elements.js';
import {
  type AnyMetric,
  combinations,
  deviation,
  expectedPair,
  expectedScore,
  type FamilyName,
  familyNames,
  familyOf,
  metricsOf,
  operandTypes,
  shifted,
} from './support/families.js';
import { loadEvery } from './support/variants.js';

const variants = await loadEvery();

/** Every tail of every vector width twice over, and long ones. */
const lengths = [...Array.from({ length: 140 }, (_, i) => i + 1), 255, 256, 257, 384, 515, 1000, 1537];
const fewLengths = lengths.filter((n) => n <= 40 || n % 16 < 2 || n > 200);

function inputs(name: FamilyName, seed: number): (n: number) => [Elements, Elements] {
  const next = randomWords(seed);
  const [a, b] = operandTypes[name];
  return (n) => [
    shifted(randomElements(a, n, next), n % 17) as Elements,
    shifted(randomElements(b, n, next), (n * 5) % 13) as Elements,
  ];
}

const made = new Map<string, unknown>();

/** Inputs with their results: the same for every variant, so worked out once. */
function once<T>(key: string, make: () => T): T {
  if (!made.has(key)) made.set(key, make());
  return made.get(key) as T;
}

/** Elements i * n to i * n + n. */
const row = (rows: Elements, n: number, i: number) => rows.slice(i * n, i * n + n) as Elements;

describe.each(variants)('%s', (variant, simd) => {
  it('is what runs', () => {
    expect(simd.capabilities().variant).toBe(variant);
  });

  it.each(combinations)('%s, %s of a pair', (name, metric) => {
    const family = familyOf(simd, name);
    const wrong: unknown[] = [];
    const cases = once(`pair ${name} ${metric}`, () => {
      const input = inputs(name, 31);
      return lengths.map((n) => {
        const [a, b] = input(n);
        return { n, a, b, want: expectedPair(name, metric, a, b) };
      });
    });
    for (const { n, a, b, want } of cases) {
      const problem = deviation(family.pair(metric, a, b), want);
      if (problem !== undefined) wrong.push([n, problem]);
    }
    expect(wrong).toEqual([]);
  });

  it.each(combinations)('%s, %s of one query and rows, in order and gathered', (name, metric) => {
    const family = familyOf(simd, name);
    const next = randomWords(33);
    const wrong: unknown[] = [];
    const cases = once(`many ${name} ${metric}`, () => {
      const input = inputs(name, 32);
      return fewLengths.map((n) => {
        const count = (n % 11) + 1;
        const [query] = input(n);
        const [, rows] = input(n * count);
        const wants = Array.from({ length: count }, (_, i) =>
          expectedScore(name, metric, query, row(rows, n, i)),
        );
        return { n, count, query, rows, wants };
      });
    });
    for (const { n, count, query, rows, wants } of cases) {
      const scores = family.many(metric, query, rows, shifted(new Float32Array(count), 3));
      const indices = Uint32Array.from({ length: 9 }, () => next() % count);
      const gathered = family.gather(metric, query, rows, indices);
      for (let i = 0; i < count; i++) {
        const problem = deviation(scores[i], wants[i]);
        if (problem !== undefined) wrong.push(['many', n, i, problem]);
      }
      // The same results as for a copy of those rows, to the bit.
      const copy = new (rows.constructor as new (length: number) => Elements)(indices.length * n);
      for (const [i, index] of indices.entries()) copy.set(row(rows, n, index), i * n);
      expect([...gathered]).toEqual([...family.many(metric, query, copy)]);
    }
    expect(wrong).toEqual([]);
  });

  it.each(combinations)('%s, %s of a matrix', (name, metric) => {
    const family = familyOf(simd, name);
    const wrong: unknown[] = [];
    const cases = once(`matrix ${name} ${metric}`, () => {
      const input = inputs(name, 34);
      return [
        [1, 1, 5],
        [2, 3, 1],
        [5, 7, 16],
        [3, 17, 33],
        [9, 4, 100],
        [13, 13, 31],
      ].map(([aCount, bCount, n]) => {
        const [a] = input(aCount * n);
        const [, b] = input(bCount * n);
        const wants = Array.from({ length: aCount * bCount }, (_, at) =>
          expectedScore(name, metric, row(a, n, Math.floor(at / bCount)), row(b, n, at % bCount)),
        );
        return { aCount, bCount, n, a, b, wants };
      });
    });
    for (const { aCount, bCount, n, a, b, wants } of cases) {
      const out = new Float32Array(aCount * bCount + 2).fill(-7);
      expect(family.matrix(metric, a, b, n, out)).toBe(out);
      expect([...out.subarray(aCount * bCount)]).toEqual([-7, -7]);
      for (const [at, want] of wants.entries()) {
        const problem = deviation(out[at], want);
        if (problem !== undefined) wrong.push([aCount, bCount, n, at, problem]);
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each(combinations)('%s, %s: the nearest are those of the scores', (name, metric) => {
    const family = familyOf(simd, name);
    const cases = once(`topK ${name} ${metric}`, () => {
      const input = inputs(name, 35);
      return [
        [1, 3],
        [60, 24],
        [333, 7],
      ].map(([count, n]) => {
        const [query] = input(n);
        const [, rows] = input(n * count);
        const want = Array.from({ length: count }, (_, i) =>
          expectedScore(name, metric, query, row(rows, n, i)),
        );
        return { count, query, rows, want };
      });
    });
    for (const { count, query, rows, want } of cases) {
      for (const k of [1, 2, 10, count, count + 5]) {
        const { indices, scores } = family.topK(metric, query, rows, k);
        const size = Math.min(k, count);
        expect(indices).toHaveLength(size);
        expect(scores).toHaveLength(size);
        expect(new Set(indices).size).toBe(size);
        for (let i = 0; i < size; i++) expect(deviation(scores[i], want[indices[i]])).toBeUndefined();
        const sign = metric === 'dot' ? -1 : 1;
        for (let i = 1; i < size; i++) {
          expect(sign * scores[i - 1]).toBeLessThanOrEqual(sign * scores[i]);
          if (scores[i - 1] === scores[i] && metric !== 'l2') {
            expect(indices[i - 1]).toBeLessThan(indices[i]);
          }
        }
        // No row that was left out is nearer than the last one, by more than both may err.
        const taken = new Set(indices);
        const last = want[indices[size - 1]];
        for (const [i, { value, within }] of want.entries()) {
          if (taken.has(i)) continue;
          expect(sign * value).toBeGreaterThanOrEqual(sign * last.value - within - last.within);
        }
      }
    }
  });

  it.each(familyNames)('%s does not depend on alignment', (name) => {
    const family = familyOf(simd, name);
    const next = randomWords(36);
    const [typeOfA, typeOfB] = operandTypes[name];
    const n = 61;
    const [a, b, rows] = [
      randomElements(typeOfA, n, next),
      randomElements(typeOfB, n, next),
      randomElements(typeOfB, 6 * n, next),
    ];
    const all = (metric: AnyMetric, x: unknown, y: unknown, m: unknown) => [
      family.pair(metric, x, y),
      ...family.many(metric, x, m),
      ...family.gather(metric, x, m, Uint32Array.of(5, 0, 5)),
      ...family.matrix(metric, x, m, n),
      ...family.topK(metric, x, m, 3).scores,
    ];
    for (const metric of metricsOf(name)) {
      const want = all(metric, a, b, rows);
      for (let offset = 0; offset < 17; offset++) {
        const got = all(metric, shifted(a, offset), shifted(b, 16 - offset), shifted(rows, offset));
        expect(got).toEqual(want);
      }
    }
  });

  it.each(familyNames)('%s has the documented values for no dimensions and no rows', (name) => {
    const family = familyOf(simd, name);
    const [a, b] = inputs(name, 37)(0).map((x) => x.slice() as Elements);
    const [query] = inputs(name, 37)(3);
    for (const metric of metricsOf(name)) {
      expect(family.pair(metric, a, b)).toBe(metric === 'cosine' ? Number.NaN : 0);
      expect(family.many(metric, a, b)).toEqual(new Float32Array(0));
      expect(family.many(metric, query, b)).toEqual(new Float32Array(0));
      expect(family.gather(metric, a, b, new Uint32Array(0))).toEqual(new Float32Array(0));
      expect(family.gather(metric, query, b, new Uint32Array(0))).toEqual(new Float32Array(0));
      expect(family.matrix(metric, a, b, 0)).toEqual(new Float32Array(0));
      expect(family.matrix(metric, query, b, 3)).toEqual(new Float32Array(0));
      expect(family.matrix(metric, a, b, 3)).toEqual(new Float32Array(0));
      const none = { indices: new Uint32Array(0), scores: new Float32Array(0) };
      expect(family.topK(metric, a, b, 5)).toEqual(none);
      expect(family.topK(metric, query, b, 5)).toEqual(none);
    }
  });

  it('sums the extremes of integers exactly, also beyond 32 bits', () => {
    for (const n of [1, 31, 32_768, 32_769, 140_001]) {
      const low = new Int8Array(n).fill(-128);
      const high = new Int8Array(n).fill(127);
      expect(simd.int8.dot(low, low)).toBe(16384 * n);
      expect(simd.int8.dot(low, high)).toBe(-16256 * n);
      expect(simd.int8.l2sq(low, high)).toBe(65025 * n);
      expect(simd.int8.l1(high, low)).toBe(255 * n);
      expect(simd.int8.cosine(low, high)).toBeCloseTo(2, 14);
      expect(simd.int8.norm(low)).toBe(Math.sqrt(16384 * n));
      const full = new Uint8Array(n).fill(255);
      const zero = new Uint8Array(n);
      expect(simd.uint8.dot(full, full)).toBe(65025 * n);
      expect(simd.uint8.l2sq(full, zero)).toBe(65025 * n);
      expect(simd.uint8.l1(zero, full)).toBe(255 * n);
      expect(simd.uint8.cosine(full, full)).toBeCloseTo(0, 14);
      expect(simd.uint8.norm(full)).toBe(Math.sqrt(65025 * n));
      expect(simd.bits.hamming(full, zero)).toBe(8 * n);
      expect(simd.bits.jaccard(full, zero)).toBe(1);
      expect(simd.bits.jaccard(zero, zero)).toBe(0);
      expect(simd.int8.many('dot', low, low)[0]).toBe(Math.fround(16384 * n));
      expect(simd.uint8.matrix('l2sq', full, zero, n)[0]).toBe(Math.fround(65025 * n));
      expect(simd.uint8.topK('l1', full, zero, 1).scores[0]).toBe(Math.fround(255 * n));
    }
  });

  it('reads subnormal half floats as they are', () => {
    // 2^-24 in binary16, whose products are normal in float32; 2^-133 in bfloat16, whose sums are exact there.
    for (const n of [1, 8, 33, 100]) {
      const one = simd.float16.fromFloat32(new Float32Array(n).fill(1));
      const least = new Uint16Array(n).fill(1);
      expect(simd.float16.dot(least, one)).toBe(n * 2 ** -24);
      expect(simd.float16.l2sq(least, new Uint16Array(n))).toBe(n * 2 ** -48);
      expect(
        simd.float16.l1(
          least,
          least.map(() => 0x8001),
        ),
      ).toBe(n * 2 ** -23);
      expect(simd.float16.norm(least)).toBe(Math.sqrt(n * 2 ** -48));
      expect(simd.float32Float16.dot(new Float32Array(n).fill(8), least)).toBe(n * 2 ** -21);
      expect(simd.bfloat16.l1(least, new Uint16Array(n))).toBe(n * 2 ** -133);
      expect(simd.bfloat16.norm(least)).toBe(Math.sqrt(n) * 2 ** -133);
      expect([...simd.float16.many('dot', one, least)]).toEqual([n * 2 ** -24]);
    }
  });

  it('propagates NaN and infinity of half floats from every position', () => {
    const special = { float16: [0x7e00, 0xfc00], bfloat16: [0x7fc0, 0xff80] } as const;
    for (const name of ['float16', 'bfloat16'] as const) {
      const { [name]: family } = simd;
      for (let n = 1; n <= 70; n++) {
        for (const place of new Set([0, n >> 1, n - 1])) {
          const a = family.fromFloat32(new Float32Array(n).fill(1)) as Uint16Array;
          const b = family.fromFloat32(new Float32Array(n).fill(2)) as Uint16Array;
          a[place] = special[name][0];
          const results = [family.dot(a, b), family.l2sq(b, a), family.l2(a, b), family.l1(b, a)];
          expect([...results, family.cosine(a, b), family.norm(a)]).toEqual(Array(6).fill(Number.NaN));
          expect([...family.many('l1', b, a)]).toEqual([Number.NaN]);
          a[place] = special[name][1];
          expect([family.dot(a, b), family.l2sq(a, b), family.l1(a, b), family.norm(a)]).toEqual([
            Number.NEGATIVE_INFINITY,
            Number.POSITIVE_INFINITY,
            Number.POSITIVE_INFINITY,
            Number.POSITIVE_INFINITY,
          ]);
          expect(family.cosine(a, b)).toBeNaN();
        }
      }
    }
  });
});
