/** What searches give, from what was found. */
import type { BatchResult, KeysOf, KeyType, SearchCounters, SearchResult } from '../types.js';
import type { Core } from './core.js';
import type { Found } from './search.js';
import type { Key } from './store.js';

function keysOf<K extends KeyType>(keyType: K, keys: readonly Key[]): KeysOf[K] {
  if (keyType === 'number') return Float64Array.from(keys as number[]) as KeysOf[K];
  if (keyType === 'bigint') return BigInt64Array.from(keys as bigint[]) as KeysOf[K];
  return keys as KeysOf[KeyType] as KeysOf[K];
}

/** Results of one search or of some, put together while they come. */
export class Results<K extends KeyType> {
  readonly #core: Core;
  readonly #keyType: K;
  readonly #keys: Key[] = [];
  readonly #distances: number[] = [];
  readonly #ends = [0];
  #hops = 0;
  #scored = 0;

  constructor(core: Core, keyType: K) {
    this.#core = core;
    this.#keyType = keyType;
  }

  add(search: () => Found): void {
    const { store, walk } = this.#core;
    walk.resetCounters();
    const { slots, distances } = search();
    for (let i = 0; i < slots.length; i++) {
      this.#keys.push(store.keyAt(slots[i]));
      this.#distances.push(store.space.result(distances[i]));
    }
    this.#ends.push(this.#keys.length);
    this.#hops += walk.hops;
    this.#scored += walk.scored;
  }

  get #counters(): SearchCounters {
    const { store, settings } = this.#core;
    const listBytes = 4 * (1 + 2 * settings.m);
    const bytes = this.#scored * store.space.rowBytes + this.#hops * listBytes;
    return { hops: this.#hops, distances: this.#scored, estimates: 0, bytes };
  }

  single(): SearchResult<K> {
    return {
      ids: keysOf(this.#keyType, this.#keys),
      distances: Float32Array.from(this.#distances),
      counters: this.#counters,
    };
  }

  batch(): BatchResult<K> {
    return { ...this.single(), offsets: Uint32Array.from(this.#ends) };
  }
}
