/**
 * Argument checks, the same ones in front of both backends.
 *
 * The getters of %TypedArray%.prototype read internal slots (ECMA-262, 23.2.3), so nothing but a
 * Float32Array passes as one: not an object with its prototype, not an array with an own `length`.
 * The addon relies on that. V8 compiles the brand's getter inline, the others are short calls.
 */
import { SimdError } from './errors.js';

const typedArrayPrototype: object = Object.getPrototypeOf(Float32Array.prototype);

/** The getter of %TypedArray%.prototype for a property; throws, or gives undefined for the brand, on others. */
export function typedArrayGetter<T>(key: PropertyKey): (this: unknown) => T {
  return Object.getOwnPropertyDescriptor(typedArrayPrototype, key)!.get as (this: unknown) => T;
}

/** The element type's name, or undefined for anything but a typed array. */
const brandOf = typedArrayGetter<string | undefined>(Symbol.toStringTag);
const lengthOf = typedArrayGetter<number>('length');

const bufferOf = typedArrayGetter<ArrayBufferLike>('buffer');
const byteOffsetOf = typedArrayGetter<number>('byteOffset');
const at = Float32Array.prototype.at;

export const float32 = 'Float32Array';

function describe(value: unknown): string {
  if (value === null) return 'null';
  const brand = brandOf.call(value);
  if (brand !== undefined) return `${brand} of ${lengthOf.call(value)}`;
  if (Array.isArray(value)) return `Array of ${value.length}`;
  return typeof value;
}

/** Throws unless `value` is a Float32Array whose memory is there. */
export function checkVector(operation: string, name: string, value: unknown): void {
  if (brandOf.call(value) !== float32) {
    throw new SimdError(
      'ERR_SIMD_TYPE',
      `${operation}: ${name} must be a Float32Array, got ${describe(value)}`,
    );
  }
  if (lengthOf.call(value) === 0) checkAttached(operation, name, value as Float32Array);
}

/** A detached array says that its length is 0, so only those need the question. */
function checkAttached(operation: string, name: string, value: Float32Array): void {
  try {
    at.call(value, 0);
  } catch (cause) {
    throw new SimdError(
      'ERR_SIMD_DETACHED',
      `${operation}: ${name} has lost its memory: the buffer was transferred away or shrunk`,
      { cause },
    );
  }
}

/**
 * The reason why two arguments are no pair, thrown. Returns only for two vectors of length 0:
 * the functions come here for those too, so that they ask nothing else on the way.
 */
export function checkPair(operation: string, a: unknown, b: unknown): void {
  checkVector(operation, 'a', a);
  checkVector(operation, 'b', b);
  const [m, n] = [lengthOf.call(a), lengthOf.call(b)];
  if (m !== n) {
    throw new SimdError(
      'ERR_SIMD_LENGTH',
      `${operation}: a and b must have the same length, got ${m} and ${n}`,
    );
  }
}

function overlap(x: Float32Array, y: Float32Array): boolean {
  if (bufferOf.call(x) !== bufferOf.call(y)) return false;
  const start = byteOffsetOf.call(x);
  const end = start + 4 * lengthOf.call(x);
  const otherStart = byteOffsetOf.call(y);
  const otherEnd = otherStart + 4 * lengthOf.call(y);
  return start < otherEnd && otherStart < end;
}

/**
 * Checks the arguments of a one-to-many function.
 *
 * @returns where the results go: `out`, or a new array of one element per row
 */
export function checkMany(
  operation: string,
  query: Float32Array,
  rows: Float32Array,
  out: Float32Array | undefined,
): Float32Array {
  checkVector(operation, 'query', query);
  checkVector(operation, 'rows', rows);
  const n = lengthOf.call(query);
  const total = lengthOf.call(rows);
  if (n === 0 ? total !== 0 : total % n !== 0) {
    throw new SimdError(
      'ERR_SIMD_LENGTH',
      `${operation}: the length of rows must be a multiple of the query's, got ${total} and ${n}`,
    );
  }
  const count = n === 0 ? 0 : total / n;
  if (out === undefined) return new Float32Array(count);
  checkVector(operation, 'out', out);
  if (lengthOf.call(out) < count) {
    throw new SimdError(
      'ERR_SIMD_LENGTH',
      `${operation}: out must have room for ${count} results, got ${describe(out)}`,
    );
  }
  if (overlap(out, query) || overlap(out, rows)) {
    throw new SimdError('ERR_SIMD_OVERLAP', `${operation}: out must not share memory with query or rows`);
  }
  return out;
}
