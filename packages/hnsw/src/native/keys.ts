/** Keys as the addon takes and gives them. */
import type { KeyOf, KeysOf, KeyType } from '../types.js';
import type { Ends, Ids, NativeKeys } from './addon.js';

/** @param keys that were checked */
export function toNative<K extends KeyType>(keyType: K, keys: readonly KeyOf[K][]): [NativeKeys, Ends] {
  if (keyType === 'number') return [Float64Array.from(keys as readonly number[]), undefined];
  if (keyType === 'bigint') return [BigInt64Array.from(keys as readonly bigint[]), undefined];
  const ends = new Uint32Array(keys.length);
  const parts = (keys as readonly string[]).map((key) => Buffer.from(key, 'utf8'));
  let end = 0;
  parts.forEach((part, i) => {
    end += part.length;
    ends[i] = end;
  });
  const text = new Uint8Array(end);
  parts.forEach((part, i) => {
    text.set(part, ends[i] - part.length);
  });
  return [text, ends];
}

export function fromIds<K extends KeyType>(ids: Ids): KeysOf[K] {
  return ids as KeysOf[KeyType] as KeysOf[K];
}

/** A key for a message. */
export function nameOfKey(key: number | bigint | string): string {
  return typeof key === 'string' ? `key ${JSON.stringify(key)}` : `key ${key}`;
}
