/**
 * Local intrinsic dimension: how fast the number of neighbours grows with their distance, which says how hard a data set is
 * for searches (Aumueller and Ceccarello, "The role of local intrinsic dimensionality in benchmarking nearest neighbor
 * search", SISAP 2019).
 */
import { BenchError } from '../../errors.js';
import { median } from '../../statistics.js';
import type { Case } from '../../suite.js';
import type { Corpus } from './corpora.js';
import { counted } from './counted.js';
import type { QuantSession } from './session.js';

/**
 * The maximum-likelihood estimate at one point, -1 / mean(ln(r_i / r_k)): Levina and Bickel, NIPS 17 (2004); Amsaleg et al.,
 * KDD 2015, equation 8.
 *
 * @param distances from the point to its k nearest neighbours, nearest first; those that are 0 say nothing
 * @returns infinity where all are as far as the last
 */
export function intrinsicDimension(distances: ArrayLike<number>): number {
  const farthest = distances[distances.length - 1];
  let sum = 0;
  let count = 0;
  for (let i = 0; i < distances.length; i++) {
    if (distances[i] === 0) continue;
    sum += Math.log(distances[i] / farthest);
    count++;
  }
  return -count / sum;
}

/** Mean and median over the queries of a corpus. */
export function dimensionCase(corpus: Corpus): Case<QuantSession> {
  return {
    name: `local intrinsic dimension, ${corpus.name}`,
    ...counted(corpus, {}),
    metrics: [
      { name: 'mean', unit: 'dimensions', better: 'lower' },
      { name: 'median', unit: 'dimensions', better: 'lower' },
    ],
    prepare: async (session) => {
      const { neighbours } = await session.load(corpus);
      const all = neighbours.map(({ distances }) => intrinsicDimension(distances));
      const sample = { mean: all.reduce((sum, each) => sum + each, 0) / all.length, median: median(all) };
      return {
        entrants: [{ name: 'ruvector', sample: () => sample }],
        verify: () => {
          // More than there are dimensions is an estimate that went wrong, or data without a dimension.
          if (sample.median > 0 && sample.median <= corpus.dimensions) return;
          throw new BenchError(
            'BENCH_DISAGREEMENT',
            `${sample.median} is no dimension of vectors of ${corpus.dimensions}`,
          );
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
