/**
 * Vectors of binary16 elements, the half floats of IEEE 754: words in a Uint16Array, or the Float16Array of hosts that have it.
 *
 * Elements are widened, which is exact, and everything else is as for float32: precision, bounds, NaN and infinity. The
 * pair functions are written out for the reason that distance.ts gives.
 */
import { current } from '../backend/current.js';
import * as typescript from '../backend/typescript/halves.js';
import { checkPair, checkVector, typedArrayGetter } from '../check.js';
import { convert, normaliseInto } from '../convert.js';
import { type Float16Words, wordsOf } from '../halves.js';
import type { LongOptions } from '../long.js';
import type { Metric, TopK } from '../shapes.js';
import * as shapes from '../shapes.js';
import * as long from '../shapes-async.js';

const { backend, from } = current();
const { result } = backend;
const backendFrom = from.f16;
const own = shapes.family('float16', 'f16', 'Uint16Array');

// Constants of this module, which V8 inlines calls of.
const brandOf = typedArrayGetter<string | undefined>(Symbol.toStringTag);
const lengthOf = typedArrayGetter<number>('length');
const { dot: dotKernel, l2sq: l2sqKernel, l1: l1Kernel, cosine: cosineKernel } = backend.shapes.f16;
const normKernel = backend.norm.f16;
const table = typescript.f16Table;
const shortDot = typescript.dotWords;
const shortL2sq = typescript.l2sqWords;
const shortL1 = typescript.l1Words;
const shortCosine = typescript.cosineWords;
const shortNorm = typescript.normWords;

/** The number of dimensions of a pair; 0 also for what is no pair. From `backendFrom` on, the backend compares lengths. */
function pairDimensions(a: Float16Words, b: Float16Words): number {
  if (brandOf.call(a) !== 'Uint16Array' || brandOf.call(b) !== 'Uint16Array') return 0;
  const n = lengthOf.call(a);
  return n >= backendFrom || n === lengthOf.call(b) ? n : 0;
}

/** The result of a pair that is no two arrays of words of one length above 0: those of a host's own half floats are one. */
function rest(
  operation: string,
  a: Float16Words,
  b: Float16Words,
  again: (a: Float16Words, b: Float16Words) => number,
  none: number,
): number {
  const x = wordsOf(operation, 'a', a);
  const y = wordsOf(operation, 'b', b);
  if (!Object.is(x, a) || !Object.is(y, b)) return again(x, y);
  checkPair(operation, a, b, 'Uint16Array');
  return none;
}

/** The package's own reason for what the backend has refused, thrown. */
function refused(operation: string, a: Float16Words, b: Float16Words, cause: unknown): never {
  checkPair(operation, a, b, 'Uint16Array');
  throw cause;
}

/**
 * Dot product: the sum of `a[i] * b[i]`, in float32. A similarity: its distance is `-dot(a, b)`. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * float16.dot(float16.fromFloat32(new Float32Array([1, 2, 3])), float16.fromFloat32(new Float32Array([4, 5, 6]))); // 32
 */
export function dot(a: Float16Words, b: Float16Words): number {
  const n = pairDimensions(a, b);
  if (n === 0) return rest('float16.dot', a, b, dot, 0);
  if (n < backendFrom) return shortDot(a as Uint16Array, b as Uint16Array, n, table());
  try {
    dotKernel.pair(a as Uint16Array, b as Uint16Array);
  } catch (cause) {
    refused('float16.dot', a, b, cause);
  }
  return result[0];
}

/**
 * Squared Euclidean distance: the sum of `(a[i] - b[i]) ** 2`, in float32. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * float16.l2sq(float16.fromFloat32(new Float32Array([1, 2])), float16.fromFloat32(new Float32Array([4, 6]))); // 25
 */
export function l2sq(a: Float16Words, b: Float16Words): number {
  const n = pairDimensions(a, b);
  if (n === 0) return rest('float16.l2sq', a, b, l2sq, 0);
  if (n < backendFrom) return shortL2sq(a as Uint16Array, b as Uint16Array, n, table());
  try {
    l2sqKernel.pair(a as Uint16Array, b as Uint16Array);
  } catch (cause) {
    refused('float16.l2sq', a, b, cause);
  }
  return result[0];
}

/**
 * Euclidean distance: the root of {@link l2sq}, taken in float64. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * float16.l2(float16.fromFloat32(new Float32Array([1, 2])), float16.fromFloat32(new Float32Array([4, 6]))); // 5
 */
export function l2(a: Float16Words, b: Float16Words): number {
  const n = pairDimensions(a, b);
  if (n === 0) return rest('float16.l2', a, b, l2, 0);
  if (n < backendFrom) return Math.sqrt(shortL2sq(a as Uint16Array, b as Uint16Array, n, table()));
  try {
    l2sqKernel.pair(a as Uint16Array, b as Uint16Array);
  } catch (cause) {
    refused('float16.l2', a, b, cause);
  }
  return Math.sqrt(result[0]);
}

/**
 * Taxicab distance: the sum of `|a[i] - b[i]|`, in float32. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * float16.l1(float16.fromFloat32(new Float32Array([1, 2])), float16.fromFloat32(new Float32Array([4, 6]))); // 7
 */
export function l1(a: Float16Words, b: Float16Words): number {
  const n = pairDimensions(a, b);
  if (n === 0) return rest('float16.l1', a, b, l1, 0);
  if (n < backendFrom) return shortL1(a as Uint16Array, b as Uint16Array, n, table());
  try {
    l1Kernel.pair(a as Uint16Array, b as Uint16Array);
  } catch (cause) {
    refused('float16.l1', a, b, cause);
  }
  return result[0];
}

/**
 * Cosine distance: `1 - dot(a, b) / (norm(a) * norm(b))`, within [0, 2]. NaN where a norm is zero. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * float16.cosine(float16.fromFloat32(new Float32Array([1, 0])), float16.fromFloat32(new Float32Array([0, 2]))); // 1
 */
export function cosine(a: Float16Words, b: Float16Words): number {
  const n = pairDimensions(a, b);
  if (n === 0) return rest('float16.cosine', a, b, cosine, Number.NaN);
  if (n < backendFrom) return shortCosine(a as Uint16Array, b as Uint16Array, n, table());
  try {
    cosineKernel.pair(a as Uint16Array, b as Uint16Array);
  } catch (cause) {
    refused('float16.cosine', a, b, cause);
  }
  return result[0];
}

/**
 * Euclidean norm: the root of the sum of squares, accumulated in float64. O(n).
 *
 * @param a - vector of n dimensions; 0 for n = 0
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_DETACHED`
 * @example
 * float16.norm(float16.fromFloat32(new Float32Array([3, 4]))); // 5
 */
export function norm(a: Float16Words): number {
  const words = wordsOf('float16.norm', 'a', a) as Uint16Array;
  const n = brandOf.call(words) === 'Uint16Array' ? lengthOf.call(words) : 0;
  if (n === 0) {
    checkVector('float16.norm', 'a', words, 'Uint16Array');
    return 0;
  }
  if (n < backendFrom) return shortNorm(words, n, table());
  normKernel(words);
  return result[0];
}

/**
 * The vector of norm 1 in the same direction: `a[i] / norm(a)`, the quotient in float64, rounded once to the nearest
 * binary16, ties to even. Zeros where the norm is zero. O(n).
 *
 * @param a - vector of n dimensions
 * @param out - at least n long; may be `a`, and shares no memory with it otherwise; a new Uint16Array by default
 * @returns `out`
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * float16.toFloat32(float16.normalise(float16.fromFloat32(new Float32Array([0, 4])))); // Float32Array(2) [ 0, 1 ]
 */
export function normalise(a: Float16Words, out?: Float16Words): Float16Words {
  return normaliseInto('float16.normalise', 'normalise_f16', a, out) as Float16Words;
}

/**
 * The nearest binary16 of each element, ties to even; too large becomes infinity, NaN stays NaN. O(n).
 *
 * @param a - n elements
 * @param out - at least n long, and shares no memory with `a`; a new Uint16Array by default
 * @returns `out`
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * float16.fromFloat32(new Float32Array([1, -2])); // Uint16Array(2) [ 15360, 49152 ]
 */
export function fromFloat32(a: Float32Array, out?: Float16Words): Float16Words {
  return convert('float16.fromFloat32', 'f32_to_f16', a, out) as Float16Words;
}

/**
 * The same numbers as float32, which holds all of them. O(n).
 *
 * @param a - n elements
 * @param out - at least n long, and shares no memory with `a`; a new array by default
 * @returns `out`
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * float16.toFloat32(new Uint16Array([0x3c00, 0xc000])); // Float32Array(2) [ 1, -2 ]
 */
export function toFloat32(a: Float16Words, out?: Float32Array): Float32Array {
  return convert('float16.toFloat32', 'f16_to_f32', a, out) as Float32Array;
}

/**
 * One query against `count` rows, which lie one after the other. Synchronous; O(count * n).
 *
 * @param metric - `'dot'`, `'l2sq'`, `'l2'`, `'l1'` or `'cosine'`
 * @param query - vector of n dimensions
 * @param rows - `count` vectors of n dimensions
 * @param out - takes the results, row i at index i; at least `count` long, and its memory not that of an input; a new
 *   array by default
 * @returns `out`
 * @throws {SimdError} `ERR_SIMD_ARGUMENT`, `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * const rows = float16.fromFloat32(new Float32Array([1, 0, 0, 1, 1, 1])); // three rows of two dimensions
 * float16.many('dot', float16.fromFloat32(new Float32Array([2, 3])), rows); // Float32Array(3) [ 2, 3, 5 ]
 */
export function many(
  metric: Metric,
  query: Float16Words,
  rows: Float16Words,
  out?: Float32Array,
): Float32Array {
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
 * const rows = float16.fromFloat32(new Float32Array([1, 0, 0, 1, 1, 1]));
 * float16.gather('dot', float16.fromFloat32(new Float32Array([2, 3])), rows, new Uint32Array([2, 0])); // Float32Array(2) [ 5, 2 ]
 */
export function gather(
  metric: Metric,
  query: Float16Words,
  rows: Float16Words,
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
 * const a = float16.fromFloat32(new Float32Array([2, 3, 1, 1])); // two rows of two dimensions
 * const b = float16.fromFloat32(new Float32Array([1, 0, 0, 1, 1, 1])); // three
 * float16.matrix('dot', a, b, 2); // Float32Array(6) [ 2, 3, 5, 1, 1, 2 ]
 */
export function matrix(
  metric: Metric,
  a: Float16Words,
  b: Float16Words,
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
 * const rows = float16.fromFloat32(new Float32Array([1, 0, 0, 1, 1, 1]));
 * float16.topK('l2sq', float16.fromFloat32(new Float32Array([1, 2])), rows, 2); // { indices: Uint32Array(2) [ 2, 1 ], scores: Float32Array(2) [ 1, 2 ] }
 */
export function topK(metric: Metric, query: Float16Words, rows: Float16Words, k: number, out?: TopK): TopK {
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
 * const rows = float16.fromFloat32(new Float32Array([1, 0, 0, 1, 1, 1]));
 * await float16.manyAsync('l1', float16.fromFloat32(new Float32Array([2, 3])), rows); // Float32Array(3) [ 4, 4, 3 ]
 */
export function manyAsync(
  metric: Metric,
  query: Float16Words,
  rows: Float16Words,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.manyAsync(own, metric, query, rows, options);
}

/** {@link gather} beside the event loop; options and the promise as in {@link manyAsync}. */
export function gatherAsync(
  metric: Metric,
  query: Float16Words,
  rows: Float16Words,
  indices: Uint32Array,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.gatherAsync(own, metric, query, rows, indices, options);
}

/** {@link matrix} beside the event loop; options and the promise as in {@link manyAsync}. Progress counts rows of `a`. */
export function matrixAsync(
  metric: Metric,
  a: Float16Words,
  b: Float16Words,
  dimensions: number,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.matrixAsync(own, metric, a, b, dimensions, options);
}

/** {@link topK} beside the event loop; options and the promise as in {@link manyAsync}. */
export function topKAsync(
  metric: Metric,
  query: Float16Words,
  rows: Float16Words,
  k: number,
  options?: LongOptions<TopK>,
): Promise<TopK> {
  return long.topKAsync(own, metric, query, rows, k, options);
}
