/**
 * What a codec keeps of the order of distances: recall@10 by estimates alone and with exact distances of the best
 * hundred, how many of these a recall of .99 needs by a fixed number and by bounds, and bytes.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Codec, Packed } from '@ruvector/quant';
import { BenchError, throwIfAborted } from '../../errors.js';
import type { Case, CaseContext, Metric, PreparedCase, Sample } from '../../suite.js';
import { vectorAt } from '../pg-hnsw/dataset.js';
import { encodeAll, type Recipe, type Training } from './codecs.js';
import { type Corpus, distanceOf, K, type Loaded, sourceOf } from './corpora.js';
import { counted } from './counted.js';
import type { Library } from './ours.js';
import { countFor, meanOf, ranksOf, recallAt } from './ranks.js';
import type { QuantSession } from './session.js';

const RERANKED = 100;
const WANTED = 0.99;

/** How many queries what takes long is asked. */
export interface RecallScale {
  readonly training: Training;
  /** Reranked by bounds. */
  readonly bounded: number;
  /** Reranked by bounds that cannot fail, which may ask for all rows. */
  readonly proven: number;
}

const common: readonly Metric[] = [
  { name: 'bytes', unit: 'bytes/vector', better: 'lower' },
  { name: 'compression', unit: 'x', better: 'higher' },
  { name: 'recall', unit: 'recall@10', better: 'higher' },
  { name: 'recall_error', unit: 'standard error', better: 'lower' },
  { name: 'recall_100', unit: 'recall@10', better: 'higher' },
  { name: 'recall_100_error', unit: 'standard error', better: 'lower' },
  { name: 'count_99', unit: 'rows reranked', better: 'lower' },
];

const byProof: Metric = { name: 'proof_count', unit: 'rows reranked', better: 'lower' };

const byProbability: readonly Metric[] = [
  { name: 'bound_count', unit: 'rows reranked', better: 'lower' },
  { name: 'bound_recall', unit: 'recall@10', better: 'higher' },
  { name: 'tuned_count', unit: 'rows reranked', better: 'lower' },
  { name: 'tuned_epsilon0', unit: 'standard deviations', better: 'lower' },
];

/** The codes of a corpus. */
interface Coded {
  readonly loaded: Loaded;
  readonly codec: Codec;
  readonly packed: Packed;
}

function queryOf({ corpus, queries }: Loaded, query: number): Float32Array {
  return vectorAt(queries, corpus.dimensions, query);
}

function wantedOf({ neighbours }: Loaded, query: number): Uint32Array {
  return neighbours[query].indices.subarray(0, K);
}

/** How many rows are not farther than the tenth neighbour. Of several at one distance any is right. */
function hitsOf(loaded: Loaded, query: number, found: Uint32Array): number {
  const { corpus, rows, neighbours } = loaded;
  const wanted = wantedOf(loaded, query);
  const { distances } = neighbours[query];
  const limit = Math.max(...distances.subarray(0, wanted.length));
  const asked = queryOf(loaded, query);
  return found.filter(
    (row) => wanted.includes(row) || distanceOf(asked, vectorAt(rows, corpus.dimensions, row)) <= limit,
  ).length;
}

async function ranksOfAll({ loaded, codec, packed }: Coded, signal: AbortSignal): Promise<Uint32Array[]> {
  const { corpus, neighbours } = loaded;
  const estimates = new Float32Array(packed.count);
  const all: Uint32Array[] = [];
  for (let query = 0; query < neighbours.length; query++) {
    if (query % 16 === 0) {
      await nextTurn();
      throwIfAborted(signal);
    }
    codec.query(queryOf(loaded, query), corpus.metric).estimate(packed, estimates);
    all.push(ranksOf(estimates, wantedOf(loaded, query)));
  }
  return all;
}

interface Bounded {
  /** Mean number of exact distances. */
  readonly count: number;
  readonly recall: number;
}

/** The first queries, with as many exact distances as bounds ask for. */
async function bounded(
  { loaded, codec, packed }: Coded,
  { queries, proof }: { readonly queries: number; readonly proof: boolean },
  signal: AbortSignal,
): Promise<Bounded> {
  const { corpus, rows, neighbours } = loaded;
  const source = sourceOf(rows, corpus.dimensions);
  const counts: number[] = [];
  const recalls: number[] = [];
  for (let query = 0; query < Math.min(queries, neighbours.length); query++) {
    await nextTurn();
    throwIfAborted(signal);
    const prepared = codec.query(queryOf(loaded, query), corpus.metric);
    const { indices, reranked } = prepared.topK(packed, K, { rerank: { source, count: 'bound', proof } });
    counts.push(reranked);
    recalls.push(hitsOf(loaded, query, indices) / indices.length);
  }
  return { count: meanOf(counts).value, recall: meanOf(recalls).value };
}

/**
 * The least epsilon0, in tenths, with which bounds give the wanted recall: what the fixed number is to be compared with,
 * which is also the least that does. Codes do not depend on it.
 */
async function tuned(
  library: Library,
  coded: Coded,
  queries: number,
  signal: AbortSignal,
): Promise<Bounded & { readonly epsilon0: number }> {
  const { codec } = coded;
  if (!(codec instanceof library.RabitqCodec)) throw new TypeError(`${codec.kind} has no epsilon0`);
  const { dimensions, bits, encoder } = codec;
  const { rows } = coded.loaded;
  const at = async (tenths: number): Promise<Bounded> => {
    const other = library.RabitqCodec.train(rows, { dimensions, bits, encoder, epsilon0: tenths / 10 });
    return bounded({ ...coded, codec: other }, { queries, proof: false }, signal);
  };
  let [low, high] = [0, 40];
  let best = await at(high);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const found = await at(middle);
    if (found.recall >= WANTED) [high, best] = [middle, found];
    else low = middle;
  }
  return { ...best, epsilon0: high / 10 };
}

/** What `topK` of the first queries answers must be what the ranks say. */
function checkTopK({ loaded, codec, packed }: Coded, ranks: readonly Uint32Array[]): void {
  const { corpus, rows } = loaded;
  const source = sourceOf(rows, corpus.dimensions);
  const queries = Math.min(5, ranks.length);
  for (let query = 0; query < queries; query++) {
    const prepared = codec.query(queryOf(loaded, query), corpus.metric);
    const wanted = wantedOf(loaded, query);
    const alone = prepared.topK(packed, K).indices;
    const reranked = prepared.topK(packed, K, { rerank: { source, count: RERANKED } }).indices;
    for (const [what, found, count] of [
      ['the best', alone, K],
      [`the best of ${RERANKED}`, reranked, RERANKED],
    ] as const) {
      const hits = found.filter((row) => wanted.includes(row)).length;
      const expected = ranks[query].filter((rank) => rank < count).length;
      if (hits === expected) continue;
      throw new BenchError(
        'BENCH_DISAGREEMENT',
        `query ${query}: ${what} have ${hits} neighbours, by their estimates ${expected}`,
      );
    }
  }
}

async function measure(
  library: Library,
  recipe: Recipe,
  loaded: Loaded,
  scale: RecallScale,
  { signal, step }: CaseContext,
): Promise<PreparedCase> {
  const { corpus, rows } = loaded;
  step('training and encoding');
  const codec = recipe.make(library, rows, corpus.dimensions, scale.training);
  const packed = codec.pack(await encodeAll(codec, rows, signal));
  const coded = { loaded, codec, packed };
  step('asking');
  const ranks = await ranksOfAll(coded, signal);
  const [recall, reranked] = [recallAt(ranks, K), recallAt(ranks, RERANKED)];
  step('reranking by bounds');
  const proven = await bounded(coded, { queries: scale.proven, proof: true }, signal);
  const sample: Record<string, number> = {
    bytes: codec.codeBytes,
    compression: (4 * corpus.dimensions) / codec.codeBytes,
    recall: recall.value,
    recall_error: recall.error,
    recall_100: reranked.value,
    recall_100_error: reranked.error,
    count_99: countFor(ranks, WANTED),
    proof_count: proven.count,
  };
  if (!recipe.proven) {
    const probable = await bounded(coded, { queries: scale.bounded, proof: false }, signal);
    const least = await tuned(library, coded, scale.bounded, signal);
    Object.assign(sample, {
      bound_count: probable.count,
      bound_recall: probable.recall,
      tuned_count: least.count,
      tuned_epsilon0: least.epsilon0,
    });
  }
  const done: Sample = sample;
  return {
    entrants: [{ name: 'ruvector', sample: () => done }],
    verify: () => {
      checkTopK(coded, ranks);
      if (proven.recall !== 1)
        throw new BenchError(
          'BENCH_DISAGREEMENT',
          `reranked with a proof, the recall is ${proven.recall}: a bound has failed`,
        );
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

export function recallCase(
  library: Library,
  recipe: Recipe,
  corpus: Corpus,
  scale: RecallScale,
): Case<QuantSession> {
  const { sampleRows, iterations } = scale.training;
  return {
    name: `recall, ${corpus.name}, ${recipe.name}`,
    ...counted(corpus, {
      codec: recipe.name,
      bounded: scale.bounded,
      proven: scale.proven,
      ...(recipe.trainingRows > 1 ? { sampleRows, iterations } : {}),
    }),
    metrics: [...common, byProof, ...(recipe.proven ? [] : byProbability)],
    prepare: async (session, context) => measure(library, recipe, await session.load(corpus), scale, context),
  };
}
