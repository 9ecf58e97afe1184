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
  /** ceil(count / 32) blocks. */
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
    readonly bytes: Uint8Array;
  }) {
    const { kind, dimensions, count, blockBytes, bytes } = checkOptions('Packed', parts);
    checkWord('Packed', 'kind', kind, kinds);
    checkDimensions('Packed', dimensions);
    checkWhole('Packed', 'count', count, 0, 2 ** 32 - 1);
    checkWhole('Packed', 'blockBytes', blockBytes, 1, 2 ** 32 - 1);
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
    this.bytes = plain(bytes);
    Object.freeze(this);
  }
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
): number {
  const { kind, dimensions } = codec;
  if (packed.kind !== kind || packed.dimensions !== dimensions || packed.blockBytes !== blockBytes) {
    throw new QuantError(
      'ERR_QUANT_TYPE',
      `${operation}: these are codes of ${packed.kind} for ${packed.dimensions} dimensions in blocks of ${packed.blockBytes} bytes, expected ${kind}, ${dimensions} and ${blockBytes}`,
    );
  }
  checkArray(operation, 'codes.bytes', packed.bytes, 'Uint8Array');
  if (length(packed.bytes) !== Math.ceil(packed.count / blockRows) * blockBytes) {
    throw new QuantError('ERR_QUANT_DETACHED', `${operation}: codes.bytes has lost some of its memory`);
  }
  return packed.count;
}
