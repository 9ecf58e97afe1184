/**
 * Vectors of bits, eight dimensions a byte. The distances do not depend on their order, as long as it is the same in all
 * vectors; the conversions here put the first one highest. Where the number of dimensions is no multiple of eight, the
 * rest of the last byte must be the same in all vectors: clear, as the conversions leave it.
 *
 * Lengths are in bytes throughout. The pair functions are written out for the reason that distance.ts gives.
 */
import { current } from '../backend/current.js';
import * as typescript from '../backend/typescript/bits.js';
import { checkPair, typedArrayGetter } from '../check.js';
import { convert } from '../convert.js';
import type { Float16Words } from '../halves.js';
import type { LongOptions } from '../long.js';
import type { BitMetric, TopK } from '../shapes.js';
import * as shapes from '../shapes.js';
import * as long from '../shapes-async.js';

const { backend, from } = current();
const { result } = backend;
const backendFrom = from.bits;
const own = shapes.family('bits', 'bits', 'Uint8Array');

// Constants of this module, which V8 inlines calls of.
const brandOf = typedArrayGetter<string | undefined>(Symbol.toStringTag);
const lengthOf = typedArrayGetter<number>('length');
const { hamming: hammingKernel, jaccard: jaccardKernel } = backend.shapes.bits;
const shortHamming = typescript.hamming;
const shortJaccard = typescript.jaccard;

/** The number of bytes of a pair; 0 also for what is no pair. From `backendFrom` on, the backend compares lengths. */
function pairDimensions(a: Uint8Array, b: Uint8Array): number {
  if (brandOf.call(a) !== 'Uint8Array' || brandOf.call(b) !== 'Uint8Array') return 0;
  const n = lengthOf.call(a);
  return n >= backendFrom || n === lengthOf.call(b) ? n : 0;
}

/** The package's own reason for what the backend has refused, thrown. */
function refused(operation: string, a: Uint8Array, b: Uint8Array, cause: unknown): never {
  checkPair(operation, a, b, 'Uint8Array');
  throw cause;
}

/**
 * Hamming distance: how many bits differ. O(n).
 *
 * @param a - vector of n bytes
 * @param b - vector of n bytes
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * bits.hamming(new Uint8Array([0b11110000]), new Uint8Array([0b11001100])); // 4
 */
export function hamming(a: Uint8Array, b: Uint8Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('bits.hamming', a, b, 'Uint8Array');
    return 0;
  }
  if (n < backendFrom) return shortHamming(a, b, 0, n);
  try {
    hammingKernel.pair(a, b);
  } catch (cause) {
    refused('bits.hamming', a, b, cause);
  }
  return result[0];
}

/**
 * Jaccard distance: 1 - |a and b| / |a or b|, within [0, 1], in float64; 0 where neither vector has a bit. O(n).
 *
 * @param a - vector of n bytes
 * @param b - vector of n bytes
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * bits.jaccard(new Uint8Array([0b1110]), new Uint8Array([0b0111])); // 0.5
 */
export function jaccard(a: Uint8Array, b: Uint8Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('bits.jaccard', a, b, 'Uint8Array');
    return 0;
  }
  if (n < backendFrom) return shortJaccard(a, b, 0, n);
  try {
    jaccardKernel.pair(a, b);
  } catch (cause) {
    refused('bits.jaccard', a, b, cause);
  }
  return result[0];
}

/**
 * Binary quantisation: the bit of dimension i is set where `a[i] > 0` (so not for NaN). O(n).
 *
 * @param a - vector of n dimensions
 * @param out - at least ceil(n / 8) bytes, and shares no memory with `a`; a new array by default
 * @returns `out`: dimension i is bit 7 - i % 8 of byte i / 8, and the rest of the last byte is clear
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * bits.fromFloat32(new Float32Array([0.5, -1, 0, 2])); // Uint8Array(1) [ 144 ]
 */
export function fromFloat32(a: Float32Array, out?: Uint8Array): Uint8Array {
  return convert('bits.fromFloat32', 'f32_to_bits', a, out) as Uint8Array;
}

/**
 * Binary quantisation: the bit of dimension i is set where `a[i] > 0` (so not for NaN). O(n).
 *
 * @param a - vector of n dimensions
 * @param out - at least ceil(n / 8) bytes, and shares no memory with `a`; a new array by default
 * @returns `out`: dimension i is bit 7 - i % 8 of byte i / 8, and the rest of the last byte is clear
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * bits.fromFloat16(float16.fromFloat32(new Float32Array([0.5, -1, 0, 2]))); // Uint8Array(1) [ 144 ]
 */
export function fromFloat16(a: Float16Words, out?: Uint8Array): Uint8Array {
  return convert('bits.fromFloat16', 'f16_to_bits', a, out) as Uint8Array;
}

/**
 * Binary quantisation: the bit of dimension i is set where `a[i] > 0`. O(n).
 *
 * @param a - vector of n dimensions
 * @param out - at least ceil(n / 8) bytes, and shares no memory with `a`; a new array by default
 * @returns `out`: dimension i is bit 7 - i % 8 of byte i / 8, and the rest of the last byte is clear
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * bits.fromInt8(new Int8Array([5, -1, 0, 2])); // Uint8Array(1) [ 144 ]
 */
export function fromInt8(a: Int8Array, out?: Uint8Array): Uint8Array {
  return convert('bits.fromInt8', 'i8_to_bits', a, out) as Uint8Array;
}

/**
 * One query against `count` rows, which lie one after the other. Synchronous; O(count * n).
 *
 * @param metric - `'hamming'` or `'jaccard'`
 * @param query - vector of n bytes
 * @param rows - `count` vectors of n bytes
 * @param out - takes the results, row i at index i; at least `count` long, and its memory not that of an input; a new
 *   array by default
 * @returns `out`, each result rounded to float32 once
 * @throws {SimdError} `ERR_SIMD_ARGUMENT`, `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * const rows = new Uint8Array([0b0001, 0b0011, 0b1111]); // three rows of one byte
 * bits.many('hamming', new Uint8Array([0b0011]), rows); // Float32Array(3) [ 1, 0, 2 ]
 */
export function many(
  metric: BitMetric,
  query: Uint8Array,
  rows: Uint8Array,
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
 * const rows = new Uint8Array([0b0001, 0b0011, 0b1111]);
 * bits.gather('hamming', new Uint8Array([0b0011]), rows, new Uint32Array([2, 0])); // Float32Array(2) [ 2, 1 ]
 */
export function gather(
  metric: BitMetric,
  query: Uint8Array,
  rows: Uint8Array,
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
 * @param dimensions - bytes of each vector
 * @param out - at least M * N long; as in {@link many} otherwise
 * @returns `out`: row i of `a` and row j of `b` at index i * N + j
 * @throws {SimdError} as {@link many}
 * @example
 * const a = new Uint8Array([0b0011, 0b0000]); // two rows of one byte
 * const b = new Uint8Array([0b0001, 0b0011, 0b1111]); // three
 * bits.matrix('hamming', a, b, 1); // Float32Array(6) [ 1, 0, 2, 1, 2, 4 ]
 */
export function matrix(
  metric: BitMetric,
  a: Uint8Array,
  b: Uint8Array,
  dimensions: number,
  out?: Float32Array,
): Float32Array {
  return shapes.matrix(own, metric, a, b, dimensions, out);
}

/**
 * The k rows nearest to a query, nearest first. Of equal scores the earlier row comes first, and NaN
 * after all numbers. The scores of the other rows are not kept: O(count * n + count * log k) time, O(k) memory.
 *
 * @param k - how many; of fewer rows than that, all are given
 * @param out - takes the results, both arrays at least min(k, count) long; new arrays by default
 * @returns `out`
 * @throws {SimdError} as {@link many}
 * @example
 * const rows = new Uint8Array([0b0001, 0b0011, 0b1111]);
 * bits.topK('hamming', new Uint8Array([0b0011]), rows, 2); // { indices: Uint32Array(2) [ 1, 0 ], scores: Float32Array(2) [ 0, 1 ] }
 */
export function topK(metric: BitMetric, query: Uint8Array, rows: Uint8Array, k: number, out?: TopK): TopK {
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
 * const rows = new Uint8Array([0b0001, 0b0011, 0b1111]);
 * await bits.manyAsync('jaccard', new Uint8Array([0b0011]), rows); // Float32Array(3) [ 0.5, 0, 0.5 ]
 */
export function manyAsync(
  metric: BitMetric,
  query: Uint8Array,
  rows: Uint8Array,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.manyAsync(own, metric, query, rows, options);
}

/** {@link gather} beside the event loop; options and the promise as in {@link manyAsync}. */
export function gatherAsync(
  metric: BitMetric,
  query: Uint8Array,
  rows: Uint8Array,
  indices: Uint32Array,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.gatherAsync(own, metric, query, rows, indices, options);
}

/** {@link matrix} beside the event loop; options and the promise as in {@link manyAsync}. Progress counts rows of `a`. */
export function matrixAsync(
  metric: BitMetric,
  a: Uint8Array,
  b: Uint8Array,
  dimensions: number,
  options?: LongOptions<Float32Array>,
): Promise<Float32Array> {
  return long.matrixAsync(own, metric, a, b, dimensions, options);
}

/** {@link topK} beside the event loop; options and the promise as in {@link manyAsync}. */
export function topKAsync(
  metric: BitMetric,
  query: Uint8Array,
  rows: Uint8Array,
  k: number,
  options?: LongOptions<TopK>,
): Promise<TopK> {
  return long.topKAsync(own, metric, query, rows, k, options);
}
