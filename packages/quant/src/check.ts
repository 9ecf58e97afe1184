/**
 * Argument checks, the same ones in front of both backends.
 *
 * The getters of %TypedArray%.prototype read internal slots (ECMA-262, 23.2.3), so nothing but a Float32Array passes as
 * one: not an object with its prototype, not an array with an own `length`. The addon relies on that.
 */
import { QuantError } from './errors.js';

/** Vectors have from 1 to this many dimensions; sums of codes are exact up to there. */
export const maxDimensions = 65_535;

const typedArrayPrototype: object = Object.getPrototypeOf(Float32Array.prototype);

function slot<T>(key: PropertyKey): (this: unknown) => T {
  return Object.getOwnPropertyDescriptor(typedArrayPrototype, key)!.get as (this: unknown) => T;
}

const brandOf = slot<string | undefined>(Symbol.toStringTag);
const lengthOf = slot<number>('length');
const bufferOf = slot<ArrayBufferLike>('buffer');
const byteOffsetOf = slot<number>('byteOffset');
const byteLengthOf = slot<number>('byteLength');
const at = Float32Array.prototype.at;
const set = Float32Array.prototype.set;

const constructors = {
  Float32Array,
  Float64Array,
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
};

/** Typed arrays by their names, on whatever memory. */
interface Arrays {
  Float32Array: Float32Array;
  Float64Array: Float64Array;
  Uint8Array: Uint8Array;
  Int8Array: Int8Array;
  Uint16Array: Uint16Array;
  Int16Array: Int16Array;
  Uint32Array: Uint32Array;
  Int32Array: Int32Array;
}

export type Brand = keyof Arrays;
export type ArrayOf<B extends Brand> = Arrays[B];
export type TypedArray = ArrayOf<Brand>;

/** What came instead, for messages; never throws, whatever it is. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  const brand = brandOf.call(value);
  if (brand !== undefined) return `${brand} of ${lengthOf.call(value)}`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  try {
    if (Array.isArray(value)) return `Array of ${value.length}`;
  } catch {
    // A proxy: revoked, or with a trap that throws.
  }
  return typeof value;
}

/** A length from the internal slot. */
export function length(array: TypedArray): number {
  return lengthOf.call(array);
}

/** Whether a value is a typed array, of whatever kind. */
export function isTypedArray(value: unknown): boolean {
  return brandOf.call(value) !== undefined;
}

/**
 * Asserts that `value` is a typed array of this kind whose memory is there.
 *
 * @throws {QuantError} `ERR_QUANT_TYPE`, `ERR_QUANT_DETACHED`
 */
export function checkArray<B extends Brand>(
  operation: string,
  name: string,
  value: unknown,
  brand: B,
): asserts value is ArrayOf<B> {
  if (brandOf.call(value) !== brand) {
    const article = brand.startsWith('I') ? 'an' : 'a';
    throw new QuantError(
      'ERR_QUANT_TYPE',
      `${operation}: ${name} must be ${article} ${brand}, got ${describe(value)}`,
    );
  }
  // A detached array says that its length is 0, so only those need the question.
  if (lengthOf.call(value) !== 0) return;
  try {
    at.call(value as Float32Array, 0);
  } catch (cause) {
    throw new QuantError(
      'ERR_QUANT_DETACHED',
      `${operation}: ${name} has lost its memory: the buffer was transferred away or shrunk`,
      { cause },
    );
  }
}

/** @throws {QuantError} `ERR_QUANT_ARGUMENT` unless `value` is a whole number from `least` to `most` */
export function checkWhole(
  operation: string,
  name: string,
  value: unknown,
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  throw new QuantError(
    'ERR_QUANT_ARGUMENT',
    `${operation}: ${name} must be a whole number ${range}, got ${describe(value)}`,
  );
}

/** @throws {QuantError} `ERR_QUANT_ARGUMENT` unless `value` is a finite number from `least` to `most` */
export function checkNumber(
  operation: string,
  name: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  if (typeof value === 'number' && value >= least && value <= most && Number.isFinite(value)) return;
  throw new QuantError(
    'ERR_QUANT_ARGUMENT',
    `${operation}: ${name} must be a number from ${least} to ${most}, got ${describe(value)}`,
  );
}

/** @throws {QuantError} `ERR_QUANT_ARGUMENT` unless `value` is one of these words */
export function checkWord<T extends string>(
  operation: string,
  name: string,
  value: unknown,
  words: readonly T[],
): asserts value is T {
  if (typeof value === 'string' && (words as readonly string[]).includes(value)) return;
  throw new QuantError(
    'ERR_QUANT_ARGUMENT',
    `${operation}: ${name} must be one of ${words.map((word) => `'${word}'`).join(', ')}, got ${describe(value)}`,
  );
}

/** @throws {QuantError} `ERR_QUANT_DIMENSIONS` */
export function checkDimensions(operation: string, value: unknown): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= maxDimensions) return;
  throw new QuantError(
    'ERR_QUANT_DIMENSIONS',
    `${operation}: dimensions must be a whole number from 1 to ${maxDimensions}, got ${describe(value)}`,
  );
}

/**
 * Options are an object that is no array, or absent.
 *
 * @throws {QuantError} `ERR_QUANT_ARGUMENT`
 */
export function checkOptions<T extends object>(operation: string, options: T | undefined): Partial<T> {
  if (options === undefined) return {};
  if (typeof options === 'object' && options !== null && !isTypedArray(options)) return options;
  throw new QuantError(
    'ERR_QUANT_ARGUMENT',
    `${operation}: options must be an object, got ${describe(options)}`,
  );
}

/**
 * How many whole rows of `width` elements an array has.
 *
 * @throws {QuantError} `ERR_QUANT_LENGTH` where the last one is not whole
 */
export function countRows(operation: string, name: string, array: TypedArray, width: number): number {
  const total = lengthOf.call(array);
  if (total % width === 0) return total / width;
  throw new QuantError(
    'ERR_QUANT_LENGTH',
    `${operation}: the length of ${name} must be a multiple of ${width}, got ${total}`,
  );
}

/**
 * Rows of float32 vectors, all finite.
 *
 * @returns how many there are
 * @throws {QuantError} `ERR_QUANT_TYPE`, `_DETACHED`, `_LENGTH`, `_VALUE`
 */
export function checkVectors(operation: string, name: string, value: unknown, dimensions: number): number {
  checkArray(operation, name, value, 'Float32Array');
  const count = countRows(operation, name, value, dimensions);
  checkFinite(operation, name, value, dimensions);
  return count;
}

/**
 * @param firstRow the number of the first of these rows, for the message
 * @throws {QuantError} `ERR_QUANT_VALUE`, with the place of the first element that is no number
 */
export function checkFinite(
  operation: string,
  name: string,
  array: Float32Array,
  dimensions: number,
  firstRow = 0,
): void {
  const n = lengthOf.call(array);
  // 0 x is 0 for every finite x and NaN for the others, and sums of zeros stay 0; four, since each addition waits for the
  // one before it.
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    a += 0 * array[i];
    b += 0 * array[i + 1];
    c += 0 * array[i + 2];
    d += 0 * array[i + 3];
  }
  for (; i < n; i++) a += 0 * array[i];
  if (a + b + c + d === 0) return;
  const place = array.findIndex((each) => !Number.isFinite(each));
  throw new QuantError(
    'ERR_QUANT_VALUE',
    `${operation}: ${name} must be finite, got ${array[place]} in dimension ${place % dimensions} of row ${firstRow + Math.floor(place / dimensions)}`,
  );
}

/**
 * One float32 vector, finite.
 *
 * @throws {QuantError} `ERR_QUANT_TYPE`, `_DETACHED`, `_DIMENSIONS`, `_VALUE`
 */
export function checkVector(
  operation: string,
  name: string,
  value: unknown,
  dimensions: number,
): asserts value is Float32Array {
  checkArray(operation, name, value, 'Float32Array');
  if (lengthOf.call(value) !== dimensions) {
    throw new QuantError(
      'ERR_QUANT_DIMENSIONS',
      `${operation}: ${name} must have ${dimensions} dimensions, got ${lengthOf.call(value)}`,
    );
  }
  checkFinite(operation, name, value, dimensions);
}

/** Whether two arrays have a byte in common. */
function overlap(x: TypedArray, y: TypedArray): boolean {
  if (bufferOf.call(x) !== bufferOf.call(y)) return false;
  const [start, otherStart] = [byteOffsetOf.call(x), byteOffsetOf.call(y)];
  return start < otherStart + byteLengthOf.call(y) && otherStart < start + byteLengthOf.call(x);
}

/**
 * Where results go: `out`, or a new array of `count` elements.
 *
 * @param inputs with which `out` must not share memory
 * @returns exactly `count` elements
 * @throws {QuantError} `ERR_QUANT_TYPE`, `_DETACHED`, `_LENGTH`, `_OVERLAP`
 */
export function resultArray<B extends Brand>(
  operation: string,
  brand: B,
  count: number,
  out: ArrayOf<B> | undefined,
  inputs: readonly TypedArray[],
): ArrayOf<B> {
  if (out === undefined) return newArray(operation, brand, count);
  checkArray(operation, 'out', out, brand);
  if (lengthOf.call(out) < count) {
    throw new QuantError(
      'ERR_QUANT_LENGTH',
      `${operation}: out must have room for ${count} elements, got ${describe(out)}`,
    );
  }
  if (inputs.some((input) => overlap(out, input))) {
    throw new QuantError('ERR_QUANT_OVERLAP', `${operation}: out must not share memory with an input`);
  }
  return plain(out, count);
}

/** @throws {QuantError} `ERR_QUANT_LENGTH` where there is no memory */
export function newArray<B extends Brand>(operation: string, brand: B, count: number): ArrayOf<B> {
  try {
    return new constructors[brand](count) as TypedArray as ArrayOf<B>;
  } catch (cause) {
    throw new QuantError('ERR_QUANT_LENGTH', `${operation}: there is no memory for ${count} elements`, {
      cause,
    });
  }
}

/**
 * The first `count` elements of an array, on the same memory, as an array that has nothing of its own: no other
 * prototype, no properties, a length that stays.
 */
export function plain<T extends TypedArray>(array: T, count: number = lengthOf.call(array)): T {
  const Plain = constructors[brandOf.call(array) as Brand];
  return new Plain(bufferOf.call(array) as ArrayBuffer, byteOffsetOf.call(array), count) as TypedArray as T;
}

/** A copy on memory that only the caller has. Made without `slice`, which asks the program's own code for an array. */
export function copyOf<T extends TypedArray>(operation: string, array: T): T {
  const copy = newArray(operation, brandOf.call(array) as Brand, lengthOf.call(array)) as TypedArray as T;
  set.call(copy as TypedArray as Float32Array, plain(array));
  return copy;
}

/** Copies one array over the first elements of another of the same kind. */
export function copyInto<T extends TypedArray>(to: T, from: T): void {
  set.call(to as TypedArray as Float32Array, from);
}

const sharedLengthOf = Object.getOwnPropertyDescriptor(
  globalThis.SharedArrayBuffer?.prototype ?? {},
  'byteLength',
)?.get;

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
