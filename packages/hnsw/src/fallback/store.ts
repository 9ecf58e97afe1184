/**
 * Rows and their keys.
 *
 * A row lives in a *slot*. A slot is free, or live (found by searches), or dead (removed, but links of the graph still
 * lead through it until repair). A *serial* names a row for ever: it stays when the row moves to another slot, and is
 * never given again, so that iterators and prepared filters know rows apart from what comes to their slots later.
 *
 * Invariants: `slotOf` holds the key of every live slot and nothing else; slots from `end` on were never used; a slot
 * below `end` that is free is in `freeSlots`, once.
 */
import { newVectors } from '../check.js';
import { HnswError } from '../errors.js';
import type { KeyType } from '../types.js';
import type { Elements, Space } from './space.js';

export type Key = number | bigint | string;

export const free = 0;
export const live = 1;
export const dead = 2;

/** Slots are 32-bit numbers, and the last is left for "none". */
const maxSlots = 2 ** 32 - 1;

type KeyArray = Float64Array | BigInt64Array | string[];

export function newKeys(keyType: KeyType, count: number): KeyArray {
  if (keyType === 'number') return new Float64Array(count);
  return keyType === 'bigint' ? new BigInt64Array(count) : [];
}

/** @throws {HnswError} `ERR_HNSW_MEMORY` where `make` finds none */
export function allocate<R>(what: string, make: () => R): R {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof HnswError) throw cause;
    throw new HnswError('ERR_HNSW_MEMORY', `there is no memory for ${what}`, { cause });
  }
}

export class Store {
  readonly space: Space;
  readonly keyType: KeyType;
  vectors: Elements;
  states: Uint8Array;
  serials: Float64Array;
  keys: KeyArray;
  readonly slotOf = new Map<Key, number>();
  readonly freeSlots: number[] = [];
  capacity: number;
  /** Slots that were ever used. */
  end = 0;
  /** Dead slots. */
  deadCount = 0;
  nextSerial = 0;
  /** Bytes of string keys. */
  stringBytes = 0;
  /** How often a row came or went. */
  changes = 0;

  constructor(space: Space, keyType: KeyType, capacity = 64) {
    this.space = space;
    this.keyType = keyType;
    this.capacity = capacity;
    const arrays = this.#arrays(capacity);
    this.vectors = arrays.vectors;
    this.states = arrays.states;
    this.serials = arrays.serials;
    this.keys = arrays.keys;
  }

  get size(): number {
    return this.slotOf.size;
  }

  #arrays(capacity: number) {
    return allocate(`${capacity} rows`, () => ({
      vectors: newVectors(this.space.shape.type, capacity * this.space.width) as Elements,
      states: new Uint8Array(capacity),
      serials: new Float64Array(capacity),
      keys: newKeys(this.keyType, capacity),
    }));
  }

  /**
   * Makes room for `more` rows; nothing has changed where there is none.
   *
   * @throws {HnswError} `ERR_HNSW_MEMORY`
   */
  reserve(more: number): void {
    const needed = this.end + Math.max(0, more - this.freeSlots.length);
    if (needed <= this.capacity) return;
    if (needed > maxSlots) {
      throw new HnswError('ERR_HNSW_MEMORY', `an index has room for ${maxSlots} rows, not for ${needed}`);
    }
    const capacity = Math.min(maxSlots, Math.max(needed, 2 * this.capacity));
    const { vectors, states, serials, keys } = this.#arrays(capacity);
    vectors.set(this.vectors as Uint8Array);
    states.set(this.states);
    serials.set(this.serials);
    if (keys instanceof Float64Array) keys.set(this.keys as Float64Array);
    else if (keys instanceof BigInt64Array) keys.set(this.keys as BigInt64Array);
    else for (const key of this.keys as string[]) keys.push(key);
    this.vectors = vectors;
    this.states = states;
    this.serials = serials;
    this.keys = keys;
    this.capacity = capacity;
  }

  /** The slot that {@link take} would give. */
  peek(): number {
    return this.freeSlots.at(-1) ?? this.end;
  }

  /** Writes a row to a slot of its own, for which there is room; it is free until {@link appear}. */
  take(key: Key, vector: Elements, serial: number): number {
    const slot = this.freeSlots.pop() ?? this.end++;
    this.setVector(slot, vector);
    this.serials[slot] = serial;
    this.keys[slot] = key;
    return slot;
  }

  /** From now on the key leads to the slot. */
  appear(slot: number): void {
    const key = this.keyAt(slot);
    this.states[slot] = live;
    this.changes++;
    if (typeof key === 'string' && !this.slotOf.has(key)) this.stringBytes += Buffer.byteLength(key);
    this.slotOf.set(key, slot);
  }

  /** Ends a live row, whose key may lead to another slot by now. */
  bury(slot: number): void {
    this.states[slot] = dead;
    this.deadCount++;
    this.changes++;
    const key = this.keyAt(slot);
    if (this.slotOf.get(key) !== slot) return;
    if (typeof key === 'string') this.stringBytes -= Buffer.byteLength(key);
    this.slotOf.delete(key);
  }

  /** A dead slot may be used again. */
  release(slot: number): void {
    this.states[slot] = free;
    this.deadCount--;
    this.freeSlots.push(slot);
    if (this.keyType === 'string') this.keys[slot] = '';
  }

  keyAt(slot: number): Key {
    return this.keys[slot];
  }

  isLive(slot: number): boolean {
    return this.states[slot] === live;
  }

  /** On the store's memory. */
  vector(slot: number): Elements {
    const { width } = this.space;
    return this.vectors.subarray(slot * width, (slot + 1) * width);
  }

  setVector(slot: number, vector: Elements): void {
    this.vectors.set(vector as Uint8Array, slot * this.space.width);
  }

  /** Whether two rows are the same vector. */
  equal(a: number, b: number): boolean {
    const { width } = this.space;
    const { vectors } = this;
    for (let i = a * width, j = b * width, stop = i + width; i < stop; i++, j++) {
      if (vectors[i] !== vectors[j]) return false;
    }
    return true;
  }

  /** Distances of rows from a vector. */
  gather(query: Elements, slots: Uint32Array, count: number, out: Float32Array): void {
    if (count > 0) this.space.gather(query, this.vectors, slots, count, out);
  }
}
