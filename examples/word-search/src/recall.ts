/**
 * Recall: how many of the nearest rows an index search finds.
 *
 * Counted by distance, like the check of the exact search (`oracle.ts`), because rows at the same distance are
 * equally right. A row that the search gives counts if it is no farther from the query than the last row of the
 * exact answer, in double precision and within the rounding of float32; if the server gives its true distance; and
 * if it was not given before. As in M. Aumüller, E. Bernhardsson, A. Faithfull, "ANN-Benchmarks", Information
 * Systems 87, 2020, section 2.1.
 */
import type { WordVectors } from './dataset/source.js';
import { rounded, type SearchAnswers } from './measure.js';
import { cosineDistance, rowNorms, toleranceFor } from './oracle.js';

/** What the demo requires of the index. Among fewer rows more is found, so it holds for all values of --rows. */
export const RECALL_FLOOR = { efSearch: 100, recallAt10: 0.93 } as const;

/**
 * Makes a function that gives the recall of other answers to the same queries, 0 to 1.
 *
 * Rows of the exact answers that have no distance (norm 0) are in no index and are not asked for. If nothing is
 * asked for, the recall is 1.
 *
 * @param loaded rows that are in the table
 * @param exact the answers of the exact search
 */
export function recallAgainst(
  data: WordVectors,
  loaded: Uint32Array,
  queries: Uint32Array,
  exact: SearchAnswers,
): (found: SearchAnswers) => number {
  const norms = rowNorms(data);
  const inTable = new Set(loaded);
  const tolerance = toleranceFor(data.dimensions);
  const wanted = new Uint32Array(queries.length);
  const farthest = new Float64Array(queries.length).fill(Number.NEGATIVE_INFINITY);
  for (const [q, query] of queries.entries()) {
    for (const id of exact.ids.subarray(q * exact.k, (q + 1) * exact.k)) {
      const distance = inTable.has(id) ? cosineDistance(data, norms, query, id) : Number.NaN;
      if (Number.isNaN(distance)) continue;
      wanted[q]!++;
      farthest[q] = Math.max(farthest[q]!, distance);
    }
  }
  const total = wanted.reduce((sum, each) => sum + each, 0);

  return (found) => {
    let hits = 0;
    for (const [q, query] of queries.entries()) {
      const right = new Set<number>();
      for (let n = q * found.k; n < (q + 1) * found.k; n++) {
        const id = found.ids[n]!;
        if (!inTable.has(id)) continue;
        const distance = cosineDistance(data, norms, query, id);
        const isTrue = Math.abs(distance - found.distances[n]!) <= tolerance;
        if (isTrue && distance <= farthest[q]! + tolerance) right.add(id);
      }
      hits += Math.min(right.size, wanted[q]!);
    }
    return total === 0 ? 1 : rounded(hits / total, 4);
  };
}

/** What is wrong with the recalls, or `undefined`. */
export function belowFloor(
  searches: readonly { readonly efSearch: number; readonly recallAt10: number }[],
): string | undefined {
  const { efSearch, recallAt10 } = RECALL_FLOOR;
  const search = searches.find((each) => each.efSearch === efSearch);
  if (search === undefined || search.recallAt10 >= recallAt10) return undefined;
  return `recall@10 at ef_search = ${efSearch} is ${search.recallAt10}, below the floor of ${recallAt10}`;
}
