/**
 * The shapes beyond the pair, for every type: arguments are checked here, and results finished.
 *
 * A family is a type with the names that its messages use. `l2` is computed as `l2sq`, with the root at the end.
 */
import { current } from './backend/current.js';
import { isNoRow } from './backend/no-row.js';
import type { Backend, DenseType, Elements, KernelMetric, Shapes, TypeName } from './backend/types.js';
import {
  type Brand,
  checkApart,
  checkRoom,
  checkScores,
  checkVector,
  checkWhole,
  countRows,
  describe,
  exactly,
  float32,
  length,
  newElements,
  newScores,
  type TypedArray,
} from './check.js';
import { SimdError } from './errors.js';
import { wordsOf } from './halves.js';

/** What can be computed of numbers. `dot` is a similarity, larger is nearer; the others are distances. */
export type Metric = 'dot' | 'l2sq' | 'l2' | 'l1' | 'cosine';

/** What can be computed of bits; both are distances. */
export type BitMetric = 'hamming' | 'jaccard';

/** The nearest rows, nearest first: `scores[i]` is that of row `indices[i]`. */
export interface TopK {
  readonly indices: Uint32Array;
  readonly scores: Float32Array;
}

/** What a metric's word stands for. */
export interface Scoring {
  readonly metric: KernelMetric;
  readonly shapes: Shapes;
  /** Whether the root of each score remains to be taken. */
  readonly root: boolean;
}

export interface Family {
  readonly name: string;
  readonly type: TypeName;
  readonly query: Brand;
  readonly rows: Brand;
  /** Whether a Float16Array is taken for words. */
  readonly halves: boolean;
  readonly scorings: Readonly<Record<string, Scoring>>;
}

function scoringsOf(backend: Backend, type: TypeName): Record<string, Scoring> {
  if (type === 'bits') {
    const { hamming, jaccard } = backend.shapes.bits;
    return {
      hamming: { metric: 'hamming', shapes: hamming, root: false },
      jaccard: { metric: 'jaccard', shapes: jaccard, root: false },
    };
  }
  const { dot, l2sq, l1, cosine } = backend.shapes[type as DenseType];
  return {
    dot: { metric: 'dot', shapes: dot, root: false },
    l2sq: { metric: 'l2sq', shapes: l2sq, root: false },
    l2: { metric: 'l2sq', shapes: l2sq, root: true },
    l1: { metric: 'l1', shapes: l1, root: false },
    cosine: { metric: 'cosine', shapes: cosine, root: false },
  };
}

/** @param name - the public namespace */
export function family(name: string, type: TypeName, query: Brand, rows: Brand = query): Family {
  // Without a prototype, so that only metrics are found by name.
  const scorings = Object.assign(Object.create(null), scoringsOf(current().backend, type));
  return { name, type, query, rows, halves: type === 'f16' || type === 'f32_f16', scorings };
}

export function scoringOf({ scorings }: Family, operation: string, metric: unknown): Scoring {
  const scoring = typeof metric === 'string' ? scorings[metric] : undefined;
  if (scoring === undefined) {
    const words = Object.keys(scorings).map((word) => `'${word}'`);
    const got = typeof metric === 'string' ? `'${metric}'` : describe(metric);
    throw new SimdError(
      'ERR_SIMD_ARGUMENT',
      `${operation}: metric must be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}, got ${got}`,
    );
  }
  return scoring;
}

/** A vector or rows, as the backend takes them. */
function take(family: Family, operation: string, name: string, value: unknown, brand: Brand): Elements {
  const elements = family.halves ? wordsOf(operation, name, value) : value;
  checkVector(operation, name, elements, brand);
  return elements as Elements;
}

export interface ManyCall {
  readonly query: Elements;
  readonly rows: Elements;
  readonly scores: Float32Array;
  readonly count: number;
}

export function checkManyCall(
  family: Family,
  operation: string,
  query: unknown,
  rows: unknown,
  out: Float32Array | undefined,
): ManyCall {
  const q = take(family, operation, 'query', query, family.query);
  const r = take(family, operation, 'rows', rows, family.rows);
  const scores = checkScores(operation, q, r, out);
  return { query: q, rows: r, scores, count: countRows(operation, q, r) };
}

export interface GatherCall extends ManyCall {
  readonly indices: Uint32Array;
}

/** The count is that of the indices. Whether they name rows is not checked, but for rows of no dimension. */
export function checkGatherCall(
  family: Family,
  operation: string,
  query: unknown,
  rows: unknown,
  indices: Uint32Array,
  out: Float32Array | undefined,
): GatherCall {
  const q = take(family, operation, 'query', query, family.query);
  const r = take(family, operation, 'rows', rows, family.rows);
  checkVector(operation, 'indices', indices, 'Uint32Array');
  if (countRows(operation, q, r) === 0) checkIndices(operation, indices, 0);
  const count = length(indices);
  if (out !== undefined) {
    checkRoom(operation, 'out', out, float32, count);
    checkApart(operation, 'out', out, 'query, rows or indices', q, r, indices);
  }
  return { query: q, rows: r, indices, scores: out ?? newScores(operation, count), count };
}

/** @throws {SimdError} `ERR_SIMD_INDEX` where an index names no row */
export function checkIndices(operation: string, indices: Uint32Array, rows: number): void {
  const count = length(indices);
  for (let i = 0; i < count; i++) {
    const index = indices[i];
    if (index >= rows) {
      throw new SimdError(
        'ERR_SIMD_INDEX',
        `${operation}: indices[${i}] is ${index}, and there are ${rows} rows`,
      );
    }
  }
}

export interface MatrixCall {
  readonly a: Elements;
  readonly b: Elements;
  readonly scores: Float32Array;
  /** Rows of a, and elements of the result. */
  readonly aCount: number;
  readonly count: number;
}

export function checkMatrixCall(
  family: Family,
  operation: string,
  a: unknown,
  b: unknown,
  dimensions: number,
  out: Float32Array | undefined,
): MatrixCall {
  const x = take(family, operation, 'a', a, family.query);
  const y = take(family, operation, 'b', b, family.rows);
  checkWhole(operation, 'dimensions', dimensions);
  const [aCount, bCount] = [
    countWhole(operation, 'a', x, dimensions),
    countWhole(operation, 'b', y, dimensions),
  ];
  const count = aCount * bCount;
  if (out !== undefined) {
    checkRoom(operation, 'out', out, float32, count);
    checkApart(operation, 'out', out, 'a or b', x, y);
  }
  return { a: x, b: y, scores: out ?? newScores(operation, count), aCount, count };
}

/** How many rows of n elements an operand of a matrix has. */
function countWhole(operation: string, name: string, rows: TypedArray, n: number): number {
  const total = length(rows);
  if (n === 0 ? total !== 0 : total % n !== 0) {
    throw new SimdError(
      'ERR_SIMD_LENGTH',
      `${operation}: the length of ${name} must be a multiple of dimensions, got ${total} and ${n}`,
    );
  }
  return n === 0 ? 0 : total / n;
}

export interface TopKCall {
  readonly query: Elements;
  readonly rows: Elements;
  /** Where results go; perhaps longer than there are results. */
  readonly best: TopK;
  /** How many results, and of how many rows. */
  readonly size: number;
  readonly count: number;
}

export function checkTopKCall(
  family: Family,
  operation: string,
  query: unknown,
  rows: unknown,
  k: number,
  out: TopK | undefined,
): TopKCall {
  const best = out === undefined ? undefined : readTopK(operation, out);
  const q = take(family, operation, 'query', query, family.query);
  const r = take(family, operation, 'rows', rows, family.rows);
  checkWhole(operation, 'k', k);
  const count = countRows(operation, q, r);
  if (count > 2 ** 32) {
    throw new SimdError('ERR_SIMD_LENGTH', `${operation}: an index of 32 bits cannot name ${count} rows`);
  }
  const size = Math.min(k, count);
  if (best === undefined) {
    const indices = newElements(operation, 'Uint32Array', size) as Uint32Array;
    const fresh = { indices, scores: newScores(operation, size) };
    return { query: q, rows: r, best: fresh, size, count };
  }
  const { indices, scores } = best;
  checkRoom(operation, 'out.indices', indices, 'Uint32Array', size);
  checkRoom(operation, 'out.scores', scores, float32, size);
  checkApart(operation, 'out.indices', indices, 'query, rows or out.scores', q, r, scores);
  checkApart(operation, 'out.scores', scores, 'query or rows', q, r);
  return { query: q, rows: r, best, size, count };
}

/** Reads each property once: a getter may do what it likes, but before anything is checked. */
function readTopK(operation: string, out: unknown): TopK {
  if (typeof out !== 'object' || out === null) {
    throw new SimdError(
      'ERR_SIMD_TYPE',
      `${operation}: out must be an object like { indices, scores }, got ${describe(out)}`,
    );
  }
  const { indices, scores } = out as TopK;
  return { indices, scores };
}

/** Takes the roots of some scores. */
export function takeRoots(scores: Float32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) scores[i] = Math.sqrt(scores[i]);
}

/** One query against rows in order. */
export function many(
  family: Family,
  metric: string,
  query: unknown,
  rows: unknown,
  out: Float32Array | undefined,
): Float32Array {
  const operation = `${family.name}.many`;
  const { shapes, root } = scoringOf(family, operation, metric);
  const call = checkManyCall(family, operation, query, rows, out);
  if (call.count > 0) shapes.many(call.query, call.rows, call.scores);
  if (root) takeRoots(call.scores, 0, call.count);
  return call.scores;
}

/** One query against rows that are named. */
export function gather(
  family: Family,
  metric: string,
  query: unknown,
  rows: unknown,
  indices: Uint32Array,
  out: Float32Array | undefined,
): Float32Array {
  const operation = `${family.name}.gather`;
  const { shapes, root } = scoringOf(family, operation, metric);
  const call = checkGatherCall(family, operation, query, rows, indices, out);
  if (call.count > 0) {
    try {
      shapes.gather(call.query, call.rows, indices, call.scores);
    } catch (cause) {
      // The backend found an index that names no row: it looks at each anyway.
      checkIndices(operation, indices, countRows(operation, call.query, call.rows));
      throw changedIndex(operation, cause);
    }
  }
  if (root) takeRoots(call.scores, 0, call.count);
  return call.scores;
}

/** What to throw when a backend found an index wrong that was right before: another thread writes to them. */
export function changedIndex(operation: string, cause: unknown): unknown {
  if (!isNoRow(cause)) return cause;
  const message = `${operation}: an index was changed, while it was used, to one that names no row`;
  return new SimdError('ERR_SIMD_INDEX', message, { cause });
}

/** All rows of a against all rows of b. */
export function matrix(
  family: Family,
  metric: string,
  a: unknown,
  b: unknown,
  dimensions: number,
  out: Float32Array | undefined,
): Float32Array {
  const operation = `${family.name}.matrix`;
  const { shapes, root } = scoringOf(family, operation, metric);
  const call = checkMatrixCall(family, operation, a, b, dimensions, out);
  if (call.count > 0) shapes.matrix(call.a, call.b, dimensions, call.scores);
  if (root) takeRoots(call.scores, 0, call.count);
  return call.scores;
}

/** The k rows nearest to a query. */
export function topK(
  family: Family,
  metric: string,
  query: unknown,
  rows: unknown,
  k: number,
  out: TopK | undefined,
): TopK {
  const operation = `${family.name}.topK`;
  const { shapes, root } = scoringOf(family, operation, metric);
  const { best, size, ...call } = checkTopKCall(family, operation, query, rows, k, out);
  if (size > 0) shapes.topK(call.query, call.rows, exactly(best.indices, size), exactly(best.scores, size));
  if (root) takeRoots(best.scores, 0, size);
  return out ?? best;
}
