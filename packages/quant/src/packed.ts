/** Codes in blocks of 32. */

import { checkArray, checkDimensions, checkOptions, checkWhole, checkWord, length, plain } from './check.js';
import type { CodecKind } from './codec.js';
import { QuantError } from './errors.js';
import { kinds } from './serialize.js';

/** Codes of one block; those that are missing from the last are zero. */
export const blockRows = 32;

/**
 * Codes of one codec in blocks of 32, interleaved as its kind asks for (doc/format.md). Made by `pack`; from bytes that
 * were stored by `new Packed(...)`.
 */
export class Packed {
  /** Only the constructor gives it. */
  readonly #isMade = true;

  readonly kind: CodecKind;
  readonly dimensions: number;
  /** How many codes there are. */
  readonly count: number;
  /** Of one block. */
  readonly blockBytes: number;
  /** Of the codec that made the codes: no other takes them (doc/format.md). To be stored beside `bytes`. */
  readonly fingerprint: number;
  /** ceil(count / 32) blocks. Those that begin at a multiple of 64 bytes in memory, as `pack` makes them, are read fastest. */
  readonly bytes: Uint8Array;

  /**
   * Whether the constructor has made a value, whose fields are then as it has checked them: no proxy, no object that has
   * the prototype alone, no accessor that answers otherwise the next time.
   */
  static [Symbol.hasInstance](value: unknown): value is Packed {
    return typeof value === 'object' && value !== null && #isMade in value;
  }

  /**
   * @throws {QuantError} `ERR_QUANT_TYPE`, `_ARGUMENT`, `_DIMENSIONS`, and `_LENGTH` where `bytes` are not so many blocks
   */
  constructor(parts: {
    readonly kind: CodecKind;
    readonly dimensions: number;
    readonly count: number;
    readonly blockBytes: number;
    readonly fingerprint: number;
    readonly bytes: Uint8Array;
  }) {
    const { kind, dimensions, count, blockBytes, fingerprint, bytes } = checkOptions('Packed', parts);
    checkWord('Packed', 'kind', kind, kinds);
    checkDimensions('Packed', dimensions);
    checkWhole('Packed', 'count', count, 0, 2 ** 32 - 1);
    checkWhole('Packed', 'blockBytes', blockBytes, 1, 2 ** 32 - 1);
    checkWhole('Packed', 'fingerprint', fingerprint, 0, 2 ** 32 - 1);
    checkArray('Packed', 'bytes', bytes, 'Uint8Array');
    if (length(bytes) !== Math.ceil(count / blockRows) * blockBytes) {
      throw new QuantError(
        'ERR_QUANT_LENGTH',
        `Packed: ${count} codes in blocks of ${blockBytes} bytes need ${Math.ceil(count / blockRows) * blockBytes} bytes, got ${length(bytes)}`,
      );
    }
    this.kind = kind;
    this.dimensions = dimensions;
    this.count = count;
    this.blockBytes = blockBytes;
    this.fingerprint = fingerprint;
    this.bytes = plain(bytes);
    Object.freeze(this);
  }
}

const fingerprints = new WeakMap<object, number>();

/**
 * What codes of one codec have in common, and those of others have not: the checksum of what decides them, in its
 * serialized form. Two codecs have the same by chance once in 2^32.
 *
 * @param serialize called the first time
 */
export function fingerprintOf(codec: object, serialize: () => Uint8Array): number {
  let fingerprint = fingerprints.get(codec);
  if (fingerprint === undefined) {
    const bytes = serialize();
    fingerprint = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(
      bytes.length - 4,
      true,
    );
    fingerprints.set(codec, fingerprint);
  }
  return fingerprint;
}

/**
 * @returns how many codes there are
 * @throws {QuantError} `ERR_QUANT_TYPE` for codes of another codec; `_DETACHED` where their memory is gone
 */
export function checkPacked(
  operation: string,
  packed: Packed,
  codec: { readonly kind: CodecKind; readonly dimensions: number },
  blockBytes: number,
  fingerprint: number,
): number {
  const { kind, dimensions } = codec;
  if (packed.kind !== kind || packed.dimensions !== dimensions || packed.blockBytes !== blockBytes) {
    throw new QuantError(
      'ERR_QUANT_TYPE',
      `${operation}: these are codes of ${packed.kind} for ${packed.dimensions} dimensions in blocks of ${packed.blockBytes} bytes, expected ${kind}, ${dimensions} and ${blockBytes}`,
    );
  }
  if (packed.fingerprint !== fingerprint) {
    throw new QuantError(
      'ERR_QUANT_TYPE',
      `${operation}: these are codes of another ${kind} codec, of fingerprint ${packed.fingerprint}; this one has ${fingerprint}. Use the codec that packed them, or deserialize it from what was stored of it`,
    );
  }
  checkArray(operation, 'codes.bytes', packed.bytes, 'Uint8Array');
  if (length(packed.bytes) !== Math.ceil(packed.count / blockRows) * blockBytes) {
    throw new QuantError('ERR_QUANT_DETACHED', `${operation}: codes.bytes has lost some of its memory`);
  }
  return packed.count;
}
