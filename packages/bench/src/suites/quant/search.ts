/**
 * Our codes and faiss's: the same rows, sample and queries, by L2, on one thread. A search is of one query after the other
 * through all codes, with the best ten.
 */
import type { Codec, Packed } from '@ruvector/quant';
import { BenchError } from '../../errors.js';
import { elapsedMs, repeatFor } from '../../measure.js';
import type { Case, Entrant, PreparedCase, Sample } from '../../suite.js';
import { vectorAt } from '../pg-hnsw/dataset.js';
import { encodeAll, type Recipe, type Training } from './codecs.js';
import { type Corpus, K, type Loaded } from './corpora.js';
import { parametersOf, without } from './counted.js';
import type { FaissProcess } from './faiss.js';
import type { Library } from './ours.js';
import { meanOf } from './ranks.js';
import type { QuantSession } from './session.js';

/** The same kind of code on both sides. */
export interface Match {
  readonly recipe: Recipe;
  /** For faiss's index_factory. */
  factory(dimensions: number): string;
}

export interface SearchScale {
  readonly training: Training;
  /** Rows that are encoded to take the time. */
  readonly encoded: number;
  /** Queries of one timed run. */
  readonly timed: number;
}

const DEPTH = 100;

/** Shares of the ten nearest among the first ten, and among the first hundred. */
export function recallsOf(
  { neighbours }: Loaded,
  found: readonly ArrayLike<number>[],
): { readonly recall: number; readonly recall_100: number } {
  const share = (depth: number): number =>
    meanOf(
      neighbours.map(({ indices }, query) => {
        const wanted = new Set(indices.subarray(0, K));
        const first = Array.from(found[query]).slice(0, depth);
        return first.filter((row) => wanted.has(row)).length / wanted.size;
      }),
    ).value;
  return { recall: share(K), recall_100: share(DEPTH) };
}

function check(name: string, loaded: Loaded, found: readonly ArrayLike<number>[]): void {
  const count = loaded.corpus.rows;
  for (const [query, rows] of found.entries()) {
    const all = Array.from(rows);
    const good = all.every((row) => Number.isInteger(row) && row >= 0 && row < count);
    if (good && new Set(all).size === Math.min(DEPTH, count)) continue;
    throw new BenchError('BENCH_DISAGREEMENT', `${name}: query ${query} does not give ${DEPTH} rows`);
  }
}

/** The mean squared residual: what codes say themselves of the distance from the rows. */
function errorOf(codec: Codec, codes: Uint8Array): number {
  return (
    codec.residuals(codes).reduce((sum, each) => sum + each * each, 0) / (codes.length / codec.codeBytes)
  );
}

/** The mean square of rows. */
function sizeOf({ rows, corpus }: Loaded): number {
  let sum = 0;
  for (const x of rows) sum += x * x;
  return sum / corpus.rows;
}

interface Side {
  readonly entrant: Entrant;
  readonly found: readonly ArrayLike<number>[];
}

async function ourSide(
  codec: Codec,
  loaded: Loaded,
  { encoded, timed }: SearchScale,
  minTimeMs: number,
  signal: AbortSignal,
): Promise<Side> {
  const { corpus, rows, queries } = loaded;
  const { dimensions } = corpus;
  const codes = await encodeAll(codec, rows, signal);
  const packed: Packed = codec.pack(codes);
  const query = (index: number) => codec.query(vectorAt(queries, dimensions, index), 'l2sq');
  const found = Array.from({ length: corpus.queries }, (_, i) => query(i).topK(packed, DEPTH).indices);
  const some = rows.subarray(0, Math.min(encoded, corpus.rows) * dimensions);
  const asked = Math.min(timed, corpus.queries);
  const search = repeatFor(minTimeMs, (iterations) =>
    elapsedMs(() => {
      for (let i = 0; i < iterations; i++) for (let q = 0; q < asked; q++) query(q).topK(packed, K);
    }),
  );
  const figures = {
    bytes: codec.codeBytes,
    error: (100 * errorOf(codec, codes)) / sizeOf(loaded),
    ...recallsOf(loaded, found),
  };
  const sample = async (): Promise<Sample> => {
    const time = await search();
    const encoding = elapsedMs(() => codec.pack(codec.encode(some)));
    return {
      search: (time * 1e6) / (asked * corpus.rows),
      encode: some.length / dimensions / (encoding / 1e3),
      ...figures,
    };
  };
  return { entrant: { name: 'ruvector', sample }, found };
}

async function faissSide(
  faiss: FaissProcess,
  name: string,
  loaded: Loaded,
  { encoded, timed }: SearchScale,
  minTimeMs: number,
): Promise<Side> {
  const { corpus } = loaded;
  const asked = Math.min(timed, corpus.queries);
  const some = Math.min(encoded, corpus.rows);
  await faiss.fill(name);
  const found = await faiss.found(name, Math.min(DEPTH, corpus.rows));
  const { bytes, error } = await faiss.facts(name);
  const figures = { bytes, error: (100 * error) / sizeOf(loaded), ...recallsOf(loaded, found) };
  const search = repeatFor(
    minTimeMs,
    async (iterations) => (await faiss.search(name, asked, K, iterations)) / 1e6,
  );
  const sample = async (): Promise<Sample> => {
    const encoding = await faiss.encode(name, some);
    await faiss.fill(name);
    const time = await search();
    return {
      search: (time * 1e6) / (asked * corpus.rows),
      encode: (some / encoding) * 1e9,
      ...figures,
    };
  };
  return { entrant: { name: 'faiss', sample }, found };
}

/** Search, encoding, size and accuracy of one kind of code. */
export function searchCase(
  library: Library,
  { recipe, factory }: Match,
  corpus: Corpus,
  scale: SearchScale,
): Case<QuantSession> {
  const made = factory(corpus.dimensions);
  const training: Training = { ...scale.training, threads: 1 };
  return {
    name: `search, ${corpus.name}, ${recipe.name}`,
    parameters: {
      ...parametersOf(corpus),
      codec: recipe.name,
      faiss: made,
      ...training,
      encoded: scale.encoded,
      timed: scale.timed,
    },
    absent: without('faiss'),
    metrics: [
      { name: 'search', unit: 'ns/code, top 10', better: 'lower' },
      { name: 'encode', unit: 'rows/s', better: 'higher' },
      { name: 'recall', unit: 'recall@10', better: 'higher' },
      { name: 'recall_100', unit: 'ten nearest in 100', better: 'higher' },
      { name: 'bytes', unit: 'bytes/vector', better: 'lower' },
      { name: 'error', unit: '% of mean square', better: 'lower', optional: 'its codes cannot be decoded' },
    ],
    prepare: async (session, { budget: { minTimeMs }, signal, step }): Promise<PreparedCase> => {
      const loaded = await session.load(corpus);
      step('training and encoding');
      const codec = recipe.make(library, loaded.rows, corpus.dimensions, training);
      const sides = [await ourSide(codec, loaded, scale, minTimeMs, signal)];
      const faiss = await session.faiss(loaded);
      if (faiss !== undefined) {
        step('training and encoding by faiss');
        const name = `${corpus.name} ${made}`;
        const { sampleRows: sample, iterations } = training;
        await faiss.train(name, corpus.name, made, { sample, iterations });
        sides.push(await faissSide(faiss, name, loaded, scale, minTimeMs));
      }
      return {
        entrants: sides.map(({ entrant }) => entrant),
        verify: () => {
          for (const { entrant, found } of sides) check(entrant.name, loaded, found);
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/** Training alone: one a round, on the same rows. */
export function trainCase(
  library: Library,
  { recipe, factory }: Match,
  corpus: Corpus,
  scale: SearchScale,
): Case<QuantSession> {
  const made = factory(corpus.dimensions);
  const training: Training = { ...scale.training, threads: 1 };
  const sampleRows = Math.min(training.sampleRows, corpus.rows);
  return {
    name: `train, ${corpus.name}, ${recipe.name}`,
    parameters: { ...parametersOf(corpus), codec: recipe.name, faiss: made, ...training },
    absent: without('faiss'),
    metrics: [{ name: 'time', unit: 's', better: 'lower' }],
    prepare: async (session): Promise<PreparedCase> => {
      const loaded = await session.load(corpus);
      const { dimensions } = corpus;
      const sample = loaded.rows.subarray(0, sampleRows * dimensions);
      const entrants: Entrant[] = [
        {
          name: 'ruvector',
          sample: () => ({
            time: elapsedMs(() => recipe.make(library, sample, dimensions, training)) / 1e3,
          }),
        },
      ];
      const faiss = await session.faiss(loaded);
      if (faiss !== undefined) {
        const options = { sample: sampleRows, iterations: training.iterations };
        entrants.push({
          name: 'faiss',
          sample: async () => ({
            time: (await faiss.train(`${made} alone`, corpus.name, made, options)) / 1e9,
          }),
        });
      }
      // What training is worth is in the errors of the cases named `search`.
      return { entrants, verify: () => {}, [Symbol.asyncDispose]: async () => {} };
    },
  };
}
