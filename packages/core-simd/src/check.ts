/**
 * Argument checks, the same ones in front of all backends.
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
const byteLengthOf = typedArrayGetter<number>('byteLength');
const at = Float32Array.prototype.at;

export type Brand = 'Float32Array' | 'Uint16Array' | 'Int8Array' | 'Uint8Array' | 'Uint32Array';
export type TypedArray = Float32Array | Uint16Array | Int8Array | Uint8Array | Uint32Array;

export const float32: Brand = 'Float32Array';

/** A length from the internal slot. */
export function length(array: TypedArray): number {
  return lengthOf.call(array);
}

/** What came instead, for messages; never throws, whatever it is. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  const brand = brandOf.call(value);
  if (brand !== undefined) return `${brand} of ${lengthOf.call(value)}`;
  try {
    if (Array.isArray(value)) return `Array of ${value.length}`;
  } catch {
    // A proxy: revoked, or with a trap that throws.
  }
  return typeof value;
}

const articles: Readonly<Record<Brand, string>> = {
  Float32Array: 'a Float32Array',
  Uint16Array: 'a Uint16Array',
  Int8Array: 'an Int8Array',
  Uint8Array: 'a Uint8Array',
  Uint32Array: 'a Uint32Array',
};

/** Throws unless `value` is a typed array of this kind whose memory is there. */
export function checkVector(operation: string, name: string, value: unknown, brand: Brand = float32): void {
  if (brandOf.call(value) !== brand) {
    throw new SimdError(
      'ERR_SIMD_TYPE',
      `${operation}: ${name} must be ${articles[brand]}, got ${describe(value)}`,
    );
  }
  if (lengthOf.call(value) === 0) checkAttached(operation, name, value);
}

/** A detached array says that its length is 0, so only those need the question. */
export function checkAttached(operation: string, name: string, value: unknown): void {
  try {
    at.call(value as Float32Array, 0);
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
export function checkPair(
  operation: string,
  a: unknown,
  b: unknown,
  brandOfA: Brand = float32,
  brandOfB: Brand = brandOfA,
): void {
  checkVector(operation, 'a', a, brandOfA);
  checkVector(operation, 'b', b, brandOfB);
  const [m, n] = [lengthOf.call(a), lengthOf.call(b)];
  if (m !== n) {
    throw new SimdError(
      'ERR_SIMD_LENGTH',
      `${operation}: a and b must have the same length, got ${m} and ${n}`,
    );
  }
}

/** Whether two arrays have a byte in common. */
function overlap(x: TypedArray, y: TypedArray): boolean {
  if (bufferOf.call(x) !== bufferOf.call(y)) return false;
  const start = byteOffsetOf.call(x);
  const end = start + byteLengthOf.call(x);
  const otherStart = byteOffsetOf.call(y);
  const otherEnd = otherStart + byteLengthOf.call(y);
  return start < otherEnd && otherStart < end;
}

/** Whether two arrays begin at the same byte. */
export function startTogether(x: TypedArray, y: TypedArray): boolean {
  return bufferOf.call(x) === bufferOf.call(y) && byteOffsetOf.call(x) === byteOffsetOf.call(y);
}

/** Throws where `array` shares memory with one of the others, which `names` names. */
export function checkApart(
  operation: string,
  name: string,
  array: TypedArray,
  names: string,
  ...others: TypedArray[]
): void {
  if (others.some((other) => overlap(array, other))) {
    throw new SimdError('ERR_SIMD_OVERLAP', `${operation}: ${name} must not share memory with ${names}`);
  }
}

/**
 * How many rows of n elements there are.
 *
 * @throws {SimdError} `ERR_SIMD_LENGTH` where the last one is not whole
 */
export function countRows(operation: string, query: TypedArray, rows: TypedArray): number {
  const n = lengthOf.call(query);
  const total = lengthOf.call(rows);
  if (n === 0 ? total !== 0 : total % n !== 0) {
    throw new SimdError(
      'ERR_SIMD_LENGTH',
      `${operation}: the length of rows must be a multiple of the query's, got ${total} and ${n}`,
    );
  }
  return n === 0 ? 0 : total / n;
}

/** Throws unless `value` is a typed array of this kind with room for `count` results. */
export function checkRoom(
  operation: string,
  name: string,
  value: TypedArray,
  brand: Brand,
  count: number,
): void {
  checkVector(operation, name, value, brand);
  if (lengthOf.call(value) < count) {
    throw new SimdError(
      'ERR_SIMD_LENGTH',
      `${operation}: ${name} must have room for ${count} results, got ${describe(value)}`,
    );
  }
}

const constructors = { Float32Array, Uint16Array, Int8Array, Uint8Array, Uint32Array };

/** A new array; an allocation that fails is a length that does not fit. */
export function newElements(operation: string, brand: Brand, count: number): TypedArray {
  try {
    return new constructors[brand](count);
  } catch (cause) {
    throw new SimdError('ERR_SIMD_LENGTH', `${operation}: there is no memory for ${count} elements`, {
      cause,
    });
  }
}

/** A new array of results. */
export function newScores(operation: string, count: number): Float32Array {
  return newElements(operation, float32, count) as Float32Array;
}

/**
 * Checks the arguments of a one-to-many function, but for the types of query and rows.
 *
 * @returns where the results go: `out`, or a new array of one element per row
 */
export function checkScores(
  operation: string,
  query: TypedArray,
  rows: TypedArray,
  out: Float32Array | undefined,
): Float32Array {
  const count = countRows(operation, query, rows);
  if (out === undefined) return newScores(operation, count);
  checkRoom(operation, 'out', out, float32, count);
  // Written out: this is on the way of every call.
  if (overlap(out, query) || overlap(out, rows))
    checkApart(operation, 'out', out, 'query or rows', query, rows);
  return out;
}

/** {@link checkScores}, for float32. */
export function checkMany(
  operation: string,
  query: Float32Array,
  rows: Float32Array,
  out: Float32Array | undefined,
): Float32Array {
  checkVector(operation, 'query', query);
  checkVector(operation, 'rows', rows);
  return checkScores(operation, query, rows, out);
}

/**
 * The first `count` elements of an array, on the same memory, as an array that has nothing of its own: no other
 * prototype, no properties, a length that stays. `brand` may be another one of the same size.
 */
export function plain<T extends TypedArray>(
  array: T,
  count: number = lengthOf.call(array),
  brand: string | undefined = brandOf.call(array),
): T {
  const Plain = constructors[brand as Brand];
  return new Plain(bufferOf.call(array) as ArrayBuffer, byteOffsetOf.call(array), count) as TypedArray as T;
}

/** Throws unless `value` is a whole number from 0 on. */
export function checkWhole(operation: string, name: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return;
  const got = typeof value === 'number' ? String(value) : describe(value);
  throw new SimdError(
    'ERR_SIMD_ARGUMENT',
    `${operation}: ${name} must be a whole number from 0 on, got ${got}`,
  );
}

const set = Float32Array.prototype.set;

/** Copies the first elements of one array over those of another, of the same kind. */
export function copyInto<T extends TypedArray>(to: T, from: T): void {
  set.call(to as Float32Array, from);
}

/**
 * A copy of the first `count` elements, on memory that only the caller has. Made without `slice`, which asks the
 * program's own code for an array.
 */
export function copyOf<T extends TypedArray>(operation: string, array: T, count: number): T {
  const copy = newElements(operation, brandOf.call(array) as Brand, count) as T;
  copyInto(copy, exactly(array, count));
  return copy;
}

/** `array` if it has exactly `count` elements, else the first `count` of it. */
export function exactly<T extends TypedArray>(array: T, count: number): T {
  return lengthOf.call(array) === count ? array : plain(array, count);
}

// Some engines, and pages that are not isolated, have no such constructor; nothing is shared there.
const sharedLengthOf =
  globalThis.SharedArrayBuffer === undefined
    ? undefined
    : Object.getOwnPropertyDescriptor(SharedArrayBuffer.prototype, 'byteLength')?.get;

/** Whether an array's memory cannot be taken away: it is shared. The slot tells; a tag could be lied about. */
export function isShared(array: TypedArray): boolean {
  if (sharedLengthOf === undefined) return false;
  try {
    sharedLengthOf.call(bufferOf.call(array));
    return true;
  } catch {
    return false;
  }
}
