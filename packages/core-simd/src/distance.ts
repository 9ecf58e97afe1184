/**
 * The public functions over float32 vectors.
 *
 * Written out one by one rather than made by a factory: each is then a small function of its own
 * with constants for the backend, which V8 inlines into its caller. A pair call with the addon
 * is two brand checks, one read of a length, one call into native code and one read of its result.
 */
import type { Capabilities } from './backend/choose.js';
import { current } from './backend/current.js';
import * as typescript from './backend/typescript/float32.js';
import { checkMany, checkPair, checkVector, float32, typedArrayGetter } from './check.js';

const { backend, capabilities: chosen, from } = current();
const kernels = backend.shapes.f32;
const normKernel = backend.norm.f32;

/** Where the backend leaves the result of a pair. */
const { result } = backend;

/** From this many dimensions on, a pair goes to the backend. */
const backendFrom = from.f32;

// V8 inlines a call of this module's constants, but not of an import: a fifth of a pair call.
const brandOf = typedArrayGetter<string | undefined>(Symbol.toStringTag);
const lengthOf = typedArrayGetter<number>('length');
const shortDot = typescript.dot;
const shortL2sq = typescript.l2sq;
const shortL1 = typescript.l1;
const shortCosine = typescript.cosine;
const shortNorm = typescript.norm;
const dotKernel = kernels.dot;
const l2sqKernel = kernels.l2sq;
const l1Kernel = kernels.l1;
const cosineKernel = kernels.cosine;

/**
 * The number of dimensions of a pair; 0 also for what is no pair. Lengths come from the internal slot
 * alone: the property can be an own one, a subclass's or absent. V8 calls out for each read of the
 * slot, so the second one is left to the backend where that computes: it compares the two itself.
 */
function pairDimensions(a: Float32Array, b: Float32Array): number {
  if (brandOf.call(a) !== float32 || brandOf.call(b) !== float32) return 0;
  const n = lengthOf.call(a);
  return n >= backendFrom || n === lengthOf.call(b) ? n : 0;
}

/** The package's own reason for what the backend has refused, thrown. */
function refused(operation: string, a: Float32Array, b: Float32Array, cause: unknown): never {
  checkPair(operation, a, b);
  throw cause;
}

/**
 * What computes in this thread: the backend, the instruction-set variant, which others run here,
 * and why the addon is not in use when it is not. Never changes after the first import.
 */
export function capabilities(): Capabilities {
  return chosen;
}

/**
 * Dot product: the sum of `a[i] * b[i]`.
 *
 * The inner product is a similarity; its distance is `-dot(a, b)`.
 *
 * The result has the precision of float32 (doc/distances.md gives the bound); NaN and infinity in
 * the input propagate. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * dot(new Float32Array([1, 2, 3]), new Float32Array([4, 5, 6])); // 32
 */
export function dot(a: Float32Array, b: Float32Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('dot', a, b);
    return 0;
  }
  if (n < backendFrom) return shortDot(a, b, 0, n);
  try {
    dotKernel.pair(a, b);
  } catch (cause) {
    refused('dot', a, b, cause);
  }
  return result[0];
}

/**
 * Squared Euclidean distance: the sum of `(a[i] - b[i]) ** 2`.
 *
 * Orders vectors as {@link l2} does, without the root.
 *
 * The result has the precision of float32 (doc/distances.md gives the bound); NaN and infinity in
 * the input propagate. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * l2sq(new Float32Array([1, 2]), new Float32Array([4, 6])); // 25
 */
export function l2sq(a: Float32Array, b: Float32Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('l2sq', a, b);
    return 0;
  }
  if (n < backendFrom) return shortL2sq(a, b, 0, n);
  try {
    l2sqKernel.pair(a, b);
  } catch (cause) {
    refused('l2sq', a, b, cause);
  }
  return result[0];
}

/**
 * Euclidean distance: the square root of {@link l2sq}, taken in float64.
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} as {@link l2sq}
 * @example
 * l2(new Float32Array([1, 2]), new Float32Array([4, 6])); // 5
 */
export function l2(a: Float32Array, b: Float32Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('l2', a, b);
    return 0;
  }
  if (n < backendFrom) return Math.sqrt(shortL2sq(a, b, 0, n));
  try {
    l2sqKernel.pair(a, b);
  } catch (cause) {
    refused('l2', a, b, cause);
  }
  return Math.sqrt(result[0]);
}

/**
 * Taxicab distance: the sum of `|a[i] - b[i]|`.
 *
 * The result has the precision of float32 (doc/distances.md gives the bound); NaN and infinity in
 * the input propagate. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * l1(new Float32Array([1, 2]), new Float32Array([4, 6])); // 7
 */
export function l1(a: Float32Array, b: Float32Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('l1', a, b);
    return 0;
  }
  if (n < backendFrom) return shortL1(a, b, 0, n);
  try {
    l1Kernel.pair(a, b);
  } catch (cause) {
    refused('l1', a, b, cause);
  }
  return result[0];
}

/**
 * Cosine distance: `1 - dot(a, b) / (norm(a) * norm(b))`, within [0, 2].
 *
 * NaN where a norm is zero, so for zero vectors and vectors of no dimension.
 *
 * The result has the precision of float32 (doc/distances.md gives the bound); NaN and infinity in
 * the input propagate. O(n).
 *
 * @param a - vector of n dimensions
 * @param b - vector of n dimensions
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * cosine(new Float32Array([1, 0]), new Float32Array([0, 2])); // 1
 */
export function cosine(a: Float32Array, b: Float32Array): number {
  const n = pairDimensions(a, b);
  if (n === 0) {
    checkPair('cosine', a, b);
    return Number.NaN;
  }
  if (n < backendFrom) return shortCosine(a, b, 0, n);
  try {
    cosineKernel.pair(a, b);
  } catch (cause) {
    refused('cosine', a, b, cause);
  }
  return result[0];
}

/**
 * Euclidean norm: the square root of the sum of squares, accumulated in float64.
 *
 * @param a - vector of n dimensions; 0 for n = 0
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_DETACHED`
 * @example
 * norm(new Float32Array([3, 4])); // 5
 */
export function norm(a: Float32Array): number {
  const n = brandOf.call(a) === float32 ? lengthOf.call(a) : 0;
  if (n === 0) {
    checkVector('norm', 'a', a);
    return 0;
  }
  if (n < backendFrom) return shortNorm(a, n);
  normKernel(a);
  return result[0];
}

/**
 * Dot products of one query and many rows.
 *
 * Faster per row than a call per pair: twenty times at 96 dimensions, hardly where memory decides. Synchronous: a million rows hold the thread for
 * as long as their memory takes to read. O(count * n).
 *
 * @param query - vector of n dimensions
 * @param rows - `count` vectors of n dimensions, one after the other
 * @param out - takes the results, row i at index i; at least `count` long, and its memory not
 *   that of an input; a new array by default
 * @returns `out`
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * const rows = new Float32Array([1, 0, 0, 1, 1, 1]); // three rows of two dimensions
 * dotMany(new Float32Array([2, 3]), rows); // Float32Array(3) [ 2, 3, 5 ]
 */
export function dotMany(query: Float32Array, rows: Float32Array, out?: Float32Array): Float32Array {
  const results = checkMany('dotMany', query, rows, out);
  dotKernel.many(query, rows, results);
  return results;
}

/**
 * Squared Euclidean distances of one query and many rows. Shapes and errors as in {@link dotMany}.
 *
 * @example
 * const rows = new Float32Array([1, 0, 0, 1, 1, 1]); // three rows of two dimensions
 * l2sqMany(new Float32Array([1, 1]), rows); // Float32Array(3) [ 1, 1, 0 ]
 */
export function l2sqMany(query: Float32Array, rows: Float32Array, out?: Float32Array): Float32Array {
  const results = checkMany('l2sqMany', query, rows, out);
  l2sqKernel.many(query, rows, results);
  return results;
}

/**
 * Taxicab distances of one query and many rows. Shapes and errors as in {@link dotMany}.
 *
 * @example
 * const rows = new Float32Array([1, 0, 0, 1, 1, 1]); // three rows of two dimensions
 * l1Many(new Float32Array([2, 3]), rows); // Float32Array(3) [ 4, 4, 3 ]
 */
export function l1Many(query: Float32Array, rows: Float32Array, out?: Float32Array): Float32Array {
  const results = checkMany('l1Many', query, rows, out);
  l1Kernel.many(query, rows, results);
  return results;
}

/**
 * Cosine distances of one query and many rows; the norm of the query is computed once. Shapes and errors as in {@link dotMany}.
 *
 * @example
 * const rows = new Float32Array([3, 4, 4, -3, -3, -4]); // three rows of two dimensions
 * cosineMany(new Float32Array([3, 4]), rows); // Float32Array(3) [ 0, 1, 2 ]
 */
export function cosineMany(query: Float32Array, rows: Float32Array, out?: Float32Array): Float32Array {
  const results = checkMany('cosineMany', query, rows, out);
  cosineKernel.many(query, rows, results);
  return results;
}
