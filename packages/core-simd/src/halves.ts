/** Arrays of half floats: words, and the Float16Array of hosts that have one. */
import { checkAttached, typedArrayGetter } from './check.js';

/** What a Float16Array is to this package; TypeScript's library knows it from ES2026 on only. */
export interface Float16ArrayLike {
  readonly [Symbol.toStringTag]: 'Float16Array';
  readonly BYTES_PER_ELEMENT: number;
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly length: number;
  [index: number]: number;
}

/** An array of binary16: its words in a Uint16Array, or the host's own Float16Array. */
export type Float16Words = Uint16Array | Float16ArrayLike;

const brandOf = typedArrayGetter<string | undefined>(Symbol.toStringTag);
const lengthOf = typedArrayGetter<number>('length');
const bufferOf = typedArrayGetter<ArrayBufferLike>('buffer');
const byteOffsetOf = typedArrayGetter<number>('byteOffset');

/** A Float16Array as words on the same memory; anything else as it came, for others to judge. */
export function wordsOf<T>(operation: string, name: string, value: T): T | Uint16Array {
  if (brandOf.call(value) !== 'Float16Array') return value;
  const n = lengthOf.call(value);
  if (n === 0) checkAttached(operation, name, value);
  return new Uint16Array(bufferOf.call(value), byteOffsetOf.call(value), n);
}
