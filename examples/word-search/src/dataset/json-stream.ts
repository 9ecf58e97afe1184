/**
 * A streaming JSON reader (RFC 8259): bytes in, events out, constant memory.
 *
 * The data file is 307 MB of which 34 million are numbers; `JSON.parse` needs all of it as one string and
 * builds 341,479 arrays, about 1 GB in all. Here every token is handled where it lies in the input chunk.
 *
 * Invariants:
 * - a token is contiguous: one that is cut by the end of a chunk is carried over and completed by the next;
 * - carried bytes are bounded by `MAX_TOKEN_BYTES`, nesting by `MAX_DEPTH`, whatever the input says;
 * - a sink sees only well-formed prefixes of a document; `end()` throws if the document is not complete.
 */
import { DatasetError } from '../errors.js';

/** Receives the events of one document, in order. A thrown error ends the reading. */
export interface JsonSink {
  beginObject(): void;
  endObject(): void;
  beginArray(): void;
  endArray(): void;
  key(name: string): void;
  string(value: string): void;
  number(value: number): void;
  literal(value: boolean | null): void;
}

const MAX_TOKEN_BYTES = 65_536;
const MAX_DEPTH = 64;

const Expecting = { value: 0, valueOrEnd: 1, keyOrEnd: 2, key: 3, colon: 4, commaOrEnd: 5, done: 6 } as const;
type Expect = (typeof Expecting)[keyof typeof Expecting];

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/**
 * Powers of ten that a double holds exactly. A decimal of at most 15 digits divided or multiplied by one of
 * them is correctly rounded (W. D. Clinger, "How to read floating point numbers accurately", PLDI 1990).
 */
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const MAX_EXACT_DIGITS = 15;

const LITERALS: ReadonlyMap<number, readonly [string, boolean | null]> = new Map([
  [0x74, ['true', true]],
  [0x66, ['false', false]],
  [0x6e, ['null', null]],
]);

export class JsonStream {
  readonly #sink: JsonSink;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  /** true: an object is open at this depth, false: an array */
  readonly #open: boolean[] = [];
  #expect: Expect = Expecting.value;
  #carry: Uint8Array = new Uint8Array(0);
  /** Bytes of the input before the current window, for messages. */
  #base = 0;
  /** Set by the number reader: the byte after the token, or -1 if the window ended inside it. */
  #numberEnd = -1;

  constructor(sink: JsonSink) {
    this.#sink = sink;
  }

  /**
   * Reads the next bytes of the document.
   * @throws DatasetError `DATASET_FORMAT`, naming the byte offset, on anything that is not JSON
   */
  write(chunk: Uint8Array): void {
    this.#run(this.#carry.length === 0 ? chunk : concat(this.#carry, chunk), false);
  }

  /**
   * Declares the document finished.
   * @throws DatasetError `DATASET_FORMAT` if it is cut short
   */
  end(): void {
    this.#run(this.#carry, true);
    if (this.#expect !== Expecting.done) throw this.#error(0, 'the input ends in the middle of the document');
  }

  #run(window: Uint8Array, final: boolean): void {
    const length = window.length;
    let i = 0;
    while (i < length) {
      const byte = window[i]!;
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
        i++;
        continue;
      }
      const next = this.#token(window, i, byte, final);
      if (next < 0) break;
      i = next;
    }
    if (length - i > MAX_TOKEN_BYTES) throw this.#error(i, `a token is longer than ${MAX_TOKEN_BYTES} bytes`);
    if (final && i < length) throw this.#error(i, 'the input ends in the middle of a token');
    this.#base += i;
    this.#carry = i < length ? window.slice(i) : new Uint8Array(0);
  }

  /** Handles the token at `i`; gives the offset behind it, or -1 if the window ends before it does. */
  #token(window: Uint8Array, i: number, byte: number, final: boolean): number {
    switch (this.#expect) {
      case Expecting.commaOrEnd:
        if (byte === 0x2c) {
          this.#expect = this.#open[this.#open.length - 1] ? Expecting.key : Expecting.value;
          return i + 1;
        }
        return this.#close(byte, i);
      case Expecting.valueOrEnd:
        if (byte === 0x5d) return this.#close(byte, i);
        return this.#value(window, i, byte, final);
      case Expecting.value:
        return this.#value(window, i, byte, final);
      case Expecting.keyOrEnd:
        if (byte === 0x7d) return this.#close(byte, i);
        return this.#key(window, i, byte);
      case Expecting.key:
        return this.#key(window, i, byte);
      case Expecting.colon:
        if (byte !== 0x3a) throw this.#unexpected(byte, i, "':'");
        this.#expect = Expecting.value;
        return i + 1;
      case Expecting.done:
        throw this.#unexpected(byte, i, 'the end of the input');
    }
  }

  #value(window: Uint8Array, i: number, byte: number, final: boolean): number {
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
      const value = this.#readNumber(window, i, final);
      if (this.#numberEnd < 0) return -1;
      this.#afterValue();
      this.#sink.number(value);
      return this.#numberEnd;
    }
    if (byte === QUOTE) {
      const end = this.#stringEnd(window, i);
      if (end < 0) return -1;
      this.#afterValue();
      this.#sink.string(this.#decode(window, i, end));
      return end;
    }
    if (byte === 0x7b || byte === 0x5b) {
      if (this.#open.length === MAX_DEPTH)
        throw this.#error(i, `arrays and objects nest deeper than ${MAX_DEPTH}`);
      const isObject = byte === 0x7b;
      this.#open.push(isObject);
      this.#expect = isObject ? Expecting.keyOrEnd : Expecting.valueOrEnd;
      if (isObject) this.#sink.beginObject();
      else this.#sink.beginArray();
      return i + 1;
    }
    const literal = LITERALS.get(byte);
    if (literal === undefined) throw this.#unexpected(byte, i, 'a value');
    const [text, value] = literal;
    const seen = Buffer.from(window.subarray(i, i + text.length)).toString('latin1');
    if (!text.startsWith(seen)) throw this.#unexpected(byte, i, 'a value');
    if (seen.length < text.length) return -1;
    this.#afterValue();
    this.#sink.literal(value);
    return i + text.length;
  }

  #key(window: Uint8Array, i: number, byte: number): number {
    if (byte !== QUOTE) throw this.#unexpected(byte, i, 'a key');
    const end = this.#stringEnd(window, i);
    if (end < 0) return -1;
    this.#expect = Expecting.colon;
    this.#sink.key(this.#decode(window, i, end));
    return end;
  }

  #close(byte: number, i: number): number {
    const isObject = this.#open[this.#open.length - 1];
    if (byte !== (isObject ? 0x7d : 0x5d))
      throw this.#unexpected(byte, i, isObject ? "',' or '}'" : "',' or ']'");
    this.#open.pop();
    this.#afterValue();
    if (isObject) this.#sink.endObject();
    else this.#sink.endArray();
    return i + 1;
  }

  #afterValue(): void {
    this.#expect = this.#open.length === 0 ? Expecting.done : Expecting.commaOrEnd;
  }

  /** The offset behind the closing quote of the string that opens at `i`, or -1. */
  #stringEnd(window: Uint8Array, i: number): number {
    for (let j = i + 1; j < window.length; j++) {
      const byte = window[j]!;
      if (byte === QUOTE) return j + 1;
      if (byte === BACKSLASH) j++;
      else if (byte < 0x20) throw this.#error(j, 'a control character inside a string');
    }
    return -1;
  }

  #decode(window: Uint8Array, start: number, end: number): string {
    let text: string;
    try {
      text = this.#utf8.decode(window.subarray(start, end));
      if (!text.includes('\\')) return text.slice(1, -1);
      text = JSON.parse(text) as string;
    } catch (cause) {
      throw this.#error(start, 'a malformed string', cause);
    }
    if (/\p{Surrogate}/u.test(text)) throw this.#error(start, 'half of a surrogate pair in a string');
    return text;
  }

  /** Reads `-?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?` and sets `#numberEnd`. */
  #readNumber(window: Uint8Array, start: number, final: boolean): number {
    const length = window.length;
    let i = start;
    let mantissa = 0;
    let digits = 0;
    let scale = 0;
    const negative = window[i] === MINUS;
    if (negative) i++;
    const first = i;
    let byte = 0;
    for (; i < length; i++) {
      byte = window[i]!;
      if (byte < ZERO || byte > NINE) break;
      mantissa = mantissa * 10 + (byte - ZERO);
    }
    digits = i - first;
    let wellFormed = digits > 0 && (digits === 1 || window[first] !== ZERO);
    if (i < length && byte === DOT) {
      const point = ++i;
      for (; i < length; i++) {
        byte = window[i]!;
        if (byte < ZERO || byte > NINE) break;
        mantissa = mantissa * 10 + (byte - ZERO);
      }
      scale = i - point;
      digits += scale;
      wellFormed &&= scale > 0;
    }
    let exponent = 0;
    if (i < length && (byte === 0x65 || byte === 0x45)) {
      i++;
      const sign = window[i];
      if (sign === PLUS || sign === MINUS) i++;
      const firstOfExponent = i;
      for (; i < length; i++) {
        byte = window[i]!;
        if (byte < ZERO || byte > NINE) break;
        exponent = exponent * 10 + (byte - ZERO);
      }
      wellFormed &&= i > firstOfExponent;
      if (sign === MINUS) exponent = -exponent;
    }
    if (i === length && !final) {
      this.#numberEnd = -1;
      return 0;
    }
    this.#numberEnd = i;
    if (!wellFormed) throw this.#error(start, 'a malformed number');
    const power = exponent - scale;
    if (digits > MAX_EXACT_DIGITS || power < -22 || power > 22)
      return Number(Buffer.from(window.subarray(start, i)).toString('latin1'));
    const magnitude = power < 0 ? mantissa / POWERS_OF_TEN[-power]! : mantissa * POWERS_OF_TEN[power]!;
    return negative ? -magnitude : magnitude;
  }

  #unexpected(byte: number, i: number, expected: string): DatasetError {
    const shown = byte > 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `byte ${byte}`;
    return this.#error(i, `expected ${expected}, found ${shown}`);
  }

  #error(i: number, what: string, cause?: unknown): DatasetError {
    const message = `not valid JSON at byte ${this.#base + i}: ${what}`;
    return new DatasetError('DATASET_FORMAT', message, cause === undefined ? undefined : { cause });
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
