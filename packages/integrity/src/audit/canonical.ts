/**
 * Canonical bytes: the JSON Canonicalization Scheme (RFC 8785) for null, booleans, whole numbers, strings, arrays and objects.
 *
 * Two values are equal exactly if their bytes are, so bytes can be signed and compared without parsing. Fractions are left
 * out: their shortest decimal form (RFC 8785 section 3.2.2.3) is the one part of the scheme that another implementation gets
 * wrong easily. Write a ratio in millionths, and a number beyond 2^53 - 1 as a string.
 */
import { checkObject, describe } from '../check.js';
import { utf8Length, writeUtf8 } from '../crypto/utf8.js';
import { IntegrityError } from '../errors.js';

/** A value that has canonical bytes. Numbers are whole and within +-(2^53 - 1). */
export type CanonicalValue =
  | null
  | boolean
  | number
  | string
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue };

/** An object that has canonical bytes. */
export type CanonicalObject = { readonly [key: string]: CanonicalValue };

/** Bounds on what is written or read. */
export interface CanonicalLimits {
  /** How deep arrays and objects may nest; default 32, at most 128. */
  readonly maxDepth?: number;
  /** How many bytes; default 1 MiB, at most 64 MiB. */
  readonly maxBytes?: number;
}

/** The limits with their defaults, checked. */
export function canonicalLimits(limits: CanonicalLimits): Required<CanonicalLimits> {
  const { maxDepth = 32, maxBytes = 1 << 20 }: CanonicalLimits = checkObject(limits, 'limits');
  if (!Number.isInteger(maxDepth) || maxDepth < 0 || maxDepth > 128)
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `maxDepth must be a whole number from 0 to 128, not ${describe(maxDepth)}`,
      { field: 'maxDepth' },
    );
  if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > 1 << 26)
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `maxBytes must be a whole number from 1 to ${1 << 26}, not ${describe(maxBytes)}`,
      { field: 'maxBytes' },
    );
  return { maxDepth, maxBytes };
}

/** Short escapes of RFC 8785 section 3.2.2.2 by code unit; every other control character is \u00xx, and nothing else is escaped. */
export const shortEscapes: ReadonlyMap<number, string> = new Map([
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [12, 'f'],
  [13, 'r'],
  [34, '"'],
  [92, '\\'],
]);

/**
 * Kept between calls, so that writing a record allocates its result and little else. A writer takes it away while it works: a
 * getter of the value may call in here again.
 */
let spare: Uint8Array | undefined;
/** Larger buffers are not kept. */
const keptBytes = 1 << 16;

/** The place of a value, as a path for a message. It is built only when something is wrong. */
interface Place {
  readonly within: Place | undefined;
  readonly key: string | number;
}

function path(place: Place | undefined): string {
  if (place === undefined) return 'value';
  return typeof place.key === 'number'
    ? `${path(place.within)}[${place.key}]`
    : `${path(place.within)}.${place.key.slice(0, 40)}`;
}

function refuse(place: Place | undefined, message: string): never {
  const field = path(place);
  throw new IntegrityError('ERR_INTEGRITY_CANONICAL', `${field} ${message}`, { field });
}

class Writer {
  #buffer: Uint8Array;
  #at = 0;
  readonly #limits: Required<CanonicalLimits>;

  constructor(limits: Required<CanonicalLimits>) {
    this.#limits = limits;
    this.#buffer = spare ?? new Uint8Array(1024);
    spare = undefined;
  }

  bytes(): Uint8Array {
    const bytes = this.#buffer.slice(0, this.#at);
    if (this.#buffer.length <= keptBytes) spare = this.#buffer;
    return bytes;
  }

  #reserve(count: number): void {
    const needed = this.#at + count;
    if (needed > this.#limits.maxBytes)
      throw new IntegrityError(
        'ERR_INTEGRITY_LIMIT',
        `the canonical bytes of a value would be more than ${this.#limits.maxBytes}: keep the parts that prove something, and a digest of the rest`,
        { field: 'value' },
      );
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = larger;
  }

  #ascii(text: string): void {
    this.#reserve(text.length);
    const buffer = this.#buffer;
    const at = this.#at;
    for (let i = 0; i < text.length; i++) buffer[at + i] = text.charCodeAt(i);
    this.#at = at + text.length;
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#buffer[this.#at++] = byte;
  }

  #string(text: string, place: Place | undefined): void {
    const { length } = text;
    this.#reserve(length + 2);
    // Most strings are ASCII without escapes: they are written as they are read, until something else comes.
    const buffer = this.#buffer;
    let at = this.#at;
    buffer[at++] = 34;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 32 || code > 126 || code === 34 || code === 92) {
        this.#at++;
        this.#escaped(text, place);
        this.#byte(34);
        return;
      }
      buffer[at++] = code;
    }
    buffer[at++] = 34;
    this.#at = at;
  }

  #escaped(text: string, place: Place | undefined): void {
    const length = utf8Length(text);
    if (length < 0)
      refuse(place, 'holds half of a surrogate pair, which has no UTF-8: write such data as hexadecimal');
    let from = 0;
    const flush = (to: number): void => {
      if (to === from) return;
      const part = text.slice(from, to);
      this.#reserve(utf8Length(part));
      this.#at = writeUtf8(part, this.#buffer, this.#at);
    };
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 32 && code !== 34 && code !== 92) continue;
      flush(i);
      from = i + 1;
      const short = shortEscapes.get(code);
      this.#ascii(short === undefined ? `\\u00${code < 16 ? '0' : ''}${code.toString(16)}` : `\\${short}`);
    }
    flush(text.length);
  }

  value(value: unknown, depth: number, place: Place | undefined): void {
    switch (typeof value) {
      case 'string':
        this.#string(value, place);
        break;
      case 'number':
        if (!Number.isSafeInteger(value) || Object.is(value, -0))
          refuse(
            place,
            `is ${describe(value)}: numbers are whole and within +-(2^53 - 1); scale a fraction, and write a larger number as a string`,
          );
        this.#ascii(String(value));
        break;
      case 'boolean':
        this.#ascii(value ? 'true' : 'false');
        break;
      case 'object':
        if (value === null) this.#ascii('null');
        else this.#nested(value, depth, place);
        break;
      case 'bigint':
        refuse(place, 'is a bigint: write it as a string');
        break;
      default:
        refuse(place, `is ${describe(value)}, which has no canonical bytes: leave it out or write null`);
    }
  }

  #nested(value: object, depth: number, place: Place | undefined): void {
    if (depth >= this.#limits.maxDepth)
      refuse(place, `nests deeper than ${this.#limits.maxDepth} levels, or holds itself`);
    if (Array.isArray(value)) this.#array(value, depth, place);
    else this.#object(value, depth, place);
  }

  #array(array: readonly unknown[], depth: number, place: Place | undefined): void {
    this.#byte(91);
    for (let i = 0; i < array.length; i++) {
      if (i > 0) this.#byte(44);
      this.value(array[i], depth + 1, { within: place, key: i });
    }
    this.#byte(93);
  }

  #object(object: object, depth: number, place: Place | undefined): void {
    // A plain object of any realm: its prototype is null or has no prototype itself. Dates, maps and typed arrays are not.
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      refuse(place, 'is an object of a class: only plain objects and arrays have canonical bytes');
    if (Object.getOwnPropertySymbols(object).length > 0) refuse(place, 'has a key that is a symbol');
    // Array.prototype.sort without a comparison orders by UTF-16 code units, as RFC 8785 section 3.2.3 wants.
    const keys = Object.keys(object).sort();
    this.#byte(123);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const inner = { within: place, key };
      if (i > 0) this.#byte(44);
      this.#string(key, inner);
      this.#byte(58);
      this.value((object as Readonly<Record<string, unknown>>)[key], depth + 1, inner);
    }
    this.#byte(125);
  }
}

/**
 * The canonical bytes of a value. O(n log k) for n bytes and k keys of an object.
 *
 * @throws IntegrityError `ERR_INTEGRITY_CANONICAL` for a value that has none; `field` names the place.
 *   `ERR_INTEGRITY_LIMIT` past `maxBytes`
 * @example
 * canonicalBytes({ b: [1, 'x'], a: null }); // the bytes of {"a":null,"b":[1,"x"]}
 */
export function canonicalBytes(value: unknown, limits: CanonicalLimits = {}): Uint8Array {
  const writer = new Writer(canonicalLimits(limits));
  writer.value(value, 0, undefined);
  return writer.bytes();
}
