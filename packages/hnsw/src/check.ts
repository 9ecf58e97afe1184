/**
 * Checks of arguments, the same ones in front of the addon and of the fallback.
 *
 * Input is hostile: arrays may lie about their length, be taken away meanwhile or be written to by other threads. So
 * whatever is kept or looked at for long is copied first, and the copy is checked. The getters of %TypedArray%.prototype
 * read internal slots (ECMA-262, 23.2.3); nothing but a Float32Array passes as one.
 */
import { float16, float32, int8 } from '@ruvector/core-simd';
import { HnswError } from './errors.js';
import type { KeyOf, KeysOf, KeyType, LongOptions, Metric, VectorsOf, VectorType } from './types.js';

export const maxDimensions = 65_535;
/** Bytes of UTF-8. */
export const maxKeyBytes = 1024;
export const maxThreads = 64;

const typedArrayPrototype: object = Object.getPrototypeOf(Float32Array.prototype);

function slot<T>(key: PropertyKey): (this: unknown) => T {
  return Object.getOwnPropertyDescriptor(typedArrayPrototype, key)!.get as (this: unknown) => T;
}

const brandOf = slot<string | undefined>(Symbol.toStringTag);
const lengthOf = slot<number>('length');
const bufferOf = slot<ArrayBufferLike>('buffer');
const byteOffsetOf = slot<number>('byteOffset');

const vectorArrays = {
  float32: Float32Array,
  float16: Uint16Array,
  int8: Int8Array,
  binary: Uint8Array,
} as const;

/** What an index's vectors are like. */
export interface VectorShape<T extends VectorType = VectorType> {
  readonly type: T;
  readonly metric: Metric;
  readonly dimensions: number;
}

/** Elements of the typed array that make a vector: dimensions, or bytes of bits. */
export function widthOf({ type, dimensions }: Pick<VectorShape, 'type' | 'dimensions'>): number {
  return type === 'binary' ? Math.ceil(dimensions / 8) : dimensions;
}

/** Whether a value is a Uint8Array, of whatever realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return brandOf.call(value) === 'Uint8Array';
}

/** A typed array for this many elements; `ERR_HNSW_MEMORY` where there is no room. */
export function newVectors<T extends VectorType>(type: T, elements: number): VectorsOf[T] {
  try {
    return new vectorArrays[type](elements) as VectorsOf[VectorType] as VectorsOf[T];
  } catch (cause) {
    throw new HnswError('ERR_HNSW_MEMORY', `there is no memory for ${elements} elements of ${type}`, {
      cause,
    });
  }
}

/** What came instead, for messages; never throws, whatever it is. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  const brand = brandOf.call(value);
  if (brand !== undefined) return `${brand} of ${lengthOf.call(value)}`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return value > -(2n ** 70n) && value < 2n ** 70n ? `${value}n` : 'a bigint';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  try {
    if (Array.isArray(value)) return `Array of ${value.length}`;
  } catch {
    // A proxy: revoked, or with a trap that throws.
  }
  return typeof value;
}

/** @throws {HnswError} `ERR_HNSW_ARGUMENT` unless `value` is a whole number from `least` to `most` */
export function checkWhole(
  operation: string,
  name: string,
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  throw new HnswError(
    'ERR_HNSW_ARGUMENT',
    `${operation}: ${name} must be a whole number ${range}, got ${describe(value)}`,
  );
}

/** @throws {HnswError} `ERR_HNSW_ARGUMENT` unless `value` is a number from `least` to `most`; NaN is none */
export function checkNumber(
  operation: string,
  name: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  if (typeof value === 'number' && value >= least && value <= most) return;
  throw new HnswError(
    'ERR_HNSW_ARGUMENT',
    `${operation}: ${name} must be a number from ${least} to ${most}, got ${describe(value)}`,
  );
}

/** @throws {HnswError} `ERR_HNSW_ARGUMENT` unless `value` is one of these words */
export function checkWord<W extends string>(
  operation: string,
  name: string,
  value: unknown,
  words: readonly W[],
): asserts value is W {
  if (typeof value === 'string' && (words as readonly string[]).includes(value)) return;
  const list = words.map((word) => `'${word}'`).join(', ');
  throw new HnswError(
    'ERR_HNSW_ARGUMENT',
    `${operation}: ${name} must be one of ${list}, got ${describe(value)}`,
  );
}

/** @throws {HnswError} `ERR_HNSW_TYPE` unless options are absent or an object that is no array */
export function checkOptions<O extends object>(operation: string, options: O | undefined): Partial<O> {
  if (options === undefined) return {};
  if (typeof options === 'object' && options !== null && brandOf.call(options) === undefined) return options;
  throw new HnswError('ERR_HNSW_TYPE', `${operation}: options must be an object, got ${describe(options)}`);
}

/** What of {@link LongOptions} the work itself looks at. */
export type Told = Pick<LongOptions, 'signal' | 'onProgress'>;

/** By what is used of it: it may be another realm's. */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, addEventListener, removeEventListener } = value as AbortSignal;
  return (
    typeof aborted === 'boolean' &&
    typeof addEventListener === 'function' &&
    typeof removeEventListener === 'function'
  );
}

/**
 * Reads `signal`, `onProgress` and `threads`, each once.
 *
 * @throws {HnswError} `ERR_HNSW_TYPE`, `ERR_HNSW_ARGUMENT`
 */
export function readLong(
  operation: string,
  options: (LongOptions & { readonly threads?: number }) | undefined,
): Told & { readonly threads: number | undefined } {
  const { signal, onProgress, threads } = checkOptions(operation, options);
  if (signal !== undefined && !isSignal(signal)) {
    throw new HnswError(
      'ERR_HNSW_TYPE',
      `${operation}: signal must be an AbortSignal, got ${describe(signal)}`,
    );
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new HnswError(
      'ERR_HNSW_TYPE',
      `${operation}: onProgress must be a function, got ${describe(onProgress)}`,
    );
  }
  if (threads !== undefined) checkWhole(operation, 'threads', threads, 1, maxThreads);
  return { signal, onProgress, threads };
}

/** @throws {HnswError} `ERR_HNSW_ABORTED` once the signal is aborted */
export function checkAborted(operation: string, signal: AbortSignal | undefined, done = 0): void {
  if (signal?.aborted !== true) return;
  throw new HnswError('ERR_HNSW_ABORTED', `${operation}: the signal was aborted`, {
    cause: signal.reason,
    done,
  });
}

// Keys.

function keyError(operation: string, name: string, wanted: string, value: unknown): HnswError {
  return new HnswError('ERR_HNSW_KEY', `${operation}: ${name} must be ${wanted}, got ${describe(value)}`);
}

/**
 * A key as the index keeps it; -0 is 0.
 *
 * @throws {HnswError} `ERR_HNSW_KEY`
 */
export function checkKey<K extends KeyType>(
  operation: string,
  keyType: K,
  value: unknown,
  name = 'key',
): KeyOf[K] {
  if (keyType === 'number') {
    if (!Number.isSafeInteger(value)) throw keyError(operation, name, 'a safe integer', value);
    return ((value as number) + 0) as KeyOf[K];
  }
  if (keyType === 'bigint') {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) {
      throw keyError(operation, name, 'a bigint of 64 bits, signed', value);
    }
    return value as KeyOf[K];
  }
  if (typeof value !== 'string') throw keyError(operation, name, 'a string', value);
  // A character of UTF-16 has three bytes of UTF-8 at most.
  if (value.length * 3 > maxKeyBytes && Buffer.byteLength(value, 'utf8') > maxKeyBytes) {
    throw keyError(operation, name, `a string of up to ${maxKeyBytes} bytes of UTF-8`, value);
  }
  if (/\p{Surrogate}/u.test(value)) {
    throw keyError(operation, name, 'well-formed Unicode, without lone surrogates', value);
  }
  return value as KeyOf[K];
}

/**
 * Keys of many rows: the typed array of the key type, or an array.
 *
 * @returns a copy
 * @throws {HnswError} `ERR_HNSW_TYPE`, `ERR_HNSW_KEY` with the place of the first bad one
 */
export function checkKeys<K extends KeyType>(
  operation: string,
  keyType: K,
  value: KeysOf[K] | readonly KeyOf[K][],
): KeyOf[K][] {
  const brand = brandOf.call(value);
  const typed = { number: 'Float64Array', bigint: 'BigInt64Array', string: undefined }[keyType];
  if (!(brand === undefined ? Array.isArray(value) : brand === typed)) {
    const wanted = typed === undefined ? 'an array' : `a ${typed} or an array`;
    throw new HnswError('ERR_HNSW_TYPE', `${operation}: keys must be ${wanted}, got ${describe(value)}`);
  }
  const given = value as ArrayLike<unknown>;
  const count = brand === undefined ? given.length : lengthOf.call(value);
  const keys: KeyOf[K][] = [];
  for (let i = 0; i < count; i++) keys.push(checkKey(operation, keyType, given[i], `keys[${i}]`));
  return keys;
}

// Vectors.

/** Bits of the last byte that belong to no dimension. */
function spareBits(dimensions: number): number {
  return dimensions % 8 === 0 ? 0 : (0xff << (dimensions % 8)) & 0xff;
}

/** What is wrong with a vector of the right width, or undefined. */
function badValue<T extends VectorType>(shape: VectorShape<T>, vector: VectorsOf[T]): string | undefined {
  const { type, metric, dimensions } = shape;
  if (type === 'float32') {
    const values = vector as Float32Array;
    // 0 x is 0 for every finite x and NaN for the others.
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += 0 * values[i];
    if (sum !== 0) {
      const place = values.findIndex((each) => !Number.isFinite(each));
      return `must be finite, got ${values[place]} in dimension ${place}`;
    }
  } else if (type === 'float16') {
    const place = (vector as Uint16Array).findIndex((bits) => (bits & 0x7c00) === 0x7c00);
    if (place >= 0) return `must be finite, got NaN or infinity in dimension ${place}`;
  } else if (type === 'binary') {
    const bytes = vector as Uint8Array;
    if ((bytes[bytes.length - 1] & spareBits(dimensions)) !== 0) {
      return `must have no bits beyond dimension ${dimensions - 1}`;
    }
  }
  if (metric === 'cosine') {
    // As the addon keeps it: the inverse of the norm in float32.
    const inverse = Math.fround(1 / normOf(type, vector));
    if (!(inverse > 0 && Number.isFinite(inverse))) {
      return 'has no direction: its norm is 0, or too small or large for float32';
    }
  }
  return undefined;
}

function normOf(type: VectorType, vector: VectorsOf[VectorType]): number {
  if (type === 'float32') return float32.norm(vector as Float32Array);
  if (type === 'float16') return float16.norm(vector as Uint16Array);
  return int8.norm(vector as Int8Array);
}

/** Numbers, an element of the vector each, as the type stores them; of binary vectors they are 0 and 1. */
function fromNumbers<T extends VectorType>(
  operation: string,
  name: string,
  shape: VectorShape<T>,
  given: readonly unknown[],
): VectorsOf[T] {
  const { type, dimensions } = shape;
  const numbers = new Float64Array(dimensions);
  for (let i = 0; i < dimensions; i++) {
    const value = given[i];
    if (typeof value !== 'number') {
      throw new HnswError(
        'ERR_HNSW_TYPE',
        `${operation}: ${name}[${i}] must be a number, got ${describe(value)}`,
      );
    }
    const fits =
      type === 'int8'
        ? Number.isInteger(value) && value >= -128 && value <= 127
        : type === 'binary'
          ? value === 0 || value === 1
          : Number.isFinite(value);
    if (!fits) {
      const wanted = { int8: 'a whole number from -128 to 127', binary: '0 or 1', float16: '', float32: '' }[
        type
      ];
      throw new HnswError(
        'ERR_HNSW_VALUE',
        `${operation}: ${name}[${i}] must be ${wanted === '' ? 'finite' : wanted}, got ${value}`,
      );
    }
    numbers[i] = value;
  }
  const vector = newVectors(type, widthOf(shape));
  if (type === 'float16') float16.fromFloat32(Float32Array.from(numbers), vector as Uint16Array);
  else if (type === 'binary') {
    const bytes = vector as Uint8Array;
    for (let i = 0; i < dimensions; i++) bytes[i >> 3] |= numbers[i] << (i & 7);
  } else (vector as Float32Array | Int8Array).set(numbers);
  return vector;
}

/** A copy on memory that nobody else has, made without the program's own constructors. */
function copyOf<T extends VectorType>(
  operation: string,
  name: string,
  type: T,
  value: unknown,
): VectorsOf[T] {
  const Plain = vectorArrays[type];
  if (brandOf.call(value) !== Plain.name) {
    throw new HnswError(
      'ERR_HNSW_TYPE',
      `${operation}: ${name} must be a ${Plain.name}, got ${describe(value)}`,
    );
  }
  const count = lengthOf.call(value);
  const copy = newVectors(type, count);
  // Of a detached array nothing is left to copy.
  if (count > 0) {
    copy.set(new Plain(bufferOf.call(value) as ArrayBuffer, byteOffsetOf.call(value), count) as Uint8Array);
  }
  return copy;
}

/**
 * One vector: the typed array of the type, or `dimensions` numbers.
 *
 * @returns a copy
 * @throws {HnswError} `ERR_HNSW_TYPE`, `ERR_HNSW_DIMENSIONS`, `ERR_HNSW_VALUE`
 */
export function checkVector<T extends VectorType>(
  operation: string,
  name: string,
  shape: VectorShape<T>,
  value: unknown,
): VectorsOf[T] {
  const { type, dimensions } = shape;
  const isArray = brandOf.call(value) === undefined && Array.isArray(value);
  const width = isArray ? dimensions : widthOf(shape);
  const refuse = (length: number) => {
    const wanted =
      width === dimensions ? `${dimensions} dimensions` : `${width} bytes for ${dimensions} bits`;
    throw new HnswError('ERR_HNSW_DIMENSIONS', `${operation}: ${name} must have ${wanted}, got ${length}`);
  };
  let vector: VectorsOf[T];
  if (isArray) {
    if (value.length !== width) refuse(value.length);
    vector = fromNumbers(operation, name, shape, value);
  } else {
    vector = copyOf(operation, name, type, value);
    if (vector.length !== width) refuse(vector.length);
  }
  const bad = badValue(shape, vector);
  if (bad !== undefined) throw new HnswError('ERR_HNSW_VALUE', `${operation}: ${name} ${bad}`);
  return vector;
}

/** Vectors that were checked, on memory of their own. */
export interface Rows<T extends VectorType = VectorType> {
  readonly vectors: VectorsOf[T];
  readonly count: number;
}

/**
 * Vectors one after the other.
 *
 * @returns a copy
 * @throws {HnswError} `ERR_HNSW_TYPE`, `ERR_HNSW_LENGTH`; `ERR_HNSW_VALUE` with the place of the first bad row
 */
export function checkVectors<T extends VectorType>(
  operation: string,
  name: string,
  shape: VectorShape<T>,
  value: unknown,
): Rows<T> {
  const width = widthOf(shape);
  const vectors = copyOf(operation, name, shape.type, value);
  if (vectors.length % width !== 0) {
    throw new HnswError(
      'ERR_HNSW_LENGTH',
      `${operation}: the length of ${name} must be a multiple of ${width}, got ${vectors.length}`,
    );
  }
  const count = vectors.length / width;
  for (let i = 0; i < count; i++) {
    const bad = badValue(shape, vectors.subarray(i * width, (i + 1) * width) as VectorsOf[T]);
    if (bad !== undefined) throw new HnswError('ERR_HNSW_VALUE', `${operation}: row ${i} of ${name} ${bad}`);
  }
  return { vectors, count };
}
