/**
 * Which rows a search may find.
 *
 * Bitmaps and sets are turned into a byte for each slot. What is kept for later (prepared filters, asynchronous searches)
 * names rows by their serials as well, for a slot may have another row by then.
 */
import { checkKey, describe, isBytes } from '../check.js';
import { HnswError } from '../errors.js';
import type { Filter, KeyOf, KeyType, PreparedFilter } from '../types.js';
import type { Store } from './store.js';

export interface Passing {
  /** Whether a slot is live and may be found. */
  readonly passes: (slot: number) => boolean;
  /** How many are; undefined where that is not known before they are asked. */
  readonly count: number | undefined;
}

export function everyRow(store: Store): Passing {
  return { passes: (slot) => store.isLive(slot), count: store.size };
}

/** Rows that were chosen at some time; those that have gone since do not pass, and those that came since neither. */
export class Chosen<K extends KeyType = KeyType> implements PreparedFilter<K> {
  readonly kind = 'prepared';
  readonly keyType: K;
  readonly size: number;
  readonly #owner: object;
  readonly #serials: Float64Array;
  /** Rows that came later have this serial or a higher one. */
  readonly #before: number;
  #store: Store;
  #moves: number;
  #chosen: Uint8Array;
  /** Rows that pass, and changes of the store when they were counted. */
  #counted = { count: 0, changes: -1 };

  /** @param moves how often rows of the index have moved */
  constructor(owner: object, keyType: K, store: Store, moves: number, slots: readonly number[]) {
    this.keyType = keyType;
    this.size = slots.length;
    this.#owner = owner;
    this.#serials = Float64Array.from(slots, (slot) => store.serials[slot]);
    this.#before = store.nextSerial;
    this.#store = store;
    this.#moves = moves;
    this.#chosen = new Uint8Array(store.end);
    for (const slot of slots) this.#chosen[slot] = 1;
  }

  static is(value: unknown): value is Chosen {
    return typeof value === 'object' && value !== null && #owner in value;
  }

  isOf(owner: object): boolean {
    return this.#owner === owner;
  }

  /** For searches until something changes. O(1) where nothing has changed since the last time, else O(rows). */
  passing(store: Store, moves: number): Passing {
    if (store !== this.#store || moves !== this.#moves) this.#follow(store, moves);
    if (store.changes !== this.#counted.changes) {
      this.#counted = { count: this.#count(store), changes: store.changes };
    }
    const [chosen, before] = [this.#chosen, this.#before];
    return {
      passes: (slot) => chosen[slot] === 1 && store.isLive(slot) && store.serials[slot] < before,
      count: this.#counted.count,
    };
  }

  #count(store: Store): number {
    let count = 0;
    for (let slot = 0; slot < this.#chosen.length; slot++) {
      if (this.#chosen[slot] === 1 && store.isLive(slot) && store.serials[slot] < this.#before) count++;
    }
    return count;
  }

  #follow(store: Store, moves: number): void {
    const serials = new Set(this.#serials);
    this.#chosen = new Uint8Array(store.end);
    for (let slot = 0; slot < store.end; slot++) {
      if (store.isLive(slot) && serials.has(store.serials[slot])) this.#chosen[slot] = 1;
    }
    this.#store = store;
    this.#moves = moves;
    this.#counted.changes = -1;
  }
}

function hasBit(bitmap: Uint8Array, key: number): boolean {
  const byte = Math.floor(key / 8);
  return byte >= 0 && byte < bitmap.length && ((bitmap[byte] >> (key % 8)) & 1) === 1;
}

/** A filter that was read: its own code has run, if it has any. */
export type ReadFilter =
  | { readonly bitmap: Uint8Array }
  | { readonly ids: readonly (number | bigint | string)[] }
  | { readonly chosen: Chosen }
  | { readonly ask: (key: never) => unknown };

/**
 * Reads a filter's properties, each once, and its set.
 *
 * @throws {HnswError} `ERR_HNSW_TYPE`, `ERR_HNSW_KEY`; `ERR_HNSW_ARGUMENT` for a filter that another index prepared
 */
export function readFilter<K extends KeyType>(
  operation: string,
  owner: object,
  keyType: K,
  filter: Filter<K> | PreparedFilter<K> | undefined,
): ReadFilter | undefined {
  if (filter === undefined) return undefined;
  if (typeof filter === 'function') return { ask: filter as (key: never) => unknown };
  if (Chosen.is(filter)) {
    if (filter.isOf(owner)) return { chosen: filter };
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
    return { bitmap };
  }
  if (ids === null || typeof (ids as Iterable<unknown> | undefined)?.[Symbol.iterator] !== 'function') {
    return refuse(ids);
  }
  const keys: KeyOf[K][] = [];
  for (const id of ids as Iterable<unknown>)
    keys.push(checkKey(operation, keyType, id, 'an id of the filter'));
  return { ids: keys };
}

/** Slots of the rows that a bitmap or a set names; of a function, those that it is asked for now. */
export function slotsOf(
  store: Store,
  filter: Exclude<ReadFilter, { readonly chosen: Chosen }>,
  ask: (filter: (key: never) => unknown, slot: number) => boolean,
): number[] {
  const slots: number[] = [];
  if ('ids' in filter) {
    for (const id of new Set(filter.ids)) {
      const slot = store.slotOf.get(id);
      if (slot !== undefined) slots.push(slot);
    }
    return slots;
  }
  for (let slot = 0; slot < store.end; slot++) {
    if (!store.isLive(slot)) continue;
    const passes =
      'bitmap' in filter ? hasBit(filter.bitmap, store.keyAt(slot) as number) : ask(filter.ask, slot);
    if (passes) slots.push(slot);
  }
  return slots;
}

/** For one search, or a batch of them, that nothing changes meanwhile. */
export function passingOf(
  store: Store,
  moves: number,
  filter: ReadFilter | undefined,
  ask: (filter: (key: never) => unknown, slot: number) => boolean,
): Passing {
  if (filter === undefined) return everyRow(store);
  if ('chosen' in filter) return filter.chosen.passing(store, moves);
  if ('ask' in filter) {
    const answers = new Uint8Array(store.end);
    const passes = (slot: number) => {
      if (!store.isLive(slot)) return false;
      if (answers[slot] === 0) answers[slot] = ask(filter.ask, slot) ? 1 : 2;
      return answers[slot] === 1;
    };
    return { passes, count: undefined };
  }
  const slots = slotsOf(store, filter, ask);
  const chosen = new Uint8Array(store.end);
  for (const slot of slots) chosen[slot] = 1;
  return { passes: (slot) => chosen[slot] === 1, count: slots.length };
}

/**
 * For a search between whose steps the index may change: a function is asked once for a row, wherever that moves, and
 * what else there is has been chosen before.
 */
export function lastingPassing(
  filter: Chosen | { readonly ask: (key: never) => unknown } | undefined,
  ask: (filter: (key: never) => unknown, slot: number) => boolean,
): (store: Store, moves: number) => Passing {
  if (filter === undefined) return everyRow;
  if (filter instanceof Chosen) return (store, moves) => filter.passing(store, moves);
  const answers = new Map<number, boolean>();
  return (store) => ({
    passes: (slot) => {
      const serial = store.serials[slot];
      const known = answers.get(serial) ?? ask(filter.ask, slot);
      answers.set(serial, known);
      return known;
    },
    count: undefined,
  });
}
