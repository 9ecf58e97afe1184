import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vectorOf, type WordVectors } from '../src/dataset/source.js';
import { percentile, type SearchAnswers } from '../src/measure.js';
import { checkAnswers, nearestDistances, rowNorms } from '../src/oracle.js';
import { syntheticVectors } from './synthetic.js';

function cosineDistance(a: Float32Array, b: Float32Array): number {
  const dot = a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return 1 - dot / (Math.hypot(...a) * Math.hypot(...b));
}

/** All rows by distance, found by sorting. */
function ranking(data: WordVectors, rows: readonly number[], query: number) {
  return rows
    .map((row) => ({ row, distance: cosineDistance(vectorOf(data, query), vectorOf(data, row)) }))
    .sort((a, b) => a.distance - b.distance);
}

const data = syntheticVectors(300, 8);
const loaded = Uint32Array.from({ length: 280 }, (_, i) => i);
const queries = Uint32Array.from({ length: 20 }, (_, i) => 280 + i);
const K = 10;

function trueAnswers(): SearchAnswers {
  const found = [...queries].flatMap((query) => ranking(data, [...loaded], query).slice(0, K));
  return {
    k: K,
    ids: Int32Array.from(found, ({ row }) => row),
    distances: Float64Array.from(found, ({ distance }) => distance),
  };
}

const check = (answers: SearchAnswers) => checkAnswers(data, loaded, queries, answers, [...queries.keys()]);

describe('nearestDistances', () => {
  it('gives the first distances of the sorted whole', () => {
    fc.assert(
      fc.property(fc.nat({ max: 299 }), fc.integer({ min: 1, max: 300 }), (query, k) => {
        const expected = ranking(data, [...loaded], query).slice(0, k);
        const actual = nearestDistances(data, loaded, rowNorms(data), query, k);
        expect(actual).toHaveLength(expected.length);
        for (const [i, distance] of actual.entries()) expect(distance).toBeCloseTo(expected[i]!.distance, 12);
      }),
    );
  });

  it('puts rows without a direction last', () => {
    const zero = { words: ['a', 'b', 'c'], dimensions: 2, values: Float32Array.of(1, 0, 0, 0, 1, 1) };
    const distances = nearestDistances(zero, Uint32Array.of(1, 2), rowNorms(zero), 0, 2);
    expect(distances[0]).toBeCloseTo(1 - Math.SQRT1_2, 12);
    expect(distances[1]).toBeNaN();
  });
});

describe('checkAnswers', () => {
  it('accepts the truth', async () => {
    expect(await check(trueAnswers())).toEqual({ checked: 20, mismatches: 0, examples: [] });
  });

  it('accepts rows in another order when their distances are the same within rounding', async () => {
    const pair = syntheticVectors(4, 3);
    pair.values.set(
      vectorOf(pair, 0).map((value) => value * 2),
      3,
    );
    const truth = ranking(pair, [0, 1, 2], 3);
    const first = truth.findIndex(({ row }) => row === 0 || row === 1);
    const order = truth.map(({ row }) => row);
    [order[first], order[first + 1]] = [order[first + 1]!, order[first]!];
    const answers = {
      k: 3,
      ids: Int32Array.from(order),
      distances: Float64Array.from(truth, (t) => t.distance),
    };
    const result = await checkAnswers(pair, Uint32Array.of(0, 1, 2), Uint32Array.of(3), answers, [0]);
    expect(result.mismatches).toBe(0);
  });

  const damages: [string, (ids: Int32Array, distances: Float64Array) => void, RegExp][] = [
    ['a farther row in a near one’s place', (ids) => void ids.copyWithin(0, 1, K), /the server says/],
    ['two ranks exchanged', (ids) => void ids.subarray(0, 2).reverse(), /the server says/],
    [
      'a row twice',
      (ids, distances) => {
        ids[1] = ids[0]!;
        distances[1] = distances[0]!;
      },
      /twice/,
    ],
    ['a wrong distance', (_, distances) => distances.set([distances[3]! + 1e-4], 3), /the server says/],
    ['a distance that is no number', (_, distances) => distances.set([Number.NaN], 3), /NaN/],
    ['a missing row', (ids) => ids.set([-1], 9), /not a row of the table/],
    ['a row that was held out', (ids) => ids.set([285]), /not a row of the table/],
  ];
  it.each(damages)('reports %s', async (_, damage, message) => {
    const answers = trueAnswers();
    damage(answers.ids, answers.distances);
    const result = await check(answers);
    expect(result.mismatches).toBe(1);
    expect(result.examples[0]).toMatch(message);
    expect(result.examples[0]).toContain("'w280'");
  });

  it('reports a miss whose distances are consistent in themselves', async () => {
    const answers = trueAnswers();
    const [, ...rest] = ranking(data, [...loaded], 280);
    rest.slice(0, K).forEach(({ row, distance }, n) => {
      answers.ids[n] = row;
      answers.distances[n] = distance;
    });
    expect((await check(answers)).examples[0]).toMatch(/neighbour 1 .* but the true one is at/);
  });
});

describe('percentile', () => {
  it('is the nearest rank', () => {
    const values = Float64Array.from({ length: 200 }, (_, i) => i + 1);
    expect([0, 50, 99, 100].map((p) => percentile(values, p))).toEqual([1, 100, 198, 200]);
    expect(percentile(Float64Array.of(7), 99)).toBe(7);
  });
});
