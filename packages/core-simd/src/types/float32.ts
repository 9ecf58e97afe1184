/** Vectors of float32 elements: the pair functions of the package's own door, and the other shapes. */
import { float32 } from '../check.js';
import { normaliseInto } from '../convert.js';
import type { LongOptions } from '../long.js';
import type { Metric, TopK } from '../shapes.js';
import * as shapes from '../shapes.js';
import * as long from '../shapes-async.js';

export { cosine, dot, l1, l2, l2sq, norm } from '../distance.js';

const own = shapes.family('float32', 'f32', float32);

/**
 * The vector of norm 1 in the same direction: `a[i] / norm(a)`, the quotient in float64, rounded once. Zeros where the
 * norm is zero. O(n).
 *
 * @param a - vector of n dimensions
 * @param out - at least n long; may be `a`, and shares no memory with it otherwise; a new array by default
 * @returns `out`
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * float32.normalise(new Float32Array([0, 4])); // Float32Array(2) [ 0, 1 ]
 */
export function normalise(a: Float32Array, out?: Float32Array): Float32Array {
  return normaliseInto('float32.normalise', 'normalise_f32', a, out) as Float32Array;
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
 * const rows = new Float32Array([1, 0, 0, 1, 1, 1]); // three rows of two dimensions
 * float32.many('dot', new Float32Array([2, 3]), rows); // Float32Array(3) [ 2, 3, 5 ]
 */
export function many(
  metric: Metric,
  query: Float32Array,
  rows: Float32Array,
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
 * const rows = new Float32Array([1, 0, 0, 1, 1, 1]);
 * float32.gather('dot', new Float32Array([2, 3]), rows, new Uint32Array([2, 0])); // Float32Array(2) [ 5, 2 ]
 */
export function gather(
  metric: Metric,
  query: Float32Array,
  rows: Float32Array,
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
 * const a = new Float32Array([2, 3, 1, 1]); // two rows of two dimensions
 * const b = new Float32Array([1, 0, 0, 1, 1, 1]); // three
 * float32.matrix('dot', a, b, 2); // Float32Array(6) [ 2, 3, 5, 1, 1, 2 ]
 */
export function matrix(
  metric: Metric,
  a: Float32Array,
  b: Float32Array,
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
 * const rows = new Float32Array([1, 0, 0, 1, 1, 1]);
 * float32.topK('l2sq', new Float32Array([1, 2]), rows, 2); // { indices: Uint32Array(2) [ 2, 1 ], scores: Float32Array(2) [ 1, 2 ] }
 */
export function topK(metric: Metric, query: Float32Array, rows: Float32Array, k: number, out?: TopK): TopK {
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
 * const rows = new Float32Array([1, 0, 0, 1, 1, 1]);
 * await float32.manyAsync('l1', new Float32Array([2, 3]), rows); // Float32Array(3) [ 4, 4, 3 ]
 */
export function manyAsync(
  metric: Metric,
  query: Float32Array,
  rows: Float32Array,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.manyAsync(own, metric, query, rows, options);
}

/** {@link gather} beside the event loop; options and the promise as in {@link manyAsync}. */
export function gatherAsync(
  metric: Metric,
  query: Float32Array,
  rows: Float32Array,
  indices: Uint32Array,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.gatherAsync(own, metric, query, rows, indices, options);
}

/** {@link matrix} beside the event loop; options and the promise as in {@link manyAsync}. Progress counts rows of `a`. */
export function matrixAsync(
  metric: Metric,
  a: Float32Array,
  b: Float32Array,
  dimensions: number,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.matrixAsync(own, metric, a, b, dimensions, options);
}

/** {@link topK} beside the event loop; options and the promise as in {@link manyAsync}. */
export function topKAsync(
  metric: Metric,
  query: Float32Array,
  rows: Float32Array,
  k: number,
  options?: LongOptions<TopK>,
): Promise<TopK> {
  return long.topKAsync(own, metric, query, rows, k, options);
}
