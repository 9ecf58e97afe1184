/**
 * Vectors of bfloat16 elements, each the upper half of a float32: words in a Uint16Array.
 *
 * Elements are widened, which is exact, and everything else is as for float32: precision, bounds, NaN and infinity. The
 * pair functions are written out for the reason that distance.ts gives.
 */
import { current } from '../backend/current.js';
import * as typescript from '../backend/typescript/halves.js';
import { checkPair, checkVector, typedArrayGetter } from '../check.js';
import { convert, normaliseInto } from '../convert.js';
import type { LongOptions } from '../long.js';
import type { Metric, TopK } from '../shapes.js';
import * as shapes from '../shapes.js';
import * as long from '../shapes-async.js';

const { backend, from } = current();
const { result } = backend;
const backendFrom = from.bf16;
const own = shapes.family('bfloat16', 'bf16', 'Uint16Array');

// Constants of this module, which V8 inlines calls of.
const brandOf = typedArrayGetter<string | undefined>(Symbol.toStringTag);
const lengthOf = typedArrayGetter<number>('length');
const { dot: dotKernel, l2sq: l2sqKernel, l1: l1Kernel, cosine: cosineKernel } = backend.shapes.bf16;
const normKernel = backend.norm.bf16;
const table = typescript.bf16Table;
const shortDot = typescript.dotWords;
const shortL2sq = typescript.l2sqWords;
const shortL1 = typescript.l1Words;
const shortCosine = typescript.cosineWords;
const shortNorm = typescript.normWords;

/** The number of dimensions of a pair; 0 also for what is no pair. From `backendFrom` on, the backend compares lengths. */
function pairDimensions(a: Uint16Array, b: Uint16Array): number {
  if (brandOf.call(a) !== 'Uint16Array' || brandOf.call(b) !== 'Uint16Array') return 0;
  const n = lengthOf.call(a);
  return n >= backendFrom || n === lengthOf.call(b) ? n : 0;
}

/** The package's own reason for what the backend has refused, thrown. */
function refused(operation: string, a: Uint16Array, b: Uint16Array, cause: unknown): never {
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
 * bfloat16.dot(bfloat16.fromFloat32(new Float32Array([1, 2, 3])), bfloat16.fromFloat32(new Float32Array([4, 5, 6]))); // 32
 */
export function dot(a: Uint16Array, b: Uint16Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('bfloat16.dot', a, b, 'Uint16Array');
    return 0;
  }
  if (n < backendFrom) return shortDot(a, b, n, table());
  try {
    dotKernel.pair(a, b);
  } catch (cause) {
    refused('bfloat16.dot', a, b, cause);
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
 * bfloat16.l2sq(bfloat16.fromFloat32(new Float32Array([1, 2])), bfloat16.fromFloat32(new Float32Array([4, 6]))); // 25
 */
export function l2sq(a: Uint16Array, b: Uint16Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('bfloat16.l2sq', a, b, 'Uint16Array');
    return 0;
  }
  if (n < backendFrom) return shortL2sq(a, b, n, table());
  try {
    l2sqKernel.pair(a, b);
  } catch (cause) {
    refused('bfloat16.l2sq', a, b, cause);
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
 * bfloat16.l2(bfloat16.fromFloat32(new Float32Array([1, 2])), bfloat16.fromFloat32(new Float32Array([4, 6]))); // 5
 */
export function l2(a: Uint16Array, b: Uint16Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('bfloat16.l2', a, b, 'Uint16Array');
    return 0;
  }
  if (n < backendFrom) return Math.sqrt(shortL2sq(a, b, n, table()));
  try {
    l2sqKernel.pair(a, b);
  } catch (cause) {
    refused('bfloat16.l2', a, b, cause);
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
 * bfloat16.l1(bfloat16.fromFloat32(new Float32Array([1, 2])), bfloat16.fromFloat32(new Float32Array([4, 6]))); // 7
 */
export function l1(a: Uint16Array, b: Uint16Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('bfloat16.l1', a, b, 'Uint16Array');
    return 0;
  }
  if (n < backendFrom) return shortL1(a, b, n, table());
  try {
    l1Kernel.pair(a, b);
  } catch (cause) {
    refused('bfloat16.l1', a, b, cause);
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
 * bfloat16.cosine(bfloat16.fromFloat32(new Float32Array([1, 0])), bfloat16.fromFloat32(new Float32Array([0, 2]))); // 1
 */
export function cosine(a: Uint16Array, b: Uint16Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('bfloat16.cosine', a, b, 'Uint16Array');
    return Number.NaN;
  }
  if (n < backendFrom) return shortCosine(a, b, n, table());
  try {
    cosineKernel.pair(a, b);
  } catch (cause) {
    refused('bfloat16.cosine', a, b, cause);
  }
  return result[0];
}

/**
 * Euclidean norm: the root of the sum of squares, accumulated in float64. O(n).
 *
 * @param a - vector of n dimensions; 0 for n = 0
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_DETACHED`
 * @example
 * bfloat16.norm(bfloat16.fromFloat32(new Float32Array([3, 4]))); // 5
 */
export function norm(a: Uint16Array): number {
  const n = brandOf.call(a) === 'Uint16Array' ? lengthOf.call(a) : 0;
  if (n === 0) {
    checkVector('bfloat16.norm', 'a', a, 'Uint16Array');
    return 0;
  }
  if (n < backendFrom) return shortNorm(a, n, table());
  normKernel(a);
  return result[0];
}

/**
 * The vector of norm 1 in the same direction: `a[i] / norm(a)`, the quotient in float64, rounded once to the nearest
 * bfloat16, ties to even. Zeros where the norm is zero. O(n).
 *
 * @param a - vector of n dimensions
 * @param out - at least n long; may be `a`, and shares no memory with it otherwise; a new Uint16Array by default
 * @returns `out`
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * bfloat16.toFloat32(bfloat16.normalise(bfloat16.fromFloat32(new Float32Array([0, 4])))); // Float32Array(2) [ 0, 1 ]
 */
export function normalise(a: Uint16Array, out?: Uint16Array): Uint16Array {
  return normaliseInto('bfloat16.normalise', 'normalise_bf16', a, out) as Uint16Array;
}

/**
 * The nearest bfloat16 of each element, ties to even; too large becomes infinity, NaN stays NaN. O(n).
 *
 * @param a - n elements
 * @param out - at least n long, and shares no memory with `a`; a new Uint16Array by default
 * @returns `out`
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * bfloat16.fromFloat32(new Float32Array([1, -2])); // Uint16Array(2) [ 16256, 49152 ]
 */
export function fromFloat32(a: Float32Array, out?: Uint16Array): Uint16Array {
  return convert('bfloat16.fromFloat32', 'f32_to_bf16', a, out) as Uint16Array;
}

/**
 * The same numbers as float32, which holds all of them. O(n).
 *
 * @param a - n elements
 * @param out - at least n long, and shares no memory with `a`; a new array by default
 * @returns `out`
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * bfloat16.toFloat32(new Uint16Array([0x3f80, 0xc000])); // Float32Array(2) [ 1, -2 ]
 */
export function toFloat32(a: Uint16Array, out?: Float32Array): Float32Array {
  return convert('bfloat16.toFloat32', 'bf16_to_f32', a, out) as Float32Array;
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
 * const rows = bfloat16.fromFloat32(new Float32Array([1, 0, 0, 1, 1, 1])); // three rows of two dimensions
 * bfloat16.many('dot', bfloat16.fromFloat32(new Float32Array([2, 3])), rows); // Float32Array(3) [ 2, 3, 5 ]
 */
export function many(
  metric: Metric,
  query: Uint16Array,
  rows: Uint16Array,
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
 * const rows = bfloat16.fromFloat32(new Float32Array([1, 0, 0, 1, 1, 1]));
 * bfloat16.gather('dot', bfloat16.fromFloat32(new Float32Array([2, 3])), rows, new Uint32Array([2, 0])); // Float32Array(2) [ 5, 2 ]
 */
export function gather(
  metric: Metric,
  query: Uint16Array,
  rows: Uint16Array,
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
 * const a = bfloat16.fromFloat32(new Float32Array([2, 3, 1, 1])); // two rows of two dimensions
 * const b = bfloat16.fromFloat32(new Float32Array([1, 0, 0, 1, 1, 1])); // three
 * bfloat16.matrix('dot', a, b, 2); // Float32Array(6) [ 2, 3, 5, 1, 1, 2 ]
 */
export function matrix(
  metric: Metric,
  a: Uint16Array,
  b: Uint16Array,
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
 * const rows = bfloat16.fromFloat32(new Float32Array([1, 0, 0, 1, 1, 1]));
 * bfloat16.topK('l2sq', bfloat16.fromFloat32(new Float32Array([1, 2])), rows, 2); // { indices: Uint32Array(2) [ 2, 1 ], scores: Float32Array(2) [ 1, 2 ] }
 */
export function topK(metric: Metric, query: Uint16Array, rows: Uint16Array, k: number, out?: TopK): TopK {
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
 * const rows = bfloat16.fromFloat32(new Float32Array([1, 0, 0, 1, 1, 1]));
 * await bfloat16.manyAsync('l1', bfloat16.fromFloat32(new Float32Array([2, 3])), rows); // Float32Array(3) [ 4, 4, 3 ]
 */
export function manyAsync(
  metric: Metric,
  query: Uint16Array,
  rows: Uint16Array,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.manyAsync(own, metric, query, rows, options);
}

/** {@link gather} beside the event loop; options and the promise as in {@link manyAsync}. */
export function gatherAsync(
  metric: Metric,
  query: Uint16Array,
  rows: Uint16Array,
  indices: Uint32Array,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.gatherAsync(own, metric, query, rows, indices, options);
}

/** {@link matrix} beside the event loop; options and the promise as in {@link manyAsync}. Progress counts rows of `a`. */
export function matrixAsync(
  metric: Metric,
  a: Uint16Array,
  b: Uint16Array,
  dimensions: number,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.matrixAsync(own, metric, a, b, dimensions, options);
}

/** {@link topK} beside the event loop; options and the promise as in {@link manyAsync}. */
export function topKAsync(
  metric: Metric,
  query: Uint16Array,
  rows: Uint16Array,
  k: number,
  options?: LongOptions<TopK>,
): Promise<TopK> {
  return long.topKAsync(own, metric, query, rows, k, options);
}
