/** The functions of k-means, as the addon has them (native/addon/kmeans.c), and the same in TypeScript. */

import { runAtOnce } from '../long.js';
import { nearestOf } from './distance.js';
import { Pace, starts, type TrainOptions } from './run.js';
import { train } from './train.js';

export interface KmeansKernels {
  /**
   * Trains centroids.
   *
   * @param options {@link packOptions}
   * @param rows finite; at least as many as centroids
   * @param centroids k * n; holds the first ones where these are given
   * @param indices takes the rows' nearest centroids, where they are asked for
   * @param history iterations + 3: the objective before each iteration and at the end, then (at iterations + 1) how many
   *   iterations were done, and the objective of the result
   */
  train(
    options: Float64Array,
    rows: Float32Array,
    centroids: Float32Array,
    indices: Uint32Array | undefined,
    history: Float64Array,
  ): void;

  /** The nearest centroid of each row, the first of equals, and its squared distance. */
  nearest(
    n: number,
    centroids: Float32Array,
    rows: Float32Array,
    indices: Uint32Array,
    distances: Float64Array | undefined,
    threads: number,
  ): void;
}

/** Options as numbers, in the order of native/addon/kmeans.c. */
export function packOptions(o: TrainOptions): Float64Array {
  return Float64Array.of(
    o.n,
    o.k,
    o.coarse,
    o.iterations,
    o.tolerance,
    o.batches,
    o.batchRows,
    starts.indexOf(o.start),
    o.spherical ? 1 : 0,
    o.seed,
    o.threads,
  );
}

export function unpackOptions(numbers: Float64Array): TrainOptions {
  const [n, k, coarse, iterations, tolerance, batches, batchRows, start, spherical, seed, threads] = numbers;
  return {
    n,
    k,
    coarse,
    iterations,
    tolerance,
    batches,
    batchRows,
    start: starts[start],
    spherical: spherical !== 0,
    seed,
    threads,
  };
}

/** {@link KmeansKernels.nearest} in slices. */
export function* nearestSlices(
  n: number,
  centroids: Float32Array,
  rows: Float32Array,
  indices: Uint32Array,
  distances: Float64Array | undefined,
): Generator<number, void> {
  const count = rows.length / n;
  const k = centroids.length / n;
  const pace = new Pace();
  for (let i = 0; i < count; i++) {
    const found = nearestOf(centroids, k, rows, i * n, n);
    indices[i] = found.index;
    if (distances !== undefined) distances[i] = found.distance;
    if (pace.isDueAfter(k, n)) yield i + 1;
  }
}

export const typescriptKmeans: KmeansKernels = {
  train(options, rows, centroids, indices, history) {
    runAtOnce(train(unpackOptions(options), rows, centroids, indices, history));
  },
  nearest(n, centroids, rows, indices, distances) {
    runAtOnce(nearestSlices(n, centroids, rows, indices, distances));
  },
};
