import { describe, expect, it } from 'vitest';
import { vectorOf, type WordVectors } from '../src/dataset/source.js';
import type { SearchAnswers } from '../src/measure.js';
import { cosineDistance, rowNorms } from '../src/oracle.js';
import { belowFloor, RECALL_FLOOR, recallAgainst } from '../src/recall.js';
import { syntheticVectors } from './synthetic.js';

const data = syntheticVectors(300, 8);
const loaded = Uint32Array.from({ length: 280 }, (_, i) => i);
const queries = Uint32Array.from({ length: 20 }, (_, i) => 280 + i);
const K = 10;

/** Answers with true distances; -1 is no row. */
function answersOf(of: WordVectors, asked: Uint32Array, rows: readonly (readonly number[])[]): SearchAnswers {
  const k = rows[0]!.length;
  const norms = rowNorms(of);
  const distances = rows.flatMap((ids, q) =>
    ids.map((id) => (id < 0 ? Number.NaN : cosineDistance(of, norms, asked[q]!, id))),
  );
  return { k, ids: Int32Array.from(rows.flat()), distances: Float64Array.from(distances) };
}

/** All rows, nearest first, for each query. */
const norms = rowNorms(data);
const ranked = [...queries].map((query) =>
  [...loaded].sort((a, b) => cosineDistance(data, norms, query, a) - cosineDistance(data, norms, query, b)),
);
const exactRows = ranked.map((rows) => rows.slice(0, K));
const exact = answersOf(data, queries, exactRows);
const recallOf = recallAgainst(data, loaded, queries, exact);
const recallOfRows = (rows: readonly (readonly number[])[]) => recallOf(answersOf(data, queries, rows));

describe('recallAgainst', () => {
  it('is 1 for the exact answers, in whatever order', () => {
    expect(recallOf(exact)).toBe(1);
    expect(recallOfRows(exactRows.map((rows) => rows.toReversed()))).toBe(1);
  });

  it('is the share of the nearest rows that were found', () => {
    expect(recallOfRows(ranked.map((rows) => rows.slice(3, 3 + K)))).toBe(0.7);
    expect(recallOfRows(ranked.map((rows, q) => (q < 5 ? rows.slice(K, 2 * K) : rows.slice(0, K))))).toBe(
      0.75,
    );
    expect(recallOfRows(ranked.map((rows) => [...rows.slice(0, 4), -1, -1, -1, -1, -1, -1]))).toBe(0.4);
  });

  it('does not count a row twice, a row that is not in the table, or one at a false distance', () => {
    expect(recallOfRows(exactRows.map((rows) => [...rows.slice(0, 5), ...rows.slice(0, 5)]))).toBe(0.5);
    // The query itself was held out; nothing is nearer to it.
    expect(recallOfRows(exactRows.map((rows, q) => [queries[q]!, ...rows.slice(0, 9)]))).toBe(0.9);
    const lying = { ...exact, distances: exact.distances.map((each, i) => (i % K === 0 ? 0 : each)) };
    expect(recallOf(lying)).toBe(0.9);
  });

  it('counts any of the rows at the distance of the last one', () => {
    const tied: WordVectors = {
      words: ['query', 'near', 'far', 'as far', 'farther'],
      dimensions: 2,
      values: Float32Array.of(1, 0, 1, 0.1, 1, 1, 2, 2, 0, 1),
    };
    const asked = Uint32Array.of(0);
    const recall = recallAgainst(tied, Uint32Array.of(1, 2, 3, 4), asked, answersOf(tied, asked, [[1, 2]]));
    expect(recall(answersOf(tied, asked, [[1, 3]]))).toBe(1);
    expect(recall(answersOf(tied, asked, [[3, 2]]))).toBe(1);
    expect(recall(answersOf(tied, asked, [[1, 4]]))).toBe(0.5);
  });

  it('asks for no more than the exact answers have: missing rows and rows without a direction', () => {
    const few: WordVectors = {
      words: ['query', 'near', 'zero'],
      dimensions: 2,
      values: Float32Array.of(1, 0, 1, 1, 0, 0),
    };
    const asked = Uint32Array.of(0);
    const truth = answersOf(few, asked, [[1, 2, -1]]);
    const recall = recallAgainst(few, Uint32Array.of(1, 2), asked, truth);
    expect(recall(answersOf(few, asked, [[1, -1, -1]]))).toBe(1);
    expect(recall(answersOf(few, asked, [[-1, -1, -1]]))).toBe(0);
    expect(vectorOf(few, 2)).toEqual(Float32Array.of(0, 0));
    const nothing = recallAgainst(few, Uint32Array.of(2), asked, answersOf(few, asked, [[2]]));
    expect(nothing(answersOf(few, asked, [[-1]]))).toBe(1);
  });
});

describe('belowFloor', () => {
  it('speaks of the stated ef_search alone', () => {
    const { efSearch, recallAt10 } = RECALL_FLOOR;
    expect(belowFloor([{ efSearch: 40, recallAt10: 0.1 }])).toBeUndefined();
    expect(belowFloor([{ efSearch, recallAt10 }])).toBeUndefined();
    expect(
      belowFloor([
        { efSearch: 40, recallAt10: 1 },
        { efSearch, recallAt10: 0.5 },
      ]),
    ).toBe(`recall@10 at ef_search = ${efSearch} is 0.5, below the floor of ${recallAt10}`);
  });
});
