/** What codes are made of: data sets with held-out queries and their exact neighbours. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { float32 } from '@ruvector/core-simd';
import { throwIfAborted } from '../../errors.js';
import { Random } from '../../random.js';
import { type Dataset, vectorAt } from '../pg-hnsw/dataset.js';

/** Neighbours that a recall is of. */
export const K = 10;

/** Neighbours that are found: as many as local intrinsic dimension is estimated from. */
export const NEIGHBOURS = 100;

export const QUERY_SEED = 20_250_114;

export interface Vectors {
  readonly rows: Float32Array;
  readonly queries: Float32Array;
}

/** A data set that is at hand. */
export interface Corpus {
  readonly name: string;
  /** Hash of what it is read from. */
  readonly identity: string;
  readonly dimensions: number;
  readonly metric: 'l2sq' | 'cosine';
  readonly rows: number;
  readonly queries: number;
  load(): Promise<Vectors>;
}

/** A corpus in memory. */
export interface Loaded extends Vectors {
  readonly corpus: Corpus;
  /** {@link NEIGHBOURS} a query, nearest first; fewer where there are fewer rows. */
  readonly neighbours: readonly Neighbours[];
}

export interface Neighbours {
  readonly indices: Uint32Array;
  /** Euclidean distances. */
  readonly distances: Float64Array;
}

/** Scales each row to norm 1, in place. Rows of zeros stay. */
export function normalise(values: Float32Array, dimensions: number): Float32Array {
  for (let at = 0; at < values.length; at += dimensions) {
    let squares = 0;
    for (let i = at; i < at + dimensions; i++) squares += values[i] * values[i];
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = at; i < at + dimensions; i++) values[i] *= scale;
  }
  return values;
}

/** So many of the rows, drawn by {@link QUERY_SEED}. */
export function draw(values: Float32Array, dimensions: number, count: number): Float32Array {
  const all = values.length / dimensions;
  const order = Uint32Array.from({ length: all }, (_, row) => row);
  const random = new Random(QUERY_SEED);
  const drawn = new Float32Array(Math.min(count, all) * dimensions);
  for (let i = 0; i * dimensions < drawn.length; i++) {
    const j = i + Math.floor(random.uniform() * (all - i));
    [order[i], order[j]] = [order[j], order[i]];
    drawn.set(vectorAt(values, dimensions, order[i]), i * dimensions);
  }
  return drawn;
}

/**
 * A data set as a corpus. By cosine, vectors have norm 1: so its order is that of L2, too.
 *
 * @param queries how many of the data set's queries are drawn
 */
export function corpusOf(dataset: Dataset, queries: number): Corpus {
  const { name, identity, dimensions, rows, distance } = dataset;
  const { operation } = distance;
  return {
    name,
    identity,
    dimensions,
    rows,
    metric: operation,
    queries: Math.min(queries, dataset.queries),
    load: async () => {
      const loaded = await dataset.load();
      const kept = loaded.rows.subarray(0, rows * dimensions);
      const asked = draw(loaded.queries, dimensions, queries);
      if (operation === 'l2sq') return { rows: kept, queries: asked };
      return { rows: normalise(kept, dimensions), queries: normalise(asked, dimensions) };
    },
  };
}

/** Euclidean distance in float64. */
export function distanceOf(a: Float32Array, b: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < a.length; i++) squares += (a[i] - b[i]) ** 2;
  return Math.sqrt(squares);
}

/**
 * Loads a corpus and finds the neighbours: by the float32 kernels of core-simd, distances in float64.
 *
 * @throws BenchError `BENCH_ABORTED`
 */
export async function loadCorpus(corpus: Corpus, signal: AbortSignal): Promise<Loaded> {
  const { rows, queries } = await corpus.load();
  const { dimensions, metric } = corpus;
  const neighbours: Neighbours[] = [];
  for (let at = 0; at < queries.length; at += dimensions) {
    await nextTurn();
    throwIfAborted(signal);
    const query = queries.subarray(at, at + dimensions);
    const { indices } = float32.topK(metric, query, rows, Math.min(NEIGHBOURS, rows.length / dimensions));
    const distances = Float64Array.from(indices, (row) => distanceOf(query, vectorAt(rows, dimensions, row)));
    neighbours.push({ indices, distances });
  }
  return { corpus, rows, queries, neighbours };
}

/** The exact vectors with these indices, for `rerank.source`. */
export function sourceOf(rows: Float32Array, dimensions: number): (indices: Uint32Array) => Float32Array {
  return (indices) => {
    const taken = new Float32Array(indices.length * dimensions);
    for (let i = 0; i < indices.length; i++)
      taken.set(vectorAt(rows, dimensions, indices[i]), i * dimensions);
    return taken;
  };
}
