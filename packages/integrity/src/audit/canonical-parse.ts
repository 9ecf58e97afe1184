/**
 * Reads canonical bytes, and nothing else: what is accepted is exactly what `canonicalBytes` writes.
 *
 * Bytes that were signed are read here and not by JSON.parse, which takes the last of two equal keys, any order, spaces,
 * escapes that need not be, and numbers that it rounds: two readers of one signature could then see two events. Every rule
 * is local, so one pass is enough: an accepted text has one value, and that value has one text.
 */
import { describe } from '../check.js';
import { toHex } from '../crypto/bytes.js';
import { readCodePoint } from '../crypto/utf8.js';
import { IntegrityError } from '../errors.js';
import { type CanonicalLimits, type CanonicalValue, canonicalLimits, shortEscapes } from './canonical.js';

/** Control characters by the letter of their short escape. */
const unescaped = new Map([...shortEscapes].map(([code, letter]) => [letter.charCodeAt(0), code]));

const literals: readonly (readonly [Uint8Array, null | boolean])[] = [
  [Uint8Array.of(110, 117, 108, 108), null],
  [Uint8Array.of(116, 114, 117, 101), true],
  [Uint8Array.of(102, 97, 108, 115, 101), false],
];

/** What the parser stops with: a wrong byte, or the end where more must follow. */
class Stop {
  readonly at: number;
  readonly message: string;
  readonly endedEarly: boolean;

  constructor(at: number, message: string, endedEarly: boolean) {
    this.at = at;
    this.message = message;
    this.endedEarly = endedEarly;
  }
}

class Parser {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #maxDepth: number;
  #at = 0;

  constructor(bytes: Uint8Array, maxDepth: number) {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.#maxDepth = maxDepth;
  }

  whole(): CanonicalValue {
    const value = this.#value(0);
    if (this.#at < this.#end) this.#stop(this.#at, 'nothing may follow the value');
    return value;
  }

  #stop(at: number, message: string): never {
    throw new Stop(at, message, false);
  }

  /** The byte at a place; the end of the bytes is another kind of error than a wrong byte. */
  #peek(): number {
    if (this.#at >= this.#end) throw new Stop(this.#end, 'the value is not complete', true);
    return this.#bytes[this.#at] as number;
  }

  #expect(byte: number): void {
    if (this.#peek() !== byte) this.#stop(this.#at, `expected ${String.fromCharCode(byte)}`);
    this.#at++;
  }

  #value(depth: number): CanonicalValue {
    const first = this.#peek();
    if (first === 34) return this.#string();
    if (first === 123 || first === 91) {
      if (depth >= this.#maxDepth) this.#stop(this.#at, `values nest deeper than ${this.#maxDepth} levels`);
      return first === 123 ? this.#object(depth + 1) : this.#array(depth + 1);
    }
    if (first === 45 || (first >= 48 && first <= 57)) return this.#number();
    for (const [text, value] of literals) {
      if (text[0] !== first) continue;
      for (const byte of text) this.#expect(byte);
      return value;
    }
    return this.#stop(this.#at, 'expected a value, without spaces');
  }

  #array(depth: number): CanonicalValue {
    this.#at++;
    const array: CanonicalValue[] = [];
    if (this.#peek() === 93) {
      this.#at++;
      return array;
    }
    for (;;) {
      array.push(this.#value(depth));
      if (this.#peek() === 93) {
        this.#at++;
        return array;
      }
      this.#expect(44);
    }
  }

  #object(depth: number): CanonicalValue {
    this.#at++;
    const object: Record<string, CanonicalValue> = {};
    if (this.#peek() === 125) {
      this.#at++;
      return object;
    }
    let previous: string | undefined;
    for (;;) {
      const from = this.#at;
      if (this.#peek() !== 34) this.#stop(from, 'expected a key');
      const key = this.#string();
      // < on strings compares UTF-16 code units, as RFC 8785 section 3.2.3 wants; equal keys fail, too.
      if (previous !== undefined && !(previous < key))
        this.#stop(from, previous === key ? 'a key occurs twice' : 'keys are not in order');
      previous = key;
      this.#expect(58);
      const value = this.#value(depth);
      // An assignment to __proto__ would set the prototype.
      if (key === '__proto__')
        Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
      else object[key] = value;
      if (this.#peek() === 125) {
        this.#at++;
        return object;
      }
      this.#expect(44);
    }
  }

  #number(): number {
    const from = this.#at;
    const negative = this.#peek() === 45;
    if (negative) this.#at++;
    const first = this.#peek();
    if (first < 48 || first > 57) this.#stop(this.#at, 'expected a digit');
    if (first === 48) {
      if (negative) this.#stop(from, '-0 is written 0');
      this.#at++;
      const next = this.#at < this.#end ? (this.#bytes[this.#at] as number) : 0;
      if (next >= 48 && next <= 57) this.#stop(this.#at, 'a number has no leading zero');
      return 0;
    }
    let number = 0;
    while (this.#at < this.#end) {
      const digit = (this.#bytes[this.#at] as number) - 48;
      if (digit < 0 || digit > 9) break;
      number = number * 10 + digit;
      // Every step up to here was exact, so the bound is, too.
      if (number > Number.MAX_SAFE_INTEGER) this.#stop(from, 'a number is beyond 2^53 - 1');
      this.#at++;
    }
    return negative ? -number : number;
  }

  #string(): string {
    this.#at++;
    const bytes = this.#bytes;
    let text = '';
    for (;;) {
      // A run of plain ASCII.
      const from = this.#at;
      let at = from;
      while (at < this.#end) {
        const byte = bytes[at] as number;
        if (byte < 32 || byte > 126 || byte === 34 || byte === 92) break;
        at++;
      }
      // In chunks: a call takes only so many arguments.
      for (let i = from; i < at; i += 4096)
        text += String.fromCharCode.apply(
          null,
          bytes.subarray(i, Math.min(at, i + 4096)) as unknown as number[],
        );
      this.#at = at;
      const byte = this.#peek();
      if (byte === 34) {
        this.#at++;
        return text;
      }
      if (byte === 92) text += this.#escape();
      else if (byte < 32) this.#stop(at, 'a control character must be escaped');
      else text += this.#codePoint();
    }
  }

  #codePoint(): string {
    const read = readCodePoint(this.#bytes, this.#at, this.#end);
    if (read === -1) this.#stop(this.#at, 'the bytes are not UTF-8');
    if (read === -2) throw new Stop(this.#end, 'the value is not complete', true);
    this.#at += read % 8;
    return String.fromCodePoint(Math.floor(read / 8));
  }

  #escape(): string {
    const from = this.#at++;
    const letter = this.#peek();
    const short = unescaped.get(letter);
    if (short !== undefined) {
      this.#at++;
      return String.fromCharCode(short);
    }
    if (letter !== 117) this.#stop(from, 'no such escape');
    this.#at++;
    let code = 0;
    for (let i = 0; i < 4; i++) {
      const digit = this.#peek();
      const value = digit >= 48 && digit <= 57 ? digit - 48 : digit >= 97 && digit <= 102 ? digit - 87 : -1;
      if (value < 0 || (i < 2 && value !== 0))
        this.#stop(from, 'only control characters are escaped, with digits 0-9 and a-f');
      code = code * 16 + value;
      this.#at++;
    }
    if (code >= 32 || shortEscapes.has(code)) this.#stop(from, 'this character has a shorter form');
    return String.fromCharCode(code);
  }
}

/** Bytes around a place, for a message. */
function around(bytes: Uint8Array, at: number): string {
  return at < bytes.length ? ` (0x${toHex(bytes.subarray(at, at + 1))})` : '';
}

/**
 * The value of canonical bytes. Objects are plain; a key such as `__proto__` becomes a property of its own, as with JSON.parse.
 * O(n).
 *
 * @throws IntegrityError `ERR_INTEGRITY_CANONICAL` for bytes that `canonicalBytes` does not write; the message names the byte.
 *   `ERR_INTEGRITY_LIMIT` for more than `maxBytes`
 * @example
 * parseCanonical(canonicalBytes({ a: 1 })); // { a: 1 }
 */
export function parseCanonical(bytes: Uint8Array, limits: CanonicalLimits = {}): CanonicalValue {
  const { maxDepth, maxBytes } = canonicalLimits(limits);
  if (!(bytes instanceof Uint8Array))
    throw new IntegrityError('ERR_INTEGRITY_ARGUMENT', `bytes must be a Uint8Array, not ${describe(bytes)}`, {
      field: 'bytes',
    });
  if (bytes.length > maxBytes)
    throw new IntegrityError(
      'ERR_INTEGRITY_LIMIT',
      `a value of ${bytes.length} bytes; at most ${maxBytes} are read`,
      { field: 'bytes' },
    );
  try {
    return new Parser(bytes, maxDepth).whole();
  } catch (stop) {
    if (!(stop instanceof Stop)) throw stop;
    throw new IntegrityError(
      'ERR_INTEGRITY_CANONICAL',
      `not canonical at byte ${stop.at}${around(bytes, stop.at)}: ${stop.message}`,
      { field: 'bytes' },
    );
  }
}

/**
 * Whether bytes are the beginning of something canonical: more could follow and make them whole. A write that was cut off
 * looks like this; a changed byte does not, but for one that could be part of another value.
 */
export function isCanonicalPrefix(bytes: Uint8Array, limits: CanonicalLimits = {}): boolean {
  const { maxDepth } = canonicalLimits(limits);
  try {
    new Parser(bytes, maxDepth).whole();
    return false;
  } catch (stop) {
    if (!(stop instanceof Stop)) throw stop;
    return stop.endedEarly;
  }
}
