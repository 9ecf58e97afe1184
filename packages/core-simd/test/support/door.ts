/** Everything that scores, through a door of the package: what a page runs, and what its answer must be. */
import type * as Simd from '../../src/surface.js';
import { randomElements, randomWords } from './elements.js';
import { check, combinations, expected, operands, rounded } from './scores.js';
import type { Type } from './wasm.js';

/** Vectors that TypeScript scores in every backend, and such as go to the backend; for bits these are bytes. */
const lengths = [1, 5, 300];
const [queryCount, rowCount] = [2, 7];
const indices = [6, 0, 3, 3];
const k = 4;

const namespaces = {
  f32: 'float32',
  f16: 'float16',
  bf16: 'bfloat16',
  i8: 'int8',
  u8: 'uint8',
  bits: 'bits',
  f32_f16: 'float32Float16',
} as const;

/** What all namespaces have, without the types of their vectors. */
interface Namespace {
  many(...args: readonly unknown[]): Float32Array;
  gather(...args: readonly unknown[]): Float32Array;
  matrix(...args: readonly unknown[]): Float32Array;
  topK(...args: readonly unknown[]): Simd.TopK;
  manyAsync(...args: readonly unknown[]): Promise<Float32Array>;
  topKAsync(...args: readonly unknown[]): Promise<Simd.TopK>;
}

interface Scores {
  readonly pair: number;
  readonly many: readonly number[];
  readonly gather: readonly number[];
  readonly matrix: readonly number[];
  readonly nearest: readonly number[];
  readonly nearestScores: readonly number[];
  readonly later: readonly number[];
  readonly nearestLater: readonly number[];
}

/** Both sides make the same arguments. */
function* argumentsOf() {
  for (const [seed, [type, metric]] of combinations.entries()) {
    const next = randomWords(seed);
    const [typeOfQuery, typeOfRows] = operands(type);
    for (const n of lengths) {
      const queries = randomElements(typeOfQuery, queryCount * n, next);
      const rows = randomElements(typeOfRows, rowCount * n, next);
      yield { type: type as Type, metric, n, queries, rows };
    }
  }
}

/** Calls every function that takes vectors of one type. */
export async function scoreAll(simd: typeof Simd): Promise<Scores[]> {
  const all: Scores[] = [];
  for (const { type, metric, n, queries, rows } of argumentsOf()) {
    const own = simd[namespaces[type]] as unknown as Namespace;
    const pair = (own as unknown as Record<string, (a: unknown, b: unknown) => number>)[metric];
    const query = queries.subarray(0, n);
    const nearest = own.topK(metric, query, rows, k);
    all.push({
      pair: pair(query, rows.subarray(0, n)),
      many: [...own.many(metric, query, rows)],
      gather: [...own.gather(metric, query, rows, Uint32Array.from(indices))],
      matrix: [...own.matrix(metric, queries, rows, n)],
      nearest: [...nearest.indices],
      nearestScores: [...nearest.scores],
      later: [...(await own.manyAsync(metric, query, rows))],
      nearestLater: [...(await own.topKAsync(metric, query, rows, k)).indices],
    });
  }
  return all;
}

/** Compares an answer with the oracle. */
export function checkAll(answer: readonly Scores[]): void {
  let place = 0;
  for (const { type, metric, n, queries, rows } of argumentsOf()) {
    const label = `${type} ${metric} of ${n}`;
    const scores = answer[place++];
    const want = (i: number, j: number) =>
      expected(type, metric, queries.slice(i * n, i * n + n), rows.slice(j * n, j * n + n));
    check(label, scores.pair, want(0, 0));
    const all = (name: string, got: readonly number[], index: (i: number) => [number, number]) => {
      for (const [i, score] of got.entries())
        check(`${label}, ${name} ${i}`, score, rounded(want(...index(i))));
    };
    all('many', scores.many, (i) => [0, i]);
    all('gather', scores.gather, (i) => [0, indices[i]]);
    all('matrix', scores.matrix, (i) => [Math.floor(i / rowCount), i % rowCount]);
    all('nearest', scores.nearestScores, (i) => [0, scores.nearest[i]]);
    const lengthsOf = [scores.many, scores.gather, scores.matrix, scores.nearest].map((each) => each.length);
    const order = [...scores.many.keys()].sort((i, j) => {
      const difference = scores.many[i] - scores.many[j];
      return (metric === 'dot' ? -difference : difference) || i - j;
    });
    const same = JSON.stringify([lengthsOf, scores.nearest, scores.later, scores.nearestLater]);
    const wanted = JSON.stringify([
      [rowCount, indices.length, queryCount * rowCount, k],
      order.slice(0, k),
      scores.many,
      scores.nearest,
    ]);
    if (same !== wanted) throw new Error(`${label}: ${same}, expected ${wanted}`);
  }
  if (place !== answer.length) throw new Error(`${answer.length} answers, expected ${place}`);
}
