/**
 * Vectors of Int8Array elements, -128 to 127.
 *
 * All sums are exact. Pairs give them as they are; arrays of results are float32, and round each once. The pair functions
 * are written out for the reason that distance.ts gives.
 */
import { current } from '../backend/current.js';
import * as typescript from '../backend/typescript/integers.js';
import { checkPair, checkVector, typedArrayGetter } from '../check.js';
import type { LongOptions } from '../long.js';
import type { Metric, TopK } from '../shapes.js';
import * as shapes from '../shapes.js';
import * as long from '../shapes-async.js';

const { backend, from } = current();
const { result } = backend;
const backendFrom = from.i8;
const own = shapes.family('int8', 'i8', 'Int8Array');

// Constants of this module, which V8 inlines calls of.
const brandOf = typedArrayGetter<string | undefined>(Symbol.toStringTag);
const lengthOf = typedArrayGetter<number>('length');
const { dot: dotKernel, l2sq: l2sqKernel, l1: l1Kernel, cosine: cosineKernel } = backend.shapes.i8;
const normKernel = backend.norm.i8;
const shortDot = typescript.dot;
const shortL2sq = typescript.l2sq;
const shortL1 = typescript.l1;
const shortCosine = typescript.cosine;
const shortNorm = typescript.norm;

/** The number of dimensions of a pair; 0 also for what is no pair. From `backendFrom` on, the backend compares lengths. */
function pairDimensions(a: Int8Array, b: Int8Array): number {
  if (brandOf.call(a) !== 'Int8Array' || brandOf.call(b) !== 'Int8Array') return 0;
  const n = lengthOf.call(a);
  return n >= backendFrom || n === lengthOf.call(b) ? n : 0;
}

/** The package's own reason for what the backend has refused, thrown. */
function refused(operation: string, a: Int8Array, b: Int8Array, cause: unknown): never {
  checkPair(operation, a, b, 'Int8Array');
  throw cause;
}

/**
 * Dot product: the sum of `a[i] * b[i]`, exact. A similarity: its distance is `-dot(a, b)`. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * int8.dot(new Int8Array([1, 2, 3]), new Int8Array([4, 5, 6])); // 32
 */
export function dot(a: Int8Array, b: Int8Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('int8.dot', a, b, 'Int8Array');
    return 0;
  }
  if (n < backendFrom) return shortDot(a, b, 0, n);
  try {
    dotKernel.pair(a, b);
  } catch (cause) {
    refused('int8.dot', a, b, cause);
  }
  return result[0];
}

/**
 * Squared Euclidean distance: the sum of `(a[i] - b[i]) ** 2`, exact. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * int8.l2sq(new Int8Array([1, 2]), new Int8Array([4, 6])); // 25
 */
export function l2sq(a: Int8Array, b: Int8Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('int8.l2sq', a, b, 'Int8Array');
    return 0;
  }
  if (n < backendFrom) return shortL2sq(a, b, 0, n);
  try {
    l2sqKernel.pair(a, b);
  } catch (cause) {
    refused('int8.l2sq', a, b, cause);
  }
  return result[0];
}

/**
 * Euclidean distance: the root of {@link l2sq}, which is exact, in float64. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * int8.l2(new Int8Array([1, 2]), new Int8Array([4, 6])); // 5
 */
export function l2(a: Int8Array, b: Int8Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('int8.l2', a, b, 'Int8Array');
    return 0;
  }
  if (n < backendFrom) return Math.sqrt(shortL2sq(a, b, 0, n));
  try {
    l2sqKernel.pair(a, b);
  } catch (cause) {
    refused('int8.l2', a, b, cause);
  }
  return Math.sqrt(result[0]);
}

/**
 * Taxicab distance: the sum of `|a[i] - b[i]|`, exact. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * int8.l1(new Int8Array([1, 2]), new Int8Array([4, 6])); // 7
 */
export function l1(a: Int8Array, b: Int8Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('int8.l1', a, b, 'Int8Array');
    return 0;
  }
  if (n < backendFrom) return shortL1(a, b, 0, n);
  try {
    l1Kernel.pair(a, b);
  } catch (cause) {
    refused('int8.l1', a, b, cause);
  }
  return result[0];
}

/**
 * Cosine distance: `1 - dot(a, b) / (norm(a) * norm(b))`, within [0, 2], of exact sums in float64. NaN where a norm is
 * zero. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * int8.cosine(new Int8Array([1, 0]), new Int8Array([0, 2])); // 1
 */
export function cosine(a: Int8Array, b: Int8Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('int8.cosine', a, b, 'Int8Array');
    return Number.NaN;
  }
  if (n < backendFrom) return shortCosine(a, b, 0, n);
  try {
    cosineKernel.pair(a, b);
  } catch (cause) {
    refused('int8.cosine', a, b, cause);
  }
  return result[0];
}

/**
 * Euclidean norm: the root of the sum of squares, which is exact, in float64. O(n).
 *
 * @param a - vector of n dimensions; 0 for n = 0
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_DETACHED`
 * @example
 * int8.norm(new Int8Array([3, 4])); // 5
 */
export function norm(a: Int8Array): number {
  const n = brandOf.call(a) === 'Int8Array' ? lengthOf.call(a) : 0;
  if (n === 0) {
    checkVector('int8.norm', 'a', a, 'Int8Array');
    return 0;
  }
  if (n < backendFrom) return shortNorm(a, n);
  normKernel(a);
  return result[0];
}

/**
 * One query against `count` rows, which lie one after the other. Synchronous; O(count * n).
 *
 * @param metric - `'dot'`, `'l2sq'`, `'l2'`, `'l1'` or `'cosine'`
 * @param query - vector of n dimensions
 * @param rows - `count` vectors of n dimensions
 * @param out - takes the results, row i at index i; at least `count` long, and its memory not that of an input; a new
 *   array by default
 * @returns `out`, each result rounded to float32 once
 * @throws {SimdError} `ERR_SIMD_ARGUMENT`, `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * const rows = new Int8Array([1, 0, 0, 1, 1, 1]); // three rows of two dimensions
 * int8.many('dot', new Int8Array([2, 3]), rows); // Float32Array(3) [ 2, 3, 5 ]
 */
export function many(metric: Metric, query: Int8Array, rows: Int8Array, out?: Float32Array): Float32Array {
  return shapes.many(own, metric, query, rows, out);
}

/**
 * One query against the rows that `indices` names, in its order and as often as it does. O(indices.length * n).
 *
 * @param indices - numbers of rows; `out[i]` is the score of row `indices[i]`
 * @param out - at least as long as `indices`; as in {@link many} otherwise
 * @throws {SimdError} as {@link many}, and `ERR_SIMD_INDEX` for an index that names no row; `out` may have been
 *   written to by then
 * @example
 * const rows = new Int8Array([1, 0, 0, 1, 1, 1]);
 * int8.gather('dot', new Int8Array([2, 3]), rows, new Uint32Array([2, 0])); // Float32Array(2) [ 5, 2 ]
 */
export function gather(
  metric: Metric,
  query: Int8Array,
  rows: Int8Array,
  indices: Uint32Array,
  out?: Float32Array,
): Float32Array {
  return shapes.gather(own, metric, query, rows, indices, out);
}

/**
 * Every row of `a` against every row of `b`. O(M * N * dimensions), faster than a {@link many} for each row
 * of `a`.
 *
 * @param a - M vectors, one after the other
 * @param b - N vectors
 * @param dimensions - elements of each vector
 * @param out - at least M * N long; as in {@link many} otherwise
 * @returns `out`: row i of `a` and row j of `b` at index i * N + j
 * @throws {SimdError} as {@link many}
 * @example
 * const a = new Int8Array([2, 3, 1, 1]); // two rows of two dimensions
 * const b = new Int8Array([1, 0, 0, 1, 1, 1]); // three
 * int8.matrix('dot', a, b, 2); // Float32Array(6) [ 2, 3, 5, 1, 1, 2 ]
 */
export function matrix(
  metric: Metric,
  a: Int8Array,
  b: Int8Array,
  dimensions: number,
  out?: Float32Array,
): Float32Array {
  return shapes.matrix(own, metric, a, b, dimensions, out);
}

/**
 * The k rows nearest to a query, nearest first: those of the least score, of the largest for `'dot'`. Of equal scores the earlier row comes first, and NaN
 * after all numbers. The scores of the other rows are not kept: O(count * n + count * log k) time, O(k) memory.
 *
 * @param k - how many; of fewer rows than that, all are given
 * @param out - takes the results, both arrays at least min(k, count) long; new arrays by default
 * @returns `out`
 * @throws {SimdError} as {@link many}
 * @example
 * const rows = new Int8Array([1, 0, 0, 1, 1, 1]);
 * int8.topK('l2sq', new Int8Array([1, 2]), rows, 2); // { indices: Uint32Array(2) [ 2, 1 ], scores: Float32Array(2) [ 1, 2 ] }
 */
export function topK(metric: Metric, query: Int8Array, rows: Int8Array, k: number, out?: TopK): TopK {
  return shapes.topK(own, metric, query, rows, k, out);
}

/**
 * {@link many} beside the event loop: in another thread with the addon, else in slices with turns of the event loop
 * between them.
 *
 * Arrays on a SharedArrayBuffer are used where they are; inputs on others are copied first, and results copied to `out`
 * at the end.
 *
 * @param options - `out`, as in {@link many}; `signal` to end the work; `onProgress`, called with rows done and rows in
 *   total
 * @returns a promise of `out`. Whatever {@link many} would throw rejects it, and `ERR_SIMD_ABORTED` does once the signal
 *   is aborted; an `out` on shared memory may hold some results by then
 * @example
 * const rows = new Int8Array([1, 0, 0, 1, 1, 1]);
 * await int8.manyAsync('l1', new Int8Array([2, 3]), rows); // Float32Array(3) [ 4, 4, 3 ]
 */
export function manyAsync(
  metric: Metric,
  query: Int8Array,
  rows: Int8Array,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.manyAsync(own, metric, query, rows, options);
}

/** {@link gather} beside the event loop; options and the promise as in {@link manyAsync}. */
export function gatherAsync(
  metric: Metric,
  query: Int8Array,
  rows: Int8Array,
  indices: Uint32Array,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.gatherAsync(own, metric, query, rows, indices, options);
}

/** {@link matrix} beside the event loop; options and the promise as in {@link manyAsync}. Progress counts rows of `a`. */
export function matrixAsync(
  metric: Metric,
  a: Int8Array,
  b: Int8Array,
  dimensions: number,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.matrixAsync(own, metric, a, b, dimensions, options);
}

/** {@link topK} beside the event loop; options and the promise as in {@link manyAsync}. */
export function topKAsync(
  metric: Metric,
  query: Int8Array,
  rows: Int8Array,
  k: number,
  options?: LongOptions<TopK>,
): Promise<TopK> {
  return long.topKAsync(own, metric, query, rows, k, options);
}
