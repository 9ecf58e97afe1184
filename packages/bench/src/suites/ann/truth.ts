/**
 * Exact neighbours of rows that are in a file: block after block of distances between all queries and some rows, by the
 * matrix kernel of core-simd; the best are then measured again in double precision.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { float32 } from '@ruvector/core-simd';
import { BenchError, throwIfAborted } from '../../errors.js';
import { l2, vectorAt } from '../pg-hnsw/dataset.js';
import { K, recallOf } from '../pg-hnsw/truth.js';
import { distanceOf, NEIGHBOURS } from '../quant/corpora.js';
import { type AnnCorpus, type Files, readFloats, type Told } from './data.js';

/** Found in float32 beside those that are wanted, because rounding may exchange the last ones. */
const SPARE = 16;
/** Of the distances of one block. */
const MATRIX_VALUES = 2 ** 20;

/** Neighbours of the queries of a corpus, nearest first. */
export interface Neighbours {
  readonly indices: readonly (readonly number[])[];
  /** Euclidean. */
  readonly distances: readonly (readonly number[])[];
}

/** The best of one query so far, as insertion sorts them. */
class Best {
  readonly scores: Float32Array;
  readonly ids: Uint32Array;

  constructor(count: number) {
    this.scores = new Float32Array(count).fill(Number.POSITIVE_INFINITY);
    this.ids = new Uint32Array(count);
  }

  /** Takes what is better than the worst of a run of scores. */
  take(scores: Float32Array, first: number): void {
    const last = this.scores.length - 1;
    let worst = this.scores[last];
    for (let i = 0; i < scores.length; i++) {
      const score = scores[i];
      if (!(score < worst)) continue;
      let at = last;
      for (; at > 0 && this.scores[at - 1] > score; at--) {
        this.scores[at] = this.scores[at - 1];
        this.ids[at] = this.ids[at - 1];
      }
      this.scores[at] = score;
      this.ids[at] = first + i;
      worst = this.scores[last];
    }
  }
}

/** Rows of a file by number. Synchronous: thousands of short reads, which a turn of the event loop each would make ten times as long. */
function rowsOf(path: string, dimensions: number, ids: readonly number[]): Float32Array {
  const gathered = new Float32Array(ids.length * dimensions);
  const bytes = new Uint8Array(gathered.buffer);
  const length = 4 * dimensions;
  const file = openSync(path, 'r');
  try {
    for (const [at, id] of ids.entries())
      if (readSync(file, bytes, at * length, length, id * length) !== length)
        throw new RangeError(`a file of vectors has no row ${id}`);
  } finally {
    closeSync(file);
  }
  return gathered;
}

/** The {@link NEIGHBOURS} nearest rows of every query, fewer where there are fewer rows. */
export async function findNeighbours(corpus: AnnCorpus, files: Files, told: Told): Promise<Neighbours> {
  const { dimensions, rows, queries: asked } = corpus;
  const wanted = Math.min(NEIGHBOURS, rows);
  const queries = await readAll(files.queries, asked * dimensions);
  const best = Array.from({ length: asked }, () => new Best(Math.min(rows, wanted + SPARE)));
  const blockRows = Math.max(1, Math.floor(MATRIX_VALUES / asked));
  const file = await open(files.rows, 'r');
  told.step(`exact neighbours in ${corpus.name}`);
  try {
    for (let first = 0; first < rows; first += blockRows) {
      await nextTurn();
      throwIfAborted(told.signal);
      const count = Math.min(blockRows, rows - first);
      const block = await readFloats(file, first * dimensions, count * dimensions);
      const scores = float32.matrix('l2sq', queries, block, dimensions);
      for (const [query, each] of best.entries())
        each.take(scores.subarray(query * count, (query + 1) * count), first);
    }
  } finally {
    await file.close();
  }
  const indices: number[][] = [];
  const distances: number[][] = [];
  for (const [query, { ids }] of best.entries()) {
    await nextTurn();
    throwIfAborted(told.signal);
    const vectors = rowsOf(files.rows, dimensions, [...ids]);
    const exact = Array.from(ids, (id, at) => ({
      id,
      distance: distanceOf(vectorAt(queries, dimensions, query), vectorAt(vectors, dimensions, at)),
    }))
      .sort((a, b) => a.distance - b.distance || a.id - b.id)
      .slice(0, wanted);
    indices.push(exact.map(({ id }) => id));
    distances.push(exact.map(({ distance }) => distance));
  }
  return { indices, distances };
}

async function readAll(path: string, count: number): Promise<Float32Array> {
  const file = await open(path, 'r');
  try {
    return await readFloats(file, 0, count);
  } finally {
    await file.close();
  }
}

/**
 * recall@10 of answers, counted as `pg-hnsw` counts it.
 *
 * @throws BenchError `BENCH_DISAGREEMENT` for an answer that no search gives
 */
export async function recallIn(
  entrant: string,
  answers: readonly (readonly number[])[],
  corpus: AnnCorpus,
  files: Files,
  { distances }: Neighbours,
): Promise<number> {
  const { dimensions, rows, queries: asked } = corpus;
  const unknown = answers.flat().find((id) => !(Number.isInteger(id) && id >= 0 && id < rows));
  if (unknown !== undefined)
    throw new BenchError('BENCH_DISAGREEMENT', `${entrant} found row ${unknown}, which is not there`);
  // Only rows that were found are read; `recallOf` gets them under new numbers.
  const ids = [...new Set(answers.flat())].sort((a, b) => a - b);
  const places = new Map(ids.map((id, place) => [id, place]));
  return recallOf(
    entrant,
    answers.map((each) => each.map((id) => places.get(id) as number)),
    {
      distance: l2,
      dimensions,
      rows: rowsOf(files.rows, dimensions, ids),
      queries: await readAll(files.queries, asked * dimensions),
      kth: distances.map((each) => (each[K - 1] as number) ** 2),
    },
  );
}
