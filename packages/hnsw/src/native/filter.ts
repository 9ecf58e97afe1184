/** Filters of indexes that the addon holds. */
import { checkKey, describe, isBytes } from '../check.js';
import { HnswError } from '../errors.js';
import type { Filter, KeyOf, KeyType, PreparedFilter } from '../types.js';
import type { Addon, FilterRef, IndexRef } from './addon.js';
import { toNative } from './keys.js';

/** What a filter is made of. */
type Source = { readonly bitmap: Uint8Array } | { readonly ids: readonly (number | bigint | string)[] };

export class NativeFilter<K extends KeyType = KeyType> implements PreparedFilter<K> {
  readonly kind = 'prepared';
  readonly keyType: K;
  readonly size: number;
  readonly #owner: object;
  readonly ref: FilterRef;

  constructor(addon: Addon, owner: object, index: IndexRef, keyType: K, source: Source) {
    this.#owner = owner;
    this.keyType = keyType;
    if ('bitmap' in source) [this.ref, this.size] = addon.filterOfBitmap(index, source.bitmap);
    else {
      const [keys, ends] = toNative(keyType, source.ids as readonly KeyOf[K][]);
      [this.ref, this.size] = addon.filterOfKeys(index, keys, ends);
    }
  }

  static is(value: unknown): value is NativeFilter {
    return typeof value === 'object' && value !== null && #owner in value;
  }

  isOf(owner: object): boolean {
    return this.#owner === owner;
  }
}

/** A filter that was read: its own code has run, but for a function. */
export type ReadFilter<K extends KeyType> = NativeFilter<K> | ((id: KeyOf[K]) => unknown) | undefined;

/**
 * Reads a filter's properties, each once.
 *
 * @throws {HnswError} `ERR_HNSW_TYPE`, `ERR_HNSW_KEY`; `ERR_HNSW_ARGUMENT` for a filter that another index prepared
 */
export function readFilter<K extends KeyType>(
  operation: string,
  addon: Addon,
  owner: object,
  index: IndexRef,
  keyType: K,
  filter: Filter<K> | PreparedFilter<K> | undefined,
): ReadFilter<K> {
  if (filter === undefined) return undefined;
  if (typeof filter === 'function') return filter;
  if (NativeFilter.is(filter)) {
    if (filter.isOf(owner)) return filter as unknown as NativeFilter<K>;
    throw new HnswError('ERR_HNSW_ARGUMENT', `${operation}: the filter was prepared by another index`);
  }
  const refuse = (value: unknown): never => {
    throw new HnswError(
      'ERR_HNSW_TYPE',
      `${operation}: filter must be { bitmap: Uint8Array }, { ids }, a function or a prepared filter, got ${describe(value)}`,
    );
  };
  if (typeof filter !== 'object' || filter === null) return refuse(filter);
  const { bitmap, ids } = filter as { bitmap?: unknown; ids?: unknown };
  if (bitmap !== undefined) {
    if (!isBytes(bitmap)) return refuse(bitmap);
    if (keyType !== 'number') {
      throw new HnswError(
        'ERR_HNSW_TYPE',
        `${operation}: a bitmap is for number keys; these are of ${keyType}`,
      );
    }
    return new NativeFilter(addon, owner, index, keyType, { bitmap: Uint8Array.from(bitmap) });
  }
  if (ids === null || typeof (ids as Iterable<unknown> | undefined)?.[Symbol.iterator] !== 'function') {
    return refuse(ids);
  }
  const keys: KeyOf[K][] = [];
  for (const id of ids as Iterable<unknown>)
    keys.push(checkKey(operation, keyType, id, 'an id of the filter'));
  return new NativeFilter(addon, owner, index, keyType, { ids: keys });
}
