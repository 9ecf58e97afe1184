/**
 * Sparse vectors: the elements that are not zero, each with its dimension. Indices ascend strictly; {@link create} checks
 * that, and the other functions rely on it: for indices that do not ascend their results are unspecified.
 *
 * Sums have the precision of float32, n being the number of elements of both vectors.
 */
import { current } from '../backend/current.js';
import { norm as normOfFloats } from '../backend/typescript/float32.js';
import * as typescript from '../backend/typescript/sparse.js';
import {
  checkApart,
  checkRoom,
  checkVector,
  checkWhole,
  describe,
  float32,
  newScores,
  typedArrayGetter,
} from '../check.js';
import { SimdError } from '../errors.js';

/** `values[i]` is the element of dimension `indices[i]`; both arrays have one length. */
export interface SparseVector {
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

const { backend, from } = current();
const { result } = backend;
const backendFrom = from.sparse;
const { dot: dotKernel, l2sq: l2sqKernel, l1: l1Kernel, cosine: cosineKernel } = backend.sparse;
const normKernel = backend.norm.f32;

const brandOf = typedArrayGetter<string | undefined>(Symbol.toStringTag);
const lengthOf = typedArrayGetter<number>('length');

/** Throws unless `vector` is an object that may be one; its arrays, each read once. */
function read(operation: string, name: string, vector: unknown): SparseVector {
  if (typeof vector !== 'object' || vector === null || brandOf.call(vector) !== undefined) {
    throw new SimdError(
      'ERR_SIMD_TYPE',
      `${operation}: ${name} must be an object like { indices, values }, got ${describe(vector)}`,
    );
  }
  const { indices, values } = vector as SparseVector;
  return { indices, values };
}

/** Checks the arrays; their length. */
function check(operation: string, name: string, indices: Uint32Array, values: Float32Array): number {
  checkVector(operation, `${name}.indices`, indices, 'Uint32Array');
  checkVector(operation, `${name}.values`, values);
  const [m, n] = [lengthOf.call(indices), lengthOf.call(values)];
  if (m !== n) {
    throw new SimdError(
      'ERR_SIMD_LENGTH',
      `${operation}: ${name}.indices and ${name}.values must have the same length, got ${m} and ${n}`,
    );
  }
  return n;
}

/** Whether these are a vector's arrays; false also where they have lost their memory or have no elements. */
function areArrays(indices: Uint32Array, values: Float32Array): boolean {
  if (brandOf.call(indices) !== 'Uint32Array' || brandOf.call(values) !== 'Float32Array') return false;
  const n = lengthOf.call(values);
  return n !== 0 && n === lengthOf.call(indices);
}

/** What a pair function computes: in TypeScript where the vectors are short, else by the backend. */
function pair(
  operation: string,
  kernel: typeof dotKernel,
  short: typeof typescript.dot,
  a: SparseVector,
  b: SparseVector,
): number {
  // Getters run before anything is checked.
  const { indices: aIndices, values: aValues } = a ?? read(operation, 'a', a);
  const { indices: bIndices, values: bValues } = b ?? read(operation, 'b', b);
  if (!areArrays(aIndices, aValues) || !areArrays(bIndices, bValues)) {
    read(operation, 'a', a);
    read(operation, 'b', b);
    check(operation, 'a', aIndices, aValues);
    check(operation, 'b', bIndices, bValues);
  }
  const m = lengthOf.call(aIndices);
  const n = lengthOf.call(bIndices);
  if (m + n < backendFrom) return short(aIndices, aValues, m, bIndices, bValues, n);
  kernel(aIndices, aValues, bIndices, bValues);
  return result[0];
}

/**
 * Dot product. A similarity: its distance is `-dot(a, b)`. O(elements of a and b), as all of these functions.
 *
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * const a = sparse.create(new Uint32Array([0, 7]), new Float32Array([1, 2]));
 * const b = sparse.create(new Uint32Array([7, 9]), new Float32Array([3, 4]));
 * sparse.dot(a, b); // 6
 */
export function dot(a: SparseVector, b: SparseVector): number {
  return pair('sparse.dot', dotKernel, typescript.dot, a, b);
}

/**
 * Squared Euclidean distance.
 *
 * @throws {SimdError} as {@link dot}
 * @example
 * const a = sparse.create(new Uint32Array([0, 7]), new Float32Array([3, 2]));
 * const b = sparse.create(new Uint32Array([7, 9]), new Float32Array([2, 4]));
 * sparse.l2sq(a, b); // 25
 */
export function l2sq(a: SparseVector, b: SparseVector): number {
  return pair('sparse.l2sq', l2sqKernel, typescript.l2sq, a, b);
}

/**
 * Euclidean distance: the root of {@link l2sq}, taken in float64.
 *
 * @throws {SimdError} as {@link dot}
 * @example
 * const a = sparse.create(new Uint32Array([0, 7]), new Float32Array([3, 2]));
 * const b = sparse.create(new Uint32Array([7, 9]), new Float32Array([2, 4]));
 * sparse.l2(a, b); // 5
 */
export function l2(a: SparseVector, b: SparseVector): number {
  return Math.sqrt(pair('sparse.l2', l2sqKernel, typescript.l2sq, a, b));
}

/**
 * Taxicab distance.
 *
 * @throws {SimdError} as {@link dot}
 * @example
 * const a = sparse.create(new Uint32Array([0, 7]), new Float32Array([3, 2]));
 * const b = sparse.create(new Uint32Array([7, 9]), new Float32Array([2, 4]));
 * sparse.l1(a, b); // 7
 */
export function l1(a: SparseVector, b: SparseVector): number {
  return pair('sparse.l1', l1Kernel, typescript.l1, a, b);
}

/**
 * Cosine distance, within [0, 2]; NaN where a norm is zero, so for a vector without elements.
 *
 * @throws {SimdError} as {@link dot}
 * @example
 * const a = sparse.create(new Uint32Array([0]), new Float32Array([1]));
 * const b = sparse.create(new Uint32Array([7]), new Float32Array([2]));
 * sparse.cosine(a, b); // 1
 */
export function cosine(a: SparseVector, b: SparseVector): number {
  return pair('sparse.cosine', cosineKernel, typescript.cosine, a, b);
}

/**
 * Euclidean norm, accumulated in float64; 0 for a vector without elements.
 *
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * sparse.norm(sparse.create(new Uint32Array([2, 5]), new Float32Array([3, 4]))); // 5
 */
export function norm(a: SparseVector): number {
  const x = read('sparse.norm', 'a', a);
  const n = check('sparse.norm', 'a', x.indices, x.values);
  if (n === 0) return 0;
  if (n < backendFrom) return normOfFloats(x.values, n);
  normKernel(x.values);
  return result[0];
}

/**
 * A sparse vector of these arrays, which are not copied, once they have been checked. O(elements).
 *
 * @param indices - dimensions, ascending strictly
 * @param values - the elements, as many
 * @throws {SimdError} `ERR_SIMD_SPARSE` where indices do not ascend; `ERR_SIMD_TYPE`, `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`
 * @example
 * sparse.create(new Uint32Array([7, 9]), new Float32Array([3, 4])).indices; // Uint32Array(2) [ 7, 9 ]
 */
export function create(indices: Uint32Array, values: Float32Array): SparseVector {
  const n = check('sparse.create', 'vector', indices, values);
  for (let i = 1; i < n; i++) {
    if (indices[i] <= indices[i - 1]) {
      throw new SimdError(
        'ERR_SIMD_SPARSE',
        `sparse.create: indices must ascend, got ${indices[i - 1]} and then ${indices[i]} at ${i}`,
      );
    }
  }
  return { indices, values };
}

/**
 * The elements of a dense vector that are not zero; NaN is none. O(n).
 *
 * @throws {SimdError} `ERR_SIMD_TYPE`, `ERR_SIMD_DETACHED`
 * @example
 * sparse.fromDense(new Float32Array([0, 5, 0, 7])).indices; // Uint32Array(2) [ 1, 3 ]
 */
export function fromDense(dense: Float32Array): SparseVector {
  checkVector('sparse.fromDense', 'dense', dense);
  const n = lengthOf.call(dense);
  let count = 0;
  for (let i = 0; i < n; i++) if (dense[i] !== 0) count++;
  const indices = new Uint32Array(count);
  const values = new Float32Array(count);
  for (let i = 0, at = 0; i < n && at < count; i++) {
    if (dense[i] === 0) continue;
    indices[at] = i;
    values[at++] = dense[i];
  }
  return { indices, values };
}

/**
 * A dense vector. O(dimensions).
 *
 * @param dimensions - above every index
 * @param out - at least that long, and shares no memory with the vector; a new array by default. Elements beyond are not touched
 * @returns `out`
 * @throws {SimdError} `ERR_SIMD_INDEX` for an index from `dimensions` on; `ERR_SIMD_ARGUMENT`, `ERR_SIMD_TYPE`,
 *   `ERR_SIMD_LENGTH`, `ERR_SIMD_DETACHED`, `ERR_SIMD_OVERLAP`
 * @example
 * const vector = sparse.create(new Uint32Array([1, 3]), new Float32Array([5, 7]));
 * sparse.toDense(vector, 5); // Float32Array(5) [ 0, 5, 0, 7, 0 ]
 */
export function toDense(vector: SparseVector, dimensions: number, out?: Float32Array): Float32Array {
  const operation = 'sparse.toDense';
  const { indices, values } = read(operation, 'vector', vector);
  const n = check(operation, 'vector', indices, values);
  checkWhole(operation, 'dimensions', dimensions);
  for (let i = 0; i < n; i++) {
    if (indices[i] >= dimensions) {
      throw new SimdError(
        'ERR_SIMD_INDEX',
        `${operation}: vector.indices[${i}] is ${indices[i]}, and there are ${dimensions} dimensions`,
      );
    }
  }
  if (out !== undefined) {
    checkRoom(operation, 'out', out, float32, dimensions);
    checkApart(operation, 'out', out, 'vector', indices, values);
  }
  const dense = out ?? newScores(operation, dimensions);
  for (let i = 0; i < dimensions; i++) dense[i] = 0;
  for (let i = 0; i < n; i++) dense[indices[i]] = values[i];
  return dense;
}
