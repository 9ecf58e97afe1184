/**
 * Searches whose filter is a function: rows are taken from a search that goes on, nearest first, and asked for, until there are
 * enough. Where few pass that would take long, so then every row is asked for, and those that pass are compared.
 */
import type { KeyOf, KeyType, SearchResult } from '../types.js';
import type { Addon, Ids, IndexRef, NativeVectors } from './addon.js';
import { NativeFilter } from './filter.js';
import { fromIds } from './keys.js';

/** The share of rows that are asked for one after the other; then all are. */
const patience = 0.1;

const keysAtOnce = 1024;

export class Asking<K extends KeyType> {
  readonly #addon: Addon;
  readonly #index: IndexRef;
  readonly #keyType: K;
  readonly #ask: (id: KeyOf[K]) => boolean;
  readonly #answers = new Map<KeyOf[K], boolean>();

  constructor(addon: Addon, index: IndexRef, keyType: K, ask: (id: KeyOf[K]) => boolean) {
    this.#addon = addon;
    this.#index = index;
    this.#keyType = keyType;
    this.#ask = ask;
  }

  /** Asks once for each id. */
  passes(id: KeyOf[K]): boolean {
    let answer = this.#answers.get(id);
    if (answer === undefined) {
      answer = this.#ask(id);
      this.#answers.set(id, answer);
    }
    return answer;
  }

  /** The rows that pass, all of them asked for. */
  askAll(owner: object): NativeFilter<K> {
    const ids: KeyOf[K][] = [];
    for (let from: number | undefined = 0; from !== undefined; ) {
      const page: [Ids, number | undefined] = this.#addon.keys(this.#index, from, keysAtOnce);
      for (const id of page[0] as Iterable<KeyOf[K]>) if (this.passes(id)) ids.push(id);
      from = page[1];
    }
    return new NativeFilter(this.#addon, owner, this.#index, this.#keyType, { ids });
  }

  search(owner: object, query: NativeVectors, k: number, effort: number): SearchResult<K> {
    const most = patience * this.#addon.size(this.#index);
    const cursor = this.#addon.open(this.#index, query, effort, undefined);
    const found: { readonly id: KeyOf[K]; readonly distance: number }[] = [];
    let counters = new Float64Array(4);
    let asked = 0;
    for (;;) {
      const batch = this.#addon.more(this.#index, cursor);
      if (batch === undefined) break;
      const [ids, distances] = batch;
      counters = batch[2] as Float64Array<ArrayBuffer>;
      const kth = found.length < k ? Number.POSITIVE_INFINITY : found[k - 1].distance;
      for (let i = 0; i < ids.length; i++) {
        const id = ids[i] as KeyOf[K];
        if (this.passes(id)) found.push({ id, distance: distances[i] });
      }
      asked += ids.length;
      found.sort((a, b) => a.distance - b.distance);
      // Batches go outwards: one that brings nothing nearer is the last.
      if (found.length >= k && asked >= effort && found[k - 1].distance === kth) break;
      if (found.length < k && asked > most) {
        const filter = this.askAll(owner);
        const [own, far, counts] = this.#addon.search(this.#index, query, k, effort, filter.ref);
        return this.#result(fromIds<K>(own) as SearchResult<K>['ids'], far, counters, counts);
      }
    }
    found.length = Math.min(found.length, k);
    return this.#result(
      this.#idsOf(found.map(({ id }) => id)),
      Float32Array.from(found, ({ distance }) => distance),
      counters,
      new Float64Array(4),
    );
  }

  #idsOf(ids: readonly KeyOf[K][]): SearchResult<K>['ids'] {
    if (this.#keyType === 'number') return fromIds<K>(Float64Array.from(ids as readonly number[]));
    if (this.#keyType === 'bigint') return fromIds<K>(BigInt64Array.from(ids as readonly bigint[]));
    return fromIds<K>([...(ids as readonly string[])]);
  }

  #result(
    ids: SearchResult<K>['ids'],
    distances: Float32Array,
    a: Float64Array,
    b: Float64Array,
  ): SearchResult<K> {
    const [hops, rows, estimates, bytes] = a.map((count, i) => count + b[i]);
    return { ids, distances, counters: { hops, distances: rows, estimates, bytes } };
  }
}
