/**
 * The kernels for packed bits in TypeScript: 32 bits at a time, counted by adding neighbours (Warren, Hacker's Delight,
 * 2nd ed., 5-1). Bytes are put together rather than read through a view of words, which their alignment may forbid.
 */

/** How many bits of a 32-bit word are set. */
function count(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  x = (x + (x >>> 4)) & 0x0f0f0f0f;
  return Math.imul(x, 0x01010101) >>> 24;
}

export function hamming(a: Uint8Array, b: Uint8Array, offset: number, n: number): number {
  const end = n - 3;
  let sum = 0;
  let i = 0;
  for (; i < end; i += 4) {
    const j = offset + i;
    const x = a[i] | (a[i + 1] << 8) | (a[i + 2] << 16) | (a[i + 3] << 24);
    const y = b[j] | (b[j + 1] << 8) | (b[j + 2] << 16) | (b[j + 3] << 24);
    sum += count(x ^ y);
  }
  for (; i < n; i++) sum += count(a[i] ^ b[offset + i]);
  return sum;
}

export function jaccard(a: Uint8Array, b: Uint8Array, offset: number, n: number): number {
  const end = n - 3;
  let both = 0;
  let either = 0;
  let i = 0;
  for (; i < end; i += 4) {
    const j = offset + i;
    const x = a[i] | (a[i + 1] << 8) | (a[i + 2] << 16) | (a[i + 3] << 24);
    const y = b[j] | (b[j + 1] << 8) | (b[j + 2] << 16) | (b[j + 3] << 24);
    both += count(x & y);
    either += count(x | y);
  }
  for (; i < n; i++) {
    both += count(a[i] & b[offset + i]);
    either += count(a[i] | b[offset + i]);
  }
  // No bit in either is the same vector twice.
  return either === 0 ? 0 : 1 - both / either;
}
