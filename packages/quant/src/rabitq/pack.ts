/** Row-major codes to blocks and back: native/src/rabitq/layout.cpp. */
import type { Layout } from './layout.js';

/** Where code i of a block has its bytes among those of 16 codes, and in which half. */
function placeOf(i: number): { readonly j: number; readonly shift: number } {
  return { j: (i & 7) * 2 + ((i >> 3) & 1), shift: i < 16 ? 0 : 4 };
}

/** `blocks` is zero before. */
export function packCodes(layout: Layout, count: number, codes: Uint8Array, blocks: Uint8Array): void {
  const { codeBytes, blockBytes, signBytes, exBytes, factors } = layout;
  const exFirst = 32 * signBytes;
  const factorFirst = exFirst + 32 * exBytes;
  for (let at = 0; at < count; at++) {
    const i = at & 31;
    const { j, shift } = placeOf(i);
    const row = codes.subarray(at * codeBytes, (at + 1) * codeBytes);
    const block = blocks.subarray((at >> 5) * blockBytes, ((at >> 5) + 1) * blockBytes);
    for (let k = 0; k < signBytes; k++) {
      block[32 * k + j] |= (row[k] & 15) << shift;
      block[32 * k + 16 + j] |= (row[k] >> 4) << shift;
    }
    block.set(row.subarray(signBytes, signBytes + exBytes), exFirst + i * exBytes);
    for (let f = 0; f < factors; f++) {
      const from = signBytes + exBytes + 4 * f;
      block.set(row.subarray(from, from + 4), factorFirst + 4 * (32 * f + i));
    }
  }
}

export function unpackCodes(layout: Layout, count: number, blocks: Uint8Array, codes: Uint8Array): void {
  const { codeBytes, blockBytes, signBytes, exBytes, factors } = layout;
  const exFirst = 32 * signBytes;
  const factorFirst = exFirst + 32 * exBytes;
  for (let at = 0; at < count; at++) {
    const i = at & 31;
    const { j, shift } = placeOf(i);
    const row = codes.subarray(at * codeBytes, (at + 1) * codeBytes);
    const block = blocks.subarray((at >> 5) * blockBytes, ((at >> 5) + 1) * blockBytes);
    for (let k = 0; k < signBytes; k++) {
      row[k] = ((block[32 * k + j] >> shift) & 15) | (((block[32 * k + 16 + j] >> shift) & 15) << 4);
    }
    row.set(block.subarray(exFirst + i * exBytes, exFirst + (i + 1) * exBytes), signBytes);
    for (let f = 0; f < factors; f++) {
      const from = factorFirst + 4 * (32 * f + i);
      row.set(block.subarray(from, from + 4), signBytes + exBytes + 4 * f);
    }
  }
}
