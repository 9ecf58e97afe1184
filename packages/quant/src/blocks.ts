/**
 * The two orders of packed blocks that codes of single dimensions have (doc/format.md).
 *
 * - words: word w of code r is word 32 w + r of its block, so that a register holds the same dimensions of many codes.
 * - rows: what comes before the factors of 32 codes, one code after the other, then each factor of all codes.
 */
import { blockRows } from './packed.js';

/** Bytes as words of 32 bits; a copy where they are not aligned. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, bytes.length / 4);
}

/** Codes of `codeBytes` bytes as blocks. */
export function packWords(codes: Uint8Array, codeBytes: number, out: Uint8Array): void {
  const count = codes.length / codeBytes;
  const width = codeBytes / 4;
  const from = wordsOf(codes);
  const to = wordsOf(out);
  for (let r = 0; r < count; r++) {
    const place = (r - (r % blockRows)) * width + (r % blockRows);
    for (let w = 0; w < width; w++) to[place + blockRows * w] = from[r * width + w];
  }
}

/** The first `count` codes of blocks. */
export function unpackWords(blocks: Uint8Array, codeBytes: number, count: number, out: Uint8Array): void {
  const width = codeBytes / 4;
  const from = wordsOf(blocks);
  const to = wordsOf(out);
  for (let r = 0; r < count; r++) {
    const place = (r - (r % blockRows)) * width + (r % blockRows);
    for (let w = 0; w < width; w++) to[r * width + w] = from[place + blockRows * w];
  }
}

/** Calls `move(code, block, size)` for the places of all parts of all codes. */
function eachPart(
  codeBytes: number,
  payload: number,
  count: number,
  move: (code: number, block: number, size: number) => void,
): void {
  const factors = (codeBytes - payload) / 4;
  for (let r = 0; r < count; r++) {
    const inBlock = r % blockRows;
    const code = r * codeBytes;
    const block = (r - inBlock) * codeBytes;
    move(code, block + inBlock * payload, payload);
    for (let k = 0; k < factors; k++) {
      move(code + payload + 4 * k, block + blockRows * payload + 4 * (blockRows * k + inBlock), 4);
    }
  }
}

export function packRows(codes: Uint8Array, codeBytes: number, payload: number, out: Uint8Array): void {
  eachPart(codeBytes, payload, codes.length / codeBytes, (code, block, size) => {
    out.set(codes.subarray(code, code + size), block);
  });
}

export function unpackRows(
  blocks: Uint8Array,
  codeBytes: number,
  payload: number,
  count: number,
  out: Uint8Array,
): void {
  eachPart(codeBytes, payload, count, (code, block, size) => {
    out.set(blocks.subarray(block, block + size), code);
  });
}
