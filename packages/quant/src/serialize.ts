/**
 * The envelope of a serialized codec, and cursors for what is in it. All numbers are little-endian.
 *
 *   0  magic 'RVQC'
 *   4  u16 format version, 1
 *   6  u16 kind, by its place in `kinds`
 *   8  u32 dimensions
 *  12  u32 bytes of the parameters
 *  16  u32 bytes of the payload
 *  20  parameters, then payload, as doc/format.md says of each kind
 *   n  u32 CRC-32C of all bytes before
 */

import { checkArray, length, maxDimensions, newArray } from './check.js';
import type { CodecKind } from './codec.js';
import { QuantError } from './errors.js';

export const formatVersion = 1;

/** Numbers of kinds never change; new ones are appended. */
export const kinds: readonly CodecKind[] = [
  'rabitq',
  'int8',
  'int4',
  'two-level',
  'float16',
  'bfloat16',
  'binary',
  'product',
];

const magic = 0x43515652; // 'RVQC'
const headerBytes = 20;
const crcBytes = 4;

/** CRC-32C (Castagnoli; RFC 3720, B.4) by eight tables of 256 ("slicing by 8", Kounavis and Berry, 2008). */
const crcTables = (() => {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    tables[0][i] = crc >>> 0;
  }
  for (let t = 1; t < 8; t++) {
    for (let i = 0; i < 256; i++) {
      const before = tables[t - 1][i];
      tables[t][i] = (before >>> 8) ^ tables[0][before & 255];
    }
  }
  return tables;
})();

/** @example crc32c(new TextEncoder().encode('123456789')).toString(16); // e3069283 */
export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = crcTables;
  const n = bytes.length;
  let crc = 0xffffffff;
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const low = crc ^ (bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24));
    crc =
      t7[low & 255] ^
      t6[(low >>> 8) & 255] ^
      t5[(low >>> 16) & 255] ^
      t4[low >>> 24] ^
      t3[bytes[i + 4]] ^
      t2[bytes[i + 5]] ^
      t1[bytes[i + 6]] ^
      t0[bytes[i + 7]];
  }
  for (; i < n; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}

/** Collects fields. */
export class Writer {
  #bytes: Uint8Array = new Uint8Array(256);
  #length = 0;

  #view(size: number): DataView {
    if (this.#length + size > this.#bytes.length) {
      const larger = newArray(
        'serialize',
        'Uint8Array',
        Math.max(2 * this.#bytes.length, this.#length + size),
      );
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    const view = new DataView(this.#bytes.buffer, this.#length, size);
    this.#length += size;
    return view;
  }

  u8(value: number): this {
    this.#view(1).setUint8(0, value);
    return this;
  }

  u16(value: number): this {
    this.#view(2).setUint16(0, value, true);
    return this;
  }

  u32(value: number): this {
    this.#view(4).setUint32(0, value, true);
    return this;
  }

  f32(value: number): this {
    this.#view(4).setFloat32(0, value, true);
    return this;
  }

  f64(value: number): this {
    this.#view(8).setFloat64(0, value, true);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const view = this.#view(bytes.length);
    this.#bytes.set(bytes, view.byteOffset);
    return this;
  }

  /** float32, one after the other, without a length. */
  floats(values: Float32Array): this {
    const view = this.#view(4 * values.length);
    for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i], true);
    return this;
  }

  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** A cursor over a section, which never leaves it. */
export class Reader {
  readonly #view: DataView;
  readonly #section: string;
  #at = 0;

  constructor(bytes: Uint8Array, section: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#section = section;
  }

  #take(size: number): number {
    const at = this.#at;
    if (size > this.#view.byteLength - at) this.fail(`ends after ${this.#view.byteLength} bytes`);
    this.#at = at + size;
    return at;
  }

  /** @throws {QuantError} `ERR_QUANT_CORRUPT` */
  fail(what: string): never {
    throw new QuantError('ERR_QUANT_CORRUPT', `deserialize: the ${this.#section} ${what}`);
  }

  /** Fails unless `condition` holds; `what` continues "the parameters ...". */
  expect(condition: boolean, what: string): asserts condition {
    if (!condition) this.fail(what);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A copy of so many bytes; the size is checked before memory is asked for. */
  bytes(size: number): Uint8Array {
    const at = this.#take(size);
    const copy = newArray('deserialize', 'Uint8Array', size);
    copy.set(new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, size));
    return copy;
  }

  /** So many float32, all finite. */
  floats(count: number): Float32Array {
    const at = this.#take(4 * count);
    const values = newArray('deserialize', 'Float32Array', count);
    for (let i = 0; i < count; i++) {
      const value = this.#view.getFloat32(at + 4 * i, true);
      if (!Number.isFinite(value)) this.fail(`hold ${value} where a number belongs`);
      values[i] = value;
    }
    return values;
  }

  /** Fails unless all has been read. */
  end(): void {
    const left = this.#view.byteLength - this.#at;
    if (left !== 0) this.fail(`have ${left} bytes too many`);
  }
}

/** What is in an envelope. */
export interface Sections {
  readonly kind: CodecKind;
  readonly dimensions: number;
  readonly parameters: Reader;
  readonly payload: Reader;
}

/** Puts sections into an envelope. */
export function seal(
  kind: CodecKind,
  dimensions: number,
  parameters: Uint8Array,
  payload: Uint8Array,
): Uint8Array {
  const total = headerBytes + parameters.length + payload.length;
  const bytes = newArray('serialize', 'Uint8Array', total + crcBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint16(4, formatVersion, true);
  view.setUint16(6, kinds.indexOf(kind), true);
  view.setUint32(8, dimensions, true);
  view.setUint32(12, parameters.length, true);
  view.setUint32(16, payload.length, true);
  bytes.set(parameters, headerBytes);
  bytes.set(payload, headerBytes + parameters.length);
  view.setUint32(total, crc32c(bytes.subarray(0, total)), true);
  return bytes;
}

function corrupt(what: string): QuantError {
  return new QuantError('ERR_QUANT_CORRUPT', `deserialize: ${what}`);
}

/**
 * Takes an envelope apart.
 *
 * @throws {QuantError} `ERR_QUANT_TYPE`; `_FORMAT` where it is none or of another version; `_CORRUPT` where it was cut off
 *   or altered
 */
export function open(bytes: unknown): Sections {
  checkArray('deserialize', 'bytes', bytes, 'Uint8Array');
  const n = length(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, n);
  if (n < 4) throw corrupt(`${n} bytes are too few`);
  if (view.getUint32(0, true) !== magic) {
    throw new QuantError('ERR_QUANT_FORMAT', 'deserialize: this is no serialized codec');
  }
  if (n < headerBytes + crcBytes) throw corrupt(`${n} bytes are too few`);
  // Before the checksum: another version may have it elsewhere.
  const version = view.getUint16(4, true);
  if (version !== formatVersion) {
    throw new QuantError(
      'ERR_QUANT_FORMAT',
      `deserialize: this is format version ${version}, and only ${formatVersion} can be read`,
    );
  }
  const [parameters, payload] = [view.getUint32(12, true), view.getUint32(16, true)];
  const total = headerBytes + parameters + payload;
  if (n !== total + crcBytes) throw corrupt(`expected ${total + crcBytes} bytes, got ${n}`);
  if (view.getUint32(total, true) !== crc32c(bytes.subarray(0, total)))
    throw corrupt('the checksum is wrong');
  const kind = kinds.at(view.getUint16(6, true));
  if (kind === undefined) throw corrupt(`there is no kind ${view.getUint16(6, true)}`);
  const dimensions = view.getUint32(8, true);
  if (dimensions < 1 || dimensions > maxDimensions) throw corrupt(`${dimensions} dimensions`);
  const first = headerBytes + parameters;
  return {
    kind,
    dimensions,
    parameters: new Reader(bytes.subarray(headerBytes, first), 'parameters'),
    payload: new Reader(bytes.subarray(first, total), 'payload'),
  };
}
