/** k-means: ours, in both of its forms, and faiss's, as many iterations on the same rows, on one thread. */
import { BenchError } from '../../errors.js';
import { elapsedMs } from '../../measure.js';
import type { Case, Entrant } from '../../suite.js';
import type { Corpus } from './corpora.js';
import { parametersOf, without } from './counted.js';
import type { Library } from './ours.js';
import type { QuantSession } from './session.js';

export interface KmeansScale {
  readonly clusters: number;
  readonly rows: number;
  readonly iterations: number;
}

export function kmeansCase(
  library: Library,
  corpus: Corpus,
  { clusters, rows, iterations }: KmeansScale,
  hierarchical: boolean,
): Case<QuantSession> {
  const count = Math.min(rows, corpus.rows);
  const numbers = `${clusters.toLocaleString('en-US')} of ${count.toLocaleString('en-US')}`;
  return {
    name: `k-means${hierarchical ? ', hierarchical' : ''}, ${numbers}, ${corpus.name}`,
    parameters: { ...parametersOf(corpus), clusters, count, iterations, hierarchical },
    absent: without('faiss'),
    metrics: [
      { name: 'time', unit: 's', better: 'lower' },
      { name: 'objective', unit: 'mean squared distance', better: 'lower' },
    ],
    prepare: async (session) => {
      const loaded = await session.load(corpus);
      const { dimensions } = corpus;
      const some = loaded.rows.subarray(0, count * dimensions);
      const options = { dimensions, iterations, tolerance: 0, threads: 1, hierarchical, assign: false };
      const nearest = (centroids: Float32Array): number => {
        const indices = library.nearestCentroids(some, centroids, { dimensions });
        let sum = 0;
        for (let row = 0; row < count; row++)
          for (let i = 0; i < dimensions; i++)
            sum += (some[row * dimensions + i] - centroids[indices[row] * dimensions + i]) ** 2;
        return sum / count;
      };
      let centroids = new Float32Array(0) as Float32Array;
      const entrants: Entrant[] = [
        {
          name: 'ruvector',
          sample: () => {
            const time = elapsedMs(() => {
              ({ centroids } = library.kmeans(some, clusters, options));
            });
            return { time: time / 1e3, objective: nearest(centroids) };
          },
        },
      ];
      const faiss = await session.faiss(loaded);
      if (faiss !== undefined)
        entrants.push({
          name: 'faiss',
          sample: async () => {
            const { time, objective } = await faiss.kmeans(corpus.name, clusters, {
              sample: count,
              iterations,
            });
            return { time: time / 1e9, objective };
          },
        });
      return {
        entrants,
        verify: () => {
          // Few clusters suffice to see whether it says of its result what is true.
          const { centroids, objective } = library.kmeans(some, 4, { ...options, hierarchical: false });
          const mean = nearest(centroids);
          if (Math.abs(objective / count - mean) <= 1e-6 * mean) return;
          throw new BenchError('BENCH_DISAGREEMENT', `the objective ${objective / count} is ${mean}`);
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}
